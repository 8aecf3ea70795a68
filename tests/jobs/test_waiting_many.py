"""Waiting for many jobs: each one's outcome, and how few requests that takes, in virtual time."""

from __future__ import annotations

from bisect import bisect_left
from itertools import pairwise
from typing import Any

import pytest

from neo_wire import (
    AccessDenied,
    CompilationJobStatus,
    ConfigurationError,
    InputValidationError,
    ResourceNotFound,
    ServerError,
    Throttling,
)
from neo_wire.jobs.outcomes import (
    CompilationFailed,
    CompilationJobDeleted,
    CompilationJobMissing,
    CompilationStopped,
    WaitTimeout,
)
from neo_wire.jobs.polling import Polling
from neo_wire.local import Timeline

S = CompilationJobStatus
WAIT = "wait_for_compilation_jobs"


def busiest_second(times: list[float]) -> int:
    """The most requests in any span of one second."""
    times = sorted(times)
    return max(bisect_left(times, at + 1 - 1e-9) - index for index, at in enumerate(times))


def all_requests(world: Any) -> list[float]:
    return [at for at, _ in world.service.requests]


def test_each_job_has_its_own_outcome_in_the_order_given(make_world: Any) -> None:
    reason = "ClientError: CompilationError: Unable to compile model for ml_inf1"
    world = make_world(
        timeline={
            "bad": Timeline(starting=5, in_progress=30, outcome=S.FAILED, failure_reason=reason),
            "good": Timeline(starting=5, in_progress=60),
            "stopped": Timeline(starting=5, in_progress=500),
            "gone": Timeline(starting=1, in_progress=2),
            "slow": Timeline(starting=5, in_progress=5000),
        }
    )
    names = ["stopped", "good", "never-was", "bad", "slow"]
    world.create("stopped", "good", "bad", "slow")
    world.clock.at(20, world.now("stop_compilation_job", "stopped"))
    world.service.requests.clear()
    outcomes = world.call(WAIT, [*names, "good"], timeout=600)
    assert list(outcomes) == names
    assert {name: type(one.error) for name, one in outcomes.items()} == {
        "stopped": CompilationStopped,
        "good": type(None),
        "never-was": CompilationJobMissing,
        "bad": CompilationFailed,
        "slow": WaitTimeout,
    }
    assert [name for name, one in outcomes.items() if one.completed] == ["good"]
    assert outcomes["good"].job.compilation_job_status is S.COMPLETED
    assert outcomes["bad"].error.reason.kind == "compiler"
    assert outcomes["bad"].error.job.failure_reason == reason
    assert outcomes["slow"].error.job.compilation_job_status is S.INPROGRESS
    assert outcomes["never-was"].job is None
    assert world.clock.seconds == pytest.approx(600, abs=2)
    assert len(world.service.asked("Describe")) == 2  # the one that failed, and the one that is in no list


def test_a_job_that_is_deleted_meanwhile_is_told_from_one_that_never_was(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=2))
    world.create("gone")
    world.clock.at(3.5, world.now("delete_compilation_job", "gone"))
    outcome = world.call(WAIT, ["gone"])["gone"]
    assert isinstance(outcome.error, CompilationJobDeleted)
    assert outcome.error.job.compilation_job_status is S.STARTING


def test_a_job_that_is_deleted_and_created_anew_is_another_one(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=1))
    world.create("job", "other")
    world.clock.at(3, world.now("delete_compilation_job", "job"))
    world.clock.at(4, lambda: world.create("job"))
    outcomes = world.call(WAIT, ["job", "other"])
    assert isinstance(outcomes["job"].error, CompilationJobDeleted)
    assert outcomes["other"].completed


def test_a_thousand_jobs_take_ten_pages_a_look_and_two_requests_a_second(make_world: Any) -> None:
    names = [f"fleet-{number:04}" for number in range(1000)]
    timelines = {
        name: Timeline(
            starting=10,
            in_progress=30 + number % 240,
            outcome=S.FAILED if number % 50 == 0 else S.COMPLETED,
        )
        for number, name in enumerate(names)
    }
    world = make_world(timeline=timelines)
    world.create(*names)
    world.service.requests.clear()
    outcomes = world.call(WAIT, names, requests_per_second=2)
    assert [one.completed for one in outcomes.values()] == [number % 50 != 0 for number in range(1000)]
    assert list(outcomes) == names
    times = all_requests(world)
    assert busiest_second(times) <= 2
    assert all(later - earlier >= 0.5 - 1e-9 for earlier, later in pairwise(times))
    # The 20 that failed, and a few of the last, which are described sooner than ten pages are listed.
    assert 20 <= len(world.service.asked("Describe")) <= 40
    assert len(world.service.asked("List")) <= 10 * 12
    assert 280 <= world.clock.seconds <= 380


def test_a_few_jobs_in_a_full_account_take_no_more_than_two_requests_each(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=2))
    world.create("old-a", "old-b")
    world.clock.sleep(10)
    world.create(*(f"old-{number:04}" for number in range(400)))
    world.service.requests.clear()
    outcomes = world.call(WAIT, ["old-a", "old-b", "old-c"])
    assert [one.completed for one in outcomes.values()] == [True, True, False]
    assert outcomes["old-a"].job.compilation_job_name == "old-a"
    assert len(world.service.requests) <= 6


