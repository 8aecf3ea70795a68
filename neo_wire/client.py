"""The clients of SageMaker Neo's compilation jobs: `NeoClient` and `AsyncNeoClient`.

A client is a plain object: nothing is sent, read or connected by making one, `with` is optional, and it is safe to keep
for the life of a process. A blocking client may be shared between threads, an asynchronous one between the tasks of one
event loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

from neo_wire.client_options import ClientOptions
from neo_wire.json_client import AsyncJsonClient, JsonClient
from neo_wire.service import Unit
from neo_wire.shapes import operations
from neo_wire.shapes.enums import CompilationJobStatus, ListCompilationJobsSortBy, SortOrder
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    CreateCompilationJobResponse,
    DeleteCompilationJobRequest,
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    InputConfig,
    ListCompilationJobsRequest,
    ListCompilationJobsResponse,
    NeoVpcConfig,
    OutputConfig,
    StopCompilationJobRequest,
    StoppingCondition,
    Tag,
)

if TYPE_CHECKING:
    from neo_wire.transports.httpx_bridge import AsyncHttpxClient, AsyncHttpxTransport, HttpxClient, HttpxTransport


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
        self,
        compilation_job_name: str,
        *,
        role_arn: str,
        output_config: OutputConfig,
        stopping_condition: StoppingCondition,
        input_config: InputConfig | None = None,
        model_package_version_arn: str | None = None,
        vpc_config: NeoVpcConfig | None = None,
        tags: Sequence[Tag] | None = None,
    ) -> CreateCompilationJobResponse:
        """Create and start a job, from exactly one of `input_config` and `model_package_version_arn`.

        The caller needs permission to pass the role. A job is billed from its start to its end.

        Raises:
            ResourceInUse: a job of that name exists already in this account and region.
            ResourceLimitExceeded: an account quota is used up.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        request = CreateCompilationJobRequest(
            compilation_job_name=compilation_job_name,
            role_arn=role_arn,
            output_config=output_config,
            stopping_condition=stopping_condition,
            input_config=input_config,
            model_package_version_arn=model_package_version_arn,
            vpc_config=vpc_config,
            tags=tags,
        )
        return self.call(operations.CREATE_COMPILATION_JOB, request)

    def describe_compilation_job(self, compilation_job_name: str) -> DescribeCompilationJobResponse:
        """Describe a job: its status, times, configuration and, when it failed, why.

        Raises:
            ResourceNotFound: there is no such job in this account and region.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        request = DescribeCompilationJobRequest(compilation_job_name=compilation_job_name)
        return self.call(operations.DESCRIBE_COMPILATION_JOB, request)

    def list_compilation_jobs(
        self,
        *,
        next_token: str | None = None,
        max_results: int | None = None,
        creation_time_after: datetime | None = None,
        creation_time_before: datetime | None = None,
        last_modified_time_after: datetime | None = None,
        last_modified_time_before: datetime | None = None,
        name_contains: str | None = None,
        status_equals: CompilationJobStatus | None = None,
        sort_by: ListCompilationJobsSortBy | None = None,
        sort_order: SortOrder | None = None,
    ) -> ListCompilationJobsResponse:
        """List one page of jobs; its `next_token`, given to the next call with the same filters, asks for the next.

        Raises:
            NeoWireError: whatever `JsonClient.call` raises.
        """
        request = ListCompilationJobsRequest(
            next_token=next_token,
            max_results=max_results,
            creation_time_after=creation_time_after,
            creation_time_before=creation_time_before,
            last_modified_time_after=last_modified_time_after,
            last_modified_time_before=last_modified_time_before,
            name_contains=name_contains,
            status_equals=status_equals,
            sort_by=sort_by,
            sort_order=sort_order,
        )
        return self.call(operations.LIST_COMPILATION_JOBS, request)

    def stop_compilation_job(self, compilation_job_name: str) -> Unit:
        """Stop a job that is starting or in progress; it is STOPPING for a while, then STOPPED.

        Raises:
            ResourceNotFound: there is no such job in this account and region.
            ValidationException: the job has ended already.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        request = StopCompilationJobRequest(compilation_job_name=compilation_job_name)
        return self.call(operations.STOP_COMPILATION_JOB, request)

    def delete_compilation_job(self, compilation_job_name: str) -> Unit:
        """Delete a job that has ended; its artifacts, logs and role are left alone.

        Raises:
            ResourceNotFound: there is no such job in this account and region.
            ValidationException: the job is still running; stop it first.
            NeoWireError: whatever else `JsonClient.call` raises.
        """
        request = DeleteCompilationJobRequest(compilation_job_name=compilation_job_name)
        return self.call(operations.DELETE_COMPILATION_JOB, request)


