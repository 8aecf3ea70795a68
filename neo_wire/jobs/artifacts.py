"""Downloading what a job made, so that it is whole, or not there: resumed when it breaks off, checked, then renamed.

The bytes go to a temporary file beside the target. A connection that breaks is taken up again where it broke, in this
call or in a later one, if the object is still the same; its ETag tells. Only a whole file gets the final name.

Source: Amazon SageMaker API reference, ModelArtifacts, ModelDigests; Amazon S3 API reference, GetObject; RFC 9110,
range requests.
"""

from __future__ import annotations

import errno
import logging
import os
import re
from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from attrs import frozen

from neo_wire.errors import (
    NeoWireError,
)
from neo_wire.flow import Flow, call, monotonic
from neo_wire.http import Timeout
from neo_wire.jobs.calls import Calls
from neo_wire.jobs.digests import Digest, DigestCheck, DigestMismatch
from neo_wire.jobs.polling import check_timeout
from neo_wire.jobs.s3_objects import (
    S3Access,
    S3Object,
)
from neo_wire.jobs.waiting import refuse_failure, status_of
from neo_wire.shapes.enums import CompilationJobStatus
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import DescribeCompilationJobRequest, DescribeCompilationJobResponse

_log: Final = logging.getLogger(__name__)

Job: TypeAlias = DescribeCompilationJobResponse | str
"""A job as Describe told of it, or its name."""
Progress: TypeAlias = Callable[[int, int], None]
"""Is given the bytes that are there and those of the whole; the former fall back when the object has changed."""

DEFAULT_DOWNLOAD_TIMEOUT: Final = 3600.0
_RESUMPTIONS: Final = 20  # of calls that broke off after they had brought something
_LONGEST: Final = 2_000_000.0  # seconds, of one call
_RESTARTS: Final = 3  # of objects that changed while they were read
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)
_LENGTH: Final = re.compile(r"\d{1,19}", re.ASCII)


class NoArtifact(NeoWireError):
    """The job has no artifact that could be downloaded: it has not completed, or tells of no object.

    Attributes:
        name: of the job.
        job: as Describe told of it.
    """

    def __init__(self, job: DescribeCompilationJobResponse, reason: str) -> None:
        self.name = job.compilation_job_name
        self.job = job
        super().__init__(f"the compilation job {self.name!r} {reason}")


class ArtifactExists(NeoWireError):
    """There is a file already where the artifact was to go; it was left as it is, and nothing was downloaded.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        super().__init__(f"{path!r} exists already{reason}; give overwrite=True, or another path")


class DownloadInProgress(NeoWireError):
    """Another download is writing the same file.

    Attributes:
        path: where it goes.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"another download to {path!r} is under way; wait for it, or give another path")


