"""One call as a flow, driven by hand: what it asks for, in which order, and what it makes of the answers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, get_args

import attrs
import pytest

from neo_wire import (
    CREATE_COMPILATION_JOB,
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
    ResourceInUse,
    ResourceNotFound,
    ResponseDecodeError,
    Scope,
    ServerError,
    StopCompilationJobRequest,
    Timeout,
    Unit,
    Url,
)
from neo_wire.call import CallSettings, invoke
from neo_wire.credentials import static
from neo_wire.errors import ConnectFailed, ExpiredToken, ReadTimeout
from neo_wire.events import Event
from neo_wire.flow import Flow, Monotonic, Now, Send
from neo_wire.shapes.enums import TargetDevice
from neo_wire.shapes.structures import CreateCompilationJobRequest, OutputConfig, StoppingCondition
from neo_wire.signing.verification import verify
from tests.scripted import Answer, Driver, Script, answer, retries

both_drivers = pytest.mark.parametrize("driver", get_args(Driver))

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
DESCRIBE = DescribeCompilationJobRequest(compilation_job_name="demo")
OK = attrs.evolve(answer(), body=b'{"CompilationJobName":"demo"}')


def provided(credentials: Credentials) -> Callable[[float], Flow[Credentials]]:
    provide = static.given(credentials)
    return lambda _: provide()


def settings(credentials: Credentials, /, **changes: Any) -> CallSettings:
    given: dict[str, Any] = {
        "url": Url.parse("https://api.sagemaker.us-west-2.amazonaws.com/"),
        "scope": Scope("us-west-2", "sagemaker"),
        "credentials": provided(credentials),
        "timeout": Timeout(read=7),
        **changes,
    }
    return CallSettings(**given)


def sent(flow: Flow[Any]) -> Send:
    """Run a flow until it sends: it asks for the time to sign with, between two readings of the other clock."""
    assert next(flow) == Monotonic()
    assert flow.send(0.0) == Now()
    assert flow.send(NEW_YEAR) == Monotonic()
    effect = flow.send(0.0)
    assert isinstance(effect, Send)
    return effect


def answered(flow: Flow[Any], response: HttpResponse) -> tuple[Any, Send]:
    """Run a flow against one answer; give its result and what it sent."""
    effect = sent(flow)
    assert flow.send(response) == Monotonic()
    try:
        flow.send(0.5)
    except StopIteration as end:
        return end.value, effect
    raise AssertionError("the flow asks for more")


def test_the_request_is_the_one_of_the_published_vector(credentials: Credentials) -> None:
    effect = sent(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials)))
    assert effect.request.body == b'{"CompilationJobName":"demo"}'
    signature = "94f1f6bab1aeb633fb6592e1131c3e3b7670619b0746da188fc5e2154f9a9187"
    assert (effect.request.header("authorization") or "").endswith(f"Signature={signature}")
    assert effect.timeout == Timeout(read=7)
    assert effect.max_body == 16 * 1024 * 1024


def test_what_is_sent_verifies(credentials: Credentials) -> None:
    page = HttpResponse(200, (("x-amzn-requestid", "r-1"),), b'{"CompilationJobSummaries":[]}')
    output, effect = answered(invoke(LIST_COMPILATION_JOBS, ListCompilationJobsRequest(), settings(credentials)), page)
    assert output.compilation_job_summaries == ()
    assert verify(effect.request, {credentials.access_key_id: credentials}.get, NEW_YEAR).valid


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
    nameless = DescribeCompilationJobRequest(compilation_job_name="")
    with pytest.raises(InputValidationError, match="CompilationJobName"):
        invoke(DESCRIBE_COMPILATION_JOB, nameless, settings(credentials))


def test_validation_can_be_switched_off(credentials: Credentials) -> None:
    request = DescribeCompilationJobRequest(compilation_job_name="-no name-")
    effect = sent(invoke(DESCRIBE_COMPILATION_JOB, request, settings(credentials, validate_input=False)))
    assert effect.request.body == b'{"CompilationJobName":"-no name-"}'


def test_an_input_of_another_operation_is_refused(credentials: Credentials) -> None:
    request: Any = StopCompilationJobRequest(compilation_job_name="demo")
    with pytest.raises(TypeError, match="DescribeCompilationJob takes a DescribeCompilationJobRequest"):
        next(invoke(DESCRIBE_COMPILATION_JOB, request, settings(credentials)))


def test_without_credentials_nothing_is_sent(credentials: Credentials) -> None:
    def none(_: float) -> Flow[Credentials]:
        yield from ()  # a flow is a generator
        raise NoCredentials("set AWS_ACCESS_KEY_ID")

    without = attrs.evolve(settings(credentials), credentials=none)
    flow = invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, without)
    assert next(flow) == Monotonic()
    assert flow.send(0.0) == Monotonic()  # for the event that the call has ended
    with pytest.raises(NoCredentials, match="AWS_ACCESS_KEY_ID"):
        flow.send(0.0)


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
    place = "https://api.sagemaker.us-west-2.amazonaws.com"
    assert caplog.messages == [f"ListCompilationJobs at {place}: attempt 1 of 1: HTTP 200 in 0.500 s, request id None"]


def test_an_operation_of_another_service_is_refused_before_anything_is_sent(credentials: Credentials) -> None:
    logs = settings(credentials, scope=Scope("us-west-2", "logs"))
    with pytest.raises(ConfigurationError, match=r"DescribeCompilationJob is an operation of SageMaker, .* of 'logs'"):
        invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, logs)


# ------------------------------------------------------------------------------------------------ more than one attempt

CREATE = CreateCompilationJobRequest(
    compilation_job_name="demo",
    role_arn="arn:aws:iam::123456789012:role/Neo",
    model_package_version_arn="arn:aws:sagemaker:us-west-2:123456789012:model-package/m/1",
    output_config=OutputConfig(s3_output_location="s3://bucket/out", target_device=TargetDevice.JETSON_NANO),
    stopping_condition=StoppingCondition(),
)
IN_USE = answer(400, "ResourceInUse")


def unanswered(maybe_processed: bool = True) -> ReadTimeout | ConnectFailed:
    cls = ReadTimeout if maybe_processed else ConnectFailed
    return cls("it broke", endpoint="https://a.example", maybe_processed=maybe_processed)


@both_drivers
def test_the_metadata_counts_the_attempts(credentials: Credentials, driver: Driver) -> None:
    script = Script([unanswered(), answer(500), OK])
    output = script.run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials, retries=retries())), driver)
    assert output.response_metadata.attempts == 3


@both_drivers
def test_every_attempt_is_signed_and_its_headers_about_attempts_are_not(
    credentials: Credentials, driver: Driver
) -> None:
    script = Script([answer(500), OK], seconds=1)
    shared = settings(credentials, retries=retries(), user_agent="neo-wire/x")
    script.run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, shared), driver)
    signatures = []
    for effect in script.sent:
        checked = verify(effect.request, {credentials.access_key_id: credentials}.get, script.clock.wall)
        assert checked.valid
        authorization = effect.request.header("authorization") or ""
        assert "SignedHeaders=content-type;host;x-amz-date;x-amz-target," in authorization
        signatures.append(authorization)
        names = [name for name, _ in effect.request.headers]
        assert names[-5:] == [
            "Accept-Encoding",
            "User-Agent",
            "Content-Length",
            "amz-sdk-invocation-id",
            "amz-sdk-request",
        ]
        assert effect.request.header("user-agent") == "neo-wire/x"
        assert effect.request.header("content-length") == str(len(effect.request.body))
    assert len(set(signatures)) == 2


@both_drivers
@pytest.mark.parametrize(
    ("earlier", "maybe"),
    [
        ([unanswered()], True),
        ([answer(500)], True),
        ([answer(504), unanswered(False)], True),
        ([unanswered(False)], False),
        ([answer(400, "ThrottlingException")], False),
        ([], False),
    ],
)
def test_a_name_that_is_taken_may_have_been_taken_by_an_earlier_attempt(
    credentials: Credentials, driver: Driver, earlier: list[Answer], maybe: bool
) -> None:
    script = Script([*earlier, IN_USE])
    with pytest.raises(ResourceInUse) as caught:
        script.run(invoke(CREATE_COMPILATION_JOB, CREATE, settings(credentials, retries=retries())), driver)
    assert caught.value.maybe_created_by_this_call is maybe
    assert ("an earlier attempt of this call is unknown" in str(caught.value)) is maybe
    assert caught.value.attempts == len(earlier) + 1


def test_only_a_create_creates(credentials: Credentials) -> None:
    script = Script([unanswered(), IN_USE])
    with pytest.raises(ResourceInUse) as caught:
        script.run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials, retries=retries())))
    assert caught.value.maybe_processed
    assert not caught.value.maybe_created_by_this_call


@pytest.mark.parametrize(
    ("operation", "input"), [(DESCRIBE_COMPILATION_JOB, DESCRIBE), (CREATE_COMPILATION_JOB, CREATE)]
)
def test_a_429_of_a_modelled_error_is_no_throttling(credentials: Credentials, operation: Any, input: Any) -> None:  # noqa: A002  # Smithy's word
    """As botocore has it: ResourceInUse stands in the model of Create, and not in that of Describe."""
    script = Script([answer(429, "ResourceInUse"), OK, OK])
    flow = invoke(operation, input, settings(credentials, retries=retries()))
    if operation is CREATE_COMPILATION_JOB:
        with pytest.raises(ResourceInUse):
            script.run(flow)
    else:
        script.run(flow)
    assert len(script.sent) == (1 if operation is CREATE_COMPILATION_JOB else 2)


@both_drivers
def test_credentials_that_the_service_refuses_are_replaced(credentials: Credentials, driver: Driver) -> None:
    newer = Credentials("AKIDNEWER", "newer", "token")
    current = [credentials]
    asked: list[tuple[Credentials, float]] = []

    def provide(left: float) -> Flow[Credentials]:
        yield from ()
        return current[0]

    def replace(rejected: Credentials, left: float) -> Flow[Credentials | None]:
        yield from ()
        asked.append((rejected, left))
        current[0] = newer
        return newer

    script = Script([answer(400, "ExpiredTokenException"), OK], seconds=1)
    shared = settings(credentials, credentials=provide, replace=replace, retries=retries(), timeout=Timeout(total=9))
    script.run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, shared), driver)
    assert asked == [(credentials, 8)]
    signed = [header or "" for header in script.header("authorization")]
    assert [header.partition("Credential=")[2].partition("/")[0] for header in signed] == ["AKIDEXAMPLE", "AKIDNEWER"]
    assert script.header("x-amz-security-token") == [None, "token"]


@pytest.mark.parametrize("can_ask", [True, False])
def test_credentials_that_cannot_be_replaced_are_an_error(credentials: Credentials, can_ask: bool) -> None:
    def replace(rejected: Credentials, left: float) -> Flow[Credentials | None]:
        yield from ()
        return None

    shared = settings(credentials, replace=replace if can_ask else None, retries=retries())
    script = Script([answer(400, "ExpiredTokenException")])
    with pytest.raises(ExpiredToken) as caught:
        script.run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, shared))
    assert (caught.value.attempts, caught.value.stopped) == (1, "not retryable")


def test_credentials_are_told_how_much_time_is_left(credentials: Credentials) -> None:
    told: list[float] = []

    def provide(left: float) -> Flow[Credentials]:
        yield from ()
        told.append(left)
        return credentials

    shared = settings(credentials, credentials=provide, retries=retries(), timeout=Timeout(total=9))
    Script([answer(500), OK], seconds=2).run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, shared))
    assert told == [9, pytest.approx(6.975)]


SECRETS = ("wJalrXUtnFEMI", "TOKEN-OF-A-SESSION", "BODY-THAT-IS-PRIVATE", "Signature=")


def test_nothing_that_is_told_has_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG, with every kind of end, in the log and in the events."""
    temporary = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "TOKEN-OF-A-SESSION")
    seen: list[Event] = []
    shared = settings(temporary, retries=retries(), emit=seen.append)
    private = attrs.evolve(OK, body=b'{"CompilationJobName":"BODY-THAT-IS-PRIVATE"}')
    quoting = HttpResponse(
        403, (), b'{"__type":"InvalidSignatureException","message":"x-amz-security-token:TOKEN-OF-A-SESSION"}'
    )
    scripts: list[list[Answer]] = [
        [private],
        [unanswered(), answer(500), answer(503)],
        [quoting],
        [attrs.evolve(OK, body=b'["BODY-THAT-IS-PRIVATE"]')],
        [answer(307, location="https://elsewhere.example/?Signature=abc")],
    ]
    said = []
    with caplog.at_level(logging.DEBUG):
        for answers in scripts:
            try:
                Script(answers).run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, shared))
            except Exception as error:  # noqa: BLE001  # whatever it is, it must not show a secret
                said.append(f"{error} {error!r}")
    assert len(said) == 4
    assert len(seen) > 10
    assert "attempt 3 of 3: HTTP 503" in caplog.text
    everything = caplog.text + repr(seen) + repr(said) + repr(shared)
    assert not [secret for secret in SECRETS if secret in everything]


def test_a_call_without_retries_is_one_attempt(credentials: Credentials) -> None:
    script = Script([answer(500)])
    with pytest.raises(ServerError) as caught:
        script.run(invoke(DESCRIBE_COMPILATION_JOB, DESCRIBE, settings(credentials)))
    assert (caught.value.attempts, caught.value.stopped) == (1, "attempts used up")
    assert script.header("amz-sdk-request") == [None]
