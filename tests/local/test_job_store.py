"""What jobs leave in the buckets; what the operations do with jobs is tested through the service."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest

from neo_wire.local import Artifact, Timeline
from neo_wire.local.script import LocalResponse

NAME = {"CompilationJobName": "job"}

# neo, caller, clock and s3_signed are fixtures of conftest.py, whose classes cannot be imported here: Any.


def stored(neo: Any, s3_signed: Any, path: str) -> tuple[int, bytes]:
    response = LocalResponse.of(neo.service.handle(s3_signed("GET", f"http://neo{path}", at=neo.clock.now)))
    return response.status, b"".join(response.delivered())


@pytest.mark.parametrize("prefix", ["", "blake2b:"])
def test_the_artifact_of_a_job_is_there_once_it_completes(caller: Any, clock: Any, s3_signed: Any, prefix: str) -> None:
    neo = caller(timeline=Timeline(starting=1, in_progress=2, artifact=Artifact(prefix=prefix)))
    neo.create()
    path = "/models/compiled/resnet50-jetson_nano.tar.gz"
    clock.tick(2)
    assert stored(neo, s3_signed, path)[0] == 404
    assert neo.service.buckets.get(f"s3:/{path}") is None
    clock.tick(60)
    described = neo.call("DescribeCompilationJob", **NAME)
    assert described["ModelArtifacts"]["S3ModelArtifacts"] == f"s3:/{path}"
    status, data = stored(neo, s3_signed, path)
    assert status == 200
    digest = described["ModelDigests"]["ArtifactDigest"]
    assert digest == prefix + hashlib.blake2b(data, digest_size=32).hexdigest()
    found = neo.service.buckets.get(f"s3:/{path}")
    assert found.last_modified == datetime(
        2026, 1, 1, 12, 0, 3, tzinfo=UTC
    )  # when the job ended, not when it was asked


def test_the_artifact_is_there_for_the_test_that_looks_first(caller: Any, clock: Any) -> None:
    neo = caller(timeline=Timeline(artifact=Artifact(b"compiled")))
    neo.create()
    clock.tick(60)
    found = neo.service.buckets.get("s3://models/compiled/resnet50-jetson_nano.tar.gz")
    assert found.content.size == len(b"compiled")


def test_the_artifact_outlives_the_job(neo: Any, clock: Any, s3_signed: Any) -> None:
    neo.create()
    clock.tick(3)
    neo.call("DeleteCompilationJob", **NAME)
    assert stored(neo, s3_signed, "/models/compiled/resnet50-jetson_nano.tar.gz")[0] == 200


def test_the_later_of_two_jobs_overwrites_the_artifact_of_the_other(caller: Any, clock: Any, s3_signed: Any) -> None:
    timelines = {
        "late": Timeline(in_progress=9, artifact=Artifact(b"late")),
        "early": Timeline(in_progress=5, artifact=Artifact(b"early")),
    }
    neo = caller(timeline=timelines)
    neo.create("late")
    neo.create("early")
    clock.tick(60)
    assert stored(neo, s3_signed, "/models/compiled/resnet50-jetson_nano.tar.gz") == (200, b"late")


@pytest.mark.parametrize(
    ("timeline", "stop"),
    [
        (Timeline(artifact=Artifact(stored=False)), False),
        (Timeline(outcome="FAILED"), False),
        (Timeline(in_progress=5), True),
    ],
)
def test_no_artifact(caller: Any, clock: Any, s3_signed: Any, timeline: Timeline, stop: bool) -> None:
    neo = caller(timeline=timeline)
    neo.create()
    if stop:
        neo.call("StopCompilationJob", **NAME)
    clock.tick(60)
    assert stored(neo, s3_signed, "/models/compiled/resnet50-jetson_nano.tar.gz")[0] == 404


def test_an_output_location_outside_of_s3_holds_nothing(neo: Any, clock: Any, s3_signed: Any) -> None:
    neo.create(OutputConfig={"S3OutputLocation": "https://models/out", "TargetDevice": "jetson_nano"})
    clock.tick(60)
    assert stored(neo, s3_signed, "/models/out/resnet50-jetson_nano.tar.gz")[0] == 404
    assert neo.status() == "COMPLETED"
