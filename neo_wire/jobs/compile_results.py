"""What became of each of many targets that a model was compiled for, and the table of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from attrs import frozen

from neo_wire.errors import NeoWireError
from neo_wire.jobs.create_or_get import CreatedOrFound
from neo_wire.jobs.outcomes import (
    CompilationFailed,
    CompilationJobDeleted,
    CompilationJobMissing,
    CompilationStopped,
    WaitTimeout,
)
from neo_wire.jobs.targets import Target
from neo_wire.jobs.waiting_many import JobOutcome
from neo_wire.shapes.structures import DescribeCompilationJobResponse
from neo_wire.values import Value

Status: TypeAlias = Literal["completed", "failed", "stopped", "deleted", "timeout", "not created"]
"""What became of one target. "timeout": its job was not at its end in time, and goes on."""


@frozen(eq=False, repr=False)
class TargetResult(Value):
    """What became of one target.

    Attributes:
        target: what was compiled for.
        name: of its job.
        status: how it ended.
        job: as Describe told of it at its end; None when it is not known so well.
        created: whether this run created the job; False when it was found, or is not there.
        error: why it is not completed; or, when it is, why its artifact is not known.
    """

    target: Target
    name: str
    status: Status
    job: DescribeCompilationJobResponse | None = None
    created: bool = False
    error: NeoWireError | None = None

    @property
    def completed(self) -> bool:
        """Whether the target has its artifact."""
        return self.status == "completed"

    @property
    def artifact(self) -> str | None:
        """Where in S3 the artifact is; None when there is none, or nobody told."""
        if not self.completed or self.job is None or self.job.model_artifacts is None:
            return None
        return self.job.model_artifacts.s3_model_artifacts

    @property
    def says(self) -> str:
        """The artifact, or why there is none, in one line."""
        return " ".join((self.artifact or str(self.error or "")).split())


@frozen(eq=False, repr=False)
class CompileResults(Value):
    """What became of each target, in the order given; its text is a table.

    Attributes:
        results: one for each target.
    """

    results: tuple[TargetResult, ...]

    def __iter__(self) -> Iterator[TargetResult]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def of(self, target: Target) -> TargetResult:
        """The result of a target.

        Raises:
            KeyError: it was none of them.
        """
        for one in self.results:
            if one.target == target:
                return one
        raise KeyError(str(target))

    @property
    def completed(self) -> bool:
        """Whether all of them completed."""
        return all(one.completed for one in self.results)

    def __str__(self) -> str:
        rows = [("TARGET", "JOB", "STATUS", "ARTIFACT OR REASON")]
        rows += [(str(one.target), one.name, one.status, one.says) for one in self.results]
        widths = [max(len(row[column]) for row in rows) for column in range(3)]
        return "\n".join(
            "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]]).rstrip()
            for row in rows
        )


def result_of(
    target: Target,
    name: str,
    found: CreatedOrFound | None,
    refusal: NeoWireError | None,
    outcome: JobOutcome | None,
    told: DescribeCompilationJobResponse | NeoWireError | None,
) -> TargetResult:
    """The result of one target.

    Args:
        target: what was compiled for.
        name: of its job.
        found: the job as it was created or found; None when it is not there.
        refusal: why it is not.
        outcome: how the wait for it ended.
        told: what Describe told of a job that completed, or why it did not.
    """
    if found is None or outcome is None:
        return TargetResult(target, name, "not created", error=refusal)
    error: NeoWireError | None = outcome.error
    job = told if isinstance(told, DescribeCompilationJobResponse) else None
    if isinstance(error, CompilationFailed):
        job = error.job
    elif error is None and isinstance(told, NeoWireError):
        error = told
    return TargetResult(target, name, _status(outcome), job, found.created, error)


def _status(outcome: JobOutcome) -> Status:
    match outcome.error:
        case None:
            return "completed"
        case CompilationFailed():
            return "failed"
        case CompilationStopped():
            return "stopped"
        case WaitTimeout():
            return "timeout"
        case CompilationJobDeleted() | CompilationJobMissing():
            return "deleted"
        case other:
            raise other
