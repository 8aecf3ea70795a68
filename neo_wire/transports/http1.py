"""HTTP/1.1 without I/O: the head of a request, and a reader of its response, for the blocking and the async pool alike.

The reader has two ways. A plain response (HTTP/1.1, the whole head in the first piece, each field once, a
Content-Length and nothing else that frames it) is read here, strictly. Anything else is handed, every byte of it, to
h11, which decides; so there is one place that knows the odd forms, and it is not ours. Both ways give the same result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from neo_wire.errors import Headers, ResponseDecodeError, TransportError
from neo_wire.flow import Sink
from neo_wire.http import HttpRequest, HttpResponse, is_visible

if TYPE_CHECKING:
    import h11

    from neo_wire.transports.content_coding import Inflater

MAX_HEAD: Final = 65536  # bytes of a response before its body, interim responses included
_TOKEN: Final = r"[-!#$%&'*+.^_`|~0-9A-Za-z]++"  # noqa: S105  # RFC 9110, section 5.6.2
_PLAIN_HEAD: Final = re.compile(
    rf"HTTP/1\.1 ([2-9][0-9]{{2}}) ([ -~]*+)\r\n({_TOKEN}:[\t -~]*+(?:\r\n{_TOKEN}:[\t -~]*+)*+)\r\n\r\n".encode()
)
_REFUSED: Final = "its method, target or a header has characters that HTTP refuses"


class InvalidResponse(Exception):
    """What arrived is no valid HTTP response, or ended before it was whole; the connection is of no more use."""


def request_bytes(request: HttpRequest) -> memoryview:
    """The bytes of a request: exactly its own headers, none added, and its body.

    As a view, since that has a repr without them: some reports of errors show the local variables of each frame.

    Raises:
        TransportError: it is no valid HTTP, or its headers do not frame its body; nothing was sent.
    """
    head, wrong = _head(request)
    if wrong:
        del head  # as above
        raise TransportError(
            f"the request is no valid HTTP: {wrong}", endpoint=request.url.origin, maybe_processed=False
        )
    return memoryview(head.encode("utf-8") + request.body)


def _head(request: HttpRequest) -> tuple[str, str | None]:
    """The head of a request, and what is wrong with it."""
    headers, target = request.headers, request.url.target
    text = f"{request.method} {target} HTTP/1.1\r\n" + "\r\n".join(map(": ".join, headers)) + "\r\n\r\n"
    wrong, at = _framing(request.method, next(zip(*headers), ()))  # noqa: B905  # pairs all have two members
    # As many lines as there should be: what is injected by a line break looks like a header.
    lines = len(headers) + 2
    if wrong is None and (
        text.count("\n") != lines or text.count("\r") != lines or "\0" in text or not (target and is_visible(target))
    ):
        return text, _REFUSED
    if wrong is None and (request.body if at is None else at < 0 or headers[at][1] != str(len(request.body))):
        wrong = f"its Content-Length is not the {len(request.body)} bytes of its body"
    return text, wrong


@lru_cache(maxsize=64)  # the requests of a client have the same few lists of names: 3 µs of 6 a request
def _framing(method: str, names: tuple[str, ...]) -> tuple[str | None, int | None]:
    """What is wrong with the method and the names of the headers; the place of the Content-Length, -1 for two."""
    if not re.fullmatch("[A-Z]+", method) or not all(re.fullmatch(_TOKEN, name) for name in names):
        return _REFUSED, None
    lower = [name.lower() for name in names]
    if lower.count("host") != 1 or "transfer-encoding" in lower:
        return "it needs one Host header, and no Transfer-Encoding", None
    if lower.count("content-length") > 1:
        return None, -1
    return None, lower.index("content-length") if "content-length" in lower else None


def is_framed_twice(headers: Headers) -> bool:
    """Whether a response has a Transfer-Encoding, which counts, and a Content-Length, by which it may be another.

    What follows it on the connection may then be the end of it or another response, smuggled in: that is not read.

    Source: RFC 9112, section 6.3.
    """
    return {"transfer-encoding", "content-length"} <= {name for name, _ in headers}


class ResponseReader:
    """Reads the response to one request from the bytes that arrive, in whatever pieces.

    Give each piece to `receive`, and call `end_of_stream` when the server has closed, until the response is there. An
    error of either, as of the sink, ends the exchange: the connection must then be closed.

    Attributes:
        response: the response, once it is whole, or cut off one byte over the bound.
        keep_alive: whether the connection can carry another request; known when the response is there.
        started: whether a single byte has arrived.
    """

    # What a plain response in one piece never sets, so that to begin one costs little.
    _engine: h11.Connection | None = None
    _received = 0  # bytes: of the head while h11 reads it, then of the body as it was sent
    _write: Callable[[bytes], None] | None = None
    _inflater: Inflater | None = None
    _status = 0
    response: HttpResponse | None = None
    keep_alive = False
    started = False
    _reason: str
    _headers: Headers
    _length: int  # of a plain body
    _body: bytearray

    def __init__(self, method: str, max_body: int, sink: Sink | None = None, *, decode: bool = True) -> None:
        self._method, self._max_body, self._sink, self._decode = method, max_body, sink, decode

    def receive(self, data: bytes | bytearray | memoryview) -> None:
        """Take what has arrived, at least one byte.

        Raises:
            InvalidResponse: it is no valid HTTP.
            ResponseDecodeError: its content coding is unknown, or the body is not of that coding.
        """
        piece = bytes(data)
        if not self.started:
            self.started = True
            self._begin(piece)
        elif self._engine is not None:
            self._ask(self._engine, piece)
        else:
            self._take_plain(piece)

    def end_of_stream(self) -> None:
        """Take the end of the stream, which is the end of some responses too.

        Raises:
            InvalidResponse: there is none, or it is not whole.
            ResponseDecodeError: as `receive`.
        """
        if not self.started:
            raise InvalidResponse("the connection was closed without one")
        if self._engine is None:
            raise InvalidResponse(
                f"the connection was closed after {self._received} of {self._length} bytes of the body"
            )
        if not self._status:
            raise InvalidResponse("the connection was closed before its head was whole")
        self._ask(self._engine, b"")

    # ------------------------------------------------------------------------------------------- the plain response

    def _begin(self, data: bytes) -> None:
        head = _PLAIN_HEAD.match(data)
        if head is None or head.end() > MAX_HEAD or self._method == "HEAD":
            self._hand_over(data)
            return
        status, reason, lines = head.groups()
        headers = []
        for line in lines.decode("ascii").split("\r\n"):
            name, _, value = line.partition(":")
            headers.append((name.lower(), value.strip(" \t")))
        fields = dict(headers)
        length = fields.get("content-length", "")
        if (
            not length.isdecimal()
            or len(length) > 18
            or len(fields) != len(headers)
            or "transfer-encoding" in fields
            or fields.get("connection", "keep-alive").lower() != "keep-alive"
            or status in (b"204", b"304")
        ):
            self._hand_over(data)
            return
        self._status, self._reason, self._headers = int(status), reason.decode("ascii"), tuple(headers)
        self._length = int(length)
        start = head.end()
        if self._sink is None and "content-encoding" not in fields and start + self._length <= len(data):
            body = data[start : start + min(self._length, self._max_body + 1)]
            self.keep_alive = start + len(body) == len(data)
            self.response = HttpResponse(self._status, self._headers, body, self._reason)
            return
        self._begin_body(fields.get("content-encoding"))
        self._take_plain(data[start:])

    def _take_plain(self, piece: bytes) -> None:
        left = self._length - self._received
        self._received += len(piece)
        if not self._take(piece if len(piece) <= left else piece[:left]):
            self._finish(keep_alive=False)
        elif self._received >= self._length:
            self._finish(keep_alive=self._received == self._length)

    # -------------------------------------------------------------------------------------------- any other, by h11

    def _hand_over(self, data: bytes) -> None:
        import h11  # here, as plain responses need none of it

        engine = self._engine = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        # What was sent matters for one thing: whether the response has a body.
        engine.send(h11.Request(method=self._method, target="/", headers=[("Host", "")]))
        engine.send(h11.EndOfMessage())
        self._ask(engine, data)

    def _ask(self, engine: h11.Connection, data: bytes) -> None:
        import h11  # here, as above

        try:
            engine.receive_data(data)
            if not self._status:
                self._received += len(data)
            while True:
                event = engine.next_event()
                if isinstance(event, h11.Response):
                    self._begin_response(engine, event)
                elif isinstance(event, h11.Data):
                    self._received += len(event.data)
                    if not self._take(bytes(event.data)):
                        self._finish(keep_alive=False)
                        return
                elif isinstance(event, h11.EndOfMessage):
                    whole = engine.their_state is h11.DONE and engine.trailing_data == (b"", False)
                    self._finish(keep_alive=whole and not is_framed_twice(self._headers))
                    return
                elif event is h11.NEED_DATA:
                    if not self._status and self._received > MAX_HEAD:
                        raise InvalidResponse(f"its head is longer than {MAX_HEAD} bytes")
                    return
        except h11.RemoteProtocolError as error:
            raise InvalidResponse(str(error)[:200]) from None

    def _begin_response(self, engine: h11.Connection, event: h11.Response) -> None:
        if self._received - len(engine.trailing_data[0]) > MAX_HEAD:
            raise InvalidResponse(f"its head is longer than {MAX_HEAD} bytes")
        self._status, self._reason = event.status_code, event.reason.decode("latin-1")
        self._headers = tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in event.headers])
        self._received = 0
        self._begin_body(", ".join([value for name, value in self._headers if name == "content-encoding"]))

    # ----------------------------------------------------------------------------------------------------- the body

    def _begin_body(self, content_encoding: str | None) -> None:
        self._body = bytearray()
        if content_encoding and self._decode:
            from neo_wire.transports.content_coding import CodingError, inflater_for  # here, as AWS codes no response

            try:
                self._inflater = inflater_for(content_encoding)
            except CodingError as error:
                raise self._undecodable(error) from None
        if self._sink is not None:
            self._write = self._sink(self._status, self._headers)

    def _take(self, piece: bytes) -> bool:
        """Take a piece of the body as it was sent; False when enough has been had of it."""
        if self._inflater is None:
            return self._put(piece)
        from neo_wire.transports.content_coding import CodingError  # here, as above

        try:
            for plain in self._inflater.decode(piece):
                if not self._put(plain):
                    return False
        except CodingError as error:
            raise self._undecodable(error) from None
        # Before it is decoded a body may be a little longer than after, and not without end.
        if self._write is None and self._received > self._max_body + self._max_body // 64 + 1024:
            raise self._undecodable(f"it is longer than {self._max_body} bytes even before it is decoded")
        return True

    def _put(self, plain: bytes) -> bool:
        if self._write is not None:
            if plain:
                self._write(plain)
            return True
        self._body += plain
        return len(self._body) <= self._max_body

    def _finish(self, *, keep_alive: bool) -> None:
        self.keep_alive = keep_alive
        if len(self._body) > self._max_body:
            del self._body[self._max_body + 1 :]
        elif self._inflater is not None:
            from neo_wire.transports.content_coding import CodingError  # here, as above

            try:
                self._inflater.finish()
            except CodingError as error:
                raise self._undecodable(error) from None
        self.response = HttpResponse(self._status, self._headers, bytes(self._body), self._reason)

    def _undecodable(self, why: object) -> ResponseDecodeError:
        named = {name: value for name, value in self._headers if name in ("content-encoding", "x-amzn-requestid")}
        return ResponseDecodeError(
            f"the content coding {named.get('content-encoding')!r} cannot be undone: {why}",
            status=self._status,
            request_id=named.get("x-amzn-requestid"),
        )
