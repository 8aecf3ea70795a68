"""Data inputs: what AWS's documentation shows is what comes out, and what it does not allow is refused."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.jobs.data_inputs import CoreMLInput, Inputs, data_input_config, input_config, inspect_data_inputs
from neo_wire.jobs.findings import Findings
from neo_wire.jobs.targets import Target
from neo_wire.protocol.validation import validate
from neo_wire.shapes.enums import Framework

MODEL: Any = botocore.session.get_session().get_service_model("sagemaker")
COREML = Target.device("coreml")
SHAPES = st.lists(st.integers(1, 4096), min_size=1, max_size=6)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
NAMED = st.dictionaries(NAMES, SHAPES | SHAPES.map(tuple), min_size=1, max_size=4)


@st.composite
def coreml_inputs(draw: st.DrawFn) -> CoreMLInput:
    """Any input that Core ML's documentation allows."""
    image = draw(st.booleans())
    number = st.floats(allow_nan=False, allow_infinity=False)
    default = draw(SHAPES)
    kind = draw(st.sampled_from(["fixed", "range", "listed"]))
    shape: Any = default
    if kind == "range":
        shape = [f"{max(1, size - 1)}..{size + 5}" if draw(st.booleans()) else size for size in default]
    elif kind == "listed":
        shape = [*draw(st.lists(SHAPES, max_size=2)), default]
    return CoreMLInput(
        shape,
        default_shape=draw(st.sampled_from([None, default])),
        type="Image" if image else draw(st.sampled_from([None, "Tensor"])),
        bias=draw(st.lists(number, min_size=1, max_size=4)) if image else None,
        scale=draw(number) if image else None,
    )


def assert_accepted(framework: Framework, inputs: Inputs, target: Target | None) -> None:
    made = input_config("s3://models/net.tar.gz", framework, inputs, target=target)
    validate(made)
    wire = {"S3Uri": made.s3_uri, "Framework": str(made.framework), "DataInputConfig": made.data_input_config}
    report = ParamValidator().validate(wire, MODEL.shape_for("InputConfig"))
    assert not report.has_errors(), report.generate_report()
    assert made.data_input_config is not None
    findings = Findings()
    inspect_data_inputs(json.loads(made.data_input_config), framework, target, "", findings)
    assert not findings.problems


@given(st.sampled_from([one for one in Framework if one is not Framework.XGBOOST]), NAMED)
def test_names_and_shapes_are_accepted_by_us_and_by_botocore(framework: Framework, inputs: Any) -> None:
    assert_accepted(framework, inputs, None)
    made = data_input_config(framework, inputs)
    assert made is not None
    assert json.loads(made) == {name: list(shape) for name, shape in inputs.items()}


@given(st.dictionaries(NAMES, coreml_inputs(), min_size=1, max_size=3))
def test_core_ml_inputs_are_accepted_by_us_and_by_botocore(inputs: dict[str, CoreMLInput]) -> None:
    assert_accepted(Framework.TENSORFLOW, inputs, COREML)
    assert_accepted(Framework.PYTORCH, list(inputs.values()), COREML)


@pytest.mark.parametrize(
    ("framework", "inputs", "documented"),
    [
        ("TENSORFLOW", {"input": [1, 1024, 1024, 3]}, '{"input":[1,1024,1024,3]}'),
        ("TENSORFLOW", {"data1": (1, 28, 28, 1), "data2": (1, 28, 28, 1)}, '{"data1":[1,28,28,1],"data2":[1,28,28,1]}'),
        ("KERAS", {"input_1": [1, 3, 224, 224]}, '{"input_1":[1,3,224,224]}'),
        ("MXNET", {"data": [1, 3, 1024, 1024]}, '{"data":[1,3,1024,1024]}'),
        ("ONNX", {"var1": [1, 1, 28, 28], "var2": [1, 1, 28, 28]}, '{"var1":[1,1,28,28],"var2":[1,1,28,28]}'),
        ("TFLITE", {"input": [1, 224, 224, 3]}, '{"input":[1,224,224,3]}'),
        ("PYTORCH", {"input0": [1, 3, 224, 224]}, '{"input0":[1,3,224,224]}'),
        ("PYTORCH", [[1, 3, 224, 224]], "[[1,3,224,224]]"),
        ("PYTORCH", [(1, 3, 224, 224), (1, 3, 224, 224)], "[[1,3,224,224],[1,3,224,224]]"),
        ("TENSORFLOW", {"input_tensor:0": [1, 224, 224, 3]}, '{"input_tensor:0":[1,224,224,3]}'),
    ],
)
def test_the_documentations_examples_come_out(framework: str, inputs: Inputs, documented: str) -> None:
    assert data_input_config(framework, inputs) == documented


