from __future__ import annotations

import errno
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from attrs import evolve

from neo_wire.errors import (
    CallTimeout,
    ConnectFailed,
    ConnectionClosed,
    ConnectTimeout,
    Headers,
    NeoWireError,
    ReadTimeout,
    ResponseDecodeError,
    TransportError,
    WriteTimeout,
)
from neo_wire.flow import Send
from neo_wire.http import Timeout, Url
from neo_wire.transports import blocking_connection
from neo_wire.transports.blocking_pool import BlockingPools
from tests.transports.scripted import Peer, answer, scripted


@pytest.fixture
def pools() -> Iterator[BlockingPools]:
    made = BlockingPools()
    yield made
    made.close()


def raised(pools: BlockingPools, effect: Send) -> NeoWireError:
    """The error of an exchange, which leaves no connection and no place behind."""
    with pytest.raises(NeoWireError) as caught:
        pools.send(effect)
    [pool] = pools._pools.values()
    assert (len(pool._free), len(pool._idle)) == (100, 0)
    return caught.value


def sends(*pieces: bytes) -> Callable[[Peer], None]:
    """A script that answers the first request with these bytes, and closes."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*pieces)

    return script


# ------------------------------------------------------------------------------------------------ responses that break


@pytest.mark.parametrize("reused", [False, True])
@pytest.mark.parametrize(
    ("response", "message"),
    [
        (b"", "closed without one"),
        (b"HTTP/1.1 200 OK\r\ncontent-", "closed before its head was whole"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", "closed after 2 of 100 bytes"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n", "incomplete chunked read"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "closed before its head was whole"),
        (b"220 mail.example ESMTP\r\n\r\n", "illegal status line"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "illegal request line"),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n", "UPGRADE"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nabcde", "conflicting Content-Length"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: five\r\n\r\nabcde", "bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxx\r\n", "illegal chunk header"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 100_000 + b"\r\n\r\n", "longer|too long"),
    ],
)
def test_no_whole_response(pools: BlockingPools, reused: bool, response: bytes, message: str) -> None:
    def script(peer: Peer) -> None:
        if reused:
            peer.request()
            peer.send(answer())
        sends(response)(peer)

    with scripted(script) as server:
        if reused:
            pools.send(server.send())
        error = raised(pools, server.send())
        assert type(error) is ConnectionClosed
        assert error.maybe_processed is True
        assert error.endpoint == server.url.origin
        with pytest.raises(ConnectionClosed, match=message):
            raise error
        assert len(server.requests) == 1 + reused  # and not a second time


def test_a_reset(pools: BlockingPools) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.reset()

    with scripted(script) as server:
        error = raised(pools, server.send())
    assert isinstance(error, ConnectionClosed)
    assert error.maybe_processed is True
    assert isinstance(error.__cause__, ConnectionResetError)


def test_a_reset_within_a_body(pools: BlockingPools) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}")
        time.sleep(0.01)
        peer.reset()

    with scripted(script) as server:
        error = raised(pools, server.send())
    assert isinstance(error, ConnectionClosed)
    assert error.maybe_processed is True


@pytest.mark.parametrize(
    ("response", "method", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\n\r\n" + answer(), "POST", b"{}"),
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", "POST", b"to the end"),
        (b"HTTP/1.0 200 OK\r\n\r\n1.0", "POST", b"1.0"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\nt: u\r\n\r\n", "POST", b"{}"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "POST", b""),
        (b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n", "GET", b""),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n", "HEAD", b""),
        (answer(gzip.compress(b"{}"), "200 OK", "content-encoding: gzip"), "POST", b"{}"),
        (b"HTTP/1.1 200 OK\r\nx: y\r\n folded\r\ncontent-length: 2\r\n\r\n{}", "POST", b"{}"),
    ],
)
@pytest.mark.parametrize("slowly", [False, True])
def test_odd_responses_that_are_whole(
    pools: BlockingPools, response: bytes, method: str, body: bytes, slowly: bool
) -> None:
    pieces = [response[index : index + 1] for index in range(len(response))] if slowly else [response]
    with scripted(sends(*pieces)) as server:
        assert pools.send(server.send(method=method)).body == body


def test_a_response_that_is_framed_twice_is_the_last_of_its_connection(pools: BlockingPools) -> None:
    """What follows one may be an answer that was smuggled in, so the next call has a connection of its own."""
    doubtful = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    with scripted(lambda peer: peer.serve(doubtful)) as server:
        assert [pools.send(server.send()).body for _ in range(3)] == [b"{}"] * 3
        assert server.connections == 3
    with scripted(lambda peer: peer.serve(doubtful.replace(b"content-length: 4\r\n", b""))) as server:
        assert [pools.send(server.send()).body for _ in range(3)] == [b"{}"] * 3
        assert server.connections == 1


def test_a_redirect_is_a_response_like_any_other(pools: BlockingPools) -> None:
    with scripted(lambda peer: peer.serve(answer(b"", "307 Temporary Redirect", "Location: /elsewhere"))) as server:
        assert pools.send(server.send()).header("location") == "/elsewhere"
        assert len(server.requests) == 1


def test_a_coding_that_cannot_be_undone(pools: BlockingPools) -> None:
    with scripted(lambda peer: peer.serve(answer(b"{}", "200 OK", "content-encoding: gzip"))) as server:
        assert type(raised(pools, server.send())) is ResponseDecodeError


def test_a_body_over_the_bound_is_not_read_to_its_end(pools: BlockingPools) -> None:
    sent = 0

    def flood(peer: Peer) -> None:
        nonlocal sent
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        for _ in range(200):
            peer.send(b" " * (1 << 20))
            sent += 1

    with scripted(flood) as server:
        assert len(pools.send(server.send(max_body=100_000)).body) == 100_001
    assert sent < 200


# ------------------------------------------------------------------------------------------------------------- a sink


def test_a_sink_takes_a_body_of_any_length(pools: BlockingPools) -> None:
    taken = bytearray()
    asked: list[tuple[int, Headers]] = []

    def sink(status: int, headers: Headers) -> Callable[[bytes], None]:
        asked.append((status, headers))
        return taken.extend

    body = bytes(range(256)) * 20_000
    with scripted(lambda peer: peer.serve(answer(body))) as server:
        response = pools.send(server.send(sink=sink, max_body=10))
        assert (response.body, bytes(taken)) == (b"", body)
        assert asked == [(200, response.headers)]
        pools.send(server.send())
        assert server.connections == 1


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt(), ZeroDivisionError()])
def test_what_a_sink_raises_is_raised_and_ends_the_connection(pools: BlockingPools, error: BaseException) -> None:
    def sink(status: int, headers: Headers) -> Callable[[bytes], None]:
        def write(piece: bytes) -> None:
            raise error

        return write

    with scripted(lambda peer: peer.serve(answer(b"x" * 200_000))) as server:
        with pytest.raises(type(error)) as caught:
            pools.send(server.send(sink=sink))
        assert caught.value is error
        pools.send(server.send())
        assert [number for number, _ in server.requests] == [0, 1]


# ----------------------------------------------------------------------------------------------------------- timeouts


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"])
@pytest.mark.parametrize(
    ("timeouts", "expected", "message"),
    [
        ({"read": 0.05}, ReadTimeout, "nothing was received for 0.05 s"),
        ({"total": 0.05}, CallTimeout, "no whole response within 0.05 s"),
    ],
)
def test_a_server_that_stops(
    pools: BlockingPools, begun: bytes, timeouts: dict[str, float], expected: type[TransportError], message: str
) -> None:
    go = threading.Event()

    def stall(peer: Peer) -> None:
        peer.request()
        peer.send(begun)
        go.wait(10)

    with scripted(stall) as server:
        error = raised(pools, server.send(timeout=Timeout(**timeouts)))
        go.set()
    assert type(error) is expected
    assert message in str(error)
    assert error.maybe_processed is True


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"])
def test_a_server_that_drips_does_not_outlast_the_total(pools: BlockingPools, head: bytes) -> None:
    ended = threading.Event()

    def drip(peer: Peer) -> None:
        peer.request()
        peer.send(head)
        while not ended.wait(0.01):
            peer.send(b"H" if not head else b"x")

    with scripted(drip) as server:
        began = time.monotonic()
        error = raised(pools, server.send(timeout=Timeout(read=5, total=0.2)))
        took = time.monotonic() - began
        ended.set()
    assert type(error) is CallTimeout
    assert 0.2 <= took < 2


def test_bytes_that_come_in_time_one_by_one_are_no_timeout(pools: BlockingPools) -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        for byte in answer():
            time.sleep(0.005)
            peer.send(bytes([byte]))

    with scripted(drip) as server:
        assert pools.send(server.send(timeout=Timeout(read=0.2))).body == b"{}"


@pytest.mark.parametrize(
    ("timeouts", "expected", "message"),
    [
        ({"write": 0.1}, WriteTimeout, "could not be written within 0.1 s"),
        ({"total": 0.1}, CallTimeout, "no whole response within 0.1 s"),
    ],
)
def test_a_server_that_reads_nothing(
    pools: BlockingPools, timeouts: dict[str, float], expected: type[TransportError], message: str
) -> None:
    go = threading.Event()
    with scripted(lambda _: go.wait(10)) as server:
        error = raised(pools, server.send(body=bytes(30_000_000), timeout=Timeout(**timeouts)))
        go.set()
    assert type(error) is expected
    assert message in str(error)
    assert error.maybe_processed is True


def test_a_server_that_reads_slowly_is_no_timeout(pools: BlockingPools) -> None:
    def slow(peer: Peer) -> None:
        left = 3_000_000
        while left > 0:
            time.sleep(0.001)
            left -= len(peer.socket.recv(30_000))
        peer.send(answer())

    with scripted(slow) as server:
        assert pools.send(server.send(body=bytes(3_000_000), timeout=Timeout(write=0.1))).status == 200


def test_an_answer_that_comes_before_the_request_is_written_is_had(pools: BlockingPools) -> None:
    def refuse(peer: Peer) -> None:
        peer.socket.recv(1000)
        peer.send(answer(b"too long", "413 Content Too Large"))
        time.sleep(0.01)

    with scripted(refuse) as server:
        response = pools.send(server.send(body=bytes(30_000_000)))
        assert (response.status, response.body) == (413, b"too long")
        assert [(len(pool._free), len(pool._idle)) for pool in pools._pools.values()] == [(100, 0)]


def test_a_server_that_breaks_off_while_it_is_written_to(pools: BlockingPools) -> None:
    def leave(peer: Peer) -> None:
        peer.socket.recv(1000)
        peer.reset()

    with scripted(leave) as server:
        error = raised(pools, server.send(body=bytes(30_000_000)))
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True


# ---------------------------------------------------------------------------------------------------------- connecting


def test_a_refused_connection(pools: BlockingPools) -> None:
    with scripted() as server:
        effect = server.send()
    error = raised(pools, effect)
    assert type(error) is ConnectFailed
    assert error.maybe_processed is False
    assert isinstance(error.__cause__, ConnectionRefusedError)


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..b"])
def test_a_name_that_can_be_none(pools: BlockingPools, host: str) -> None:
    with scripted() as server:
        effect = server.send()
    error = raised(pools, evolve(effect, request=evolve(effect.request, url=Url("http", host))))
    assert type(error) is ConnectFailed
    assert error.maybe_processed is False


def test_a_name_that_does_not_resolve(pools: BlockingPools, monkeypatch: pytest.MonkeyPatch) -> None:
    def look_up(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with scripted() as server:
        error = raised(pools, server.send())
    assert type(error) is ConnectFailed
    assert "Name or service not known" in str(error)
    assert error.maybe_processed is False


@pytest.fixture
def full() -> Iterator[int]:
    """The port of a server that accepts no more."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # a full backlog drops further handshakes
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for filler in fillers:
            filler.close()


