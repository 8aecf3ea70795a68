"""What a test has the local service do instead of answering as it would: errors, slow, lost and cut off answers.

Source: the faults are those of networks and of AWS's front ends; RFC 9112, section 8, incomplete messages.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from neo_wire.errors import ConfigurationError, ServiceError
from neo_wire.http import HttpResponse
from neo_wire.values import Value

_LONGEST_WAIT: Final = 3600.0
_MOST: Final = 1_000_000


@frozen(eq=False, repr=False)
class Slow(Value):
    """The request is answered, but so many seconds later; of the service's clock, so that virtual time only advances.

    Attributes:
        seconds: above 0, up to an hour.
        answer: in place of the service's own: an error or a whole response.

    Raises:
        ConfigurationError: the seconds are out of bounds.
    """

    seconds: float
    answer: ServiceError | HttpResponse | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse a wait without an end."""
        if not 0 < self.seconds <= _LONGEST_WAIT:
            raise ConfigurationError(
                f"an answer cannot be {self.seconds!r} s slow; give more than 0, up to {_LONGEST_WAIT:g}"
            )


@frozen(eq=False, repr=False)
class LostAnswer(Value):
    """The request is acted upon, but the connection closes before a byte of the answer arrives."""


@frozen(eq=False, repr=False)
class CutOff(Value):
    """The connection closes after the head of the answer and so many bytes of its body.

    Attributes:
        after: bytes of the body that still arrive; an answer that is shorter arrives whole.

    Raises:
        ConfigurationError: `after` is negative.
    """

    after: int

    def __attrs_post_init__(self) -> None:
        """Refuse fewer bytes than none."""
        if self.after < 0:
            raise ConfigurationError(f"an answer cannot be cut off after {self.after} bytes; give 0 or more")


Answer: TypeAlias = ServiceError | HttpResponse | Slow | LostAnswer | CutOff
"""An error, sent as AWS sends it; a whole response; or a fault on the way of the service's own answer."""


@frozen(eq=False, repr=False)
class LocalResponse(HttpResponse):
    """A response with how it gets to the client; what delivers it, a server or a transport, goes by that.

    Attributes:
        pieces: makes the body piece by piece, in place of `body`; None when `body` is it.
        length: how many bytes the pieces have.
        delay: seconds, of the service's clock, before it is delivered.
        lost: the connection is closed instead of delivering it.
        cut_after: the connection is closed after so many bytes of the body; None: it is delivered whole.
    """

    pieces: Callable[[], Iterator[bytes]] | None = None
    length: int = 0
    delay: float = 0.0
    lost: bool = False
    cut_after: int | None = None

    @classmethod
    def of(cls, response: HttpResponse) -> LocalResponse:
        """Any response as one that is delivered at once and whole, or as it says itself."""
        if isinstance(response, LocalResponse):
            return response
        return cls(response.status, response.headers, response.body, response.reason)

    @property
    def content_length(self) -> int:
        """How many bytes the whole body has."""
        return len(self.body) if self.pieces is None else self.length

    @property
    def is_cut(self) -> bool:
        """Whether not all of the body arrives."""
        return self.cut_after is not None and self.cut_after < self.content_length

    def delivered(self) -> Iterator[bytes]:
        """The pieces of the body that arrive."""
        left = self.content_length if self.cut_after is None else self.cut_after
        for piece in (self.body,) if self.pieces is None else self.pieces():
            if piece[:left]:
                yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return


@define(eq=False, repr=False)
class Script:
    """Answers that wait for the requests that they are for, in order; threads may take from it at once."""

    _steps: deque[tuple[Answer, str | None]] = field(factory=deque, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False)

    def add(self, answers: tuple[Answer, ...], operation: str | None, times: int) -> None:
        """Append answers.

        Raises:
            ConfigurationError: `times` is out of bounds, or one of the answers is none.
        """
        if not 1 <= times <= _MOST:
            raise ConfigurationError(f"answers cannot be given {times!r} times; give 1 to {_MOST}")
        given: tuple[object, ...] = answers  # what callers without a type checker give
        for one in given:
            if not isinstance(one, Answer):
                raise ConfigurationError(
                    f"{one!r} is no answer; give an error, a response, or one of Slow, LostAnswer and CutOff"
                )
        with self._lock:
            self._steps.extend((answer, operation) for _ in range(times) for answer in answers)

    def take(self, operation: str) -> Answer | None:
        """Take out the first answer that is for any request or for one of this operation."""
        if not self._steps:
            return None
        with self._lock:
            for place, (answer, wanted) in enumerate(self._steps):
                if wanted in (None, operation):
                    del self._steps[place]
                    return answer
        return None


def play(
    answer: Answer | None, perform: Callable[[], HttpResponse], refusal: Callable[[ServiceError], HttpResponse]
) -> HttpResponse:
    """The response to one request.

    Args:
        answer: what the script says; None: nothing.
        perform: acts upon the request, and gives the service's own answer.
        refusal: what an error is sent as.
    """
    match answer:
        case None:
            return perform()
        case ServiceError():
            return refusal(answer)
        case HttpResponse():
            return answer
        case Slow():
            return evolve(LocalResponse.of(play(answer.answer, perform, refusal)), delay=answer.seconds)
        case LostAnswer():
            return evolve(LocalResponse.of(perform()), lost=True)
        case CutOff():
            return evolve(LocalResponse.of(perform()), cut_after=answer.after)


class RateLimit:
    """How many requests a second the service takes before it throttles, by its own clock.

    It is a token bucket, as AWS's: a burst may come at once, and the rate fills it up again.

    Args:
        per_second: above 0.
        burst: how many requests may come at once, 1 or more; None: as many as a second allows.

    Raises:
        ConfigurationError: a number is out of bounds.
    """

    def __init__(self, per_second: float, burst: int | None = None) -> None:
        if not 0 < per_second <= _MOST or (burst is not None and not 1 <= burst <= _MOST):
            raise ConfigurationError(
                f"a rate limit of {per_second!r} a second with a burst of {burst!r} is none; give numbers above 0"
            )
        self._per_second = per_second
        self._burst = float(max(1, round(per_second)) if burst is None else burst)
        self._tokens = self._burst
        self._filled_at: datetime | None = None
        self._lock = threading.Lock()

    def takes(self, at: datetime) -> bool:
        """Whether a request at this time is taken; if so, it counts."""
        with self._lock:
            since = timedelta() if self._filled_at is None else max(at - self._filled_at, timedelta())
            self._filled_at = at if self._filled_at is None else max(at, self._filled_at)
            self._tokens = min(self._burst, self._tokens + since.total_seconds() * self._per_second)
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