class ArtifactChanged(NeoWireError):
    """The object changed again and again while it was downloaded.

    Attributes:
        uri: of the object.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        super().__init__(f"{uri} changed {_RESTARTS + 1} times while it was downloaded; try again once it stays")


@frozen
class Part:
    """What is known of the bytes that the temporary file has.

    Attributes:
        uri: of the object.
        etag: of the object that they are of; empty when it had none to go by.
        total: how many bytes the whole has.
    """

    uri: str
    etag: str
    total: int


class ArtifactFile(Protocol):
    """The file that an artifact goes to, under its final name and before. Its functions block; `flow.call` calls them.

    Every method but `size` and `close` raises OSError when the file cannot be read or written.
    """

    @property
    def path(self) -> str:
        """The final name."""

    @property
    def size(self) -> int:
        """How many bytes the temporary file has."""

    def existing(self, digest: Digest) -> tuple[int, DigestCheck] | None:
        """The size of the file under the final name, and how it checks; None when there is none, or DigestMismatch."""

    def open(self, digest: Digest) -> Part | None:
        """Open the temporary file, or DownloadInProgress; what is known of it when an earlier download left it."""

    def restart(self, part: Part) -> None:
        """Empty the temporary file, for the bytes of another object."""

    def append(self, data: bytes) -> None:
        """Write the next bytes."""

    def finish(self, *, overwrite: bool) -> DigestCheck:
        """Give the file its final name; with a DigestMismatch keep it aside, with ArtifactExists as it is."""

    def close(self) -> None:
        """Let go of the temporary file, which stays when there is something in it."""


OpenFile: TypeAlias = Callable[[str], ArtifactFile]
"""Makes the file, by the name that the artifact has in S3."""


@frozen
class DownloadedArtifact:
    """An artifact that is whole, under its final name.

    Attributes:
        path: of the file.
        size: in bytes.
        uri: of the object in S3.
        check: whether it has the digest that the service tells: verified, or unknown and why.
        downloaded: False when the file was there already, and verified.
        resumed_at: how many bytes of it an earlier download had left.
    """

    path: str
    size: int
    uri: str
    check: DigestCheck
    downloaded: bool = True
    resumed_at: int = 0


def described(calls: Calls, job: Job) -> Flow[DescribeCompilationJobResponse]:
    """A job as Describe tells of it, asked only when it is given by its name."""
    if isinstance(job, DescribeCompilationJobResponse):
        return job
    return (yield from calls(DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name=job)))


def artifact_of(job: DescribeCompilationJobResponse) -> S3Object:
    """Where the artifact of a job is.

    Raises:
        CompilationFailed, CompilationStopped: the job ended so.
        NoArtifact: the job has not ended, or tells of no object.
        InputValidationError: what it tells is no address in S3.
    """
    refuse_failure(job)
    if status_of(job) is not CompilationJobStatus.COMPLETED:
        raise NoArtifact(job, f"is {job.compilation_job_status} still, and has no artifact; wait for it first")
    uri = job.model_artifacts.s3_model_artifacts if job.model_artifacts else ""
    if not uri:
        raise NoArtifact(job, "does not tell where its artifact is")
    location = S3Object.parse(uri)
    if not location.key or location.key.endswith("/"):
        raise NoArtifact(job, f"tells of {uri!r} as its artifact, which is no object but a folder")
    return location


def download_artifact(
    calls: Calls,
    access: Flow[S3Access],
    job: Job,
    open_file: OpenFile,
    *,
    overwrite: bool = False,
    timeout: float = DEFAULT_DOWNLOAD_TIMEOUT,
    progress: Progress | None = None,
) -> Flow[DownloadedArtifact]:
    """Download the artifact of a job that has completed.

    A file that is there already and has the digest that the service tells is left, and nothing is downloaded.

    Args:
        calls: what operations are called with.
        access: how S3 is reached, found out only when it is needed.
        job: which.
        open_file: makes the file that it goes to.
        overwrite: whether a file that is there may be replaced.
        timeout: of the whole download, in seconds; each wait within it has the client's.
        progress: is told at the beginning, and after each piece. What it raises ends the download.

    Raises:
        CompilationFailed, CompilationStopped, NoArtifact: the job has none.
        ArtifactExists: there is a file, and `overwrite` is not given.
        DigestMismatch: what came is not what the job made; it is kept aside.
        DownloadInProgress: another download writes the same file.
        ArtifactChanged: the object did not stay the same.
        NoSuchKey, NoSuchBucket, AccessDenied, ServiceError: S3 refused it.
        CallTimeout: the time is over. What came is kept for the next call, as it is after every other break.
        TransportError: it broke off too often, or brought nothing.
        OSError: the file cannot be written.
        NeoWireError: what else Describe raises.
    """
    check_timeout(timeout)
    began = yield from monotonic()
    described_job = yield from described(calls, job)
    location, digest = artifact_of(described_job), Digest.of(described_job)
    file = open_file(location.key.rpartition("/")[2])
    there = yield from _verified_already(file, digest, overwrite=overwrite)
    if there is not None:
        if progress is not None:
            size = there[0]
            yield from call(lambda: progress(size, size))
        return DownloadedArtifact(file.path, there[0], str(location), there[1], downloaded=False)
    try:
        part = yield from call(lambda: file.open(digest))
        transfer = _Transfer(str(location), file, progress, part)
        resumed_at = transfer.offset
        yield from _transfer(transfer, (yield from access), location, _Deadline(began + timeout, timeout))
        check = yield from call(lambda: file.finish(overwrite=overwrite))
    finally:
        file.close()
    return DownloadedArtifact(
        file.path, transfer.total, str(location), check, resumed_at=0 if transfer.restarted else resumed_at
    )


def _verified_already(file: ArtifactFile, digest: Digest, *, overwrite: bool) -> Flow[tuple[int, DigestCheck] | None]:
    """The size and the check of a file that is there already and is the artifact; None when it is to be downloaded."""
    try:
        there = yield from call(lambda: file.existing(digest))
    except DigestMismatch as error:
        if overwrite:
            return None
        raise ArtifactExists(file.path, ", and is not the artifact of this job") from error
    if there is None or there[1].verified:
        return there
    if overwrite:
        return None
    raise ArtifactExists(file.path, f", and nobody can say whether it is the artifact: {there[1].reason}")


def verify_artifact(calls: Calls, job: Job, file: ArtifactFile) -> Flow[DigestCheck]:
    """Check a file against what the service tells of the artifact of a job.

    Raises:
        DigestMismatch: it is another one.
        CompilationFailed, CompilationStopped, NoArtifact: the job has none.
        FileNotFoundError: there is no such file.
        OSError: it cannot be read.
        NeoWireError: what else Describe raises.
    """
    described_job = yield from described(calls, job)
    artifact_of(described_job)
    there = yield from call(lambda: file.existing(Digest.of(described_job)))
    if there is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), file.path)
    return there[1]


@frozen
class _Deadline:
    at: float
    timeout: float


@define
class _Transfer:
    """The bytes on their way from S3 into the temporary file, over as many responses as it takes.

    Attributes:
        part: what the bytes that are there belong to; None when they are of no use.
        received: how many bytes came, all responses together.
        restarted: whether bytes of an earlier download were of no use.
        problem: why the last response was not taken; empty when it was.
    """

    uri: str
    file: ArtifactFile
    progress: Progress | None
    part: Part | None
    received: int = 0
    restarted: bool = False
    problem: str = ""
    _coming: Part | None = None  # what the response is of that has not brought a byte yet
    _skip: int = 0

    def __attrs_post_init__(self) -> None:
        """Take up what an earlier download left, if it is of the same object."""
        if self.part is not None and (self.part.uri != self.uri or self.file.size > self.part.total):
            self.forget()

    @property
    def offset(self) -> int:
        """Where to go on: behind the last byte; at it when there is none behind, to see whether the object is the same."""
        if self.part is None or not _is_strong(self.part.etag):
            return 0
        return max(0, min(self.file.size, self.part.total - 1))

    @property
    def total(self) -> int:
        """How many bytes the whole has."""
        return self.part.total if self.part is not None else 0

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are there."""
        return self.part is not None and self.file.size == self.part.total

    def forget(self) -> None:
        """Begin anew with the next response."""
        self.part, self.restarted = None, True

    def headers(self) -> Headers:
        """What is asked for: the rest of the same object, or the whole."""
        if self.part is None or not self.offset:
            return ()
        return ("Range", f"bytes={self.offset}-"), ("If-Match", self.part.etag)

    def sink(self, status: int, headers: Headers) -> Callable[[bytes], None] | None:
        """Take the body of a success, when it is what was asked for."""
        named = dict(headers)
        self._coming, self._skip = None, 0
        self.problem = ""
        if status == 206 and self.part is not None and self.offset:
            self.problem = self._not_the_rest(named)
            self._skip = self.file.size - self.offset
        elif status == 200:
            length = named.get("content-length", "")
            if not _LENGTH.fullmatch(length):
                self.problem = "S3 does not say how many bytes the object has"
            self._coming = Part(self.uri, named.get("etag", ""), int(length) if not self.problem else 0)
        elif 200 <= status < 300:
            self.problem = f"S3 answers HTTP {status} to a request for the whole object"
        else:
            return None
        return None if self.problem else self._write

    def _not_the_rest(self, headers: dict[str, str]) -> str:
        part, found = self.part, _CONTENT_RANGE.fullmatch(headers.get("content-range", ""))
        if part is None or headers.get("etag", part.etag) != part.etag:
            return "the object has changed"
        if found is None or (int(found[1]), int(found[3])) != (self.offset, part.total):
            return "S3 sends another range than the one that was asked for"
        return ""

    def begin(self) -> None:
        """Make room for a whole object, when that is what comes."""
        if self._coming is not None:
            if self.file.size:
                self.restarted = True
            self.part = None  # until the file says so too
            self.file.restart(self._coming)
            self.part, self._coming = self._coming, None
            self._tell()

    def _write(self, data: bytes) -> None:
        self.begin()
        skipped = min(self._skip, len(data))
        self._skip -= skipped
        fresh = data[skipped:]
        if self.file.size + len(fresh) > self.total:
            raise ResponseDecodeError(f"S3 sends more than the {self.total} bytes that it told of", status=200)
        if not fresh:
            return
        self.file.append(fresh)
        self.received += len(fresh)
        self._tell()

    def _tell(self) -> None:
        if self.progress is not None:
            self.progress(self.file.size, self.total)


