from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
from attrs import define, field

from neo_wire.errors import ConnectionClosed
from neo_wire.flow import Flow, Send, now, send
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.clock import SystemClock

REQUEST = HttpRequest("GET", Url.parse("http://127.0.0.1/"))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@define
class Answers:
    """An exchange that gives what it is told to; None waits until it is cancelled."""

    answers: list[HttpResponse | Exception | None]
    sent: list[Send] = field(factory=list)
    closed: int = 0

    async def send(self, effect: Send) -> HttpResponse:
        self.sent.append(effect)
        await asyncio.sleep(0)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer is None:
            await asyncio.Event().wait()
            raise AssertionError("never")
        return answer

    async def aclose(self) -> None:
        self.closed += 1


def broken() -> ConnectionClosed:
    return ConnectionClosed("the connection broke", endpoint="http://127.0.0.1", maybe_processed=True)


def twice() -> Flow[tuple[datetime, int]]:
    """A flow that tries again after a failure, as a retry does."""
    moment = yield from now()
    try:
        response = yield from send(REQUEST, Timeout(), max_body=1)
    except ConnectionClosed:
        response = yield from send(REQUEST, Timeout(), max_body=2)
    return moment, response.status


def test_performs_each_effect_and_gives_the_result() -> None:
    exchange = Answers([HttpResponse(200)])
    assert asyncio.run(AsyncDriver(exchange, clock=SystemClock(lambda: NOON)).run(twice())) == (NOON, 200)
    assert [effect.max_body for effect in exchange.sent] == [1]


def test_a_failure_is_thrown_into_the_flow_which_may_go_on() -> None:
    exchange = Answers([broken(), HttpResponse(201)])
    assert asyncio.run(AsyncDriver(exchange, clock=SystemClock(lambda: NOON)).run(twice())) == (NOON, 201)
    assert [effect.max_body for effect in exchange.sent] == [1, 2]


def test_a_failure_that_the_flow_does_not_catch_is_raised() -> None:
    with pytest.raises(ConnectionClosed):
        asyncio.run(AsyncDriver(Answers([broken(), broken()])).run(twice()))


def test_a_cancelled_task_ends_its_flow_and_no_other() -> None:
    ended: list[str] = []

    def watched() -> Flow[int]:
        try:
            response = yield from send(REQUEST, Timeout(), max_body=1)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise
        return response.status

    async def main() -> int:
        driver = AsyncDriver(Answers([None, HttpResponse(200)]))
        waiting = asyncio.create_task(driver.run(watched()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        other = asyncio.create_task(driver.run(watched()))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return await other

    assert asyncio.run(main()) == 200
    assert ended == ["cancelled"]


def test_closes_its_exchange() -> None:
    exchange = Answers([])
    asyncio.run(AsyncDriver(exchange).aclose())
    assert exchange.closed == 1
