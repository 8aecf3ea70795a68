"""The whole command line as completion needs it: commands, options and values, read off the parser itself."""

from __future__ import annotations

import argparse
from typing import Final

from attrs import frozen

from neo_wire.shapes.enums import (
    CompilationJobStatus,
    Framework,
    ListCompilationJobsSortBy,
    SortOrder,
    TargetDevice,
)
from neo_wire.values import Value

_VALUES: Final = {  # of options that take what the service knows, and what it will know tomorrow
    "status_equals": tuple(CompilationJobStatus),
    "framework": tuple(Framework),
    "target_device": tuple(TargetDevice),
    "target": tuple(TargetDevice),
    "sort_by": tuple(ListCompilationJobsSortBy),
    "sort_order": tuple(SortOrder),
}
_FILES: Final = ("PATH", "FILE")


@frozen(eq=False, repr=False)
class Word(Value):
    """An option, or a place for an argument, and what may stand there.

    Attributes:
        options: such as ("-q", "--quiet"); none for a place.
        summary: what it is, in one line.
        takes: whether a value follows the option.
        many: whether more than one may be given.
        values: what is known of the values.
        files: whether a value may be a file.
    """

    options: tuple[str, ...]
    summary: str
    takes: bool
    many: bool
    values: tuple[str, ...]
    files: bool


@frozen(eq=False, repr=False)
class Command(Value):
    """A command, and the words that may follow it."""

    name: str
    summary: str
    words: tuple[Word, ...]

    @property
    def options(self) -> list[str]:
        """All of its options."""
        return [option for word in self.words for option in word.options]

    @property
    def places(self) -> list[Word]:
        """Its arguments beside options."""
        return [word for word in self.words if not word.options]


def read(top: argparse.ArgumentParser) -> tuple[list[Word], list[Command]]:
    """The words of the command itself, and its commands."""
    words, commands = [], []
    for action in top._actions:  # argparse has no other way to ask
        if isinstance(action, argparse._SubParsersAction):  # as above
            summaries = {one.dest: one.help or "" for one in action._choices_actions}  # as above
            commands = [
                Command(name, summaries[name], tuple(map(_word, one._actions)))  # as above
                for name, one in action.choices.items()
            ]
        else:
            words.append(_word(action))
    return words, commands


def _word(action: argparse.Action) -> Word:
    choices = tuple(map(str, action.choices)) if action.choices is not None else _VALUES.get(action.dest, ())
    metavar = str(action.metavar or "")
    summary = (action.help or metavar).partition(";")[0].partition("\n")[0]
    return Word(
        options=tuple(action.option_strings),
        summary=summary if len(summary) <= 90 else summary[:87] + "...",
        takes=action.nargs != 0,
        many=action.nargs == "+" or isinstance(action, argparse._AppendAction),  # as above
        values=tuple(map(str, choices)),
        files=any(name in metavar for name in _FILES),
    )
