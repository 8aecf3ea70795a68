"""Flows: conversations written once, as generators that ask for I/O instead of doing it.

A flow yields effects and is sent their results; a failure is thrown into it, so a flow can catch it and go on. Two
small drivers, one blocking and one asynchronous, perform the effects. Every effect has a typed function here, to be
used with `yield from`; no flow yields a bare value.

Most effects are plain classes with slots, which cost the least to import; nobody changes one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Hashable, Sequence
from datetime import datetime
from typing import Any, TypeAlias, TypeVar

from attrs import define

from neo_wire.errors import Headers
from neo_wire.http import DIRECT, HttpRequest, HttpResponse, Route, Timeout
from neo_wire.values import Value

T = TypeVar("T")

Sink: TypeAlias = Callable[[int, Headers], Callable[[bytes], None] | None]
"""Given the status and headers of a response: what takes its body piece by piece; None to have the body whole."""


@define(eq=False, repr=False)  # not frozen, which would double the time of making one for each exchange
class Send(Value):
    """Ask for one exchange: send once, read the response to its end, up to `max_body` bytes and one more.

    Attributes:
        request: what is sent, to the byte.
        timeout: of each wait of the exchange, and by `timeout.total` of the whole of it.
        max_body: of a body that is kept whole, in bytes; one that a sink takes has no bound.
        route: how the connection is made.
        sink: what takes the body of a response piece by piece; it may block, as writing a file does.
        decode: whether the content coding of the body is undone.
    """

    request: HttpRequest
    timeout: Timeout
    max_body: int
    route: Route = DIRECT
    sink: Sink | None = None
    decode: bool = True


class Now(Value):
    """Ask for the present time, aware, in UTC."""

    __slots__ = ()


class Monotonic(Value):
    """Ask for the reading of a clock that is never set, in seconds."""

    __slots__ = ()


class Sleep(Value):
    """Ask to wait for so many seconds."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds


class ReadFile(Value):
    """Ask for the content of a small file, at most `max_bytes`, else an OSError; no file: FileNotFoundError."""

    __slots__ = ("max_bytes", "path")

    def __init__(self, path: str, max_bytes: int) -> None:
        self.path = path
        self.max_bytes = max_bytes


class WriteFile(Value):
    """Ask to replace a file at once or not at all, readable by its owner alone; its folder is made when missing."""

    __slots__ = ("data", "path")

    def __init__(self, path: str, data: bytes) -> None:
        self.path = path
        self.data = data

    def __repr__(self) -> str:
        return f"WriteFile(path={self.path!r})"  # tokens stand in the data


class RunProcess(Value):
    """Ask to run a program without a shell and have what it prints.

    It is killed after `timeout` seconds (a TimeoutError), or when it prints more than `max_output` bytes (an OSError).
    """

    __slots__ = ("arguments", "max_output", "timeout")

    def __init__(self, arguments: tuple[str, ...], timeout: float, max_output: int) -> None:
        self.arguments = arguments
        self.timeout = timeout
        self.max_output = max_output

    def __repr__(self) -> str:
        return f"RunProcess(timeout={self.timeout!r}, max_output={self.max_output!r})"  # the arguments may be secret


class ProcessResult(Value):
    """How a program ended, and what it printed."""

    __slots__ = ("status", "stderr", "stdout")

    def __init__(self, status: int, stdout: bytes, stderr: bytes) -> None:
        self.status = status
        self.stdout = stdout
        self.stderr = stderr

    def __repr__(self) -> str:
        return f"ProcessResult(status={self.status!r})"  # credentials stand in what it printed


