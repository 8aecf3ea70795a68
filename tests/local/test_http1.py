"""Requests and responses as bytes; h11, an HTTP/1.1 library that is not ours, writes the ones and reads the others."""

from __future__ import annotations

import io

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ServiceError
from neo_wire.http import HttpResponse, Url
from neo_wire.local.http1 import (
    MAX_HEADERS,
    MAX_LINE,
    Disconnected,
    RequestHead,
    read_body,
    read_head,
    response_bytes,
)


def head_of(data: bytes) -> RequestHead:
    head = read_head(io.BytesIO(data))
    assert head is not None
    return head


def request(line: str = "POST / HTTP/1.1", *headers: str) -> bytes:
    return "\r\n".join([line, "Host: localhost:8080", *headers, "", ""]).encode("utf-8")


def refusal(data: bytes) -> int:
    with pytest.raises(ServiceError) as caught:
        read_head(io.BytesIO(data))
    assert caught.value.code == "MalformedHttpRequestException"
    assert caught.value.message
    return caught.value.status


def test_a_request_is_taken_as_it_came() -> None:
    head = head_of(
        request("POST //a/../b%20c?x=%7e&y HTTP/1.1", "X-A:  one  two\t", "x-a: \N{SNOWMAN}", "Content-Length: 3")
    )
    assert head.method == "POST"
    assert head.url == Url("http", "localhost", 8080, "//a/../b%20c", "x=%7e&y")
    assert head.headers == (
        ("Host", "localhost:8080"),
        ("X-A", "one  two"),
        ("x-a", "\N{SNOWMAN}"),
        ("Content-Length", "3"),
    )
    assert head.content_length == 3
    assert head.with_body(b"abc").body == b"abc"


def test_a_header_that_is_no_utf8_is_latin1() -> None:
    assert head_of(b"POST / HTTP/1.1\r\nHost: a\r\nX: caf\xe9\r\n\r\n").headers[1] == ("X", "caf\xe9")


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
    assert head_of(request(f"POST {target} HTTP/1.1")).url == Url("http", "localhost", 8080, path, query)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("example.com", Url("http", "example.com")),
        ("example.com:80", Url("http", "example.com")),
        ("[::1]:8080", Url("http", "::1", 8080)),
    ],
)
def test_hosts(host: str, url: Url) -> None:
    assert head_of(f"POST / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).url == url


@pytest.mark.parametrize(
    ("line", "headers", "keep_alive"),
    [
        ("POST / HTTP/1.1", [], True),
        ("POST / HTTP/1.1", ["Connection: upgrade, Close"], False),
        ("POST / HTTP/1.1", ["Connection: keep-alive"], True),
        ("POST / HTTP/1.0", [], False),
    ],
)
def test_whether_the_connection_stays(line: str, headers: list[str], keep_alive: bool) -> None:
    assert head_of(request(line, *headers)).keep_alive is keep_alive


def test_expectations() -> None:
    assert head_of(request("POST / HTTP/1.1", "Expect: 100-Continue")).expects_continue
    assert not head_of(request("POST / HTTP/1.0", "Expect: 100-continue")).expects_continue
    assert not head_of(request()).expects_continue


def test_an_empty_line_before_and_bare_line_feeds_are_forgiven() -> None:
    assert head_of(b"\r\nPOST / HTTP/1.1\nHost: a\n\n").method == "POST"


@pytest.mark.parametrize("data", [b"", b"\r\n"])
def test_the_end_between_requests(data: bytes) -> None:
    assert read_head(io.BytesIO(data)) is None


@pytest.mark.parametrize("data", [b"POST", b"POST / HTTP/1.1\r\n", request()[:-2], request()[:-4]])
def test_the_end_within_a_request(data: bytes) -> None:
    with pytest.raises(Disconnected):
        read_head(io.BytesIO(data))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", 400),
        (b"POST /\r\n\r\n", 400),
        (b"POST  / HTTP/1.1\r\n\r\n", 400),
        (b"P\xc3\xb6ST / HTTP/1.1\r\n\r\n", 400),
        (b"POST /\x00 HTTP/1.1\r\n\r\n", 400),
        (b"POST /caf\xc3\xa9 HTTP/1.1\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\n", 505),
        (request("OPTIONS * HTTP/1.1"), 400),
        (request("CONNECT localhost:80 HTTP/1.1"), 400),
        (request("POST ?a HTTP/1.1"), 400),
        (request("POST ftp://a/ HTTP/1.1"), 400),
        (b"POST / HTTP/1.1\r\n\r\n", 400),
        (request("POST / HTTP/1.1", "Host: b"), 400),
        (b"POST / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a?b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a#b\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: \r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: user@a\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: a:99999\r\n\r\n", 400),
        (request("POST / HTTP/1.1", "No colon"), 400),
        (request("POST / HTTP/1.1", "Name : value"), 400),
        (request("POST / HTTP/1.1", "Name: a", " folded"), 400),
        (request("POST / HTTP/1.1", "Name: a\rb"), 400),
        (request("POST / HTTP/1.1", "Name: a\x00"), 400),
        (request("POST / HTTP/1.1", "Content-Length: -1"), 400),
        (request("POST / HTTP/1.1", "Content-Length: 1_0"), 400),
        (request("POST / HTTP/1.1", "Content-Length: \u0663"), 400),
        (request("POST / HTTP/1.1", "Content-Length: 1, 1"), 400),
        (request("POST / HTTP/1.1", "Content-Length: 1", "content-length: 1"), 400),
        (request("POST / HTTP/1.1", "Transfer-Encoding: chunked"), 411),
        (request("POST / HTTP/1.1", "Content-Length: 1", "Transfer-Encoding: identity"), 411),
        (request("POST / HTTP/1.1", "X: " + "a" * MAX_LINE), 431),
        (b"POST /" + b"a" * MAX_LINE, 431),
        (request("POST / HTTP/1.1", *["X: a"] * MAX_HEADERS), 431),
    ],
)
def test_what_is_no_request_is_refused(data: bytes, status: int) -> None:
    assert refusal(data) == status


