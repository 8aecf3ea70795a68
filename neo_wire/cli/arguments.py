"""The arguments of every command."""

from __future__ import annotations

import argparse
from typing import Final, NoReturn

from neo_wire._version import __version__
from neo_wire.cli.failure import UsageError
from neo_wire.cli.values import duration, header, moment, platform, port, tag, text_or_file

_EPILOG: Final = """\
exit status:
  0    done
  130  interrupted
  252  the arguments or the input are wrong; nothing was sent
  253  a setting is missing or wrong: region, endpoint, credentials, an extra that is not installed
  254  the service answered with an error
  255  anything else: no connection, an answer that cannot be read, a file that cannot be written

Credentials come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.
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
        one = command(name, summary)
        one.add_argument("name", metavar="NAME", help="the job's name")
        _add_call_options(one)
    _add_list(command("list", "list jobs, all pages unless one is asked for"))
    _add_create(command("create", "create and start a job"))
    _add_sign(command("sign", "sign any request to any AWS service"))
    _add_serve(command("serve", "serve a local Neo service that checks every signature"))
    _add_demo(command("demo", "run a whole job against the local service; no AWS account needed"))
    return top


def _add_call_options(command: Parser) -> None:
    group = command.add_argument_group("where and how")
    group.add_argument("--region", help="such as eu-west-1; else AWS_REGION or AWS_DEFAULT_REGION")
    group.add_argument("--endpoint-url", metavar="URL", help="in place of the region's own endpoint")
    group.add_argument("--timeout", metavar="SECONDS", type=float, help="of each wait for the service; default: 60")
    group.add_argument("--output", choices=("json", "table"), default="json", help="default: json")
    group.add_argument(
        "--no-validate",
        action="store_true",
        help="send the input without checking it against the service's rules first",
    )


def _add_list(command: Parser) -> None:
    group = command.add_argument_group(
        "filters and order", "TIME is 2026-01-31T12:00:00Z, 2026-01-31 (midnight in UTC) or seconds since 1970."
    )
    for name in (
        "creation-time-after",
        "creation-time-before",
        "last-modified-time-after",
        "last-modified-time-before",
    ):
        group.add_argument(f"--{name}", metavar="TIME", type=moment)
    group.add_argument("--name-contains", metavar="TEXT")
    group.add_argument("--status-equals", metavar="STATUS", help="such as INPROGRESS, COMPLETED or FAILED")
    group.add_argument("--sort-by", metavar="WHAT", help="Name, CreationTime or Status")
    group.add_argument("--sort-order", metavar="ORDER", help="Ascending or Descending")
    group = command.add_argument_group("pages", "With any of these, one page is fetched and its NextToken shown.")
    group.add_argument("--max-results", metavar="N", type=int, help="jobs a page, 1 to 100")
    group.add_argument("--next-token", metavar="TOKEN", help="of the page before")
    group.add_argument("--no-paginate", action="store_true", help="the first page only")
    _add_call_options(command)


def _add_create(command: Parser) -> None:
    group = command.add_argument_group("the job")
    group.add_argument("--name", "--compilation-job-name", metavar="NAME", help="CompilationJobName")
    group.add_argument("--role-arn", metavar="ARN", help="RoleArn: what the job may do; you need iam:PassRole on it")
    group.add_argument("--max-runtime", metavar="SECONDS", type=int, help="StoppingCondition.MaxRuntimeInSeconds")
    group.add_argument("--tag", metavar="KEY=VALUE", action="append", type=tag, help="one of Tags; may be repeated")
    group = command.add_argument_group("the model, in S3 or in a model package")
    group.add_argument("--s3-uri", metavar="URI", help="InputConfig.S3Uri: a .tar.gz archive")
    group.add_argument("--framework", help="InputConfig.Framework, such as PYTORCH")
    group.add_argument("--framework-version", metavar="VERSION", help="InputConfig.FrameworkVersion, such as 2.0")
    group.add_argument(
        "--data-input-config",
        metavar="TEXT|file://PATH",
        type=text_or_file,
        help="InputConfig.DataInputConfig: the shapes",
    )
    group.add_argument("--model-package-version-arn", metavar="ARN", help="ModelPackageVersionArn")
    group = command.add_argument_group("the compiled model")
    group.add_argument("--s3-output-location", metavar="URI", help="OutputConfig.S3OutputLocation")
    group.add_argument("--target-device", metavar="DEVICE", help="OutputConfig.TargetDevice, such as ml_c5")
    group.add_argument(
        "--target-platform",
        metavar="OS/ARCH[/ACCELERATOR]",
        type=platform,
        help="OutputConfig.TargetPlatform, such as LINUX/ARM64/NVIDIA; in place of a device",
    )
    group.add_argument(
        "--compiler-options",
        metavar="TEXT|file://PATH",
        type=text_or_file,
        help="OutputConfig.CompilerOptions, JSON text",
    )
    group.add_argument("--kms-key-id", metavar="KEY", help="OutputConfig.KmsKeyId")
    group = command.add_argument_group("the network")
    group.add_argument("--security-group-ids", metavar="ID", nargs="+", help="VpcConfig.SecurityGroupIds")
    group.add_argument("--subnets", metavar="ID", nargs="+", help="VpcConfig.Subnets")
    command.add_argument(
        "--cli-input-json",
        metavar="FILE|-|JSON",
        help="the whole input with AWS's own member names, as the AWS CLI takes it; other options override its members",
    )
    _add_call_options(command)


def _add_sign(command: Parser) -> None:
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


def _add_serve(command: Parser) -> None:
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
    group = command.add_argument_group("the life of a job")
    group.add_argument("--starting", metavar="SECONDS", type=duration, help="how long it is STARTING")
    group.add_argument("--in-progress", metavar="SECONDS", type=duration, help="how long it is INPROGRESS")
    group.add_argument("--stopping", metavar="SECONDS", type=duration, help="how long it is STOPPING")
    group.add_argument("--outcome", choices=("COMPLETED", "FAILED"), help="how it ends; default: COMPLETED")
    group.add_argument("--failure-reason", metavar="TEXT", help="of a job that ends FAILED")


def _add_demo(command: Parser) -> None:
    command.add_argument("--seconds", type=duration, default=2.5, help="how long the job takes; default: 2.5")
