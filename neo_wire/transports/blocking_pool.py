"""The blocking pools: connections to each origin, lent to one exchange at a time, from any thread.

Idle connections are kept last in, first out, so that few are busy and the others are let go in time. Who finds none
waits in line: a connection that comes free goes to the one who has waited longest.

An interrupt may strike between any two steps of the interpreter. So nothing here counts: a pool has a fixed number of
places, a place is in one of three queues or in one caller's hands, and one that is lost by an interrupt comes back when
Python lets go of it. A connection is fit for another exchange only when its last one has said so at its very end.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias
from weakref import WeakSet, ref

from neo_wire import errors
from neo_wire.errors import CallTimeout, ClientClosed, ConfigurationError, ConnectionClosed, TransportError
from neo_wire.flow import Send
from neo_wire.http import HttpResponse, Route, Tls, Url
from neo_wire.transports.blocking_connection import Connection, connect
from neo_wire.transports.http1 import request_bytes

if TYPE_CHECKING:
    from queue import SimpleQueue

    from neo_wire.transports.httpx_bridge import HttpxExchange

MAX_CONNECTIONS: Final = 100
"""Connections to one origin. Threads are the real bound; fewer than there are threads would only make them wait."""

_LONGEST_IDLE: Final = 50.0  # seconds: less than the 60 after which load balancers commonly close
_Key: TypeAlias = tuple[str, str, Tls]


class BlockingPools:
    """Sends requests over connections of its own, from any thread. Through a proxy and for HTTP/2 it goes by httpx.

    Args:
        max_connections: to one origin, that is to one scheme, host and port with one set-up of TLS.

    Raises:
        ConfigurationError: `max_connections` is no whole number above 0.

    Nothing that may have reached the server's program is sent a second time. A connection that the server has closed
    while it was idle is replaced without a word when that shows before the request is written, when the system refuses
    to send any of it, or when the server closed before its system had any of it. Otherwise the error says that the
    request may have been processed, for the retries above to decide.

    A forked process has connections of its own, and leaves its parent's alone.
    """

    def __init__(self, *, max_connections: int = MAX_CONNECTIONS) -> None:
        if type(max_connections) is not int or max_connections < 1:  # True is no number of connections
            raise ConfigurationError(f"max_connections is {max_connections!r}; give a whole number above 0")
        self._max_connections = max_connections
        self._closed = False
        self._bridge: HttpxExchange | None = None
        self._begin()
        _all_pools.add(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._pools: dict[_Key, _Pool] = {}
        self._last: tuple[Url, Route, _Pool] | None = None  # of the last request: clients send the same objects again

    def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end.

        `timeout.total` bounds all of it but the look-up of the name, which the system bounds.

        Raises:
            TransportError: no usable answer came back.
            ResponseDecodeError: the content coding of the body cannot be undone.
            ClientClosed: the pools are closed.
            ConfigurationError: TLS cannot be set up.
        """
        url, route, last = effect.request.url, effect.route, self._last
        if last is not None and last[0] is url and last[1] is route:
            pool = last[2]
        elif route.proxy is not None or route.http2:
            return self._by_httpx(effect)
        else:
            pool = self._pool(url, route)
        now = monotonic()
        ends = now + effect.timeout.total
        data = request_bytes(effect.request)
        place = pool.take(effect, ends)
        try:
            connection = place.connection
            if connection is not None and connection.idle_since >= now - _LONGEST_IDLE and connection.is_fresh():
                try:
                    return connection.exchange(effect, data, ends)
                except ConnectionClosed as error:
                    if error.maybe_processed:
                        raise
            place.empty()
            connection = place.connection = connect(effect, ends)
            return connection.exchange(effect, data, ends)
        finally:
            pool.give_back(place)

    def close(self) -> None:
        """Close what is idle, and refuse what waits and what comes; what is in flight ends, and closes at its end."""
        with self._lock:
            self._closed = True
            pools, bridge = self._pools, self._bridge
            self._pools, self._bridge, self._last = {}, None, None
        for pool in pools.values():
            pool.close()
        if bridge is not None:
            bridge.close()

    def _pool(self, url: Url, route: Route) -> _Pool:
        key = (url.scheme, url.authority, route.tls)
        with self._lock:
            self._refuse_when_closed()
            if key not in self._pools:
                for pool in self._pools.values():
                    pool.let_go()
                self._pools = {other: pool for other, pool in self._pools.items() if not pool.is_empty()}
                self._pools[key] = _Pool(self._max_connections)
            pool = self._pools[key]
            self._last = (url, route, pool)
            return pool

    def _by_httpx(self, effect: Send) -> HttpResponse:
        with self._lock:
            self._refuse_when_closed()
            if self._bridge is None:
                from neo_wire.transports.httpx_bridge import HttpxExchange  # here, as few have a use for httpx

                self._bridge = HttpxExchange()
            bridge = self._bridge
        return bridge.send(effect)

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise _closed()

    def _forget_parent(self) -> None:
        """Begin anew in a forked process. What is closed here stays open in the parent, whose threads are not here."""
        inherited = self._pools
        self._begin()
        for pool in inherited.values():
            pool.forget()


