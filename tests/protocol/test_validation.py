"""Every rule of every shape at its limits and just past them, with paths and messages; never laxer than botocore."""

from __future__ import annotations

import typing
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.members import Kind, Member, Schema, members
from neo_wire.protocol.validation import validate
from neo_wire.schema import Characters, Pattern, is_shape
from neo_wire.service import Operation, Unit
from neo_wire.shapes import operations, structures
from neo_wire.shapes.enums import Framework, TargetDevice, TargetPlatformArch, TargetPlatformOs
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    InputConfig,
    ListCompilationJobsRequest,
    NeoVpcConfig,
    OutputConfig,
    StoppingCondition,
    Tag,
    TargetPlatform,
)

OPERATIONS: list[Operation[Any, Any]] = [
    getattr(operations, name) for name in vars(operations)["__all__"] if name != "SAGEMAKER"
]
SAGEMAKER: Any = botocore.session.get_session().get_service_model("sagemaker")
SHAPES: list[type] = [one for name in vars(structures)["__all__"] if is_shape(one := getattr(structures, name))]
Instances = Callable[[type], st.SearchStrategy[Any]]


def problems(value: object) -> dict[str, str]:
    """What is wrong, by path."""
    try:
        validate(value)
    except InputValidationError as error:
        return {violation.path: violation.message for violation in error.violations}
    return {}


# ------------------------------------------------------------------------------------------- every shape at its limits


EVERY_MEMBER = [
    pytest.param(cls, member, id=f"{cls.__name__}.{member.attribute}") for cls in SHAPES for member in members(cls)
]


def problem_with(cls: type, member: Member, value: object) -> str:
    """What is wrong with one member, and nothing inside of it, when all the others are missing."""
    arguments = {one.attribute: None for one in members(cls) if one.required}
    return problems(cls(**{**arguments, member.attribute: value})).get(member.wire_name, "")


def items(schema: Schema, count: int) -> list[object]:
    assert schema.element is not None
    match schema.element.kind:
        case Kind.STRUCTURE:
            return [Tag(key="a", value="b")] * count
        case Kind.STRING:
            return ["a"] * count
    raise AssertionError("a list of another kind; give it an element here")


@pytest.mark.parametrize(("cls", "member"), EVERY_MEMBER)
def test_lengths_and_ranges_at_and_past_their_limits(cls: type, member: Member) -> None:
    schema = member.schema
    if schema.length is not None:
        low, high = schema.length.min, schema.length.max
        assert high is not None
        for count in {max(low - 1, 0), low, high, high + 1}:
            given: object = items(schema, count) if schema.kind is Kind.LIST else "a" * count
            unit = "elements" if schema.kind is Kind.LIST else "characters"
            expected = "" if low <= count <= high else f"has {count} {unit}; it takes {low} to {high}"
            found = problem_with(cls, member, given)
            assert found == expected or (not expected and "does not match" in found)
    elif schema.kind is Kind.INTEGER:
        assert schema.range is not None
        low_, high_ = schema.range.min, schema.range.max
        assert low_ is not None
        low, high = int(low_), int(high_ or 2**31 - 1)
        for number in (low - 1, low, high, high + 1):
            expected = "" if low <= number <= high else f"is {number}; it takes {low} to {high}"
            assert problem_with(cls, member, number) == expected


WRONG: dict[Kind, list[object]] = {
    Kind.STRING: [5, b"text", True, ["a"], {}],
    Kind.ENUM: [5, b"text", True, ["a"], {}],
    Kind.INTEGER: ["5", 5.0, True, False, Decimal(5), []],
    Kind.TIMESTAMP: ["2026-01-31T12:00:00Z", 1769860800, date(2026, 1, 31), datetime(2026, 1, 31)],  # noqa: DTZ001  # the point of the test
    Kind.LIST: ["abc", {"a": 1}, {"a"}, 5, b"abc", bytearray(b"abc"), memoryview(b"abc"), iter(["a"])],
    Kind.STRUCTURE: [{}, {"S3Uri": "s3://bucket/model"}, "text", 5, [], Unit()],
}


@pytest.mark.parametrize(("cls", "member"), EVERY_MEMBER)
def test_a_value_of_another_type_is_refused(cls: type, member: Member) -> None:
    for value in WRONG[member.schema.kind]:
        found = problem_with(cls, member, value)
        assert found.startswith("is "), value
        assert "; give " in found


@pytest.mark.parametrize(("cls", "member"), EVERY_MEMBER)
def test_a_required_member_is_asked_for_and_no_other(cls: type, member: Member) -> None:
    assert problem_with(cls, member, None) == ("is missing, and required" if member.required else "")


def pattern_of(alias: object) -> Pattern | Characters:
    return next(one for one in typing.get_args(alias) if isinstance(one, Pattern | Characters))