def test_bodies() -> None:
    assert read_body(io.BytesIO(b"abcd"), 3) == b"abc"
    with pytest.raises(Disconnected):
        read_body(io.BytesIO(b"ab"), 3)


TOKEN = st.text("abcXYZ09-_.!~", min_size=1, max_size=20).filter(
    lambda name: name.lower() not in ("host", "connection", "content-length", "transfer-encoding", "expect")
)
VALUE = st.text("abc \t,;=\"'/", max_size=20).map(lambda text: text.strip(" \t"))


@given(
    method=st.sampled_from(["GET", "POST", "DELETE"]),
    target=st.text("abc/%20?&=.~", max_size=20).map(lambda text: "/" + text),
    headers=st.lists(st.tuples(TOKEN, VALUE), max_size=10),
    body=st.binary(max_size=100),
)
def test_reads_what_h11_writes(method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> None:
    sender = h11.Connection(h11.CLIENT)
    named = [("Host", "localhost"), *headers, ("Content-Length", str(len(body)))]
    data = b"".join(
        sender.send(event) or b""
        for event in (h11.Request(method=method, target=target, headers=named), h11.Data(body), h11.EndOfMessage())
    )
    reader = io.BytesIO(data)
    head = read_head(reader)
    assert head is not None
    received = head.with_body(read_body(reader, head.content_length))
    path, _, query = target.partition("?")
    assert (received.method, received.url) == (method, Url("http", "localhost", None, path, query))
    assert received.headers == tuple(named)
    assert received.body == body
    assert reader.read() == b""


def as_h11_reads(data: bytes, method: str = "POST") -> tuple[h11.Response, bytes, bool]:
    receiver = h11.Connection(h11.CLIENT)
    receiver.send(h11.Request(method=method, target="/", headers=[("Host", "a"), ("Content-Length", "0")]))
    receiver.send(h11.EndOfMessage())
    receiver.receive_data(data)
    response = receiver.next_event()
    assert isinstance(response, h11.Response)
    body = b""
    while isinstance(event := receiver.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    return response, body, receiver.their_state is h11.DONE


@pytest.mark.parametrize("keep_alive", [True, False])
def test_h11_reads_what_is_written(keep_alive: bool) -> None:
    answer = HttpResponse(
        404,
        (("x-amzn-requestid", "1"), ("content-length", "99"), ("Transfer-Encoding", "chunked")),
        b"body",
        "Not Found",
    )
    response, body, stays = as_h11_reads(response_bytes(answer, keep_alive=keep_alive))
    assert (response.status_code, bytes(response.reason), body) == (404, b"Not Found", b"body")
    assert dict(response.headers)[b"x-amzn-requestid"] == b"1"
    assert [value for name, value in response.headers if name == b"content-length"] == [b"4"]
    assert stays is keep_alive


def test_head_is_answered_without_a_body() -> None:
    data = response_bytes(HttpResponse(404, (), b"body"), keep_alive=True, to_head=True)
    assert data.endswith(b"\r\n\r\n")
    _, body, _ = as_h11_reads(data, "HEAD")
    assert body == b""


VALID = request("POST /a?b HTTP/1.1", "Content-Length: 3", "Connection: keep-alive", "X-Amz-Date: 20260101T000000Z")


def is_a_request_or_refused(data: bytes) -> bool:
    try:
        head = read_head(io.BytesIO(data))
    except (ServiceError, Disconnected):
        return True
    return head is None or head.url.path.startswith("/")


@given(st.binary(max_size=300) | st.binary(max_size=40).map(lambda some: VALID[: len(some) * 3] + some + VALID))
def test_any_bytes_are_a_request_or_refused(data: bytes) -> None:
    assert is_a_request_or_refused(data)


@given(st.lists(st.tuples(st.integers(0, len(VALID) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_damaged_request_is_a_request_or_refused(damages: list[tuple[int, int]]) -> None:
    data = bytearray(VALID)
    for place, byte in damages:
        data[place] = byte
    assert is_a_request_or_refused(bytes(data))
