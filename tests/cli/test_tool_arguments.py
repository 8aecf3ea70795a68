"""The arguments of the commands beside those on jobs."""

from __future__ import annotations

import pytest

from neo_wire.cli.arguments import parser
from neo_wire.cli.failure import UsageError


def test_defaults() -> None:
    assert parser().parse_args(["serve"]).port == 8080
    assert parser().parse_args(["demo"]).seconds == 2.5
    assert parser().parse_args(["explain"]).output == "table"
    assert parser().parse_args(["sign", "GET", "https://x/"]).header == []


def test_completion_is_for_shells_that_it_knows() -> None:
    assert parser().parse_args(["completion", "fish"]).shell == "fish"
    with pytest.raises(UsageError, match="argument shell: invalid choice: 'tcsh'"):
        parser().parse_args(["completion", "tcsh"])


def test_the_help_of_completion_says_where_the_script_goes(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["completion", "--help"])
    assert "in ~/.bashrc:                   source <(neo-wire completion bash)\n" in capsys.readouterr().out
