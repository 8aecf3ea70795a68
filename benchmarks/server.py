"""The loopback server: answers as fast as Python can, over plain TCP and TLS, in a process of its own.

Run as `python -m benchmarks.server CERTIFICATE KEY`; prints its two ports, and ends when its standard input does. It
reads no more of a request than it must: the point is to measure clients.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
from functools import cache

from benchmarks.answers import PAGE, TARGETS, created, described, listed

JOBS = 1000  # how many jobs a List without NameContains goes through
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_TARGET = re.compile(rb"\r\nx-amz-target: *(\S+)", re.IGNORECASE)
_ROWS = re.compile(r"rows-(\d+)")


def response(body: bytes) -> bytes:
    """A whole response with such headers as the service sends."""
    return (
        b"HTTP/1.1 200 OK\r\nx-amzn-RequestId: 01234567-89ab-cdef-0123-456789abcdef\r\n"
        b"Content-Type: application/x-amz-json-1.1\r\nDate: Mon, 23 Nov 2026 21:00:00 GMT\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    ) + body


@cache
def page(rows: int, first: int, total: int) -> bytes:
    """A page of a listing, made once."""
    past = first + rows
    return response(listed(min(rows, total - first), first, str(past) if past < total else None))


def listing(body: bytes) -> bytes:
    """The page that a List asks for: `NameContains` may say how many rows, else it is one of those of all jobs."""
    asked = json.loads(body or b"{}")
    if rows := _ROWS.fullmatch(asked.get("NameContains") or ""):
        return page(int(rows[1]), 0, int(rows[1]))
    return page(asked.get("MaxResults") or PAGE, int(asked.get("NextToken") or 0), JOBS)


DESCRIBED, CREATED = response(described()), response(created())


def answer(head: bytes, body: bytes) -> bytes:
    """The response to a request."""
    found = _TARGET.search(head)
    target = found[1].decode("ascii") if found else ""
    if target == TARGETS["List"]:
        return listing(body)
    if target == TARGETS["Create"]:
        return CREATED
    if target != TARGETS["Describe"]:
        return b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
    name = json.loads(body)["CompilationJobName"]
    return DESCRIBED if not name.startswith("job-") else response(described(name))


class Connection(asyncio.Protocol):
    """One connection; requests are answered in the order of their arrival."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with an empty buffer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            found = _LENGTH.search(head)
            past = end + 4 + (int(found[1]) if found else 0)
            if len(self._buffer) < past:
                return
            body, self._buffer = self._buffer[end + 4 : past], self._buffer[past:]
            self._transport.write(answer(head, body))


async def serve(certificate: str, key: str) -> None:
    """Serve until the standard input ends."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.get_running_loop()
    plain = await loop.create_server(Connection, "127.0.0.1", 0, backlog=4096)
    secure = await loop.create_server(Connection, "127.0.0.1", 0, ssl=context, backlog=4096)
    ports = [server.sockets[0].getsockname()[1] for server in (plain, secure)]
    sys.stdout.write(json.dumps(ports) + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
