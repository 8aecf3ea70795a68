"""The command as a whole: exit statuses, one-line errors, pipes, interrupts, and what is imported."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neo_wire import __version__, cli
from neo_wire.cli import main
from neo_wire.cli.arguments import parser

Run = Callable[..., Any]
COMMANDS = (
    "describe", "list", "create", "stop", "delete", "wait", "compile-many", "download", "verify", "clean", "explain",
    "sign", "serve", "demo", "completion",
)  # fmt: skip


def neo_wire(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    return subprocess.run(  # noqa: S603  # the arguments are the test's own
        [sys.executable, "-m", "neo_wire", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


def test_the_installed_command_and_the_module_are_the_same() -> None:
    script = Path(sys.executable).with_name("neo-wire")
    for command in ([str(script)], [sys.executable, "-m", "neo_wire"]):
        done = subprocess.run([*command, "--version"], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603  # as above
        assert done.stdout == f"neo-wire {__version__}\n"


def commands() -> list[str]:
    return [name for action in parser()._actions if action.dest == "command" for name in action.choices or ()]


@pytest.mark.parametrize("command", [(), *((command,) for command in COMMANDS)])
def test_help(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        main([*command, "--help"])
    assert exited.value.code == 0
    text = capsys.readouterr().out
    assert text.startswith(f"usage: {' '.join(['neo-wire', *command])}")
    if not command:
        assert re.findall(r"^    ([a-z-]+)\b", text, re.MULTILINE) == [*commands()]
        assert sorted(commands()) == sorted(COMMANDS)
        assert "252" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: COMMAND; see neo-wire --help"),
        (("describe",), "the following arguments are required: NAME; see neo-wire describe --help"),
        (
            ("list", "--max-results", "many"),
            "argument --max-results: invalid int value: 'many'; see neo-wire list --help",
        ),
        (("list", "--max", "3"), "unrecognized arguments: --max 3; see neo-wire --help"),
        (("list", "--output", "xml"), "argument --output: invalid choice: 'xml'"),
        (("no-such-command",), "argument COMMAND: invalid choice: 'no-such-command'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_252(run: Run, arguments: tuple[str, ...], message: str) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (252, "")
    assert outcome.err.startswith(f"neo-wire: {message}")
    assert outcome.err.count("\n") == 1


def test_what_should_not_happen_is_one_line_too(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> int:
        raise LookupError("the\nunexpected")

    monkeypatch.setattr(cli, "_run", fail)
    outcome = run("list")
    assert outcome.status == 255
    assert outcome.err.startswith("neo-wire: LookupError: the unexpected (unexpected, in fail at line ")
    assert outcome.err.count("\n") == 1


def test_interrupted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_run", interrupt)
    assert run("list").status == 130


def test_a_process_that_is_interrupted_shows_no_traceback(raw_server: Callable[..., Any]) -> None:
    arrived = []

    def answer(connection: Any) -> None:  # the request is there, so the client waits for an answer that never comes
        arrived.append(process.pid)
        os.kill(process.pid, signal.SIGINT)
        connection.recv(1)

    server = raw_server(answer)
    with subprocess.Popen(  # noqa: S603  # the arguments are the test's own
        [sys.executable, "-m", "neo_wire", "list", "--endpoint-url", server.url], stderr=subprocess.PIPE, text=True
    ) as process:
        _, err = process.communicate(timeout=60)
    assert arrived == [process.pid]
    assert (process.returncode, err) == (130, "neo-wire: interrupted\n")


@pytest.mark.parametrize(
    "arguments", [("sign", "GET", "https://x.eu-west-1.amazonaws.com/"), ("demo", "--seconds", "0")]
)
def test_a_reader_that_has_gone_is_no_traceback(arguments: tuple[str, ...]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(  # noqa: S603  # the arguments are the test's own
            [sys.executable, "-m", "neo_wire", *arguments],
            stdout=write_end, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
    finally:
        os.close(write_end)
    assert (done.returncode, done.stderr) == (141, "")


def test_without_a_standard_output_nothing_is_printed() -> None:
    done = subprocess.run(  # the shell's own words, and this interpreter
        ["sh", "-c", '"$0" -m neo_wire demo --seconds 0 >&-', sys.executable],  # noqa: S607  # whichever sh there is
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")


def test_without_a_stderr_the_status_is_the_same_and_the_output_has_no_error(server: Any) -> None:
    done = subprocess.run(  # noqa: S603  # the shell's own words, this interpreter, and the test's own server
        ["sh", "-c", '"$0" -m neo_wire describe nothing --endpoint-url "$1" 2>&-', sys.executable, server.url],  # noqa: S607  # as above
        stdout=subprocess.PIPE, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (254, "")


def test_an_error_that_nobody_reads_keeps_its_status(server: Any) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        done = subprocess.run(  # noqa: S603  # the arguments are the test's own
            [sys.executable, "-m", "neo_wire", "describe", "nothing", "--endpoint-url", server.url],
            stdout=subprocess.PIPE, stderr=write_end, text=True, timeout=60, check=False,
            env={name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"},
        )  # fmt: skip
    finally:
        os.close(write_end)
    assert (done.returncode, done.stdout) == (254, "")


def test_without_a_standard_input_there_is_nothing_to_read() -> None:
    done = subprocess.run(  # the shell's own words, and this interpreter
        ["sh", "-c", '"$0" -m neo_wire create --cli-input-json - <&-', sys.executable],  # noqa: S607  # as above
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 252
    assert done.stderr == "neo-wire: there is no standard input to read '-' from; give a file\n"


def test_an_interrupt_while_a_command_is_imported_ends_as_every_other(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Interrupting:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "neo_wire.cli.arguments":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "neo_wire.cli.arguments")
    monkeypatch.setattr(sys, "meta_path", [Interrupting(), *sys.meta_path])
    outcome = run("list")
    assert (outcome.status, outcome.out, outcome.err) == (130, "", "neo-wire: interrupted\n")


def test_real_processes_agree_with_each_other(server: Any) -> None:
    document = (
        '{"CompilationJobName": "slow-one", "RoleArn": "arn:aws:iam::123456789012:role/neo", "ModelPackageVersionArn": '
        '"arn:aws:sagemaker:eu-west-1:123456789012:model-package/m/1", "OutputConfig": {"S3OutputLocation": "s3://m/", '
        '"TargetDevice": "ml_c5"}, "StoppingCondition": {"MaxRuntimeInSeconds": 86400}}'
    )
    endpoint = ("--endpoint-url", server.url)
    created = neo_wire("create", "--cli-input-json", "-", *endpoint, input=document)
    assert (created.returncode, created.stderr) == (0, "")
    missing = neo_wire("describe", "nothing", *endpoint)
    assert missing.returncode == 254
    assert missing.stderr.count("\n") == 1
    assert "Traceback" not in missing.stderr


def test_a_standard_output_of_another_encoding_shows_what_it_can() -> None:
    done = neo_wire(
        "sign", "GET", "https://x.eu-west-1.amazonaws.com/", "-H", "X-Größe: 1", "--explain",
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.stdout.isascii()


def test_help_and_usage_errors_import_neither_httpx_nor_the_client() -> None:
    code = (
        "import sys; from neo_wire.cli import main; main(['describe']); "
        "print(sorted({'httpx', 'asyncio', 'rich', 'neo_wire.client', 'neo_wire.local'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603  # as above
    assert done.stdout == "[]\n"
