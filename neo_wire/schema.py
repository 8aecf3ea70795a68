"""How a shape is declared: `@structure`, `@union`, open enums, and the traits of a member.

A shape is a class with annotations; `neo_wire.members` resolves them.

| annotation | Smithy type |
|---|---|
| `str`, `bool`, `bytes`, `datetime`, `Decimal` | string, boolean, blob, timestamp, bigDecimal |
| `Byte`, `Short`, `Integer`, `Long`, `int` | byte, short, integer, long, bigInteger |
| `Float`, `float` | float, double |
| a subclass of `OpenStrEnum` or `OpenIntEnum` | enum, intEnum |
| `Sequence[X]`, `Mapping[str, X]` | list, map; sparse when X is `Y | None` |
| a `@structure` or `@union` class | structure, union; they may be recursive |
| `Document` | document |

Source: Smithy 2.0, simple types, aggregate types, constraint traits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Literal, Self, TypeVar, dataclass_transform, overload

import attrs
from attrs import field, frozen

from neo_wire.values import Value, add_value_methods

TimestampFormatName = Literal["epoch-seconds", "date-time", "http-date"]

# --------------------------------------------------------------------------------------------------------------- traits


@frozen(eq=False, repr=False)
class WireName(Value):
    """The member's name on the wire, where the rule of the structure does not give it."""

    name: str


@frozen(eq=False, repr=False)
class Length(Value):
    """How many code points, bytes, elements or entries a string, blob, list or map has, both ends included."""

    min: int = 0
    max: int | None = None


@frozen(eq=False, repr=False)
class Range(Value):
    """The smallest and the largest value of a number, both included."""

    min: float | None = None
    max: float | None = None


class Bits(Value):
    """How many bits a signed integer or a float has on the other side."""

    __slots__ = ("count",)

    def __init__(self, count: Literal[8, 16, 32, 64]) -> None:
        self.count = count


@frozen(eq=False, repr=False, slots=False)
class Pattern(Value):
    r"""A regular expression that a whole string must match; `\d`, `\w` and `\s` mean ASCII.

    It is matched only after the length was found right. Write it so that no character can be matched in two ways: then
    no input makes it backtrack.
    """

    regex: str

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """The expression, compiled at the first use rather than at import."""
        return re.compile(self.regex, re.ASCII)

    def matches(self, text: str) -> bool:
        """Whether the whole text matches."""
        return self.compiled.fullmatch(text) is not None


class Characters(Value):
    r"""The only characters a string may have: Unicode general categories and single ones, in place of `\p{L}`."""

    __slots__ = ("also", "categories")

    def __init__(self, categories: str, also: str) -> None:
        self.categories = categories
        self.also = also

    @property
    def regex(self) -> str:
        """The rule in the notation of the service's model, for messages."""
        classes = "".join(rf"\p{{{category}}}" for category in self.categories)
        return f"[{classes}{self.also}]*"

    def matches(self, text: str) -> bool:
        """Whether every character is allowed."""
        return all(char in self.also or unicodedata.category(char)[0] in self.categories for char in text)


@frozen(eq=False, repr=False)
class TimestampFormat(Value):
    """How a timestamp is written: `epoch-seconds` (the protocol's default), `date-time` or `http-date`."""

    format: TimestampFormatName


@frozen(eq=False, repr=False)
class Sensitive(Value):
    """The value, and all that is in it, is shown in no message; `field(repr=False)` keeps it out of the repr too."""


class DocumentTrait:
    """Marks a member as a Smithy document."""


Byte = Annotated[int, Bits(8)]
Short = Annotated[int, Bits(16)]
Integer = Annotated[int, Bits(32)]
Long = Annotated[int, Bits(64)]
Float = Annotated[float, Bits(32)]
Document = Annotated[Any, DocumentTrait()]  # Any: a document is JSON of any form, by definition

# ---------------------------------------------------------------------------------------------------------- open enums


class OpenStrEnum(StrEnum):
    """An enum that keeps a value it does not know, so that one added to the service tomorrow is readable today.

    `Status("PAUSED")` is a member with that value, equal to the string, absent from iteration; `is_known` tells.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = str(value)
        return member

    @property
    def is_known(self) -> bool:
        """Whether the value is one of those declared."""
        return self._value_ in type(self)._value2member_map_


class OpenIntEnum(IntEnum):
    """An intEnum that keeps a number of 32 bits that it does not know; see `OpenStrEnum`."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
            return None
        member = int.__new__(cls, value)
        member._name_ = int.__repr__(value)
        member._value_ = int(value)
        return member

    @property
    def is_known(self) -> bool:
        """Whether the number is one of those declared."""
        return self._value_ in type(self)._value2member_map_


# ------------------------------------------------------------------------------------------------ structures and unions

T = TypeVar("T")
NameRule = Callable[[str], str]
UNMODELLED: Final = {"neo_wire.unmodelled": True}
"""Metadata of an attribute that is ours and no member of the shape."""


def pascal_case(name: str) -> str:
    """`s3_uri` → `S3Uri`: how SageMaker and most AWS JSON services name members."""
    return "".join(word[:1].upper() + word[1:] for word in name.split("_"))


def camel_case(name: str) -> str:
    """`log_group_name` → `logGroupName`: how ECS, CloudWatch Logs and others name members."""
    pascal = pascal_case(name)
    return pascal[:1].lower() + pascal[1:]


