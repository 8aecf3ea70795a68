from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta, timezone

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError
from neo_wire.testing import VirtualClock
from neo_wire.transports.clock import Clock, as_clock

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_it_is_a_clock_that_stands_still_until_somebody_sleeps() -> None:
    clock = VirtualClock()
    taken: Clock = as_clock(clock)
    assert taken is clock
    assert (clock.now(), clock.monotonic()) == (START, 0.0)
    clock.sleep(90)
    clock.sleep(-5)
    clock.advance(timedelta(minutes=1))
    clock.advance(0.5)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=150.5), 150.5)


def test_it_begins_when_it_is_told_to() -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert VirtualClock(noon).now() == noon
    assert VirtualClock(noon).now().tzinfo is UTC
    with pytest.raises(ConfigurationError, match="naive"):
        VirtualClock(datetime(2026, 1, 1))  # noqa: DTZ001  # what is tested


@pytest.mark.parametrize("seconds", [-1, timedelta(seconds=-1), float("nan")])
def test_it_never_goes_back(seconds: float | timedelta) -> None:
    with pytest.raises(ConfigurationError, match="cannot go on by"):
        VirtualClock().advance(seconds)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@given(delays=st.lists(st.integers(0, 20), max_size=8))
def test_tasks_wake_up_in_the_order_of_their_times(backend: str, delays: list[int]) -> None:
    clock = VirtualClock()
    woken: list[tuple[float, int]] = []

    async def sleeper(seconds: int) -> None:
        for _ in range(2):
            before = clock.monotonic()
            await clock.sleep_async(seconds)
            woken.append((clock.monotonic() - before, seconds))

    async def run() -> list[float]:
        readings = []
        async with anyio.create_task_group() as group:
            for seconds in delays:
                group.start_soon(sleeper, seconds)
        readings.append(clock.monotonic())
        return readings

    [end] = anyio.run(run, backend=backend)
    assert end == 2 * max(delays, default=0)  # they slept beside each other
    assert all(slept == seconds for slept, seconds in woken)


def test_a_sleeper_that_is_cancelled_holds_nobody_up() -> None:
    clock = VirtualClock()

    async def run() -> float:
        gone = asyncio.ensure_future(clock.sleep_async(1))
        stays = asyncio.ensure_future(clock.sleep_async(5))
        await asyncio.sleep(0)
        gone.cancel()
        await stays
        return clock.monotonic()

    assert asyncio.run(run()) == 5


def test_threads_may_share_it() -> None:
    clock = VirtualClock()

    def sleep_often() -> None:
        for _ in range(1000):
            clock.sleep(1)

    threads = [threading.Thread(target=sleep_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert clock.monotonic() == 4000
