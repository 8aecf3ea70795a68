"""Programs that are run without a shell, killed when they take too long or print too much."""

from __future__ import annotations

import subprocess
import threading
from typing import IO, Final

from neo_wire.flow import ProcessResult

_PIECE: Final = 65536


def run_process(arguments: tuple[str, ...], timeout: float, max_output: int) -> ProcessResult:
    """Run a program and have what it prints.

    Raises:
        TimeoutError: it did not end in time; it was killed.
        OSError: there is no such program, or it printed too much and was killed.
    """
    process = subprocess.Popen(  # noqa: S603  # the user's own command, without a shell
        arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    assert process.stdout is not None and process.stderr is not None  # noqa: S101, PT018  # they are pipes
    captured: dict[str, bytearray] = {"stdout": bytearray(), "stderr": bytearray()}
    readers = [
        threading.Thread(target=_capture, args=(pipe, captured[name], max_output, process), daemon=True)
        for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr))
    ]
    for reader in readers:
        reader.start()
    try:
        process.wait(timeout)
        for reader in readers:
            reader.join(timeout)
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"the program did not end within {timeout:g} s and was killed") from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    if any(len(data) > max_output for data in captured.values()):
        raise OSError(f"the program printed more than {max_output} bytes and was killed")
    return ProcessResult(process.returncode, bytes(captured["stdout"]), bytes(captured["stderr"]))


def _capture(pipe: IO[bytes], into: bytearray, max_output: int, process: subprocess.Popen[bytes]) -> None:
    with pipe:
        while piece := pipe.read(_PIECE):
            into += piece
            if len(into) > max_output:
                process.kill()
                return
