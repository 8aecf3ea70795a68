"""The command that runs all benchmarks: what it says before it spends minutes."""

from __future__ import annotations

import sys

import pytest

from benchmarks import __main__ as command


def test_what_the_extra_would_bring_is_named_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_NEEDED", ("json", "no_such_package"))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--quick"])

    with pytest.raises(SystemExit) as ended:
        command.main()

    assert ended.value.code == 2
    assert "no_such_package is not installed; run: pip install -e '.[bench]'" in capsys.readouterr().err


def test_an_unknown_peer_is_refused_with_those_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "_NEEDED", ())
    monkeypatch.setattr(sys, "argv", ["benchmarks", "--peers", "boto4"])

    with pytest.raises(SystemExit) as ended:
        command.main()

    assert ended.value.code == 2
    message = capsys.readouterr().err
    assert "boto4" in message
    assert "aiobotocore" in message
