"""Blocking connections with TLS, apart from the plain ones, which need no `ssl`: it takes 4 ms to import."""

from __future__ import annotations

import socket
import ssl
from time import monotonic

from neo_wire.errors import ConnectFailed, TlsError, TransportError
from neo_wire.http import Tls
from neo_wire.transports.addresses import name_for_tls
from neo_wire.transports.blocking_connection import Connection, OutOfTime, ready
from neo_wire.transports.tls import refuses_certificate, ssl_context


class TlsConnection(Connection):
    """A connection whose bytes go through TLS, which waits, ends and refuses in ways of its own."""

    __slots__ = ()

    _waits = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
    _wants_to_read = (ssl.SSLWantReadError,)
    _wants_to_write = (ssl.SSLWantWriteError,)
    _cut_off = (ssl.SSLEOFError,)
    _most_written = 16384  # bytes of a record

    def __init__(self, connected: ssl.SSLSocket) -> None:
        super().__init__(connected)
        self._pending = connected.pending

    def is_fresh(self) -> bool:
        """As of any connection, and TLS may have more of the last piece that was read, which no wait shows."""
        return not (self._pending is not None and self._pending()) and super().is_fresh()

    def _refuses(self, error: OSError) -> bool:
        return refuses_certificate(error)


class Handshake:
    """How TLS begins on a connected socket.

    Raises:
        ConfigurationError: TLS cannot be set up.
    """

    def __init__(self, tls: Tls) -> None:
        self._context = ssl_context(tls)

    def make(self, connected: socket.socket, host: str, deadline: float) -> TlsConnection:
        """Make the handshake, or close the socket.

        Raises:
            OutOfTime: the deadline passed.
            OSError: it failed.
        """
        wrapped: ssl.SSLSocket | None = None
        try:
            # A stream that is cut off without TLS's own end is an error, so that nobody can cut a response short.
            wrapped = self._context.wrap_socket(
                connected,
                server_hostname=name_for_tls(host),
                do_handshake_on_connect=False,
                suppress_ragged_eofs=False,
            )
            while True:
                try:
                    wrapped.do_handshake()
                except TlsConnection._waits as waits:
                    left, to_write = deadline - monotonic(), isinstance(waits, ssl.SSLWantWriteError)
                    if left <= 0 or not ready(wrapped.fileno(), left, to_write=to_write):
                        raise OutOfTime from None
                else:
                    return TlsConnection(wrapped)
        except BaseException:
            (wrapped or connected).close()
            raise

    def failure(self, error: Exception) -> tuple[type[TransportError], str] | None:
        """What a failure is that TLS tells of, and what to say of it; None for any other."""
        if isinstance(error, ssl.SSLEOFError):
            return ConnectFailed, "the server closed the connection in the TLS handshake"
        return (TlsError, f"the TLS handshake failed: {error}") if isinstance(error, ssl.SSLError) else None
