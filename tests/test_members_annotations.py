"""Annotations in every way of writing them: resolved fast where they are plain, and resolved where they are not."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import pytest

from neo_wire.members import Kind, Member, Schema, members
from neo_wire.schema import Integer, Length, Pattern, Sensitive, WireName, structure

STRING = Schema(Kind.STRING, str)


@structure
class Leaf:
    text: str | None = None


QuotedWithin = Sequence["Leaf"]


@structure
class Quoted:
    """Annotations in ways that only `typing.get_type_hints` understands."""

    plain: str
    within: Sequence["Leaf"] | None = None  # noqa: UP037  # the point of the test
    whole: "Leaf | None" = None  # noqa: UP037  # as above
    alias: QuotedWithin | None = None
    spaced: str|None = None  # fmt: skip


def test_names_in_quotes_are_resolved() -> None:
    things = Schema(Kind.LIST, tuple, element=Schema(Kind.STRUCTURE, Leaf))
    assert members(Quoted) == (
        Member("plain", "Plain", STRING, required=True),
        Member("within", "Within", things, required=False),
        Member("whole", "Whole", Schema(Kind.STRUCTURE, Leaf), required=False),
        Member("alias", "Alias", things, required=False),
        Member("spaced", "Spaced", STRING, required=False),
    )


def test_annotations_that_are_no_text_are_resolved() -> None:
    made: type[Any] = structure(
        type("Made", (), {"__annotations__": {"it": Annotated[str, Length(1)], "at": datetime | None}})
    )
    assert members(made) == (
        Member("it", "It", Schema(Kind.STRING, str, length=Length(1)), required=True),
        Member("at", "At", Schema(Kind.TIMESTAMP, datetime), required=True),
    )


@structure
class Wide:
    it: str | None = None
    at: Sequence[str]


@structure
class Narrow(Wide):
    it: Integer  # type: ignore[assignment]  # the point of the test
    at: datetime | None = None  # type: ignore[assignment]  # as above


def test_the_annotation_of_the_derived_class_counts() -> None:
    assert members(Narrow) == (
        Member("it", "It", Schema(Kind.INTEGER, int, bits=32), required=True),
        Member("at", "At", Schema(Kind.TIMESTAMP, datetime), required=False),
    )


@structure
class Itself:
    str: Itself | None = None


def test_a_class_may_name_itself_and_a_member_as_a_type_is_named() -> None:
    @structure
    class Local:
        it: Sequence[Local] | None = None
        other: Local | None = None

    assert [one.schema.element or one.schema for one in members(Local)] == [Schema(Kind.STRUCTURE, Local)] * 2
    assert members(Itself) == (Member("str", "Str", Schema(Kind.STRUCTURE, Itself), required=False),)


class Password(Sensitive):
    """What a program of its own derives from a trait."""


class Digits(Pattern):
    """As above."""


class Short(Length):
    """As above."""


class Named(WireName):
    """As above."""


@structure
class Login:
    word: Annotated[str, Password(), Digits("[0-9]+"), Short(1, 4), Named("PASSWORD")]


def test_a_class_derived_from_a_trait_is_that_trait() -> None:
    schema = Schema(Kind.STRING, str, sensitive=True, length=Short(1, 4), pattern=Digits("[0-9]+"))
    assert members(Login) == (Member("word", "PASSWORD", schema, required=True),)


def test_the_outermost_of_a_trait_and_of_a_class_derived_from_it_wins() -> None:
    made: type[Any] = structure(
        type("Made", (), {"__annotations__": {"it": Annotated[Annotated[str, Short(1, 4)], Length(2)]}})
    )
    assert members(made)[0].schema.length == Length(2)


def test_a_class_derived_from_a_trait_applies_where_the_trait_does() -> None:
    made: type[Any] = structure(type("Made", (), {"__annotations__": {"it": Annotated[int, Short(1, 4)]}}))
    with pytest.raises(TypeError, match="Length does not apply to the type integer"):
        members(made)
