"""What a client sends with: a pool of our own, made at its first use, or what the user gave."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from neo_wire.errors import ClientClosed, ConfigurationError
from neo_wire.flow import Send
from neo_wire.http import HttpResponse

if TYPE_CHECKING:
    from neo_wire.transports.asynchronous import AsyncExchange
    from neo_wire.transports.blocking import Exchange
    from neo_wire.transports.httpx_bridge import AsyncHttpxClient, AsyncHttpxTransport, HttpxClient, HttpxTransport


def blocking_exchange(given: HttpxClient | HttpxTransport | None, max_connections: int | None) -> Exchange:
    """The exchange of a blocking client.

    Raises:
        ConfigurationError: what was given is no blocking httpx client or transport, or no number of connections.
    """
    _check(max_connections)
    if given is None:
        return _LatePools(max_connections)
    from neo_wire.transports.httpx_bridge import HttpxExchange

    return HttpxExchange(given)


def async_exchange(given: AsyncHttpxClient | AsyncHttpxTransport | None, max_connections: int | None) -> AsyncExchange:
    """The exchange of an asynchronous client.

    Raises:
        ConfigurationError: what was given is no asynchronous httpx client or transport, or no number of connections.
    """
    _check(max_connections)
    if given is None:
        return _LateAsyncPools(max_connections)
    from neo_wire.transports.httpx_bridge import AsyncHttpxExchange

    return AsyncHttpxExchange(given)


def _check(max_connections: object) -> None:
    """Refuse at once what the pools would refuse when they are made."""
    if max_connections is not None and (type(max_connections) is not int or max_connections < 1):
        raise ConfigurationError(f"max_connections is {max_connections!r}; give a whole number above 0")


class _LatePools:
    """Imports and makes the pools at the first exchange, so that making a client costs neither sockets nor TLS."""

    def __init__(self, max_connections: int | None) -> None:
        self._max_connections = max_connections
        self._lock = threading.Lock()
        self._pools: Exchange | None = None
        self._closed = False

    def send(self, effect: Send) -> HttpResponse:
        return (self._pools or self._open()).send(effect)

    def _open(self) -> Exchange:
        from neo_wire.transports.blocking_pool import BlockingPools

        with self._lock:
            if self._closed:
                raise ClientClosed("the client is closed; make a new one")
            if self._pools is None:
                limit = self._max_connections
                self._pools = BlockingPools() if limit is None else BlockingPools(max_connections=limit)
            return self._pools

    def close(self) -> None:
        with self._lock:
            self._closed = True
        if self._pools is not None:
            self._pools.close()


class _LateAsyncPools:
    """As `_LatePools`, without asyncio until then."""

    def __init__(self, max_connections: int | None) -> None:
        self._max_connections = max_connections
        self._pools: AsyncExchange | None = None
        self._closed = False

    async def send(self, effect: Send) -> HttpResponse:
        return await (self._pools or self._open()).send(effect)

    def _open(self) -> AsyncExchange:
        from neo_wire.transports.async_pool import AsyncPools

        if self._closed:
            raise ClientClosed("the client is closed; make a new one")
        limit = self._max_connections
        self._pools = AsyncPools() if limit is None else AsyncPools(max_connections=limit)
        return self._pools

    async def aclose(self) -> None:
        self._closed = True
        if self._pools is not None:
            await self._pools.aclose()
