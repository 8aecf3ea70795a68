from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trio

from neo_wire.flow import Flow, ProcessResult, read_file, run_process, write_file
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver
from tests.credentials.generations import AsyncNowhere, Nowhere

Run = Callable[[Flow[Any]], Any]
SLEEPER = """
import os, sys, time
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(60)
"""


def blocking(flow: Flow[Any]) -> Any:
    return BlockingDriver(Nowhere()).run(flow)


def under_asyncio(flow: Flow[Any]) -> Any:
    return asyncio.run(AsyncDriver(AsyncNowhere()).run(flow))


def under_trio(flow: Flow[Any]) -> Any:
    return trio.run(AsyncDriver(AsyncNowhere()).run, flow)


@pytest.fixture(params=[blocking, under_asyncio, under_trio], ids=["sync", "asyncio", "trio"])
def run(request: pytest.FixtureRequest) -> Run:
    runner: Run = request.param
    return runner


def test_a_file_is_written_and_read(run: Run, tmp_path: Path) -> None:
    def both() -> Flow[bytes]:
        yield from write_file(str(tmp_path / "new" / "a"), b"content")
        return (yield from read_file(str(tmp_path / "new" / "a"), max_bytes=10))

    assert run(both()) == b"content"


def test_a_failure_is_thrown_into_the_flow(run: Run, tmp_path: Path) -> None:
    def missing() -> Flow[str]:
        try:
            yield from read_file(str(tmp_path / "a"), max_bytes=10)
        except FileNotFoundError:
            return "none there"
        return "there"

    assert run(missing()) == "none there"


def test_a_program_is_run(run: Run) -> None:
    result = run(run_process([sys.executable, "-S", "-c", "print('x')"], timeout=20, max_output=100))
    assert result == ProcessResult(0, b"x\n", b"")


def test_the_bounds_of_a_program_hold(run: Run) -> None:
    with pytest.raises(TimeoutError):
        run(run_process([sys.executable, "-S", "-c", "import time; time.sleep(60)"], timeout=0.1, max_output=100))
    with pytest.raises(OSError, match="more than 10 bytes"):
        run(run_process([sys.executable, "-S", "-c", "print('x' * 100)"], timeout=20, max_output=10))


def test_an_event_loop_goes_on_meanwhile(tmp_path: Path) -> None:
    async def main() -> int:
        waiting = "import pathlib, sys, time\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
        flow = run_process([sys.executable, "-S", "-c", waiting, str(tmp_path / "go")], timeout=20, max_output=100)
        task = asyncio.create_task(AsyncDriver(AsyncNowhere()).run(flow))
        await asyncio.sleep(0)
        (tmp_path / "go").touch()  # only a loop that is not held up gets here
        return (await task).status

    assert asyncio.run(main()) == 0


def has_ended(pid: int) -> bool:
    """Whether a process of ours was killed, and buried."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("library", ["asyncio", "trio"])
def test_a_cancellation_kills_the_program_and_does_not_wait_for_it(tmp_path: Path, library: str) -> None:
    started = tmp_path / "started"
    flow = run_process([sys.executable, "-S", "-c", SLEEPER, str(started)], timeout=60, max_output=100)

    async def under_asyncio() -> None:
        task = asyncio.create_task(AsyncDriver(AsyncNowhere()).run(flow))
        while not started.exists():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    async def under_trio() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(AsyncDriver(AsyncNowhere()).run, flow)
            while not started.exists():  # noqa: ASYNC110  # as above
                await trio.sleep(0.005)
            nursery.cancel_scope.cancel()

    began = time.monotonic()
    if library == "asyncio":
        asyncio.run(under_asyncio())  # which waits for its threads
    else:
        trio.run(under_trio)
    while not has_ended(int(started.read_text("ascii"))):
        assert time.monotonic() < began + 20
        time.sleep(0.005)
