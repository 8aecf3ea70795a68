from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from itertools import pairwise
from traceback import TracebackException

import h11
import pytest
from attrs import frozen
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neo_wire.errors import Headers, ResponseDecodeError, TransportError
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.transports.http1 import MAX_HEAD, InvalidResponse, ResponseReader, request_bytes

URL = Url.parse("https://api.sagemaker.us-west-2.amazonaws.com/a%20b?c=d")
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Amzn-RequestId: r-1\r\nContent-Length: 2\r\n\r\n{}"
CAP = 1000

# ------------------------------------------------------------------------------------------------------ the oracle, h11


@frozen
class Outcome:
    """What a reader makes of a stream; a refusal has neither response nor anything else."""

    response: HttpResponse | None = None
    keep_alive: bool = False
    leftover: int = 0
    """Bytes that follow the response."""


REFUSED = Outcome()


def by_h11(stream: bytes, method: str) -> Outcome:
    """What h11 alone makes of a whole stream and its end."""
    engine = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
    engine.send(h11.Request(method=method, target="/", headers=[("Host", "")]))
    engine.send(h11.EndOfMessage())
    engine.receive_data(stream)
    status, reason, body, fed_end = 0, "", b"", False
    headers: Headers = ()
    try:
        while True:
            event = engine.next_event()
            if isinstance(event, h11.Response):
                status, reason = event.status_code, event.reason.decode("latin-1")
                headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers)
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                keep_alive = engine.their_state is h11.DONE and not fed_end
                # RFC 9112 says what h11 leaves to its user: two framings may be an attempt to smuggle a response in
                keep_alive &= not {"transfer-encoding", "content-length"} <= {name for name, _ in headers}
                leftover = len(engine.trailing_data[0])
                return Outcome(HttpResponse(status, headers, body, reason), keep_alive, leftover)
            elif event is h11.NEED_DATA:
                engine.receive_data(b"")
                fed_end = True
            elif isinstance(event, h11.ConnectionClosed):
                return REFUSED
    except h11.RemoteProtocolError:
        return REFUSED


def by_ours(pieces: list[bytes], method: str = "POST", max_body: int = 1 << 20) -> Outcome:
    """What our reader makes of the pieces of a stream and its end."""
    reader = ResponseReader(method, max_body)
    waiting = [piece for piece in pieces if piece]
    try:
        while waiting and reader.response is None:
            reader.receive(waiting.pop(0))
        if reader.response is None:
            reader.end_of_stream()
    except InvalidResponse:
        return REFUSED
    return Outcome(reader.response, reader.keep_alive, sum(map(len, waiting)))


def cut(stream: bytes, *at: int) -> list[bytes]:
    borders = [0, *sorted(min(border, len(stream)) for border in at), len(stream)]
    return [stream[start:end] for start, end in pairwise(borders)]


def agree(stream: bytes, method: str, *at: int) -> None:
    """Check that both make the same of a stream, our reader of its pieces."""
    expected, had = by_h11(stream, method), by_ours(cut(stream, *at), method)
    assert had.response == expected.response
    if expected.leftover == 0:
        assert had.keep_alive is expected.keep_alive
    elif had.leftover < expected.leftover:  # some of what follows came with the end of the response
        assert had.keep_alive is False


# ------------------------------------------------------------------------------------------------------------- streams

TOKENS = st.text("abcXYZ019-_!~", min_size=1, max_size=8)
VALUES = st.one_of(
    st.sampled_from(
        ["", "x", " spaced out ", "\ttab\t", "keep-alive", "close", "Close, x", "chunked", "gzip-not", "é"]
    ),
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=10),
)
FRAMING = st.one_of(
    st.tuples(
        st.just("Content-Length"), st.sampled_from(["0", "2", "5", "5, 5", "5, 6", "+5", "-1", "\u0665", "1e3", "005"])
    ),
    st.tuples(st.just("content-length"), st.integers(0, 12).map(str)),
    st.tuples(st.just("Transfer-Encoding"), st.sampled_from(["chunked", "Chunked", "gzip, chunked", "identity", ""])),
    st.tuples(st.just("Connection"), st.sampled_from(["close", "keep-alive", "Keep-Alive, x", "upgrade", ""])),
)
BODIES = st.one_of(
    st.binary(max_size=12),
    st.sampled_from(
        [
            b"2\r\n{}\r\n0\r\n\r\n",
            b"2;x=y\r\n{}\r\n0\r\nTrailer: 1\r\n\r\n",
            b"2\r\n{}0\r\n\r\n",
            b"0\r\n\r\nleft",
            b"zz\r\n",
        ]
    ),
)