class AsyncNeoClient(AsyncJsonClient):
    """An asynchronous client of compilation jobs; its methods take, give and raise what `NeoClient`'s do."""

    def __init__(
        self, *, transport: AsyncHttpxClient | AsyncHttpxTransport | None = None, **options: Unpack[ClientOptions]
    ) -> None:
        super().__init__(operations.SAGEMAKER, transport=transport, **options)

    async def create_compilation_job(
        self,
        compilation_job_name: str,
        *,
        role_arn: str,
        output_config: OutputConfig,
        stopping_condition: StoppingCondition,
        input_config: InputConfig | None = None,
        model_package_version_arn: str | None = None,
        vpc_config: NeoVpcConfig | None = None,
        tags: Sequence[Tag] | None = None,
    ) -> CreateCompilationJobResponse:
        """Create and start a job, from exactly one of `input_config` and `model_package_version_arn`."""
        request = CreateCompilationJobRequest(
            compilation_job_name=compilation_job_name,
            role_arn=role_arn,
            output_config=output_config,
            stopping_condition=stopping_condition,
            input_config=input_config,
            model_package_version_arn=model_package_version_arn,
            vpc_config=vpc_config,
            tags=tags,
        )
        return await self.call(operations.CREATE_COMPILATION_JOB, request)

    async def describe_compilation_job(self, compilation_job_name: str) -> DescribeCompilationJobResponse:
        """Describe a job: its status, times, configuration and, when it failed, why."""
        request = DescribeCompilationJobRequest(compilation_job_name=compilation_job_name)
        return await self.call(operations.DESCRIBE_COMPILATION_JOB, request)

    async def list_compilation_jobs(
        self,
        *,
        next_token: str | None = None,
        max_results: int | None = None,
        creation_time_after: datetime | None = None,
        creation_time_before: datetime | None = None,
        last_modified_time_after: datetime | None = None,
        last_modified_time_before: datetime | None = None,
        name_contains: str | None = None,
        status_equals: CompilationJobStatus | None = None,
        sort_by: ListCompilationJobsSortBy | None = None,
        sort_order: SortOrder | None = None,
    ) -> ListCompilationJobsResponse:
        """List one page of jobs; its `next_token`, given to the next call with the same filters, asks for the next."""
        request = ListCompilationJobsRequest(
            next_token=next_token,
            max_results=max_results,
            creation_time_after=creation_time_after,
            creation_time_before=creation_time_before,
            last_modified_time_after=last_modified_time_after,
            last_modified_time_before=last_modified_time_before,
            name_contains=name_contains,
            status_equals=status_equals,
            sort_by=sort_by,
            sort_order=sort_order,
        )
        return await self.call(operations.LIST_COMPILATION_JOBS, request)

    async def stop_compilation_job(self, compilation_job_name: str) -> Unit:
        """Stop a job that is starting or in progress; it is STOPPING for a while, then STOPPED."""
        request = StopCompilationJobRequest(compilation_job_name=compilation_job_name)
        return await self.call(operations.STOP_COMPILATION_JOB, request)

    async def delete_compilation_job(self, compilation_job_name: str) -> Unit:
        """Delete a job that has ended; its artifacts, logs and role are left alone."""
        request = DeleteCompilationJobRequest(compilation_job_name=compilation_job_name)
        return await self.call(operations.DELETE_COMPILATION_JOB, request)
