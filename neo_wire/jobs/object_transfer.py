"""The bytes of an object on their way from S3 into a file, over as many responses as it takes.

What broke off is taken up by Range where it broke; If-Match has S3 refuse that when the object is another one by then.
A server that ignores either is found out by its answer, and the file is begun anew.

Source: Amazon S3 API reference, GetObject; RFC 9110, range requests, If-Match.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Final, TypeAlias

import attrs
from attrs import define, frozen

from neo_wire.attempts import Conversation
from neo_wire.config.endpoints import Endpoint
from neo_wire.errors import (
    CallTimeout,
    Headers,
    NeoWireError,
    RedirectRefused,
    ResponseDecodeError,
    ServiceError,
    TransportError,
)
from neo_wire.flow import Flow, call, monotonic
from neo_wire.http import HttpResponse
from neo_wire.jobs.artifact_file import ArtifactFile, Part
from neo_wire.jobs.s3_objects import InvalidRange, OtherRegion, PreconditionFailed, S3Access, S3Object, get_object
from neo_wire.protocol.error_mapper import request_id
from neo_wire.retries.classify import classify
from neo_wire.values import Value

_log: Final = logging.getLogger(__name__)

Progress: TypeAlias = Callable[[int, int], None]
"""Is given the bytes that are there and those of the whole; the former fall back when the object has changed."""

_LONGEST: Final = 2_000_000.0  # seconds, of one call
_RESUMPTIONS: Final = 20  # of calls that broke off after they had brought something
_RESTARTS: Final = 3  # of objects that changed while they were read
_CONTENT_RANGE: Final = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)
_LENGTH: Final = re.compile(r"\d{1,19}", re.ASCII)


class ArtifactChanged(NeoWireError):
    """The object changed again and again while it was downloaded.

    Attributes:
        uri: of the object.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        super().__init__(f"{uri} changed {_RESTARTS + 1} times while it was downloaded; try again once it stays")


class _ProgressFailed(Exception):
    """Carries what a `progress` raised past the retries, which are for what S3 answers."""

    def __init__(self, error: NeoWireError) -> None:
        self.error = error
        super().__init__(str(error))


@frozen(eq=False, repr=False)
class Deadline(Value):
    """Until when a download may last: a reading of the monotonic clock, and the seconds that it was given."""

    at: float
    timeout: float


@define(eq=False, repr=False)
class Transfer:
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
        """Where to go on: behind the last byte; at it when none is missing, to see whether the object is the same."""
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
            raise ResponseDecodeError(
                f"S3 sends more than the {self.total} bytes that it told of ({self.uri})", status=200
            )
        if not fresh:
            return
        self.file.append(fresh)
        self.received += len(fresh)
        self._tell()

    def _tell(self) -> None:
        if self.progress is None:
            return
        try:
            self.progress(self.file.size, self.total)
        except NeoWireError as error:
            raise _ProgressFailed(error) from None


def _is_strong(etag: str) -> bool:
    return bool(etag) and not etag.startswith("W/")


def transfer_object(transfer: Transfer, access: S3Access, location: S3Object, deadline: Deadline) -> Flow[None]:
    """Have all bytes of an object, over as many calls as it takes.

    Raises:
        ArtifactChanged: the object did not stay the same.
        CallTimeout: the time is over.
        RedirectRefused: S3 sends the request elsewhere, and no region explains it.
        ServiceError: S3 refused it.
        TransportError: it broke off too often, or brought nothing.
        ResponseDecodeError: S3 sends what was not asked for.
        OSError: the file cannot be written.
    """
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
                    raise _not_usable(answer, transfer.problem, location)
                restarts += 1
                transfer.forget()
            elif transfer.is_whole:
                return
            elif transfer.received == before:
                raise _not_usable(answer, f"S3 sends nothing of the {transfer.total} bytes", location)
        except _ProgressFailed as failed:
            raise failed.error from None
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


def _out_of_time(transfer: Transfer, deadline: Deadline) -> CallTimeout:
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


def _not_usable(response: HttpResponse, problem: str, location: S3Object) -> ResponseDecodeError:
    return ResponseDecodeError(f"{problem} ({location})", status=response.status, request_id=request_id(response))
