from __future__ import annotations

import asyncio
import logging
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.credentials.cache import ADVISORY_WINDOW, CredentialsCache
from neo_wire.errors import CredentialsFetchFailed, LoginRequired
from neo_wire.flow import Effect, Exclusive, Flow, Now, now
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver
from tests.credentials.generations import HOUR, MINUTE, NOON, AsyncNowhere, Clock, Nowhere, Source, cache_of


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


@pytest.mark.parametrize(("timeout", "patience"), [(None, 5.0), (300, 5.0), (4, 2.0)])
def test_in_the_advisory_window_nobody_waits_long(clock: Clock, timeout: float | None, patience: float) -> None:
    cache = cache_of(Source(clock))
    BlockingDriver(Nowhere(), clock=clock).run(cache.current(5))
    moment = NOON + 46 * MINUTE
    flow = cache.current(timeout, at=moment)
    effect = next(flow)
    assert isinstance(effect, Exclusive)
    assert (effect.skip, effect.timeout) == (True, patience)
    with pytest.raises(StopIteration) as end:
        flow.throw(TimeoutError())
    assert end.value.value.access_key_id == "AKID1"
    assert effects_of(cache.current(timeout, at=moment), moment) == []  # not tried again for a while
    assert isinstance(next(cache.current(timeout, at=moment + MINUTE)), Exclusive)


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

    def test_those_that_never_end_cannot_be_replaced(self, run: Run) -> None:
        fetches = []

        def provide() -> Flow[Credentials]:
            fetches.append((yield from now()))
            return Credentials(f"AKID{len(fetches)}", "secret")

        cache = CredentialsCache(provide, random=lambda: 0.0)
        assert run(cache.replace(run(cache.current(5)), 5)) is None
        assert len(fetches) == 1

    def test_temporary_ones_whose_end_the_source_does_not_say_can_be_replaced(self, run: Run, clock: Clock) -> None:
        source = Source(clock, lifetime=None)
        cache = cache_of(source)
        assert run(cache.replace(run(cache.current(5)), 5)).access_key_id == "AKID2"
        assert source.fetches == 2

    def test_a_source_that_gives_the_same_again_has_no_others(self, run: Run, clock: Clock) -> None:
        same = Credentials("AKID", "secret", "token", expiration=NOON + HOUR)

        def provide() -> Flow[Credentials]:
            yield from now()
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
