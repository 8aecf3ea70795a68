"""What a request asks of S3: which object, under which conditions, and which of its bytes.

Source: Amazon S3 API reference, GetObject; RFC 9110, sections 13 and 14, conditional and range requests.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import unquote

from neo_wire.errors import ServiceError
from neo_wire.http import HttpRequest

_VIRTUAL_HOST: Final = re.compile(r"(?P<bucket>.{3,})\.(?:s3(?:[.-].+)?|localhost)")
_RANGE: Final = re.compile(r"bytes=(?P<first>[0-9]{0,15})-(?P<last>[0-9]{0,15})")


def addressed(request: HttpRequest) -> tuple[str, str]:
    """The bucket and the key that a request is for, by its host or by its path."""
    path = unquote(request.url.path[1:], errors="surrogateescape")
    if host := _VIRTUAL_HOST.fullmatch(request.url.host):
        return host["bucket"], path
    bucket, _, key = path.partition("/")
    return bucket, key


def is_unchanged(request: HttpRequest, etag: str, last_modified: datetime) -> bool:
    """Whether the client has the object as it is, so that it needs no other; conditions in the order of RFC 9110.

    Raises:
        ServiceError: PreconditionFailed.
    """
    if (wanted := request.header("if-match")) is not None:
        if not _names(wanted, etag):
            raise _precondition_failed("If-Match")
    elif (since := _date(request, "if-unmodified-since")) and last_modified > since:
        raise _precondition_failed("If-Unmodified-Since")
    if (known := request.header("if-none-match")) is not None:
        return _names(known, etag)
    modified_since = _date(request, "if-modified-since")
    return modified_since is not None and last_modified <= modified_since


def _names(condition: str, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in condition.split(",")]
    return "*" in tags or etag in tags or etag.strip('"') in tags  # S3 takes one without its quotation marks


def _date(request: HttpRequest, name: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(request.header(name) or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _precondition_failed(condition: str) -> ServiceError:
    return ServiceError(
        "At least one of the pre-conditions you specified did not hold",
        code="PreconditionFailed",
        status=412,
        detail=(("Condition", condition),),
    )


def byte_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first byte of the one range that is asked for, and the one after its last; None for the whole object.

    Raises:
        ServiceError: InvalidRange.
    """
    parts = _RANGE.fullmatch(header.replace(" ", "")) if header else None
    if header is None or parts is None or not (parts["first"] or parts["last"]):
        return None
    if not parts["first"]:
        first, end = max(size - int(parts["last"]), 0), size
    else:
        first, end = int(parts["first"]), min(int(parts["last"]) + 1, size) if parts["last"] else size
        if parts["last"] and int(parts["last"]) < first:
            return None  # no valid range at all
    if first >= size:
        raise ServiceError(
            "The requested range is not satisfiable",
            code="InvalidRange",
            status=416,
            headers=(("content-range", f"bytes */{size}"),),
            detail=(("RangeRequested", header), ("ActualObjectSize", str(size))),
        )
    return first, end
