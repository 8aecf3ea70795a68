"""Programs that are run without a shell, killed when they take too long or print too much."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import suppress
from typing import IO, Final

from neo_wire.flow import ProcessResult

_PIECE: Final = 65536
_LOOK: Final = 0.1  # seconds between looks whether the caller has gone
_GRACE: Final = 1.0  # seconds for what a program that has ended leaves in its pipes


def run_process(
    arguments: tuple[str, ...], timeout: float, max_output: int, *, abandoned: threading.Event | None = None
) -> ProcessResult:
    """Run a program and have what it prints; it has no input.

    It is the leader of a process group, so that what it started is killed with it. One of these that keeps the pipes
    open after the program itself has ended is killed as well, and what was printed until then counts.

    Args:
        arguments: the program and what it is given.
        timeout: how long it may take, in seconds.
        max_output: how much it may print, in bytes, on each of its outputs.
        abandoned: set by a caller who waits no longer, to have it killed.

    Raises:
        TimeoutError: it did not end in time, or was abandoned; it was killed.
        OSError: there is no such program, or it printed too much and was killed.
    """
    process = subprocess.Popen(  # noqa: S603  # the user's own command, without a shell
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018  # they are pipes
    stdout, stderr = bytearray(), bytearray()
    readers = [
        threading.Thread(target=_capture, args=(pipe, into, max_output, process), daemon=True)
        for pipe, into in ((process.stdout, stdout), (process.stderr, stderr))
    ]
    try:
        for reader in readers:
            reader.start()
        _wait(process, timeout, abandoned)
        _join(readers)
    finally:
        if process.poll() is None or any(reader.is_alive() for reader in readers):
            _kill(process)
            process.wait()
            _join(readers)
    if max(len(stdout), len(stderr)) > max_output:
        raise OSError(f"the program printed more than {max_output} bytes and was killed")
    return ProcessResult(process.returncode, bytes(stdout), bytes(stderr))


def _wait(process: subprocess.Popen[bytes], timeout: float, abandoned: threading.Event | None) -> None:
    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"the program did not end within {timeout:g} s and was killed")
        if abandoned is not None and abandoned.is_set():
            raise TimeoutError("nobody waits for the program any longer, and it was killed")
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(left, _LOOK))
            return


def _join(readers: list[threading.Thread]) -> None:
    deadline = time.monotonic() + _GRACE
    for reader in readers:
        reader.join(max(0.0, deadline - time.monotonic()))


def _kill(process: subprocess.Popen[bytes]) -> None:
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # all have ended; macOS says the second of the dead
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _capture(pipe: IO[bytes], into: bytearray, max_output: int, process: subprocess.Popen[bytes]) -> None:
    with pipe:
        while piece := os.read(pipe.fileno(), _PIECE):  # what is there, without waiting for more
            into += piece
            if len(into) > max_output:
                _kill(process)
                return
