"""One blocking connection: how it is made, and how it carries one exchange after another, each wait bounded."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import sys
from collections.abc import Callable
from time import monotonic
from typing import Any, ClassVar, Final

from neo_wire import errors
from neo_wire.errors import CallTimeout, ConnectionClosed, ReadTimeout, TransportError, WriteTimeout
from neo_wire.flow import Send
from neo_wire.http import DEFAULT_PORTS, HttpResponse
from neo_wire.transports.addresses import NEXT_ADDRESS, by_turns, name_on_the_wire
from neo_wire.transports.http1 import InvalidResponse, ResponseReader
from neo_wire.transports.tcp_info import never_arrived

_FIRST: Final = 8192  # bytes that are read at first: nearly all responses are shorter, and a buffer costs its length
_BUFFER: Final = 65536  # bytes that are read at once after that
_BEGUN: Final = frozenset({0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", 0)})

if sys.platform == "win32":
    from select import select

    def ready(descriptor: int, seconds: float, *, to_write: bool = False) -> bool:
        """Wait until a socket can be read from, or written to; False when it cannot."""
        waiting = [descriptor]
        return any(select([] if to_write else waiting, waiting if to_write else [], [], seconds))

    def _watch(descriptor: int) -> Callable[[float], object]:
        """What waits, so many milliseconds, until a socket can be read from, and gives something true when it can."""
        return lambda milliseconds: ready(descriptor, milliseconds / 1000)

else:
    from select import POLLIN, POLLOUT, poll

    def ready(descriptor: int, seconds: float, *, to_write: bool = False) -> bool:
        """Wait until a socket can be read from, or written to; False when it cannot."""
        waiting = poll()
        waiting.register(descriptor, POLLOUT if to_write else POLLIN)
        return bool(waiting.poll(seconds * 1000))

    def _watch(descriptor: int) -> Callable[[float], object]:
        """What waits, so many milliseconds, until a socket can be read from, and gives something true when it can.

        Made once for a connection, and no function of ours around it, as each exchange waits twice.
        """
        waiting = poll()
        waiting.register(descriptor, POLLIN)
        return waiting.poll


def connect(effect: Send, ends: float) -> Connection:
    """Make a connection for an exchange, within its connect timeout and the time `ends` of the monotonic clock.

    The look-up of the name counts in, but cannot be stopped: the system's resolver has timeouts of its own.

    Raises:
        ConnectFailed: the name does not resolve, no address accepts, or the connection broke in the TLS handshake.
        TlsError: the TLS handshake failed.
        ConnectTimeout: it took longer than the connect timeout.
        CallTimeout: it took longer than there was time for the exchange.
        ConfigurationError: TLS cannot be set up.
    """
    url, timeout = effect.request.url, effect.timeout
    deadline = min(ends, monotonic() + timeout.connect)
    kind: type[TransportError] = errors.ConnectFailed
    handshake = None
    if url.scheme == "https":
        from neo_wire.transports.blocking_tls import Handshake  # here, as plain HTTP has no use for ssl

        handshake = Handshake(effect.route.tls)  # before a server is bothered for it
    try:
        connected = _dial(url.host, url.port or DEFAULT_PORTS[url.scheme], deadline)
        return Connection(connected) if handshake is None else handshake.make(connected, url.host, deadline)
    except OutOfTime as error:
        cause: Exception = error
        if deadline == ends:
            kind, message = CallTimeout, f"no connection to send over within {timeout.total:g} s"
        else:
            kind, message = errors.ConnectTimeout, f"no connection within {timeout.connect:g} s"
    except (OSError, UnicodeError) as error:  # UnicodeError: no name for IDNA
        cause, message = error, f"no connection: {error}"
        if handshake is not None:
            kind, message = handshake.failure(error) or (kind, message)
    raise kind(message, endpoint=url.origin, maybe_processed=False) from cause


class OutOfTime(Exception):
    """The deadline has passed."""


def _dial(host: str, port: int, deadline: float) -> socket.socket:
    """Connect to the first address that accepts; a slow one is overtaken by the next (RFC 8305, "happy eyeballs")."""
    addresses = by_turns(socket.getaddrinfo(name_on_the_wire(host), port, type=socket.SOCK_STREAM))
    failure: OSError = OSError(f"{host} has no address")
    next_at = 0.0
    with selectors.DefaultSelector() as selector:
        under_way = selector.get_map()
        try:
            while True:
                now = monotonic()
                if now >= deadline:
                    raise OutOfTime
                if addresses and (now >= next_at or not under_way):
                    next_at = now + NEXT_ADDRESS
                    try:
                        selector.register(_begin(*addresses.popleft()), selectors.EVENT_WRITE)
                    except OSError as error:
                        failure = error
                    continue
                if not under_way:
                    raise failure
                for key, _ in selector.select((min(deadline, next_at) if addresses else deadline) - now):
                    attempt = key.fileobj
                    assert isinstance(attempt, socket.socket)  # noqa: S101  # as registered
                    selector.unregister(attempt)
                    if (code := attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)) == 0:
                        return attempt
                    attempt.close()
                    failure, next_at = OSError(code, os.strerror(code)), 0.0
        finally:
            for key in list(under_way.values()):
                assert isinstance(key.fileobj, socket.socket)  # noqa: S101  # as registered
                key.fileobj.close()


def _begin(family: int, address: tuple[Any, ...]) -> socket.socket:
    attempt = socket.socket(family, socket.SOCK_STREAM)
    try:
        attempt.setblocking(False)
        attempt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        code = attempt.connect_ex(address)
        if code not in _BEGUN:
            raise OSError(code, os.strerror(code))
    except BaseException:
        attempt.close()
        raise
    return attempt


class Connection:
    """One connection. It is closed when nobody refers to it any more.

    Attributes:
        reusable: whether the last exchange left it fit for another; never while there is one.
        idle_since: when the last exchange ended, by the monotonic clock.
    """

    __slots__ = ("_is_new", "_pending", "_readable", "_socket", "idle_since", "reusable")

    # What TLS has of its own; the names are those of what the socket raises.
    _waits: ClassVar[tuple[type[OSError], ...]] = (BlockingIOError,)
    _wants_to_read: ClassVar[tuple[type[OSError], ...]] = ()
    _wants_to_write: ClassVar[tuple[type[OSError], ...]] = ()
    _cut_off: ClassVar[tuple[type[OSError], ...]] = ()
    _most_written: ClassVar[int] = sys.maxsize  # bytes at once

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._pending: Callable[[], int] | None = None  # tells how many bytes are there that no wait shows
        self._readable = _watch(connected.fileno())
        self._is_new = True
        self.reusable = True
        self.idle_since = monotonic()

    def close(self) -> None:
        """Close the socket. May be called more than once."""
        self.reusable = False
        self._socket.close()

    def __del__(self) -> None:
        """Close the socket, so that a client that is dropped without being closed warns of nothing."""
        if hasattr(self, "_socket"):  # else an interrupt came first
            self._socket.close()

    def is_fresh(self) -> bool:
        """Whether the server has neither closed the connection nor sent anything since its last response."""
        if not self._readable(0):
            return True
        try:
            self._socket.recv(1)
        except self._waits:
            return True  # a message of TLS itself
        except OSError:
            pass
        return False

    def exchange(self, effect: Send, data: memoryview, ends: float) -> HttpResponse:
        """Send a request, all of which is `data`, and have its response, by the time `ends` of the monotonic clock.

        Raises:
            ConnectionClosed: the connection broke, or what came was no whole HTTP response. It says that the request
                was not processed only when no byte of it can have reached the server's program.
            WriteTimeout: the server accepted nothing for the length of the write timeout.
            ReadTimeout: nothing was received for the length of the read timeout.
            CallTimeout: the exchange took longer than there was time for it.
            TlsError: the server refused the client's certificate.
            ResponseDecodeError: the content coding of the body cannot be undone.
        """
        self.reusable = False
        reader = ResponseReader(effect.request.method, effect.max_body, effect.sink, decode=effect.decode)
        sent, broken = self._write(effect, data, ends)
        while reader.response is None:
            try:
                piece = self._read(effect, ends, _BUFFER if reader.started else _FIRST)
            except OSError as error:
                if self._is_new and not reader.started and self._refuses(error):
                    raise _failure(errors.TlsError, effect, f"the server refused: {error}", processed=False) from error
                # The end of the stream without TLS's own is one all the same, until a response has begun.
                ended = isinstance(error, self._cut_off) and not reader.started
                processed = sent > 0 and not (ended and never_arrived(self._socket, len(data)))
                cause = broken or error
                raise _failure(ConnectionClosed, effect, f"the connection broke: {cause}", processed) from cause
            try:
                if piece:
                    reader.receive(piece)
                else:
                    reader.end_of_stream()
            except InvalidResponse as error:
                processed = sent > 0 and (reader.started or not never_arrived(self._socket, len(data)))
                raise _failure(ConnectionClosed, effect, f"no whole response: {broken or error}", processed) from broken
        self._is_new = False
        self.idle_since = monotonic()
        self.reusable = reader.keep_alive and broken is None
        return reader.response

    def _refuses(self, _: OSError) -> bool:
        """Whether an error says that the server refuses the client's certificate."""
        return False

    def _write(self, effect: Send, data: memoryview, ends: float) -> tuple[int, OSError | None]:
        """Write a request; give how much was, and what broke the connection: the server may have answered before."""
        step = self._most_written
        deadline: float | None = None  # set when it has to wait, which most requests never do
        sent = 0
        while True:
            try:
                sent += self._socket.send(data[sent : sent + step])
            except self._waits as waits:
                now = monotonic()
                if deadline is None:
                    deadline = min(ends, now + effect.timeout.write)
                left, to_write = deadline - now, not isinstance(waits, self._wants_to_read)
                if left <= 0 or not ready(self._socket.fileno(), left, to_write=to_write):
                    if deadline == ends:
                        raise _out_of_time(effect, processed=sent > 0) from None
                    message = f"the request could not be written within {effect.timeout.write:g} s"
                    raise _failure(WriteTimeout, effect, message, processed=True) from None
            except OSError as error:
                return sent, error
            else:
                if sent == len(data):
                    return sent, None
                deadline = None

    def _writable(self, milliseconds: float) -> bool:
        return ready(self._socket.fileno(), milliseconds / 1000, to_write=True)

    def _read(self, effect: Send, ends: float, most: int) -> bytes:
        """Read what has arrived, waiting for it; nothing at the end of the stream."""
        now = monotonic()
        deadline = min(ends, now + effect.timeout.read)
        known = self._pending is not None and self._pending() > 0
        wait = self._readable
        while True:
            left = deadline - now
            if left <= 0 or not (known or wait(left * 1000)):
                if deadline == ends:
                    raise _out_of_time(effect, processed=True)
                message = f"nothing was received for {effect.timeout.read:g} s"
                raise _failure(ReadTimeout, effect, message, processed=True)
            try:
                return self._socket.recv(most)
            except self._waits as waits:
                known, wait = False, self._writable if isinstance(waits, self._wants_to_write) else self._readable
                now = monotonic()


def _out_of_time(effect: Send, *, processed: bool) -> TransportError:
    return _failure(CallTimeout, effect, f"no whole response within {effect.timeout.total:g} s", processed)


def _failure(kind: type[TransportError], effect: Send, message: str, processed: bool) -> TransportError:
    return kind(message, endpoint=effect.request.url.origin, maybe_processed=processed)
