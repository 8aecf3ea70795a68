"""HTTP/1.1 as a server reads and writes it: from a stream of bytes to a request, from a response to bytes.

A request is taken as it came, as its signature is over what was sent. What can be read in two ways is refused.

Source: RFC 9112, HTTP/1.1; RFC 9110, HTTP semantics.
"""

from __future__ import annotations

import re
from typing import BinaryIO, Final

from attrs import frozen

from neo_wire.errors import ConfigurationError, Headers, ServiceError
from neo_wire.http import HttpRequest, HttpResponse, Url

MAX_LINE: Final = 16 * 1024
"""The longest request line or header, in bytes; session tokens have a few thousand."""

MAX_HEADERS: Final = 100

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"

_REQUEST_LINE: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([!-~]+) (HTTP/[0-9]\.[0-9])")
_FIELD: Final = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*)")
_TARGET: Final = re.compile(r"(?:https?://[^/?#]+(/[^?]*)?|(/[^?]*))(?:\?(.*))?", re.IGNORECASE)
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
_FRAMING: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


class Disconnected(Exception):
    """The peer went away in the middle of a request."""


@frozen
class RequestHead:
    """All of a request but its body.

    Attributes:
        method: as it came.
        url: http, the host of the Host header, path and query as they came.
        headers: in order, values as they came but for the white space around them.
        content_length: how many bytes of body follow.
        keep_alive: whether another request may follow.
        expects_continue: whether the peer waits for 100 Continue before it sends the body.
    """

    method: str
    url: Url
    headers: Headers
    content_length: int
    keep_alive: bool
    expects_continue: bool

    def with_body(self, body: bytes) -> HttpRequest:
        """The whole request."""
        return HttpRequest(self.method, self.url, self.headers, body)


def malformed(message: str, status: int = 400) -> ServiceError:
    """The error of what is no request that can be answered; the connection is of no use after it."""
    return ServiceError(message, code="MalformedHttpRequestException", status=status)


def read_head(reader: BinaryIO) -> RequestHead | None:
    """Read a request up to its body; None when the peer has closed instead of sending one.

    Raises:
        ServiceError: MalformedHttpRequestException.
        Disconnected: the stream ends in the middle.
        OSError: the stream cannot be read, or not in time.
    """
    line = _read_line(reader, may_end=True)
    if line == "":  # RFC 9112 section 2.2: one empty line before a request is forgiven
        line = _read_line(reader, may_end=True)
    if line is None:
        return None
    start = _REQUEST_LINE.fullmatch(line)
    if start is None:
        raise malformed("The request line is not of the form METHOD TARGET HTTP/1.1")
    method, target, version = start.groups()
    if version not in ("HTTP/1.0", "HTTP/1.1"):
        raise malformed(f"{version} is not spoken here; use HTTP/1.1", 505)
    headers = _read_headers(reader)
    values = {name: [value for key, value in headers if key.lower() == name] for name in ("host", "content-length")}
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        raise malformed("A body in chunks is not taken; send it whole, with its Content-Length", 411)
    lengths = values["content-length"]
    if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
        raise malformed("Content-Length is no number, or there are several")
    if len(values["host"]) != 1:
        raise malformed(f"A request has one Host header, this one has {len(values['host'])}")
    tokens = {
        token.strip().lower() for name, value in headers if name.lower() == "connection" for token in value.split(",")
    }
    expected = {value.lower() for name, value in headers if name.lower() == "expect"}
    return RequestHead(
        method=method,
        url=_url(target, values["host"][0]),
        headers=headers,
        content_length=int(lengths[0]) if lengths else 0,
        keep_alive=version == "HTTP/1.1" and "close" not in tokens,
        expects_continue=version == "HTTP/1.1" and "100-continue" in expected,
    )


def read_body(reader: BinaryIO, length: int) -> bytes:
    """Read a body of a known length.

    Raises:
        ServiceError: RequestTimeoutException, it does not come in time.
        Disconnected: the stream ends before.
        OSError: the stream cannot be read.
    """
    try:
        body = reader.read(length)
    except TimeoutError:
        raise ServiceError("The body did not arrive in time", code="RequestTimeoutException", status=408) from None
    if len(body) < length:
        raise Disconnected
    return body


def response_bytes(response: HttpResponse, *, keep_alive: bool, to_head: bool = False) -> bytes:
    """A response as it goes over the wire.

    Args:
        response: its framing headers are replaced by those of this connection.
        keep_alive: whether the connection stays open.
        to_head: leave the body away, as the answer to HEAD has none.
    """
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in response.headers if name.lower() not in _FRAMING]
    lines += [f"content-length: {len(response.body)}", f"connection: {'keep-alive' if keep_alive else 'close'}"]
    head = "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n"
    return head if to_head else head + response.body


def _read_line(reader: BinaryIO, *, may_end: bool = False) -> str | None:
    line = reader.readline(MAX_LINE + 1)
    if may_end and not line:
        return None
    if len(line) > MAX_LINE:
        raise malformed(f"The request line or a header has more than {MAX_LINE} bytes", 431)
    if not line.endswith(b"\n"):
        raise Disconnected
    line = line[:-1].removesuffix(b"\r")
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def _read_headers(reader: BinaryIO) -> Headers:
    headers: list[tuple[str, str]] = []
    while line := _read_line(reader):
        field = _FIELD.fullmatch(line)
        if field is None:
            raise malformed("A header is not of the form NAME: VALUE on one line")
        headers.append((field[1], field[2].rstrip(" \t")))
        if len(headers) > MAX_HEADERS:
            raise malformed(f"The request has more than {MAX_HEADERS} headers", 431)
    return tuple(headers)


def _url(target: str, host: str) -> Url:
    """The URL of a request; of an absolute one, as proxies get it, path and query, since the signature has no more."""
    parts = _TARGET.fullmatch(target)
    try:
        place = Url.parse(f"http://{host}")
    except ConfigurationError:
        place = None
    if parts is None or place is None or place.target != "/" or "#" in host:
        raise malformed("The request's target is no path, or its Host no host and port")
    return Url("http", place.host, place.port, parts[1] or parts[2] or "/", parts[3] or "")
