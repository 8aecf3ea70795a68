"""The asynchronous driver: runs a flow to its end in the calling task, under asyncio or trio alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from neo_wire.flow import Effect, Flow, Now, Send
from neo_wire.http import HttpResponse
from neo_wire.transports.clock import utc_now

T = TypeVar("T")


class AsyncExchange(Protocol):
    """What the driver sends with: one HTTP exchange at a time, from any task of one event loop."""

    async def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end, or raise a TransportError."""

    async def aclose(self) -> None:
        """Let go of the connections."""


class AsyncDriver:
    """Performs the effects of flows, one after another. Any number of tasks may run flows at once."""

    def __init__(self, exchange: AsyncExchange, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._exchange = exchange
        self._clock = clock

    async def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and give its result; what it raises is raised."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = await self._perform(effect)
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
                return self._clock()

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._exchange.aclose()