class Call(Value):
    """Ask to call a function that may block, or gives an awaitable, which only an asynchronous driver can await."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], object]) -> None:
        self.function = function


class Exclusive(Value):
    """Ask that a flow runs once however many ask at a time: those who come while it runs get the result of that run.

    It runs beside its askers, so that one who gives up, or is cancelled, stops nobody else.

    Attributes:
        key: what is the same for those who ask for the same.
        flow: makes the flow that is run.
        timeout: how long the asker waits, in seconds, before a TimeoutError; the run goes on. None: to its end.
        skip: give `BUSY` at once when it is running already.
    """

    __slots__ = ("flow", "key", "skip", "timeout")

    def __init__(
        self,
        key: Hashable,
        flow: Callable[[], Flow[Any]],  # Any: its result is the effect's
        timeout: float | None = None,
        *,
        skip: bool = False,
    ) -> None:
        self.key = key
        self.flow = flow
        self.timeout = timeout
        self.skip = skip


class Concurrently(Value):
    """Ask to run flows beside each other, at most `limit` at a time; the outcomes, in order, are results or exceptions.

    When the asker is interrupted or cancelled, so are the flows: that is thrown into each at its next effect.
    """

    __slots__ = ("flows", "limit")

    def __init__(self, flows: tuple[Callable[[], Flow[Any]], ...], limit: int) -> None:  # Any: results of any type
        self.flows = flows
        self.limit = limit


class Busy:
    """The type of `BUSY`."""


BUSY = Busy()
"""What an exclusive flow that is skipped gives."""

Effect: TypeAlias = Send | Now | Monotonic | Sleep | ReadFile | WriteFile | RunProcess | Call | Exclusive | Concurrently
Flow: TypeAlias = Generator[Effect, Any, T]  # Any: what is sent in is the result of the effect that was yielded


def send(
    request: HttpRequest,
    timeout: Timeout,
    *,
    max_body: int,
    route: Route = DIRECT,
    sink: Sink | None = None,
    decode: bool = True,
) -> Flow[HttpResponse]:
    """Send a request once and have its response.

    A response with a body beyond `max_body` bytes is cut off there, one byte over, so that it can be told.

    Raises:
        TransportError: no usable response came back.
    """
    response: HttpResponse = yield Send(request, timeout, max_body, route, sink, decode)
    return response


NOW = Now()
MONOTONIC = Monotonic()
"""For the one flow that every call goes through, where the generator of `monotonic()` would be paid each time."""


def now() -> Flow[datetime]:
    """Have the present time, aware, in UTC."""
    moment: datetime = yield NOW
    return moment


def monotonic() -> Flow[float]:
    """Have the reading of a clock that is never set, in seconds."""
    reading: float = yield MONOTONIC
    return reading


def sleep(seconds: float) -> Flow[None]:
    """Wait for so many seconds."""
    yield Sleep(seconds)


def read_file(path: str, *, max_bytes: int) -> Flow[bytes]:
    """Have the content of a small file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read, or is longer than `max_bytes`.
    """
    data: bytes = yield ReadFile(path, max_bytes)
    return data


def write_file(path: str, data: bytes) -> Flow[None]:
    """Replace a file at once or not at all, readable by its owner alone (mode 0600).

    Raises:
        OSError: it cannot be written; the old one stands.
    """
    yield WriteFile(path, data)


def run_process(arguments: Sequence[str], *, timeout: float, max_output: int) -> Flow[ProcessResult]:
    """Run a program without a shell and have what it prints.

    Raises:
        TimeoutError: it did not end within `timeout` seconds, and was killed.
        OSError: there is no such program, or it printed more than `max_output` bytes and was killed.
    """
    result: ProcessResult = yield RunProcess(tuple(arguments), timeout, max_output)
    return result


def call(function: Callable[[], T | Awaitable[T]]) -> Flow[T]:
    """Call a function of the user's, which may block; what it raises is raised.

    Raises:
        ConfigurationError: it gives an awaitable, and the driver is a blocking one.
    """
    result: T = yield Call(function)
    return result


def exclusive(key: Hashable, flow: Callable[[], Flow[T]], *, timeout: float | None = None) -> Flow[T]:
    """Have the result of a flow that runs once, however many ask for it at a time.

    Raises:
        TimeoutError: it did not end within `timeout` seconds; it goes on for the others.
    """
    result: T = yield Exclusive(key, flow, timeout)
    return result


def exclusive_or_skip(key: Hashable, flow: Callable[[], Flow[T]], *, timeout: float | None = None) -> Flow[T | Busy]:
    """As `exclusive`, but `BUSY` at once when somebody runs it already."""
    result: T | Busy = yield Exclusive(key, flow, timeout, skip=True)
    return result


def concurrently(flows: Sequence[Callable[[], Flow[T]]], *, limit: int) -> Flow[list[T | Exception]]:
    """Run flows beside each other, at most `limit` at a time, and have their results or exceptions, in order."""
    outcomes: list[T | Exception] = yield Concurrently(tuple(flows), limit)
    return outcomes
