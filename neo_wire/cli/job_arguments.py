"""The arguments of the commands on jobs, and the options that every command that calls AWS takes."""

from __future__ import annotations

import argparse
from typing import Final

from neo_wire.cli.values import duration, moment, options_of, platform, polling, tag, target, text_or_file

_TIME: Final = "TIME is 2026-01-31T12:00:00Z, 2026-01-31 (midnight in UTC) or seconds since 1970."


def add_call_options(command: argparse.ArgumentParser, *, output: str = "json", waits: bool = False) -> None:
    """Add where and how to call, and how to print.

    Args:
        command: the parser that they are added to.
        output: how it prints by default.
        waits: whether `--timeout` is of the whole command; else it is of each call.
    """
    group = command.add_argument_group("where and how")
    group.add_argument("--profile", metavar="NAME", help="of the AWS profile files; else AWS_PROFILE")
    group.add_argument(
        "--region", help="such as eu-west-1; else AWS_REGION, AWS_DEFAULT_REGION, or that of the profile"
    )
    group.add_argument("--endpoint-url", metavar="URL", help="in place of the region's own endpoint")
    group.add_argument(
        "--call-timeout",
        *([] if waits else ["--timeout"]),
        dest="call_timeout",
        metavar="SECONDS",
        type=float,
        help="of each call and each wait in it; default: 60 of each wait",
    )
    group.add_argument("--max-attempts", metavar="N", type=int, help="of each call; default: 3; 1 for no retries")
    group.add_argument("--output", choices=("json", "table", "text"), default=output, help=f"default: {output}")
    group.add_argument(
        "--no-validate",
        action="store_true",
        help="send the input without checking it against the service's rules first",
    )
    group.add_argument("--debug", action="store_true", help="log on stderr what is done, without secrets")


def add_one(command: argparse.ArgumentParser) -> None:
    """Add what a command on one job takes."""
    command.add_argument("name", metavar="NAME", help="the job's name")
    add_call_options(command)


def add_wait(command: argparse.ArgumentParser) -> None:
    """Add what `wait` takes."""
    command.add_argument("names", metavar="NAME", nargs="+", help="the jobs' names")
    command.add_argument(
        "--until",
        choices=("completed", "ended", "deleted"),
        default="completed",
        help="success, with any other end an error; any end; or that there is no such job; default: completed",
    )
    _add_rate(add_wait_options(command, "of the whole wait"))
    add_call_options(command, output="table", waits=True)


