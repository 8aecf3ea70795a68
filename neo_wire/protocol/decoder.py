"""The decoder: from JSON to a shape, by functions compiled once a class.

Lenient in what a service may rightly send: unknown members are ignored, unknown enum values and union members are kept,
missing members tolerated. Strict in the types: a member of another JSON type is a mismatch, named by its path.

Source: Smithy 2.0, AWS JSON 1.1 protocol, shape serialization; client error correction.
"""

from __future__ import annotations

import json
from binascii import a2b_base64
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Overflow
from enum import Enum
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeVar

import attrs

from neo_wire.members import Kind, Schema, members
from neo_wire.protocol import timestamps
from neo_wire.protocol.mismatch import Mismatch, key_step, nature
from neo_wire.schema import UnknownMember, is_unmodelled, shape_traits

T = TypeVar("T")
SetSlot = Callable[[object, object], None]
Decode = Callable[[Any], Any]  # Any: each takes parsed JSON and makes what its own schema says
JsonLoads = Callable[[bytes], object]
"""A JSON parser to use in place of the standard library's, such as `orjson.loads`; it raises ValueError."""

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""The largest response body that is decoded, or read at all."""

_MAX_INTEGER_DIGITS: Final = 4300  # as the interpreter's own limit
_TEN_DIGITS_AND_SIX: Final = len("1763900000.123456")
_NOT_FINITE: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}


def parse_json(body: bytes, loads: JsonLoads | None = None) -> object:
    """The JSON value of a body, with numbers kept exact.

    Raises:
        Mismatch: the body is too large, not UTF-8, not JSON, or nested too deeply.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Mismatch(f"the body has more than {MAX_BODY_BYTES >> 20} MiB")
    body = body.removeprefix(BOM_UTF8)
    try:
        return _JSON.decode(body.decode()) if loads is None else loads(body)
    except UnicodeDecodeError as error:
        raise Mismatch(f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise Mismatch("the body is nested too deeply") from None
    except json.JSONDecodeError as error:
        raise Mismatch(f"the body is not JSON ({error.msg} at character {error.pos})") from None
    except (ValueError, ArithmeticError):
        raise Mismatch("the body is not JSON, or has a number out of all bounds") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(name)  # NaN and Infinity without quotes are no JSON


# A context of our own, so that a caller's changes nothing: no digit is lost, and an exponent beyond what decimals have
# is refused. The parser calls its method without a Python function between: 0.13 µs a number rather than 0.36.
_EXACT: Final = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[InvalidOperation, Overflow, Inexact])
_JSON: Final = json.JSONDecoder(parse_float=_EXACT.create_decimal, parse_constant=_refuse_constant)


def decode(cls: type[T], value: object) -> T:
    """An instance of a `@structure` or `@union` class from parsed JSON.

    Raises:
        Mismatch: a value is of another JSON type than its member.
        TypeError: the class is no shape, or one of its annotations is no Smithy type.
    """
    shape: type = cls
    compiled = (_union_decoder if shape_traits(shape).is_union else _structure_decoder)(shape)
    try:
        decoded: T = compiled(value)
    except RecursionError:
        raise Mismatch("the body is nested too deeply") from None
    return decoded


def _setter(cls: type, attribute: str) -> SetSlot:
    """How a slot is filled without the constructor, which responses need not pay for."""
    setter: SetSlot = getattr(cls, attribute).__set__
    return setter


class _Slots(NamedTuple):
    """How the members of a class are filled in, sort by sort.

    A page of 100 jobs has 1,100 members. A loop for each of the plain sorts, which calls no function for a string, a
    known enum value or what is missing, decodes it in half of the time of a loop that calls one for every member.
    """

    strings: list[tuple[str, SetSlot]]
    timestamps: list[tuple[str, SetSlot]]
    enums: list[tuple[str, SetSlot, Mapping[Any, object], Decode]]  # Any: as the values of any enum
    others: list[tuple[str, SetSlot, object, Decode]]
    unmodelled: list[tuple[SetSlot, object]]


