"""The names and shapes of a model's inputs, from Python values to the JSON text that Neo takes, checked on the way.

| framework | form | layout of four dimensions |
|---|---|---|
| TensorFlow, TensorFlow Lite | name → shape | NHWC |
| Keras, MXNet, ONNX, Darknet | name → shape | NCHW; Keras too, although its model is NHWC |
| PyTorch | name → shape, or a list of shapes | NCHW |
| XGBoost | nothing | |
| TensorFlow or PyTorch for Core ML | name → `CoreMLInput`; for PyTorch a list too | that of the framework |

Source: Amazon SageMaker API reference, InputConfig; developer guide, prepare model for compilation.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from attrs import frozen

from neo_wire.jobs.findings import Findings, shown
from neo_wire.jobs.s3_uris import S3Location, model_archive
from neo_wire.jobs.targets import Target
from neo_wire.protocol.validation import validate
from neo_wire.schema import structure
from neo_wire.shapes.enums import Framework, TargetDevice
from neo_wire.shapes.structures import DataInputConfig, InputConfig
from neo_wire.values import Value

Shape: TypeAlias = Sequence[int]
"""The size of each dimension of one input."""

_CHANNELS_FIRST: Final = (Framework.KERAS, Framework.MXNET, Framework.ONNX, Framework.DARKNET, Framework.PYTORCH)
_CHANNELS_LAST: Final = (Framework.TENSORFLOW, Framework.TFLITE)
_COREML_FRAMEWORKS: Final = (Framework.TENSORFLOW, Framework.PYTORCH)
_COREML_KEYS: Final = ("shape", "default_shape", "type", "bias", "scale")
_CHANNEL_COUNTS: Final = (1, 3, 4)
_RANGE: Final = re.compile(r"([1-9]\d{0,8})\.\.([1-9]\d{0,8})", re.ASCII)


@structure
class _Trained:
    framework: Framework


@structure
class _Text:
    data_input_config: DataInputConfig


@frozen(eq=False, repr=False)
class CoreMLInput(Value):
    """One input of a model that is compiled for Core ML, which may be flexible in its shape.

    Attributes:
        shape: sizes, of which each may be a range such as "1..10"; or a list of all the shapes there are.
        default_shape: of the sizes allowed, those that hold when nothing is said.
        type: "Image", or "Tensor", which is Core ML's default.
        bias: of an image, what is added to each channel.
        scale: of an image, what each value is multiplied by.
    """

    shape: Sequence[int | str | Shape]
    default_shape: Shape | None = None
    type: Literal["Image", "Tensor"] | None = None
    bias: Sequence[float] | None = None
    scale: float | None = None


Inputs: TypeAlias = Mapping[str, Shape | CoreMLInput] | Sequence[Shape | CoreMLInput]
"""What `data_input_config` takes: by name or, for PyTorch, in order."""


def data_input_config(
    framework: Framework | str, inputs: Inputs | None = None, *, target: Target | None = None
) -> str | None:
    """The JSON text of `InputConfig.DataInputConfig`; None when there is nothing to say.

    Args:
        framework: that the model was trained with.
        inputs: the shape of each input. None for XGBoost, or where Neo finds the shapes out by itself, as it does for
            a PyTorch 2 model that is compiled for a cloud instance. For `ml_eia2` the names are those of the
            signature, or of tensors, such as "input_tensor:0".
        target: what it is compiled for, to check the form by; Core ML has its own.

    Raises:
        InputValidationError: the inputs are not of the framework's form; all that is wrong is said at once.
    """
    findings = Findings()
    text = _text(framework, inputs, target, findings)
    findings.raise_for_problems("DataInputConfig")
    return text


def input_config(
    s3_uri: S3Location | str,
    framework: Framework | str,
    inputs: Inputs | None = None,
    *,
    framework_version: str | None = None,
    target: Target | None = None,
) -> InputConfig:
    """A whole input configuration: the archive, the framework and what `data_input_config` makes of the inputs.

    Args:
        s3_uri: of the model's archive, whose key ends in `.tar.gz`.
        framework: that the model was trained with.
        inputs: as `data_input_config` takes them.
        framework_version: such as "1.8"; for MXNet, PyTorch, TensorFlow and TensorFlow Lite only.
        target: as `data_input_config` takes it.

    Raises:
        InputValidationError: a member is wrong; all that are wrong are said at once.
    """
    findings = Findings()
    findings.take(lambda: model_archive(s3_uri))
    text = _text(framework, inputs, target, findings)
    inspect_framework_version(framework, framework_version, "FrameworkVersion", findings)
    made = InputConfig(
        s3_uri=str(s3_uri),
        framework=framework,  # type: ignore[arg-type]  # the validation refuses other strings
        data_input_config=text,
        framework_version=framework_version,
    )
    findings.take(lambda: validate(made))
    findings.raise_for_problems("InputConfig")
    return InputConfig(
        s3_uri=made.s3_uri,
        framework=Framework(framework),
        data_input_config=text,
        framework_version=framework_version,
    )


def inspect_framework_version(framework: str, version: str | None, path: str, findings: Findings) -> None:
    """Refuse a version for a framework that has none at the service; one that is not known may have."""
    versioned = (Framework.MXNET, Framework.PYTORCH, Framework.TENSORFLOW, Framework.TFLITE)
    if version is not None and Framework(framework).is_known and framework not in versioned:
        findings.refuse(path, f"is for {', '.join(versioned)} only; leave it out for {framework}")


def _text(framework: Framework | str, inputs: Inputs | None, target: Target | None, findings: Findings) -> str | None:
    findings.take(lambda: validate(_Trained(framework=framework)))  # type: ignore[arg-type]  # it refuses other strings
    if inputs is None or not isinstance(framework, str):
        return None
    if framework == Framework.XGBOOST:
        findings.refuse("DataInputConfig", "is not needed for XGBOOST; give no inputs")
        return None
    before = len(findings.problems)
    try:
        value = _plain(inputs)
        inspect_data_inputs(value, Framework(framework), target, "DataInputConfig", findings)
        if len(findings.problems) > before:
            return None
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        findings.refuse("DataInputConfig", "is nested too deeply, or contains itself")
        return None
    findings.take(lambda: validate(_Text(data_input_config=text)))
    return text


def _plain(value: object) -> object:
    """Tuples as lists, Core ML inputs as objects; anything else as it is, for the inspection to name."""
    if isinstance(value, CoreMLInput):
        return {key: _plain(item) for key in _COREML_KEYS if (item := getattr(value, key)) is not None}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        return [_plain(item) for item in value]
    return value


def inspect_data_inputs(
    value: object, framework: Framework, target: Target | None, path: str, findings: Findings
) -> None:
    """Note what is wrong with, and what is doubtful in, inputs as JSON has them.

    Args:
        value: the parsed text.
        framework: of the model; one that is not known may take either form.
        target: what is compiled for; None when that is not known.
        path: of the member, for the findings.
        findings: where they are noted.
    """
    coreml = target is not None and target.choice == TargetDevice.COREML
    if coreml and framework.is_known and framework not in _COREML_FRAMEWORKS:
        findings.refuse(path, f"cannot be of {framework}: Core ML takes TENSORFLOW and PYTORCH models")
    if framework is Framework.XGBOOST:
        findings.warn(path, "is not needed for XGBOOST")
        return
    if isinstance(value, dict):
        inputs = [(f"input {shown(name)}", item) for name, item in value.items()]
        if bad := [name for name in value if not isinstance(name, str) or not name]:
            findings.refuse(path, f"has the name {shown(bad[0])}; give each input a name that is text and not empty")
    elif isinstance(value, list) and (framework is Framework.PYTORCH or not framework.is_known):
        inputs = [(f"input {index}", item) for index, item in enumerate(value)]
    else:
        also = ", or a list of shapes" if framework is Framework.PYTORCH else ""
        findings.refuse(path, f'is no object of names and shapes{also}; give it as {{"input": [1, 3, 224, 224]}}')
        return
    if not inputs:
        findings.refuse(path, "has no input; give the shape of at least one")
    for name, item in inputs:
        if isinstance(item, dict) and (coreml or target is None):
            _inspect_coreml(item, name, framework, path, findings)
        elif coreml and isinstance(value, list):
            findings.refuse(path, f'{name} is no object; for Core ML give it as {{"shape": [1, 3, 224, 224]}}')
        elif problem := _shape_problem(item):
            findings.refuse(path, f"{name} {problem}")
        else:
            _inspect_layout(item, name, framework, path, findings)


def _shape_problem(shape: object) -> str | None:
    if not isinstance(shape, list) or not shape:
        return f"is {shown(shape)}; give a shape, such as [1, 3, 224, 224]"
    for size in shape:
        if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size < 2**31:
            return f"has the dimension {shown(size)}; Neo compiles for fixed sizes, whole numbers of 1 or more"
    return None


def _inspect_layout(shape: Sequence[object], name: str, framework: Framework, path: str, findings: Findings) -> None:
    if len(shape) != 4:
        return
    first, last = shape[1] in _CHANNEL_COUNTS, shape[3] in _CHANNEL_COUNTS
    if framework in _CHANNELS_FIRST and last and not first:
        keras = ", also where the model itself is channels-last" if framework is Framework.KERAS else ""
        findings.warn(path, f"{name} {list(shape)} looks like NHWC; for {framework} Neo expects NCHW{keras}")
    elif framework in _CHANNELS_LAST and first and not last:
        findings.warn(path, f"{name} {list(shape)} looks like NCHW; for {framework} Neo expects NHWC")


def _inspect_coreml(item: dict[str, object], name: str, framework: Framework, path: str, findings: Findings) -> None:
    for key in (key for key in item if key not in _COREML_KEYS):
        findings.warn(path, f"{name} has {shown(key)}, which is not known; known are {', '.join(_COREML_KEYS)}")
    shape, default = item.get("shape"), item.get("default_shape")
    if problem := _flexible_problem(shape):
        findings.refuse(path, f"{name} {problem}")
    elif isinstance(shape, list):
        for one in shape if isinstance(shape[0], list) else [shape]:
            _inspect_layout(one, name, framework, path, findings)
        if default is not None and (problem := _shape_problem(default)):
            findings.refuse(path, f"{name}: default_shape {problem}")
        elif isinstance(default, list) and not _allows(shape, default):
            findings.refuse(path, f"{name}: the default_shape {default} is none of those that shape allows")
    kind, bias, scale = item.get("type"), item.get("bias"), item.get("scale")
    if kind not in (None, "Image", "Tensor"):
        findings.refuse(path, f"{name} has the type {shown(kind)}; give Image or Tensor")
    if bias is not None and not (isinstance(bias, list) and bias and all(map(_is_number, bias))):
        findings.refuse(path, f"{name} has the bias {shown(bias)}; give a list with a number for each channel")
    if scale is not None and not _is_number(scale):
        findings.refuse(path, f"{name} has the scale {shown(scale)}; give a number")
    if kind == "Image":
        if missing := [key for key in ("bias", "scale") if item.get(key) is None]:
            findings.refuse(path, f"{name} is an image without {' and '.join(missing)}; give both")
    elif bias is not None or scale is not None:
        findings.warn(path, f"{name} has a bias or a scale, which are of images, and is of the type Tensor")


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else value.bit_length() <= 64


def _flexible_problem(shape: object) -> str | None:
    """What is wrong with the shape of a Core ML input: sizes and ranges, or a list of shapes."""
    if not isinstance(shape, list) or not shape:
        return f"has the shape {shown(shape)}; give sizes, ranges such as '1..10', or a list of shapes"
    if any(isinstance(one, list) for one in shape):
        return next(filter(None, map(_shape_problem, shape)), None)
    for size in shape:
        if isinstance(size, str):
            bounds = _RANGE.fullmatch(size)
            if bounds is None or int(bounds[1]) > int(bounds[2]):
                return f"has the range {shown(size)}; give the smallest and the largest size, as '1..10'"
    return _shape_problem([size for size in shape if not isinstance(size, str)] or [1])


def _allows(shape: list[object], default: list[object]) -> bool:
    if isinstance(shape[0], list):
        return default in shape
    return len(shape) == len(default) and all(map(_within, shape, default))


def _within(allowed: object, size: object) -> bool:
    if isinstance(allowed, str) and isinstance(size, int) and (bounds := _RANGE.fullmatch(allowed)):
        return int(bounds[1]) <= size <= int(bounds[2])
    return allowed == size
