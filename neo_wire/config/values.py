"""What the values of settings may be: each function takes one from code or text, and gives it in its own type.

Text is taken strictly: a wrong value is never read as some other one.

Source: AWS SDKs and Tools reference guide, settings reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from neo_wire.config.endpoints import parse_endpoint_url, real_region
from neo_wire.errors import EndpointError

_LONGEST_SHOWN: Final = 100
_HUGE: Final = 10**20
_MAX_SECONDS: Final = 86_400


class UnusableValue(ValueError):
    """A value that a setting cannot have; its text says what it is and what is allowed, as in "is 'x'; give a, b"."""


def shown(value: object) -> str:
    """A value for a message: text shortened, another object by its type."""
    if isinstance(value, Mapping):
        return "a block of nested lines"
    if isinstance(value, str):
        return repr(value) if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]!r}…"
    if isinstance(value, int) and abs(value) >= _HUGE:
        return "a huge number"  # Python refuses to write the longest ones
    return repr(value) if isinstance(value, int | float) else f"a {type(value).__name__}"


def boolean(value: object) -> bool:
    """True or False, or text of either in any case."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise UnusableValue(f"is {shown(value)}; give true or false")


def whole_number(value: object) -> int:
    """A whole number from 1 up."""
    number = _number(int, value)
    if number is None or number < 1:
        raise UnusableValue(f"is {shown(value)}; give a whole number from 1 up")
    return int(number)


def seconds(value: object) -> float:
    """A number of seconds above 0, up to a day."""
    number = _number(float, value)
    if number is None or not 0 < number <= _MAX_SECONDS:
        raise UnusableValue(f"is {shown(value)}; give a number of seconds above 0, up to {_MAX_SECONDS}")
    return float(number)


def _number(convert: Callable[[str], float], value: object) -> float | None:
    if isinstance(value, str):
        try:
            return convert(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if convert is float or isinstance(value, int) else None


def text(value: object) -> str:
    """Text of at least one character that is not blank."""
    if not isinstance(value, str):
        raise UnusableValue(f"is {shown(value)}; give a string")
    if not value.strip():
        raise UnusableValue("is empty; give a value, or do not set it")
    return value


def optional_text(value: object) -> str | None:
    """Text; None when it is blank."""
    if not isinstance(value, str):
        raise UnusableValue(f"is {shown(value)}; give a string")
    return value if value.strip() else None


def region(value: object) -> str:
    """A region that a host can be named by, old FIPS pseudo-regions such as "fips-us-east-1" among them."""
    try:
        if isinstance(value, str):
            real_region(value)
            return value
    except EndpointError:
        pass
    raise UnusableValue(f"is {shown(value)}, which is no region; give one such as eu-west-1")


def url(value: object) -> str:
    """An http or https URL that an endpoint can have. It is not shown, as a password may stand in it."""
    if not isinstance(value, str):
        raise UnusableValue(f"is {shown(value)}; give a string")
    try:
        parse_endpoint_url(value, source="it")
    except EndpointError as error:
        raise UnusableValue(f"cannot be used: {str(error).removeprefix('it: ')}") from None
    return value


def one_of(*allowed: str) -> Callable[[object], str]:
    """One of some words, in the same case."""

    def read(value: object) -> str:
        if isinstance(value, str) and value in allowed:
            return value
        raise UnusableValue(f"is {shown(value)}; give {_listed(allowed)}")

    return read


def one_of_in_any_case(*allowed: str) -> Callable[[object], str]:
    """One of some words, as they are spelt here."""
    spellings = {word.lower(): word for word in allowed}

    def read(value: object) -> str:
        if isinstance(value, str) and value.lower() in spellings:
            return spellings[value.lower()]
        raise UnusableValue(f"is {shown(value)}; give {_listed(allowed)}")

    return read


def retry_mode(value: object) -> str:
    """One of the two retry modes, or "legacy", which others have and which is known, but not recommended."""
    return "legacy" if value == "legacy" else one_of("standard", "adaptive")(value)


def _listed(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
