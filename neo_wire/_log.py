"""The logs of this library, and when the module `logging` is needed for them.

Importing it takes some milliseconds, and a program that never did has asked for nothing: without a handler the standard
library shows warnings and what is worse, and drops the rest. So the rest is logged only where `logging` is there
already.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

_DEBUG: Final = 10  # as logging.DEBUG


@cache
def log(name: str) -> logging.Logger:
    """The log of a module, by the module's name; for warnings and what is worse, which are shown in any case."""
    import logging  # here, as most programs are never warned

    return logging.getLogger(name)


def quiet_log(name: str) -> logging.Logger | None:
    """The log of a module for what is below a warning; None where nobody can have asked for that."""
    return log(name) if "logging" in sys.modules else None


def takes_debug(name: str) -> bool:
    """Whether a log takes what is logged at the level DEBUG."""
    taker = quiet_log(name)
    return taker is not None and taker.isEnabledFor(_DEBUG)
