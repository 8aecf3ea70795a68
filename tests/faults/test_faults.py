"""Both pools against a server that goes wrong: right results or right errors, in time, and nothing left behind."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Literal

import pytest
from attrs import frozen

from neo_wire.errors import (
    CallTimeout,
    ConnectFailed,
    ConnectionClosed,
    NeoWireError,
    PoolTimeout,
    ReadTimeout,
)
from neo_wire.flow import Send
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url
from neo_wire.transports.async_pool import AsyncPools
from neo_wire.transports.blocking_pool import BlockingPools
from tests.faults.answers import DRIP, FAULTS, PATIENCE
from tests.faults.server import FaultServer, mix

TIMEOUT = Timeout(connect=5, read=0.25, write=5, pool=20, total=0.4)
GENEROUS = Timeout(connect=20, read=20, write=20, pool=20, total=20)
LATE = 3.0  # seconds that a busy machine may add to a timeout; less than a fault's patience
MAX_BODY = 200_000

Outcome = HttpResponse | NeoWireError


@frozen
class Ended:
    """How one exchange ended, and after how many seconds."""

    outcome: Outcome
    seconds: float


def exchange(url: str, call_id: str, *, fault: str = "", body: bytes = b"{}", timeout: Timeout = TIMEOUT) -> Send:
    target = Url.parse(f"{url}/{fault}")
    headers = (("Host", target.authority), ("X-Call-Id", call_id), ("Content-Length", str(len(body))))
    return Send(HttpRequest("POST", target, headers, body), timeout, MAX_BODY)


@frozen
class Sender:
    """Sends exchanges through one of the two pools, so many at a time."""

    kind: Literal["blocking", "asynchronous"]

    def __call__(
        self, sends: Sequence[Send], *, at_a_time: int = 1, max_connections: int = 50, pause: float = 0
    ) -> list[Ended]:
        if self.kind == "asynchronous":
            return asyncio.run(self._in_tasks(sends, at_a_time, max_connections, pause))
        pools = BlockingPools(max_connections=max_connections)
        try:
            with ThreadPoolExecutor(at_a_time) as threads:
                return list(threads.map(lambda send: self._in_thread(pools, send, pause), sends))
        finally:
            pools.close()

    @staticmethod
    def _in_thread(pools: BlockingPools, send: Send, pause: float) -> Ended:
        begun = time.monotonic()
        outcome: Outcome
        try:
            outcome = pools.send(send)
        except NeoWireError as error:
            outcome = error
        seconds = time.monotonic() - begun
        time.sleep(pause)
        return Ended(outcome, seconds)

    @staticmethod
    async def _in_tasks(sends: Sequence[Send], at_a_time: int, max_connections: int, pause: float) -> list[Ended]:
        pools, left, ended = AsyncPools(max_connections=max_connections), iter(enumerate(sends)), {}

        async def work() -> None:
            for index, send in left:
                begun = time.monotonic()
                outcome: Outcome
                try:
                    outcome = await pools.send(send)
                except NeoWireError as error:
                    outcome = error
                ended[index] = Ended(outcome, time.monotonic() - begun)
                await asyncio.sleep(pause)

        async with asyncio.TaskGroup() as group:
            for _ in range(at_a_time):
                group.create_task(work())
        await pools.aclose()
        assert len(asyncio.all_tasks()) == 1
        return [ended[index] for index in range(len(sends))]


@pytest.fixture(params=["blocking", "asynchronous"])
def send_all(request: pytest.FixtureRequest) -> Sender:
    return Sender(request.param)


def descriptors() -> int:
    return len(list(Path("/dev/fd").iterdir()))


@pytest.fixture(autouse=True)
def nothing_is_left_behind() -> Iterator[None]:
    """No thread and no descriptor more than before, once the server, the pools and the loop are gone."""
    threads, before = set(threading.enumerate()), descriptors()
    yield
    if descriptors() > before:
        gc.collect()  # what a failed call's traceback still holds
    assert descriptors() <= before
    assert set(threading.enumerate()) <= threads


def check(server: FaultServer, call_id: str, ended: Ended, timeout: Timeout) -> None:
    """Whether a call ended as its fault demands, in time, and said the truth about what may have been processed."""
    arrived = [received for received in server.received if received.id == call_id]
    assert len(arrived) <= 1, "sent twice"
    assert ended.seconds < timeout.total + LATE
    outcome = ended.outcome
    if not arrived:
        assert isinstance(outcome, CallTimeout | PoolTimeout | ConnectionClosed), outcome
        return
    fault = FAULTS[arrived[0].fault]
    if isinstance(outcome, HttpResponse):
        assert outcome.status == fault.status
        if outcome.status == 200:
            assert outcome.body == server.answer(arrived[0]), "another's answer"
    else:
        allowed = (*fault.errors, CallTimeout, ReadTimeout)  # the last two for a busy machine
        assert isinstance(outcome, allowed), (arrived[0].fault, outcome)
        assert getattr(outcome, "maybe_processed", True), "it said that the request had not arrived, which it had"


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_alone_ends_in_the_right_result_or_error(send_all: Sender, fault: str) -> None:
    stalls = CallTimeout in FAULTS[fault].errors
    timeout = TIMEOUT if stalls else GENEROUS
    with FaultServer() as server:
        (ended,) = send_all([exchange(server.url, "one", fault=fault, timeout=timeout)])
        check(server, "one", ended, timeout)
        (received,) = server.received
    expected = FAULTS[fault]
    if isinstance(ended.outcome, HttpResponse):
        assert ended.outcome.status == expected.status
    else:
        assert isinstance(ended.outcome, expected.errors)
    assert ended.seconds < (TIMEOUT.total + LATE if stalls else PATIENCE)
    assert received.id == "one"


REUSABLE = [name for name, fault in FAULTS.items() if fault.reusable]


@pytest.mark.parametrize("fault", REUSABLE)
def test_what_leaves_the_connection_sound_leaves_it_in_use(send_all: Sender, fault: str) -> None:
    with FaultServer() as server:
        ended = send_all([exchange(server.url, str(n), fault=fault, timeout=GENEROUS) for n in range(3)])
        assert [one.outcome.status for one in ended if isinstance(one.outcome, HttpResponse)] == [
            FAULTS[fault].status
        ] * 3
        assert server.connections == 1


@pytest.mark.parametrize("fault", [name for name, fault in FAULTS.items() if fault.status and not fault.reusable])
def test_what_does_not_is_never_felt_by_the_next_call(send_all: Sender, fault: str) -> None:
    with FaultServer() as server:
        sends = [exchange(server.url, str(n), fault="fine" if n % 2 else fault, timeout=GENEROUS) for n in range(8)]
        # An end of an idle connection needs its time to arrive; a request that it crosses may have been processed.
        ended = send_all(sends, pause=3 * DRIP if fault.startswith("then_idle") else 0)
        for n, one in enumerate(ended):
            check(server, str(n), one, GENEROUS)
            if n % 2:
                assert isinstance(one.outcome, HttpResponse), one.outcome
                assert one.outcome.status == 200


def test_a_port_where_nobody_listens_is_a_failure_to_connect(send_all: Sender) -> None:
    with FaultServer() as server:
        ended = send_all([exchange(server.refusing_url, str(n)) for n in range(100)], at_a_time=20)
    for one in ended:
        assert isinstance(one.outcome, ConnectFailed)
        assert not one.outcome.maybe_processed


CROSSING = ["then_idle_close", "then_idle_reset"]  # the end of the connection, and the next request on it
RARE = [name for name, fault in FAULTS.items() if CallTimeout in fault.errors or name.startswith("endless")]
ALL_KINDS = [name for name in FAULTS if name not in CROSSING + RARE] * 4 + RARE
MIXED = Timeout(connect=10, read=0.6, write=10, pool=30, total=1.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_thousands_of_calls_with_faults_by_chance_each_end_right_and_in_time(send_all: Sender, seed: int) -> None:
    count, at_a_time = (800, 20) if send_all.kind == "blocking" else (1500, 100)
    bodies = [b"{}", b"x" * 100, b"y" * 20_000, b"z" * 600_000]
    random = Random(seed)  # noqa: S311  # no secret
    with FaultServer(mix(ALL_KINDS, burst=3), seed=seed) as server:
        sends = [
            exchange(server.url, str(n), body=random.choices(bodies, [10, 10, 4, 1])[0], timeout=MIXED)
            for n in range(count)
        ]
        ended = send_all(sends, at_a_time=at_a_time)
        for n, one in enumerate(ended):
            check(server, str(n), one, MIXED)
        met = Counter(received.fault for received in server.received)
    assert set(met) == set(ALL_KINDS)
    results = sum(isinstance(one.outcome, HttpResponse) for one in ended)
    promised = sum(times for name, times in met.items() if FAULTS[name].status)
    assert results >= 0.9 * promised  # the others met a timeout on a busy machine


def test_slow_callers_share_few_connections_in_turn(send_all: Sender) -> None:
    with FaultServer() as server:
        sends = [exchange(server.url, str(n), fault="slowly", timeout=GENEROUS) for n in range(60)]
        ended = send_all(sends, at_a_time=20, max_connections=3)
        for n, one in enumerate(ended):
            check(server, str(n), one, GENEROUS)
            assert isinstance(one.outcome, HttpResponse)
        assert server.connections == 3


def test_who_waits_too_long_for_a_connection_is_told_that_nothing_was_sent(send_all: Sender) -> None:
    waiting = Timeout(connect=5, read=5, write=5, pool=0.1, total=5)
    busy = Timeout(connect=5, read=0.6, write=5, pool=0.1, total=5)
    with FaultServer() as server:
        sends = [exchange(server.url, "busy", fault="silence", timeout=busy)]
        sends += [exchange(server.url, str(n), fault="fine", timeout=waiting) for n in range(5)]
        first, *others = send_all(sends, at_a_time=6, max_connections=1)
        assert isinstance(first.outcome, ReadTimeout)
        for one in others:
            assert isinstance(one.outcome, PoolTimeout)
            assert not one.outcome.maybe_processed
        assert [received.id for received in server.received] == ["busy"]


def test_calls_cancelled_at_any_point_leave_the_pool_sound() -> None:
    """A cancelled exchange closes its connection, and one who waits passes its turn on: no slot is ever lost."""
    random = Random(3)  # noqa: S311  # no secret

    async def main() -> None:
        pools = AsyncPools(max_connections=8)

        async def one(number: int) -> None:
            send = exchange(server.url, str(number), fault=random.choice(["fine", "slowly", "drip"]), timeout=GENEROUS)
            response = await pools.send(send)
            assert response.body == b'{"id": "%d", "fault": "%s"}' % (number, send.request.url.path[1:].encode())

        async def cancelled(number: int) -> None:
            task = asyncio.create_task(one(number))
            for _ in range(random.randint(0, 12)):
                await asyncio.sleep(random.choice([0, 0, 0.001]))
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled() or task.exception() is None

        for round_ in range(5):
            await asyncio.gather(*(cancelled(1000 * round_ + number) for number in range(200)))
            # all eight are free, or can be made anew
            sends = [exchange(server.url, f"{round_}.{n}", fault="slowly", timeout=GENEROUS) for n in range(8)]
            responses = await asyncio.gather(*map(pools.send, sends))
            assert [response.status for response in responses] == [200] * 8
        await pools.aclose()
        assert len(asyncio.all_tasks()) == 1

    with FaultServer() as server:
        asyncio.run(main())
        sent = Counter(received.id for received in server.received)
        assert max(sent.values()) == 1
