"""Input validation: all broken rules of an input at once, found before anything is sent.

The checks are compiled once a class, as the codec is. A path is put together only when something is wrong.

Source: Smithy 2.0, constraint traits; the AWS JSON 1.1 protocol has no rules of its own here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from functools import lru_cache
from sys import float_info
from typing import Any, Final

from neo_wire._decimals import is_decimal
from neo_wire.errors import InputValidationError, Violation
from neo_wire.members import Kind, Schema, hidden, members
from neo_wire.protocol import timestamps
from neo_wire.protocol.encoder import encode_document
from neo_wire.protocol.mismatch import Mismatch, join_path, key_step, nature
from neo_wire.schema import shape_traits

Step = str | int
Problem = tuple[tuple[Step, ...], str]
Check = Callable[[Any], "Sequence[Problem]"]  # Any: each takes what the user gave, of whatever type
_NONE: Final[tuple[Problem, ...]] = ()
_MAX_SHOWN: Final = 60
_LARGEST_SINGLE: Final = (2 - 2**-23) * 2.0**127


def validate(value: object) -> None:
    """Check a structure or union against every rule of its members, and of theirs.

    Raises:
        InputValidationError: one or more rules are broken; it has all of them.
        TypeError: the class is no shape, or one of its annotations is no Smithy type.
    """
    cls: type = type(value)
    try:
        problems = _shape_check(cls, sensitive=False)(value)
    except RecursionError:
        problems = (((), "it is nested too deeply, or contains itself"),)
    if problems:
        raise InputValidationError(cls.__name__, [Violation(join_path(path), message) for path, message in problems])


def _check_document(value: object) -> Sequence[Problem]:
    try:
        encode_document(value)
    except Mismatch as mismatch:
        return [(mismatch.steps, f"is {mismatch.reason}")]
    return _NONE


def _under(step: Step, problems: Sequence[Problem]) -> Iterator[Problem]:
    return (((step, *path), message) for path, message in problems)


def groups_of(cls: type) -> list[dict[str, str]]:
    """The groups of members of which exactly one is set: each from the attributes to the names on the wire."""
    traits = shape_traits(cls)
    wire_names = {member.attribute: member.wire_name for member in members(cls)}
    if traits.is_union:
        return [wire_names]
    return [{name: wire_names[name] for name in group} for group in traits.exactly_one_of]


@lru_cache(maxsize=1024)
def _shape_check(cls: type, *, sensitive: bool) -> Check:
    fields: list[tuple[Callable[[object], object], str, bool, Check]] | None = None
    groups = groups_of(cls)

    def check_shape(value: object) -> Sequence[Problem]:
        nonlocal fields
        if fields is None:  # at the first use, when a recursive class is complete
            fields = [
                (
                    getattr(cls, one.attribute).__get__,
                    one.wire_name,
                    one.required,
                    check_of(hidden(one.schema) if sensitive else one.schema),
                )
                for one in members(cls)
            ]
        if not isinstance(value, cls):
            return [((), f"is {nature(value)}; give an instance of {cls.__name__}")]
        problems: list[Problem] = []
        for get, wire_name, required, check in fields:
            item = get(value)
            if item is not None:
                if found := check(item):
                    problems += _under(wire_name, found)
            elif required:
                problems.append(((wire_name,), "is missing, and required"))
        for group in groups:
            present = [wire_name for attribute, wire_name in group.items() if getattr(value, attribute) is not None]
            if len(present) != 1:
                given = f"{' and '.join(present)} are given" if present else "none is given"
                problems.append(((), f"give exactly one of {', '.join(group.values())}; {given}"))
        return problems

    return check_shape


def check_of(schema: Schema) -> Check:
    """What finds the problems of one schema's values; none are falsy."""
    match schema.kind:
        case Kind.STRUCTURE | Kind.UNION:
            return _shape_check(schema.python, sensitive=schema.sensitive)
        case Kind.LIST:
            return _list_check(schema)
        case Kind.MAP:
            return _map_check(schema)
        case Kind.STRING:
            return _string_check(schema)
        case Kind.ENUM | Kind.INT_ENUM:
            return _enum_check(schema)
        case Kind.INTEGER | Kind.FLOAT | Kind.BIG_DECIMAL:
            return _number_check(schema)
        case Kind.BLOB:
            return _blob_check(schema)
        case Kind.BOOLEAN:
            return lambda value: [] if isinstance(value, bool) else [((), f"is {nature(value)}; give True or False")]
        case Kind.TIMESTAMP:
            return _check_timestamp
    return _check_document


def _length_problem(schema: Schema, count: int, unit: str) -> Sequence[Problem]:
    length = schema.length
    if length is None or (length.min <= count and (length.max is None or count <= length.max)):
        return _NONE
    bounds = f"{length.min} to {length.max}" if length.max is not None else f"at least {length.min}"
    counted = {"entries": "entry"}.get(unit, unit[:-1]) if count == 1 else unit
    return [((), f"has {count} {counted}; it takes {bounds}")]


def _string_check(schema: Schema) -> Check:
    pattern = schema.pattern

    def check_string(value: object) -> Sequence[Problem]:
        if not isinstance(value, str):
            return [((), f"is {nature(value)}; give a string")]
        if problems := _length_problem(schema, len(value), "characters"):
            return problems  # a string of the wrong length is not matched, so that no pattern sees more than it allows
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            return [((), "has a lone surrogate, which UTF-8 cannot express")]
        if pattern is not None and not pattern.matches(value):
            return [((), f"is {_shown(value, schema)}, which does not match {pattern.regex}")]
        return _NONE

    return check_string


