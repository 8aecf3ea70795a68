from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ServiceError, ValidationException
from neo_wire.local.inputs import read_input
from neo_wire.shapes.enums import ListCompilationJobsSortBy, TargetDevice
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    DescribeCompilationJobRequest,
    ListCompilationJobsRequest,
)


def refusal(cls: type, body: bytes) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        read_input(cls, body)
    return caught.value


def test_reads_a_valid_input(create_input: Callable[..., dict[str, Any]]) -> None:
    body = create_input("job", Tags=[{"Key": "team", "Value": "vision"}], NotOfTheModel=1)
    request = read_input(CreateCompilationJobRequest, json.dumps(body).encode())
    assert request.compilation_job_name == "job"
    assert request.output_config.target_device is TargetDevice.JETSON_NANO
    assert request.tags is not None
    assert request.tags[0].key == "team"


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"MaxResults":null}', b"\xef\xbb\xbf{}"])
def test_no_members_are_an_input_too(body: bytes) -> None:
    assert read_input(ListCompilationJobsRequest, body) == ListCompilationJobsRequest()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "not JSON"),
        (b"<html>", "not JSON"),
        (b"null", "null where an object belongs"),
        (b"[]", "a list where an object belongs"),
        (b'"job"', "a string where an object belongs"),
        (b'{"CompilationJobName": "\xff"}', "not UTF-8"),
        (b'{"CompilationJobName": 5}', "CompilationJobName: a number where a string belongs"),
        (b'{"OutputConfig": {"TargetPlatform": [1]}}', "OutputConfig.TargetPlatform: a list where an object belongs"),
        (b'{"Tags": [{"Key": "a", "Value": true}]}', "Tags[0].Value: a boolean where a string belongs"),
        (b'{"StoppingCondition": {"MaxRuntimeInSeconds": 2147483648}}', "MaxRuntimeInSeconds: a number beyond 32 bits"),
        (b'{"StoppingCondition": {"MaxRuntimeInSeconds": 1.5}}', "a number with a fraction"),
        (b'{"A":' * 60_000 + b"1" + b"}" * 60_000, "nested too deeply"),
        (b'{"A": NaN}', "not JSON"),
    ],
    ids=range(13),
)
def test_what_is_no_input_is_a_serialization_exception(body: bytes, says: str) -> None:
    error = refusal(CreateCompilationJobRequest, body)
    assert (error.code, error.status) == ("SerializationException", 400)
    assert says in error.message


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"CompilationJobName": None}, "CompilationJobName: is missing, and required"),
        ({"CompilationJobName": "-a"}, "CompilationJobName: is '-a', which does not match"),
        ({"CompilationJobName": "a" * 64}, "CompilationJobName: has 64 characters; it takes 1 to 63"),
        ({"RoleArn": "role"}, "RoleArn: has 4 characters; it takes 20 to 2048"),
        ({"InputConfig": None}, "give exactly one of InputConfig, ModelPackageVersionArn; none is given"),
        (
            {"ModelPackageVersionArn": "arn:aws:sagemaker:eu-west-1:123456789012:model-package/m/1"},
            "give exactly one of InputConfig, ModelPackageVersionArn; InputConfig and ModelPackageVersionArn are given",
        ),
        (
            {"OutputConfig": {"S3OutputLocation": "s3://b/o"}},
            "OutputConfig: give exactly one of TargetDevice, TargetPlatform; none is given",
        ),
        (
            {
                "OutputConfig": {
                    "S3OutputLocation": "s3://b/o",
                    "TargetDevice": "ml_c5",
                    "TargetPlatform": {"Os": "LINUX", "Arch": "ARM64"},
                }
            },
            "OutputConfig: give exactly one of TargetDevice, TargetPlatform; TargetDevice and TargetPlatform are given",
        ),
        (
            {"OutputConfig": {"S3OutputLocation": "s3://b/o", "TargetDevice": "toaster"}},
            "OutputConfig.TargetDevice: is 'toaster', which is none of [lambda, ml_m4, ",
        ),
        (
            {"OutputConfig": {"S3OutputLocation": "s3://b/o", "TargetPlatform": {"Os": "linux", "Arch": "X86"}}},
            "OutputConfig.TargetPlatform.Os: is 'linux', which is none of [ANDROID, LINUX]",
        ),
        ({"StoppingCondition": {"MaxRuntimeInSeconds": 0}}, "MaxRuntimeInSeconds: is 0; it takes 1 to 2147483647"),
        ({"VpcConfig": {"Subnets": ["s"]}}, "VpcConfig.SecurityGroupIds: has 0 elements; it takes 1 to 5"),
        ({"Tags": [{"Key": "a", "Value": "b"}] * 51}, "Tags: has 51 elements; it takes 0 to 50"),
        ({"Tags": [{"Key": "a!", "Value": "b"}]}, "Tags[0].Key: is 'a!'"),
        ({"RoleArn": "arn:aws:iam::123456789012:role/\ud800"}, "RoleArn: has a lone surrogate"),
    ],
)
def test_a_broken_rule_is_a_validation_exception(
    create_input: Callable[..., dict[str, Any]], changed: dict[str, Any], says: str
) -> None:
    error = refusal(CreateCompilationJobRequest, json.dumps(create_input(**changed)).encode())
    assert isinstance(error, ValidationException)
    assert error.status == 400
    assert error.message.startswith("1 validation error detected: ")
    assert says in error.message


def test_all_that_is_wrong_is_said_at_once() -> None:
    message = refusal(CreateCompilationJobRequest, b'{"CompilationJobName": "bad name!"}').message
    assert message.startswith("5 validation errors detected: ")
    for member in ("CompilationJobName: is 'bad name!'", "RoleArn: ", "OutputConfig: ", "StoppingCondition: ", "none"):
        assert member in message


def test_an_unknown_order_or_status_is_refused() -> None:
    body = {"SortBy": "Age", "StatusEquals": "x" * 1000}
    message = refusal(ListCompilationJobsRequest, json.dumps(body).encode()).message
    assert message.startswith("2 validation errors detected: ")
    assert f"SortBy: is 'Age', which is none of [{', '.join(ListCompilationJobsSortBy)}]" in message
    assert len(message) < 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
MEMBERS = st.sampled_from(
    [
        "CompilationJobName",
        "RoleArn",
        "InputConfig",
        "OutputConfig",
        "StoppingCondition",
        "VpcConfig",
        "Tags",
        "Os",
        "S3Uri",
        "Framework",
        "Subnets",
        "Key",
        "TargetPlatform",
        "TargetDevice",
        "MaxRuntimeInSeconds",
        "NextToken",
        "CreationTimeAfter",
        "StatusEquals",
        "MaxResults",
    ]
)
NEARLY = st.recursive(JSON, lambda inner: st.dictionaries(MEMBERS, inner) | st.lists(inner), max_leaves=15)


@given(
    cls=st.sampled_from([CreateCompilationJobRequest, DescribeCompilationJobRequest, ListCompilationJobsRequest]),
    body=st.binary() | NEARLY.map(lambda value: json.dumps(value).encode()),
)
def test_any_body_is_an_input_or_one_of_two_errors(cls: type, body: bytes) -> None:
    result: object
    try:
        result = read_input(cls, body)
    except ServiceError as error:
        result = error.code
    assert isinstance(result, cls) or result in ("SerializationException", "ValidationException")
