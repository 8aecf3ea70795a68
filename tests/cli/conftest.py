"""What the tests of the command share: a local service, and the command run against it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import boto3
import pytest
from attrs import frozen

from neo_wire.cli import main
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.local import LocalServer, NeoService, Timeline
from neo_wire.transports.clock import SystemClock, utc_now

ROLE = "arn:aws:iam::123456789012:role/neo"
CREATE = (
    "create",
    "--role-arn",
    ROLE,
    "--s3-uri",
    "s3://models/resnet50.tar.gz",
    "--framework",
    "PYTORCH",
    "--framework-version",
    "2.0",
    "--data-input-config",
    '{"data": [1, 3, 224, 224]}',
    "--s3-output-location",
    "s3://models/compiled/",
    "--target-device",
    "ml_c5",
    "--max-runtime",
    "900",
    "--name",
)
"""A whole `create`, but for the job's name."""


@frozen
class Outcome:
    """What a run of the command gave."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output, read."""
        return json.loads(self.out)


Run = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment variables of somebody who works with the local service."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_CREDENTIAL_EXPIRATION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process."""

    def run_main(*arguments: str) -> Outcome:
        capsys.readouterr()
        status = main(arguments)
        captured = capsys.readouterr()
        return Outcome(status, captured.out, captured.err)

    return run_main


@pytest.fixture
def service() -> NeoService:
    """Jobs whose name begins with `slow` run for a day; all others are complete at once."""
    done, slow = Timeline(starting=0, in_progress=0), Timeline(starting=0, in_progress=86_400, stopping=0)
    return NeoService(
        timeline=lambda request: slow if request.compilation_job_name.startswith("slow") else done,
    )


@pytest.fixture
def server(service: NeoService) -> Iterator[LocalServer]:
    with LocalServer(service) as server:
        yield server


@pytest.fixture
def paced(service: NeoService, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service's time goes on by 40 ms with each request and not otherwise, so that each status is seen."""
    began, handle, requests = utc_now(), service.handle, count(1)
    now = [began]

    def counted(request: HttpRequest) -> HttpResponse:
        now[0] = began + next(requests) * timedelta(milliseconds=40)
        return handle(request)

    monkeypatch.setattr(service, "handle", counted)
    monkeypatch.setattr(service, "clock", SystemClock(lambda: now[0]))


@pytest.fixture
def call(run: Run, server: LocalServer) -> Run:
    """Run a command that calls the service, against the local one."""
    return lambda *arguments: run(*arguments, "--endpoint-url", server.url)


@pytest.fixture
def create(call: Run) -> Run:
    """Run a whole `create`, of a name and with more options."""

    def run_create(name: str, *more: str) -> Outcome:
        return call(*CREATE, name, *more)

    return run_create


@pytest.fixture
def boto(server: LocalServer) -> Iterator[Any]:
    """A boto3 client of the local service."""
    client = boto3.client("sagemaker", region_name="eu-west-1", endpoint_url=server.url)
    yield client
    client.close()
