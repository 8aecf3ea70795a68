"""The members of a shape: its annotations, resolved once a class.

This module alone reads annotations. From the `Schema` of each member the encoder, the decoder and the validation are
compiled.
"""

from __future__ import annotations

import builtins
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final

import attrs
from attrs import frozen

from neo_wire._decimals import is_decimal_class
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
from neo_wire.values import Value


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


@frozen(eq=False, repr=False)
class Schema(Value):
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


@frozen(eq=False, repr=False)
class Member(Value):
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
_TRAITS: Final = frozenset({*_KINDS_OF_TRAIT, DocumentTrait, Sensitive, WireName})


def members(cls: type) -> tuple[Member, ...]:
    """The members of a structure or union in the order of their declaration, resolved once.

    Raises:
        TypeError: the class is no shape, an annotation is no Smithy type or has a trait that is of no use to its type,
            a member with a default is not optional, or two members have one name.
    """
    return _members(cls)


@cache
def _members(cls: type) -> tuple[Member, ...]:
    shape_traits(cls)  # what is no shape fails here
    try:
        return _resolved(cls, *_evaluated(cls))
    except Exception:  # noqa: BLE001  # whatever it is, the standard library knows better, or says what is wrong
        try:
            hints = typing.get_type_hints(cls, localns={cls.__name__: cls}, include_extras=True)
        except (NameError, AttributeError, SyntaxError, TypeError) as error:
            raise TypeError(
                f"{cls.__qualname__}: an annotation cannot be resolved ({error}); declare shapes and the types they "
                "name at the top level of a module"
            ) from error
    return _resolved(cls, hints, frozenset())


def _evaluated(cls: type) -> tuple[dict[str, object], frozenset[str]]:
    """The annotations as objects, and the names of those of which a `| None` was left out.

    `typing.get_type_hints` compiles each, and makes a union of each that is optional: ten times as long, which every
    first call would wait for. It alone looks for names in quotes within; here they resolve to no schema.
    """
    found: dict[str, object] = {}
    optional = set()
    for one in reversed(cls.__mro__[:-1]):  # without `object`, which has none
        scope = {**vars(builtins), **vars(sys.modules[one.__module__]), cls.__name__: cls}
        for name, text in one.__annotations__.items():
            plain = text.removesuffix(" | None")
            if plain != text:
                optional.add(name)
            else:
                optional.discard(name)  # that of a base class
            found[name] = scope[plain] if plain in scope else eval(plain, scope)  # noqa: S307  # the program's own
    return found, frozenset(optional)


def _resolved(cls: type, hints: Mapping[str, object], known_optional: frozenset[str]) -> tuple[Member, ...]:
    traits = shape_traits(cls)
    found = []
    for attribute in attrs.fields(cls):
        if is_unmodelled(attribute):
            continue
        try:
            schema, optional, wire_name = _resolve(hints[attribute.name])
        except TypeError as error:
            raise TypeError(f"{cls.__qualname__}.{attribute.name}: {error}") from None
        optional = optional or attribute.name in known_optional
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


def _resolve(annotation: Any) -> tuple[Schema, bool, str | None]:  # noqa: ANN401  # an annotation has no type of its own
    """The schema, whether None is allowed, and an explicit wire name."""
    traits: list[object] = []
    optional = False
    while True:
        origin = typing.get_origin(annotation)
        if origin is Annotated:
            traits = [*annotation.__metadata__, *traits]
            annotation = annotation.__origin__
        elif origin in (typing.Union, types.UnionType):
            some = [one for one in typing.get_args(annotation) if one is not type(None)]
            if len(some) != 1:
                raise TypeError(f"{annotation} is several types; declare a @union for that")
            optional = optional or type(None) in typing.get_args(annotation)
            annotation = some[0]
        elif not isinstance(annotation, type) and hasattr(annotation, "__value__"):  # `type X = …` of Python 3.12
            annotation = annotation.__value__
        else:
            break
    given: dict[type, Any] = {_trait(one): one for one in traits}  # Any: each trait under its own class
    # The outermost of a class stands last and wins, as a trait on a Smithy member beats the one on its target.
    kind, python, element, key, sparse = _type_of(annotation, origin, is_document=DocumentTrait in given)
    for trait in given:
        if kind not in _KINDS_OF_TRAIT.get(trait, Kind):
            raise TypeError(f"{trait.__name__} does not apply to the type {kind.value}")
    schema = Schema(
        kind,
        python,
        bits=given[Bits].count if Bits in given else None,
        length=given.get(Length),
        range=given.get(Range),
        pattern=given.get(Pattern) or given.get(Characters),
        timestamp_format=given[TimestampFormat].format if TimestampFormat in given else None,
        element=element,
        key=key,
        sparse=sparse,
    )
    if Sensitive in given:
        schema = hidden(schema)
    return schema, optional, given[WireName].name if WireName in given else None


def _trait(one: object) -> type:
    """The class that a trait counts as, which may be derived from; its very class when it is no trait."""
    cls = type(one)
    return cls if cls in _TRAITS else next((base for base in cls.__mro__ if base in _TRAITS), cls)


_Type = tuple[Kind, type, Schema | None, Schema | None, bool]
"""What a schema has without its traits: its kind, its class, its element and key, and whether it is sparse."""


def _type_of(annotation: Any, origin: object, *, is_document: bool) -> _Type:  # noqa: ANN401  # as above
    if is_document:
        return Kind.DOCUMENT, object, None, None, False
    if is_decimal_class(annotation):
        return Kind.BIG_DECIMAL, annotation, None, None, False
    if annotation in _SIMPLE:
        return _SIMPLE[annotation], annotation, None, None, False
    arguments = typing.get_args(annotation)
    if origin is Sequence:
        element, sparse, _ = _resolve(arguments[0])
        return Kind.LIST, tuple, element, None, sparse
    if origin is Mapping:
        key, _, _ = _resolve(arguments[0])
        if key.kind not in (Kind.STRING, Kind.ENUM):
            raise TypeError("the keys of a map are strings")
        element, sparse, _ = _resolve(arguments[1])
        return Kind.MAP, dict, element, key, sparse
    if isinstance(annotation, type):
        kind = None
        if issubclass(annotation, OpenStrEnum):
            kind = Kind.ENUM
        elif issubclass(annotation, OpenIntEnum):
            kind = Kind.INT_ENUM
        elif is_shape(annotation):
            kind = Kind.UNION if shape_traits(annotation).is_union else Kind.STRUCTURE
        if kind:
            return kind, annotation, None, None, False
    raise TypeError(f"{annotation!r} is no Smithy type; see neo_wire.schema for the annotations that are")
