"""CreateCompilationJob: its structures and itself.

Source: Amazon SageMaker API reference: CreateCompilationJob.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

from neo_wire.errors import ResourceInUse, ResourceLimitExceeded
from neo_wire.schema import Length, structure
from neo_wire.service import Operation, OperationOutput
from neo_wire.shapes.configuration import InputConfig, NeoVpcConfig, OutputConfig, StoppingCondition
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.shapes.simple_types import CompilationJobArn, EntityName, ModelPackageArn, RoleArn, TagKey, TagValue


@structure
class Tag:
    """A key and a value to find and to bill a job by."""

    key: TagKey
    value: TagValue


@structure(exactly_one_of=[("input_config", "model_package_version_arn")])
class CreateCompilationJobRequest:
    """What a new job is made of. The model is an archive in S3 or a version of a model package, not both."""

    compilation_job_name: EntityName
    role_arn: RoleArn
    output_config: OutputConfig
    stopping_condition: StoppingCondition
    input_config: InputConfig | None = None
    model_package_version_arn: ModelPackageArn | None = None
    vpc_config: NeoVpcConfig | None = None
    tags: Annotated[Sequence[Tag], Length(0, 50)] | None = None


@structure
class CreateCompilationJobResponse(OperationOutput):
    """The ARN of the job that was created."""

    compilation_job_arn: CompilationJobArn


CREATE_COMPILATION_JOB: Final = Operation(
    SAGEMAKER,
    "CreateCompilationJob",
    CreateCompilationJobRequest,
    CreateCompilationJobResponse,
    (ResourceInUse, ResourceLimitExceeded),
)
