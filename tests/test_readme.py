"""The README is true: its Python runs, its shell commands run, what it shows is what comes out."""

from __future__ import annotations

import functools
import io
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from attrs import frozen

import neo_wire
from neo_wire import (
    AsyncNeoClient,
    Credentials,
    HttpRequest,
    JsonClient,
    NeoClient,
    NeoWireError,
    OutputConfig,
    StoppingCondition,
    TargetDevice,
    Url,
)
from neo_wire.local import LocalServer, NeoService, Timeline
from neo_wire.signing import verify

README = (Path(__file__).parents[1] / "README.md").read_text("utf-8")
KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
LOG_GROUPS = ("/aws/sagemaker/CompilationJobs", "/aws/sagemaker/TrainingJobs")


@frozen
class Block:
    """One fenced block: its language and text, and the text block that follows it at once, which is its output."""

    language: str
    text: str
    output: str | None = None


def blocks(language: str) -> list[Block]:
    found = re.findall(r"^```(\w+)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", README, re.DOTALL | re.MULTILINE)
    return [Block(name, text, output or None) for name, text, output in found if name == language]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """A local service with the job that the README asks for, and the environment of its reader."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY.secret_access_key)
    for name in ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    done, running = Timeline(starting=0, in_progress=0), Timeline(starting=0, in_progress=3600, stopping=0)
    service = NeoService(timeline={"resnet50": done, "mobilenet": done, "alexnet": running})
    with LocalServer(service) as server, NeoClient(region="eu-west-1", endpoint_url=server.url) as client:
        client.create_compilation_job(
            "resnet50",
            role_arn="arn:aws:iam::123456789012:role/neo",
            model_package_version_arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/resnet50/1",
            output_config=OutputConfig(s3_output_location="s3://models/", target_device=TargetDevice.ML_C5),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
        )
        yield server


@pytest.fixture
def clients(server: LocalServer, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The README's clients reach AWS's hosts; here they reach the local service and, for CloudWatch Logs, moto's."""
    for cls in (NeoClient, AsyncNeoClient):
        monkeypatch.setattr(neo_wire, cls.__name__, functools.partial(cls, endpoint_url=server.url))
    monkeypatch.setattr(neo_wire, "JsonClient", functools.partial(JsonClient, endpoint_url=moto_url))
    logs = boto3.client(
        "logs", region_name="eu-west-1", endpoint_url=moto_url, aws_access_key_id="a", aws_secret_access_key="b"
    )
    for name in (*LOG_GROUPS, "/aws/lambda/other"):
        logs.create_log_group(logGroupName=name)
    yield
    for name in (*LOG_GROUPS, "/aws/lambda/other"):
        logs.delete_log_group(logGroupName=name)
    logs.close()


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> list[HttpRequest]:
    """Stands in for API Gateway, whose host cannot be had here: accepts what is signed well, and keeps it."""
    accepted: list[HttpRequest] = []
    handle = httpx.HTTPTransport.handle_request

    def answer(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if "execute-api" not in request.url.host:
            return handle(self, request)
        headers = tuple((name.decode(), value.decode()) for name, value in request.headers.raw)
        received = HttpRequest(request.method, Url.parse(str(request.url)), headers, request.read())
        verification = verify(received, {KEY.access_key_id: KEY}.get, datetime.now(UTC))
        if verification.valid:
            accepted.append(received)
        return httpx.Response(200 if verification.valid else 403, text=verification.message)

    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", answer)
    return accepted


@pytest.mark.usefixtures("clients")
def test_the_python_runs_and_prints_what_is_shown(gateway: list[HttpRequest], monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("readme")
    monkeypatch.setitem(sys.modules, "readme", module)  # shapes are resolved in the module that declares them
    outputs = []
    for block in blocks("python"):
        known = set(vars(module))
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(block.text, "README.md", "exec"), vars(module))  # noqa: S102  # running it is the test
            for name in set(vars(module)) - known:
                if name.startswith("test_"):
                    vars(module)[name]()
        outputs.append(printed.getvalue())
        if block.output is not None:
            assert printed.getvalue() == block.output
    assert len(outputs) == 15
    assert outputs[0] == outputs[1] == "COMPLETED\n"
    assert "\n".join(LOG_GROUPS) + "\n" in outputs
    assert [request.body for request in gateway] == [b'{"name":"resnet50"}']
    for name in ("client", "logs"):
        vars(module)[name].close()


def test_the_set_up_is_two_commands() -> None:
    assert [block.text.strip() for block in blocks("sh")[:2]] == [
        "python3 -m venv .venv && .venv/bin/pip install -q . && .venv/bin/neo-wire demo",
        "python3 -m venv .venv && .venv/bin/pip install -q -e '.[test]' && .venv/bin/pytest",
    ]


def test_the_shell_commands_run(server: LocalServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")  # as the first block exports it
    run = f"""
    set -e
    neo-wire() {{
        case "$1" in
            sign | completion) {sys.executable} -m neo_wire "$@" ;;
            *) {sys.executable} -m neo_wire "$@" --endpoint-url {server.url} ;;
        esac
    }}
    """
    outputs = []
    for block in blocks("sh")[2:]:
        done = subprocess.run(  # noqa: S603  # the README's own commands
            ["bash", "-c", run + block.text],  # noqa: S607  # whichever bash there is
            capture_output=True, text=True, check=False, timeout=120, cwd=tmp_path,
        )  # fmt: skip
        assert (done.returncode, done.stderr) == (0, "")
        outputs.append(done.stdout)
    jobs, waiting, signing = outputs
    assert re.search(r"^mobilenet-v2-rasp4b-\w+ .*completed", waiting, re.MULTILINE) or "completed" in waiting
    assert (tmp_path / "model.tar.gz").stat().st_size > 0
    assert '"CompilationJobArn": "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/alexnet"' in jobs
    assert '"CompilationJobStatus": "INPROGRESS"' in jobs
    assert re.search(r"alexnet +INPROGRESS +ml_c5", jobs)
    assert signing.startswith("https://models.s3.eu-west-1.amazonaws.com/resnet50.tar.gz?X-Amz-Algorithm=")
    assert "\ncurl " in signing
    assert "\ncanonical request:\nGET\n/prod/models\n" in signing


def test_the_table_of_errors_has_every_public_one() -> None:
    table = README.partition("## Errors\n")[2].partition("\n## ")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    named = [name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)]
    public: dict[str, Any] = {name: getattr(neo_wire, name) for name in neo_wire.__all__}
    errors = {name for name, value in public.items() if isinstance(value, type) and issubclass(value, NeoWireError)}
    assert sorted(named) == sorted(errors - {"NeoWireError"})


def test_nothing_that_is_promised_is_missing() -> None:
    """Files and names that are mentioned outside of the blocks exist."""
    root = Path(__file__).parents[1]
    prose = re.sub(r"^```.*?^```$", "", README, flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#:]+)\)", prose):
        assert (root / target).exists(), target
    assert "`examples` directory" in README
    assert (root / "examples" / "create_and_wait.py").exists()
    for name in re.findall(r"`((?:Async)?\w+(?:Client|Auth|Server))`", prose):
        assert name in {*neo_wire.__all__, "LocalServer"}, name
