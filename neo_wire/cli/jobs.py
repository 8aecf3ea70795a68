"""The commands that call SageMaker Neo: describe, list, create, stop, delete."""

from __future__ import annotations

import argparse

from neo_wire.cli.create_input import create_input
from neo_wire.cli.output import print_details, print_jobs, print_json
from neo_wire.client import NeoClient
from neo_wire.client_options import ClientOptions
from neo_wire.errors import NeoWireError
from neo_wire.shapes.operations import CREATE_COMPILATION_JOB
from neo_wire.shapes.structures import CompilationJobSummary, ListCompilationJobsResponse

LARGEST_PAGE = 100


def call(arguments: argparse.Namespace) -> int:
    """Run one of the commands and print what the service answered."""
    with _client(arguments) as client:
        match arguments.command:
            case "list":
                _print_list(_list(client, arguments), arguments.output)
                return 0
            case "describe":
                output: object = client.describe_compilation_job(arguments.name)
            case "create":
                output = client.call(CREATE_COMPILATION_JOB, create_input(arguments))
            case "stop":
                output = client.stop_compilation_job(arguments.name)
            case _:
                output = client.delete_compilation_job(arguments.name)
    (print_details if arguments.output == "table" else print_json)(output)
    return 0


def _client(arguments: argparse.Namespace) -> NeoClient:
    options = ClientOptions(
        region=arguments.region, endpoint_url=arguments.endpoint_url, validate_input=not arguments.no_validate
    )
    if arguments.timeout is not None:
        options["timeout"] = arguments.timeout
    return NeoClient(**options)


def _list(client: NeoClient, arguments: argparse.Namespace) -> ListCompilationJobsResponse:
    """One page when anything about pages was asked for, as the AWS CLI has it; otherwise all of them as one."""
    one_page = arguments.no_paginate or arguments.next_token is not None or arguments.max_results is not None
    token = arguments.next_token
    jobs: list[CompilationJobSummary] = []
    while True:
        page = client.list_compilation_jobs(
            next_token=token,
            max_results=arguments.max_results if one_page else LARGEST_PAGE,
            creation_time_after=arguments.creation_time_after,
            creation_time_before=arguments.creation_time_before,
            last_modified_time_after=arguments.last_modified_time_after,
            last_modified_time_before=arguments.last_modified_time_before,
            name_contains=arguments.name_contains,
            status_equals=arguments.status_equals,
            sort_by=arguments.sort_by,
            sort_order=arguments.sort_order,
        )
        if one_page:
            return page
        jobs += page.compilation_job_summaries
        if not page.next_token:
            return ListCompilationJobsResponse(compilation_job_summaries=jobs)
        if page.next_token == token:
            raise NeoWireError("the service gave the same NextToken twice, which would go on for ever")
        token = page.next_token


def _print_list(jobs: ListCompilationJobsResponse, style: str) -> None:
    if style == "json":
        print_json(jobs)
        return
    print_jobs(jobs.compilation_job_summaries)
    if jobs.next_token:
        print(f"NextToken: {jobs.next_token}")
