"""The total time of an exchange over the bridge: nobody outlasts it, wherever it stalls or drips."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import httpx2
import pytest

from neo_wire.errors import ConnectTimeout, PoolTimeout, ReadTimeout
from neo_wire.http import Route, Timeout, Tls
from neo_wire.transports.deadline import Deadline, Wait, Waits
from neo_wire.transports.httpx_bridge import AsyncHttpxExchange, HttpxExchange
from tests.transports.bridges import Bridge, effect, raised

TOTAL = Timeout(total=0.3)
Serve = Callable[..., Any]
OK = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def dripping(raw_server: Serve) -> Iterator[Callable[..., Any]]:
    """Servers that say so much, and then one more piece every hundredth of a second, for ever."""
    over = threading.Event()

    def make(begin: bytes, piece: bytes, tls: ssl.SSLContext | None = None) -> Any:
        def drip(connection: socket.socket) -> None:
            connection.sendall(begin)
            while not over.wait(0.01):
                connection.sendall(piece)

        return raw_server(drip, tls)

    yield make
    over.set()


def test_a_server_that_drips_cannot_outlast_it(bridge: Bridge, dripping: Serve) -> None:
    for begin, piece in [
        (OK, b"x-a: b\r\n"),  # a head without end
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"content-length: 1000000\r\n\r\n", b"x"),
        (OK + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (OK + b"\r\n", b"x"),
    ]:
        started = time.monotonic()
        error = raised(bridge, effect(dripping(begin, piece).url, timeout=TOTAL))
        assert 0.29 < time.monotonic() - started < 2
        assert type(error) is ReadTimeout
        assert error.maybe_processed is True
        assert "no whole response within the 0.3 s that the whole exchange may take" in str(error)


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("kind", ["transport", "client"])
def test_nor_over_what_the_user_gave(bridge: Bridge, library: Any, kind: str, dripping: Serve) -> None:
    given = getattr(bridge, kind)(library)
    url = dripping(OK + b"content-length: 1000000\r\n\r\n", b"x").url
    error = raised(bridge, effect(url, timeout=TOTAL), given)
    assert type(error) is ReadTimeout
    assert "no whole response within the 0.3 s" in str(error)
    if bridge.is_blocking:
        given.close()


def test_nor_one_that_drips_behind_tls(
    bridge: Bridge, dripping: Serve, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    server = dripping(OK, b"x-a: b\r\n", server_tls())
    error = raised(bridge, effect(server.url, timeout=TOTAL, route=Route(tls=Tls(context=trusting))))
    assert type(error) is ReadTimeout


def test_nor_one_that_never_speaks_tls(bridge: Bridge, stalling: Serve, trusting: ssl.SSLContext) -> None:
    url = stalling(b"").url.replace("http:", "https:")
    error = raised(bridge, effect(url, timeout=TOTAL, route=Route(tls=Tls(context=trusting))))
    assert type(error) is ConnectTimeout
    assert error.maybe_processed is False
    assert "no connection within the 0.3 s" in str(error)


@pytest.mark.parametrize("own", [True, False])
def test_nor_silence(bridge: Bridge, own: bool, stalling: Serve) -> None:
    given = None if own else bridge.transport(httpx)
    for begin in (b"", OK, OK + b"content-length: 9\r\n\r\n"):
        error = raised(bridge, effect(stalling(begin).url, timeout=TOTAL), given)
        assert type(error) is ReadTimeout
        assert "within the 0.3 s" in str(error)


def test_nor_a_sink_that_is_slow(bridge: Bridge, dripping: Serve) -> None:
    def sink(status: int, headers: object) -> Callable[[bytes], None]:
        return lambda piece: time.sleep(0.02)

    url = dripping(OK + b"content-length: 1000000\r\n\r\n", b"x").url
    error = raised(bridge, effect(url, timeout=TOTAL, sink=sink))
    assert type(error) is ReadTimeout


def test_a_busy_pool_is_waited_for_no_longer(stalling: Serve) -> None:
    url = stalling(b"").url
    exchange = HttpxExchange(max_connections=1)
    outcomes: list[Exception] = []

    def ask(timeout: Timeout) -> None:
        try:
            exchange.send(effect(url, timeout=timeout))
        except Exception as error:  # noqa: BLE001  # it is looked at below
            outcomes.append(error)

    first = threading.Thread(target=ask, args=(Timeout(total=1.0),))
    first.start()
    time.sleep(0.1)
    ask(Timeout(pool=0.1))
    ask(TOTAL)
    first.join()
    exchange.close()
    assert [type(one) for one in outcomes] == [PoolTimeout, ConnectTimeout, ReadTimeout]
    assert "0.1 s" in str(outcomes[0])
    assert "within the 0.3 s" in str(outcomes[1])


def test_cancelling_is_not_taken_for_the_end_of_the_time(stalling: Serve) -> None:
    import asyncio

    async def main() -> None:
        exchange = AsyncHttpxExchange()
        task = asyncio.create_task(exchange.send(effect(stalling(b"").url)))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await exchange.aclose()

    asyncio.run(main())


def test_a_wait_is_looked_up_when_it_begins_and_asked_again_at_each_read() -> None:
    deadline = Deadline(0.05)
    waits = Waits(Timeout(connect=1, read=0.01, write=2, pool=3), deadline)
    assert (waits["read"], waits.get("other", 7), "pool" in waits) == (0.01, 7, True)
    connect: Wait = waits.get("connect")
    assert 0 < connect <= 0.05
    assert 0 < connect.left() <= 0.05
    time.sleep(0.06)
    assert connect.left() <= 0 >= deadline.left()
    assert 0 < waits["read"] <= 0.001  # 0 would be another thing to a socket
