"""What is read off the parser for completion."""

from __future__ import annotations

from neo_wire.cli.arguments import parser
from neo_wire.cli.command_line import Command, Word, read
from neo_wire.shapes.enums import Framework

WORDS, COMMANDS = read(parser())


def word(command: str, name: str) -> Word:
    (found,) = [one for one in COMMANDS if one.name == command]
    return next(one for one in found.words if name in one.options or (not one.options and name == one.summary))


def test_the_command_itself() -> None:
    assert [one.options for one in WORDS] == [("-h", "--help"), ("--version",)]
    assert not any(one.takes for one in WORDS)


def test_commands_have_their_summaries() -> None:
    (wait,) = [one for one in COMMANDS if one.name == "wait"]
    assert isinstance(wait, Command)
    assert wait.summary == "wait for jobs, with their progress on stderr"
    assert {"--until", "--poll", "-q", "--quiet", "--output"} <= set(wait.options)
    assert [one.many for one in wait.places] == [True]


def test_values_that_can_be_known() -> None:
    assert word("wait", "--until").values == ("completed", "ended", "deleted")
    assert word("create", "--framework").values == tuple(map(str, Framework))
    assert word("describe", "--region").values == ()
    assert word("create", "--cli-input-json").files
    assert not word("create", "--role-arn").files
    assert word("create", "--tag").many
    assert not word("wait", "--quiet").takes


def test_summaries_are_one_short_line() -> None:
    for command in COMMANDS:
        for one in command.words:
            assert 0 < len(one.summary) <= 90
            assert one.summary.isascii()