def _slots(shape: type) -> _Slots:
    slots = _Slots([], [], [], [], [])
    for member in members(shape):
        wire_name, schema, set_slot = member.wire_name, member.schema, _setter(shape, member.attribute)
        if schema.kind is Kind.STRING:
            slots.strings.append((wire_name, set_slot))
        elif schema.kind is Kind.TIMESTAMP:
            slots.timestamps.append((wire_name, set_slot))
        elif schema.kind is Kind.ENUM:
            enum: type[Enum] = schema.python
            slots.enums.append((wire_name, set_slot, enum._value2member_map_, _decoder(schema)))
        else:
            stand_in = _EMPTY.get(schema.kind) if member.required else None
            slots.others.append((wire_name, set_slot, stand_in, _decoder(schema)))
    slots.unmodelled.extend(
        (_setter(shape, one.name), one.default) for one in attrs.fields(shape) if is_unmodelled(one)
    )
    return slots


_EMPTY: Final[dict[Kind, object]] = {Kind.LIST: [], Kind.MAP: {}}
"""The JSON to decode for a required member that a response lacks."""


@lru_cache(maxsize=1024)
def _structure_decoder(cls: type) -> Decode:
    slots: _Slots | None = None
    new: Callable[[type], object] = object.__new__

    def decode_structure(value: object) -> object:
        nonlocal slots
        if slots is None:  # at the first use, when a recursive class is complete
            slots = _slots(cls)
        if type(value) is not dict:
            raise Mismatch(f"{nature(value)} where an object belongs")
        strings, moments, enums, others, unmodelled = slots
        instance = new(cls)
        get = value.get
        wire_name = ""
        try:
            for wire_name, set_slot in strings:
                item = get(wire_name)
                set_slot(instance, item if type(item) is str or item is None else _string(item))
            for wire_name, set_slot in moments:
                item = get(wire_name)
                set_slot(instance, None if item is None else _timestamp(item))
            for wire_name, set_slot, known, decode_enum in enums:
                item = get(wire_name)
                if item is not None:
                    item = (known.get(item) if type(item) is str else None) or decode_enum(item)
                set_slot(instance, item)
            for wire_name, set_slot, stand_in, decode_member in others:
                item = get(wire_name)
                if item is None:
                    item = stand_in
                set_slot(instance, None if item is None else decode_member(item))
        except Mismatch as mismatch:
            raise mismatch.under(wire_name)  # noqa: B904  # the same error, one level up
        for set_slot, default in unmodelled:
            set_slot(instance, default)
        return instance

    members(cls)  # a class that is no shape fails here, before anything is cached
    return decode_structure


@lru_cache(maxsize=1024)
def _union_decoder(cls: type) -> Decode:
    decode_structure = _structure_decoder(cls)
    known = {member.wire_name for member in members(cls)}
    set_unknown = _setter(cls, "unknown_member")

    def decode_union(value: object) -> object:
        if type(value) is not dict:
            raise Mismatch(f"{nature(value)} where a union's object belongs")
        present = {tag: item for tag, item in value.items() if item is not None and tag != "__type"}
        if len(present) != 1:
            raise Mismatch(f"a union with {len(present)} members, which has exactly one")
        instance = decode_structure(present)
        (tag, item), *_ = present.items()
        if tag not in known:
            set_unknown(instance, UnknownMember(tag, _document(item)))
        return instance

    return decode_union


def _decoder(schema: Schema) -> Decode:
    match schema.kind:
        case Kind.STRUCTURE:
            return _structure_decoder(schema.python)
        case Kind.UNION:
            return _union_decoder(schema.python)
        case Kind.LIST:
            return _list_decoder(schema)
        case Kind.MAP:
            return _map_decoder(schema)
        case Kind.ENUM:
            return _enum_decoder(schema.python, _string)
        case Kind.INT_ENUM:
            return _enum_decoder(schema.python, _integer_decoder(32))
        case Kind.INTEGER:
            return _integer_decoder(schema.bits)
        case kind:
            return _SIMPLE[kind]


def _list_decoder(schema: Schema) -> Decode:
    assert schema.element is not None  # noqa: S101  # of a list, always
    decode_element = _decoder(schema.element)
    sparse = schema.sparse

    def decode_list(value: object) -> tuple[object, ...]:
        if type(value) is not list:
            raise Mismatch(f"{nature(value)} where a list belongs")
        items = []
        for index, item in enumerate(value):
            if item is not None:
                try:
                    items.append(decode_element(item))
                except Mismatch as mismatch:
                    raise mismatch.under(index)  # noqa: B904  # the same error, one level up
            elif sparse:
                items.append(None)
        return tuple(items)

    return decode_list


