"""The arguments of the commands beside those on jobs."""

from __future__ import annotations

import argparse

from neo_wire.cli.faults import OPERATIONS, failing, fault, rate_limit, slow
from neo_wire.cli.job_arguments import add_call_options
from neo_wire.cli.values import duration, header, port, whole_number


def add_explain(command: argparse.ArgumentParser) -> None:
    """Add what `explain` takes."""
    add_call_options(command, output="table")
    command.epilog = (
        "The sources of credentials are asked as a call would ask them; nothing is sent to SageMaker, and no secret is "
        "shown. The exit status is 253 when something that a call needs is missing."
    )


def add_completion(command: argparse.ArgumentParser) -> None:
    """Add what `completion` takes."""
    command.add_argument("shell", choices=("bash", "zsh", "fish"), help="the shell to complete in")
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = """\
in ~/.bashrc:                   source <(neo-wire completion bash)
in ~/.zshrc, after compinit:    source <(neo-wire completion zsh)
in ~/.config/fish/config.fish:  neo-wire completion fish | source
"""


def add_sign(command: argparse.ArgumentParser) -> None:
    """Add what `sign` takes."""
    command.add_argument("method", metavar="METHOD", help="such as GET or POST")
    command.add_argument("url", metavar="URL", help="http or https")
    command.add_argument("--data", metavar="TEXT|@FILE|-", help="the body; - is standard input")
    command.add_argument(
        "-H", "--header", metavar="'NAME: VALUE'", action="append", default=[], type=header, help="may be repeated"
    )
    command.add_argument("--service", help="the signing name, such as execute-api; else that of the URL's host")
    command.add_argument("--region", help="else that of the URL's host, then AWS_REGION or AWS_DEFAULT_REGION")
    command.add_argument(
        "--s3",
        action="store_true",
        help="sign as S3 wants it: path as it is, body hash sent; the service s3 implies it",
    )
    command.add_argument("--unsigned-payload", action="store_true", help="leave the body unsigned; https only")
    command.add_argument(
        "--presign", metavar="SECONDS", type=int, help="sign in the URL, good for so long: 1 to 604800"
    )
    command.add_argument("--curl", action="store_true", help="print a curl command that sends the request")
    command.add_argument(
        "--explain",
        action="store_true",
        help="show canonical request, string to sign, headers, scope and time, secrets left out; with --curl on stderr",
    )
    command.epilog = (
        "Without --curl and --explain the headers to send are printed, as `curl -H @-` reads them; with --presign the "
        "URL. Either lets whoever has it send this request: headers for some minutes, a URL until it expires."
    )


def add_serve(command: argparse.ArgumentParser) -> None:
    """Add what `serve` takes."""
    command.add_argument("--host", default="127.0.0.1", help="default: 127.0.0.1")
    command.add_argument("--port", type=port, default=8080, help="default: 8080; 0 takes a free one")
    command.add_argument("--region", help="refuse requests that are signed for another; default: any will do")
    group = command.add_argument_group(
        "accepted credentials",
        "By default AWS's documentation pair, AKIDEXAMPLE. Other users of a machine can read the arguments of a "
        "process; --environment-credentials keeps a real secret out of them.",
    )
    group.add_argument("--access-key-id", metavar="ID")
    group.add_argument("--secret-access-key", metavar="SECRET")
    group.add_argument("--session-token", metavar="TOKEN", help="asked for with that pair")
    group.add_argument(
        "--environment-credentials",
        action="store_true",
        help="those of AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN",
    )
    group = command.add_argument_group(
        "the life of a job", "A duration is a number of seconds, or one with s, m, h or d."
    )
    group.add_argument("--starting", metavar="DURATION", type=duration, help="how long it is STARTING")
    group.add_argument("--in-progress", metavar="DURATION", type=duration, help="how long it is INPROGRESS")
    group.add_argument("--stopping", metavar="DURATION", type=duration, help="how long it is STOPPING")
    group.add_argument("--outcome", choices=("COMPLETED", "FAILED"), help="how it ends; default: COMPLETED")
    group.add_argument("--failure-reason", metavar="TEXT", help="of a job that ends FAILED")
    group.add_argument(
        "--fail",
        metavar="PATTERN[=REASON]",
        action="append",
        default=[],
        type=failing,
        help="jobs whose names match, such as 'bad-*', end FAILED; may be repeated",
    )
    group.add_argument(
        "--slow",
        metavar="PATTERN=DURATION",
        action="append",
        default=[],
        type=slow,
        help="jobs whose names match are INPROGRESS for so long; may be repeated",
    )
    group.add_argument(
        "--digest", choices=("right", "wrong", "none"), help="of an artifact, as a job tells it; default: right"
    )
    group = command.add_argument_group(
        "faults",
        "KIND is throttling, unavailable, lost (acted upon, not answered), slow=DURATION, cut=BYTES (of the answer's "
        f"body) or error=CODE[/STATUS]. OPERATION is {', '.join(OPERATIONS)}; default: any but the last two.",
    )
    group.add_argument(
        "--fault",
        metavar="KIND[@OPERATION][:TIMES]",
        action="append",
        default=[],
        type=fault,
        help="of the next answers, such as throttling:3 or lost@CreateCompilationJob; may be repeated, in order",
    )
    group.add_argument(
        "--rate-limit", metavar="N[,BURST]", type=rate_limit, help="requests a second, before ThrottlingException"
    )
    group.add_argument(
        "--max-running-jobs", metavar="N", type=whole_number, help="at once, before ResourceLimitExceeded"
    )


def add_demo(command: argparse.ArgumentParser) -> None:
    """Add what `demo` takes."""
    command.add_argument("--seconds", type=duration, default=2.5, help="how long the job takes; default: 2.5")
