"""Requests from bytes and responses as bytes, without a socket; http.client, which is not ours, reads what we write."""

from __future__ import annotations

import http.client
import io
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ServerError, ServiceError
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.local.http1 import MAX_HEAD, ServerConnection
from neo_wire.local.service import MAX_REQUEST_BYTES


def peer_with(*pieces: bytes) -> ServerConnection:
    peer = ServerConnection()
    for piece in pieces:
        peer.receive(piece)
    return peer


def read(data: bytes) -> HttpRequest:
    request = peer_with(data).next_request()
    assert request is not None
    return request


def head(line: str = "POST / HTTP/1.1", *headers: str) -> bytes:
    return "\r\n".join([line, "Host: localhost:8080", *headers, "", ""]).encode("utf-8")


def refusal(data: bytes) -> ServiceError:
    peer = peer_with(data)
    with pytest.raises(ServiceError) as caught:
        peer.next_request()
    assert caught.value.message
    assert b"".join(peer.response_pieces(HttpResponse(caught.value.status), close=True)).startswith(
        b"HTTP/1.1 %d " % caught.value.status
    )
    return caught.value


# ------------------------------------------------------------------------------------------------------------- requests


def test_a_request_is_taken_as_it_came() -> None:
    request = read(
        head("POST //a/../b%20c?x=%7e&y HTTP/1.1", "X-A:  one  two\t", "x-a: \N{SNOWMAN}", "Content-Length: 3") + b"abc"
    )
    assert request.method == "POST"
    assert request.url == Url("http", "localhost", 8080, "//a/../b%20c", "x=%7e&y")
    assert request.headers == (
        ("Host", "localhost:8080"),
        ("X-A", "one  two"),
        ("x-a", "\N{SNOWMAN}"),
        ("Content-Length", "3"),
    )
    assert request.body == b"abc"


