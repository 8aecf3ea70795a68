"""`neo-wire compile-many`: one model for many targets, with a table of what became of each."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Final

from neo_wire.cli.connection import connected
from neo_wire.cli.create_input import read_request
from neo_wire.cli.failure import UsageError, exit_status
from neo_wire.cli.output import show, show_rows
from neo_wire.cli.progress import Progress
from neo_wire.cli.wait import Watched, rate_option, watch_options
from neo_wire.errors import InputValidationError
from neo_wire.jobs.compile_many import ManyInputs, Variant
from neo_wire.jobs.compile_results import TargetResult
from neo_wire.shapes.structures import CreateCompilationJobRequest

_OF_ONE_JOB: Final = (
    ("CompilationJobName", "--model"),
    ("OutputConfig.TargetDevice", "--target"),
    ("OutputConfig.TargetPlatform", "--target"),
    ("OutputConfig.CompilerOptions", "--compiler-options"),
)


def compile_many(arguments: argparse.Namespace) -> int:
    """Create the jobs or find them, wait for them, and print what became of each; the status is the worst."""
    request, unknown = read_request(arguments)
    if unknown:
        raise InputValidationError(CreateCompilationJobRequest.__name__, unknown)
    variants, inputs = _variants(arguments), _inputs(request)
    with connected(arguments) as client, Progress(quiet=arguments.quiet) as progress:
        progress.show(f"{arguments.model}: creating {len(variants)} jobs", passing=True)
        try:
            results = client.compile_for_targets(
                arguments.model,
                variants,
                **inputs,
                on_update=Watched(progress, len(variants)).update,
                concurrency=arguments.concurrency,
                stop_on_interrupt=arguments.stop_on_interrupt,
                **rate_option(arguments),
                **watch_options(arguments),
            )
        except KeyboardInterrupt:
            if arguments.stop_on_interrupt:
                progress.note("neo-wire: the jobs that were still running were asked to stop")
            else:
                progress.note("neo-wire: jobs that were created go on; the same command takes them up again")
            raise
    _show(results.results, arguments.output)
    return min((_status(one) for one in results if not one.completed), default=0)


def _variants(arguments: argparse.Namespace) -> list[Variant]:
    options = dict(arguments.options_of)
    if strange := [str(target) for target in options if target not in arguments.target]:
        raise UsageError(f"--compiler-options names {strange[0]}, which is no --target")
    return [Variant(target, compiler_options=options.get(target)) for target in arguments.target]


def _inputs(request: CreateCompilationJobRequest) -> ManyInputs:
    """What all jobs share of a whole request.

    Raises:
        UsageError: the request has what each job has of its own, or no place for the artifacts.
    """
    for path, option in _OF_ONE_JOB:
        value: object = request
        for attribute in path.split("."):
            value = getattr(value, _ATTRIBUTES[attribute], None)
        if value is not None:
            raise UsageError(f"--cli-input-json has {path}, which is each job's own; give {option} in its place")
    output = request.output_config
    if getattr(output, "s3_output_location", None) is None:
        raise UsageError("give --s3-output-location: where in S3 the artifacts go")
    return ManyInputs(
        role_arn=request.role_arn,
        s3_output_location=output.s3_output_location,
        stopping_condition=request.stopping_condition,
        input_config=request.input_config,
        model_package_version_arn=request.model_package_version_arn,
        kms_key_id=output.kms_key_id,
        vpc_config=request.vpc_config,
        tags=request.tags,
    )


_ATTRIBUTES: Final = {
    "CompilationJobName": "compilation_job_name",
    "OutputConfig": "output_config",
    "TargetDevice": "target_device",
    "TargetPlatform": "target_platform",
    "CompilerOptions": "compiler_options",
}


def _show(results: Sequence[TargetResult], style: str) -> None:
    if style != "json":
        rows = [(str(one.target), one.name, one.status, one.says) for one in results]
        show_rows(("Target", "Job", "Status", "Artifact or reason"), rows, style)
        return
    documents = [
        {
            "Target": str(one.target),
            "CompilationJobName": one.name,
            "Status": one.status,
            "Created": one.created,
            "Artifact": one.artifact,
            "Error": None if one.error is None else str(one.error),
            "CompilationJob": one.job,
        }
        for one in results
    ]
    show({"Targets": documents}, style)


def _status(result: TargetResult) -> int:
    return exit_status(result.error) if result.error is not None else 255
