"""What `neo-wire serve` is told to do wrong."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import evolve

from neo_wire.cli.faults import OPERATIONS, S3_OPERATIONS, failing, fault, rate_limit, slow, timelines
from neo_wire.errors import ConfigurationError, ServiceError, Throttling
from neo_wire.local import CutOff, LostAnswer, NeoService, Slow, Timeline
from neo_wire.shapes.enums import TargetDevice
from neo_wire.shapes.structures import CreateCompilationJobRequest, OutputConfig, StoppingCondition

AT = datetime(2026, 1, 1, tzinfo=UTC)
USUAL = Timeline(starting=1, in_progress=2, failure_reason="as usual")


def test_answers() -> None:
    assert fault("lost") == (LostAnswer(), None, 1)
    assert fault("slow=1.5m@DescribeCompilationJob:3") == (Slow(90), "DescribeCompilationJob", 3)
    assert fault("cut=0@GetObject") == (CutOff(0), "GetObject", 1)


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("throttling:7", "ThrottlingException", 400),
        ("unavailable:7", "ServiceUnavailable", 503),
        ("error=Novelty:7", "Novelty", 400),
        ("error=com.example.Novelty/599:7", "com.example.Novelty", 599),
    ],
)
def test_errors(text: str, code: str, status: int) -> None:
    answer, operation, times = fault(text)
    assert isinstance(answer, ServiceError)
    assert (answer.code, answer.status, operation, times) == (code, status, None, 7)
    assert isinstance(answer, Throttling) is (code == "ThrottlingException")


@pytest.mark.parametrize(
    "text",
    [
        "", "flood", "lost=1", "throttling=", "slow", "slow=", "slow=0", "slow=2h", "slow=soon", "cut", "cut=-1",
        "cut=x", "cut=" + "9" * 16, "error", "error=Ä", "error=Novelty/200", "error=Novelty/4000", "lost:0", "lost:-1",
        "lost:1000000", "lost@", "lost@GetObject@GetObject", "lost@getobject", "lost ", "lost\n",
    ],
)  # fmt: skip
def test_no_faults(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"is no (fault|operation|duration)|cannot be 0.0 s|cannot be 7200.0 s"):
        fault(text)


def test_the_service_and_its_buckets_know_all_of_the_operations() -> None:
    service = NeoService()
    for operation in OPERATIONS:
        (service.buckets if operation in S3_OPERATIONS else service).script(LostAnswer(), operation=operation)
    with pytest.raises(ConfigurationError) as caught:
        service.script(LostAnswer(), operation="None")
    assert str(caught.value).partition("give one of ")[2].split(", ") == sorted(set(OPERATIONS) - set(S3_OPERATIONS))


@pytest.mark.parametrize(("text", "burst"), [("2", 2), ("0.5", 1), ("0.001,3", 3)])
def test_rates(text: str, burst: int) -> None:
    limit = rate_limit(text)
    assert [limit.takes(AT) for _ in range(burst + 1)] == [True] * burst + [False]


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "1e9", "5,", "5,0", ",5", "5,1.5", "9" * 400, "٢"])
def test_no_rates(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match="is no rate; give requests a second above 0"):
        rate_limit(text)


def test_patterns() -> None:
    assert failing("bad-*") == ("bad-*", None)
    assert failing("bad-?=a = b") == ("bad-?", "a = b")
    assert failing("[!a]*=") == ("[!a]*", "")
    assert slow("*=2m") == ("*", 120)


@pytest.mark.parametrize(
    ("read", "text"), [(failing, ""), (failing, "=x"), (failing, "a_b"), (slow, "a"), (slow, "=5"), (slow, "a=soon")]
)
def test_no_patterns(read: Callable[[str], object], text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=r"matches no job's name|has no duration|is no duration"):
        read(text)


def timeline_of(name: str, given: Any) -> Timeline:
    request = CreateCompilationJobRequest(
        compilation_job_name=name,
        role_arn="arn:aws:iam::123456789012:role/neo",
        output_config=OutputConfig(s3_output_location="s3://models/", target_device=TargetDevice.ML_C5),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
    )
    timeline = given(request)
    assert isinstance(timeline, Timeline)
    return timeline


def test_the_first_pattern_that_matches_counts() -> None:
    given = timelines(USUAL, [("a-*", "no luck"), ("*-b", None)], [("a-*", 60.0), ("*", 5.0)])
    assert timeline_of("c", given) == evolve(USUAL, in_progress=5)
    assert timeline_of("a-b", given) == evolve(USUAL, in_progress=60, outcome="FAILED", failure_reason="no luck")
    assert timeline_of("c-b", given) == evolve(USUAL, in_progress=5, outcome="FAILED", failure_reason="as usual")
    assert timeline_of("A-c", given).outcome == "COMPLETED"


def test_without_patterns_all_jobs_have_the_usual_one() -> None:
    assert timelines(USUAL, [], []) is USUAL


@pytest.mark.parametrize(
    ("fails", "slows"), [([("*", "x" * 1025)], []), ([], [("*", timedelta(days=400).total_seconds())])]
)
def test_what_no_job_can_be_is_refused_before_there_is_one(fails: Any, slows: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"1025 characters|cannot last 400 days"):
        timelines(USUAL, fails, slows)
