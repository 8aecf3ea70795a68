"""Timestamps against botocore, `email.utils`, `datetime.fromisoformat` and exact fractions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone, tzinfo
from decimal import Context, Decimal, DefaultContext, localcontext
from email.utils import format_datetime, parsedate_to_datetime
from fractions import Fraction
from typing import Any

import botocore.utils
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.protocol import timestamps
from neo_wire.protocol.timestamps import read, write
from neo_wire.schema import TimestampFormatName

parse_timestamp: Any = botocore.utils.parse_timestamp
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
FIRST_SECOND, LAST_SECOND = -62135596800, 253402300799
FORMATS: list[TimestampFormatName] = ["epoch-seconds", "date-time", "http-date"]
moments = st.datetimes(timezones=st.just(UTC))
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
local_moments = st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001  # Hypothesis adds the zone


def to_millisecond(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


# -------------------------------------------------------------------------------------------------------------- writing


@given(moments)
@example(FIRST)
@example(LAST)
@example(EPOCH - timedelta(microseconds=1))
def test_epoch_seconds_are_exact_to_the_millisecond(moment: datetime) -> None:
    text = write(moment, "epoch-seconds")
    since = to_millisecond(moment) - EPOCH
    assert Fraction(text) == Fraction(since // timedelta(milliseconds=1), 1000)
    assert "e" not in text.lower()
    assert not text.endswith((".", ".0", ".000"))
    assert ("." in text) == (moment.microsecond >= 1000)


@given(moments)
@example(FIRST)
@example(LAST)
def test_a_date_time_reads_as_python_reads_it(moment: datetime) -> None:
    text = write(moment, "date-time")
    assert datetime.fromisoformat(text) == to_millisecond(moment)
    assert len(text) == len("2026-01-31T12:00:00.000Z" if moment.microsecond >= 1000 else "2026-01-31T12:00:00Z")


@given(moments)
@example(FIRST)
@example(LAST)
def test_an_http_date_is_what_email_utils_writes(moment: datetime) -> None:
    assert write(moment, "http-date") == format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("timestamp_format", FORMATS)
@given(moment=local_moments)
def test_another_zone_is_written_in_utc(timestamp_format: TimestampFormatName, moment: datetime) -> None:
    assert write(moment, timestamp_format) == write(moment.astimezone(UTC), timestamp_format)


class EndOfSummer(tzinfo):
    """Central Europe on the day that the clocks go back, with no need for the system's database of zones."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        return timedelta(hours=1 if moment is not None and moment.fold else 2)

    def tzname(self, _moment: datetime | None) -> str:
        return "Central Europe"

    def dst(self, moment: datetime | None) -> timedelta:
        return self.utcoffset(moment) - timedelta(hours=1)


def test_the_repeated_hour_at_the_end_of_summer_time_is_told_apart() -> None:
    twice = datetime(2026, 10, 25, 2, 30, tzinfo=EndOfSummer())
    assert write(twice, "date-time") == "2026-10-25T00:30:00Z"
    assert write(twice.replace(fold=1), "date-time") == "2026-10-25T01:30:00Z"


@pytest.mark.parametrize("timestamp_format", FORMATS)
def test_a_naive_datetime_is_refused(timestamp_format: TimestampFormatName) -> None:
    with pytest.raises(ValueError, match=r"a naive datetime, which could mean any time zone; give it one"):
        write(datetime(2026, 1, 31), timestamp_format)  # noqa: DTZ001  # the point of the test


@pytest.mark.parametrize("timestamp_format", FORMATS)
@pytest.mark.parametrize(
    "moment",
    [FIRST.replace(tzinfo=timezone(timedelta(minutes=1))), LAST.replace(tzinfo=timezone(timedelta(minutes=-1)))],
)
def test_what_is_out_of_the_years_in_utc_is_refused(moment: datetime, timestamp_format: TimestampFormatName) -> None:
    with pytest.raises(ValueError, match="outside of the years 1 to 9999 in UTC"):
        write(moment, timestamp_format)


@pytest.mark.parametrize(
    ("moment", "epoch", "date_time"),
    [
        (EPOCH, "0", "1970-01-01T00:00:00Z"),
        (EPOCH - timedelta(milliseconds=1), "-0.001", "1969-12-31T23:59:59.999Z"),
        (EPOCH - timedelta(milliseconds=1500), "-1.5", "1969-12-31T23:59:58.500Z"),
        (EPOCH + timedelta(microseconds=999), "0", "1970-01-01T00:00:00Z"),
        (EPOCH + timedelta(milliseconds=1), "0.001", "1970-01-01T00:00:00.001Z"),
        (EPOCH + timedelta(milliseconds=100), "0.1", "1970-01-01T00:00:00.100Z"),
        (EPOCH + timedelta(seconds=1000), "1000", "1970-01-01T00:16:40Z"),
        (datetime(2026, 1, 31, 12, 0, 0, 5999, UTC), "1769860800.005", "2026-01-31T12:00:00.005Z"),
        (FIRST, "-62135596800", "0001-01-01T00:00:00Z"),
        (LAST, "253402300799.999", "9999-12-31T23:59:59.999Z"),
    ],
)
def test_what_is_written(moment: datetime, epoch: str, date_time: str) -> None:
    assert write(moment, "epoch-seconds") == epoch
    assert write(moment, "date-time") == date_time


