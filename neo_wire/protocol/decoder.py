"""The decoder: from JSON to a shape, by functions compiled once a class.

Lenient in what a service may rightly send: unknown members are ignored, unknown enum values and union members are kept,
missing members tolerated. Strict in the types: a member of another JSON type is a mismatch, named by its path.

Source: Smithy 2.0, AWS JSON 1.1 protocol, shape serialization; client error correction.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final, TypeVar

import attrs

from neo_wire.members import Kind, Schema, members
from neo_wire.protocol.mismatch import Mismatch, key_step, nature
from neo_wire.protocol.simple_types import Decode, document_decoder, simple_decoder
from neo_wire.schema import UnknownMember, is_unmodelled, shape_traits

T = TypeVar("T")
SetSlot = Callable[[object, object], None]
JsonLoads = Callable[[bytes], object]
"""A JSON parser to use in place of the standard library's, such as `orjson.loads`; it raises ValueError."""

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
"""The largest response body that is decoded, or read at all."""

_WHITE_SPACE: Final = " \t\r\n"


def parse_json(body: bytes, loads: JsonLoads | None = None) -> object:
    """The JSON value of a body, with numbers kept exact.

    Raises:
        Mismatch: the body is too large, not UTF-8, not JSON, or nested too deeply.
    """
    if len(body) > MAX_BODY_BYTES:
        raise Mismatch(f"the body has more than {MAX_BODY_BYTES >> 20} MiB")
    body = body.removeprefix(BOM_UTF8)
    try:
        return _exact_json().decode(body.decode()) if loads is None else loads(body)
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


@cache
def _exact_json() -> json.JSONDecoder:
    """The parser that makes decimals, made at its first use: doubles are enough for most bodies."""
    import decimal  # here, for that

    # A context of our own, so that a caller's changes nothing: no digit is lost, and an exponent beyond what decimals
    # have is refused. The parser calls its method without a Python function between: 0.13 µs a number rather than 0.36.
    exact = decimal.Context(
        prec=decimal.MAX_PREC,
        rounding=decimal.ROUND_HALF_EVEN,
        Emin=decimal.MIN_EMIN,
        Emax=decimal.MAX_EMAX,
        capitals=1,
        clamp=0,
        traps=[decimal.InvalidOperation, decimal.Overflow, decimal.Inexact],
    )
    return json.JSONDecoder(parse_float=exact.create_decimal, parse_constant=_refuse_constant)


def decode(cls: type[T], value: object) -> T:
    """An instance of a `@structure` or `@union` class from parsed JSON.

    Raises:
        Mismatch: a value is of another JSON type than its member.
        TypeError: the class is no shape, or one of its annotations is no Smithy type.
    """
    shape: type = cls
    compiled = _shape_decoder(shape, exact=True)
    try:
        decoded: T = compiled(value)
    except RecursionError:
        raise Mismatch("the body is nested too deeply") from None
    return decoded


# Only big decimals, absurd numbers and times finer than microseconds need more than doubles; and the way of a timestamp
# through a decimal is twice as long. With them a page of jobs, which are half timestamps, takes a quarter less.
_DOUBLES: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def decode_plain(cls: type[T], body: bytes) -> T | None:
    """What `decode` makes of `parse_json(body)`, but faster; or None, when it takes those two to tell.

    It is None for all that they refuse, and for numbers that a double may not hold. One difference is left: of two
    members of one name, of which the last wins, they refuse the first for a number beyond all bounds too.

    Raises:
        TypeError: as `decode`.
    """
    shape: type = cls
    compiled = _shape_decoder(shape, exact=False)
    if len(body) > MAX_BODY_BYTES:
        return None
    try:
        text = body.decode()
        value, end = _DOUBLES.raw_decode(text)  # unlike `decode`, which looks for white space twice: 0.6 µs
        decoded: T | None = None if text[end:].strip(_WHITE_SPACE) else compiled(value)
    except (Mismatch, ValueError, RecursionError):
        return None
    return decoded


@lru_cache(maxsize=1024)
def _shape_decoder(cls: type, *, exact: bool) -> Decode:
    return (_union_decoder if shape_traits(cls).is_union else _structure_decoder)(cls, exact=exact)


