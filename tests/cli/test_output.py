"""Outputs as JSON and as tables, of shapes made by hand."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from neo_wire import (
    CompilationJobStatus,
    CompilationJobSummary,
    DescribeCompilationJobResponse,
    ListCompilationJobsResponse,
    MissingExtra,
    TargetDevice,
    TargetPlatformArch,
    TargetPlatformOs,
    Unit,
)
from neo_wire.cli.output import plain, print_details, print_jobs, print_json
from neo_wire.protocol.decoder import decode

START = datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)
SUMMARY = CompilationJobSummary(
    compilation_job_name="resnet50",
    compilation_job_arn="arn",
    creation_time=START,
    compilation_target_device=TargetDevice("ml_c9"),
    compilation_job_status=CompilationJobStatus("PAUSED"),
)


def test_json_has_awss_names_and_iso_times(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(ListCompilationJobsResponse(compilation_job_summaries=[SUMMARY], next_token="é"))
    out = capsys.readouterr().out
    assert out.isascii()
    assert json.loads(out) == {
        "CompilationJobSummaries": [
            {
                "CompilationJobName": "resnet50",
                "CompilationJobArn": "arn",
                "CreationTime": "2026-01-01T00:00:00.123000+00:00",
                "CompilationTargetDevice": "ml_c9",
                "CompilationJobStatus": "PAUSED",
            }
        ],
        "NextToken": "é",
    }


def test_whole_seconds_have_no_fraction_as_in_the_aws_cli() -> None:
    assert plain(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00+00:00"


def test_an_empty_list_is_shown_and_no_output_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(ListCompilationJobsResponse(compilation_job_summaries=[]))
    assert json.loads(capsys.readouterr().out) == {"CompilationJobSummaries": []}
    print_json(Unit())
    print_details(Unit())
    assert capsys.readouterr().out == ""


def test_a_sparse_response_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    sparse = decode(DescribeCompilationJobResponse, {"CompilationJobName": "resnet50", "FailureReason": ""})
    assert plain(sparse) == {"CompilationJobName": "resnet50", "FailureReason": ""}
    print_details(sparse)
    assert "resnet50" in capsys.readouterr().out
    print_jobs([decode(CompilationJobSummary, {"CompilationJobName": "resnet50"})])
    assert "resnet50" in capsys.readouterr().out


def cells(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.splitlines() if line.startswith("│")]


@pytest.mark.parametrize(
    ("ended", "took"),
    [
        (None, ""),
        (datetime(2026, 1, 1, 0, 0, 12, 523_000, tzinfo=UTC), "12.4 s"),
        (datetime(2026, 1, 1, 0, 5, 0, 123_000, tzinfo=UTC), "5.0 min"),
    ],
)
def test_a_table_of_jobs(capsys: pytest.CaptureFixture[str], ended: datetime | None, took: str) -> None:
    print_jobs(
        [
            CompilationJobSummary(
                compilation_job_name="edge",
                compilation_job_arn="arn",
                creation_time=START,
                compilation_start_time=START,
                compilation_end_time=ended,
                compilation_target_platform_os=TargetPlatformOs.LINUX,
                compilation_target_platform_arch=TargetPlatformArch.ARM64,
                compilation_job_status=CompilationJobStatus.COMPLETED,
            )
        ]
    )
    assert cells(capsys.readouterr().out) == [["edge", "COMPLETED", "LINUX/ARM64", "2026-01-01 00:00", took]]


def test_a_table_neither_reads_markup_nor_lets_control_characters_through(capsys: pytest.CaptureFixture[str]) -> None:
    print_details(decode(DescribeCompilationJobResponse, {"FailureReason": "[red]a[/red]\n\x1b[31mb"}))
    assert cells(capsys.readouterr().out) == [["FailureReason", "[red]a[/red] [31mb"]]


def test_a_terminal_of_another_encoding_shows_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(shown, encoding="ascii", write_through=True))
    print_details(decode(DescribeCompilationJobResponse, {"FailureReason": "Größe"}))
    assert b"| FailureReason | Gr\\xf6\\xdfe |" in shown.getvalue()


def test_without_rich_a_table_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    jobs: Sequence[CompilationJobSummary] = [SUMMARY]
    with pytest.raises(MissingExtra, match=r"tables need rich: pip install 'neo-wire\[cli\]', or take --output json"):
        print_jobs(jobs)
