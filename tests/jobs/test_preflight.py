"""Preflight: what must fail is refused, what is doubtful is a warning, and what is documented passes without a word."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.jobs.compiler_options import compiler_options, neuron_options
from neo_wire.jobs.data_inputs import input_config
from neo_wire.jobs.job_names import job_name
from neo_wire.jobs.preflight import Preflight, preflight
from neo_wire.jobs.targets import Target
from neo_wire.protocol.validation import validate
from neo_wire.shapes.enums import Framework, TargetDevice, TargetPlatformOs
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    InputConfig,
    NeoVpcConfig,
    OutputConfig,
    StoppingCondition,
    Tag,
    TargetPlatform,
)

ROLE = "arn:aws:iam::123456789012:role/service-role/neo"
GOOD = CreateCompilationJobRequest(
    compilation_job_name="resnet50",
    role_arn=ROLE,
    input_config=InputConfig(
        s3_uri="s3://models/resnet50.tar.gz",
        framework=Framework.MXNET,
        data_input_config='{"data":[1,3,224,224]}',
    ),
    output_config=OutputConfig(s3_output_location="s3://models/compiled", target_device=TargetDevice.ML_C5),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
)


def changed(request: Any = GOOD, **changes: Any) -> Any:
    """The request with members changed, those below another as `input_config__framework`."""
    for name, value in changes.items():
        above, _, below = name.partition("__")
        request = attrs.evolve(
            request, **{above: changed(getattr(request, above), **{below: value}) if below else value}
        )
    return request


def test_a_good_request_passes_without_a_word() -> None:
    assert preflight(GOOD) == Preflight()
    assert preflight(GOOD, region="us-west-2") == Preflight()
    preflight(GOOD).raise_for_problems()


@given(
    st.sampled_from(
        [
            (Target.device("jetson_tx2"), {"gpu_code": "sm_62", "trt_ver": "6.0.1", "cuda_ver": "10.0"}),
            (
                Target.platform("LINUX", "ARM64", "NVIDIA"),
                {"gpu_code": "sm_62", "trt_ver": "6.0.1", "cuda_ver": "10.0"},
            ),
            (Target.platform("LINUX", "ARM_EABIHF"), {"mattr": ["+neon"]}),
            (Target.platform("ANDROID", "ARM_EABI"), {"android_platform": 25, "mattr": ["+neon"]}),
            (Target.device("ml_c5"), {"dtype": "float32"}),
        ]
    ),
    st.text(min_size=1, max_size=100),
    st.lists(st.integers(1, 4096), min_size=1, max_size=3),
)
def test_what_the_builders_make_passes_without_a_word(
    made_for: tuple[Target, dict[str, Any]], model: str, shape: list[int]
) -> None:
    target, options = made_for
    request = CreateCompilationJobRequest(
        compilation_job_name=job_name(model, target),
        role_arn=ROLE,
        input_config=input_config("s3://models/net.tar.gz", "PYTORCH", [shape], framework_version="1.8", target=target),
        output_config=target.output_config(
            "s3://models/out", compiler_options=compiler_options(target=target, **options)
        ),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
    )
    validate(request)
    assert preflight(request, region="eu-west-1") == Preflight()


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        (
            {"model_package_version_arn": "arn:aws:sagemaker:us-west-2:123456789012:model-package/m/1"},
            "",
            "exactly one",
        ),
        ({"input_config": None}, "", "exactly one"),
        (
            {"output_config__target_platform": TargetPlatform(os="LINUX", arch="X86")},  # type: ignore[arg-type]  # strings pass too
            "OutputConfig",
            "exactly one",
        ),
        ({"output_config__target_device": None}, "OutputConfig", "exactly one"),
        ({"compilation_job_name": "a_b"}, "CompilationJobName", "does not match"),
        ({"input_config__s3_uri": "s3://models/train"}, "InputConfig.S3Uri", "ending in .tar.gz"),
        ({"input_config__s3_uri": "s3://models"}, "InputConfig.S3Uri", "has no key"),
        ({"input_config__s3_uri": "s3://a/net.tar.gz"}, "InputConfig.S3Uri", "1 characters"),
        ({"input_config__s3_uri": "https://example.com/net.zip"}, "InputConfig.S3Uri", "does not end in"),
        ({"output_config__s3_output_location": "s3://a..b"}, "OutputConfig.S3OutputLocation", "two dots"),
        ({"input_config__framework": "MXNETT"}, "InputConfig.Framework", "did you mean 'MXNET'"),
        (
            {"input_config__framework": Framework.KERAS, "input_config__framework_version": "2.2"},
            "InputConfig.FrameworkVersion",
            "leave it out for KERAS",
        ),
        ({"input_config__framework": Framework.TFLITE}, "InputConfig.Framework", "edge devices only"),
        ({"input_config__data_input_config": "data: 1"}, "InputConfig.DataInputConfig", "not JSON"),
        ({"input_config__data_input_config": r"{\"data\":[1]}"}, "InputConfig.DataInputConfig", "a shell's"),
        ({"input_config__data_input_config": '{"a":[1],"a":[2]}'}, "InputConfig.DataInputConfig", "'a' twice"),
        ({"input_config__data_input_config": "[[1,3]]"}, "InputConfig.DataInputConfig", "no object"),
        ({"input_config__data_input_config": '{"a":[NaN]}'}, "InputConfig.DataInputConfig", "not JSON"),
        ({"input_config__data_input_config": "null"}, "InputConfig.DataInputConfig", "no object"),
        ({"input_config__data_input_config": "[" * 16_000}, "InputConfig.DataInputConfig", "not JSON"),
        ({"output_config__compiler_options": "null"}, "OutputConfig.CompilerOptions", "give an object"),
        ({"output_config__compiler_options": "--verbose"}, "OutputConfig.CompilerOptions", "not JSON"),
        ({"output_config__compiler_options": '{"ANDROID_PLATFORM":30}'}, "OutputConfig.CompilerOptions", "21 to 29"),
        ({"output_config__compiler_options": ""}, "OutputConfig.CompilerOptions", "0 characters"),
        (
            {
                "output_config__target_device": None,
                "output_config__target_platform": Target.platform("LINUX", "ARM64", "NVIDIA").choice,
            },
            "OutputConfig.CompilerOptions",
            "lacks gpu-code, trt-ver, cuda-ver",
        ),
        ({"role_arn": "arn:aws-cn:iam::123456789012:role/neo"}, "RoleArn", "partition aws-cn"),
        (
            {"input_config__s3_uri": "https://models.s3.cn-north-1.amazonaws.com.cn/net.tar.gz"},
            "InputConfig.S3Uri",
            "partition aws-cn",
        ),
        (
            {"output_config__kms_key_id": "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/k"},
            "OutputConfig.KmsKeyId",
            "partition aws-us-gov",
        ),
        ({"tags": [Tag(key="aws:cost", value="1")]}, "Tags[0].Key", "AWS's own"),
        ({"tags": [Tag(key="a", value="1"), Tag(key="a", value="2")]}, "Tags[1].Key", "given once"),
        ({"stopping_condition__max_runtime_in_seconds": 0}, "StoppingCondition.MaxRuntimeInSeconds", "1"),
    ],
)
def test_what_must_fail_is_refused(changes: dict[str, Any], path: str, said: str) -> None:
    found = preflight(changed(**changes), region="us-west-2")
    assert [(one.path, said in one.message) for one in found.problems] == [(path, True)], found.problems
    with pytest.raises(InputValidationError, match="1 problem, nothing was sent"):
        found.raise_for_problems()


@pytest.mark.parametrize(
    ("changes", "path", "said"),
    [
        (
            {"output_config__target_device": TargetDevice("ml_z9")},
            "OutputConfig.TargetDevice",
            "ml_z9, which is not known",
        ),
        (
            {
                "output_config__target_device": None,
                "output_config__target_platform": Target.platform(TargetPlatformOs("QNX"), "ARM64").choice,
            },
            "OutputConfig.TargetPlatform.Os",
            "QNX",
        ),
        ({"input_config__framework": Framework("JAX")}, "InputConfig.Framework", "JAX"),
        ({"input_config__data_input_config": '{"data":[1,224,224,3]}'}, "InputConfig.DataInputConfig", "NHWC"),
        (
            {"input_config__data_input_config": "{'data': [1,3,1024,1024]}"},
            "InputConfig.DataInputConfig",
            "single quotes",
        ),
        ({"input_config__data_input_config": None}, "InputConfig.DataInputConfig", "expects the shapes"),
        ({"input_config__framework": Framework.XGBOOST}, "InputConfig.DataInputConfig", "not needed"),
        ({"output_config__compiler_options": '{"opt":1}'}, "OutputConfig.CompilerOptions", "not known here"),
        ({"output_config__target_device": TargetDevice.ML_TRN1}, "OutputConfig.TargetDevice", "us-east-1 only"),
        ({"output_config__target_device": TargetDevice.JETSON_NANO}, "OutputConfig.CompilerOptions", "jetson_nano"),
        (
            {"output_config__s3_output_location": "s3://My_Models/out"},
            "OutputConfig.S3OutputLocation",
            "oldest buckets",
        ),
        (
            {"output_config__s3_output_location": "https://minio.test/out"},
            "OutputConfig.S3OutputLocation",
            "none of S3's",
        ),
        (
            {"output_config__s3_output_location": "https://models.s3.eu-west-1.amazonaws.com/out"},
            "OutputConfig.S3OutputLocation",
            "eu-west-1",
        ),
        ({"stopping_condition__max_runtime_in_seconds": 60}, "StoppingCondition.MaxRuntimeInSeconds", "900"),
        ({"stopping_condition__max_runtime_in_seconds": 3_000_000}, "StoppingCondition.MaxRuntimeInSeconds", "28 days"),
        ({"stopping_condition__max_wait_time_in_seconds": 99}, "StoppingCondition.MaxWaitTimeInSeconds", "training"),
        (
            {"vpc_config": NeoVpcConfig(security_group_ids=["vpc-1"], subnets=["subnet-1"])},
            "VpcConfig.SecurityGroupIds[0]",
            "sg-",
        ),
    ],
)
def test_what_is_doubtful_is_a_warning(changes: dict[str, Any], path: str, said: str) -> None:
    found = preflight(changed(**changes), region="us-west-2")
    assert found.problems == ()
    assert [(one.path, said in one.message) for one in found.warnings] == [(path, True)], found.warnings
    found.raise_for_problems()


def test_all_problems_are_raised_at_once() -> None:
    request = changed(
        compilation_job_name="-",
        role_arn="nobody",
        input_config__s3_uri="s3://models/train",
        input_config__data_input_config="{}",
        output_config__target_device="ml_c55",
        output_config__compiler_options='{"cuda-ver":"10.0"}',
        stopping_condition__max_runtime_in_seconds=0,
    )
    with pytest.raises(InputValidationError, match="CreateCompilationJobRequest has 7 problems") as caught:
        preflight(request).raise_for_problems()
    assert {one.path for one in caught.value.violations} == {
        "CompilationJobName",
        "RoleArn",
        "InputConfig.S3Uri",
        "InputConfig.DataInputConfig",
        "OutputConfig.TargetDevice",
        "OutputConfig.CompilerOptions",
        "StoppingCondition.MaxRuntimeInSeconds",
    }


def test_a_pytorch_2_model_for_the_cloud_needs_no_shapes() -> None:
    pytorch = {"input_config__framework": Framework.PYTORCH, "input_config__data_input_config": None}
    assert preflight(changed(**pytorch, input_config__framework_version="2.0")).warnings == ()
    assert len(preflight(changed(**pytorch, input_config__framework_version="1.8")).warnings) == 1
    assert len(preflight(changed(**pytorch)).warnings) == 1


def test_inferentias_options_are_one_json_string() -> None:
    request = changed(output_config__target_device=TargetDevice.ML_INF1)
    assert preflight(changed(request, output_config__compiler_options=neuron_options("-O2"))) == Preflight()
    assert preflight(changed(request, output_config__compiler_options="-O2")).problems != ()


def test_a_model_package_is_a_request_without_input() -> None:
    arn = "arn:aws:sagemaker:us-west-2:123456789012:model-package/m/1"
    request = changed(input_config=None, model_package_version_arn=arn)
    assert preflight(request, region="us-west-2") == Preflight()
    assert [one.path for one in preflight(request, region="us-east-1").warnings] == ["ModelPackageVersionArn"]


def test_a_region_that_is_not_known_is_compared_with_nothing() -> None:
    assert preflight(changed(role_arn="arn:aws-iso:iam::123456789012:role/neo"), region="moon-base-1") == Preflight()


@pytest.mark.parametrize("member", ["input_config", "output_config", "stopping_condition", "vpc_config", "tags"])
@pytest.mark.parametrize("junk", [7, "text", b"x", {"a": 1}])
def test_what_is_of_another_type_is_named_and_nothing_breaks(member: str, junk: object) -> None:
    found = preflight(changed(**{member: junk}))
    assert found.problems != ()


@pytest.mark.parametrize(
    "member",
    [
        "input_config__s3_uri",
        "input_config__framework",
        "input_config__data_input_config",
        "input_config__framework_version",
        "output_config__s3_output_location",
        "output_config__target_device",
        "output_config__target_platform",
        "output_config__compiler_options",
        "output_config__kms_key_id",
    ],
)
def test_a_member_of_another_type_is_named_and_nothing_breaks(member: str) -> None:
    assert preflight(changed(**{member: 7})).problems != ()
    preflight(changed(**{member: None}))


def test_plain_strings_are_looked_at_as_enums_are() -> None:
    platform = TargetPlatform(os="LINUX", arch="ARM64", accelerator="MALI")  # type: ignore[arg-type]  # strings pass too
    request = changed(
        input_config__framework="MXNET",
        output_config__target_device=None,
        output_config__target_platform=platform,
        output_config__compiler_options='{"ANDROID_PLATFORM":28}',
    )
    assert [one.message for one in preflight(request).warnings] == [
        "has 'ANDROID_PLATFORM', which is for Android, and the target is LINUX/ARM64/MALI"
    ]
    trainium = changed(input_config__framework="MXNET", output_config__target_device="ml_trn1")
    assert [one.path for one in preflight(trainium, region="eu-west-1").warnings] == ["OutputConfig.TargetDevice"]
