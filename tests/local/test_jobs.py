from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import botocore.session
import pytest

from neo_wire.local.jobs import Job
from neo_wire.local.timeline import Timeline
from neo_wire.members import members
from neo_wire.protocol.validation import validate
from neo_wire.shapes.enums import Framework, TargetDevice, TargetPlatformAccelerator, TargetPlatformArch
from neo_wire.shapes.enums import TargetPlatformOs as Os
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    InputConfig,
    ModelArtifacts,
    NeoVpcConfig,
    OutputConfig,
    StoppingCondition,
    Tag,
    TargetPlatform,
)

CREATED = datetime(2026, 1, 1, tzinfo=UTC)
DONE = CREATED + timedelta(seconds=3)
ONNX = InputConfig(s3_uri="s3://models/a/resnet50.tar.gz", framework=Framework.ONNX, data_input_config="{}")
NANO = OutputConfig(s3_output_location="s3://models/out/", target_device=TargetDevice.JETSON_NANO)


def job(
    output: OutputConfig = NANO,
    source: InputConfig | None = ONNX,
    *,
    region: str = "eu-west-1",
    package: str | None = None,
) -> Job:
    request = CreateCompilationJobRequest(
        compilation_job_name="resnet50-nano",
        role_arn="arn:aws:iam::123456789012:role/neo",
        output_config=output,
        stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
        input_config=source,
        model_package_version_arn=package,
        vpc_config=NeoVpcConfig(security_group_ids=["sg-1"], subnets=["subnet-1", "subnet-2"]),
        tags=[Tag(key="team", value="vision")],
    )
    return Job(region, "123456789012", request, Timeline(), CREATED)


@pytest.mark.parametrize(
    ("region", "arn"),
    [
        ("eu-west-1", "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/resnet50-nano"),
        ("cn-north-1", "arn:aws-cn:sagemaker:cn-north-1:123456789012:compilation-job/resnet50-nano"),
        ("us-gov-west-1", "arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:compilation-job/resnet50-nano"),
    ],
)
def test_the_arn_is_that_of_the_partition(region: str, arn: str) -> None:
    assert job(region=region).arn == arn
    validate(job(region=region).description(DONE))


@pytest.mark.parametrize("seconds", [0, 1, 3])
def test_a_description_keeps_the_rules_of_the_model(seconds: int) -> None:
    described = job().description(CREATED + timedelta(seconds=seconds))
    validate(described)
    assert described.role_arn == "arn:aws:iam::123456789012:role/neo"
    assert described.input_config == ONNX
    assert described.output_config == NANO
    assert described.stopping_condition == StoppingCondition(max_runtime_in_seconds=900)
    assert described.vpc_config == NeoVpcConfig(security_group_ids=["sg-1"], subnets=["subnet-1", "subnet-2"])
    assert described.creation_time == CREATED


def test_results_come_with_the_completion() -> None:
    running, done = job().description(CREATED), job().description(DONE)
    assert running.model_artifacts == done.model_artifacts  # the model requires them at any time
    assert (running.model_digests, running.derived_information) == (None, None)
    assert done.model_digests is not None
    assert len(done.model_digests.artifact_digest or "") == 64
    assert (done.compilation_start_time, done.compilation_end_time) == (CREATED + timedelta(seconds=1), DONE)


def test_what_was_not_given_about_the_inputs_is_derived() -> None:
    without = InputConfig(s3_uri="s3://models/m.tar.gz", framework=Framework.PYTORCH)
    assert job(source=without).description(CREATED).derived_information is None
    derived = job(source=without).description(DONE).derived_information
    assert derived is not None
    assert derived.derived_data_input_config
    assert job(source=ONNX).description(DONE).derived_information is None


PLATFORM = TargetPlatform(os=Os.LINUX, arch=TargetPlatformArch.ARM64, accelerator=TargetPlatformAccelerator.NVIDIA)
PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/m/1"


