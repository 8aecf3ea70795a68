"""What the tests of attempts share: a clock that makes no one wait, an exchange that plays a script, the drivers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias, TypeVar

from attrs import define, field

from neo_wire.attempts import Conversation
from neo_wire.flow import Flow, Send
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url
from neo_wire.retries.policy import Retries, new_retries
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver

T = TypeVar("T")

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
URL = Url.parse("https://api.example/")
Answer: TypeAlias = HttpResponse | BaseException
Driver = Literal["sync", "async"]


@define
class FakeClock:
    """Stands still but for what waits; the two clocks go together unless a test sets one."""

    wall: datetime = NEW_YEAR
    reading: float = 1000.0
    sleeps: list[float] = field(factory=list)
    readings: int = 0

    def pass_by(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.reading += seconds

    def now(self) -> datetime:
        self.readings += 1
        return self.wall

    def monotonic(self) -> float:
        self.readings += 1
        return self.reading

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.pass_by(seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


@define
class Script:
    """Answers with what the script says, one entry an exchange, each after `seconds`; what was sent is kept."""

    answers: Iterable[Answer]
    clock: FakeClock = field(factory=FakeClock)
    seconds: float = 0.0
    sent: list[Send] = field(factory=list)

    def send(self, effect: Send) -> HttpResponse:
        self.answers = iter(self.answers)
        self.sent.append(effect)
        self.clock.pass_by(self.seconds)
        answer = next(self.answers, None)
        assert answer is not None, "there is one attempt more than the script has answers"
        if isinstance(answer, HttpResponse):
            return answer
        try:
            raise answer
        finally:
            del answer  # its traceback leads back here

    def close(self) -> None:
        """Nothing to let go of."""

    def header(self, name: str) -> list[str | None]:
        """One header of every request that was sent."""
        return [effect.request.header(name) for effect in self.sent]

    def run(self, flow: Flow[T], driver: Driver = "sync") -> T:
        """Run a flow through one of the real drivers."""
        if driver == "sync":
            return BlockingDriver(self, clock=self.clock).run(flow)
        return asyncio.run(AsyncDriver(_AsyncScript(self), clock=self.clock).run(flow))


@define
class _AsyncScript:
    script: Script

    async def send(self, effect: Send) -> HttpResponse:
        await asyncio.sleep(0)
        return self.script.send(effect)

    async def aclose(self) -> None:
        """Nothing to let go of."""


def retries(**options: Any) -> Retries:
    """A policy whose random number is always one half."""
    given: dict[str, Any] = {"random": lambda: 0.5, "new_id": lambda: "call-1", "lock": threading.Lock, **options}
    return new_retries(**given)


def conversation(policy: Retries | None, emit: Callable[[Any], None] | None = None, **timeout: float) -> Conversation:
    """A conversation with the policy."""
    return Conversation(Timeout(**timeout), retries=policy, emit=emit, endpoint=URL.origin)


def request(body: bytes = b"{}") -> HttpRequest:
    """A request without a signature."""
    return HttpRequest("POST", URL, (("Content-Type", "application/x-amz-json-1.1"),), body)


def http_date(moment: datetime) -> str:
    """A time as the Date header has it."""
    return f"{moment:%a, %d %b %Y %H:%M:%S} GMT"


def answer(status: int = 200, code: str | None = None, /, **headers: str) -> HttpResponse:
    """A response; underscores in header names stand for hyphens."""
    named = tuple((name.replace("_", "-"), value) for name, value in {"x_amzn_requestid": "r-1", **headers}.items())
    body = b"{}" if code is None else f'{{"__type":"{code}","message":"because"}}'.encode()
    return HttpResponse(status, named, body)