@pytest.mark.parametrize(
    ("timeouts", "expected", "message"),
    [
        ({"connect": 0.05}, ConnectTimeout, "no connection within 0.05 s"),
        ({"total": 0.05}, CallTimeout, "no connection to send over within 0.05 s"),
    ],
)
def test_a_server_that_does_not_accept(
    pools: BlockingPools, full: int, timeouts: dict[str, float], expected: type[TransportError], message: str
) -> None:
    with scripted() as server:
        effect = server.send(timeout=Timeout(**timeouts))
    error = raised(pools, evolve(effect, request=evolve(effect.request, url=Url("http", "127.0.0.1", full))))
    assert type(error) is expected
    assert message in str(error)
    assert error.maybe_processed is False


def addresses(*ports: int | tuple[str, int]) -> Callable[..., list[Any]]:
    """A name service that knows these ports of this machine, or addresses."""
    found = [port if isinstance(port, tuple) else ("127.0.0.1", port) for port in ports]

    def look_up(*_: object, **__: object) -> list[Any]:
        return [
            (socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM, 6, "", address)
            for address in found
        ]

    return look_up


def test_the_next_address_is_tried_when_one_refuses(pools: BlockingPools, monkeypatch: pytest.MonkeyPatch) -> None:
    with scripted() as gone:
        refused = gone.port
    with scripted() as server:
        monkeypatch.setattr(socket, "getaddrinfo", addresses(refused, refused, server.port))
        began = time.monotonic()
        assert pools.send(server.send()).status == 200
        assert time.monotonic() - began < 0.2  # a refusal is no reason to wait