@pytest.mark.parametrize(
    ("source", "output", "artifacts"),
    [
        (ONNX, NANO, "s3://models/out/resnet50-jetson_nano.tar.gz"),
        (
            ONNX,
            OutputConfig(s3_output_location="s3://models", target_platform=PLATFORM),
            "s3://models/resnet50-LINUX_ARM64_NVIDIA.tar.gz",
        ),
        (
            ONNX,
            OutputConfig(
                s3_output_location="https://models/x",
                target_platform=TargetPlatform(os=Os.ANDROID, arch=TargetPlatformArch.X86),
            ),
            "https://models/x/resnet50-ANDROID_X86.tar.gz",
        ),
        (None, NANO, "s3://models/out/resnet50-nano-jetson_nano.tar.gz"),
        (
            InputConfig(s3_uri="s3://bucket/", framework=Framework.TFLITE),
            NANO,
            "s3://models/out/bucket-jetson_nano.tar.gz",
        ),
    ],
)
def test_artifacts_are_named_after_the_model_and_the_target(
    source: InputConfig | None, output: OutputConfig, artifacts: str
) -> None:
    described = job(output, source, package=None if source else PACKAGE).description(CREATED)
    assert described.model_artifacts == ModelArtifacts(s3_model_artifacts=artifacts)
    validate(described.model_artifacts)


@pytest.mark.parametrize(
    ("device", "version", "ends"),
    [
        (TargetDevice.ML_C5, "1.12", "sagemaker-inference-pytorch:1.12-cpu-py3"),
        (TargetDevice.ML_M6G, None, "sagemaker-inference-pytorch:cpu-py3"),
        (TargetDevice.ML_P3, "1.12", "sagemaker-inference-pytorch:1.12-gpu-py3"),
        (TargetDevice.ML_G4DN, "1.12", "sagemaker-inference-pytorch:1.12-gpu-py3"),
        (TargetDevice.ML_INF2, "1.12", "sagemaker-inference-pytorch:1.12-inf-py3"),
        (TargetDevice.ML_TRN1, "1.12", "sagemaker-inference-pytorch:1.12-trn-py3"),
    ],
)
def test_a_cloud_instance_gets_an_image(device: TargetDevice, version: str | None, ends: str) -> None:
    source = InputConfig(s3_uri="s3://models/m.tar.gz", framework=Framework.PYTORCH, framework_version=version)
    output = OutputConfig(s3_output_location="s3://models/out", target_device=device)
    assert job(output, source).description(CREATED).inference_image is None
    image = job(output, source).description(DONE).inference_image
    assert image == f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/{ends}"


def test_no_image_for_a_device_a_platform_or_a_package() -> None:
    platform = OutputConfig(s3_output_location="s3://models/out", target_platform=PLATFORM)
    cloud = OutputConfig(s3_output_location="s3://models/out", target_device=TargetDevice.ML_C5)
    for one in (job(), job(platform), job(cloud, None, package=PACKAGE)):
        assert one.description(DONE).inference_image is None


def test_a_summary_tells_device_or_platform() -> None:
    validate(job().summary(DONE))
    assert job().summary(DONE).compilation_target_device is TargetDevice.JETSON_NANO
    summary = job(OutputConfig(s3_output_location="s3://models", target_platform=PLATFORM)).summary(CREATED)
    validate(summary)
    assert summary.compilation_target_device is None
    assert (
        summary.compilation_target_platform_os,
        summary.compilation_target_platform_arch,
        summary.compilation_target_platform_accelerator,
    ) == (Os.LINUX, TargetPlatformArch.ARM64, TargetPlatformAccelerator.NVIDIA)


def test_what_is_required_by_botocores_model_is_there() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    for operation, value in (
        ("DescribeCompilationJob", job().description(CREATED)),
        ("ListCompilationJobs", job().summary(CREATED)),
    ):
        shape: Any = model.operation_model(operation).output_shape
        if operation == "ListCompilationJobs":
            shape = shape.members["CompilationJobSummaries"].member
        told = {one.wire_name for one in members(type(value)) if getattr(value, one.attribute) is not None}
        assert shape.required_members
        assert set(shape.required_members) <= told
