"""Billed seconds, as Describe and List tell of a job."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from attrs import evolve

from neo_wire import ConfigurationError
from neo_wire.jobs.billing import billed_seconds


def seen(world: Any) -> list[Any]:
    """The job as Describe and as List tell of it."""
    listed = world.call("list_compilation_jobs").compilation_job_summaries
    return [world.call("describe_compilation_job", "job"), *listed]


def test_a_job_is_billed_from_its_start_to_its_end(world: Any) -> None:
    world.create("job")
    world.clock.sleep(5)
    assert [billed_seconds(job) for job in seen(world)] == [0.0, 0.0]
    world.clock.sleep(45)
    at = world.clock.now()
    assert [billed_seconds(job, at) for job in seen(world)] == [40.0, 40.0]
    elsewhere = at.astimezone(timezone(timedelta(hours=9)))
    assert [billed_seconds(job, elsewhere) for job in seen(world)] == [40.0, 40.0]
    for job in seen(world):
        with pytest.raises(ConfigurationError, match="'job' still runs"):
            billed_seconds(job)
        with pytest.raises(ConfigurationError, match="naive"):
            billed_seconds(job, at.replace(tzinfo=None))
        assert billed_seconds(job, datetime(2000, 1, 1, tzinfo=UTC)) == 0.0
    world.clock.sleep(1000)
    assert [billed_seconds(job, world.clock.now()) for job in seen(world)] == [100.0, 100.0]


def test_a_job_that_was_stopped_is_billed_until_it_had_ended(world: Any) -> None:
    world.create("job")
    world.clock.sleep(50)
    world.now("stop_compilation_job", "job")()
    world.clock.sleep(100)
    assert [billed_seconds(job) for job in seen(world)] == [60.0, 60.0]
    ended = seen(world)[0]
    assert billed_seconds(evolve(ended, compilation_end_time=ended.compilation_start_time)) == 0.0


def test_a_job_that_was_stopped_before_it_started_costs_nothing(world: Any) -> None:
    world.create("job")
    world.now("stop_compilation_job", "job")()
    world.clock.sleep(100)
    assert [billed_seconds(job) for job in seen(world)] == [0.0, 0.0]