def add_wait_options(command: argparse.ArgumentParser, of_what: str) -> argparse._ArgumentGroup:
    """Add how long and how often to look, and whether to show it, and give the group of these."""
    group = command.add_argument_group("waiting", "A duration is a number of seconds, or one with s, m, h or d.")
    group.add_argument("--timeout", metavar="DURATION", type=duration, help=f"{of_what}; default: 1h")
    group.add_argument(
        "--poll",
        metavar="SHORTEST[,LONGEST]",
        type=polling,
        help="the intervals between two looks, which grow; default: 5s,60s",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    return group


def _add_rate(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--requests-per-second", metavar="N", type=float, help="at most, for several jobs together; default: 2"
    )


def _add_filters(group: argparse._ArgumentGroup) -> None:
    for name in (
        "creation-time-after",
        "creation-time-before",
        "last-modified-time-after",
        "last-modified-time-before",
    ):
        group.add_argument(f"--{name}", metavar="TIME", type=moment)
    group.add_argument("--name-contains", metavar="TEXT")


def add_list(command: argparse.ArgumentParser) -> None:
    """Add what `list` takes."""
    group = command.add_argument_group("filters and order", _TIME)
    _add_filters(group)
    group.add_argument("--status-equals", metavar="STATUS", help="such as INPROGRESS, COMPLETED or FAILED")
    group.add_argument("--sort-by", metavar="WHAT", help="Name, CreationTime or Status")
    group.add_argument("--sort-order", metavar="ORDER", help="Ascending or Descending")
    group.add_argument("--limit", metavar="N", type=int, help="how many jobs in all; default: every one")
    group = command.add_argument_group("pages", "With any of these, one page is fetched and its NextToken shown.")
    group.add_argument("--max-results", metavar="N", type=int, help="jobs a page, 1 to 100")
    group.add_argument("--next-token", metavar="TOKEN", help="of the page before")
    group.add_argument("--no-paginate", action="store_true", help="the first page only")
    add_call_options(command)


def add_create(command: argparse.ArgumentParser) -> None:
    """Add what `create` takes."""
    command.add_argument("--name", "--compilation-job-name", metavar="NAME", help="CompilationJobName")
    group = _add_inputs(command)
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
    command.add_argument(
        "--check",
        action="store_true",
        help="tell what is wrong with the input, and what may be, and send nothing; the status is 252 if it must fail",
    )
    command.add_argument(
        "--or-get",
        action="store_true",
        help="take a job of that name, if it was created from the same input; safe to repeat",
    )
    add_call_options(command)


def _add_inputs(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add what a job is made of, but for its name and target, and give the group that those go to."""
    group = command.add_argument_group("the job")
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
    compiled = group = command.add_argument_group("the compiled model")
    group.add_argument("--s3-output-location", metavar="URI", help="OutputConfig.S3OutputLocation")
    group.add_argument("--kms-key-id", metavar="KEY", help="OutputConfig.KmsKeyId")
    group = command.add_argument_group("the network")
    group.add_argument("--security-group-ids", metavar="ID", nargs="+", help="VpcConfig.SecurityGroupIds")
    group.add_argument("--subnets", metavar="ID", nargs="+", help="VpcConfig.Subnets")
    command.add_argument(
        "--cli-input-json",
        metavar="FILE|-|JSON",
        help="the whole input with AWS's own member names, as the AWS CLI takes it; other options override its members",
    )
    return compiled


def add_compile_many(command: argparse.ArgumentParser) -> None:
    """Add what `compile-many` takes."""
    command.add_argument(
        "--model",
        metavar="NAME",
        required=True,
        help="with the target it makes the name of each job; at best versioned",
    )
    command.add_argument(
        "--target",
        metavar="TARGET",
        nargs="+",
        action="extend",
        required=True,
        type=target,
        help="devices such as jetson_xavier, and platforms such as LINUX/ARM64/NVIDIA",
    )
    group = _add_inputs(command)
    group.add_argument(
        "--compiler-options",
        dest="options_of",
        metavar="TARGET=TEXT|file://PATH",
        action="append",
        default=[],
        type=options_of,
        help="OutputConfig.CompilerOptions of one target; may be repeated",
    )
    command.add_argument("--concurrency", metavar="N", type=int, default=4, help="jobs created at a time; default: 4")
    command.add_argument(
        "--stop-on-interrupt", action="store_true", help="on Ctrl-C stop the jobs that still run; else they go on"
    )
    command.set_defaults(name=None, target_device=None, target_platform=None, compiler_options=None)
    _add_rate(add_wait_options(command, "of it all"))
    add_call_options(command, output="table", waits=True)
    command.epilog = "Given again, the same command takes up the jobs that are there, ended or not."


def add_download(command: argparse.ArgumentParser) -> None:
    """Add what `download` takes."""
    command.add_argument("name", metavar="NAME", help="the job's name")
    command.add_argument(
        "path", metavar="PATH", nargs="?", default=".", help="a file, or a folder that is there; default: this folder"
    )
    command.add_argument("--overwrite", action="store_true", help="replace a file that is there and another one")
    command.add_argument("--timeout", metavar="DURATION", type=duration, help="of it all; default: 1h")
    command.add_argument("-q", "--quiet", action="store_true", help="show no progress")
    add_call_options(command, output="table", waits=True)
    command.epilog = (
        "Only a whole file gets the name. What an interrupted download leaves is taken up by the next one; what has "
        "a wrong digest is kept aside, and the exit status is 4."
    )


def add_verify(command: argparse.ArgumentParser) -> None:
    """Add what `verify` takes."""
    command.add_argument("file", metavar="FILE", help="what was downloaded")
    which = command.add_mutually_exclusive_group(required=True)
    which.add_argument("--job", metavar="NAME", help="the job that made it, which is asked for its digest")
    which.add_argument("--digest", metavar="HEX", help="BLAKE2b or SHA-256, with or without a prefix such as blake2b:")
    add_call_options(command, output="table")
    command.epilog = "The exit status is 4 when it is another file, 5 when nobody can say."


def add_clean(command: argparse.ArgumentParser) -> None:
    """Add what `clean` takes."""
    group = command.add_argument_group("which jobs", f"All that pass every filter. {_TIME}")
    _add_filters(group)
    group.add_argument("--older-than", metavar="DURATION", type=duration, help="created longer ago than, such as 30d")
    group.add_argument(
        "--status", metavar="STATUS", nargs="+", action="extend", type=str.upper, help="such as FAILED STOPPED"
    )
    group.add_argument("--all", action="store_true", help="every job; needed when there is no filter")
    group = command.add_argument_group("how")
    group.add_argument("--dry-run", action="store_true", help="say which would be deleted, and delete none")
    group.add_argument("--stop-running", action="store_true", help="stop jobs that run, then delete them")
    group.add_argument("--concurrency", metavar="N", type=int, default=4, help="jobs deleted at a time; default: 4")
    add_wait_options(command, "of the wait for one that was stopped")
    add_call_options(command, output="table", waits=True)
    command.epilog = "Artifacts, logs and roles are left alone."
