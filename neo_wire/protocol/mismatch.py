"""Where and why a value does not fit its schema, while the way back to the root is still being walked."""

from __future__ import annotations

from decimal import Decimal

MAX_SHOWN = 60
_NATURES: dict[type, str] = {
    type(None): "null",
    bool: "a boolean",
    str: "a string",
    float: "a number",
    int: "a number",
    Decimal: "a number",
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
    def path(self) -> str:
        """The way from the root, such as `Tags[3].Key`."""
        return join_path(reversed(self._steps))

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self._steps else self.reason


def join_path(steps: object) -> str:
    """Members and indices as one path: `Tags`, 3, `Key` → `Tags[3].Key`."""
    path = ""
    for step in steps:  # type: ignore[attr-defined]  # an iterable of str | int, of whatever kind
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def nature(value: object) -> str:
    """What a value is, in JSON's words where it has any, without the value itself."""
    return _NATURES.get(type(value)) or f"a {type(value).__name__}"
