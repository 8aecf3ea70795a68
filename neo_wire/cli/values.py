"""What the values of arguments are read into: times, tags, platforms, headers, files."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from neo_wire.cli.failure import UsageError
from neo_wire.errors import ConfigurationError, InputValidationError

if TYPE_CHECKING:
    from neo_wire.jobs.polling import Polling
    from neo_wire.jobs.targets import Target

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def moment(text: str) -> datetime:
    """The aware time that an argument says: ISO 8601 with a zone, a date alone, or seconds since 1970."""
    refusal = ArgumentTypeError(
        f"{text!r} is no time; give one with its zone, such as 2026-01-31T12:00:00Z, a date, or seconds since 1970"
    )
    try:
        if text.isascii() and text.replace(".", "", 1).isdigit():
            return datetime.fromtimestamp(float(text), UTC)
        value = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        raise refusal from None
    if len(text) == len("2026-01-31"):
        return value.replace(tzinfo=UTC)
    if value.utcoffset() is None:
        raise refusal
    return value


def duration(text: str) -> float:
    """A number of seconds, 0 or more, alone or with a unit: `90`, `90s`, `1.5m`, `2h`, `7d`."""
    number, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    try:
        seconds = float(number) * unit
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise ArgumentTypeError(f"{text!r} is no duration; give a number of seconds, 0 or more, or such as 15m or 2h")
    return seconds


def polling(text: str) -> Polling:
    """The bounds of the intervals between two looks, from one duration or two."""
    from neo_wire.jobs.polling import Polling

    shortest, comma, longest = text.partition(",")
    try:
        return Polling(duration(shortest), duration(longest if comma else shortest))
    except ConfigurationError as error:
        raise ArgumentTypeError(str(error)) from None


def port(text: str) -> int:
    """A port number, 0 for any free one."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < 65_536):
        raise ArgumentTypeError(f"{text!r} is no port; give a number from 0 to 65535")
    return int(text)


def whole_number(text: str) -> int:
    """A whole number, 0 or more."""
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise ArgumentTypeError(f"{text!r} is no whole number, 0 or more")
    return int(text)


def tag(text: str) -> dict[str, str]:
    """A tag with AWS's member names, from KEY=VALUE."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ArgumentTypeError(f"{text!r} is no tag; give KEY=VALUE")
    return {"Key": key, "Value": value}


def platform(text: str) -> dict[str, str]:
    """A target platform with AWS's member names, from OS/ARCH or OS/ARCH/ACCELERATOR, in any case."""
    parts = text.upper().split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise ArgumentTypeError(f"{text!r} is no platform; give OS/ARCH or OS/ARCH/ACCELERATOR")
    return dict(zip(("Os", "Arch", "Accelerator"), parts, strict=False))


def target(text: str) -> Target:
    """What a model is compiled for: a device, or a platform as OS/ARCH or OS/ARCH/ACCELERATOR, in any case."""
    from neo_wire.jobs.targets import Target

    try:
        return Target.parse(text)
    except InputValidationError as error:
        raise ArgumentTypeError("; ".join([one.message for one in error.violations])) from None


def options_of(text: str) -> tuple[Target, str]:
    """A target and its compiler options, from TARGET=TEXT or TARGET=file://PATH."""
    name, equals, options = text.partition("=")
    if not equals or not options:
        raise ArgumentTypeError(f"{text!r} has no options; give TARGET=TEXT or TARGET=file://PATH")
    return target(name), text_or_file(options)


def header(text: str) -> tuple[str, str]:
    """The name and the value of a header, which is not shown when it is wrong: it may hold a secret."""
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise ArgumentTypeError("there is no colon after a name; give 'Name: value'")
    return name.strip(), value.strip()


def text_or_file(text: str) -> str:
    """The text itself or, of file://PATH, that of the file, as the AWS CLI reads such arguments."""
    return read_text(text.removeprefix("file://")) if text.startswith("file://") else text


def read_text(path: str) -> str:
    """The text of a file, or of standard input for `-`.

    Raises:
        UsageError: it cannot be read, or is not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path!r} is not UTF-8 text") from None


def read_bytes(path: str) -> bytes:
    """The bytes of a file, or of standard input for `-`.

    Raises:
        UsageError: it cannot be read.
    """
    if path == "-" and not sys.stdin:  # None in a process without one
        raise UsageError("there is no standard input to read '-' from; give a file")
    try:
        return sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"{path!r} cannot be read: {error.strerror or error}") from None
