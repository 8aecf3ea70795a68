"""The faults of the server: each a way to answer a request, and what a client must make of it."""

from __future__ import annotations

import asyncio
import gzip
import re
import socket
import struct
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from random import Random
from typing import Final

from attrs import define, field, frozen

from neo_wire.errors import CallTimeout, ConnectionClosed, NeoWireError, ReadTimeout, ResponseDecodeError

PATIENCE: Final = 10.0  # seconds: how long a fault that goes on and on goes on
DRIP: Final = 0.02  # seconds between the bytes of a slow answer
_RESET: Final = struct.pack("ii", 1, 0)  # SO_LINGER: a close sends RST instead of FIN


@frozen
class Received:
    """One request as it arrived.

    Attributes:
        id: what the caller calls it by, in the header X-Call-Id; else the whole body.
        fault: what it was answered with.
        connection: the number of the connection that it came over, from 0.
        whole: whether the body was read too; else the server cannot have acted on it.
    """

    id: str
    fault: str
    connection: int
    head: bytes = field(repr=False)
    body: bytes = field(repr=False)
    whole: bool

    def header(self, name: str) -> str | None:
        """The value of a header."""
        found = re.search(rb"\r\n" + name.encode() + rb":[ \t]*([^\r\n]*)", self.head, re.IGNORECASE)
        return found[1].decode("latin-1") if found else None


@define
class Exchange:
    """One request, and the connection to answer it over."""

    request: Received
    writer: asyncio.StreamWriter
    random: Random
    body: bytes
    keep: bool = True

    async def send(self, *pieces: bytes) -> None:
        """Send bytes, each piece in a packet of its own where the system lets it."""
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()

    async def respond(self, status: str = "200 OK", body: bytes | None = None, *headers: str) -> None:
        """Send a plain response in one piece."""
        await self.send(self.response(status, body, *headers))

    def response(self, status: str = "200 OK", body: bytes | None = None, *headers: str, length: bool = True) -> bytes:
        """The bytes of a plain response."""
        body = self.body if body is None else body
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/x-amz-json-1.1", *headers]
        lines += [f"Content-Length: {len(body)}"] if length else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body

    def cut(self, data: bytes, at_most: int = 40) -> list[bytes]:
        """The same bytes in pieces of random lengths."""
        pieces = []
        while data:
            length = self.random.randint(1, at_most)
            pieces.append(data[:length])
            data = data[length:]
        return pieces

    def close(self) -> None:
        """End the connection after what was sent."""
        self.keep = False

    def reset(self) -> None:
        """End the connection at once, by RST."""
        self.keep = False
        if (plain := self.writer.get_extra_info("socket")) is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.writer.transport.abort()


@frozen
class Fault:
    """A way to answer a request, and what a client must make of it.

    Attributes:
        answer: answers.
        status: of the response that a client must give, with the body that it was sent.
        errors: what a client must raise instead.
        early: answered before the body of the request is read.
        reusable: a client may, and should, use the connection again.
    """

    answer: Callable[[Exchange], Awaitable[None]]
    status: int | None = None
    errors: tuple[type[NeoWireError], ...] = ()
    early: bool = False
    reusable: bool = False


async def fine(exchange: Exchange) -> None:
    await exchange.respond()


async def chunked(exchange: Exchange) -> None:
    chunks = [b"%x;note=1\r\n%s\r\n" % (len(piece), piece) for piece in exchange.cut(exchange.body)]
    head = exchange.response("200 OK", b"", "Transfer-Encoding: chunked", length=False)
    await exchange.send(head, *chunks, b"0\r\nX-Trailer: 1\r\n\r\n")


async def gzipped(exchange: Exchange) -> None:
    await exchange.respond("200 OK", gzip.compress(exchange.body), "Content-Encoding: gzip")


