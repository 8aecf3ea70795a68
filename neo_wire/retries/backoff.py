"""How long to wait before a retry: truncated exponential backoff with full jitter.

Source: AWS SDKs and Tools reference guide, retry behavior.
"""

from __future__ import annotations

import re
from typing import Final

from neo_wire.retries.classify import Kind

MAX_BACKOFF: Final = 20.0
"""Seconds; what the exponential part is cut off at, before the jitter."""

_BASE: Final = {Kind.TRANSIENT: 0.05, Kind.THROTTLING: 1.0}
_RETRY_AFTER_MAX_ADDITIONAL: Final = 5.0
_INTEGER: Final = r"[ \t]*\+?([0-9]{1,300})[ \t]*"
_LAST_DOUBLING: Final = 16  # the cut is reached long before; what is above would only make huge numbers


def delay(kind: Kind, retry: int, fraction: float, retry_after: str | None = None) -> float:
    """The seconds to wait before a retry.

    Args:
        kind: of the failure that is retried.
        retry: 1 for the first retry of a call.
        fraction: a random number from 0 to 1.
        retry_after: the response's x-amz-retry-after header: whole milliseconds. It can make the wait longer, by 5 s at
            most, and never shorter; a value that is none is ignored.
    """
    backoff = fraction * min(_BASE[kind] * 2.0 ** min(retry - 1, _LAST_DOUBLING), MAX_BACKOFF)
    if retry_after is None or not (asked := re.fullmatch(_INTEGER, retry_after)):
        return backoff
    return max(backoff, min(int(asked[1]) / 1000, backoff + _RETRY_AFTER_MAX_ADDITIONAL))
