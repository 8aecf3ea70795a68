"""One connection of the asynchronous pools: a protocol of asyncio that carries one exchange at a time."""

from __future__ import annotations

import asyncio
import select
import ssl
from collections.abc import Callable
from math import inf
from typing import Final, Protocol

from neo_wire.errors import CallTimeout, ConnectionClosed, ReadTimeout, TlsError, TransportError, WriteTimeout
from neo_wire.flow import Send
from neo_wire.http import HttpResponse
from neo_wire.transports.gathered_sink import PIECE, GatheredSink
from neo_wire.transports.http1 import InvalidResponse, ResponseReader
from neo_wire.transports.tcp_info import never_arrived
from neo_wire.transports.tls import refuses_certificate
from neo_wire.transports.watch import Watch

_BUFFER: Final = 65536  # bytes that are read at once
_LOOKS: Final = 8  # how often a write that waits is looked at within its timeout


def _asking_for_arrivals(descriptor: int) -> Callable[[], object]:
    """What asks the system whether a socket has bytes, or an end, that the event loop has not got to yet."""
    if not hasattr(select, "poll"):  # Windows
        return lambda: select.select([descriptor], [], [], 0)[0]
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return lambda: poll.poll(0)


def _is_cut_off(transport: asyncio.Transport) -> bool:
    """Whether the stream of TLS ended without TLS's own end, as when somebody on the way cuts a response short."""
    tls = transport.get_extra_info("ssl_object")
    if tls is None:
        return False
    try:
        tls.read(1)
    except ssl.SSLWantReadError:
        return True
    except ssl.SSLError:
        pass
    return False


class ConnectionOwner(Protocol):
    """What a connection tells its pool."""

    loop: asyncio.AbstractEventLoop
    watch: Watch

    def opened(self, connection: Connection) -> None:
        """The socket of the connection is open."""

    def release(self, connection: Connection) -> None:
        """The exchange is over, and the connection can carry another."""

    def lost(self, connection: Connection) -> None:
        """The connection can carry no more exchange; its socket is about to be closed."""

    def closed(self, connection: Connection) -> None:
        """The socket of the connection is closed."""


