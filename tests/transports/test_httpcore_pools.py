"""Proxies and HTTP/2, over real sockets: a proxy of our own, and a server that stands on h2."""

from __future__ import annotations

import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from attrs import evolve

from neo_wire.errors import (
    ConfigurationError,
    ConnectionClosed,
    ConnectTimeout,
    MissingExtra,
    ProxyFailed,
    TlsError,
)
from neo_wire.http import Route, Timeout, Tls
from tests.transports.bridges import Bridge, effect, raised
from tests.transports.proxy import Proxy

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


@pytest.fixture
def proxies() -> Iterator[Callable[..., Proxy]]:
    """Make proxies."""
    made: list[Proxy] = []

    def make(**options: Any) -> Proxy:
        made.append(Proxy(**options))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()


def causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__


# -------------------------------------------------------------------------------------------------------------- proxies


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_plain_request_is_forwarded(
    bridge: Bridge,
    over_tls: bool,
    proxies: Callable[..., Proxy],
    raw_server: Serve,
    response: Respond,
    server_tls: Any,
    trusting: ssl.SSLContext,
) -> None:
    server = raw_server(response(b"answered"))
    proxy = proxies(tls=server_tls() if over_tls else None)
    one = effect(server.url + "/a?q", b"sent", route=Route(proxy=proxy.url(), tls=Tls(context=trusting)))
    assert bridge.send(one).body == b"answered"
    assert proxy.lines == [f"POST {server.url}/a?q HTTP/1.1"]
    assert server.requests[0].startswith(b"POST /a?q HTTP/1.1\r\n")
    assert server.requests[0].endswith(b"\r\n\r\nsent")


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_request_over_tls_goes_through_a_tunnel(
    bridge: Bridge,
    over_tls: bool,
    proxies: Callable[..., Proxy],
    raw_server: Serve,
    response: Respond,
    server_tls: Any,
    trusting: ssl.SSLContext,
) -> None:
    server = raw_server(response(b"answered"), server_tls())
    proxy = proxies(tls=server_tls() if over_tls else None)
    one = effect(
        server.url + "/a?q",
        headers=(("Authorization", "AWS4 x"),),
        route=Route(proxy=proxy.url(), tls=Tls(context=trusting)),
    )
    assert bridge.send(one).body == b"answered"
    assert proxy.lines == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
    assert b"AWS4" not in proxy.heads[0]
    assert b"Authorization: AWS4 x\r\n" in server.requests[0]


@pytest.mark.parametrize("over_tls", [False, True])
@pytest.mark.parametrize("secure", [False, True])
def test_the_password_goes_to_the_proxy_alone(
    bridge: Bridge,
    secure: bool,
    over_tls: bool,
    proxies: Callable[..., Proxy],
    raw_server: Serve,
    response: Respond,
    server_tls: Any,
    trusting: ssl.SSLContext,
) -> None:
    server = raw_server(response(b"answered"), server_tls() if secure else None)
    proxy = proxies(credentials="us:er:p@ss/wörd".encode(), tls=server_tls() if over_tls else None)
    route = Route(proxy=proxy.url("us%3Aer:p%40ss%2Fw%C3%B6rd"), tls=Tls(context=trusting))
    assert bridge.send(effect(server.url, route=route)).body == b"answered"
    assert b"roxy-" not in server.requests[0]


@pytest.mark.parametrize("user", ["", "user:s3cret"])
@pytest.mark.parametrize("secure", [False, True])
def test_a_wrong_password_is_the_proxys_refusal(
    bridge: Bridge, secure: bool, user: str, proxies: Callable[..., Proxy], caplog: pytest.LogCaptureFixture
) -> None:
    proxy = proxies(credentials=b"user:another")
    route = Route(proxy=proxy.url(user))
    with caplog.at_level(logging.DEBUG):
        error = raised(bridge, effect("https://api.example/" if secure else "http://api.example/", route=route))
    assert type(error) is ProxyFailed
    assert error.maybe_processed is False
    assert "407" in str(error)
    assert f"http://{'***@' if user else ''}127.0.0.1:{proxy.port}" in str(error)
    assert not any("s3cret" in str(one) or "s3cret" in repr(one) for one in causes(error))
    assert "s3cret" not in caplog.text
    assert "dXNlcjpzM2NyZXQ" not in caplog.text  # as Basic has it


def test_a_proxy_that_is_not_there(bridge: Bridge) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for url in ("https://api.example/", "http://api.example/"):
        error = raised(bridge, effect(url, route=Route(proxy=f"http://user:s3cret@127.0.0.1:{port}")))
        assert type(error) is ProxyFailed
        assert error.maybe_processed is False
        assert error.endpoint == url[:-1]
        assert not any("s3cret" in str(one) for one in causes(error))


def hang_up(connection: socket.socket) -> None:
    """Close without a word."""


