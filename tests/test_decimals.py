"""What a decimal is told by, with the module `decimal` and without."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from neo_wire._decimals import is_decimal, is_decimal_class


@pytest.mark.parametrize(
    ("value", "is_one"), [(Decimal("1.5"), True), (Decimal("NaN"), True), (1.5, False), ("1", False)]
)
def test_which_values_are_decimals(value: object, is_one: bool) -> None:
    assert is_decimal(value) is is_one


def test_the_class_itself() -> None:
    assert is_decimal_class(Decimal)
    assert not is_decimal_class(Decimal(1))
    assert not is_decimal_class(float)


def test_to_ask_does_not_bring_the_module() -> None:
    program = """
import sys
from neo_wire._decimals import is_decimal, is_decimal_class
print(is_decimal(1.5), is_decimal_class(float), "decimal" in sys.modules)
"""
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False False False\n"
