"""The fast way from a body to a shape: the same as the exact way, or None when the exact one has to tell."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neo_wire.protocol import timestamps
from neo_wire.protocol.decoder import MAX_BODY_BYTES, decode, decode_plain, parse_json
from neo_wire.protocol.encoder import encode
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.schema import Document, Integer, Long, TaggedUnion, structure, union
from neo_wire.service import Operation
from neo_wire.shapes import operations
from neo_wire.shapes.structures import DescribeCompilationJobResponse, ListCompilationJobsResponse

OPERATIONS: list[Operation[Any, Any]] = [
    getattr(operations, name) for name in vars(operations)["__all__"] if name != "SAGEMAKER"
]
Instances = Callable[[type], st.SearchStrategy[Any]]


@union
class Either(TaggedUnion):
    text: str | None = None


@structure
class Thing:
    text: str | None = None
    integer: Integer | None = None
    long: Long | None = None
    big_integer: int | None = None
    double: float | None = None
    big_decimal: Decimal | None = None
    timestamp: datetime | None = None
    document: Document | None = None
    either: Either | None = None
    itself: Thing | None = None


def exactly(cls: type[Any], body: bytes) -> str | None:
    """The repr of what the exact way gives, as NaN differs from itself; None for what it refuses."""
    try:
        return repr(decode(cls, parse_json(body)))
    except Mismatch:
        return None


def assert_same_or_none(cls: type[Any], body: bytes) -> object:
    value = decode_plain(cls, body)
    assert value is None or repr(value) == exactly(cls, body)
    return value


# ------------------------------------------------------------------------------------------- what is read the fast way


DESCRIBED: dict[str, Any] = {
    "CompilationJobName": "resnet50",
    "CompilationJobStatus": "COMPLETED",
    "CreationTime": 1763899990.123,
    "CompilationStartTime": 1763900000,
    "CompilationEndTime": 1763900300.5,
    "LastModifiedTime": 1763900300.123456,
    "StoppingCondition": {"MaxRuntimeInSeconds": 900},
    "InputConfig": {"S3Uri": "s3://bucket/é", "Framework": "NEW"},
    "OutputConfig": {"S3OutputLocation": "s3://bucket/out", "TargetDevice": "ml_c5", "KmsKeyId": None},
    "NewMember": {"a": [1.5, None, 1e300]},
}


@pytest.mark.parametrize(
    ("cls", "body"),
    [
        (DescribeCompilationJobResponse, json.dumps(DESCRIBED).encode()),
        (DescribeCompilationJobResponse, json.dumps(DESCRIBED, ensure_ascii=False).encode() + b" \r\n\t"),
        (ListCompilationJobsResponse, json.dumps({"CompilationJobSummaries": [DESCRIBED] * 3}).encode()),
        (ListCompilationJobsResponse, b"{}"),
        (Thing, b'{"Double": 0.1, "Integer": 5, "BigInteger": 123456789012345678901234567890}'),
        (Thing, b'{"Document": {"a": [1.5, {}, null]}, "Either": {"New": [0.5]}, "Itself": {"Text": ""}}'),
    ],
)
def test_what_services_send_is_read_the_fast_way(cls: type, body: bytes) -> None:
    assert assert_same_or_none(cls, body) is not None


# -------------------------------------------------------------------------------------- what the exact way has to tell


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "null", "[]", "5", '"text"', "{", "{} {}", "{}x", "{}\u00a0", "<html>", " {}", "\ufeff{}"),
        *('{"a": NaN}', '{"a": -Infinity}', '{"Text": 5}', '{"Text": 1.5}', '{"Integer": 2147483648}'),
        *('{"Integer": 5.0}', '{"Long": 9007199254740993.0}', '{"BigInteger": 1e30}', '{"Integer": true}'),
        *('{"BigDecimal": 1.10}', '{"BigDecimal": 5}', '{"Double": 1e309}', '{"Double": 1e99999999999999999999}'),
        *('{"Double": 1e-99999999999999999999}', '{"Unknown": -1e-99999999999999999999}', '{"Document": 0.0}'),
        *('{"Document": 1e400}', '{"Document": [{"a": -1e400}]}', '{"Either": {"New": [1e400]}}'),
        '{"Either": {"Text": "a", "__type": 1e99999999999999999999}}',
        *('{"Timestamp": 1769860800.0000005}', '{"Timestamp": 99999999999.000003}'),
        *('{"Timestamp": 1.5}', '{"Timestamp": 1e999}', '{"Timestamp": "soon"}'),
        *('{"Unknown": 1e99999999999999999999}', '{"Itself": {"Unknown": [{"a": -1e99999999999999999999}]}}'),
        *('{"a": ' + "1" * 5000 + "}", '{"Itself":' * 100_000),
    ],
    ids=lambda text: repr(text[:40]),
)  # fmt: skip
def test_what_a_double_may_not_hold_or_is_refused_is_left_to_the_exact_way(text: str) -> None:
    assert decode_plain(Thing, text.encode()) is None


def test_bytes_that_are_no_utf8_or_too_many_are_left_too() -> None:
    assert decode_plain(Thing, b'{"Text": "\xff"}') is None
    assert decode_plain(Thing, b"{}" + b" " * (MAX_BODY_BYTES - 1)) is None
    assert decode_plain(Thing, b"{}" + b" " * (MAX_BODY_BYTES - 2)) == Thing()


def test_the_one_difference_is_a_number_beyond_all_bounds_that_a_later_member_replaces() -> None:
    body = b'{"Text": 1e99999999999999999999, "Text": "a"}'
    assert decode_plain(Thing, body) == Thing(text="a")
    assert exactly(Thing, body) is None


def test_what_is_no_shape_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="is no shape"):
        decode_plain(dict, b"{}")


# --------------------------------------------------------------------------------------------------- against the exact


@settings(max_examples=200)
@given(data=st.data())
def test_what_is_encoded_is_read_the_same(data: st.DataObject, everything: type, instances: Instances) -> None:
    cls = data.draw(st.sampled_from([everything, *(operation.output for operation in OPERATIONS)]))
    assert_same_or_none(cls, encode(data.draw(instances(cls))))


numbers = st.one_of(
    st.integers(-(2**70), 2**70).map(str),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.builds("{}.{}".format, st.integers(-(10**12), 10**12), st.text("0123456789", min_size=1, max_size=25)),
    st.builds("{}e{}".format, st.integers(-99, 99), st.integers(-500, 500) | st.sampled_from([-(10**20), 10**20])),
)
NAMES = ["Text", "Integer", "Long", "BigInteger", "Double", "BigDecimal", "Timestamp", "Document", "Unknown", "__type"]
items = numbers | st.sampled_from(
    ["null", "true", '"a"', "[]", "{}", "[1.5, 1e400]", '{"a": 1e-400}', '"1763900000.5"']
)


@settings(max_examples=500)
@given(st.lists(st.tuples(st.sampled_from(NAMES), items), max_size=4, unique_by=lambda pair: pair[0]))
def test_numbers_of_every_size_are_read_the_same(pairs: list[tuple[str, str]]) -> None:
    members = ", ".join(f'"{name}": {text}' for name, text in pairs)
    assert_same_or_none(Thing, f"{{{members}}}".encode())
    assert_same_or_none(Thing, f'{{"Itself": {{{members}}}, "Either": {{"New": [{{{members}}}]}}}}'.encode())


@settings(max_examples=1000)
@given(st.integers(10**9 - 3, 4 * 10**9 + 3), st.text("0123456789", max_size=12))
@example(2**31 - 1, "9999995")
@example(2**31, "0000005")
@example(3999999999, "9999994999999")
@example(1763900000, "00000050000001")
def test_a_timestamp_of_a_double_is_the_one_of_its_digits(seconds: int, fraction: str) -> None:
    text = f"{seconds}.{fraction or '0'}"
    value = decode_plain(Thing, f'{{"Timestamp": {text}}}'.encode())
    if value is not None:
        assert value.timestamp == timestamps.read(Decimal(text))
    elif 1_125_899_907 <= seconds < 2**31:
        assert len(fraction.rstrip("0")) > 6


@settings(max_examples=200)
@given(st.integers(0, 10**6 - 1))
def test_every_microsecond_from_2005_to_2038_is_read_the_fast_way(microseconds: int) -> None:
    for second in (1_125_899_907, 1_763_900_000, 2**31 - 1):
        body = f'{{"Timestamp": {second}.{microseconds:06}}}'.encode()
        value = decode_plain(Thing, body)
        assert value is not None
        assert value.timestamp == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(
            seconds=second, microseconds=microseconds
        )
