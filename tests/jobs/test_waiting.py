"""Waiting for one job: each of its ends, how often it is looked at, and what is borne with, in virtual time."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import attrs
import pytest

from neo_wire import (
    AccessDenied,
    CompilationJobStatus,
    ConfigurationError,
    HttpResponse,
    InputValidationError,
    NeoClient,
    ResourceNotFound,
    ServerError,
    Throttling,
)
from neo_wire.jobs import polling
from neo_wire.jobs.outcomes import CompilationFailed, CompilationJobDeleted, CompilationStopped, WaitTimeout
from neo_wire.jobs.polling import Polling
from neo_wire.jobs.waiting import is_another
from neo_wire.local import EXAMPLE_CREDENTIALS, Timeline

S = CompilationJobStatus
WAIT = "wait_for_compilation_job"


def rewritten(**members: object) -> Callable[[str, HttpResponse], HttpResponse]:
    """Changes what Describe answers; None takes a member away."""

    def tamper(operation: str, response: HttpResponse) -> HttpResponse:
        if not operation.startswith("Describe") or response.status != 200:
            return response
        body = {**json.loads(response.body), **members}
        content = json.dumps({name: value for name, value in body.items() if value is not None}).encode()
        headers = tuple(one for one in response.headers if one[0] != "content-length")
        return HttpResponse(200, (*headers, ("content-length", str(len(content)))), content)

    return tamper


def test_a_job_that_completes_is_given_and_each_status_is_told_once(world: Any) -> None:
    world.create("job")
    seen: list[str] = []
    job = world.call(WAIT, "job", on_update=lambda job: seen.append(str(job.compilation_job_status)))
    assert job.compilation_job_status is S.COMPLETED
    assert seen == ["STARTING", "INPROGRESS", "COMPLETED"]
    assert 110 <= world.clock.seconds <= 110 + 60


def test_the_intervals_grow_between_their_bounds(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=2000))
    world.create("job")
    world.call(WAIT, "job", polling=Polling(2, 30))
    at = world.service.asked("Describe")
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert at[0] == 0
    assert all(2 <= gap <= 30 for gap in gaps)
    assert gaps[0] < 3 < 20 < gaps[10]
    assert len(set(gaps)) > 10  # jitter
    assert len(at) < 100


def test_a_job_that_failed_raises_with_its_reason(make_world: Any) -> None:
    reason = "ClientError: InputConfiguration: No h5 file provided in /opt/ml/model"
    world = make_world(timeline=Timeline(outcome=S.FAILED, failure_reason=reason))
    world.create("job")
    with pytest.raises(CompilationFailed) as caught:
        world.call(WAIT, "job")
    error = caught.value
    assert (error.name, error.reason.kind, error.reason.text) == ("job", "input_configuration", reason)
    assert error.job.failure_reason == reason
    assert error.job.compilation_job_status is S.FAILED
    assert reason in str(error)
    assert ".h5" in str(error)


def test_a_job_that_was_stopped_raises_so(world: Any) -> None:
    world.create("job")
    world.clock.at(30, world.now("stop_compilation_job", "job"))
    seen: list[str] = []
    with pytest.raises(CompilationStopped) as caught:
        world.call(
            WAIT, "job", polling=Polling(1, 5), on_update=lambda job: seen.append(str(job.compilation_job_status))
        )
    assert caught.value.job.compilation_job_status is S.STOPPED
    assert seen == ["STARTING", "INPROGRESS", "STOPPING", "STOPPED"]


@pytest.mark.parametrize("outcome", [S.FAILED, S.COMPLETED])
def test_any_end_will_do_when_it_is_waited_for(make_world: Any, outcome: CompilationJobStatus) -> None:
    world = make_world(timeline=Timeline(outcome=outcome))
    world.create("job")
    assert world.call(WAIT, "job", until="ended").compilation_job_status is outcome


def test_a_stopped_one_too(world: Any) -> None:
    world.create("job")
    world.now("stop_compilation_job", "job")()
    assert world.call(WAIT, "job", until="ended").compilation_job_status is S.STOPPED


def test_a_job_that_is_deleted_meanwhile(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=1))
    world.create("job")
    world.clock.at(3, world.now("delete_compilation_job", "job"))
    with pytest.raises(CompilationJobDeleted) as caught:
        world.call(WAIT, "job")
    assert caught.value.job.compilation_job_status is S.STARTING
    assert isinstance(caught.value.__cause__, ResourceNotFound)


def test_a_job_that_is_deleted_and_created_anew_is_another_one(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=1))
    world.create("job")
    world.clock.at(3, world.now("delete_compilation_job", "job"))
    world.clock.at(4, lambda: world.create("job"))
    with pytest.raises(CompilationJobDeleted):
        world.call(WAIT, "job")


def test_a_job_that_was_never_there(world: Any) -> None:
    with pytest.raises(ResourceNotFound):
        world.call(WAIT, "job")
    assert len(world.service.requests) == 1
    assert world.call(WAIT, "job", until="deleted") is None


def test_until_a_job_is_deleted(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=1))
    world.create("job")
    world.clock.at(500, world.now("delete_compilation_job", "job"))
    job = world.call(WAIT, "job", until="deleted")
    assert job.compilation_job_status is S.COMPLETED
    assert 500 <= world.clock.seconds <= 560


def test_the_time_is_over_at_its_end_with_a_last_look(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=1, in_progress=99))
    world.create("job")
    with pytest.raises(WaitTimeout) as caught:
        world.call(WAIT, "job", timeout=50)
    assert world.clock.seconds == world.service.asked("Describe")[-1] == 50
    assert caught.value.job is not None
    assert caught.value.job.compilation_job_status is S.INPROGRESS
    assert (caught.value.timeout, caught.value.name) == (50, "job")
    assert "INPROGRESS" in str(caught.value)
    assert world.call(WAIT, "job", timeout=50).compilation_job_status is S.COMPLETED  # at its very end


def test_a_status_that_is_not_known_keeps_waiting(world: Any) -> None:
    world.create("job")
    world.service.tamper = rewritten(CompilationJobStatus="PAUSED")
    world.clock.at(300, lambda: setattr(world.service, "tamper", None))
    seen: list[str] = []
    job = world.call(WAIT, "job", on_update=lambda job: seen.append(str(job.compilation_job_status)))
    assert seen == ["PAUSED", "COMPLETED"]
    assert job.compilation_job_status is S.COMPLETED


@pytest.mark.parametrize(
    ("status", "expected"), [("Completed", None), ("Stopped", CompilationStopped), ("Failed", CompilationFailed)]
)
def test_statuses_as_the_documentation_writes_them(world: Any, status: str, expected: type[Exception] | None) -> None:
    world.create("job")
    world.service.tamper = rewritten(CompilationJobStatus=status)
    if expected is None:
        assert world.call(WAIT, "job").compilation_job_status == status
    else:
        with pytest.raises(expected):
            world.call(WAIT, "job")


def test_a_status_that_is_left_out_or_changes_its_case_only_is_no_change(world: Any) -> None:
    world.create("job")
    world.service.tamper = rewritten(CompilationJobStatus=None)
    world.clock.at(50, lambda: setattr(world.service, "tamper", rewritten(CompilationJobStatus="InProgress")))
    world.clock.at(70, lambda: setattr(world.service, "tamper", None))
    seen: list[object] = []
    world.call(WAIT, "job", polling=Polling(5, 5), on_update=lambda job: seen.append(job.compilation_job_status))
    assert seen == [None, "InProgress", S.COMPLETED]


def test_what_may_pass_is_borne_with(world: Any) -> None:
    world.create("job")
    world.service.script(Throttling("Rate exceeded"), ServerError(status=503), HttpResponse(502, (), b"<html>", ""))
    assert world.call(WAIT, "job").compilation_job_status is S.COMPLETED


def test_but_not_for_ever(world: Any) -> None:
    world.create("job")
    world.service.script(*[Throttling("Rate exceeded")] * 20)
    with pytest.raises(Throttling):
        world.call(WAIT, "job")
    assert len(world.service.asked("Describe")) == 10


def test_failures_between_looks_that_succeed_do_not_add_up(world: Any) -> None:
    world.create("job")
    for at in range(1, 100, 10):
        world.clock.at(at, lambda: world.service.script(*[ServerError(status=500)] * 2))
    assert world.call(WAIT, "job", polling=Polling(2, 2)).compilation_job_status is S.COMPLETED


def test_what_does_not_pass_is_raised_at_once(world: Any) -> None:
    world.create("job")
    world.service.script(AccessDenied("no", status=403))
    with pytest.raises(AccessDenied):
        world.call(WAIT, "job")
    assert len(world.service.asked("Describe")) == 1


def test_what_a_callback_raises_ends_the_wait(world: Any) -> None:
    world.create("job")

    def interrupt(_job: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        world.call(WAIT, "job", on_update=interrupt)
    assert len(world.service.asked("Describe")) == 1


def test_a_callback_that_takes_longer_than_the_wait_leaves_a_last_look(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=0, in_progress=50))
    world.create("job")
    told: list[str] = []

    def slow(job: Any) -> None:
        told.append(str(job.compilation_job_status))
        world.clock.sleep(100)

    assert world.call(WAIT, "job", timeout=60, on_update=slow).compilation_job_status == S.COMPLETED
    assert told == ["INPROGRESS", "COMPLETED"]
    assert world.service.asked("Describe") == [0, 100]
    world = make_world(timeline=Timeline(starting=0, in_progress=500))
    world.create("job")
    with pytest.raises(WaitTimeout):
        world.call(WAIT, "job", timeout=60, on_update=lambda _job: world.clock.sleep(100))
    assert world.service.asked("Describe") == [0, 100]


@pytest.mark.parametrize("method", [WAIT, "wait_for_compilation_jobs"])
def test_a_service_that_does_not_answer_does_not_prolong_the_wait(
    mode: Any, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """A call of its own would be given 300 seconds here."""
    monkeypatch.setattr(polling, "LAST_LOOK", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = {"region": "eu-west-1", "credentials": EXAMPLE_CREDENTIALS, "endpoint_url": url}
        began = time.monotonic()
        if method == WAIT:
            with pytest.raises(WaitTimeout):
                mode.call(method, "job", client=options, timeout=0.1, polling=Polling(0.01, 0.01))
        else:
            ends = mode.call(method, ["job"], client=options, timeout=0.1, polling=Polling(0.01, 0.01))
            assert isinstance(ends["job"].error, WaitTimeout)
        assert time.monotonic() - began < 10


def test_a_service_that_keeps_failing_is_not_tried_again_beyond_the_wait(make_world: Any) -> None:
    """Its own retries would sleep past the end of the wait; there they are cut off, and the last look is the wait's."""
    world = make_world(timeline=Timeline(starting=0, in_progress=500))
    world.create("job")
    world.service.script(*[Throttling("Rate exceeded")] * 40)
    with pytest.raises(WaitTimeout):
        world.mode.call(WAIT, "job", client={**world.options(), "max_attempts": 40}, timeout=3)
    assert world.clock.seconds <= 3 + 2 * polling.LAST_LOOK


