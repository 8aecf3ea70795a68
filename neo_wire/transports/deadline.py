"""When the total time of an exchange is up, and timeouts that keep to it, in the form that httpx takes them."""

from __future__ import annotations

import time
from typing import Any, Final

from neo_wire.http import Timeout

_SHORTEST: Final = 0.001  # seconds: to a socket 0 means not to wait at all, which is another thing


class Deadline:
    """A moment that is so many seconds ahead when it is made."""

    __slots__ = ("_ends",)

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds

    def left(self) -> float:
        """The seconds until then; none or fewer when it is past."""
        return self._ends - time.monotonic()


class Wait(float):
    """The seconds that one wait may take, which knows the deadline of the exchange that it is a part of."""

    deadline: Deadline

    def left(self) -> float:
        """The seconds that a wait that begins now may take; none or fewer when the deadline is past."""
        return min(self, self.deadline.left())


class Waits(dict[str, float]):
    """The timeouts of an exchange: each is looked up when its wait begins, and is no longer than what is left then."""

    def __init__(self, timeout: Timeout, deadline: Deadline) -> None:
        super().__init__(connect=timeout.connect, read=timeout.read, write=timeout.write, pool=timeout.pool)
        self._deadline = deadline

    def __getitem__(self, name: str) -> Wait:
        wait = Wait(max(min(super().__getitem__(name), self._deadline.left()), _SHORTEST))
        wait.deadline = self._deadline
        return wait

    def get(self, name: str, default: Any = None) -> Any:  # noqa: ANN401  # as the method of any dict
        """The timeout of a kind of wait; the default for another kind."""
        return self[name] if name in self else default  # noqa: SIM401  # or it would call itself
