"""Every outcome pickles with what it knows, and says it."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime
from typing import Any

import pytest

from neo_wire import CompilationJobStatus, CompilationJobSummary, NeoWireError
from neo_wire.jobs import outcomes
from neo_wire.jobs.failure_reasons import FailureReason
from neo_wire.jobs.outcomes import (
    CompilationFailed,
    CompilationJobDeleted,
    CompilationJobMissing,
    CompilationStopped,
    Difference,
    JobDiffers,
    WaitError,
    WaitTimeout,
)
from neo_wire.protocol.decoder import decode
from neo_wire.shapes.structures import DescribeCompilationJobResponse

SUMMARY = CompilationJobSummary(
    compilation_job_name="job",
    compilation_job_arn="arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/job",
    creation_time=datetime(2026, 1, 1, tzinfo=UTC),
    compilation_job_status=CompilationJobStatus.INPROGRESS,
)
JOB: DescribeCompilationJobResponse = decode(
    DescribeCompilationJobResponse,
    {"CompilationJobName": "job", "CompilationJobStatus": "FAILED", "FailureReason": "ServerError: x"},
)
DIFFERENCES = [Difference("RoleArn", "one", "other"), Difference("OutputConfig.KmsKeyId", None, "alias/x")]

MADE: list[NeoWireError] = [
    WaitError("what happened", name="job", job=None),
    CompilationFailed(JOB, FailureReason("system", "ServerError: x", "again")),
    CompilationStopped(SUMMARY),
    CompilationJobDeleted(SUMMARY),
    CompilationJobMissing("job"),
    WaitTimeout(name="job", job=SUMMARY, timeout=90),
    JobDiffers(JOB, DIFFERENCES),
]
every_error = pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)


def test_every_class_is_here() -> None:
    classes = {one for one in vars(outcomes).values() if isinstance(one, type) and issubclass(one, NeoWireError)}
    assert {type(error) for error in MADE} == classes - {NeoWireError}


@every_error
def test_an_outcome_pickles_and_copies_with_every_attribute(error: NeoWireError) -> None:
    twins: list[Any] = [copy.copy(error), copy.deepcopy(error)]
    twins += [
        pickle.loads(pickle.dumps(error, protocol))  # noqa: S301  # our own bytes
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ]
    for twin in twins:
        assert type(twin) is type(error)
        assert (vars(twin), str(twin), twin.args) == (vars(error), str(error), error.args)


@every_error
def test_an_outcome_names_its_job(error: Any) -> None:
    assert error.name == "job"
    assert "'job'" in str(error) or type(error) is WaitError


def test_what_the_outcomes_say() -> None:
    assert [str(error) for error in MADE[1:-1]] == [
        "the compilation job 'job' failed, system: ServerError: x (again)",
        "the compilation job 'job' was stopped",
        "the compilation job 'job' was deleted while it was waited for",
        "there is no compilation job 'job' in this account and region",
        "the compilation job 'job' was waited for 90 s, and is INPROGRESS still; wait again, or longer",
    ]
    rest = "from what was asked for; give another name, or delete that job first:"
    assert str(MADE[-1]).splitlines() == [
        f"a compilation job 'job' exists already, with 2 differences {rest}",
        "- RoleArn: asked for 'one', the job has 'other'",
        "- OutputConfig.KmsKeyId: asked for nothing, the job has 'alias/x'",
    ]
    assert "was never seen" in str(WaitTimeout(name="job", job=None, timeout=90))
    assert "no reason given" in str(CompilationFailed(JOB, FailureReason("unknown", "")))
