"""Stopping and deleting jobs: one, or those that pass filters, in virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import attrs
import pytest

from neo_wire import (
    AccessDenied,
    AsyncNeoClient,
    CompilationJobStatus,
    ConfigurationError,
    ListCompilationJobsRequest,
    NeoClient,
    ResourceNotFound,
    Throttling,
)
from neo_wire.jobs.clean_up import clean_up, stop_and_delete
from neo_wire.jobs.outcomes import WaitTimeout
from neo_wire.local import Timeline

S = CompilationJobStatus


def run(world: Any, flow: Any, *args: Any, **options: Any) -> Any:
    """Run a flow of this module by the client of the world's mode."""
    if world.mode.name == "sync":
        with NeoClient(**world.options()) as client:
            return client._driver.run(flow(client._session.invoke, *args, random=lambda: 0.5, **options))

    async def in_loop() -> Any:
        async with AsyncNeoClient(**world.options()) as client:
            return await client._driver.run(flow(client._session.invoke, *args, random=lambda: 0.5, **options))

    return asyncio.run(in_loop())


def clean(world: Any, all: bool = False, **options: Any) -> Any:  # noqa: A002  # as in the product
    names = [name for name in options if name in ListCompilationJobsRequest.__annotations__]
    filters = ListCompilationJobsRequest(**{name: options.pop(name) for name in names})
    return run(world, clean_up, filters, all=all, **options)


def names(jobs: Any) -> list[str]:
    return [job.compilation_job_name for job in jobs]


def there(world: Any) -> list[str]:
    with NeoClient(**world.options()) as client:
        return [job.compilation_job_name for job in client.iter_compilation_jobs()]


def test_a_running_job_is_stopped_and_deleted_when_it_has_ended(world: Any) -> None:
    world.create("job")
    job = run(world, stop_and_delete, "job")
    assert job.compilation_job_status == S.STOPPED
    assert there(world) == []
    assert [len(world.service.asked(one)) for one in ("Stop", "Delete")] == [1, 1]
    assert run(world, stop_and_delete, "job") is None


def test_a_job_that_has_ended_or_is_stopping_is_not_stopped_again(world: Any) -> None:
    world.create("ended", "stopping")
    world.clock.sleep(50)
    world.now("stop_compilation_job", "stopping")()
    world.service.requests.clear()
    assert run(world, stop_and_delete, "stopping").compilation_job_status == S.STOPPED
    world.clock.sleep(500)
    assert run(world, stop_and_delete, "ended").compilation_job_status == S.COMPLETED
    assert world.service.asked("Stop") == []
    assert there(world) == []


def test_a_stop_that_races_the_end_is_no_error(world: Any) -> None:
    world.create("job")
    world.clock.sleep(100)

    def end(operation: str, response: Any) -> Any:
        if operation == "DescribeCompilationJob":
            world.clock.sleep(60)  # it completes between Describe and Stop
            world.service.tamper = None
        return response

    world.service.tamper = end
    assert run(world, stop_and_delete, "job").compilation_job_status == S.COMPLETED
    assert there(world) == []


def test_a_job_that_does_not_end_in_time_stays(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=0, in_progress=10, stopping=100000))
    world.create("job")
    with pytest.raises(WaitTimeout):
        run(world, stop_and_delete, "job", timeout=100)
    assert there(world) == ["job"]
    with pytest.raises(ConfigurationError):
        run(world, stop_and_delete, "job", timeout=0)


def test_one_that_somebody_else_deletes_meanwhile_is_gone_as_well(world: Any) -> None:
    world.create("job")
    world.clock.at(40, world.now("delete_compilation_job", "job"))
    assert run(world, stop_and_delete, "job").compilation_job_name == "job"
    assert there(world) == []


@pytest.fixture
def mixed(make_world: Any) -> Any:
    """A failed and a completed job of a model, both old, a running one of it, and one that is another's."""
    world = make_world(
        timeline={
            "resnet-bad": Timeline(starting=0, in_progress=5, outcome="FAILED"),
            "resnet-good": Timeline(starting=0, in_progress=5),
            "resnet-runs": Timeline(starting=0, in_progress=90000, stopping=5),
            "other": Timeline(starting=0, in_progress=5),
        }
    )
    world.create("resnet-bad", "resnet-good")
    world.clock.sleep(7200)
    world.create("resnet-runs", "other")
    world.clock.sleep(60)
    world.service.requests.clear()
    return world


def test_a_dry_run_deletes_nothing(mixed: Any) -> None:
    result = clean(mixed, name_contains="resnet", dry_run=True)
    assert (result.dry_run, names(result.deleted), names(result.left_running)) == (
        True,
        ["resnet-bad", "resnet-good"],
        ["resnet-runs"],
    )
    assert str(result) == "2 would be deleted, 1 left running"
    assert {operation for _, operation in mixed.service.requests} == {"ListCompilationJobs"}
    assert len(there(mixed)) == 4


