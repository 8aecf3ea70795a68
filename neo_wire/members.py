"""The members of a shape: its annotations, resolved once a class.

This module alone reads annotations. From the `Schema` of each member the encoder, the decoder and the validation are
compiled.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final, TypeVar

import attrs
from attrs import frozen

from neo_wire.schema import (
    Bits,
    Characters,
    DocumentTrait,
    Length,
    OpenIntEnum,
    OpenStrEnum,
    Pattern,
    Range,
    Sensitive,
    TimestampFormat,
    TimestampFormatName,
    WireName,
    is_shape,
    is_unmodelled,
    shape_traits,
)


class Kind(Enum):
    """The Smithy type of a schema."""

    STRING = "string"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    FLOAT = "float"
    BIG_DECIMAL = "bigDecimal"
    BLOB = "blob"
    TIMESTAMP = "timestamp"
    ENUM = "enum"
    INT_ENUM = "intEnum"
    LIST = "list"
    MAP = "map"
    STRUCTURE = "structure"
    UNION = "union"
    DOCUMENT = "document"


@frozen
class Schema:
    """One resolved type with its traits.

    Attributes:
        kind: the Smithy type.
        python: the class of the values: of an enum, structure or union that class itself.
        bits: of an INTEGER, None for bigInteger; of a FLOAT, None for double.
        sensitive: whether the value may be shown nowhere.
        length, range, pattern, timestamp_format: the traits; None where absent.
        element: the schema of a list's elements or a map's values.
        key: the schema of a map's keys.
        sparse: whether elements may be null.
    """

    kind: Kind
    python: type
    bits: int | None = None
    sensitive: bool = False
    length: Length | None = None
    range: Range | None = None
    pattern: Pattern | Characters | None = None
    timestamp_format: TimestampFormatName | None = None
    element: Schema | None = None
    key: Schema | None = None
    sparse: bool = False


@frozen
class Member:
    """One member of a structure or union: its attribute, its name on the wire and its schema."""

    attribute: str
    wire_name: str
    schema: Schema
    required: bool


_SIMPLE: Final[Mapping[object, Kind]] = {
    str: Kind.STRING,
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    float: Kind.FLOAT,
    Decimal: Kind.BIG_DECIMAL,
    bytes: Kind.BLOB,
    datetime: Kind.TIMESTAMP,
}
_KINDS_OF_TRAIT: Final[Mapping[type, tuple[Kind, ...]]] = {
    Length: (Kind.STRING, Kind.BLOB, Kind.LIST, Kind.MAP),
    Range: (Kind.INTEGER, Kind.FLOAT, Kind.BIG_DECIMAL),
    Bits: (Kind.INTEGER, Kind.FLOAT),
    Pattern: (Kind.STRING,),
    Characters: (Kind.STRING,),
    TimestampFormat: (Kind.TIMESTAMP,),
}


def members(cls: type) -> tuple[Member, ...]:
    """The members of a structure or union in the order of their declaration, resolved once.

    Raises:
        TypeError: the class is no shape, an annotation is no Smithy type or has a trait that is of no use to its type,
            a member with a default is not optional, or two members have one name.
    """
    return _members(cls)


@cache
def _members(cls: type) -> tuple[Member, ...]:
    traits = shape_traits(cls)
    try:
        hints = typing.get_type_hints(cls, localns={cls.__name__: cls}, include_extras=True)
    except (NameError, AttributeError, SyntaxError, TypeError) as error:
        raise TypeError(
            f"{cls.__qualname__}: an annotation cannot be resolved ({error}); declare shapes and the types they name "
            "at the top level of a module"
        ) from error
    found = []
    for attribute in attrs.fields(cls):
        if is_unmodelled(attribute):
            continue
        try:
            schema, optional, wire_name = _resolve(hints[attribute.name])
        except TypeError as error:
            raise TypeError(f"{cls.__qualname__}.{attribute.name}: {error}") from None
        required = attribute.default is attrs.NOTHING
        if not required and not optional:
            raise TypeError(f"{cls.__qualname__}.{attribute.name} has a default, so annotate it as `… | None = None`")
        if required and traits.is_union:
            raise TypeError(f"{cls.__qualname__}.{attribute.name} is a union's, so declare it as `… | None = None`")
        wire_name = wire_name or traits.naming(attribute.name.rstrip("_"))
        found.append(Member(attribute.name, wire_name, schema, required))
    names = [member.wire_name for member in found]
    if len(set(names)) != len(names):
        raise TypeError(f"{cls.__qualname__} has two members of one wire name: {', '.join(names)}")
    return tuple(found)


def hidden(schema: Schema) -> Schema:
    """The schema made sensitive, with those of its keys and elements."""
    return attrs.evolve(
        schema,
        sensitive=True,
        element=schema.element and hidden(schema.element),
        key=schema.key and hidden(schema.key),
    )


T = TypeVar("T")


def _resolve(annotation: Any) -> tuple[Schema, bool, str | None]:  # noqa: ANN401  # an annotation has no type of its own
    """The schema, whether None is allowed, and an explicit wire name."""
    traits: list[object] = []
    optional = False
    while True:
        origin = typing.get_origin(annotation)
        if hasattr(annotation, "__value__"):  # `type X = …` of Python 3.12
            annotation = annotation.__value__
        elif origin is Annotated:
            traits = [*annotation.__metadata__, *traits]
            annotation = annotation.__origin__
        elif origin in (typing.Union, types.UnionType):
            some = [one for one in typing.get_args(annotation) if one is not type(None)]
            if len(some) != 1:
                raise TypeError(f"{annotation} is several types; declare a @union for that")
            optional = optional or type(None) in typing.get_args(annotation)
            annotation = some[0]
        else:
            break

    def trait(cls: type[T]) -> T | None:
        # the outermost wins, as a trait on a Smithy member beats the one on its target
        return next((one for one in reversed(traits) if isinstance(one, cls)), None)

    bare = _schema_of(annotation, origin, is_document=trait(DocumentTrait) is not None)
    for one in traits:
        if bare.kind not in _KINDS_OF_TRAIT.get(type(one), Kind):
            raise TypeError(f"{type(one).__name__} does not apply to the type {bare.kind.value}")
    timestamp_format, bits, wire_name = trait(TimestampFormat), trait(Bits), trait(WireName)
    schema = attrs.evolve(
        bare,
        length=trait(Length),
        range=trait(Range),
        pattern=trait(Pattern) or trait(Characters),
        timestamp_format=timestamp_format.format if timestamp_format else None,
        bits=bits.count if bits else None,
    )
    if trait(Sensitive):
        schema = hidden(schema)
    return schema, optional, wire_name.name if wire_name else None


def _schema_of(annotation: Any, origin: object, *, is_document: bool) -> Schema:  # noqa: ANN401  # as above
    if is_document:
        return Schema(Kind.DOCUMENT, object)
    if annotation in _SIMPLE:
        return Schema(_SIMPLE[annotation], annotation)
    arguments = typing.get_args(annotation)
    if origin is Sequence:
        element, sparse, _ = _resolve(arguments[0])
        return Schema(Kind.LIST, tuple, element=element, sparse=sparse)
    if origin is Mapping:
        key, _, _ = _resolve(arguments[0])
        if key.kind not in (Kind.STRING, Kind.ENUM):
            raise TypeError("the keys of a map are strings")
        element, sparse, _ = _resolve(arguments[1])
        return Schema(Kind.MAP, dict, element=element, key=key, sparse=sparse)
    if isinstance(annotation, type):
        if issubclass(annotation, OpenStrEnum):
            return Schema(Kind.ENUM, annotation)
        if issubclass(annotation, OpenIntEnum):
            return Schema(Kind.INT_ENUM, annotation)
        if is_shape(annotation):
            return Schema(Kind.UNION if shape_traits(annotation).is_union else Kind.STRUCTURE, annotation)
    raise TypeError(f"{annotation!r} is no Smithy type; see neo_wire.schema for the annotations that are")