def _map_decoder(schema: Schema) -> Decode:
    assert schema.element is not None  # noqa: S101  # of a map, always
    assert schema.key is not None  # noqa: S101  # as above
    decode_key, decode_element = _decoder(schema.key), _decoder(schema.element)
    sparse, hidden = schema.sparse, schema.key.sensitive

    def decode_map(value: object) -> dict[object, object]:
        if type(value) is not dict:
            raise Mismatch(f"{nature(value)} where an object belongs")
        items = {}
        for key, item in value.items():
            if item is not None:
                try:
                    items[decode_key(key)] = decode_element(item)
                except Mismatch as mismatch:
                    raise mismatch.under(key_step(key, sensitive=hidden))  # noqa: B904  # as above
            elif sparse:
                items[decode_key(key)] = None
        return items

    return decode_map


def _enum_decoder(cls: type[Enum], decode_value: Decode) -> Decode:
    known = cls._value2member_map_

    def decode_enum(value: object) -> object:
        plain = decode_value(value)
        return known.get(plain) or cls(plain)

    return decode_enum


def _integer_decoder(bits: int | None) -> Decode:
    smallest, largest = (-(1 << bits - 1), (1 << bits - 1) - 1) if bits else (None, None)

    def decode_integer(value: object) -> int:
        if type(value) is not int:
            value = _integral(value)
        if largest is not None and smallest is not None and not smallest <= value <= largest:
            raise Mismatch(f"a number beyond {bits} bits")
        return value

    return decode_integer


def _integral(value: object) -> int:
    """The int of a number written with a fraction of zero or an exponent, such as 5.0."""
    if isinstance(value, Decimal):
        if value.adjusted() >= _MAX_INTEGER_DIGITS:
            raise Mismatch("a number out of all bounds")
        is_whole = value == value.to_integral_value()
    elif isinstance(value, float):
        is_whole = value.is_integer()
    else:
        raise Mismatch(f"{nature(value)} where an integer belongs")
    if not is_whole:
        raise Mismatch("a number with a fraction where an integer belongs")
    return int(value)


def _string(value: object) -> str:
    if type(value) is not str:
        raise Mismatch(f"{nature(value)} where a string belongs")
    return value


def _boolean(value: object) -> bool:
    if type(value) is not bool:
        raise Mismatch(f"{nature(value)} where a boolean belongs")
    return value


def _float(value: object) -> float:
    if isinstance(value, str) and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Mismatch(f"{nature(value)} where a number belongs")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if number - number != 0:
        raise Mismatch("a number too large for a double")
    return number


def _big_decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise Mismatch(f"{nature(value)} where a number belongs")
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise Mismatch("a number that is not finite")
    return number


def _blob(value: object) -> bytes:
    try:
        return a2b_base64(_string(value), strict_mode=True)
    except ValueError:
        raise Mismatch("a string that is not base64") from None


def _timestamp(value: object) -> object:
    if type(value) is Decimal:
        text = str(value)
        if len(text) <= _TEN_DIGITS_AND_SIX:
            seconds = float(text)
            if 1e9 <= seconds < 4e9:
                # Of the years 2001 to 2096 and not finer than microseconds: a double is near enough to be rounded to
                # the same one. It takes 0.5 µs rather than 2.5, and timestamps are half of a page of jobs.
                return datetime.fromtimestamp(seconds, UTC)
    try:
        return timestamps.read(value)
    except ValueError as error:
        raise Mismatch(f"{error} where a timestamp belongs") from None


def _document(value: object) -> object:
    """Any JSON: a list is a tuple, as in every shape; a number with a fraction is a float, unless none can hold it."""
    if isinstance(value, Decimal):
        number = float(value)
        return number if number - number == 0 else value
    if isinstance(value, list):
        return tuple(map(_document, value))
    if isinstance(value, dict):
        return {key: _document(item) for key, item in value.items()}
    return value


_SIMPLE: Final[dict[Kind, Decode]] = {
    Kind.STRING: _string,
    Kind.BOOLEAN: _boolean,
    Kind.FLOAT: _float,
    Kind.BIG_DECIMAL: _big_decimal,
    Kind.BLOB: _blob,
    Kind.TIMESTAMP: _timestamp,
    Kind.DOCUMENT: _document,
}
