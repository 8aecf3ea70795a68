"""Creating a job once: what is adopted, what differs, and what becomes of lost answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire import (
    AccessDenied,
    CreateCompilationJobRequest,
    DescribeCompilationJobResponse,
    Framework,
    HttpResponse,
    InputConfig,
    InputValidationError,
    OutputConfig,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ServerError,
    StoppingCondition,
    Tag,
    TargetDevice,
    TargetPlatform,
    TargetPlatformAccelerator,
    TargetPlatformArch,
    TargetPlatformOs,
)
from neo_wire.jobs.create_or_get import compare
from neo_wire.jobs.outcomes import JobDiffers
from neo_wire.local import Timeline
from neo_wire.protocol.decoder import decode
from neo_wire.protocol.encoder import encode
from neo_wire.shapes.structures import NeoVpcConfig

CREATE = "create_or_get_compilation_job"


def changed(inputs: dict[str, Any], member: str, **values: object) -> dict[str, Any]:
    return {**inputs, member: attrs.evolve(inputs[member], **values)}


def test_a_job_is_created_once_and_then_found(world: Any, job_inputs: dict[str, Any]) -> None:
    first = world.call(CREATE, "job", **job_inputs)
    assert (first.created, first.job, first.compilation_job_name) == (True, None, "job")
    second = world.call(CREATE, "job", **job_inputs)
    assert (second.created, second.filled_in) == (False, ())
    assert second.compilation_job_arn == first.compilation_job_arn == second.job.compilation_job_arn
    assert [operation for _, operation in world.service.requests] == [
        "CreateCompilationJob",
        "CreateCompilationJob",
        "DescribeCompilationJob",
    ]


def test_a_job_that_failed_is_adopted_too(make_world: Any, job_inputs: dict[str, Any]) -> None:
    world = make_world(timeline=Timeline(starting=0, in_progress=0, outcome="FAILED"))
    world.create("job")
    assert world.call(CREATE, "job", **job_inputs).job.compilation_job_status == "FAILED"


def test_other_inputs_are_an_error_with_each_difference(world: Any, job_inputs: dict[str, Any]) -> None:
    world.create("job")
    other = changed(job_inputs, "input_config", framework=Framework.KERAS)
    other = changed(
        other,
        "output_config",
        target_device=None,
        target_platform=TargetPlatform(
            os=TargetPlatformOs.LINUX, arch=TargetPlatformArch.ARM64, accelerator=TargetPlatformAccelerator.NVIDIA
        ),
        kms_key_id="alias/key",
    )
    other = changed(other, "stopping_condition", max_runtime_in_seconds=900)
    other["vpc_config"] = NeoVpcConfig(security_group_ids=["sg-1"], subnets=["subnet-1"])
    other["role_arn"] = "arn:aws:iam::123456789012:role/other"
    with pytest.raises(JobDiffers) as caught:
        world.call(CREATE, "job", **other)
    assert [tuple(one) for one in caught.value.differences] == [
        ("RoleArn", "arn:aws:iam::123456789012:role/other", "arn:aws:iam::123456789012:role/neo"),
        ("OutputConfig.TargetDevice", None, "jetson_nano"),
        ("OutputConfig.TargetPlatform.Os", "LINUX", None),
        ("OutputConfig.TargetPlatform.Arch", "ARM64", None),
        ("OutputConfig.TargetPlatform.Accelerator", "NVIDIA", None),
        ("OutputConfig.KmsKeyId", "alias/key", None),
        ("StoppingCondition.MaxRuntimeInSeconds", 900, 7200),
        ("InputConfig.Framework", "KERAS", "ONNX"),
        ("VpcConfig.SecurityGroupIds", ("sg-1",), None),
        ("VpcConfig.Subnets", ("subnet-1",), None),
    ]
    assert caught.value.job.compilation_job_name == caught.value.name == "job"
    assert "OutputConfig.KmsKeyId: asked for 'alias/key', the job has nothing" in str(caught.value)


def test_what_the_job_has_and_nobody_asked_for_differs_unless_the_service_fills_it_in(
    world: Any, job_inputs: dict[str, Any]
) -> None:
    rich = changed(job_inputs, "input_config", framework_version="1.8")
    world.create("job", **rich)
    plain = changed(job_inputs, "input_config", data_input_config=None)
    plain["stopping_condition"] = StoppingCondition()
    found = world.call(CREATE, "job", **plain)
    assert {(one.path, one.found) for one in found.filled_in} == {
        ("InputConfig.DataInputConfig", '{"data":[1,3,224,224]}'),
        ("InputConfig.FrameworkVersion", "1.8"),
        ("StoppingCondition.MaxRuntimeInSeconds", 7200),
    }
    world.create("other", **changed(job_inputs, "output_config", compiler_options='{"dtype":"int64"}'))
    with pytest.raises(JobDiffers, match=r"OutputConfig\.CompilerOptions: asked for nothing"):
        world.call(CREATE, "other", **job_inputs)


def test_what_means_the_same_does_not_differ(world: Any, job_inputs: dict[str, Any]) -> None:
    inputs = changed(job_inputs, "input_config", data_input_config='{"a":[1,2],"b":[3]}')
    inputs = changed(inputs, "output_config", compiler_options='{"gpu-code":"sm_72","trt-ver":"6.0.1"}')
    inputs["vpc_config"] = NeoVpcConfig(security_group_ids=["sg-1", "sg-2"], subnets=["a", "b"])
    world.create("job", **inputs)
    again = changed(inputs, "input_config", data_input_config='{ "b": [3], "a": [1, 2] }')
    again = changed(again, "output_config", compiler_options='{"trt-ver": "6.0.1", "gpu-code": "sm_72"}')
    again["vpc_config"] = NeoVpcConfig(security_group_ids=["sg-2", "sg-1"], subnets=["b", "a"])
    assert world.call(CREATE, "job", **again).filled_in == ()
    for text in ('{"a":[1,2],"b":[4]}', "not json", "[" * 10_000):
        with pytest.raises(JobDiffers):
            world.call(CREATE, "job", **changed(again, "input_config", data_input_config=text))


def test_tags_are_not_compared(world: Any, job_inputs: dict[str, Any]) -> None:
    world.create("job", tags=[Tag(key="team", value="a")])
    assert not world.call(CREATE, "job", **job_inputs, tags=[Tag(key="team", value="b")]).created


def lose_answers(world: Any, *statuses: int, before: bool = False) -> None:
    """Let the next answers to Create be lost, after the service acted on the request, or before."""
    left = list(statuses)

    def tamper(operation: str, response: HttpResponse) -> HttpResponse:
        if operation.startswith("Create") and left:
            answer: HttpResponse = world.service.refusal(ServerError("lost", status=left.pop(0)))
            return answer
        return response

    if before:
        world.service.script(*(ServerError("lost", status=status) for status in statuses))
    else:
        world.service.tamper = tamper


def test_a_lost_answer_is_cleared_up_by_looking(world: Any, job_inputs: dict[str, Any]) -> None:
    lose_answers(world, 503)
    found = world.call(CREATE, "job", **job_inputs)
    assert (found.created, found.job.compilation_job_name) == (False, "job")


def test_a_request_that_never_arrived_is_sent_again(world: Any, job_inputs: dict[str, Any]) -> None:
    lose_answers(world, 500, before=True)
    assert world.call(CREATE, "job", **job_inputs).created
    assert [operation[:6] for _, operation in world.service.requests] == ["Create", "Descri", "Create"]
    assert world.clock.seconds > 0  # it paused between


def test_a_service_that_is_out_raises_what_create_met(world: Any, job_inputs: dict[str, Any]) -> None:
    world.service.script(ServerError("create", status=503), AccessDenied("describe", status=403))
    with pytest.raises(ServerError, match="create") as caught:
        world.call(CREATE, "job", **job_inputs)
    assert isinstance(caught.value.__cause__, AccessDenied)
    world.service.script(*[ServerError("create", status=503), ResourceNotFound("none")] * 3)
    with pytest.raises(ServerError, match="create"):
        world.call(CREATE, "job", **job_inputs)


def test_a_job_that_is_deleted_between_is_created_anew(world: Any, job_inputs: dict[str, Any]) -> None:
    world.service.script(ResourceInUse("taken"), ResourceNotFound("gone"))
    assert world.call(CREATE, "job", **job_inputs).created


def test_a_name_that_comes_and_goes_is_given_up(world: Any, job_inputs: dict[str, Any]) -> None:
    world.service.script(*[ResourceInUse("taken"), ResourceNotFound("gone")] * 10)
    with pytest.raises(ResourceInUse):
        world.call(CREATE, "job", **job_inputs)
    assert len(world.service.requests) == 6


@pytest.mark.parametrize("error", [ResourceLimitExceeded("5"), AccessDenied("no", status=403)])
def test_a_refusal_is_raised_without_a_look(world: Any, job_inputs: dict[str, Any], error: Exception) -> None:
    world.service.script(error)
    with pytest.raises(type(error)):
        world.call(CREATE, "job", **job_inputs)
    assert len(world.service.requests) == 1


def test_bad_inputs_are_refused_before_anything_is_sent(world: Any, job_inputs: dict[str, Any]) -> None:
    with pytest.raises(InputValidationError):
        world.call(CREATE, "bad name!", **job_inputs)
    assert world.service.requests == []


def test_moto_too(mode: Any, moto_url: str, job_inputs: dict[str, Any]) -> None:
    client = {"endpoint_url": moto_url, "region": "ap-northeast-2"}
    name = f"once-{mode.name}"
    try:
        assert mode.call(CREATE, name, client=client, **job_inputs).created
        assert not mode.call(CREATE, name, client=client, **job_inputs).created
        other = changed(job_inputs, "output_config", target_device=TargetDevice.ML_C5)
        with pytest.raises(JobDiffers, match="TargetDevice"):
            mode.call(CREATE, name, client=client, **other)
    finally:
        mode.call("delete_compilation_job", name, client=client)


# ------------------------------------------------------------------------------------------------------- the comparison

PACKAGE = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/m/1"


def request(**members: Any) -> CreateCompilationJobRequest:
    return CreateCompilationJobRequest(
        **{
            "compilation_job_name": "job",
            "role_arn": "arn:aws:iam::123456789012:role/neo",
            "output_config": OutputConfig(s3_output_location="s3://b/o", target_device=TargetDevice.LAMBDA),
            "stopping_condition": StoppingCondition(),
            **members,
        }
    )


def described(request: CreateCompilationJobRequest, **members: object) -> DescribeCompilationJobResponse:
    """What Describe would tell of a job from a request, with other members in AWS's spelling."""
    body = {**json.loads(encode(request)), **members}
    return decode(DescribeCompilationJobResponse, body)


