"""The asynchronous driver: runs a flow to its end in the calling task, under asyncio or trio alike."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from inspect import isawaitable, iscoroutinefunction
from typing import Any, Protocol, TypeVar

from neo_wire.flow import (
    MONOTONIC,
    NOW,
    Call,
    Concurrently,
    Effect,
    Exclusive,
    Flow,
    Monotonic,
    Now,
    ReadFile,
    RunProcess,
    Send,
    Sleep,
    WriteFile,
)
from neo_wire.http import HttpResponse
from neo_wire.transports.clock import Clock, SystemClock

T = TypeVar("T")


class AsyncExchange(Protocol):
    """What the driver sends with: one HTTP exchange at a time, from any task of one event loop."""

    async def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end, or raise a TransportError."""

    async def aclose(self) -> None:
        """Let go of the connections."""


class Tasks(Protocol):
    """What the driver needs of an event loop beside exchanges: threads, and flows that run beside each other."""

    async def in_thread(self, function: Callable[[], object]) -> object:
        """Call a function that may block in a thread."""

    async def exclusive(self, effect: Exclusive, run: Callable[[Flow[Any]], Coroutine[Any, Any, Any]]) -> object:
        """Perform the effect `Exclusive`."""

    async def concurrently(self, effect: Concurrently, run: Callable[[Flow[Any]], Coroutine[Any, Any, Any]]) -> object:
        """Perform the effect `Concurrently`."""

    async def aclose(self) -> None:
        """Cancel what still runs."""


class AsyncDriver:
    """Performs the effects of flows, one after another. Any number of tasks may run flows at once."""

    def __init__(self, exchange: AsyncExchange, *, clock: Clock | None = None) -> None:
        self._exchange = exchange
        self._clock: Clock = clock or SystemClock()
        self._tasks: Tasks | None = None

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and give its result; what it raises is raised."""
        clock = self._clock
        try:
            effect = next(flow)
            while True:
                try:
                    # Each call asks for these four times; the way by `_perform` would cost a microsecond for each.
                    result = (
                        clock.monotonic()
                        if effect is MONOTONIC
                        else clock.now()
                        if effect is NOW
                        else await self._perform(effect)
                    )
                except BaseException as error:  # noqa: BLE001  # the flow decides; a cancellation goes through it too
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value

    async def _perform(self, effect: Effect) -> object:
        match effect:
            case Send():
                return await self._exchange.send(effect)
            case Now():
                return self._clock.now()
            case Monotonic():
                return self._clock.monotonic()
            case Sleep():
                await self._clock.sleep_async(effect.seconds)
                return None
            case Exclusive():
                return await self._loop().exclusive(effect, self.run)
            case Concurrently():
                return await self._loop().concurrently(effect, self.run)
            case Call():
                function: Any = effect.function
                if iscoroutinefunction(function) or iscoroutinefunction(getattr(function, "__call__", None)):  # noqa: B004  # it is callable; the question is how
                    return await function()
                result = await self._loop().in_thread(function)
                return await result if isawaitable(result) else result
            case ReadFile() | WriteFile() | RunProcess():
                from neo_wire.transports.local_io import perform  # here, as few clients need it

                abandoned = threading.Event()
                try:
                    return await self._loop().in_thread(lambda: perform(effect, abandoned=abandoned))
                except BaseException:
                    abandoned.set()
                    raise

    def _loop(self) -> Tasks:
        """The tasks of the event loop that runs now; those of another one, or of another process, are forgotten."""
        from neo_wire.transports.tasks import tasks_of_the_running_loop

        self._tasks = tasks_of_the_running_loop(self._tasks)
        return self._tasks

    async def aclose(self) -> None:
        """Let go of the connections, and of what still runs beside the calls."""
        if self._tasks is not None:
            await self._loop().aclose()
        await self._exchange.aclose()
