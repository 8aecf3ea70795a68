"""Deadlines under asyncio that cost no timer each: one timer looks at all of them when the earliest may have passed."""

from __future__ import annotations

import asyncio
from math import inf
from typing import Protocol


class Watched(Protocol):
    """What has a deadline."""

    def look(self, now: float) -> float:
        """End it if its time is over; give the time to look again."""


class Watch:
    """One timer for any number of deadlines: set to the earliest that is known, and set anew when it fires."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._watched: set[Watched] = set()
        self._at = inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, watched: Watched, deadline: float) -> None:
        """Look at it at its deadline at the latest."""
        self._watched.add(watched)
        if deadline < self._at:
            self._set(deadline)

    def discard(self, watched: Watched) -> None:
        """Look at it no more."""
        self._watched.discard(watched)

    def close(self) -> None:
        """Take the timer away."""
        if self._timer is not None:
            self._timer.cancel()

    def _set(self, deadline: float) -> None:
        self.close()
        self._at = deadline
        self._timer = self._loop.call_at(deadline, self._fire)

    def _fire(self) -> None:
        self._timer, self._at = None, inf
        now = self._loop.time()
        earliest = min([watched.look(now) for watched in list(self._watched)], default=inf)
        if earliest < self._at:  # what was looked at may have set it already
            self._set(earliest)
