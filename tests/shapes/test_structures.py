"""Every structure of Neo against botocore's model of SageMaker, member by member from the five operations down."""

from __future__ import annotations

import copy
import itertools
import pickle
import re
import typing
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.members import Kind, Schema, members
from neo_wire.schema import Characters, Pattern, is_shape
from neo_wire.service import Operation, ResponseMetadata
from neo_wire.shapes import operations, structures
from neo_wire.shapes.enums import CompilationJobStatus

OPERATIONS: list[Operation[Any, Any]] = [
    getattr(operations, name) for name in vars(operations)["__all__"] if name != "SAGEMAKER"
]
MODEL: Any = botocore.session.get_session().get_service_model("sagemaker")
KINDS = {
    "string": Kind.STRING,
    "integer": Kind.INTEGER,
    "timestamp": Kind.TIMESTAMP,
    "list": Kind.LIST,
    "structure": Kind.STRUCTURE,
}
# Where our pattern is written differently from the model's, with the reason; each is proven equal further down.
OTHER_PATTERNS = {
    "S3Uri": "the model's can match each character of the host in two ways, which invites backtracking",
    "TagKey": r"Python's re has no \p{L}",
    "TagValue": r"Python's re has no \p{L}",
}
# Required by the model, yet left out by servers; so they are required here, and None is a value of theirs.
REQUIRED_BUT_MISSING = {
    "DescribeCompilationJobResponse.failure_reason": "null, rather than empty, for a job that has not failed",
    "DescribeCompilationJobResponse.model_artifacts": "null until there is a compiled model",
    "DescribeCompilationJobResponse.input_config": "null for a job that was made from a model package",
}


def pairs() -> Iterator[tuple[str, type, Any]]:
    """Every structure that the operations reach, ours and the model's, by its path; each class once."""
    seen: set[type] = set()

    def walk(path: str, cls: type, shape: Any) -> Iterator[tuple[str, type, Any]]:
        if cls in seen:
            return
        seen.add(cls)
        yield path, cls, shape
        for member in members(cls):
            schema, modelled = member.schema, shape.members[member.wire_name]
            if schema.kind is Kind.LIST:
                assert schema.element is not None
                schema, modelled = schema.element, modelled.member
            if schema.kind is Kind.STRUCTURE:
                yield from walk(f"{path}.{member.wire_name}", schema.python, modelled)

    for operation in OPERATIONS:
        modelled = MODEL.operation_model(operation.name)
        yield from walk(operation.name, operation.input, modelled.input_shape)
        if modelled.output_shape is not None:
            yield from walk(operation.name, operation.output, modelled.output_shape)


STRUCTURES = list(pairs())
by_path = pytest.mark.parametrize(
    ("cls", "shape"), [(cls, shape) for _, cls, shape in STRUCTURES], ids=[path for path, _, _ in STRUCTURES]
)


def assert_same(schema: Schema, shape: Any, path: str) -> None:
    enum = list(getattr(shape, "enum", []))
    assert schema.kind is (Kind.ENUM if enum else KINDS[shape.type_name]), path
    traits = dict(shape.metadata)
    if enum:
        assert [member.value for member in schema.python] == traits.pop("enum") == enum, path  # type: ignore[attr-defined]  # of an ENUM it is an Enum
    traits.pop("required", None)  # compared where the members are
    low, high, pattern = (traits.pop(name, None) for name in ("min", "max", "pattern"))
    assert not traits, f"{path}: the model says more than is compared here"
    bounded = (low, high) != (None, None)
    if schema.kind is Kind.INTEGER:
        assert schema.bits == 32, path
        assert (schema.range and attrs.astuple(schema.range)) == ((low, high) if bounded else None), path
    else:
        assert (schema.length and attrs.astuple(schema.length)) == ((low or 0, high) if bounded else None), path
    if shape.name not in OTHER_PATTERNS:
        assert (schema.pattern and schema.pattern.regex) == pattern, path
    assert schema.timestamp_format is None, path
    assert not schema.sensitive, path
    assert not schema.sparse, path
    if schema.kind is Kind.LIST:
        assert schema.element is not None
        assert_same(schema.element, shape.member, f"{path}[]")


@by_path
def test_a_structure_has_the_models_members_and_no_others(cls: type, shape: Any) -> None:
    assert {member.wire_name for member in members(cls)} == set(shape.members)
    assert not any(modelled.serialization for modelled in shape.members.values())  # so the member's name is the key
    for member in members(cls):
        assert_same(member.schema, shape.members[member.wire_name], f"{cls.__name__}.{member.attribute}")


@by_path
def test_a_member_is_required_when_the_model_says_so(cls: type, shape: Any) -> None:
    assert {member.wire_name for member in members(cls) if member.required} == set(shape.required_members)


@by_path
def test_a_structure_has_the_models_name_and_a_docstring(cls: type, shape: Any) -> None:
    assert cls.__name__ == shape.name
    assert cls.__doc__


def test_every_structure_of_the_module_was_reached() -> None:
    declared = {one for name in vars(structures)["__all__"] if is_shape(one := getattr(structures, name))}
    assert {cls for _, cls, _ in STRUCTURES} == declared


def test_only_the_listed_members_are_required_and_yet_may_be_none() -> None:
    found = set()
    for _, cls, _ in STRUCTURES:
        shape: type[attrs.AttrsInstance] = cls
        hints = typing.get_type_hints(shape)
        found |= {
            f"{cls.__name__}.{one.name}"
            for one in attrs.fields(shape)
            if one.default is attrs.NOTHING and type(None) in typing.get_args(hints[one.name])
        }
    assert found == set(REQUIRED_BUT_MISSING)


