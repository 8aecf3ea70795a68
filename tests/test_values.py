"""Values against attrs: classes of the same fields, one with the methods that attrs compiles, one with ours."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

import neo_wire
from neo_wire.schema import structure
from neo_wire.values import Value, add_value_methods


def twins(fields: Callable[[], dict[str, Any]], name: str = "Thing") -> tuple[Any, Any]:
    """The class that attrs makes, and ours; an attrs field belongs to one class, so they are made twice."""
    theirs = attrs.make_class(name, fields(), frozen=True)
    ours = attrs.make_class(name, fields(), bases=(Value,), frozen=True, eq=False, repr=False)
    return theirs, ours


def outcome(function: Callable[[Any], object], argument: object) -> object:
    try:
        return function(argument)
    except TypeError as error:  # as of the hash of a list
        return str(error)


plain = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(width=16) | st.text("aA.'\n", max_size=2)
values = plain | st.lists(plain, max_size=2) | st.tuples(plain)
options = st.fixed_dictionaries(
    {},
    optional={
        "eq": st.sampled_from([True, False, repr]),
        "hash": st.sampled_from([None, True, False]),
        "repr": st.sampled_from([True, False, lambda value: f"<{value}>"]),
    },
)


@given(st.lists(options, max_size=4), st.data())
def test_the_methods_do_what_those_of_attrs_do(each: list[dict[str, Any]], data: st.DataObject) -> None:
    theirs, ours = twins(lambda: {f"field_{number}": field(**one) for number, one in enumerate(each)})
    arguments = data.draw(st.tuples(*[values] * len(each)))
    others = tuple(data.draw(st.just(one) | values) for one in arguments)
    left, right, their_left, their_right = ours(*arguments), ours(*others), theirs(*arguments), theirs(*others)
    assert (left == right) is (their_left == their_right)
    assert (left != right) is (their_left != their_right)
    assert (left == left) is (their_left == their_left)  # false with a NaN in it
    assert repr(left) == repr(their_left)
    if isinstance(outcome(hash, their_left), str):
        assert outcome(hash, left) == outcome(hash, their_left)
    elif not isinstance(outcome(hash, their_right), str):
        assert (hash(left) == hash(right)) is (hash(their_left) == hash(their_right))
        if left == right and all(one.get("hash") is None for one in each):
            assert hash(left) == hash(right)


def test_there_are_outcomes_of_each_kind() -> None:
    _, ours = twins(lambda: {"told": field(), "left_out": field(default=0, eq=False, repr=False)})
    assert ours(1, 2) == ours(1, 3) != ours(2, 3)
    assert hash(ours(1, 2)) == hash(ours(1, 3)) != hash(ours(2, 3))
    assert repr(ours(1, 2)) == "Thing(told=1)"


@frozen(eq=False, repr=False)
class Point(Value):
    x: object
    y: object = 0
    length: object = field(init=False, repr=False, eq=False)

    @length.default
    def _length(self) -> object:
        return (self.x, self.y)


@frozen(eq=False, repr=False)
class Named(Point):
    name: str = ""


@frozen
class Compiled:
    inner: object


class Plain(Point):
    """Derived, and not decorated."""


class Slotted(Value):
    __slots__ = ("a", "b")

    def __init__(self, a: object, b: object = 0) -> None:
        self.a = a
        self.b = b


class More(Slotted):
    __slots__ = ("c",)

    def __init__(self, a: object, c: object) -> None:
        super().__init__(a)
        self.c = c


def test_what_is_of_another_class_is_left_to_the_other() -> None:
    class Anything:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]  # it needs none

    assert Point(1).__eq__(5) is NotImplemented
    assert Point(1).__eq__(Named(1)) is NotImplemented
    assert Point(1) != Plain(1)
    assert Point(1) != Slotted(1)
    assert Point(1) == Anything()
    assert Slotted(1, 0) != More(1, 0)
    assert hash(Point(1)) != hash(Plain(1))


def test_a_derived_class_has_the_fields_of_both() -> None:
    assert Named(1, 2, "a") == Named(1, 2, "a")
    assert Named(1, 2, "a") != Named(1, 2, "b")
    assert Named(1, 2, "a") != Named(2, 2, "a")
    assert repr(Named(1, 2, "a")) == "Named(x=1, y=2, name='a')"
    assert Plain(1) == Plain(1) != Plain(2)
    assert repr(Plain(1)) == "Plain(x=1, y=0)"


def test_the_fields_of_a_class_without_attrs_are_its_slots() -> None:
    assert Slotted(1, [2]) == Slotted(1, [2]) != Slotted(1, [3])
    assert hash(Slotted(1, 2)) == hash(Slotted(1, 2)) != hash(Slotted(2, 2))
    assert {Slotted(1): "found"}[Slotted(1)] == "found"
    assert repr(Slotted("a")) == "Slotted(a='a', b=0)"
    assert More(1, 2) == More(1, 2) != More(1, 3)
    assert repr(More(1, 2)) == "More(a=1, b=0, c=2)"
    assert not hasattr(Slotted(1), "__dict__")


def test_what_contains_itself_is_shown_once() -> None:
    theirs, ours = twins(lambda: {"items": field()})
    shown = []
    for cls in (theirs, ours):
        items: list[object] = []
        items.append(cls(items))
        shown.append(repr(items[0]))
    assert shown == ["Thing(items=[...])"] * 2
    through: list[object] = []
    point = Point(Compiled(through))
    through.append(point)
    assert repr(point) == "Point(x=Compiled(inner=[...]), y=0)"
    assert repr(point) == repr(point)
    assert repr([point.x, point]).count("Point") == 2  # what is shown twice, but not in itself, is shown twice


def test_a_repr_that_fails_leaves_nothing_behind() -> None:
    class Fragile:
        broken = True

        def __repr__(self) -> str:
            if self.broken:
                raise RuntimeError("broken")
            return "mended"

    fragile = Fragile()
    point = Point(fragile)
    with pytest.raises(RuntimeError, match="broken"):
        repr(point)
    fragile.broken = False
    assert repr(point) == "Point(x=mended, y=0)"


def test_the_name_is_the_one_that_attrs_shows() -> None:
    class Local:
        @frozen
        class Theirs:
            x: int = 1

        @frozen(eq=False, repr=False)
        class Ours(Value):
            x: int = 1

    assert repr(Local.Theirs()) == "Local.Theirs(x=1)"
    assert repr(Local.Ours()) == "Local.Ours(x=1)"


def test_a_field_that_is_not_set_yet_is_shown_as_nothing() -> None:
    theirs, ours = twins(lambda: {"later": field(init=False)})
    assert repr(ours()) == repr(theirs()) == "Thing(later=NOTHING)"


def test_values_are_attrs_classes_in_all_else() -> None:
    point = Point(1, [2])
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        point.x = 2  # type: ignore[misc]  # the point of the test
    assert attrs.asdict(point) == {"x": 1, "y": [2], "length": (1, [2])}
    assert attrs.astuple(point) == (1, [2], (1, [2]))
    assert attrs.evolve(point, x=5) == Point(5, [2])
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(point, protocol)) == point  # noqa: S301  # our own bytes
    assert copy.copy(point) == copy.deepcopy(point) == point
    match point:
        case Point(1, y=[second]):
            assert second == 2
        case _:
            pytest.fail("no match")
    assert not hasattr(point, "__dict__")


# ------------------------------------------------------------------------------------------------------- a body's own


@pytest.mark.parametrize("decorate", [structure, attrs.frozen], ids=["ours", "attrs"])
def test_what_a_body_has_of_its_own_stays(decorate: Any) -> None:
    class Shown:
        x: int

        def __repr__(self) -> str:
            return "shown"

    class Equal:
        x: int

        def __eq__(self, other: object) -> bool:
            return type(other) is type(self)

    class Unequal:
        x: int

        def __ne__(self, other: object) -> bool:
            return True

    class Hashed:
        x: int

        def __hash__(self) -> int:
            return 5

    shown, equal, unequal, hashed = (decorate(cls) for cls in (Shown, Equal, Unequal, Hashed))
    assert repr(shown(x=1)) == "shown"
    assert shown(x=1) == shown(x=1) != shown(x=2)
    assert equal(x=1) == equal(x=2)
    assert repr(equal(x=1)) == "Equal(x=1)"
    with pytest.raises(TypeError, match="unhashable"):
        hash(equal(x=1))
    assert unequal(x=1) != unequal(x=1)
    assert hash(hashed(x=1)) == hash(hashed(x=2)) == 5
    assert hashed(x=1) == hashed(x=1) != hashed(x=2)


def test_the_methods_can_be_given_to_a_class_that_derives_from_anything() -> None:
    class Anything:
        __slots__ = ("a",)

        def __init__(self, a: int) -> None:
            self.a = a

    class Given(Anything):
        __slots__ = ("b",)

        def __init__(self, a: int, b: int) -> None:
            super().__init__(a)
            self.b = b

    assert Given(1, 2) != Given(1, 2)
    add_value_methods(Given)
    assert Given(1, 2) == Given(1, 2) != Given(2, 2)
    assert hash(Given(1, 2)) == hash(Given(1, 2)) != hash(Given(1, 3))
    assert repr(Given(1, 2)) == "Given(a=1, b=2)"


def test_no_class_of_the_package_has_methods_compiled_that_a_value_has() -> None:
    compiled = []
    for module in pkgutil.walk_packages(neo_wire.__path__, "neo_wire."):
        if module.name.endswith("__main__"):
            continue
        for name, cls in vars(importlib.import_module(module.name)).items():
            if inspect.isclass(cls) and attrs.has(cls) and cls.__module__ == module.name:
                methods = (cls.__dict__.get(one) for one in ("__eq__", "__hash__", "__repr__"))
                code = [one.__code__.co_filename for one in methods if inspect.isfunction(one)]
                compiled += [f"{module.name}.{name}" for filename in code if filename.startswith("<attrs generated")]
    assert compiled == []
