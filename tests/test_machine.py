"""What the machine tells: the home folder and the platform."""

from __future__ import annotations

import os
import platform
import random
import sys
import uuid
from pathlib import Path

import pytest

from neo_wire.machine import home_folder, new_ids, platform_names, random_fraction


def test_the_home_folder_is_that_of_the_variables_that_were_handed_in() -> None:
    variable = "USERPROFILE" if os.name == "nt" else "HOME"
    assert home_folder({variable: "/home/me"}) == "/home/me"
    assert home_folder({}) == home_folder({variable: ""}) == str(Path.home())


def test_a_user_without_a_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", str)  # what it gives for such a user: the path as it is
    assert home_folder({}) == os.sep


def test_the_platform_is_the_one_that_the_standard_library_tells() -> None:
    assert platform_names() == {
        "os_name": platform.system(),
        "os_version": platform.release(),
        "machine": platform.machine(),
        "python_version": ".".join(map(str, sys.version_info[:3])),
        "implementation": platform.python_implementation(),
    }


def test_chance_is_none_that_a_seed_of_the_program_repeats() -> None:
    ids = []
    for _ in range(2):
        random.seed(1)
        ids.append(new_ids()())
    assert ids[0] != ids[1]
    assert {str(uuid.UUID(one)) for one in ids} == set(ids)
    assert {uuid.UUID(one).version for one in ids} == {4}


def test_the_waits_are_spread() -> None:
    assert all(0 <= random_fraction() < 1 for _ in range(100))
    assert random_fraction() != random_fraction()
