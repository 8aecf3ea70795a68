"""The retry state of one call: what its attempts have shown so far, and whether and when there is another one.

It asks for nothing: readings of the clocks and the ends of attempts are handed in. Order of the questions after a
failure: may it be retried, are there attempts left, does the delay fit into the total timeout, does the quota allow it?

Source: AWS SDKs and Tools reference guide, retry behavior.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias, TypeVar

from attrs import evolve

from neo_wire.errors import (
    CallTimeout,
    ClientClosed,
    NeoWireError,
    ResponseDecodeError,
    ServiceError,
    Stopped,
    TransportError,
)
from neo_wire.http import HttpResponse, Timeout
from neo_wire.retries.backoff import delay
from neo_wire.retries.classify import Kind, classify, credentials_expired
from neo_wire.retries.clock_skew import NO_SKEW, is_skew_error, measured_skew, server_date
from neo_wire.retries.policy import Retries
from neo_wire.retries.quota import NO_RETRY_REFUND, RETRY_COST, THROTTLING_RETRY_COST

Failure: TypeAlias = TransportError | ServiceError | ResponseDecodeError
"""How an attempt can fail."""
_E = TypeVar("_E", bound=NeoWireError)
Reason = Literal["throttling", "transient", "clock skew", "credentials"]
"""Why another attempt is made."""

MOMENT: Final = 0.001
"""Seconds that do not count: a request is prepared in less, and no exchange is done in less."""
_COSTS: Final = {Kind.TRANSIENT: RETRY_COST, Kind.THROTTLING: THROTTLING_RETRY_COST}


class Progress:
    """One call while it is made.

    Args:
        retries: the policy of its client; None for one attempt.
        timeout: of each exchange, and by `timeout.total` of the whole call.
        endpoint: scheme, host and port, for an error that none of the transports raised.
        modelled: the error classes of the operation's model.
        start: the reading of the monotonic clock when the call began.

    Attributes:
        reading: the last one of the monotonic clock; the owner keeps it up to date.
        sent_at: its reading when the last request was sent.
        attempts: how many were made.
        max_attempts: how many there may be.
        skew: what is added to our time to sign the next request.
        last: how the last attempt failed.
        reason: why there is another attempt.
        stopped: why there is none.
        refused_pause: the seconds before the attempt that the quota refused; unset until it has refused one.
        maybe_processed: whether the service may have acted on the request, at any attempt.
    """

    # What most calls never set, so that to begin one costs little.
    attempts = 0
    max_attempts = 1
    skew = NO_SKEW
    last: Failure | None = None
    reason: Reason = "transient"
    stopped: Stopped = "not retryable"
    refused_pause: float
    maybe_processed = False
    _shown: timedelta | None = None  # the skew that the last response shows
    _drift: timedelta | None = None  # the service's clock against ours when it last answered with an error
    _cost: int | None = None  # of the last retry
    _refreshed = False

    def __init__(
        self,
        retries: Retries | None,
        timeout: Timeout,
        endpoint: str,
        modelled: tuple[type[ServiceError], ...],
        start: float,
    ) -> None:
        self._retries = retries
        self._timeout = timeout
        self._endpoint = endpoint
        self._modelled = modelled
        self.start = self.reading = self.sent_at = start
        if retries is not None:
            self.max_attempts = retries.max_attempts
            if retries.skew is not None:
                self.skew = retries.skew.current

    @property
    def elapsed(self) -> float:
        """Seconds since the call began."""
        return self.reading - self.start

    @property
    def left(self) -> float:
        """Seconds of the total timeout that are left."""
        return self._timeout.total - (self.reading - self.start)

    def started(self) -> Timeout:
        """Take in that a request is about to be sent; its timeout, with what is left of the total.

        Raises:
            CallTimeout: nothing is left.
        """
        timeout, elapsed = self._timeout, self.reading - self.start
        if timeout.total - elapsed < MOMENT:
            raise self.timed_out("no time is left to send the request")
        self.attempts += 1
        self.sent_at = self.reading
        return timeout if elapsed < MOMENT else evolve(timeout, total=timeout.total - elapsed)

    def amz_sdk_request(self, at: datetime) -> str:
        """The header of the next attempt.

        A retry says too until when we wait for its answer, by the service's clock, once an answer has told that.
        """
        if self.attempts == 0 and self._retries is not None:
            return self._retries.first_header
        text = f"attempt={self.attempts + 1}; max={self.max_attempts}"
        if self._drift is None:
            return text
        return f"ttl={at + timedelta(seconds=self._timeout.read) + self._drift:%Y%m%dT%H%M%SZ}; {text}"

    def learn(self, response: HttpResponse, sent: datetime | None) -> None:
        """Learn the clock skew from a response, whatever its status; `sent` is our time when its request was."""
        retries, shown = self._retries, None
        if retries is not None and retries.skew is not None and sent is not None:
            date = server_date(response)
            shown = None if date is None else measured_skew(date, sent, self.reading - self.sent_at)
            if shown is not None:
                self.skew = retries.skew.current = shown
        self._shown = shown

    def succeeded(self) -> None:
        """Take in that the last attempt succeeded: the quota is paid back."""
        self.last = None  # its traceback leads back to who holds this
        if self._retries is not None:
            if self._retries.limiter is not None:
                self._retries.limiter.record(self.reading, throttled=False)
            self._retries.quota.give(NO_RETRY_REFUND if self._cost is None else self._cost)

    def failed(
        self, failure: Failure, response: HttpResponse | None, sent: datetime | None, applied: timedelta
    ) -> Kind | None:
        """Take in how the last attempt failed; the kind as which it may be retried, None when it may not.

        Args:
            failure: what it ended with.
            response: what the service answered; None when nothing usable came.
            sent: our time when the request was sent.
            applied: the skew that it was signed with.
        """
        self.last = failure
        kind = classify(failure, self._modelled)
        if kind is not None:
            self.reason = "throttling" if kind is Kind.THROTTLING else "transient"
        elif response is not None and is_skew_error(failure, self._shown, applied):
            kind, self.reason = Kind.TRANSIENT, "clock skew"
        self.maybe_processed = self.maybe_processed or failure.maybe_processed
        if response is not None and sent is not None and (date := server_date(response)) is not None:
            self._drift = date - sent - timedelta(seconds=self.reading - self.sent_at)
        if self._retries is not None:
            if self._retries.limiter is not None:
                self._retries.limiter.record(self.reading, throttled=kind is Kind.THROTTLING)
            if response is not None and 200 <= response.status < 300:  # its body cannot be decoded, but it is one
                self._retries.quota.give(NO_RETRY_REFUND if self._cost is None else self._cost)
        return kind

    def may_refresh(self, failure: Failure) -> bool:
        """Whether the credentials, if the service refused them, may be replaced for one more attempt; so only once."""
        if self._refreshed or not credentials_expired(failure):
            return False
        if self.attempts >= self.max_attempts:
            self.stopped = "attempts used up"
            return False
        self._refreshed, self.reason = True, "credentials"
        return True

    def pause(self, kind: Kind | None, response: HttpResponse | None) -> float | None:
        """The seconds to wait before another attempt, which the quota has paid for then; None when there is none."""
        retries = self._retries
        if kind is None:
            return None
        if retries is None or self.attempts >= self.max_attempts:
            self.stopped = "attempts used up"
            return None
        retry_after = response.header("x-amz-retry-after") if response is not None else None
        pause = delay(kind, self.attempts, retries.random(), retry_after)
        if pause >= self.left - MOMENT:
            self.stopped = "total timeout"
            return None
        if not retries.quota.take(_COSTS[kind]):
            self.stopped, self.refused_pause = "retry quota reached", pause
            return None
        self._cost = _COSTS[kind]
        return pause

    def final(self, failure: Failure) -> Failure:
        """The error that the call ends with: its last failure, or a CallTimeout because of it, with the whole story."""
        if isinstance(failure, TransportError) and (
            isinstance(failure, CallTimeout) or (failure.retryable and self.left < MOMENT)
        ):
            return self.timed_out(failure.message)
        return self._told(failure)

    def timed_out(self, detail: str, because: BaseException | None = None) -> CallTimeout:
        """The error of a call whose total timeout is over; its cause is what failed last, else what is given."""
        self.stopped = "total timeout"
        message = f"the call does not fit into its total timeout of {self._timeout.total:g} s: {detail}"
        error = CallTimeout(message, endpoint=self._endpoint, maybe_processed=False)
        error.__cause__ = self.last or because
        return self._told(error)

    def broken_off(self, error: NeoWireError) -> None:
        """Tell the story to an error that is no end of an attempt, such as one of credentials, or a closed client."""
        if isinstance(error, ClientClosed) and error.maybe_processed:  # the attempt that was on its way
            self.maybe_processed = True
        self._told(error)

    def _told(self, error: _E) -> _E:
        error.attempts, error.elapsed, error.stopped = self.attempts, self.elapsed, self.stopped
        error.maybe_processed = self.maybe_processed
        return error
