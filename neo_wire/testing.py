"""For tests of code that uses neo_wire: virtual time, and a pytest plugin with a local service and clients of it.

In a `conftest.py`, or in a test module:

    pytest_plugins = ["neo_wire.testing"]

Then tests may ask for `neo_client`, `neo_async_client`, `neo_service`, `neo_clock` and `neo_server`, which
`neo_wire.local.fixtures` describes. Without pytest this module has the clock alone, and needs nothing else.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Final

from neo_wire.errors import ConfigurationError
from neo_wire.transports.clock import SystemClock

__all__ = ["VirtualClock"]

pytest_plugins = ("neo_wire.local.fixtures",)  # read by pytest alone, which imports it then

_START: Final = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """A clock that nobody waits for: sleeping moves it on at once. For clients and the local service alike.

    Give it as `clock` to a client and to a `NeoService`, and an hour of polling takes no time, and the same steps each
    run. Sleepers of one event loop wake up in the order of their times. Threads may share it; what each of them sleeps
    adds up.

    Args:
        start: the time at which it begins, aware. One that signs for AWS, or is called by others who sign with the real
            time, has to begin with that: `VirtualClock(datetime.now(UTC))`.

    Raises:
        ConfigurationError: the start is naive.
    """

    def __init__(self, start: datetime = _START) -> None:
        if start.utcoffset() is None:
            raise ConfigurationError("the start of a virtual clock is naive; give it a time zone, such as UTC")
        self._start = start.astimezone(UTC)
        self._elapsed = 0.0
        self._count = 0
        self._sleepers: list[tuple[float, int]] = []  # a heap: when each wakes up, and a number of its own
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The present virtual time, aware, in UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._elapsed

    def advance(self, seconds: float | timedelta) -> None:
        """Move the clock on, as time that goes by while nobody waits.

        Raises:
            ConfigurationError: it would go back.
        """
        by = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        if not by >= 0:
            raise ConfigurationError(f"a clock cannot go on by {seconds!r}; give 0 seconds or more")
        with self._lock:
            self._elapsed += by

    def sleep(self, seconds: float) -> None:
        """Move the clock on by so many seconds; the thread does not wait. Below 0 is 0, as for `asyncio.sleep`."""
        self.advance(max(seconds, 0.0))

    async def sleep_async(self, seconds: float) -> None:
        """Move the clock on by so many seconds, after all that would wake up before; the task waits for those alone."""
        with self._sleeping(max(seconds, 0.0)) as own:
            while True:
                await SystemClock().sleep_async(0)  # let others begin to sleep, or go on
                with self._lock:
                    if self._sleepers[0] == own:
                        self._elapsed = max(self._elapsed, own[0])
                        return

    @contextmanager
    def _sleeping(self, seconds: float) -> Iterator[tuple[float, int]]:
        with self._lock:
            self._count += 1
            own = (self._elapsed + seconds, self._count)
            heappush(self._sleepers, own)
        try:
            yield own
        finally:
            with self._lock:
                if self._sleepers[0] == own:
                    heappop(self._sleepers)
                else:  # it was cancelled
                    self._sleepers.remove(own)
                    heapify(self._sleepers)
