"""`neo-wire clean`, against a local service."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from neo_wire import AccessDenied
from neo_wire.local import NeoService

Run = Callable[..., Any]


@pytest.fixture
def jobs(create: Run) -> None:
    """Two jobs that have ended, and one that runs."""
    for name in ("net-1", "net-2", "slow-net"):
        create(name)


def names(boto: Any) -> list[str]:
    return sorted(job["CompilationJobName"] for job in boto.list_compilation_jobs()["CompilationJobSummaries"])


@pytest.mark.usefixtures("jobs")
def test_a_dry_run_only_tells(call: Run, boto: Any) -> None:
    told = call("clean", "--name-contains", "net", "--dry-run", "--output", "text")
    assert (told.status, told.err) == (0, "")
    assert sorted(line.split("\t")[:3] for line in told.out.splitlines()) == [
        ["left running", "slow-net", "INPROGRESS"],
        ["would be deleted", "net-1", "COMPLETED"],
        ["would be deleted", "net-2", "COMPLETED"],
    ]
    assert names(boto) == ["net-1", "net-2", "slow-net"]


@pytest.mark.usefixtures("jobs")
def test_what_passes_the_filters_is_deleted(call: Run, boto: Any) -> None:
    done = call("clean", "--name-contains", "net", "--output", "json")
    assert done.status == 0
    assert sorted(job["CompilationJobName"] for job in done.json["Deleted"]) == ["net-1", "net-2"]
    assert [job["CompilationJobName"] for job in done.json["LeftRunning"]] == ["slow-net"]
    assert done.json["DryRun"] is False
    assert names(boto) == ["slow-net"]


@pytest.mark.usefixtures("jobs")
def test_jobs_that_run_are_stopped_first_when_asked(call: Run, boto: Any) -> None:
    done = call("clean", "--all", "--stop-running", "--poll", "0.02")
    assert done.status == 0
    assert [line.split()[0] for line in done.out.splitlines()[2:]] == ["deleted"] * 3
    assert names(boto) == []


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (("--status", "completed"), ["slow-net"]),
        (("--status", "FAILED", "STOPPED"), ["net-1", "net-2", "slow-net"]),
        (("--older-than", "1d"), ["net-1", "net-2", "slow-net"]),
        (("--older-than", "0s"), ["slow-net"]),
        (("--name-contains", "-1"), ["net-2", "slow-net"]),
        (("--creation-time-before", "2001-01-01"), ["net-1", "net-2", "slow-net"]),
    ],
)
def test_filters(call: Run, boto: Any, filters: tuple[str, ...], left: list[str]) -> None:
    assert call("clean", *filters).status == 0
    assert names(boto) == left


@pytest.mark.usefixtures("jobs")
def test_without_a_filter_all_has_to_be_said(call: Run, boto: Any) -> None:
    refused = call("clean")
    assert (refused.status, refused.out) == (252, "")
    assert "without a filter every job would be deleted; give one, or --all" in refused.err
    assert len(names(boto)) == 3


@pytest.mark.usefixtures("jobs")
def test_what_cannot_be_deleted_is_said_with_its_status(call: Run, service: NeoService, boto: Any) -> None:
    service.script(AccessDenied("no"), operation="DeleteCompilationJob")
    done = call("clean", "--name-contains", "net-1", "--output", "text")
    assert done.status == 254
    assert done.out == "failed\tnet-1\t-\t-\t-\t-\n"
    assert "neo-wire: net-1 is still there: AccessDeniedException" in done.err
    assert "net-1" in names(boto)
