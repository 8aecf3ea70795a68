"""The total time over blocking clients and transports of the user's: whatever comes byte by byte, it ends in time."""

from __future__ import annotations

import gc
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import httpx
import httpx2
import pytest
from httpcore._backends.sync import SyncStream

from neo_wire import CallTimeout, Credentials, NeoClient
from neo_wire.errors import NeoWireError, ReadTimeout
from neo_wire.http import Timeout
from neo_wire.transports import watchdog as module
from neo_wire.transports.deadline import Deadline
from neo_wire.transports.httpx_bridge import HttpxExchange
from neo_wire.transports.watchdog import Watchdog, WatchedWaits, _number, watchdog
from tests.transports.scripted import Peer, Scripted, answer, scripted

TOTAL = Timeout(total=0.3)
LATE = 2.0  # seconds that a busy machine may add
OK = b"HTTP/1.1 200 OK\r\n"
HEAD = (OK, b"x-a: b\r\n")
DRIPS = {
    "head": HEAD,
    "interim responses": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunk extension": (OK + b"transfer-encoding: chunked\r\n\r\n1;", b"x"),
    "trailers": (OK + b"transfer-encoding: chunked\r\n\r\n0\r\n", b"x-a: b\r\n"),
    "body to the end of the connection": (OK + b"\r\n", b"x"),
}
WAYS = ["http", "https", "http by a proxy", "https by a proxy", "https by a proxy over TLS"]
both_libraries = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """What ends the servers."""
    event = threading.Event()
    yield event
    event.set()


def then_drip(over: threading.Event, answered: int, begin: bytes, piece: bytes) -> Callable[[Peer], None]:
    """Answer so many requests of a connection, and the next one piece by piece, for longer than anybody waits."""

    def script(peer: Peer) -> None:
        for _ in range(answered):
            peer.request()
            peer.send(answer())
        peer.request()
        peer.send(begin)
        for _ in range(1000):
            if over.wait(0.01):
                break
            peer.send(piece)

    return script


def timed_out(exchange: HttpxExchange, server: Scripted, total: float = 0.3) -> ReadTimeout:
    """The error of an exchange that must end when its total time is up."""
    started = time.monotonic()
    with pytest.raises(NeoWireError) as caught:
        exchange.send(server.send(timeout=Timeout(total=total)))
    assert total - 0.01 < time.monotonic() - started < total + LATE
    error = caught.value
    assert type(error) is ReadTimeout
    assert error.maybe_processed is True
    assert f"no whole response within the {total:g} s that the whole exchange may take" in str(error)
    return error


@both_libraries
@pytest.mark.parametrize("reused", [False, True], ids=["fresh", "reused"])
@pytest.mark.parametrize("way", WAYS)
def test_a_drip_ends_in_time_on_every_way(
    library: Any,
    reused: bool,
    way: str,
    over: threading.Event,
    server_tls: Callable[..., ssl.SSLContext],
    trusting: ssl.SSLContext,
    proxies: Callable[..., Any],
) -> None:
    options: dict[str, Any] = {"verify": trusting}
    if "proxy" in way:
        proxy = proxies(tls=server_tls() if "over TLS" in way else None)
        options["proxy"] = library.Proxy(proxy.url(), ssl_context=trusting if "over TLS" in way else None)
    with (
        scripted(then_drip(over, int(reused), *HEAD), server_tls() if "https" in way else None) as server,
        library.HTTPTransport(**options) as transport,
    ):
        exchange = HttpxExchange(transport)
        if reused:
            assert exchange.send(server.send()).body == b"{}"
        timed_out(exchange, server)
        assert (server.connections, len(server.requests)) == (1, 1 + reused)


@pytest.mark.parametrize("where", DRIPS)
@pytest.mark.parametrize("kind", ["HTTPTransport", "Client"])
def test_wherever_it_drips(where: str, kind: str, over: threading.Event) -> None:
    with scripted(then_drip(over, 1, *DRIPS[where])) as server, getattr(httpx, kind)() as given:
        exchange = HttpxExchange(given)
        exchange.send(server.send())
        timed_out(exchange, server)
        assert server.connections == 1


