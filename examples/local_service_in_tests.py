"""Tests of one's own code against the local Neo service: over a socket, in the process, and with errors to order.

pytest examples/local_service_in_tests.py
python examples/local_service_in_tests.py
"""

# ruff: noqa: S101  # asserting is what tests do

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from neo_wire import (
    CompilationJobStatus,
    NeoClient,
    OutputConfig,
    ResourceNotFound,
    StoppingCondition,
    TargetDevice,
    Throttling,
)
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, LocalTransport, NeoService, Timeline

# ---------------------------------------------------------------------------------------- the code that is to be tested


def compile_model(client: NeoClient, name: str) -> None:
    """Create a job from a version of a model package."""
    client.create_compilation_job(
        name,
        role_arn="arn:aws:iam::123456789012:role/neo",
        model_package_version_arn=f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{name}/1",
        output_config=OutputConfig(s3_output_location="s3://models/", target_device=TargetDevice.ML_C5),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
    )


def outcome(client: NeoClient, name: str) -> str:
    """What became of a job, in a sentence."""
    try:
        job = client.describe_compilation_job(name)
    except ResourceNotFound:
        return f"{name} does not exist"
    except Throttling:
        return "ask again later"
    return f"{name} is {job.compilation_job_status}" + (f": {job.failure_reason}" if job.failure_reason else "")


# ------------------------------------------------------------------------------------------------------------ its tests


def test_a_failing_job_over_a_socket() -> None:
    """Real HTTP: for code in another process, or another language."""
    timeline = Timeline(
        starting=0, in_progress=0, outcome=CompilationJobStatus.FAILED, failure_reason="ClientError: no such operator"
    )
    with (
        LocalServer(NeoService(timeline=timeline)) as server,
        NeoClient(region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url) as client,
    ):
        compile_model(client, "resnet50")
        assert outcome(client, "resnet50") == "resnet50 is FAILED: ClientError: no such operator"


def test_the_life_of_a_job_without_waiting() -> None:
    """No socket, and a clock that the test moves."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    service = NeoService(timeline=Timeline(starting=60, in_progress=600), clock=lambda: now)
    client = NeoClient(
        region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, transport=LocalTransport(service), clock=lambda: now
    )
    compile_model(client, "resnet50")
    assert outcome(client, "resnet50") == "resnet50 is STARTING"
    now += timedelta(minutes=2)
    assert outcome(client, "resnet50") == "resnet50 is INPROGRESS"
    now += timedelta(minutes=10)
    assert outcome(client, "resnet50") == "resnet50 is COMPLETED"


def test_errors_to_order() -> None:
    """The next answers are given, whatever is asked. With one attempt a call, none of them is retried away."""
    service = NeoService()
    service.script(Throttling("Rate exceeded"))
    client = NeoClient(
        region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, transport=LocalTransport(service), max_attempts=1
    )
    assert outcome(client, "resnet50") == "ask again later"
    assert outcome(client, "resnet50") == "resnet50 does not exist"


if __name__ == "__main__":
    for test in (test_a_failing_job_over_a_socket, test_the_life_of_a_job_without_waiting, test_errors_to_order):
        test()
        print(f"passed: {test.__name__}")
