"""What the machine tells that a client runs on: the user's home folder, and the names of its platform."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path


def home_folder(environ: Mapping[str, str]) -> str:
    """The user's home folder, by the variables that were handed in, else by the system."""
    for variable in ("USERPROFILE",) if os.name == "nt" else ("HOME",):
        if environ.get(variable):
            return environ[variable]
    try:
        return str(Path.home())
    except RuntimeError:  # a user without a home, as in some containers
        return os.sep


@lru_cache(maxsize=1)
def platform_names() -> dict[str, str]:
    """What runs here, without the module `platform` where the system tells as well: importing it takes 3 ms."""
    implementation = {"cpython": "CPython", "pypy": "PyPy"}.get(sys.implementation.name, sys.implementation.name)
    if hasattr(os, "uname"):
        system = os.uname()
        name, version, machine = system.sysname, system.release, system.machine
    else:
        import platform

        name, version, machine = platform.system(), platform.release(), platform.machine()
    return {
        "os_name": name,
        "os_version": version,
        "machine": machine,
        "python_version": ".".join(map(str, sys.version_info[:3])),
        "implementation": implementation,
    }
