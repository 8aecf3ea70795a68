"""A compilation job as the service keeps it, and what it tells of it.

Nothing is compiled: the artifact is what the job's timeline says, and the image is named as the service names it.

Source: Amazon SageMaker API reference, DescribeCompilationJob, CompilationJobSummary; SageMaker developer guide, Neo.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from attrs import frozen

from neo_wire.config.partitions import partition_of
from neo_wire.local.contents import Content
from neo_wire.local.timeline import JobState, Timeline
from neo_wire.shapes.enums import CompilationJobStatus, TargetDevice
from neo_wire.shapes.structures import (
    CompilationJobSummary,
    CreateCompilationJobRequest,
    DerivedInformation,
    DescribeCompilationJobResponse,
    ModelArtifacts,
    ModelDigests,
    OutputConfig,
)
from neo_wire.values import Value

_DERIVED_DATA_INPUT_CONFIG: Final = '{"input_0":[1,3,224,224]}'
"""Stands for what the service finds out by reading a model; there is no model here."""

_FAMILY: Final = re.compile(r"ml_([a-z]+)")
_PROCESSORS: Final = {"p": "gpu", "g": "gpu", "inf": "inf", "trn": "trn"}


@frozen(eq=False, repr=False)
class Job(Value):
    """One job: what it was created from, and when.

    Attributes:
        region: where it was created.
        account_id: whose it is: 12 digits.
        request: all that it was created from, tags included.
        timeline: what becomes of it.
        created_at: when it was created, aware.
        stop_requested_at: when it was asked to stop; None when it was not.
    """

    region: str
    account_id: str
    request: CreateCompilationJobRequest
    timeline: Timeline
    created_at: datetime
    stop_requested_at: datetime | None = None

    @property
    def name(self) -> str:
        """The job's name, unique in its account and region."""
        return self.request.compilation_job_name

    @property
    def arn(self) -> str:
        """The job's Amazon resource name."""
        partition = partition_of(self.region).id
        return f"arn:{partition}:sagemaker:{self.region}:{self.account_id}:compilation-job/{self.name}"

    @property
    def artifact_uri(self) -> str:
        """`s3://bucket/prefix/model-ml_c5.tar.gz`: below the output location, named after model and target."""
        output = self.request.output_config
        source = self.request.input_config.s3_uri if self.request.input_config else ""
        model = source.rstrip("/").rpartition("/")[2].removesuffix(".tar.gz") or self.name
        return f"{output.s3_output_location.rstrip('/')}/{model}-{_target(output)}.tar.gz"

    @property
    def artifact(self) -> Content:
        """What stands there once the job is complete."""
        text = f"{self.arn}, created at {self.created_at.isoformat()}: there is no model here\n"
        return self.timeline.artifact.content_of(self.name, text)

    def state(self, at: datetime) -> JobState:
        """Where the job stands at a moment."""
        return self.timeline.at(at, self.created_at, self.stop_requested_at)

    def description(self, at: datetime) -> DescribeCompilationJobResponse:
        """What DescribeCompilationJob answers.

        The artifacts' place is told from the beginning, as the model requires that member; the digest, the image and
        what was derived from the model are there once the job is complete.
        """
        state, request = self.state(at), self.request
        completed = state.status is CompilationJobStatus.COMPLETED
        digest = self.timeline.artifact.told_digest(self.artifact) if completed else None
        derives = request.input_config is None or request.input_config.data_input_config is None
        return DescribeCompilationJobResponse(
            compilation_job_name=self.name,
            compilation_job_arn=self.arn,
            compilation_job_status=state.status,
            compilation_start_time=state.started_at,
            compilation_end_time=state.ended_at,
            stopping_condition=request.stopping_condition,
            inference_image=self._inference_image() if completed else None,
            model_package_version_arn=request.model_package_version_arn,
            creation_time=self.created_at,
            last_modified_time=state.modified_at,
            failure_reason=state.failure_reason,
            model_artifacts=ModelArtifacts(s3_model_artifacts=self.artifact_uri),
            model_digests=ModelDigests(artifact_digest=digest) if digest is not None else None,
            role_arn=request.role_arn,
            input_config=request.input_config,
            output_config=request.output_config,
            vpc_config=request.vpc_config,
            derived_information=DerivedInformation(derived_data_input_config=_DERIVED_DATA_INPUT_CONFIG)
            if completed and derives
            else None,
        )

    def summary(self, at: datetime) -> CompilationJobSummary:
        """What ListCompilationJobs answers for this job."""
        state, output = self.state(at), self.request.output_config
        platform = output.target_platform
        return CompilationJobSummary(
            compilation_job_name=self.name,
            compilation_job_arn=self.arn,
            creation_time=self.created_at,
            compilation_start_time=state.started_at,
            compilation_end_time=state.ended_at,
            compilation_target_device=output.target_device,
            compilation_target_platform_os=platform.os if platform else None,
            compilation_target_platform_arch=platform.arch if platform else None,
            compilation_target_platform_accelerator=platform.accelerator if platform else None,
            last_modified_time=state.modified_at,
            compilation_job_status=state.status,
        )

    def _inference_image(self) -> str | None:
        """The image that serves a model compiled for a cloud instance; a device has none."""
        device, source = self.request.output_config.target_device, self.request.input_config
        if device is None or source is None or not device.startswith("ml_"):
            return None
        registry = f"{self.account_id}.dkr.ecr.{self.region}.{partition_of(self.region).dns_suffix}"
        version = f"{source.framework_version}-" if source.framework_version else ""
        return f"{registry}/sagemaker-inference-{source.framework.lower()}:{version}{_processor(device)}-py3"


def _target(output: OutputConfig) -> str:
    platform = output.target_platform
    if platform is None:
        return str(output.target_device)
    return "_".join(part for part in (platform.os, platform.arch, platform.accelerator) if part)


def _processor(device: TargetDevice) -> str:
    """What the instances of a family compute with: `ml_p3` → `gpu`, `ml_c5` → `cpu`."""
    family = _FAMILY.match(device)
    return _PROCESSORS.get(family[1], "cpu") if family else "cpu"
