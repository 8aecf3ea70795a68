"""Getting rid of jobs: stopping and deleting one, or all that pass some filters; what is gone already is no error.

Artifacts, logs, roles and models are left alone, as the service does.

Source: Amazon SageMaker API reference, StopCompilationJob, DeleteCompilationJob, ListCompilationJobs.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeVar

import attrs
from attrs import field, frozen

from neo_wire.errors import ConfigurationError, NeoWireError, ResourceNotFound, ValidationException
from neo_wire.flow import Flow, concurrently, now, sleep
from neo_wire.jobs.calls import Calls
from neo_wire.jobs.outcomes import CompilationJobDeleted
from neo_wire.jobs.paging import list_all
from neo_wire.jobs.polling import DEFAULT_POLLING, DEFAULT_TIMEOUT, Patience, Polling, check_timeout
from neo_wire.jobs.waiting import is_another, status_of, wait_for_job
from neo_wire.shapes.enums import CompilationJobStatus
from neo_wire.shapes.operations import (
    DELETE_COMPILATION_JOB,
    DESCRIBE_COMPILATION_JOB,
    STOP_COMPILATION_JOB,
)
from neo_wire.shapes.structures import (
    CompilationJobSummary,
    DeleteCompilationJobRequest,
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    ListCompilationJobsRequest,
    StopCompilationJobRequest,
)
from neo_wire.values import Value

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

DEFAULT_CONCURRENCY: Final = 4
_MOST: Final = 100
_OLDEST: Final = timedelta(days=36_500)


def patiently(flow: Callable[[], Flow[T]], what: str, polling: Polling, random: Callable[[], float]) -> Flow[T]:
    """Run a flow, and again after a while when it fails in a way that may pass, such as by throttling, several times.

    Raises:
        NeoWireError: what the flow raises, when it may not pass or did not.
    """
    patience, tries = Patience(), 0
    while True:
        tries += 1
        try:
            return (yield from flow())
        except NeoWireError as error:
            patience.bear(error, what)
        yield from sleep(polling.interval(tries, random()))


def check_concurrency(concurrency: int) -> None:
    """Refuse what is no number of calls at a time.

    Raises:
        ConfigurationError: it is none from 1 to 100.
    """
    given: object = concurrency  # what callers without a type checker give
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= _MOST:
        raise ConfigurationError(f"concurrency is {concurrency!r}; give a whole number from 1 to {_MOST}")


def stop(calls: Calls, name: str) -> Flow[bool]:
    """Ask a job to stop; False when there is nothing to stop: it has ended, or is not there.

    Raises:
        NeoWireError: what else Stop raises.
    """
    try:
        yield from calls(STOP_COMPILATION_JOB, StopCompilationJobRequest(compilation_job_name=name))
    except (ResourceNotFound, ValidationException):
        return False
    return True


def _delete(calls: Calls, name: str) -> Flow[bool]:
    try:
        yield from calls(DELETE_COMPILATION_JOB, DeleteCompilationJobRequest(compilation_job_name=name))
    except ResourceNotFound:
        return False
    return True


def stop_and_delete(
    calls: Calls,
    name: str,
    *,
    random: Callable[[], float],
    timeout: float = DEFAULT_TIMEOUT,
    polling: Polling = DEFAULT_POLLING,
    listed: CompilationJobSummary | None = None,
) -> Flow[DescribeCompilationJobResponse | None]:
    """Stop a job if it runs, wait until it has ended, and delete it. It is safe to repeat.

    Args:
        calls: what operations are called with.
        name: of the job.
        random: gives a number from 0 to 1.
        timeout: of the wait for its end, in seconds.
        polling: the bounds of the intervals.
        listed: the job that is meant; another one that has its name by now is left alone.

    Returns:
        The job as it was last seen; None when there was none.

    Raises:
        WaitTimeout: it did not end in time, and was not deleted.
        ConfigurationError: the timeout is none; nothing was sent.
        NeoWireError: what else a call raises.
    """
    check_timeout(timeout)
    try:
        job = yield from calls(DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name=name))
        if listed is not None and is_another(job, listed):
            return None
        if not status_of(job).is_terminal:
            if status_of(job) is not CompilationJobStatus.STOPPING:
                yield from stop(calls, name)
            ended = yield from wait_for_job(calls, name, random=random, until="ended", timeout=timeout, polling=polling)
            job = ended or job
    except ResourceNotFound:
        return None
    except CompilationJobDeleted as error:  # by somebody else; another one of its name is not ours to delete
        seen = error.job
        return seen if isinstance(seen, DescribeCompilationJobResponse) else None
    yield from _delete(calls, name)
    return job


@frozen(eq=False, repr=False)
class CleanUp(Value):
    """What a clean-up did or, when it was a dry run, would do.

    Attributes:
        dry_run: whether nothing was done.
        deleted: the jobs that are gone, or would be.
        left_running: those that pass the filters, run still, and were left alone.
        failed: why jobs are still there that were to go, by their names.
    """

    dry_run: bool
    deleted: tuple[CompilationJobSummary, ...]
    left_running: tuple[CompilationJobSummary, ...] = ()
    failed: Mapping[str, NeoWireError] = field(factory=dict)

    def __str__(self) -> str:
        said = f"{len(self.deleted)} {'would be deleted' if self.dry_run else 'deleted'}"
        if self.left_running:
            said += f", {len(self.left_running)} left running"
        if self.failed:
            said += f", {len(self.failed)} failed"
        return said


def clean_up(
    calls: Calls,
    filters: ListCompilationJobsRequest,
    *,
    random: Callable[[], float],
    older_than: timedelta | None = None,
    statuses: Collection[CompilationJobStatus] | None = None,
    all: bool = False,  # noqa: A002  # the word that says what is risked
    dry_run: bool = False,
    stop_running: bool = False,
    timeout: float = DEFAULT_TIMEOUT,
    polling: Polling = DEFAULT_POLLING,
    concurrency: int = DEFAULT_CONCURRENCY,
) -> Flow[CleanUp]:
    """Delete all jobs that pass the filters.

    Args:
        calls: what operations are called with.
        filters: those of ListCompilationJobs.
        random: gives a number from 0 to 1.
        older_than: only jobs that were created longer ago than this.
        statuses: only jobs with one of these.
        all: needed when there is no filter at all.
        dry_run: only list them.
        stop_running: stop those that run, and delete them when they have ended; else they are left alone.
        timeout: of the wait for one that was stopped, in seconds.
        polling: the bounds of the intervals of that wait.
        concurrency: how many are deleted at a time.

    Raises:
        ConfigurationError: there is no filter and no `all`, or an argument cannot be used; nothing was sent.
        NeoWireError: what List raises. What becomes of each job stands in the result.
    """
    check_timeout(timeout)
    check_concurrency(concurrency)
    wanted = None if statuses is None else _known_as_statuses(statuses)
    filters = _narrowed(filters, older_than, wanted, (yield from now()), all=all)
    jobs = yield from list_all(calls, filters)
    chosen = [job for job in jobs if wanted is None or status_of(job) in wanted]
    running = [job for job in chosen if not status_of(job).is_terminal]
    left_running = () if stop_running else tuple(running)
    # First those that are deleted at once: a stop takes minutes, in which their names may be used anew.
    going = [job for job in chosen if status_of(job).is_terminal] + (running if stop_running else [])
    if dry_run:
        return CleanUp(True, tuple(going), left_running)

    def gone(job: CompilationJobSummary) -> Flow[object]:
        name = job.compilation_job_name
        if status_of(job).is_terminal:
            return (yield from _delete(calls, name))
        return (yield from stop_and_delete(calls, name, random=random, timeout=timeout, polling=polling, listed=job))

    def one(job: CompilationJobSummary) -> Callable[[], Flow[object]]:
        what = f"deleting the compilation job {job.compilation_job_name!r}"
        return lambda: patiently(lambda: gone(job), what, polling, random)

    outcomes = yield from concurrently([one(job) for job in going], limit=concurrency)
    deleted, failed = [], {}
    for job, outcome in zip(going, outcomes, strict=True):
        if isinstance(outcome, NeoWireError):
            failed[job.compilation_job_name] = outcome
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            deleted.append(job)
    return CleanUp(False, tuple(deleted), left_running, failed)


def _known_as_statuses(statuses: object) -> set[CompilationJobStatus]:
    if isinstance(statuses, str) or not isinstance(statuses, Collection):
        raise ConfigurationError(f"statuses is {statuses!r}; give several, such as [CompilationJobStatus.FAILED]")
    if odd := [one for one in statuses if not isinstance(one, str)]:
        raise ConfigurationError(f"statuses has {odd[0]!r}; give such as CompilationJobStatus.FAILED")
    return {CompilationJobStatus(one.upper()) for one in statuses}


def _narrowed(
    filters: ListCompilationJobsRequest,
    older_than: timedelta | None,
    statuses: set[CompilationJobStatus] | None,
    at: datetime,
    *,
    all: bool,  # noqa: A002  # as above
) -> ListCompilationJobsRequest:
    """The filters that List is asked with, once it is certain that they are meant."""
    problems = []
    given = [
        filters.creation_time_after,
        filters.creation_time_before,
        filters.last_modified_time_after,
        filters.last_modified_time_before,
        filters.name_contains or None,
        filters.status_equals,
        older_than,
        statuses,
    ]
    if not all and not any(one is not None for one in given):
        problems.append("there is no filter, and every job would be deleted; give a filter, or all=True")
    if filters.next_token is not None:
        problems.append("next_token would leave out what comes before it; leave it away")
    if statuses is not None and not statuses:
        problems.append("statuses is empty, so that no job has one; give some, or None for any")
    created_before = filters.creation_time_before
    if older_than is not None:
        given_age: object = older_than  # what callers without a type checker give
        if not isinstance(given_age, timedelta) or not timedelta() <= older_than <= _OLDEST:
            problems.append(f"older_than is {older_than!r}; give a timedelta of 0 to {_OLDEST.days} days")
        else:
            created_before = at - older_than
        if filters.creation_time_before is not None:
            problems.append("older_than and creation_time_before both say until when; give one of them")
    if problems:
        raise ConfigurationError("; ".join(problems))
    if older_than is not None:
        filters = attrs.evolve(filters, creation_time_before=created_before)  # type: ignore[misc]  # mypy does not see that a structure is an attrs class
    if statuses is not None and len(statuses) == 1 and filters.status_equals is None:
        filters = attrs.evolve(filters, status_equals=next(iter(statuses)))  # type: ignore[misc]  # as above
    return filters


def stop_all(
    calls: Calls, names: Iterable[str], *, random: Callable[[], float], polling: Polling, concurrency: int
) -> Flow[None]:
    """Ask jobs to stop, those that have ended or are gone aside; what goes wrong is logged."""

    def one(name: str) -> Callable[[], Flow[bool]]:
        return lambda: patiently(lambda: stop(calls, name), f"stopping the compilation job {name!r}", polling, random)

    asked = list(names)
    for name, outcome in zip(
        asked, (yield from concurrently([one(name) for name in asked], limit=concurrency)), strict=True
    ):
        if isinstance(outcome, BaseException):
            _log.warning("the compilation job %r could not be stopped, and may go on: %s", name, outcome)
