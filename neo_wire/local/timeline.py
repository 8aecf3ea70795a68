"""The timeline of a job: how long it stays in each status, and how it ends.

A job's state is computed from the present time whenever somebody asks, so nothing runs and nobody waits.

Source: Amazon SageMaker API reference, CompilationJobStatus; StopCompilationJob.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from attrs import evolve, field, frozen

from neo_wire.errors import ConfigurationError
from neo_wire.local.artifacts import Artifact
from neo_wire.shapes.enums import CompilationJobStatus
from neo_wire.values import Value

_LONGEST: Final = timedelta(days=365)
_MAX_REASON: Final = 1024


def _duration(value: timedelta | float) -> timedelta:
    """A duration in whole milliseconds, which is what a timestamp on the wire can tell."""
    try:
        duration = value if isinstance(value, timedelta) else timedelta(seconds=value)
    except (TypeError, ValueError, OverflowError):
        raise ConfigurationError(f"a status cannot last {value!r}; give seconds or a timedelta") from None
    if not timedelta() <= duration <= _LONGEST:
        raise ConfigurationError(f"a status cannot last {duration}; give 0 seconds to {_LONGEST.days} days")
    return timedelta(milliseconds=round(duration / timedelta(milliseconds=1)))


@frozen(eq=False, repr=False)
class JobState(Value):
    """What a timeline says of a job at one moment.

    Attributes:
        status: where the job stands.
        started_at: when it went INPROGRESS; None when it has not, or was stopped before.
        ended_at: when it reached its last status; None while it runs.
        modified_at: when it reached its present status.
        failure_reason: why it failed; empty unless it has.
    """

    status: CompilationJobStatus
    started_at: datetime | None
    ended_at: datetime | None
    modified_at: datetime
    failure_reason: str = ""


@frozen(eq=False, repr=False)
class Timeline(Value):
    """STARTING, then INPROGRESS, then COMPLETED or FAILED; or, when it is stopped before, STOPPING and STOPPED.

    Attributes:
        starting: how long the job is STARTING, in seconds or as a timedelta, to the millisecond.
        in_progress: how long it is INPROGRESS, when nobody stops it.
        stopping: how long it is STOPPING, once it is stopped.
        outcome: how it ends by itself: COMPLETED or FAILED.
        failure_reason: of a job that fails; up to 1024 characters. `neo_wire.local.failures` has some.
        artifact: what a job that completes leaves in its bucket.

    Raises:
        ConfigurationError: a duration is negative, beyond a year or no number; another outcome; too long a reason.
    """

    starting: timedelta = field(default=timedelta(seconds=1), converter=_duration)
    in_progress: timedelta = field(default=timedelta(seconds=2), converter=_duration)
    stopping: timedelta = field(default=timedelta(seconds=1), converter=_duration)
    outcome: CompilationJobStatus = field(default=CompilationJobStatus.COMPLETED, converter=CompilationJobStatus)
    failure_reason: str = "ClientError: the local service was told to fail this job"
    artifact: Artifact = field(factory=Artifact)

    def __attrs_post_init__(self) -> None:
        """Refuse an ending that no job has."""
        if self.outcome not in (CompilationJobStatus.COMPLETED, CompilationJobStatus.FAILED):
            raise ConfigurationError(f"a job cannot end by itself as {self.outcome}; give COMPLETED or FAILED")
        if len(self.failure_reason) > _MAX_REASON:
            raise ConfigurationError(
                f"the failure reason has {len(self.failure_reason)} characters; the service gives up to {_MAX_REASON}"
            )

    def within(self, max_runtime_in_seconds: int | None) -> Timeline:
        """The timeline of a job that may not run longer than its stopping condition says: overrunning fails it."""
        if max_runtime_in_seconds is None or self.in_progress <= timedelta(seconds=max_runtime_in_seconds):
            return self
        return evolve(
            self,
            in_progress=max_runtime_in_seconds,
            outcome=CompilationJobStatus.FAILED,
            failure_reason=f"TimeOut: the job ran longer than its {max_runtime_in_seconds} s",
        )

    def at(self, moment: datetime, created_at: datetime, stop_requested_at: datetime | None = None) -> JobState:
        """The state of a job at a moment.

        Args:
            moment: which; one before the creation counts as the creation.
            created_at: when the job was created.
            stop_requested_at: when it was asked to stop; once it has ended by itself, that changes nothing.
        """
        started_at, ended_at = created_at + self.starting, created_at + self.starting + self.in_progress
        if stop_requested_at is not None and stop_requested_at <= moment and stop_requested_at < ended_at:
            stopped_at = stop_requested_at + self.stopping
            began = started_at if started_at <= stop_requested_at else None
            if moment < stopped_at:
                return JobState(CompilationJobStatus.STOPPING, began, None, stop_requested_at)
            return JobState(CompilationJobStatus.STOPPED, began, stopped_at, stopped_at)
        if moment < started_at:
            return JobState(CompilationJobStatus.STARTING, None, None, created_at)
        if moment < ended_at:
            return JobState(CompilationJobStatus.INPROGRESS, started_at, None, started_at)
        reason = self.failure_reason if self.outcome is CompilationJobStatus.FAILED else ""
        return JobState(self.outcome, started_at, ended_at, ended_at, reason)
