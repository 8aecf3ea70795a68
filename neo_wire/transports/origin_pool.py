"""The asynchronous connections to one origin: who is lent one, who waits for one, and how one is made.

Idle connections are kept last in, first out, so that few are busy and the others are let go in time. Who finds none
waits in line: a connection that comes free goes to the one who has waited longest.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import OrderedDict, deque
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Final

from neo_wire import errors
from neo_wire.errors import CallTimeout, ClientClosed, ConnectionClosed, PoolTimeout, TransportError
from neo_wire.flow import Send
from neo_wire.http import DEFAULT_PORTS, Tls
from neo_wire.transports.addresses import name_for_tls
from neo_wire.transports.async_connection import Connection
from neo_wire.transports.async_dial import dial
from neo_wire.transports.tls import ssl_context

if TYPE_CHECKING:
    from neo_wire.transports.async_pool import Place

_LONGEST_IDLE: Final = 50.0  # seconds: less than the 60 after which load balancers commonly close


def closed(*, sent: bool = False) -> ClientClosed:
    """The error of who was waiting or in flight when the pools were closed."""
    error = ClientClosed("the client was closed while a call was in flight")
    error.maybe_processed = sent
    return error


def _not_sent(kind: type[TransportError], message: str, effect: Send) -> TransportError:
    return kind(message, endpoint=effect.request.url.origin, maybe_processed=False)


class _Waiter:
    """One exchange that has no connection yet."""

    def __init__(self, loop: asyncio.AbstractEventLoop, effect: Send, ends: float) -> None:
        self.effect = effect
        self.connection: asyncio.Future[Connection] = loop.create_future()
        self.connecting = False
        self._ends = ends
        self._turn = loop.time() + effect.timeout.pool

    def wait_again(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wait for another connection, as the one it was given was of no use any more."""
        self.connection, self.connecting = loop.create_future(), False

    def give(self, connection: Connection) -> bool:
        """Give it its connection, unless it has given up."""
        if self.connection.done():
            return False
        self.connection.set_result(connection)
        return True

    def look(self, now: float) -> float:
        """Give up when the time is over; a connection that is being made for it has a time of its own."""
        if now >= self._ends:
            total = self.effect.timeout.total
            return self._give_up(CallTimeout, f"no connection to send over within {total:g} s")
        if self.connecting:
            return self._ends
        if now >= self._turn:
            pool = self.effect.timeout.pool
            return self._give_up(PoolTimeout, f"no connection of the pool came free within {pool:g} s")
        return min(self._ends, self._turn)

    def _give_up(self, kind: type[TransportError], message: str) -> float:
        self.fail(_not_sent(kind, message, self.effect))
        return inf

    def fail(self, error: Exception) -> None:
        """End the waiting with an error."""
        if not self.connection.done():
            self.connection.set_exception(error)


