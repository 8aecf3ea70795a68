"""The local service on a real socket: HTTP/1.1 with kept-alive connections, a thread for each.

Source: RFC 9112, HTTP/1.1, sections 9.3 and 9.6.
"""

from __future__ import annotations

import errno
import selectors
import socket
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, Self

from neo_wire.errors import ConfigurationError, ServiceError
from neo_wire.http import HttpRequest
from neo_wire.local.http1 import ServerConnection
from neo_wire.local.script import LocalResponse
from neo_wire.local.service import NeoService
from neo_wire.transports.clock import SystemClock

_WILDCARDS: Final = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # how they are reached, not bound
_MAX_PORT: Final = 65535
_LINGER: Final = 2.0
_NOT_ACCEPTED: Final = 0.05  # seconds before another try: one that is not accepted stays ready


class LocalServer:
    """Serves a `NeoService` over HTTP, from `start` (or `with`) to `close`; it may then be started again.

    Args:
        service: what answers; a new one with the example key pair when it is None.
        host: the address to listen on, IPv4, IPv6 or a name of this machine; only this machine reaches the default.
        port: the port to listen on; 0 for any free one.
        read_timeout: how long a connection may be silent between requests, and then how long a request may take to
            arrive, in seconds, before it is closed.

    Raises:
        ConfigurationError: the port or the timeout is out of bounds.
    """

    def __init__(
        self,
        service: NeoService | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        read_timeout: float = 30.0,
    ) -> None:
        if not 0 <= port <= _MAX_PORT:
            raise ConfigurationError(f"port is {port!r}; give a number from 0 to {_MAX_PORT}")
        if not 0 < read_timeout < threading.TIMEOUT_MAX:
            raise ConfigurationError(f"read_timeout is {read_timeout!r}; give a number of seconds above 0")
        self.service = service if service is not None else NeoService()
        self._host = host
        self._port = port
        self._read_timeout = read_timeout
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self._waker: socket.socket | None = None
        self._acceptor: threading.Thread | None = None
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._closing = threading.Event()
        self._closing.set()

    @property
    def url(self) -> str:
        """Where the service is reached, such as `http://127.0.0.1:8080`; an endpoint URL for any client.

        Raises:
            ConfigurationError: the server is not started.
        """
        with self._lock:
            if self._listener is None:
                raise ConfigurationError("the server is not started; use `with LocalServer() as server`, or start()")
            port = self._listener.getsockname()[1]
        host = _WILDCARDS.get(self._host, self._host)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        """Listen, and answer in threads of its own; nothing happens when it is started already.

        Raises:
            ConfigurationError: the port is in use, or the address or port is none that can be listened on.
        """
        with self._lock:
            if self._listener is not None:
                return
            self._listener = self._listen()
            wake, self._waker = socket.socketpair()
            self._closing = threading.Event()
            self._acceptor = threading.Thread(
                target=self._accept,
                args=(self._listener, wake, selectors.DefaultSelector(), self._closing),
                name="neo-wire-local",
                daemon=True,
            )
            self._acceptor.start()

    def serve_forever(self) -> None:
        """Serve until another thread closes the server, or this one is interrupted, which closes it as well.

        Raises:
            ConfigurationError: see `start`.
            KeyboardInterrupt: the user interrupted.
        """
        self.start()
        try:
            self._closing.wait()
        finally:
            self.close()

    def close(self, timeout: float = 5.0) -> None:
        """Stop listening, let answers that are under way go out, and end every connection and thread.

        Args:
            timeout: how long to wait for answers under way, in seconds, before their connections are cut.
        """
        with self._lock:
            listener, waker, acceptor = self._listener, self._waker, self._acceptor
            self._listener = self._waker = self._acceptor = None
            self._closing.set()
        if listener is None or waker is None or acceptor is None:
            return
        waker.close()
        acceptor.join()
        listener.close()
        deadline = time.monotonic() + timeout
        for how, until in ((socket.SHUT_RD, deadline), (socket.SHUT_RDWR, deadline + 1)):
            with self._lock:
                open_now = list(self._connections.items())
            for connection, _ in open_now:
                with suppress(OSError):  # it has just been closed
                    connection.shutdown(how)
            for _, thread in open_now:
                thread.join(max(0.0, until - time.monotonic()))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LocalServer(host={self._host!r}, port={self._port})"

    def _listen(self) -> socket.socket:
        where = f"port {self._port} of {self._host!r}"
        try:
            families = {found[0] for found in socket.getaddrinfo(self._host or None, self._port)}
            family = socket.AF_INET if socket.AF_INET in families else socket.AF_INET6
            return socket.create_server((self._host, self._port), family=family, backlog=128)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ConfigurationError(
                    f"{where} is in use already; choose another port, or 0 for a free one"
                ) from None
            raise ConfigurationError(f"cannot listen on {where}: {error.strerror}") from error
        except UnicodeError:
            raise ConfigurationError(f"cannot listen on {where}, which is no host name") from None

    def _accept(
        self, listener: socket.socket, wake: socket.socket, selector: selectors.BaseSelector, closing: threading.Event
    ) -> None:
        with wake, selector:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(wake, selectors.EVENT_READ)
            listener.setblocking(False)
            while not closing.is_set():
                for key, _ in selector.select():
                    if key.fileobj is listener:
                        try:
                            self._open(listener.accept()[0], closing)
                        except OSError:  # the peer has gone again, or too many files are open
                            closing.wait(_NOT_ACCEPTED)

    def _open(self, connection: socket.socket, closing: threading.Event) -> None:
        thread = threading.Thread(
            target=self._serve, args=(connection, closing), name="neo-wire-local-connection", daemon=True
        )
        with self._lock:
            self._connections[connection] = thread
        try:
            thread.start()
        except RuntimeError:  # there are as many threads as there may be
            with connection, self._lock:
                del self._connections[connection]

    def _serve(self, connection: socket.socket, closing: threading.Event) -> None:
        try:
            with connection, suppress(OSError):  # the peer has gone
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._converse(connection, closing)
        finally:
            with self._lock:
                del self._connections[connection]

    def _converse(self, connection: socket.socket, closing: threading.Event) -> None:
        peer = ServerConnection()
        while not closing.is_set():
            try:
                request = self._read_request(connection, peer)
                if request is None:
                    return
                response = LocalResponse.of(self.service.handle(request))
                if response.delay:
                    self._wait(response.delay, closing)
                if response.lost:
                    return
                answer = peer.response_pieces(response, close=closing.is_set())
            except ServiceError as error:
                self._send(connection, peer.response_pieces(self.service.refusal(error), close=True))
                _linger(connection)
                return
            self._send(connection, answer)
            if not peer.keep_open():
                return

    def _wait(self, seconds: float, closing: threading.Event) -> None:
        """Wait by the service's clock; by that of the machine no longer than the server is open."""
        clock = self.service.clock
        if isinstance(clock, SystemClock):
            closing.wait(seconds)
        else:
            clock.sleep(seconds)

    def _read_request(self, connection: socket.socket, peer: ServerConnection) -> HttpRequest | None:
        """The next request; None when the peer goes away, or stays silent, instead of sending one.

        Raises:
            ServiceError: see `ServerConnection.next_request`; RequestTimeoutException.
            OSError: the connection is broken.
        """
        deadline = time.monotonic() + self._read_timeout
        while (request := peer.next_request()) is None:
            if go_on := peer.continue_bytes():
                self._send(connection, [go_on])
            idle = peer.is_idle
            try:
                data = _receive(connection, deadline)
            except TimeoutError:
                if idle:
                    return None
                message = f"The request did not arrive within {self._read_timeout:g} s"
                raise ServiceError(message, code="RequestTimeoutException", status=408) from None
            if not data:
                return None
            if idle:
                deadline = time.monotonic() + self._read_timeout
            peer.receive(data)
        return request

    def _send(self, connection: socket.socket, pieces: Iterable[bytes]) -> None:
        connection.settimeout(self._read_timeout)
        for piece in pieces:
            connection.sendall(piece)


def _receive(connection: socket.socket, deadline: float) -> bytes:
    """What arrives next, and nothing at the end of the stream; a TimeoutError from the deadline on, even for more."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    connection.settimeout(seconds)
    return connection.recv(65536)


def _linger(connection: socket.socket) -> None:
    """Take what is still coming, for a while: closing upon unread bytes makes a reset that can swallow the answer."""
    connection.shutdown(socket.SHUT_WR)
    deadline = time.monotonic() + _LINGER
    while _receive(connection, deadline):
        pass
