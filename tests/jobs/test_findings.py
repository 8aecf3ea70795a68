"""The collector of findings: everything is said at once, and nothing twice."""

from __future__ import annotations

import pytest

from neo_wire.errors import InputValidationError, Violation
from neo_wire.jobs.findings import Findings, guess, shown


def test_problems_raise_together_and_warnings_do_not() -> None:
    findings = Findings()
    findings.warn("Doubtful", "looks odd")
    findings.raise_for_problems("Thing")
    findings.refuse("One", "is wrong")
    findings.refuse("Two", "is wrong too")
    with pytest.raises(InputValidationError, match="Thing has 2 problems") as caught:
        findings.raise_for_problems("Thing")
    assert [one.path for one in caught.value.violations] == ["One", "Two"]


def test_what_a_check_raises_is_taken_in_but_not_for_a_path_that_has_a_problem() -> None:
    findings = Findings()
    findings.refuse("One", "is wrong")

    def check() -> None:
        raise InputValidationError("Config", [Violation("One", "breaks a rule"), Violation("Two", "breaks another")])

    findings.take(check)
    assert findings.problems == [Violation("One", "is wrong"), Violation("Two", "breaks another")]


def test_a_guess_is_made_in_any_case_and_only_when_it_is_near() -> None:
    assert guess("MATRR", ["mattr", "mcpu"]) == "; did you mean 'mattr'?"
    assert guess("zzz", ["mattr", "mcpu"]) == ""


def test_what_is_shown_is_short_whatever_it_is() -> None:
    assert shown([1, 2]) == "[1, 2]"
    assert len(shown("x" * 1000)) == 61
    assert shown(10**5000) == "a value of the type int"
