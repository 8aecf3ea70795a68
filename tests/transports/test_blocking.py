from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from attrs import define, field

from neo_wire.errors import ConnectionClosed
from neo_wire.flow import Flow, Send, now, send
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url
from neo_wire.transports.blocking import BlockingDriver
from neo_wire.transports.clock import SystemClock, utc_now

REQUEST = HttpRequest("GET", Url.parse("http://127.0.0.1/"))
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@define
class Answers:
    """An exchange that gives what it is told to."""

    answers: list[HttpResponse | Exception]
    sent: list[Send] = field(factory=list)
    closed: int = 0

    def send(self, effect: Send) -> HttpResponse:
        self.sent.append(effect)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
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
    assert BlockingDriver(exchange, clock=SystemClock(lambda: NOON)).run(twice()) == (NOON, 200)
    assert [effect.max_body for effect in exchange.sent] == [1]


def test_a_failure_is_thrown_into_the_flow_which_may_go_on() -> None:
    exchange = Answers([broken(), HttpResponse(201)])
    assert BlockingDriver(exchange, clock=SystemClock(lambda: NOON)).run(twice()) == (NOON, 201)
    assert [effect.max_body for effect in exchange.sent] == [1, 2]


def test_a_failure_that_the_flow_does_not_catch_is_raised() -> None:
    with pytest.raises(ConnectionClosed):
        BlockingDriver(Answers([broken(), broken()])).run(twice())


def test_a_flow_that_asks_for_nothing_ends_at_once() -> None:
    def nothing() -> Flow[int]:
        yield from ()
        return 7

    assert BlockingDriver(Answers([])).run(nothing()) == 7


def test_the_system_clock_is_aware_and_in_utc() -> None:
    before = datetime.now(UTC)
    assert before <= utc_now() <= datetime.now(UTC)
    assert utc_now().tzinfo is UTC


def test_a_clock_made_while_a_test_freezes_the_time_has_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neo_wire.transports.clock.datetime", SimpleNamespace(now=lambda _: NOON))
    assert SystemClock().now() == NOON


def test_flows_run_in_many_threads_at_once() -> None:
    driver = BlockingDriver(Answers([HttpResponse(200 + number) for number in range(50)]))
    statuses: list[int] = []

    def one() -> None:
        statuses.append(driver.run(twice())[1])

    threads = [threading.Thread(target=one) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(statuses) == [200 + number for number in range(50)]


def test_closes_its_exchange() -> None:
    exchange = Answers([])
    BlockingDriver(exchange).close()
    assert exchange.closed == 1
