"""What is told of the attempts of one call: to the user's callback as events, to the log at DEBUG.

Neither has a secret in it: no header, body or message of the service is told.
"""

from __future__ import annotations

from collections.abc import Callable

from neo_wire._log import quiet_log
from neo_wire.errors import NeoWireError, ServiceError
from neo_wire.events import AttemptFailed, AttemptStarted, CallEnded, Event, ResponseReceived, RetryScheduled, tell
from neo_wire.retries.progress import Failure, Progress


class Story:
    """One call as it is told.

    Args:
        progress: of the call.
        emit: the user's callback, if there is one.
        operation: the name of the operation.
        invocation_id: of the call.
    """

    __slots__ = ("_emit", "_endpoint", "_operation", "_progress", "id")

    def __init__(
        self, progress: Progress, emit: Callable[[Event], None] | None, operation: str, invocation_id: str
    ) -> None:
        self._progress = progress
        self._emit = emit
        self._operation = operation
        self._endpoint = ""
        self.id = invocation_id

    def started(self, endpoint: str) -> None:
        """A request is about to be sent."""
        progress, self._endpoint = self._progress, endpoint
        self._tell(AttemptStarted(self._operation, self.id, progress.attempts, progress.max_attempts, endpoint))

    def answered(self, status: int, request_id: str | None, failure: Failure | None) -> None:
        """The service answered; with a failure, unless there is none."""
        progress, code = self._progress, None if failure is None else _code(failure)
        seconds = progress.reading - progress.sent_at
        self._log_end(f"HTTP {status} {code}" if code else f"HTTP {status}", seconds, f", request id {request_id}")
        self._tell(
            ResponseReceived(
                self._operation, self.id, progress.attempts, self._endpoint, status, request_id, code, seconds
            )
        )

    def unanswered(self, failure: Failure) -> None:
        """No usable answer came back."""
        number, error, unknown = self._progress.attempts, type(failure).__name__, failure.maybe_processed
        seconds = self._progress.reading - self._progress.sent_at
        self._log_end(error, seconds)
        self._tell(AttemptFailed(self._operation, self.id, number, self._endpoint, error, unknown, seconds))

    def retrying(self, failure: Failure, pause: float) -> None:
        """Another attempt is going to be made, after so many seconds."""
        number, reason = self._progress.attempts, self._progress.reason
        _debug("%s: attempt %d follows in %.3f s: %s", self._operation, number + 1, pause, reason)
        self._tell(RetryScheduled(self._operation, self.id, number, _code(failure), reason, pause))

    def ended(self, error: NeoWireError | None) -> None:
        """The call is over, with an error or with none."""
        number, seconds = self._progress.attempts, self._progress.elapsed
        code, stopped = None if error is None else _code(error), getattr(error, "stopped", None)
        if error is not None:
            plural = "s" * (number != 1)
            why = stopped or code
            _debug("%s: failed after %d attempt%s in %.3f s: %s", self._operation, number, plural, seconds, why)
        self._tell(CallEnded(self._operation, self.id, number, seconds, code, stopped))

    def _log_end(self, how: str, seconds: float, more: str = "") -> None:
        number, of = self._progress.attempts, self._progress.max_attempts
        place = f"{self._operation} at {self._endpoint}"
        _debug("%s: attempt %d of %d: %s in %.3f s%s", place, number, of, how, seconds, more)

    def _tell(self, event: Event) -> None:
        if self._emit is not None:
            tell(self._emit, event)


def _debug(message: str, *facts: object) -> None:
    if log := quiet_log(__name__):
        log.debug(message, *facts, stacklevel=2)


def _code(error: NeoWireError) -> str:
    """What an error is called in events: its code, or the name of its class."""
    return error.code if isinstance(error, ServiceError) else type(error).__name__
