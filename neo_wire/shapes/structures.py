"""The structures of SageMaker Neo's compilation jobs, and the simple types whose constraints they share.

A member that the model calls required, yet servers leave out, is declared as `… | None` without a default.

Source: Amazon SageMaker API reference: Describe-, Create- and ListCompilationJob(s) and their types.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from neo_wire.schema import Characters, Integer, Length, Pattern, Range, structure
from neo_wire.service import OperationOutput
from neo_wire.shapes.enums import (
    CompilationJobStatus,
    Framework,
    ListCompilationJobsSortBy,
    SortOrder,
    TargetDevice,
    TargetPlatformAccelerator,
    TargetPlatformArch,
    TargetPlatformOs,
)

EntityName = Annotated[str, Length(1, 63), Pattern(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}")]
CompilationJobArn = Annotated[
    str, Length(0, 256), Pattern(r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]*:[0-9]{12}:compilation-job/.*")
]
RoleArn = Annotated[str, Length(20, 2048), Pattern(r"arn:aws[a-z\-]*:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+")]
ModelPackageArn = Annotated[
    str,
    Length(1, 2048),
    Pattern(r"arn:aws[a-z\-]*:sagemaker:[a-z0-9\-]{9,16}:[0-9]{12}:model-package/[\S]{1,2048}"),
]
# The model has `(https|s3)://([^/]+)/?(.*)`: the same strings, but with two ways to match each character of the host.
S3Uri = Annotated[str, Length(0, 1024), Pattern(r"(https|s3)://[^/]+(/.*)?")]
DataInputConfig = Annotated[str, Length(1, 16384), Pattern(r"[\S\s]+")]
FrameworkVersion = Annotated[str, Length(3, 10), Pattern(r"[0-9]\.[A-Za-z0-9.]+")]
CompilerOptions = Annotated[str, Length(3, 1024), Pattern(r".*")]
KmsKeyId = Annotated[str, Length(0, 2048), Pattern(r"[a-zA-Z0-9:/_-]*")]
InferenceImage = Annotated[str, Length(0, 256)]
FailureReason = Annotated[str, Length(0, 1024)]
ArtifactDigest = Annotated[str, Pattern(r"[\w:]+")]
MaxRuntimeInSeconds = Annotated[Integer, Range(min=1)]
MaxWaitTimeInSeconds = Annotated[Integer, Range(min=1)]
MaxPendingTimeInSeconds = Annotated[Integer, Range(min=1800, max=2_419_200)]
NeoVpcSecurityGroupId = Annotated[str, Length(0, 32), Pattern(r"[-0-9a-zA-Z]+")]
NeoVpcSubnetId = Annotated[str, Length(0, 32), Pattern(r"[-0-9a-zA-Z]+")]
TagKey = Annotated[str, Length(1, 128), Characters("LZN", "_.:/=+-@")]
TagValue = Annotated[str, Length(0, 256), Characters("LZN", "_.:/=+-@")]
NextToken = Annotated[str, Length(0, 8192), Pattern(r".*")]
MaxResults = Annotated[Integer, Range(1, 100)]
NameContains = Annotated[str, Length(0, 63), Pattern(r"[a-zA-Z0-9\-]+")]


@structure
class InputConfig:
    """Where the trained model lies, its framework, and the shapes of its inputs.

    `s3_uri` names one gzip-compressed tar archive (`.tar.gz`). `data_input_config` is text, JSON for most frameworks.
    """

    s3_uri: S3Uri
    framework: Framework
    data_input_config: DataInputConfig | None = None
    framework_version: FrameworkVersion | None = None


@structure
class TargetPlatform:
    """An operating system, an architecture and, perhaps, an accelerator to compile for."""

    os: TargetPlatformOs
    arch: TargetPlatformArch
    accelerator: TargetPlatformAccelerator | None = None


@structure(exactly_one_of=[("target_device", "target_platform")])
class OutputConfig:
    """Where the compiled model goes, and what it is compiled for: a device or a platform, not both.

    `compiler_options` is JSON text for most targets; `kms_key_id` is a key's id, ARN, alias name or alias ARN.
    """

    s3_output_location: S3Uri
    target_device: TargetDevice | None = None
    target_platform: TargetPlatform | None = None
    compiler_options: CompilerOptions | None = None
    kms_key_id: KmsKeyId | None = None


@structure
class StoppingCondition:
    """How many seconds a job may run; overrunning fails it. The others are for spot training and reserved capacity."""

    max_runtime_in_seconds: MaxRuntimeInSeconds | None = None
    max_wait_time_in_seconds: MaxWaitTimeInSeconds | None = None
    max_pending_time_in_seconds: MaxPendingTimeInSeconds | None = None


@structure
class NeoVpcConfig:
    """The VPC that the job reaches its data from: 1 to 5 security groups and 1 to 16 subnets."""

    security_group_ids: Annotated[Sequence[NeoVpcSecurityGroupId], Length(1, 5)]
    subnets: Annotated[Sequence[NeoVpcSubnetId], Length(1, 16)]


@structure
class Tag:
    """A key and a value to find and to bill a job by."""

    key: TagKey
    value: TagValue


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


@structure
class ListCompilationJobsRequest:
    """Which jobs to list, in which order, and how many a page."""

    next_token: NextToken | None = None
    max_results: MaxResults | None = None
    creation_time_after: datetime | None = None
    creation_time_before: datetime | None = None
    last_modified_time_after: datetime | None = None
    last_modified_time_before: datetime | None = None
    name_contains: NameContains | None = None
    status_equals: CompilationJobStatus | None = None
    sort_by: ListCompilationJobsSortBy | None = None
    sort_order: SortOrder | None = None


@structure
class CompilationJobSummary:
    """One job of a list."""

    compilation_job_name: EntityName
    compilation_job_arn: CompilationJobArn
    creation_time: datetime
    compilation_start_time: datetime | None = None
    compilation_end_time: datetime | None = None
    compilation_target_device: TargetDevice | None = None
    compilation_target_platform_os: TargetPlatformOs | None = None
    compilation_target_platform_arch: TargetPlatformArch | None = None
    compilation_target_platform_accelerator: TargetPlatformAccelerator | None = None
    last_modified_time: datetime | None = None
    compilation_job_status: CompilationJobStatus


@structure
class ListCompilationJobsResponse(OperationOutput):
    """One page of jobs; `next_token` asks for the next, and is None on the last."""

    compilation_job_summaries: Sequence[CompilationJobSummary]
    next_token: NextToken | None = None


@structure
class StopCompilationJobRequest:
    """Which job to stop."""

    compilation_job_name: EntityName


@structure
class DeleteCompilationJobRequest:
    """Which job to delete."""

    compilation_job_name: EntityName
