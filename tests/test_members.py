"""Annotations resolved to schemas; each declaration that cannot be meant is refused with a way out."""

from __future__ import annotations

import enum
import typing
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Optional, Union

import pytest
from attrs import field

from neo_wire.members import Kind, Member, Schema, hidden, members
from neo_wire.schema import (
    UNMODELLED,
    Bits,
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
    Sensitive,
    Short,
    TaggedUnion,
    TimestampFormat,
    WireName,
    camel_case,
    structure,
    union,
)

if TYPE_CHECKING:
    from pathlib import Path as OnlyForTypeCheckers

STRING = Schema(Kind.STRING, str)


class Colour(OpenStrEnum):
    RED = "red"


class Level(OpenIntEnum):
    LOW = 1


class Closed(enum.StrEnum):
    RED = "red"


@union
class Choice(TaggedUnion):
    text: str | None = None
    again: Choice | None = None


Name = Annotated[str, Length(1, 63), Pattern("[a-z]+")]
ShortName = Annotated[Name, Length(1, 5)]
Secret = Annotated[str, Sensitive()]


@structure
class Thing:
    string: str
    boolean: bool
    byte: Byte
    short: Short
    integer: Integer
    long: Long
    big_integer: int
    float_: Float
    double: float
    big_decimal: Decimal
    blob: bytes
    timestamp: datetime
    date_time: Annotated[datetime, TimestampFormat("date-time")]
    colour: Colour
    level: Level
    strings: Sequence[str]
    sparse: Sequence[str | None]
    map: Mapping[str, Integer]
    sparse_map: Mapping[Colour, Integer | None]
    document: Document
    choice: Choice
    itself: Thing | None = None
    mutual: Other | None = None


@structure
class Other:
    thing: Thing | None = None


def schema_of(annotation: object) -> Schema:
    return member_of(annotation).schema


def member_of(annotation: object) -> Member:
    """What becomes of an annotation, in a class made for it."""
    cls: type = structure(type("Made", (), {"__annotations__": {"it": annotation}, "__module__": __name__}))
    (member,) = members(cls)
    return member


def refused(**annotations: object) -> str:
    cls: type = structure(type("Made", (), {"__annotations__": annotations}))
    with pytest.raises(TypeError) as caught:
        members(cls)
    return str(caught.value)


# ------------------------------------------------------------------------------------------------------------- meanings


@pytest.mark.parametrize(
    ("attribute", "wire_name", "schema"),
    [
        ("string", "String", STRING),
        ("boolean", "Boolean", Schema(Kind.BOOLEAN, bool)),
        ("byte", "Byte", Schema(Kind.INTEGER, int, bits=8)),
        ("short", "Short", Schema(Kind.INTEGER, int, bits=16)),
        ("integer", "Integer", Schema(Kind.INTEGER, int, bits=32)),
        ("long", "Long", Schema(Kind.INTEGER, int, bits=64)),
        ("big_integer", "BigInteger", Schema(Kind.INTEGER, int)),
        ("float_", "Float", Schema(Kind.FLOAT, float, bits=32)),
        ("double", "Double", Schema(Kind.FLOAT, float)),
        ("big_decimal", "BigDecimal", Schema(Kind.BIG_DECIMAL, Decimal)),
        ("blob", "Blob", Schema(Kind.BLOB, bytes)),
        ("timestamp", "Timestamp", Schema(Kind.TIMESTAMP, datetime)),
        ("date_time", "DateTime", Schema(Kind.TIMESTAMP, datetime, timestamp_format="date-time")),
        ("colour", "Colour", Schema(Kind.ENUM, Colour)),
        ("level", "Level", Schema(Kind.INT_ENUM, Level)),
        ("strings", "Strings", Schema(Kind.LIST, tuple, element=STRING)),
        ("sparse", "Sparse", Schema(Kind.LIST, tuple, element=STRING, sparse=True)),
        ("map", "Map", Schema(Kind.MAP, dict, element=Schema(Kind.INTEGER, int, bits=32), key=STRING)),
        ("sparse_map", "SparseMap", Schema(Kind.MAP, dict, element=Schema(Kind.INTEGER, int, bits=32),
                                           key=Schema(Kind.ENUM, Colour), sparse=True)),
        ("document", "Document", Schema(Kind.DOCUMENT, object)),
        ("choice", "Choice", Schema(Kind.UNION, Choice)),
        ("itself", "Itself", Schema(Kind.STRUCTURE, Thing)),
        ("mutual", "Mutual", Schema(Kind.STRUCTURE, Other)),
    ],
)  # fmt: skip
def test_every_type(attribute: str, wire_name: str, schema: Schema) -> None:
    member = next(one for one in members(Thing) if one.attribute == attribute)
    assert member == Member(attribute, wire_name, schema, required=attribute not in ("itself", "mutual"))


