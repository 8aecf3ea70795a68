"""The retry policy of one client: what its calls share, and what its settings say."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final, Literal

from attrs import field, frozen

from neo_wire.errors import ConfigurationError
from neo_wire.retries.clock_skew import ClockSkew
from neo_wire.retries.quota import RetryQuota
from neo_wire.values import Value

if TYPE_CHECKING:
    from neo_wire.retries.rate_limit import RateLimiter

RetryMode = Literal["standard", "adaptive"]
DEFAULT_MAX_ATTEMPTS: Final = 3

_VARIANTS: Final = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))  # of the 17th digit two bits are random


@frozen(eq=False, repr=False)
class Retries(Value):
    """How the calls of one client are retried. Copies that `attrs.evolve` makes share the quota, limiter and skew.

    Attributes:
        max_attempts: of one call, the first included; 1 switches retries off.
        quota: what the retries of all calls take from.
        limiter: of the adaptive mode; None in the standard mode.
        skew: of the clock; None when it is not to be corrected.
        random: a number from 0 to 1.
        new_id: a new UUID as text, for each call.

    Raises:
        ConfigurationError: the attempts are no whole number of 1 or more.
    """

    max_attempts: int
    quota: RetryQuota
    limiter: RateLimiter | None
    skew: ClockSkew | None
    random: Callable[[], float]
    new_id: Callable[[], str]
    first_header: str = field(init=False, repr=False, eq=False)
    """The amz-sdk-request header of a first attempt, which most calls never get beyond."""

    @first_header.default
    def _first_header(self) -> str:
        return f"attempt=1; max={self.max_attempts}"

    def __attrs_post_init__(self) -> None:
        """Refuse what is no number of attempts."""
        attempts: object = self.max_attempts  # what callers without a type checker give
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            raise ConfigurationError(
                f"max_attempts is {attempts!r}; give a whole number of 1 or more: it counts the first attempt too"
            )


def new_retries(
    *,
    random: Callable[[], float],
    new_id: Callable[[], str],
    mode: RetryMode = "standard",
    max_attempts: int = DEFAULT_MAX_ATTEMPTS,
    correct_clock_skew: bool = True,
    lock: Callable[[], AbstractContextManager[object]] = nullcontext,
) -> Retries:
    """The policy of a new client, with a full quota.

    Args:
        random: gives a number from 0 to 1.
        new_id: gives a new UUID as text.
        mode: "standard", or "adaptive", which limits the rate of all attempts once the service throttles.
        max_attempts: of one call, the first included.
        correct_clock_skew: whether requests are signed with the service's time, learned from its responses.
        lock: makes a lock: `threading.Lock` for a client that threads share. The default locks nothing, which is right
            for a client whose calls all run in one event loop: no step is interrupted there.

    Raises:
        ConfigurationError: another mode, or no number of attempts.
    """
    if mode not in ("standard", "adaptive"):
        raise ConfigurationError(f"the retry mode is {mode!r}; give 'standard' or 'adaptive'")
    quota, limiter = RetryQuota(lock()), None
    if mode == "adaptive":
        from neo_wire.retries.rate_limit import RateLimiter  # here, as few clients are of this mode

        limiter = RateLimiter(lock())
    return Retries(
        max_attempts=max_attempts,
        quota=quota,
        limiter=limiter,
        skew=ClockSkew() if correct_clock_skew else None,
        random=random,
        new_id=new_id,
    )


def uuid_text(random: bytes) -> str:
    """A UUID of version 4 (RFC 9562) as text, made of 16 random bytes, in a quarter of the time of `uuid.uuid4`."""
    digits = random.hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"
