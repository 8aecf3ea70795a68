"""What the bridge to httpx needs of an event loop, asyncio's or trio's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any


def running_loop() -> object:
    """What stands for the event loop that runs: asyncio's, or a run of trio."""
    import asyncio  # here, as a blocking client has no use for it

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return import_module("trio").lowlevel.current_trio_token()


@asynccontextmanager
async def within(seconds: float) -> AsyncIterator[None]:
    """Cancel what takes longer, and raise TimeoutError."""
    import asyncio  # as above

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with import_module("anyio").fail_after(seconds):
            yield
    else:
        async with asyncio.timeout(seconds):
            yield


async def in_thread(function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401  # what the function gives
    """Call a function in a thread; a cancellation waits for its end, as nothing can stop it."""
    return await import_module("anyio").to_thread.run_sync(function, *arguments)