def test_members_stand_in_the_order_of_declaration_and_are_resolved_once() -> None:
    assert [member.attribute for member in members(Thing)] == list(Thing.__annotations__)
    assert members(Thing) is members(Thing)
    assert [member.wire_name for member in members(Other)] == ["Thing"]
    assert [member.wire_name for member in members(Choice)] == ["Text", "Again"]


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (Name, Schema(Kind.STRING, str, length=Length(1, 63), pattern=Pattern("[a-z]+"))),
        # what stands further out wins, as a trait on a member beats the one on its target
        (ShortName, Schema(Kind.STRING, str, length=Length(1, 5), pattern=Pattern("[a-z]+"))),
        (Annotated[str, Length(1, 2), Length(3, 4)], Schema(Kind.STRING, str, length=Length(3, 4))),
        (Annotated[Byte, Bits(16)], Schema(Kind.INTEGER, int, bits=16)),
        (Annotated[Integer, Range(1, 5)], Schema(Kind.INTEGER, int, bits=32, range=Range(1, 5))),
        (Annotated[str | None, Length(1, 2)], Schema(Kind.STRING, str, length=Length(1, 2))),
        (Annotated[Annotated[str, Length(1, 2)] | None, Sensitive()],
         Schema(Kind.STRING, str, length=Length(1, 2), sensitive=True)),
        (Annotated[str, "a note of somebody else's", Length(1, 2)], Schema(Kind.STRING, str, length=Length(1, 2))),
        (Annotated[str, Characters("L", "")], Schema(Kind.STRING, str, pattern=Characters("L", ""))),
        (Optional[str], STRING),  # noqa: UP045  # as older code spells it
        (Union[str, None], STRING),  # noqa: UP007  # as above
        (typing.Sequence[str], Schema(Kind.LIST, tuple, element=STRING)),
        (typing.Mapping[str, str], Schema(Kind.MAP, dict, element=STRING, key=STRING)),
        (Annotated[Sequence[Name], Length(1, 5)],
         Schema(Kind.LIST, tuple, length=Length(1, 5),
                element=Schema(Kind.STRING, str, length=Length(1, 63), pattern=Pattern("[a-z]+")))),
        (Sequence[Sequence[str | None]],
         Schema(Kind.LIST, tuple, element=Schema(Kind.LIST, tuple, element=STRING, sparse=True))),
        (Sequence[Document], Schema(Kind.LIST, tuple, element=Schema(Kind.DOCUMENT, object))),
        (Sequence[Secret], Schema(Kind.LIST, tuple, element=Schema(Kind.STRING, str, sensitive=True))),
        (Annotated[Mapping[str, Sequence[str]], Sensitive()],
         Schema(Kind.MAP, dict, sensitive=True, key=Schema(Kind.STRING, str, sensitive=True), element=Schema(
             Kind.LIST, tuple, sensitive=True, element=Schema(Kind.STRING, str, sensitive=True)))),
        (Annotated[Other, Sensitive()], Schema(Kind.STRUCTURE, Other, sensitive=True)),
        ("Thing", Schema(Kind.STRUCTURE, Thing)),
    ],
)  # fmt: skip
def test_traits(annotation: object, schema: Schema) -> None:
    assert schema_of(annotation) == schema


def test_an_alias_of_python_3_12_is_what_it_stands_for() -> None:
    class Alias:
        """What `type Alias = …` makes, on any version."""

        __value__ = Name

    alias: Any = Alias()
    assert schema_of(alias) == schema_of(Name)
    assert schema_of(Sequence[alias]) == schema_of(Sequence[Name])


def test_hiding_a_schema_hides_all_of_it() -> None:
    schema = schema_of(Mapping[Colour, Sequence[str | None]])
    assert hidden(schema) == schema_of(Annotated[Mapping[Colour, Sequence[str | None]], Sensitive()])
    assert hidden(hidden(schema)) == hidden(schema)


# ------------------------------------------------------------------------------------------------------ names, required


@structure(naming=camel_case)
class Camel:
    log_group_name: str
    type_: str
    exact: Annotated[str, WireName("ExactName")]
    optional: Annotated[str | None, WireName("with space")] = None
    ours: object = field(default=None, metadata=UNMODELLED)


def test_names_on_the_wire() -> None:
    assert [(one.attribute, one.wire_name, one.required) for one in members(Camel)] == [
        ("log_group_name", "logGroupName", True),
        ("type_", "type", True),
        ("exact", "ExactName", True),
        ("optional", "with space", False),
    ]


@structure
class Required:
    required: str
    required_yet_nullable: str | None
    with_a_default: Sequence[str] | None = ()


def test_what_has_no_default_is_required() -> None:
    assert [one.required for one in members(Required)] == [True, True, False]


@structure
class Derived(Camel):
    more_of_it: Thing | None = None


