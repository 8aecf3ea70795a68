"""A SageMaker service of compilation jobs that runs here: a pure function of requests, without a socket.

It checks what AWS checks, in AWS's order and with AWS's answers: the operation, the signature, the JSON, the rules of
the input, the state of the job. Jobs live in memory, by region, and go through their statuses as a `Timeline` says.

Source: Amazon SageMaker API reference; Smithy 2.0, AWS JSON 1.1 protocol; AWS API reference, common errors.
"""

from __future__ import annotations

import json
import logging
import re
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from http.client import responses as REASONS  # noqa: N812  # a table of constants
from typing import Any, Final, TypeAlias

from attrs import evolve

from neo_wire.errors import (
    ConfigurationError,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ServerError,
    ServiceError,
    ValidationException,
)
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.local.authentication import REGION, authenticate
from neo_wire.local.inputs import read_input
from neo_wire.local.jobs import Job
from neo_wire.local.listing import PageTokens, list_jobs
from neo_wire.local.timeline import Timeline
from neo_wire.protocol import timestamps
from neo_wire.protocol.encoder import encode
from neo_wire.service import Operation, Unit
from neo_wire.shapes import operations
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    CreateCompilationJobResponse,
    DeleteCompilationJobRequest,
    DescribeCompilationJobRequest,
    ListCompilationJobsRequest,
    StopCompilationJobRequest,
)
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.clock import utc_now

EXAMPLE_CREDENTIALS: Final = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
"""The key pair of AWS's documentation, which the service accepts unless it is told otherwise."""

MAX_REQUEST_BYTES: Final = 1024 * 1024
"""The largest body of a request: beyond it is 413. The longest valid input, every character escaped, is below."""

CONTENT_TYPE: Final = f"application/x-amz-json-{SAGEMAKER.json_version}"

Timelines: TypeAlias = Timeline | Mapping[str, Timeline] | Callable[[CreateCompilationJobRequest], Timeline]
"""One timeline for all jobs, those of some jobs by name, or a function that gives each job its own."""

_OPERATIONS: Final[dict[str, Operation[Any, Any]]] = {  # Any: operations of five inputs and outputs
    f"{SAGEMAKER.target_prefix}.{one.name}": one
    for one in (
        operations.CREATE_COMPILATION_JOB,
        operations.DESCRIBE_COMPILATION_JOB,
        operations.LIST_COMPILATION_JOBS,
        operations.STOP_COMPILATION_JOB,
        operations.DELETE_COMPILATION_JOB,
    )
}
_Input: TypeAlias = (
    CreateCompilationJobRequest
    | DescribeCompilationJobRequest
    | ListCompilationJobsRequest
    | StopCompilationJobRequest
    | DeleteCompilationJobRequest
)
_MODELLED: Final = (ResourceInUse, ResourceLimitExceeded, ResourceNotFound)
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
_log = logging.getLogger("neo_wire.local")


