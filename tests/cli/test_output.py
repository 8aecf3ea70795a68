"""Outputs as JSON, as tables and as text, of shapes made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import attrs
import pytest

from neo_wire import (
    CompilationJobStatus,
    CompilationJobSummary,
    DescribeCompilationJobResponse,
    ListCompilationJobsResponse,
    NeoVpcConfig,
    OutputConfig,
    TargetDevice,
    TargetPlatform,
    TargetPlatformArch,
    TargetPlatformOs,
    Unit,
)
from neo_wire.cli.output import JOB_COLUMNS, job_row, plain, show, show_rows
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
    show(ListCompilationJobsResponse(compilation_job_summaries=[SUMMARY], next_token="é"), "json")
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
    show(ListCompilationJobsResponse(compilation_job_summaries=[]), "json")
    assert json.loads(capsys.readouterr().out) == {"CompilationJobSummaries": []}
    for style in ("json", "table", "text"):
        show(Unit(), style)
    assert capsys.readouterr().out == ""


def test_a_mapping_of_ours_may_hold_shapes(capsys: pytest.CaptureFixture[str]) -> None:
    show({"Job": SUMMARY, "Created": True, "Missing": None}, "json")
    document = json.loads(capsys.readouterr().out)
    assert document["Job"]["CompilationJobName"] == "resnet50"
    assert document["Created"] is True
    assert "Missing" not in document


def test_text_has_each_member_by_its_path(capsys: pytest.CaptureFixture[str]) -> None:
    job = decode(
        DescribeCompilationJobResponse,
        {
            "CompilationJobName": "resnet50",
            "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
            "FailureReason": "",
        },
    )
    show(job, "text")
    assert capsys.readouterr().out.splitlines() == [
        "CompilationJobName\tresnet50",
        "FailureReason\t-",
        "VpcConfig.SecurityGroupIds[0]\tsg-1",
        "VpcConfig.Subnets[0]\tsubnet-1",
        "VpcConfig.Subnets[1]\tsubnet-2",
    ]
    show({"Created": True, "Vpc": NeoVpcConfig(security_group_ids=[], subnets=["subnet-1"])}, "text")
    assert capsys.readouterr().out == "Created\ttrue\nVpc.Subnets[0]\tsubnet-1\n"


def test_a_table_is_aligned_and_has_no_trailing_blanks(capsys: pytest.CaptureFixture[str]) -> None:
    show_rows(("Name", "Seconds"), [("a-long-name", 1), ("b", None)], "table")
    assert capsys.readouterr().out == (
        "Name         Seconds\n"  #
        "-----------  -------\n"
        "a-long-name  1\n"
        "b\n"
    )
    show_rows(("Name",), [], "table")
    assert capsys.readouterr().out == "Name\n----\n"
    show_rows(("Name",), [], "text")
    assert capsys.readouterr().out == ""


PLATFORM = {
    "compilation_target_platform_os": TargetPlatformOs.LINUX,
    "compilation_target_platform_arch": TargetPlatformArch.ARM64,
}


@pytest.mark.parametrize(
    ("ended", "readable", "exact"),
    [
        (None, "", "-"),
        (datetime(2026, 1, 1, 0, 0, 12, 523_000, tzinfo=UTC), "12.4 s", "12.4"),
        (datetime(2026, 1, 1, 0, 5, 0, 123_000, tzinfo=UTC), "5.0 min", "300"),
    ],
)
def test_rows_of_jobs(capsys: pytest.CaptureFixture[str], ended: datetime | None, readable: str, exact: str) -> None:
    job = CompilationJobSummary(
        compilation_job_name="edge",
        compilation_job_arn="arn",
        creation_time=START,
        compilation_start_time=START,
        compilation_end_time=ended,
        compilation_target_platform_os=TargetPlatformOs.LINUX,
        compilation_target_platform_arch=TargetPlatformArch.ARM64,
        compilation_job_status=CompilationJobStatus.COMPLETED,
    )
    show_rows(JOB_COLUMNS, [job_row(job)], "table")
    row = capsys.readouterr().out.splitlines()[2]
    assert row == f"edge  COMPLETED  LINUX/ARM64  2026-01-01 00:00  {readable}".rstrip()
    show_rows(JOB_COLUMNS, [job_row(job)], "text")
    expected = f"edge\tCOMPLETED\tLINUX/ARM64\t2026-01-01T00:00:00.123000+00:00\t{exact}\n"
    assert capsys.readouterr().out == expected


def test_a_job_as_describe_tells_of_it_has_the_same_row() -> None:
    def described(output: OutputConfig) -> object:
        job = decode(
            DescribeCompilationJobResponse,
            {
                "CompilationJobName": "edge",
                "CompilationJobStatus": "COMPLETED",
                "CreationTime": START.timestamp(),
                "CompilationStartTime": START.timestamp(),
                "CompilationEndTime": START.timestamp() + 5,
            },
        )
        return job_row(attrs.evolve(job, output_config=output))  # type: ignore[misc]  # mypy does not see that it is attrs'

    platform = TargetPlatform(os=TargetPlatformOs.LINUX, arch=TargetPlatformArch.ARM64)
    rest = (START, timedelta(seconds=5))
    assert described(OutputConfig(s3_output_location="s3://m/", target_platform=platform)) == (
        "edge", "COMPLETED", "LINUX/ARM64", *rest
    )  # fmt: skip
    assert described(OutputConfig(s3_output_location="s3://m/", target_device=TargetDevice.ML_C5)) == (
        "edge", "COMPLETED", "ml_c5", *rest
    )  # fmt: skip


def test_a_sparse_job_is_shown_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    sparse = decode(DescribeCompilationJobResponse, {"CompilationJobName": "resnet50", "FailureReason": ""})
    assert plain(sparse) == {"CompilationJobName": "resnet50", "FailureReason": ""}
    rows = [job_row(sparse), job_row(decode(CompilationJobSummary, {"CompilationJobName": "resnet50"}))]
    show_rows(JOB_COLUMNS, rows, "text")
    assert capsys.readouterr().out == "resnet50\t-\t-\t-\t-\n" * 2


@pytest.mark.parametrize("style", ["table", "text"])
def test_control_characters_and_line_breaks_do_not_get_through(capsys: pytest.CaptureFixture[str], style: str) -> None:
    show(decode(DescribeCompilationJobResponse, {"FailureReason": "a\tb\n\x1b[31mc"}), style)
    assert capsys.readouterr().out.splitlines()[-1].split(maxsplit=1) == ["FailureReason", "a b [31mc"]
