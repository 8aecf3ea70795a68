"""Where a client's credentials, region, endpoint and settings come from, for people. No secret is shown."""

from __future__ import annotations

from attrs import frozen

from neo_wire.credentials.explain import SourceRow
from neo_wire.values import Value


@frozen(eq=False, repr=False)
class SettingRow(Value):
    """One setting: its value, and where it comes from.

    Attributes:
        name: such as "retry_mode".
        value: None when it is not set.
        origin: "code", a variable's name, a file with the line, "defaults mode …", or "default".
    """

    name: str
    value: object
    origin: str

    def __str__(self) -> str:
        return f"{self.name} = {'not set' if self.value is None else self.value} ({self.origin})"


@frozen(eq=False, repr=False)
class Explanation(Value):
    """Where everything comes from; printed, it is a text for people.

    Attributes:
        credentials: every source, in the order in which they are asked, and what became of it.
        endpoint: where requests go; empty when there is a problem.
        problem: why there is no endpoint, or no way to it; else empty.
        settings: every setting.
    """

    credentials: tuple[SourceRow, ...]
    endpoint: str
    problem: str
    settings: tuple[SettingRow, ...]

    def __str__(self) -> str:
        return "\n".join(
            (
                "credentials:",
                *(f"  {row}" for row in self.credentials),
                f"endpoint: {self.endpoint or self.problem}",
                "settings:",
                *(f"  {row}" for row in self.settings),
            )
        )
