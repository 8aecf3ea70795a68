"""Waiting for many compilation jobs at once, by List: a thousand jobs are ten pages, not a thousand calls of Describe.

Only what List does not tell is described, each once: why a job failed, and whether one that is in no list exists.

Source: Amazon SageMaker API reference, ListCompilationJobs, DescribeCompilationJob.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Final, TypeAlias

from attrs import define, field, frozen

from neo_wire.errors import ConfigurationError, InputValidationError, NeoWireError, ResourceNotFound, Violation
from neo_wire.flow import Flow, monotonic, sleep
from neo_wire.jobs.calls import Calls
from neo_wire.jobs.failure_reasons import classify_failure
from neo_wire.jobs.outcomes import (
    CompilationFailed,
    CompilationJobDeleted,
    CompilationJobMissing,
    CompilationStopped,
    SeenJob,
    WaitError,
    WaitTimeout,
)
from neo_wire.jobs.paging import Paging
from neo_wire.jobs.polling import DEFAULT_POLLING, DEFAULT_TIMEOUT, Pace, Patience, Polling, check_timeout, in_time
from neo_wire.jobs.waiting import created_at, is_another, status_of, tell
from neo_wire.protocol.validation import validate
from neo_wire.shapes.enums import CompilationJobStatus, ListCompilationJobsSortBy, SortOrder
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import (
    CompilationJobSummary,
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    ListCompilationJobsRequest,
    OutputConfig,
)
from neo_wire.values import Value

OnAnyUpdate: TypeAlias = Callable[[CompilationJobSummary], Awaitable[None] | None]
"""Is given each job when it is first seen, and at each change of its status, as List tells of it."""

DEFAULT_RATE: Final = 2.0
_MARGIN: Final = timedelta(seconds=1)  # "after" leaves out the moment itself, and a time may be rounded


@frozen(eq=False, repr=False)
class JobOutcome(Value):
    """How the wait for one of many jobs ended.

    Attributes:
        name: of the job.
        job: as List told of it last; None when it was never listed.
        error: what a wait for this job alone would have raised: CompilationFailed, CompilationStopped,
            CompilationJobDeleted, CompilationJobMissing or WaitTimeout; None when it is COMPLETED.
    """

    name: str
    job: CompilationJobSummary | None
    error: WaitError | None

    @property
    def completed(self) -> bool:
        """Whether the job ended well."""
        return self.error is None


@define(eq=False, repr=False)
class _Wait:
    """The jobs that are still waited for, and how the others ended."""

    calls: Calls
    pace: Pace
    on_update: OnAnyUpdate | None
    pending: dict[str, CompilationJobSummary | None]
    outcomes: dict[str, JobOutcome] = field(factory=dict)
    patience: Patience = field(factory=Patience)
    _raised_by_update: NeoWireError | None = field(default=None, init=False)  # it ends the wait, whatever it is

    def look(self, deadline: float) -> Flow[None]:
        """Look once at all that are pending: list them, and describe those of which List does not tell enough."""
        try:
            for name in (yield from self._list(deadline)):
                if (yield from monotonic()) >= deadline:
                    break
                yield from self._describe(name)
            # Why a job failed is asked for even when the time is over.
            failed = [name for name, job in self.pending.items() if job is not None and _has_failed(job)]
            for name in failed:
                yield from self._describe(name)
        except NeoWireError as error:
            if error is self._raised_by_update:
                raise
            self.patience.bear(error, f"looking at {len(self.pending)} compilation jobs")
        else:
            self.patience.restore()

    def _list(self, deadline: float) -> Flow[list[str]]:
        """List up to the last of those that are pending, and give those that are to be described instead.

        That are those which no page had; and, however many jobs the account has, those that it takes more pages to come
        to than calls of Describe. When the time is over, no page is asked for, save the first.
        """
        unseen = set(self.pending)
        paging = Paging(self._filters())
        pages = 0
        while unseen and pages < len(unseen):
            yield from self.pace.turn()
            page = yield from paging.next_page(self.calls)
            if page is None:
                break
            pages += 1
            for job in page.jobs:
                if job.compilation_job_name in unseen:
                    unseen.discard(job.compilation_job_name)
                    yield from self._see(job)
            if (yield from monotonic()) >= deadline:
                return []
        return [name for name in self.pending if name in unseen]

    def _filters(self) -> ListCompilationJobsRequest:
        """The narrowest filters that all pending jobs pass, the newest first."""
        times = [None if job is None else created_at(job) for job in self.pending.values()]
        known = [time for time in times if time is not None]
        return ListCompilationJobsRequest(
            creation_time_after=min(known) - _MARGIN if len(known) == len(times) else None,
            name_contains=_shared_beginning(self.pending),
            sort_by=ListCompilationJobsSortBy.CREATION_TIME,
            sort_order=SortOrder.DESCENDING,
        )

    def _see(self, job: CompilationJobSummary) -> Flow[None]:
        name, status, before = job.compilation_job_name, status_of(job), self.pending[job.compilation_job_name]
        if before is not None and is_another(job, before):
            self._end(name, CompilationJobDeleted(before))
            return
        self.pending[name] = job
        if before is None or status_of(before) != status:
            yield from self._tell(job)
        if status is CompilationJobStatus.COMPLETED:
            self._end(name, None)
        elif status is CompilationJobStatus.STOPPED:
            self._end(name, CompilationStopped(job))

    def _tell(self, job: CompilationJobSummary) -> Flow[None]:
        try:
            yield from tell(self.on_update, job)
        except NeoWireError as error:
            self._raised_by_update = error
            raise

    def _describe(self, name: str) -> Flow[None]:
        yield from self.pace.turn()
        try:
            job = yield from self.calls(
                DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name=name)
            )
        except ResourceNotFound:
            seen = self.pending[name]
            self._end(name, CompilationJobMissing(name) if seen is None else CompilationJobDeleted(seen))
            return
        yield from self._see(_summary(job))
        if name in self.pending and _has_failed(job):
            self._end(name, CompilationFailed(job, classify_failure(job.failure_reason)))

    def give_up(self, timeout: float) -> None:
        """End the wait for those that are pending, as the time is over."""
        for name, job in list(self.pending.items()):
            self._end(name, WaitTimeout(name=name, job=job, timeout=timeout))

    def _end(self, name: str, error: WaitError | None) -> None:
        self.outcomes[name] = JobOutcome(name, self.pending.pop(name), error)


def wait_for_jobs(
    calls: Calls,
    names: Iterable[str],
    *,
    random: Callable[[], float],
    timeout: float = DEFAULT_TIMEOUT,
    polling: Polling = DEFAULT_POLLING,
    requests_per_second: float = DEFAULT_RATE,
    on_update: OnAnyUpdate | None = None,
) -> Flow[dict[str, JobOutcome]]:
    """Wait until each of many jobs has ended, however it did.

    A status that is not known keeps the wait going. What is seen when the time is over counts; a look that is under way
    then asks for no more pages, only for the reasons of jobs that failed.

    Args:
        calls: what operations are called with.
        names: of the jobs; one that is given twice counts once.
        random: gives a number from 0 to 1.
        timeout: in seconds, for all of them together.
        polling: the bounds of the intervals between two looks.
        requests_per_second: how many there are at most, between pages too. Retries of one request come on top.
        on_update: is told of each job when it is first seen, and at each change of its status.

    Returns:
        The outcome of each job by its name, in the order of the names. No outcome is raised.

    Raises:
        InputValidationError: names that are none; all of them are told, and nothing was sent.
        ConfigurationError: the timeout or the rate is none, or one name was given in place of several.
        PaginationError: the service gave the same token twice.
        NeoWireError: what else a call raises; a failure that may pass is first borne with several times.
    """
    check_timeout(timeout)
    pace, pending = Pace(requests_per_second), _checked(names)
    deadline = (yield from monotonic()) + timeout
    wait = _Wait(in_time(calls, deadline), pace, on_update, dict.fromkeys(pending))
    order, looks = list(wait.pending), 0
    while wait.pending:
        began = yield from monotonic()
        yield from wait.look(deadline)
        looks += 1
        ended = yield from monotonic()
        if ended >= deadline:
            wait.give_up(timeout)
        elif wait.pending:
            # The last look ends, and does not begin, when the time is over: it is to see all of them.
            left = max(0.0, deadline - ended - (ended - began))
            yield from sleep(min(left, polling.interval(looks, random())))
    return {name: wait.outcomes[name] for name in order}


def _checked(names: Iterable[str]) -> list[str]:
    if isinstance(names, str):
        raise ConfigurationError(f"names is the text {names!r}; give a list of names, or wait for the one job")
    given, violations = list(names), []
    for index, name in enumerate(given):
        try:
            validate(DescribeCompilationJobRequest(compilation_job_name=name))
        except InputValidationError as error:
            violations += [Violation(f"names[{index}]", one.message) for one in error.violations]
    if violations:
        raise InputValidationError("names", violations)
    return given


def _shared_beginning(names: Iterable[str]) -> str | None:
    first, last = min(names), max(names)  # all others are between these two
    shared = next((index for index, char in enumerate(first) if char != last[index]), len(first))
    return first[:shared] or None


def _has_failed(job: SeenJob) -> bool:
    return status_of(job) is CompilationJobStatus.FAILED


def _summary(job: DescribeCompilationJobResponse) -> CompilationJobSummary:
    """What List would have told of a job."""
    output: OutputConfig | None = job.output_config  # None when a server leaves it out
    platform = output.target_platform if output else None
    return CompilationJobSummary(
        compilation_job_name=job.compilation_job_name,
        compilation_job_arn=job.compilation_job_arn,
        creation_time=job.creation_time,
        compilation_start_time=job.compilation_start_time,
        compilation_end_time=job.compilation_end_time,
        compilation_target_device=output.target_device if output else None,
        compilation_target_platform_os=platform.os if platform else None,
        compilation_target_platform_arch=platform.arch if platform else None,
        compilation_target_platform_accelerator=platform.accelerator if platform else None,
        last_modified_time=job.last_modified_time,
        compilation_job_status=job.compilation_job_status,
    )
