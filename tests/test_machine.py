"""What the machine tells: the home folder and the platform."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from neo_wire.machine import home_folder, platform_names


def test_the_home_folder_is_that_of_the_variables_that_were_handed_in() -> None:
    variable = "USERPROFILE" if os.name == "nt" else "HOME"
    assert home_folder({variable: "/home/me"}) == "/home/me"
    assert home_folder({}) == home_folder({variable: ""}) == str(Path.home())


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", nowhere)
    assert home_folder({}) == os.sep


def test_the_platform_is_the_one_that_the_standard_library_tells() -> None:
    assert platform_names() == {
        "os_name": platform.system(),
        "os_version": platform.release(),
        "machine": platform.machine(),
        "python_version": ".".join(map(str, sys.version_info[:3])),
        "implementation": platform.python_implementation(),
    }