JOB_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/"
ROLE_ARN = "arn:aws:iam::123456789012:role/"
PACKAGE_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/"
# For each pattern: a text of a given length that matches.
MATCHING: dict[Pattern | Characters, Callable[[int], str]] = {
    pattern_of(structures.EntityName): lambda n: "a" + "-" * (n - 2) + "b",
    pattern_of(structures.CompilationJobArn): lambda n: JOB_ARN.ljust(n, "x"),
    pattern_of(structures.RoleArn): lambda n: ROLE_ARN.ljust(n, "/"),
    pattern_of(structures.ModelPackageArn): lambda n: PACKAGE_ARN.ljust(n, "é"),
    pattern_of(structures.S3Uri): lambda n: "s3://bucket/".ljust(n, "/"),
    pattern_of(structures.DataInputConfig): lambda n: "\n" * n,
    pattern_of(structures.FrameworkVersion): lambda n: "1.".ljust(n, "."),
    pattern_of(structures.CompilerOptions): lambda n: "😀" * n,  # a length counts code points
    pattern_of(structures.KmsKeyId): lambda n: "/" * n,
    pattern_of(structures.ArtifactDigest): lambda n: ":" * n,
    pattern_of(structures.NeoVpcSubnetId): lambda n: "-" * n,
    pattern_of(structures.NameContains): lambda n: "-" * n,
    pattern_of(structures.TagKey): lambda n: "é" * n,
}


@pytest.mark.parametrize(("cls", "member"), EVERY_MEMBER)
def test_patterns(cls: type, member: Member) -> None:
    schema = member.schema
    if schema.pattern is None:
        return
    longest = (schema.length and schema.length.max) or 100
    assert problem_with(cls, member, MATCHING[schema.pattern](longest)) == ""
    bad = "\n" * min(longest, 30)
    if schema.pattern.regex == r"[\S\s]+":
        assert problem_with(cls, member, bad) == ""
    else:
        assert problem_with(cls, member, bad) == f"is {bad!r}, which does not match {schema.pattern.regex}"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@settings(max_examples=40)
@given(data=st.data())
def test_valid_values_have_no_problem(
    data: st.DataObject, operation: Operation[Any, Any], instances: Instances
) -> None:
    for cls in (operation.input, operation.output):
        assert problems(data.draw(instances(cls))) == {}


@settings(max_examples=100)
@given(data=st.data())
def test_valid_values_of_every_type_have_no_problem(
    data: st.DataObject, everything: type, instances: Instances
) -> None:
    assert problems(data.draw(instances(everything))) == {}


# ---------------------------------------------------------------------------------------------------- against botocore

