from __future__ import annotations

import json
from collections.abc import Generator
from typing import Any

import pytest

from neo_wire.credentials.json_members import JsonObject
from neo_wire.credentials.token_file import TokenFile
from neo_wire.flow import Effect, Flow, ReadFile, WriteFile
from neo_wire.protocol.mismatch import Mismatch


class Disk:
    """A disk with one file; `full` while nothing can be written."""

    def __init__(self, content: bytes | None) -> None:
        self.content = content
        self.full = False

    def run(self, flow: Flow[Any]) -> Any:
        steps: Generator[Effect, Any, Any] = flow
        try:
            effect = next(steps)
            while True:
                if isinstance(effect, WriteFile) and not self.full:
                    self.content = effect.data
                    effect = steps.send(None)
                elif isinstance(effect, ReadFile) and self.content is not None:
                    effect = steps.send(self.content)
                else:
                    effect = steps.throw(
                        OSError(28, "No space left") if self.content is not None else FileNotFoundError()
                    )
        except StopIteration as end:
            return end.value


def test_what_is_written_is_read() -> None:
    disk, file = Disk(b'{"a": 1.5, "b": 1.10, "c": "\\ud800"}'), TokenFile("/x")
    members: JsonObject = disk.run(file.read())
    disk.run(file.write(members | {"new": "é"}))
    assert disk.content is not None
    assert json.loads(disk.content) == {"a": 1.5, "b": 1.1, "c": "\ud800", "new": "é"}
    assert disk.run(file.read()) == members | {"new": "é"}


def test_what_cannot_be_written_stands_until_the_file_changes(caplog: pytest.LogCaptureFixture) -> None:
    disk, file = Disk(b'{"token": "old"}'), TokenFile("/x")
    disk.run(file.read())
    disk.full = True
    disk.run(file.write({"token": "secret-2"}))
    assert "/x cannot be written (No space left)" in caplog.text
    assert "secret-2" not in caplog.text
    assert disk.run(file.read()) == {"token": "secret-2"}
    disk.run(file.write({"token": "secret-3"}))
    assert disk.run(file.read()) == {"token": "secret-3"}
    disk.content = b'{"token": "somebody else"}'
    assert disk.run(file.read()) == {"token": "somebody else"}
    disk.content = b'{"token": "old"}'
    assert disk.run(file.read()) == {"token": "old"}, "what was remembered is forgotten"


def test_a_file_that_is_gone_or_half_written_is_so_whatever_is_remembered() -> None:
    disk, file = Disk(b'{"token": "old"}'), TokenFile("/x")
    disk.run(file.read())
    disk.full = True
    disk.run(file.write({"token": "new"}))
    disk.content = b'{"tok'
    with pytest.raises(Mismatch):
        disk.run(file.read())
    disk.content = None
    with pytest.raises(FileNotFoundError):
        disk.run(file.read())
