"""Settings from the code or, failing that, from environment variables that are handed in as a mapping.

An empty variable counts as not set. Nothing here reads the process's environment: the client hands it in. Credentials
have a package of their own, `neo_wire.credentials`.

Source: AWS SDKs and Tools reference guide, settings reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from neo_wire.errors import ConfigurationError

REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_HOST_LABEL: Final = re.compile(r"(?![0-9]+\Z)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)")
_NO_HOST: Final = re.compile(r"aws(-[a-z]+)*-global")


def resolve_region(region: str | None, environ: Mapping[str, str]) -> str:
    """The region: as given, else that of the first variable of `REGION_VARIABLES` that is set.

    Raises:
        ConfigurationError: there is none, or it is no host label, or names a pseudo-region that has no endpoint.
    """
    source, value = "region", region
    if value is None:
        for variable in REGION_VARIABLES:
            if environ.get(variable):
                source, value = variable, environ[variable]
                break
    if value is None:
        names = " or ".join(REGION_VARIABLES)
        raise ConfigurationError(f"no region: give region=, such as region='eu-west-1', or set {names}")
    if not _HOST_LABEL.fullmatch(str(value)) or _NO_HOST.fullmatch(value):
        raise ConfigurationError(f"{source} is {value!r}, which is no region; give one such as eu-west-1")
    return value
