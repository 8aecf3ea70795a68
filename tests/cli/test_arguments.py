"""The parser: every option of every command, and nothing that is taken for another."""

from __future__ import annotations

import argparse

import pytest

from neo_wire.cli.arguments import Parser, parser
from neo_wire.cli.failure import UsageError


def commands() -> dict[str, Parser]:
    """The parser of each command."""
    actions = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(actions[0].choices)


@pytest.mark.parametrize("command", sorted(commands()))
def test_no_command_takes_abbreviations(command: str) -> None:
    """An abbreviation in a script would change its meaning when an option is added."""
    with pytest.raises(UsageError, match=r"unrecognized arguments|are required"):
        parser().parse_args([command, "--hel"])
