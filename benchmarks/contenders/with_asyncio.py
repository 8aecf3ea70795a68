"""A bare `asyncio.Protocol` with a minimal signer: the limit of asynchronous clients; see `with_sockets`."""

from __future__ import annotations

import asyncio
import json
from typing import Self
from urllib.parse import urlsplit

from benchmarks.answers import TARGETS
from benchmarks.contenders.with_sockets import BODY, request, whole_body


class _Exchange(asyncio.Protocol):
    """One connection, one exchange at a time."""

    def __init__(self) -> None:
        self.answered: asyncio.Future[bytes] | None = None
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if (body := whole_body(self._buffer)) is not None and self.answered is not None:
            self._buffer = b""
            self.answered.set_result(body)


class AsyncClient:
    """An asynchronous client: a connection for each call in flight, and no limit to them."""

    def __init__(self, url: str, ca: str, in_flight: int) -> None:  # noqa: ARG002  # one signature for all
        parts = urlsplit(url)
        self._host, self._address = parts.netloc, (parts.hostname or "", parts.port or 0)
        self._idle: list[_Exchange] = []
        self._all: list[_Exchange] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for exchange in self._all:
            exchange.transport.close()

    async def describe(self) -> object:
        """Describe one job."""
        loop = asyncio.get_running_loop()
        if self._idle:
            exchange = self._idle.pop()
        else:
            _, exchange = await loop.create_connection(_Exchange, *self._address)
            self._all.append(exchange)
        exchange.answered = loop.create_future()
        exchange.transport.write(request(self._host, TARGETS["Describe"], BODY))
        body = await exchange.answered
        self._idle.append(exchange)
        return json.loads(body)["CreationTime"]
