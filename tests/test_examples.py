"""Each example runs: by itself, and against an endpoint with the credentials of the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from neo_wire import NeoClient, OutputConfig, StoppingCondition, TargetDevice
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline

EXAMPLES = Path(__file__).parents[1] / "examples"
AWS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}

# What each example prints, in part, by itself and against the endpoint of the fixture.
ALONE = {
    "compile_for_three_devices.py": ["rasp4b: ", "LINUX/ARM64: ", " bytes, verified\n"],
    "describe.py": ["resnet50 is FAILED, billed for 0 s\ntimeout: ClientError: TimeOut"],
    "async_many.py": ["resnet50-ml-c5           COMPLETED\n", "resnet50-deeplens        FAILED\n"],
    "create_and_wait.py": [
        "STARTING\n",
        "INPROGRESS\n",
        "the compiled model is s3://models/compiled/resnet50-LINUX_ARM64",
    ],
    "local_service_in_tests.py": ["passed: test_errors_to_order\n"],
    "open_telemetry.py": ["  attempt 1: ERROR\n  attempt 2: UNSET\nSageMaker.ListCompilationJobs: UNSET\n"],
    "own_operation.py": ["alexnet was created at ", "resnet50 was created at ", "the service answered HTTP 200\n"],
    "presigned_describe.py": ["PresignedRequest('POST', ", "HTTP 200: STARTING\n"],
    "sign_with_httpx.py": ['200 {"CompilationJobSummaries":[]}\n' * 2],
}
AGAINST_AN_ENDPOINT = {
    "compile_for_three_devices.py": ["TARGET", "resnet50-v1-ml-c5-839504a36a        failed"],
    "describe.py": ["resnet50 is FAILED, billed for 0 s\n"],
    "async_many.py": ["resnet50-ml-c5           FAILED\n", "resnet50-deeplens        FAILED\n"],
    "create_and_wait.py": ["resnet50 exists already\n", "it failed: ClientError: of the fixture\n"],
    "open_telemetry.py": ["  attempt 1: UNSET\nSageMaker.ListCompilationJobs: UNSET\n1 jobs\n"],
    "own_operation.py": ["resnet50 was created at ", "the service answered HTTP 200\n"],
    "presigned_describe.py": ["HTTP 200: FAILED\n"],
    "sign_with_httpx.py": ['200 {"CompilationJobSummaries":[{"CompilationJobName":"resnet50",'],
}


def run(example: str, *arguments: str, environment: dict[str, str] | None = None) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(  # noqa: S603  # our own examples
        [sys.executable, "-W", "error", str(EXAMPLES / example), *arguments],
        capture_output=True, text=True, timeout=60, check=False, env={**clean, **(environment or {})},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_example_is_here() -> None:
    assert sorted(path.name for path in EXAMPLES.glob("*.py")) == sorted(ALONE)


@pytest.mark.parametrize("example", ALONE)
def test_by_itself_without_an_account(example: str) -> None:
    out = run(example)
    for part in ALONE[example]:
        assert part in out


@pytest.fixture
def endpoint() -> Iterator[str]:
    timeline = Timeline(starting=0, in_progress=0, outcome="FAILED", failure_reason="ClientError: of the fixture")
    with (
        LocalServer(NeoService(timeline=timeline)) as server,
        NeoClient(region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url) as client,
    ):
        client.create_compilation_job(
            "resnet50",
            role_arn="arn:aws:iam::123456789012:role/neo",
            model_package_version_arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/resnet50/1",
            output_config=OutputConfig(s3_output_location="s3://models/", target_device=TargetDevice.ML_C5),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
        )
        yield server.url


@pytest.mark.parametrize("example", AGAINST_AN_ENDPOINT)
def test_against_an_endpoint(example: str, endpoint: str) -> None:
    out = run(example, "--endpoint-url", endpoint, environment=AWS)
    for part in AGAINST_AN_ENDPOINT[example]:
        assert part in out


def test_a_refused_signature_is_explained_by_the_httpx_example(endpoint: str) -> None:
    out = run(
        "sign_with_httpx.py", "--endpoint-url", endpoint, environment={**AWS, "AWS_SECRET_ACCESS_KEY": "another-secret"}
    )
    assert "403 " in out
    assert "canonical request" in out
    assert "another-secret" not in out
