"""`neo-wire clean`: delete the jobs that pass some filters."""

from __future__ import annotations

import argparse
from datetime import timedelta
from typing import Any

from neo_wire.cli.connection import connected
from neo_wire.cli.failure import UsageError, exit_status, one_line
from neo_wire.cli.output import JOB_COLUMNS, job_row, show, show_rows
from neo_wire.cli.progress import Progress
from neo_wire.cli.wait import watch_options
from neo_wire.jobs.clean_up import CleanUp

_FILTERS = (
    "creation_time_after",
    "creation_time_before",
    "last_modified_time_after",
    "last_modified_time_before",
    "name_contains",
)


def clean(arguments: argparse.Namespace) -> int:
    """Delete the jobs, or say which would be; the status is that of what could not be deleted."""
    filters: dict[str, Any] = {name: getattr(arguments, name) for name in _FILTERS}  # Any: they are of many types
    if not arguments.all and not any([*filters.values(), arguments.older_than is not None, arguments.status]):
        raise UsageError("without a filter every job would be deleted; give one, or --all; see neo-wire clean --help")
    with connected(arguments) as client, Progress(quiet=arguments.quiet) as progress:
        progress.show("looking for jobs" if arguments.dry_run else "deleting jobs", passing=True)
        done = client.clean_up_compilation_jobs(
            **filters,
            older_than=None if arguments.older_than is None else timedelta(seconds=arguments.older_than),
            statuses=arguments.status,
            all=arguments.all,
            dry_run=arguments.dry_run,
            stop_running=arguments.stop_running,
            concurrency=arguments.concurrency,
            **watch_options(arguments),
        )
    _show(done, arguments.output)
    for name, error in done.failed.items():
        Progress.note(one_line(f"neo-wire: {name} is still there: {error}"))
    return min(map(exit_status, done.failed.values()), default=0)


def _show(done: CleanUp, style: str) -> None:
    if style == "json":
        document = {
            "DryRun": done.dry_run,
            "Deleted": done.deleted,
            "LeftRunning": done.left_running,
            "Failed": [{"CompilationJobName": name, "Error": str(error)} for name, error in done.failed.items()],
        }
        show(document, style)
        return
    rows = [("would be deleted" if done.dry_run else "deleted", *job_row(job)) for job in done.deleted]
    rows += [("left running", *job_row(job)) for job in done.left_running]
    rows += [("failed", name, *[None] * (len(JOB_COLUMNS) - 1)) for name in done.failed]
    show_rows(("Outcome", *JOB_COLUMNS), rows, style)
