"""Whole clients against the same faults: what is retried, how often, and what the caller is told in the end."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Literal

import pytest
from attrs import frozen

from neo_wire import AsyncNeoClient, Credentials, InputConfig, NeoClient, OutputConfig, StoppingCondition
from neo_wire.errors import (
    CallTimeout,
    NeoWireError,
    ResourceInUse,
    ResponseDecodeError,
    ServerError,
    ServiceError,
    Throttling,
    TransportError,
)
from neo_wire.http import Timeout
from neo_wire.shapes.enums import Framework, TargetDevice
from tests.faults.answers import FAULTS, Received
from tests.faults.server import FaultServer, mix

MAX_ATTEMPTS = 3
TIMEOUT = Timeout(connect=5, read=2, write=5, pool=20, total=8)
LATE = 3.0  # seconds that a busy machine may add
TRANSIENT = {"throttled", "too_many", "failing", "unavailable"}
CROSSING = {"then_idle_close", "then_idle_reset"}
STALLS = {name for name, fault in FAULTS.items() if CallTimeout in fault.errors}
COSTLY = {name for name in FAULTS if name.startswith("endless")}


class HastyClock:
    """The real time, but who sleeps does so for a hundredth of what was asked."""

    monotonic = staticmethod(time.monotonic)

    @staticmethod
    def now() -> datetime:
        return datetime.now(UTC)

    @staticmethod
    def sleep(seconds: float) -> None:
        time.sleep(seconds / 100)

    @staticmethod
    async def sleep_async(seconds: float) -> None:
        await asyncio.sleep(seconds / 100)


def described(request: Received) -> bytes:
    """The job that a request asks for, as the service would describe it."""
    name = json.loads(request.body)["CompilationJobName"] if request.whole else ""
    return json.dumps(
        {
            "CompilationJobName": name,
            "CompilationJobArn": f"arn:aws:sagemaker:us-west-2:123456789012:compilation-job/{name}",
            "CompilationJobStatus": "COMPLETED",
            "StoppingCondition": {"MaxRuntimeInSeconds": 900},
            "CreationTime": 1.7e9,
            "LastModifiedTime": 1.7e9,
            "FailureReason": "",
            "ModelArtifacts": {"S3ModelArtifacts": "s3://b/k"},
            "RoleArn": "arn:aws:iam::123456789012:role/r",
            "InputConfig": {"S3Uri": "s3://b/m", "Framework": "PYTORCH", "DataInputConfig": "{}"},
            "OutputConfig": {"S3OutputLocation": "s3://b/o", "TargetDevice": "jetson_nano"},
        }
    ).encode()


@frozen
class Ended:
    """How one call ended, and after how many seconds."""

    outcome: Any
    seconds: float


@frozen
class Caller:
    """Calls through one of the two clients, so many at a time."""

    kind: Literal["blocking", "asynchronous"]

    def __call__(
        self, server: FaultServer, calls: Sequence[Callable[[Any], Any]], *, at_a_time: int = 1, **options: Any
    ) -> list[Ended]:
        options = {
            "region": "us-west-2",
            "credentials": Credentials("AKIDEXAMPLE", "secret"),
            "endpoint_url": server.url,
            "timeout": TIMEOUT,
            "clock": HastyClock(),
            "max_attempts": MAX_ATTEMPTS,
            "environ": {},
            **options,
        }
        if self.kind == "asynchronous":
            return asyncio.run(self._in_tasks(calls, at_a_time, options))
        with NeoClient(**options) as client, ThreadPoolExecutor(at_a_time) as threads:
            return list(threads.map(lambda call: self._in_thread(client, call), calls))

    @staticmethod
    def _in_thread(client: NeoClient, call: Callable[[Any], Any]) -> Ended:
        begun = time.monotonic()
        try:
            outcome = call(client)
        except NeoWireError as error:
            outcome = error
        return Ended(outcome, time.monotonic() - begun)

    @staticmethod
    async def _in_tasks(
        calls: Sequence[Callable[[Any], Awaitable[Any]]], at_a_time: int, options: dict[str, Any]
    ) -> list[Ended]:
        left, ended = iter(enumerate(calls)), {}

        async def work(client: AsyncNeoClient) -> None:
            for index, call in left:
                begun = time.monotonic()
                try:
                    outcome = await call(client)
                except NeoWireError as error:
                    outcome = error
                ended[index] = Ended(outcome, time.monotonic() - begun)

        async with AsyncNeoClient(**options) as client, asyncio.TaskGroup() as group:
            for _ in range(at_a_time):
                group.create_task(work(client))
        assert len(asyncio.all_tasks()) == 1
        return [ended[index] for index in range(len(calls))]


@pytest.fixture(params=["blocking", "asynchronous"])
def call_all(request: pytest.FixtureRequest) -> Caller:
    return Caller(request.param)


def describe(name: str) -> Callable[[Any], Any]:
    return lambda client: client.describe_compilation_job(name)


def retried(received: Received) -> bool:
    """Whether an attempt that met this fault may be followed by another."""
    fault = FAULTS[received.fault]
    return received.fault in TRANSIENT or any(issubclass(error, TransportError) for error in fault.errors)


def check(arrivals: Sequence[Received], name: str, ended: Ended) -> None:
    """Whether a call ended as its attempts demand, in time, and said the truth about them."""
    outcome = ended.outcome
    assert ended.seconds < TIMEOUT.total + LATE
    assert len(arrivals) <= MAX_ATTEMPTS
    assert all(retried(received) or FAULTS[received.fault].status == 200 for received in arrivals[:-1])
    assert len({received.header("amz-sdk-invocation-id") for received in arrivals}) == 1
    if not isinstance(outcome, NeoWireError):
        assert outcome.compilation_job_name == name
        assert FAULTS[arrivals[-1].fault].status == 200
        return
    assert not isinstance(outcome, ServiceError | TransportError) or outcome.stopped is not None, outcome
    fault = FAULTS[arrivals[-1].fault]
    match outcome:
        case ServiceError():
            assert outcome.status == fault.status
            assert outcome.attempts >= len(arrivals)
        case TransportError():
            assert isinstance(outcome, (*fault.errors, CallTimeout)) or len(arrivals) < outcome.attempts
            assert outcome.maybe_processed
            assert outcome.attempts >= len(arrivals)
        case _:
            assert isinstance(outcome, ResponseDecodeError)
            assert ResponseDecodeError in fault.errors


def test_hundreds_of_calls_with_faults_by_chance_each_end_right_and_in_time(call_all: Caller) -> None:
    count, at_a_time = (400, 20) if call_all.kind == "blocking" else (800, 100)
    early = {name for name, fault in FAULTS.items() if fault.early}  # where the name of the job is not read
    kinds = [name for name in FAULTS if name not in CROSSING | STALLS | COSTLY | early | {"wrong_clock"}]
    usual = ["fine"] * len(kinds)
    with FaultServer(mix(kinds * 2 + usual * 2 + sorted(STALLS | COSTLY)), seed=7, answer=described) as server:
        names = [f"job-{number}" for number in range(count)]
        ended = call_all(server, [describe(name) for name in names], at_a_time=at_a_time)
        by_name: dict[str, list[Received]] = {name: [] for name in names}
        for received in server.received:
            by_name[json.loads(received.body)["CompilationJobName"]].append(received)
    for name, one in zip(names, ended, strict=True):
        check(by_name[name], name, one)
    assert sum(not isinstance(one.outcome, NeoWireError) for one in ended) > 0.7 * count


@pytest.mark.parametrize(
    ("fault", "expected"), [("throttled", Throttling), ("failing", ServerError), ("reset_after", TransportError)]
)
def test_what_goes_wrong_each_time_is_told_after_the_last_attempt(
    call_all: Caller, fault: str, expected: type[NeoWireError]
) -> None:
    with FaultServer(lambda *_: fault, answer=described) as server:
        (ended,) = call_all(server, [describe("a")])
        assert isinstance(ended.outcome, expected)
        assert isinstance(ended.outcome, ServiceError | TransportError)
        assert (ended.outcome.attempts, ended.outcome.stopped) == (MAX_ATTEMPTS, "attempts used up")
        assert len(server.received) == MAX_ATTEMPTS


def test_a_burst_of_throttling_empties_the_retry_quota_and_no_more(call_all: Caller) -> None:
    with FaultServer(lambda *_: "throttled", answer=described) as server:
        ended = call_all(server, [describe(f"job-{number}") for number in range(300)], at_a_time=10)
        stopped = Counter(one.outcome.stopped for one in ended)
        assert set(stopped) == {"attempts used up", "retry quota reached"}
        assert len(server.received) < 300 + 200  # not three times as many
        assert sum(one.outcome.attempts for one in ended) == len(server.received)


def test_a_call_that_is_throttled_for_a_while_gets_through(call_all: Caller) -> None:
    left = ["fine", "too_many", "throttled"]
    with FaultServer(lambda *_: left.pop(), answer=described) as server:
        (ended,) = call_all(server, [describe("a")])
        assert ended.outcome.compilation_job_name == "a"
        assert len(server.received) == 3


def test_a_server_of_another_time_costs_one_attempt_and_is_remembered(call_all: Caller) -> None:
    with FaultServer(lambda *_: "wrong_clock", answer=described) as server:
        ended = call_all(server, [describe("a"), describe("b")])
        assert [one.outcome.compilation_job_name for one in ended] == ["a", "b"]
        assert len(server.received) == 3


@pytest.mark.parametrize("fault", ["drip", "drip_in_the_head", "silence", "silence_in_the_body"])
def test_nothing_outlasts_the_total_timeout(call_all: Caller, fault: str) -> None:
    with FaultServer(lambda *_: fault, answer=described) as server:
        timeout = Timeout(read=0.1, total=0.35)
        ended = call_all(server, [describe(str(number)) for number in range(20)], at_a_time=20, timeout=timeout)
    for one in ended:
        assert isinstance(one.outcome, TransportError)
        assert one.outcome.maybe_processed
        assert one.seconds < 0.35 + LATE


def test_with_one_attempt_nothing_is_sent_twice(call_all: Caller) -> None:
    kinds = [name for name in FAULTS if name not in CROSSING | STALLS | COSTLY]
    with FaultServer(mix(kinds), seed=9, answer=described) as server:
        names = [f"job-{number}" for number in range(3 * len(kinds))]
        ended = call_all(server, [describe(name) for name in names], at_a_time=10, max_attempts=1)
        sent = Counter(received.header("amz-sdk-invocation-id") or received.body for received in server.received)
        assert max(sent.values()) == 1
        assert len(ended) == len(names)


def create(client: Any) -> Any:
    return client.create_compilation_job(
        "a",
        role_arn="arn:aws:iam::123456789012:role/r",
        input_config=InputConfig(s3_uri="s3://b/m.tar.gz", framework=Framework.PYTORCH, data_input_config="{}"),
        output_config=OutputConfig(s3_output_location="s3://b/o", target_device=TargetDevice.JETSON_NANO),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
    )


@pytest.mark.parametrize("before", [[], ["reset_after"], ["half_body"], ["failing"], ["throttled"]])
def test_a_create_whose_first_attempt_may_have_worked_says_so(call_all: Caller, before: list[str]) -> None:
    left = ["in_use", *before]
    with FaultServer(lambda *_: left.pop(), answer=described) as server:
        (ended,) = call_all(server, [create])
        assert isinstance(ended.outcome, ResourceInUse)
        assert ended.outcome.maybe_created_by_this_call is (before not in ([], ["throttled"]))
        assert len(server.received) == 1 + len(before)
