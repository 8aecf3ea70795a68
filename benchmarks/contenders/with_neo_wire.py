"""neo_wire, as its users use it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Self

import neo_wire
from benchmarks.answers import ACCESS_KEY_ID, JOB, REGION, SECRET, create_input, created, described, listed, rows_wanted

CREDENTIALS = (ACCESS_KEY_ID, SECRET)


def create_inputs(size: int) -> dict[str, Any]:  # Any: keyword arguments of several types
    """The arguments of a Create, as this library names and types them."""
    plain: dict[str, Any] = create_input(size)
    job_input, output = plain["InputConfig"], plain["OutputConfig"]
    return {
        "role_arn": plain["RoleArn"],
        "input_config": neo_wire.InputConfig(
            s3_uri=job_input["S3Uri"],
            data_input_config=job_input["DataInputConfig"],
            framework=neo_wire.Framework(job_input["Framework"]),
        ),
        "output_config": neo_wire.OutputConfig(
            s3_output_location=output["S3OutputLocation"], target_device=neo_wire.TargetDevice(output["TargetDevice"])
        ),
        "stopping_condition": neo_wire.StoppingCondition(max_runtime_in_seconds=900),
        "tags": [neo_wire.Tag(key="team", value="vision")],
    }


class Client:
    """A blocking client."""

    def __init__(self, url: str, ca: str) -> None:
        self._client = neo_wire.NeoClient(
            region=REGION, credentials=neo_wire.Credentials(*CREDENTIALS), endpoint_url=url, ca_bundle=ca
        )

    def describe(self) -> object:
        """Describe one job."""
        return self._client.describe_compilation_job(JOB).creation_time

    def list_rows(self, rows: int) -> object:
        """List so many rows in one response."""
        return self._client.list_compilation_jobs(name_contains=rows_wanted(rows)).compilation_job_summaries[-1]

    def create(self, size: int) -> object:
        """Create a job with an input of so many bytes."""
        return self._client.create_compilation_job(JOB, **create_inputs(size))

    def wait_for(self, names: list[str]) -> tuple[int, int]:
        """Wait for all; how many have ended, and how many requests that took."""
        events: list[object] = []
        outcomes = self._client.with_options(on_event=events.append).wait_for_compilation_jobs(names)
        requests = sum(isinstance(event, neo_wire.AttemptStarted) for event in events)
        return sum(outcome.completed for outcome in outcomes.values()), requests


class AsyncClient:
    """An asynchronous client."""

    def __init__(self, url: str, ca: str, in_flight: int) -> None:  # noqa: ARG002  # one signature for all
        self._client = neo_wire.AsyncNeoClient(
            region=REGION, credentials=neo_wire.Credentials(*CREDENTIALS), endpoint_url=url, ca_bundle=ca
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def describe(self) -> object:
        """Describe one job."""
        return (await self._client.describe_compilation_job(JOB)).creation_time


def micro() -> dict[str, Callable[[], object]]:
    """The steps of a call on their own."""
    from neo_wire.http import HttpRequest, HttpResponse, Url
    from neo_wire.protocol.json11 import deserialize, serialize
    from neo_wire.signing import Credentials, Scope, sign

    url = Url.parse(f"https://api.sagemaker.{REGION}.amazonaws.com/")
    headers = (
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Target", "SageMaker.DescribeCompilationJob"),
    )
    request = HttpRequest("POST", url, headers, b'{"CompilationJobName":"resnet50"}')
    credentials, scope = Credentials(*CREDENTIALS), Scope(REGION, "sagemaker")
    create = neo_wire.CreateCompilationJobRequest(compilation_job_name=JOB, **create_inputs(22))
    bodies = {
        "decode Describe": (neo_wire.DESCRIBE_COMPILATION_JOB, described()),
        "decode List of 100": (neo_wire.LIST_COMPILATION_JOBS, listed(100)),
        "decode Create": (neo_wire.CREATE_COMPILATION_JOB, created()),
    }
    steps: dict[str, Callable[[], object]] = {
        "sign": lambda: sign(request, credentials, scope, datetime.now(UTC)),
        "encode Create, validated": lambda: serialize(neo_wire.CREATE_COMPILATION_JOB, create, url),
        "encode Create": lambda: serialize(neo_wire.CREATE_COMPILATION_JOB, create, url, validate_input=False),
    }
    for name, (operation, body) in bodies.items():
        answer = HttpResponse(200, (("x-amzn-requestid", "0123"),), body)
        steps[name] = lambda operation=operation, answer=answer: deserialize(operation, answer)  # type: ignore[misc]  # bound now
    return steps
