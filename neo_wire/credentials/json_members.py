"""JSON objects that sources of credentials answer with or keep in files, read member by member.

A member of another type than it should have is a mismatch that names it; the values themselves, which are secret, stand
in no message.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

from neo_wire.protocol import timestamps
from neo_wire.protocol.decoder import parse_json
from neo_wire.protocol.mismatch import Mismatch, nature
from neo_wire.signing.credentials import Credentials

JsonObject: TypeAlias = dict[str, object]

MAX_LENGTH: Final = 256 * 1024
"""The longest answer or token file that is read, in bytes; real ones have a few thousand."""

_LONGEST_TIME: Final = 10**15  # milliseconds, past the year 9999: the bound before any arithmetic
_LONGEST_LIFE: Final = 315_360_000  # seconds: ten years
_VISIBLE: Final = re.compile(r"[!-~]+")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def read_object(data: bytes) -> JsonObject:
    """The JSON object of an answer or a file.

    Raises:
        Mismatch: it is too long, no JSON in UTF-8, or another value than an object.
    """
    if len(data) > MAX_LENGTH:
        raise Mismatch(f"it has more than {MAX_LENGTH >> 10} KiB")
    value = parse_json(data)
    if not isinstance(value, dict):
        raise Mismatch(f"it is JSON, but {nature(value)} instead of an object")
    return value


def texts(members: JsonObject, *names: str) -> list[str]:
    """The texts of members that must be there.

    Raises:
        Mismatch: some are missing, empty or no text; it names them all.
    """
    wrong = []
    for name in names:
        value = members.get(name)
        if value is None or value == "":
            wrong.append(f"{name} is missing")
        elif not isinstance(value, str):
            wrong.append(f"{name} is {nature(value)} instead of a string")
    if wrong:
        raise Mismatch(", ".join(wrong))
    return [str(members[name]) for name in names]


def text(members: JsonObject, name: str) -> str | None:
    """The text of a member that may be missing, null or empty.

    Raises:
        Mismatch: it is of another type.
    """
    return texts(members, name)[0] if members.get(name) not in (None, "") else None


def text_or_empty(members: JsonObject, name: str) -> str:
    """The text of a member of an error; empty when it is missing or of another type, as the error stands without."""
    value = members.get(name)
    return value if isinstance(value, str) else ""


def visible_text(members: JsonObject, name: str) -> str:
    """The text of a member that must be there and can stand in a header.

    Raises:
        Mismatch: it is missing, no text, or has a space, a line break or another character that no token has.
    """
    (value,) = texts(members, name)
    if not _VISIBLE.fullmatch(value):
        raise Mismatch(f"{name} has a character that no token has")
    return value


def nested(members: JsonObject, name: str) -> JsonObject:
    """The object of a member that must be there.

    Raises:
        Mismatch: it is missing or no object.
    """
    value = members.get(name)
    if value is None:
        raise Mismatch(f"{name} is missing")
    if not isinstance(value, dict):
        raise Mismatch(f"{name} is {nature(value)} instead of an object")
    return value


def keys_of_agent(members: JsonObject, source: str) -> Credentials:
    """The credentials that a container's agent and the instance metadata write in the same form.

    Raises:
        Mismatch: a member is missing or of another type.
        CredentialsError: a key has a character that no key has.
    """
    access_key_id, secret_access_key, session_token = texts(members, "AccessKeyId", "SecretAccessKey", "Token")
    return Credentials(
        access_key_id,
        secret_access_key,
        session_token,
        expiration=time(members, "Expiration"),
        account_id=text(members, "AccountId"),
        source=source,
    )


def time(members: JsonObject, name: str) -> datetime:
    """The aware UTC datetime of a member that must be there, such as "2026-01-31T12:00:00Z", or with "UTC" at its end.

    Raises:
        Mismatch: it is missing, or no time.
    """
    (value,) = texts(members, name)
    try:
        return timestamps.read(value.removesuffix("UTC") + "Z" if value.endswith("UTC") else value)
    except ValueError:
        raise Mismatch(f"{name} is no time such as 2026-01-31T12:00:00Z") from None


def epoch_milliseconds(members: JsonObject, name: str) -> datetime:
    """The aware UTC datetime of a member that must be there, in milliseconds since 1970.

    Raises:
        Mismatch: it is missing, no number, or outside of the years that a datetime has.
    """
    milliseconds = _number(members, name)
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise Mismatch(f"{name} is outside of the years 1 to 9999") from None


def seconds(members: JsonObject, name: str) -> timedelta:
    """The duration of a member that must be there, in seconds.

    Raises:
        Mismatch: it is missing, no number, not above 0, or longer than ten years.
    """
    number = _number(members, name)
    if not 0 < number <= _LONGEST_LIFE:
        raise Mismatch(f"{name} is no number of seconds that a token lasts")
    return timedelta(seconds=number)


def _number(members: JsonObject, name: str) -> int:
    value = members.get(name)
    if value is None:
        raise Mismatch(f"{name} is missing")
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise Mismatch(f"{name} is {nature(value)} instead of a number")
    if not -_LONGEST_TIME < value < _LONGEST_TIME:
        raise Mismatch(f"{name} is a number out of all bounds")
    return int(value)
