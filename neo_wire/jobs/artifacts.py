"""Downloading what a job made, so that it is whole, or not there: resumed when it breaks off, checked, then renamed.

The bytes go to a temporary file beside the target. A connection that breaks is taken up again where it broke, in this
call or in a later one. Only a file that is whole, and has the digest that the service tells, gets the final name.

Source: Amazon SageMaker API reference, ModelArtifacts, ModelDigests.
"""

from __future__ import annotations

import errno
import os
from typing import Final, TypeAlias

from attrs import frozen

from neo_wire.errors import NeoWireError
from neo_wire.flow import Flow, call, monotonic
from neo_wire.jobs.artifact_file import ArtifactExists, ArtifactFile, OpenFile
from neo_wire.jobs.calls import Calls
from neo_wire.jobs.digests import Digest, DigestCheck, DigestMismatch
from neo_wire.jobs.object_transfer import Deadline, Progress, Transfer, transfer_object
from neo_wire.jobs.polling import check_timeout
from neo_wire.jobs.s3_objects import S3Access, S3Object
from neo_wire.jobs.waiting import refuse_failure, status_of
from neo_wire.shapes.enums import CompilationJobStatus
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import DescribeCompilationJobRequest, DescribeCompilationJobResponse
from neo_wire.values import Value

Job: TypeAlias = DescribeCompilationJobResponse | str
"""A job as Describe told of it, or its name."""

DEFAULT_DOWNLOAD_TIMEOUT: Final = 3600.0


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


@frozen(eq=False, repr=False)
class DownloadedArtifact(Value):
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
        transfer = Transfer(str(location), file, progress, part)
        resumed_at = transfer.offset
        yield from transfer_object(transfer, (yield from access), location, Deadline(began + timeout, timeout))
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
