"""The progress line: on a stream that is a terminal, on one that is none, and on a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from neo_wire.cli import progress as module
from neo_wire.cli.progress import Progress, size
from neo_wire.local import LocalServer, NeoService, Timeline

Run = Callable[..., Any]
pty = pytest.importorskip("pty")


class Terminal(io.StringIO):
    """A stream that says that it is a terminal; one whose width cannot be asked for."""

    def isatty(self) -> bool:
        return True


def screen(written: str) -> list[str]:
    """The lines that stand on a terminal after all that was written."""
    lines, column = [""], 0
    for character in written:
        if character == "\n":
            lines.append("")
            column = 0
        elif character == "\r":
            column = 0
        else:
            lines[-1] = lines[-1][:column].ljust(column) + character + lines[-1][column + 1 :]
            column += 1
    return [line.rstrip() for line in lines]


def test_without_a_terminal_each_change_is_a_line() -> None:
    stream = io.StringIO()
    with Progress(stream=stream) as progress:
        progress.show("a: STARTING")
        progress.show("a: 1 %", passing=True)
        progress.change("a: COMPLETED", "1 of 1 jobs")
    assert stream.getvalue() == "a: STARTING, 0:00\na: COMPLETED, 0:00\n"


def test_on_a_terminal_there_is_one_line_and_nothing_is_left_of_it() -> None:
    stream = Terminal()
    with Progress(stream=stream) as progress:
        progress.show("a: INPROGRESS")
        assert screen(stream.getvalue()) == ["a: INPROGRESS, 0:00"]
        progress.change("not shown", "a: DONE")
        assert screen(stream.getvalue()) == ["a: DONE, 0:00"]
    assert screen(stream.getvalue()) == [""]
    assert "\x1b" not in stream.getvalue()


def test_a_line_is_no_longer_than_the_terminal_and_cannot_drive_it() -> None:
    stream = Terminal()
    with Progress(stream=stream) as progress:
        progress.show("x\x1b[2J" + "y" * 200)
        (line,) = screen(stream.getvalue())
    assert line == "x [2J" + "y" * 72


def test_a_terminal_too_narrow_for_anything_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(Progress, "_width", lambda _: 2)
    with Progress(stream=stream) as progress:
        progress.show("resnet50: INPROGRESS")
        assert screen(stream.getvalue()) == [""]


def test_quiet_and_without_a_stderr_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    with Progress(stream=stream, quiet=True) as progress:
        progress.show("a")
    assert stream.getvalue() == ""
    monkeypatch.setattr(sys, "stderr", None)
    with Progress() as progress:
        progress.show("a")


def test_a_note_stands_above_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Terminal()
    monkeypatch.setattr(sys, "stderr", stream)
    with Progress() as progress:
        progress.show("a: INPROGRESS")
        Progress.note("something happened")
        assert screen(stream.getvalue()) == ["something happened", "a: INPROGRESS, 0:00"]
    assert screen(stream.getvalue()) == ["something happened", ""]
    Progress.note("later")
    assert screen(stream.getvalue()) == ["something happened", "later", ""]


def test_a_terminal_that_has_gone_is_no_error() -> None:
    stream = Terminal()
    with Progress(stream=stream) as progress:
        stream.close()
        progress.show("a")


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()])
def test_the_line_goes_on_by_itself(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO) -> None:
    """The time on a terminal; elsewhere a sign of life."""
    monkeypatch.setattr(module, "_REDRAW", 0.01)
    monkeypatch.setattr(module, "_REPEAT", 0.01)
    drawn = threading.Event()
    write, writes = stream.write, []

    def recorded(text: str) -> int:
        writes.append(text)
        if sum("a: INPROGRESS, 0:00" in one for one in writes) == 3:
            drawn.set()
        return write(text)

    monkeypatch.setattr(stream, "write", recorded)
    with Progress(stream=stream) as progress:
        progress.show("a: INPROGRESS")
        assert drawn.wait(10)


def test_times_and_sizes() -> None:
    assert [module._clock(seconds) for seconds in (0, 59.9, 60, 3599, 3600, 90_061)] == [
        "0:00", "0:59", "1:00", "59:59", "1:00:00", "25:01:01"
    ]  # fmt: skip
    assert [size(count) for count in (0, 999, 1000, 99_999, 100_000, 200_000_000)] == [
        "0 B", "999 B", "1.0 kB", "100.0 kB", "0.1 MB", "200.0 MB"
    ]  # fmt: skip


# ----------------------------------------------------------------------------------------------- a real pseudo-terminal


@pytest.fixture
def service() -> NeoService:
    return NeoService(
        timeline=lambda request: Timeline(
            starting=0.2, in_progress=86_400 if request.compilation_job_name.startswith("slow") else 0.3
        )
    )


@pytest.fixture
def server(service: NeoService) -> Iterator[LocalServer]:
    with LocalServer(service) as server:
        yield server


class Session:
    """The command on a pseudo-terminal of its own, as in somebody's shell."""

    def __init__(self, *arguments: str) -> None:
        self.main, end = pty.openpty()
        self.before = termios.tcgetattr(end)
        self.shown = ""
        self._end = end
        self.process = subprocess.Popen(  # noqa: S603  # the arguments are the test's own
            [sys.executable, "-c", _SHELL, *arguments], stdin=end, stdout=end, stderr=end, start_new_session=True
        )

    def until(self, text: str) -> None:
        """Read what is shown until the text was."""
        deadline = time.monotonic() + 30
        while text not in self.shown:
            assert select.select([self.main], [], [], max(0, deadline - time.monotonic()))[0], self.shown
            self._read()

    def _read(self) -> bool:
        try:
            data = os.read(self.main, 65536)
        except OSError:  # the other end is closed
            return False
        self.shown += data.decode()
        return bool(data)

    def end(self) -> int:
        """Wait for the process; read what is left; the terminal's settings must be as before."""
        status = self.process.wait(30)
        assert termios.tcgetattr(self._end) == self.before
        os.close(self._end)
        while self._read():
            pass
        os.close(self.main)
        return status


