"""What the commands print: JSON as the AWS CLI prints it, or a table."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from neo_wire.cli.failure import one_line
from neo_wire.errors import MissingExtra
from neo_wire.members import members
from neo_wire.schema import is_shape
from neo_wire.shapes.structures import CompilationJobSummary

if TYPE_CHECKING:
    from rich.console import Console

_TARGET_PLATFORM = ("os", "arch", "accelerator")


def print_json(output: object) -> None:
    """Print an operation's output as JSON with AWS's own member names; one without members prints nothing."""
    if value := plain(output):
        print(json.dumps(value, indent=4))


def plain(value: Any) -> Any:  # noqa: ANN401  # from any value of a shape to what json.dumps takes
    """The output as dicts and lists with AWS's member names, its times as the AWS CLI writes them."""
    if is_shape(type(value)):
        found = ((member.wire_name, getattr(value, member.attribute)) for member in members(type(value)))
        return {wire_name: plain(item) for wire_name, item in found if item is not None}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def print_details(output: object) -> None:
    """Print an operation's output as a table of two columns: the path of a member, and its value."""
    if value := plain(output):
        _print_table(("Member", "Value"), _flatten(value))


def print_jobs(jobs: Sequence[CompilationJobSummary]) -> None:
    """Print a list of jobs as a table, one a line."""
    rows = [
        (job.compilation_job_name, job.compilation_job_status, _target(job), _minute(job.creation_time), _duration(job))
        for job in jobs
    ]
    _print_table(("Name", "Status", "Target", "Created (UTC)", "Compiled for"), rows)


def _flatten(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, item in value.items():
        if isinstance(item, Mapping):
            yield from _flatten(item, f"{path}{name}.")
        else:
            yield path + name, ", ".join(map(str, item)) if isinstance(item, list) else str(item)


def _target(job: CompilationJobSummary) -> str:
    platform = (getattr(job, f"compilation_target_platform_{part}") for part in _TARGET_PLATFORM)
    return job.compilation_target_device or "/".join(part for part in platform if part)


def _minute(moment: datetime | None) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if moment else ""


def _duration(job: CompilationJobSummary) -> str:
    if job.compilation_start_time is None or job.compilation_end_time is None:
        return ""
    seconds = (job.compilation_end_time - job.compilation_start_time).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def console(*, width: int | None = None, soft_wrap: bool = False) -> Console:
    """A console of rich that leaves a reader that has gone to the command, and writes what its encoding lacks escaped.

    Raises:
        ImportError: rich is not installed.
    """
    from rich.console import Console

    class _Console(Console):
        def on_broken_pipe(self) -> None:
            raise  # the BrokenPipeError, where rich would exit

    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    return _Console(width=width, soft_wrap=soft_wrap, highlight=False)


def _print_table(columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> None:
    try:
        from rich.table import Table
        from rich.text import Text

        out = console(width=None if sys.stdout.isatty() else 200)
    except ImportError:
        raise MissingExtra("tables need rich: pip install 'neo-wire[cli]', or take --output json") from None
    table = Table(*columns)
    for row in rows:
        table.add_row(*(Text(one_line(cell or "")) for cell in row))
    out.print(table)
