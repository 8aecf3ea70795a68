"""A SageMaker service of compilation jobs that runs here: a pure function of requests, without a socket.

It checks what AWS checks, in AWS's order and with AWS's answers: the operation, the signature, the JSON, the rules of
the input, the state of the job. Jobs live in memory, by region, and go through their statuses as a `Timeline` says.

Source: Amazon SageMaker API reference; Smithy 2.0, AWS JSON 1.1 protocol; AWS API reference, common errors.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.client import responses as REASONS  # noqa: N812  # a table of constants
from typing import Any, Final

from neo_wire.errors import (
    ConfigurationError,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ServerError,
    ServiceError,
    Throttling,
)
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.local.authentication import EXAMPLE_CREDENTIALS, REGION, authenticate
from neo_wire.local.bucket import Buckets
from neo_wire.local.inputs import read_input
from neo_wire.local.job_store import JobStore, Timelines
from neo_wire.local.jobs import Job
from neo_wire.local.s3_authentication import is_for_s3
from neo_wire.local.script import Answer, RateLimit, Script, play
from neo_wire.local.timeline import Timeline
from neo_wire.protocol import timestamps
from neo_wire.protocol.encoder import encode
from neo_wire.service import Operation
from neo_wire.shapes import operations
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.clock import Clock, as_clock

MAX_REQUEST_BYTES: Final = 1024 * 1024
"""The largest body of a request: beyond it is 413. The longest valid input, every character escaped, is below."""

CONTENT_TYPE: Final = f"application/x-amz-json-{SAGEMAKER.json_version}"

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
        clock: what tells the present time, aware; or a whole `Clock`, which also waits for slow answers.
        account_id: of the ARNs: 12 digits.
        max_running_jobs: how many jobs may run at once in a region, before ResourceLimitExceeded; None for any number.
        rate_limit: how many requests a second are taken before ThrottlingException; None for any number.
        skew: how far the clock by which the service dates its answers and judges signatures is ahead of `clock`, by
            which jobs go.

    Attributes:
        buckets: the S3 buckets that requests signed for S3 read: artifacts of completed jobs, and what a test puts
            there.
        skew: may be set at any time.
        clock: what slow answers wait by.

    Raises:
        ConfigurationError: one of these cannot be used.
    """

    def __init__(
        self,
        *,
        credentials: Credentials | Iterable[Credentials] = EXAMPLE_CREDENTIALS,
        region: str | None = None,
        timeline: Timelines = Timeline(),  # noqa: B008  # a frozen value
        clock: Callable[[], datetime] | Clock | None = None,
        account_id: str = "123456789012",
        max_running_jobs: int | None = None,
        rate_limit: RateLimit | None = None,
        skew: timedelta = timedelta(),
    ) -> None:
        accepted = [credentials] if isinstance(credentials, Credentials) else list(credentials)
        if not accepted:
            raise ConfigurationError("no credentials are accepted, so nobody can call; give at least one key pair")
        if region is not None and not REGION.fullmatch(region):
            raise ConfigurationError(f"region is {region!r}, which is no region; give one such as eu-west-1, or None")
        if not _ACCOUNT_ID.fullmatch(account_id):
            raise ConfigurationError(f"account_id is {account_id!r}; give 12 digits")
        self.clock: Clock = as_clock(clock)
        if self.clock.now().utcoffset() is None:
            raise ConfigurationError("the clock tells naive times; let it give aware ones, as datetime.now(UTC) is")
        self.skew = skew
        self.buckets = Buckets(
            credentials=accepted,
            region=region,
            clock=self._now,
            before_reading=lambda: self._jobs.settle(self.clock.now()),
        )
        self._credentials = {one.access_key_id: one for one in accepted}
        self._region = region
        self._rate_limit = rate_limit
        self._script = Script()
        self._jobs = JobStore(timeline, account_id, max_running_jobs, self._store)

    def script(self, *answers: Answer, operation: str | None = None, times: int = 1) -> None:
        """Answer the next requests to the operations with these, in order, before the service is itself again.

        Args:
            answers: an error, such as `Throttling("Rate exceeded")`, sent as AWS sends it; any whole response; or
                `Slow`, `LostAnswer` and `CutOff`, which act upon the request.
            operation: only requests of this one, such as "DescribeCompilationJob"; None: whatever they ask.
            times: how often all of them are given.

        Raises:
            ConfigurationError: one of them is no answer, there is no such operation, or `times` is out of bounds.
        """
        names = {one.name for one in _OPERATIONS.values()}
        if operation is not None and operation not in names:
            raise ConfigurationError(f"operation is {operation!r}; give one of {', '.join(sorted(names))}")
        self._script.add(answers, operation, times)

    def job(self, name: str, region: str) -> Job | None:
        """A job with all that it was created from, tags included; None when there is none of that name."""
        return self._jobs.get(name, region)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The response to a request, whatever the request is; an internal fault is InternalFailure, and logged.

        Args:
            request: as it was received: its headers in order, its URL in the form of the request line.
        """
        try:
            if is_for_s3(request):
                return self.buckets.handle(request)
            operation = (request.header("x-amz-target") or "").rpartition(".")[2]
            return play(self._script.take(operation), lambda: self._answer(request), self.refusal)
        except Exception:  # noqa: BLE001  # whatever it is, a client gets an answer
            _log.exception("the local service has a fault")
            return self.refusal(ServerError("The local service has a fault; see its log", status=500))

    def refusal(self, error: ServiceError) -> HttpResponse:
        """The response that an error is sent as: its code as `__type`, its message, its status."""
        body = {"__type": error.code, "Message" if isinstance(error, _MODELLED) else "message": error.message}
        return _response(error.status, json.dumps(body).encode("ascii"), self._now())

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            operation = _operation(request)
            region = authenticate(request, self._credentials.get, self._now(), self._region)
            at = self.clock.now().astimezone(UTC)
            if self._rate_limit is not None and not self._rate_limit.takes(at):
                raise Throttling("Rate exceeded")
            told = at.replace(microsecond=at.microsecond // 1000 * 1000)  # what is told on the wire is what is kept
            output = self._jobs.perform(read_input(operation.input, request.body), region, told)
            return _response(200, encode(output) if operation.has_output else b"", self._now())
        except ServiceError as error:
            return self.refusal(error)

    def _now(self) -> datetime:
        return self.clock.now().astimezone(UTC) + self.skew

    def _store(self, job: Job) -> None:
        """Put the artifact of a job that completed where it was told to be, if that is a place in S3."""
        if job.timeline.artifact.stored:
            with suppress(ConfigurationError):
                self.buckets.put(job.artifact_uri, job.artifact, at=job.state(self.clock.now()).ended_at)


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
