"""Strategies for instances of any shape, made from its declaration alone; and a shape that has every Smithy type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Annotated, Any

import pytest
from botocore.model import ServiceModel
from hypothesis import strategies as st

from neo_wire.members import Kind, Schema, members
from neo_wire.schema import (
    Byte,
    Characters,
    Document,
    Float,
    Integer,
    Length,
    Long,
    OpenIntEnum,
    OpenStrEnum,
    Pattern,
    Range,
    Short,
    TaggedUnion,
    TimestampFormat,
    WireName,
    is_shape,
    shape_traits,
    structure,
    union,
)

Instances = Callable[[type], st.SearchStrategy[Any]]


class Colour(OpenStrEnum):
    RED = "red"
    GREEN = "green"


class Level(OpenIntEnum):
    NONE = 0
    LOW = 1
    HIGH = 10


@union
class Choice(TaggedUnion):
    text: str | None = None
    number: Integer | None = None
    inner: Everything | None = None
    choice: Choice | None = None


@structure
class Everything:
    """Every type that Smithy has, each in the ways that it can be declared."""

    string: Annotated[str, Length(1, 20), Pattern(r"[a-z][\w-]*")] | None = None
    characters: Annotated[str, Characters("LN", "_-")] | None = None
    boolean: bool | None = None
    byte: Byte | None = None
    short: Short | None = None
    integer: Annotated[Integer, Range(-5, 5)] | None = None
    long: Long | None = None
    big_integer: int | None = None
    float_: Float | None = None
    double: float | None = None
    big_decimal: Decimal | None = None
    blob: Annotated[bytes, Length(0, 40)] | None = None
    timestamp: datetime | None = None
    date_time: Annotated[datetime, TimestampFormat("date-time")] | None = None
    http_date: Annotated[datetime, TimestampFormat("http-date")] | None = None
    epoch: Annotated[datetime, TimestampFormat("epoch-seconds")] | None = None
    colour: Colour | None = None
    level: Level | None = None
    strings: Sequence[str] | None = None
    sparse_strings: Sequence[str | None] | None = None
    table: Annotated[Sequence[Sequence[Integer]], Length(0, 3)] | None = None
    map: Mapping[str, Integer] | None = None
    sparse_map: Mapping[str, Integer | None] | None = None
    by_colour: Mapping[Colour, Sequence[bytes]] | None = None
    document: Document | None = None
    documents: Mapping[str, Document] | None = None
    choice: Choice | None = None
    choices: Sequence[Choice] | None = None
    itself: Everything | None = None
    others: Annotated[Sequence[Everything], Length(max=2)] | None = None
    renamed: Annotated[str, WireName("x-renamed")] | None = None


def strings(schema: Schema) -> st.SearchStrategy[str]:
    shortest = schema.length.min if schema.length else 0
    longest = schema.length.max if schema.length else None
    match schema.pattern:
        case Pattern(regex=regex):
            matching = st.from_regex(re.compile(regex, re.ASCII), fullmatch=True)
            return matching.filter(
                lambda text: shortest <= len(text) and (longest is None or len(text) <= longest) and is_utf8(text)
            )
        case Characters(categories=categories, also=also):
            letters = st.characters(categories=list(categories)) | st.sampled_from(also)  # type: ignore[arg-type]  # "L" is a category
            return st.text(letters, min_size=shortest, max_size=longest)
    return st.text(min_size=shortest, max_size=longest)


def is_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def numbers(schema: Schema) -> st.SearchStrategy[Any]:
    low: Any = schema.range.min if schema.range else None
    high: Any = schema.range.max if schema.range else None
    match schema.kind:
        case Kind.FLOAT:
            return st.floats(low, high, allow_nan=False, width=32 if schema.bits == 32 else 64)
        case Kind.BIG_DECIMAL:
            digits = st.integers(-(10**400), 10**400).map(Decimal)
            return st.decimals(low, high, allow_nan=False, allow_infinity=False) | digits.map(
                lambda number: number.scaleb(-150)
            )
    if schema.bits:
        largest = 2 ** (schema.bits - 1) - 1
        low, high = max(low or ~largest, ~largest), min(high or largest, largest)
    elif low is high is None:
        return st.integers() | st.integers(-(10**400), 10**400)
    return st.integers(low, high)


def timestamps(schema: Schema) -> st.SearchStrategy[datetime]:
    finest = 10**6 if schema.timestamp_format == "http-date" else 1000
    zones = st.just(UTC) | st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
    return st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31), timezones=zones).map(  # noqa: DTZ001  # Hypothesis adds the zone
        lambda moment: moment.replace(microsecond=moment.microsecond // finest * finest)
    )


def documents() -> st.SearchStrategy[Any]:
    """JSON of any form but null at its root, which would be an absent member."""
    leaves = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(st.none() | inner, max_size=4).map(tuple)
            | st.dictionaries(st.text(), st.none() | inner, max_size=4)
        ),
        max_leaves=8,
    )


@cache
def values(schema: Schema) -> st.SearchStrategy[Any]:
    """Valid values of a schema, in the form that the decoder gives them."""
    match schema.kind:
        case Kind.STRING:
            return strings(schema)
        case Kind.BOOLEAN:
            return st.booleans()
        case Kind.INTEGER | Kind.FLOAT | Kind.BIG_DECIMAL:
            return numbers(schema)
        case Kind.BLOB:
            return st.binary(max_size=schema.length.max if schema.length else None)
        case Kind.TIMESTAMP:
            return timestamps(schema)
        case Kind.ENUM:
            enum: Any = schema.python
            return st.sampled_from([*enum, enum("new_value")])
        case Kind.INT_ENUM:
            enum = schema.python
            return st.sampled_from([*enum, enum(77)])
        case Kind.DOCUMENT:
            return documents()
        case Kind.UNION:
            return unions(schema.python)
        case Kind.STRUCTURE:
            return structures(schema.python)
    assert schema.element is not None
    elements = values(schema.element)
    if schema.sparse:
        elements = st.none() | elements
    shortest, longest = (schema.length.min, schema.length.max) if schema.length else (0, None)
    longest = min(longest or 6, 6)
    if schema.kind is Kind.LIST:
        return st.lists(elements, min_size=shortest, max_size=longest).map(tuple)
    assert schema.key is not None
    return st.dictionaries(values(schema.key), elements, min_size=shortest, max_size=longest)


@st.composite
def structures(draw: st.DrawFn, cls: type) -> Any:
    groups = shape_traits(cls).exactly_one_of
    wanted = {draw(st.sampled_from(group)) for group in groups}
    wanted |= {member.attribute for member in members(cls) if member.required}
    grouped = {name for group in groups for name in group}
    optional = [member.attribute for member in members(cls) if member.attribute not in wanted | grouped]
    if optional:  # a few, so that recursive shapes come to an end
        wanted |= draw(st.sets(st.sampled_from(optional), max_size=8))
    return cls(**{one.attribute: draw(values(one.schema)) for one in members(cls) if one.attribute in wanted})


@st.composite
def unions(draw: st.DrawFn, cls: type) -> Any:
    member = draw(st.sampled_from(members(cls)))
    return cls(**{member.attribute: draw(values(member.schema))})


@pytest.fixture(scope="session")
def instances() -> Instances:
    """From a shape to a strategy of its valid instances."""
    return lambda cls: unions(cls) if shape_traits(cls).is_union else structures(cls)


@pytest.fixture(scope="session")
def everything() -> type[Any]:
    return Everything


def plainly(value: Any) -> Any:
    if is_shape(type(value)):
        found = {one.wire_name: getattr(value, one.attribute) for one in members(type(value))}
        return {name: plainly(item) for name, item in found.items() if item is not None}
    if isinstance(value, tuple):
        return [plainly(item) for item in value]
    return value


def modelled(cls: type, shapes: dict[str, Any]) -> str:
    """Add a shape of ours to a service model in botocore's notation, with what it reaches; its name there."""
    if cls.__name__ not in shapes:
        described: dict[str, Any] = {"type": "structure", "members": {}}
        shapes[cls.__name__] = described
        if shape_traits(cls).is_union:
            described["union"] = True
        for member in members(cls):
            described["members"][member.wire_name] = {"shape": modelled_schema(member.schema, shapes)}
    return cls.__name__


