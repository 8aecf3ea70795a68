"""What a client tells a callback of its user's while it works: frozen events, with no secret in them.

A client that is given `on_event` calls it with each of these, in the thread or task of the call. The callback must not
block. What it raises is logged and goes no further, so that observing a call never changes how it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from attrs import frozen

from neo_wire._log import log
from neo_wire.errors import Stopped
from neo_wire.values import Value


@frozen(eq=False, repr=False)
class AttemptStarted(Value):
    """A request is about to be sent.

    Attributes:
        operation: such as "DescribeCompilationJob".
        invocation_id: the same for all attempts of a call; it is sent as amz-sdk-invocation-id.
        attempt: from 1.
        max_attempts: how many there may be.
        endpoint: scheme, host and port.
    """

    operation: str
    invocation_id: str
    attempt: int
    max_attempts: int
    endpoint: str


@frozen(eq=False, repr=False)
class ResponseReceived(Value):
    """The service answered an attempt, whatever it said.

    Attributes:
        operation, invocation_id, attempt, endpoint: as of `AttemptStarted`.
        status: the HTTP status code.
        request_id: the service's id of the request; None when the response had none.
        error_code: of an error response; None when the attempt succeeded.
        seconds: from the sending of the request to the end of the response.
    """

    operation: str
    invocation_id: str
    attempt: int
    endpoint: str
    status: int
    request_id: str | None
    error_code: str | None
    seconds: float


@frozen(eq=False, repr=False)
class AttemptFailed(Value):
    """No usable answer came back to an attempt.

    Attributes:
        operation, invocation_id, attempt, endpoint: as of `AttemptStarted`.
        error: the name of the error's class, such as "ReadTimeout".
        maybe_processed: False only when it is certain that the service did not act on the request.
        seconds: from the sending of the request to the failure.
    """

    operation: str
    invocation_id: str
    attempt: int
    endpoint: str
    error: str
    maybe_processed: bool
    seconds: float


@frozen(eq=False, repr=False)
class RetryScheduled(Value):
    """An attempt failed, and another one is going to be made.

    Attributes:
        operation, invocation_id: as of `AttemptStarted`.
        attempt: the number of the attempt that failed.
        error: its error code, or the name of its error's class when it had none.
        reason: "throttling", "transient", "clock skew", or "credentials" when they were refreshed.
        delay: how long the call waits before the next attempt, in seconds.
    """

    operation: str
    invocation_id: str
    attempt: int
    error: str
    reason: str
    delay: float


@frozen(eq=False, repr=False)
class CallEnded(Value):
    """A call is over; one that is cancelled has no such event.

    Attributes:
        operation, invocation_id: as of `AttemptStarted`.
        attempts: how many were made.
        seconds: of the whole call, its waits and the fetching of credentials included.
        error: the error code, or the name of the error's class when it had none; None when the call succeeded.
        stopped: why no further attempt was made; None when the call succeeded.
    """

    operation: str
    invocation_id: str
    attempts: int
    seconds: float
    error: str | None
    stopped: Stopped | None


@frozen(eq=False, repr=False)
class CredentialsRefreshed(Value):
    """New credentials were fetched.

    Attributes:
        source: where they came from, such as "assume role".
        expiration: when they end, aware; None for never.
    """

    source: str
    expiration: datetime | None


Event: TypeAlias = AttemptStarted | ResponseReceived | AttemptFailed | RetryScheduled | CallEnded | CredentialsRefreshed


def tell(emit: Callable[[Event], None], event: Event) -> None:
    """Call the user's callback; what it raises is logged, as observing a call must not change how the call ends."""
    try:
        emit(event)
    except Exception:  # noqa: BLE001  # whatever it is, it is the callback's own
        log(__name__).exception("on_event raised an exception at %s; the call goes on", type(event).__name__)
