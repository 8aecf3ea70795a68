"""How shapes are declared: open enums, structures and unions as values, naming rules, and traits on their own."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import pytest
from attrs import field

from neo_wire.schema import (
    UNMODELLED,
    Characters,
    Document,
    Integer,
    OpenIntEnum,
    OpenStrEnum,
    Pattern,
    TaggedUnion,
    UnknownMember,
    camel_case,
    is_shape,
    is_unmodelled,
    pascal_case,
    shape_traits,
    structure,
    union,
)


class Colour(OpenStrEnum):
    RED = "red"
    CRIMSON = "red"
    EMPTY = ""


class Level(OpenIntEnum):
    NONE = 0
    LOW = 1


@structure
class Inner:
    name: str


@structure
class Thing:
    required: str
    optional: str | None = None
    items: Sequence[str] | None = None
    table: Sequence[Sequence[int]] | None = None
    map: Mapping[str, Sequence[str]] | None = None
    inner: Sequence[Inner] | None = None
    document: Document | None = None
    password: str | None = field(default=None, repr=False)
    ours: object = field(default=None, metadata=UNMODELLED)


@union
class Choice(TaggedUnion):
    text: str | None = None
    number: Integer | None = None


# ----------------------------------------------------------------------------------------------------------- open enums


def test_an_open_enum_is_its_plain_value() -> None:
    plain: str = "red"
    assert plain == Colour.RED == Colour("red") == Colour["CRIMSON"]
    assert f"{Colour.RED} {Colour.RED!s}" == "red red"
    assert repr(Colour.RED) == "<Colour.RED: 'red'>"
    assert list(Colour) == [Colour.RED, Colour.EMPTY]
    number: int = 1
    assert number == Level.LOW == Level(1)
    assert Level.LOW + 1 == 2


@pytest.mark.parametrize("new", [Colour("mauve"), Colour("né\n"), Level(77), Level(-(2**31)), Level(2**31 - 1)])
def test_an_unknown_value_is_a_member_of_its_own(new: Any) -> None:
    cls: Any = type(new)
    assert isinstance(new, cls)
    assert not new.is_known
    assert new == new.value
    assert type(new.value) in (str, int)
    assert str(new) == str(new.value) == new.name
    assert hash(new) == hash(new.value)
    assert new not in list(cls)
    assert {new: "a"}[cls(new.value)] == "a"
    for twin in (pickle.loads(pickle.dumps(new)), copy.copy(new), copy.deepcopy(new), cls(new)):  # noqa: S301  # our own bytes
        assert (type(twin), twin, twin.is_known) == (cls, new, False)
    with pytest.raises(AttributeError):
        new.name = "x"


def test_a_member_of_another_enum_gives_its_plain_value() -> None:
    class Other(OpenStrEnum):
        BLUE = "blue"

    class OtherLevel(OpenIntEnum):
        HIGH = 10

    assert type(Colour(Other.BLUE).value) is str
    assert Colour(Other.BLUE) == Other.BLUE.value
    assert type(Level(OtherLevel.HIGH).value) is int
    assert Level(OtherLevel.HIGH).name == "10"


def test_known_members_know_that_they_are() -> None:
    assert all(member.is_known for member in (*Colour, *Level))


@pytest.mark.parametrize("value", [None, 5, b"red", ["red"], 1.5])
def test_what_is_no_string_is_no_member_of_a_string_enum(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a valid Colour"):
        Colour(value)


@pytest.mark.parametrize("value", [None, "1", 1.5, 2**31, -(2**31) - 1, [1]])
def test_what_is_no_integer_of_32_bits_is_no_member_of_an_integer_enum(value: Any) -> None:
    with pytest.raises(ValueError, match="is not a valid Level"):
        Level(value)


# ----------------------------------------------------------------------------------------------------- shapes as values


def test_a_structure_takes_keywords_only_and_asks_for_what_is_required() -> None:
    any_thing: Any = Thing
    with pytest.raises(TypeError, match="positional argument"):
        any_thing("a")
    with pytest.raises(TypeError, match="required"):
        any_thing()
    with pytest.raises(TypeError, match="unexpected keyword argument 'unknown'"):
        any_thing(required="a", unknown=1)
    assert Thing(required="a") == Thing(required="a", optional=None)
    assert Thing(required="a") != Thing(required="b")


def test_a_structure_cannot_be_changed() -> None:
    thing: Any = Thing(required="a")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        thing.required = "b"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        del thing.required
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        thing.unknown = 1
    assert not hasattr(thing, "__dict__")


def test_what_was_given_can_change_without_changing_the_structure() -> None:
    items, row, map_, document = ["a"], [1], {"k": ["v"]}, {"list": [1, [2]]}
    thing = Thing(required="r", items=items, table=[row], map=map_, document=document)
    items.append("b")
    row.append(2)
    map_["k"].append("w")
    map_["l"] = []
    document["list"].append(3)
    assert thing.items == ("a",)
    assert thing.table == ((1,),)
    assert thing.map == {"k": ("v",)}
    assert thing.document == {"list": (1, (2,))}


def test_lists_and_tuples_make_equal_structures_that_hash() -> None:
    one = Thing(required="r", items=["a"], table=[[1], (2,)], inner=[Inner(name="n")])
    other = Thing(required="r", items=("a",), table=((1,), [2]), inner=(Inner(name="n"),))
    assert one == other
    assert hash(one) == hash(other)
    assert {one: "found"}[other] == "found"


def test_what_contains_itself_is_kept_for_the_encoder_to_refuse() -> None:
    cyclic: list[object] = []
    cyclic.append(cyclic)
    assert Thing(required="r", document=cyclic).document is cyclic


@pytest.mark.parametrize(
    "value",
    [
        Thing(required="r", items=["a"], map={"k": ["v"]}, inner=[Inner(name="n")], document={"a": [1, None]}),
        Choice(text="a"),
        Choice(unknown_member=UnknownMember("New", {"a": (1,)})),
    ],
)
def test_shapes_pickle_and_copy(value: object) -> None:
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(value, protocol)) == value  # noqa: S301  # our own bytes
    assert copy.copy(value) == copy.deepcopy(value) == value


def test_a_member_can_be_kept_out_of_the_repr() -> None:
    assert "hunter2" not in repr(Thing(required="r", password="hunter2"))


def test_a_union_remembers_what_it_does_not_know() -> None:
    assert Choice().unknown_member is None
    assert Choice(unknown_member=UnknownMember("New", 1)) != Choice(unknown_member=UnknownMember("New", 2))


def test_what_is_a_shape() -> None:
    class Plain(Thing):
        """Derived, but not decorated."""

    assert is_shape(Thing)
    assert is_shape(Choice)
    assert is_shape(TaggedUnion)
    for other in (Plain, dict, Colour, Thing(required="r"), "Thing", None):
        assert not is_shape(other)
    assert shape_traits(Choice).is_union
    assert not shape_traits(Thing).is_union
    with pytest.raises(TypeError, match=r"Plain'> is no shape; decorate it with @structure or @union"):
        shape_traits(Plain)


def test_an_attribute_of_ours_is_marked() -> None:
    cls: type = Thing
    assert [one.name for one in attrs.fields(cls) if is_unmodelled(one)] == ["ours"]
    held = [1]
    assert Thing(required="r", ours=held).ours is held


def test_a_derived_structure_has_the_members_of_both() -> None:
    @structure
    class More(Thing):
        extra: Sequence[str] | None = None

    more = More(required="r", extra=["a"], items=["b"])
    assert (more.required, more.extra, more.items) == ("r", ("a",), ("b",))
    assert is_shape(More)


# ----------------------------------------------------------------------------------------------------- bad declarations


def test_a_union_derives_from_tagged_union() -> None:
    any_union: Any = union
    with pytest.raises(TypeError, match=r"derive the union .*Lonely from TaggedUnion"):

        @any_union
        class Lonely:
            text: str | None = None


def test_exactly_one_of_names_attributes_that_there_are() -> None:
    with pytest.raises(TypeError, match=r"exactly_one_of names Text, nubmer, which it does not have"):

        @structure(exactly_one_of=[("Text", "nubmer"), ("text", "number")])
        class Misspelt:
            text: str | None = None
            number: Integer | None = None


# --------------------------------------------------------------------------------------------------- names and patterns


@pytest.mark.parametrize(
    ("name", "pascal", "camel"),
    [
        ("s3_uri", "S3Uri", "s3Uri"),
        ("log_group_name", "LogGroupName", "logGroupName"),
        ("os", "Os", "os"),
        ("max_runtime_in_seconds", "MaxRuntimeInSeconds", "maxRuntimeInSeconds"),
        ("kmsKeyId", "KmsKeyId", "kmsKeyId"),
        ("x", "X", "x"),
        ("", "", ""),
    ],
)
def test_names(name: str, pascal: str, camel: str) -> None:
    assert pascal_case(name) == pascal
    assert camel_case(name) == camel


def test_a_pattern_matches_whole_strings_of_ascii_digits() -> None:
    pattern = Pattern(r"\d+|a")
    assert pattern.matches("15")
    for text in ("", "15\n", "x15", "ab", "\u0661"):
        assert not pattern.matches(text)
    assert Pattern(r"\d+|a") == pattern
    assert hash(Pattern(r"\d+|a")) == hash(pattern)


def test_characters_are_of_categories_or_listed() -> None:
    characters = Characters("LN", "_-")
    assert characters.matches("")
    assert characters.matches("aé漢1½_-")
    for text in (" ", "a b", "a!", "a\n", "€"):
        assert not characters.matches(text)
    assert characters.regex == r"[\p{L}\p{N}_-]*"
