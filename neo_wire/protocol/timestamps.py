"""Timestamps to and from the wire: epoch seconds, date-time and http-date, exact to the digit.

Only aware datetimes are written, and only aware UTC datetimes are made. Nothing passes through a binary float.

Source: Smithy 2.0, timestampFormat trait.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Final

from neo_wire._decimals import is_decimal
from neo_wire.schema import TimestampFormatName

if TYPE_CHECKING:
    from decimal import Decimal

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_SECOND: Final = int((datetime.min.replace(tzinfo=UTC) - _EPOCH).total_seconds())
_PAST_LAST_SECOND: Final = int((datetime.max.replace(tzinfo=UTC, microsecond=0) - _EPOCH).total_seconds()) + 1
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATE_TIME: Final = (
    r"(?a)(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([+-])([01]\d|2[0-3]):?([0-5]\d)|[Zz])?"
)
_HTTP_DATE: Final = (
    rf"(?a)(?:{'|'.join(_DAYS)}), (\d\d) ({'|'.join(_MONTHS)}) (\d{{4}}) (\d\d):(\d\d):(\d\d)(?:\.(\d+))? GMT"
)
_NUMBER: Final = r"(?a)[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"


def write(value: datetime, timestamp_format: TimestampFormatName) -> str:
    """The timestamp as it stands on the wire, without quotes; finer than milliseconds is cut off.

    Raises:
        ValueError: the datetime is naive, or outside of the years 1 to 9999 in UTC.
    """
    if value.utcoffset() is None:
        raise ValueError("a naive datetime, which could mean any time zone; give it one, such as tzinfo=UTC")
    try:
        value = value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a datetime outside of the years 1 to 9999 in UTC") from None
    if timestamp_format == "epoch-seconds":
        since = value - _EPOCH
        milliseconds = (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000
        seconds, rest = divmod(abs(milliseconds), 1000)
        sign = "-" if milliseconds < 0 else ""
        return f"{sign}{seconds}.{rest:03}".rstrip("0") if rest else f"{sign}{seconds}"
    if timestamp_format == "date-time":
        fraction = f".{value.microsecond // 1000:03}" if value.microsecond >= 1000 else ""
        return f"{value.replace(microsecond=0, tzinfo=None).isoformat()}{fraction}Z"
    day, month = _DAYS[value.weekday()], _MONTHS[value.month - 1]
    return f"{day}, {value.day:02} {month} {value.year:04} {value.hour:02}:{value.minute:02}:{value.second:02} GMT"


def read(value: object) -> datetime:
    """The aware UTC datetime of a value from the wire: a number, a number in a string, a date-time or an http-date.

    Any of the forms is taken whatever the member's format, as services mix them up. Rounded half-even to microseconds.

    Raises:
        ValueError: it is none of these, or outside of the years 1 to 9999.
    """
    if isinstance(value, str):
        if found := _date_time().fullmatch(value):
            year, month, day, hour, minute, second, fraction, sign, offset_hours, offset_minutes = found.groups()
            offset = timedelta(hours=int(offset_hours or 0), minutes=int(offset_minutes or 0))
            return _moment(year, int(month), day, hour, minute, second, fraction, -offset if sign == "-" else offset)
        if found := re.fullmatch(_HTTP_DATE, value):
            day, name, year, hour, minute, second, fraction = found.groups()
            return _moment(year, _MONTHS.index(name) + 1, day, hour, minute, second, fraction, timedelta())
        if not re.fullmatch(_NUMBER, value):
            raise ValueError("a string of another form")
        from decimal import Decimal, InvalidOperation  # here, as few services send such

        try:
            value = Decimal(value)
        except InvalidOperation:  # an exponent beyond what decimals have
            raise ValueError("a number out of all bounds") from None
    elif isinstance(value, float):
        from decimal import Decimal  # here, as above

        value = Decimal(repr(value))
    elif isinstance(value, bool) or not (isinstance(value, int) or is_decimal(value)):
        raise ValueError("no number and no string")  # the one error that a reader of the wire raises
    # The bounds come first: the digits of 1e999999999 must never be written out. NaN compares false, without a signal.
    if is_decimal(value) and not value.is_finite():
        raise ValueError("not a finite number")
    if not _FIRST_SECOND <= value < _PAST_LAST_SECOND:
        raise ValueError("a time outside of the years 1 to 9999")
    if isinstance(value, int):
        return _EPOCH + timedelta(seconds=value)
    return _plus(_EPOCH, _duration(value))


@cache
def _date_time() -> re.Pattern[str]:
    """The form of most timestamps that are strings, compiled when there is one."""
    return re.compile(_DATE_TIME)


def _moment(
    year: str, month: int, day: str, hour: str, minute: str, second: str, fraction: str | None, offset: timedelta
) -> datetime:
    start = datetime(int(year), month, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
    if fraction is None:
        return _plus(start, -offset)
    from decimal import Decimal  # here, as above

    return _plus(start, _duration(Decimal(f"0.{fraction}")) - offset)


def _duration(seconds: Decimal) -> timedelta:
    """Rounded once: what is put through two roundings can end on the wrong side of a tie."""
    return timedelta(microseconds=_microseconds()(seconds))


@cache
def _microseconds() -> Callable[[Decimal], int]:
    """What rounds seconds half-even to whole microseconds."""
    from decimal import ROUND_HALF_EVEN, Context, Decimal  # here, as above

    # A context of our own, so that a caller's changes nothing; 60 digits hold the microseconds of any datetime.
    exact = Context(prec=60, rounding=ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999, capitals=1, clamp=0, traps=[])
    microsecond = Decimal("0.000001")
    return lambda seconds: int(exact.scaleb(exact.quantize(seconds, microsecond), 6))


def _plus(start: datetime, duration: timedelta) -> datetime:
    try:
        return start + duration
    except OverflowError:
        raise ValueError("a time outside of the years 1 to 9999") from None
