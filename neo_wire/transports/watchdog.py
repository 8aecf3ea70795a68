"""What ends an exchange over a blocking httpx client when its total time is up: its socket is shut down.

httpcore reads the head of a response with one timeout for each read, so a server that sends it byte by byte could go on
for ever. It does not tell which connection an exchange has when that stood open already. But the timeouts that an
exchange hands out here are unlike those of all others that are on their way, and its socket is the one that has one of
them. Where no such socket is known, as behind a transport that is not httpx's own, nothing is done.

A SOCKS proxy is spoken to without any timeout there; but of that httpcore tells the connection.

HTTP/2 needs none of this, as httpcore looks a timeout up before each read there, and shares the socket.

Source: httpx, extensions: "timeout" and "trace" of a request, "network_stream" of a response.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import suppress
from itertools import count
from math import ceil, inf
from typing import Any, Final
from weakref import WeakSet, WeakValueDictionary

from neo_wire.http import Timeout
from neo_wire.transports.deadline import Deadline, Wait, Waits

_GRACE: Final = 0.05  # seconds: a wait that ends in time by itself is let end so
_AGAIN: Final = 0.1  # seconds until another look, when the socket was not found, as before there is a connection
_STEP: Final = 1e-8  # seconds between two marks: ten times what a socket rounds its timeout by
_MARKS: Final = 100_000  # from 0, which is nobody's: a wait is two thousandths of a second longer at most
_by_process: Final[dict[int, Watchdog]] = {}


class Watchdog:
    """One thread for any number of exchanges, started when there is one to watch, and at its end when there is none."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._watched: WeakValueDictionary[int, WatchedWaits] = WeakValueDictionary()  # by mark; none outlives its call
        self._numbers = count(1)
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._wakes = inf
        self._runs = False

    def watch(self, waits: WatchedWaits) -> None:
        """End the exchange that waits so when its total time is up."""
        with self._changed:
            while not (mark := next(self._numbers) % _MARKS) or mark in self._watched:
                pass
            self._watched[mark] = waits
            waits.mark = mark
            if not self._runs:
                with suppress(RuntimeError):  # no thread can be started, as when the interpreter ends: nobody watches
                    threading.Thread(target=self._run, name="neo_wire-watchdog", daemon=True).start()
                    self._runs = True
            elif waits.ends < self._wakes:
                self._changed.notify()

    def release(self, waits: WatchedWaits) -> None:
        """Leave it alone from now on; may be called more than once."""
        with self._changed:
            self._watched.pop(waits.mark, None)
            waits.mark = 0

    def know(self, stream: Any) -> socket.socket | None:  # noqa: ANN401  # of httpcore, or of another make; or None
        """Take note of a connection, for as long as it is kept; give its socket."""
        opened = stream.get_extra_info("socket") if hasattr(stream, "get_extra_info") else None
        if not isinstance(opened, socket.socket):
            return None
        with self._changed:
            self._sockets.add(opened)
        return opened

    def _run(self) -> None:
        with self._changed:
            while self._watched:
                now = time.monotonic()
                late = [waits for waits in self._watched.values() if waits.ends <= now]
                if late:
                    self._end(late)
                    del late
                looks = [one.ends if one.ends > now else now + _AGAIN for one in self._watched.values()]
                self._wakes = min(looks, default=now)  # when the last has just been dropped
                self._changed.wait(min(self._wakes - now, threading.TIMEOUT_MAX))
            self._runs, self._wakes = False, inf

    def _end(self, late: list[WatchedWaits]) -> None:
        given = {number: waits for waits in late for number in waits.given}
        for one in self._sockets:
            if (waits := given.get(_number(one.gettimeout()))) is not None:
                waits.cut(one)
        for waits in late:
            if waits.being_set_up is not None:
                waits.cut(waits.being_set_up)


class WatchedWaits(Waits):
    """The timeouts of one exchange over a blocking client or transport of the user's.

    Attributes:
        ends: the reading of the monotonic clock when it is to be ended.
        is_cut: whether it was, so that what came of its response is not the whole.
        mark: what its timeouts have in their last digits, and those of no other exchange that is watched; 0 for none.
        given: the numbers of the timeouts that it has handed out since it has this mark.
        being_set_up: the socket that it speaks to a SOCKS proxy over.
    """

    def __init__(self, timeout: Timeout, deadline: Deadline) -> None:
        super().__init__(timeout, deadline)
        self.ends = time.monotonic() + deadline.left() + _GRACE
        self.is_cut = False
        self.mark = 0
        self.given: tuple[int, ...] = ()
        self.being_set_up: socket.socket | None = None
        self._watchdog = watchdog(os.getpid())
        self._watchdog.watch(self)

    def __getitem__(self, name: str) -> Wait:
        plain = super().__getitem__(name)
        if not self.mark:
            return plain
        number = ceil(plain * 1000) * _MARKS + self.mark  # never the plain one, which the user may have too
        wait = Wait(number * _STEP)
        wait.deadline = plain.deadline
        self.given += (number,)
        return wait

    def cut(self, one: socket.socket) -> None:
        """End it by its socket."""
        self.is_cut = True  # before the thread that reads wakes up
        with suppress(OSError):  # TLS has taken its place, or it is closed
            # not the method of a TLS socket, which would take away what a thread reads with
            socket.socket.shutdown(one, socket.SHUT_RDWR)

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Hear from httpcore how the exchange goes on."""
        if event.endswith((".connect_tcp.complete", ".connect_unix_socket.complete", ".start_tls.complete")):
            self._watchdog.know(info.get("return_value"))
        elif event.startswith("http2.") or event.endswith(".response_closed.started"):
            self.release()  # before anybody else has the connection
        elif event == "http11.send_request_headers.started" and not self.mark:
            self.given = ()
            self._watchdog.watch(self)  # it is sent again, by a transport that retries
        elif ".setup_socks5_connection." in event:
            self.being_set_up = self._watchdog.know(info.get("stream"))  # None once that is over

    def know(self, stream: Any) -> None:  # noqa: ANN401  # as of the watchdog
        """Take note of the connection that the response has come over, which may be one that others have made."""
        self._watchdog.know(stream)

    def release(self) -> None:
        """The exchange is over."""
        self._watchdog.release(self)


def _number(seconds: float | None) -> int:
    """What a timeout of a socket is told by; 0 for one of nobody's."""
    return 0 if seconds is None else round(seconds / _STEP)


def watchdog(process: int) -> Watchdog:
    """The one of a process; a child has its own, as threads and what they hold do not live on in it."""
    found = _by_process.get(process)
    return _by_process.setdefault(process, Watchdog()) if found is None else found
