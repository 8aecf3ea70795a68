"""The input of `create`: options, documents with AWS's member names, and both together."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest

from neo_wire import CreateCompilationJobRequest, InputValidationError
from neo_wire.cli.arguments import parser
from neo_wire.cli.create_input import create_input
from neo_wire.local import NeoService
from neo_wire.protocol.encoder import encode

Run = Callable[..., Any]

DOCUMENT: dict[str, Any] = {
    "CompilationJobName": "resnet50",
    "RoleArn": "arn:aws:iam::123456789012:role/neo",
    "InputConfig": {
        "S3Uri": "s3://models/resnet50.tar.gz",
        "DataInputConfig": '{"data": [1, 3, 224, 224]}',
        "Framework": "PYTORCH",
        "FrameworkVersion": "2.0",
    },
    "OutputConfig": {
        "S3OutputLocation": "s3://models/compiled/",
        "TargetPlatform": {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "NVIDIA"},
        "CompilerOptions": '{"gpu-code": "sm_72", "trt-ver": "8.0", "cuda-ver": "11.4"}',
        "KmsKeyId": "alias/neo",
    },
    "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1", "subnet-2"]},
    "StoppingCondition": {"MaxRuntimeInSeconds": 900, "MaxPendingTimeInSeconds": 1800},
    "Tags": [{"Key": "team", "Value": "vision"}],
}


def read(*arguments: str) -> CreateCompilationJobRequest:
    return create_input(parser().parse_args(["create", *arguments]))


def violations(*arguments: str) -> list[str]:
    with pytest.raises(InputValidationError) as caught:
        read(*arguments)
    return [str(violation) for violation in caught.value.violations]


def test_a_whole_document_is_sent_as_it_is() -> None:
    assert json.loads(encode(read("--cli-input-json", json.dumps(DOCUMENT)))) == DOCUMENT


def test_the_document_has_every_member_that_botocore_knows() -> None:
    """So the test above covers all members but the one that excludes InputConfig, and the two that exclude others."""
    client = boto3.client("sagemaker", region_name="eu-west-1")
    shape = client.meta.service_model.operation_model("CreateCompilationJob").input_shape
    assert set(shape.members) - set(DOCUMENT) == {"ModelPackageVersionArn"}
    for name, left_out in (
        ("InputConfig", set()),
        ("OutputConfig", {"TargetDevice"}),
        ("VpcConfig", set()),
        ("StoppingCondition", {"MaxWaitTimeInSeconds"}),
    ):
        assert set(shape.members[name].members) - set(DOCUMENT[name]) == left_out
    client.close()


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_document_in_a_file(tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "job.json"
    path.write_text("\ufeff" + json.dumps(DOCUMENT), "utf-8")  # some editors begin a file so
    assert read("--cli-input-json", f"{prefix}{path}").compilation_job_name == "resnet50"


def test_a_document_on_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(DOCUMENT).encode())))
    assert read("--cli-input-json", "-").compilation_job_name == "resnet50"


def test_options_override_members_of_the_document_and_leave_the_others() -> None:
    request = read(
        "--cli-input-json", json.dumps(DOCUMENT), "--name", "other", "--framework-version", "2.1",
        "--max-runtime", "60", "--target-platform", "android/arm64", "--tag", "a=b",
    )  # fmt: skip
    changed = json.loads(json.dumps(DOCUMENT))
    changed["CompilationJobName"] = "other"
    changed["InputConfig"]["FrameworkVersion"] = "2.1"
    changed["StoppingCondition"]["MaxRuntimeInSeconds"] = 60
    changed["OutputConfig"]["TargetPlatform"] = {"Os": "ANDROID", "Arch": "ARM64"}
    changed["Tags"] = [{"Key": "a", "Value": "b"}]
    assert json.loads(encode(request)) == changed


def test_all_that_is_wrong_is_said_at_once_unknown_members_too() -> None:
    document = {
        "CompilationJobName": "-resnet50",
        "RoleArn": 7,
        "InputConfig": {"S3Uri": "s3://models/resnet50.tar.gz", "FrameWork": "PYTORCH"},
        "OutputConfig": {"S3OutputLocation": "models", "TargetDevice": "ml_c55"},
        "Tags": [{"Key": "team", "Value": "vision"}, {"Key": "team", "Worth": 1}, 3],
        "VpcConfig": {"SecurityGroupIds": "sg-1", "Subnets": None},
    }
    found = violations("--cli-input-json", json.dumps(document))
    paths = {violation.partition(":")[0] for violation in found}
    assert paths == {
        "CompilationJobName",
        "RoleArn",
        "InputConfig.FrameWork",
        "InputConfig.Framework",
        "OutputConfig.S3OutputLocation",
        "OutputConfig.TargetDevice",
        "StoppingCondition",
        "Tags[1].Value",
        "Tags[1].Worth",
        "Tags[2]",
        "VpcConfig.SecurityGroupIds",
        "VpcConfig.Subnets",
    }
    assert "InputConfig.FrameWork: is no member of InputConfig; did you mean 'Framework'?" in found
    assert any("did you mean 'ml_c5'?" in violation for violation in found)


def test_nothing_given_names_everything_that_is_required() -> None:
    assert violations() == [
        "CompilationJobName: is missing, and required",
        "RoleArn: is missing, and required",
        "OutputConfig: is missing, and required",
        "StoppingCondition: is missing, and required",
        "give exactly one of InputConfig, ModelPackageVersionArn; none is given",
    ]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "--cli-input-json is not JSON: "),
        ("[1]", "'[1]' cannot be read: "),
        ('{"a": ' * 100_000, "--cli-input-json is not JSON: "),
        ("/nowhere/job.json", "'/nowhere/job.json' cannot be read: No such file or directory"),
        ("/", "'/' cannot be read: Is a directory"),
    ],
)
def test_a_document_that_is_none(run: Run, document: str, message: str) -> None:
    outcome = run("create", "--cli-input-json", document)
    assert outcome.status == 252
    assert outcome.err.startswith(f"neo-wire: {message}")
    assert outcome.err.count("\n") == 1


def test_a_file_that_is_no_object_or_no_text(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "job.json"
    path.write_text("[]")
    assert run("create", "--cli-input-json", str(path)).err == "neo-wire: --cli-input-json is JSON, but not an object\n"
    path.write_bytes(b"\xff\xfe{")
    assert run("create", "--cli-input-json", str(path)).err == f"neo-wire: {str(path)!r} is not UTF-8 text\n"


def test_violations_are_one_line_and_nothing_is_sent(run: Run, raw_server: Callable[..., Any]) -> None:
    server = raw_server(b"")
    outcome = run("create", "--name", "my job", "--endpoint-url", server.url)
    assert outcome.status == 252
    assert outcome.out == ""
    assert outcome.err == (
        "neo-wire: InputValidationError: CreateCompilationJobRequest has 5 problems, nothing was sent: "
        "CompilationJobName: is 'my job', which does not match [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}; "
        "RoleArn: is missing, and required; OutputConfig: is missing, and required; StoppingCondition: is missing, and "
        "required; give exactly one of InputConfig, ModelPackageVersionArn; none is given\n"
    )
    assert server.requests == []


def test_no_validate_sends_a_device_that_is_new(create: Run, service: NeoService) -> None:
    assert create("resnet50", "--target-device", "ml_c9").status == 252
    sent = create("resnet50", "--target-device", "ml_c9", "--no-validate")
    assert sent.status == 254  # the local service does not know it either, but it was asked
    assert sent.err.startswith("neo-wire: ValidationException from CreateCompilationJob: ")
    assert "ml_c9" in sent.err


def test_texts_come_from_files(tmp_path: Path) -> None:
    shapes, options = tmp_path / "shapes.json", tmp_path / "options.json"
    shapes.write_text('{"data": [1, 3, 224, 224]}')
    options.write_text('{"dtype": "float32"}')
    request = read(
        "--cli-input-json", json.dumps(DOCUMENT), "--data-input-config", f"file://{shapes}",
        "--compiler-options", f"file://{options}",
    )  # fmt: skip
    assert request.input_config is not None
    assert request.input_config.data_input_config == '{"data": [1, 3, 224, 224]}'
    assert request.output_config.compiler_options == '{"dtype": "float32"}'
