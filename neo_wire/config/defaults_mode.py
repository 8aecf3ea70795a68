"""The defaults modes: sets of default values that fill what is set nowhere else.

Source: AWS SDKs and Tools reference guide, smart configuration defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

EXECUTION_ENV: Final = "AWS_EXECUTION_ENV"
REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")


class ModeDefaults:
    """What a mode fills in; `connect_timeout` is in seconds."""

    __slots__ = ("connect_timeout", "retry_mode", "sts_regional_endpoints")

    def __init__(self, connect_timeout: float) -> None:
        self.connect_timeout = connect_timeout
        self.retry_mode = "standard"
        self.sts_regional_endpoints = "regional"


MODES: Final[Mapping[str, ModeDefaults]] = {
    "legacy": ModeDefaults(60.0),
    "standard": ModeDefaults(3.1),
    "in-region": ModeDefaults(1.1),
    "cross-region": ModeDefaults(3.1),
    "mobile": ModeDefaults(30.0),
}
"""The modes, apart from "auto", which becomes one of them."""


def region_of_environment(environ: Mapping[str, str]) -> str | None:
    """The region that the program runs in, where the service that runs it says so, as Lambda does; else None."""
    if not environ.get(EXECUTION_ENV):
        return None
    return next((environ[name] for name in REGION_VARIABLES if environ.get(name)), None)


def resolve_auto(region: str | None, runs_in: str | None) -> str:
    """The mode that "auto" becomes.

    Args:
        region: the client's.
        runs_in: the region that the program runs in, by `region_of_environment` or, failing that, by the instance
            metadata; None when neither knows.
    """
    if runs_in is None:
        return "standard"
    return "in-region" if region == runs_in else "cross-region"
