"""Waiting for one compilation job: Describe again and again, at growing intervals, until it is where it should be.

AWS ships no waiter for compilation jobs. This one keeps what its siblings keep (training, processing and transform jobs
are described once a minute, for an hour), and adds what a long wait needs: a deadline in place of a count, intervals
that begin short, and patience with a service that is throttling or out for a while.

Source: Amazon SageMaker API reference, DescribeCompilationJob; the waiters of SageMaker's model.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from inspect import isawaitable
from typing import Literal, TypeAlias, TypeVar

from attrs import define, field

from neo_wire.errors import ConfigurationError, NeoWireError, ResourceNotFound
from neo_wire.flow import Flow, call, monotonic, sleep
from neo_wire.jobs.calls import Calls
from neo_wire.jobs.failure_reasons import classify_failure
from neo_wire.jobs.outcomes import (
    CompilationFailed,
    CompilationJobDeleted,
    CompilationStopped,
    SeenJob,
    WaitTimeout,
)
from neo_wire.jobs.polling import DEFAULT_POLLING, DEFAULT_TIMEOUT, Patience, Polling, check_timeout, in_time
from neo_wire.shapes.enums import CompilationJobStatus
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import DescribeCompilationJobRequest, DescribeCompilationJobResponse

T = TypeVar("T")

Until: TypeAlias = Literal["completed", "ended", "deleted"]
"""What is waited for: success, with any other end an error; any end; or that there is no such job any more."""

OnUpdate: TypeAlias = Callable[[DescribeCompilationJobResponse], Awaitable[None] | None]
"""Is given the job when it is first seen, and at each change of its status."""


@define(eq=False, repr=False)
class Watch:
    """One job that is looked at again and again.

    Args:
        calls: what operations are called with.
        name: of the job.
        timeout: in seconds, from the first look on.
        polling: how often it is looked at.
        random: gives a number from 0 to 1.

    Attributes:
        job: as it was last seen; None before.

    Raises:
        ConfigurationError: the timeout is none.
    """

    calls: Calls
    name: str
    timeout: float
    polling: Polling
    random: Callable[[], float]
    job: DescribeCompilationJobResponse | None = field(default=None, init=False)
    _looks: int = field(default=0, init=False)
    _started: float = field(default=0.0, init=False)
    _looked: float = field(default=0.0, init=False)  # when the last look began
    _patience: Patience = field(factory=Patience, init=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what is no timeout, before anything is sent."""
        check_timeout(self.timeout)

    def next_update(self, *, beyond_the_end: bool = False) -> Flow[DescribeCompilationJobResponse | None]:
        """Look at the job until its status is another than when it was last seen, and give it; at first, as it is.

        Returns:
            The job; None when it was seen to have ended before, unless its deletion is waited for `beyond_the_end`.

        Raises:
            CompilationJobDeleted: it is gone, and was there before.
            ResourceNotFound: there is no such job.
            WaitTimeout: the time is over.
            NeoWireError: what else Describe raises; a failure that may pass is first borne with several times.
        """
        if not beyond_the_end and self.job is not None and status_of(self.job).is_terminal:
            return None
        while True:
            yield from self._pause()
            self._looks += 1
            job = yield from self._look()
            if job is None:
                continue
            changed = self.job is None or status_of(self.job) != status_of(job)
            self.job = job
            if changed:
                return job

    def _pause(self) -> Flow[None]:
        now = yield from monotonic()
        if self._looks == 0:
            self._started = self._looked = now
            return
        deadline = self._started + self.timeout
        # The last look is at the end of the time, not short of it, also when whoever was told took long.
        if self._looked >= deadline:
            raise WaitTimeout(name=self.name, job=self.job, timeout=self.timeout)
        if now < deadline:
            yield from sleep(min(deadline - now, self.polling.interval(self._looks, self.random())))
            now = yield from monotonic()
        self._looked = now

    def _look(self) -> Flow[DescribeCompilationJobResponse | None]:
        """The job now; None after a failure that may pass."""
        try:
            calls = in_time(self.calls, self._started + self.timeout)
            job = yield from calls(
                DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name=self.name)
            )
        except ResourceNotFound as error:
            if self.job is None:
                raise
            raise CompilationJobDeleted(self.job) from error
        except NeoWireError as error:
            self._patience.bear(error, f"describing the compilation job {self.name!r}")
            return None
        self._patience.restore()
        if self.job is not None and is_another(job, self.job):
            raise CompilationJobDeleted(self.job)
        return job


