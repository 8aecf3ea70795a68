from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError
from neo_wire.local.timeline import Timeline
from neo_wire.shapes.enums import CompilationJobStatus as Status

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
TIMELINE = Timeline(starting=10, in_progress=20, stopping=5)

NEXT = {
    Status.STARTING: {Status.INPROGRESS, Status.STOPPING},
    Status.INPROGRESS: {Status.COMPLETED, Status.FAILED, Status.STOPPING},
    Status.STOPPING: {Status.STOPPED},
    Status.COMPLETED: set(),
    Status.FAILED: set(),
    Status.STOPPED: set(),
}
"""The service's own graph of statuses: which may follow which at once."""


def after(seconds: float) -> datetime:
    return CREATED + timedelta(seconds=seconds)


def reachable(status: Status) -> set[Status]:
    found = {status}
    while (more := found.union(*(NEXT[one] for one in found))) != found:
        found = more
    return found


@pytest.mark.parametrize(
    ("seconds", "status", "started", "ended", "modified"),
    [
        (-1, "STARTING", None, None, 0),
        (0, "STARTING", None, None, 0),
        (9.999, "STARTING", None, None, 0),
        (10, "INPROGRESS", 10, None, 10),
        (29.999, "INPROGRESS", 10, None, 10),
        (30, "COMPLETED", 10, 30, 30),
        (10**8, "COMPLETED", 10, 30, 30),
    ],
)
def test_a_job_that_nobody_stops(
    seconds: float, status: str, started: float | None, ended: float | None, modified: float
) -> None:
    state = TIMELINE.at(after(seconds), CREATED)
    assert state.status == status
    assert state.started_at == (None if started is None else after(started))
    assert state.ended_at == (None if ended is None else after(ended))
    assert state.modified_at == after(modified)
    assert state.failure_reason == ""


@pytest.mark.parametrize(
    ("stopped", "seconds", "status", "started", "ended", "modified"),
    [
        (3, 2, "STARTING", None, None, 0),
        (3, 3, "STOPPING", None, None, 3),
        (3, 8, "STOPPED", None, 8, 8),
        (12, 11, "INPROGRESS", 10, None, 10),
        (12, 16.9, "STOPPING", 10, None, 12),
        (12, 17, "STOPPED", 10, 17, 17),
        (29, 31, "STOPPING", 10, None, 29),
        (30, 99, "COMPLETED", 10, 30, 30),
    ],
)
def test_a_job_that_is_stopped(
    stopped: float, seconds: float, status: str, started: float | None, ended: float | None, modified: float
) -> None:
    state = TIMELINE.at(after(seconds), CREATED, after(stopped))
    assert state.status == status
    assert state.started_at == (None if started is None else after(started))
    assert state.ended_at == (None if ended is None else after(ended))
    assert state.modified_at == after(modified)


def test_a_job_that_fails_says_why_only_once_it_has() -> None:
    timeline = Timeline(starting=1, in_progress=1, outcome=Status.FAILED, failure_reason="ClientError: no such file")
    assert timeline.at(after(1), CREATED).failure_reason == ""
    failed = timeline.at(after(2), CREATED)
    assert (failed.status, failed.failure_reason) == (Status.FAILED, "ClientError: no such file")


def test_overrunning_the_stopping_condition_fails() -> None:
    state = TIMELINE.within(5).at(after(15), CREATED)
    assert state.status is Status.FAILED
    assert state.failure_reason.startswith("TimeOut:")
    assert (state.started_at, state.ended_at) == (after(10), after(15))


@pytest.mark.parametrize("limit", [None, 20, 2**31 - 1])
def test_a_job_within_its_stopping_condition_is_left_alone(limit: int | None) -> None:
    assert TIMELINE.within(limit) is TIMELINE


def test_the_default_ends_within_a_few_seconds() -> None:
    assert Timeline().at(after(3), CREATED).status is Status.COMPLETED
    assert Timeline().at(after(3), CREATED, after(1)).status is Status.STOPPED


def test_durations_are_seconds_or_timedeltas_to_the_millisecond() -> None:
    assert Timeline(starting=0.0015004).starting == timedelta(milliseconds=2)
    assert Timeline(starting=timedelta(minutes=1)) == Timeline(starting=60)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"starting": -1}, "give 0 seconds to 365 days"),
        ({"in_progress": timedelta(days=366)}, "give 0 seconds to 365 days"),
        ({"stopping": float("nan")}, "nan"),
        ({"stopping": float("inf")}, "inf"),
        ({"starting": "soon"}, "'soon'"),
        ({"outcome": "STOPPED"}, "STOPPED; give COMPLETED or FAILED"),
        ({"outcome": "DONE"}, "DONE; give COMPLETED or FAILED"),
        ({"failure_reason": "x" * 1025}, "1025 characters"),
    ],
)
def test_refuses_what_no_job_does(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Timeline(**options)


DURATIONS = st.integers(0, 30).map(float) | st.floats(0, 30)


@given(
    timeline=st.builds(
        Timeline,
        starting=DURATIONS,
        in_progress=DURATIONS,
        stopping=DURATIONS,
        outcome=st.sampled_from([Status.COMPLETED, Status.FAILED]),
    ),
    limit=st.none() | st.integers(1, 40),
    stop=st.none() | st.floats(0, 70),
    moments=st.lists(st.floats(0, 200), min_size=2, max_size=20).map(sorted),
)
def test_statuses_only_move_along_the_graph(
    timeline: Timeline, limit: int | None, stop: float | None, moments: list[float]
) -> None:
    stop_requested_at = None if stop is None else after(stop)
    states = [timeline.within(limit).at(after(moment), CREATED, stop_requested_at) for moment in moments]
    for before, now in pairwise(states):
        assert now.status in reachable(before.status)
        assert now.modified_at >= before.modified_at
        assert (now.modified_at == before.modified_at) or now.status is not before.status
        if before.started_at is not None:
            assert now.started_at == before.started_at
        if before.status.is_terminal:
            assert now == before
    for state, moment in zip(states, moments, strict=True):
        assert CREATED <= state.modified_at <= after(moment)
        assert (state.ended_at is not None) is state.status.is_terminal
        assert (state.failure_reason != "") is (state.status is Status.FAILED)
        if state.started_at is not None and state.ended_at is not None:
            assert CREATED <= state.started_at <= state.ended_at
