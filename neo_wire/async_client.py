"""The asynchronous client of SageMaker Neo's compilation jobs.

A client is a plain object: nothing is sent, read or connected by making one, `async with` is optional, and it is safe
to keep for the life of a process, and to share between the tasks of one event loop.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Literal, Unpack, overload

from neo_wire.json_client import AsyncJsonClient
from neo_wire.machine import random_fraction
from neo_wire.shapes import operations

if TYPE_CHECKING:
    from neo_wire.client_options import ClientOptions
    from neo_wire.iterators import AsyncJobIterator
    from neo_wire.jobs.arguments import (
        CleanUpOptions,
        CompileManyOptions,
        DownloadOptions,
        JobInputs,
        ListFilters,
        WaitManyOptions,
        WaitOptions,
        WatchOptions,
    )
    from neo_wire.jobs.artifacts import DownloadedArtifact
    from neo_wire.jobs.clean_up import CleanUp
    from neo_wire.jobs.compile_many import Variant
    from neo_wire.jobs.compile_results import CompileResults
    from neo_wire.jobs.create_or_get import CreatedOrFound
    from neo_wire.jobs.digests import DigestCheck
    from neo_wire.jobs.targets import Target
    from neo_wire.jobs.waiting import Until
    from neo_wire.jobs.waiting_many import JobOutcome
    from neo_wire.service import Unit
    from neo_wire.shapes.structures import (
        CreateCompilationJobResponse,
        DescribeCompilationJobResponse,
        ListCompilationJobsResponse,
    )
    from neo_wire.transports.httpx_bridge import AsyncHttpxClient, AsyncHttpxTransport


class AsyncNeoClient(AsyncJsonClient):
    """An asynchronous client of compilation jobs; its methods take, give and raise what `NeoClient`'s do."""

    def __init__(
        self, *, transport: AsyncHttpxClient | AsyncHttpxTransport | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        super().__init__(operations.SAGEMAKER, transport=transport, **options)

    async def create_compilation_job(
        self, compilation_job_name: str, **inputs: Unpack[JobInputs]
    ) -> CreateCompilationJobResponse:
        """Create and start a job, from exactly one of `input_config` and `model_package_version_arn`."""
        operation = operations.CREATE_COMPILATION_JOB
        request = operation.input(compilation_job_name=compilation_job_name, **inputs)
        return await self.call(operation, request)

    async def create_or_get_compilation_job(
        self, compilation_job_name: str, **inputs: Unpack[JobInputs]
    ) -> CreatedOrFound:
        """Create a job; when its name is taken by one with the same inputs, adopt that one, whatever became of it."""
        from neo_wire.jobs.create_or_get import create_or_get

        request = operations.CREATE_COMPILATION_JOB.input(compilation_job_name=compilation_job_name, **inputs)
        return await self._driver.run(create_or_get(self._session.invoke, request))

    async def describe_compilation_job(self, compilation_job_name: str) -> DescribeCompilationJobResponse:
        """Describe a job: its status, times, configuration and, when it failed, why."""
        operation = operations.DESCRIBE_COMPILATION_JOB
        return await self.call(operation, operation.input(compilation_job_name=compilation_job_name))

    async def list_compilation_jobs(self, **filters: Unpack[ListFilters]) -> ListCompilationJobsResponse:
        """List one page of jobs; its `next_token`, given to the next call with the same filters, asks for the next."""
        operation = operations.LIST_COMPILATION_JOBS
        return await self.call(operation, operation.input(**filters))

    def iter_compilation_jobs(
        self, *, limit: int | None = None, resume_from: str | None = None, **filters: Unpack[ListFilters]
    ) -> AsyncJobIterator:
        """Loop over jobs; a page is asked for when it is needed. The iterator's `pages()` gives them page by page."""
        from neo_wire.iterators import AsyncJobIterator
        from neo_wire.jobs.paging import Paging

        paging = Paging(operations.LIST_COMPILATION_JOBS.input(**filters), limit, resume_from)
        return AsyncJobIterator(self._driver, self._session.invoke, paging)

    @overload
    async def wait_for_compilation_job(
        self,
        compilation_job_name: str,
        *,
        until: Literal["completed", "ended"] = "completed",
        **options: Unpack[WaitOptions],
    ) -> DescribeCompilationJobResponse: ...
    @overload
    async def wait_for_compilation_job(
        self, compilation_job_name: str, *, until: Literal["deleted"], **options: Unpack[WaitOptions]
    ) -> DescribeCompilationJobResponse | None: ...
    async def wait_for_compilation_job(
        self, compilation_job_name: str, *, until: Until = "completed", **options: Unpack[WaitOptions]
    ) -> DescribeCompilationJobResponse | None:
        """Wait for a job, looking at it at growing intervals. A status that is not known keeps the wait going."""
        from neo_wire.jobs.waiting import wait_for_job

        return await self._driver.run(
            wait_for_job(self._session.invoke, compilation_job_name, random=random_fraction, until=until, **options)
        )

    def watch_compilation_job(
        self, compilation_job_name: str, **options: Unpack[WatchOptions]
    ) -> AsyncIterator[DescribeCompilationJobResponse]:
        """Loop over what becomes of a job: it as first seen, and at each change of its status, up to its end."""
        from neo_wire.iterators import async_updates
        from neo_wire.jobs.polling import DEFAULT_POLLING, DEFAULT_TIMEOUT
        from neo_wire.jobs.waiting import Watch

        timeout, polling = options.get("timeout", DEFAULT_TIMEOUT), options.get("polling", DEFAULT_POLLING)
        watch = Watch(self._session.invoke, compilation_job_name, timeout, polling, random_fraction)
        return async_updates(self._driver, watch)

    async def wait_for_compilation_jobs(
        self, compilation_job_names: Iterable[str], **options: Unpack[WaitManyOptions]
    ) -> dict[str, JobOutcome]:
        """Wait until each of many jobs has ended, by listing them, with few requests however many they are."""
        from neo_wire.jobs.waiting_many import wait_for_jobs

        return await self._driver.run(
            wait_for_jobs(self._session.invoke, compilation_job_names, random=random_fraction, **options)
        )

    async def stop_compilation_job(self, compilation_job_name: str) -> Unit:
        """Stop a job that is starting or in progress; it is STOPPING for a while, then STOPPED."""
        operation = operations.STOP_COMPILATION_JOB
        return await self.call(operation, operation.input(compilation_job_name=compilation_job_name))

    async def delete_compilation_job(self, compilation_job_name: str) -> Unit:
        """Delete a job that has ended; its artifacts, logs and role are left alone."""
        operation = operations.DELETE_COMPILATION_JOB
        return await self.call(operation, operation.input(compilation_job_name=compilation_job_name))

    async def compile_for_targets(
        self, model: str, targets: Iterable[Target | Variant], **options: Unpack[CompileManyOptions]
    ) -> CompileResults:
        """Compile one model for many targets, and wait until all of their jobs have ended."""
        from neo_wire import job_flows

        return await self._driver.run(job_flows.compile_for_targets(self._session, model, targets, options))

    async def download_compilation_artifact(
        self,
        job: DescribeCompilationJobResponse | str,
        path: str | os.PathLike[str],
        **options: Unpack[DownloadOptions],
    ) -> DownloadedArtifact:
        """Download what a completed job made from S3, and check it against the digest that the service tells."""
        from neo_wire import job_flows
        from neo_wire.transports.progress import in_this_loop

        progress = in_this_loop(options.get("on_progress"))
        return await self._driver.run(job_flows.download_artifact(self._session, job, path, options, progress))

    async def verify_compilation_artifact(
        self, job: DescribeCompilationJobResponse | str, path: str | os.PathLike[str]
    ) -> DigestCheck:
        """Check a file that is here against the digest of what a job made."""
        from neo_wire import job_flows

        return await self._driver.run(job_flows.verify_artifact(self._session, job, path))

    async def stop_and_delete_compilation_job(
        self,
        compilation_job_name: str,
        *,
        timeout: float = 3600.0,  # noqa: ASYNC109  # as the blocking client has it; it bounds the wait, not the task
    ) -> DescribeCompilationJobResponse | None:
        """Stop a job if it runs, wait until it has ended, and delete it. It is safe to repeat."""
        from neo_wire.jobs.clean_up import stop_and_delete

        return await self._driver.run(
            stop_and_delete(self._session.invoke, compilation_job_name, random=random_fraction, timeout=timeout)
        )

    async def clean_up_compilation_jobs(self, **options: Unpack[CleanUpOptions]) -> CleanUp:
        """Delete all jobs that pass some filters; with `dry_run=True` only tell which."""
        from neo_wire import job_flows

        return await self._driver.run(job_flows.clean_up_jobs(self._session, options))
