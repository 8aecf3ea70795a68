"""Progress that is told from a thread, to functions that belong to an event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Final, TypeAlias

from neo_wire.errors import ConfigurationError

OnProgress: TypeAlias = Callable[[int, int], Awaitable[None] | None]
"""Is given the bytes that are there and those of the whole: a function or, for an asynchronous client, a coroutine
function."""

_NAP: Final = 0.1  # seconds: how soon a function that does not end sees that its download was cancelled


def in_this_thread(on_progress: OnProgress | None) -> Callable[[int, int], None] | None:
    """For a blocking client, where an awaitable is refused."""
    if on_progress is None:
        return None

    def told(done: int, total: int) -> None:
        result = on_progress(done, total)
        if isawaitable(result):
            if hasattr(result, "close"):
                result.close()  # else Python warns that it was never awaited
            raise ConfigurationError("on_progress gives an awaitable, which a blocking client cannot await")

    return told


def in_this_loop(on_progress: OnProgress | None) -> Callable[[int, int], None] | None:
    """For an asynchronous client: called from a thread, it runs the function in the loop, and waits for it.

    A cancellation of the task that this is called in cancels the function too; else both would wait for it.
    """
    if on_progress is None:
        return None

    async def tell(done: int, total: int) -> None:
        result = on_progress(done, total)
        if isawaitable(result):
            await result

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        from anyio import from_thread  # under trio

        return lambda done, total: from_thread.run(tell, done, total)
    task = asyncio.current_task()
    cancelled = 0 if task is None else task.cancelling()

    def told(done: int, total: int) -> None:
        future = asyncio.run_coroutine_threadsafe(tell(done, total), loop)
        while not concurrent.futures.wait([future], _NAP).done:
            if task is not None and task.cancelling() > cancelled:
                future.cancel()
                break
        future.result()

    return told
