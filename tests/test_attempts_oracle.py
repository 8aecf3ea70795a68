"""Botocore's client in the standard mode, with its sleeping and its random number replaced, plays the same scripts."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Annotated, Any, get_args

import attrs
import botocore.endpoint
import botocore.retries.quota
import botocore.retries.standard
import pytest
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from neo_wire import Credentials, Scope, Timeout
from neo_wire.call import CallSettings, invoke
from neo_wire.credentials import static
from neo_wire.errors import ConnectFailed, NeoWireError, ReadTimeout, ServiceError
from neo_wire.retries.quota import CAPACITY
from neo_wire.schema import WireName, structure
from neo_wire.service import Operation, Service, Unit
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import DescribeCompilationJobRequest
from tests.scripted import URL, Answer, Driver, Script, answer, retries

CALLS = {  # of botocore, by the service
    "sagemaker": ("describe_compilation_job", {"CompilationJobName": "demo"}),
    "stepfunctions": ("get_activity_task", {"activityArn": "arn:aws:states:activity:demo"}),
}


class Botocore:
    """A client of botocore with one number of attempts, whose answers come from a script."""

    def __init__(self, patch: pytest.MonkeyPatch, max_attempts: int, service: str = "sagemaker") -> None:
        self.quota: Any = botocore.retries.quota.RetryQuota()
        self.sleeps: list[float] = []
        self.sent: list[Any] = []
        self.answers: Iterator[Answer] = iter(())
        standard: Any = botocore.retries.standard
        patch.setattr(
            standard, "ExponentialBackoff", functools.partial(standard.ExponentialBackoff, random=lambda: 0.5)
        )
        patch.setattr(standard.quota, "RetryQuota", lambda: self.quota)
        patch.setattr(  # which waits itself before it gives up a long poll
            standard,
            "RetryHandler",
            functools.partial(standard.RetryHandler, sleep=lambda seconds: self.sleeps.append(seconds)),
        )
        self.client: Any = get_session().create_client(
            service,
            region_name="us-west-2",
            aws_access_key_id="AKIDEXAMPLE",
            aws_secret_access_key="secret",
            config=Config(retries={"mode": "standard", "total_max_attempts": max_attempts}),
        )
        send: Any = self.send  # a handler that answers in place of the network
        self.client.meta.events.register("before-send", send)
        self.method, self.arguments = CALLS[service]

    def send(self, request: Any, **_: object) -> AWSResponse:
        self.sent.append(request)
        one = next(self.answers)
        if isinstance(one, ReadTimeout):
            raise ReadTimeoutError(endpoint_url="https://a.example")
        if isinstance(one, ConnectFailed):
            raise EndpointConnectionError(endpoint_url="https://a.example")
        assert not isinstance(one, BaseException)
        raw: Any = SimpleNamespace(stream=lambda: iter([one.body]))
        headers: Any = dict(one.headers)
        return AWSResponse("https://a.example", one.status, headers, raw)

    def play(self, answers: list[Answer]) -> str:
        self.answers, self.sent, self.sleeps = iter(answers), [], []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=self.sleeps.append))
            try:
                getattr(self.client, self.method)(**self.arguments)
            except ClientError as error:
                return str(error.response["Error"]["Code"])
            except BotoCoreError:
                return "no answer"
        return "ok"


@pytest.fixture(scope="module")
def clients() -> dict[int, Botocore]:
    with pytest.MonkeyPatch.context() as patch:
        return {attempts: Botocore(patch, attempts) for attempts in (1, 2, 3, 5)}


@pytest.fixture(scope="module")
def polling() -> Botocore:
    with pytest.MonkeyPatch.context() as patch:
        return Botocore(patch, 3, "stepfunctions")


@structure
class GetActivityTaskInput:
    activity_arn: Annotated[str, WireName("activityArn")]


STEP_FUNCTIONS = Service("SFN", "AWSStepFunctions", "states", "states", json_version="1.0")
GET_ACTIVITY_TASK = Operation(STEP_FUNCTIONS, "GetActivityTask", GetActivityTaskInput, Unit, long_polling=True)

OK = attrs.evolve(answer(), body=b'{"CompilationJobName":"demo"}')
FAILURE = st.sampled_from(
    [
        answer(500, "InternalFailure"),
        answer(503, "ServiceUnavailable"),
        answer(504),
        answer(400, "ThrottlingException"),
        answer(429, "TooManyRequestsException"),
        answer(429),
        answer(400, "RequestTimeout"),
        answer(500, "X", x_amz_retry_after="1500"),
        answer(400, "Throttling", x_amz_retry_after="99999999"),
        answer(500, "X", x_amz_retry_after="12.5"),
        ReadTimeout("nothing", endpoint=URL.origin, maybe_processed=True),
        ConnectFailed("refused", endpoint=URL.origin, maybe_processed=False),
    ]
)
LAST = st.sampled_from([OK, OK, OK, answer(400, "ResourceNotFound"), answer(403, "AccessDeniedException"), answer(501)])
CALL = st.builds(lambda failures, last: [*failures, last], st.lists(FAILURE, max_size=5), LAST)


def fresh(one: Answer) -> Answer:
    """An error of its own: a call writes its story on the one that it raises."""
    if isinstance(one, ReadTimeout | ConnectFailed):
        return type(one)(one.message, endpoint=one.endpoint, maybe_processed=one.maybe_processed)
    return one


@given(
    max_attempts=st.sampled_from([1, 2, 3, 5]),
    tokens=st.sampled_from([0, 13, 14, 30, 60, 499, 500]),
    calls=st.lists(CALL, min_size=1, max_size=5),
    driver=st.sampled_from(get_args(Driver)),
)
def test_botocore_sleeps_pays_and_ends_the_same(
    clients: dict[int, Botocore], max_attempts: int, tokens: int, calls: list[list[Answer]], driver: Driver
) -> None:
    oracle, policy = clients[max_attempts], retries(max_attempts=max_attempts)
    oracle.quota._available_capacity = tokens
    policy.quota.take(CAPACITY - tokens)
    credentials = static.given(Credentials("AKIDEXAMPLE", "secret"))
    settings = CallSettings(
        url=URL,
        scope=Scope("us-west-2", "sagemaker"),
        credentials=lambda _: credentials(),
        timeout=Timeout(),
        retries=policy,
    )
    for answers in calls:
        script = Script([fresh(one) for one in answers])
        flow = invoke(DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name="demo"), settings)
        try:
            script.run(flow, driver)
            outcome = "ok"
        except ServiceError as error:
            outcome = error.code.removeprefix("HTTP")
        except NeoWireError:
            outcome = "no answer"
        assert outcome == oracle.play(answers)
        assert len(script.sent) == len(oracle.sent)
        assert script.clock.sleeps == pytest.approx(oracle.sleeps)
        assert policy.quota.available == oracle.quota.available_capacity
        theirs = [request.headers["amz-sdk-request"].decode() for request in oracle.sent]
        assert [header and header.rpartition("ttl=")[2] for header in script.header("amz-sdk-request")] == theirs
        for request in oracle.sent:
            assert b"amz-sdk" not in request.headers["Authorization"]


@given(
    tokens=st.sampled_from([0, 4, 5, 13, 14, 19, 28]),
    answers=CALL.filter(lambda answers: len(answers) > 1),
    driver=st.sampled_from(get_args(Driver)),
)
def test_botocore_waits_the_same_before_it_gives_up_a_long_poll(
    polling: Botocore, tokens: int, answers: list[Answer], driver: Driver
) -> None:
    policy = retries()
    polling.quota._available_capacity = tokens
    policy.quota.take(CAPACITY - tokens)
    credentials = static.given(Credentials("AKIDEXAMPLE", "secret"))
    settings = CallSettings(
        url=URL,
        scope=Scope("us-west-2", "states"),
        credentials=lambda _: credentials(),
        timeout=Timeout(),
        retries=policy,
    )
    script = Script([fresh(one) for one in answers])
    stopped = None
    try:
        script.run(invoke(GET_ACTIVITY_TASK, GetActivityTaskInput(activity_arn="arn:a"), settings), driver)
    except NeoWireError as error:
        stopped = error.stopped
    polling.play(answers)
    assert len(script.sent) == len(polling.sent)
    assert script.clock.sleeps == pytest.approx(polling.sleeps)
    assert policy.quota.available == polling.quota.available_capacity
    assert len(script.clock.sleeps) == len(script.sent) - (stopped != "retry quota reached")
