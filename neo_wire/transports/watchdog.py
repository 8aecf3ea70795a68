"""What ends an exchange over a blocking httpx client when its total time is up: its socket is shut down.

httpcore reads the head of a response with one timeout for each read, so a server that sends it byte by byte could go on
for ever. It does not tell which connection an exchange has when that stood open already. But every timeout that an
exchange hands out here is unlike all others, and its socket is the one that has it. Where no such socket is known, as
behind a transport that is not httpx's own, nothing is done.

HTTP/2 needs none of this, as httpcore looks a timeout up before each read there, and shares the socket.

Source: httpx, extensions: "timeout" and "trace" of a request, "network_stream" of a response.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from functools import cache
from itertools import count
from math import inf
from typing import Any, Final
from weakref import WeakSet

from neo_wire.http import Timeout
from neo_wire.transports.deadline import Deadline, Wait, Waits

_GRACE: Final = 0.05  # seconds: a wait that ends in time by itself is let end so
_AGAIN: Final = 0.1  # seconds until another look, when the socket was not found, as before there is a connection
_STEP: Final = 1e-8  # seconds between two marks: ten times what a socket rounds its timeout by
_MARKS: Final = 100_000  # before they begin again: a wait is a thousandth of a second longer at most
_numbers: Final = count()


class Watchdog:
    """One thread for any number of exchanges, started when there is one to watch, and at its end when there is none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: dict[int, WatchedWaits] = {}
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._wakes = inf
        self._runs = False

    def watch(self, waits: WatchedWaits) -> None:
        """End the exchange that waits so when its total time is up."""
        with self._changed:
            self._watched[id(waits)] = waits
            if not self._runs:
                with suppress(RuntimeError):  # no thread can be started, as when the interpreter ends: nobody watches
                    threading.Thread(target=self._run, name="neo_wire-watchdog", daemon=True).start()
                    self._runs = True
            elif waits.ends < self._wakes:
                self._changed.notify()

    def release(self, waits: WatchedWaits) -> None:
        """Leave it alone from now on; may be called more than once."""
        with self._changed:
            self._watched.pop(id(waits), None)

    def know(self, stream: Any) -> None:  # noqa: ANN401  # of httpcore, or of whoever made the transport; or None
        """Take note of a connection, for as long as it is kept."""
        opened = stream.get_extra_info("socket") if hasattr(stream, "get_extra_info") else None
        if isinstance(opened, socket.socket):
            with self._changed:
                self._sockets.add(opened)

    def _run(self) -> None:
        with self._changed:
            while self._watched:
                now = time.monotonic()
                self._wakes = min([self._look(waits, now) for waits in list(self._watched.values())])
                self._changed.wait(min(self._wakes - now, threading.TIMEOUT_MAX))
            self._runs, self._wakes = False, inf

    def _look(self, waits: WatchedWaits, now: float) -> float:
        """End it if its time is over; the time to look again."""
        if waits.ends > now:
            return waits.ends
        for one in [one for one in self._sockets if waits.has(one.gettimeout())]:
            waits.is_cut = True  # before the thread that reads wakes up
            with suppress(OSError):  # TLS has taken its place, or it is closed
                # not the method of a TLS socket, which would take away what a thread reads with
                socket.socket.shutdown(one, socket.SHUT_RDWR)
        return now + _AGAIN


class WatchedWaits(Waits):
    """The timeouts of one exchange over a blocking client or transport of the user's.

    Attributes:
        ends: the reading of the monotonic clock when it is to be ended.
        is_cut: whether it was, so that what came of its response is not the whole.
    """

    def __init__(self, timeout: Timeout, deadline: Deadline) -> None:
        super().__init__(timeout, deadline)
        self.ends = time.monotonic() + deadline.left() + _GRACE
        self.is_cut = False
        self._given: list[float] = []
        self._watchdog = watchdog(os.getpid())
        self._watchdog.watch(self)

    def __getitem__(self, name: str) -> Wait:
        plain = super().__getitem__(name)
        wait = Wait(plain + (next(_numbers) % _MARKS + 1) * _STEP)  # never the plain one, which the user may have too
        wait.deadline = plain.deadline
        self._given.append(wait)
        return wait

    def has(self, seconds: float | None) -> bool:
        """Whether a timeout is one of these."""
        return seconds is not None and any(abs(seconds - given) < _STEP / 2 for given in self._given)

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Hear from httpcore how the exchange goes on."""
        if event.endswith((".connect_tcp.complete", ".connect_unix_socket.complete", ".start_tls.complete")):
            self._watchdog.know(info.get("return_value"))
        elif event.startswith("http2.") or event.endswith(".response_closed.started"):
            self.release()  # before anybody else has the connection

    def know(self, stream: Any) -> None:  # noqa: ANN401  # as of the watchdog
        """Take note of the connection that the response has come over, which may be one that others have made."""
        self._watchdog.know(stream)

    def release(self) -> None:
        """The exchange is over."""
        self._watchdog.release(self)


@cache
def watchdog(process: int) -> Watchdog:  # noqa: ARG001  # what it is kept by
    """The one of a process; a child has its own, as threads and what they hold do not live on in it."""
    return Watchdog()
