"""The server's side of one HTTP/1.1 connection, without I/O: h11, with the requests and responses of this package.

A request is taken as it came, as its signature is over what was sent. What can be read in two ways is refused.

Source: RFC 9112, HTTP/1.1; RFC 9110, HTTP semantics.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import h11
from attrs import evolve

from neo_wire.errors import ConfigurationError, ServerError, ServiceError
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.local.script import LocalResponse
from neo_wire.local.service import MAX_REQUEST_BYTES, too_large

MAX_HEAD: Final = 64 * 1024
"""How many bytes of an unfinished request line and headers are kept; session tokens have a few thousand."""

_TARGET: Final = re.compile(r"(?:https?://[^/?#]+(/[^?]*)?|(/[^?]*))(?:\?(.*))?", re.IGNORECASE)
_FRAMING: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class ServerConnection:
    """Bytes in, requests out; responses in, bytes out: one request after the other, for as long as it is kept open."""

    def __init__(self) -> None:
        self._connection = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._head: HttpRequest | None = None
        self._body = bytearray()
        self._to_head = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing of a request has been received yet."""
        return self._connection.their_state is h11.IDLE and not self._connection.trailing_data[0]

    def receive(self, data: bytes) -> None:
        """Take bytes as they arrive, of one request or of several; never none, as no request ends with the stream."""
        self._connection.receive_data(data)

    def next_request(self) -> HttpRequest | None:
        """The request that `response_pieces` then answers; None until more of it is received.

        Raises:
            ServiceError: MalformedHttpRequestException, or RequestEntityTooLargeException, as soon as it shows. It can
                be answered too, but nothing more can be received.
        """
        try:
            if self._head is None:
                event = self._connection.next_event()
                if not isinstance(event, h11.Request):
                    return None
                self._to_head = event.method == b"HEAD"
                self._head = _head(event)
            while isinstance(event := self._connection.next_event(), h11.Data):
                self._body += event.data
                if len(self._body) > MAX_REQUEST_BYTES:
                    raise too_large()
        except h11.RemoteProtocolError as error:
            reason = str(error).partition(": b")[0]  # without the line at fault: a session token may stand in it
            raise _malformed(f"The request is malformed: {reason}", error.error_status_hint) from None
        return evolve(self._head, body=bytes(self._body)) if isinstance(event, h11.EndOfMessage) else None

    def continue_bytes(self) -> bytes:
        """`100 Continue`, when the peer waits for it before it sends the body; else nothing."""
        if not self._connection.they_are_waiting_for_100_continue:
            return b""
        return self._connection.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))

    def response_pieces(self, response: HttpResponse, *, close: bool = False) -> Iterator[bytes]:
        """A response as it goes over the wire, piece by piece, without its body where none may follow.

        One that is cut off ends before its end; the connection has to be closed then.

        Args:
            response: its framing headers are replaced by those of this connection.
            close: tell the peer that this is the last one.

        Raises:
            ServerError: HTTP/1.1 cannot express the response, and nothing was given of it: another one can be sent in
                its place.
        """
        local = LocalResponse.of(response)
        headers = [field for field in response.headers if field[0].lower() not in _FRAMING]
        headers.append(("connection", "close" if close else "keep-alive"))
        has_content = response.status not in (204, 304)
        if has_content:
            headers.append(("content-length", str(local.content_length)))
        try:
            start = h11.Response(
                status_code=response.status,
                headers=[(name.encode("utf-8"), value.encode("utf-8")) for name, value in headers],
                reason=response.reason.encode("utf-8"),
            )
        except (h11.LocalProtocolError, UnicodeError) as error:
            raise ServerError(f"HTTP/1.1 cannot express the scripted response: {error}", status=500) from None
        return self._pieces(start, local, has_content=has_content and not self._to_head)

    def _pieces(self, start: h11.Response, response: LocalResponse, *, has_content: bool) -> Iterator[bytes]:
        waiting = self._connection.send(start)  # goes out with what follows it
        for piece in response.delivered() if has_content else ():
            yield waiting + self._connection.send(h11.Data(piece))
            waiting = b""
        if not (has_content and response.is_cut):
            waiting += self._connection.send(h11.EndOfMessage())
        if waiting:
            yield waiting

    def keep_open(self) -> bool:
        """Whether another request may follow the one that was answered; the connection is then ready for it."""
        if self._connection.our_state is not h11.DONE:
            return False
        self._connection.start_next_cycle()
        self._head, self._to_head = None, False
        self._body.clear()
        return True


def _malformed(message: str, status: int = 400) -> ServiceError:
    return ServiceError(message, code="MalformedHttpRequestException", status=status)


def _head(request: h11.Request) -> HttpRequest:
    """All of a request but its body, once it is clear that it can be read in one way only."""
    headers = tuple((name.decode("ascii"), _text(value)) for name, value in request.headers.raw_items())
    fields = {name.lower(): value for name, value in headers}
    if request.http_version not in (b"1.0", b"1.1"):
        raise _malformed(f"HTTP/{request.http_version.decode('ascii')} is not spoken here; use HTTP/1.1", 505)
    if "host" not in fields:  # h11 asks for it only from HTTP/1.1
        raise _malformed("The request has no Host header")
    if "content-length" in fields and "transfer-encoding" in fields:
        raise _malformed("The request has a Content-Length and a Transfer-Encoding; send only one of them")
    if int(fields.get("content-length", "0")) > MAX_REQUEST_BYTES:
        raise too_large()
    method = request.method.decode("ascii")
    if method == "CONNECT":
        raise _malformed("This is no proxy, so CONNECT is not possible")
    return HttpRequest(method, _url(request.target.decode("ascii"), fields["host"]), headers)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _url(target: str, host: str) -> Url:
    """The URL of a request; of an absolute one, as proxies get it, path and query, since the signature has no more."""
    parts = _TARGET.fullmatch(target)
    try:
        place = Url.parse(f"http://{host}")
    except ConfigurationError:
        place = None
    if parts is None or place is None or place.target != "/" or "#" in host:
        raise _malformed("The request's target is no path, or its Host no host and port")
    return Url("http", place.host, place.port, parts[1] or parts[2] or "/", parts[3] or "")
