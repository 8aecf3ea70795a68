"""What is told of a call: each event once, with or without a callback, and at DEBUG a line for each."""

from __future__ import annotations

import logging

import pytest

from neo_wire._log import takes_debug
from neo_wire.attempts import STORY
from neo_wire.errors import ConfigurationError, ReadTimeout, ServerError
from neo_wire.events import AttemptFailed, AttemptStarted, CallEnded, Event, ResponseReceived, RetryScheduled
from neo_wire.http import Timeout
from neo_wire.retries.progress import Progress
from neo_wire.retries.story import Story
from tests.scripted import URL, retries

FAILED = ServerError("because", status=503)
BROKEN = ReadTimeout("nothing", endpoint=URL.origin, maybe_processed=True)


def tell_all(story: Story, progress: Progress) -> None:
    """Two attempts, half a second each."""
    progress.started()
    story.started(URL.origin)
    progress.reading += 0.5
    story.unanswered(BROKEN)
    story.retrying(BROKEN, 0.25)
    progress.started()
    story.started(URL.origin)
    progress.reading += 0.5
    story.answered(503, "r-2", FAILED)
    FAILED.stopped = "retry quota reached"
    story.ended(FAILED)


def made(seen: list[Event] | None) -> tuple[Story, Progress]:
    progress = Progress(retries(), Timeout(), URL.origin, (), 100.0)
    return Story(progress, None if seen is None else seen.append, "Do", "call-1"), progress


def test_the_events() -> None:
    seen: list[Event] = []
    tell_all(*made(seen))
    assert seen == [
        AttemptStarted("Do", "call-1", 1, 3, URL.origin),
        AttemptFailed("Do", "call-1", 1, URL.origin, "ReadTimeout", True, 0.5),
        RetryScheduled("Do", "call-1", 1, "ReadTimeout", "transient", 0.25),
        AttemptStarted("Do", "call-1", 2, 3, URL.origin),
        ResponseReceived("Do", "call-1", 2, URL.origin, 503, "r-2", "InternalFailure", 0.5),
        CallEnded("Do", "call-1", 2, 1.0, "InternalFailure", "retry quota reached"),
    ]


def test_a_success_and_an_error_that_has_no_story() -> None:
    seen: list[Event] = []
    story, progress = made(seen)
    progress.started()
    story.answered(200, None, None)
    story.ended(None)
    story.ended(ConfigurationError("no region"))
    assert seen == [
        ResponseReceived("Do", "call-1", 1, "", 200, None, None, 0.0),
        CallEnded("Do", "call-1", 1, 0.0, None, None),
        CallEnded("Do", "call-1", 1, 0.0, "ConfigurationError", None),
    ]


def test_the_log_without_a_callback(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="neo_wire"):
        assert takes_debug(STORY)
        tell_all(*made(None))
    assert caplog.messages == [
        "Do at https://api.example: attempt 1 of 3: ReadTimeout in 0.500 s",
        "Do: attempt 2 follows in 0.250 s: transient",
        "Do at https://api.example: attempt 2 of 3: HTTP 503 InternalFailure in 0.500 s, request id r-2",
        "Do: failed after 2 attempts in 1.000 s: retry quota reached",
    ]
    assert {record.levelname for record in caplog.records} == {"DEBUG"}


def test_above_debug_nothing_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="neo_wire"):
        assert not takes_debug(STORY)
        tell_all(*made(None))
    assert caplog.messages == []
