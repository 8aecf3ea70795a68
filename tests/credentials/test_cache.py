from __future__ import annotations

import asyncio
import logging
import pickle
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.credentials.cache import ADVISORY_WINDOW, CredentialsCache
from neo_wire.errors import CredentialsFetchFailed, CredentialsTimeout, LoginRequired
from neo_wire.flow import Effect, Flow, Now, Send, call, sleep
from neo_wire.http import HttpResponse
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@define
class Clock:
    """A clock that stands still until it is moved; waiting moves nothing, and yields to others."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - NOON).total_seconds()

    def sleep(self, seconds: float) -> None:
        time.sleep(0)

    async def sleep_async(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Nowhere:
    """An exchange that nothing is sent with."""

    def send(self, effect: Send) -> HttpResponse:
        raise AssertionError("nothing is to be sent")

    def close(self) -> None:
        pass


class AsyncNowhere:
    async def send(self, effect: Send) -> HttpResponse:
        raise AssertionError("nothing is to be sent")

    async def aclose(self) -> None:
        pass


@define
class Source:
    """Gives a new generation each time, which ends after `lifetime`; or fails with what `failures` holds."""

    clock: Clock
    lifetime: timedelta | None = HOUR
    failures: list[Exception] = field(factory=list)
    fetches: int = 0
    before: Callable[[], object] = lambda: None

    def __call__(self) -> Flow[Credentials]:
        self.fetches += 1
        generation = self.fetches
        yield from call(self.before)
        if self.failures:
            raise self.failures.pop(0)
        ends = None if self.lifetime is None else self.clock.time + self.lifetime
        return Credentials(
            f"AKID{generation}", f"secret{generation}", f"token{generation}", expiration=ends, source="a test"
        )


def cache_of(source: Source, chance: float = 0.0, **options: Any) -> CredentialsCache:
    return CredentialsCache(source, random=lambda: chance, **options)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sync", "asyncio", "trio"])
def run(request: pytest.FixtureRequest, clock: Clock) -> Callable[[Flow[Any]], Any]:
    """Run a flow through one of the drivers, an event loop of its own each time."""

    def blocking(flow: Flow[Any]) -> Any:
        return BlockingDriver(Nowhere(), clock=clock).run(flow)

    def asynchronous(flow: Flow[Any]) -> Any:
        return asyncio.run(AsyncDriver(AsyncNowhere(), clock=clock).run(flow))

    def under_trio(flow: Flow[Any]) -> Any:
        return trio.run(AsyncDriver(AsyncNowhere(), clock=clock).run, flow)

    runners = {"sync": blocking, "asyncio": asynchronous, "trio": under_trio}
    runner: Callable[[Flow[Any]], Any] = runners[request.param]
    return runner


Run = Callable[[Flow[Any]], Any]


def effects_of(flow: Flow[Any], moment: datetime) -> list[Effect]:
    """The effects that a flow yields when every one of them is answered with the time."""
    asked: list[Effect] = []
    try:
        effect = next(flow)
        while True:
            asked.append(effect)
            effect = flow.send(moment)
    except StopIteration:
        return asked


def test_fetches_once_and_keeps(run: Run, clock: Clock) -> None:
    source = Source(clock)
    cache = cache_of(source)
    first = run(cache.current(5))
    clock.time += HOUR - ADVISORY_WINDOW - MINUTE
    assert run(cache.current(5)) is first
    assert source.fetches == 1


def test_valid_credentials_cost_one_question_of_the_time_or_none(clock: Clock) -> None:
    cache = cache_of(Source(clock))
    BlockingDriver(Nowhere(), clock=clock).run(cache.current(5))
    assert effects_of(cache.current(5), NOON) == [Now()]
    assert effects_of(cache.current(5, at=NOON), NOON) == []
    lasting = cache_of(Source(clock, lifetime=None))
    BlockingDriver(Nowhere(), clock=clock).run(lasting.current(5))
    assert effects_of(lasting.current(5), NOON) == []


def test_credentials_that_never_end_are_fetched_once(run: Run, clock: Clock) -> None:
    source = Source(clock, lifetime=None)
    cache = cache_of(source)
    first = run(cache.current(5))
    clock.time += timedelta(days=10_000)
    assert run(cache.current(5)) is first
    assert source.fetches == 1


@pytest.mark.parametrize(
    ("chance", "minutes_left", "fetched"),
    [(0.0, 15.01, False), (0.0, 15.0, True), (1.0, 12.51, False), (1.0, 12.5, True), (0.5, 13.8, False)],
)
def test_the_advisory_window_begins_a_quarter_of_an_hour_before_the_end_less_by_chance(
    clock: Clock, chance: float, minutes_left: float, fetched: bool
) -> None:
    source = Source(clock)
    cache = cache_of(source, chance)
    driver = BlockingDriver(Nowhere(), clock=clock)
    driver.run(cache.current(5))
    clock.time += HOUR - minutes_left * MINUTE
    assert driver.run(cache.current(5)).access_key_id == ("AKID2" if fetched else "AKID1")


def test_a_failure_in_the_advisory_window_keeps_the_old_ones_and_is_not_repeated_at_once(
    run: Run, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(clock)
    cache = cache_of(source)
    first = run(cache.current(5))
    clock.time += 46 * MINUTE
    source.failures = [CredentialsFetchFailed("a test", "it is out"), CredentialsFetchFailed("a test", "still out")]
    with caplog.at_level(logging.DEBUG, "neo_wire"):
        for _ in range(3):
            assert run(cache.current(5)) is first
        assert source.fetches == 2
        clock.time += MINUTE - timedelta(seconds=1)
        assert run(cache.current(5)) is first
        assert source.fetches == 2
        clock.time += timedelta(seconds=1)
        assert run(cache.current(5)) is first
        assert source.fetches == 3
        clock.time += MINUTE
        assert run(cache.current(5)).access_key_id == "AKID4"
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 2
    assert "it is out" in warnings[0]
    assert "secret" not in caplog.text
    assert "token" not in caplog.text


def test_in_the_mandatory_window_a_failure_is_raised_and_the_next_call_tries_again(run: Run, clock: Clock) -> None:
    source = Source(clock)
    cache = cache_of(source)
    run(cache.current(5))
    clock.time += 50 * MINUTE
    source.failures = [LoginRequired("a test", "sign in")]
    with pytest.raises(LoginRequired):
        run(cache.current(5))
    assert run(cache.current(5)).access_key_id == "AKID3"


def test_the_first_fetch_failing_is_raised_and_not_kept(run: Run, clock: Clock) -> None:
    source = Source(clock, failures=[CredentialsFetchFailed("a test", "it is out")])
    cache = cache_of(source)
    with pytest.raises(CredentialsFetchFailed, match="it is out"):
        run(cache.current(5))
    assert run(cache.current(5)).access_key_id == "AKID2"


def test_credentials_that_have_ended_already_are_an_error(run: Run, clock: Clock) -> None:
    cache = cache_of(Source(clock, lifetime=timedelta(0)))
    with pytest.raises(CredentialsFetchFailed, match="ended at 2026-01-01T12:00:00") as caught:
        run(cache.current(5))
    assert caught.value.provider == "a test"
    assert "secret1" not in str(caught.value)


@given(seconds=st.floats(min_value=1, max_value=1e6), chance=st.floats(min_value=0, max_value=1))
def test_no_lifetime_is_spent_in_the_windows(seconds: float, chance: float) -> None:
    """The first two thirds of any lifetime pass without a fetch, and fresh credentials are in no window."""
    clock = Clock()
    lifetime = timedelta(seconds=seconds)
    source = Source(clock, lifetime)
    cache = cache_of(source, chance)
    driver = BlockingDriver(Nowhere(), clock=clock)
    driver.run(cache.current(5))
    clock.time = NOON + lifetime * 0.66
    driver.run(cache.current(5))
    assert source.fetches == 1
    clock.time = NOON + lifetime
    driver.run(cache.current(5))
    assert source.fetches == 2


def test_the_observer_is_told_of_each_generation(run: Run, clock: Clock) -> None:
    seen: list[str] = []
    cache = cache_of(Source(clock), on_refreshed=lambda fresh: seen.append(fresh.access_key_id))
    run(cache.current(5))
    run(cache.current(5))
    clock.time += HOUR
    run(cache.current(5))
    assert seen == ["AKID1", "AKID2"]


class TestReplacing:
    def test_rejected_credentials_are_fetched_anew_long_before_their_end(self, run: Run, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        rejected = run(cache.current(5))
        assert run(cache.replace(rejected, 5)).access_key_id == "AKID2"
        assert run(cache.current(5)).access_key_id == "AKID2"

    def test_those_that_somebody_has_replaced_already_are_not_fetched_again(self, run: Run, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        rejected = run(cache.current(5))
        run(cache.replace(rejected, 5))
        assert run(cache.replace(rejected, 5)).access_key_id == "AKID2"
        assert source.fetches == 2

    def test_a_copy_of_them_is_the_same(self, run: Run, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        rejected = pickle.loads(pickle.dumps(run(cache.current(5))))  # noqa: S301  # of our own making
        assert run(cache.replace(rejected, 5)).access_key_id == "AKID2"

    def test_those_that_never_end_cannot_be_replaced(self, run: Run, clock: Clock) -> None:
        source = Source(clock, lifetime=None)
        cache = cache_of(source)
        assert run(cache.replace(run(cache.current(5)), 5)) is None
        assert source.fetches == 1

    def test_a_source_that_gives_the_same_again_has_no_others(self, run: Run, clock: Clock) -> None:
        same = Credentials("AKID", "secret", "token", expiration=NOON + HOUR)

        def provide() -> Flow[Credentials]:
            yield from sleep(0)
            return same

        cache = CredentialsCache(provide, random=lambda: 0.0)
        assert run(cache.replace(run(cache.current(5)), 5)) is None

    def test_a_failure_is_raised_and_the_old_ones_stay(self, run: Run, clock: Clock) -> None:
        source = Source(clock)
        cache = cache_of(source)
        rejected = run(cache.current(5))
        source.failures = [CredentialsFetchFailed("a test", "it is out")]
        with pytest.raises(CredentialsFetchFailed):
            run(cache.replace(rejected, 5))
        assert run(cache.current(5)) is rejected


class TestThreads:
    def together(self, driver: BlockingDriver, flow: Callable[[], Flow[Any]], count: int = 50) -> list[Any]:
        outcomes: list[Any] = []
        start = threading.Barrier(count)

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
        source.before = lambda: time.sleep(0.05)  # so that all have come before it ends
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
        arrived = threading.Event()
        source = Source(
            clock, failures=[CredentialsFetchFailed("a test", "it is out")], before=lambda: arrived.wait(0.3)
        )
        cache = cache_of(source)
        outcomes = self.together(BlockingDriver(Nowhere(), clock=clock), lambda: cache.current(10), 10)
        assert source.fetches == 1
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
            while source.fetches == 0:
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