def _is_strong(etag: str) -> bool:
    return bool(etag) and not etag.startswith("W/")


def _transfer(transfer: _Transfer, access: S3Access, location: S3Object, deadline: _Deadline) -> Flow[None]:
    """Have all bytes of an object, over as many calls as it takes."""
    region = location.region or access.region
    moved, resumptions, restarts = False, 0, 0
    while True:
        left = deadline.at - (yield from monotonic())
        if left <= 0:
            raise _out_of_time(transfer, deadline)
        before = transfer.received

        def conversation(endpoint: Endpoint, left: float = left) -> Conversation:
            usual = access.context.conversation(endpoint.url)
            total = min(left, _LONGEST)
            return attrs.evolve(usual, timeout=attrs.evolve(usual.timeout, total=total))

        try:
            answer = yield from get_object(
                access, location, region, conversation, headers=transfer.headers, sink=transfer.sink
            )
            if isinstance(answer, OtherRegion):
                if moved:
                    raise _sent_around(location, region, answer.region)
                region, moved = answer.region, True
                continue
            yield from call(transfer.begin)  # of an empty object nothing was written
            if transfer.problem:
                if not transfer.offset:
                    raise _not_usable(answer, transfer.problem)
                restarts += 1
                transfer.forget()
            elif transfer.is_whole:
                return
            elif transfer.received == before:
                raise _not_usable(answer, f"it brought nothing of the {transfer.total} bytes")
        except (PreconditionFailed, InvalidRange):
            if not transfer.offset:
                raise
            restarts += 1
            transfer.forget()
        except CallTimeout as error:
            raise _out_of_time(transfer, deadline) from error
        except (TransportError, ServiceError) as error:
            if classify(error) is None or transfer.received == before or resumptions >= _RESUMPTIONS:
                raise
            resumptions += 1
            _log.info("the download of %s is taken up at byte %d, after: %s", location, transfer.file.size, error)
        if restarts > _RESTARTS:
            raise ArtifactChanged(str(location))


def _out_of_time(transfer: _Transfer, deadline: _Deadline) -> CallTimeout:
    there = f"{transfer.file.size} of {transfer.total} bytes are" if transfer.total else "nothing is"
    return CallTimeout(
        f"the download did not end within {deadline.timeout:g} s; {there} there, and a later call goes on from there",
        endpoint=transfer.uri,
        maybe_processed=False,
    )


def _sent_around(location: S3Object, asked: str, named: str) -> RedirectRefused:
    return RedirectRefused(
        f"S3 says in {asked} that the bucket is in {named}, after it sent the request to {asked} itself; give the "
        "client the bucket's region",
        endpoint=str(location),
        maybe_processed=False,
    )


def _not_usable(response: HttpResponse, problem: str) -> ResponseDecodeError:
    return ResponseDecodeError(problem, status=response.status, request_id=request_id(response))
