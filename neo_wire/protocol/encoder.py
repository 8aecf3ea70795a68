"""The encoder: from a shape to JSON text, by functions compiled once a class.

JSON text is written directly rather than through a tree of dicts: one pass, and the only way for a big decimal to keep
its digits. Members that are None are left out; empty lists, maps and structures are written.

Source: Smithy 2.0, AWS JSON 1.1 protocol, shape serialization.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii
from typing import Any

from neo_wire._decimals import is_decimal
from neo_wire.errors import InputValidationError, Violation
from neo_wire.members import Kind, Schema, members
from neo_wire.protocol import timestamps
from neo_wire.protocol.mismatch import Mismatch, key_step, nature
from neo_wire.schema import TimestampFormatName, shape_traits

Encode = Callable[[Any], str]  # Any: each takes what its own schema says


def encode(value: object) -> bytes:
    """The JSON of a structure or union, as bytes of ASCII.

    Args:
        value: an instance of a `@structure` or `@union` class.

    Raises:
        InputValidationError: a value is of another type than its member; the first such is named.
        TypeError: the class is no shape, or one of its annotations is no Smithy type.
    """
    cls: type = type(value)
    try:
        compiled = (_union_encoder if shape_traits(cls).is_union else _structure_encoder)(cls)
        return compiled(value).encode("ascii")
    except Mismatch as mismatch:
        raise InputValidationError(cls.__name__, [Violation(mismatch.path, mismatch.reason)]) from None
    except RecursionError:
        reason = "it is nested too deeply, or contains itself"
        raise InputValidationError(cls.__name__, [Violation("", reason)]) from None


@lru_cache(maxsize=1024)
def _structure_encoder(cls: type) -> Encode:
    fields: list[tuple[Callable[[object], object], str, str, Encode]] | None = None

    def encode_structure(value: object) -> str:
        nonlocal fields
        if fields is None:  # at the first use, when a recursive class is complete
            fields = [
                (
                    getattr(cls, member.attribute).__get__,
                    encode_basestring_ascii(member.wire_name) + ":",
                    member.wire_name,
                    encoder_of(member.schema),
                )
                for member in members(cls)
            ]
        if not isinstance(value, cls):
            raise Mismatch(f"{nature(value)}; give an instance of {cls.__name__}")
        parts = []
        for get, prefix, wire_name, encode_member in fields:
            item = get(value)
            if item is not None:
                try:
                    parts.append(prefix + encode_member(item))
                except Mismatch as mismatch:
                    raise mismatch.under(wire_name)  # noqa: B904  # the same error, one level up
        return "{" + ",".join(parts) + "}"

    members(cls)  # a class that is no shape fails here, before anything is cached
    return encode_structure


@lru_cache(maxsize=1024)
def _union_encoder(cls: type) -> Encode:
    encode_structure = _structure_encoder(cls)
    attributes = [member.attribute for member in members(cls)]

    def encode_union(value: object) -> str:
        if isinstance(value, cls):
            count = sum(getattr(value, attribute) is not None for attribute in attributes)
            if count != 1:
                raise Mismatch(f"a union with {count} members set; set exactly one")
        return encode_structure(value)

    return encode_union


def encoder_of(schema: Schema) -> Encode:
    """What encodes the values of one schema; it raises `Mismatch` for what is of another type."""
    match schema.kind:
        case Kind.STRUCTURE:
            return _structure_encoder(schema.python)
        case Kind.UNION:
            return _union_encoder(schema.python)
        case Kind.LIST:
            return _list_encoder(_element_encoder(schema), sparse=schema.sparse)
        case Kind.MAP:
            hidden = schema.key is not None and schema.key.sensitive
            return _map_encoder(_element_encoder(schema), sparse=schema.sparse, hidden=hidden)
        case Kind.TIMESTAMP:
            return _timestamp_encoder(schema.timestamp_format or "epoch-seconds")
        case kind:
            return _SIMPLE[kind]


def _element_encoder(schema: Schema) -> Encode:
    assert schema.element is not None  # noqa: S101  # of a list or a map, always
    return encoder_of(schema.element)


def _list_encoder(encode_element: Encode, *, sparse: bool) -> Encode:
    def encode_list(value: object) -> str:
        if not isinstance(value, Sequence) or isinstance(value, str | bytes | bytearray | memoryview):
            raise Mismatch(f"{nature(value)}; give a list or a tuple")
        parts = []
        for index, item in enumerate(value):
            try:
                parts.append("null" if item is None and sparse else encode_element(item))
            except Mismatch as mismatch:
                raise mismatch.under(index)  # noqa: B904  # the same error, one level up
        return "[" + ",".join(parts) + "]"

    return encode_list


def _map_encoder(encode_element: Encode, *, sparse: bool, hidden: bool) -> Encode:
    def encode_map(value: object) -> str:
        if not isinstance(value, Mapping):
            raise Mismatch(f"{nature(value)}; give a dict")
        parts = []
        for key, item in value.items():
            try:
                text = "null" if item is None and sparse else encode_element(item)
            except Mismatch as mismatch:
                raise mismatch.under(key_step(key, sensitive=hidden))  # noqa: B904  # as above
            parts.append(f"{_string(key)}:{text}")
        return "{" + ",".join(parts) + "}"

    return encode_map


def _timestamp_encoder(timestamp_format: TimestampFormatName) -> Encode:
    def encode_timestamp(value: object) -> str:
        if not isinstance(value, datetime):
            raise Mismatch(f"{nature(value)}; give an aware datetime")
        try:
            text = timestamps.write(value, timestamp_format)
        except ValueError as error:
            raise Mismatch(str(error)) from None
        return text if timestamp_format == "epoch-seconds" else f'"{text}"'

    return encode_timestamp


def _string(value: object) -> str:
    if not isinstance(value, str):
        raise Mismatch(f"{nature(value)}; give a string")
    return encode_basestring_ascii(value)


def _boolean(value: object) -> str:
    if not isinstance(value, bool):
        raise Mismatch(f"{nature(value)}; give True or False")
    return "true" if value else "false"


def _integer(value: object) -> str:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Mismatch(f"{nature(value)}; give an int")
    try:
        return int.__repr__(value)
    except ValueError:  # the interpreter's limit on the digits of an int
        raise Mismatch("an integer of thousands of digits") from None


def _float(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Mismatch(f"{nature(value)}; give a float")
    try:
        value = float(value)
    except OverflowError:
        raise Mismatch("an integer too large for a double") from None
    if value - value == 0:  # neither infinite nor NaN
        return float.__repr__(value)
    return '"NaN"' if value != value else '"Infinity"' if value > 0 else '"-Infinity"'  # NaN alone differs from itself


def _big_decimal(value: object) -> str:
    if isinstance(value, int):
        return _integer(value)
    if not is_decimal(value):
        raise Mismatch(f"{nature(value)}; give a Decimal")
    if not value.is_finite():
        raise Mismatch("a Decimal that is not finite")
    return str(value)


def _blob(value: object) -> str:
    if not isinstance(value, bytes | bytearray | memoryview):
        raise Mismatch(f"{nature(value)}; give bytes")
    return '"' + b2a_base64(bytes(value), newline=False).decode("ascii") + '"'


def encode_document(value: object) -> str:
    """The text of any JSON value; here alone NaN and the infinities have no way to be written.

    Raises:
        Mismatch: there is something in it that JSON cannot express.
        RecursionError: it is nested too deeply, or contains itself.
    """
    match value:
        case None:
            return "null"
        case str():
            return encode_basestring_ascii(value)
        case bool():
            return _boolean(value)
        case int():
            return _integer(value)
        case float():
            if value - value != 0:
                raise Mismatch("a number that is not finite, which a document cannot express")
            return float.__repr__(value)
        case list() | tuple():
            return _document_list(value)
        case Mapping():
            return _document_map(value)
        case _ if is_decimal(value):
            return _big_decimal(value)
    raise Mismatch(f"{nature(value)}, which JSON cannot express")


_document_list = _list_encoder(encode_document, sparse=False)
_document_map = _map_encoder(encode_document, sparse=False, hidden=False)


_SIMPLE: dict[Kind, Encode] = {
    Kind.STRING: _string,
    Kind.ENUM: _string,
    Kind.BOOLEAN: _boolean,
    Kind.INTEGER: _integer,
    Kind.INT_ENUM: _integer,
    Kind.FLOAT: _float,
    Kind.BIG_DECIMAL: _big_decimal,
    Kind.BLOB: _blob,
    Kind.DOCUMENT: encode_document,
}
