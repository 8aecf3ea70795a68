"""`neo-wire compile-many`, against a local service whose jobs take fractions of a second."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from neo_wire.local import LocalServer, NeoService, Timeline

Run = Callable[..., Any]
INPUTS = (
    "compile-many", "--model", "resnet50-v1", "--role-arn", "arn:aws:iam::123456789012:role/neo",
    "--s3-uri", "s3://models/resnet50.tar.gz", "--framework", "PYTORCH", "--framework-version", "1.8",
    "--data-input-config", '{"data": [1, 3, 224, 224]}', "--s3-output-location", "s3://models/compiled/",
    "--max-runtime", "900", "--poll", "0.02,0.05", "--requests-per-second", "200",
)  # fmt: skip


def timeline(request: Any) -> Timeline:
    device = request.output_config.target_device
    if device == "rasp3b":
        return Timeline(starting=0, in_progress=86_400, stopping=0)
    if device == "imx8qm":
        return Timeline(starting=0, in_progress=0.05, outcome="FAILED", failure_reason="ClientError: CompilationError")
    return Timeline(starting=0, in_progress=0.05)


@pytest.fixture
def service() -> NeoService:
    return NeoService(timeline=timeline)


@pytest.fixture
def server(service: NeoService) -> Iterator[LocalServer]:
    with LocalServer(service) as server:
        yield server


@pytest.fixture
def compile_many(call: Run) -> Run:
    return lambda *more: call(*INPUTS, *more)


def test_each_target_has_a_row(compile_many: Run, boto: Any) -> None:
    done = compile_many("--target", "ml_c5", "linux/x86_64", "--output", "text")
    assert done.status == 0
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert [(row[0], row[2]) for row in rows] == [("ml_c5", "completed"), ("LINUX/X86_64", "completed")]
    for row in rows:
        job = boto.describe_compilation_job(CompilationJobName=row[1])
        assert job["ModelArtifacts"]["S3ModelArtifacts"] == row[3]
    assert all(": COMPLETED, 0:0" in line for line in done.err.splitlines()[-2:])


def test_a_failure_is_1_and_its_reason_stands_in_the_table(compile_many: Run) -> None:
    done = compile_many("--target", "ml_c5", "--target", "imx8qm", "-q")
    assert (done.status, done.err) == (1, "")
    heading, _, first, second = done.out.splitlines()
    assert heading.split("  ")[0] == "Target"
    assert "completed" in first
    assert "failed" in second
    assert "ClientError: CompilationError" in second


def test_json_has_it_all_and_a_second_run_takes_the_jobs_up(compile_many: Run) -> None:
    first = compile_many("--target", "ml_c5", "--output", "json").json["Targets"]
    second = compile_many("--target", "ml_c5", "--output", "json").json["Targets"]
    assert [one["Created"] for one in (*first, *second)] == [True, False]
    assert first[0]["CompilationJob"] == second[0]["CompilationJob"]
    assert second[0]["Status"] == "completed"


def test_a_target_that_takes_too_long_is_124(compile_many: Run) -> None:
    done = compile_many("--target", "ml_c5", "rasp3b", "--timeout", "0.5", "--output", "json", "-q")
    assert done.status == 124
    assert [one["Status"] for one in done.json["Targets"]] == ["completed", "timeout"]


def test_compiler_options_are_those_of_a_target(compile_many: Run, boto: Any) -> None:
    options = '{"mattr": ["+neon"]}'
    done = compile_many("--target", "rasp4b", "ml_c5", "--compiler-options", f"rasp4b={options}", "--output", "json")
    assert done.status == 0, done.err
    outputs = [one["CompilationJob"]["OutputConfig"] for one in done.json["Targets"]]
    assert [one.get("CompilerOptions") for one in outputs] == [options, None]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "the following arguments are required: --target"),
        (("--target", "ml_c99"), "argument --target: is 'ml_c99', which is none of "),
        (("--target", "a/b/c/d"), "argument --target: is 'a/b/c/d'; give a device, OS/ARCH or "),
        (("--target", "ml_c5", "--compiler-options", "rasp3b={}"), "--compiler-options names rasp3b, which is no "),
        (("--target", "ml_c5", "--compiler-options", "ml_c5"), "'ml_c5' has no options; give TARGET=TEXT"),
        (("--target", "ml_c5", "--cli-input-json", '{"CompilationJobName": "a"}'), "CompilationJobName, which is each"),
        (
            ("--target", "ml_c5", "--cli-input-json", '{"OutputConfig": {"TargetDevice": "ml_c4"}}'),
            "--cli-input-json has OutputConfig.TargetDevice, which is each job's own; give --target in its place",
        ),
        (("--target", "ml_c5", "--cli-input-json", '{"Rolearn": "a"}'), "did you mean 'RoleArn'?"),
        (("--target", "ml_c5", "--s3-uri", "s3://models/resnet50.zip"), "ml_c5: InputConfig.S3Uri: "),
    ],
)
def test_what_is_wrong_is_252_and_nothing_is_sent(
    compile_many: Run, service: NeoService, boto: Any, arguments: tuple[str, ...], message: str
) -> None:
    refused = compile_many(*arguments)
    assert (refused.status, refused.out) == (252, "")
    assert message in refused.err
    assert boto.list_compilation_jobs()["CompilationJobSummaries"] == []


def test_without_a_place_for_the_artifacts(call: Run) -> None:
    refused = call("compile-many", "--model", "a", "--target", "ml_c5")
    assert refused.status == 252
    assert "give --s3-output-location" in refused.err


@pytest.mark.parametrize("stop", [True, False])
def test_ctrl_c_stops_the_jobs_only_when_asked(server: LocalServer, boto: Any, stop: bool) -> None:
    more = ["--stop-on-interrupt"] if stop else []
    with subprocess.Popen(  # noqa: S603  # the arguments are the test's own
        [sys.executable, "-m", "neo_wire", *INPUTS, "--target", "rasp3b", "ml_c5", *more, "--endpoint-url", server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        deadline = time.monotonic() + 30
        assert process.stderr is not None
        while "INPROGRESS" not in (line := process.stderr.readline()):
            assert line, "the command ended"
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "neo-wire: interrupted"
    assert ("asked to stop" in err) is stop
    assert ("go on" in err) is not stop
    assert "Traceback" not in err
    (slow,) = boto.list_compilation_jobs(NameContains="rasp3b")["CompilationJobSummaries"]
    assert slow["CompilationJobStatus"] == ("STOPPED" if stop else "INPROGRESS")
