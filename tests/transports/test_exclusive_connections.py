"""Connections that threads share: lent to one at a time, the last one first, and let go in time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from neo_wire.errors import ClientClosed, ConfigurationError, ConnectTimeout, PoolTimeout
from neo_wire.http import Route, Timeout, Tls
from neo_wire.transports import exclusive_connections
from neo_wire.transports.exclusive_connections import ExclusiveConnections
from neo_wire.transports.httpx_call import HttpxCall
from tests.transports.bridges import effect


class Pool:
    """Stands for a pool of httpcore."""

    def __init__(self) -> None:
        self.closed = False

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Pool]:
    """The pools that were opened."""
    made: list[Pool] = []

    def open_pool(route: Route, max_connections: int, *, blocking: bool) -> Pool:
        assert (max_connections, blocking) == (1, True)
        made.append(Pool())
        return made[-1]

    monkeypatch.setattr(exclusive_connections, "open_pool", open_pool)
    return made


def call(url: str = "http://a.example", **options: Any) -> HttpxCall:
    return HttpxCall(effect(url, **options), None)


def test_nobody_else_has_what_is_lent_and_the_last_one_is_lent_first(opened: list[Pool]) -> None:
    connections = ExclusiveConnections(3)
    with connections.lent(call()) as first, connections.lent(call()) as second:
        assert first is not second
    with connections.lent(call()) as third:
        assert third is first  # it was given back last
        with connections.lent(call()) as fourth:
            assert fourth is second
    assert len(opened) == 2


def test_origins_and_routes_have_their_own(opened: list[Pool]) -> None:
    connections = ExclusiveConnections(1)
    one = [call(), call("https://a.example"), call("http://a.example:8080"), call(route=Route(http2=True))]
    with ExitStack() as stack:
        lent = [stack.enter_context(connections.lent(each)) for each in one]
    assert lent == opened
    assert len(set(map(id, lent))) == 4
    with connections.lent(call()) as again:
        assert again is lent[0]


def test_what_was_idle_for_too_long_is_closed(opened: list[Pool], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    connections = ExclusiveConnections(3)
    with connections.lent(call()), connections.lent(call()):
        pass
    now += 59
    with connections.lent(call()):
        pass
    now += 2  # one was used since
    with connections.lent(call()):
        pass
    assert sorted(pool.closed for pool in opened) == [False, True]


def test_who_finds_none_waits_no_longer_than_it_may(opened: list[Pool]) -> None:
    connections = ExclusiveConnections(1)
    with connections.lent(call()):
        for timeout, error in ((Timeout(pool=0.02), PoolTimeout), (Timeout(total=0.02), ConnectTimeout)):
            with pytest.raises(error, match=r"0\.02 s") as caught, connections.lent(call(timeout=timeout)):
                pass
            assert caught.value.maybe_processed is False
    with connections.lent(call()):
        pass
    assert len(opened) == 1


def waiting(connections: ExclusiveConnections, outcome: list[object]) -> Callable[[], None]:
    def wait() -> None:
        try:
            with connections.lent(call(timeout=Timeout(pool=10))) as pool:
                outcome.append(pool)
        except ClientClosed as error:
            outcome.append(error)

    return wait


@pytest.mark.parametrize("closed", [False, True])
def test_who_waits_has_the_next_one_or_hears_that_it_is_closed(opened: list[Pool], closed: bool) -> None:
    connections, outcome = ExclusiveConnections(1), list[object]()
    thread = threading.Thread(target=waiting(connections, outcome))
    with connections.lent(call()) as pool:
        thread.start()
        time.sleep(0.05)
        if closed:
            connections.close()
    thread.join()
    assert isinstance(outcome[0], ClientClosed) if closed else outcome == [pool]
    assert pool.closed is closed
    connections.close()
    assert pool.closed
    with pytest.raises(ClientClosed), connections.lent(call()):
        pass


def test_what_cannot_be_opened_takes_nobodys_place(tmp_path: Any) -> None:
    connections = ExclusiveConnections(1)
    for _ in range(3):
        unusable = call("https://a.example", route=Route(tls=Tls(str(tmp_path / "none.pem"))), timeout=Timeout(pool=1))
        with pytest.raises(ConfigurationError), connections.lent(unusable):
            pass