def test_a_proxy_that_drips_ends_in_time(proxies: Callable[..., Any], over: threading.Event) -> None:
    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        for _ in range(1000):
            if over.wait(0.01):
                break
            connection.sendall(b"x-a: b\r\n")

    proxy = proxies(answer=drip)
    with httpx.HTTPTransport(proxy=proxy.url()) as transport, scripted(tls=ssl.create_default_context()) as server:
        timed_out(HttpxExchange(transport), server)
        assert proxy.lines == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]


def test_a_server_that_takes_a_request_byte_by_byte_ends_in_time(over: threading.Event) -> None:
    def sip(peer: Peer) -> None:
        while not over.wait(0.02) and peer.socket.recv(65536):
            pass

    with scripted(sip) as server, httpx.HTTPTransport() as transport:
        effect = server.send(timeout=TOTAL, body=b"x" * 30_000_000)
        started = time.monotonic()
        with pytest.raises(ReadTimeout, match=r"within the 0\.3 s"):
            HttpxExchange(transport).send(effect)
        assert time.monotonic() - started < 0.3 + LATE


def test_a_connection_that_the_user_made_is_known_once_it_has_answered(over: threading.Event) -> None:
    with scripted(then_drip(over, 2, *HEAD)) as server, httpx.Client() as client:
        assert client.post(str(server.url), content=b"{}").json() == {}
        exchange = HttpxExchange(client)
        exchange.send(server.send())
        timed_out(exchange, server)
        assert server.connections == 1


def test_what_others_do_over_the_same_client_goes_on(over: threading.Event) -> None:
    """One connection drips; others are used all the time by threads of ours and of the user's."""
    drip = then_drip(over, 1, *HEAD)

    def script(peer: Peer) -> None:
        if peer.number == 0:
            drip(peer)
        else:
            peer.serve()

    with scripted(script) as server, httpx.Client() as client, ThreadPoolExecutor(6) as threads:
        exchange = HttpxExchange(client)
        exchange.send(server.send())
        ended = threading.Event()

        def ours() -> int:
            done = 0
            while not ended.is_set():
                assert exchange.send(server.send(timeout=Timeout(total=0.6))).status == 200
                done += 1
            return done

        def the_users() -> int:
            done = 0
            while not ended.is_set():
                assert client.post(str(server.url), content=b"{}").status_code == 200
                done += 1
            return done

        late = threads.submit(timed_out, exchange, server, 0.5)
        time.sleep(0.1)  # it has the one connection by now
        working = [threads.submit(work) for work in (ours, the_users, ours, the_users)]
        late.result()
        time.sleep(0.7)  # beyond the total time of the first of them
        ended.set()
        assert all(one.result() > 10 for one in working)


def test_both_the_connection_and_the_client_serve_on_afterwards(over: threading.Event) -> None:
    def script(peer: Peer) -> None:
        if peer.number == 0:
            then_drip(over, 0, *HEAD)(peer)
        else:
            peer.serve()

    with scripted(script) as server, httpx.HTTPTransport() as transport:
        exchange = HttpxExchange(transport)
        timed_out(exchange, server)
        for _ in range(3):
            assert exchange.send(server.send()).status == 200
        time.sleep(0.2)  # an end that comes too late would meet the connection now
        assert exchange.send(server.send()).status == 200
        assert server.connections == 2


def test_a_response_in_time_is_left_alone_however_long_its_connection_is_kept() -> None:
    with scripted() as server, httpx.HTTPTransport() as transport:
        exchange = HttpxExchange(transport)
        for _ in range(4):
            exchange.send(server.send(timeout=Timeout(total=0.1)))
            time.sleep(0.11)
        assert server.connections == 1


