"""The clock of a driver: the one place where time is read and waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Protocol


def utc_now() -> datetime:
    """The present time, aware, in UTC."""
    return datetime.now(UTC)


class Clock(Protocol):
    """What tells a driver the time, and waits for it: the system's, or one of a test's own that makes no one wait."""

    def now(self) -> datetime:
        """The present time, aware."""

    def monotonic(self) -> float:
        """The reading of a clock that is never set, in seconds."""

    def sleep(self, seconds: float) -> None:
        """Wait, blocking the thread."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait, under asyncio or trio."""


class SystemClock:
    """The machine's clock, with another source of the present time if one is given."""

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        # For the default a partial function, a frame of the interpreter less for each call; made here rather than once,
        # so that it is of whatever a test that freezes the time has put in the place of `datetime`.
        self.now = partial(datetime.now, UTC) if now is utc_now else now
        self.monotonic = time.monotonic
        self.sleep = time.sleep

    async def sleep_async(self, seconds: float) -> None:
        """Wait, under asyncio or trio."""
        import asyncio  # here, as a blocking client has no use for it

        try:
            asyncio.get_running_loop()
        except RuntimeError:
            import anyio  # comes with httpx, which is what runs under trio

            await anyio.sleep(seconds)
        else:
            await asyncio.sleep(seconds)


def as_clock(given: Callable[[], datetime] | Clock | None) -> Clock:
    """A clock of what the user gave: a whole one, or a function that tells the present time."""
    if given is None:
        return SystemClock()
    return SystemClock(given) if callable(given) else given
