"""One conversation with a service: attempts, and what happens between them.

An attempt is made anew each time, with the credentials and the time of then. What a failed one leads to is decided in
`retries`; here the attempts are made and the waits are asked for.

Source: AWS SDKs and Tools reference guide, retry behavior.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import frozen

from neo_wire._log import takes_debug
from neo_wire.errors import (
    CredentialsTimeout,
    Headers,
    NeoWireError,
    ResponseDecodeError,
    ServiceError,
    TransportError,
)
from neo_wire.flow import MONOTONIC, NOW, Flow, Send, Sink, monotonic, sleep
from neo_wire.http import DIRECT, HttpRequest, HttpResponse, Route, Timeout
from neo_wire.protocol.decoder import MAX_BODY_BYTES
from neo_wire.protocol.error_mapper import request_id
from neo_wire.retries.clock_skew import NO_SKEW
from neo_wire.retries.policy import Retries
from neo_wire.retries.progress import Failure, Progress
from neo_wire.values import Value

if TYPE_CHECKING:
    from neo_wire.events import Event
    from neo_wire.retries.rate_limit import RateLimiter
    from neo_wire.retries.story import Story

STORY: Final = "neo_wire.retries.story"
"""Under this name the log has what happens in a call."""
T = TypeVar("T")


class Attempt:
    """One attempt of a call.

    Attributes:
        number: from 1.
        max_attempts: how many there may be.
        skew: what is added to the present time before a request is signed with it.
        left: of the call's total timeout when the attempt began, in seconds.
        sent: our time, uncorrected, when `signing_time` was asked for.
    """

    __slots__ = ("left", "max_attempts", "number", "sent", "skew")

    def __init__(self, number: int, max_attempts: int, skew: timedelta = NO_SKEW, left: float = math.inf) -> None:
        self.number = number
        self.max_attempts = max_attempts
        self.skew = skew
        self.left = left
        self.sent: datetime | None = None

    def signing_time(self) -> Flow[datetime]:
        """The present time by the service's clock, to sign the request with."""
        return self.corrected((yield NOW))

    def corrected(self, sent: datetime) -> datetime:
        """As `signing_time`, for a flow that asks for the present time itself, without a generator for it."""
        self.sent = sent
        return sent + self.skew


@frozen(eq=False, repr=False)
class Conversation(Value):
    """How attempts are made: what a client shares between its calls, and what one call may override.

    Attributes:
        timeout: of each exchange, and by `timeout.total` of the whole call.
        route: how connections are made.
        retries: the policy; None makes one attempt, and sends no headers about it.
        emit: is told of each event; what it raises is logged and goes no further.
        endpoint: scheme, host and port, for an error before there is a request.
        headers: what is added to each request, with its Content-Length, after it is signed; empty when `prepare` does
            that itself.
    """

    timeout: Timeout = Timeout()  # noqa: RUF009  # a frozen value
    route: Route = DIRECT
    retries: Retries | None = None
    emit: Callable[[Event], None] | None = None
    endpoint: str = "the service"
    headers: Headers = ()


