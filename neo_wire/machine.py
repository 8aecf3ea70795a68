"""What the machine tells that a client runs on: the user's home folder, the names of its platform, and chance."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache


def home_folder(environ: Mapping[str, str]) -> str:
    """The user's home folder, by the variables that were handed in, else by the system."""
    for variable in ("USERPROFILE",) if os.name == "nt" else ("HOME",):
        if environ.get(variable):
            return environ[variable]
    home = os.path.expanduser("~")  # noqa: PTH111  # the module pathlib takes 3 ms to import
    return os.sep if home == "~" else home  # a user may have no home, as in some containers


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


def random_fraction() -> float:
    """A random number from 0 to 1, for the waits before retries."""
    import random  # here, as most calls are not retried

    return random.random()  # noqa: S311  # it spreads waits, and is no secret


def new_ids() -> Callable[[], str]:
    """What makes new UUIDs, as text; no seed that a program sets for its own sake repeats them."""
    from neo_wire.retries.policy import uuid_text  # here, as making a client has no use for it

    return lambda: uuid_text(os.urandom(16))