def modelled_schema(schema: Schema, shapes: dict[str, Any]) -> str:
    if schema.kind in (Kind.STRUCTURE, Kind.UNION):
        return modelled(schema.python, shapes)
    described: dict[str, Any] = {"type": NAMES_IN_BOTOCORE.get(schema.kind, schema.kind.value)}
    if schema.kind is Kind.FLOAT and schema.bits is None:
        described["type"] = "double"
    if schema.kind is Kind.DOCUMENT:
        described |= {"members": {}, "document": True}
    if schema.kind is Kind.TIMESTAMP and schema.timestamp_format:
        described["timestampFormat"] = FORMATS_IN_BOTOCORE[schema.timestamp_format]
    if schema.element:
        role = "member" if schema.kind is Kind.LIST else "value"
        described[role] = {"shape": modelled_schema(schema.element, shapes)}
    if schema.key:
        described["key"] = {"shape": modelled_schema(schema.key, shapes)}
    name = f"Shape{len(shapes)}"
    shapes[name] = described
    return name


FORMATS_IN_BOTOCORE = {"epoch-seconds": "unixTimestamp", "date-time": "iso8601", "http-date": "rfc822"}
NAMES_IN_BOTOCORE = {
    Kind.ENUM: "string",
    Kind.INT_ENUM: "integer",
    Kind.DOCUMENT: "structure",
    Kind.BIG_DECIMAL: "string",  # which botocore has no type for
}


@pytest.fixture(scope="session")
def operation_in_botocore() -> Callable[[type], Any]:
    """From a shape to botocore's model of an operation that takes and gives it."""

    def make(cls: type) -> Any:
        shapes: dict[str, Any] = {}
        name = {"shape": modelled(cls, shapes)}
        operation = {"name": "Op", "http": {"method": "POST", "requestUri": "/"}, "input": name, "output": name}
        metadata = {"protocol": "json", "jsonVersion": "1.1", "targetPrefix": "Test", "apiVersion": "1"}
        return ServiceModel({"metadata": metadata, "operations": {"Op": operation}, "shapes": shapes}).operation_model(
            "Op"
        )

    return make


@pytest.fixture(scope="session")
def plain() -> Callable[[Any], Any]:
    """From an instance to the dict that botocore takes for it."""
    return plainly
