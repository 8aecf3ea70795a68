"""HTTP/2, against a server that stands on h2."""

from __future__ import annotations

import logging
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
from attrs import evolve
from h2.errors import ErrorCodes

from neo_wire.errors import (
    ConnectionClosed,
    MissingExtra,
)
from neo_wire.http import Route, Tls
from tests.transports.bridges import Bridge, effect, raised
from tests.transports.proxy import Proxy
from tests.transports.scripted import Peer, scripted

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


def serve_http2(connection: socket.socket, body: bytes, seen: list[Any], requests: int = 100) -> None:
    """Answer each request of a connection once it is whole."""
    engine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    engine.initiate_connection()
    connection.sendall(engine.data_to_send())
    with suppress(OSError):  # the client goes as it likes
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
    speaking: list[threading.Thread] = []

    def serve() -> None:
        try:
            while True:
                accepted, _ = listener.accept()
                accepted.settimeout(10)
                connection = context.wrap_socket(accepted, server_side=True)
                connections.append(connection)
                seen.append(connection.selected_alpn_protocol())
                if seen[-1] == "h2":
                    speaking.append(threading.Thread(target=serve_http2, args=(connection, b"answered", seen)))
                    speaking[-1].start()
                else:
                    received = b""
                    while not received.endswith(b"{}"):  # head and body may come apart
                        received += connection.recv(65536)
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
        with suppress(OSError):  # the client may have gone
            connection.shutdown(socket.SHUT_RDWR)
    for speaker in speaking:
        speaker.join(10)
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


@pytest.mark.parametrize(
    ("how", "maybe_processed"),
    [
        ("refuses the stream", False),
        ("goes away before any", False),
        ("cancels the stream", True),
        ("goes away after it", True),
    ],
)
def test_a_server_that_says_that_it_did_not_act_is_believed(
    bridge: Bridge, how: str, maybe_processed: bool, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    def end(peer: Peer) -> None:
        engine = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        engine.initiate_connection()
        peer.send(engine.data_to_send())
        while data := peer.socket.recv(65536):
            for event in engine.receive_data(data):
                if isinstance(event, h2.events.StreamEnded):
                    stream = event.stream_id or 0
                    if "stream" in how:
                        engine.reset_stream(
                            stream, ErrorCodes.REFUSED_STREAM if "refuses" in how else ErrorCodes.CANCEL
                        )
                    else:
                        engine.close_connection(last_stream_id=0 if "before" in how else stream)
                        peer.send(engine.data_to_send())
                        while peer.socket.recv(65536):  # closing with something unread would be a reset
                            pass
                        return
            peer.send(engine.data_to_send())

    context = server_tls()
    context.set_alpn_protocols(["h2"])
    with scripted(end, context) as server:
        one = evolve(server.send(), route=Route(tls=Tls(context=trusting), http2=True))
        error = raised(bridge, one)
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is maybe_processed
