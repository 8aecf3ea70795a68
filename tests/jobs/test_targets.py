"""Targets: one choice, checked by name, and what comes of it accepted by our validation and by botocore's."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.jobs.targets import Target
from neo_wire.protocol.validation import validate
from neo_wire.shapes.enums import TargetDevice, TargetPlatformAccelerator, TargetPlatformArch, TargetPlatformOs
from neo_wire.shapes.structures import OutputConfig, TargetPlatform

MODEL: Any = botocore.session.get_session().get_service_model("sagemaker")
DEVICES = st.sampled_from(TargetDevice).map(Target.device)
PLATFORMS = st.builds(
    Target.platform,
    os=st.sampled_from(TargetPlatformOs),
    arch=st.sampled_from(TargetPlatformArch),
    accelerator=st.none() | st.sampled_from(TargetPlatformAccelerator),
)
TARGETS = DEVICES | PLATFORMS


def on_the_wire(config: OutputConfig) -> dict[str, Any]:
    wire: dict[str, Any] = {"S3OutputLocation": config.s3_output_location}
    if config.target_device is not None:
        wire["TargetDevice"] = str(config.target_device)
    if config.target_platform is not None:
        parts = {"Os": config.target_platform.os, "Arch": config.target_platform.arch}
        wire["TargetPlatform"] = {name: str(part) for name, part in parts.items()}
        if config.target_platform.accelerator is not None:
            wire["TargetPlatform"]["Accelerator"] = str(config.target_platform.accelerator)
    return wire


@given(TARGETS)
def test_an_output_config_has_exactly_one_of_device_and_platform_and_everybody_accepts_it(target: Target) -> None:
    config = target.output_config("s3://models/compiled")
    validate(config)
    assert (config.target_device is None) != (config.target_platform is None)
    wire = on_the_wire(config)
    report = ParamValidator().validate(wire, MODEL.shape_for("OutputConfig"))
    assert not report.has_errors(), report.generate_report()
    assert Target.of(config) == target


@given(TARGETS)
def test_a_target_is_read_back_from_its_text_in_any_case(target: Target) -> None:
    assert Target.parse(str(target)) == target
    assert Target.parse(str(target).swapcase()) == target
    assert hash(Target.parse(str(target))) == hash(target)


def test_the_text_is_the_devices_name_or_the_platforms_parts() -> None:
    assert str(Target.device("jetson_xavier")) == "jetson_xavier"
    assert str(Target.platform("LINUX", "ARM64", "NVIDIA")) == "LINUX/ARM64/NVIDIA"
    assert str(Target.platform(os="LINUX", arch="ARM_EABIHF")) == "LINUX/ARM_EABIHF"


def test_an_unknown_device_is_refused_with_the_one_that_may_be_meant() -> None:
    with pytest.raises(InputValidationError, match=r"TargetDevice: .*did you mean 'jetson_xavier'\?"):
        Target.device("jetson-xavier")


def test_all_unknown_parts_of_a_platform_are_said_at_once() -> None:
    with pytest.raises(InputValidationError) as caught:
        Target.platform("LINUS", "ARM46", "NVIDEA")
    assert [one.path for one in caught.value.violations] == [
        "TargetPlatform.Os",
        "TargetPlatform.Arch",
        "TargetPlatform.Accelerator",
    ]
    assert "did you mean 'NVIDIA'" in str(caught.value)


def test_an_enum_made_by_the_user_passes_for_what_is_new_at_the_service() -> None:
    new = Target.device(TargetDevice("jetson_thor"))
    assert new.output_config("s3://models/out").target_device == "jetson_thor"
    platform = Target.platform(TargetPlatformOs("QNX"), "ARM64", TargetPlatformAccelerator("NPU"))
    assert str(platform) == "QNX/ARM64/NPU"


@pytest.mark.parametrize("text", ["", "LINUX/", "/ARM64", "LINUX//NVIDIA", "LINUX/ARM64/NVIDIA/more", "toaster"])
def test_text_that_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(InputValidationError):
        Target.parse(text)


def test_an_output_config_says_all_that_is_wrong_with_it() -> None:
    with pytest.raises(InputValidationError) as caught:
        Target.device("ml_c5").output_config("s3://No/out", compiler_options="x", kms_key_id="a b")
    paths = [one.path for one in caught.value.violations]
    assert paths[0] == "S3OutputLocation"
    assert {"CompilerOptions", "KmsKeyId"} <= set(paths)


def test_there_is_no_target_of_a_config_with_both_or_neither() -> None:
    platform = TargetPlatform(os=TargetPlatformOs.LINUX, arch=TargetPlatformArch.X86)
    assert Target.of(OutputConfig(s3_output_location="s3://models")) is None
    both = OutputConfig(s3_output_location="s3://b", target_device=TargetDevice.COREML, target_platform=platform)
    assert Target.of(both) is None


def test_a_target_is_made_of_nothing_else() -> None:
    with pytest.raises(TypeError):
        Target("ml_c5")  # type: ignore[arg-type]  # what a caller without a type checker may give