def is_unmodelled(attribute: attrs.Attribute[Any]) -> bool:
    """Whether the attribute was declared with the `UNMODELLED` metadata."""
    return bool(attribute.metadata.get("neo_wire.unmodelled"))


class ShapeTraits:
    """What `@structure` or `@union` was told about the class as a whole."""

    __slots__ = ("exactly_one_of", "is_union", "naming")

    def __init__(
        self, naming: NameRule, exactly_one_of: tuple[tuple[str, ...], ...], *, is_union: bool = False
    ) -> None:
        self.naming = naming
        self.exactly_one_of = exactly_one_of
        self.is_union = is_union


_CONTAINERS: Final = (list, tuple, dict)


def _frozen(value: object) -> object:
    if type(value) is list or type(value) is tuple:
        return tuple(map(_frozen, value))
    if type(value) is dict:
        return {key: _frozen(item) for key, item in value.items()}
    return value


def _freeze(value: object) -> object:
    if type(value) not in _CONTAINERS:
        return value
    try:
        return _frozen(value)
    except RecursionError:  # a list that contains itself, which the encoder refuses
        return value


_FREEZE: Final = attrs.Converter(_freeze)  # made once: attrs would make one for each member, and inspect the function


def _freeze_members(_cls: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    for one in fields:
        if not is_unmodelled(one):
            # The class is being made, and its attributes are nobody else's yet: a copy of each would take ten times as
            # long.
            object.__setattr__(one, "converter", _FREEZE)
    return fields


_define: Final = attrs.define(
    frozen=True, slots=True, kw_only=True, eq=False, repr=False, field_transformer=_freeze_members
)


def _shape(cls: type[T], traits: ShapeTraits) -> type[T]:
    add_value_methods(cls)
    made = _define(cls)
    shape: type = made
    names = {one.name for one in attrs.fields(shape)}
    if unknown := [name for group in traits.exactly_one_of for name in group if name not in names]:
        raise TypeError(f"{cls.__qualname__}: exactly_one_of names {', '.join(unknown)}, which it does not have")
    made.__shape_traits__ = traits  # type: ignore[attr-defined]  # the mark by which this module knows its classes
    return made


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def structure(cls: type[T], /) -> type[T]: ...
@overload
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def structure(
    *, naming: NameRule = ..., exactly_one_of: Sequence[Sequence[str]] = ...
) -> Callable[[type[T]], type[T]]: ...
def structure(
    cls: type[T] | None = None,
    /,
    *,
    naming: NameRule = pascal_case,
    exactly_one_of: Sequence[Sequence[str]] = (),
) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a Smithy structure: frozen, slotted, keyword-only, its members named on the wire by a rule.

    A member without a default is required. Lists given are kept as tuples, and dicts are copied, all the way down, so
    that a shape does not change when they do. In a response, a missing required list or map is empty and any other
    missing member is None: a response is never refused for what it lacks.

    Args:
        cls: the class, when used without arguments.
        naming: from the attribute's name to the member's name on the wire.
        exactly_one_of: groups of attributes of which an input has exactly one set.

    Raises:
        TypeError: `exactly_one_of` names an attribute that the class does not have.

    Source: Smithy 2.0, aggregate types, structure; client error correction.
    """
    traits = ShapeTraits(naming, tuple(tuple(group) for group in exactly_one_of))
    if cls is None:
        return lambda cls: _shape(cls, traits)
    return _shape(cls, traits)


@frozen(eq=False, repr=False)
class UnknownMember(Value):
    """The member of a union that the service sent and the declaration does not know."""

    name: str
    value: object


@structure
class TaggedUnion:
    """What every `@union` class derives from; `unknown_member` is set when the service sent a member not declared."""

    unknown_member: UnknownMember | None = field(default=None, metadata=UNMODELLED)


U = TypeVar("U", bound=TaggedUnion)


@overload
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def union(cls: type[U], /) -> type[U]: ...
@overload
@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def union(*, naming: NameRule = ...) -> Callable[[type[U]], type[U]]: ...
def union(cls: type[U] | None = None, /, *, naming: NameRule = pascal_case) -> type[U] | Callable[[type[U]], type[U]]:
    """Make a subclass of `TaggedUnion` a Smithy union: members that default to None, of which exactly one is set.

    Raises:
        TypeError: the class does not derive from `TaggedUnion`.

    Source: Smithy 2.0, aggregate types, union.
    """

    def decorate(cls: type[U]) -> type[U]:
        if not issubclass(cls, TaggedUnion):
            raise TypeError(f"derive the union {cls.__qualname__} from TaggedUnion")
        return _shape(cls, ShapeTraits(naming, (), is_union=True))

    return decorate if cls is None else decorate(cls)


def is_shape(cls: object) -> bool:
    """Whether it is a class made by `@structure` or `@union`."""
    return isinstance(cls, type) and "__shape_traits__" in cls.__dict__


def shape_traits(cls: type) -> ShapeTraits:
    """What the decorator was told about the class.

    Raises:
        TypeError: the class is no shape.
    """
    if not is_shape(cls):
        raise TypeError(f"{cls!r} is no shape; decorate it with @structure or @union")
    traits: ShapeTraits = cls.__dict__["__shape_traits__"]
    return traits
