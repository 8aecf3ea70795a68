from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest
import trio
import trio.testing
from attrs import define, field

from neo_wire.errors import ClientClosed, CredentialsFetchFailed, NeoWireError
from neo_wire.flow import BUSY, Call, Flow, call, concurrently, exclusive, exclusive_or_skip
from neo_wire.transports.asynchronous import AsyncDriver
from tests.credentials.generations import AsyncNowhere

WHO: ContextVar[str] = ContextVar("WHO", default="nobody")


@define
class Gate:
    """A flow that runs until it is let go, and counts how often it was begun."""

    outcome: object = "done"
    begun: int = 0
    ended: int = 0
    inside: asyncio.Event = field(factory=asyncio.Event)
    proceed: asyncio.Event = field(factory=asyncio.Event)

    def flow(self) -> Flow[object]:
        self.begun += 1
        self.inside.set()
        try:
            yield Call(self.proceed.wait)
        finally:
            self.ended += 1
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


def driver() -> AsyncDriver:
    return AsyncDriver(AsyncNowhere())


class TestExclusiveUnderAsyncio:
    def test_those_who_come_while_it_runs_join_it(self) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            tasks = [asyncio.create_task(one.run(exclusive("key", gate.flow))) for _ in range(500)]
            await gate.inside.wait()
            gate.proceed.set()
            assert await asyncio.gather(*tasks) == ["done"] * 500
            assert gate.begun == 1

        asyncio.run(main())

    def test_another_key_is_another_run(self) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            tasks = [asyncio.create_task(one.run(exclusive(key, gate.flow))) for key in ("a", "b", "a")]
            await gate.inside.wait()
            gate.proceed.set()
            await asyncio.gather(*tasks)
            assert gate.begun == 2

        asyncio.run(main())

    def test_a_later_one_runs_anew(self) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            gate.proceed.set()
            for _ in range(2):
                await one.run(exclusive("key", gate.flow))
            assert gate.begun == 2

        asyncio.run(main())

    def test_who_skips_does_not_wait(self) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            task = asyncio.create_task(one.run(exclusive_or_skip("key", gate.flow)))
            await gate.inside.wait()
            assert await one.run(exclusive_or_skip("key", gate.flow)) is BUSY
            gate.proceed.set()
            assert await task == "done"
            assert gate.begun == 1

        asyncio.run(main())

    def test_a_failure_reaches_all_each_with_an_exception_of_its_own(self) -> None:
        async def main() -> None:
            cause = OSError("disk")
            failure = CredentialsFetchFailed("a test", "out")
            failure.__cause__ = cause
            gate, one = Gate(failure), driver()
            tasks = [asyncio.create_task(one.run(exclusive("key", gate.flow))) for _ in range(5)]
            await gate.inside.wait()
            gate.proceed.set()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert gate.begun == 1
            assert {str(outcome) for outcome in outcomes} == {"credentials from a test: out"}
            assert len({id(outcome) for outcome in outcomes}) == 5
            assert all(isinstance(outcome, NeoWireError) and outcome.__cause__ is cause for outcome in outcomes)

        asyncio.run(main())

    def test_who_tries_again_at_once_after_a_failure_runs_it_anew(self) -> None:
        async def main() -> None:
            gate, one = Gate(CredentialsFetchFailed("a test", "out")), driver()
            gate.proceed.set()
            for _ in range(3):
                with pytest.raises(CredentialsFetchFailed):
                    await one.run(exclusive("key", gate.flow))
            assert gate.begun == 3

        asyncio.run(main())

    @pytest.mark.parametrize("gone", [0, 1, -1])
    def test_who_is_cancelled_stops_nobody(self, gone: int) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            tasks = [asyncio.create_task(one.run(exclusive("key", gate.flow))) for _ in range(5)]
            await gate.inside.wait()
            cancelled = tasks.pop(gone)
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            gate.proceed.set()
            assert await asyncio.gather(*tasks) == ["done"] * 4
            assert (gate.begun, gate.ended) == (1, 1)

        asyncio.run(main())

    def test_it_goes_on_when_all_have_gone_and_serves_who_comes_then(self) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            task = asyncio.create_task(one.run(exclusive("key", gate.flow)))
            await gate.inside.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            late = asyncio.create_task(one.run(exclusive("key", gate.flow)))
            await asyncio.sleep(0)
            gate.proceed.set()
            assert await late == "done"
            assert gate.begun == 1

        asyncio.run(main())

    def test_a_failure_that_nobody_waits_for_is_not_reported(self) -> None:
        async def main() -> list[Any]:
            reported: list[Any] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
            gate, one = Gate(CredentialsFetchFailed("a test", "out")), driver()
            task = asyncio.create_task(one.run(exclusive("key", gate.flow)))
            await gate.inside.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            gate.proceed.set()
            while gate.ended == 0:  # noqa: ASYNC110  # nobody waits for it
                await asyncio.sleep(0)
            await asyncio.sleep(0)
            return reported

        assert asyncio.run(main()) == []

    def test_the_wait_of_each_is_its_own(self) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            patient = asyncio.create_task(one.run(exclusive("key", gate.flow)))
            await gate.inside.wait()
            with pytest.raises(TimeoutError):
                await one.run(exclusive("key", gate.flow, timeout=0.001))
            gate.proceed.set()
            assert await patient == "done"

        asyncio.run(main())

    def test_closing_ends_it_and_those_who_wait_learn_why(self) -> None:
        async def main() -> None:
            gate, one = Gate(), driver()
            tasks = [asyncio.create_task(one.run(exclusive("key", gate.flow))) for _ in range(3)]
            await gate.inside.wait()
            await one.aclose()
            for outcome in await asyncio.gather(*tasks, return_exceptions=True):
                assert isinstance(outcome, ClientClosed)
            assert gate.ended == 1
            assert len(asyncio.all_tasks()) == 1

        asyncio.run(main())

    def test_a_run_that_a_dead_loop_left_behind_is_forgotten(self) -> None:
        one, gates = driver(), []

        async def abandon() -> None:
            gates.append(Gate())
            task = asyncio.create_task(one.run(exclusive("key", gates[0].flow)))
            await gates[0].inside.wait()
            task.cancel()

        async def again() -> object:
            gates.append(Gate())
            gates[1].proceed.set()
            return await one.run(exclusive("key", gates[1].flow))

        asyncio.run(abandon())
        assert asyncio.run(again()) == "done"
        assert [gate.begun for gate in gates] == [1, 1]

    def test_it_runs_in_the_context_of_the_first_who_asks(self) -> None:
        async def main() -> object:
            def who() -> Flow[str]:
                return (yield from call(WHO.get))

            WHO.set("the asker")
            return await driver().run(exclusive("key", who))

        assert asyncio.run(main()) == "the asker"


