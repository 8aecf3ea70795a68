"""The jobs of the account that the local service is for: created, described, listed, stopped and deleted, by region.

Source: Amazon SageMaker API reference, the five operations on compilation jobs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

from attrs import evolve

from neo_wire.errors import ResourceInUse, ResourceLimitExceeded, ResourceNotFound, ValidationException
from neo_wire.local.jobs import Job
from neo_wire.local.listing import PageTokens, list_jobs
from neo_wire.local.timeline import Timeline
from neo_wire.service import Unit
from neo_wire.shapes.enums import CompilationJobStatus
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    CreateCompilationJobResponse,
    DeleteCompilationJobRequest,
    DescribeCompilationJobRequest,
    ListCompilationJobsRequest,
    StopCompilationJobRequest,
)

Timelines: TypeAlias = Timeline | Mapping[str, Timeline] | Callable[[CreateCompilationJobRequest], Timeline]
"""One timeline for all jobs, those of some jobs by name, or a function that gives each job its own."""

Input: TypeAlias = (
    CreateCompilationJobRequest
    | DescribeCompilationJobRequest
    | ListCompilationJobsRequest
    | StopCompilationJobRequest
    | DeleteCompilationJobRequest
)


class JobStore:
    """All jobs, and what may be done with them. Thread-safe.

    Args:
        timeline: what becomes of jobs.
        account_id: whose they are.
        max_running_jobs: how many may run at once in a region; None for any number.
        complete: is told of each job that completed, in the order of completion, when `settle` finds it out.
    """

    def __init__(
        self, timeline: Timelines, account_id: str, max_running_jobs: int | None, complete: Callable[[Job], None]
    ) -> None:
        self._timeline = timeline
        self._account_id = account_id
        self._max_running_jobs = max_running_jobs
        self._complete = complete
        self._tokens = PageTokens()
        self._jobs: dict[tuple[str, str], Job] = {}
        self._unsettled: set[tuple[str, str]] = set()
        self._lock = threading.RLock()  # a timeline's function may ask for jobs

    def get(self, name: str, region: str) -> Job | None:
        """A job; None when there is none of that name."""
        with self._lock:
            return self._jobs.get((region, name))

    def settle(self, at: datetime) -> None:
        """Tell of the jobs that have completed since this was asked last, as nothing runs here that could do it."""
        with self._lock:
            ended = sorted(self._ended(at), key=lambda one: one[0])
            self._unsettled.difference_update((job.region, job.name) for _, job in ended)
            for _, job in ended:
                if job.state(at).status is CompilationJobStatus.COMPLETED:
                    self._complete(job)

    def _ended(self, at: datetime) -> Iterator[tuple[datetime, Job]]:
        for place in self._unsettled:
            ended_at = self._jobs[place].state(at).ended_at
            if ended_at is not None:
                yield ended_at, self._jobs[place]

    def perform(self, request: Input, region: str, at: datetime) -> object:
        """The output of an operation.

        Raises:
            ServiceError: it is refused.
        """
        now = at.replace(microsecond=at.microsecond // 1000 * 1000)  # what was told on the wire is what is kept
        with self._lock:
            match request:
                case CreateCompilationJobRequest():
                    return self._create(request, region, now)
                case ListCompilationJobsRequest():
                    jobs = [job for (place, _), job in self._jobs.items() if place == region]
                    return list_jobs(jobs, request, now, self._tokens, region)
                case DescribeCompilationJobRequest():
                    return self._found(request.compilation_job_name, region).description(now)
                case StopCompilationJobRequest():
                    return self._stop(self._found(request.compilation_job_name, region), now)
                case DeleteCompilationJobRequest():
                    self.settle(at)  # while the job is known: its artifact outlives it
                    return self._delete(self._found(request.compilation_job_name, region), now)

    def _create(self, request: CreateCompilationJobRequest, region: str, now: datetime) -> CreateCompilationJobResponse:
        name = request.compilation_job_name
        if existing := self._jobs.get((region, name)):
            raise ResourceInUse(f"Compilation job with the name {name} already exists: {existing.arn}")
        if self._max_running_jobs is not None:
            running = [
                job
                for (place, _), job in self._jobs.items()
                if place == region and not job.state(now).status.is_terminal
            ]
            if len(running) >= self._max_running_jobs:
                raise ResourceLimitExceeded(f"{len(running)} jobs run in {region}, which is as many as the account may")
        timeline = self._timeline_of(request).within(request.stopping_condition.max_runtime_in_seconds)
        self._unsettled.add((region, name))
        job = self._jobs[region, name] = Job(region, self._account_id, request, timeline, now)
        return CreateCompilationJobResponse(compilation_job_arn=job.arn)

    def _timeline_of(self, request: CreateCompilationJobRequest) -> Timeline:
        if isinstance(self._timeline, Timeline):
            return self._timeline
        if isinstance(self._timeline, Mapping):
            return self._timeline.get(request.compilation_job_name) or Timeline()
        return self._timeline(request)

    def _found(self, name: str, region: str) -> Job:
        job = self._jobs.get((region, name))
        if job is None:
            raise ResourceNotFound(f"Could not find compilation job {name} in {region}")
        return job

    def _stop(self, job: Job, now: datetime) -> Unit:
        status = job.state(now).status
        if status.is_terminal:
            raise ValidationException(f"The request was rejected because the compilation job is in status {status}.")
        if job.stop_requested_at is None:  # a second request changes nothing
            self._jobs[job.region, job.name] = evolve(job, stop_requested_at=max(now, job.created_at))
        return Unit()

    def _delete(self, job: Job, now: datetime) -> Unit:
        status = job.state(now).status
        if not status.is_terminal:
            raise ValidationException(
                f"The request was rejected because the compilation job is in status {status}. Only jobs that are "
                "COMPLETED, FAILED or STOPPED can be deleted."
            )
        del self._jobs[job.region, job.name]
        return Unit()