class OriginPool:
    """The connections to one origin."""

    def __init__(self, place: Place, tls: Tls, max_connections: int) -> None:
        self.size = 0
        self.loop, self.watch = place.loop, place.watch
        self._place, self._tls, self._max_connections = place, tls, max_connections
        self._idle: deque[Connection] = deque()
        self._waiters: OrderedDict[_Waiter, None] = OrderedDict()

    def take(self) -> Connection | None:
        """The connection that was used last, if it can be used again."""
        while self._idle:
            connection = self._idle.pop()
            if connection.idle_since >= self.loop.time() - _LONGEST_IDLE and connection.is_fresh():
                return connection
            connection.discard()
        return None

    async def acquire(self, effect: Send, ends: float) -> Connection:
        """Wait for a connection: for one that comes free, or a new one while there may be more.

        Raises:
            TransportError: none was had in time, or a new one could not be made.
        """
        waiter = _Waiter(self.loop, effect, ends)
        stale: Connection | None = None
        while True:
            if self._place.is_closed:
                raise closed()
            self._waiters[waiter] = None
            if stale is not None:
                self._waiters.move_to_end(waiter, last=False)  # its turn had come
                stale.discard()
            if self.size < self._max_connections and not waiter.connecting:
                self._connect_for(waiter)
            self.watch.add(waiter, waiter.look(self.loop.time()))
            try:
                connection = await waiter.connection
            except BaseException:
                given = waiter.connection
                if given.done() and not given.cancelled() and given.exception() is None:
                    self.release(given.result())  # cancelled with its turn in hand
                raise
            finally:
                self._waiters.pop(waiter, None)
                self.watch.discard(waiter)
            if connection.is_fresh():
                return connection
            if connection.is_new:  # trying again could go on for ever
                connection.discard()
                raise _not_sent(ConnectionClosed, "the server closed the new connection", effect)
            waiter.wait_again(self.loop)
            stale = connection

    def refuse_waiters(self) -> None:
        """End all waiting."""
        for waiter in self._waiters:
            waiter.fail(closed())

    def _connect_for(self, waiter: _Waiter) -> None:
        self.size += 1
        waiter.connecting = True
        task = self.loop.create_task(self._connect(waiter))
        self._place.connecting.add(task)
        task.add_done_callback(self._place.connecting.discard)

    async def _connect(self, waiter: _Waiter) -> None:
        """Make a connection for one who waits, or for the next when that one got another, or has given up."""
        try:
            connection = await self._open(waiter.effect)
        except BaseException as error:
            self._freed()
            waiter.fail(error if isinstance(error, Exception) else closed())
            if not isinstance(error, Exception):
                raise
        else:
            if not waiter.give(connection):
                self.release(connection)

    async def _open(self, effect: Send) -> Connection:
        url, timeout = effect.request.url, effect.timeout.connect
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                # In a thread, as making a context reads files.
                context = await asyncio.to_thread(ssl_context, self._tls) if url.scheme == "https" else None
                connected = await dial(self.loop, url.host, url.port or DEFAULT_PORTS[url.scheme])
                connection = Connection(self)
                await self.loop.create_connection(
                    lambda: connection,
                    sock=connected,
                    ssl=context,
                    server_hostname=name_for_tls(url.host) if context else None,  # type: ignore[arg-type]  # ssl takes bytes too
                    ssl_handshake_timeout=timeout + 1 if context else None,  # so that ours is the first
                )
        except (OSError, UnicodeError) as error:  # UnicodeError: no name for IDNA
            kind: type[TransportError] = errors.ConnectFailed
            message = f"no connection: {error}"
            if limit.expired():
                kind, message = errors.ConnectTimeout, f"no connection within {timeout:g} s"
            elif isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
                kind, message = errors.TlsError, f"the TLS handshake failed: {error}"
            raise _not_sent(kind, message, effect) from error
        if not connection.adopt():
            raise _not_sent(ConnectionClosed, "the server closed the new connection", effect)
        return connection

    # What the connections tell

    def opened(self, connection: Connection) -> None:
        """Its socket is open."""
        self._place.open.add(connection)

    def release(self, connection: Connection) -> None:
        """Give the connection to the one who has waited longest, or keep it."""
        while self._waiters:
            waiter, _ = self._waiters.popitem(last=False)
            if waiter.give(connection):
                return
        connection.is_new = False
        connection.idle_since = now = self.loop.time()
        self._idle.append(connection)
        while self._idle[0].idle_since < now - _LONGEST_IDLE:
            self._idle.popleft().discard()

    def lost(self, connection: Connection) -> None:
        """Let the next have the place of the connection."""
        with suppress(ValueError):  # it was lent
            self._idle.remove(connection)
        self._freed()

    def _freed(self) -> None:
        self.size -= 1
        waiter = next((waiter for waiter in self._waiters if not waiter.connecting), None)
        if waiter is not None and not self._place.is_closed:
            self._connect_for(waiter)

    def closed(self, connection: Connection) -> None:
        """Its socket is closed."""
        self._place.has_closed(connection)