# -------------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize("timestamp_format", FORMATS)
@given(moment=moments)
def test_what_was_written_is_read(timestamp_format: TimestampFormatName, moment: datetime) -> None:
    kept = moment.replace(microsecond=0) if timestamp_format == "http-date" else to_millisecond(moment)
    text = write(moment, timestamp_format)
    assert read(text) == kept
    assert read(text).tzinfo is UTC
    if timestamp_format == "epoch-seconds":
        assert read(Decimal(text)) == kept


def rounded(seconds: Fraction) -> datetime:
    return EPOCH + timedelta(microseconds=round(seconds * 10**6))  # Python rounds fractions half to even


@given(st.decimals(FIRST_SECOND, LAST_SECOND, places=9) | st.decimals(-5, 5, allow_nan=False))
@example(Decimal("0.0000005"))
@example(Decimal("0.0000015"))
@example(Decimal("-0.0000005"))
@example(Decimal("0.0000005" + "0" * 80 + "1"))
@example(Decimal("1769860800.0000005" + "0" * 80 + "1"))
@example(Decimal("1.5e9"))
@example(Decimal("1E-999999999"))
@example(Decimal("-0"))
def test_epoch_seconds_are_rounded_half_even_once(seconds: Decimal) -> None:
    moment = read(seconds)
    assert moment.tzinfo is UTC
    if seconds.adjusted() > -1000:
        assert moment == rounded(Fraction(seconds))
    else:
        assert moment == EPOCH
    assert read(str(seconds)) == moment


@given(st.integers(FIRST_SECOND, LAST_SECOND))
def test_whole_seconds_are_exact(seconds: int) -> None:
    assert read(seconds) == EPOCH + timedelta(seconds=seconds) == read(Decimal(seconds)) == read(f"{seconds}")


@given(st.integers(-(10**9), 4 * 10**9), st.integers(0, 999_999))
def test_numbers_are_read_as_botocore_reads_them(seconds: int, micros: int) -> None:
    text = f"{seconds}.{micros:06}"
    for value in (seconds, float(text), text, f"{seconds}", f"{seconds}e0"):
        assert read(value) == parse_timestamp(value)


@given(local_moments)
def test_date_times_are_read_as_python_and_botocore_read_them(moment: datetime) -> None:
    text = moment.isoformat()
    assert read(text) == datetime.fromisoformat(text) == parse_timestamp(text)
    assert read(text).tzinfo is UTC
    assert read(text.replace("T", " ")) == read(text.replace("T", "t")) == moment
    without = moment.replace(tzinfo=None).isoformat()
    assert read(without) == read(without + "Z") == read(without + "z") == moment.replace(tzinfo=UTC)


