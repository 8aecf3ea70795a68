"""The options of the commands on jobs: one for each member of an input, and the same ones everywhere."""

from __future__ import annotations

import argparse

import pytest

from neo_wire import CreateCompilationJobRequest, ListCompilationJobsRequest
from neo_wire.cli.arguments import Parser, parser
from neo_wire.jobs.polling import Polling
from neo_wire.jobs.targets import Target
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
    settings = {"--profile", "--region", "--endpoint-url", "--call-timeout", "--max-attempts", "--output", "--debug"}
    calling = ("describe", "list", "create", "stop", "delete", "wait", "compile-many", "download", "verify", "clean")
    for command in (*calling, "explain"):
        assert settings <= options(command), command
        assert "--timeout" in options(command)


@pytest.mark.parametrize(
    ("command", "output"),
    [("describe a", "json"), ("list", "json"), ("wait a", "table"), ("clean --all", "table"), ("explain", "table")],
)
def test_json_is_what_operations_print_by_default(command: str, output: str) -> None:
    assert parser().parse_args(command.split()).output == output
    assert parser().parse_args([*command.split(), "--output", "text"]).output == "text"


def test_a_wait_in_durations() -> None:
    given = parser().parse_args(["wait", "a", "b", "--timeout", "2h", "--poll", "1s,2m"])
    assert (given.names, given.timeout, given.poll) == (["a", "b"], 7200.0, Polling(1, 120))


def test_targets_may_follow_each_other_or_be_repeated() -> None:
    line = "compile-many --model a --target ml_c5 LINUX/ARM64 --target rasp3b"
    given = parser().parse_args(line.split()).target
    assert given == [Target.device("ml_c5"), Target.platform("LINUX", "ARM64"), Target.device("rasp3b")]
