"""What checks find: problems, for which nothing may be sent, and warnings; collected, so that all is said at once."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

from attrs import define, field

from neo_wire.errors import InputValidationError, Violation


@define(eq=False, repr=False)
class Findings:
    """Problems and warnings, in the order in which they were found.

    Attributes:
        problems: what the service must refuse, or the compiler must fail on.
        warnings: what may be meant, and may be a mistake.
    """

    problems: list[Violation] = field(factory=list)
    warnings: list[Violation] = field(factory=list)

    def refuse(self, path: str, message: str) -> None:
        """Note a problem of the member at the path."""
        self.problems.append(Violation(path, message))

    def warn(self, path: str, message: str) -> None:
        """Note a warning on the member at the path."""
        self.warnings.append(Violation(path, message))

    def take(self, check: Callable[[], object]) -> None:
        """Run a check that raises, and note its violations; those of paths that have a problem already are dropped.

        Args:
            check: raises InputValidationError, or nothing.
        """
        try:
            check()
        except InputValidationError as error:
            known = {problem.path for problem in self.problems}
            self.problems += [violation for violation in error.violations if violation.path not in known]

    def raise_for_problems(self, shape: str) -> None:
        """Raise all problems in one error; warnings alone raise nothing.

        Raises:
            InputValidationError: there is a problem.
        """
        if self.problems:
            raise InputValidationError(shape, self.problems)


def guess(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'mattr'?` for a name that is nearly one of those known, in any case; else nothing."""
    folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    return f"; did you mean {folded[close[0]]!r}?" if close else ""


def shown(value: object) -> str:
    """A value as a message shows it: in sixty characters at most."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # Python refuses to write a number of thousands of digits
        return f"a value of the type {type(value).__name__}"
    return text if len(text) <= 60 else text[:60] + "…"