JUNK = [None, "", "x", "x" * 5000, 0, -1, 10**12, True, 1.5, [], [None], ["a", 5], {}, {"a": 1}, b"", Unit()]


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A valid instance with one value in it, at whatever depth, replaced by something else."""
    if isinstance(value, tuple) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(spoilt(value[index])), *value[index + 1 :]]
    if not is_shape(type(value)) or draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(JUNK))
    found = {one.attribute: getattr(value, one.attribute) for one in members(type(value))}
    attribute = draw(st.sampled_from(sorted(found)))
    return type(value)(**{**found, attribute: draw(spoilt(found[attribute]))})


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@settings(max_examples=150)
@given(data=st.data())
def test_what_botocore_refuses_is_refused(
    data: st.DataObject, operation: Operation[Any, Any], instances: Instances, plain: Callable[[Any], Any]
) -> None:
    value = data.draw(spoilt(data.draw(instances(operation.input))))
    assume(isinstance(value, operation.input))
    report = ParamValidator().validate(plain(value), SAGEMAKER.operation_model(operation.name).input_shape)
    if report.has_errors():
        assert problems(value) != {}, report.generate_report()


# ------------------------------------------------------------------------------------------------------ paths and words


def job(**changes: object) -> CreateCompilationJobRequest:
    valid: dict[str, Any] = {
        "compilation_job_name": "resnet50",
        "role_arn": ROLE_ARN + "Neo",
        "input_config": InputConfig(s3_uri="s3://bucket/model.tar.gz", framework=Framework.PYTORCH),
        "output_config": OutputConfig(s3_output_location="s3://bucket/out", target_device=TargetDevice.JETSON_NANO),
        "stopping_condition": StoppingCondition(max_runtime_in_seconds=900),
    }
    return CreateCompilationJobRequest(**{**valid, **changes})


def compile_for(device: Any) -> CreateCompilationJobRequest:
    return job(output_config=OutputConfig(s3_output_location="s3://bucket/out", target_device=device))


def trained_with(framework: Any) -> CreateCompilationJobRequest:
    return job(input_config=InputConfig(s3_uri="s3://bucket/model.tar.gz", framework=framework))


DEVICE = TargetDevice.JETSON_NANO
PLATFORM = TargetPlatform(os=TargetPlatformOs.LINUX, arch=TargetPlatformArch.ARM64)
EITHER_TARGET = "give exactly one of TargetDevice, TargetPlatform"
EITHER_MODEL = "give exactly one of InputConfig, ModelPackageVersionArn"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (job(), {}),
        (job(input_config=None, model_package_version_arn=PACKAGE_ARN + "m"), {}),
        (job(output_config=OutputConfig(s3_output_location="s3://b", target_platform=PLATFORM)), {}),
        (job(output_config=OutputConfig(s3_output_location="s3://b")),
         {"OutputConfig": f"{EITHER_TARGET}; none is given"}),
        (job(output_config=OutputConfig(s3_output_location="s3://b", target_device=DEVICE, target_platform=PLATFORM)),
         {"OutputConfig": f"{EITHER_TARGET}; TargetDevice and TargetPlatform are given"}),
        (job(input_config=None), {"": f"{EITHER_MODEL}; none is given"}),
        (job(model_package_version_arn=PACKAGE_ARN + "m"),
         {"": f"{EITHER_MODEL}; InputConfig and ModelPackageVersionArn are given"}),
        (compile_for("jetson_nanno"),
         {"OutputConfig.TargetDevice": "is 'jetson_nanno', which is none of lambda, ml_m4, ml_m5, ml_m6g, ml_c4, "
                                       "ml_c5, ml_c6g, ml_p2, ml_p3, ml_g4dn, …; did you mean 'jetson_nano'? "
                                       "for a value that is new at the service give TargetDevice(…)"}),
        (trained_with("pytorch"),
         {"InputConfig.Framework": "is 'pytorch', which is none of TENSORFLOW, KERAS, MXNET, ONNX, PYTORCH, "
                                   "XGBOOST, TFLITE, DARKNET, SKLEARN; did you mean 'PYTORCH'? "
                                   "for a value that is new at the service give Framework(…)"}),
        (compile_for(TargetDevice("new_device")), {}),
        (compile_for("ml_m5"), {}),
        (
            job(tags=[Tag(key="a", value=""), Tag(key="", value="b!"), {"Key": "a"}, None]),
            {
                "Tags[1].Key": "has 0 characters; it takes 1 to 128",
                "Tags[1].Value": r"is 'b!', which does not match [\p{L}\p{Z}\p{N}_.:/=+-@]*",
                "Tags[2]": "is an object; give an instance of Tag",
                "Tags[3]": "is None, in a list that is not sparse",
            },
        ),
        (
            job(vpc_config=NeoVpcConfig(security_group_ids=[], subnets=["subnet-1", "subnet_2"])),
            {
                "VpcConfig.SecurityGroupIds": "has 0 elements; it takes 1 to 5",
                "VpcConfig.Subnets[1]": "is 'subnet_2', which does not match [-0-9a-zA-Z]+",
            },
        ),
        (job(stopping_condition=StoppingCondition(max_runtime_in_seconds=True)),
         {"StoppingCondition.MaxRuntimeInSeconds": "is a boolean; give an int"}),
        (
            ListCompilationJobsRequest(max_results=101, creation_time_after=datetime(2026, 1, 31), name_contains="a b"),  # noqa: DTZ001  # the point of the test
            {
                "MaxResults": "is 101; it takes 1 to 100",
                "CreationTimeAfter": "is a naive datetime, which could mean any time zone; give it one, "
                                     "such as tzinfo=UTC",
                "NameContains": r"is 'a b', which does not match [a-zA-Z0-9\-]+",
            },
        ),
        (
            ListCompilationJobsRequest(creation_time_before=datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
            {"CreationTimeBefore": "is a datetime outside of the years 1 to 9999 in UTC"},
        ),
        (job(compilation_job_name="x" * 10_000), {"CompilationJobName": "has 10000 characters; it takes 1 to 63"}),
        (
            job(role_arn="y" * 2000),
            {"RoleArn": f"is {'y' * 60!r}…, which does not match {pattern_of(structures.RoleArn).regex}"},
        ),
        (job(compilation_job_name="a\ud800"),
         {"CompilationJobName": "has a lone surrogate, which UTF-8 cannot express"}),
    ],
)  # fmt: skip
def test_paths_and_messages(value: object, expected: dict[str, str]) -> None:
    assert problems(value) == expected


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputValidationError) as caught:
        validate(job(compilation_job_name="-", role_arn=None, tags=[Tag(key="", value="")], input_config=None))
    assert str(caught.value).splitlines() == [
        "CreateCompilationJobRequest has 4 problems, nothing was sent:",
        "- CompilationJobName: is '-', which does not match [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        "- RoleArn: is missing, and required",
        "- Tags[0].Key: has 0 characters; it takes 1 to 128",
        f"- {EITHER_MODEL}; none is given",
    ]
