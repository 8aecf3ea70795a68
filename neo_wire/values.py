"""Equality, hash and repr of values, without a compilation for each class.

attrs compiles these methods for each class that it makes, which is more than half of the work, and most of them are
never called. A value has them from here instead, with the same behaviour; it is declared as

    @frozen(eq=False, repr=False)
    class Scope(Value): ...
"""

from __future__ import annotations

from reprlib import recursive_repr
from typing import Any, Final

import attrs


class Value:
    """What equals another of its very class when all of their fields are equal.

    The fields are those of attrs, by what each says of `eq`, `hash` and `repr`; in a class that attrs did not make, the
    slots. It is for what never changes: the hash follows from the fields.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        for name, key in _fields(self.__class__).compared:
            mine, others = getattr(self, name), getattr(other, name)
            if not (mine == others if key is None else key(mine) == key(others)):
                return False
        return True

    def __hash__(self) -> int:
        cls = self.__class__
        return hash(
            (
                cls,
                *[
                    getattr(self, name) if key is None else key(getattr(self, name))
                    for name, key in _fields(cls).hashed
                ],
            )
        )

    @recursive_repr("...")
    def __repr__(self) -> str:
        cls = self.__class__
        shown = [f"{name}={show(getattr(self, name, attrs.NOTHING))}" for name, show in _fields(cls).shown]
        return f"{cls.__qualname__.rpartition('>.')[2]}({', '.join(shown)})"


def add_value_methods(cls: type) -> None:
    """Give a class, which need not derive from `Value`, those of its methods that its own body does not have."""
    own = cls.__dict__
    if "__eq__" not in own and "__ne__" not in own:
        cls.__eq__ = Value.__eq__  # type: ignore[method-assign,assignment]  # it asks for the class of what it is given
    if "__hash__" not in own:  # Python itself puts None there when the body has an __eq__
        cls.__hash__ = Value.__hash__  # type: ignore[method-assign,assignment]  # as above
    if "__repr__" not in own:
        cls.__repr__ = Value.__repr__  # type: ignore[method-assign,assignment]  # as above


class _Fields:
    """The names of a class's fields that count for each method, with what their values go through before."""

    __slots__ = ("compared", "hashed", "shown")

    def __init__(self, cls: type) -> None:
        if attrs.has(cls):
            fields: Any = attrs.fields(cls)  # Any: attrs' stub lacks eq_key
            self.compared = [(one.name, one.eq_key) for one in fields if one.eq]
            self.hashed = [(one.name, one.eq_key) for one in fields if (one.eq if one.hash is None else one.hash)]
            self.shown = [(one.name, repr if one.repr is True else one.repr) for one in fields if one.repr]
        else:
            names = [name for base in reversed(cls.__mro__) for name in base.__dict__.get("__slots__", ())]
            self.compared = self.hashed = [(name, None) for name in names]
            self.shown = [(name, repr) for name in names]


_KNOWN: Final[dict[type, _Fields]] = {}


def _fields(cls: type) -> _Fields:
    """What is known of a class, found out when it is first asked."""
    found = _KNOWN.get(cls)
    if found is None:
        found = _KNOWN[cls] = _Fields(cls)
    return found