def test_a_coroutine_function_may_be_told_by_the_asynchronous_client_alone(world: Any) -> None:
    world.create("job")
    seen: list[str] = []

    async def told(job: Any) -> None:
        seen.append(str(job.compilation_job_status))

    if world.mode.name == "async":
        world.call(WAIT, "job", on_update=told)
        assert seen == ["STARTING", "INPROGRESS", "COMPLETED"]
    else:
        with pytest.raises(ConfigurationError, match="awaitable"):
            world.call(WAIT, "job", on_update=told)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"until": "done"}, "until is 'done'"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"timeout": "60"}, "timeout"),
    ],
)
def test_a_bad_argument_is_refused_before_anything_is_sent(world: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        world.call(WAIT, "job", **options)
    with pytest.raises(InputValidationError):
        world.call(WAIT, "no name!")
    assert world.service.requests == []


def test_watching_a_job_gives_each_of_its_statuses_and_ends(world: Any) -> None:
    world.create("job")
    found, _ = world.collect("watch_compilation_job", "job")
    assert [job.compilation_job_status for job in found] == [S.STARTING, S.INPROGRESS, S.COMPLETED]


def test_watching_a_job_that_fails_ends_with_it(make_world: Any) -> None:
    world = make_world(timeline=Timeline(outcome=S.FAILED))
    world.create("job")
    found, _ = world.collect("watch_compilation_job", "job", polling=Polling(1, 1))
    assert [job.compilation_job_status for job in found] == [S.STARTING, S.INPROGRESS, S.FAILED]


def test_watching_in_vain(world: Any) -> None:
    with pytest.raises(ResourceNotFound):
        world.collect("watch_compilation_job", "job")
    world.create("job")
    with pytest.raises(WaitTimeout):
        world.collect("watch_compilation_job", "job", timeout=20)
    with NeoClient(**world.options()) as client, pytest.raises(ConfigurationError, match="timeout"):
        client.watch_compilation_job("job", timeout=0)


def test_moto_too(mode: Any, moto_url: str, job_inputs: dict[str, Any]) -> None:
    client = {"endpoint_url": moto_url, "region": "ap-northeast-3"}
    name = f"wait-{mode.name}"
    mode.call("create_compilation_job", name, client=client, **job_inputs)
    assert mode.call(WAIT, name, client=client).compilation_job_status is S.COMPLETED
    many = mode.call("wait_for_compilation_jobs", [name, "never-was"], client=client, requests_per_second=1000)
    assert [one.completed for one in many.values()] == [True, False]
    mode.call("delete_compilation_job", name, client=client)
    assert mode.call(WAIT, name, until="deleted", client=client) is None


def test_another_job_is_one_that_was_created_later_not_one_whose_time_is_rounded(world: Any) -> None:
    world.create("job")
    first = world.call("describe_compilation_job", "job")
    for seconds, expected in ((-0.9, False), (0.9, False), (1.1, True)):
        later = attrs.evolve(first, creation_time=first.creation_time + timedelta(seconds=seconds))
        assert is_another(later, first) is expected
    unknown = attrs.evolve(first, creation_time=None)
    assert not is_another(unknown, first)
    assert not is_another(first, unknown)
