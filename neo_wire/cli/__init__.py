"""The neo-wire command: compilation jobs, request signing and the local service, from a shell.

Errors are one line on stderr; the exit status is that of the AWS CLI for the same kind of error. What a command needs
is imported when it runs, so that `neo-wire --help` is quick, and an interrupt meanwhile ends as every other does.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

INTERRUPTED = 130
BROKEN_PIPE = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and give its exit status; nothing but `--help` and `--version` leaves by SystemExit.

    Args:
        argv: the arguments without the program's name; None for those of the process.
    """
    try:
        if isinstance(sys.stdout, TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # what its encoding lacks is written escaped
        from neo_wire.cli.arguments import parser

        status = _run(parser().parse_args(argv))
        print(end="", flush=True)  # here, where a reader that has gone is still ours to notice
    except BrokenPipeError:
        _silence(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001  # whatever it is, a shell gets one line and a status
        from neo_wire.cli.failure import describe, exit_status

        _complain(describe(error))
        return exit_status(error)
    finally:
        try:
            if sys.stderr is not None:
                sys.stderr.flush()
        except (OSError, ValueError):
            _silence(sys.stderr)
    return status


def _silence(stream: TextIO) -> None:
    """Send what is left to nowhere, as the interpreter's own last flush would fail too, and change the exit status."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _complain(line: str) -> None:
    """Print an error, as far as somebody can be told."""
    from neo_wire.cli.progress import Progress

    Progress.note(f"neo-wire: {line}")


def _run(arguments: argparse.Namespace) -> int:
    match arguments.command:
        case "demo":
            from neo_wire.cli.demo import demo

            return demo(arguments)
        case "serve":
            from neo_wire.cli.serve import serve

            return serve(arguments)
        case "sign":
            from neo_wire.cli.sign import sign

            return sign(arguments)
        case "clean":
            from neo_wire.cli.clean import clean

            return clean(arguments)
        case "compile-many":
            from neo_wire.cli.compile_many import compile_many

            return compile_many(arguments)
        case "completion":
            from neo_wire.cli.completion import completion

            return completion(arguments)
        case "download":
            from neo_wire.cli.artifacts import fetch

            return fetch(arguments)
        case "explain":
            from neo_wire.cli.explain import explain

            return explain(arguments)
        case "verify":
            from neo_wire.cli.artifacts import check

            return check(arguments)
        case "wait":
            from neo_wire.cli.wait import wait

            return wait(arguments)
        case _:
            from neo_wire.cli.jobs import call

            return call(arguments)
