"""The bodies that come over the bridge: bounded before they are decoded and after, or given to a sink."""

from __future__ import annotations

import gzip
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest

from neo_wire.errors import ConnectionClosed, Headers, ResponseDecodeError
from tests.transports.bridges import Bridge, effect, raised

SERVICE = "https://api.sagemaker.us-west-2.amazonaws.com/"
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


# ----------------------------------------------------------------------------------------------------------- the bodies


def test_a_body_over_the_limit_is_not_read_to_its_end(bridge: Bridge, given: Any, raw_server: Serve) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        chunk = b" " * (1 << 20)
        for _ in range(200):
            connection.sendall(chunk)
            sent += 1

    answer = bridge.send(effect(raw_server(flood).url, max_body=1000), given=given)
    assert answer.body == b" " * 1001
    assert sent < 200


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_a_compressed_body_is_read_all_the_same(
    bridge: Bridge, given: Any, coding: str, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(gzip.compress(b"plain" * 1000), content_encoding=coding))
    assert bridge.send(effect(server.url), given=given).body == b"plain" * 1000


def test_a_compressed_body_is_bounded_before_it_is_decoded_and_after(
    bridge: Bridge, given: Any, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(gzip.compress(b"\0" * 20_000_000, 1), content_encoding="gzip"))
    assert bridge.send(effect(server.url, max_body=5000), given=given).body == b"\0" * 5001
    empty = gzip.compress(b"") * 10_000  # 200 kB that stand for nothing
    server = raw_server(response(empty, content_encoding="gzip"))
    error = raised(bridge, effect(server.url, max_body=5000), given)
    assert isinstance(error, ResponseDecodeError)
    assert "longer than 5000 bytes even before" in str(error)


@pytest.mark.parametrize(
    ("body", "coding"),
    [(b"{}", "gzip"), (gzip.compress(b"{}")[:-5], "gzip"), (b"{}", "br"), (gzip.compress(b"{}"), "gzip, gzip")],
)
def test_a_body_that_is_not_what_its_coding_says(
    bridge: Bridge, given: Any, body: bytes, coding: str, raw_server: Serve, response: Respond
) -> None:
    error = raised(bridge, effect(raw_server(response(body, content_encoding=coding)).url), given)
    assert isinstance(error, ResponseDecodeError)
    assert coding in str(error)
    assert (error.status, error.request_id) == (200, "request-1")


@LIBRARIES
def test_a_body_that_a_mock_has_decoded_is_not_decoded_again(bridge: Bridge, library: Any) -> None:
    def handler(request: Any) -> Any:
        return library.Response(200, headers={"content-encoding": "gzip"}, content=gzip.compress(b"plain"))

    assert bridge.send(effect(SERVICE), given=library.MockTransport(handler)).body == b"plain"


# ---------------------------------------------------------------------------------------------------------------- sinks


class Collecting:
    """A sink that notes what it is given, and in which threads."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.heads: list[tuple[int, dict[str, str]]] = []
        self.pieces: list[bytes] = []
        self.threads: set[int] = set()

    def __call__(self, status: int, headers: Headers) -> Callable[[bytes], None] | None:
        self.heads.append((status, dict(headers)))
        return self.write if self.takes else None

    def write(self, piece: bytes) -> None:
        self.threads.add(threading.get_ident())
        self.pieces.append(piece)


def test_a_sink_has_the_body_piece_by_piece_whatever_its_length(
    bridge: Bridge, given: Any, raw_server: Serve, response: Respond
) -> None:
    content = os.urandom(5_000_000)
    sink = Collecting()
    answer = bridge.send(effect(raw_server(response(content)).url, max_body=10, sink=sink), given=given)
    assert (answer.status, answer.body) == (200, b"")
    assert b"".join(sink.pieces) == content
    assert len(sink.pieces) > 3
    ((status, headers),) = sink.heads
    assert (status, headers["x-amzn-requestid"]) == (200, "request-1")
    if not bridge.is_blocking:
        assert len(sink.pieces) <= 5  # about 1 MiB each
        assert threading.get_ident() not in sink.threads


def test_a_sink_has_a_compressed_body_decoded(bridge: Bridge, given: Any, raw_server: Serve, response: Respond) -> None:
    sink = Collecting()
    content = b"\0" * 20_000_000
    server = raw_server(response(gzip.compress(content, 1), content_encoding="gzip"))
    bridge.send(effect(server.url, sink=sink), given=given)
    assert b"".join(sink.pieces) == content
    assert max(map(len, sink.pieces)) < 2 << 20


def test_a_sink_may_leave_the_body_to_the_response(
    bridge: Bridge, given: Any, raw_server: Serve, response: Respond
) -> None:
    sink = Collecting(takes=False)
    answer = bridge.send(effect(raw_server(response(b"no", "404 Not Found")).url, sink=sink), given=given)
    assert (answer.status, answer.body, sink.pieces) == (404, b"no", [])
    assert sink.heads[0][0] == 404


def test_a_body_that_is_cut_off_is_no_success_of_a_sink(bridge: Bridge, given: Any, raw_server: Serve) -> None:
    server = raw_server(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf")
    assert type(raised(bridge, effect(server.url, sink=Collecting()), given)) is ConnectionClosed
    cut = gzip.compress(b"plain" * 100)[:-9]
    server = raw_server(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %d\r\n\r\n" % len(cut) + cut)
    assert type(raised(bridge, effect(server.url, sink=Collecting()), given)) is ResponseDecodeError


@pytest.mark.parametrize("when", ["at the head", "at a piece"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), TimeoutError("of the disk"), KeyError("k")])
def test_what_a_sink_raises_is_the_callers(
    bridge: Bridge, given: Any, when: str, error: Exception, raw_server: Serve, response: Respond
) -> None:
    def fail(piece: bytes) -> None:
        raise error

    def sink(status: int, headers: Headers) -> Callable[[bytes], None]:
        if when == "at the head":
            raise error
        return fail

    with pytest.raises(type(error)) as caught:
        bridge.send(effect(raw_server(response(b"body")).url, sink=sink), given=given)
    assert caught.value is error