@define
class TrioGate:
    """As `Gate`, under trio."""

    outcome: object = "done"
    begun: int = 0
    inside: trio.Event = field(factory=trio.Event)
    proceed: trio.Event = field(factory=trio.Event)

    def flow(self) -> Flow[object]:
        self.begun += 1
        self.inside.set()
        yield Call(self.proceed.wait)
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome


class TestExclusiveUnderTrio:
    def together(
        self, gate: TrioGate, count: int, meanwhile: Callable[[AsyncDriver], Any] | None = None
    ) -> list[object]:
        outcomes: list[object] = []

        async def main() -> None:
            one = driver()

            async def ask() -> None:
                try:
                    outcomes.append(await one.run(exclusive("key", gate.flow)))
                except Exception as error:  # noqa: BLE001  # it is the outcome
                    outcomes.append(error)

            async with trio.open_nursery() as nursery:
                for _ in range(count):
                    nursery.start_soon(ask)
                await gate.inside.wait()
                await trio.testing.wait_all_tasks_blocked()
                if meanwhile:
                    await meanwhile(one)
                gate.proceed.set()
            await one.aclose()

        trio.run(main)
        return outcomes

    def test_those_who_come_while_it_runs_join_it(self) -> None:
        gate = TrioGate()
        assert self.together(gate, 100) == ["done"] * 100
        assert gate.begun == 1

    def test_a_failure_reaches_all_each_with_an_exception_of_its_own(self) -> None:
        gate = TrioGate(CredentialsFetchFailed("a test", "out"))
        outcomes = self.together(gate, 5)
        assert gate.begun == 1
        assert {str(outcome) for outcome in outcomes} == {"credentials from a test: out"}
        assert len({id(outcome) for outcome in outcomes}) == 5

    def test_who_skips_and_who_waits_too_long(self) -> None:
        gate = TrioGate()

        async def meanwhile(one: AsyncDriver) -> None:
            assert await one.run(exclusive_or_skip("key", gate.flow)) is BUSY
            with pytest.raises(TimeoutError):
                await one.run(exclusive("key", gate.flow, timeout=0.001))

        assert self.together(gate, 2, meanwhile) == ["done"] * 2
        assert gate.begun == 1

    def test_when_the_first_is_cancelled_one_of_the_others_begins_anew(self) -> None:
        async def main() -> list[object]:
            gate, one, found = TrioGate(), driver(), []

            async def ask() -> None:
                found.append(await one.run(exclusive("key", gate.flow)))

            async with trio.open_nursery() as nursery:
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as first:
                        first.start_soon(ask)
                        await gate.inside.wait()
                        for _ in range(5):
                            nursery.start_soon(ask)
                        await trio.testing.wait_all_tasks_blocked()
                        scope.cancel()
                await trio.testing.wait_all_tasks_blocked()
                assert gate.begun == 2
                gate.proceed.set()
            return found

        assert trio.run(main) == ["done"] * 5


class TestConcurrently:
    @pytest.fixture(params=["asyncio", "trio"])
    def run(self, request: pytest.FixtureRequest) -> Callable[[Flow[Any]], Any]:
        if request.param == "asyncio":
            return lambda flow: asyncio.run(driver().run(flow))
        return lambda flow: trio.run(driver().run, flow)

    def test_outcomes_come_in_order_failures_among_them(self, run: Callable[[Flow[Any]], Any]) -> None:
        failure = CredentialsFetchFailed("a test", "out")

        def one(number: int) -> Callable[[], Flow[int]]:
            def flow() -> Flow[int]:
                yield from call(lambda: None)
                if number == 2:
                    raise failure
                return number

            return flow

        assert run(concurrently([one(number) for number in range(5)], limit=2)) == [0, 1, failure, 3, 4]

    @pytest.mark.parametrize("limit", [1, 4])
    def test_no_more_than_the_limit_run_at_a_time(self, run: Callable[[Flow[Any]], Any], limit: int) -> None:
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

        assert run(concurrently([lambda: call(work)] * 8, limit=limit)) == [None] * 8
        assert most == limit

    def test_of_none(self, run: Callable[[Flow[Any]], Any]) -> None:
        assert run(concurrently([], limit=3)) == []

    def test_a_cancellation_reaches_each_of_them_and_waits_for_them(self) -> None:
        async def main() -> None:
            gate = Gate()
            task = asyncio.create_task(driver().run(concurrently([gate.flow] * 5, limit=3)))
            while gate.begun < 3:  # noqa: ASYNC110  # there is no event to wait for
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (gate.begun, gate.ended) == (3, 3)
            assert len(asyncio.all_tasks()) == 1

        asyncio.run(main())
