"""Compiles one model for many devices at once, a few jobs at a time, and lists what became of them.

python examples/async_many.py                                        # against the bundled local service
python examples/async_many.py --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import ExitStack

from neo_wire import (
    AsyncNeoClient,
    CompilationJobStatus,
    CompilationJobSummary,
    CreateCompilationJobRequest,
    Framework,
    InputConfig,
    OutputConfig,
    StoppingCondition,
    TargetDevice,
)
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline

DEVICES = (
    TargetDevice.ML_C5,
    TargetDevice.ML_M5,
    TargetDevice.ML_P3,
    TargetDevice.ML_INF1,
    TargetDevice.JETSON_NANO,
    TargetDevice.JETSON_XAVIER,
    TargetDevice.RASP4B,
    TargetDevice.DEEPLENS,
    TargetDevice.RK3399,
    TargetDevice.IMX8QM,
    TargetDevice.AISAGE,
    TargetDevice.COREML,
)


def job_name(device: TargetDevice) -> str:
    """A name for the device's job; underscores are not allowed in names."""
    return f"resnet50-{device.replace('_', '-')}"


async def compile_for(client: AsyncNeoClient, device: TargetDevice, places: asyncio.Semaphore, interval: float) -> None:
    """Create the job of one device as soon as there is a place, and wait for its end."""
    async with places:
        await client.create_compilation_job(
            job_name(device),
            role_arn="arn:aws:iam::123456789012:role/neo",
            input_config=InputConfig(
                s3_uri="s3://models/resnet50.tar.gz",
                data_input_config='{"data": [1, 3, 224, 224]}',
                framework=Framework.PYTORCH,
                framework_version="2.0",
            ),
            output_config=OutputConfig(s3_output_location="s3://models/compiled/", target_device=device),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
        )
        while True:
            job = await client.describe_compilation_job(job_name(device))
            if job.compilation_job_status.is_terminal:
                return
            await asyncio.sleep(interval)


async def list_all(client: AsyncNeoClient) -> list[CompilationJobSummary]:
    """All jobs of the model, page by page."""
    jobs: list[CompilationJobSummary] = []
    token = None
    while True:
        page = await client.list_compilation_jobs(name_contains="resnet50-", max_results=5, next_token=token)
        jobs += page.compilation_job_summaries
        token = page.next_token
        if not token:
            return jobs


async def run(client: AsyncNeoClient, interval: float) -> None:
    """Compile for every device, then list."""
    places = asyncio.Semaphore(4)
    async with client:
        async with asyncio.TaskGroup() as tasks:
            for device in DEVICES:
                tasks.create_task(compile_for(client, device, places, interval))
        for job in await list_all(client):
            print(f"{job.compilation_job_name:<24} {job.compilation_job_status}")


def local_timeline(request: CreateCompilationJobRequest) -> Timeline:
    """In the local service, the job of one old device fails."""
    failing = request.output_config.target_device is TargetDevice.DEEPLENS
    outcome = CompilationJobStatus.FAILED if failing else CompilationJobStatus.COMPLETED
    return Timeline(starting=0.05, in_progress=0.1, outcome=outcome)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description="Compile one model for many devices.")
    parser.add_argument("--endpoint-url", help="without it, the bundled local service is used")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--interval", type=float, default=0.05, help="seconds between two looks; take 10 at AWS")
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.endpoint_url:
            client = AsyncNeoClient(region=options.region, endpoint_url=options.endpoint_url)
        else:
            server = stack.enter_context(LocalServer(NeoService(timeline=local_timeline)))
            client = AsyncNeoClient(region=options.region, credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url)
        asyncio.run(run(client, options.interval))


if __name__ == "__main__":
    main()
