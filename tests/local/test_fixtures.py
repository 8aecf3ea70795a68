"""The plugin as its users have it: in a pytest run of its own, in which nothing of this project is configured."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFTEST = 'pytest_plugins = ["neo_wire.testing"]\n'

TESTS = """
import asyncio

import pytest

from neo_wire import InputConfig, NeoClient, OutputConfig, ResourceNotFound, StoppingCondition, TargetDevice
from neo_wire.local import EXAMPLE_CREDENTIALS

JOB = dict(
    role_arn="arn:aws:iam::123456789012:role/neo",
    input_config=InputConfig(s3_uri="s3://models/m.tar.gz", framework="ONNX"),
    output_config=OutputConfig(s3_output_location="s3://models/out", target_device=TargetDevice.JETSON_NANO),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
)


def test_one(neo_client, neo_clock):
    neo_client.create_compilation_job("job", **JOB)
    neo_clock.advance(3)
    assert neo_client.describe_compilation_job("job").compilation_job_status == "COMPLETED"


def test_two(neo_client, neo_async_client, neo_service):
    with pytest.raises(ResourceNotFound):  # nothing of another test is left
        neo_client.describe_compilation_job("job")
    neo_client.create_compilation_job("job", **JOB)
    asyncio.run(neo_async_client.stop_compilation_job("job"))
    assert neo_service.job("job", "eu-west-1").stop_requested_at is not None


def test_three(neo_server, neo_clock):
    with NeoClient(
        endpoint_url=neo_server.url, region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, clock=neo_clock, environ={}
    ) as client:
        assert client.list_compilation_jobs().compilation_job_summaries == ()
"""


def test_the_plugin_gives_its_fixtures(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_own.py").write_text(TESTS)
    environment = {"PATH": os.environ.get("PATH", ""), "AWS_PROFILE": "none-such", "HOME": str(tmp_path)}
    run = subprocess.run(  # noqa: S603  # a command of our own
        [sys.executable, "-m", "pytest", "-q", "-W", "error", str(tmp_path)],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "3 passed" in run.stdout


def test_the_module_needs_pytest_only_when_it_is_a_plugin() -> None:
    code = (
        "import sys; sys.modules['pytest'] = None; import neo_wire.testing as t; t.VirtualClock().sleep(5); "
        "assert not {'httpx', 'h11', 'asyncio', 'socket'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  # a command of our own
