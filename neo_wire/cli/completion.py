"""`neo-wire completion`: what makes bash, zsh and fish complete the command's words.

A script knows every command, option and value that can be known without asking anybody.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from neo_wire.cli.arguments import parser
from neo_wire.cli.command_line import Command, Word, read


def completion(arguments: argparse.Namespace) -> int:
    """Print the script for a shell."""
    print({"bash": bash, "zsh": zsh, "fish": fish}[arguments.shell](*read(parser())), end="")
    return 0


def bash(words: list[Word], commands: list[Command]) -> str:
    """The script for bash, from 3.2 on."""
    return "\n".join(
        (
            "# bash completion of neo-wire: source <(neo-wire completion bash)",
            "_neo_wire() {",
            "    local IFS=$' \\t\\n' current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}",
            "    local command= index words= files=",
            '    if [[ $current == "=" ]]; then',
            "        current=",
            '    elif [[ $previous == "=" ]]; then',
            "        previous=${COMP_WORDS[COMP_CWORD-2]}",
            "    fi",
            "    for ((index = 1; index < COMP_CWORD; index++)); do",
            "        if [[ ${COMP_WORDS[index]} != -* ]]; then command=${COMP_WORDS[index]}; break; fi",
            "    done",
            "    COMPREPLY=()",
            '    case "$command $previous" in',
            *_bash_values(commands),
            "    *)",
            "        case $command in",
            f"        '') words={_quoted([*(one.name for one in commands), *_options(words)])} ;;",
            *(f"        {one.name}) {_bash_words(one)} ;;" for one in commands),
            "        esac",
            "        if [[ $current == -* ]]; then files=; fi ;;",
            "    esac",
            '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
            "    if [[ $files ]]; then",
            "        IFS=$'\\n'",
            "        compopt -o filenames 2>/dev/null",
            '        COMPREPLY+=($(compgen -f -- "$current"))',
            "    fi",
            "}",
            "complete -F _neo_wire neo-wire",
            "",
        )
    )


def _bash_values(commands: list[Command]) -> Iterator[str]:
    """A branch for the value of each option that takes one, those of one kind together."""
    branches: dict[str, list[str]] = {}
    for command in commands:
        for word in command.words:
            if word.takes:
                sets = [f"words={_quoted(word.values)}"] * bool(word.values) + ["files=yes"] * word.files
                branch = branches.setdefault("; ".join(sets) or ":", [])
                branch += [f"'{command.name} {option}'" for option in word.options]
    for body, options in branches.items():
        if options:
            yield f"    {'|'.join(options)}) {body} ;;"


def _bash_words(command: Command) -> str:
    values = [value for place in command.places for value in place.values]
    files = "; files=yes" * any(place.files for place in command.places)
    return f"words={_quoted([*command.options, *values])}{files}"


def _options(words: list[Word]) -> list[str]:
    return [option for word in words for option in word.options]


def _quoted(words: list[str] | tuple[str, ...] | str) -> str:
    text = words if isinstance(words, str) else " ".join(words)
    return "'" + text.replace("'", "'\\''") + "'"


def zsh(words: list[Word], commands: list[Command]) -> str:
    """The script for zsh, which shows what each word is."""
    described = [_quoted(f"{one.name}:{one.summary}") for one in commands]
    return "\n".join(
        (
            "#compdef neo-wire",
            "# zsh completion of neo-wire: source <(neo-wire completion zsh)",
            "_neo_wire() {",
            "    local curcontext=$curcontext state line",
            "    local -a commands",
            f"    commands=({' '.join(described)})",
            "    _arguments -C \\",
            *(f"        {spec} \\" for word in words for spec in _zsh_specs(word)),
            "        '1:command:->command' '*::argument:->argument'",
            "    case $state in",
            "    command) _describe -t commands command commands ;;",
            "    argument)",
            "        case $line[1] in",
            *(
                f"        {one.name}) _arguments {' '.join(s for word in one.words for s in _zsh_specs(word))} ;;"
                for one in commands
            ),
            "        esac ;;",
            "    esac",
            "}",
            "if [[ $funcstack[1] == _neo_wire ]]; then _neo_wire; else compdef _neo_wire neo-wire; fi",
            "",
        )
    )


def _zsh_specs(word: Word) -> Iterator[str]:
    def escaped(text: str, also: str) -> str:
        return "".join([f"\\{character}" if character in "\\" + also else character for character in text])

    summary = escaped(word.summary, ":[]")
    action = f"({' '.join(word.values)})" if word.values else "_files" if word.files else " "
    value = f":{escaped(word.options[0].lstrip('-') if word.options else summary, ':')}:{action}"
    if not word.options:
        yield _quoted(f"{'*' if word.many else ''}{value}")
    for option in word.options:
        yield _quoted(f"{'*' * word.many}{option}[{summary}]{value if word.takes else ''}")


def fish(words: list[Word], commands: list[Command]) -> str:
    """The script for fish, which shows what each word is."""
    names = " ".join([one.name for one in commands])
    first = f"not __fish_seen_subcommand_from {names}"
    return "\n".join(
        (
            "# fish completion of neo-wire: neo-wire completion fish | source",
            "complete -c neo-wire -f",
            *(line for word in words for line in _fish_lines(word, first)),
            *(f"complete -c neo-wire -n {_fish(first)} -a {one.name} -d {_fish(one.summary)}" for one in commands),
            *(
                line
                for one in commands
                for word in one.words
                for line in _fish_lines(word, f"__fish_seen_subcommand_from {one.name}")
            ),
            "",
        )
    )


def _fish_lines(word: Word, condition: str) -> Iterator[str]:
    if not word.options and not word.files and not word.values:
        return
    names = [f"-l {option[2:]}" if option.startswith("--") else f"-s {option[1:]}" for option in word.options]
    if word.options and word.takes:
        names.append("-r -F" if word.files else "-x")
    elif word.files:
        names.append("-F")
    if word.values:
        names.append(f"-a {_fish(' '.join(word.values))}")
    yield f"complete -c neo-wire -n {_fish(condition)} {' '.join(names)} -d {_fish(word.summary)}"


def _fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
