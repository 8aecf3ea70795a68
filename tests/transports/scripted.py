"""A server on loopback whose every connection runs a script of a test's own, in a thread of its own."""

from __future__ import annotations

import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from attrs import define, field

from neo_wire.flow import Send, Sink
from neo_wire.http import HttpRequest, Route, Timeout, Tls, Url

PATIENCE = 10.0  # seconds: how long the server waits for anything


def answer(body: bytes = b"{}", status: str = "200 OK", *headers: str) -> bytes:
    """The bytes of a plain response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@define(eq=False)
class Peer:
    """One connection, as the server sees it."""

    number: int
    socket: socket.socket
    server: Scripted

    def request(self) -> bytes:
        """The next request, whole; nothing when the client has closed."""
        received = b""
        while b"\r\n\r\n" not in received:
            if not (more := self.socket.recv(65536)):
                return b""
            received += more
        found = re.search(rb"\r\ncontent-length: (\d+)", received, re.IGNORECASE)
        whole = received.index(b"\r\n\r\n") + 4 + (int(found[1]) if found else 0)
        while len(received) < whole:
            if not (more := self.socket.recv(65536)):
                return b""
            received += more
        self.server.requests.append((self.number, received))
        return received

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.socket.sendall(piece)

    def serve(self, response: bytes | None = None) -> None:
        """Answer until the client closes."""
        while self.request():
            self.send(answer() if response is None else response)

    def reset(self) -> None:
        """Close with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


@define
class Scripted:
    """The server, and what it was sent."""

    script: Callable[[Peer], object]
    tls: ssl.SSLContext | None = None
    requests: list[tuple[int, bytes]] = field(factory=list)
    """The number of the connection, from 0, and the bytes of each request."""
    connections: int = 0
    _listener: socket.socket = field(init=False)
    _threads: list[threading.Thread] = field(factory=list)
    _open: list[socket.socket] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=200)
        self._threads.append(threading.Thread(target=self._accept, daemon=True))
        self._threads[0].start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> Url:
        return Url.parse(f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/")

    def send(
        self,
        *,
        tls: Tls = Tls(),  # noqa: B008  # a frozen value
        sink: Sink | None = None,
        body: bytes = b"{}",
        method: str = "POST",
        max_body: int = 1 << 20,
        timeout: Timeout = Timeout(read=PATIENCE),  # noqa: B008  # a frozen value
    ) -> Send:
        """The effect that asks for one exchange with this server."""
        headers = (("Host", self.url.authority), ("Content-Length", str(len(body))))
        request = HttpRequest(method, self.url, headers, body)
        return Send(request, timeout, max_body, Route(tls=tls), sink)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(PATIENCE)
                self._open.append(connection)
                thread = threading.Thread(target=self._run, args=(connection, self.connections), daemon=True)
                self.connections += 1
                self._threads.append(thread)
                thread.start()

    def _run(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError):
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self.script(Peer(number, connection, self))
        connection.close()

    def close(self) -> None:
        # closing alone leaves threads in accept() and recv() on Linux
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        for thread in self._threads:
            thread.join(PATIENCE)
        for each in self._open:
            each.close()


@contextmanager
def scripted(script: Callable[[Peer], object] = Peer.serve, tls: ssl.SSLContext | None = None) -> Iterator[Scripted]:
    """A server that runs a script for each connection; the plain one answers every request."""
    server = Scripted(script, tls)
    try:
        yield server
    finally:
        server.close()
