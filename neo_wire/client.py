"""The clients: `NeoClient` and `AsyncNeoClient`, and the general ones that they derive from, for any AWS JSON service.

A client is a plain object: nothing is sent, read or connected by making one, `with` is optional, and it is safe to keep
for the life of a process. A blocking client may be shared between threads, an asynchronous one between the tasks of one
event loop.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Self, TypedDict, TypeVar, Unpack

from neo_wire import call
from neo_wire.call import CallSettings
from neo_wire.config.endpoints import resolve_endpoint
from neo_wire.config.settings import resolve_region
from neo_wire.credentials import static
from neo_wire.errors import ConfigurationError
from neo_wire.http import Timeout
from neo_wire.protocol.decoder import JsonLoads
from neo_wire.service import Operation, Service, Unit
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
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import Scope, forget_keys
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver
from neo_wire.transports.clock import SystemClock, utc_now
from neo_wire.transports.httpx_bridge import (
    AsyncHttpxClient,
    AsyncHttpxExchange,
    AsyncHttpxTransport,
    HttpxClient,
    HttpxExchange,
    HttpxTransport,
)

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above


class ClientOptions(TypedDict, total=False):
    """What every client takes, by keyword.

    Attributes:
        region: such as "eu-west-1"; else AWS_REGION or AWS_DEFAULT_REGION.
        credentials: else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, read at the first call.
        endpoint_url: in place of the service's own endpoint, such as "http://127.0.0.1:8080".
        timeout: of each exchange; a number of seconds stands for all four waits.
        validate_input: False sends an input without checking it against the service's rules first.
        json_loads: a JSON parser in place of the standard library's, such as `orjson.loads`.
        clock: what tells the present time, aware.
        environ: in place of the process's environment variables.
    """

    region: str | None
    credentials: Credentials | None
    endpoint_url: str | None
    timeout: Timeout | float
    validate_input: bool
    json_loads: JsonLoads | None
    clock: Callable[[], datetime]
    environ: Mapping[str, str]


def _call_settings(service: Service, options: ClientOptions) -> CallSettings:
    known = ClientOptions.__optional_keys__
    if unknown := sorted(set(options) - known):
        raise TypeError(f"no such option: {', '.join(unknown)}; there are transport, {', '.join(sorted(known))}")
    environ = options.get("environ", os.environ)
    region = resolve_region(options.get("region"), environ)
    credentials = options.get("credentials")
    if credentials is not None and not isinstance(credentials, Credentials):
        raise ConfigurationError(f"credentials is a {type(credentials).__name__}; give Credentials(…) or None")
    timeout = options.get("timeout", Timeout())
    return CallSettings(
        url=resolve_endpoint(service.endpoint_prefix, region, options.get("endpoint_url")),
        scope=Scope(region, service.signing_name),
        credentials=static.given(credentials) if credentials is not None else static.environment(environ),
        timeout=timeout if isinstance(timeout, Timeout) else Timeout(timeout, timeout, timeout, timeout),
        validate_input=options.get("validate_input", True),
        json_loads=options.get("json_loads"),
    )


class JsonClient:
    """A blocking client of any AWS JSON 1.0 or 1.1 service whose operations you declare.

    Args:
        service: what its operations share.
        transport: an httpx (or httpx2) client or transport to send with, which stays yours to close.
        options: see `ClientOptions`.

    Raises:
        ConfigurationError: a setting is missing or cannot be used.
    """

    def __init__(
        self,
        service: Service,
        *,
        transport: HttpxClient | HttpxTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._settings = _call_settings(service, options)
        self._driver = BlockingDriver(HttpxExchange(transport), clock=SystemClock(options.get("clock", utc_now)))

    def call(self, operation: Operation[I, O], input: I) -> O:  # noqa: A002  # Smithy's word
        """Call an operation with an instance of its input structure.

        Raises:
            ConfigurationError: the operation is one of another service; nothing was sent.
            InputValidationError: the input breaks a rule; nothing was sent.
            CredentialsError: there are no credentials to sign with; nothing was sent.
            TransportError: no usable answer came back.
            ServiceError: the service refused or failed the request; of the subclass that its code stands for.
            ResponseDecodeError: the answer is not what the operation's output says.
        """
        return self._driver.run(call.invoke(operation, input, self._settings))

    def close(self) -> None:
        """Let go of the connections and of the signing keys; a later call raises ClientClosed."""
        forget_keys()
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._settings.url)!r}, region={self._settings.scope.region!r})"


class AsyncJsonClient:
    """An asynchronous client of any AWS JSON 1.0 or 1.1 service whose operations you declare; else as `JsonClient`."""

    def __init__(
        self,
        service: Service,
        *,
        transport: AsyncHttpxClient | AsyncHttpxTransport | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:
        self._settings = _call_settings(service, options)
        self._driver = AsyncDriver(AsyncHttpxExchange(transport), clock=SystemClock(options.get("clock", utc_now)))

    async def call(self, operation: Operation[I, O], input: I) -> O:  # noqa: A002  # Smithy's word
        """Call an operation with an instance of its input structure; it raises what `JsonClient.call` does."""
        return await self._driver.run(call.invoke(operation, input, self._settings))

    async def aclose(self) -> None:
        """Let go of the connections and of the signing keys; a later call raises ClientClosed."""
        forget_keys()
        await self._driver.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self._settings.url)!r}, region={self._settings.scope.region!r})"


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
