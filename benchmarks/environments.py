"""The throw-away environment of each peer: made by venv and pip, as pip is configured on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from attrs import frozen

from benchmarks.peers import OURS, Peer

CHECKOUT = Path(__file__).parent.parent
_NOT_OF_THE_PEER = ("pip", "setuptools", "wheel")  # what venv puts there


class EnvironmentFailed(Exception):
    """The environment of a peer could not be made."""


@frozen
class Environment:
    """Where one peer is installed, and how much that is.

    Attributes:
        python: its interpreter.
        versions: of each package.
        size: bytes of the files that pip installed, without what the interpreter makes of them.
        files: how many those are.
    """

    python: Path
    versions: dict[str, str]
    size: int
    files: int


def build_wheel(folder: Path) -> Path:
    """The wheel of this checkout.

    Raises:
        EnvironmentFailed: pip cannot build it.
    """
    _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(CHECKOUT)])
    return next(folder.glob("neo_wire-*.whl"))


def make_environment(folder: Path, peer: Peer, wheel: Path) -> Environment:
    """Install one peer.

    Raises:
        EnvironmentFailed: pip cannot install it.
    """
    _run([sys.executable, "-m", "venv", str(folder)])
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", "--no-compile"]
    requirements = [str(wheel) if one == OURS else one for one in peer.requirements]
    if requirements:
        _run([*pip, *requirements])
    size, files = installed(next(folder.glob("[Ll]ib/**/site-packages")))
    versions = _versions(python)
    if peer.micro:
        _run([*pip, "pyperf"])  # measured already: it is none of the peer's
    # As pip does without --no-compile: no run that is timed has to compile anything first.
    _run([str(python), "-m", "compileall", "-q", str(folder)], failing=True)
    return Environment(python, versions, size, files)


def installed(site_packages: Path) -> tuple[int, int]:
    """Bytes and number of the files of the packages in a folder, apart from those that every environment has."""
    found = [
        path
        for path in site_packages.rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.relative_to(site_packages)
        .parts[0]
        .startswith((*_NOT_OF_THE_PEER, "pkg_resources", "_distutils_hack", "distutils-pre"))
    ]
    return sum(path.stat().st_size for path in found), len(found)


def _versions(python: Path) -> dict[str, str]:
    listed = json.loads(_run([str(python), "-m", "pip", "--disable-pip-version-check", "list", "--format", "json"]))
    return {one["name"]: one["version"] for one in listed if one["name"] not in _NOT_OF_THE_PEER}


def _run(command: list[str], *, failing: bool = False) -> str:
    """The output of a command, which may fail when that does not matter."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # commands of our own
    if done.returncode and not failing:
        raise EnvironmentFailed(f"{' '.join(command)}\n{done.stderr.strip()[-1000:]}")
    return done.stdout