_all_pools: WeakSet[BlockingPools] = WeakSet()


def _forget_parents() -> None:
    for pools in list(_all_pools):
        pools._forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_parents)


def _closed() -> ClientClosed:
    return ClientClosed("the client is closed; make a new one")


class _Place:
    """Room for one connection of a pool."""

    __slots__ = ("_pool", "connection")

    def __init__(self, pool: ref[_Pool]) -> None:
        self.connection: Connection | None = None
        self._pool = pool

    def is_older(self, moment: float) -> bool:
        """Whether its connection has been idle since before then."""
        return self.connection is None or self.connection.idle_since < moment

    def empty(self) -> None:
        """Close its connection."""
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()

    def __del__(self) -> None:
        """Come back to the pool, as another, when an interrupt lost this one; not when the pool is gone itself."""
        if hasattr(self, "_pool") and (pool := self._pool()) is not None:
            pool.give_back(_Place(self._pool))


class _Pool:
    """The connections to one origin."""

    def __init__(self, max_connections: int) -> None:
        self._lock = threading.RLock()  # a place may be lost, and come back, while its thread has the lock
        self._closed = False
        self._size = max_connections
        self._waiters: deque[SimpleQueue[_Place | None]] = deque()
        self._idle: deque[_Place] = deque()
        self._free: list[_Place] = []
        self._free += [_Place(ref(self)) for _ in range(max_connections)]

    def take(self, effect: Send, ends: float) -> _Place:
        """Have a place: the one whose connection was used last, else an empty one, else the next that comes free.

        Raises:
            PoolTimeout: none came free within the pool timeout.
            CallTimeout: none came free by the time `ends`.
            ClientClosed: the pool is closed.
        """
        waiter: SimpleQueue[_Place | None] | None = None
        while True:
            with self._lock:
                if self._closed:
                    raise _closed()
                if self._idle:
                    return self._idle.pop()
                if self._free:
                    return self._free.pop()
                if waiter is not None:
                    self._waiters.append(waiter)
                    break
            from queue import Empty, SimpleQueue  # here, as few calls wait; not in the lock, as an import has one too

            waiter = SimpleQueue()
        timeout = effect.timeout
        wait = min(timeout.pool, ends - monotonic())
        try:
            place = waiter.get(timeout=max(wait, 0))
        except Empty:
            with self._lock:
                if waiter.empty():
                    self._strike(waiter)
                    raise _none_came_free(effect, in_all=wait < timeout.pool) from None
            place = waiter.get()
        if place is None:
            raise _closed()
        return place

    def give_back(self, place: _Place) -> None:
        """Hand a place to the one who has waited longest, or keep it."""
        with self._lock:
            connection = place.connection
            if connection is not None and (self._closed or not connection.reusable):
                place.empty()
            if self._waiters:
                waiter = self._waiters[0]
                waiter.put(place)
                self._strike(waiter)
            else:
                (self._free if place.connection is None else self._idle).append(place)
                if len(self._idle) > 1:  # this one has been idle for no time
                    self.let_go()

    def let_go(self) -> None:
        """Close what has been idle for too long."""
        with self._lock:
            oldest = monotonic() - _LONGEST_IDLE
            while self._idle and self._idle[0].is_older(oldest):
                place = self._idle.popleft()
                place.empty()
                self._free.append(place)

    def is_empty(self) -> bool:
        """Whether there is no connection, and nobody who makes one."""
        return len(self._free) == self._size

    def close(self) -> None:
        """Close what is idle, and refuse all who wait."""
        with self._lock:
            self._closed = True
            while self._idle:
                self._idle.pop().empty()
            while self._waiters:
                self._waiters[0].put(None)
                self._waiters.popleft()

    def forget(self) -> None:
        """Let go of the connections of the parent, in a forked process; its threads are not there."""
        self._lock = threading.RLock()
        self._waiters.clear()
        self.close()

    def _strike(self, waiter: SimpleQueue[_Place | None]) -> None:
        with suppress(ValueError):  # gone already
            self._waiters.remove(waiter)


def _none_came_free(effect: Send, *, in_all: bool) -> TransportError:
    timeout, endpoint = effect.timeout, effect.request.url.origin
    if in_all:
        message = f"no connection to send over within {timeout.total:g} s"
        return CallTimeout(message, endpoint=endpoint, maybe_processed=False)
    message = f"no connection of the pool came free within {timeout.pool:g} s"
    return errors.PoolTimeout(message, endpoint=endpoint, maybe_processed=False)
