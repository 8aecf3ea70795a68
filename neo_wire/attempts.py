"""One conversation with a service: attempts, and what happens between them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from attrs import frozen

from neo_wire.flow import Flow, Sink, send
from neo_wire.http import DIRECT, HttpRequest, HttpResponse, Route, Timeout
from neo_wire.protocol.decoder import MAX_BODY_BYTES

T = TypeVar("T")


@frozen
class Attempt:
    """One attempt of a call.

    Attributes:
        number: from 1.
        max_attempts: how many there may be.
        skew: what is added to the present time before a request is signed with it.
    """

    number: int
    max_attempts: int
    skew: timedelta = timedelta()


@frozen
class Conversation:
    """How attempts are made: what a client shares between its calls, and what one call may override."""

    timeout: Timeout = Timeout()  # noqa: RUF009  # a frozen value
    route: Route = DIRECT


def converse(
    prepare: Callable[[Attempt], Flow[HttpRequest]],
    read: Callable[[HttpResponse, Attempt], T],
    conversation: Conversation,
    *,
    max_body: int = MAX_BODY_BYTES,
    sink: Sink | None = None,
) -> Flow[T]:
    """Make attempts until one succeeds, and give what `read` makes of its response.

    Args:
        prepare: makes the request of an attempt, signed, or not at all; it is asked anew at each attempt.
        read: gives the result of a response, or raises the ServiceError or ResponseDecodeError that it stands for.
        conversation: how attempts are made.
        max_body: of a response that is kept whole, in bytes.
        sink: what takes the body of a successful response piece by piece.
    """
    attempt = Attempt(1, 1)
    request = yield from prepare(attempt)
    response = yield from send(request, conversation.timeout, max_body=max_body, route=conversation.route, sink=sink)
    return read(response, attempt)