def converse(
    prepare: Callable[[Attempt], Flow[HttpRequest]],
    read: Callable[[HttpResponse, Attempt], T],
    conversation: Conversation,
    *,
    max_body: int = MAX_BODY_BYTES,
    sink: Sink | None = None,
    decode: bool = True,
    operation: str = "",
    modelled: tuple[type[ServiceError], ...] = (),
    refresh: Callable[[float], Flow[bool]] | None = None,
    began: float | None = None,
    long_polling: bool = False,
) -> Flow[T]:
    """Make attempts until one succeeds, and give what `read` makes of its response.

    Args:
        prepare: makes the request of an attempt, signed, or not at all; it is asked anew at each attempt. It has the
            time from `Attempt.signing_time`, and may take `Attempt.left` seconds. What it raises is not retried.
        read: gives the result of a response, or raises the ServiceError, ResponseDecodeError or TransportError that it
            stands for.
        conversation: how attempts are made.
        max_body: of a response that is kept whole, in bytes.
        sink: what takes the body of a successful response piece by piece.
        decode: whether the content coding of the body is undone.
        operation: its name, for events and the log.
        modelled: the error classes of the operation's model, which say themselves whether they are retried.
        refresh: has the credentials replaced that the service refused, within so many seconds, and says whether there
            are new ones. It is asked once at most; the attempt after it waits for nothing.
        began: the reading of the monotonic clock from which the total timeout counts; None for now.
        long_polling: whether the operation is one, and so waits before an error that the retry quota makes final.

    Raises:
        TransportError: no usable answer came back, at the last attempt; CallTimeout when the total timeout was over.
        ServiceError: the service refused or failed the last attempt.
        ResponseDecodeError: what `read` raised.
    """
    retries = conversation.retries
    reading: float = yield MONOTONIC
    start = reading if began is None else began
    progress = Progress(retries, conversation.timeout, conversation.endpoint, modelled, start)
    progress.reading = reading
    invocation_id = retries.new_id() if retries is not None else ""
    story = None
    if conversation.emit is not None or takes_debug(STORY):
        from neo_wire.retries.story import Story  # here, as few programs listen

        story = Story(progress, conversation.emit, operation, invocation_id)
    try:
        while True:
            attempt = Attempt(progress.attempts + 1, progress.max_attempts, progress.skew, progress.left)
            if retries is not None and retries.limiter is not None:
                yield from _await_limiter(retries.limiter, progress)
            try:
                request = yield from prepare(attempt)
            except CredentialsTimeout as error:
                progress.reading = yield MONOTONIC
                raise progress.timed_out(str(error), error)  # noqa: B904  # it has its cause
            progress.reading = yield MONOTONIC
            if retries is not None and attempt.sent is None:
                attempt.sent = yield NOW
            request = _with_headers(request, attempt, conversation, progress, invocation_id)
            timeout = progress.started()
            if story is not None:
                story.started(request.url.origin)
            response = None
            try:
                # Not by its function: a generator around the one effect of every call would be paid each time.
                response = yield Send(request, timeout, max_body, conversation.route, sink, decode)
                progress.reading = yield MONOTONIC
                progress.learn(response, attempt.sent)
                result = read(response, attempt)
            except (TransportError, ServiceError, ResponseDecodeError) as error:
                if not (yield from _again(error, response, attempt, progress, story, refresh)):
                    if long_polling and progress.stopped == "retry quota reached":  # or its caller's loop has no wait
                        yield from sleep(progress.refused_pause)
                        progress.reading = yield from monotonic()
                    raise progress.final(error)  # noqa: B904  # it has its cause, or is the same
            else:
                progress.succeeded()
                if story is not None:
                    story.answered(response.status, request_id(response), None)
                    story.ended(None)
                return result
    except NeoWireError as error:
        progress.last = None  # its traceback leads back here
        if not isinstance(error, TransportError | ServiceError | ResponseDecodeError):
            progress.reading = yield from monotonic()
            progress.broken_off(error)
        if story is not None:
            story.ended(error)
        raise


def _await_limiter(limiter: RateLimiter, progress: Progress) -> Flow[None]:
    """Wait until the rate limit allows a request; before it is signed, so that the signature does not age."""
    while wait := limiter.acquire(progress.reading):
        if wait >= progress.left:
            raise progress.timed_out(f"the rate limit allows no request for {wait:.3g} s")
        yield from sleep(wait)
        progress.reading = yield from monotonic()


def _with_headers(
    request: HttpRequest, attempt: Attempt, conversation: Conversation, progress: Progress, invocation_id: str
) -> HttpRequest:
    """The request with the headers that are not signed, as a proxy may rewrite them."""
    added = conversation.headers
    if added:
        added = (*added, ("Content-Length", str(len(request.body))))
    if attempt.sent is not None and conversation.retries is not None:
        about = progress.amz_sdk_request(attempt.sent)
        added = (*added, ("amz-sdk-invocation-id", invocation_id), ("amz-sdk-request", about))
    return HttpRequest(request.method, request.url, request.headers + added, request.body) if added else request


def _again(
    failure: Failure,
    response: HttpResponse | None,
    attempt: Attempt,
    progress: Progress,
    story: Story | None,
    refresh: Callable[[float], Flow[bool]] | None,
) -> Flow[bool]:
    """Whether to make another attempt, after the wait that comes before it."""
    if response is None:
        progress.reading = yield from monotonic()
    kind = progress.failed(failure, response, attempt.sent, attempt.skew)
    if story is not None:
        if response is None:
            story.unanswered(failure)
        else:
            story.answered(response.status, request_id(response), failure)
    pause: float | None = None
    if kind is None and refresh is not None and progress.may_refresh(failure):
        try:
            pause = 0.0 if (yield from refresh(progress.left)) else None
        except CredentialsTimeout as error:
            progress.reading = yield from monotonic()
            raise progress.timed_out(str(error), error)  # noqa: B904  # it has its cause
    else:
        pause = progress.pause(kind, response)
    if pause is None:
        return False
    if story is not None:
        story.retrying(failure, pause)
    if pause:
        yield from sleep(pause)
    progress.reading = yield from monotonic()
    return True