async def interim(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    await exchange.respond()


async def in_pieces(exchange: Exchange) -> None:
    await exchange.send(*exchange.cut(exchange.response(), at_most=60))


async def slowly(exchange: Exchange) -> None:
    response = exchange.response()
    for start in range(0, len(response), len(response) // 4 + 1):
        await exchange.send(response[start : start + len(response) // 4 + 1])
        await asyncio.sleep(DRIP / 4)


async def with_a_goodbye(exchange: Exchange) -> None:
    await exchange.respond("200 OK", None, "Connection: close")
    exchange.close()


async def to_the_end(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.0 200 OK\r\n\r\n" + exchange.body)
    exchange.close()


async def then_idle_close(exchange: Exchange) -> None:
    await exchange.respond()
    exchange.close()


async def then_idle_reset(exchange: Exchange) -> None:
    await exchange.respond()
    await asyncio.sleep(DRIP)  # else the reset overtakes the response
    exchange.reset()


async def too_much(exchange: Exchange) -> None:
    await exchange.send(exchange.response() + b"surplus")


async def two_answers(exchange: Exchange) -> None:
    await exchange.send(exchange.response() + exchange.response("200 OK", b'{"id":"of another"}'))


async def throttled(exchange: Exchange) -> None:
    await exchange.respond("400 Bad Request", b'{"__type":"ThrottlingException","message":"Rate exceeded"}')


async def in_use(exchange: Exchange) -> None:
    await exchange.respond("400 Bad Request", b'{"__type":"ResourceInUse","message":"the name is taken"}')


async def too_many(exchange: Exchange) -> None:
    await exchange.respond("429 Too Many Requests", b"{}", "Retry-After: 0")


async def failing(exchange: Exchange) -> None:
    await exchange.respond("500 Internal Server Error", b'{"__type":"InternalFailure"}')


async def wrong_clock(exchange: Exchange) -> None:
    """The clock of the server is an hour ahead, and requests that are signed for another time are refused."""
    now = datetime.now(UTC) + timedelta(hours=1)
    signed_at = exchange.request.header("x-amz-date") or "20000101T000000Z"
    off = abs(now - datetime.strptime(signed_at, "%Y%m%dT%H%M%S%z")) > timedelta(minutes=5)
    refusal = b'{"__type":"InvalidSignatureException","message":"Signature expired"}'
    date = f"Date: {format_datetime(now, usegmt=True)}"
    await exchange.respond("403 Forbidden" if off else "200 OK", refusal if off else None, date)


async def unavailable(exchange: Exchange) -> None:
    await exchange.respond("503 Service Unavailable", b"<html>later</html>", "Connection: close")
    exchange.close()


async def refused_early(exchange: Exchange) -> None:
    await exchange.respond("413 Content Too Large", b"{}", "Connection: close")
    exchange.close()


async def reset_early(exchange: Exchange) -> None:
    exchange.reset()


async def reset_after(exchange: Exchange) -> None:
    exchange.reset()


async def close_after(exchange: Exchange) -> None:
    exchange.close()


async def half_head(exchange: Exchange) -> None:
    await exchange.send(exchange.response()[:30])
    exchange.close()


async def half_body(exchange: Exchange) -> None:
    await exchange.send(exchange.response()[:-5])
    exchange.close()


async def half_body_and_reset(exchange: Exchange) -> None:
    await exchange.send(exchange.response()[:-5])
    exchange.reset()


async def half_chunked(exchange: Exchange) -> None:
    head = exchange.response("200 OK", b"", "Transfer-Encoding: chunked", length=False)
    await exchange.send(head + b"%x\r\n%s\r\n" % (len(exchange.body), exchange.body))  # and no last chunk
    exchange.close()


async def half_gzip(exchange: Exchange) -> None:
    await exchange.respond("200 OK", gzip.compress(exchange.body)[:-9], "Content-Encoding: gzip")


async def no_gzip(exchange: Exchange) -> None:
    await exchange.respond("200 OK", None, "Content-Encoding: gzip")


async def garbage(exchange: Exchange) -> None:
    await exchange.send(exchange.random.randbytes(exchange.random.randint(1, 3000)) + b"\r\n\r\n")
    exchange.close()


async def another_protocol(exchange: Exchange) -> None:
    await exchange.send(b"220 mail.example.com ESMTP\r\n\r\n")
    exchange.close()


async def two_lengths(exchange: Exchange) -> None:
    await exchange.respond("200 OK", None, f"Content-Length: {len(exchange.body) + 1}")
    exchange.close()


async def no_number(exchange: Exchange) -> None:
    await exchange.send(exchange.response("200 OK", None, "Content-Length: -3", length=False))
    exchange.close()


async def bad_chunk(exchange: Exchange) -> None:
    head = exchange.response("200 OK", b"", "Transfer-Encoding: chunked", length=False)
    await exchange.send(head + b"zz\r\n" + exchange.body + b"\r\n0\r\n\r\n")
    exchange.close()


async def endless_head(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\n")
    for number in range(20_000):
        await exchange.send(b"X-Header-%d: %s\r\n" % (number, b"x" * 100))
    exchange.close()


async def endless_interim(exchange: Exchange) -> None:
    for _ in range(2000):
        await exchange.send(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)
    exchange.close()


async def silence(exchange: Exchange) -> None:
    await asyncio.sleep(PATIENCE)
    exchange.close()


async def silence_in_the_body(exchange: Exchange) -> None:
    await exchange.send(exchange.response()[:-5])
    await asyncio.sleep(PATIENCE)
    exchange.close()


async def drip(exchange: Exchange) -> None:
    await exchange.send(exchange.response("200 OK", b"x" * 100_000)[:-100_000])
    for _ in range(int(PATIENCE / DRIP)):
        await exchange.send(b"x")
        await asyncio.sleep(DRIP)
    exchange.close()


async def drip_in_the_head(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(int(PATIENCE / DRIP)):
        await exchange.send(b"x")
        await asyncio.sleep(DRIP)
    exchange.close()


_BROKEN: Final = (ConnectionClosed,)
_STALLED: Final = (ReadTimeout, CallTimeout)

FAULTS: Final[dict[str, Fault]] = {
    "fine": Fault(fine, 200, reusable=True),
    "chunked": Fault(chunked, 200, reusable=True),
    "gzipped": Fault(gzipped, 200, reusable=True),
    "interim": Fault(interim, 200, reusable=True),
    "in_pieces": Fault(in_pieces, 200, reusable=True),
    "slowly": Fault(slowly, 200, reusable=True),
    "with_a_goodbye": Fault(with_a_goodbye, 200),
    "to_the_end": Fault(to_the_end, 200),
    "then_idle_close": Fault(then_idle_close, 200),
    "then_idle_reset": Fault(then_idle_reset, 200),
    "too_much": Fault(too_much, 200),
    "two_answers": Fault(two_answers, 200),
    "throttled": Fault(throttled, 400, reusable=True),
    "in_use": Fault(in_use, 400, reusable=True),
    "too_many": Fault(too_many, 429, reusable=True),
    "failing": Fault(failing, 500, reusable=True),
    "wrong_clock": Fault(wrong_clock, 403, reusable=True),
    "unavailable": Fault(unavailable, 503),
    # A client that still writes may hear of the reset before it reads the response.
    "refused_early": Fault(refused_early, 413, _BROKEN, early=True),
    "reset_early": Fault(reset_early, None, _BROKEN, early=True),
    "reset_after": Fault(reset_after, None, _BROKEN),
    "close_after": Fault(close_after, None, _BROKEN),
    "half_head": Fault(half_head, None, _BROKEN),
    "half_body": Fault(half_body, None, _BROKEN),
    "half_body_and_reset": Fault(half_body_and_reset, None, _BROKEN),
    "half_chunked": Fault(half_chunked, None, _BROKEN),
    "half_gzip": Fault(half_gzip, None, (ConnectionClosed, ResponseDecodeError)),
    "no_gzip": Fault(no_gzip, None, (ResponseDecodeError,)),
    "garbage": Fault(garbage, None, _BROKEN),
    "another_protocol": Fault(another_protocol, None, _BROKEN),
    "two_lengths": Fault(two_lengths, None, _BROKEN),
    "no_number": Fault(no_number, None, _BROKEN),
    "bad_chunk": Fault(bad_chunk, None, _BROKEN),
    "endless_head": Fault(endless_head, None, _BROKEN),
    "endless_interim": Fault(endless_interim, None, _BROKEN),
    "silence": Fault(silence, None, _STALLED),
    "silence_in_the_body": Fault(silence_in_the_body, None, _STALLED),
    "drip": Fault(drip, None, _STALLED),
    "drip_in_the_head": Fault(drip_in_the_head, None, _STALLED),
}
