"""What `neo-wire serve` is told to do wrong: faults of the next answers, limits, and jobs that fail or are slow.

What an option says is checked when it is read, so that a server that runs does what it was told.
"""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from attrs import evolve

from neo_wire.cli.values import duration
from neo_wire.errors import ConfigurationError, ServerError, ServiceError, Throttling

if TYPE_CHECKING:
    from neo_wire.local.job_store import Timelines
    from neo_wire.local.script import Answer, RateLimit
    from neo_wire.local.timeline import Timeline
    from neo_wire.shapes.structures import CreateCompilationJobRequest

Fault = tuple["Answer", str | None, int]
"""An answer, the operation that gets it, or None for any, and how often."""

S3_OPERATIONS: Final = ("GetObject", "HeadObject")
OPERATIONS: Final = (
    "CreateCompilationJob",
    "DescribeCompilationJob",
    "ListCompilationJobs",
    "StopCompilationJob",
    "DeleteCompilationJob",
    *S3_OPERATIONS,
)
_FAULT: Final = r"(?P<kind>[a-z]+)(?:=(?P<value>[^@:]+))?(?:@(?P<operation>[A-Za-z]+))?(?::(?P<times>[1-9][0-9]{0,5}))?"
_ERROR: Final = r"(?P<code>[A-Za-z][A-Za-z0-9.]*)(?:/(?P<status>[45][0-9]{2}))?"


def fault(text: str) -> Fault:
    """What is wrong with answers, from KIND[=VALUE][@OPERATION][:TIMES], such as `slow=5s@DescribeCompilationJob:3`."""
    parts = re.fullmatch(_FAULT, text)
    try:
        answer = _answer(parts["kind"], parts["value"]) if parts else None
    except ConfigurationError as error:
        raise ArgumentTypeError(f"{text!r}: {error}") from None
    if parts is None or answer is None:
        raise ArgumentTypeError(
            f"{text!r} is no fault; give KIND[@OPERATION][:TIMES], with a KIND of throttling, unavailable, lost, "
            "slow=DURATION, cut=BYTES or error=CODE[/STATUS]"
        )
    if parts["operation"] not in (None, *OPERATIONS):
        raise ArgumentTypeError(f"{parts['operation']!r} is no operation; give one of {', '.join(OPERATIONS)}")
    return answer, parts["operation"], int(parts["times"] or 1)


def _answer(kind: str, value: str | None) -> Answer | None:
    """The answer of a kind; None when there is no such kind, or the value is not one of it."""
    from neo_wire.local.script import CutOff, LostAnswer, Slow  # here, so that --help is quick

    match kind, value:
        case "throttling", None:
            return Throttling("Rate exceeded")
        case "unavailable", None:
            return ServerError("The service is unavailable. Please try again.", code="ServiceUnavailable", status=503)
        case "lost", None:
            return LostAnswer()
        case "slow", str():
            return Slow(duration(value))
        case "cut", str() if re.fullmatch("[0-9]{1,15}", value):
            return CutOff(int(value))
        case "error", str() if error := re.fullmatch(_ERROR, value):
            return ServiceError("This error was asked for", code=error["code"], status=int(error["status"] or 400))
    return None


def rate_limit(text: str) -> RateLimit:
    """Requests a second, and how many may come at once, from PER_SECOND or PER_SECOND,BURST."""
    from neo_wire.local.script import RateLimit

    parts = re.fullmatch(r"(?P<rate>[0-9]+(?:\.[0-9]+)?)(?:,(?P<burst>[0-9]{1,9}))?", text)
    try:
        return RateLimit(
            float(parts["rate"] if parts else "nan"), int(parts["burst"]) if parts and parts["burst"] else None
        )
    except ConfigurationError:
        raise ArgumentTypeError(f"{text!r} is no rate; give requests a second above 0, such as 5, or 5,20") from None


def failing(text: str) -> tuple[str, str | None]:
    """The names of jobs that fail, as a pattern, and why, from PATTERN or PATTERN=REASON."""
    pattern, equals, reason = text.partition("=")
    return _pattern(pattern), reason if equals else None


def slow(text: str) -> tuple[str, float]:
    """The names of jobs that are slow, as a pattern, and how long they are INPROGRESS, from PATTERN=DURATION."""
    pattern, equals, seconds = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text!r} has no duration; give PATTERN=DURATION, such as 'big-*=10m'")
    return _pattern(pattern), duration(seconds)


def _pattern(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9*?\[\]!-]+", text):
        raise ArgumentTypeError(f"{text!r} matches no job's name; give letters, digits, hyphens, *, ? and [...]")
    return text


def timelines(usual: Timeline, fails: list[tuple[str, str | None]], slows: list[tuple[str, float]]) -> Timelines:
    """The timeline of each job: the usual one, but for what the first pattern of each kind that its name matches says.

    Raises:
        ConfigurationError: a duration or a reason is too long.
    """
    slower = [(pattern, evolve(usual, in_progress=seconds).in_progress) for pattern, seconds in slows]
    ends = [
        (pattern, evolve(usual, outcome="FAILED", failure_reason=usual.failure_reason if reason is None else reason))
        for pattern, reason in fails
    ]
    if not slower and not ends:
        return usual

    def of(request: CreateCompilationJobRequest) -> Timeline:
        name = request.compilation_job_name
        timeline = next((failed for pattern, failed in ends if fnmatchcase(name, pattern)), usual)
        in_progress = next((longer for pattern, longer in slower if fnmatchcase(name, pattern)), usual.in_progress)
        return evolve(timeline, in_progress=in_progress)

    return of
