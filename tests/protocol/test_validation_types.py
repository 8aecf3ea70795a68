"""The validation of every Smithy type and trait, with shapes that Neo does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal, localcontext
from typing import Annotated, Any

import pytest

from neo_wire.errors import InputValidationError
from neo_wire.protocol.validation import validate
from neo_wire.schema import (
    Bits,
    Byte,
    Document,
    Float,
    Integer,
    Length,
    OpenIntEnum,
    OpenStrEnum,
    Pattern,
    Range,
    Sensitive,
    TaggedUnion,
    UnknownMember,
    structure,
    union,
)
from neo_wire.service import Unit


class Colour(OpenStrEnum):
    RED = "red"
    GREEN = "green"


class Level(OpenIntEnum):
    NONE = 0
    LOW = 1


@union
class Either(TaggedUnion):
    text: Annotated[str, Length(1, 3)] | None = None
    number: Byte | None = None


@structure
class Secret:
    user: str
    password: Annotated[str, Length(8, 100), Pattern(r"[a-z]+")]


@structure
class Thing:
    boolean: bool | None = None
    byte: Byte | None = None
    ranged_byte: Annotated[Byte, Range(min=0)] | None = None
    big_integer: int | None = None
    at_most: Annotated[int, Range(max=5)] | None = None
    float_: Float | None = None
    double: float | None = None
    explicit_double: Annotated[float, Bits(64)] | None = None
    ratio: Annotated[float, Range(max=1)] | None = None
    share: Annotated[float, Range(0.1, 1)] | None = None
    big_decimal: Decimal | None = None
    price: Annotated[Decimal, Range(0.1, 99.9)] | None = None
    blob: Annotated[bytes, Length(1, 3)] | None = None
    at_least: Annotated[str, Length(min=2)] | None = None
    colour: Colour | None = None
    level: Level | None = None
    sparse: Sequence[str | None] | None = None
    table: Sequence[Annotated[Sequence[Annotated[str, Length(1, 2)]], Length(0, 2)]] | None = None
    map: Annotated[Mapping[Annotated[str, Length(1, 3)], Annotated[Integer, Range(1, 5)]], Length(1, 2)] | None = None
    sparse_map: Mapping[Colour, str | None] | None = None
    document: Document | None = None
    either: Either | None = None
    itself: Thing | None = None
    pin: Annotated[str, Length(4, 4), Pattern(r"[0-9]+"), Sensitive()] | None = None
    secret_level: Annotated[Level, Sensitive()] | None = None
    secret_colour: Annotated[Colour, Sensitive()] | None = None
    secret_number: Annotated[int, Range(0, 5), Sensitive()] | None = None
    secrets: Annotated[Sequence[Annotated[str, Pattern("[a-z]+")]], Sensitive()] | None = None
    secret_map: Annotated[Mapping[str, Annotated[str, Pattern("[a-z]+")]], Sensitive()] | None = None
    secret_keys: Mapping[Annotated[str, Length(1, 5), Sensitive()], Integer] | None = None
    secret: Annotated[Secret, Sensitive()] | None = None


def problems(value: object) -> dict[str, str]:
    """What is wrong, by path."""
    try:
        validate(value)
    except InputValidationError as error:
        return {violation.path: violation.message for violation in error.violations}
    return {}


NAN, INFINITY = float("nan"), float("inf")
NEW = "for a value that is new at the service give"
FLOAT_END = "a 32-bit float ends at 3.403e+38"


@pytest.mark.parametrize(
    ("member", "given", "expected"),
    [
        ("boolean", False, {}),
        ("boolean", 0, {"Boolean": "is a number; give True or False"}),
        ("byte", -128, {}),
        ("byte", 127, {}),
        ("byte", -129, {"Byte": "is -129; it takes -128 to 127"}),
        ("byte", 128, {"Byte": "is 128; it takes -128 to 127"}),
        ("byte", Level.LOW, {}),
        ("ranged_byte", -1, {"RangedByte": "is -1; it takes 0 to 127"}),
        ("big_integer", 10**400, {}),
        ("at_most", 6, {"AtMost": "is 6; it takes at most 5"}),
        ("at_most", -(10**400), {}),
        ("at_most", 10**400, {"AtMost": "is a number of 1329 bits; it takes at most 5"}),
        ("float_", 3.4028234663852886e38, {}),
        ("float_", INFINITY, {}),
        ("float_", -INFINITY, {}),
        ("float_", NAN, {}),
        ("float_", 5, {}),
        ("float_", 3.5e38, {"Float": f"is 3.5e+38; {FLOAT_END}"}),
        ("float_", -3.5e38, {"Float": f"is -3.5e+38; {FLOAT_END}"}),
        ("float_", 10**39, {"Float": f"is {10**39}; {FLOAT_END}"}),
        ("double", 1.7976931348623157e308, {}),
        ("double", 10**309, {"Double": "is a number of 1027 bits; a 64-bit float ends at 1.798e+308"}),
        ("explicit_double", 1e300, {}),
        ("double", Decimal(1), {"Double": "is a decimal number; give a float"}),
        ("ratio", 1.0, {}),
        ("ratio", NAN, {"Ratio": "is nan; it takes at most 1"}),
        ("share", 0.1, {}),
        ("share", 1, {}),
        ("share", 0.09, {"Share": "is 0.09; it takes 0.1 to 1"}),
        ("share", NAN, {"Share": "is nan; it takes 0.1 to 1"}),
        ("share", INFINITY, {"Share": "is inf; it takes 0.1 to 1"}),
        ("big_decimal", Decimal("1E+999999"), {}),
        ("big_decimal", 5, {}),
        ("big_decimal", 0.5, {"BigDecimal": "is a float; give a Decimal"}),
        ("big_decimal", Decimal("NaN"), {"BigDecimal": "is not finite, which JSON cannot express"}),
        ("big_decimal", Decimal("sNaN"), {"BigDecimal": "is not finite, which JSON cannot express"}),
        ("price", Decimal("0.1"), {}),
        ("price", Decimal("99.9"), {}),
        ("price", Decimal("0.09999999999999999999999999"),
         {"Price": "is Decimal('0.09999999999999999999999999'); it takes 0.1 to 99.9"}),
        ("price", 100, {"Price": "is 100; it takes 0.1 to 99.9"}),
        ("blob", b"", {"Blob": "has 0 bytes; it takes 1 to 3"}),
        ("blob", bytearray(b"abc"), {}),
        ("blob", memoryview(b"abcdefgh").cast("I"), {"Blob": "has 8 bytes; it takes 1 to 3"}),
        ("blob", "abc", {"Blob": "is a string; give bytes"}),
        ("at_least", "a", {"AtLeast": "has 1 character; it takes at least 2"}),
        ("colour", "red", {}),
        ("colour", "gren",
         {"Colour": f"is 'gren', which is none of red, green; did you mean 'green'? {NEW} Colour(…)"}),
        ("colour", "x" * 1000,
         {"Colour": f"is {'x' * 60!r}…, which is none of red, green; {NEW} Colour(…)"}),
        ("colour", 1, {"Colour": "is a number; give a Colour"}),
        ("colour", ["red"], {"Colour": "is a list; give a Colour"}),
        ("level", 0, {}),
        ("level", Level(7), {}),
        ("level", 7,
         {"Level": f"is 7, which is none of 0, 1; {NEW} Level(…)"}),
        ("level", True, {"Level": "is a boolean; give a Level"}),
        ("level", 1.0, {"Level": "is a float; give a Level"}),
        ("level", -(10**400),
         {"Level": f"is a number of 1329 bits, which is none of 0, 1; {NEW} Level(…)"}),
        ("sparse", [None, "a"], {}),
        ("table", [["a"], ["a", "b", "c"], ["", "abc"], "ab", None], {
            "Table[1]": "has 3 elements; it takes 0 to 2",
            "Table[2][0]": "has 0 characters; it takes 1 to 2",
            "Table[2][1]": "has 3 characters; it takes 1 to 2",
            "Table[3]": "is a string; give a list or a tuple",
            "Table[4]": "is None, in a list that is not sparse",
        }),
        ("map", {}, {"Map": "has 0 entries; it takes 1 to 2"}),
        ("map", {"a": 1, "b": 6}, {"Map.b": "is 6; it takes 1 to 5"}),
        ("map", {"a": None}, {"Map.a": "is None, in a map that is not sparse"}),
        ("map", {"long": 1}, {"Map.long": "as a key has 4 characters; it takes 1 to 3"}),
        ("map", {5: 1}, {"Map.5": "as a key is a number; give a string"}),
        ("map", {"k" * 100: 1}, {f"Map.{'k' * 60}…": "as a key has 100 characters; it takes 1 to 3"}),
        ("map", [("a", 1)], {"Map": "is a list; give a dict"}),
        ("sparse_map", {"red": None}, {}),
        ("sparse_map", {"rod": None},
         {"SparseMap.rod": f"as a key is 'rod', which is none of red, green; did you mean 'red'? {NEW} Colour(…)"}),
        ("document", {"a": [None, 1, 1.5, "x", {}]}, {}),
        ("document", {"a": [0, NAN]},
         {"Document.a[1]": "is a number that is not finite, which a document cannot express"}),
        ("document", {"a": {1: 2}}, {"Document.a": "is a number; give a string"}),
        ("document", [{1, 2}], {"Document[0]": "is of the type set, which JSON cannot express"}),
        ("either", Either(text="a"), {}),
        ("either", Either(), {"Either": "give exactly one of Text, Number; none is given"}),
        ("either", Either(unknown_member=UnknownMember("New", 1)),
         {"Either": "give exactly one of Text, Number; none is given"}),
        ("either", Either(text="a", number=1),
         {"Either": "give exactly one of Text, Number; Text and Number are given"}),
        ("either", Either(text="long"), {"Either.Text": "has 4 characters; it takes 1 to 3"}),
        ("itself", Thing(itself=Thing(byte=500)), {"Itself.Itself.Byte": "is 500; it takes -128 to 127"}),
    ],
)  # fmt: skip
def test_every_type(member: str, given: Any, expected: dict[str, str]) -> None:
    assert problems(Thing(**{member: given})) == expected


@pytest.mark.parametrize(
    ("member", "given", "expected"),
    [
        ("pin", "hunter2", {"Pin": "has 7 characters; it takes 4 to 4"}),
        ("pin", "hunt", {"Pin": "is a value, which does not match [0-9]+"}),
        ("secret_number", 1234, {"SecretNumber": "is a value; it takes 0 to 5"}),
        ("secret_level", 1234,
         {"SecretLevel": f"is a value, which is none of 0, 1; {NEW} Level(…)"}),
        ("secret_colour", "hunter2",
         {"SecretColour": f"is a value, which is none of red, green; {NEW} Colour(…)"}),
        ("secrets", ["hunter2"], {"Secrets[0]": "is a value, which does not match [a-z]+"}),
        ("secret_map", {"hunter": "hunter2"}, {"SecretMap.…": "is a value, which does not match [a-z]+"}),
        ("secret_keys", {"hunter": 1}, {"SecretKeys.…": "as a key has 6 characters; it takes 1 to 5"}),
        ("secret", Secret(user="u", password="hunter2hunter2"),
         {"Secret.Password": "is a value, which does not match [a-z]+"}),
    ],
)  # fmt: skip
def test_what_is_sensitive_is_not_shown(member: str, given: Any, expected: dict[str, str]) -> None:
    found = problems(Thing(**{member: given}))
    assert found == expected
    assert "hunt" not in str(found)
    assert "1234" not in str(found)


def test_the_same_shape_is_shown_where_it_is_not_sensitive() -> None:
    assert problems(Secret(user="u", password="12345678")) == {"Password": "is '12345678', which does not match [a-z]+"}


def test_what_contains_itself_or_is_too_deep_is_one_problem() -> None:
    cyclic: dict[str, object] = {}
    cyclic["again"] = [cyclic]
    assert problems(Thing(document=cyclic, byte=1)) == {"": "it is nested too deeply, or contains itself"}
    deep = Thing()
    for _ in range(5000):
        deep = Thing(itself=deep)
    assert problems(deep) == {"": "it is nested too deeply, or contains itself"}


def test_a_root_of_a_union_and_an_empty_root() -> None:
    assert problems(Either()) == {"": "give exactly one of Text, Number; none is given"}
    assert problems(Unit()) == {}


def test_what_is_no_shape_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="is no shape"):
        validate({"CompilationJobName": "resnet50"})


@pytest.mark.parametrize("traps", [True, False])
def test_the_callers_decimal_context_changes_nothing(traps: bool) -> None:
    value = Thing(price=Decimal("99.90000000000000000000000000001"), document=[Decimal("1.5")])
    expected = problems(value)
    assert expected
    with localcontext(Context(prec=1, Emax=1, Emin=-1, clamp=1)) as context:
        for signal in context.traps:
            context.traps[signal] = traps
        assert problems(value) == expected
