"""`neo-wire wait`, against a local service whose jobs take fractions of a second."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from neo_wire import ServerError
from neo_wire.local import LocalServer, NeoService, Timeline

Run = Callable[..., Any]
POLL = ("--poll", "0.02,0.05")
MANY = (*POLL, "--requests-per-second", "100")


def timeline(request: Any) -> Timeline:
    name = request.compilation_job_name
    if name.startswith("slow"):
        return Timeline(starting=0, in_progress=86_400, stopping=0)
    if name.startswith("bad"):
        return Timeline(
            starting=0.05, in_progress=0.1, outcome="FAILED", failure_reason="ClientError: InputConfiguration: TVM"
        )
    return Timeline(starting=0.05, in_progress=0.15)


@pytest.fixture
def service() -> NeoService:
    return NeoService(timeline=timeline)


@pytest.fixture
def server(service: NeoService) -> Iterator[LocalServer]:
    with LocalServer(service) as server:
        yield server


@pytest.mark.usefixtures("paced")
def test_a_job_is_waited_for_and_its_changes_are_lines(create: Run, call: Run) -> None:
    create("net")
    done = call("wait", "net", *POLL)
    assert done.status == 0
    assert done.out.splitlines()[2].split()[:4] == ["completed", "net", "COMPLETED", "ml_c5"]
    lines = done.err.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["net: STARTING", "net: INPROGRESS", "net: COMPLETED"]
    assert all(line.endswith(", 0:00") for line in lines)
    assert call("wait", "net", "--quiet").err == ""


def test_a_job_that_fails_is_1_with_the_reason_its_kind_and_a_hint(create: Run, call: Run) -> None:
    create("bad")
    done = call("wait", "bad", *POLL, "--output", "json", "-q")
    assert done.status == 1
    assert done.err.startswith("neo-wire: the compilation job 'bad' failed, ")
    assert done.err.count("\n") == 1
    (one,) = done.json["CompilationJobs"]
    assert one["Outcome"] == "failed"
    assert one["CompilationJob"]["FailureReason"] == "ClientError: InputConfiguration: TVM"
    assert one["FailureKind"] in one["Error"]
    assert one["Hint"] in one["Error"]
    ended = call("wait", "bad", *POLL, "--until", "ended", "--output", "text", "-q")
    assert (ended.status, ended.err) == (0, "")
    assert ended.out.startswith("failed\tbad\tFAILED\tml_c5\t")


def test_a_job_that_is_stopped_is_2_and_one_that_takes_too_long_124(create: Run, call: Run) -> None:
    create("slow")
    late = call("wait", "slow", *POLL, "--timeout", "0.1", "--output", "text")
    assert late.status == 124
    assert late.out.startswith("timed out\tslow\tINPROGRESS\t")
    assert "was waited for 0.1 s, and is INPROGRESS still" in late.err
    call("stop", "slow")
    stopped = call("wait", "slow", *POLL, "-q")
    assert stopped.status == 2
    assert stopped.err == "neo-wire: the compilation job 'slow' was stopped\n"


def test_a_job_that_is_not_there_is_254(call: Run) -> None:
    done = call("wait", "nothing", *POLL)
    assert (done.status, done.out) == (254, "")
    assert done.err.startswith("neo-wire: ResourceNotFound from DescribeCompilationJob: ")


def test_several_jobs_and_the_lowest_status(create: Run, call: Run) -> None:
    for name in ("net-1", "net-2", "slow", "bad"):
        create(name)
    names = ("net-1", "net-2", "slow", "nothing", "net-1")
    done = call("wait", *names, *MANY, "--timeout", "0.5", "--output", "text")
    assert done.status == 124
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["completed", "net-1", "COMPLETED"],
        ["completed", "net-2", "COMPLETED"],
        ["timed out", "slow", "INPROGRESS"],
        ["missing", "nothing", "-"],
    ]
    assert {len(row) for row in rows} == {6}
    assert "net-2: COMPLETED, 0:00" in done.err.splitlines()
    assert call("wait", "bad", "slow", *MANY, "--timeout", "0.3", "-q").status == 1
    assert call("wait", "net-1", "nothing", *MANY, "-q").status == 254
    assert call("wait", "net-1", "net-2", *MANY, "-q").status == 0


def test_until_deleted(create: Run, call: Run) -> None:
    for name in ("net-1", "net-2"):
        create(name)
        call("wait", name, *POLL)
    late = call("wait", "net-1", "net-2", "--until", "deleted", *POLL, "--timeout", "0.1", "--output", "text")
    assert late.status == 124
    assert [line.split("\t")[:2] for line in late.out.splitlines()] == [["timed out", "net-1"], ["timed out", "net-2"]]
    call("delete", "net-1")
    gone = call("wait", "net-1", "--until", "deleted", *POLL, "--output", "json")
    assert gone.status == 0
    assert gone.json == {"CompilationJobs": [{"CompilationJobName": "net-1", "Outcome": "deleted"}]}


def test_a_service_that_is_out_for_a_while_is_waited_through(create: Run, call: Run, service: NeoService) -> None:
    create("net")
    service.script(ServerError("out for lunch", status=503), operation="DescribeCompilationJob", times=2)
    done = call("wait", "net", *POLL, "--output", "json", "--max-attempts", "1")
    assert done.status == 0
    assert done.json["CompilationJobs"][0]["Outcome"] == "completed"
    warnings = [line for line in done.err.splitlines() if line.startswith("neo-wire: describing ")]
    assert len(warnings) == 2
    assert "out for lunch" in warnings[0]


def test_without_a_standard_output_the_status_is_all(create: Run, call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    create("net")
    monkeypatch.setattr("sys.stdout", None)  # as in a process that was started without one
    done = call("wait", "net", *POLL, "-q")
    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("wait",), "the following arguments are required: NAME"),
        (("wait", "a", "--until", "never"), "argument --until: invalid choice: 'never'"),
        (("wait", "a", "--poll", "0"), "argument --poll: the shortest polling interval is 0.0"),
        (("wait", "a", "--timeout", "soon"), "argument --timeout: 'soon' is no duration"),
    ],
)
def test_wrong_arguments_are_252(run: Run, arguments: tuple[str, ...], message: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (252, "")
    assert message in outcome.err


def test_a_timeout_of_nothing_is_refused(call: Run) -> None:
    done = call("wait", "net", "--timeout", "0")
    assert done.status == 253
    assert "the timeout of the wait is 0.0" in done.err
