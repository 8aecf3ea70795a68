from __future__ import annotations

import decimal
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.credentials import json_members
from neo_wire.credentials.json_members import (
    JsonObject,
    epoch_milliseconds,
    nested,
    read_object,
    seconds,
    text,
    text_or_empty,
    texts,
    time,
    visible_text,
)
from neo_wire.protocol.mismatch import Mismatch

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just(10**400)
    | st.sampled_from(["1e999", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
READERS: list[Callable[[JsonObject, str], object]] = [
    epoch_milliseconds,
    nested,
    seconds,
    text,
    text_or_empty,
    texts,
    time,
    visible_text,
]


@pytest.mark.parametrize("read", READERS)
@given(value=ANY_JSON)
def test_whatever_a_member_is_it_is_read_or_a_mismatch(
    read: Callable[[JsonObject, str], object], value: object
) -> None:
    try:
        members = read_object(json.dumps({"x": value}).encode())
        read(members, "x")
    except Mismatch as mismatch:
        said = str(mismatch)
        assert said.startswith(("x ", "the body ")), "it names the member, or says that the body is no JSON"


def no_json(constant: str) -> object:
    raise ValueError(constant)


@given(data=st.binary() | ANY_JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_bytes_are_they_are_an_object_or_a_mismatch(data: bytes) -> None:
    try:
        expected = json.loads(data.decode("utf-8-sig"), parse_constant=no_json)
    except ValueError:
        expected = None
    if isinstance(expected, dict):
        assert read_object(data).keys() == expected.keys()
    else:
        with pytest.raises(Mismatch):
            read_object(data)


def test_an_object_that_is_too_long() -> None:
    fits = b'{"x": "' + b"y" * (json_members.MAX_LENGTH - 9) + b'"}'
    assert len(fits) == json_members.MAX_LENGTH
    assert len(str(read_object(fits)["x"])) == json_members.MAX_LENGTH - 9
    with pytest.raises(Mismatch, match="more than 256 KiB"):
        read_object(fits + b" ")


def test_texts_name_all_that_is_wrong() -> None:
    members: JsonObject = {"a": "1", "b": "", "c": None, "d": 5, "e": ["secret"]}
    assert texts(members, "a") == ["1"]
    with pytest.raises(Mismatch) as raised:
        texts(members, "a", "b", "c", "d", "e", "f")
    assert str(raised.value) == (
        "b is missing, c is missing, d is a number instead of a string, e is a list instead of a string, f is missing"
    )


def test_a_text_that_may_be_missing() -> None:
    assert [text({"a": value}, "a") for value in ("x", "", None)] == ["x", None, None]
    assert text({}, "a") is None
    with pytest.raises(Mismatch, match="a is a boolean"):
        text({"a": False}, "a")
    assert [text_or_empty({"a": value}, "a") for value in ("x", None, 5)] == ["x", "", ""]


@pytest.mark.parametrize("value", ["a b", "a\n", "a\r\nb", "é", "\ud800", "\x7f", " a"])
def test_a_text_for_a_header_is_visible_ascii(value: str) -> None:
    assert visible_text({"a": "aB9-_./+=~"}, "a") == "aB9-_./+=~"
    with pytest.raises(Mismatch, match="a has a character that no token has"):
        visible_text({"a": value}, "a")


def test_times() -> None:
    noon = datetime(2026, 5, 1, 12, tzinfo=UTC)
    for value in ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00UTC", "2026-05-01T14:00:00+02:00"):
        assert time({"a": value}, "a") == noon
    for milliseconds in (1_777_636_800_000, decimal.Decimal("1777636800000.4"), decimal.Decimal("1.7776368e12")):
        assert epoch_milliseconds({"a": milliseconds}, "a") == noon
    assert epoch_milliseconds({"a": -1}, "a") == datetime(1969, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "good"), [(1, True), (315_360_000, True), (0, False), (-1, False), (315_360_001, False)]
)
def test_seconds_are_a_life_of_a_token(value: int, good: bool) -> None:
    if good:
        assert seconds({"a": value}, "a") == timedelta(seconds=value)
    else:
        with pytest.raises(Mismatch, match="no number of seconds that a token lasts"):
            seconds({"a": value}, "a")