class Connection(asyncio.BufferedProtocol):
    """One connection, lent by its pool to one exchange after another until it is lost."""

    def __init__(self, owner: ConnectionOwner) -> None:
        self._owner = owner
        self.loop = owner.loop
        self._buffer = memoryview(bytearray(_BUFFER))
        self._exchange: _Exchange | None = None
        self._open = False
        self.usable = False
        self.transport: asyncio.Transport
        self.is_new = True
        self.idle_since = 0.0

    async def exchange(self, effect: Send, request: memoryview, ends: float) -> HttpResponse:
        """Send the bytes of a request and have its response; by then the connection is the pool's again, or lost.

        Raises:
            TransportError: no usable answer came back, or none before the loop's clock read `ends`.
            ResponseDecodeError: the content coding of the body cannot be undone.
        """
        exchange = self._exchange = _Exchange(self, effect, len(request), ends, is_first=self.is_new)
        self.is_new = False
        try:
            self.watch(exchange)
            self.transport.write(request)
            return await exchange.response()
        except BaseException:
            if self._exchange is exchange:  # else it is over, and the connection may carry another
                self.discard()
            raise

    def watch(self, exchange: _Exchange) -> None:
        """See to it that an exchange is ended when it does not get on."""
        self._owner.watch.add(exchange, exchange.look(exchange.progress))

    def adopt(self) -> bool:
        """Count as one of the pool's until it is told of the loss; False when the connection is lost already."""
        self.usable = self._open
        return self.usable

    def is_fresh(self) -> bool:
        """Whether the server has neither closed the connection nor sent anything since its last response."""
        return self.usable and (self.is_new or not self._has_arrived())

    def never_sent(self, length: int) -> bool:
        """Whether the server ended its stream before it had any of so many bytes."""
        return never_arrived(self._socket, length)

    def fail(self, error: Exception) -> None:
        """End the connection, and the exchange that it carries, if any, with this error."""
        if (exchange := self._exchange) is not None:
            exchange.fail(error)
        self.discard()

    def complete(self, *, reusable: bool) -> None:
        """Take the end of the response."""
        if not reusable or self.transport.get_write_buffer_size():
            self.discard()
            return
        self._leave()
        self._owner.release(self)

    def _leave(self) -> None:
        if self._exchange is not None:
            self._owner.watch.discard(self._exchange)
            self._exchange = None

    def discard(self) -> None:
        """Close the connection at once. May be called more than once."""
        self._leave()
        if self._open:
            self._open = False
            self.transport.abort()
        if self.usable:
            self.usable = False
            self._owner.lost(self)

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep what is written to."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # it is of a stream
        self.transport = transport
        # So that pause_writing tells of a request that waits for the server at all. Not 0: TLS would say so each time.
        transport.set_write_buffer_limits(high=1)
        self._socket = transport.get_extra_info("socket")
        self._has_arrived = _asking_for_arrivals(self._socket.fileno())
        self._open = True
        self._owner.opened(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  # the signature is asyncio's
        """Where to read to."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what arrived."""
        if self._exchange is None:
            self.discard()  # nobody asked for anything
        else:
            self._exchange.received(self._buffer[:nbytes])

    def eof_received(self) -> None:
        """Take the end of what the server sends."""
        if self._exchange is not None:
            self._exchange.ended(cut_off=_is_cut_off(self.transport))
        self.discard()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the end of the connection."""
        self._open = False
        if self._exchange is not None:
            self._exchange.broken(exc)
        self.discard()
        self._owner.closed(self)

    def pause_writing(self) -> None:
        """Watch how the server takes the request."""
        if self._exchange is not None:
            self._exchange.waits_to_write()

    def resume_writing(self) -> None:
        """Watch for the response."""
        if self._exchange is not None:
            self._exchange.is_written()


class _Exchange:
    """One request and its response, and when they have to get on."""

    __slots__ = (
        "_connection",
        "_effect",
        "_ends",
        "_error",
        "_gathered",
        "_is_first",
        "_length",
        "_loop",
        "_reader",
        "_unsent",
        "_woken",
        "progress",
    )

    def __init__(self, connection: Connection, effect: Send, length: int, ends: float, *, is_first: bool) -> None:
        self._connection, self._effect, self._length, self._ends = connection, effect, length, ends
        self._is_first = is_first
        self._loop = loop = connection.loop
        self._gathered = None if effect.sink is None else GatheredSink(effect.sink)
        self._reader = ResponseReader(effect.request.method, effect.max_body, self._gathered, decode=effect.decode)
        self._woken = loop.create_future()
        self._error: Exception | None = None
        self._unsent = 0
        self.progress = loop.time()

    async def response(self) -> HttpResponse:
        """Wait for the response. While a sink writes what was gathered for it, nothing more is read."""
        while True:
            await self._woken
            if self._gathered is not None and (self._error is None or isinstance(self._error, TransportError)):
                await self._gathered.flush()  # also what came before it broke off, for who goes on from there
            if self._error is not None:
                raise self._error
            if self._reader.response is not None:
                return self._reader.response
            self._woken = self._loop.create_future()
            self.progress = self._loop.time()
            self._connection.watch(self)
            self._connection.transport.resume_reading()

    def received(self, data: memoryview) -> None:
        """Read on."""
        self.progress = self._loop.time()
        try:
            self._reader.receive(data)
        except Exception as error:  # noqa: BLE001  # what a sink raises is the caller's
            self._refuse(error)
            return
        if self._reader.response is not None:
            self._connection.complete(reusable=self._reader.keep_alive)
            self._wake()
        elif self._gathered is not None and self._gathered.size >= PIECE:
            self._connection.transport.pause_reading()
            self._wake()

    def ended(self, *, cut_off: bool) -> None:
        """Take the end of the stream, which may be the end of the response too."""
        if cut_off and self._reader.started:
            self._stop(ConnectionClosed, "no whole response: TLS was cut off, without its own end")
            return
        try:
            self._reader.end_of_stream()
        except Exception as error:  # noqa: BLE001  # as above
            self._refuse(error)
        else:
            self._connection.complete(reusable=False)
            self._wake()

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, InvalidResponse):
            processed = self._reader.started or not self._connection.never_sent(self._length)
            self._stop(ConnectionClosed, f"no whole response: {error}", None, processed=processed)
        else:
            self._connection.fail(error)

    def broken(self, cause: Exception | None) -> None:
        """Take the end of a connection whose stream did not end."""
        if cause is not None and self._is_first and not self._reader.started and refuses_certificate(cause):
            self._stop(TlsError, f"the server refused: {cause}", cause, processed=False)
            return
        self._stop(ConnectionClosed, f"the connection broke: {cause}" if cause else "the connection broke", cause)

    def waits_to_write(self) -> None:
        """Part of the request waits for the server."""
        self._unsent = self._connection.transport.get_write_buffer_size()
        self._connection.watch(self)

    def is_written(self) -> None:
        """The whole request is on its way; from now on the server has to say something."""
        self._unsent = 0
        self.progress = self._loop.time()

    def look(self, now: float) -> float:
        """End the exchange if it does not get on; give the time to look again."""
        timeout = self._effect.timeout
        if now >= self._ends:
            return self._stop(CallTimeout, f"no whole response within {timeout.total:g} s")
        if self._woken.done():
            return self._ends  # a sink is at work
        if self._unsent:
            unsent = self._connection.transport.get_write_buffer_size()
            if unsent < self._unsent:
                self._unsent, self.progress = unsent, now
            if now >= self.progress + timeout.write:
                return self._stop(WriteTimeout, f"the request could not be written within {timeout.write:g} s")
            return min(self._ends, self.progress + timeout.write, now + timeout.write / _LOOKS)
        if now >= self.progress + timeout.read:
            return self._stop(ReadTimeout, f"nothing was received for {timeout.read:g} s")
        return min(self._ends, self.progress + timeout.read)

    def _stop(
        self, kind: type[TransportError], message: str, cause: Exception | None = None, *, processed: bool = True
    ) -> float:
        error = kind(message, endpoint=self._effect.request.url.origin, maybe_processed=processed)
        error.__cause__ = cause
        self._connection.fail(error)
        return inf

    def fail(self, error: Exception) -> None:
        """End with this error."""
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if not self._woken.done():
            self._woken.set_result(None)
