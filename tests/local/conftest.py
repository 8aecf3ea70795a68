"""What the tests of the local service share: a clock moved by hand, inputs, requests signed by botocore, a server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from attrs import define
from botocore.config import Config

from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline
from neo_wire.signing.credentials import Credentials

URL = Url.parse("http://127.0.0.1:8080/")
TEMPORARY = Credentials("ASIAEXAMPLE", "secret", "TOKEN/+==")


@define
class Clock:
    """Stands still until it is moved."""

    now: datetime = datetime(2026, 1, 1, 12, 0, 0, 123456, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def tick(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def job_input(name: str = "job", **changed: object) -> dict[str, Any]:
    """A valid input of CreateCompilationJob, in AWS's spelling; None takes a member away."""
    members = {
        "CompilationJobName": name,
        "RoleArn": "arn:aws:iam::123456789012:role/neo",
        "InputConfig": {
            "S3Uri": "s3://models/resnet50.tar.gz",
            "DataInputConfig": '{"data":[1,3,224,224]}',
            "Framework": "ONNX",
        },
        "OutputConfig": {"S3OutputLocation": "s3://models/compiled/", "TargetDevice": "jetson_nano"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
        **changed,
    }
    return {member: value for member, value in members.items() if value is not None}


@pytest.fixture(scope="session")
def create_input() -> Callable[..., dict[str, Any]]:
    return job_input


def signed_by_botocore(
    operation: str,
    body: object = None,
    *,
    at: datetime,
    credentials: Credentials = EXAMPLE_CREDENTIALS,
    region: str = "eu-west-1",
    service: str = "sagemaker",
    **headers: str,
) -> HttpRequest:
    """A request that botocore signed: the signer here has no part in it. Underscores in header names are hyphens."""
    content = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
    named = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"SageMaker.{operation}",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    theirs = botocore.awsrequest.AWSRequest("POST", str(URL), headers=named, data=content)
    pair = botocore.credentials.Credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    with patch.object(botocore.auth, "get_current_datetime", lambda: at.astimezone(UTC).replace(tzinfo=None)):
        botocore.auth.SigV4Auth(pair, service, region).add_auth(theirs)
    return HttpRequest("POST", URL, (("Host", URL.authority), *theirs.headers.items()), content)


@pytest.fixture(scope="session")
def signed() -> Callable[..., HttpRequest]:
    return signed_by_botocore


def signed_for_s3(
    method: str,
    url: str,
    *,
    at: datetime,
    credentials: Credentials = EXAMPLE_CREDENTIALS,
    region: str = "eu-west-1",
    service: str = "s3",
    presigned: bool = False,
    **headers: str,
) -> HttpRequest:
    """A request that botocore signed as S3 wants it. Underscores in header names are hyphens."""
    theirs = botocore.awsrequest.AWSRequest(method, url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    pair = botocore.credentials.Credentials(
        credentials.access_key_id, credentials.secret_access_key, credentials.session_token
    )
    auth = botocore.auth.S3SigV4QueryAuth if presigned else botocore.auth.S3SigV4Auth
    with patch.object(botocore.auth, "get_current_datetime", lambda: at.astimezone(UTC).replace(tzinfo=None)):
        auth(pair, service, region).add_auth(theirs)
    place = Url.parse(str(theirs.url))
    return HttpRequest(method, place, (("Host", place.authority), *theirs.headers.items()))


@pytest.fixture(scope="session")
def s3_signed() -> Callable[..., HttpRequest]:
    return signed_for_s3


@define
class Caller:
    """Calls a service with requests that botocore signs, at the time of the service's clock."""

    service: NeoService
    clock: Clock

    def send(self, operation: str, body: object = None, **options: Any) -> HttpResponse:
        return self.service.handle(signed_by_botocore(operation, body, **{"at": self.clock.now, **options}))

    def call(self, operation: str, **members: object) -> Any:
        """The output of a call that succeeds."""
        region: Any = members.pop("region", "eu-west-1")
        response = self.send(operation, members, region=region)
        assert response.status == 200, response.body
        return json.loads(response.body or b"{}")

    def error(self, operation: str, body: object = None, **options: Any) -> tuple[int, str, str]:
        """Status, code and message of a call that fails."""
        response = self.send(operation, body, **options)
        answer = json.loads(response.body)
        assert len(answer) == 2
        return response.status, answer.pop("__type"), next(iter(answer.values()))

    def create(self, name: str = "job", *, region: str = "eu-west-1", **changed: object) -> str:
        arn: str = self.call("CreateCompilationJob", region=region, **job_input(name, **changed))["CompilationJobArn"]
        return arn

    def status(self, name: str = "job") -> str:
        status: str = self.call("DescribeCompilationJob", CompilationJobName=name)["CompilationJobStatus"]
        return status


@pytest.fixture
def caller(clock: Clock) -> Callable[..., Caller]:
    """Make a caller of a service with these options."""
    return lambda **options: Caller(NeoService(clock=clock, **options), clock)


@pytest.fixture
def neo(caller: Callable[..., Caller]) -> Caller:
    """A caller of a service with the default options."""
    return caller()


SESSION = boto3.session.Session()  # one for all, as it reads its models only once


def make_boto3_client(
    server: LocalServer,
    credentials: Credentials = EXAMPLE_CREDENTIALS,
    region: str = "eu-west-1",
    service: str = "sagemaker",
) -> Any:
    make: Any = SESSION.client  # its overloads name each service by a literal
    return make(
        service,
        endpoint_url=server.url,
        region_name=region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(retries={"total_max_attempts": 1}, signature_version="s3v4" if service == "s3" else None),
    )


@pytest.fixture(scope="session")
def boto3_client() -> Callable[..., Any]:
    return make_boto3_client


@pytest.fixture
def moving_clock(clock: Clock) -> Clock:
    """At the present, as botocore and curl sign with the real time; it is moved by hand from there."""
    clock.now = datetime.now(UTC)
    return clock


@pytest.fixture
def server(moving_clock: Clock) -> Iterator[LocalServer]:
    service = NeoService(
        credentials=[EXAMPLE_CREDENTIALS, TEMPORARY],
        clock=moving_clock,
        timeline=Timeline(starting=10, in_progress=20, stopping=5),
    )
    with LocalServer(service, read_timeout=5) as running:
        yield running
