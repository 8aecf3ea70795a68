"""Connections of httpcore that threads share: each is one exchange's alone for as long as that lasts.

A pool of httpcore that several threads use at a time may close the connection that one of them has just taken, for it
looks at a connection's state and acts on it in two steps. So each connection has a pool to itself here, and these are
lent: the one that was used last first, and to those who wait in turn.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from neo_wire.errors import ClientClosed
from neo_wire.flow import Send
from neo_wire.http import Route
from neo_wire.transports.httpcore_pools import LONGEST_IDLE, open_pool
from neo_wire.transports.httpx_call import HttpxCall

_Key = tuple[Route, str]


class ExclusiveConnections:
    """The connections of one process, so many to an origin by one route.

    Args:
        max_connections: to one origin by one route.
    """

    def __init__(self, max_connections: int) -> None:
        self._lock = threading.Lock()
        self._free: dict[_Key, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(max_connections))
        self._idle: dict[_Key, deque[tuple[float, Any]]] = defaultdict(deque)  # since when, and the pool
        self._closed = False

    @contextmanager
    def lent(self, call: HttpxCall) -> Iterator[Any]:  # Any: a pool of httpcore
        """Lend a pool that nobody else uses, with one connection or none yet.

        Raises:
            PoolTimeout: none came free in time.
            ClientClosed: these are closed.
        """
        key = _key(call.effect)
        self._refuse_when_closed()
        with self._lock:
            free = self._free[key]
        if not free.acquire(timeout=call.waits["pool"]):
            raise call.no_connection()
        try:
            pool = self._take(key)
            try:
                yield pool
            finally:
                self._give_back(key, pool)
        finally:
            free.release()

    def _take(self, key: _Key) -> Any:  # noqa: ANN401  # a pool of httpcore
        with self._lock:
            self._refuse_when_closed()
            if self._idle[key]:
                return self._idle[key].pop()[1]
        return open_pool(key[0], 1, blocking=True)

    def _give_back(self, key: _Key, pool: Any) -> None:  # noqa: ANN401  # as above
        now = time.monotonic()
        with self._lock:
            idle = self._idle[key]
            idle.append((now, pool))
            left = [idle.popleft()[1] for since, _ in list(idle) if self._closed or since < now - LONGEST_IDLE]
        for one in left:
            one.close()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ClientClosed("the client is closed; make a new one")

    def close(self) -> None:
        """Close what is idle, and let what is in use be closed by its user."""
        with self._lock:
            self._closed = True
            left = [pool for idle in self._idle.values() for _, pool in idle]
            self._idle.clear()
        for pool in left:
            pool.close()


def _key(effect: Send) -> _Key:
    return effect.route, effect.request.url.origin