def test_what_comes_from_a_model_package_is_filled_in(make_world: Callable[..., Any]) -> None:
    world = make_world()
    inputs = {
        "role_arn": "arn:aws:iam::123456789012:role/neo",
        "output_config": OutputConfig(s3_output_location="s3://b/o", target_device=TargetDevice.LAMBDA),
        "stopping_condition": StoppingCondition(),
        "model_package_version_arn": PACKAGE,
    }
    world.call("create_compilation_job", "job", **inputs)

    def tamper(operation: str, response: HttpResponse) -> HttpResponse:
        if not operation.startswith("Describe"):
            return response
        body = json.loads(response.body) | {"InputConfig": {"S3Uri": "s3://b/m.tar.gz", "Framework": "XGBOOST"}}
        content = json.dumps(body).encode()
        return HttpResponse(200, (("content-length", str(len(content))),), content, "")

    world.service.tamper = tamper
    found = world.call(CREATE, "job", **inputs)
    assert {one.path for one in found.filled_in} == {"InputConfig.S3Uri", "InputConfig.Framework"}
    with pytest.raises(JobDiffers, match="ModelPackageVersionArn"):
        world.call(CREATE, "job", **{**inputs, "model_package_version_arn": PACKAGE[:-1] + "2"})


def test_an_empty_text_or_structure_is_nothing() -> None:
    asked = request(model_package_version_arn=PACKAGE)
    output = {"S3OutputLocation": "s3://b/o", "TargetDevice": "lambda", "KmsKeyId": "", "TargetPlatform": {}}
    job = described(asked, OutputConfig=output, VpcConfig={"SecurityGroupIds": [], "Subnets": []}, InputConfig={})
    assert compare(asked, job) == []