def test_a_derived_class_has_its_own_rule_for_all_its_members() -> None:
    assert [one.wire_name for one in members(Derived)] == [
        "LogGroupName",
        "Type",
        "ExactName",
        "with space",
        "MoreOfIt",
    ]


# ------------------------------------------------------------------------------------------------------------- refusals

NO_TYPE = "is no Smithy type; see neo_wire.schema for the annotations that are"


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        (list[str], f"Made.it: list[str] {NO_TYPE}"),
        (tuple[str, ...], f"Made.it: tuple[str, ...] {NO_TYPE}"),
        (dict[str, str], f"Made.it: dict[str, str] {NO_TYPE}"),
        (set[str], f"Made.it: set[str] {NO_TYPE}"),
        (Sequence, f"Made.it: <class 'collections.abc.Sequence'> {NO_TYPE}"),
        (Any, f"Made.it: typing.Any {NO_TYPE}"),
        (object, f"Made.it: <class 'object'> {NO_TYPE}"),
        (complex, f"Made.it: <class 'complex'> {NO_TYPE}"),
        (None, f"Made.it: <class 'NoneType'> {NO_TYPE}"),
        (typing.Literal["a"], f"Made.it: typing.Literal['a'] {NO_TYPE}"),
        (Closed, f"Made.it: <enum 'Closed'> {NO_TYPE}"),
        (Sequence[list[str]], f"Made.it: list[str] {NO_TYPE}"),
        (str | int, "Made.it: str | int is several types; declare a @union for that"),
        (str | int | None, "Made.it: str | int | None is several types; declare a @union for that"),
        (Mapping[Integer, str], "Made.it: the keys of a map are strings"),
        (Annotated[Integer, Length(1, 5)], "Made.it: Length does not apply to the type integer"),
        (Annotated[bool, Range(0, 1)], "Made.it: Range does not apply to the type boolean"),
        (Annotated[str, Range(0, 1)], "Made.it: Range does not apply to the type string"),
        (Annotated[Sequence[str], Pattern("a")], "Made.it: Pattern does not apply to the type list"),
        (Annotated[bytes, Characters("L", "")], "Made.it: Characters does not apply to the type blob"),
        (Annotated[Decimal, Bits(32)], "Made.it: Bits does not apply to the type bigDecimal"),
        (Annotated[str, TimestampFormat("date-time")], "Made.it: TimestampFormat does not apply to the type string"),
        (Annotated[Document, Length(1, 2)], "Made.it: Length does not apply to the type document"),
        (Annotated[Other, Length(1, 2)], "Made.it: Length does not apply to the type structure"),
    ],
)
def test_what_is_no_smithy_type_is_refused(annotation: object, problem: str) -> None:
    assert refused(it=annotation) == problem


def test_two_members_of_one_wire_name_are_refused() -> None:
    problem = refused(a_b=str, c=Annotated[str, WireName("AB")])
    assert problem == "Made has two members of one wire name: AB, AB"


def test_a_default_without_none_is_refused() -> None:
    @structure
    class Defaulted:
        it: str = "x"

    with pytest.raises(TypeError, match=r"Defaulted.it has a default, so annotate it as `… \| None = None`"):
        members(Defaulted)


def test_a_required_member_of_a_union_is_refused() -> None:
    @union
    class Strict(TaggedUnion):
        it: str

    with pytest.raises(TypeError, match=r"Strict.it is a union's, so declare it as `… \| None = None`"):
        members(Strict)


@structure
class Invisible:
    it: OnlyForTypeCheckers | None = None


@structure
class Misspelt:
    it: typing.Sequnce[str] | None = None  # type: ignore[name-defined]  # the point of the test


def test_an_annotation_that_does_not_exist_at_run_time_is_refused() -> None:
    class Local(OpenStrEnum):
        A = "a"

    @structure
    class UsesLocal:
        it: Local | None = None

    end = "declare shapes and the types they name at the top level of a module"
    for cls, what in (
        (Invisible, "name 'OnlyForTypeCheckers' is not defined"),
        (Misspelt, "module 'typing' has no attribute 'Sequnce'"),
        (UsesLocal, "name 'Local' is not defined"),
    ):
        with pytest.raises(TypeError) as caught:
            members(cls)
        assert str(caught.value) == f"{cls.__qualname__}: an annotation cannot be resolved ({what}); {end}"


@pytest.mark.parametrize("annotation", ["1 +", "str | 'x'", "(,)"])
def test_an_annotation_that_is_no_expression_of_types_is_refused(annotation: str) -> None:
    assert refused(it=annotation).startswith("Made: an annotation cannot be resolved (")


def test_what_is_no_shape_has_no_members() -> None:
    class Plain:
        it: str

    for cls in (Plain, dict):
        with pytest.raises(TypeError, match="is no shape; decorate it with @structure or @union"):
            members(cls)
