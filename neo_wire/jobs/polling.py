"""How a wait asks: at which intervals, how many requests a second, and how many failures it bears with."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final, TypeVar

import attrs
from attrs import define, field, frozen

from neo_wire.errors import CallTimeout, ConfigurationError, CredentialsTimeout, NeoWireError
from neo_wire.flow import Effect, Flow, Send, Sleep, monotonic, sleep
from neo_wire.jobs.calls import Calls, I, O
from neo_wire.retries.classify import classify
from neo_wire.service import Operation
from neo_wire.values import Value

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

DEFAULT_TIMEOUT: Final = 3600.0
"""How long a wait lasts, in seconds, as those of AWS for other jobs of SageMaker."""

LAST_LOOK: Final = 10.0
"""How long a request may take that is sent at the end of a wait, in seconds."""

_GROWTH: Final = 1.5
_JITTER: Final = 0.2
_PATIENCE: Final = 10  # failed looks in a row


def _is_number(value: object) -> bool:  # of what callers without a type checker give
    return isinstance(value, int | float) and not isinstance(value, bool)


@frozen(eq=False, repr=False)
class Polling(Value):
    """How often jobs are looked at.

    Attributes:
        shortest: the first interval, in seconds.
        longest: what the intervals grow to, in seconds.

    Raises:
        ConfigurationError: they are no numbers of seconds, or the shortest is longer than the longest.
    """

    shortest: float = 5.0
    longest: float = 60.0

    def __attrs_post_init__(self) -> None:
        """Refuse what would poll without a pause, or backwards."""
        for name, seconds in (("shortest", self.shortest), ("longest", self.longest)):
            if not _is_number(seconds) or not 0.01 <= seconds <= 86_400:
                raise ConfigurationError(
                    f"the {name} polling interval is {seconds!r}; give a number of seconds from 0.01 to 86400"
                )
        if self.shortest > self.longest:
            raise ConfigurationError(
                f"the shortest polling interval, {self.shortest:g} s, is longer than the longest, {self.longest:g} s"
            )

    def interval(self, number: int, chance: float) -> float:
        """The interval after so many looks, from 1, with jitter by a chance of 0 to 1, between the bounds."""
        exact = min(self.longest, self.shortest * _GROWTH ** min(number - 1, 64))
        low, high = max(self.shortest, exact * (1 - _JITTER)), min(self.longest, exact * (1 + _JITTER))
        return low + chance * (high - low)


DEFAULT_POLLING: Final = Polling()


@define(eq=False, repr=False)
class Pace:
    """Spaces requests out, so that there are never more than so many in a second.

    Raises:
        ConfigurationError: the rate is none.
    """

    rate: float
    _next: float = field(default=float("-inf"), init=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what is no rate."""
        if not _is_number(self.rate) or not 0.01 <= self.rate <= 1000:
            raise ConfigurationError(f"requests_per_second is {self.rate!r}; give a number from 0.01 to 1000")

    def turn(self) -> Flow[None]:
        """Wait until the next request may be sent."""
        now = yield from monotonic()
        if now < self._next:
            yield from sleep(self._next - now)
        self._next = max(now, self._next) + 1 / self.rate


@define(eq=False, repr=False)
class Patience:
    """How many failed looks in a row were borne with."""

    _failures: int = 0

    def bear(self, error: NeoWireError, what: str) -> None:
        """Bear with a failure that may pass, and log it; raise it when it may not, or when it was one too many."""
        self._failures += 1
        if not may_pass(error) or self._failures >= _PATIENCE:
            raise error
        _log.warning("%s failed, and is tried again: %s", what, error)

    def restore(self) -> None:
        """After a look that succeeded."""
        self._failures = 0


def may_pass(error: NeoWireError) -> bool:
    """Whether a failure may be over at the next look: throttling, a service that is out, a broken connection."""
    return classify(error) is not None or isinstance(error, CallTimeout | CredentialsTimeout)


def in_time(calls: Calls, deadline: float) -> Calls:
    """Calls that end by a deadline, a reading of the monotonic clock, though each has the seconds of `LAST_LOOK`.

    A call has a total timeout of its own, and that is longer than many a wait. Beyond the deadline it is a CallTimeout.
    """

    def call(operation: Operation[I, O], input: I) -> Flow[O]:  # noqa: A002  # Smithy's word
        return _until(calls(operation, input), deadline)

    return call


def _until(flow: Flow[T], deadline: float) -> Flow[T]:
    """Run a flow, with its exchanges and its waits cut short."""
    deadline = max(deadline, (yield from monotonic()) + LAST_LOOK)
    step: Callable[[Any], Effect] = flow.send  # Any: the result of an effect, or what it raised
    given: object = None
    while True:
        try:
            effect = step(given)
        except StopIteration as stop:
            result: T = stop.value
            return result
        try:
            left = deadline - (yield from monotonic())
            if isinstance(effect, Send):
                total = min(effect.timeout.total, max(left, 0.001))
                effect = attrs.evolve(effect, timeout=attrs.evolve(effect.timeout, total=total))
            elif isinstance(effect, Sleep) and effect.seconds >= left:
                raise CallTimeout(
                    "there is no time for another attempt before the wait ends",
                    endpoint="the service",
                    maybe_processed=True,
                )
            step, given = flow.send, (yield effect)
        except BaseException as error:  # noqa: BLE001  # the flow decides what becomes of it
            step, given = flow.throw, error


def check_timeout(timeout: float) -> None:
    """Refuse what is no bound.

    Raises:
        ConfigurationError: it is no number of seconds above 0.
    """
    if not _is_number(timeout) or not 0 < timeout < float("inf"):
        raise ConfigurationError(f"the timeout of the wait is {timeout!r}; give a number of seconds above 0")