@st.composite
def heads(draw: st.DrawFn) -> bytes:
    version = draw(st.sampled_from(["1.1"] * 6 + ["1.0", "2.0", "1.2", "0.9", "1", "x"]))
    status = draw(
        st.sampled_from(["200"] * 5 + ["204", "304", "404", "500", "999", "100", "101", "103", "99", "1000", ""])
    )
    reason = draw(st.sampled_from([" OK", " ", "", " Not Found", " \x80é", "  two", "\tx", " a\x00"]))
    fields = draw(st.lists(st.one_of(FRAMING, st.tuples(TOKENS, VALUES)), max_size=5))
    between = draw(st.sampled_from([": "] * 6 + [":", " : ", ":\t", " "]))
    end = draw(st.sampled_from(["\r\n"] * 8 + ["\n", "\r", "\r\n "]))
    lines = [f"HTTP/{version} {status}{reason}", *(f"{name}{between}{value}" for name, value in fields)]
    return ("".join(line + end for line in lines) + draw(st.sampled_from(["\r\n"] * 6 + ["\n", "", end]))).encode(
        "utf-8"
    )


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    interim = draw(
        st.sampled_from([b""] * 4 + [b"HTTP/1.1 100 Continue\r\n\r\n" * 2, b"HTTP/1.1 103 Early\r\nA: b\r\n\r\n"])
    )
    return interim + draw(heads()) + draw(BODIES) + draw(BODIES)


@given(stream=streams(), method=st.sampled_from(["POST", "GET", "HEAD"]), at=st.lists(st.integers(0, 200), max_size=6))
@settings(max_examples=1000)
@example(stream=PLAIN, method="POST", at=[])
@example(stream=PLAIN + b"left", method="POST", at=[])
@example(stream=b"\r\n" + PLAIN, method="POST", at=[1])
def test_makes_the_same_of_a_stream_as_h11(stream: bytes, method: str, at: list[int]) -> None:
    agree(stream, method, *at)


@given(
    stream=st.sampled_from([PLAIN, PLAIN + PLAIN, b"HTTP/1.1 100 \r\n\r\n" + PLAIN]).map(bytearray),
    changes=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 255)), min_size=1, max_size=3),
    at=st.lists(st.integers(0, 120), max_size=3),
)
@settings(max_examples=1000)
def test_makes_the_same_of_a_plain_stream_with_bytes_changed(
    stream: bytearray, changes: list[tuple[int, int]], at: list[int]
) -> None:
    stream = bytearray(stream)
    for index, value in changes:
        stream[index] = value
    agree(bytes(stream), "POST", *at)


@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(PLAIN, id="plain"),
        pytest.param(PLAIN.replace(b"Length: 2", b"Length: 4"), id="cut off"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 \r\nA: b\r\n\r\n" + PLAIN, id="interim"),
        pytest.param(PLAIN.replace(b"Content-Length: 2", b"Connection: close"), id="to the end"),
        pytest.param(PLAIN.replace(b"HTTP/1.1", b"HTTP/1.0"), id="1.0"),
        pytest.param(PLAIN.replace(b"\r\n", b"\n"), id="bare line feeds"),
        pytest.param(PLAIN.replace(b"r-1", b"r-1\r\n folded"), id="folded"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;e=v\r\n{\r\n1\r\n}\r\n0\r\nTrailer: t\r\n\r\n",
            id="chunked",
        ),
    ],
)
def test_makes_the_same_as_h11_of_every_chunking_into_three(stream: bytes) -> None:
    for first in range(len(stream) + 1):
        for second in range(first, len(stream) + 1, 7):
            agree(stream, "POST", first, second)
    agree(stream, "POST", *range(len(stream)))


# ----------------------------------------------------------------------------------------------------------- responses


def read(stream: bytes, method: str = "POST", max_body: int = CAP) -> tuple[HttpResponse, bool]:
    had = by_ours([stream], method, max_body)
    assert had.response is not None
    return had.response, had.keep_alive


def test_reads_a_plain_response() -> None:
    headers = (("content-type", "application/json"), ("x-amzn-requestid", "r-1"), ("content-length", "2"))
    assert read(PLAIN) == (HttpResponse(200, headers, b"{}", "OK"), True)


