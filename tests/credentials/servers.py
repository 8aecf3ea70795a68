"""What the tests of providers that ask over HTTP share: a server that records what it is asked, and a clock to set."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import parse_qs, urlsplit

from attrs import define, field, frozen

START = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)


def in_future(**duration: float) -> str:
    """A time after `START`, as services and token files write it."""
    return (START + timedelta(**duration)).strftime("%Y-%m-%dT%H:%M:%SZ")


@frozen
class Asked:
    """One request as it arrived; the names of its headers in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, strict_parsing=True)


@frozen
class Answer:
    """One response; a body that is no bytes is sent as JSON. Without a status the connection is cut."""

    status: int | None = 200
    body: object = b""
    headers: Mapping[str, str] = field(factory=dict)


@define
class Server:
    """A server on a real socket; `answer` decides, and an exception in it is raised when the server is left."""

    answer: Callable[[Asked], Answer]
    asked: list[Asked] = field(factory=list)
    failures: list[BaseException] = field(factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        """Method and target of each request."""
        return [f"{one.method} {one.target}" for one in self.asked]


@contextmanager
def serving(answer: Callable[[Asked], Answer]) -> Iterator[Server]:
    """Serve on a port of 127.0.0.1; leaving raises what went wrong in the server."""
    server = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            length = int(self.headers.get("content-length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            assert len(headers) == len(self.headers), "a header came twice"
            asked = Asked(self.command, self.path, headers, self.rfile.read(length))
            server.asked.append(asked)
            try:
                given = server.answer(asked)
            except BaseException as failure:
                server.failures.append(failure)
                raise
            if given.status is None:
                self.close_connection = True
                return
            body = given.body if isinstance(given.body, bytes) else json.dumps(given.body).encode()
            self.send_response_only(given.status)  # without a Date, which a clock would be set by
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            with suppress(OSError):  # a client that gave up
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = _handle  # noqa: N815  # what http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # as http.server calls it
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        server.port = listener.server_port
        thread = threading.Thread(target=lambda: listener.serve_forever(poll_interval=0.01))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown()
            thread.join(10)
    for failure in server.failures:
        raise failure


@define
class FakeClock:
    """A clock that is set by hand and that nobody waits for: a sleep moves it."""

    moment: datetime = START
    slept: list[float] = field(factory=list)

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - START).total_seconds() + 1000

    def pass_time(self, **duration: float) -> None:
        self.moment += timedelta(**duration)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_time(seconds=seconds)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)


Way = Literal["sync", "async"]
WAYS: tuple[Way, ...] = ("sync", "async")
