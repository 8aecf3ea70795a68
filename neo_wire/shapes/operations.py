"""SageMaker as a service, and its five operations on compilation jobs.

Source: Amazon SageMaker API reference.
"""

from __future__ import annotations

from typing import Final

from neo_wire.errors import ResourceInUse, ResourceLimitExceeded, ResourceNotFound
from neo_wire.service import Operation, Service, Unit
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    CreateCompilationJobResponse,
    DeleteCompilationJobRequest,
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    ListCompilationJobsRequest,
    ListCompilationJobsResponse,
    StopCompilationJobRequest,
)

SAGEMAKER: Final = Service(
    name="SageMaker", target_prefix="SageMaker", signing_name="sagemaker", endpoint_prefix="api.sagemaker"
)

CREATE_COMPILATION_JOB: Final = Operation(
    SAGEMAKER,
    "CreateCompilationJob",
    CreateCompilationJobRequest,
    CreateCompilationJobResponse,
    (ResourceInUse, ResourceLimitExceeded),
)
DESCRIBE_COMPILATION_JOB: Final = Operation(
    SAGEMAKER,
    "DescribeCompilationJob",
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    (ResourceNotFound,),
)
LIST_COMPILATION_JOBS: Final = Operation(
    SAGEMAKER, "ListCompilationJobs", ListCompilationJobsRequest, ListCompilationJobsResponse
)
STOP_COMPILATION_JOB: Final = Operation(
    SAGEMAKER, "StopCompilationJob", StopCompilationJobRequest, Unit, (ResourceNotFound,)
)
DELETE_COMPILATION_JOB: Final = Operation(
    SAGEMAKER, "DeleteCompilationJob", DeleteCompilationJobRequest, Unit, (ResourceNotFound,)
)
