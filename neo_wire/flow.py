"""Flows: conversations written once, as generators that ask for I/O instead of doing it.

A flow yields effects and is sent their results; a failure is thrown into it, so a flow can catch it and go on. Two
small drivers, one blocking and one asynchronous, perform the effects. Every effect has a typed function here, to be
used with `yield from`; no flow yields a bare value.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from attrs import frozen

from neo_wire.http import HttpRequest, HttpResponse, Timeout

T = TypeVar("T")


@frozen
class Send:
    """Ask for one exchange: send once, read the response to its end, up to `max_body` bytes and one more."""

    request: HttpRequest
    timeout: Timeout
    max_body: int


@frozen
class Now:
    """Ask for the present time, aware, in UTC."""


Effect: TypeAlias = Send | Now
Flow: TypeAlias = Generator[Effect, Any, T]  # Any: what is sent in is the result of the effect that was yielded


def send(request: HttpRequest, timeout: Timeout, *, max_body: int) -> Flow[HttpResponse]:
    """Send a request once and have its response.

    A response with a body beyond `max_body` bytes is cut off there, one byte over, so that it can be told.

    Raises:
        TransportError: no usable response came back.
    """
    response: HttpResponse = yield Send(request, timeout, max_body)
    return response


def now() -> Flow[datetime]:
    """Have the present time, aware, in UTC."""
    moment: datetime = yield Now()
    return moment
