"""The blocking driver: runs a flow to its end in the calling thread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, TypeVar

from neo_wire.flow import Effect, Flow, Now, Send
from neo_wire.http import HttpResponse
from neo_wire.transports.clock import utc_now

T = TypeVar("T")


class Exchange(Protocol):
    """What the driver sends with: one HTTP exchange at a time, from any thread."""

    def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end, or raise a TransportError."""

    def close(self) -> None:
        """Let go of the connections."""


class BlockingDriver:
    """Performs the effects of flows, one after another. Any number of threads may run flows at once."""

    def __init__(self, exchange: Exchange, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._exchange = exchange
        self._clock = clock

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and give its result; what it raises is raised."""
        try:
            effect = next(flow)
            while True:
                try:
                    result = self._perform(effect)
                except BaseException as error:  # noqa: BLE001  # the flow decides what becomes of it
                    effect = flow.throw(error)
                else:
                    effect = flow.send(result)
        except StopIteration as end:
            value: T = end.value
            return value

    def _perform(self, effect: Effect) -> object:
        match effect:
            case Send():
                return self._exchange.send(effect)
            case Now():
                return self._clock()

    def close(self) -> None:
        """Let go of the connections."""
        self._exchange.close()
