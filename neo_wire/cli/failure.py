"""What becomes of an error: one line for people, and an exit status for scripts.

Source: AWS CLI user guide, "AWS CLI return codes", whose statuses these are.
"""

from __future__ import annotations

import traceback
from typing import Final

from neo_wire.errors import (
    ConfigurationError,
    CredentialsError,
    InputValidationError,
    MissingExtra,
    NeoWireError,
    ServiceError,
    SigningError,
)


class UsageError(ConfigurationError):
    """The command line is wrong; the message says what and where the help is."""


_STATUSES: Final[dict[type[Exception], int]] = {
    UsageError: 252,
    InputValidationError: 252,
    SigningError: 252,
    ConfigurationError: 253,
    CredentialsError: 253,
    MissingExtra: 253,
    ServiceError: 254,
}
_OTHER: Final = 255


def exit_status(error: Exception) -> int:
    """The exit status of an error."""
    statuses = _STATUSES
    if isinstance(error, NeoWireError) and not isinstance(error, tuple(_STATUSES)):
        statuses = _of_jobs()
    return next((statuses[cls] for cls in type(error).__mro__ if cls in statuses), _OTHER)


def _of_jobs() -> dict[type[Exception], int]:
    """The statuses of errors that only commands on jobs raise, imported when there is one."""
    from neo_wire.jobs import outcomes
    from neo_wire.jobs.digests import DigestMismatch

    return {
        outcomes.CompilationFailed: 1,
        outcomes.CompilationStopped: 2,
        outcomes.CompilationJobDeleted: 3,
        DigestMismatch: 4,
        outcomes.JobDiffers: 6,
        outcomes.WaitTimeout: 124,
        outcomes.CompilationJobMissing: 254,
    }


def describe(error: Exception) -> str:
    """The error in one line, its class first; of one that should not have happened, the place too."""
    name, text = type(error).__name__, str(error)
    if isinstance(error, InputValidationError):
        text = f"{text.partition(chr(10))[0]} {'; '.join(map(str, error.violations))}"
    elif isinstance(error, UsageError) or (isinstance(error, ServiceError) and text.startswith(error.code)):
        return one_line(text)
    elif not isinstance(error, NeoWireError | OSError):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{text} (unexpected, in {frame.name} at line {frame.lineno} of {frame.filename}; please report it)"
    return one_line(f"{name}: {text}")


def one_line(text: str) -> str:
    """The text without line breaks and whatever else would make a terminal do something."""
    return " ".join("".join([character if character.isprintable() else " " for character in text]).split())
