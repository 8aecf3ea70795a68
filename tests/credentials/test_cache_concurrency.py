from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import trio
import trio.testing

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.errors import CredentialsFetchFailed, CredentialsTimeout
from neo_wire.flow import Flow, sleep
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver
from tests.credentials.generations import HOUR, MINUTE, AsyncNowhere, Clock, Nowhere, Source, cache_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


class TestThreads:
    @pytest.fixture(autouse=True)
    def asking(self) -> None:
        self.all_ask = threading.Event()

    def together(self, driver: BlockingDriver, flow: Callable[[], Flow[Any]], count: int = 50) -> list[Any]:
        """What many threads have from a flow each; `all_ask` is set when the last of them is about to run it."""
        outcomes: list[Any] = []
        start = threading.Barrier(count, action=self.all_ask.set)

        def one() -> None:
            start.wait(10)
            try:
                outcomes.append(driver.run(flow()))
            except Exception as error:  # noqa: BLE001  # it is the outcome
                outcomes.append(error)

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert len(outcomes) == count
        return outcomes

    @pytest.mark.parametrize("elapsed", [None, timedelta(minutes=50), 2 * HOUR])
    def test_fifty_cause_one_fetch(self, clock: Clock, elapsed: timedelta | None) -> None:
        source = Source(clock)
        cache = cache_of(source)
        driver = BlockingDriver(Nowhere(), clock=clock)
        if elapsed is not None:
            driver.run(cache.current(5))
            clock.time += elapsed
        source.fetches = 0
        source.before = lambda: self.all_ask.wait(10)
        outcomes = self.together(driver, lambda: cache.current(10))
        assert source.fetches == 1
        assert all(outcome is outcomes[0] for outcome in outcomes)
        assert outcomes[0].access_key_id == "AKID1"

    def test_fifty_rejections_cause_one_fetch(self, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        driver = BlockingDriver(Nowhere(), clock=clock)
        rejected = driver.run(cache.current(5))
        outcomes = self.together(driver, lambda: cache.replace(rejected, 10))
        assert source.fetches == 2
        assert {outcome.access_key_id for outcome in outcomes} == {"AKID2"}

    def test_a_failure_reaches_all_who_wait_each_with_an_exception_of_its_own(self, clock: Clock) -> None:
        source = Source(clock, failures=[CredentialsFetchFailed("a test", "it is out") for _ in range(10)])
        cache = cache_of(source)
        outcomes = self.together(BlockingDriver(Nowhere(), clock=clock), lambda: cache.current(10), 10)
        assert 1 <= source.fetches <= 10  # who comes after a failure tries again
        assert all(type(outcome) is CredentialsFetchFailed for outcome in outcomes)
        assert len({id(outcome) for outcome in outcomes}) == 10
        assert {outcome.reason for outcome in outcomes} == {"it is out"}

    def test_in_the_advisory_window_one_fetches_and_the_others_do_not_wait(self, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        driver = BlockingDriver(Nowhere(), clock=clock)
        first = driver.run(cache.current(5))
        clock.time += 46 * MINUTE
        running, proceed = threading.Event(), threading.Event()

        def hold() -> None:
            running.set()
            proceed.wait(10)

        source.before = hold
        refreshed: list[Credentials] = []
        refresher = threading.Thread(target=lambda: refreshed.append(driver.run(cache.current(10))))
        refresher.start()
        assert running.wait(10)
        for _ in range(5):
            assert driver.run(cache.current(10)) is first
        proceed.set()
        refresher.join(10)
        assert refreshed[0].access_key_id == "AKID2"
        assert source.fetches == 2

    def test_a_wait_that_is_too_long_ends_for_its_asker_alone(self, clock: Clock) -> None:
        proceed = threading.Event()
        source = Source(clock, before=lambda: proceed.wait(10))
        cache = cache_of(source)
        driver = BlockingDriver(Nowhere(), clock=clock)
        patient: list[Credentials] = []
        waiter = threading.Thread(target=lambda: patient.append(driver.run(cache.current(10))))
        waiter.start()
        with pytest.raises(CredentialsTimeout, match=r"within 0\.01 s"):
            driver.run(cache.current(0.01))
        proceed.set()
        waiter.join(10)
        assert patient[0].access_key_id == "AKID1"
        assert source.fetches == 1

    def test_a_wait_that_is_too_long_in_the_advisory_window_gives_the_old_ones(self, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        driver = BlockingDriver(Nowhere(), clock=clock)
        first = driver.run(cache.current(5))
        clock.time += 46 * MINUTE
        proceed = threading.Event()
        source.before = lambda: proceed.wait(10)
        assert driver.run(cache.current(0.01)) is first
        proceed.set()


class TestTasks:
    @pytest.mark.parametrize("library", ["asyncio", "trio"])
    def test_five_hundred_cause_one_fetch(self, clock: Clock, library: str) -> None:
        source = Source(clock)
        cache = cache_of(source)

        async def all_at_once() -> list[Credentials]:
            driver = AsyncDriver(AsyncNowhere(), clock=clock)
            await driver.run(cache.current(5))
            clock.time += 2 * HOUR
            found: list[Credentials] = []

            async def one() -> None:
                found.append(await driver.run(cache.current(10)))

            if library == "asyncio":
                await asyncio.gather(*(one() for _ in range(500)))
            else:
                async with trio.open_nursery() as nursery:
                    for _ in range(500):
                        nursery.start_soon(one)
            await driver.aclose()
            return found

        found = asyncio.run(all_at_once()) if library == "asyncio" else trio.run(all_at_once)
        assert len(found) == 500
        assert {one.access_key_id for one in found} == {"AKID2"}
        assert source.fetches == 2

    @pytest.mark.parametrize("who", ["the one who began it", "one who waits"])
    def test_a_cancelled_waiter_cancels_nobody_else(self, clock: Clock, who: str) -> None:
        proceed = threading.Event()
        source = Source(clock, before=lambda: proceed.wait(10))
        cache = cache_of(source)

        async def main() -> list[Credentials]:
            driver = AsyncDriver(AsyncNowhere(), clock=clock)
            tasks = [asyncio.create_task(driver.run(cache.current(10))) for _ in range(10)]
            while source.fetches == 0:  # noqa: ASYNC110  # there is no event to wait for
                await asyncio.sleep(0)
            gone = tasks.pop(0 if who == "the one who began it" else -1)
            gone.cancel()
            with pytest.raises(asyncio.CancelledError):
                await gone
            proceed.set()
            found = await asyncio.gather(*tasks)
            await driver.aclose()
            return found

        assert {one.access_key_id for one in asyncio.run(main())} == {"AKID1"}
        assert source.fetches == 1

    def test_under_trio_one_of_those_who_wait_begins_anew_when_the_first_is_cancelled(self, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        first_is_in = trio.Event()
        held = True

        def provide() -> Flow[Credentials]:
            if held:
                first_is_in.set()
                yield from sleep(3600)
            return (yield from source())

        class SlowClock(Clock):
            async def sleep_async(self, seconds: float) -> None:
                await trio.sleep_forever()

        cache = CredentialsCache(provide, random=lambda: 0.0)

        async def main() -> list[Credentials]:
            nonlocal held
            driver = AsyncDriver(AsyncNowhere(), clock=SlowClock())
            found: list[Credentials] = []

            async def one() -> None:
                found.append(await driver.run(cache.current(10)))

            async with trio.open_nursery() as nursery:
                with trio.CancelScope() as scope:
                    async with trio.open_nursery() as first:
                        first.start_soon(one)
                        await first_is_in.wait()
                        held = False
                        for _ in range(5):
                            nursery.start_soon(one)
                        await trio.testing.wait_all_tasks_blocked()
                        scope.cancel()
            return found

        found = trio.run(main)
        assert [one.access_key_id for one in found] == ["AKID1"] * 5
        assert source.fetches == 1

    def test_a_wait_that_is_too_long_ends_for_its_asker_alone(self, clock: Clock) -> None:
        proceed = threading.Event()
        source = Source(clock, before=lambda: proceed.wait(10))
        cache = cache_of(source)

        async def main() -> Credentials:
            driver = AsyncDriver(AsyncNowhere(), clock=clock)
            patient = asyncio.create_task(driver.run(cache.current(10)))
            with pytest.raises(CredentialsTimeout):
                await driver.run(cache.current(0.01))
            proceed.set()
            found = await patient
            await driver.aclose()
            return found

        assert asyncio.run(main()).access_key_id == "AKID1"
        assert source.fetches == 1

    def test_one_cache_serves_event_loops_one_after_another(self, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        driver = AsyncDriver(AsyncNowhere(), clock=clock)
        first = asyncio.run(driver.run(cache.current(5)))
        clock.time += 2 * HOUR
        second = asyncio.run(driver.run(cache.current(5)))
        assert (first.access_key_id, second.access_key_id) == ("AKID1", "AKID2")
