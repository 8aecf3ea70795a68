"""The arguments of every command."""

from __future__ import annotations

import argparse
from typing import Final, NoReturn

from neo_wire._version import __version__
from neo_wire.cli import job_arguments as jobs
from neo_wire.cli import tool_arguments as tools
from neo_wire.cli.failure import UsageError

_EPILOG: Final = """\
exit status:
  0    done
  1    a job failed
  2    a job was stopped
  3    a job was deleted while it was waited for
  4    a file is not what the job made
  5    a file cannot be checked: nobody told its digest
  6    the name is taken by a job with other inputs
  124  the time to wait is over
  130  interrupted
  252  the arguments or the input are wrong; nothing was sent
  253  a setting is missing or wrong: region, endpoint, credentials, an extra that is not installed
  254  the service answered with an error, or there is no such job
  255  anything else: no connection, an answer that cannot be read, a file that cannot be written
Of several jobs the lowest one that is not 0 counts.

Region, credentials and all else are found as by the AWS CLI; `neo-wire explain` shows where.
"""


class Parser(argparse.ArgumentParser):
    """A parser whose errors are raised, so that they end as every other error does: in one line and a status."""

    def error(self, message: str) -> NoReturn:
        """Refuse the command line."""
        raise UsageError(f"{message}; see {self.prog} --help")


def parser() -> Parser:
    """The parser of the whole command line."""
    top = Parser(
        prog="neo-wire",
        description="Amazon SageMaker Neo compilation jobs, request signing, and a local Neo service.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"neo-wire {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)

    def command(name: str, summary: str) -> Parser:
        return commands.add_parser(
            name, help=summary, description=f"{summary[:1].upper()}{summary[1:]}.", allow_abbrev=False
        )

    for name, summary in (
        ("describe", "describe a job: status, times, configuration"),
        ("stop", "stop a job that is starting or in progress"),
        ("delete", "delete a job that has ended"),
    ):
        jobs.add_one(command(name, summary))
    jobs.add_list(command("list", "list jobs, all pages unless one is asked for"))
    jobs.add_create(command("create", "create and start a job"))
    jobs.add_wait(command("wait", "wait for jobs, with their progress on stderr"))
    jobs.add_compile_many(command("compile-many", "compile one model for many targets"))
    jobs.add_download(command("download", "download what a job made, and check its digest"))
    jobs.add_verify(command("verify", "check a file against what a job made, or a digest"))
    jobs.add_clean(command("clean", "delete many jobs at once"))
    tools.add_explain(command("explain", "show where credentials, region, endpoint and every setting come from"))
    tools.add_sign(command("sign", "sign any request to any AWS service"))
    tools.add_serve(command("serve", "serve a local Neo service that checks every signature"))
    tools.add_demo(command("demo", "run a whole job against the local service; no AWS account needed"))
    tools.add_completion(command("completion", "print what makes a shell complete the words of this command"))
    return top
