"""Bare sockets with a minimal signer: the limit. It reads what this server answers, and minds nothing that may fail."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from benchmarks.answers import JOB, TARGETS, create_input, created, described, listed, rows_wanted
from benchmarks.contenders.minimal_signer import signed_headers

BODY = json.dumps({"CompilationJobName": JOB}).encode()


def request(host: str, target: str, body: bytes) -> bytes:
    """A whole request, signed."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in signed_headers(host, target, body).items())
    return f"POST / HTTP/1.1\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def whole_body(buffer: bytes) -> bytes | None:
    """The body of the one response in a buffer, once it is whole."""
    head, separator, rest = buffer.partition(b"\r\n\r\n")
    if not separator:
        return None
    length = int(head.rpartition(b"Content-Length: ")[2])
    return rest if len(rest) >= length else None


class Client:
    """A blocking client: a connection a thread."""

    def __init__(self, url: str, ca: str) -> None:
        parts = urlsplit(url)
        self._host, self._address = parts.netloc, (parts.hostname, parts.port)
        self._tls = ssl.create_default_context(cafile=ca) if parts.scheme == "https" else None
        self._local = threading.local()

    def _connected(self) -> socket.socket:
        connection: socket.socket | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = socket.create_connection((str(self._address[0]), self._address[1] or 0))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_hostname=self._address[0])
            self._local.connection = connection
        return connection

    def _call(self, name: str, body: bytes) -> dict[str, object]:
        connection = self._connected()
        connection.sendall(request(self._host, TARGETS[name], body))
        buffer = connection.recv(65536)
        while (answer := whole_body(buffer)) is None:
            buffer += connection.recv(65536)
        parsed: dict[str, object] = json.loads(answer)
        return parsed

    def describe(self) -> object:
        """Describe one job."""
        return self._call("Describe", BODY)["CreationTime"]

    def list_rows(self, rows: int) -> object:
        """List so many rows in one response."""
        return self._call("List", json.dumps({"NameContains": rows_wanted(rows)}).encode())["CompilationJobSummaries"]

    def create(self, size: int) -> object:
        """Create a job with an input of so many bytes."""
        return self._call("Create", json.dumps(create_input(size)).encode())


def micro() -> dict[str, Callable[[], object]]:
    """The steps of a call on their own: what the standard library needs for them."""
    inputs, bodies = create_input(), (described(), listed(100), created())
    return {
        "sign": lambda: signed_headers(f"api.sagemaker.{len(BODY)}.example", TARGETS["Describe"], BODY),
        "encode Create": lambda: json.dumps(inputs).encode(),
        "decode Describe": lambda: json.loads(bodies[0]),
        "decode List of 100": lambda: json.loads(bodies[1]),
        "decode Create": lambda: json.loads(bodies[2]),
    }
