"""Where and why a value does not fit its schema, while the way back to the root is still being walked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from neo_wire._decimals import is_decimal

_MAX_KEY: Final = 60
_NATURES: Final[dict[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    str: "a string",
    int: "a number",
    float: "a float",
    dict: "an object",
    list: "a list",
    tuple: "a list",
}


class Mismatch(Exception):
    """A value that cannot be encoded or decoded; each level on the way up adds its step to the path."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self._steps: list[str | int] = []

    def under(self, step: str | int) -> Mismatch:
        """The same mismatch, seen from one level up: below the member or the index."""
        self._steps.append(step)
        return self

    @property
    def steps(self) -> tuple[str | int, ...]:
        """The way from the root, step by step."""
        return tuple(reversed(self._steps))

    @property
    def path(self) -> str:
        """The way from the root, such as `Tags[3].Key`."""
        return join_path(self.steps)

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self._steps else self.reason


def key_step(key: object, *, sensitive: bool) -> str:
    """The step of a map's key on a path; keys are anybody's text, so a long one is cut and a sensitive one hidden."""
    text = "…" if sensitive else str(key)
    return text if len(text) <= _MAX_KEY else text[:_MAX_KEY] + "…"


def join_path(steps: Iterable[str | int]) -> str:
    """Members and indices as one path: `Tags`, 3, `Key` → `Tags[3].Key`."""
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def nature(value: object) -> str:
    """What a value is, in words of JSON where it has any, without the value itself."""
    if is_decimal(value):
        return "a decimal number"
    return _NATURES.get(type(value)) or f"of the type {type(value).__name__}"