def test_reads_from_any_kind_of_buffer() -> None:
    for kind in (bytes, bytearray, memoryview):
        reader = ResponseReader("POST", CAP)
        reader.receive(kind(PLAIN[:50]))
        buffer = bytearray(PLAIN[50:])
        reader.receive(memoryview(buffer))
        buffer[:] = bytes(len(buffer))  # the next read overwrites it
        assert reader.response is not None
        assert reader.response.body == b"{}"


def test_plain_responses_do_without_h11(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(h11, "Connection", None)
    for at in range(PLAIN.index(b"\r\n\r\n") + 4, len(PLAIN)):
        assert by_ours(cut(PLAIN, at)).response == read(PLAIN)[0]
    with pytest.raises(TypeError):
        by_ours(cut(PLAIN, 10))


def test_started_tells_whether_a_byte_has_arrived() -> None:
    reader = ResponseReader("POST", CAP)
    assert reader.started is False
    reader.receive(b"H")
    assert (reader.started, reader.response) == (True, None)


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_a_status_without_a_body_needs_no_length(status: bytes) -> None:
    response, keep_alive = read(b"HTTP/1.1 " + status + b"\r\nContent-Length: 5\r\n\r\n")
    assert (response.body, keep_alive) == (b"", True)


@pytest.mark.parametrize("length", [0, 2, 12, 500])
@pytest.mark.parametrize("first", ["length", "coding"])
def test_a_response_that_is_framed_twice_is_read_by_its_coding_and_is_the_last(length: int, first: str) -> None:
    fields = [b"Content-Length: %d\r\n" % length, b"Transfer-Encoding: chunked\r\n"]
    head = b"HTTP/1.1 200 OK\r\n" + b"".join(fields if first == "length" else fields[::-1]) + b"\r\n"
    response, keep_alive = read(head + b"2\r\n{}\r\n0\r\n\r\n")
    assert (response.body, keep_alive) == (b"{}", False)
    assert read(head.replace(fields[0], b"") + b"2\r\n{}\r\n0\r\n\r\n")[1] is True


def test_the_answer_to_head_has_no_body() -> None:
    response, keep_alive = read(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", method="HEAD")
    assert (response.body, response.header("content-length"), keep_alive) == (b"", "500", True)


def test_interim_responses_are_skipped() -> None:
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + PLAIN)[0].status == 200


@pytest.mark.parametrize(
    ("stream", "why"),
    [
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "UPGRADE"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "conflicting"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nabcdef", "bad Content-Length"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "chunked is supported"),
        (b"220 mail.example ESMTP\r\n\r\n", "illegal status line"),
        (b"\x15\x03\x01\x00\x02\x02\x16", "illegal"),
        (PLAIN.replace(b"X-Amzn", b"X Amzn"), "illegal header line"),
        (b"HTTP/1.1 100 \r\n\r\n" * 5000, f"longer than {MAX_HEAD}"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 11000 + b"Content-Length: 0\r\n\r\n", "longer than|too long"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70000, "longer|too long"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1;" + b"x" * 70000, "too long"),
    ],
)
def test_refuses_what_is_no_response_however_it_is_cut(stream: bytes, why: str) -> None:
    def receive(size: int) -> None:
        reader = ResponseReader("POST", CAP)
        for start in range(0, len(stream), size):
            reader.receive(stream[start : start + size])

    for size in (len(stream), 1000, 7):
        with pytest.raises(InvalidResponse, match=why):
            receive(size)


def test_the_reason_that_is_given_is_short() -> None:
    reader = ResponseReader("POST", CAP)
    with pytest.raises(InvalidResponse) as caught:
        reader.receive(b"x" * 5000 + b"\r\n\r\n")
    assert len(str(caught.value)) <= 200


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nConte",
        PLAIN[:-1],
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
    ],
)
def test_a_response_that_is_cut_off_is_no_success(stream: bytes) -> None:
    for pieces in ([stream], [stream[:10], stream[10:]]):
        reader = ResponseReader("POST", CAP)
        for piece in pieces:
            if piece:
                reader.receive(piece)
        with pytest.raises(InvalidResponse, match="closed"):
            reader.end_of_stream()


# ----------------------------------------------------------------------------------------------- bounds, codings, sinks


def framed(body: bytes, how: str, *headers: str) -> bytes:
    """A response with this body, framed in one of the three ways."""
    lines = ["HTTP/1.1 200 OK", "x-amzn-requestid: r-1", *headers]
    if how == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif how == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[i : i + 700]), body[i : i + 700]) for i in range(0, len(body), 700))
        body += b"0\r\n\r\n"
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


