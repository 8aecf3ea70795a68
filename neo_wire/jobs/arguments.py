"""What the methods of both clients take by keyword, so that it is written once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TypedDict

from neo_wire.jobs.compile_many import ManyInputs
from neo_wire.jobs.polling import Polling
from neo_wire.jobs.waiting import OnUpdate
from neo_wire.jobs.waiting_many import OnAnyUpdate
from neo_wire.shapes.enums import CompilationJobStatus, ListCompilationJobsSortBy, SortOrder
from neo_wire.shapes.structures import InputConfig, NeoVpcConfig, OutputConfig, StoppingCondition, Tag


class _RequiredInputs(TypedDict):
    role_arn: str
    output_config: OutputConfig
    stopping_condition: StoppingCondition


class JobInputs(_RequiredInputs, total=False):
    """What a job is made of, beside its name: exactly one of `input_config` and `model_package_version_arn`.

    Attributes:
        role_arn: the IAM role that the job reads and writes with; the caller needs permission to pass it.
        output_config: the target, and where the artifact goes.
        stopping_condition: how many seconds the job may run.
        input_config: where the model lies, its framework, and the shapes of its inputs.
        model_package_version_arn: the version of a model package, in place of an `input_config`.
        vpc_config: the VPC that the job reaches its data from.
        tags: up to 50.
    """

    input_config: InputConfig | None
    model_package_version_arn: str | None
    vpc_config: NeoVpcConfig | None
    tags: Sequence[Tag] | None


class ListFilters(TypedDict, total=False):
    """Which jobs are listed, and in which order. Times are aware, and leave out the moment itself.

    Attributes:
        next_token: the page to begin with, as a page before it told.
        max_results: how many jobs a page has at most, 1 to 100.
        creation_time_after, creation_time_before: when they were created.
        last_modified_time_after, last_modified_time_before: when they changed last.
        name_contains: a part of their names.
        status_equals: their status.
        sort_by: by default the time of their creation.
        sort_order: by default ascending.
    """

    next_token: str | None
    max_results: int | None
    creation_time_after: datetime | None
    creation_time_before: datetime | None
    last_modified_time_after: datetime | None
    last_modified_time_before: datetime | None
    name_contains: str | None
    status_equals: CompilationJobStatus | None
    sort_by: ListCompilationJobsSortBy | None
    sort_order: SortOrder | None


class WatchOptions(TypedDict, total=False):
    """How a job is watched.

    Attributes:
        timeout: in seconds, of the whole wait; 3600 by default. A request that is sent at its end has ten seconds more.
        polling: the bounds of the intervals between two looks, which grow; `Polling(5, 60)` by default.
    """

    timeout: float
    polling: Polling


class WaitOptions(WatchOptions, total=False):
    """How a job is waited for: as `WatchOptions`, and who is told.

    Attributes:
        on_update: a function, or for an asynchronous client a coroutine function too, that is given the job when it is
            first seen and at each change of its status. What it raises ends the wait.
    """

    on_update: OnUpdate | None


class WaitManyOptions(WatchOptions, total=False):
    """How many jobs are waited for: as `WatchOptions`, and these.

    Attributes:
        requests_per_second: how many there are at most, 2 by default; retries of one request come on top.
        on_update: as in `WaitOptions`, and given what List tells of the job.
    """

    requests_per_second: float
    on_update: OnAnyUpdate | None


class CompileManyOptions(ManyInputs, total=False):
    """What many jobs are made of, as `ManyInputs`, and how they are compiled.

    Attributes:
        timeout: of it all, in seconds.
        polling: the bounds of the intervals between two looks, and between two tries to create.
        concurrency: how many jobs are created at a time.
        requests_per_second: how many there are at most while it waits.
        on_update: is given what List tells of each job when it is first seen, and at each change of its status.
        stop_on_interrupt: whether, on Ctrl-C or a cancellation, the jobs that still run are stopped.
    """

    timeout: float
    polling: Polling
    concurrency: int
    requests_per_second: float
    on_update: OnAnyUpdate | None
    stop_on_interrupt: bool


class CleanUpOptions(ListFilters, total=False):
    """Which jobs are deleted, as `ListFilters`, and how.

    Attributes:
        older_than: only jobs that were created longer ago than this.
        statuses: only jobs with one of these.
        all: needed when there is no filter at all.
        dry_run: only list them.
        stop_running: stop those that run, and delete them when they have ended; else they are left alone.
        timeout: of the wait for one that was stopped, in seconds.
        polling: the bounds of the intervals of that wait.
        concurrency: how many are deleted at a time.
    """

    older_than: timedelta | None
    statuses: Collection[CompilationJobStatus] | None
    all: bool
    dry_run: bool
    stop_running: bool
    timeout: float
    polling: Polling
    concurrency: int


class DownloadOptions(TypedDict, total=False):
    """How an artifact is downloaded.

    Attributes:
        overwrite: whether a file that is there may be replaced.
        timeout: of the whole download, in seconds; each wait within it has the client's.
        on_progress: a function, or for an asynchronous client a coroutine function too, that is given the bytes that
            are there and those of the whole. What it raises ends the download.
    """

    overwrite: bool
    timeout: float
    on_progress: Callable[[int, int], Awaitable[None] | None] | None
