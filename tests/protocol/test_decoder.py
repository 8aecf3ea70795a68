"""The decoder type by type: what it understands, what it refuses and in which words, and at what cost."""

from __future__ import annotations

import copy
import math
import pickle
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest

from neo_wire.protocol.decoder import decode, parse_json
from neo_wire.protocol.encoder import encode
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.schema import (
    Byte,
    Document,
    Float,
    Integer,
    Long,
    OpenIntEnum,
    OpenStrEnum,
    Sensitive,
    Short,
    TaggedUnion,
    UnknownMember,
    structure,
    union,
)
from neo_wire.service import OperationOutput, Unit
from neo_wire.shapes.structures import DescribeCompilationJobResponse, ListCompilationJobsResponse, NeoVpcConfig


class Colour(OpenStrEnum):
    RED = "red"
    EMPTY = ""


class Level(OpenIntEnum):
    NONE = 0
    LOW = 1


@union
class Either(TaggedUnion):
    text: str | None = None
    number: Byte | None = None


@structure
class Thing:
    string: str | None = None
    boolean: bool | None = None
    byte: Byte | None = None
    short: Short | None = None
    integer: Integer | None = None
    long: Long | None = None
    big_integer: int | None = None
    float_: Float | None = None
    double: float | None = None
    big_decimal: Decimal | None = None
    blob: bytes | None = None
    timestamp: datetime | None = None
    colour: Colour | None = None
    level: Level | None = None
    strings: Sequence[str] | None = None
    sparse_strings: Sequence[str | None] | None = None
    table: Sequence[Sequence[Integer]] | None = None
    map: Mapping[str, Integer] | None = None
    sparse_map: Mapping[Colour, Integer | None] | None = None
    secrets: Annotated[Mapping[str, str], Sensitive()] | None = None
    document: Document | None = None
    either: Either | None = None
    eithers: Sequence[Either] | None = None
    itself: Thing | None = None
    things: Sequence[Thing] | None = None


@structure
class Needy(OperationOutput):
    string: str
    number: Integer
    strings: Sequence[str]
    map: Mapping[str, str]
    inner: Thing
    optional_map: Mapping[str, str] | None = None


def read(text: str, cls: type = Thing) -> Any:
    return decode(cls, parse_json(text.encode()))


def test_nan_comes_back_as_nan() -> None:
    for number in (math.nan, math.inf, -math.inf):
        decoded = read(encode(Thing(double=number, float_=number)).decode())
        assert (repr(decoded.double), repr(decoded.float_)) == (repr(number), repr(number))


# --------------------------------------------------------------------------------------------------- what is understood