def test_a_slow_address_is_overtaken_by_the_next(
    pools: BlockingPools, full: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking_connection, "NEXT_ADDRESS", 0.02)
    with scripted() as server:
        monkeypatch.setattr(socket, "getaddrinfo", addresses(full, full, server.port))
        began = time.monotonic()
        assert pools.send(server.send(timeout=Timeout(connect=5))).status == 200
        assert 0.04 <= time.monotonic() - began < 2


def test_an_address_that_cannot_even_be_tried_is_passed_over(
    pools: BlockingPools, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted() as server:
        monkeypatch.setattr(socket, "getaddrinfo", addresses(("255.255.255.255", 9), server.port))
        assert pools.send(server.send()).status == 200
        monkeypatch.setattr(socket, "getaddrinfo", addresses(("255.255.255.255", 9)))
        pools.close()
        fresh = BlockingPools()
        error = raised(fresh, server.send())
    assert type(error) is ConnectFailed
    assert isinstance(error.__cause__, OSError)
    assert error.__cause__.errno in (errno.EACCES, errno.ENETUNREACH)


def test_small_requests_are_sent_at_once(pools: BlockingPools) -> None:
    with scripted() as server:
        pools.send(server.send())
        [pool] = pools._pools.values()
        connection = pool._idle[0].connection
        assert connection is not None
        assert connection._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