def test_a_header_that_is_no_utf8_is_latin1() -> None:
    assert read(b"POST / HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\n\r\n").headers[1] == ("X", "caf\xe9")


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/", "/", ""),
        ("/?", "/", ""),
        ("/?a=/?b", "/", "a=/?b"),
        ("http://elsewhere/x?y", "/x", "y"),
        ("HTTPS://elsewhere:8443", "/", ""),
        ("http://elsewhere?y", "/", "y"),
        ("/http://x/", "/http://x/", ""),
        ("/#a", "/#a", ""),
    ],
)
def test_targets(target: str, path: str, query: str) -> None:
    assert read(head(f"POST {target} HTTP/1.1")).url == Url("http", "localhost", 8080, path, query)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("example.com", Url("http", "example.com")),
        ("example.com:80", Url("http", "example.com")),
        ("[::1]:8080", Url("http", "::1", 8080)),
    ],
)
def test_hosts(host: str, url: Url) -> None:
    assert read(f"POST / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).url == url


def test_bare_line_feeds_folded_headers_and_a_repeated_length_are_forgiven() -> None:
    request = read(b"POST / HTTP/1.1\nHost: a\nX: one\n  two\nContent-Length: 1\ncontent-length: 1\n\nb")
    assert request.header("x") == "one two"
    assert request.body == b"b"


def test_a_body_in_chunks_is_put_together() -> None:
    chunks = b"2;extension=1\r\nab\r\n01\r\nc\r\n0\r\nX-Trailer: 1\r\n\r\n"
    request = read(head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + chunks)
    assert request.body == b"abc"
    assert request.header("x-trailer") is None  # which no signature of the headers covers


def test_a_body_may_be_as_large_as_the_service_takes_and_no_larger() -> None:
    largest, more = b" " * MAX_REQUEST_BYTES, b" " * (MAX_REQUEST_BYTES + 1)
    assert read(head("POST / HTTP/1.1", f"Content-Length: {len(largest)}") + largest).body == largest
    for data in (
        head("POST / HTTP/1.1", f"Content-Length: {len(more)}"),  # refused before the body comes
        head("POST / HTTP/1.1", "Content-Length: " + "9" * 20),
        head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + b"%x\r\n" % len(more) + more,
        head("HEAD / HTTP/1.1", "Transfer-Encoding: chunked") + b"%x\r\n%b\r\n1\r\n " % (len(largest), largest),
    ):
        refused = refusal(data)
        assert (refused.code, refused.status) == ("RequestEntityTooLargeException", 413)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"POST /\r\n\r\n", 400),
        (b"POST  / HTTP/1.1\r\n\r\n", 400),
        (b"P\xc3\xb6ST / HTTP/1.1\r\n\r\n", 400),
        (b"POST /\x00 HTTP/1.1\r\n\r\n", 400),
        (b"POST /caf\xc3\xa9 HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (head("HEAD / HTTP/0.9"), 505),
        (head("OPTIONS * HTTP/1.1"), 400),
        (head("CONNECT localhost:80 HTTP/1.1"), 400),
        (head("CONNECT / HTTP/1.1"), 400),
        (head("POST ?a HTTP/1.1"), 400),
        (head("HEAD ?a HTTP/1.1"), 400),
        (head("POST ftp://a/ HTTP/1.1"), 400),
        (b"POST / HTTP/1.1\r\n\r\n", 400),
        (b"POST / HTTP/1.0\r\n\r\n", 400),
        (head("POST / HTTP/1.1", "Host: b"), 400),
        (b"POST / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a?b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a#b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: \r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: \x01\r\n\r\n", 400),
        (head("POST / HTTP/1.1", "No colon"), 400),
        (head("POST / HTTP/1.1", "Name : value"), 400),
        (head("POST / HTTP/1.1", "Name: a\rb"), 400),
        (head("POST / HTTP/1.1", "Name: a\x00"), 400),
        (head("POST / HTTP/1.1", "Content-Length: -1"), 400),
        (head("POST / HTTP/1.1", "Content-Length: 1_0"), 400),
        (head("POST / HTTP/1.1", "Content-Length: \u0663"), 400),
        (head("POST / HTTP/1.1", "Content-Length: 1, 2"), 400),
        (head("POST / HTTP/1.1", "Content-Length: 1", "content-length: 2"), 400),
        (head("POST / HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: chunked"), 400),
        (head("POST / HTTP/1.1", "Transfer-Encoding: identity"), 501),
        (head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + b"x\r\n", 400),
        (head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + b"-1\r\n", 400),
        (head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + b"1\r\nabc", 400),
        (head("POST / HTTP/1.1", "X: ")[:-4] + b"a" * MAX_HEAD, 431),
        (b"POST /" + b"a" * MAX_HEAD, 431),
        (head("POST / HTTP/1.1", *["X: a"] * (MAX_HEAD // 5))[:-4], 431),
        (head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + b"1;" + b"a" * MAX_HEAD, 431),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    refused = refusal(data)
    assert (refused.code, refused.status) == ("MalformedHttpRequestException", status)


@pytest.mark.parametrize(
    "data",
    [
        head("POST / HTTP/1.1", "X-Amz-Security-Token: secret\x00"),
        head("POST / HTTP/1.1", "X-Amz-Security-Token secret"),
        head("POST /?X-Amz-Security-Token=secret HTTP"),
        head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + b"secret\r\n",
        head("POST / HTTP/1.1", "Transfer-Encoding: chunked") + b"1\r\n-secret",
    ],
)
def test_a_refusal_does_not_repeat_what_was_sent(data: bytes) -> None:
    assert "secr" not in str(refusal(data))


def test_nothing_is_a_request_before_all_of_it_has_come() -> None:
    data = head("POST / HTTP/1.1", "Content-Length: 2") + b"ab"
    peer = ServerConnection()
    assert peer.is_idle
    for byte in data[:-1]:
        assert peer.next_request() is None
        peer.receive(bytes([byte]))
        assert not peer.is_idle
    assert peer.next_request() is None
    peer.receive(data[-1:])
    assert peer.next_request() == read(data)


@pytest.mark.parametrize("line", ["POST / HTTP/1.1", "POST / HTTP/1.0"])
def test_the_peer_is_told_to_go_on_only_if_it_waits(line: str) -> None:
    peer = peer_with(head(line, "Expect: 100-Continue", "Content-Length: 1"))
    assert peer.continue_bytes() == b""
    assert peer.next_request() is None
    assert peer.continue_bytes() == (b"HTTP/1.1 100 Continue\r\n\r\n" if line.endswith("1.1") else b"")
    assert peer.continue_bytes() == b""
    peer.receive(b"a")
    request = peer.next_request()
    assert request is not None
    assert request.body == b"a"


TOKEN = st.text("abcXYZ09-_.!~", min_size=1, max_size=20).filter(
    lambda name: name.lower() not in ("host", "content-length", "transfer-encoding")
)
VALUE = st.text("abc \t,;=\"'/", max_size=20).map(lambda text: text.strip(" \t"))
REQUEST = st.builds(
    HttpRequest,
    method=st.sampled_from(["GET", "POST", "DELETE", "HEAD"]),
    url=st.builds(
        Url,
        scheme=st.just("http"),
        host=st.just("localhost"),
        path=st.text("abc/%20&=.~", max_size=20).map(lambda text: "/" + text),
        query=st.text("abc/%20&=.~?", max_size=20),
    ),
    headers=st.lists(st.tuples(TOKEN, VALUE), max_size=10).map(tuple),
    body=st.binary(max_size=100),
)


@given(st.lists(REQUEST, min_size=1, max_size=3), st.booleans(), st.data())
def test_requests_arrive_as_they_were_sent_however_they_are_cut(
    requests: list[HttpRequest], chunked: bool, data: st.DataObject
) -> None:
    stream = b""
    sent = []
    for request in requests:
        framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(len(request.body)))
        headers = (("Host", "localhost"), *request.headers, framing)
        sent.append(HttpRequest(request.method, request.url, headers, request.body))
        lines = [f"{request.method} {request.url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        stream += "\r\n".join([*lines, "", ""]).encode()
        chunk = b"%x\r\n%b\r\n" % (len(request.body), request.body) if request.body else b""
        stream += chunk + b"0\r\n\r\n" if chunked else request.body
    cuts = sorted({0, len(stream), *data.draw(st.lists(st.integers(0, len(stream)), max_size=5))})
    peer = ServerConnection()
    received = []
    for start, end in itertools.pairwise(cuts):
        peer.receive(stream[start:end])
        while (request_now := peer.next_request()) is not None:
            received.append(request_now)
            answer = b"".join(peer.response_pieces(HttpResponse(200, (), b"body")))
            assert answer.endswith(b"\r\n\r\n" if request_now.method == "HEAD" else b"\r\n\r\nbody")
            assert peer.keep_open() or any(name.lower() == "connection" for name, _ in request_now.headers)
    assert received == sent
    assert peer.is_idle


# ------------------------------------------------------------------------------------------------------------ responses


class Stream(io.BytesIO):
    """What http.client takes for a socket and its file; still readable when http.client is done."""

    def makefile(self, _: str) -> Stream:
        return self

    def close(self) -> None:
        pass


def as_http_client_reads(data: bytes, method: str = "POST") -> tuple[http.client.HTTPResponse, bytes]:
    connection: Any = Stream(data)
    response = http.client.HTTPResponse(connection, method=method)
    response.begin()
    body = response.read()
    assert connection.read() == b""  # nothing is left over
    return response, body


ANSWER = HttpResponse(
    404,
    (("x-amzn-requestid", "\xe9"), ("content-length", "99"), ("Transfer-Encoding", "chunked")),
    b"body",
    "Not Found",
)


@pytest.mark.parametrize(
    ("line", "headers", "close", "stays"),
    [
        ("POST / HTTP/1.1", [], False, True),
        ("POST / HTTP/1.1", ["Connection: keep-alive"], False, True),
        ("POST / HTTP/1.1", ["Connection: Upgrade", "Upgrade: h2c"], False, True),
        ("POST / HTTP/1.1", ["Connection: upgrade, Close"], False, False),
        ("POST / HTTP/1.1", [], True, False),
        ("POST / HTTP/1.0", [], False, False),
    ],
)
def test_http_client_reads_what_is_written(line: str, headers: list[str], close: bool, stays: bool) -> None:
    peer = peer_with(head(line, *headers))
    assert peer.next_request() is not None
    response, body = as_http_client_reads(b"".join(peer.response_pieces(ANSWER, close=close)))
    assert (response.status, response.reason, body) == (404, "Not Found", b"body")
    assert response.headers["x-amzn-requestid"].encode("latin-1").decode("utf-8") == "\xe9"
    assert response.headers.get_all("content-length") == ["4"]
    assert "transfer-encoding" not in response.headers
    assert response.headers["connection"] == ("keep-alive" if stays else "close")
    assert response.will_close is not stays
    assert peer.keep_open() is stays


@pytest.mark.parametrize(
    ("method", "status", "length"),
    [("HEAD", 404, "4"), ("HEAD", 204, None), ("POST", 204, None), ("POST", 304, None)],
)
def test_what_may_have_no_body_has_none(method: str, status: int, length: str | None) -> None:
    peer = peer_with(head(f"{method} / HTTP/1.1") + b"no request\r\n\r\n")
    assert peer.next_request() is not None
    response, body = as_http_client_reads(b"".join(peer.response_pieces(HttpResponse(status, (), b"body"))), method)
    assert body == b""
    assert response.headers["content-length"] == length
    assert peer.keep_open()
    with pytest.raises(ServiceError):
        peer.next_request()  # whose answer has one again
    assert as_http_client_reads(b"".join(peer.response_pieces(ANSWER)))[1] == b"body"


@pytest.mark.parametrize(
    "answer",
    [
        HttpResponse(101),
        HttpResponse(1000),
        HttpResponse(200, (("x", "a\r\nb: c"),)),
        HttpResponse(200, (("x y", "a"),)),
        HttpResponse(200, (("x", "\ud800"),)),
    ],
)
def test_a_response_that_cannot_be_written_leaves_room_for_another(answer: HttpResponse) -> None:
    peer = peer_with(head())
    assert peer.next_request() is not None
    with pytest.raises(ServerError, match=r"HTTP/1\.1 cannot express the scripted response"):
        peer.response_pieces(answer)
    assert as_http_client_reads(b"".join(peer.response_pieces(ANSWER)))[1] == b"body"


# ------------------------------------------------------------------------------------------------------------ any bytes


VALID = head("POST /a?b HTTP/1.1", "Content-Length: 3", "Connection: keep-alive", "X-Amz-Date: 20260101T000000Z")


def is_answered(data: bytes) -> bool:
    """Whether the bytes are a request, the beginning of one, or refused; and can be answered, whichever they are."""
    peer = peer_with(data) if data else ServerConnection()
    status = 200
    try:
        request = peer.next_request()
    except ServiceError as error:
        status = error.status
    else:
        assert request is None or request.url.path.startswith("/")
    answer = b"".join(peer.response_pieces(HttpResponse(status, (), b"body"), close=True))
    return answer.startswith(b"HTTP/1.1 %d " % status)


@given(st.binary(max_size=300) | st.binary(max_size=40).map(lambda some: VALID[: len(some) * 3] + some + VALID))
def test_any_bytes_are_answered(data: bytes) -> None:
    assert is_answered(data)


@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_request_is_answered(damages: list[tuple[int, int]]) -> None:
    data = bytearray(VALID)
    for place, byte in damages:
        data[place] = byte
    assert is_answered(bytes(data))