def _setter(cls: type, attribute: str) -> SetSlot:
    """How a slot is filled without the constructor, which responses need not pay for."""
    setter: SetSlot = getattr(cls, attribute).__set__
    return setter


_AS_IT_IS: Final = {Kind.STRING: str, Kind.BOOLEAN: bool}
"""The types of parsed JSON that are values already, so that no function is called for them."""

_EMPTY: Final[dict[Kind, object]] = {Kind.LIST: [], Kind.MAP: {}}
"""The JSON to decode for a required member that a response lacks."""

_Field = tuple[str, SetSlot, type | None, object, Decode]  # the type is of `_AS_IT_IS`, the object of `_EMPTY`


def _structure_decoder(cls: type, *, exact: bool) -> Decode:
    fields: list[_Field] | None = None
    known = frozenset(member.wire_name for member in members(cls))  # a class that is no shape fails here
    check_unknown = document_decoder(exact=exact)
    unmodelled = [(_setter(cls, one.name), one.default) for one in attrs.fields(cls) if is_unmodelled(one)]
    new: Callable[[type], object] = object.__new__

    def decode_structure(value: object) -> object:
        nonlocal fields
        if fields is None:  # at the first use, when a recursive class is complete
            fields = [
                (
                    one.wire_name,
                    _setter(cls, one.attribute),
                    _AS_IT_IS.get(one.schema.kind),
                    _EMPTY.get(one.schema.kind) if one.required else None,
                    _decoder(one.schema, exact=exact),
                )
                for one in members(cls)
            ]
        if type(value) is not dict:
            raise Mismatch(f"{nature(value)} where an object belongs")
        instance = new(cls)
        get = value.get
        wire_name = ""
        missing = 0
        try:
            for wire_name, set_slot, plain, stand_in, decode_member in fields:
                item = get(wire_name)
                if item is None:
                    missing += 1
                    if stand_in is not None:
                        item = decode_member(stand_in)
                elif type(item) is not plain:
                    item = decode_member(item)
                set_slot(instance, item)
        except Mismatch as mismatch:
            raise mismatch.under(wire_name)  # noqa: B904  # the same error, one level up
        for set_slot, default in unmodelled:
            set_slot(instance, default)
        if len(value) + missing != len(known) and not exact:  # unknown members, or null ones
            for name in value.keys() - known:
                check_unknown(value[name])
        return instance

    return decode_structure


def _union_decoder(cls: type, *, exact: bool) -> Decode:
    decode_structure = _structure_decoder(cls, exact=exact)
    decode_document = document_decoder(exact=exact)
    known = {member.wire_name for member in members(cls)}
    set_unknown = _setter(cls, "unknown_member")

    def decode_union(value: object) -> object:
        if type(value) is not dict:
            raise Mismatch(f"{nature(value)} where a union's object belongs")
        present = {tag: item for tag, item in value.items() if item is not None and tag != "__type"}
        if len(present) != 1:
            raise Mismatch(f"a union with {len(present)} members, which has exactly one")
        instance = decode_structure(value)
        (tag, item), *_ = present.items()
        if tag not in known:
            set_unknown(instance, UnknownMember(tag, decode_document(item)))
        return instance

    return decode_union


def _decoder(schema: Schema, *, exact: bool) -> Decode:
    match schema.kind:
        case Kind.STRUCTURE | Kind.UNION:
            return _shape_decoder(schema.python, exact=exact)
        case Kind.LIST:
            return _list_decoder(schema, exact=exact)
        case Kind.MAP:
            return _map_decoder(schema, exact=exact)
    return simple_decoder(schema, exact=exact)


def _list_decoder(schema: Schema, *, exact: bool) -> Decode:
    assert schema.element is not None  # noqa: S101  # of a list, always
    decode_element = _decoder(schema.element, exact=exact)
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


def _map_decoder(schema: Schema, *, exact: bool) -> Decode:
    assert schema.element is not None  # noqa: S101  # of a map, always
    assert schema.key is not None  # noqa: S101  # as above
    decode_key, decode_element = _decoder(schema.key, exact=exact), _decoder(schema.element, exact=exact)
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
