"""What the tests of the cache share: a clock that stands still, and a source whose credentials differ each time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from attrs import define, field

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.flow import Flow, Send, call
from neo_wire.http import HttpResponse
from neo_wire.signing.credentials import Credentials

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@define
class Clock:
    """A clock that stands still until it is moved."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return (self.time - NOON).total_seconds()

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps")

    async def sleep_async(self, seconds: float) -> None:
        raise AssertionError("nobody sleeps")


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
