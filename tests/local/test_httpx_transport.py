from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from neo_wire import (
    CompilationJobStatus,
    Credentials,
    Framework,
    InputConfig,
    OutputConfig,
    ResourceInUse,
    ResourceNotFound,
    SignatureError,
    StoppingCondition,
    TargetDevice,
    Throttling,
    UnrecognizedClient,
    ValidationException,
)
from neo_wire.errors import ConnectionClosed, ReadTimeout
from neo_wire.local import CutOff, GeneratedContent, LostAnswer, NeoService, Slow, Timeline
from neo_wire.local.httpx_transport import LocalTransport
from neo_wire.local.script import Answer
from neo_wire.testing import VirtualClock

NOW = datetime(2026, 1, 1, tzinfo=UTC)

JOB: dict[str, Any] = {
    "role_arn": "arn:aws:iam::123456789012:role/neo",
    "input_config": InputConfig(s3_uri="s3://models/m.tar.gz", framework=Framework.ONNX),
    "output_config": OutputConfig(s3_output_location="s3://models/out", target_device=TargetDevice.ML_C5),
    "stopping_condition": StoppingCondition(max_runtime_in_seconds=900),
}


# mode is a fixture of conftest.py, whose class cannot be imported here: Any.


def test_a_job_from_creation_to_deletion(mode: Any, clock: Any) -> None:
    transport = LocalTransport(NeoService(clock=clock, timeline=Timeline(starting=10, in_progress=20)))
    client = {"transport": transport, "clock": clock}
    created = mode.call("create_compilation_job", "job", **JOB, client=client)
    assert created.compilation_job_arn.startswith("arn:aws:sagemaker:us-west-2:")
    with pytest.raises(ResourceInUse):
        mode.call("create_compilation_job", "job", **JOB, client=client)
    with pytest.raises(ValidationException, match="STARTING"):
        mode.call("delete_compilation_job", "job", client=client)
    clock.tick(30)
    described = mode.call("describe_compilation_job", "job", client=client)
    assert described.compilation_job_status is CompilationJobStatus.COMPLETED
    assert described.input_config == JOB["input_config"]
    assert described.output_config == JOB["output_config"]
    assert (described.compilation_end_time - described.compilation_start_time).total_seconds() == 20
    with pytest.raises(ValidationException, match="COMPLETED"):
        mode.call("stop_compilation_job", "job", client=client)
    [summary] = mode.call("list_compilation_jobs", client=client).compilation_job_summaries
    assert summary.compilation_target_device is TargetDevice.ML_C5
    mode.call("delete_compilation_job", "job", client=client)
    with pytest.raises(ResourceNotFound) as caught:
        mode.call("describe_compilation_job", "job", client=client)
    assert caught.value.request_id


def test_a_stopped_job(mode: Any, clock: Any) -> None:
    client = {"transport": LocalTransport(NeoService(clock=clock)), "clock": clock}
    mode.call("create_compilation_job", "job", **JOB, client=client)
    mode.call("stop_compilation_job", "job", client=client)
    clock.tick(1)
    described = mode.call("describe_compilation_job", "job", client=client)
    assert described.compilation_job_status is CompilationJobStatus.STOPPED
    assert described.compilation_start_time is None


@pytest.mark.parametrize("url", [None, "http://127.0.0.1:8080", "https://[::1]:8443", "http://example.com/"])
def test_any_endpoint(mode: Any, url: str | None) -> None:
    client = {"transport": LocalTransport(), "endpoint_url": url}
    assert mode.call("list_compilation_jobs", client=client).compilation_job_summaries == ()


def test_a_wrong_secret_an_unknown_key_and_a_scripted_error(mode: Any) -> None:
    transport = LocalTransport()
    with pytest.raises(SignatureError, match="does not match the signature you provided"):
        mode.call(
            "list_compilation_jobs", client={"transport": transport, "credentials": Credentials("AKIDEXAMPLE", "wrong")}
        )
    with pytest.raises(UnrecognizedClient):
        mode.call(
            "list_compilation_jobs", client={"transport": transport, "credentials": Credentials("AKIDOTHER", "wrong")}
        )
    transport.service.script(Throttling("Rate exceeded"))
    with pytest.raises(Throttling, match="Rate exceeded"):
        mode.call("list_compilation_jobs", client={"transport": transport, "max_attempts": 1})


@pytest.mark.parametrize("value", [b"caf\xe9", "caf\N{LATIN SMALL LETTER E WITH ACUTE}".encode()])
def test_headers_of_any_encoding(value: bytes) -> None:
    with httpx.Client(transport=LocalTransport()) as client:
        assert client.get("http://neo/", headers=[(b"x", value)]).status_code == 404


def test_any_httpx_client(mode: Any) -> None:
    headers = {"X-Amz-Target": "SageMaker.ListCompilationJobs", "Content-Type": "application/x-amz-json-1.1"}
    client = mode.client(httpx, transport=LocalTransport())

    async def post() -> httpx.Response:
        async with client:
            response: httpx.Response = await client.post("http://neo/?a=b", headers=headers, content=b"{}")
            return response

    response = (
        asyncio.run(post()) if mode.name == "async" else client.post("http://neo/?a=b", headers=headers, content=b"{}")
    )
    assert response.status_code == 400
    assert json.loads(response.content)["__type"] == "MissingAuthenticationTokenException"
    assert response.headers["x-amzn-requestid"]


# -------------------------------------------------------------------------------------------------------------- faults


def with_fault(mode: Any, fault: Answer, **options: object) -> tuple[Any, VirtualClock]:
    """One call whose answer is faulty once, and the clock."""
    clock = VirtualClock()
    service = NeoService(clock=clock)
    service.script(fault)
    client = {"transport": LocalTransport(service), "clock": clock, "max_attempts": 1, **options}
    return mode.call("list_compilation_jobs", client=client), clock


def test_a_slow_answer_only_moves_the_clock(mode: Any) -> None:
    listed, clock = with_fault(mode, Slow(50))
    assert listed.compilation_job_summaries == ()
    assert clock.monotonic() == 50


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Slow(61), ReadTimeout), (LostAnswer(), ConnectionClosed), (CutOff(3), ConnectionClosed)],
)
def test_a_fault_is_the_error_that_it_is_on_a_socket(mode: Any, fault: Answer, error: type[Exception]) -> None:
    with pytest.raises(error):
        with_fault(mode, fault)


def test_a_fault_is_retried_in_virtual_time(mode: Any) -> None:
    listed, clock = with_fault(mode, CutOff(3), max_attempts=2)
    assert listed.compilation_job_summaries == ()
    assert clock.monotonic() > 0


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_objects_are_streamed(mode: Any, method: str, s3_signed: Any) -> None:
    transport = LocalTransport(NeoService(clock=lambda: NOW))
    content = GeneratedContent(1_000_000)
    transport.service.buckets.put("s3://models/a", content)
    request = s3_signed(method, "https://models.s3.eu-west-1.amazonaws.com/a", at=NOW)
    client = mode.client(httpx, transport=transport)

    async def fetch() -> httpx.Response:
        async with client:
            response: httpx.Response = await client.request(method, str(request.url), headers=list(request.headers))
            return response

    response = (
        asyncio.run(fetch())
        if mode.name == "async"
        else client.request(method, str(request.url), headers=list(request.headers))
    )
    assert (response.status_code, response.headers["content-length"]) == (200, "1000000")
    assert response.content == (b"" if method == "HEAD" else b"".join(content.pieces(0, content.size)))