@pytest.mark.parametrize(
    ("text", "member", "expected"),
    [
        ('{"String": ""}', "string", ""),
        (r'{"String": "\u00e9\ud83d\ude00é"}', "string", "é😀é"),
        ('{"String": "a", "String": "b"}', "string", "b"),
        ('{"string": "another name"}', "string", None),
        ('{"Boolean": false}', "boolean", False),
        ('{"Byte": -128}', "byte", -128),
        ('{"Byte": 127.0}', "byte", 127),
        ('{"Byte": 1.27e2}', "byte", 127),
        ('{"Byte": -0}', "byte", 0),
        ('{"Byte": -0.0}', "byte", 0),
        ('{"Byte": 0e-999999999}', "byte", 0),
        ('{"Short": 32767}', "short", 32767),
        ('{"Integer": -2147483648}', "integer", -(2**31)),
        ('{"Long": 9223372036854775807}', "long", 2**63 - 1),
        ('{"Long": 9223372036854775807.0}', "long", 2**63 - 1),
        ('{"BigInteger": ' + "9" * 4300 + "}", "big_integer", 10**4300 - 1),
        ('{"BigInteger": 1e4299}', "big_integer", 10**4299),
        ('{"BigInteger": ' + "1" * 100 + ".0}", "big_integer", int("1" * 100)),
        ('{"Float": 1}', "float_", 1.0),
        ('{"Double": 0.1}', "double", 0.1),
        ('{"Double": 1e-999999999}', "double", 0.0),
        ('{"Double": 1.7976931348623157e308}', "double", 1.7976931348623157e308),
        ('{"Double": 123456789012345678901234567890}', "double", 1.2345678901234568e29),
        ('{"Double": "Infinity"}', "double", math.inf),
        ('{"Double": "-Infinity"}', "double", -math.inf),
        ('{"BigDecimal": 1.10}', "big_decimal", Decimal("1.10")),
        ('{"BigDecimal": 5}', "big_decimal", Decimal(5)),
        ('{"BigDecimal": 0.' + "123456789" * 100 + "}", "big_decimal", Decimal("0." + "123456789" * 100)),
        ('{"BigDecimal": -1E-999999999}', "big_decimal", Decimal("-1E-999999999")),
        ('{"Blob": ""}', "blob", b""),
        ('{"Blob": "+/8A"}', "blob", b"\xfb\xff\x00"),
        ('{"Timestamp": 1769860800.005}', "timestamp", datetime(2026, 1, 31, 12, 0, 0, 5000, UTC)),
        ('{"Timestamp": "2026-01-31T14:00:00+02:00"}', "timestamp", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ('{"Colour": "red"}', "colour", Colour.RED),
        ('{"Colour": ""}', "colour", Colour.EMPTY),
        ('{"Colour": "blue"}', "colour", Colour("blue")),
        ('{"Level": 0}', "level", Level.NONE),
        ('{"Level": 1.0}', "level", Level.LOW),
        ('{"Level": 99}', "level", Level(99)),
        ('{"Strings": []}', "strings", ()),
        ('{"Strings": ["a", null, "b"]}', "strings", ("a", "b")),
        ('{"SparseStrings": ["a", null]}', "sparse_strings", ("a", None)),
        ('{"Table": [[1], null, []]}', "table", ((1,), ())),
        ('{"Map": {"a": 1, "b": null}}', "map", {"a": 1}),
        ('{"Map": {}}', "map", {}),
        ('{"SparseMap": {"red": null, "blue": 1}}', "sparse_map", {"red": None, "blue": 1}),
        ('{"Document": {"a": [null, 1, 1.5, 1e400, "x"], "b": {}}}', "document",
         {"a": (None, 1, 1.5, Decimal("1e400"), "x"), "b": {}}),
        ('{"Document": false}', "document", False),
        ('{"Document": null}', "document", None),
        ('{"Either": {"Text": "a", "Number": null, "__type": "x", "New": null}}', "either", Either(text="a")),
        ('{"Either": {"New": {"a": [1.5]}}}', "either", Either(unknown_member=UnknownMember("New", {"a": (1.5,)}))),
        ('{"Itself": {"Itself": {}}}', "itself", Thing(itself=Thing())),
        ('{"Things": [{}, {"Byte": 1}]}', "things", (Thing(), Thing(byte=1))),
        ('{"Unknown": {"a": [1, 1e9]}, "__type": "x", "": 1}', "string", None),
        ('\ufeff{"String": "after a byte order mark"}', "string", "after a byte order mark"),
        (' \n\t{"String": "x"}\r\n ', "string", "x"),
    ],
)  # fmt: skip
def test_what_is_understood(text: str, member: str, expected: object) -> None:
    value = getattr(read(text), member)
    assert value == expected
    assert type(value) is type(expected)


def test_an_absent_member_is_none_and_a_required_collection_is_empty() -> None:
    for text in ("{}", '{"String": null, "Number": null, "Strings": null, "Map": null, "Inner": null}'):
        needy = read(text, Needy)
        assert (needy.string, needy.number, needy.inner, needy.optional_map) == (None, None, None, None)
        assert needy.strings == ()
        assert needy.map == {}
        assert needy.response_metadata.status == 0


def test_what_stands_in_for_a_missing_map_belongs_to_nobody_else() -> None:
    first, second = read("{}", Needy), read("{}", Needy)
    first.map["a"] = "b"
    assert second.map == {}


def test_a_decoded_shape_is_as_good_as_a_constructed_one() -> None:
    text = '{"SecurityGroupIds": ["sg-1"], "Subnets": ["s-1", "s-2"]}'
    decoded, made = read(text, NeoVpcConfig), NeoVpcConfig(security_group_ids=["sg-1"], subnets=["s-1", "s-2"])
    assert decoded == made
    assert hash(decoded) == hash(made)
    assert repr(decoded) == repr(made)
    for value in (decoded, read("{}", Needy), read("{}", DescribeCompilationJobResponse), read("{}", Unit)):
        assert copy.copy(value) == copy.deepcopy(value) == value
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301  # our own bytes
    assert hash(read('{"CompilationJobSummaries": []}', ListCompilationJobsResponse)) != 0


def test_the_root_may_be_a_union() -> None:
    assert read('{"Number": 5}', Either) == Either(number=5)
    assert read('{"New": 5}', Either).unknown_member == UnknownMember("New", 5)


def test_only_shapes_are_decoded() -> None:
    with pytest.raises(TypeError, match="is no shape"):
        decode(dict, {})


# ------------------------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "a list where an object belongs"),
        ('"text"', "a string where an object belongs"),
        ("1.5", "a decimal number where an object belongs"),
        ("true", "a boolean where an object belongs"),
        ('{"String": 1}', "String: a number where a string belongs"),
        ('{"String": {}}', "String: an object where a string belongs"),
        ('{"Boolean": 1}', "Boolean: a number where a boolean belongs"),
        ('{"Boolean": "true"}', "Boolean: a string where a boolean belongs"),
        ('{"Byte": true}', "Byte: a boolean where an integer belongs"),
        ('{"Byte": "1"}', "Byte: a string where an integer belongs"),
        ('{"Byte": 1.5}', "Byte: a number with a fraction where an integer belongs"),
        ('{"Byte": 128}', "Byte: a number beyond 8 bits"),
        ('{"Byte": -129.0}', "Byte: a number beyond 8 bits"),
        ('{"Byte": 1e999999999}', "Byte: a number out of all bounds"),
        ('{"Byte": 1e-999999999}', "Byte: a number with a fraction where an integer belongs"),
        ('{"Short": 32768}', "Short: a number beyond 16 bits"),
        ('{"Integer": 2147483648}', "Integer: a number beyond 32 bits"),
        ('{"Long": -9223372036854775809}', "Long: a number beyond 64 bits"),
        ('{"BigInteger": 1e4300}', "BigInteger: a number out of all bounds"),
        ('{"BigInteger": 1.5}', "BigInteger: a number with a fraction where an integer belongs"),
        ('{"Double": true}', "Double: a boolean where a number belongs"),
        ('{"Double": "nan"}', "Double: a string where a number belongs"),
        ('{"Double": 1e309}', "Double: a number too large for a double"),
        ('{"Double": -1e999999999}', "Double: a number too large for a double"),
        ('{"Double": 1' + "0" * 400 + "}", "Double: a number too large for a double"),
        ('{"Float": []}', "Float: a list where a number belongs"),
        ('{"BigDecimal": "1"}', "BigDecimal: a string where a number belongs"),
        ('{"BigDecimal": false}', "BigDecimal: a boolean where a number belongs"),
        ('{"Blob": 1}', "Blob: a number where a string belongs"),
        ('{"Blob": "YQ"}', "Blob: a string that is not base64"),
        ('{"Blob": "YQ==YQ=="}', "Blob: a string that is not base64"),
        ('{"Blob": "Y Q="}', "Blob: a string that is not base64"),
        ('{"Blob": "-_8A"}', "Blob: a string that is not base64"),
        ('{"Blob": "é"}', "Blob: a string that is not base64"),
        ('{"Timestamp": true}', "Timestamp: no number and no string where a timestamp belongs"),
        ('{"Timestamp": {}}', "Timestamp: no number and no string where a timestamp belongs"),
        ('{"Timestamp": "soon"}', "Timestamp: a string of another form where a timestamp belongs"),
        ('{"Timestamp": 1e999999999}', "Timestamp: a time outside of the years 1 to 9999 where a timestamp belongs"),
        ('{"Colour": 1}', "Colour: a number where a string belongs"),
        ('{"Level": "1"}', "Level: a string where an integer belongs"),
        ('{"Level": 2147483648}', "Level: a number beyond 32 bits"),
        ('{"Strings": {}}', "Strings: an object where a list belongs"),
        ('{"Strings": "ab"}', "Strings: a string where a list belongs"),
        ('{"Strings": ["a", 1]}', "Strings[1]: a number where a string belongs"),
        ('{"Table": [[], [1, "2"]]}', "Table[1][1]: a string where an integer belongs"),
        ('{"Map": []}', "Map: a list where an object belongs"),
        ('{"Map": {"a": "b"}}', "Map.a: a string where an integer belongs"),
        ('{"Map": {"' + "k" * 1000 + '": "b"}}', f"Map.{'k' * 60}…: a string where an integer belongs"),
        ('{"Secrets": {"hunter2": 1}}', "Secrets.…: a number where a string belongs"),
        ('{"Either": []}', "Either: a list where a union's object belongs"),
        ('{"Either": {}}', "Either: a union with 0 members, which has exactly one"),
        ('{"Either": {"Text": null, "__type": "x"}}', "Either: a union with 0 members, which has exactly one"),
        ('{"Either": {"Text": "a", "Number": 1}}', "Either: a union with 2 members, which has exactly one"),
        ('{"Either": {"Text": "a", "New": 1}}', "Either: a union with 2 members, which has exactly one"),
        ('{"Eithers": [{"Text": 1}]}', "Eithers[0].Text: a number where a string belongs"),
        ('{"Itself": []}', "Itself: a list where an object belongs"),
        ('{"Things": [{}, {"Itself": {"Strings": [[]]}}]}',
         "Things[1].Itself.Strings[0]: a list where a string belongs"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_its_path(text: str, problem: str) -> None:
    with pytest.raises(Mismatch) as caught:
        read(text)
    assert str(caught.value) == problem
