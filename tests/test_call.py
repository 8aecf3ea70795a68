"""One call as a flow, driven by hand: what it asks for, in which order, and what it makes of the answers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from neo_wire import (
    DESCRIBE_COMPILATION_JOB,
    LIST_COMPILATION_JOBS,
    STOP_COMPILATION_JOB,
    CompilationJobStatus,
    ConfigurationError,
    Credentials,
    DescribeCompilationJobRequest,
    HttpResponse,
    InputValidationError,
    ListCompilationJobsRequest,
    NoCredentials,
    RedirectRefused,
    ResourceNotFound,
    ResponseDecodeError,
    Scope,
    StopCompilationJobRequest,
    Timeout,
    Unit,
    Url,
)
from neo_wire.call import CallSettings, invoke
from neo_wire.credentials import static
from neo_wire.flow import Flow, Now, Send
from neo_wire.signing.verify import verify

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
DESCRIBE = DescribeCompilationJobRequest(compilation_job_name="demo")


def settings(credentials: Credentials, **changes: Any) -> CallSettings:
    given: dict[str, Any] = {
        "url": Url.parse("https://api.sagemaker.us-west-2.amazonaws.com/"),
        "scope": Scope("us-west-2", "sagemaker"),
        "credentials": static.given(credentials),
        "timeout": Timeout(read=7),
        **changes,
    }
    return CallSettings(**given)


def answered(flow: Flow[Any], response: HttpResponse) -> tuple[Any, Send]:
    """Run a flow against one answer; give its result and what it sent."""
    assert next(flow) == Now()
    send = flow.send(NEW_YEAR)
    assert isinstance(send, Send)
    try:
        flow.send(response)
    except StopIteration as end:
        return end.value, send
    raise AssertionError("the flow asks for more")


def test_the_request_is_the_one_of_the_published_vector(credentials: Credentials) -> None:
    flow = invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials))
    assert next(flow) == Now()
    effect = flow.send(NEW_YEAR)
    assert isinstance(effect, Send)
    assert effect.request.body == b'{"CompilationJobName":"demo"}'
    signature = "94f1f6bab1aeb633fb6592e1131c3e3b7670619b0746da188fc5e2154f9a9187"
    assert (effect.request.header("authorization") or "").endswith(f"Signature={signature}")
    assert effect.timeout == Timeout(read=7)
    assert effect.max_body == 16 * 1024 * 1024


def test_what_is_sent_verifies(credentials: Credentials) -> None:
    page = HttpResponse(200, (("x-amzn-requestid", "r-1"),), b'{"CompilationJobSummaries":[]}')
    output, sent = answered(invoke(LIST_COMPILATION_JOBS, ListCompilationJobsRequest(), settings(credentials)), page)
    assert output.compilation_job_summaries == ()
    assert verify(sent.request, {credentials.access_key_id: credentials}.get, NEW_YEAR).valid


def test_the_metadata_says_how_the_service_answered(credentials: Credentials) -> None:
    body = b'{"CompilationJobName":"demo","CompilationJobStatus":"PAUSED"}'
    response = HttpResponse(200, (("x-amzn-requestid", "r-1"), ("date", "today")), body)
    output, _ = answered(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials)), response)
    assert output.compilation_job_status == "PAUSED"
    assert isinstance(output.compilation_job_status, CompilationJobStatus)
    metadata = output.response_metadata
    assert (metadata.status, metadata.request_id, metadata.attempts) == (200, "r-1", 1)
    assert metadata.headers == response.headers


def test_an_operation_without_output_has_metadata_too(credentials: Credentials) -> None:
    stop = StopCompilationJobRequest(compilation_job_name="demo")
    response = HttpResponse(200, (("x-amzn-requestid", "r-2"),), b"")
    output, _ = answered(invoke(STOP_COMPILATION_JOB, stop, settings(credentials)), response)
    assert output == Unit()
    assert output.response_metadata.request_id == "r-2"


def test_bad_input_asks_for_nothing(credentials: Credentials) -> None:
    flow = invoke(
        DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name=""), settings(credentials)
    )
    with pytest.raises(InputValidationError, match="CompilationJobName"):
        next(flow)


def test_validation_can_be_switched_off(credentials: Credentials) -> None:
    request = DescribeCompilationJobRequest(compilation_job_name="-no name-")
    flow = invoke(DESCRIBE_COMPILATION_JOB, request, settings(credentials, validate_input=False))
    next(flow)
    effect = flow.send(NEW_YEAR)
    assert isinstance(effect, Send)
    assert effect.request.body == b'{"CompilationJobName":"-no name-"}'


def test_an_input_of_another_operation_is_refused(credentials: Credentials) -> None:
    request: Any = StopCompilationJobRequest(compilation_job_name="demo")
    with pytest.raises(TypeError, match="DescribeCompilationJob takes a DescribeCompilationJobRequest"):
        next(invoke(DESCRIBE_COMPILATION_JOB, request, settings(credentials)))


def test_without_credentials_nothing_is_asked_for(credentials: Credentials) -> None:
    without = attrs.evolve(settings(credentials), credentials=static.environment({}))
    flow = invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, without)
    with pytest.raises(NoCredentials, match="AWS_ACCESS_KEY_ID"):
        next(flow)


def test_an_error_is_raised_with_its_operation(credentials: Credentials) -> None:
    response = HttpResponse(400, (("x-amzn-requestid", "r-3"),), b'{"__type":"ResourceNotFound","Message":"no"}')
    with pytest.raises(ResourceNotFound) as caught:
        answered(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials)), response)
    assert (caught.value.operation, caught.value.request_id) == ("DescribeCompilationJob", "r-3")


def test_an_empty_body_is_no_description(credentials: Credentials) -> None:
    with pytest.raises(ResponseDecodeError, match="the body is empty"):
        answered(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials)), HttpResponse(200))


@pytest.mark.parametrize("location", ["https://elsewhere.example/x?token=s3cret", None])
def test_a_redirect_is_refused(credentials: Credentials, location: str | None) -> None:
    headers = (("location", location),) if location else ()
    with pytest.raises(RedirectRefused) as caught:
        answered(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials)), HttpResponse(307, headers))
    assert caught.value.maybe_processed is False
    assert caught.value.endpoint == "https://api.sagemaker.us-west-2.amazonaws.com"
    assert ("elsewhere.example/x" if location else "nowhere") in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_a_json_parser_of_the_user_is_used(credentials: Credentials) -> None:
    seen: list[bytes] = []

    def loads(body: bytes) -> object:
        seen.append(body)
        return {"CompilationJobSummaries": [], "NextToken": "parsed"}

    flow = invoke(LIST_COMPILATION_JOBS, ListCompilationJobsRequest(), settings(credentials, json_loads=loads))
    output, _ = answered(flow, HttpResponse(200, (), b"[something else]"))
    assert (output.next_token, seen) == ("parsed", [b"[something else]"])


def test_the_log_says_what_happened_and_no_secret(credentials: Credentials, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("DEBUG", logger="neo_wire"):
        page = HttpResponse(200, (), b'{"CompilationJobSummaries":[]}')
        answered(invoke(LIST_COMPILATION_JOBS, ListCompilationJobsRequest(), settings(credentials)), page)
    assert caplog.messages == ["ListCompilationJobs at https://api.sagemaker.us-west-2.amazonaws.com: HTTP 200"]


def test_an_operation_of_another_service_is_refused_before_anything_is_sent(credentials: Credentials) -> None:
    flow = invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials, scope=Scope("us-west-2", "logs")))
    with pytest.raises(ConfigurationError, match=r"DescribeCompilationJob is an operation of SageMaker, .* of 'logs'"):
        next(flow)