# The pseudo-terminal becomes the one that Ctrl-C of comes from.
_SHELL = (
    "import fcntl, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "from neo_wire.cli import main; sys.exit(main(sys.argv[1:]))"
)


@pytest.mark.usefixtures("paced")
def test_a_wait_on_a_terminal(create: Run, server: LocalServer) -> None:
    create("net")
    session = Session("wait", "net", "--poll", "0.05", "--endpoint-url", server.url)
    assert session.end() == 0
    assert "net: INPROGRESS, 0:0" in session.shown
    lines = screen(session.shown)
    assert [line.split()[0] for line in lines if line] == ["Outcome", "---------", "completed"]
    assert "\x1b" not in session.shown


def test_ctrl_c_on_a_terminal_leaves_it_clean(create: Run, server: LocalServer) -> None:
    create("slow")
    session = Session("wait", "slow", "--poll", "0.05", "--endpoint-url", server.url)
    session.until("slow: INPROGRESS")
    os.write(session.main, b"\x03")
    assert session.end() == 130
    lines = [line for line in screen(session.shown) if line]
    assert lines == ["neo-wire: interrupted"]
    assert "Traceback" not in session.shown


def test_a_wait_that_is_ended_by_a_signal_shows_no_traceback_either(create: Run, server: LocalServer) -> None:
    create("slow")
    with subprocess.Popen(  # noqa: S603  # the arguments are the test's own
        [sys.executable, "-m", "neo_wire", "wait", "slow", "--poll", "0.05", "--endpoint-url", server.url],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(30) == 130
    assert first.startswith("slow: ")
    assert rest.splitlines()[-1] == "neo-wire: interrupted"
    assert "Traceback" not in rest