def test_a_later_look_lists_only_what_is_as_young_as_those_that_are_pending(make_world: Any) -> None:
    world = make_world(timeline=lambda request: Timeline(in_progress=50 if request.compilation_job_name < "x" else 500))
    world.create(*(f"a{number:03}" for number in range(150)))
    world.clock.sleep(5)
    world.create(*(f"x{number:03}" for number in range(10)))
    world.service.requests.clear()
    names = [f"a{number:03}" for number in range(150)] + [f"x{number:03}" for number in range(10)]
    outcomes = world.call(WAIT, names, polling=Polling(30, 30))
    assert all(one.completed for one in outcomes.values())
    late = [at for at in world.service.asked("List") if at > 120]
    assert len(late) > 5
    assert all(later - earlier > 5 for earlier, later in pairwise(late))  # one page a look


def test_each_change_of_a_status_is_told_once(world: Any) -> None:
    world.create("a", "b")
    seen: list[tuple[str, str]] = []
    world.call(
        WAIT,
        ["a", "b"],
        on_update=lambda job: seen.append((job.compilation_job_name, str(job.compilation_job_status))),
    )
    assert sorted(seen) == [(name, status) for name in "ab" for status in ("COMPLETED", "INPROGRESS", "STARTING")]


def test_what_may_pass_is_borne_with_and_what_does_not_is_raised(world: Any) -> None:
    world.create("a", "b")
    world.service.script(Throttling("Rate exceeded"), ServerError(status=503))
    assert world.call(WAIT, ["a", "b"])["b"].completed
    world.service.script(AccessDenied("no", status=403))
    with pytest.raises(AccessDenied):
        world.call(WAIT, ["a", "b"])
    world.service.script(*[Throttling("Rate exceeded")] * 10)
    with pytest.raises(Throttling):
        world.call(WAIT, ["a", "b"])


def test_what_a_callback_raises_ends_the_wait_also_when_it_is_of_the_kind_that_may_pass(world: Any) -> None:
    world.create("a", "b")
    mine = Throttling("from a call of the callback's own", status=400)
    told: list[object] = []

    def on_update(job: object) -> None:
        told.append(job)
        raise mine

    with pytest.raises(Throttling) as caught:
        world.call(WAIT, ["a", "b"], on_update=on_update)
    assert caught.value is mine
    assert len(told) == 1


def test_a_failed_job_whose_reason_cannot_be_had_for_now_is_asked_for_later(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=0, in_progress=0, outcome=S.FAILED, failure_reason="ServerError: x"))
    world.create("job")
    failures = iter([Throttling("Rate exceeded"), ResourceNotFound("gone")])

    def tamper(operation: str, response: Any) -> Any:
        error = next(failures, None) if operation.startswith("Describe") else None
        return response if error is None else world.service.refusal(error)

    world.service.tamper = tamper
    outcome = world.call(WAIT, ["job"])["job"]
    assert isinstance(outcome.error, CompilationJobDeleted)  # it failed, and was gone before its reason was told
    assert outcome.job.compilation_job_status is S.FAILED
    assert len(world.service.asked("Describe")) == 2
    assert isinstance(world.call(WAIT, ["job"])["job"].error, CompilationFailed)


def test_when_the_time_is_over_no_further_page_is_asked_for_but_reasons_are(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=0, in_progress=0, outcome=S.FAILED))
    names = [f"j{number:03}" for number in range(250)]
    world.create(*names)
    world.service.requests.clear()
    outcomes = world.call(WAIT, names, timeout=0.5, requests_per_second=2)
    assert len(world.service.asked("List")) == 2  # at 0 and at 0.5 s
    failed = [one for one in outcomes.values() if isinstance(one.error, CompilationFailed)]
    assert len(failed) == len(world.service.asked("Describe")) == 200
    assert sum(isinstance(one.error, WaitTimeout) for one in outcomes.values()) == 50


def test_absent_jobs_are_not_looked_for_beyond_the_time(world: Any) -> None:
    outcomes = world.call(WAIT, [f"j{number:03}" for number in range(50)], timeout=5)
    assert {type(one.error) for one in outcomes.values()} == {CompilationJobMissing, WaitTimeout}
    assert len(world.service.requests) <= 11


def test_the_last_look_sees_all_of_them(make_world: Any) -> None:
    names = [f"j{number:03}" for number in range(350)]
    world = make_world(timeline=Timeline(starting=1, in_progress=93))
    world.create(*names)
    outcomes = world.call(WAIT, names, timeout=100, polling=Polling(60, 60))
    assert all(one.completed for one in outcomes.values())
    assert world.clock.seconds <= 102


def test_no_names_take_no_request(world: Any) -> None:
    assert world.call(WAIT, []) == {}
    assert world.service.requests == []


def test_bad_arguments_are_refused_before_anything_is_sent(world: Any) -> None:
    with pytest.raises(InputValidationError) as caught:
        world.call(WAIT, ["good", "bad name!", "", 7])
    assert [one.path for one in caught.value.violations] == ["names[1]", "names[2]", "names[3]"]
    for arguments, options, words in (
        (("job",), {}, "the text 'job'"),
        ((["job"],), {"timeout": 0}, "timeout"),
        ((["job"],), {"requests_per_second": 0}, "requests_per_second"),
    ):
        with pytest.raises(ConfigurationError, match=words):
            world.call(WAIT, *arguments, **options)
    assert world.service.requests == []
