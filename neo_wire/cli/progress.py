"""What is under way, on stderr: on a terminal one line that is drawn anew, elsewhere a line at each change.

Neither control sequences nor hidden cursors are used, so that whatever ends the process leaves the terminal well.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from io import StringIO
from types import TracebackType
from typing import Self, TextIO

from neo_wire.cli.failure import one_line

_REDRAW = 0.5  # seconds
_REPEAT = 60.0  # seconds: where there is no terminal, a sign of life for those who watch a log
_WIDTH = 80
_ECHO = len("^C")  # what a terminal writes behind the line at Ctrl-C


class Progress:
    """One progress line, from `with` to its end; the time since it began goes at its end.

    Args:
        quiet: show nothing but notes.
        stream: None for stderr.
    """

    _present: Progress | None = None  # a process has one terminal, so there is one at a time

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        given: TextIO | None = sys.stderr if stream is None else stream  # None in a process without one
        self._stream = given or StringIO()
        self._quiet = quiet or given is None
        self._terminal = not self._quiet and self._stream.isatty()
        self._interval = _REDRAW if self._terminal else _REPEAT
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._text = ""
        self._drawn = 0  # characters of the line that stands there
        self._started = self._printed = time.monotonic()

    def __enter__(self) -> Self:
        Progress._present = self
        if not self._quiet:
            threading.Thread(target=self._go_on, daemon=True).start()
        return self

    def __exit__(
        self, cls: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        Progress._present = None
        with self._lock:
            self._write("")
            self._text = ""

    def show(self, text: str, *, passing: bool = False) -> None:
        """Say what is under way now.

        Args:
            text: one line, without the time.
            passing: it changes so often that it is not worth a line of its own where there is no terminal.
        """
        with self._lock:
            self._text = one_line(text)
            if self._terminal:
                if not passing or time.monotonic() - self._printed > 0.1:
                    self._draw()
            elif not passing:
                self._draw()

    def change(self, event: str, text: str) -> None:
        """Say what happened, and what is under way now: the one or the other, as there is a terminal or none."""
        self.show(text if self._terminal else event)

    @staticmethod
    def note(text: str) -> None:
        """Print a line on stderr that stays, above the progress line if there is one.

        Without a stderr that can be written to it is lost, and the exit status is what it would have been.
        """
        present = Progress._present
        if present is None:
            _print(text)
            return
        with present._lock:
            present._write("")
            _print(text)
            if present._terminal:
                present._draw()

    def _go_on(self) -> None:
        while not self._over.wait(self._interval):
            with self._lock:
                if not self._over.is_set() and time.monotonic() - self._printed >= self._interval * 0.9:
                    self._draw()

    def _draw(self) -> None:
        if not self._quiet and self._text:
            self._printed = time.monotonic()
            self._write(f"{self._text}, {_clock(self._printed - self._started)}")

    def _write(self, line: str) -> None:
        """Write the line in the place of the one that stands there; an empty one leaves nothing."""
        with suppress(OSError, ValueError):  # a terminal that has gone is no reason to fail
            if self._terminal:
                line = line[: max(0, self._width() - 1 - _ECHO)]  # a full line would scroll
                before, self._drawn = self._drawn, max(self._drawn, len(line))  # what an interrupt leaves is erased
                if self._drawn:
                    self._stream.write(f"\r{line.ljust(before)}" if line else f"\r{' ' * (before + _ECHO)}\r")
                    self._stream.flush()
                self._drawn = len(line)
            elif line:
                self._stream.write(f"{line}\n")
                self._stream.flush()

    def _width(self) -> int:
        with suppress(OSError, ValueError):
            return os.get_terminal_size(self._stream.fileno()).columns or _WIDTH
        return _WIDTH


def _print(text: str) -> None:
    stderr: TextIO | None = sys.stderr  # None in a process without one, for which print would take stdout
    if stderr is not None:
        with suppress(OSError, ValueError):
            print(text, file=stderr, flush=True)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def size(count: int) -> str:
    """A number of bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB" if count >= 1000 else f"{count} B"
