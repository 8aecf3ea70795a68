"""The blocking driver: runs a flow to its end in the calling thread."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable
from copy import copy
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from neo_wire.errors import ConfigurationError, NeoWireError
from neo_wire.flow import (
    BUSY,
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

if TYPE_CHECKING:
    from concurrent.futures import Future

T = TypeVar("T")

_NAP: Final = 0.1  # seconds: how long a flow that runs beside others sleeps at a time, to be interrupted between


class Exchange(Protocol):
    """What the driver sends with: one HTTP exchange at a time, from any thread."""

    def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end, or raise a TransportError."""

    def close(self) -> None:
        """Let go of the connections."""


class _Runs:
    """The exclusive flows that run in this process now: a forked one has none of its parent's."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.lock = threading.Lock()
        self.futures: dict[Hashable, Future[Any]] = {}


class BlockingDriver:
    """Performs the effects of flows, one after another. Any number of threads may run flows at once."""

    def __init__(self, exchange: Exchange, *, clock: Clock | None = None) -> None:
        self._exchange = exchange
        self._clock: Clock = clock or SystemClock()
        self._runs = _Runs()

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end and give its result; what it raises is raised."""
        return self._drive(flow, self._perform)

    def _drive(self, flow: Flow[T], perform: Callable[[Effect], object]) -> T:
        clock = self._clock
        try:
            effect = next(flow)
            while True:
                try:
                    # Each call asks for these four times; the way by `perform` would cost a microsecond for each.
                    result = (
                        clock.monotonic() if effect is MONOTONIC else clock.now() if effect is NOW else perform(effect)
                    )
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
                return self._clock.now()
            case Monotonic():
                return self._clock.monotonic()
            case Sleep():
                self._clock.sleep(effect.seconds)
                return None
            case Exclusive():
                return self._exclusive(effect)
            case Concurrently():
                return self._concurrently(effect)
            case Call():
                return _called(effect)
            case ReadFile() | WriteFile() | RunProcess():
                from neo_wire.transports.local_io import perform  # here, as few clients need it

                return perform(effect)

    def _exclusive(self, effect: Exclusive) -> object:
        from concurrent.futures import Future  # here, as a client with fixed credentials has no use for these
        from contextvars import copy_context

        runs = self._runs
        if runs.process != os.getpid():
            runs = self._runs = _Runs()
        with runs.lock:
            future = runs.futures.get(effect.key)
            own = future is None
            if future is None:
                future = runs.futures[effect.key] = Future()
            elif effect.skip:
                return BUSY
        if own:
            run = self._run_exclusive, effect, future, runs
            try:
                # A thread of its own, so that an asker who gives up or is interrupted stops nobody else.
                threading.Thread(target=copy_context().run, args=run, name="neo-wire-exclusive", daemon=True).start()
            except RuntimeError:  # no thread can be started, as at the end of the interpreter
                self._run_exclusive(effect, future, runs)
        try:
            return future.result(effect.timeout)
        except NeoWireError as error:
            raise error if own else copy(error) from error.__cause__

    def _run_exclusive(self, effect: Exclusive, future: Future[Any], runs: _Runs) -> None:
        try:
            result = self.run(effect.flow())
        except BaseException as error:  # noqa: BLE001  # it is the askers'
            with runs.lock:
                del runs.futures[effect.key]
            future.set_exception(error)
        else:
            with runs.lock:
                del runs.futures[effect.key]
            future.set_result(result)

    def _concurrently(self, effect: Concurrently) -> list[object]:
        outcomes: list[object] = [None] * len(effect.flows)
        waiting = iter(range(len(effect.flows)))
        lock, interrupted = threading.Lock(), threading.Event()

        def perform(one: Effect) -> object:
            if isinstance(one, Sleep):
                left = one.seconds
                while left > 0 and not interrupted.is_set():
                    self._clock.sleep(min(left, _NAP))
                    left -= _NAP
                result: object = None
            else:
                result = self._perform(one)
            if interrupted.is_set():
                raise KeyboardInterrupt
            return result

        def work() -> None:
            while not interrupted.is_set():
                with lock:
                    index = next(waiting, None)
                if index is None:
                    return
                try:
                    outcomes[index] = self._drive(effect.flows[index](), perform)
                except BaseException as error:  # noqa: BLE001  # it is the asker's
                    outcomes[index] = error

        threads = [
            threading.Thread(target=work, name=f"neo-wire-{number}", daemon=True)
            for number in range(min(effect.limit, len(effect.flows)))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        except BaseException:
            interrupted.set()
            for thread in threads:
                if thread.ident is not None:
                    thread.join()
            raise
        return outcomes

    def close(self) -> None:
        """Let go of the connections."""
        self._exchange.close()


def _called(effect: Call) -> object:
    result = effect.function()
    if isawaitable(result):
        if hasattr(result, "close"):
            result.close()  # else Python warns that it was never awaited
        raise ConfigurationError(
            "the function gives an awaitable, which a blocking client cannot await; give a plain one"
        )
    return result
