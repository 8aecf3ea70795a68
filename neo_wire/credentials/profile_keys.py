"""Reads what a provider needs of a profile, and of variables that come before it: strictly, all problems at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from attrs import field, frozen

from neo_wire.errors import CredentialsFetchFailed
from neo_wire.values import Value

if TYPE_CHECKING:
    from neo_wire.config.profile_files import Section

_LONGEST_SHOWN: Final = 100
_PATH: Final = re.compile(r"[^\0]+")
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


@frozen(eq=False, repr=False)
class ProfileKeys(Value):
    """The keys of one profile, and what was found wrong with them so far.

    Attributes:
        section: the profile; None when it is in neither file.
        environ: the environment variables that come before keys; an empty one counts as not set.
        problems: what is wrong, one phrase each; a provider adds its own.
    """

    section: Section | None
    environ: Mapping[str, str] = field(factory=dict, repr=False)  # secrets stand here
    problems: list[str] = field(factory=list)

    def find(self, key: str, variable: str = "") -> tuple[str | None, str]:
        """The value of a variable or of a key, and where it comes from, for messages; None when neither is there.

        A block of nested lines counts as an empty value, so that it is refused, and not passed over.
        """
        if value := self.environ.get(variable):
            return value, variable
        if self.section is None or key not in self.section.values:
            return None, key
        text, origin = self.section.get(key), f"{key} ({self.section.origin(key)})"
        return ("", f"{origin}, a block of nested lines,") if text is None else (text, origin)

    def text(self, key: str, pattern: re.Pattern[str], allowed: str, *, variable: str = "") -> str | None:
        """A value that matches a pattern as a whole; None when it is not there, or not so, which is a problem.

        Args:
            key: such as "role_arn".
            pattern: what the value has to match.
            allowed: the same in words, such as "give the ARN of a role".
            variable: the environment variable of the same meaning.
        """
        value, origin = self.find(key, variable)
        if value is None or pattern.fullmatch(value):
            return value
        shown = value if len(value) <= _LONGEST_SHOWN else value[:_LONGEST_SHOWN] + "…"
        self.problems.append(f"{origin} is {shown!r}; {allowed}")
        return None

    def path(self, key: str, home: str, *, variable: str = "") -> str | None:
        """The path of a file, with the user's home folder for a `~` at its begin; None as for `text`."""
        value = self.text(key, _PATH, "give the path of a file", variable=variable)
        return home + value[1:] if value is not None and value.startswith(("~/", "~\\")) else value

    def seconds(self, key: str, allowed: range) -> int | None:
        """A whole number of seconds within bounds; None when it is not there, or not so, which is a problem."""
        value, origin = self.find(key)
        if value is None:
            return None
        if _NUMBER.fullmatch(value) and int(value) in allowed:
            return int(value)
        self.problems.append(
            f"{origin} is {value[:_LONGEST_SHOWN]!r}; give {allowed.start} to {allowed.stop - 1} seconds"
        )
        return None

    def check(self, provider: str) -> None:
        """Fail if there is any problem.

        Raises:
            CredentialsFetchFailed: with all of them.
        """
        if self.problems:
            where = f"in the profile {self.section.name!r} " if self.section and not self.environ else ""
            raise CredentialsFetchFailed(provider, where + "; ".join(self.problems))
