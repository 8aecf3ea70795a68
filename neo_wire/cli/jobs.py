"""The commands that call one operation: describe, list, create, stop, delete."""

from __future__ import annotations

import argparse
import os
from typing import Any

from neo_wire.cli.connection import connected
from neo_wire.cli.create_input import create_input, read_request
from neo_wire.cli.failure import UsageError
from neo_wire.cli.output import JOB_COLUMNS, job_row, show, show_rows
from neo_wire.cli.progress import Progress
from neo_wire.client import NeoClient
from neo_wire.errors import Violation
from neo_wire.machine import home_folder
from neo_wire.members import members
from neo_wire.shapes.operations import CREATE_COMPILATION_JOB
from neo_wire.shapes.structures import ListCompilationJobsRequest, ListCompilationJobsResponse

INVALID = 252


def call(arguments: argparse.Namespace) -> int:
    """Run one of the commands and print what the service answered."""
    if arguments.command == "create":
        return _create(arguments)
    with connected(arguments) as client:
        match arguments.command:
            case "list":
                _show_list(_list(client, arguments), arguments.output)
                return 0
            case "describe":
                output: object = client.describe_compilation_job(arguments.name)
            case "stop":
                output = client.stop_compilation_job(arguments.name)
            case _:
                output = client.delete_compilation_job(arguments.name)
    show(output, arguments.output)
    return 0


def _list(client: NeoClient, arguments: argparse.Namespace) -> ListCompilationJobsResponse:
    """One page when anything about pages was asked for, as the AWS CLI has it; otherwise all of them as one."""
    filters: dict[str, Any] = {  # Any: the filters are of many types
        member.attribute: getattr(arguments, member.attribute) for member in members(ListCompilationJobsRequest)
    }
    if arguments.no_paginate or arguments.next_token is not None or arguments.max_results is not None:
        if arguments.limit is not None:
            raise UsageError("--limit goes over all pages; leave it out beside an option that asks for one page")
        return client.list_compilation_jobs(**filters)
    jobs = client.iter_compilation_jobs(limit=arguments.limit, **filters)
    return ListCompilationJobsResponse(compilation_job_summaries=list(jobs))


def _show_list(jobs: ListCompilationJobsResponse, style: str) -> None:
    if style == "json":
        show(jobs, style)
        return
    show_rows(JOB_COLUMNS, [job_row(job) for job in jobs.compilation_job_summaries], style)
    if jobs.next_token:
        # Lines of text are jobs, and nothing else, for the programs that read them.
        (Progress.note if style == "text" else print)(f"NextToken: {jobs.next_token}")


def _create(arguments: argparse.Namespace) -> int:
    if arguments.check:
        return _check(arguments)
    request = create_input(arguments)
    with connected(arguments) as client:
        if not arguments.or_get:
            show(client.call(CREATE_COMPILATION_JOB, request), arguments.output)
            return 0
        inputs = {member.attribute: getattr(request, member.attribute) for member in members(type(request))}
        found = client.create_or_get_compilation_job(**inputs)
    status = str(found.job.compilation_job_status) if found.job is not None else None
    show(
        {
            "CompilationJobArn": found.compilation_job_arn,
            "Created": found.created,
            "CompilationJobStatus": status,
        },
        arguments.output,
    )
    return 0


def _check(arguments: argparse.Namespace) -> int:
    """Tell what is wrong with the input, and what may be; nothing is sent."""
    from neo_wire.jobs.preflight import preflight  # it is long, and seldom needed

    request, unknown = read_request(arguments)
    found = preflight(request, region=_region(arguments))
    problems = (*unknown, *found.problems)
    if arguments.output == "json":
        show({"Problems": _listed(problems), "Warnings": _listed(found.warnings)}, "json")
    else:
        rows = [("problem", *one) for one in problems] + [("warning", *one) for one in found.warnings]
        if rows or arguments.output == "text":
            show_rows(("Kind", "Member", "What"), rows, arguments.output)
        else:
            print("nothing is wrong, as far as can be known before it is sent")
    return INVALID if problems else 0


def _listed(violations: tuple[Violation, ...]) -> list[dict[str, str]]:
    return [{"Member": one.path, "Message": one.message} for one in violations]


def _region(arguments: argparse.Namespace) -> str | None:
    from neo_wire.configure import load_settings
    from neo_wire.transports.blocking import BlockingDriver
    from neo_wire.transports.exchanges import blocking_exchange

    code = {name: getattr(arguments, name) for name in ("profile", "region") if getattr(arguments, name) is not None}
    driver = BlockingDriver(blocking_exchange(None, None))
    settings, _ = driver.run(load_settings(code, os.environ, home_folder(os.environ), windows=os.name == "nt"))
    return settings.region