HOW = pytest.mark.parametrize("how", ["length", "chunked", "to the end"])
CODED = pytest.mark.parametrize("code", [None, gzip.compress, zlib.compress], ids=["plain", "gzip", "deflate"])


def coded(body: bytes, how: str, code: Callable[[bytes], bytes] | None) -> bytes:
    if code is None:
        return framed(body, how)
    return framed(code(body), how, f"Content-Encoding: {'gzip' if code is gzip.compress else 'deflate'}")


@HOW
@CODED
@pytest.mark.parametrize("size", [0, 1, CAP - 1, CAP])
def test_a_body_up_to_the_bound_is_whole(how: str, code: Callable[[bytes], bytes] | None, size: int) -> None:
    stream = coded(b"x" * size, how, code)
    for at in ([], [90], list(range(80, len(stream), 13))):
        had = by_ours(cut(stream, *at), max_body=CAP)
        assert had.response is not None
        assert had.response.body == b"x" * size
        assert had.keep_alive is (how != "to the end")


@HOW
@CODED
@pytest.mark.parametrize("size", [CAP + 1, CAP + 2, 50 * CAP])
def test_a_body_over_the_bound_is_cut_off_one_byte_over(
    how: str, code: Callable[[bytes], bytes] | None, size: int
) -> None:
    stream = coded(b"x" * size, how, code)
    for at in ([], [90], list(range(80, len(stream), 97))):
        had = by_ours(cut(stream, *at), max_body=CAP)
        assert had.response is not None
        assert had.response.body == b"x" * (CAP + 1)
        if size > CAP + 1:
            assert had.keep_alive is False


