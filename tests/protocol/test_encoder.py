"""The encoder against botocore's serializer, and every type, format and refusal one by one."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, localcontext
from typing import Annotated, Any

import botocore.session
import pytest
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.protocol.encoder import encode
from neo_wire.schema import (
    Byte,
    Document,
    Float,
    OpenIntEnum,
    OpenStrEnum,
    Sensitive,
    TaggedUnion,
    TimestampFormat,
    UnknownMember,
    WireName,
    camel_case,
    structure,
    union,
)
from neo_wire.service import Operation, Unit
from neo_wire.shapes import operations
from neo_wire.shapes.structures import ListCompilationJobsRequest

OPERATIONS: list[Operation[Any, Any]] = [
    getattr(operations, name) for name in vars(operations)["__all__"] if name != "SAGEMAKER"
]
SAGEMAKER: Any = botocore.session.get_session().get_service_model("sagemaker")


class Colour(OpenStrEnum):
    RED = "red"


class Level(OpenIntEnum):
    LOW = 1


@union
class Either(TaggedUnion):
    text: str | None = None
    number: Byte | None = None


@structure
class Empty:
    pass


@structure
class Thing:
    string: str | None = None
    boolean: bool | None = None
    byte: Byte | None = None
    big_integer: int | None = None
    float_: Float | None = None
    double: float | None = None
    big_decimal: Decimal | None = None
    blob: bytes | None = None
    timestamp: datetime | None = None
    date_time: Annotated[datetime, TimestampFormat("date-time")] | None = None
    http_date: Annotated[datetime, TimestampFormat("http-date")] | None = None
    epoch: Annotated[datetime, TimestampFormat("epoch-seconds")] | None = None
    times: Sequence[Annotated[datetime, TimestampFormat("date-time")]] | None = None
    colour: Colour | None = None
    level: Level | None = None
    strings: Sequence[str] | None = None
    sparse_strings: Sequence[str | None] | None = None
    map: Mapping[str, str] | None = None
    sparse_map: Mapping[Colour, str | None] | None = None
    secrets: Annotated[Mapping[str, str], Sensitive()] | None = None
    document: Document | None = None
    either: Either | None = None
    empty: Empty | None = None
    itself: Thing | None = None
    things: Sequence[Thing] | None = None
    renamed: Annotated[str, WireName('x-"renamed"')] | None = None


@structure(naming=camel_case)
class Camel:
    log_group_name: str | None = None
    type_: str | None = None
    next_token: Annotated[str, WireName("NextToken")] | None = None


# ----------------------------------------------------------------------------------------------------- against botocore


def serialized(parameters: Any, operation: Any) -> Any:
    return json.loads(
        create_serializer("json", include_validation=False).serialize_to_request(parameters, operation)["body"]
    )


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@settings(max_examples=50)
@given(data=st.data())
def test_inputs_are_the_json_that_botocore_makes(
    data: st.DataObject,
    operation: Operation[Any, Any],
    instances: Callable[[type], st.SearchStrategy[Any]],
    plain: Callable[[Any], Any],
) -> None:
    value = data.draw(instances(operation.input))
    assert json.loads(encode(value)) == serialized(plain(value), SAGEMAKER.operation_model(operation.name))


@settings(max_examples=150)
@given(data=st.data())
def test_every_type_is_the_json_that_botocore_makes(
    data: st.DataObject,
    everything: type[Any],
    instances: Callable[[type], st.SearchStrategy[Any]],
    plain: Callable[[Any], Any],
    operation_in_botocore: Callable[[type], Any],
) -> None:
    value = data.draw(instances(everything))
    parameters = without_what_botocore_cannot(plain(value))
    assert without_what_botocore_cannot(json.loads(encode(value))) == serialized(
        parameters, operation_in_botocore(everything)
    )


def without_what_botocore_cannot(value: Any) -> Any:
    """It has no big decimals, and writes date-times with the fractions that datetimes have: six digits or none."""
    if isinstance(value, dict):
        left_out = ("BigDecimal", "DateTime")
        return {name: without_what_botocore_cannot(item) for name, item in value.items() if name not in left_out}
    if isinstance(value, list):
        return [without_what_botocore_cannot(item) for item in value]
    return value


# ---------------------------------------------------------------------------------------------------------- to the byte

NOON = datetime(2026, 1, 31, 12, 0, 0, 5_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "body"),
    [
        (Thing(), "{}"),
        (Unit(), "{}"),
        (Empty(), "{}"),
        (Thing(empty=Empty()), '{"Empty":{}}'),
        (Thing(string=""), '{"String":""}'),
        (Thing(string='"\\/\b\n\0\x7fé\u2028😀'), r'{"String":"\"\\/\b\n\u0000\u007f\u00e9\u2028\ud83d\ude00"}'),
        (Thing(string="\ud800"), r'{"String":"\ud800"}'),  # which the validation refuses
        (Thing(boolean=True, byte=0), '{"Boolean":true,"Byte":0}'),
        (Thing(boolean=False), '{"Boolean":false}'),
        (Thing(big_integer=-(10**400)), '{"BigInteger":-1' + "0" * 400 + "}"),
        (Thing(big_integer=Level.LOW), '{"BigInteger":1}'),
        (Thing(double=5.0), '{"Double":5.0}'),
        (Thing(double=5), '{"Double":5.0}'),
        (Thing(double=1e-7), '{"Double":1e-07}'),
        (Thing(double=1.7976931348623157e308), '{"Double":1.7976931348623157e+308}'),
        (Thing(double=-0.0), '{"Double":-0.0}'),
        (Thing(double=math.nan, float_=math.inf), '{"Float":"Infinity","Double":"NaN"}'),
        (Thing(double=-math.inf), '{"Double":"-Infinity"}'),
        (Thing(big_decimal=Decimal("-0.10")), '{"BigDecimal":-0.10}'),
        (Thing(big_decimal=Decimal("1E+500")), '{"BigDecimal":1E+500}'),
        (Thing(big_decimal=Decimal("0." + "123456789" * 60)), '{"BigDecimal":0.' + "123456789" * 60 + "}"),
        (Thing(big_decimal=7), '{"BigDecimal":7}'),  # type: ignore[arg-type]  # an int is one too
        (Thing(blob=b""), '{"Blob":""}'),
        (Thing(blob=b"\xfb\xff\x00"), '{"Blob":"+/8A"}'),
        (Thing(blob=bytearray(b"ab")), '{"Blob":"YWI="}'),  # type: ignore[arg-type]  # bytes in all but name
        (Thing(blob=memoryview(b"a-b-")[::2]), '{"Blob":"YWI="}'),  # type: ignore[arg-type]  # bytes in all but name
        (Thing(colour=Colour.RED, level=Level.LOW), '{"Colour":"red","Level":1}'),
        (Thing(colour=Colour("blue"), level=Level(9)), '{"Colour":"blue","Level":9}'),
        (Thing(colour="red"), '{"Colour":"red"}'),  # type: ignore[arg-type]  # a plain string is fine at run time
        (Thing(strings=[], map={}), '{"Strings":[],"Map":{}}'),
        (Thing(strings=("a", "b")), '{"Strings":["a","b"]}'),
        (Thing(sparse_strings=["a", None]), '{"SparseStrings":["a",null]}'),
        (Thing(sparse_map={Colour.RED: None}), '{"SparseMap":{"red":null}}'),
        (Thing(map={"é": "1", "": "2"}), r'{"Map":{"\u00e9":"1","":"2"}}'),
        (Thing(document={"a": [None, True, 1, 1.5, "x", {}], "b": Decimal("1.10")}),
         '{"Document":{"a":[null,true,1,1.5,"x",{}],"b":1.10}}'),
        (Thing(document="text"), '{"Document":"text"}'),
        (Thing(either=Either(number=0)), '{"Either":{"Number":0}}'),
        (Thing(things=[Thing(), Thing(itself=Thing(byte=1))]), '{"Things":[{},{"Itself":{"Byte":1}}]}'),
        (Thing(renamed="x"), r'{"x-\"renamed\"":"x"}'),
        (Camel(log_group_name="a", type_="b", next_token="c"), '{"logGroupName":"a","type":"b","NextToken":"c"}'),
        (Either(text="alone"), '{"Text":"alone"}'),
        (
            Thing(timestamp=NOON, date_time=NOON, http_date=NOON, epoch=NOON, times=[NOON]),
            (
                '{"Timestamp":1769860800.005,"DateTime":"2026-01-31T12:00:00.005Z",'
                '"HttpDate":"Sat, 31 Jan 2026 12:00:00 GMT","Epoch":1769860800.005,'
                '"Times":["2026-01-31T12:00:00.005Z"]}'
            ),
        ),
        (
            Thing(timestamp=datetime(2026, 1, 31, 14, 30, tzinfo=timezone(timedelta(hours=2, minutes=30)))),
            '{"Timestamp":1769860800}',
        ),
        (ListCompilationJobsRequest(creation_time_after=NOON), '{"CreationTimeAfter":1769860800.005}'),
    ],
)  # fmt: skip
def test_the_body_to_the_byte(value: object, body: str) -> None:
    assert encode(value) == body.encode("ascii")


@given(st.datetimes(timezones=st.just(UTC)))
def test_what_is_finer_than_a_millisecond_is_cut_off(moment: datetime) -> None:
    cut = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    assert encode(Thing(timestamp=moment)) == encode(Thing(timestamp=cut))
    assert encode(Thing(date_time=moment)) == encode(Thing(date_time=cut))


def test_a_timestamp_that_names_no_format_is_in_epoch_seconds_at_any_depth() -> None:
    value = Thing(timestamp=NOON, epoch=NOON, itself=Thing(timestamp=NOON))
    at = 1769860800.005
    assert json.loads(encode(value)) == {"Timestamp": at, "Epoch": at, "Itself": {"Timestamp": at}}


def test_the_callers_decimal_context_changes_no_digit() -> None:
    value = Thing(big_decimal=Decimal("12345.678E-10"), timestamp=NOON, document=[Decimal("0.1234567890123")])
    expected = json.loads(encode(value), parse_float=Decimal)
    with localcontext() as context:
        context.prec, context.Emax, context.Emin = 1, 1, -1
        for signal in context.traps:
            context.traps[signal] = True
        body = encode(value)
    assert json.loads(body, parse_float=Decimal) == expected


# ------------------------------------------------------------------------------------------------------------- refusals


def refusal(value: object) -> str:
    with pytest.raises(InputValidationError) as caught:
        encode(value)
    assert caught.value.shape == type(value).__name__
    (violation,) = caught.value.violations
    return str(violation)


def cyclic() -> dict[str, object]:
    document: dict[str, object] = {}
    document["again"] = [document]
    return document


def deep(levels: int) -> Thing:
    thing = Thing()
    for _ in range(levels):
        thing = Thing(itself=thing)
    return thing


@pytest.mark.parametrize(
    ("member", "given", "problem"),
    [
        ("string", 1, "String: a number; give a string"),
        ("string", b"x", "String: of the type bytes; give a string"),
        ("boolean", 1, "Boolean: a number; give True or False"),
        ("byte", True, "Byte: a boolean; give an int"),
        ("byte", 1.0, "Byte: a float; give an int"),
        ("big_integer", "1", "BigInteger: a string; give an int"),
        ("double", "1", "Double: a string; give a float"),
        ("double", True, "Double: a boolean; give a float"),
        ("double", 10**400, "Double: an integer too large for a double"),
        ("big_decimal", 1.5, "BigDecimal: a float; give a Decimal"),
        ("big_decimal", Decimal("NaN"), "BigDecimal: a Decimal that is not finite"),
        ("big_decimal", Decimal("sNaN"), "BigDecimal: a Decimal that is not finite"),
        ("big_decimal", Decimal("-Infinity"), "BigDecimal: a Decimal that is not finite"),
        ("blob", "x", "Blob: a string; give bytes"),
        ("timestamp", date(2026, 1, 31), "Timestamp: of the type date; give an aware datetime"),
        ("timestamp", 1769860800, "Timestamp: a number; give an aware datetime"),
        ("timestamp", datetime(2026, 1, 31),  # noqa: DTZ001  # the point of the test
         "Timestamp: a naive datetime, which could mean any time zone; give it one, such as tzinfo=UTC"),
        ("timestamp", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))),
         "Timestamp: a datetime outside of the years 1 to 9999 in UTC"),
        ("colour", 1, "Colour: a number; give a string"),
        ("level", "1", "Level: a string; give an int"),
        ("strings", "abc", "Strings: a string; give a list or a tuple"),
        ("strings", {"a"}, "Strings: of the type set; give a list or a tuple"),
        ("strings", ["a", None], "Strings[1]: null; give a string"),
        ("sparse_strings", [None, 1], "SparseStrings[1]: a number; give a string"),
        ("map", [("a", "b")], "Map: a list; give a dict"),
        ("map", {"a": None}, "Map.a: null; give a string"),
        ("map", {1: "a"}, "Map: a number; give a string"),
        ("map", {"k" * 1000: 1}, f"Map.{'k' * 60}…: a number; give a string"),
        ("secrets", {"hunter2": 1}, "Secrets.…: a number; give a string"),
        ("document", {1: 2}, "Document: a number; give a string"),
        ("document", {"a": [0, math.nan]},
         "Document.a[1]: a number that is not finite, which a document cannot express"),
        ("document", [Decimal("Infinity")], "Document[0]: a Decimal that is not finite"),
        ("document", {"a": {"b": datetime(2026, 1, 31, tzinfo=UTC)}},
         "Document.a.b: of the type datetime, which JSON cannot express"),
        ("document", [b""], "Document[0]: of the type bytes, which JSON cannot express"),
        ("document", cyclic(), "it is nested too deeply, or contains itself"),
        ("either", Either(), "Either: a union with 0 members set; set exactly one"),
        ("either", Either(text="a", number=1), "Either: a union with 2 members set; set exactly one"),
        ("either", Either(unknown_member=UnknownMember("New", 1)),
         "Either: a union with 0 members set; set exactly one"),
        ("either", {"Text": "a"}, "Either: an object; give an instance of Either"),
        ("itself", Empty(), "Itself: of the type Empty; give an instance of Thing"),
        ("things", [Thing(), Thing(itself=Thing(strings=[1]))],  # type: ignore[list-item]  # the point of the test
         "Things[1].Itself.Strings[0]: a number; give a string"),
        ("itself", deep(5000), "it is nested too deeply, or contains itself"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_with_its_path(member: str, given: object, problem: str) -> None:
    assert refusal(Thing(**{member: given})) == problem  # type: ignore[arg-type]  # the point of the test


def test_an_integer_that_the_interpreter_does_not_write_is_refused() -> None:
    assert refusal(Thing(big_integer=10**5000)) == "BigInteger: an integer of thousands of digits"
    assert refusal(Thing(document=[10**5000])) == "Document[0]: an integer of thousands of digits"


def test_the_root_may_be_a_union() -> None:
    assert refusal(Either()) == "a union with 0 members set; set exactly one"


def test_what_is_no_shape_is_a_type_error() -> None:
    for value in ({"a": 1}, None, "text", object()):
        with pytest.raises(TypeError, match=r"is no shape; decorate it with @structure or @union"):
            encode(value)


def test_a_subclass_of_a_shape_is_one_of_its_own() -> None:
    class Plain(Thing):
        pass

    with pytest.raises(TypeError, match="Plain'> is no shape"):
        encode(Plain())