def test_the_either_or_rules() -> None:
    rules = {cls.__name__: cls.__dict__["__shape_traits__"].exactly_one_of for _, cls, _ in STRUCTURES}
    assert {name: groups for name, groups in rules.items() if groups} == {
        "CreateCompilationJobRequest": (("input_config", "model_package_version_arn"),),
        "OutputConfig": (("target_device", "target_platform"),),
    }


# ----------------------------------------------------------------------------------------- patterns written differently


def pattern_of(alias: object) -> Pattern | Characters:
    return next(one for one in typing.get_args(alias) if isinstance(one, Pattern | Characters))


def model_pattern(name: str) -> str:
    pattern: str = MODEL.shape_for(name).metadata["pattern"]
    return pattern


S3_MODEL = re.compile(model_pattern("S3Uri"), re.ASCII)
S3_OURS = pattern_of(structures.S3Uri)
near_s3_uris = (
    st.from_regex(S3_MODEL, fullmatch=True)
    | st.from_regex(S3_OURS.regex, fullmatch=True)
    | st.builds(
        "{}://{}".format, st.sampled_from(["s3", "https", "http", "S3", ""]), st.text("/ab.\n\u2028é", max_size=8)
    )
)


@given(near_s3_uris)
def test_the_s3_uri_pattern_equals_the_models(text: str) -> None:
    assert S3_OURS.matches(text) == (S3_MODEL.fullmatch(text) is not None)


def test_the_s3_uri_pattern_equals_the_models_on_every_short_string() -> None:
    outcomes = set()
    for length in range(6):
        for characters in itertools.product("s3:/a\n", repeat=length):
            for prefix in ("s3:/", "https://"):
                text = prefix + "".join(characters)
                outcomes.add(S3_OURS.matches(text))
                assert S3_OURS.matches(text) == (S3_MODEL.fullmatch(text) is not None), text
    assert outcomes == {True, False}


@pytest.mark.parametrize("name", ["TagKey", "TagValue"])
def test_the_tag_pattern_equals_the_models_on_every_code_point(name: str) -> None:
    whole = re.fullmatch(r"\(\[(.*)\]\*\)", model_pattern(name))
    assert whole is not None
    categories = set(re.findall(r"\\p\{(\w)\}", whole[1]))
    literal = set(re.sub(r"\\p\{\w\}", "", whole[1]).replace("\\", ""))
    ours = pattern_of(getattr(structures, name))
    for code_point in range(0x110000):
        character = chr(code_point)
        expected = character in literal or unicodedata.category(character)[0] in categories
        assert ours.matches(character) == expected, hex(code_point)
    assert ours.matches("")
    assert not ours.matches("a\n")


# The slowest inputs that each pattern has, far beyond the length that its shape allows: linear work is milliseconds,
# quadratic work (10 000 000 000 steps) would be minutes, and what backtracks would never come to an end.
@pytest.mark.parametrize(
    ("name", "begin", "repeated", "end"),
    [
        ("EntityName", "", "a", "_"),
        ("EntityName", "a", "-", ""),
        ("EntityName", "", "a-", ""),
        ("CompilationJobArn", "arn:aws", "-", ""),
        ("CompilationJobArn", "arn:aws:sagemaker:", "a", ""),
        ("CompilationJobArn", "arn:aws:sagemaker::123456789012:compilation-job/", "x", "\n"),
        ("RoleArn", "arn:aws", "-", ""),
        ("RoleArn", "arn:aws:iam::123456789012:role", "/", "\n"),
        ("ModelPackageArn", "arn:aws:sagemaker:eu-west-1:123456789012:model-package/", "x", " "),
        ("S3Uri", "s3://", "a", "/\n"),
        ("S3Uri", "s3://", "a/", "\n"),
        ("S3Uri", "s3://", "/", ""),
        ("FrameworkVersion", "1.", ".", "!"),
        ("CompilerOptions", "", "{", "\n"),
        ("KmsKeyId", "", "a:/", "!"),
        ("ArtifactDigest", "", ":a", "!"),
        ("NeoVpcSubnetId", "", "-a", "!"),
        ("NextToken", "", "=", "\n"),
        ("NameContains", "", "a-", "!"),
        ("TagValue", "", "é", "!"),
    ],
)
def test_no_input_makes_a_pattern_backtrack(name: str, begin: str, repeated: str, end: str) -> None:
    assert not pattern_of(getattr(structures, name)).matches(begin + repeated * 100_000 + end)


# ------------------------------------------------------------------------------------------------------------ as values


def summary() -> structures.CompilationJobSummary:
    return structures.CompilationJobSummary(
        compilation_job_name="resnet50",
        compilation_job_arn="arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/resnet50",
        creation_time=datetime(2026, 1, 31, tzinfo=UTC),
        compilation_job_status=CompilationJobStatus.STARTING,
    )


def test_a_structure_is_a_frozen_value() -> None:
    one = summary()
    assert one == summary()
    assert hash(one) == hash(summary())
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301  # our own bytes
    assert copy.copy(one) == copy.deepcopy(one) == one
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        one.compilation_job_name = "other"  # type: ignore[misc]  # the point of the test


def test_the_metadata_of_a_response_does_not_enter_equality() -> None:
    page, other = (
        structures.ListCompilationJobsResponse(
            compilation_job_summaries=[summary()], response_metadata=ResponseMetadata(200, request_id)
        )
        for request_id in ("one", "two")
    )
    assert (page, hash(page)) == (other, hash(other))
    assert page.response_metadata != other.response_metadata
    assert "response_metadata" not in repr(page)
