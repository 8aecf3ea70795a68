"""A real proxy on loopback: tunnels by CONNECT, forwards plain requests, and asks for a user name and a password."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from attrs import define, field

Answer = Callable[[socket.socket], None]


@define
class Proxy:
    """Accepts connections until it is closed, and notes the first line and the credentials of each request.

    Attributes:
        credentials: the user name and password that it asks for, with a colon between; None lets anybody in.
        tls: set when the proxy itself speaks TLS.
        answer: done in place of what a proxy does, once a request has come.
    """

    credentials: bytes | None = None
    tls: ssl.SSLContext | None = None
    answer: Answer | None = None
    lines: list[str] = field(factory=list)
    heads: list[bytes] = field(factory=list)
    _listener: socket.socket = field(init=False)
    _open: list[socket.socket] = field(factory=list)
    _threads: list[threading.Thread] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    def url(self, user: str = "") -> str:
        """The URL of the proxy, with a user name and password before the host."""
        return f"{'https' if self.tls else 'http'}://{user}{'@' if user else ''}127.0.0.1:{self.port}"

    def _start(self, function: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._open.append(connection)
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(10)
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            with connection:
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            if not (more := connection.recv(65536)):
                return
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        self.lines.append(line.decode())
        self.heads.append(head)
        if self.answer is not None:
            self.answer(connection)
            return
        named = {name.lower(): value for name, _, value in (one.partition(b": ") for one in fields)}
        given = named.get(b"proxy-authorization", b"").removeprefix(b"Basic ")
        if self.credentials is not None and b64decode(given) != self.credentials:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        method, target, version = line.split(b" ")
        if method == b"CONNECT":
            host, _, port = target.decode().rpartition(":")
            with socket.create_connection((host.strip("[]"), int(port)), 10) as server:
                self._open.append(server)
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _relay(connection, server)
            return
        url = urlsplit(target.decode())
        with socket.create_connection((url.hostname, url.port or 80), 10) as server:
            self._open.append(server)
            passed = [one for one in fields if not one.lower().startswith(b"proxy-")]
            path = (url.path + (f"?{url.query}" if url.query else "")).encode()
            server.sendall(b"\r\n".join([b" ".join([method, path, version]), *passed, b"", b""]) + body)
            _relay(connection, server)

    def close(self) -> None:
        """Close all connections and wait for the threads."""
        for one in [self._listener, *self._open]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        for thread in self._threads:
            thread.join(10)


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Pass bytes on in both directions until either end closes; by one thread, as a TLS socket is not for two."""
    other = {client: server, server: client}
    with suppress(OSError, ValueError):  # a ValueError of select: it has just been closed
        while True:
            ready = [one for one in other if isinstance(one, ssl.SSLSocket) and one.pending()]
            for one in ready or select.select(list(other), [], [], 10)[0]:
                if not (data := one.recv(65536)):
                    return
                other[one].sendall(data)