def test_an_answer_without_required_members_differs_and_breaks_nothing() -> None:
    asked = request(model_package_version_arn=PACKAGE)
    job = decode(DescribeCompilationJobResponse, {"CompilationJobName": "job"})
    assert {one.path for one in compare(asked, job)} == {
        "RoleArn",
        "OutputConfig.S3OutputLocation",
        "OutputConfig.TargetDevice",
        "ModelPackageVersionArn",
    }


@given(
    st.one_of(
        st.none(),
        st.builds(
            InputConfig,
            s3_uri=st.sampled_from(["s3://b/a", "s3://b/b"]),
            framework=st.sampled_from(list(Framework)),
            data_input_config=st.sampled_from([None, "{}", '{"a":1}', "text"]),
            framework_version=st.sampled_from([None, "1.8"]),
        ),
    ),
    st.builds(
        OutputConfig,
        s3_output_location=st.just("s3://b/o"),
        target_device=st.sampled_from([None, TargetDevice.LAMBDA]),
        compiler_options=st.sampled_from([None, "{}", '{"a":1}']),
        kms_key_id=st.sampled_from([None, "k"]),
    ),
    st.builds(StoppingCondition, max_runtime_in_seconds=st.sampled_from([None, 900])),
)
def test_a_job_never_differs_from_its_own_request(
    input_config: InputConfig | None, output_config: OutputConfig, stopping_condition: StoppingCondition
) -> None:
    asked = request(
        input_config=input_config, output_config=output_config, stopping_condition=stopping_condition, tags=[]
    )
    assert compare(asked, described(asked)) == []