def talk_nonsense(connection: socket.socket) -> None:
    connection.sendall(b"220 mail.example ESMTP\r\n")


def refuse(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("answer", [hang_up, talk_nonsense, refuse])
def test_a_proxy_that_does_not_connect(bridge: Bridge, answer: Any, proxies: Callable[..., Proxy]) -> None:
    error = raised(bridge, effect("https://api.example/", route=Route(proxy=proxies(answer=answer).url())))
    assert type(error) is ProxyFailed
    assert error.maybe_processed is False


def test_a_forwarding_proxy_that_hangs_up_may_have_passed_the_request_on(
    bridge: Bridge, proxies: Callable[..., Proxy]
) -> None:
    error = raised(bridge, effect("http://api.example/", route=Route(proxy=proxies(answer=hang_up).url())))
    assert not isinstance(error, ProxyFailed)
    assert getattr(error, "maybe_processed", None) is True


@pytest.fixture
def endless() -> Iterator[Callable[[bytes], Any]]:
    """What says so much, and then a byte now and again, for ever."""
    over = threading.Event()

    def make(begin: bytes) -> Any:
        def drip(connection: socket.socket) -> None:
            connection.sendall(begin)
            while not over.wait(0.02):
                connection.sendall(b"x")

        return drip

    yield make
    over.set()


def test_a_proxy_that_stalls_does_not_outlast_the_total_time(
    bridge: Bridge, proxies: Callable[..., Proxy], endless: Any
) -> None:
    proxy = proxies(answer=endless(b"HTTP/1.1 200 Connection est"))
    one = effect("https://api.example/", timeout=Timeout(total=0.3), route=Route(proxy=proxy.url("user:s3cret")))
    error = raised(bridge, one)
    assert type(error) is ConnectTimeout
    assert error.maybe_processed is False
    assert "the 0.3 s that the whole exchange may take" in str(error)
    assert "s3cret" not in str(error)


def test_a_server_behind_a_tunnel_that_is_not_trusted(
    bridge: Bridge, proxies: Callable[..., Proxy], raw_server: Serve, server_tls: Any
) -> None:
    server = raw_server(b"", server_tls())
    error = raised(bridge, effect(server.url, route=Route(proxy=proxies().url())))
    assert type(error) is TlsError
    assert error.maybe_processed is False
    assert server.requests == []


def test_a_proxy_that_is_not_trusted(bridge: Bridge, proxies: Callable[..., Proxy], server_tls: Any) -> None:
    proxy = proxies(tls=server_tls())
    for url in ("https://api.example/", "http://api.example/"):
        error = raised(bridge, effect(url, route=Route(proxy=proxy.url())))
        assert type(error) is TlsError
        assert error.maybe_processed is False
    assert proxy.lines == []


def test_connections_through_a_proxy_are_kept(
    bridge: Bridge, proxies: Callable[..., Proxy], raw_server: Serve, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    def twice(connection: socket.socket) -> None:
        for _ in range(2):
            connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
            connection.recv(65536)

    proxy = proxies()
    one = effect(raw_server(twice, server_tls()).url, route=Route(proxy=proxy.url(), tls=Tls(context=trusting)))
    assert bridge.send(one, one).body == b"{}"
    assert len(proxy.lines) == 1


def test_a_socks_proxy_needs_a_package(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    error = raised(bridge, effect("https://api.example/", route=Route(proxy="socks5://user:s3cret@127.0.0.1:1080")))
    assert isinstance(error, MissingExtra)
    assert "pip install 'httpx[socks]'" in str(error)
    assert "s3cret" not in str(error)


def test_tls_that_cannot_be_set_up_is_a_wrong_setting(bridge: Bridge, tmp_path: Any) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    for path in (tmp_path / "none.pem", empty):
        for http2 in (False, True):
            error = raised(bridge, effect("https://api.example/", route=Route(tls=Tls(str(path)), http2=http2)))
            assert isinstance(error, ConfigurationError)
            assert str(path) in str(error)


# --------------------------------------------------------------------------------------------------------------- HTTP/2


def serve_http2(connection: socket.socket, body: bytes, seen: list[Any], requests: int = 100) -> None:
    """Answer each request of a connection once it is whole."""
    engine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    engine.initiate_connection()
    connection.sendall(engine.data_to_send())
    while data := connection.recv(65536):
        for event in engine.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                seen.append(dict(event.headers or ()))
            elif isinstance(event, h2.events.DataReceived):
                seen += [event.data] if event.data else []
                engine.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
            elif isinstance(event, h2.events.StreamEnded):
                stream = event.stream_id or 0
                engine.send_headers(stream, [(":status", "200"), ("X-Amzn-RequestId".lower(), "r-2")])
                engine.send_data(stream, body, end_stream=True)
        connection.sendall(engine.data_to_send())


@pytest.fixture
def http2_server(server_tls: Any) -> Iterator[Any]:
    """A server that offers HTTP/2 and HTTP/1.1, and notes what was chosen and what came."""
    listener = socket.create_server(("127.0.0.1", 0))
    context = server_tls()
    context.set_alpn_protocols(["h2", "http/1.1"])
    seen: list[Any] = []
    connections: list[ssl.SSLSocket] = []

    def serve() -> None:
        try:
            while True:
                accepted, _ = listener.accept()
                accepted.settimeout(10)
                connection = context.wrap_socket(accepted, server_side=True)
                connections.append(connection)
                seen.append(connection.selected_alpn_protocol())
                if seen[-1] == "h2":
                    threading.Thread(target=serve_http2, args=(connection, b"answered", seen), daemon=True).start()
                else:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nh1")
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{listener.getsockname()[1]}", seen
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(10)
    for connection in connections:
        connection.close()


@pytest.mark.parametrize("proxied", [False, True])
def test_http2_is_spoken_when_it_is_asked_for(
    bridge: Bridge, proxied: bool, proxies: Callable[..., Proxy], http2_server: Any, trusting: ssl.SSLContext
) -> None:
    url, seen = http2_server
    route = Route(proxy=proxies().url() if proxied else None, tls=Tls(context=trusting), http2=True)
    one = effect(url + "/a?q", b"sent", headers=(("X-Amz-Target", "T.O"),), route=route)
    answer = bridge.send(one, one)
    assert (answer.status, answer.body, answer.header("x-amzn-requestid")) == (200, b"answered", "r-2")
    assert seen[0] == "h2"
    assert seen[2] == seen[4] == b"sent"
    assert len(seen) == 5  # one connection
    assert seen[1] == {
        ":method": "POST",
        ":authority": url.removeprefix("https://"),
        ":scheme": "https",
        ":path": "/a?q",
        "x-amz-target": "T.O",
        "content-length": "4",
    }


def test_http2_is_not_offered_else_not_even_by_a_shared_set_up(
    bridge: Bridge, http2_server: Any, authority: Any, tmp_path: Any
) -> None:
    bundle = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(bundle))
    url, seen = http2_server
    plain = effect(url, route=Route(tls=Tls(str(bundle))))
    offering = evolve(plain, route=Route(tls=Tls(str(bundle)), http2=True))
    assert bridge.send(plain).body == b"h1"
    assert bridge.send(offering).body == b"answered"
    assert bridge.send(plain).body == b"h1"
    assert [one for one in seen if one in ("h2", "http/1.1")] == ["http/1.1", "h2", "http/1.1"]


def test_a_server_without_http2_is_spoken_to_all_the_same(
    bridge: Bridge, raw_server: Serve, response: Respond, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    server = raw_server(response(b"h1"), server_tls())
    assert bridge.send(effect(server.url, route=Route(tls=Tls(context=trusting), http2=True))).body == b"h1"


def test_http2_needs_a_package(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "h2", None)
    error = raised(bridge, effect("https://api.example/", route=Route(http2=True)))
    assert isinstance(error, MissingExtra)
    assert "HTTP/2 needs the package h2; install it with: pip install 'httpx[http2]'" in str(error)


@pytest.mark.parametrize("http2", [False, True])
def test_no_secret_is_logged_at_debug(
    bridge: Bridge,
    http2: bool,
    proxies: Callable[..., Proxy],
    http2_server: Any,
    trusting: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    url, _ = http2_server
    route = Route(proxy=proxies().url("user:s3cret-password"), tls=Tls(context=trusting), http2=http2)
    secrets = {"Authorization": "s3cret-signature", "X-Amz-Security-Token": "s3cret-token"}
    with caplog.at_level(logging.DEBUG):
        assert bridge.send(effect(url, headers=tuple(secrets.items()), route=route)).status == 200
    assert "connect_tcp" in caplog.text  # it is logged indeed
    assert "s3cret" not in caplog.text
    assert "header block" not in caplog.text  # which has them coded


def test_an_http2_response_that_is_cut_off_is_no_success(
    bridge: Bridge, raw_server: Serve, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    def begin(connection: ssl.SSLSocket) -> None:
        engine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        engine.initiate_connection()
        connection.sendall(engine.data_to_send())
        while data := connection.recv(65536):
            for event in engine.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    engine.send_headers(event.stream_id or 0, [(":status", "200")])
                    engine.send_data(event.stream_id or 0, b"half")
                    connection.sendall(engine.data_to_send())
                    return
            connection.sendall(engine.data_to_send())

    context = server_tls()
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            accepted, _ = listener.accept()
            with context.wrap_socket(accepted, server_side=True) as connection:
                begin(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        one = effect(
            f"https://127.0.0.1:{listener.getsockname()[1]}", route=Route(tls=Tls(context=trusting), http2=True)
        )
        error = raised(bridge, one)
        thread.join(10)
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True
