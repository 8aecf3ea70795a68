from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import trustme
from attrs import evolve

from neo_wire.errors import (
    CallTimeout,
    ConnectFailed,
    ConnectionClosed,
    ReadTimeout,
    ResponseDecodeError,
    TlsError,
    TransportError,
    WriteTimeout,
)
from neo_wire.flow import Send
from neo_wire.http import Timeout, Tls
from neo_wire.transports.async_connection import Connection
from neo_wire.transports.async_pool import AsyncPools
from tests.transports.loops import run, until
from tests.transports.scripted import Peer, answer, scripted

ServerTls = Callable[..., ssl.SSLContext]
BIG = bytes(range(256)) * (5 << 12)  # 5 MiB


def failure(effect: Send, expected: type[TransportError]) -> TransportError:
    """The error of one exchange; its connection must be gone."""

    async def main(pools: AsyncPools) -> TransportError:
        with pytest.raises(expected) as caught:
            await pools.send(effect)
        place = pools._place
        assert place is not None
        await until(lambda: not place.open)
        return caught.value

    return run(main)


# ------------------------------------------------------------------------------------------------------------- writing


def test_head_and_body_leave_in_one_write_without_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    no_delay: list[int] = []
    real = socket.socket.send

    def send(self: socket.socket, data: bytes, *flags: int) -> int:
        no_delay.append(self.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        count = real(self, data, *flags)
        sent.append(count)
        return count

    with scripted() as server:

        async def main(pools: AsyncPools) -> None:
            await pools.send(server.send())  # connected
            monkeypatch.setattr(socket.socket, "send", send)
            await pools.send(server.send(body=b"x" * 10_000))
            monkeypatch.undo()

        run(main)
        assert sent == [len(server.requests[1][1])]
        assert all(no_delay)


def test_a_request_that_is_no_http_is_refused_before_anything_is_connected() -> None:
    async def main(pools: AsyncPools) -> None:
        effect = server.send()
        broken = evolve(effect, request=evolve(effect.request, headers=(*effect.request.headers, ("X", "a\r\nb: c"))))
        with pytest.raises(TransportError, match="no valid HTTP") as caught:
            await pools.send(broken)
        assert not caught.value.maybe_processed

    with scripted() as server:
        run(main)
        assert server.connections == 0


def test_a_server_that_takes_nothing_ends_in_a_write_timeout() -> None:
    over = threading.Event()
    with scripted(lambda peer: (over.wait(10), None)[1]) as server:
        effect = evolve(server.send(body=BIG), timeout=Timeout(write=0.1, read=10))
        begun = time.monotonic()
        error = failure(effect, WriteTimeout)
        assert error.message == "the request could not be written within 0.1 s"
        assert error.maybe_processed
        assert time.monotonic() - begun < 3
        over.set()


def test_a_server_that_takes_it_slowly_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The write timeout is one without progress, and the read timeout begins when all is written."""
    made = Connection.connection_made

    def with_a_small_buffer(self: Connection, transport: asyncio.BaseTransport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", with_a_small_buffer)

    def sip(peer: Peer) -> None:
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        received = 0
        while received < len(BIG):
            received += len(peer.socket.recv(200_000))
            time.sleep(0.01)
        peer.send(answer())

    with scripted(sip) as server:
        effect = evolve(server.send(body=BIG), timeout=Timeout(write=0.2, read=0.2))
        begun = time.monotonic()
        assert run(lambda pools: pools.send(effect)).status == 200
        assert time.monotonic() - begun > 0.25


def test_a_response_before_the_whole_request_was_taken_is_a_response() -> None:
    over = threading.Event()

    def refuse(peer: Peer) -> None:
        peer.socket.recv(1000)
        peer.send(answer(b"too large", "413 Content Too Large"))
        over.wait(10)

    async def main(pools: AsyncPools) -> None:
        response = await pools.send(server.send(body=BIG))
        assert (response.status, response.body) == (413, b"too large")
        over.set()
        assert (await pools.send(server.send(body=BIG))).status == 413
        assert server.connections == 2  # the rest of the first request stands in the way

    with scripted(refuse) as server:
        run(main)


# ------------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", answer(b"xx")[:-1]])
def test_a_server_that_falls_silent_ends_in_a_read_timeout(said: bytes) -> None:
    over = threading.Event()

    def stall(peer: Peer) -> None:
        peer.request()
        peer.send(said)
        over.wait(10)

    with scripted(stall) as server:
        error = failure(evolve(server.send(), timeout=Timeout(read=0.05)), ReadTimeout)
        assert error.message == "nothing was received for 0.05 s"
        assert error.maybe_processed
        over.set()


def test_a_server_that_drips_cannot_outlast_the_total_timeout() -> None:
    over = threading.Event()

    def drip(peer: Peer) -> None:
        peer.request()
        peer.send(answer(b"x" * 1000)[:-1000])
        while not over.wait(0.01):
            peer.send(b"x")

    with scripted(drip) as server:
        error = failure(evolve(server.send(), timeout=Timeout(read=5, total=0.2)), CallTimeout)
        assert error.message == "no whole response within 0.2 s"
        assert error.maybe_processed
        over.set()


def test_a_server_that_drips_within_the_total_timeout_is_waited_for() -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        for byte in answer(b"0123456789"):
            peer.send(bytes([byte]))
            time.sleep(0.003)

    with scripted(drip) as server:
        effect = evolve(server.send(), timeout=Timeout(read=0.1, total=10))
        assert run(lambda pools: pools.send(effect)).body == b"0123456789"


@pytest.mark.parametrize("end", ["close", "reset"])
def test_a_response_that_is_cut_off_is_none(end: str) -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(answer(b"x" * 100)[:-1])
        if end == "reset":
            time.sleep(0.02)
            peer.reset()

    with scripted(cut) as server:
        error = failure(server.send(), ConnectionClosed)
        assert error.maybe_processed
        assert ("reset" if end == "reset" else "99 of 100 bytes") in error.message


@pytest.mark.parametrize(("length", "connections"), [("", 1), ("content-length: 4\r\n", 3)])
def test_a_response_that_is_framed_twice_is_the_last_of_its_connection(length: str, connections: int) -> None:
    response = f"HTTP/1.1 200 OK\r\n{length}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode()

    async def main(pools: AsyncPools) -> list[bytes]:
        return [(await pools.send(server.send())).body for _ in range(3)]

    with scripted(lambda peer: peer.serve(response)) as server:
        assert run(main) == [b"{}"] * 3
        assert server.connections == connections


def test_a_body_beyond_the_bound_is_cut_off_and_ends_the_connection() -> None:
    async def main(pools: AsyncPools) -> None:
        for _ in range(2):
            response = await pools.send(server.send(max_body=10))
            assert response.body == b"x" * 11

    with scripted(lambda peer: peer.serve(answer(b"x" * 200_000))) as server:
        run(main)
        assert server.connections == 2


def test_a_body_that_is_not_of_its_coding_is_an_error_and_can_be_had_as_it_is() -> None:
    async def main(pools: AsyncPools) -> None:
        with pytest.raises(ResponseDecodeError):
            await pools.send(server.send())
        response = await pools.send(evolve(server.send(), decode=False))
        assert response.body == b"{}"

    with scripted(lambda peer: peer.serve(answer(b"{}", "200 OK", "Content-Encoding: gzip"))) as server:
        run(main)


def test_a_thousand_exchanges_with_different_timeouts_take_few_timers(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(pools: AsyncPools) -> None:
        timers: list[float] = []
        loop = asyncio.get_running_loop()
        call_at = loop.call_at

        def counting(when: float, *args: Any, **kwargs: Any) -> Any:
            timers.append(when)
            return call_at(when, *args, **kwargs)

        await pools.send(server.send())
        monkeypatch.setattr(loop, "call_at", counting)
        for number in range(1000):
            await pools.send(evolve(server.send(), timeout=Timeout(read=50 + number % 7)))
        monkeypatch.undo()
        assert len(timers) < 20

    with scripted() as server:
        run(main)


# ----------------------------------------------------------------------------------------------------------------- TLS


def test_tls_carries_one_call_after_another(server_tls: ServerTls, trusting: ssl.SSLContext) -> None:
    async def main(pools: AsyncPools) -> None:
        for _ in range(3):
            response = await pools.send(server.send(tls=Tls(context=trusting), body=BIG[: 1 << 20], max_body=1 << 24))
            assert response.body == BIG
        assert len(await asyncio.gather(*(pools.send(server.send(tls=Tls(context=trusting))) for _ in range(20)))) == 20

    with scripted(lambda peer: peer.serve(answer(BIG)), server_tls()) as server:
        run(main)
        assert [number for number, _ in server.requests[:3]] == [0, 0, 0]


def test_a_certificate_of_another_host_is_refused(server_tls: ServerTls, trusting: ssl.SSLContext) -> None:
    with scripted(Peer.serve, server_tls("elsewhere.example")) as server:
        error = failure(server.send(tls=Tls(context=trusting)), TlsError)
        assert "certificate" in error.message
        assert not error.maybe_processed
        assert server.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(server_tls: ServerTls) -> None:
    with scripted(Peer.serve, server_tls()) as server:
        assert "certificate" in failure(server.send(), TlsError).message


def test_a_server_without_tls_is_a_tls_error() -> None:
    def refuse(peer: Peer) -> None:
        peer.socket.recv(1000)
        peer.send(answer(b"", "400 Bad Request"))

    with scripted(refuse) as plain:
        effect = plain.send()
        https = evolve(effect, request=evolve(effect.request, url=evolve(plain.url, scheme="https")))
        assert not failure(https, TlsError).maybe_processed


def test_a_server_that_closes_in_the_handshake_is_a_failure_to_connect() -> None:
    with scripted(lambda peer: (peer.socket.recv(1000), None)[1]) as plain:
        effect = plain.send()
        https = evolve(effect, request=evolve(effect.request, url=evolve(plain.url, scheme="https")))
        assert not failure(https, ConnectFailed).maybe_processed


def test_a_server_that_asks_for_a_certificate_and_gets_none_refuses(
    authority: trustme.CA, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    strict = server_tls()
    strict.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(strict)
    with scripted(Peer.serve, strict) as server:
        error = failure(server.send(tls=Tls(context=trusting)), TlsError)
        assert not error.maybe_processed


def test_a_certificate_that_is_asked_for_later_and_refused_leaves_the_outcome_open(
    authority: trustme.CA, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    """After the handshake a server may have read the request before it refuses; only at first that is certain."""

    def ask_later(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.request()
        assert isinstance(peer.socket, ssl.SSLSocket)
        peer.socket.verify_client_post_handshake()
        peer.socket.do_handshake()
        peer.socket.recv(1)

    strict = server_tls()
    strict.verify_mode, strict.post_handshake_auth = ssl.CERT_REQUIRED, True
    authority.configure_trust(strict)
    trusting.post_handshake_auth = True

    async def main(pools: AsyncPools) -> TransportError:
        await pools.send(server.send(tls=tls))
        with pytest.raises(TransportError) as caught:
            await pools.send(server.send(tls=tls))
        return caught.value

    with scripted(ask_later, strict) as server:
        tls = Tls(context=trusting)
        error = run(main)
        assert len(server.requests) == 2
    assert type(error) is ConnectionClosed
    assert error.maybe_processed


def test_tls_that_ends_without_its_own_end_cuts_off_a_body_of_no_length(
    server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        peer.socket.shutdown(socket.SHUT_RDWR)  # under TLS, as an attacker could

    def end(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nall of it")
        assert isinstance(peer.socket, ssl.SSLSocket)
        peer.socket.unwrap()

    with scripted(cut, server_tls()) as server:
        assert failure(server.send(tls=Tls(context=trusting)), ConnectionClosed).maybe_processed
    with scripted(end, server_tls()) as server:
        response = run(lambda pools: pools.send(server.send(tls=Tls(context=trusting))))
        assert response.body == b"all of it"


@pytest.mark.parametrize("gracefully", [True, False])
def test_tls_that_the_server_ends_while_idle_costs_nothing(
    gracefully: bool, server_tls: ServerTls, trusting: ssl.SSLContext
) -> None:
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        if gracefully:
            assert isinstance(peer.socket, ssl.SSLSocket)
            peer.socket.setblocking(False)
            with pytest.raises(ssl.SSLWantReadError):
                peer.socket.unwrap()  # sends its end, and waits for nothing
        peer.socket.close()
        closed.set()

    async def main(pools: AsyncPools) -> None:
        for number in range(4):
            assert (await pools.send(server.send(tls=Tls(context=trusting)))).status == 200
            if number % 2:
                assert closed.wait(10)
            else:
                await asyncio.to_thread(closed.wait, 10)
                await asyncio.sleep(0.01)
            closed.clear()
        assert server.connections == 4

    with scripted(serve, server_tls()) as server:
        run(main)
