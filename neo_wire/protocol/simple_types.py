"""The decoders of simple types: from one JSON value to a string, number, blob, timestamp, enum or document.

What has numbers has two. The exact one is for JSON that was parsed into decimals, or by a parser of the user's. The
other is for JSON that was parsed into doubles, and refuses a double that may have lost something.

Source: Smithy 2.0, simple types; AWS JSON 1.1 protocol, shape serialization.
"""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Never

from neo_wire._decimals import is_decimal
from neo_wire.members import Kind, Schema
from neo_wire.protocol import timestamps
from neo_wire.protocol.mismatch import Mismatch, nature

if TYPE_CHECKING:
    from decimal import Decimal

Decode = Callable[[Any], Any]  # Any: each takes parsed JSON and makes what its own schema says

_MAX_INTEGER_DIGITS: Final = 4300  # as the interpreter's own limit
_NOT_FINITE: Final = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}
_from_timestamp: Final = datetime.fromtimestamp


def simple_decoder(schema: Schema, *, exact: bool) -> Decode:
    """The decoder of a simple type, for JSON whose numbers are `exact` decimals, or else for one of doubles."""
    match schema.kind:
        case Kind.ENUM:
            return _enum_decoder(schema.python, str, _string)
        case Kind.INT_ENUM:
            return _enum_decoder(schema.python, int, _integer_decoder(32, exact=exact))
        case Kind.INTEGER:
            return _integer_decoder(schema.bits, exact=exact)
        case kind:
            return (_EXACT if exact else _OF_DOUBLES)[kind]


def _enum_decoder(cls: type[Enum], plain: type, decode_value: Decode) -> Decode:
    known = cls._value2member_map_

    def decode_enum(value: object) -> object:
        return (known.get(value) if type(value) is plain else None) or cls(decode_value(value))

    return decode_enum


def _refuse(_value: object) -> Never:
    raise Mismatch("a number that a double may not hold")


def _integer_decoder(bits: int | None, *, exact: bool) -> Decode:
    integral: Callable[[object], int] = _integral if exact else _refuse
    smallest, largest = (-(1 << bits - 1), (1 << bits - 1) - 1) if bits else (None, None)

    def decode_integer(value: object) -> int:
        if type(value) is not int:
            value = integral(value)
        if largest is not None and smallest is not None and not smallest <= value <= largest:
            raise Mismatch(f"a number beyond {bits} bits")
        return value

    return decode_integer


def _integral(value: object) -> int:
    """The int of a number written with a fraction of zero or an exponent, such as 5.0."""
    if is_decimal(value):
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
    if isinstance(value, bool) or not (isinstance(value, int | float) or is_decimal(value)):
        raise Mismatch(f"{nature(value)} where a number belongs")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if number - number != 0:
        raise Mismatch("a number too large for a double")
    return number


def _double(value: object) -> float:
    return _refuse(value) if _is_lost(value) else _float(value)


def _is_lost(value: object) -> bool:
    """Whether parsed JSON is a double that the number as it was written may not fit in: zero too, for tiny ones."""
    return type(value) is float and (value - value != 0 or not value)


def _big_decimal(value: object) -> Decimal:
    from decimal import Decimal  # here, as few shapes have any

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


def _timestamp_decoder(*, exact: bool) -> Decode:
    def decode_timestamp(value: object) -> datetime:
        if type(value) is float:
            # From 2001 to 2096 a double is within 0.24 µs of the digits that it was read from. Where the product is
            # whole, the double is within 0.25 µs of that many microseconds: less than a half in all, so to these the
            # digits are rounded. From 2005 to 2037 the product is whole for all digits down to the microsecond. That
            # takes 0.3 µs rather than 2.5.
            if 1e9 <= value < 4e9 and (value * 1e6).is_integer():
                return _from_timestamp(value, UTC)
            if not exact:
                _refuse(value)
        try:
            return timestamps.read(value)
        except ValueError as error:
            raise Mismatch(f"{error} where a timestamp belongs") from None

    return decode_timestamp


def document_decoder(*, exact: bool) -> Decode:
    """Any JSON: a list is a tuple, as in every shape; a number with a fraction is a float, unless none can hold it."""

    def decode_document(value: object) -> object:
        if exact and is_decimal(value):
            number = float(value)
            return number if number - number == 0 else value
        if isinstance(value, list):
            return tuple(map(decode_document, value))
        if isinstance(value, dict):
            return {key: decode_document(item) for key, item in value.items()}
        if not exact and _is_lost(value):
            _refuse(value)
        return value

    return decode_document


_EXACT: Final[dict[Kind, Decode]] = {
    Kind.STRING: _string,
    Kind.BOOLEAN: _boolean,
    Kind.FLOAT: _float,
    Kind.BIG_DECIMAL: _big_decimal,
    Kind.BLOB: _blob,
    Kind.TIMESTAMP: _timestamp_decoder(exact=True),
    Kind.DOCUMENT: document_decoder(exact=True),
}
_OF_DOUBLES: Final = _EXACT | {
    Kind.FLOAT: _double,
    Kind.BIG_DECIMAL: _refuse,
    Kind.TIMESTAMP: _timestamp_decoder(exact=False),
    Kind.DOCUMENT: document_decoder(exact=False),
}