class NeoService:
    """The five operations on compilation jobs, for callers who sign with an accepted key pair. Thread-safe.

    Args:
        credentials: the key pair that is accepted, or several, each with its session token and expiration, if it has.
        region: the only one that is served, as at an endpoint of AWS; None serves any, each with jobs of its own.
        timeline: what becomes of jobs: one `Timeline` for all; a mapping from names, the default for all others; or a
            function of the request that creates the job.
        clock: what tells the present time, aware.
        account_id: of the ARNs: 12 digits.
        max_running_jobs: how many jobs may run at once in a region, before ResourceLimitExceeded; None for any number.

    Raises:
        ConfigurationError: one of these cannot be used.
    """

    def __init__(
        self,
        *,
        credentials: Credentials | Iterable[Credentials] = EXAMPLE_CREDENTIALS,
        region: str | None = None,
        timeline: Timelines = Timeline(),  # noqa: B008  # a frozen value
        clock: Callable[[], datetime] = utc_now,
        account_id: str = "123456789012",
        max_running_jobs: int | None = None,
    ) -> None:
        accepted = [credentials] if isinstance(credentials, Credentials) else list(credentials)
        if not accepted:
            raise ConfigurationError("no credentials are accepted, so nobody can call; give at least one key pair")
        if region is not None and not REGION.fullmatch(region):
            raise ConfigurationError(f"region is {region!r}, which is no region; give one such as eu-west-1, or None")
        if not _ACCOUNT_ID.fullmatch(account_id):
            raise ConfigurationError(f"account_id is {account_id!r}; give 12 digits")
        if clock().utcoffset() is None:
            raise ConfigurationError("the clock tells naive times; let it give aware ones, as datetime.now(UTC) is")
        self._credentials = {one.access_key_id: one for one in accepted}
        self._region = region
        self._timeline = timeline
        self._clock = clock
        self._account_id = account_id
        self._max_running_jobs = max_running_jobs
        self._tokens = PageTokens()
        self._script: deque[ServiceError | HttpResponse] = deque()
        self._jobs: dict[tuple[str, str], Job] = {}
        self._lock = threading.RLock()  # a timeline's function may ask for jobs

    def script(self, *answers: ServiceError | HttpResponse) -> None:
        """Answer the next requests with these, in order and whatever they ask, before the service is itself again.

        Args:
            answers: an error, such as `Throttling("Rate exceeded")`, sent as AWS sends it; or any whole response.
        """
        self._script.extend(answers)

    def job(self, name: str, region: str) -> Job | None:
        """A job with all that it was created from, tags included; None when there is none of that name."""
        with self._lock:
            return self._jobs.get((region, name))

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The response to a request, whatever the request is; an internal fault is InternalFailure, and logged.

        Args:
            request: as it was received: its headers in order, its URL in the form of the request line.
        """
        if (scripted := self._scripted()) is not None:
            return scripted
        at = self._clock().astimezone(UTC)
        try:
            operation = _operation(request)
            region = authenticate(request, self._credentials.get, at, self._region)
            output = self._perform(read_input(operation.input, request.body), region, at)
            return _response(200, encode(output) if operation.has_output else b"", at)
        except ServiceError as error:
            return self.refusal(error)
        except Exception:  # noqa: BLE001  # whatever it is, a client gets an answer
            _log.exception("the local service has a fault")
            return self.refusal(ServerError("The local service has a fault; see its log", status=500))

    def refusal(self, error: ServiceError) -> HttpResponse:
        """The response that an error is sent as: its code as `__type`, its message, its status."""
        body = {"__type": error.code, "Message" if isinstance(error, _MODELLED) else "message": error.message}
        return _response(error.status, json.dumps(body).encode("ascii"), self._clock().astimezone(UTC))

    def _scripted(self) -> HttpResponse | None:
        try:
            answer = self._script.popleft()
        except IndexError:
            return None
        return self.refusal(answer) if isinstance(answer, ServiceError) else answer

    def _perform(self, request: _Input, region: str, at: datetime) -> object:
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


def _operation(request: HttpRequest) -> Operation[Any, Any]:  # Any: as above
    """The operation that a request is for.

    Raises:
        ServiceError: RequestEntityTooLargeException, or UnknownOperationException.
    """
    if len(request.body) > MAX_REQUEST_BYTES:
        raise too_large()
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    target = _OPERATIONS.get(request.header("x-amz-target") or "")
    if request.method != "POST" or request.url.path != "/" or media_type != CONTENT_TYPE:
        raise ServiceError(
            f"No operation is at this address: send POST / with the content type {CONTENT_TYPE}",
            code="UnknownOperationException",
            status=404,
        )
    if target is None:
        raise ServiceError(
            f"X-Amz-Target names no operation of this service; it has {', '.join(_OPERATIONS)}",
            code="UnknownOperationException",
        )
    return target


def too_large() -> ServiceError:
    """The error of a body beyond `MAX_REQUEST_BYTES`."""
    message = f"The request body is larger than {MAX_REQUEST_BYTES} bytes"
    return ServiceError(message, code="RequestEntityTooLargeException", status=413)


def _response(status: int, body: bytes, at: datetime) -> HttpResponse:
    headers = (
        ("x-amzn-requestid", str(uuid.uuid4())),
        ("content-type", CONTENT_TYPE),
        ("date", timestamps.write(at, "http-date")),
        ("content-length", str(len(body))),
    )
    return HttpResponse(status, headers, body, REASONS.get(status, ""))
