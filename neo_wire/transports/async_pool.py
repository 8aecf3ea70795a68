"""The asynchronous pools: one for each origin, for the life of an event loop, under asyncio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Final, TypeAlias

from neo_wire.errors import ClientClosed, ConfigurationError, ConnectionClosed
from neo_wire.flow import Send
from neo_wire.http import HttpResponse, Route, Tls, Url
from neo_wire.transports.async_connection import Connection
from neo_wire.transports.http1 import request_bytes
from neo_wire.transports.origin_pool import OriginPool, closed
from neo_wire.transports.watch import Watch

if TYPE_CHECKING:
    from neo_wire.transports.httpx_bridge import AsyncHttpxExchange

MAX_CONNECTIONS: Final = 100
"""Connections to one origin. Measured with a thousand callers on loopback, more bring nothing, and ten cost nothing."""


class AsyncPools:
    """Sends requests over connections of its own, from any task of one event loop.

    Nothing that may have reached the server's program is sent a second time. A connection that the server has closed
    while it was idle is replaced without a word when that shows before the request is written, or when the server
    closed before its system had any of it; otherwise the error says that the request may have been processed.

    In another event loop, and in a forked process, it begins with new connections and forgets the old, which it cannot
    close from there. Under trio, through a proxy and for HTTP/2 it goes by way of httpx.
    """

    def __init__(self, *, max_connections: int = MAX_CONNECTIONS) -> None:
        if type(max_connections) is not int or max_connections < 1:  # True is no number of connections
            raise ConfigurationError(f"max_connections is {max_connections!r}; give a whole number above 0")
        self._max_connections = max_connections
        self._place: Place | None = None
        self._keeper: AsyncGenerator[None] | None = None
        self._inherited: list[Place | AsyncGenerator[None] | None] = []
        self._httpx: AsyncHttpxExchange | None = None
        self._closed = False

    async def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end.

        Raises:
            TransportError: no usable answer came back, or the request is no valid HTTP and was not sent.
            ResponseDecodeError: the content coding of the body cannot be undone.
            ClientClosed: the pools are closed, perhaps since the request was sent.
            ConfigurationError: TLS cannot be set up.
        """
        url, route, loop = effect.request.url, effect.route, _running_loop()
        if loop is None or route.proxy is not None or route.http2:
            return await self._by_httpx(effect)
        place = self._place
        if place is None or place.loop is not loop or place.process != os.getpid():
            place = await self._begin(loop)
        request = request_bytes(effect.request)
        ends = loop.time() + effect.timeout.total
        while True:
            last = place.last
            pool = last[2] if last is not None and last[0] is url and last[1] is route else place.pool(url, route)
            connection = pool.take() or await pool.acquire(effect, ends)
            was_new = connection.is_new
            try:
                return await connection.exchange(effect, request, ends)
            except ConnectionClosed as error:
                if error.maybe_processed or was_new:
                    raise

    async def aclose(self) -> None:
        """Close all connections; what is in flight ends with ClientClosed. May be called more than once."""
        self._closed = True
        place, keeper, bridge = self._place, self._keeper, self._httpx
        self._place = self._keeper = self._httpx = None
        if place is not None and keeper is not None:
            if place.process == os.getpid() and place.loop is _running_loop():
                await keeper.aclose()
            else:
                self._forget(place, keeper)
        if bridge is not None:
            await bridge.aclose()

    async def _begin(self, loop: asyncio.AbstractEventLoop) -> Place:
        self._refuse_when_closed()
        if self._place is not None:
            self._forget(self._place, self._keeper)
        place = self._place = Place(loop, self._max_connections)
        self._keeper = _keeper(place)
        await anext(self._keeper)
        return place

    def _forget(self, place: Place, keeper: AsyncGenerator[None] | None) -> None:
        if place.process != os.getpid():
            self._inherited += [place, keeper]  # for good: their finalizers would reach into the parent's event loop

    async def _by_httpx(self, effect: Send) -> HttpResponse:
        self._refuse_when_closed()
        if self._httpx is None:
            from neo_wire.transports.httpx_bridge import AsyncHttpxExchange

            self._httpx = AsyncHttpxExchange()
        return await self._httpx.send(effect)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ClientClosed("the client is closed; make a new one")


async def _keeper(place: Place) -> AsyncGenerator[None]:
    """Close the connections of a place when it is closed itself.

    An event loop closes the asynchronous generators that it has begun at its end, as does the garbage collection: so
    nobody who forgets to close the pools leaves connections open.
    """
    try:
        yield
    finally:
        await place.close()


_Key: TypeAlias = tuple[str, str, Tls]


class Place:
    """All that belongs to one event loop of one process."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_connections: int) -> None:
        self.loop = loop
        self.process = os.getpid()
        self.watch = Watch(loop)
        self.pools: dict[_Key, OriginPool] = {}
        self.last: tuple[Url, Route, OriginPool] | None = None  # of the last request: clients send the same objects
        self.is_closed = False
        self.open: set[Connection] = set()
        self.connecting: set[asyncio.Task[None]] = set()
        self.emptied: asyncio.Future[None] | None = None
        self._max_connections = max_connections

    def pool(self, url: Url, route: Route) -> OriginPool:
        """The pool of an origin. When one is made, those that are empty go."""
        key = (url.scheme, url.authority, route.tls)
        if key not in self.pools:
            self.pools = {other: pool for other, pool in self.pools.items() if pool.size}
            self.pools[key] = OriginPool(self, route.tls, self._max_connections)
        self.last = (url, route, self.pools[key])
        return self.pools[key]

    async def close(self) -> None:
        """End what is in flight, and wait until every socket is closed."""
        self.is_closed = True
        for pool in self.pools.values():
            pool.refuse_waiters()
        for task in self.connecting:
            task.cancel()
        if self.connecting:
            await asyncio.wait(self.connecting)
        for connection in list(self.open):
            connection.fail(closed(sent=True))
        self.watch.close()
        if self.open:
            self.emptied = self.loop.create_future()
            await self.emptied

    def has_closed(self, connection: Connection) -> None:
        """The socket of a connection is closed."""
        self.open.discard(connection)
        if self.emptied is not None and not self.open and not self.emptied.done():
            self.emptied.set_result(None)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
