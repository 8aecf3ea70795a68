"""Completion as the shells themselves do it: bash, and zsh and fish where they are installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from neo_wire.cli.arguments import parser
from neo_wire.cli.command_line import read
from neo_wire.cli.completion import bash, fish, zsh
from neo_wire.shapes.enums import TargetDevice

WORDS, COMMANDS = read(parser())


def shell(name: str, *arguments: str, cwd: Path | None = None) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run(  # noqa: S603  # the arguments are the test's own
        [path, *arguments], capture_output=True, text=True, timeout=30, check=False, cwd=cwd
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def complete(line: str, tmp_path: Path) -> list[str]:
    """What bash offers for the last word of a line, by its own rules of what a word is."""
    script = tmp_path / "completion.bash"
    script.write_text(bash(WORDS, COMMANDS))
    words = [word for part in line.split(" ") for word in _broken(part)]
    array = " ".join(f"'{word}'" for word in words)
    out = shell(
        "bash", "--norc", "-uc",
        f"source '{script}'; complete -p neo-wire >/dev/null; COMP_WORDS=({array}); COMP_CWORD={len(words) - 1}; "
        '_neo_wire; printf "%s\\n" ${COMPREPLY[@]+"${COMPREPLY[@]}"}',
        cwd=tmp_path,
    )  # fmt: skip
    return [word for word in out.split("\n") if word]


def _broken(word: str) -> list[str]:
    """A word at the equals signs, where bash breaks it."""
    name, equals, value = word.partition("=")
    return [name, equals, value] if value else [name, equals] if equals else [name]


def test_bash_completes_commands(tmp_path: Path) -> None:
    assert complete("neo-wire ", tmp_path)[:3] == ["describe", "stop", "delete"]
    assert complete("neo-wire de", tmp_path) == ["describe", "delete", "demo"]
    assert complete("neo-wire --v", tmp_path) == ["--version"]
    assert complete("neo-wire nonsense", tmp_path) == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("neo-wire describe --reg", ["--region"]),
        ("neo-wire wait a b --until ", ["completed", "ended", "deleted"]),
        ("neo-wire wait a --output t", ["table", "text"]),
        ("neo-wire wait a --output=t", ["table", "text"]),
        ("neo-wire wait a --output=", ["json", "table", "text"]),
        ("neo-wire create --target-device jetson_x", ["jetson_xavier"]),
        ("neo-wire compile-many --target rasp", ["rasp3b", "rasp4b"]),
        ("neo-wire list --status-equals STOPP", ["STOPPING", "STOPPED"]),
        ("neo-wire completion z", ["zsh"]),
        ("neo-wire describe --region ", []),  # nobody can know
        ("neo-wire nothing --out", []),
    ],
)
def test_bash_completes_options_and_values(tmp_path: Path, line: str, expected: list[str]) -> None:
    assert complete(line, tmp_path) == expected


def test_bash_completes_files_where_there_may_be_some(tmp_path: Path) -> None:
    (tmp_path / "model a.tar.gz").touch()
    (tmp_path / "job.json").touch()
    assert complete("neo-wire verify mod", tmp_path) == ["model a.tar.gz"]
    assert complete("neo-wire create --cli-input-json jo", tmp_path) == ["job.json"]
    assert complete("neo-wire verify --jo", tmp_path) == ["--job"]
    assert complete("neo-wire describe jo", tmp_path) == []


def test_bash_sources_it_from_the_command(tmp_path: Path) -> None:
    out = shell(
        "bash", "--norc", "-c",
        'source <("$0" -m neo_wire completion bash); COMP_WORDS=(neo-wire cle); COMP_CWORD=1; _neo_wire; '
        'echo "${COMPREPLY[@]}"',
        __import__("sys").executable,
        cwd=tmp_path,
    )  # fmt: skip
    assert out == "clean\n"


def test_zsh_reads_the_script(tmp_path: Path) -> None:
    script = tmp_path / "_neo-wire"
    script.write_text(zsh(WORDS, COMMANDS))
    shell("zsh", "-f", "-n", str(script))
    out = shell("zsh", "-f", "-c", f"autoload -Uz compinit; compinit -D -u; source {script}; print $_comps[neo-wire]")
    assert out == "_neo_wire\n"


def test_zsh_has_every_word() -> None:
    script = zsh(WORDS, COMMANDS)
    assert "'wait:wait for jobs, with their progress on stderr'" in script
    assert "'--until[success, with any other end an error]:until:(completed ended deleted)'" in script
    assert "'*:NAME:'" not in script
    for command in COMMANDS:
        assert all(option in script for option in command.options)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("neo-wire cle", {"clean"}),
        ("neo-wire wait a --unti", {"--until"}),
        ("neo-wire wait a --until ", {"completed", "ended", "deleted"}),
        ("neo-wire create --target-device jetson_", {one for one in TargetDevice if one.startswith("jetson_")}),
        ("neo-wire completion ", {"bash", "zsh", "fish"}),
    ],
)
def test_fish_completes(tmp_path: Path, line: str, expected: set[str]) -> None:
    script = tmp_path / "neo-wire.fish"
    script.write_text(fish(WORDS, COMMANDS))
    out = shell("fish", "--no-config", "-c", f"source {script}; complete -C '{line}'")
    assert {one.partition("\t")[0] for one in out.splitlines()} == expected


def test_fish_quotes_what_it_must() -> None:
    assert "-d 'in place of the region\\'s own endpoint'" in fish(WORDS, COMMANDS)
