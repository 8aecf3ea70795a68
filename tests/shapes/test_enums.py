"""The enums of Neo: the model's values in the model's order, and open to what the service adds tomorrow."""

from __future__ import annotations

import copy
import pickle

import pytest

from neo_wire.schema import OpenStrEnum
from neo_wire.shapes import enums
from neo_wire.shapes.enums import CompilationJobStatus, TargetDevice

ENUMS = [one for one in vars(enums).values() if isinstance(one, type) and issubclass(one, OpenStrEnum) and list(one)]


def test_there_are_eight() -> None:
    assert len(ENUMS) == 8


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_a_members_name_is_its_value_in_python_spelling(enum: type[OpenStrEnum]) -> None:
    for member in enum:
        assert member.name.replace("_", "") == member.value.replace("_", "").upper()
        assert member == member.value
        assert member.is_known


@pytest.mark.parametrize("enum", ENUMS, ids=lambda enum: enum.__name__)
def test_a_value_of_tomorrow_is_kept(enum: type[OpenStrEnum]) -> None:
    new = enum("value of tomorrow")
    assert new == "value of tomorrow" == str(new) == f"{new}" == new.value
    assert not new.is_known
    assert new not in list(enum)
    assert enum("value of tomorrow") == new
    assert hash(enum("value of tomorrow")) == hash(new) == hash("value of tomorrow")
    pickled = pickle.loads(pickle.dumps(new))  # noqa: S301  # our own bytes
    for twin in (pickled, copy.copy(new), copy.deepcopy(new)):
        assert (type(twin), twin, twin.is_known) == (enum, new, False)


@pytest.mark.parametrize(
    ("status", "terminal"),
    [
        (CompilationJobStatus.STARTING, False),
        (CompilationJobStatus.INPROGRESS, False),
        (CompilationJobStatus.STOPPING, False),
        (CompilationJobStatus.COMPLETED, True),
        (CompilationJobStatus.FAILED, True),
        (CompilationJobStatus.STOPPED, True),
        (CompilationJobStatus("PAUSED"), False),
    ],
)
def test_which_statuses_are_the_end(status: CompilationJobStatus, terminal: bool) -> None:
    assert status.is_terminal is terminal


def test_every_known_status_was_asked_about() -> None:
    marks = next(mark for mark in test_which_statuses_are_the_end.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]  # pytest sets it
    assert {case[0] for case in marks.args[1]} >= set(CompilationJobStatus)


def test_a_plain_string_compares_equal() -> None:
    plain: str = "jetson_nano"
    assert plain == TargetDevice.JETSON_NANO
    assert {"jetson_nano": 1}[TargetDevice.JETSON_NANO] == 1