@given(moments, st.text("0123456789", min_size=1, max_size=40))
@example(datetime(2026, 1, 31, tzinfo=UTC), "0000005")
@example(datetime(2026, 1, 31, tzinfo=UTC), "0000015")
@example(datetime(2026, 1, 31, tzinfo=UTC), "0000005" + "0" * 60 + "1")
@example(datetime(2026, 1, 31, tzinfo=UTC), "9999999")
def test_fractions_of_any_length_are_rounded_half_even(moment: datetime, fraction: str) -> None:
    whole = moment.replace(microsecond=0, year=min(moment.year, 9998))
    since = Fraction((whole - EPOCH) // timedelta(seconds=1)) + Fraction(f"0.{fraction}")
    assert read(f"{whole.replace(tzinfo=None).isoformat()}.{fraction}Z") == rounded(since)


@given(st.datetimes(datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # as above; email.utils guesses the century of earlier years
def test_http_dates_are_read_as_email_utils_reads_them(moment: datetime) -> None:
    text = format_datetime(moment, usegmt=True)
    assert read(text) == parsedate_to_datetime(text)
    assert read(text.replace(" GMT", ".5 GMT")) == parsedate_to_datetime(text) + timedelta(milliseconds=500)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2019-12-16T22:48:18-01:00", EPOCH + timedelta(seconds=1576540098)),
        ("2019-12-16T22:48:18-0100", EPOCH + timedelta(seconds=1576540098)),
        ("2000-01-02T20:34:56.123Z", EPOCH + timedelta(seconds=946845296, milliseconds=123)),
        ("Tue, 29 Apr 2014 18:30:38 GMT", EPOCH + timedelta(seconds=1398796238)),
        (1795447629.726, EPOCH + timedelta(seconds=1795447629, milliseconds=726)),
        ("1.5E9", EPOCH + timedelta(seconds=1500000000)),
        ("+5", EPOCH + timedelta(seconds=5)),
        (".5", EPOCH + timedelta(milliseconds=500)),
        ("5.", EPOCH + timedelta(seconds=5)),
        (-0.0, EPOCH),
        (FIRST_SECOND, FIRST),
        (float(FIRST_SECOND), FIRST),
        (LAST_SECOND, LAST.replace(microsecond=0)),
        (Decimal("253402300799.9999994"), LAST),
        ("0001-01-01T00:00:00Z", FIRST),
        ("9999-12-31T23:59:59.999999Z", LAST),
    ],
)
def test_what_is_read(value: object, expected: datetime) -> None:
    assert read(value) == expected


OUT_OF_YEARS = "a time outside of the years 1 to 9999"
NO_TIMESTAMP = "a string of another form"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (FIRST_SECOND - 1, OUT_OF_YEARS),
        (LAST_SECOND + 1, OUT_OF_YEARS),
        (Decimal(FIRST_SECOND) - Decimal("0.000001"), OUT_OF_YEARS),
        (Decimal("253402300799.9999996"), OUT_OF_YEARS),
        (10**400, OUT_OF_YEARS),
        (1e300, OUT_OF_YEARS),
        (Decimal("1e999999999"), OUT_OF_YEARS),
        ("-1e999999999", OUT_OF_YEARS),
        ("1e9999999999999999999", "a number out of all bounds"),
        ("0001-01-01T00:00:00+00:01", OUT_OF_YEARS),
        ("9999-12-31T23:59:59-00:01", OUT_OF_YEARS),
        ("9999-12-31T23:59:59.9999999Z", OUT_OF_YEARS),
        ("0000-01-01T00:00:00Z", "year"),
        ("2026-13-01T00:00:00Z", "month"),
        ("2026-02-30T00:00:00Z", "day"),
        ("2026-01-31T24:00:00Z", "hour"),
        ("2026-01-31T12:60:00Z", "minute"),
        ("2026-01-31T12:00:60Z", "second"),
        ("2026-01-31T12:00:00+24:00", NO_TIMESTAMP),
        ("2026-01-31T12:00:00+01:60", NO_TIMESTAMP),
        ("2026-01-31T12:00:00.Z", NO_TIMESTAMP),
        ("2026-01-31", NO_TIMESTAMP),
        ("Tue, 29 Apr 2014 18:30:38 CET", NO_TIMESTAMP),
        ("Tue, 29 apr 2014 18:30:38 GMT", NO_TIMESTAMP),
        ("Tue, 31 Feb 2014 18:30:38 GMT", "day"),
        ("", NO_TIMESTAMP),
        (" 5", NO_TIMESTAMP),
        ("5\n", NO_TIMESTAMP),
        ("2026-01-31T12:00:00Z\n", NO_TIMESTAMP),
        ("\u0665", NO_TIMESTAMP),
        ("0x10", NO_TIMESTAMP),
        ("1_000", NO_TIMESTAMP),
        ("NaN", NO_TIMESTAMP),
        ("Infinity", NO_TIMESTAMP),
        (float("nan"), "not a finite number"),
        (float("-inf"), "not a finite number"),
        (Decimal("NaN"), "not a finite number"),
        (Decimal("sNaN"), "not a finite number"),
        (True, "no number and no string"),
        (None, "no number and no string"),
        ([5], "no number and no string"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_is_no_timestamp_is_a_value_error(value: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(value)


@given(st.text() | st.text("0123456789-+:.TZe GMT,", max_size=40) | st.floats() | st.decimals() | st.integers())
def test_anything_else_is_a_value_error_too(value: object) -> None:
    try:
        moment = read(value)
    except ValueError:
        return
    assert moment.tzinfo is UTC


# --------------------------------------------------------------------------------------------- the caller's own context


@pytest.mark.parametrize("traps", [True, False])
def test_the_callers_decimal_context_changes_nothing(traps: bool) -> None:
    values: list[object] = [
        Decimal("1769860800.0055555"),
        "1769860800.0055555",
        1769860800.25,
        "2026-01-31T12:00:00.55",
    ]
    expected = [read(value) for value in values]
    with localcontext(Context(prec=1, Emax=1, Emin=-1, clamp=1, rounding="ROUND_UP")) as context:
        for signal in context.traps:
            context.traps[signal] = traps
        assert [read(value) for value in values] == expected
        with pytest.raises(ValueError, match=r"a number out of all bounds|not a finite number"):
            read("1e9999999999999999999")
        with pytest.raises(ValueError, match=OUT_OF_YEARS):
            read(Decimal("1e999999999"))


def test_a_changed_default_context_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("prec", 1), ("Emin", -1), ("Emax", 1), ("clamp", 1), ("rounding", "ROUND_UP")):
        monkeypatch.setattr(DefaultContext, name, value)
    timestamps._microseconds.cache_clear()  # it is made from what the process has then
    assert read(Decimal("1769860800.0055555")) == datetime(2026, 1, 31, 12, 0, 0, 5556, tzinfo=UTC)
