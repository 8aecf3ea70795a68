from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from neo_wire.flow import ProcessResult
from neo_wire.transports.processes import run_process


def python(code: str, *arguments: str) -> tuple[str, ...]:
    return sys.executable, "-S", "-c", code, *arguments


def run(code: str, timeout: float = 20, max_output: int = 1_000_000, **options: threading.Event) -> ProcessResult:
    return run_process(python(code), timeout, max_output, **options)


def until(condition: Callable[[], object]) -> None:
    """Wait for something that the system brings about."""
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def has_ended(pid: int) -> bool:
    """Whether a process is gone, or a zombie that its new parent has yet to bury."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_status_and_both_outputs() -> None:
    result = run("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)")
    assert (result.status, result.stdout, result.stderr) == (3, b"out\n", b"err\n")


def test_there_is_no_shell_and_no_input() -> None:
    result = run_process(python("import sys; print(sys.argv[1:], repr(sys.stdin.read()))", "$HOME;", "a b"), 20, 1000)
    assert result.stdout == b"['$HOME;', 'a b'] ''\n"


def test_more_than_a_pipe_holds_on_both_outputs() -> None:
    result = run("import sys; sys.stderr.write('e' * 300_000); sys.stdout.write('o' * 300_000)")
    assert (len(result.stdout), len(result.stderr)) == (300_000, 300_000)


def test_one_that_a_signal_ends() -> None:
    assert run("import os, signal; os.kill(os.getpid(), signal.SIGTERM)").status == -signal.SIGTERM


def test_nothing_of_it_is_shown() -> None:
    shown = repr(run("print('s3cret')"))
    assert "s3cret" not in shown
    assert shown.startswith("ProcessResult(status=0")


@pytest.mark.parametrize(("path", "error"), [("/no/such/program", FileNotFoundError), ("/", PermissionError)])
def test_one_that_cannot_be_run(path: str, error: type[OSError]) -> None:
    with pytest.raises(error):
        run_process((path,), 20, 1000)


def test_one_that_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\x00\x01\x02")
    (tmp_path / "a").chmod(0o755)
    with pytest.raises(OSError, match="Exec format error"):
        run_process((str(tmp_path / "a"),), 20, 1000)


@pytest.mark.parametrize("output", ["stdout", "stderr"])
def test_one_that_prints_without_end_is_killed(output: str) -> None:
    with pytest.raises(OSError, match="printed more than 100000 bytes and was killed"):
        run(f"import sys\nwhile True: sys.{output}.write('x' * 10_000)", max_output=100_000)


def test_exactly_as_much_as_is_allowed() -> None:
    assert len(run("print('x' * 999)", max_output=1000).stdout) == 1000
    with pytest.raises(OSError, match="more than 1000"):
        run("print('x' * 1000)", max_output=1000)


FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])
with open({pids!r} + ".new", "w") as file:
    file.write(f"{{os.getpid()}} {{child.pid}}")
os.rename({pids!r} + ".new", {pids!r})
{then}
"""


def pids_of(path: Path) -> list[int]:
    until(path.exists)
    return [int(pid) for pid in path.read_text("ascii").split()]


def test_one_that_takes_too_long_is_killed_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids"

    class HoursLater:
        """A clock that jumps on when the family is complete."""

        @staticmethod
        def monotonic() -> float:
            return time.monotonic() + (10_000 if pids.exists() else 0)

    monkeypatch.setattr("neo_wire.transports.processes.time", HoursLater)
    with pytest.raises(TimeoutError, match="did not end within 60 s and was killed"):
        run(FAMILY.format(pids=str(pids), then="time.sleep(60)"), timeout=60)
    for pid in pids_of(pids):
        until(partial(has_ended, pid))


def test_one_that_ignores_a_request_to_end_is_killed() -> None:
    with pytest.raises(TimeoutError):
        run("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)", timeout=0.3)


def test_what_it_leaves_behind_does_not_keep_its_caller_waiting(tmp_path: Path) -> None:
    """A child that holds the pipes open, as an agent that is started in the background does."""
    pids = tmp_path / "pids"
    began = time.monotonic()
    result = run(FAMILY.format(pids=str(pids), then="print('keys')"))
    assert (result.status, result.stdout) == (0, b"keys\n")
    assert time.monotonic() - began < 10
    for pid in pids_of(pids):
        until(partial(has_ended, pid))


def test_one_that_was_abandoned_is_killed(tmp_path: Path) -> None:
    pids, abandoned = tmp_path / "pids", threading.Event()
    outcomes: list[BaseException] = []

    def caller() -> None:
        try:
            run(FAMILY.format(pids=str(pids), then="time.sleep(60)"), abandoned=abandoned)
        except TimeoutError as error:
            outcomes.append(error)

    thread = threading.Thread(target=caller)
    thread.start()
    family = pids_of(pids)
    abandoned.set()
    thread.join(10)
    assert "nobody waits" in str(outcomes[0])
    for pid in family:
        until(partial(has_ended, pid))


def test_an_interruption_kills_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids = tmp_path / "pids"

    def interrupted(*_: object) -> None:
        pids_of(pids)
        raise KeyboardInterrupt

    monkeypatch.setattr("neo_wire.transports.processes._wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(FAMILY.format(pids=str(pids), then="time.sleep(60)"))
    for pid in pids_of(pids):
        until(partial(has_ended, pid))


def test_no_descriptor_and_no_thread_is_left() -> None:
    def open_now() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    run("pass")
    before, threads = open_now(), threading.active_count()
    for _ in range(3):
        run("print('x')")
        with pytest.raises(OSError, match="printed more"):
            run("print('x' * 100)", max_output=10)
        with pytest.raises(TimeoutError):
            run("import time; time.sleep(60)", timeout=0.1)
    until(lambda: open_now() <= before and threading.active_count() <= threads)
