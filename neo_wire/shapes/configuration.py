"""What a compilation job is configured by, as Create takes it and Describe gives it.

Source: Amazon SageMaker API reference: CreateCompilationJob, DescribeCompilationJob and their types.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from neo_wire.schema import Length, structure
from neo_wire.shapes.enums import (
    Framework,
    TargetDevice,
    TargetPlatformAccelerator,
    TargetPlatformArch,
    TargetPlatformOs,
)
from neo_wire.shapes.simple_types import (
    CompilerOptions,
    DataInputConfig,
    FrameworkVersion,
    KmsKeyId,
    MaxPendingTimeInSeconds,
    MaxRuntimeInSeconds,
    MaxWaitTimeInSeconds,
    NeoVpcSecurityGroupId,
    NeoVpcSubnetId,
    S3Uri,
)


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
