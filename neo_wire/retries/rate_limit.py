"""The client rate limiter of the adaptive mode: a token bucket whose fill rate follows a cubic curve (RFC 9438's idea).

It is off until the service throttles for the first time. Times are readings of a clock that is never set.

Source: AWS SDKs and Tools reference guide, retry behavior, adaptive mode.
"""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Final

_SMOOTHING: Final = 0.8
_BUCKETS_PER_SECOND: Final = 2
_BETA: Final = 0.7
_SCALE: Final = 0.4
_MIN_FILL_RATE: Final = 0.5
_MAX_RATE_OF_MEASURED: Final = 2.0


class RateLimiter:
    """How fast one client may send. It begins at the first of its calls.

    Args:
        lock: held for each step, never while anybody waits; as for `RetryQuota`.
    """

    def __init__(self, lock: AbstractContextManager[object]) -> None:
        self._lock = lock
        self.enabled = False
        self.measured_rate = 0.0
        self.fill_rate = 1.0
        self.tokens = 0.0
        self._capacity = 1.0
        self._count = 0
        self._last_max_rate = 0.0
        self._zero_point = 0.0
        self._last_refill: float | None = None
        self._last_bucket = 0.0
        self._last_throttle = 0.0

    def acquire(self, now: float) -> float:
        """Take a token, giving 0; or give the seconds after which to ask again, when there is none."""
        if not self.enabled:
            return 0.0
        with self._lock:
            self._refill(now)
            if self.tokens >= 1:
                self.tokens -= 1
                return 0.0
            return (1 - self.tokens) / self.fill_rate

    def record(self, now: float, *, throttled: bool) -> None:
        """Learn from the end of an attempt, whatever it was."""
        with self._lock:
            self._refill(now)
            self._measure(now)
            if throttled:
                rate = min(self.measured_rate, self.fill_rate) if self.enabled else self.measured_rate
                self._last_max_rate = rate
                self._zero_point = (rate * (1 - _BETA) / _SCALE) ** (1 / 3)
                self._last_throttle = now
                self.enabled = True
                rate *= _BETA
            else:
                rate = _SCALE * (now - self._last_throttle - self._zero_point) ** 3 + self._last_max_rate
            rate = min(rate, _MAX_RATE_OF_MEASURED * self.measured_rate)
            self.fill_rate = max(rate, _MIN_FILL_RATE)
            self._capacity = max(rate, 1.0)
            self.tokens = min(self.tokens, self._capacity)

    def _refill(self, now: float) -> None:
        if self._last_refill is None:
            self._last_bucket = float(math.floor(now))
            self._last_throttle = now
        else:
            self.tokens = min(self._capacity, self.tokens + (now - self._last_refill) * self.fill_rate)
        self._last_refill = now

    def _measure(self, now: float) -> None:
        bucket = math.floor(now * _BUCKETS_PER_SECOND) / _BUCKETS_PER_SECOND
        self._count += 1
        if bucket > self._last_bucket:
            rate = self._count / (bucket - self._last_bucket)
            self.measured_rate = rate * _SMOOTHING + self.measured_rate * (1 - _SMOOTHING)
            self._count, self._last_bucket = 0, bucket
