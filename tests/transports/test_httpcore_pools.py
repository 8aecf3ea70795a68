"""Proxies, over real sockets: how they are asked, what they are told, and each way in which they fail."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpcore
import pytest

from neo_wire.errors import (
    ConfigurationError,
    ConnectTimeout,
    MissingExtra,
    ProxyFailed,
    ReadTimeout,
    TlsError,
)
from neo_wire.http import Route, Timeout, Tls
from neo_wire.transports.deadline import Deadline, Waits
from neo_wire.transports.httpcore_pools import _BlockingNetwork
from tests.transports.bridges import Bridge, effect, raised
from tests.transports.proxy import Proxy
from tests.transports.scripted import Peer, scripted

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


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


RECORD = b"\x40\x00"  # of 16 KiB, the longest


def test_a_handshake_within_the_tls_of_a_proxy_that_comes_byte_by_byte(
    bridge: Bridge, proxies: Callable[..., Proxy], endless: Any, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    drip = endless(b"\x16\x03\x03" + RECORD)

    def answer(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        connection.recv(65536)  # the client begins
        drip(connection)

    proxy = proxies(tls=server_tls(), answer=answer)
    route = Route(proxy=proxy.url(), tls=Tls(context=trusting))
    error = raised(bridge, effect("https://api.example/", timeout=Timeout(total=0.5), route=route))
    assert type(error) is ConnectTimeout
    assert error.maybe_processed is False
    assert "the 0.5 s that the whole exchange may take" in str(error)


def test_a_response_within_the_tls_of_a_proxy_that_comes_byte_by_byte(
    bridge: Bridge, proxies: Callable[..., Proxy], endless: Any, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    context, drip = server_tls(), endless(b"\x17\x03\x03" + RECORD)

    def serve() -> None:
        with suppress(OSError):
            accepted, _ = listener.accept()
            accepted.settimeout(10)
            with context.wrap_socket(accepted, server_side=True) as connection:
                connection.recv(65536)
                plain = socket.socket(fileno=os.dup(connection.fileno()))  # what is said beneath its TLS
                with plain:
                    drip(plain)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        route = Route(proxy=proxies(tls=server_tls()).url(), tls=Tls(context=trusting))
        url = f"https://127.0.0.1:{listener.getsockname()[1]}/"
        error = raised(bridge, effect(url, timeout=Timeout(total=0.7), route=route))
    thread.join(10)

    assert type(error) is ReadTimeout
    assert error.maybe_processed is True
    assert not thread.is_alive()


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
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        received = b""
        while not received.endswith(b"{}"):  # head and body may come apart
            received += connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")

    proxy = proxies()
    one = effect(raw_server(twice, server_tls()).url, route=Route(proxy=proxy.url(), tls=Tls(context=trusting)))
    assert bridge.send(one, one).body == b"{}"
    assert len(proxy.lines) == 1


@pytest.mark.parametrize("secure", [False, True])
def test_an_ipv6_address_behind_a_proxy(
    bridge: Bridge, secure: bool, proxies: Callable[..., Proxy], server_tls: Any, trusting: ssl.SSLContext
) -> None:
    context = server_tls("::1")
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as listener:

        def serve() -> None:
            accepted, _ = listener.accept()
            with context.wrap_socket(accepted, server_side=True) if secure else accepted as connection:
                received = b""
                while not received.endswith(b"{}"):  # head and body may come apart
                    received += connection.recv(65536)
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nanswered")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        proxy = proxies()
        url = f"{'https' if secure else 'http'}://[::1]:{listener.getsockname()[1]}"
        answer = bridge.send(effect(url, route=Route(proxy=proxy.url(), tls=Tls(context=trusting))))
        thread.join(10)
    assert answer.body == b"answered"
    authority = url.partition("://")[2]
    assert proxy.lines == [f"CONNECT {authority} HTTP/1.1" if secure else f"POST {url}/ HTTP/1.1"]


def listen(peer: Peer) -> None:
    """Say nothing until the client closes."""
    while peer.socket.recv(100):
        pass


def test_a_socks_proxy_is_asked_within_the_connect_timeout() -> None:
    """The package httpcore asks it without a timeout."""
    with scripted(listen) as silent:
        timeout = Waits(Timeout(connect=0.1), Deadline(5))["connect"]
        stream = _BlockingNetwork(httpcore).connect_tcp("127.0.0.1", silent.port, timeout)
        stream.write(b"\x05\x01\x00")
        with pytest.raises(httpcore.ConnectTimeout, match="does not answer"):
            stream.read(4096)
        stream.close()


@pytest.mark.parametrize("say", [b"", b"\x05", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_socks_proxy_that_speaks_no_socks(bridge: Bridge, say: bytes) -> None:
    pytest.importorskip("socksio")

    def speak(peer: Peer) -> None:
        peer.socket.recv(100)
        peer.send(say)

    with scripted(speak) as proxy:
        route = Route(proxy=f"socks5://127.0.0.1:{proxy.port}")
        error = raised(bridge, effect("http://127.0.0.1:9/", route=route))
    assert type(error) is ProxyFailed
    assert error.maybe_processed is False


def test_a_socks_proxy_that_says_nothing(bridge: Bridge) -> None:
    pytest.importorskip("socksio")
    with scripted(listen) as proxy:
        route = Route(proxy=f"socks5://127.0.0.1:{proxy.port}")
        timeout = Timeout(connect=0.2, total=0.5)
        error = raised(bridge, effect("http://127.0.0.1:9/", route=route, timeout=timeout))
    assert type(error) is ConnectTimeout
    assert error.maybe_processed is False


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
