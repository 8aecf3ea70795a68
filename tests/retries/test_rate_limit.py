"""The rate limiter of the adaptive mode, step by step against botocore's bucket, rate clocker and cubic calculator."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import pytest
from botocore.exceptions import CapacityNotAvailableError
from botocore.retries.adaptive import ClientRateLimiter, RateClocker
from botocore.retries.bucket import TokenBucket
from botocore.retries.throttling import CubicCalculator
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.retries.rate_limit import RateLimiter


class Clock:
    """A clock that only a test moves."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def current_time(self) -> float:
        return self.seconds

    def sleep(self, amount: float) -> None:
        raise AssertionError("nobody sleeps here")


class Detector:
    def is_throttling_error(self, throttled: bool) -> bool:
        return throttled


class Oracle:
    """Botocore's limiter, put together as its client does, asked without blocking."""

    def __init__(self, clock: Clock) -> None:
        theirs: Any = clock  # it does all that botocore's does
        detector: Any = Detector()
        calculator = CubicCalculator(starting_max_rate=0, start_time=clock.current_time())
        self.bucket: Any = TokenBucket(max_rate=1, clock=theirs)
        self.clocker: Any = RateClocker(theirs)
        self.limiter: Any = ClientRateLimiter(calculator, self.clocker, self.bucket, detector, theirs)

    def acquire(self) -> bool:
        if not self.limiter._enabled:
            return True
        try:
            self.bucket.acquire(block=False)
        except CapacityNotAvailableError:
            return False
        return True

    def record(self, throttled: bool) -> None:
        self.limiter.on_receiving_response(throttled=throttled)


STEP = st.tuples(st.floats(0, 3), st.sampled_from(["send", "send", "success", "success", "throttled"]))


@given(st.floats(0, 2_000), st.lists(STEP, max_size=80))
def test_botocores_limiter_takes_the_same_steps(start: float, steps: list[tuple[float, str]]) -> None:
    clock = Clock(start)
    ours, oracle = RateLimiter(nullcontext()), Oracle(clock)
    first = True
    for seconds, what in steps:
        # It begins at its first call, botocore's when it is made.
        clock.seconds += 0 if first else seconds
        if what == "send":
            wait = ours.acquire(clock.seconds)
            assert (wait == 0) == oracle.acquire()
            if wait:
                assert wait == pytest.approx(oracle.bucket._sleep_amount(1))
        else:
            ours.record(clock.seconds, throttled=what == "throttled")
            oracle.record(what == "throttled")
            first = False
        assert ours.enabled == oracle.limiter._enabled
        if not first:
            assert ours.fill_rate == pytest.approx(oracle.bucket.max_rate)
            assert ours.measured_rate == pytest.approx(oracle.clocker.measured_rate)
            assert ours.tokens == pytest.approx(oracle.bucket.available_capacity)


def test_it_is_off_until_the_service_throttles() -> None:
    limiter = RateLimiter(nullcontext())
    for second in range(10):
        assert limiter.acquire(float(second)) == 0
        limiter.record(float(second), throttled=False)
    assert not limiter.enabled
    limiter.record(10.0, throttled=True)
    assert limiter.acquire(10.0) == 0  # the token that came in while it was off
    assert limiter.acquire(10.0) == pytest.approx(1 / limiter.fill_rate)


def test_who_waits_as_long_as_told_has_a_token() -> None:
    limiter = RateLimiter(nullcontext())
    limiter.record(5.0, throttled=True)
    wait = limiter.acquire(5.0)
    assert wait > 0
    assert limiter.acquire(5.0 + wait) == 0
    assert limiter.acquire(5.0 + wait) > 0


def test_the_rate_recovers_after_the_service_has_throttled() -> None:
    limiter = RateLimiter(nullcontext())
    now = 0.0
    for _ in range(200):
        now += 0.05
        limiter.record(now, throttled=False)
    limiter.record(now, throttled=True)
    slowed = limiter.fill_rate
    for _ in range(400):
        now += 0.05
        limiter.record(now, throttled=False)
    assert slowed == pytest.approx(20 * 0.7, rel=0.2)
    assert limiter.fill_rate > 20
