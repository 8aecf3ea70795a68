"""Declares an operation instead of taking it from the library: this is all that any AWS JSON service needs.

The operation is SageMaker's ListCompilationJobs, cut down to what this script uses, so that the bundled local service
can answer it. For another service, give its names to `Service` and its members to the structures.

    python examples/own_operation.py                                        # against the bundled local service
    python examples/own_operation.py --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated

from neo_wire import (
    Integer,
    JsonClient,
    NeoClient,
    OpenStrEnum,
    Operation,
    OperationOutput,
    OutputConfig,
    Range,
    Service,
    ServiceError,
    StoppingCondition,
    TargetDevice,
    structure,
)
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer


class SortBy(OpenStrEnum):
    """What the list is sorted by; a value that is not here yet can still be given: `SortBy("Owner")`."""

    NAME = "Name"
    CREATION_TIME = "CreationTime"


@structure
class ListJobsRequest:
    """The input; members are named after the attributes, `max_results` is `MaxResults`."""

    max_results: Annotated[Integer, Range(1, 100)] | None = None
    sort_by: SortBy | None = None


@structure
class JobSummary:
    """One job; members of the response that are not declared here are ignored."""

    compilation_job_name: str
    creation_time: datetime


@structure
class ListJobsResponse(OperationOutput):
    """The output; deriving from OperationOutput adds the metadata of the response."""

    compilation_job_summaries: Sequence[JobSummary]


class ListBroken(ServiceError):
    """An error of the operation's own, raised when the service answers with this code."""

    codes = ("ListBrokenException",)


SAGEMAKER = Service(
    name="SageMaker", target_prefix="SageMaker", signing_name="sagemaker", endpoint_prefix="api.sagemaker"
)
LIST_JOBS = Operation(SAGEMAKER, "ListCompilationJobs", ListJobsRequest, ListJobsResponse, (ListBroken,))


def fill(endpoint_url: str) -> None:
    """Give the local service something to list."""
    with NeoClient(region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, endpoint_url=endpoint_url) as client:
        for name in ("resnet50", "alexnet"):
            client.create_compilation_job(
                name,
                role_arn="arn:aws:iam::123456789012:role/neo",
                model_package_version_arn=f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{name}/1",
                output_config=OutputConfig(s3_output_location="s3://models/", target_device=TargetDevice.ML_C5),
                stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
            )


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description="Call an operation that this script declares.")
    parser.add_argument("--endpoint-url", help="without it, the bundled local service is used")
    parser.add_argument("--region", default="eu-west-1")
    options = parser.parse_args()
    with ExitStack() as stack:
        if options.endpoint_url:
            client = JsonClient(SAGEMAKER, region=options.region, endpoint_url=options.endpoint_url)
        else:
            server = stack.enter_context(LocalServer())
            fill(server.url)
            client = JsonClient(
                SAGEMAKER, region=options.region, credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url
            )
        stack.enter_context(client)
        page = client.call(LIST_JOBS, ListJobsRequest(max_results=10, sort_by=SortBy.NAME))
        for job in page.compilation_job_summaries:
            print(f"{job.compilation_job_name} was created at {job.creation_time:%H:%M} UTC")
        print(f"the service answered HTTP {page.response_metadata.status}")


if __name__ == "__main__":
    main()
