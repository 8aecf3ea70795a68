"""Clock skew: how far the service's clock is from ours, learned from the Date header of its responses.

A signature carries its time, and a service refuses one that is some minutes off. So requests are signed with our time
corrected by what the last response told.

Source: the AWS SDKs' shared rule, as in the AWS SDK for Rust, service clock skew.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from neo_wire.errors import NeoWireError, ServiceError
from neo_wire.http import HttpResponse

NO_SKEW: Final = timedelta()
SKEW_LIMIT: Final = timedelta(minutes=4)
LONGEST_ROUND_TRIP: Final = 15 * 60.0
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_CLASSES: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "A" * 26 + "a" * 26 + "0" * 10
)
_IMF_FIXDATE: Final = "Aaa, 00 Aaa 0000 00:00:00 AAA"  # RFC 9110 section 5.6.7, each character by its class
_YEARS: Final = 1970, 9000  # what is beyond is no clock, and no time could be signed that is moved so far
SKEW_CODES: Final = frozenset(
    {
        "AccessDeniedException",
        "AuthFailure",
        "InvalidSignatureException",
        "RequestExpired",
        "RequestInTheFuture",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
    }
)
"""The codes that a request with a time that is off may be refused with."""


class ClockSkew:
    """What one client knows of the skew: shared by its calls, and set by each response.

    Setting the attribute is one atomic store, and the last response wins, so no lock is needed.

    Attributes:
        current: what is added to our time to have the service's.
    """

    __slots__ = ("current",)

    def __init__(self) -> None:
        self.current = NO_SKEW


def server_date(response: HttpResponse) -> datetime | None:
    """The time that the service says it is; None when it does not, or a cache may have said it."""
    date = None
    for name, value in response.headers:
        if name == "age":
            return None
        if name == "date" and date is None:
            date = value
    return None if date is None else _http_date(date)


@lru_cache(maxsize=4)  # a second has many responses
def _http_date(text: str) -> datetime | None:
    try:
        if text.translate(_CLASSES) == _IMF_FIXDATE and text[8:11] in _MONTHS and text.endswith("GMT"):
            day, month, year = int(text[5:7]), _MONTHS.index(text[8:11]) + 1, int(text[12:16])
            moment = datetime(year, month, day, int(text[17:19]), int(text[20:22]), int(text[23:25]), tzinfo=UTC)
            return moment if _YEARS[0] <= moment.year <= _YEARS[1] else None
        from email.utils import parsedate_to_datetime  # here, as it takes 9 ms, and servers send the form above

        moment = parsedate_to_datetime(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):  # what the parser raises depends on what is wrong
        return None
    return moment if _YEARS[0] <= moment.year <= _YEARS[1] else None


def measured_skew(date: datetime, sent: datetime, round_trip: float) -> timedelta | None:
    """The skew that a response shows: its date against the middle of its exchange; None when that took too long.

    Args:
        date: the response's.
        sent: our time, uncorrected, when the request was sent.
        round_trip: seconds from then to the response; a negative number counts as none.
    """
    if round_trip > LONGEST_ROUND_TRIP:
        return None
    return date - sent - timedelta(seconds=round_trip / 2 if round_trip > 0 else 0)


def is_skew_error(error: NeoWireError, skew: timedelta | None, applied: timedelta) -> bool:
    """Whether a refusal comes from a signing time that was off, so that an attempt with the right one may succeed.

    Args:
        error: what the service answered.
        skew: what this answer shows; None when it shows nothing.
        applied: the skew that the request was signed with. When it was right within 4 minutes already, the reason is
            another one, such as a wrong secret, and the same answer would come again.
    """
    return (
        skew is not None
        and isinstance(error, ServiceError)
        and error.code in SKEW_CODES
        and abs(skew) > SKEW_LIMIT
        and abs(skew - applied) >= SKEW_LIMIT
    )
