"""Threads and flows beside each other under an event loop: asyncio's own means, or anyio's under trio."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Hashable
from copy import copy
from typing import Any, TypeAlias

from neo_wire.errors import ClientClosed, NeoWireError
from neo_wire.flow import BUSY, Concurrently, Exclusive, Flow
from neo_wire.transports.asynchronous import Tasks

_Run: TypeAlias = Callable[[Flow[Any]], Coroutine[Any, Any, Any]]  # Any: flows of any result


def tasks_of_the_running_loop(known: Tasks | None) -> Tasks:
    """The tasks that are known, when they are of the running event loop and this process; else new ones."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return known if isinstance(known, AnyioTasks) else AnyioTasks()
    place = os.getpid(), loop
    return known if isinstance(known, AsyncioTasks) and known.place == place else AsyncioTasks(place)


class AsyncioTasks:
    """What runs beside the calls, under asyncio."""

    def __init__(self, place: tuple[int, asyncio.AbstractEventLoop]) -> None:
        self.place = place
        self._running: dict[Hashable, asyncio.Task[Any]] = {}

    async def in_thread(self, function: Callable[[], object]) -> object:
        """Call a function that may block in a thread."""
        return await asyncio.to_thread(_called, function)

    async def exclusive(self, effect: Exclusive, run: _Run) -> object:
        """Run the flow in a task of its own, so that an asker who gives up or is cancelled stops nobody else."""
        task = self._running.get(effect.key)
        own = task is None
        if task is None:
            task = self._running[effect.key] = self.place[1].create_task(run(effect.flow()))
            task.add_done_callback(lambda done: self._ended(effect.key, done))
        elif effect.skip:
            return BUSY
        try:
            async with asyncio.timeout(effect.timeout):
                return await asyncio.shield(task)
        except asyncio.CancelledError:
            asker = asyncio.current_task()
            if task.cancelled() and asker is not None and not asker.cancelling():
                raise ClientClosed("the client was closed while credentials or settings were fetched") from None
            raise
        except NeoWireError as error:
            raise error if own else copy(error) from error.__cause__

    def _ended(self, key: Hashable, task: asyncio.Task[Any]) -> None:
        del self._running[key]
        if not task.cancelled():
            task.exception()  # else asyncio reports what no asker waited for

    async def concurrently(self, effect: Concurrently, run: _Run) -> list[object]:
        """Run the flows in tasks; a cancellation of the asker cancels them, and waits for them."""
        free = asyncio.Semaphore(effect.limit)

        async def one(flow: Callable[[], Flow[Any]]) -> object:
            async with free:
                try:
                    return await run(flow())
                except Exception as error:  # noqa: BLE001  # it is the asker's
                    return error

        tasks = [self.place[1].create_task(one(flow)) for flow in effect.flows]
        try:
            return await asyncio.gather(*tasks)
        except BaseException:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise

    async def aclose(self) -> None:
        """Cancel what still runs."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class AnyioTasks:
    """What runs beside the calls, under trio, by way of anyio, which comes with httpx.

    No task outlives its asker there: an exclusive flow runs in the task of the first, and when that is cancelled, one
    of those who wait begins anew.
    """

    def __init__(self) -> None:
        self._running: dict[Hashable, Any] = {}

    async def in_thread(self, function: Callable[[], object]) -> object:
        """Call a function that may block in a thread."""
        from anyio import to_thread

        return await to_thread.run_sync(function, abandon_on_cancel=True)  # as asyncio does

    async def exclusive(self, effect: Exclusive, run: _Run) -> object:
        """Run the flow, or wait for the one that runs it."""
        import anyio

        with anyio.fail_after(effect.timeout):
            while (running := self._running.get(effect.key)) is not None:
                if effect.skip:
                    return BUSY
                await running.ended.wait()
                if running.error is not None:
                    raise copy(running.error) from running.error.__cause__
                if running.has_result:
                    return running.result
            running = self._running[effect.key] = _Running(anyio.Event())
            try:
                running.result = await run(effect.flow())
                running.has_result = True
            except NeoWireError as error:
                running.error = error
                raise
            finally:
                del self._running[effect.key]
                running.ended.set()
            return running.result

    async def concurrently(self, effect: Concurrently, run: _Run) -> list[object]:
        """Run the flows in tasks; a cancellation of the asker cancels them, and waits for them."""
        import anyio

        outcomes: list[object] = [None] * len(effect.flows)
        free = anyio.Semaphore(effect.limit)

        async def one(index: int) -> None:
            async with free:
                try:
                    outcomes[index] = await run(effect.flows[index]())
                except Exception as error:  # noqa: BLE001  # it is the asker's
                    outcomes[index] = error

        async with anyio.create_task_group() as group:
            for index in range(len(effect.flows)):
                group.start_soon(one, index)
        return outcomes

    async def aclose(self) -> None:
        """Nothing outlives its asker."""


def _called(function: Callable[[], object]) -> object:
    """Call a function in a thread; asyncio cannot hand a StopIteration on, and would wait for ever."""
    try:
        return function()
    except StopIteration as stop:
        raise RuntimeError("the function raised StopIteration") from stop


class _Running:
    """One exclusive flow under trio, and how it ended."""

    def __init__(self, ended: Any) -> None:  # noqa: ANN401  # an anyio.Event, imported late
        self.ended = ended
        self.result: object = None
        self.has_result = False
        self.error: NeoWireError | None = None