def test_those_that_pass_the_filters_are_deleted(mixed: Any) -> None:
    result = clean(mixed, name_contains="resnet")
    assert (names(result.deleted), names(result.left_running), dict(result.failed)) == (
        ["resnet-bad", "resnet-good"],
        ["resnet-runs"],
        {},
    )
    assert str(result) == "2 deleted, 1 left running"
    assert sorted(there(mixed)) == ["other", "resnet-runs"]


def test_running_ones_are_stopped_first_when_asked(mixed: Any) -> None:
    result = clean(mixed, name_contains="resnet", stop_running=True)
    assert names(result.deleted) == ["resnet-bad", "resnet-good", "resnet-runs"]
    assert there(mixed) == ["other"]


def test_a_name_that_is_used_anew_meanwhile_is_not_what_was_listed(make_world: Any) -> None:
    """While the first of two is being stopped, somebody deletes the second one and creates another by its name."""
    runs = Timeline(starting=0, in_progress=90000, stopping=5)
    world = make_world(timeline={"first": attrs.evolve(runs, stopping=600), "second": runs})
    world.create("first", "second")
    world.clock.at(50, world.now("stop_compilation_job", "second"))
    world.clock.at(100, world.now("delete_compilation_job", "second"))
    world.clock.at(150, lambda: world.create("second"))
    result = clean(world, all=True, stop_running=True, concurrency=1)
    assert names(result.deleted) == ["first", "second"]
    assert there(world) == ["second"]
    assert world.call("describe_compilation_job", "second").compilation_job_status == S.INPROGRESS


def test_those_that_have_ended_go_before_those_that_take_long(make_world: Any) -> None:
    world = make_world(
        timeline={"runs": Timeline(starting=0, in_progress=90000, stopping=600), "ended": Timeline(0, 0)}
    )
    world.create("runs")
    world.clock.sleep(5)
    world.create("ended")
    assert names(clean(world, all=True, stop_running=True, concurrency=1).deleted) == ["ended", "runs"]
    assert world.service.asked("Delete")[0] == 5


@pytest.mark.parametrize(
    ("options", "gone"),
    [
        ({"older_than": timedelta(hours=1)}, {"resnet-bad", "resnet-good"}),
        ({"statuses": ["failed"]}, {"resnet-bad"}),
        ({"statuses": [S.FAILED, S.STOPPED]}, {"resnet-bad"}),
        ({"status_equals": S.COMPLETED, "older_than": timedelta(hours=1)}, {"resnet-good"}),
        ({"all": True}, {"resnet-bad", "resnet-good", "other"}),
    ],
)
def test_filters_go_together(mixed: Any, options: dict[str, Any], gone: set[str]) -> None:
    assert set(names(clean(mixed, **options).deleted)) == gone
    assert set(there(mixed)) == {"resnet-bad", "resnet-good", "resnet-runs", "other"} - gone


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({}, "no filter"),
        ({"name_contains": ""}, "no filter"),
        ({"max_results": 5}, "no filter"),
        ({"statuses": []}, "statuses is empty"),
        ({"statuses": "FAILED"}, "give several"),
        ({"statuses": 5}, "give several"),
        ({"statuses": [None]}, "statuses has None"),
        ({"older_than": timedelta(seconds=-1)}, "older_than is"),
        ({"older_than": timedelta.max}, "0 to 36500 days"),
        ({"older_than": 30}, "older_than is 30"),
        ({"all": True, "next_token": "x"}, "next_token"),
        ({"all": True, "concurrency": 0}, "concurrency"),
        ({"all": True, "timeout": 0}, "timeout"),
    ],
)
def test_what_is_not_meant_is_refused(mixed: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        clean(mixed, **options)
    with pytest.raises(ConfigurationError, match="both say until when"):
        clean(mixed, older_than=timedelta(1), creation_time_before=mixed.clock.now())
    assert mixed.service.requests == []


def test_what_fails_is_told_and_the_others_go_on(mixed: Any) -> None:
    mixed.service.script(AccessDenied("no"), operation="DeleteCompilationJob")
    mixed.service.script(Throttling("Rate exceeded"), operation="DeleteCompilationJob", times=3)
    mixed.service.script(ResourceNotFound("gone"), operation="DeleteCompilationJob")
    result = clean(mixed, concurrency=1, all=True)
    assert list(result.failed) == ["resnet-bad"]
    assert isinstance(result.failed["resnet-bad"], AccessDenied)
    assert names(result.deleted) == ["resnet-good", "other"]
    assert str(result) == "2 deleted, 1 left running, 1 failed"


def test_there_may_be_nothing_to_do(world: Any) -> None:
    assert str(clean(world, name_contains="x")) == "0 deleted"
