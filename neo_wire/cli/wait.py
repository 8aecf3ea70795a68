"""`neo-wire wait`: until jobs are where they should be, with their progress on stderr."""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from attrs import define, field, frozen

from neo_wire.cli.connection import connected
from neo_wire.cli.failure import exit_status, one_line
from neo_wire.cli.output import JOB_COLUMNS, job_row, show, show_rows
from neo_wire.cli.progress import Progress
from neo_wire.client import NeoClient
from neo_wire.jobs.arguments import WatchOptions
from neo_wire.jobs.outcomes import (
    CompilationFailed,
    CompilationJobDeleted,
    CompilationJobMissing,
    CompilationStopped,
    SeenJob,
    WaitError,
    WaitTimeout,
)
from neo_wire.jobs.polling import DEFAULT_TIMEOUT
from neo_wire.jobs.waiting import status_of
from neo_wire.values import Value

_WORDS: Final[tuple[tuple[type[WaitError], str], ...]] = (
    (CompilationFailed, "failed"),
    (CompilationStopped, "stopped"),
    (CompilationJobDeleted, "deleted"),
    (CompilationJobMissing, "missing"),
    (WaitTimeout, "timed out"),
)


@frozen(eq=False, repr=False)
class Ended(Value):
    """How the wait for one job ended."""

    name: str
    job: SeenJob | None
    error: WaitError | None
    good: str
    """The word for an end without an error."""

    @property
    def outcome(self) -> str:
        """One word for the end, or two."""
        return next((word for cls, word in _WORDS if isinstance(self.error, cls)), self.good)

    @property
    def document(self) -> dict[str, Any]:
        """It as JSON has it."""
        reason = self.error.reason if isinstance(self.error, CompilationFailed) else None
        return {
            "CompilationJobName": self.name,
            "Outcome": self.outcome,
            "Error": None if self.error is None else str(self.error),
            "FailureKind": None if reason is None else reason.kind,
            "Hint": reason.hint or None if reason is not None else None,
            "CompilationJob": self.job,
        }


@define(eq=False, repr=False)
class Watched:
    """The jobs that are waited for, as the progress line tells of them."""

    progress: Progress
    count: int
    _statuses: dict[str, str] = field(factory=dict)

    def update(self, job: SeenJob) -> None:
        """Show the status that a job has now."""
        name, status = job.compilation_job_name, status_of(job)
        self._statuses[name] = str(status) or "without a status"
        if self.count == 1:
            self.progress.show(f"{name}: {self._statuses[name]}")
            return
        counts = ", ".join([f"{count} {one}" for one, count in sorted(Counter(self._statuses.values()).items())])
        self.progress.change(f"{name}: {self._statuses[name]}", f"{len(self._statuses)} of {self.count} jobs: {counts}")


def wait(arguments: argparse.Namespace) -> int:
    """Wait for the jobs and print how each ended; the status is that of the ends."""
    names = list(dict.fromkeys(arguments.names))
    with connected(arguments) as client, Progress(quiet=arguments.quiet) as progress:
        progress.show(f"{names[0]}: asking" if len(names) == 1 else f"{len(names)} jobs: asking", passing=True)
        watched = Watched(progress, len(names))
        if arguments.until == "deleted":
            ends = _until_deleted(client, names, arguments, watched)
        elif len(names) == 1:
            ends = [_one(client, names[0], arguments, watched)]
        else:
            outcomes = client.wait_for_compilation_jobs(
                names, on_update=watched.update, **rate_option(arguments), **watch_options(arguments)
            )
            ends = [Ended(one.name, one.job, one.error, "completed") for one in outcomes.values()]
    return report(ends, arguments.output, ended_is_enough=arguments.until == "ended")


def watch_options(arguments: argparse.Namespace) -> WatchOptions:
    """How long and how often to look, as far as it was given."""
    options = WatchOptions()
    if arguments.timeout is not None:
        options["timeout"] = arguments.timeout
    if arguments.poll is not None:
        options["polling"] = arguments.poll
    return options


def rate_option(arguments: argparse.Namespace) -> dict[str, float]:
    """How often to ask when there are several jobs, if it was given."""
    rate = arguments.requests_per_second
    return {} if rate is None else {"requests_per_second": rate}


def _one(client: NeoClient, name: str, arguments: argparse.Namespace, watched: Watched) -> Ended:
    try:
        job = client.wait_for_compilation_job(name, on_update=watched.update, **watch_options(arguments))
    except WaitError as error:
        return Ended(name, error.job, error, "")
    return Ended(name, job, None, "completed")


def _until_deleted(
    client: NeoClient, names: Sequence[str], arguments: argparse.Namespace, watched: Watched
) -> list[Ended]:
    """One after the other, all within the same time: none of them goes faster by being looked at."""
    options = watch_options(arguments)
    ends: list[Ended] = []
    deadline = time.monotonic() + options.get("timeout", DEFAULT_TIMEOUT)
    for name in names:
        if ends:
            options["timeout"] = max(0.001, deadline - time.monotonic())
        try:
            job = client.wait_for_compilation_job(name, until="deleted", on_update=watched.update, **options)
        except WaitTimeout as error:
            ends.append(Ended(name, error.job, error, ""))
        else:
            ends.append(Ended(name, job, None, "deleted"))
    return ends


def report(ends: Sequence[Ended], style: str, *, ended_is_enough: bool = False) -> int:
    """Print how jobs ended, what went wrong on stderr too, and give the status.

    Args:
        ends: of each job.
        style: "json", "table" or "text".
        ended_is_enough: whether jobs that failed or were stopped are well too.
    """
    if style == "json":
        show({"CompilationJobs": [one.document for one in ends]}, style)
    else:
        show_rows(("Outcome", *JOB_COLUMNS), [(one.outcome, *_row(one)) for one in ends], style)
    print(end="", flush=True)  # before what goes to stderr
    wrong = [one.error for one in ends if one.error is not None]
    if ended_is_enough:
        wrong = [error for error in wrong if not isinstance(error, CompilationFailed | CompilationStopped)]
    for error in wrong:
        Progress.note(one_line(f"neo-wire: {error}"))
    return min(map(exit_status, wrong), default=0)


def _row(end: Ended) -> Sequence[Any]:
    return (end.name, *[None] * (len(JOB_COLUMNS) - 1)) if end.job is None else job_row(end.job)
