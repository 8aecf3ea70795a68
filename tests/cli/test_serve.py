"""`neo-wire serve`, as a process of its own, called by boto3."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError

Run = Callable[..., Any]
Serve = Callable[..., tuple["subprocess.Popen[str]", str]]
JOB: dict[str, Any] = {
    "RoleArn": "arn:aws:iam::123456789012:role/neo",
    "ModelPackageVersionArn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/resnet50/1",
    "OutputConfig": {"S3OutputLocation": "s3://models/", "TargetDevice": "ml_c5"},
    "StoppingCondition": {"MaxRuntimeInSeconds": 900},
}


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start the server on a free port, and give the process and the URL that it prints."""
    processes: list[subprocess.Popen[str]] = []

    def start(*options: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(  # noqa: S603  # the arguments are the test's own
            [sys.executable, "-m", "neo_wire", "serve", "--port", "0", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        processes.append(process)
        assert process.stdout is not None
        said, hint = process.stdout.readline(), process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", said)
        assert found is not None, process.communicate(timeout=10)
        assert hint == f"Try: neo-wire list --region eu-west-1 --endpoint-url {found[0]}; Ctrl-C ends it\n"
        assert not any(option in said + hint for option in options if "secret" in option)
        return process, found[0]

    yield start
    for process in processes:
        process.kill()
        process.communicate(timeout=10)


def client(url: str, *pair: str, config: Config | None = None) -> Any:
    key: dict[str, Any] = dict(
        zip(("aws_access_key_id", "aws_secret_access_key", "aws_session_token"), pair, strict=False)
    )
    return boto3.client("sagemaker", region_name="eu-west-1", endpoint_url=url, config=config, **key)


def code_of(call: Callable[..., object], **arguments: object) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    code: str = caught.value.response["Error"]["Code"]
    return code


def test_boto3_runs_a_failing_job_and_a_signal_ends_the_server(serve: Serve) -> None:
    process, url = serve("--starting", "0", "--in-progress", "0", "--outcome", "FAILED", "--failure-reason", "no luck")
    boto = client(url)  # with AWS's documentation pair, of the environment
    boto.create_compilation_job(CompilationJobName="resnet50", **JOB)
    described = boto.describe_compilation_job(CompilationJobName="resnet50")
    assert (described["CompilationJobStatus"], described["FailureReason"]) == ("FAILED", "no luck")
    boto.delete_compilation_job(CompilationJobName="resnet50")
    assert boto.list_compilation_jobs()["CompilationJobSummaries"] == []
    assert code_of(client(url, "AKIDEXAMPLE", "wrong").list_compilation_jobs) == "InvalidSignatureException"
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_a_key_pair_a_token_and_a_region_of_ones_own(serve: Serve) -> None:
    process, url = serve(
        "--access-key-id", "MYKEY", "--secret-access-key", "my-secret", "--session-token", "my-token",
        "--region", "eu-west-1", "--in-progress", "600", "--starting", "0", "--stopping", "0",
    )  # fmt: skip
    mine = client(url, "MYKEY", "my-secret", "my-token")
    mine.create_compilation_job(CompilationJobName="resnet50", **JOB)
    assert mine.describe_compilation_job(CompilationJobName="resnet50")["CompilationJobStatus"] == "INPROGRESS"
    mine.stop_compilation_job(CompilationJobName="resnet50")
    assert mine.describe_compilation_job(CompilationJobName="resnet50")["CompilationJobStatus"] == "STOPPED"
    assert code_of(client(url, "MYKEY", "my-secret").list_compilation_jobs) == "UnrecognizedClientException"
    assert code_of(client(url).list_compilation_jobs) == "UnrecognizedClientException"
    elsewhere = boto3.client(
        "sagemaker", region_name="us-east-1", endpoint_url=url, aws_access_key_id="MYKEY",
        aws_secret_access_key="my-secret", aws_session_token="my-token",
    )  # fmt: skip
    assert code_of(elsewhere.list_compilation_jobs) == "InvalidSignatureException"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("", "")
    assert process.returncode == 0


def test_what_goes_wrong_is_told_by_options(serve: Serve) -> None:
    _, url = serve(
        "--starting", "0", "--in-progress", "0", "--fail", "bad-*=no luck", "--slow", "*-big=1h",
        "--max-running-jobs", "1", "--fault", "throttling@DescribeCompilationJob:2", "--fault", "error=Novelty/503",
        "--fault", "lost@GetObject", "--digest", "none",
    )  # fmt: skip
    once = client(url, config=Config(retries={"total_max_attempts": 1}, connect_timeout=10, read_timeout=10))
    assert code_of(once.list_compilation_jobs) == "Novelty"
    for name in ("bad-one", "good", "bad-big"):
        once.create_compilation_job(CompilationJobName=name, **JOB)
    assert code_of(once.create_compilation_job, CompilationJobName="late", **JOB) == "ResourceLimitExceeded"
    for _ in range(2):
        assert code_of(once.describe_compilation_job, CompilationJobName="good") == "ThrottlingException"
    described = {
        name: once.describe_compilation_job(CompilationJobName=name) for name in ("bad-one", "good", "bad-big")
    }
    assert [one["CompilationJobStatus"] for one in described.values()] == ["FAILED", "COMPLETED", "INPROGRESS"]
    assert described["bad-one"]["FailureReason"] == "no luck"
    assert "ModelDigests" not in described["good"]
    bucket = boto3.client("s3", region_name="eu-west-1", endpoint_url=url, config=once.meta.config)
    place = described["good"]["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://models/")
    with pytest.raises(ConnectionClosedError):
        bucket.get_object(Bucket="models", Key=place)
    assert bucket.get_object(Bucket="models", Key=place)["Body"].read().startswith(b"\x1f\x8b")


def test_a_rate_limit(serve: Serve) -> None:
    _, url = serve("--rate-limit", "0.01,2")
    once = client(url, config=Config(retries={"total_max_attempts": 1}))
    assert [once.list_compilation_jobs()["CompilationJobSummaries"] for _ in range(2)] == [[], []]
    assert code_of(once.list_compilation_jobs) == "ThrottlingException"


def test_the_pair_of_the_environment(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENVKEY")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "env-secret")
    _, url = serve("--environment-credentials")
    assert client(url, "ENVKEY", "env-secret").list_compilation_jobs()["CompilationJobSummaries"] == []
    assert code_of(client(url, "AKIDEXAMPLE", "x").list_compilation_jobs) == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (("--access-key-id", "MYKEY"), 252, "give both --access-key-id and --secret-access-key"),
        (("--secret-access-key", "hush"), 252, "give both --access-key-id and --secret-access-key"),
        (("--session-token", "hush"), 252, "give both --access-key-id and --secret-access-key"),
        (
            ("--environment-credentials", "--access-key-id", "MYKEY"),
            252,
            "give --environment-credentials or a key pair, not both",
        ),
        (
            ("--failure-reason", "x"),
            252,
            "--failure-reason is for jobs that fail; give --outcome FAILED too, or --fail",
        ),
        (("--starting", "-1"), 252, "argument --starting: '-1' is no duration"),
        (("--fault", "flood"), 252, "argument --fault: 'flood' is no fault; give KIND[@OPERATION][:TIMES]"),
        (("--fault", "lost@Nothing"), 252, "argument --fault: 'Nothing' is no operation; give one of Create"),
        (("--rate-limit", "0"), 252, "argument --rate-limit: '0' is no rate; give requests a second above 0"),
        (("--max-running-jobs", "-1"), 252, "argument --max-running-jobs: '-1' is no whole number, 0 or more"),
        (("--fail", "bad_*"), 252, "argument --fail: 'bad_*' matches no job's name; give "),
        (("--slow", "big-*"), 252, "argument --slow: 'big-*' has no duration; give PATTERN=DURATION"),
        (("--slow", "big-*=500d"), 253, "ConfigurationError: a status cannot last 500 days"),
        (("--fail", f"bad-*={'x' * 1025}"), 253, "ConfigurationError: the failure reason has 1025 characters"),
        (("--region", "Nowhere!"), 253, "ConfigurationError: region is 'Nowhere!'"),
        (("--port", "70000"), 252, "argument --port: '70000' is no port; give a number from 0 to 65535"),
        (("--host", "no.such.host.invalid"), 253, "ConfigurationError: cannot listen on "),
    ],
)
def test_options_that_cannot_be(run: Run, options: tuple[str, ...], status: int, message: str) -> None:
    outcome = run("serve", *options)
    assert (outcome.status, outcome.out) == (status, "")
    assert outcome.err.startswith(f"neo-wire: {message}")
    assert outcome.err.count("\n") == 1
    assert "hush" not in outcome.err


def test_a_port_in_use(run: Run, server: Any) -> None:
    outcome = run("serve", "--port", server.url.rpartition(":")[2])
    assert outcome.status == 253
    assert "is in use already" in outcome.err