def _shown(value: object, schema: Schema) -> str:
    if schema.sensitive:
        return "a value"
    if isinstance(value, int) and value.bit_length() > 256:
        return f"a number of {value.bit_length()} bits"
    return repr(value) if len(str(value)) <= _MAX_SHOWN else f"{str(value)[:_MAX_SHOWN]!r}…"


def _enum_check(schema: Schema) -> Check:
    cls: type[Enum] = schema.python
    plain: type = str if schema.kind is Kind.ENUM else int
    known = [member.value for member in cls]
    folded = {str(one).casefold(): one for one in known}  # the commonest slip is another case

    def check_enum(value: object) -> Sequence[Problem]:
        # A member that was made by hand, as `TargetDevice("new_device")`, says that its value is meant.
        if isinstance(value, cls) or (value in known and isinstance(value, plain) and not isinstance(value, bool)):
            return _NONE
        if not isinstance(value, plain) or isinstance(value, bool):
            return [((), f"is {nature(value)}; give a {cls.__name__}")]
        import difflib  # needed only here

        close = difflib.get_close_matches(value.casefold(), folded, n=1) if isinstance(value, str) else []
        guess = f"did you mean {folded[close[0]]!r}? " if close else ""
        some = ", ".join(map(str, known[:10])) + (", …" if len(known) > 10 else "")
        way_out = f"for a value that is new at the service give {cls.__name__}(…)"
        return [((), f"is {_shown(value, schema)}, which is none of {some}; {guess}{way_out}")]

    return check_enum


def integer_bounds(schema: Schema) -> tuple[float, float]:
    """The smallest and the largest value of an integer of so many bits, within its range."""
    assert schema.bits is not None  # noqa: S101  # of a bigInteger there are none
    low, high = -(1 << schema.bits - 1), (1 << schema.bits - 1) - 1
    if (limits := schema.range) is None:
        return low, high
    return low if limits.min is None else max(low, limits.min), high if limits.max is None else min(high, limits.max)


def _number_check(schema: Schema) -> Check:
    allowed: tuple[type, ...] = (int,) if schema.kind is Kind.INTEGER else (int, float)
    low: float | Decimal | None = schema.range.min if schema.range else None
    high: float | Decimal | None = schema.range.max if schema.range else None
    if schema.kind is Kind.INTEGER and schema.bits:
        low, high = integer_bounds(schema)
    elif schema.kind is Kind.BIG_DECIMAL:
        from decimal import Decimal  # here, as few shapes have any

        allowed = (int, Decimal)  # and 0.1 as it was written, not as a binary float has it
        low, high = (None if bound is None else Decimal(str(bound)) for bound in (low, high))
    wanted = allowed[-1].__name__
    largest: float | None = None
    if schema.kind is Kind.FLOAT:
        largest = _LARGEST_SINGLE if schema.bits == 32 else float_info.max

    def check_number(value: object) -> Sequence[Problem]:
        if isinstance(value, bool) or not isinstance(value, allowed):
            return [((), f"is {nature(value)}; give {'an' if wanted == 'int' else 'a'} {wanted}")]
        number: Any = value  # Any: int, float or Decimal, which compare with each other but share no type
        if is_decimal(value) and not value.is_finite():
            return [((), "is not finite, which JSON cannot express")]
        if (low is not None and not number >= low) or (high is not None and not number <= high):  # NaN is in no range
            bounds = (
                f"{low} to {high}"
                if None not in (low, high)
                else f"at least {low}"
                if high is None
                else f"at most {high}"
            )
            return [((), f"is {_shown(value, schema)}; it takes {bounds}")]
        if largest is not None and largest < abs(number) < float("inf"):
            return [((), f"is {_shown(value, schema)}; a {schema.bits or 64}-bit float ends at {largest:.4g}")]
        return _NONE

    return check_number


def _blob_check(schema: Schema) -> Check:
    def check_blob(value: object) -> Sequence[Problem]:
        if not isinstance(value, bytes | bytearray | memoryview):
            return [((), f"is {nature(value)}; give bytes")]
        return _length_problem(schema, len(bytes(value)), "bytes")

    return check_blob


def _check_timestamp(value: object) -> Sequence[Problem]:
    if not isinstance(value, datetime):
        return [((), f"is {nature(value)}; give an aware datetime")]
    try:
        timestamps.write(value, "epoch-seconds")
    except ValueError as error:
        return [((), f"is {error}")]
    return _NONE


def _list_check(schema: Schema) -> Check:
    assert schema.element is not None  # noqa: S101  # of a list, always
    check_element = check_of(schema.element)
    sparse = schema.sparse

    def check_list(value: object) -> Sequence[Problem]:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray | memoryview):
            return [((), f"is {nature(value)}; give a list or a tuple")]
        problems = list(_length_problem(schema, len(value), "elements"))
        for index, item in enumerate(value):
            if item is not None:
                if found := check_element(item):
                    problems += _under(index, found)
            elif not sparse:
                problems.append(((index,), "is None, in a list that is not sparse"))
        return problems

    return check_list


def _map_check(schema: Schema) -> Check:
    assert schema.element is not None  # noqa: S101  # of a map, always
    assert schema.key is not None  # noqa: S101  # as above
    check_key, check_element = check_of(schema.key), check_of(schema.element)
    sparse, is_hidden = schema.sparse, schema.key.sensitive

    def check_map(value: object) -> Sequence[Problem]:
        if not isinstance(value, Mapping):
            return [((), f"is {nature(value)}; give a dict")]
        problems = list(_length_problem(schema, len(value), "entries"))
        for key, item in value.items():
            step = key_step(key, sensitive=is_hidden)
            problems += (((step, *path), f"as a key {message}") for path, message in check_key(key))
            if item is not None:
                problems += _under(step, check_element(item))
            elif not sparse:
                problems.append(((step,), "is None, in a map that is not sparse"))
        return problems

    return check_map