@pytest.mark.parametrize(
    ("framework", "inputs", "documented"),
    [
        (
            "TENSORFLOW",
            {"input_1": CoreMLInput(["1..10", 224, 224, 3], default_shape=[1, 224, 224, 3])},
            {"input_1": {"shape": ["1..10", 224, 224, 3], "default_shape": [1, 224, 224, 3]}},
        ),
        ("TENSORFLOW", {"input_1": CoreMLInput([1, 224, 224, 3])}, {"input_1": {"shape": [1, 224, 224, 3]}}),
        (
            "TENSORFLOW",
            {
                "input_1": CoreMLInput(
                    [[1, 224, 224, 3], [1, 160, 160, 3]],
                    default_shape=[1, 224, 224, 3],
                    type="Image",
                    bias=[-1, -1, -1],
                    scale=0.007843137255,
                )
            },
            {
                "input_1": {
                    "shape": [[1, 224, 224, 3], [1, 160, 160, 3]],
                    "default_shape": [1, 224, 224, 3],
                    "type": "Image",
                    "bias": [-1, -1, -1],
                    "scale": 0.007843137255,
                }
            },
        ),
        (
            "PYTORCH",
            [CoreMLInput([[1, 3, 224, 224], [1, 3, 160, 160]], default_shape=[1, 3, 224, 224])],
            [{"shape": [[1, 3, 224, 224], [1, 3, 160, 160]], "default_shape": [1, 3, 224, 224]}],
        ),
    ],
)
def test_the_documentations_core_ml_examples_come_out(framework: str, inputs: Inputs, documented: object) -> None:
    made = data_input_config(framework, inputs, target=COREML)
    assert made is not None
    assert json.loads(made) == documented


def test_xgboost_needs_none_and_anything_may_be_left_out() -> None:
    assert data_input_config("XGBOOST") is None
    assert data_input_config("PYTORCH") is None
    with pytest.raises(InputValidationError, match="not needed for XGBOOST"):
        data_input_config("XGBOOST", {"data": [1, 2]})


@pytest.mark.parametrize(
    ("framework", "inputs", "said"),
    [
        ("MXNET", [[1, 3, 224, 224]], "no object of names and shapes; give it as"),
        ("PYTORCH", 7, "or a list of shapes"),
        ("KERAS", {}, "at least one"),
        ("KERAS", {"": [1]}, "the name ''"),
        ("KERAS", {1: [1]}, "the name 1"),
        ("KERAS", {"a": []}, "give a shape"),
        ("KERAS", {"a": "1,2"}, "give a shape"),
        ("KERAS", {"a": [None, 3]}, "dimension None; Neo compiles for fixed sizes"),
        ("KERAS", {"a": [-1, 3]}, "dimension -1"),
        ("KERAS", {"a": [True, 3]}, "dimension True"),
        ("KERAS", {"a": [1.0, 3]}, r"dimension 1\.0"),
        ("KERAS", {"a": [10**5000]}, "dimension a value of the type int"),
        ("KERAS", {"a": ["1..10", 3]}, r"dimension '1\.\.10'"),
        ("KERAS", {"a\ud800": [1]}, "lone surrogate"),
        ("KERAS", {"a" * 20_000: [1]}, "16384"),
        ("KERAZ", {"a": [1]}, "did you mean 'KERAS'"),
        (None, {"a": [1]}, "Framework"),
    ],
)
def test_what_is_not_of_the_frameworks_form_is_refused(framework: Any, inputs: Any, said: str) -> None:
    with pytest.raises(InputValidationError, match=said):
        data_input_config(framework, inputs)


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (CoreMLInput([]), "ranges such as"),
        (CoreMLInput(["10..1", 3]), "the smallest and the largest"),
        (CoreMLInput(["1-10", 3]), "the smallest and the largest"),
        (CoreMLInput([0, 3]), "dimension 0"),
        (CoreMLInput([[1, 3], [1, -3]]), "dimension -3"),
        (CoreMLInput([1, [2]]), "give a shape"),
        (CoreMLInput(["1..10", 3], default_shape=[11, 3]), "none of those that shape allows"),
        (CoreMLInput(["1..10", 3], default_shape=[1, 3, 4]), "none of those that shape allows"),
        (CoreMLInput([[1, 3], [2, 3]], default_shape=[3, 3]), "none of those that shape allows"),
        (CoreMLInput([1, 3], default_shape=[0, 3]), "default_shape has the dimension 0"),
        (CoreMLInput([1, 3], type="Picture"), "give Image or Tensor"),  # type: ignore[arg-type]  # wrong on purpose
        (CoreMLInput([1, 3], type="Image"), "an image without bias and scale"),
        (CoreMLInput([1, 3], type="Image", bias=[], scale=1), "a number for each channel"),
        (CoreMLInput([1, 3], type="Image", bias=[1], scale=float("nan")), "the scale nan"),
        (CoreMLInput([1, 3], type="Image", bias=[10**400], scale=1), "a number for each channel"),
    ],
)
def test_core_ml_inputs_are_checked(one: CoreMLInput, said: str) -> None:
    with pytest.raises(InputValidationError, match=said):
        data_input_config("TENSORFLOW", {"input_1": one}, target=COREML)


