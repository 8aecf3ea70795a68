"""What the tests of the asynchronous pools share: an event loop that has to end clean, and a wait for something."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from neo_wire.transports.async_pool import AsyncPools

T = TypeVar("T")


def run(main: Callable[[AsyncPools], Awaitable[T]], max_connections: int = 100) -> T:
    """Run something over pools of its own, within a bounded time, and see that nothing goes on afterwards."""

    async def whole() -> T:
        pools = AsyncPools(max_connections=max_connections)
        async with asyncio.timeout(30):
            result = await main(pools)
        await pools.aclose()
        assert len(asyncio.all_tasks()) == 1
        return result

    return asyncio.run(whole())


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that a thread, or the system, brings about."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # there is no event to wait for
            await asyncio.sleep(0.001)
