from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from neo_wire.errors import (
    CallTimeout,
    ConfigurationError,
    ConnectFailed,
    ConnectionClosed,
    ConnectTimeout,
    NeoWireError,
    ReadTimeout,
    TlsError,
    TransportError,
)
from neo_wire.flow import Send
from neo_wire.http import Timeout, Tls
from neo_wire.transports import blocking_connection
from neo_wire.transports.blocking_pool import BlockingPools
from tests.transports.scripted import Peer, answer, scripted


@pytest.fixture(scope="module")
def tls(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Tls:
    """How a client is set up that trusts the authority."""
    path = tmp_path_factory.mktemp("tls") / "bundle.pem"
    authority.cert_pem.write_to_path(str(path))
    return Tls(ca_bundle=str(path))


@pytest.fixture
def pools() -> Iterator[BlockingPools]:
    made = BlockingPools()
    yield made
    made.close()


def server_with(certificate: trustme.LeafCert, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


@pytest.fixture(params=[ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def good(request: pytest.FixtureRequest, authority: trustme.CA) -> ssl.SSLContext:
    """A server with a good certificate, in either version of TLS."""
    return server_with(authority.issue_cert("127.0.0.1"), request.param)


def raised(pools: BlockingPools, effect: Send) -> NeoWireError:
    """The error of an exchange, which leaves no connection and no place behind."""
    with pytest.raises(NeoWireError) as caught:
        pools.send(effect)
    [pool] = pools._pools.values()
    assert (len(pool._free), len(pool._idle)) == (100, 0)
    return caught.value


def echo(peer: Peer) -> None:
    while request := peer.request():
        peer.send(answer(request.partition(b"\r\n\r\n")[2]))


# -------------------------------------------------------------------------------------------------------- good servers


@pytest.mark.parametrize("size", [0, 2, 16_384, 16_385, 2_000_000])
def test_bodies_of_all_sizes_both_ways(pools: BlockingPools, good: ssl.SSLContext, tls: Tls, size: int) -> None:
    body = (bytes(range(251)) * (size // 251 + 1))[:size]
    with scripted(echo, good) as server:
        for _ in range(3):
            assert pools.send(server.send(tls=tls, body=body, max_body=size)).body == body
        assert server.connections == 1


def test_twenty_threads(pools: BlockingPools, good: ssl.SSLContext, tls: Tls) -> None:
    wrong: list[object] = []

    def work(number: int) -> None:
        for turn in range(5):
            body = b"%d-%d" % (number, turn) * 500
            if pools.send(server.send(tls=tls, body=body)).body != body:
                wrong.append((number, turn))

    with scripted(echo, good) as server:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert (wrong, len(server.requests)) == ([], 100)


def test_a_connection_that_the_server_closed_is_replaced(pools: BlockingPools, good: ssl.SSLContext, tls: Tls) -> None:
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.socket.close()
        closed.set()

    with scripted(serve, good) as server:
        for number in range(3):
            assert pools.send(server.send(tls=tls)).status == 200
            assert closed.wait(10)
            closed.clear()
            assert len(server.requests) == number + 1


@pytest.mark.parametrize("politely", [True, False])
def test_a_close_that_crosses_the_request_costs_nothing(
    pools: BlockingPools, good: ssl.SSLContext, tls: Tls, politely: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocking_connection.Connection, "is_fresh", lambda _: True)
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        assert isinstance(peer.socket, ssl.SSLSocket)
        if politely:
            peer.socket.settimeout(0)
            with pytest.raises(ssl.SSLWantReadError):
                peer.socket.unwrap()  # says so, and does not wait for the client to say so too
        peer.socket.close()
        closed.set()

    with scripted(serve, good) as server:
        for number in range(3):
            assert pools.send(server.send(tls=tls, body=b"x" * 3000)).status == 200
            assert closed.wait(10)
            closed.clear()
            assert len(server.requests) == number + 1


def test_messages_of_tls_itself_are_no_reason_to_drop_a_connection(
    pools: BlockingPools, authority: trustme.CA, tls: Tls
) -> None:
    context = server_with(authority.issue_cert("127.0.0.1"), ssl.TLSVersion.TLSv1_3)
    context.num_tickets = 5  # which come with the first bytes that the client does not read before it writes
    with scripted(echo, context) as server:
        for _ in range(3):
            pools.send(server.send(tls=tls))
        assert server.connections == 1


@pytest.mark.parametrize("first", [8191, 8192, 8193])  # the first read is of 8192 bytes, and a record may have more
def test_what_comes_after_a_response_is_no_answer_to_the_next_request(
    pools: BlockingPools, good: ssl.SSLContext, tls: Tls, first: int
) -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        head = answer(b"", "200 OK").replace(b": 0", b": 8000")
        body = b"a" * (first - len(head))
        peer.send(head.replace(b"8000", b"%d" % len(body)) + body + answer(b"of nobody"))  # one record
        while peer.request():
            peer.send(answer(b"of the second"))

    with scripted(lambda peer: serve(peer) if peer.number == 0 else peer.serve(), good) as server:
        assert set(pools.send(server.send(tls=tls)).body) == set(b"a")
        assert pools.send(server.send(tls=tls)).body == b"{}"
        assert server.connections == 2


# --------------------------------------------------------------------------------------------------------- bad servers


def test_certificates_that_will_not_do(pools: BlockingPools, authority: trustme.CA, tls: Tls) -> None:
    certificates = {
        "expired": authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC)),
        "is not valid for": authority.issue_cert("other.example"),
        "unable to get local issuer": trustme.CA().issue_cert("127.0.0.1"),
    }
    for reason, certificate in certificates.items():
        fresh = BlockingPools()
        with scripted(echo, server_with(certificate)) as server:
            error = raised(fresh, server.send(tls=tls))
            assert type(error) is TlsError, reason
            assert isinstance(error.__cause__, ssl.SSLCertVerificationError)
            assert (error.maybe_processed, error.retryable) == (False, False)
            assert reason in str(error)
            assert server.requests == []
        fresh.close()


def test_a_server_of_tls_1_1_is_refused(pools: BlockingPools, authority: trustme.CA, tls: Tls) -> None:
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context = server_with(authority.issue_cert("127.0.0.1"), ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with scripted(echo, context) as server:
        error = raised(pools, server.send(tls=tls))
        assert type(error) is TlsError
        assert server.requests == []


def test_a_server_without_tls(pools: BlockingPools, tls: Tls) -> None:
    def plain(peer: Peer) -> None:
        peer.socket.recv(100)
        peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with scripted(plain) as server:
        effect = secured(server.send(tls=tls))
        error = raised(pools, effect)
    assert type(error) is TlsError
    assert error.maybe_processed is False


def secured(effect: Send) -> Send:
    """The same by https, to a server that knows nothing of it."""
    from attrs import evolve

    return evolve(effect, request=evolve(effect.request, url=evolve(effect.request.url, scheme="https")))


@pytest.mark.parametrize("how", ["closes", "resets"])
def test_a_server_that_leaves_in_the_handshake(pools: BlockingPools, tls: Tls, how: str) -> None:
    def leave(peer: Peer) -> None:
        peer.socket.recv(100_000)
        if how == "resets":
            peer.reset()

    with scripted(leave) as server:
        error = raised(pools, secured(server.send(tls=tls)))
    assert type(error) is ConnectFailed
    assert (error.maybe_processed, error.retryable) == (False, True)


@pytest.mark.parametrize(("timeouts", "expected"), [({"connect": 0.1}, ConnectTimeout), ({"total": 0.1}, CallTimeout)])
def test_a_handshake_that_takes_too_long(
    pools: BlockingPools, tls: Tls, timeouts: dict[str, float], expected: type[TransportError]
) -> None:
    go = threading.Event()
    with scripted(lambda _: go.wait(10)) as server:
        error = raised(pools, secured(server.send(tls=tls, timeout=Timeout(**timeouts))))
        go.set()
    assert type(error) is expected
    assert error.maybe_processed is False


@pytest.mark.parametrize(("timeouts", "expected"), [({"read": 0.1}, ReadTimeout), ({"total": 0.1}, CallTimeout)])
def test_a_server_that_stops(
    pools: BlockingPools,
    good: ssl.SSLContext,
    tls: Tls,
    timeouts: dict[str, float],
    expected: type[TransportError],
) -> None:
    go = threading.Event()

    def stall(peer: Peer) -> None:
        while peer.request():
            if peer.server.requests[1:]:
                go.wait(10)
            peer.send(answer())

    with scripted(stall, good) as server:
        pools.send(server.send(tls=tls))
        error = raised(pools, server.send(tls=tls, timeout=Timeout(**timeouts)))
        go.set()
    assert type(error) is expected
    assert error.maybe_processed is True


@pytest.mark.parametrize("response", [b"HTTP/1.1 200 OK\r\n\r\nto the end", b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 2"])
def test_a_stream_that_is_cut_off_without_the_end_of_tls_is_no_success(
    pools: BlockingPools, good: ssl.SSLContext, tls: Tls, response: bytes
) -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(response)  # and then the socket is closed, of which TLS is not told

    with scripted(cut, good) as server:
        error = raised(pools, server.send(tls=tls, timeout=Timeout(read=5)))
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True


def test_a_stream_that_ends_as_tls_does_is_a_success(pools: BlockingPools, good: ssl.SSLContext, tls: Tls) -> None:
    def end(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nto the end")
        assert isinstance(peer.socket, ssl.SSLSocket)
        peer.socket.settimeout(0)
        with pytest.raises(ssl.SSLWantReadError):
            peer.socket.unwrap()

    with scripted(end, good) as server:
        assert pools.send(server.send(tls=tls)).body == b"to the end"


# --------------------------------------------------------------------------------------------------- the client's side


@pytest.fixture
def asking(good: ssl.SSLContext, authority: trustme.CA) -> ssl.SSLContext:
    """A server that asks for a certificate."""
    good.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(good)
    return good


def shows(tls: Tls, certificate: trustme.LeafCert, folder: Path) -> Tls:
    path = folder / "client.pem"
    certificate.private_key_and_cert_chain_pem.write_to_path(str(path))
    return Tls(ca_bundle=tls.ca_bundle, client_cert=str(path))


def test_a_client_certificate(
    pools: BlockingPools, asking: ssl.SSLContext, authority: trustme.CA, tls: Tls, tmp_path: Path
) -> None:
    seen: list[object] = []

    def serve(peer: Peer) -> None:
        assert isinstance(peer.socket, ssl.SSLSocket)
        seen.append((peer.socket.getpeercert() or {}).get("subjectAltName"))
        peer.serve()

    with scripted(serve, asking) as server:
        assert pools.send(server.send(tls=shows(tls, authority.issue_cert("me.example"), tmp_path))).status == 200
    assert seen == [(("DNS", "me.example"),)]


@pytest.mark.parametrize("shown", ["none", "untrusted"])
def test_a_client_certificate_that_the_server_refuses(
    pools: BlockingPools, asking: ssl.SSLContext, tls: Tls, tmp_path: Path, shown: str
) -> None:
    if shown == "untrusted":
        tls = shows(tls, trustme.CA().issue_cert("me.example"), tmp_path)
    with scripted(echo, asking) as server:
        error = raised(pools, server.send(tls=tls))
        assert type(error) is TlsError
        assert error.maybe_processed is False
        assert server.requests == []


def test_tls_that_cannot_be_set_up(pools: BlockingPools, good: ssl.SSLContext, tmp_path: Path) -> None:
    with scripted(echo, good) as server:
        error = raised(pools, server.send(tls=Tls(ca_bundle=str(tmp_path / "missing.pem"))))
    assert type(error) is ConfigurationError
    assert "missing.pem" in str(error)
