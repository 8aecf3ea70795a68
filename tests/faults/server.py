"""A server on loopback that goes wrong in every way that an HTTP server can, as told, and records what it is sent.

Chance is seeded, and every wait is bounded. It runs an event loop of its own in a thread of its own.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Final, Self

from tests.faults.answers import FAULTS, Exchange, Received

_LONGEST_HEAD: Final = 65536

Choose = Callable[[str, Random], str]
"""Given the target of a request, the name of the fault that answers it."""


def by_target(target: str, _: Random) -> str:
    """The fault that the path names: /half_body."""
    return target.rpartition("/")[2]


def mix(names: Sequence[str], *, burst: int = 1) -> Choose:
    """Faults in a random order, each as often as the others; up to `burst` requests after each other meet the same."""
    left: list[str] = []

    def choose(_: str, random: Random) -> str:
        if not left:
            for name in random.sample(names, len(names)):
                left.extend([name] * random.randint(1, burst))
        return left.pop()

    return choose


def echo(request: Received) -> bytes:
    """The body of a right answer: the id of the request, so that one cannot be taken for another's."""
    return json.dumps({"id": request.id, "fault": request.fault}).encode()


class FaultServer:
    """Answers each request with the fault that `choose` names.

    Attributes:
        received: every request whose head arrived, in order; of them the last `keep`.
        connections: how many were accepted.
        open: how many are open now.
        answer: makes the body of a right answer to a request.
    """

    def __init__(
        self,
        choose: Choose = by_target,
        *,
        seed: int = 0,
        answer: Callable[[Received], bytes] = echo,
        tls: ssl.SSLContext | None = None,
        keep: int | None = None,
    ) -> None:
        self._choose, self._random, self.answer, self._tls = choose, Random(seed), answer, tls  # noqa: S311  # no secret
        self.received: deque[Received] = deque(maxlen=keep)
        self.connections = 0
        self.open = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self._refusing = socket.socket()
        self._refusing.bind(("127.0.0.1", 0))
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="fault-server", daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def refusing_url(self) -> str:
        """Where nobody listens, for as long as the server lives."""
        return f"http://127.0.0.1:{self._refusing.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._loop is not None
        assert self._stopped is not None
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join(10)
        assert not self._thread.is_alive()
        self._refusing.close()

    async def _main(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connected, sock=self._listener, ssl=self._tls, limit=_LONGEST_HEAD)
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number, self.connections, self.open = self.connections, self.connections + 1, self.open + 1
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            # OSError: the client is gone; IncompleteReadError, LimitOverrunError: it sent no request.
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                while await self._exchange(number, reader, writer):
                    pass
        finally:
            self.open -= 1
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _exchange(self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        name = self._choose(head.split(b" ", 2)[1].decode("ascii"), self._random)
        fault = FAULTS[name]
        length = re.search(rb"\r\ncontent-length:[ \t]*([0-9]+)", head, re.IGNORECASE)
        body = b"" if fault.early or length is None else await reader.readexactly(int(length[1]))
        received = Received("", name, number, head, body, whole=not fault.early)
        received = Received(received.header("x-call-id") or body.decode(), name, number, head, body, not fault.early)
        self.received.append(received)
        exchange = Exchange(received, writer, self._random, self.answer(received))
        await fault.answer(exchange)
        return exchange.keep
