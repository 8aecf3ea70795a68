"""What the tests share: key pairs, the two ways to call, a scripted socket server and moto's server."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal

import pytest
from attrs import define, field
from hypothesis import HealthCheck, settings

from neo_wire import AsyncNeoClient, Credentials, NeoClient

settings.register_profile("neo_wire", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("neo_wire")

CREDENTIALS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the machine's own configuration reaches a test, and no test asks for instance metadata."""
    for name in [name for name in os.environ if name.startswith("AWS_") or name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))


@pytest.fixture
def credentials() -> Credentials:
    """AWS's documentation pair."""
    return CREDENTIALS


@define
class Mode:
    """One of the two ways to call, so that each feature is tested through both."""

    name: Literal["sync", "async"]

    def call(self, method: str, *args: object, client: dict[str, Any] | None = None, **kwargs: object) -> Any:
        """Make a client, call one method of it, close it, and give the result."""
        options: dict[str, Any] = {"region": "us-west-2", "credentials": CREDENTIALS, **(client or {})}
        if self.name == "sync":
            with NeoClient(**options) as blocking:
                return getattr(blocking, method)(*args, **kwargs)

        async def run() -> Any:
            async with AsyncNeoClient(**options) as asynchronous:
                return await getattr(asynchronous, method)(*args, **kwargs)

        return asyncio.run(run())

    def transport(self, library: Any, **options: object) -> Any:
        """A stock transport of httpx or httpx2 that fits the mode."""
        return (library.HTTPTransport if self.name == "sync" else library.AsyncHTTPTransport)(**options)

    def client(self, library: Any, **options: object) -> Any:
        """A client of httpx or httpx2 that fits the mode."""
        return (library.Client if self.name == "sync" else library.AsyncClient)(**options)


@pytest.fixture(params=["sync", "async"])
def mode(request: pytest.FixtureRequest) -> Mode:
    return Mode(request.param)


Reply = Callable[[socket.socket], None]


@define
class RawServer:
    """A server on a real socket that records what arrives, byte for byte, and answers as it is told."""

    reply: Reply
    tls: ssl.SSLContext | None = None
    requests: list[bytes] = field(factory=list)
    _listener: socket.socket = field(init=False)
    _thread: threading.Thread = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(10)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                with suppress(OSError), connection:
                    connection.settimeout(10)
                    if self.tls:
                        connection = self.tls.wrap_socket(connection, server_side=True)
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            more = connection.recv(65536)
            if not more:
                return
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        while len(body) < length:
            more = connection.recv(65536)
            if not more:
                return
            body += more
        self.requests.append(head + b"\r\n\r\n" + body)
        self.reply(connection)
        connection.close()

    def close(self) -> None:
        # closing alone leaves a thread in accept() on Linux
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def raw_server() -> Iterator[Callable[..., RawServer]]:
    """Make servers that answer one request a connection with given bytes, or by a function of the socket."""
    servers: list[RawServer] = []

    def make(reply: bytes | Reply, tls: ssl.SSLContext | None = None) -> RawServer:
        answer: Reply = (lambda connection: connection.sendall(reply)) if isinstance(reply, bytes) else reply
        servers.append(RawServer(answer, tls))
        return servers[-1]

    yield make
    for server in servers:
        server.close()


def http_response(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """The bytes of a response; underscores in header names stand for hyphens."""
    named = {"content_length": str(len(body)), "x_amzn_requestid": "request-1", "connection": "close", **headers}
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in named.items())]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@pytest.fixture
def response() -> Callable[..., bytes]:
    """Make the bytes of a response."""
    return http_response


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """Moto's server, an implementation that is not ours; stateful, so a test cleans up or uses names of its own."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
