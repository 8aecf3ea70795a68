"""What the commands print: JSON as the AWS CLI prints it, a table for people, or lines of text for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from neo_wire.cli.failure import one_line
from neo_wire.jobs.targets import Target
from neo_wire.members import members
from neo_wire.schema import is_shape
from neo_wire.shapes.structures import CompilationJobSummary, DescribeCompilationJobResponse

Cell: TypeAlias = str | datetime | timedelta | int | None
Row: TypeAlias = Sequence[Cell]

JOB_COLUMNS = ("Name", "Status", "Target", "Created (UTC)", "Compiled for")
_PLATFORM = "compilation_target_platform_"


def show(output: object, style: str) -> None:
    """Print one output: as JSON, or its members, each by its path with its value. One without members prints nothing.

    Args:
        output: a shape, or a mapping from AWS's names to values.
        style: "json", "table" or "text".
    """
    if not (value := plain(output)):
        return
    if style == "json":
        print(json.dumps(value, indent=4))
    else:
        show_rows(("Member", "Value"), list(_flatten(value, "")), style)


def show_rows(columns: Sequence[str], rows: Sequence[Row], style: str) -> None:
    """Print rows: as a table with a heading, or as text, a row a line, its cells separated by tabs and none empty."""
    if style == "text":
        for row in rows:
            print("\t".join([one_line(_exact(cell)) or "-" for cell in row]))
        return
    table = [tuple(columns), *(tuple([one_line(_readable(cell)) for cell in row]) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    table.insert(1, tuple(["-" * width for width in widths]))
    for line in table:
        print("  ".join([cell.ljust(width) for cell, width in zip(line, widths, strict=True)]).rstrip())


def plain(value: Any) -> Any:  # noqa: ANN401  # from any value of a shape to what json.dumps takes
    """The output as dicts and lists with AWS's member names, its times as the AWS CLI writes them."""
    if is_shape(type(value)):
        found = ((member.wire_name, getattr(value, member.attribute)) for member in members(type(value)))
        return {wire_name: plain(item) for wire_name, item in found if item is not None}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(item) for name, item in value.items() if item is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(item) for item in value]
    return value


def job_row(job: CompilationJobSummary | DescribeCompilationJobResponse) -> Row:
    """A job as a row under `JOB_COLUMNS`, as List or Describe tells of it; what a server leaves out is empty."""
    start, end = job.compilation_start_time, job.compilation_end_time
    took = end - start if start is not None and end is not None else None
    return job.compilation_job_name, job.compilation_job_status, _target(job), job.creation_time, took


def _target(job: CompilationJobSummary | DescribeCompilationJobResponse) -> str | None:
    if isinstance(job, CompilationJobSummary):
        platform = (getattr(job, _PLATFORM + part) for part in ("os", "arch", "accelerator"))
        return job.compilation_target_device or "/".join([part for part in platform if part])
    output = getattr(job, "output_config", None)  # a lenient answer may lack it
    return str(Target.of(output) or "") if output is not None else None


def _flatten(value: object, path: str) -> Iterator[Row]:
    """Each value by its path in AWS's spelling, such as `OutputConfig.TargetDevice` or `VpcConfig.Subnets[0]`."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _flatten(item, f"{path}.{name}" if path else name)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _flatten(item, f"{path}[{index}]")
    else:
        yield path, json.dumps(value) if isinstance(value, bool) else str(value)


def _exact(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.isoformat()
    return f"{cell.total_seconds():g}" if isinstance(cell, timedelta) else str("" if cell is None else cell)


def _readable(cell: Cell) -> str:
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M")
    if isinstance(cell, timedelta):
        seconds = cell.total_seconds()
        return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"
    return str("" if cell is None else cell)
