"""DescribeCompilationJob: its structures and itself.

A member that the model calls required, yet servers leave out, is declared as `… | None` without a default.

Source: Amazon SageMaker API reference: DescribeCompilationJob and its types.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from neo_wire.errors import ResourceNotFound
from neo_wire.schema import structure
from neo_wire.service import Operation, OperationOutput
from neo_wire.shapes.configuration import InputConfig, NeoVpcConfig, OutputConfig, StoppingCondition
from neo_wire.shapes.enums import CompilationJobStatus
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.shapes.simple_types import (
    ArtifactDigest,
    CompilationJobArn,
    DataInputConfig,
    EntityName,
    FailureReason,
    InferenceImage,
    ModelPackageArn,
    RoleArn,
    S3Uri,
)


@structure
class ModelArtifacts:
    """Where the compiled model was put."""

    s3_model_artifacts: S3Uri


@structure
class ModelDigests:
    """A hash of the compiled model's artifacts."""

    artifact_digest: ArtifactDigest | None = None


@structure
class DerivedInformation:
    """What the service found out about the model's inputs by itself."""

    derived_data_input_config: DataInputConfig | None = None


@structure
class DescribeCompilationJobRequest:
    """Which job to describe."""

    compilation_job_name: EntityName


@structure
class DescribeCompilationJobResponse(OperationOutput):
    """All that the service knows of a job. Times are aware, in UTC; billing runs from the start to the end time."""

    compilation_job_name: EntityName
    compilation_job_arn: CompilationJobArn
    compilation_job_status: CompilationJobStatus
    compilation_start_time: datetime | None = None
    compilation_end_time: datetime | None = None
    stopping_condition: StoppingCondition
    inference_image: InferenceImage | None = None
    model_package_version_arn: ModelPackageArn | None = None
    creation_time: datetime
    last_modified_time: datetime
    failure_reason: FailureReason | None
    model_artifacts: ModelArtifacts | None
    model_digests: ModelDigests | None = None
    role_arn: RoleArn
    input_config: InputConfig | None
    output_config: OutputConfig
    vpc_config: NeoVpcConfig | None = None
    derived_information: DerivedInformation | None = None


DESCRIBE_COMPILATION_JOB: Final = Operation(
    SAGEMAKER,
    "DescribeCompilationJob",
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    (ResourceNotFound,),
)
