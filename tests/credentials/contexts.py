"""What the tests of providers share: the context of a client with given files and variables, and ways to run flows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeVar

from attrs import define, field

from neo_wire.attempts import Conversation
from neo_wire.config.profile_files import parse
from neo_wire.config.settings import resolve_settings
from neo_wire.credentials.context import Context
from neo_wire.flow import Flow, Send
from neo_wire.http import HttpRequest, HttpResponse, Timeout
from neo_wire.retries.policy import new_retries
from neo_wire.transports.asynchronous import AsyncDriver, AsyncExchange
from neo_wire.transports.blocking import BlockingDriver, Exchange
from neo_wire.transports.clock import Clock
from neo_wire.transports.exchanges import async_exchange, blocking_exchange

T = TypeVar("T")
ModeName = Literal["sync", "async"]

NEW_ID = "1b671a64-40d5-491e-99b0-da01ff1f3341"
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def context_of(
    config: str = "",
    credentials: str = "",
    *,
    environ: Mapping[str, str] = {},
    code: Mapping[str, object] = {},
    mfa: Callable[[str], str | Awaitable[str]] | None = None,
    home: str = "/home/someone",
) -> Context:
    """What the providers of a client are told that has these files, variables and arguments."""
    files = parse(config, credentials, config_path="/config", credentials_path="/credentials")
    settings = resolve_settings(code, environ, files)
    return Context(
        settings=settings,
        files=files,
        profile=settings.profile_name,
        profile_in_code="profile" in code,
        environ=environ,
        home=home,
        region=settings.region,
        conversation=lambda url: Conversation(
            Timeout(5, 5, 5, 5, 20),
            retries=new_retries(random=lambda: 0.5, new_id=lambda: NEW_ID),
            endpoint=url.origin,
        ),
        mfa=mfa,
        random=lambda: 0.5,
        new_id=lambda: NEW_ID,
        user_agent="neo-wire/test",
    )


@define
class SetClock:
    """A clock that a test sets, and that sleeping sets forward at once."""

    moment: datetime = NEW_YEAR
    slept: list[float] = field(factory=list)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - NEW_YEAR).total_seconds()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@define
class Answers:
    """Takes requests, and answers them one after the other with what a test says."""

    answers: Sequence[HttpResponse | Callable[[HttpRequest], HttpResponse]]
    requests: list[HttpRequest] = field(factory=list)

    def send(self, effect: Send) -> HttpResponse:
        self.requests.append(effect.request)
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        return answer if isinstance(answer, HttpResponse) else answer(effect.request)

    def close(self) -> None:
        pass


@define
class AsyncAnswers:
    """The same for an asynchronous driver."""

    blocking: Exchange

    async def send(self, effect: Send) -> HttpResponse:
        return self.blocking.send(effect)

    async def aclose(self) -> None:
        pass


def run(mode: ModeName, flow: Flow[T], exchange: Exchange | None = None, clock: Clock | None = None) -> T:
    """Run a flow with one of the drivers, over real sockets unless there is another exchange."""
    if mode == "sync":
        driver = BlockingDriver(exchange or blocking_exchange(None, None), clock=clock)
        try:
            return driver.run(flow)
        finally:
            driver.close()

    async def asynchronously() -> T:
        sender: AsyncExchange = AsyncAnswers(exchange) if exchange else async_exchange(None, None)
        asynchronous = AsyncDriver(sender, clock=clock)
        try:
            return await asynchronous.run(flow)
        finally:
            await asynchronous.aclose()

    return asyncio.run(asynchronously())
