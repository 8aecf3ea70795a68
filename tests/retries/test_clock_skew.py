"""The clock skew that a response shows: the SDKs' shared rule, and dates of every kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import AccessDenied, NeoWireError, ReadTimeout, ResourceNotFound, ServiceError, SignatureError
from neo_wire.http import HttpResponse
from neo_wire.retries.clock_skew import NO_SKEW, SKEW_CODES, ClockSkew, is_skew_error, measured_skew, server_date

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def dated(*dates: str, age: str | None = None) -> HttpResponse:
    headers = tuple(("date", date) for date in dates) + ((("age", age),) if age is not None else ())
    return HttpResponse(200, (("x-amzn-requestid", "r-1"), *headers))


@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 1994 09:49:37 +0100",
    ],
)
def test_every_form_of_a_date_is_read(date: str) -> None:
    found = server_date(dated(date))
    assert found == datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "date",
    [
        "",
        "today",
        "Sun, 99 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1900 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Aaa, 01 Nov 0000 00:00:00 GMT",
        "Sun, 06 Nov 0094 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +99999999",
    ],
)
def test_what_is_no_date_tells_nothing(date: str) -> None:
    assert server_date(dated(date)) is None


@given(st.text(max_size=60))
def test_no_date_breaks_the_reader(date: str) -> None:
    found = server_date(dated(date))
    assert found is None or found.tzinfo is UTC


@given(st.datetimes(datetime(1970, 1, 2), datetime(9000, 1, 1)))  # noqa: DTZ001  # Hypothesis wants naive bounds
def test_a_date_is_read_to_the_second(moment: datetime) -> None:
    aware = moment.replace(tzinfo=UTC, microsecond=0)
    assert server_date(dated(format_datetime(aware, usegmt=True))) == aware


def test_a_cached_response_and_one_without_a_date_tell_nothing() -> None:
    assert server_date(dated("Sun, 06 Nov 1994 08:49:37 GMT", age="0")) is None
    assert server_date(HttpResponse(200, (("age", "5"), ("date", "Sun, 06 Nov 1994 08:49:37 GMT")))) is None
    assert server_date(HttpResponse(200)) is None


def test_of_two_dates_the_first_counts() -> None:
    found = server_date(dated("Thu, 01 Jan 2026 00:00:00 GMT", "Fri, 02 Jan 2026 00:00:00 GMT"))
    assert found == NEW_YEAR


@pytest.mark.parametrize(
    ("date", "round_trip", "expected"),
    [
        (NEW_YEAR + timedelta(minutes=5, seconds=1), 2.0, timedelta(seconds=300)),
        (NEW_YEAR + timedelta(minutes=2, seconds=1), 2.0, timedelta(seconds=120)),
        (NEW_YEAR - timedelta(minutes=5), 0.0, timedelta(seconds=-300)),
        (NEW_YEAR + timedelta(seconds=1), -2.0, timedelta(seconds=1)),
        (NEW_YEAR, 900.0, timedelta(seconds=-450)),
        (NEW_YEAR, 900.5, None),
    ],
)
def test_the_skew_is_against_the_middle_of_the_exchange(
    date: datetime, round_trip: float, expected: timedelta | None
) -> None:
    assert measured_skew(date, NEW_YEAR, round_trip) == expected


def test_a_client_starts_without_a_skew() -> None:
    assert ClockSkew().current == NO_SKEW == timedelta()


MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("code", sorted(SKEW_CODES))
@pytest.mark.parametrize("sign", [1, -1])
def test_a_refusal_of_a_signature_is_a_skew_error_when_the_clocks_differ(code: str, sign: int) -> None:
    error = ServiceError(code=code, status=403)
    assert is_skew_error(error, 5 * MINUTE * sign, NO_SKEW)
    assert not is_skew_error(error, 4 * MINUTE * sign, NO_SKEW)
    assert not is_skew_error(error, None, NO_SKEW)


@pytest.mark.parametrize(
    ("error", "skew", "applied"),
    [
        (ResourceNotFound(), 5 * MINUTE, NO_SKEW),
        (AccessDenied(code="AccessDenied"), 5 * MINUTE, NO_SKEW),
        (ReadTimeout("nothing", endpoint="https://a.example", maybe_processed=True), 5 * MINUTE, NO_SKEW),
        # signed with the right time already: a wrong secret
        (SignatureError(), 60 * MINUTE, 60 * MINUTE),
        (SignatureError(), 60 * MINUTE, 57 * MINUTE),
    ],
)
def test_any_other_refusal_is_none(error: NeoWireError, skew: timedelta, applied: timedelta) -> None:
    assert not is_skew_error(error, skew, applied)


def test_a_correction_that_was_wrong_itself_is_corrected() -> None:
    assert is_skew_error(SignatureError(), 10 * MINUTE, -10 * MINUTE)
    assert is_skew_error(SignatureError(), 10 * MINUTE, 6 * MINUTE)


DATES = r"[A-Z][a-z][a-z], [0-3][0-9] (Nov|Feb|Xyz) [0-9]{4} [0-2][0-9]:[0-6][0-9]:[0-6][0-9] GMT"


@given(date=st.from_regex(DATES, fullmatch=True))
def test_a_date_in_the_usual_form_is_read_as_the_standard_library_reads_it(date: str) -> None:
    try:
        expected = parsedate_to_datetime(date).replace(tzinfo=UTC)
    except ValueError:
        expected = None
    # The standard library takes the year 0094 for one of two digits, 1994.
    if expected is None or not 1970 <= int(date[12:16]) <= 9000:
        assert server_date(dated(date)) is None
    else:
        assert server_date(dated(date)) == expected
