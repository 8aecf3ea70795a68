"""Describes one job: its status, how long it was billed for, and why it failed if it did.

python examples/describe.py                                          # against the bundled local service
python examples/describe.py resnet50 --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com
"""

from __future__ import annotations

import argparse

from neo_wire import (
    DescribeCompilationJobResponse,
    NeoClient,
    OutputConfig,
    ResourceNotFound,
    StoppingCondition,
    TargetDevice,
    billed_seconds,
    classify_failure,
)
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline, failures

FAILS = Timeline(starting=0, in_progress=0, outcome="FAILED", failure_reason=failures.TIME_OUT)


def show(job: DescribeCompilationJobResponse) -> None:
    """Print what there is to know."""
    print(f"{job.compilation_job_name} is {job.compilation_job_status}, billed for {billed_seconds(job):.0f} s")
    if job.failure_reason:
        reason = classify_failure(job.failure_reason)
        print(f"{reason.kind}: {reason.text}\n{reason.hint}")


def main() -> None:
    """Describe the job, or one that has failed in the local service."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="resnet50")
    parser.add_argument("--endpoint-url")
    arguments = parser.parse_args()
    if arguments.endpoint_url:
        with NeoClient(region="eu-west-1", endpoint_url=arguments.endpoint_url) as client:
            try:
                show(client.describe_compilation_job(arguments.name))
            except ResourceNotFound:
                print(f"there is no job {arguments.name}")
        return
    with (
        LocalServer(NeoService(timeline=FAILS)) as server,
        NeoClient(region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url) as client,
    ):
        client.create_compilation_job(
            arguments.name,
            role_arn="arn:aws:iam::123456789012:role/neo",
            model_package_version_arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/resnet50/1",
            output_config=OutputConfig(s3_output_location="s3://models/compiled/", target_device=TargetDevice.ML_C5),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
        )
        show(client.describe_compilation_job(arguments.name))


if __name__ == "__main__":
    main()
