"""Paths in AWS's spelling, and what values are called in messages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from neo_wire.protocol.mismatch import Mismatch, join_path, key_step, nature


@pytest.mark.parametrize(
    ("steps", "path"),
    [
        ([], ""),
        (["OutputConfig", "TargetDevice"], "OutputConfig.TargetDevice"),
        (["Tags", 3, "Key"], "Tags[3].Key"),
        (["Table", 0, 1], "Table[0][1]"),
        ([0], "[0]"),
        ([0, "Key"], "[0].Key"),
        (["Map", ""], "Map."),
    ],
)
def test_a_path(steps: list[str | int], path: str) -> None:
    assert join_path(steps) == path
    assert join_path(tuple(steps)) == path


def test_a_mismatch_collects_its_path_on_the_way_up() -> None:
    mismatch = Mismatch("a list where a string belongs")
    assert (mismatch.path, str(mismatch)) == ("", "a list where a string belongs")
    assert mismatch.under("Key").under(3).under("Tags") is mismatch
    assert mismatch.path == "Tags[3].Key"
    assert str(mismatch) == "Tags[3].Key: a list where a string belongs"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"),
        (True, "a boolean"),
        (1, "a number"),
        (1.5, "a float"),
        (Decimal(1), "a decimal number"),
        ("", "a string"),
        ([], "a list"),
        ((), "a list"),
        ({}, "an object"),
        (b"", "of the type bytes"),
        (date(2026, 1, 31), "of the type date"),
    ],
)
def test_what_a_value_is_called(value: object, name: str) -> None:
    assert nature(value) == name


def test_a_key_is_shown_unless_it_is_long_or_secret() -> None:
    assert key_step("team", sensitive=False) == "team"
    assert key_step(5, sensitive=False) == "5"
    assert key_step("x" * 60, sensitive=False) == "x" * 60
    assert key_step("x" * 61, sensitive=False) == "x" * 60 + "…"
    assert key_step("hunter2", sensitive=True) == "…"
