"""Creates a job, waits until it has ended, and says what became of it.

    python examples/create_and_wait.py                                        # against the bundled local service
    python examples/create_and_wait.py --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com

An endpoint gets the credentials of the environment variables; a job at AWS costs money and needs a role and a model.
"""

from __future__ import annotations

import argparse
import time
from contextlib import ExitStack

from neo_wire import (
    DescribeCompilationJobResponse,
    Framework,
    InputConfig,
    NeoClient,
    OutputConfig,
    ResourceInUse,
    StoppingCondition,
    TargetPlatform,
    TargetPlatformArch,
    TargetPlatformOs,
)
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline


def create(client: NeoClient, name: str, role_arn: str, bucket: str) -> None:
    """Create the job; one of that name that exists already will do."""
    try:
        client.create_compilation_job(
            name,
            role_arn=role_arn,
            input_config=InputConfig(
                s3_uri=f"s3://{bucket}/resnet50.tar.gz",
                data_input_config='{"data": [1, 3, 224, 224]}',
                framework=Framework.PYTORCH,
                framework_version="2.0",
            ),
            output_config=OutputConfig(
                s3_output_location=f"s3://{bucket}/compiled/",
                target_platform=TargetPlatform(os=TargetPlatformOs.LINUX, arch=TargetPlatformArch.ARM64),
                compiler_options='{"mattr": ["+neon"]}',
            ),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
        )
    except ResourceInUse:
        print(f"{name} exists already")


def wait(client: NeoClient, name: str, *, interval: float, deadline: float) -> DescribeCompilationJobResponse:
    """Describe the job every `interval` seconds until it has ended, for `deadline` seconds at most."""
    end = time.monotonic() + deadline
    while True:
        job = client.describe_compilation_job(name)
        print(job.compilation_job_status)
        if job.compilation_job_status.is_terminal:
            return job
        if time.monotonic() + interval > end:
            raise TimeoutError(f"{name} is still {job.compilation_job_status} after {deadline:g} s")
        time.sleep(interval)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description="Create a compilation job and wait for its end.")
    parser.add_argument("--endpoint-url", help="without it, the bundled local service is used")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--name", default="resnet50")
    parser.add_argument("--role-arn", default="arn:aws:iam::123456789012:role/neo")
    parser.add_argument("--bucket", default="models")
    parser.add_argument("--interval", type=float, default=0.2, help="seconds between two looks; take 10 at AWS")
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.endpoint_url:
            client = NeoClient(region=options.region, endpoint_url=options.endpoint_url)
        else:
            service = NeoService(timeline=Timeline(starting=0.3, in_progress=0.6))
            server = stack.enter_context(LocalServer(service))
            client = NeoClient(region=options.region, credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url)
        stack.enter_context(client)
        create(client, options.name, options.role_arn, options.bucket)
        job = wait(client, options.name, interval=options.interval, deadline=900)
        if job.failure_reason:
            print(f"it failed: {job.failure_reason}")
        elif job.model_artifacts:
            print(f"the compiled model is {job.model_artifacts.s3_model_artifacts}")


if __name__ == "__main__":
    main()
