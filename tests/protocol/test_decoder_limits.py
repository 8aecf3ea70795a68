"""The limits of the decoder: bodies that are no JSON, deep nesting, absurd numbers, linear work, foreign parsers."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Context, Decimal, localcontext

import pytest

from neo_wire.protocol.decoder import MAX_BODY_BYTES, decode, parse_json
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.schema import Byte, Document, TaggedUnion, structure, union


@union
class Either(TaggedUnion):
    text: str | None = None


@structure
class Thing:
    string: str | None = None
    byte: Byte | None = None
    big_integer: int | None = None
    double: float | None = None
    big_decimal: Decimal | None = None
    blob: bytes | None = None
    timestamp: datetime | None = None
    strings: Sequence[str] | None = None
    document: Document | None = None
    either: Either | None = None
    itself: Thing | None = None
    things: Sequence[Thing] | None = None


def read(text: str) -> Thing:
    return decode(Thing, parse_json(text.encode()))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the body is not JSON (Expecting value at character 0)"),
        (b" \n", "the body is not JSON (Expecting value at character 2)"),
        (b"\xef\xbb\xbf", "the body is not JSON (Expecting value at character 0)"),
        (b"{", "the body is not JSON (Expecting property name enclosed in double quotes at character 1)"),
        (b'{"a": "b', "the body is not JSON (Unterminated string starting at at character 6)"),
        (b"{} {}", "the body is not JSON (Extra data at character 3)"),
        (b"{'a': 1}", "the body is not JSON (Expecting property name enclosed in double quotes at character 1)"),
        (b'{"a": "line\nbreak"}', "the body is not JSON (Invalid control character at at character 11)"),
        (b'{"a": 01}', "the body is not JSON (Expecting ',' delimiter at character 7)"),
        (b"<html>", "the body is not JSON (Expecting value at character 0)"),
        (b'{"a": NaN}', "the body is not JSON, or has a number out of all bounds"),
        (b'{"a": -Infinity}', "the body is not JSON, or has a number out of all bounds"),
        (b'{"a": 1e9999999999999999999}', "the body is not JSON, or has a number out of all bounds"),
        (b'{"a": ' + b"1" * 5000 + b"}", "the body is not JSON, or has a number out of all bounds"),
        (b'{"a": "\xff"}', "the body is not UTF-8 (byte 7)"),
        ('{"a": "é"}'.encode("utf-16"), "the body is not UTF-8 (byte 0)"),
        (b"[" * 100_000, "the body is nested too deeply"),
        (b'{"Itself":' * 100_000, "the body is nested too deeply"),
        (b" " * (MAX_BODY_BYTES + 1), "the body has more than 16 MiB"),
    ],
    ids=lambda case: None if isinstance(case, str) else repr(case[:20]),
)
def test_a_body_that_is_no_json(body: bytes, problem: str) -> None:
    with pytest.raises(Mismatch) as caught:
        parse_json(body)
    assert str(caught.value) == problem


def test_the_largest_body_is_read() -> None:
    assert parse_json(b"{}" + b" " * (MAX_BODY_BYTES - 2)) == {}


@pytest.mark.parametrize(
    ("begin", "opening", "middle", "closing", "end"),
    [
        ("", '{"Itself":', "{}", "}", ""),
        ("", '{"Things":[', "{}", "]}", ""),
        ('{"Document":', "[", "1", "]", "}"),
        ('{"Document":', '{"a":', "1", "}", "}"),
        ('{"Either":{"New":', "[", "1", "]", "}}"),
    ],
)
def test_nesting_is_read_or_refused_and_nothing_else(
    begin: str, opening: str, middle: str, closing: str, end: str
) -> None:
    outcomes = set()
    for levels in (1, 50, 100, 200, 300, 400, 600, 900, 2000):
        try:
            read(begin + opening * levels + middle + closing * levels + end)
            outcomes.add("read")
        except Mismatch as mismatch:
            outcomes.add(mismatch.reason)
    assert outcomes == {"read", "the body is nested too deeply"}


# Each is a million characters long: read in linear work in no time, in quadratic work (1 000 000 000 000 steps) never.
@pytest.mark.parametrize(
    "text",
    [
        '{"Timestamp": "' + "1" * 1_000_000 + 'x"}',
        '{"Timestamp": "' + "1" * 1_000_000 + '"}',
        '{"Timestamp": "2026-01-31T12:00:00.' + "1" * 1_000_000 + 'x"}',
        '{"Timestamp": 1' + "0" * 1_000_000 + ".5}",
        '{"Byte": 1.' + "0" * 1_000_000 + "1}",
        '{"Byte": 1' + "0" * 1_000_000 + ".0}",
        '{"Double": 1' + "0" * 1_000_000 + ".0}",
        '{"Blob": "' + "A" * 1_000_001 + '"}',
        '{"Either": {' + ", ".join(f'"{i}": 1' for i in range(100_000)) + "}}",
        '{"Strings": [' + '"a", ' * 200_000 + "1]}",
        '{"String": "' + "\\" * 999_999 + '"}',
    ],
    ids=lambda text: text[:20],
)
def test_a_long_value_is_refused_in_linear_work(text: str) -> None:
    with pytest.raises(Mismatch):
        read(text)


@pytest.mark.parametrize(
    ("text", "member"),
    [
        ('{"Timestamp": 1.' + "1" * 1_000_000 + "}", "timestamp"),
        ('{"Timestamp": "2026-01-31T12:00:00.' + "1" * 1_000_000 + 'Z"}', "timestamp"),
        ('{"Byte": 1.' + "0" * 1_000_000 + "}", "byte"),
        ('{"Double": 0.' + "1" * 1_000_000 + "}", "double"),
        ('{"BigDecimal": 0.' + "1" * 1_000_000 + "}", "big_decimal"),
        ('{"Document": 0.' + "1" * 1_000_000 + "}", "document"),
    ],
    ids=lambda text: text[:20],
)
def test_a_long_value_is_read_in_linear_work(text: str, member: str) -> None:
    assert getattr(read(text), member) is not None


# ------------------------------------------------------------------------------------------------ the caller's settings


@contextmanager
def strangest(*, traps: bool) -> Iterator[None]:
    with localcontext(Context(prec=1, Emax=1, Emin=-1, clamp=1)) as context:
        for signal in context.traps:
            context.traps[signal] = traps
        yield


NUMBERS = {
    "BigInteger": "123456789012345678901234567890.0",
    "Byte": "12.0",
    "Double": "123456.789e100",
    "BigDecimal": "123456789012345678901234567890.123456789E-50",
    "Timestamp": "1769860800.0055555",
    "Document": "123456789.25",
}


@pytest.mark.parametrize("traps", [True, False])
def test_the_callers_decimal_context_changes_nothing(traps: bool) -> None:
    text = "{" + ", ".join(f'"{name}": {number}' for name, number in NUMBERS.items()) + "}"
    expected = read(text)
    with strangest(traps=traps):
        value = read(text)
    assert value == expected


@pytest.mark.parametrize("traps", [True, False])
@pytest.mark.parametrize("member", ["BigDecimal", "Document", "Timestamp", "Double", "BigInteger", "Unknown"])
def test_an_absurd_number_is_refused_whatever_the_callers_context_traps(member: str, traps: bool) -> None:
    with strangest(traps=traps), pytest.raises(Mismatch, match="not JSON, or has a number out of all bounds"):
        read(f'{{"{member}": 1e99999999999999999999}}')


def loads(body: bytes) -> object:
    """A parser of the user's, with floats for numbers and NaN as Python's own takes it."""
    return json.loads(body)


def test_a_parser_of_the_users_is_used() -> None:
    text = '\ufeff{"Byte": 5.0, "BigInteger": 1e20, "Double": 1.5, "BigDecimal": 0.1, "Timestamp": 1769860800.005}'
    thing = decode(Thing, parse_json(text.encode(), loads))
    assert (thing.byte, thing.big_integer, thing.double, thing.big_decimal) == (5, 10**20, 1.5, Decimal("0.1"))
    assert thing.timestamp == datetime(2026, 1, 31, 12, 0, 0, 5000, UTC)
    with strangest(traps=True):
        assert decode(Thing, parse_json(b'{"Byte": 5.0, "BigDecimal": 0.1}', loads)).byte == 5


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"Byte": NaN}', "Byte: a number with a fraction where an integer belongs"),
        ('{"Byte": 1e999}', "Byte: a number with a fraction where an integer belongs"),
        ('{"Byte": 5.5}', "Byte: a number with a fraction where an integer belongs"),
        ('{"Double": NaN}', "Double: a number too large for a double"),
        ('{"BigDecimal": NaN}', "BigDecimal: a number that is not finite"),
        ('{"BigDecimal": -Infinity}', "BigDecimal: a number that is not finite"),
        ('{"Timestamp": NaN}', "Timestamp: not a finite number where a timestamp belongs"),
        ("{", "the body is not JSON (Expecting property name enclosed in double quotes at character 1)"),
        ("[" * 100_000, "the body is nested too deeply"),
        ("1" * 5000, "the body is not JSON, or has a number out of all bounds"),
    ],
    ids=lambda case: case[:20],
)
def test_a_parser_of_the_users_is_not_trusted(text: str, problem: str) -> None:
    with pytest.raises(Mismatch) as caught:
        decode(Thing, parse_json(text.encode(), loads))
    assert str(caught.value) == problem
