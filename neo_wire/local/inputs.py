"""From a request's body to the operation's input, checked against every rule of the model.

Source: Smithy 2.0, AWS JSON 1.1 protocol and constraint traits; AWS API reference, common errors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeVar

from neo_wire.errors import InputValidationError, ServiceError, ValidationException, Violation
from neo_wire.members import members
from neo_wire.protocol.decoder import decode, parse_json
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.protocol.validation import validate
from neo_wire.schema import OpenStrEnum, is_shape

T = TypeVar("T")
_MAX_SHOWN: Final = 60


def read_input(cls: type[T], body: bytes) -> T:
    """The input of an operation; an empty body is one without members.

    Args:
        cls: the operation's input structure.
        body: as it was received.

    Raises:
        ServiceError: SerializationException, the body is no JSON object or a member is of another JSON type.
        ValidationException: members are missing or break a rule; the message has all of them.
    """
    try:
        value = decode(cls, parse_json(body) if body.strip() else {})
    except Mismatch as mismatch:
        raise ServiceError(str(mismatch), code="SerializationException") from None
    violations = list(_unknown_values(value, ""))
    try:
        validate(value)
    except InputValidationError as error:
        violations += error.violations
    if violations:
        count = f"{len(violations)} validation error{'s' * (len(violations) != 1)} detected"
        raise ValidationException(f"{count}: {'; '.join(map(str, violations))}")
    return value


def _unknown_values(value: object, path: str) -> Iterator[Violation]:
    """Enum values that are none of the model's: a client may send a newer one on, a service knows its own."""
    if isinstance(value, OpenStrEnum):
        if not value.is_known:
            shown = f"{value[:_MAX_SHOWN]!r}{'…' * (len(value) > _MAX_SHOWN)}"
            yield Violation(path, f"is {shown}, which is none of [{', '.join(type(value))}]")
    elif is_shape(type(value)):
        for member in members(type(value)):
            item_path = f"{path}.{member.wire_name}" if path else member.wire_name
            yield from _unknown_values(getattr(value, member.attribute), item_path)
