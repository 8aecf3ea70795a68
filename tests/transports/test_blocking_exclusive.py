from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
from attrs import define, field

from neo_wire.errors import ConfigurationError, CredentialsFetchFailed, NeoWireError
from neo_wire.flow import BUSY, Call, Flow, call, concurrently, exclusive, exclusive_or_skip, sleep
from neo_wire.transports.blocking import BlockingDriver
from tests.credentials.generations import Clock, Nowhere

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


@define
class Gate:
    """A flow that runs until it is let go, and counts how often it was begun."""

    outcome: object = "done"
    begun: int = 0
    inside: threading.Event = field(factory=threading.Event)
    proceed: threading.Event = field(factory=threading.Event)

    def flow(self) -> Flow[object]:
        self.begun += 1
        self.inside.set()
        yield from call(lambda: self.proceed.wait(10))
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def driver() -> BlockingDriver:
    return BlockingDriver(Nowhere())


class Askers:
    """Threads that run a flow each, and what became of it."""

    def __init__(self, driver: BlockingDriver, flow: Callable[[], Flow[Any]], count: int) -> None:
        self.outcomes: list[Any] = []
        self._threads = [threading.Thread(target=self._ask, args=(driver, flow)) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def _ask(self, driver: BlockingDriver, flow: Callable[[], Flow[Any]]) -> None:
        try:
            self.outcomes.append(driver.run(flow()))
        except BaseException as error:  # noqa: BLE001  # it is the outcome
            self.outcomes.append(error)

    def join(self) -> list[Any]:
        for thread in self._threads:
            thread.join(10)
        return self.outcomes


def until_waiting(driver: BlockingDriver, count: int) -> None:
    """Wait until so many threads wait for the run, which nothing public tells."""
    deadline = time.monotonic() + 10
    while len(driver._runs.futures["key"]._condition._waiters) < count:  # type: ignore[attr-defined]  # threading's own
        assert time.monotonic() < deadline
        time.sleep(0.001)


def interrupt_main_thread() -> None:
    """As Ctrl-C does, which reaches a thread that waits for a lock."""
    ident = threading.main_thread().ident
    assert ident is not None
    signal.pthread_kill(ident, signal.SIGINT)


class TestExclusive:
    def test_those_who_come_while_it_runs_join_it(self, driver: BlockingDriver, gate: Gate) -> None:
        askers = Askers(driver, lambda: exclusive("key", gate.flow), 50)
        assert gate.inside.wait(10)
        until_waiting(driver, 50)
        gate.proceed.set()
        assert askers.join() == ["done"] * 50
        assert gate.begun == 1

    def test_another_key_is_another_run(self, driver: BlockingDriver, gate: Gate) -> None:
        gate.proceed.set()
        for key in ("a", "b"):
            driver.run(exclusive(key, gate.flow))
        assert gate.begun == 2

    def test_a_later_one_runs_anew(self, driver: BlockingDriver, gate: Gate) -> None:
        gate.proceed.set()
        for _ in range(2):
            driver.run(exclusive("key", gate.flow))
        assert gate.begun == 2

    def test_who_skips_does_not_wait(self, driver: BlockingDriver, gate: Gate) -> None:
        askers = Askers(driver, lambda: exclusive_or_skip("key", gate.flow), 1)
        assert gate.inside.wait(10)
        assert driver.run(exclusive_or_skip("key", gate.flow)) is BUSY
        gate.proceed.set()
        assert askers.join() == ["done"]
        assert gate.begun == 1

    def test_a_failure_reaches_all_each_with_an_exception_of_its_own(self, driver: BlockingDriver) -> None:
        cause, failure = OSError("disk"), CredentialsFetchFailed("a test", "out")
        failure.__cause__ = cause
        gate = Gate(failure)
        askers = Askers(driver, lambda: exclusive("key", gate.flow), 5)
        assert gate.inside.wait(10)
        until_waiting(driver, 5)
        gate.proceed.set()
        outcomes = askers.join()
        assert gate.begun == 1
        assert {str(outcome) for outcome in outcomes} == {"credentials from a test: out"}
        assert len({id(outcome) for outcome in outcomes}) == 5
        assert all(isinstance(outcome, NeoWireError) and outcome.__cause__ is cause for outcome in outcomes)

    def test_a_failure_is_not_kept(self, driver: BlockingDriver) -> None:
        gate = Gate(CredentialsFetchFailed("a test", "out"))
        gate.proceed.set()
        for _ in range(3):
            with pytest.raises(CredentialsFetchFailed):
                driver.run(exclusive("key", gate.flow))
        assert gate.begun == 3

    def test_the_wait_of_each_is_its_own(self, driver: BlockingDriver, gate: Gate) -> None:
        patient = Askers(driver, lambda: exclusive("key", gate.flow), 1)
        assert gate.inside.wait(10)
        with pytest.raises(TimeoutError):
            driver.run(exclusive("key", gate.flow, timeout=0.001))
        gate.proceed.set()
        assert patient.join() == ["done"]
        assert gate.begun == 1

    def test_an_asker_who_is_interrupted_stops_nobody(self, driver: BlockingDriver, gate: Gate) -> None:
        def interrupt() -> None:
            gate.inside.wait(10)
            until_waiting(driver, 1)
            interrupt_main_thread()

        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        with pytest.raises(KeyboardInterrupt):  # in the main thread, where this runs
            driver.run(exclusive("key", gate.flow))
        interrupter.join(10)
        late = Askers(driver, lambda: exclusive("key", gate.flow), 1)
        until_waiting(driver, 1)
        gate.proceed.set()
        assert late.join() == ["done"]
        assert gate.begun == 1

    def test_it_runs_in_the_context_of_the_first_who_asks(self, driver: BlockingDriver) -> None:
        token = WHO.set("the asker")
        try:
            assert driver.run(exclusive("key", lambda: call(WHO.get))) == "the asker"
        finally:
            WHO.reset(token)

    def test_it_runs_where_no_thread_can_be_started(
        self, driver: BlockingDriver, gate: Gate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def start(_: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        gate.proceed.set()
        monkeypatch.setattr(threading.Thread, "start", start)
        for _ in range(2):
            assert driver.run(exclusive("key", gate.flow)) == "done"

    def test_one_within_another(self, driver: BlockingDriver, gate: Gate) -> None:
        gate.proceed.set()
        assert driver.run(exclusive("outer", lambda: exclusive("inner", gate.flow))) == "done"


def test_a_forked_process_has_none_of_its_parents_runs() -> None:
    """The thread that runs one in the parent is not there in the child, which would wait for it for ever."""
    program = """
import os, threading
from neo_wire.flow import call, exclusive
from neo_wire.transports.blocking import BlockingDriver

driver, inside, proceed = BlockingDriver(None), threading.Event(), threading.Event()

def hold():
    inside.set()
    proceed.wait(20)
    return "parent"

asker = threading.Thread(target=lambda: print(driver.run(exclusive("key", lambda: call(hold))), flush=True))
asker.start()
inside.wait(10)
driver._runs.lock.acquire()  # a fork may come at any moment
child = os.fork()
if child == 0:
    print(driver.run(exclusive("key", lambda: call(lambda: "child"), timeout=10)), flush=True)
    os._exit(0)
os.waitpid(child, 0)
driver._runs.lock.release()
proceed.set()
asker.join(10)
"""
    done = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.split() == ["child", "parent"], done.stderr


class TestConcurrently:
    def test_outcomes_come_in_order_failures_among_them(self, driver: BlockingDriver) -> None:
        failure = CredentialsFetchFailed("a test", "out")

        def one(number: int) -> Callable[[], Flow[int]]:
            def flow() -> Flow[int]:
                yield from call(lambda: None)
                if number == 2:
                    raise failure
                return number

            return flow

        assert driver.run(concurrently([one(number) for number in range(5)], limit=2)) == [0, 1, failure, 3, 4]

    @pytest.mark.parametrize("limit", [1, 4])
    def test_as_many_as_the_limit_run_at_a_time(self, driver: BlockingDriver, limit: int) -> None:
        lock, now_inside, most = threading.Lock(), 0, 0
        all_of_them = threading.Barrier(limit)

        def work() -> None:
            nonlocal now_inside, most
            with lock:
                now_inside += 1
                most = max(most, now_inside)
            all_of_them.wait(10)
            with lock:
                now_inside -= 1

        assert driver.run(concurrently([lambda: call(work)] * 8, limit=limit)) == [None] * 8
        assert most == limit

    def test_of_none(self, driver: BlockingDriver) -> None:
        assert driver.run(concurrently([], limit=3)) == []

    def test_an_interruption_reaches_those_that_sleep_and_begins_no_others(self) -> None:
        asleep, begun, ended = threading.Event(), 0, 0

        class Sleepless(Clock):
            def sleep(self, seconds: float) -> None:
                asleep.set()
                time.sleep(0.001)

        def long() -> Flow[None]:
            nonlocal begun, ended
            begun += 1
            try:
                yield from sleep(10**9)
            finally:
                ended += 1

        def interrupt() -> None:
            asleep.wait(10)
            interrupt_main_thread()

        interrupter = threading.Thread(target=interrupt)
        interrupter.start()
        with pytest.raises(KeyboardInterrupt):
            BlockingDriver(Nowhere(), clock=Sleepless()).run(concurrently([long] * 20, limit=3))
        interrupter.join(10)
        assert begun == ended
        assert 1 <= begun <= 3


def test_an_awaitable_is_refused_without_a_warning(driver: BlockingDriver) -> None:
    async def one() -> int:
        return 1

    def flow() -> Flow[int]:
        result: int = yield Call(one)
        return result

    with pytest.raises(ConfigurationError, match="a blocking client cannot await"):
        driver.run(flow())