def test_a_body_over_the_bound_is_not_waited_for() -> None:
    reader = ResponseReader("POST", 10)
    reader.receive(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    responses = []
    for piece in (b"x" * 10, b"x"):
        reader.receive(piece)
        responses.append(reader.response)
    assert responses[0] is None
    assert responses[1] is not None
    assert (responses[1].body, reader.keep_alive) == (b"x" * 11, False)


def test_a_coded_body_is_bounded_before_it_is_decoded_too() -> None:
    nothing = gzip.compress(b"") * 200
    with pytest.raises(ResponseDecodeError, match="longer than 1000 bytes even before"):
        by_ours(cut(framed(nothing, "length", "Content-Encoding: gzip"), 100, 1500, 3000), max_body=CAP)


@HOW
@pytest.mark.parametrize(
    ("body", "coding"), [(b"{}", "gzip"), (gzip.compress(b"{}")[:-1], "gzip"), (b"{}", "br"), (b"{}", "gzip, gzip")]
)
def test_a_coding_that_cannot_be_undone(how: str, body: bytes, coding: str) -> None:
    with pytest.raises(ResponseDecodeError, match="cannot be undone") as caught:
        by_ours([framed(body, how, f"Content-Encoding: {coding}")])
    assert (caught.value.status, caught.value.request_id) == (200, "r-1")
    assert repr(coding) in str(caught.value)


@HOW
def test_a_coding_may_be_left_as_it_is(how: str) -> None:
    for coding, body in (("gzip", gzip.compress(b"{}")), ("br", b"no matter")):
        reader = ResponseReader("GET", CAP, decode=False)
        reader.receive(framed(body, how, f"Content-Encoding: {coding}"))
        if how == "to the end":
            reader.end_of_stream()
        assert reader.response is not None
        assert reader.response.body == body


class Taker:
    """A sink that keeps what it is given."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes = takes
        self.asked: list[tuple[int, Headers]] = []
        self.pieces: list[bytes] = []

    def __call__(self, status: int, headers: Headers) -> Callable[[bytes], None] | None:
        self.asked.append((status, headers))
        return self.pieces.append if self.takes else None


@HOW
@CODED
def test_a_sink_takes_the_body_without_a_bound(how: str, code: Callable[[bytes], bytes] | None) -> None:
    stream = coded(b"x" * 5000, how, code)
    for at in ([], list(range(80, len(stream), 97))):
        sink = Taker()
        reader = ResponseReader("GET", 10, sink)
        for piece in cut(stream, *at):
            if reader.response is None:
                reader.receive(piece)
        if reader.response is None:
            reader.end_of_stream()
        assert reader.response is not None
        assert (b"".join(sink.pieces), reader.response.body) == (b"x" * 5000, b"")
        assert all(sink.pieces)
        assert sink.asked == [(200, reader.response.headers)]


def test_a_sink_may_leave_the_body() -> None:
    sink = Taker(takes=False)
    reader = ResponseReader("GET", 10, sink)
    reader.receive(framed(b"<Error/>", "length"))
    assert reader.response is not None
    assert (reader.response.body, len(sink.asked)) == (b"<Error/>", 1)


def test_what_a_sink_raises_is_raised() -> None:
    def full(status: int, headers: Headers) -> Callable[[bytes], None]:
        def write(piece: bytes) -> None:
            raise OSError("no space left")

        return write

    with pytest.raises(OSError, match="no space left"):
        ResponseReader("GET", 10, full).receive(PLAIN)


# ------------------------------------------------------------------------------------------------------------ requests


def request(body: bytes = b"{}", *headers: tuple[str, str], method: str = "POST") -> HttpRequest:
    own = (("Host", URL.authority), ("Content-Length", str(len(body))))
    return HttpRequest(method, URL, own + headers, body)


def test_a_head_has_its_own_headers_and_no_others() -> None:
    assert bytes(request_bytes(request(b"{}", ("X-Amz-Target", "SageMaker.ListCompilationJobs")))) == (
        b"POST /a%20b?c=d HTTP/1.1\r\nHost: api.sagemaker.us-west-2.amazonaws.com\r\nContent-Length: 2\r\n"
        b"X-Amz-Target: SageMaker.ListCompilationJobs\r\n\r\n{}"
    )


@given(
    st.lists(st.tuples(TOKENS, st.text("ab:;, \t=é", max_size=9).map(str.strip)), max_size=5), st.binary(max_size=50)
)
def test_h11_reads_what_was_written(headers: list[tuple[str, str]], body: bytes) -> None:
    sent = request(body, *headers)
    server = h11.Connection(h11.SERVER)
    server.receive_data(bytes(request_bytes(sent)))
    event = server.next_event()
    assert isinstance(event, h11.Request)
    assert (event.method, event.target) == (b"POST", b"/a%20b?c=d")
    assert event.headers.raw_items() == [(name.encode(), value.encode()) for name, value in sent.headers]
    received = b""
    while isinstance(event := server.next_event(), h11.Data):
        received += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert received == body


def test_without_a_body_no_length_is_needed() -> None:
    assert (
        bytes(request_bytes(HttpRequest("GET", URL, (("host", "a"),)))) == b"GET /a%20b?c=d HTTP/1.1\r\nhost: a\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (request(b"{}", ("A", "b\r\nInjected: c")), "characters"),
        (request(b"{}", ("A", "b\nc")), "characters"),
        (request(b"{}", ("A", "b\0c")), "characters"),
        (request(b"{}", ("A: b\r\nC", "d")), "characters"),
        (request(b"{}", ("A B", "c")), "characters"),
        (request(b"{}", ("", "c")), "characters"),
        (request(b"{}", ("É", "c")), "characters"),
        (request(method="GET / HTTP/1.1\r\n"), "characters"),
        (request(method="get"), "characters"),
        (HttpRequest("GET", Url("http", "a", path="/a b"), (("Host", "a"),)), "characters"),
        (HttpRequest("POST", URL, (("Host", "a"), ("Content-Length", "3")), b"{}"), "not the 2 bytes"),
        (HttpRequest("POST", URL, (("Host", "a"),), b"{}"), "not the 2 bytes"),
        (request(b"{}", ("content-length", "5")), "not the 2 bytes"),
        (request(b"{}", ("content-length", "2")), "not the 2 bytes"),
        (request(b"{}", ("host", "other.example")), "one Host"),
        (request(b"{}", ("Transfer-Encoding", "chunked")), "Transfer-Encoding"),
        (HttpRequest("GET", URL), "one Host"),
    ],
)
def test_a_request_that_is_no_valid_http_is_not_sent(wrong: HttpRequest, why: str) -> None:
    with pytest.raises(TransportError, match=why) as caught:
        request_bytes(wrong)
    assert type(caught.value) is TransportError
    assert caught.value.maybe_processed is False
    assert caught.value.endpoint == wrong.url.origin
    assert "Injected" not in str(caught.value)


def test_reports_that_show_local_variables_show_no_header_of_a_request() -> None:
    secret = ("X-Amz-Security-Token", "a-session-token")
    assert "a-session-token" not in repr(request_bytes(request(b"{}", secret)))
    with pytest.raises(TransportError) as caught:
        request_bytes(request(b"{}", secret, ("A", "b\r\nc")))
    report = "".join(TracebackException.from_exception(caught.value, capture_locals=True).format())
    ours = report[report.index("/http1.py") :]  # of this test's own frame the variables are shown, of course
    assert "a-session-token" not in ours
