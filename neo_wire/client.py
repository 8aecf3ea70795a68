"""The blocking client of SageMaker Neo's compilation jobs.

A client is a plain object: nothing is sent, read or connected by making one, `with` is optional, and it is safe to keep
for the life of a process, and to share between threads.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, Unpack, overload

from neo_wire.json_client import JsonClient
from neo_wire.machine import random_fraction
from neo_wire.shapes import operations

if TYPE_CHECKING:
    from neo_wire.client_options import ClientOptions
    from neo_wire.iterators import JobIterator
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
    from neo_wire.transports.httpx_bridge import HttpxClient, HttpxTransport


class NeoClient(JsonClient):
    """A blocking client of SageMaker Neo's compilation jobs.

    Args:
        transport: an httpx (or httpx2) client or transport to send with, which stays yours to close.
        options: see `ClientOptions`.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.

    Source: Amazon SageMaker API reference.
    """

    def __init__(
        self, *, transport: HttpxClient | HttpxTransport | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        super().__init__(operations.SAGEMAKER, transport=transport, **options)

    def create_compilation_job(
        self, compilation_job_name: str, **inputs: Unpack[JobInputs]
    ) -> CreateCompilationJobResponse:
        """Create and start a job, from exactly one of `input_config` and `model_package_version_arn`.

        The caller needs permission to pass the role. A job is billed from its start to its end.

        Args:
            compilation_job_name: unique in the account and region.
            inputs: see `JobInputs`.

        Raises:
            ResourceInUse: a job of that name exists already in this account and region.
            ResourceLimitExceeded: an account quota is used up.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        operation = operations.CREATE_COMPILATION_JOB
        request = operation.input(compilation_job_name=compilation_job_name, **inputs)
        return self.call(operation, request)

    def create_or_get_compilation_job(self, compilation_job_name: str, **inputs: Unpack[JobInputs]) -> CreatedOrFound:
        """Create a job; when its name is taken by one with the same inputs, adopt that one, whatever became of it.

        It is safe to repeat, also after a failure that leaves open whether the job was created. Tags are not compared.

        Args:
            compilation_job_name: unique in the account and region.
            inputs: see `JobInputs`.

        Raises:
            JobDiffers: the name is taken by a job with other inputs; it has each difference.
            NeoWireError: whatever else `create_compilation_job` and `describe_compilation_job` raise.
        """
        from neo_wire.jobs.create_or_get import create_or_get

        request = operations.CREATE_COMPILATION_JOB.input(compilation_job_name=compilation_job_name, **inputs)
        return self._driver.run(create_or_get(self._session.invoke, request))

    def describe_compilation_job(self, compilation_job_name: str) -> DescribeCompilationJobResponse:
        """Describe a job: its status, times, configuration and, when it failed, why.

        Raises:
            ResourceNotFound: there is no such job in this account and region.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        operation = operations.DESCRIBE_COMPILATION_JOB
        return self.call(operation, operation.input(compilation_job_name=compilation_job_name))

    def list_compilation_jobs(self, **filters: Unpack[ListFilters]) -> ListCompilationJobsResponse:
        """List one page of jobs; its `next_token`, given to the next call with the same filters, asks for the next.

        Args:
            filters: see `ListFilters`.

        Raises:
            NeoWireError: whatever `JsonClient.call` raises.
        """
        operation = operations.LIST_COMPILATION_JOBS
        return self.call(operation, operation.input(**filters))

    def iter_compilation_jobs(
        self, *, limit: int | None = None, resume_from: str | None = None, **filters: Unpack[ListFilters]
    ) -> JobIterator:
        """Loop over jobs; a page is asked for when it is needed. The iterator's `pages()` gives them page by page.

        Args:
            limit: how many jobs to give in all; None for every one.
            resume_from: the `resume_token` of an earlier iterator with the same filters.
            filters: see `ListFilters`.

        Raises:
            ConfigurationError: the limit or the resume token cannot be used.
            PaginationError: the service gave the same token twice; raised by the loop.
            NeoWireError: whatever `JsonClient.call` raises; raised by the loop.
        """
        from neo_wire.iterators import JobIterator
        from neo_wire.jobs.paging import Paging

        paging = Paging(operations.LIST_COMPILATION_JOBS.input(**filters), limit, resume_from)
        return JobIterator(self._driver, self._session.invoke, paging)

    @overload
    def wait_for_compilation_job(
        self,
        compilation_job_name: str,
        *,
        until: Literal["completed", "ended"] = "completed",
        **options: Unpack[WaitOptions],
    ) -> DescribeCompilationJobResponse: ...
    @overload
    def wait_for_compilation_job(
        self, compilation_job_name: str, *, until: Literal["deleted"], **options: Unpack[WaitOptions]
    ) -> DescribeCompilationJobResponse | None: ...
    def wait_for_compilation_job(
        self, compilation_job_name: str, *, until: Until = "completed", **options: Unpack[WaitOptions]
    ) -> DescribeCompilationJobResponse | None:
        """Wait for a job, looking at it at growing intervals. A status that is not known keeps the wait going.

        Args:
            compilation_job_name: the job.
            until: "completed" for its success; "ended" for any end; "deleted" until there is no such job.
            options: see `WaitOptions`.

        Returns:
            The job at its end. For "deleted" as it was last seen, None when it was never there.

        Raises:
            CompilationFailed: it failed, and "completed" was waited for; it has the reason and its kind.
            CompilationStopped: it was stopped, and "completed" was waited for.
            CompilationJobDeleted: it was deleted meanwhile, and something else was waited for.
            ResourceNotFound: there is no such job, and something else than "deleted" was waited for.
            WaitTimeout: the time is over; it has the job as it was last seen.
            ConfigurationError: `until` or an option cannot be used; nothing was sent.
            NeoWireError: what else a call raises; a failure that may pass is first borne with several times.
        """
        from neo_wire.jobs.waiting import wait_for_job

        return self._driver.run(
            wait_for_job(self._session.invoke, compilation_job_name, random=random_fraction, until=until, **options)
        )

    def watch_compilation_job(
        self, compilation_job_name: str, **options: Unpack[WatchOptions]
    ) -> Iterator[DescribeCompilationJobResponse]:
        """Loop over what becomes of a job: it as first seen, and at each change of its status, up to its end.

        Args:
            compilation_job_name: the job.
            options: see `WatchOptions`; the time begins with the loop.

        Raises:
            CompilationJobDeleted, ResourceNotFound, WaitTimeout, NeoWireError: as `wait_for_compilation_job`, by the
                loop. An end as FAILED or STOPPED raises nothing.
            ConfigurationError: an option cannot be used.
        """
        from neo_wire.iterators import updates
        from neo_wire.jobs.polling import DEFAULT_POLLING, DEFAULT_TIMEOUT
        from neo_wire.jobs.waiting import Watch

        timeout, polling = options.get("timeout", DEFAULT_TIMEOUT), options.get("polling", DEFAULT_POLLING)
        watch = Watch(self._session.invoke, compilation_job_name, timeout, polling, random_fraction)
        return updates(self._driver, watch)

    def wait_for_compilation_jobs(
        self, compilation_job_names: Iterable[str], **options: Unpack[WaitManyOptions]
    ) -> dict[str, JobOutcome]:
        """Wait until each of many jobs has ended, by listing them, with few requests however many they are.

        Args:
            compilation_job_names: the jobs.
            options: see `WaitManyOptions`.

        Returns:
            The outcome of each job by its name, in the order given; none is raised. A job that did not end in time has
            a WaitTimeout, one that does not exist a CompilationJobMissing.

        Raises:
            InputValidationError: there are names that are none; nothing was sent.
            ConfigurationError: an option cannot be used; nothing was sent.
            NeoWireError: what a call raises; a failure that may pass is first borne with several times.
        """
        from neo_wire.jobs.waiting_many import wait_for_jobs

        return self._driver.run(
            wait_for_jobs(self._session.invoke, compilation_job_names, random=random_fraction, **options)
        )

    def stop_compilation_job(self, compilation_job_name: str) -> Unit:
        """Stop a job that is starting or in progress; it is STOPPING for a while, then STOPPED.

        Raises:
            ResourceNotFound: there is no such job in this account and region.
            ValidationException: the job has ended already.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        operation = operations.STOP_COMPILATION_JOB
        return self.call(operation, operation.input(compilation_job_name=compilation_job_name))

    def delete_compilation_job(self, compilation_job_name: str) -> Unit:
        """Delete a job that has ended; its artifacts, logs and role are left alone.

        Raises:
            ResourceNotFound: there is no such job in this account and region.
            ValidationException: the job is still running; stop it first.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        operation = operations.DELETE_COMPILATION_JOB
        return self.call(operation, operation.input(compilation_job_name=compilation_job_name))

    def compile_for_targets(
        self, model: str, targets: Iterable[Target | Variant], **options: Unpack[CompileManyOptions]
    ) -> CompileResults:
        """Compile one model for many targets, and wait until all of their jobs have ended.

        Each job's name follows from the model and the target, so it can be run again: it adopts the jobs that are
        there. When the account's quota of jobs is used up, the others wait. What becomes of a target stands in the
        results.

        Args:
            model: the name of the model and, at best, its version.
            targets: each once; a `Variant` has compiler options or inputs of its own.
            options: see `CompileManyOptions`.

        Raises:
            InputValidationError: a job must fail as it is; all that is wrong with all of them, and nothing was sent.
            ConfigurationError: an option cannot be used; nothing was sent.
            NeoWireError: what List raises while it waits.
        """
        from neo_wire import job_flows

        return self._driver.run(job_flows.compile_for_targets(self._session, model, targets, options))

    def download_compilation_artifact(
        self,
        job: DescribeCompilationJobResponse | str,
        path: str | os.PathLike[str],
        **options: Unpack[DownloadOptions],
    ) -> DownloadedArtifact:
        """Download what a completed job made from S3, and check it against the digest that the service tells.

        It goes to a temporary file beside its final name, which it gets when it is whole; a download that was broken
        off is resumed by the next call. A file that is there and verifies is left as it is.

        Args:
            job: its name, or what Describe gave.
            path: of the file, or of a folder, in which it gets the artifact's own name.
            options: see `DownloadOptions`.

        Raises:
            CompilationFailed, CompilationStopped, NoArtifact: the job has none.
            ArtifactExists: there is a file, and `overwrite` is not given.
            DigestMismatch: what came is not what the job made; it is kept aside.
            NeoWireError: what S3 and Describe raise; CallTimeout when the time is over.
            OSError: the file cannot be written.
        """
        from neo_wire import job_flows
        from neo_wire.transports.progress import in_this_thread

        progress = in_this_thread(options.get("on_progress"))
        return self._driver.run(job_flows.download_artifact(self._session, job, path, options, progress))

    def verify_compilation_artifact(
        self, job: DescribeCompilationJobResponse | str, path: str | os.PathLike[str]
    ) -> DigestCheck:
        """Check a file that is here against the digest of what a job made.

        Args:
            job: its name, or what Describe gave.
            path: of the file.

        Returns:
            Verified; or unknown, and why, when the service tells no digest that can be checked.

        Raises:
            DigestMismatch: the file is another.
            CompilationFailed, CompilationStopped, NoArtifact: the job has no artifact.
            NeoWireError: what else Describe raises.
            OSError: the file cannot be read.
        """
        from neo_wire import job_flows

        return self._driver.run(job_flows.verify_artifact(self._session, job, path))

    def stop_and_delete_compilation_job(
        self, compilation_job_name: str, *, timeout: float = 3600.0
    ) -> DescribeCompilationJobResponse | None:
        """Stop a job if it runs, wait until it has ended, and delete it. It is safe to repeat.

        Args:
            compilation_job_name: the job.
            timeout: of the wait for its end, in seconds.

        Returns:
            The job as it was last seen; None when there was none.

        Raises:
            WaitTimeout: it did not end in time, and was not deleted.
            NeoWireError: what else a call raises.
        """
        from neo_wire.jobs.clean_up import stop_and_delete

        return self._driver.run(
            stop_and_delete(self._session.invoke, compilation_job_name, random=random_fraction, timeout=timeout)
        )

    def clean_up_compilation_jobs(self, **options: Unpack[CleanUpOptions]) -> CleanUp:
        """Delete all jobs that pass some filters; with `dry_run=True` only tell which.

        Args:
            options: see `CleanUpOptions`. Without any filter it takes `all=True`.

        Raises:
            ConfigurationError: there is no filter, or an option cannot be used; nothing was sent.
            NeoWireError: what List raises. What becomes of each job stands in the result.
        """
        from neo_wire import job_flows

        return self._driver.run(job_flows.clean_up_jobs(self._session, options))
