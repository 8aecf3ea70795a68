"""The parser: every option of every command, and nothing that is taken for another."""

from __future__ import annotations

import argparse

import pytest

from neo_wire import CreateCompilationJobRequest, ListCompilationJobsRequest
from neo_wire.cli.arguments import Parser, parser
from neo_wire.cli.failure import UsageError
from neo_wire.members import members


def commands() -> dict[str, Parser]:
    """The parser of each command."""
    actions = [action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(actions[0].choices)


def options(command: str) -> set[str]:
    return {option for action in commands()[command]._actions for option in action.option_strings}


def test_list_has_an_option_for_each_member_of_its_input() -> None:
    expected = {f"--{member.attribute.replace('_', '-')}" for member in members(ListCompilationJobsRequest)}
    assert expected <= options("list")


def test_every_option_of_create_says_which_member_it_is() -> None:
    """So that the violations, which have AWS's names, lead back to the options."""
    said = [action.help for action in commands()["create"]._actions if action.help]
    for member in members(CreateCompilationJobRequest):
        assert any(member.wire_name in text for text in said), member.wire_name


def test_all_commands_that_call_take_the_same_settings() -> None:
    settings = {"--region", "--endpoint-url", "--timeout", "--output", "--no-validate"}
    for command in ("describe", "list", "create", "stop", "delete"):
        assert settings <= options(command), command


@pytest.mark.parametrize("command", sorted(commands()))
def test_no_command_takes_abbreviations(command: str) -> None:
    """An abbreviation in a script would change its meaning when an option is added."""
    with pytest.raises(UsageError, match=r"unrecognized arguments|are required"):
        parser().parse_args([command, "--hel"])
