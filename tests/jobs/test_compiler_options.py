"""Compiler options: real JSON with the documented keys, and what cannot work refused all at once."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.jobs.compiler_options import DATA_TYPES, compiler_options, inspect_options, neuron_options
from neo_wire.jobs.findings import Findings
from neo_wire.jobs.targets import Target

MODEL: Any = botocore.session.get_session().get_service_model("sagemaker")
WORDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
JETSON = Target.platform("LINUX", "ARM64", "NVIDIA")
NVIDIA = {"gpu_code": "sm_62", "trt_ver": "6.0.1", "cuda_ver": "10.0"}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "dtype": st.sampled_from(DATA_TYPES),
            "mcpu": WORDS,
            "mattr": st.lists(WORDS, min_size=1, max_size=4),
            "android_platform": st.integers(21, 29),
            "class_labels": WORDS,
            "signature_def_key": WORDS,
            "output_names": st.lists(WORDS, min_size=1, max_size=3).map(tuple),
        },
    ),
    st.booleans(),
)
def test_what_is_made_is_json_that_the_service_takes_at_once(keywords: dict[str, Any], nvidia: bool) -> None:
    if nvidia:
        keywords |= NVIDIA
    text = compiler_options(**keywords)
    if not keywords:
        assert text is None
        return
    assert text is not None
    assert len(json.loads(text)) == len(keywords)
    target = Target.device("jetson_tx2")
    wire = {"S3OutputLocation": "s3://models", "CompilerOptions": text, "TargetDevice": str(target)}
    report = ParamValidator().validate(wire, MODEL.shape_for("OutputConfig"))
    assert not report.has_errors(), report.generate_report()
    assert target.output_config("s3://models", compiler_options=text).compiler_options == text
    findings = Findings()
    inspect_options(json.loads(text), None, "", findings)
    assert not findings.problems


@pytest.mark.parametrize(
    ("keywords", "documented"),
    [
        ({"dtype": "float32"}, {"dtype": "float32"}),
        ({"mcpu": "skylake-avx512"}, {"mcpu": "skylake-avx512"}),
        ({"mattr": ["+neon", "+vfpv4"]}, {"mattr": ["+neon", "+vfpv4"]}),
        (
            {"gpu_code": "sm_72", "trt_ver": "6.0.1", "cuda_ver": "10.1"},
            {"gpu-code": "sm_72", "trt-ver": "6.0.1", "cuda-ver": "10.1"},
        ),
        ({"jetpack_version": "4.6", "gpu_code": "sm_72"}, {"JETPACK_VERSION": "4.6", "gpu_code": "sm_72"}),
        ({"android_platform": 25, "mattr": ["+neon"]}, {"ANDROID_PLATFORM": 25, "mattr": ["+neon"]}),
        ({"class_labels": "imagenet_labels_1000.txt"}, {"class_labels": "imagenet_labels_1000.txt"}),
        ({"signature_def_key": "serving_custom"}, {"signature_def_key": "serving_custom"}),
        ({"output_names": ["output_tensor:0"]}, {"output_names": ["output_tensor:0"]}),
    ],
)
def test_the_documentations_examples_come_out(keywords: dict[str, Any], documented: dict[str, Any]) -> None:
    text = compiler_options(**keywords)
    assert text is not None
    assert json.loads(text) == documented


def test_inferentia_takes_the_command_line_as_a_json_string() -> None:
    documented = '"--verbose 1 --num-neuroncores 2 -O2"'
    assert neuron_options("--verbose 1 --num-neuroncores 2 -O2") == documented
    assert neuron_options("--verbose", "1", "--num-neuroncores", "2", "-O2") == documented
    Target.device("ml_inf1").output_config("s3://models", compiler_options=documented)
    with pytest.raises(InputValidationError, match="no argument"):
        neuron_options(" ")
    with pytest.raises(InputValidationError, match="1024"):
        neuron_options("-" * 1023)


@pytest.mark.parametrize(
    ("keywords", "said"),
    [
        ({"dtype": "flaot32"}, "did you mean 'float32'"),
        ({"gpu_code": "sm_72"}, "lacks trt-ver, cuda-ver"),
        ({"trt_ver": "6.0.1", "cuda_ver": "10.1"}, "lacks gpu-code"),
        ({"jetpack_version": "4.6", "trt_ver": "6.0.1"}, "lacks gpu-code, cuda-ver"),
        ({**NVIDIA, "trt_ver": "latest"}, "x.y.z"),
        ({**NVIDIA, "cuda_ver": 10.1}, "a version as text"),
        ({**NVIDIA, "gpu_code": ""}, "gpu-code"),
        ({"android_platform": 20}, "21 to 29"),
        ({"android_platform": 30}, "21 to 29"),
        ({"android_platform": "28"}, "21 to 29"),
        ({"android_platform": True}, "21 to 29"),
        ({"mattr": "+neon"}, r"give a list, \['\+neon'\]"),
        ({"mattr": []}, "a list of text"),
        ({"mattr": 7}, "a list of text"),
        ({"output_names": [1]}, "a list of text"),
        ({"mcpu": ""}, "the mcpu"),
        ({"mcpu": "x", "others": {"mcpu": "y"}}, "twice"),
        ({"others": {"a": object()}}, "not to be expressed in JSON"),
        ({"others": {"a": float("nan")}}, "not to be expressed in JSON"),
        ({"others": {"a": "x" * 1100}}, "1024"),
        ({"target": JETSON}, "lacks gpu-code, trt-ver, cuda-ver"),
        ({"target": JETSON, "mcpu": "x"}, "lacks gpu-code, trt-ver, cuda-ver"),
    ],
)
def test_what_cannot_work_is_refused(keywords: dict[str, Any], said: str) -> None:
    with pytest.raises(InputValidationError, match=said):
        compiler_options(**keywords)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputValidationError) as caught:
        compiler_options(dtype="double", android_platform=5, gpu_code="sm_72", mcpu="")
    assert len(caught.value.violations) == 4


def inspected(value: object, target: Target | None) -> Findings:
    findings = Findings()
    inspect_options(value, target, "CompilerOptions", findings)
    return findings


@pytest.mark.parametrize(
    ("value", "target", "said"),
    [
        ({"DTYPE": "float32"}, None, "did you mean 'dtype'"),
        ({"opt-level": 3}, None, "not known here"),
        ({"dtype": "bfloat16"}, None, "none of float32"),
        ({"mattr": "+neon"}, None, "as a string"),
        ({"gpu-code": "volta", "trt-ver": "6.0.1", "cuda-ver": "10.1"}, None, "form 'sm_72'"),
        ({"gpu-code": "sm_72", "trt-ver": "7.1", "cuda-ver": "10.1"}, None, "as x.y.z"),
        ({}, Target.device("jetson_xavier"), "documentation shows for jetson_xavier"),
        ({"ANDROID_PLATFORM": 28}, Target.device("ml_c5"), "for Android"),
        ({"class_labels": "a.txt"}, Target.device("ml_c5"), "for coreml"),
        ({"output_names": ["a:0"]}, Target.device("ml_c5"), "for ml_eia2"),
        ({"dtype": "float32"}, Target.device("ml_inf1"), "as one JSON string"),
    ],
)
def test_what_is_doubtful_is_a_warning(value: object, target: Target | None, said: str) -> None:
    findings = inspected(value, target)
    assert not findings.problems
    assert len(findings.warnings) == 1
    assert said in findings.warnings[0].message


@pytest.mark.parametrize(
    ("value", "target"),
    [
        ({"ANDROID_PLATFORM": 27}, Target.device("qcs605")),
        ({"ANDROID_PLATFORM": 29}, Target.platform("ANDROID", "ARM64")),
        ({"class_labels": "a.txt"}, Target.device("coreml")),
        ({"gpu-code": "sm_62", "trt-ver": "6.0.1", "cuda-ver": "10.0"}, JETSON),
        ({"JETPACK_VERSION": "4.6", "gpu_code": "sm_72"}, Target.device("jetson_nano")),
        ({"mattr": ["+neon"]}, Target.platform("LINUX", "ARM_EABIHF")),
        ("--verbose 1", Target.device("ml_inf1")),
        ({}, Target.device("ml_inf1")),
        ({}, Target.device("ml_c5")),
    ],
)
def test_what_is_documented_is_let_through_without_a_word(value: object, target: Target) -> None:
    findings = inspected(value, target)
    assert (findings.problems, findings.warnings) == ([], [])


def test_text_and_other_json_are_for_no_other_target() -> None:
    assert "is for Inferentia" in inspected("-O2", Target.device("ml_c5")).problems[0].message
    assert "give an object" in inspected([1], None).problems[0].message
    assert "give an object" in inspected(None, None).problems[0].message


def test_the_documentations_nvidia_example_without_the_three_keys_is_refused() -> None:
    # One example shows an m5 instance as LINUX/X86_64/NVIDIA with mcpu alone; the text of TargetPlatform says that
    # NVIDIA requires all three, and an m5 has no such processor.
    findings = inspected({"mcpu": "skylake-avx512"}, Target.platform("LINUX", "X86_64", "NVIDIA"))
    assert "lacks gpu-code, trt-ver, cuda-ver" in findings.problems[0].message
