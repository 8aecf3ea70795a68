"""What both clients do with many jobs and with artifacts, as their users call it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neo_wire import (
    CompilationJobStatus,
    ConfigurationError,
    DigestMismatch,
    InputValidationError,
    ResourceNotFound,
    StoppingCondition,
    Target,
    input_config,
)
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline

TARGETS = (Target.device("ml_c5"), Target.platform("LINUX", "ARM64"))
INPUTS: dict[str, Any] = {
    "role_arn": "arn:aws:iam::123456789012:role/neo",
    "input_config": input_config(
        "s3://models/resnet50.tar.gz", "PYTORCH", {"input0": [1, 3, 224, 224]}, framework_version="2.0"
    ),
    "s3_output_location": "s3://models/compiled/",
    "stopping_condition": StoppingCondition(max_runtime_in_seconds=900),
}


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(NeoService(timeline=Timeline(starting=0, in_progress=0, stopping=0))) as running:
        yield running


@pytest.fixture
def client(server: LocalServer) -> dict[str, Any]:
    environ = {**os.environ, "AWS_ENDPOINT_URL_S3": server.url}
    return {"credentials": EXAMPLE_CREDENTIALS, "endpoint_url": server.url, "environ": environ}


def test_compiles_for_targets_and_adopts_the_jobs_when_run_again(mode: Any, client: dict[str, Any]) -> None:
    first = mode.call("compile_for_targets", "resnet50", TARGETS, **INPUTS, client=client)
    assert first.completed
    assert [one.created for one in first] == [True, True]
    again = mode.call("compile_for_targets", "resnet50", TARGETS, **INPUTS, concurrency=1, client=client)
    assert [(one.created, one.name) for one in again] == [(False, one.name) for one in first]


def test_an_input_that_must_fail_creates_nothing(mode: Any, client: dict[str, Any]) -> None:
    wrong = {**INPUTS, "role_arn": "no role"}
    with pytest.raises(InputValidationError, match="RoleArn"):
        mode.call("compile_for_targets", "resnet50", TARGETS, **wrong, client=client)
    assert mode.call("list_compilation_jobs", client=client).compilation_job_summaries == ()


def test_downloads_and_verifies_what_came(mode: Any, client: dict[str, Any], tmp_path: Path) -> None:
    done = mode.call("compile_for_targets", "resnet50", TARGETS[:1], **INPUTS, client=client)
    name, path, told = done.results[0].name, tmp_path / "model.tar.gz", []

    async def tell(count: int, total: int) -> None:
        told.append((count, total))

    progress = tell if mode.name == "async" else (lambda count, total: told.append((count, total)))
    found = mode.call("download_compilation_artifact", name, path, on_progress=progress, client=client)
    assert (found.downloaded, found.check.outcome, path.stat().st_size) == (True, "verified", found.size)
    assert told[-1] == (found.size, found.size)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["model.tar.gz"]
    assert not mode.call("download_compilation_artifact", done.results[0].job, path, client=client).downloaded
    assert mode.call("verify_compilation_artifact", name, path, client=client).verified
    path.write_bytes(b"another")
    with pytest.raises(DigestMismatch):
        mode.call("verify_compilation_artifact", name, path, client=client)


def test_stops_and_deletes_and_is_safe_to_repeat(mode: Any, client: dict[str, Any]) -> None:
    done = mode.call("compile_for_targets", "resnet50", TARGETS[:1], **INPUTS, client=client)
    name = done.results[0].name
    assert mode.call("stop_and_delete_compilation_job", name, client=client).compilation_job_name == name
    with pytest.raises(ResourceNotFound):
        mode.call("describe_compilation_job", name, client=client)
    assert mode.call("stop_and_delete_compilation_job", name, timeout=5, client=client) is None


def test_cleans_up_what_passes_the_filters(mode: Any, client: dict[str, Any]) -> None:
    mode.call("compile_for_targets", "resnet50", TARGETS, **INPUTS, client=client)
    options: dict[str, Any] = {"name_contains": "ARM64", "statuses": [CompilationJobStatus.COMPLETED]}
    would = mode.call("clean_up_compilation_jobs", **options, dry_run=True, client=client)
    assert (would.dry_run, len(would.deleted)) == (True, 1)
    assert len(mode.call("clean_up_compilation_jobs", **options, client=client).deleted) == 1
    left = mode.call("list_compilation_jobs", client=client).compilation_job_summaries
    assert [one.compilation_target_device for one in left] == ["ml_c5"]
    with pytest.raises(ConfigurationError, match="all"):
        mode.call("clean_up_compilation_jobs", client=client)