def wait_for_job(
    calls: Calls,
    name: str,
    *,
    random: Callable[[], float],
    until: Until = "completed",
    timeout: float = DEFAULT_TIMEOUT,
    polling: Polling = DEFAULT_POLLING,
    on_update: OnUpdate | None = None,
) -> Flow[DescribeCompilationJobResponse | None]:
    """Wait for one job.

    A status that is not known keeps the wait going.

    Args:
        calls: what operations are called with.
        name: of the job.
        random: gives a number from 0 to 1.
        until: "completed" for its success; "ended" for any end; "deleted" until there is no such job.
        timeout: in seconds.
        polling: the bounds of the intervals.
        on_update: is told of the job when it is first seen, and at each change of its status.

    Returns:
        The job at its end. For "deleted" as it was last seen, None when it was never there.

    Raises:
        CompilationFailed: it ended as FAILED, and "completed" was waited for.
        CompilationStopped: it ended as STOPPED, and "completed" was waited for.
        CompilationJobDeleted: it is gone, and something else was waited for.
        ResourceNotFound: there is no such job, and something else than "deleted" was waited for.
        WaitTimeout: the time is over; the error has the job as it was last seen.
        ConfigurationError: `until` or the timeout is none of these; nothing was sent.
        NeoWireError: what else a call raises; a failure that may pass is first borne with several times.
    """
    if until not in ("completed", "ended", "deleted"):
        raise ConfigurationError(f"until is {until!r}; give 'completed', 'ended' or 'deleted'")
    watch = Watch(calls, name, timeout, polling, random)
    while True:
        try:
            job = yield from watch.next_update(beyond_the_end=until == "deleted")
        except (CompilationJobDeleted, ResourceNotFound):
            if until == "deleted":
                return watch.job
            raise
        if job is None:
            break
        yield from tell(on_update, job)
    if until == "completed" and watch.job is not None:
        refuse_failure(watch.job)
    return watch.job


def tell(on_update: Callable[[T], Awaitable[None] | None] | None, job: T) -> Flow[None]:
    """Tell of an update, by a function or a coroutine function."""
    told = None if on_update is None else on_update(job)
    if isawaitable(told):
        waited: Flow[None] = call(lambda: told)
        yield from waited


def refuse_failure(job: DescribeCompilationJobResponse) -> None:
    """Raise the error that the end of a job stands for, unless it is COMPLETED.

    Raises:
        CompilationFailed: FAILED.
        CompilationStopped: STOPPED.
    """
    if status_of(job) is CompilationJobStatus.FAILED:
        raise CompilationFailed(job, classify_failure(job.failure_reason))
    if status_of(job) is CompilationJobStatus.STOPPED:
        raise CompilationStopped(job)


def status_of(job: SeenJob) -> CompilationJobStatus:
    """The status of a job, whatever its case: the documentation of Stop writes `Stopping` and `Stopped`."""
    status: str | None = job.compilation_job_status  # None when a server leaves it out
    return CompilationJobStatus((status or "").upper())


def is_another(job: SeenJob, before: SeenJob) -> bool:
    """Whether the job that was seen before was deleted, and another one was created by its name.

    A second is allowed for, as Describe and List may round.
    """
    now, then = created_at(job), created_at(before)
    return now is not None and then is not None and now - then > timedelta(seconds=1)


def created_at(job: SeenJob) -> datetime | None:
    """When a job was created; None when a server leaves it out."""
    return job.creation_time
