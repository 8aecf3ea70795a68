"""Decimals, whose module takes a millisecond to import: most programs have neither shapes nor JSON that need them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from decimal import Decimal


def is_decimal(value: object) -> TypeGuard[Decimal]:
    """Whether a value is a Decimal; there is none before somebody has imported the module."""
    return "decimal" in sys.modules and isinstance(value, _decimal())


def is_decimal_class(one: object) -> bool:
    """Whether it is the class Decimal itself."""
    return "decimal" in sys.modules and one is _decimal()


def _decimal() -> type[Decimal]:
    from decimal import Decimal  # here, as the module's head says

    return Decimal
