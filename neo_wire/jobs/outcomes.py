"""How waiting for a job, or creating it once, can end other than well: each outcome an error of its own.

They stand here and not in `errors`, because they carry shapes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from neo_wire.errors import NeoWireError
from neo_wire.jobs.failure_reasons import FailureReason
from neo_wire.shapes.structures import CompilationJobSummary, DescribeCompilationJobResponse

SeenJob: TypeAlias = DescribeCompilationJobResponse | CompilationJobSummary
"""A job as Describe tells of it or, when many are waited for, as List does."""


class WaitError(NeoWireError):
    """The base of what a wait for a job can end with.

    Attributes:
        name: of the job.
        job: as it was last seen; None when it never was.
    """

    job: SeenJob | None

    def __init__(self, message: str, *, name: str, job: SeenJob | None) -> None:
        self.name = name
        self.job = job
        super().__init__(message)


class CompilationFailed(WaitError):
    """The job ended as FAILED.

    Attributes:
        job: with the whole `failure_reason`.
        reason: its kind, its text, and what to do where AWS says.
    """

    job: DescribeCompilationJobResponse

    def __init__(self, job: DescribeCompilationJobResponse, reason: FailureReason) -> None:
        self.reason = reason
        name = job.compilation_job_name
        super().__init__(f"the compilation job {name!r} failed, {reason}", name=name, job=job)


class CompilationStopped(WaitError):
    """The job ended as STOPPED: somebody stopped it."""

    job: SeenJob

    def __init__(self, job: SeenJob) -> None:
        name = job.compilation_job_name
        super().__init__(f"the compilation job {name!r} was stopped", name=name, job=job)


class CompilationJobDeleted(WaitError):
    """The job was deleted while it was waited for."""

    job: SeenJob

    def __init__(self, job: SeenJob) -> None:
        name = job.compilation_job_name
        super().__init__(f"the compilation job {name!r} was deleted while it was waited for", name=name, job=job)


class CompilationJobMissing(WaitError):
    """There is no such job in this account and region, and there was none when the wait began.

    Only a wait for many jobs tells it so; a wait for one raises the service's own ResourceNotFound.
    """

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no compilation job {name!r} in this account and region", name=name, job=None)


class WaitTimeout(WaitError):
    """The job was not where it should be in time; the job itself goes on.

    Attributes:
        timeout: how long it was waited for, in seconds.
    """

    def __init__(self, *, name: str, job: SeenJob | None, timeout: float) -> None:
        self.timeout = timeout
        stands = "was never seen" if job is None else f"is {job.compilation_job_status} still"
        super().__init__(
            f"the compilation job {name!r} was waited for {timeout:g} s, and {stands}; wait again, or longer",
            name=name,
            job=job,
        )


class Difference(NamedTuple):
    """One member in which a job is other than what was asked for."""

    path: str
    """In AWS's own spelling, such as `OutputConfig.TargetDevice`."""
    asked: object
    """What was asked for; None for nothing."""
    found: object
    """What the job has; None for nothing."""

    def __str__(self) -> str:
        asked, found = ("nothing" if value is None else repr(value) for value in (self.asked, self.found))
        return f"{self.path}: asked for {asked}, the job has {found}"


class JobDiffers(NeoWireError):
    """The name is taken by a job that was created from other inputs; it was left as it is.

    Attributes:
        name: of the job.
        job: the one that has the name.
        differences: every member that differs. Tags are not among them, as Describe does not tell them.
    """

    def __init__(self, job: DescribeCompilationJobResponse, differences: Sequence[Difference]) -> None:
        self.name = job.compilation_job_name
        self.job = job
        self.differences = tuple(differences)
        count = f"{len(self.differences)} difference{'s' * (len(self.differences) != 1)}"
        listed = "".join(f"\n- {difference}" for difference in self.differences)
        super().__init__(
            f"a compilation job {self.name!r} exists already, with {count} from what was asked for; "
            f"give another name, or delete that job first:{listed}"
        )