def test_nothing_can_be_done_where_httpx_is_not() -> None:
    """An exchange over a transport of another make ends when that lets it, and says that it is late."""

    class Slow(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            time.sleep(0.3)
            return httpx.Response(200, content=b"{}")

    with scripted() as server:
        started = time.monotonic()
        with pytest.raises(ReadTimeout, match=r"within the 0\.1 s"):
            HttpxExchange(Slow()).send(server.send(timeout=Timeout(total=0.1)))
        assert time.monotonic() - started >= 0.3


def test_there_is_one_thread_and_it_ends_with_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh, before = Watchdog(), threading.enumerate()
    monkeypatch.setattr("neo_wire.transports.watchdog.watchdog", lambda process: fresh)

    def watching() -> list[threading.Thread]:
        return [one for one in threading.enumerate() if one.name == "neo_wire-watchdog" and one not in before]

    with scripted() as server, httpx.HTTPTransport() as transport, ThreadPoolExecutor(8) as threads:
        exchange = HttpxExchange(transport)
        for _ in range(2):  # it is started anew when there is work again
            assert watching() == []
            effect = server.send(timeout=Timeout(total=0.5))
            assert {one.status for one in threads.map(exchange.send, [effect] * 100)} == {200}
            (thread,) = watching()
            thread.join(10)


def test_without_a_thread_nobody_watches_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    fresh = Watchdog()
    monkeypatch.setattr("neo_wire.transports.watchdog.watchdog", lambda process: fresh)
    with scripted() as server, httpx.HTTPTransport() as transport:
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            waits = WatchedWaits(TOTAL, Deadline(0.3))
        runs = [fresh._runs]
        assert HttpxExchange(transport).send(server.send(timeout=TOTAL)).status == 200
        assert [*runs, fresh._runs] == [False, True]
    waits.release()


def test_closed_connections_are_forgotten() -> None:
    with scripted() as server, httpx.HTTPTransport() as transport:
        HttpxExchange(transport).send(server.send())
        sockets = watchdog(os.getpid())._sockets
        [opened] = [one for one in sockets if one.fileno() != -1 and one.getpeername()[1] == server.port]
        number = id(opened)
        del opened
    gc.collect()
    assert number not in map(id, sockets)


def test_every_timeout_that_is_handed_out_can_be_told_by_its_socket() -> None:
    timeout = Timeout(connect=60, read=60, write=1_000_000, pool=0.001, total=2_147_483)
    both = [WatchedWaits(timeout, Deadline(timeout.total)) for _ in range(2)]
    with socket.socket() as opened:
        for waits, other in (both, both[::-1]):
            for name in ("connect", "read", "write", "pool", "read", "read"):
                given = waits[name]
                assert timeout.__getattribute__(name) <= given < timeout.__getattribute__(name) + 0.002
                opened.settimeout(given)
                assert _number(opened.gettimeout()) in waits.given
                assert _number(opened.gettimeout()) not in other.given
                opened.settimeout(timeout.__getattribute__(name))  # as the user's own
                assert _number(opened.gettimeout()) not in waits.given
        opened.settimeout(None)
        assert _number(opened.gettimeout()) not in both[0].given
    for waits in both:
        waits.release()


def test_http2_is_not_watched_as_its_socket_is_of_many() -> None:
    waits = WatchedWaits(TOTAL, Deadline(0.3))
    watched = watchdog(os.getpid())._watched
    waits.trace("http11.receive_response_headers.started", {})
    assert watched[waits.mark] is waits
    waits.trace("http2.send_connection_init.started", {})
    assert waits not in list(watched.values())
    given = len(waits.given)
    assert all(waits["read"] <= 0.3 for _ in range(3))
    assert len(waits.given) == given  # nothing is kept for each of many reads


def test_a_transport_that_retries_is_watched_anew(over: threading.Event) -> None:
    class Retrying(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = inner.handle_request(request)
            response.read()
            response.close()
            return inner.handle_request(request)

    with scripted(then_drip(over, 1, *HEAD)) as server, httpx.HTTPTransport() as inner:
        timed_out(HttpxExchange(Retrying()), server)
        assert (server.connections, len(server.requests)) == (1, 2)


def test_no_two_that_are_on_their_way_have_the_same_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = Watchdog()
    monkeypatch.setattr(module, "watchdog", lambda process: fresh)
    first = [WatchedWaits(TOTAL, Deadline(0.3)) for _ in range(3)]
    fresh._numbers = count(module._MARKS)  # they have come round
    second = [WatchedWaits(TOTAL, Deadline(0.3)) for _ in range(3)]
    assert sorted(waits.mark for waits in first + second) == [1, 2, 3, 4, 5, 6]
    first[1].release()
    fresh._numbers = count(0)
    again = WatchedWaits(TOTAL, Deadline(0.3))
    assert again.mark == 2
    for waits in (*first, *second, again):
        waits.release()


def test_an_exchange_that_is_dropped_keeps_nobody_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when Ctrl-C comes before it is begun."""
    fresh = Watchdog()
    monkeypatch.setattr(module, "watchdog", lambda process: fresh)
    waits = WatchedWaits(TOTAL, Deadline(0.01))
    assert fresh._runs
    del waits
    gc.collect()
    for thread in [one for one in threading.enumerate() if getattr(one, "_target", None) == fresh._run]:
        thread.join(10)
        assert not thread.is_alive()
    assert len(fresh._watched) == 0


def test_a_process_has_one_however_many_ask_for_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=10)

    class Slow(Watchdog):
        def __init__(self) -> None:
            both.wait()
            super().__init__()

    monkeypatch.setattr(module, "Watchdog", Slow)
    monkeypatch.setattr(module, "_by_process", {})
    with ThreadPoolExecutor(2) as threads:
        one, other = threads.map(watchdog, [os.getpid()] * 2)
    assert one is other


def test_a_socks_proxy_that_says_nothing_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package httpcore tells of the connection, and waits without a timeout."""
    fresh = Watchdog()
    monkeypatch.setattr(module, "watchdog", lambda process: fresh)
    ours, proxys = socket.socketpair()
    free, frees_peer = socket.socketpair()
    with ours, proxys, free, frees_peer:
        ours.settimeout(10)
        stuck, done = WatchedWaits(TOTAL, Deadline(0.01)), WatchedWaits(TOTAL, Deadline(0.01))
        done.trace("socks.setup_socks5_connection.started", {"stream": SyncStream(free)})
        done.trace("socks.setup_socks5_connection.complete", {"return_value": SyncStream(free)})
        stuck.trace("socks.setup_socks5_connection.started", {"stream": SyncStream(ours)})
        assert ours.recv(1) == b""
        assert (stuck.is_cut, done.is_cut) == (True, False)
        stuck.release()
        done.release()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # httpcore drops the connection without closing it
def test_a_socks_proxy_of_the_users_that_says_nothing(over: threading.Event) -> None:
    pytest.importorskip("socksio")
    with scripted(lambda _: over.wait(10)) as silent, scripted() as server:
        with httpx.HTTPTransport(proxy=f"socks5://127.0.0.1:{silent.port}") as transport:
            timed_out(HttpxExchange(transport), server)
        over.set()


def test_a_call_of_a_client_ends_with_a_call_timeout(over: threading.Event) -> None:
    with (
        scripted(then_drip(over, 0, *HEAD)) as server,
        httpx.Client() as given,
        NeoClient(
            region="us-west-2",
            credentials=Credentials("AKIDEXAMPLE", "secret"),
            endpoint_url=str(server.url),
            transport=given,
            timeout=0.4,
        ) as client,
    ):
        started = time.monotonic()
        with pytest.raises(CallTimeout, match=r"total timeout of 0\.4 s"):
            client.describe_compilation_job("a")
        assert 0.39 < time.monotonic() - started < 0.4 + LATE


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the machine does not fork")
def test_a_forked_child_has_a_watchdog_of_its_own(over: threading.Event) -> None:
    program = """
import os, sys, time
import httpx
from neo_wire import CallTimeout, Credentials, NeoClient
options = dict(region="us-west-2", credentials=Credentials("A", "s"), endpoint_url=sys.argv[1], timeout=0.4)
def attempt():
    try:
        NeoClient(transport=httpx.HTTPTransport(), **options).describe_compilation_job("a")
    except CallTimeout:
        return 7
    return 1
attempt()
child = os.fork()
if child == 0:
    os._exit(attempt())
deadline = time.monotonic() + 10
while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < deadline:
    time.sleep(0.02)
sys.exit(os.waitstatus_to_exitcode(ended[1]) if ended[0] else os.kill(child, 9) or 2)
"""
    with scripted(then_drip(over, 0, *HEAD)) as server:
        ended = subprocess.run([sys.executable, "-c", program, str(server.url)], check=False, timeout=30)  # noqa: S603  # the one above
    assert ended.returncode == 7