def test_core_mls_form_is_for_core_ml_and_its_two_frameworks() -> None:
    with pytest.raises(InputValidationError, match="Core ML takes TENSORFLOW and PYTORCH"):
        data_input_config("KERAS", {"a": CoreMLInput([1, 3])}, target=COREML)
    with pytest.raises(InputValidationError, match="give a shape"):
        data_input_config("TENSORFLOW", {"a": CoreMLInput([1, 3])}, target=Target.device("ml_c5"))
    with pytest.raises(InputValidationError, match="for Core ML give it as"):
        data_input_config("PYTORCH", [[1, 3]], target=COREML)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputValidationError) as caught:
        input_config("s3://models/train", "KERAS", {"a": [0], "b": [-1]}, framework_version="2")
    assert [one.path for one in caught.value.violations] == [
        "S3Uri",
        "DataInputConfig",
        "DataInputConfig",
        "FrameworkVersion",
    ]


def test_a_list_that_contains_itself_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(InputValidationError, match="contains itself"):
        data_input_config("PYTORCH", endless)


def test_a_new_framework_may_take_either_form() -> None:
    assert data_input_config(Framework("JAX"), [[1, 2]]) == "[[1,2]]"
    assert data_input_config(Framework("JAX"), {"a": [1, 2]}) == '{"a":[1,2]}'


@pytest.mark.parametrize(
    ("framework", "shape", "doubtful"),
    [
        (Framework.MXNET, [1, 224, 224, 3], "looks like NHWC"),
        (Framework.KERAS, [1, 224, 224, 3], "also where the model itself is channels-last"),
        (Framework.TENSORFLOW, [1, 3, 224, 224], "looks like NCHW"),
        (Framework.TFLITE, [1, 1, 28, 28], "looks like NCHW"),
        (Framework.MXNET, [1, 3, 224, 224], None),
        (Framework.TENSORFLOW, [1, 224, 224, 3], None),
        (Framework.MXNET, [1, 3, 224, 3], None),
        (Framework.MXNET, [1, 128], None),
    ],
)
def test_a_shape_that_looks_like_the_other_layout_is_a_warning(
    framework: Framework, shape: list[int], doubtful: str | None
) -> None:
    findings = Findings()
    inspect_data_inputs({"data": shape}, framework, None, "DataInputConfig", findings)
    assert not findings.problems
    assert [doubtful in one.message for one in findings.warnings if doubtful] == [True] * bool(doubtful)
    assert bool(findings.warnings) == bool(doubtful)


def test_what_is_not_known_or_of_no_use_for_core_ml_is_a_warning() -> None:
    findings = Findings()
    item = {"shape": [1, 224, 224, 3], "scale": 2, "offset": 1}
    inspect_data_inputs({"a": item, "b": {"shape": [[1, 3, 9, 9]]}}, Framework.TENSORFLOW, COREML, "", findings)
    assert not findings.problems
    said = [one.message for one in findings.warnings]
    assert len(said) == 3
    assert "'offset', which is not known" in said[0]
    assert "is of the type Tensor" in said[1]
    assert "looks like NCHW" in said[2]


def test_a_bias_and_a_scale_are_numbers() -> None:
    odd: Any = CoreMLInput([1, 3], type="Image", bias="no", scale="no")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(InputValidationError) as caught:
        data_input_config("TENSORFLOW", {"a": odd}, target=COREML)
    assert len(caught.value.violations) == 2
