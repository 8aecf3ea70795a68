"""Compiler options from keywords, as the JSON text that Neo takes.

The documentation shows its examples with single quotes and spells some keys in two ways (`gpu_code` in the text,
`gpu-code` in the examples). What is made here is real JSON with the keys of the examples.

Source: Amazon SageMaker API reference, OutputConfig (CompilerOptions); developer guide, supported devices, chip
architectures and systems.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from neo_wire.jobs.findings import Findings, guess, shown
from neo_wire.jobs.targets import Target
from neo_wire.protocol.validation import validate
from neo_wire.schema import structure
from neo_wire.shapes.enums import TargetDevice, TargetPlatformAccelerator, TargetPlatformOs
from neo_wire.shapes.structures import CompilerOptions, TargetPlatform

DATA_TYPES: Final = ("float32", "float", "int64", "long")
"""What `dtype` takes: two types of two names each."""
NVIDIA_KEYS: Final = ("gpu-code", "trt-ver", "cuda-ver")
"""What a platform with an NVIDIA accelerator needs, all three."""

_JETPACK: Final = "JETPACK_VERSION"
_JETPACK_GPU: Final = "gpu_code"  # beside JETPACK_VERSION, and only there, the documentation has the underscore
_JETSONS: Final = (
    TargetDevice.JETSON_NANO,
    TargetDevice.JETSON_TX1,
    TargetDevice.JETSON_TX2,
    TargetDevice.JETSON_XAVIER,
)
_ANDROIDS: Final = (TargetDevice.QCS603, TargetDevice.QCS605)
_NEURON: Final = re.compile(r"ml_(inf|trn)\d+", re.ASCII)
_VERSION: Final = re.compile(r"\d+(\.\d+)+", re.ASCII)


@structure
class _Text:
    compiler_options: CompilerOptions


def compiler_options(
    *,
    dtype: str | None = None,
    mcpu: str | None = None,
    mattr: Sequence[str] | None = None,
    gpu_code: str | None = None,
    trt_ver: str | None = None,
    cuda_ver: str | None = None,
    jetpack_version: str | None = None,
    android_platform: int | None = None,
    class_labels: str | None = None,
    signature_def_key: str | None = None,
    output_names: Sequence[str] | None = None,
    others: Mapping[str, object] | None = None,
    target: Target | None = None,
) -> str | None:
    """The JSON text of `OutputConfig.CompilerOptions`; None when no option is given.

    Args:
        dtype: of the inputs of a PyTorch model, for a cloud instance without Inferentia: "float32" or "float", which
            is what Neo takes by itself, "int64" or "long".
        mcpu: the processor's micro-architecture, such as "skylake-avx512".
        mattr: the processor's features, such as ["+neon", "+vfpv4"].
        gpu_code: the architecture of an NVIDIA processor, such as "sm_72".
        trt_ver: the version of TensorRT, as x.y.z; given with gpu_code and cuda_ver or not at all.
        cuda_ver: the version of CUDA, as x.y; given with gpu_code and trt_ver or not at all.
        jetpack_version: of NVIDIA's JetPack, such as "4.6"; beside gpu_code, and in the place of the other two, for
            TensorFlow 2 on a Jetson.
        android_platform: the level of Android's API, 21 to 29.
        class_labels: the name of the file in the archive that has the class labels, one on a line, for Core ML.
        signature_def_key: of a TensorFlow SavedModel, where it is not TensorFlow's default, for `ml_eia2`.
        output_names: the output tensors of a frozen TensorFlow graph, such as ["output:0"], for `ml_eia2`.
        others: options that have no keyword here; their keys and values go to Neo as they are.
        target: what is compiled for, to check the options by.

    Raises:
        InputValidationError: an option is not of the documented form, or one needs another; all at once.
    """
    jetpack = jetpack_version is not None
    options: dict[str, object] = {
        "dtype": dtype,
        "mcpu": mcpu,
        "mattr": _listed(mattr),
        _JETPACK: jetpack_version,
        _JETPACK_GPU if jetpack else "gpu-code": gpu_code,
        "trt-ver": trt_ver,
        "cuda-ver": cuda_ver,
        "ANDROID_PLATFORM": android_platform,
        "class_labels": class_labels,
        "signature_def_key": signature_def_key,
        "output_names": _listed(output_names),
    }
    findings = Findings()
    given = {key: value for key, value in options.items() if value is not None}
    for key, value in (others or {}).items():
        if key in given:
            findings.refuse("CompilerOptions", f"has {key!r} twice, as a keyword and among the others")
        given[key] = value
    if not given and target is None:
        return None
    for key in ("mattr", "output_names"):
        if isinstance(given.get(key), str):
            findings.refuse("CompilerOptions", f"has {key!r} as a string; give a list, [{given[key]!r}]")
    if dtype is not None and dtype not in DATA_TYPES:
        hint = guess(str(dtype), DATA_TYPES)
        findings.refuse(
            "CompilerOptions", f"has the dtype {shown(dtype)}, which is none of {', '.join(DATA_TYPES)}{hint}"
        )
    inspect_options(given, target, "CompilerOptions", findings)
    text: str | None = None
    if given and not findings.problems:
        text = _json(given, findings)
    findings.raise_for_problems("CompilerOptions")
    return text


def _listed(value: object) -> object:
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def neuron_options(*arguments: str) -> str:
    """The compiler options of an Inferentia target: the Neuron compiler's command line, as one JSON string.

    Args:
        arguments: such as "--verbose", "1", "-O2", or one text with all of them; they are joined by spaces.

    Raises:
        InputValidationError: there is none, or the text is too long.
    """
    findings = Findings()
    line = " ".join(arguments)
    if not line.strip():
        findings.refuse("CompilerOptions", "has no argument; give those of the Neuron compiler, such as '-O2'")
    text = _json(line, findings)
    findings.raise_for_problems("CompilerOptions")
    return text


def _json(value: object, findings: Findings) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        findings.refuse("CompilerOptions", f"is not to be expressed in JSON: {error}")
        return ""
    findings.take(lambda: validate(_Text(compiler_options=text)))
    return text


def inspect_options(value: object, target: Target | None, path: str, findings: Findings) -> None:
    """Note what is wrong with, and what is doubtful in, compiler options as JSON has them.

    Args:
        value: the parsed text; an empty object when there are no options.
        target: what is compiled for; None when that is not known.
        path: of the member, for the findings.
        findings: where they are noted.
    """
    choice = target.choice if target is not None else None
    neuron = isinstance(choice, TargetDevice) and (bool(_NEURON.fullmatch(choice)) or not choice.is_known)
    if isinstance(value, str):
        if not neuron and target is not None:
            findings.refuse(path, f"is one string, which is for Inferentia; for {target} give an object of options")
        return
    if not isinstance(value, dict):
        findings.refuse(path, f'is {shown(value)}; give an object of options, such as {{"dtype": "float32"}}')
        return
    if value and choice == TargetDevice.ML_INF1:
        findings.warn(path, "is an object; for ml_inf1 Neo takes the Neuron compiler's command line as one JSON string")
    _inspect_nvidia(value, choice, path, findings)
    for key, item in value.items():
        check = _CHECKS.get(key)
        if check is not None:
            check(item, path, findings)
        elif not neuron:
            findings.warn(path, f"has the key {key!r:.60}, which is not known here{guess(str(key), _CHECKS)}")
    android = isinstance(choice, TargetPlatform) and choice.os == TargetPlatformOs.ANDROID
    for key, fits, place in (
        ("ANDROID_PLATFORM", android or choice in _ANDROIDS, "Android"),
        ("class_labels", choice == TargetDevice.COREML, "coreml"),
        ("signature_def_key", choice == TargetDevice.ML_EIA2, "ml_eia2"),
        ("output_names", choice == TargetDevice.ML_EIA2, "ml_eia2"),
    ):
        if key in value and target is not None and not fits and _is_known(target):
            findings.warn(path, f"has {key!r}, which is for {place}, and the target is {target}")


def _is_known(target: Target) -> bool:
    return target.choice.is_known if isinstance(target.choice, TargetDevice) else target.choice.os.is_known


def _inspect_nvidia(
    value: Mapping[str, object], choice: TargetDevice | TargetPlatform | None, path: str, findings: Findings
) -> None:
    missing = [key for key in NVIDIA_KEYS if key not in value]
    if not missing or (_JETPACK in value and (_JETPACK_GPU in value or "gpu-code" in value)):
        return
    platform = isinstance(choice, TargetPlatform) and choice.accelerator == TargetPlatformAccelerator.NVIDIA
    if platform or 0 < len(missing) < len(NVIDIA_KEYS):
        hint = "; it has 'gpu_code', which is written 'gpu-code'" if _JETPACK_GPU in value else ""
        findings.refuse(path, f"lacks {', '.join(missing)}: NVIDIA needs {', '.join(NVIDIA_KEYS)} together{hint}")
    elif choice in _JETSONS:
        findings.warn(path, f"lacks {', '.join(NVIDIA_KEYS)}, which the documentation shows for {choice}")


def _is_text(what: str, example: str) -> Callable[[object, str, Findings], None]:
    def check(value: object, path: str, findings: Findings) -> None:
        if not isinstance(value, str) or not value:
            findings.refuse(path, f"has {what} {shown(value)}; give text, such as {example!r}")

    return check


def _is_version(key: str, form: str, dots: int) -> Callable[[object, str, Findings], None]:
    def check(value: object, path: str, findings: Findings) -> None:
        if not isinstance(value, str) or not _VERSION.fullmatch(value):
            findings.refuse(path, f"has the {key} {shown(value)}; give a version as text, {form}")
        elif value.count(".") != dots:
            findings.warn(path, f"has the {key} {value}; the documentation has it as {form}")

    return check


def _is_list(key: str, example: str) -> Callable[[object, str, Findings], None]:
    def check(value: object, path: str, findings: Findings) -> None:
        if isinstance(value, str) and value:
            findings.warn(path, f"has {key!r} as a string; the documentation has a list, such as [{example!r}]")
        elif not isinstance(value, list) or not value or not all(isinstance(one, str) and one for one in value):
            findings.refuse(path, f"has {key!r} as {shown(value)}; give a list of text, such as [{example!r}]")

    return check


def _check_dtype(value: object, path: str, findings: Findings) -> None:
    if value not in DATA_TYPES:
        hint = guess(value, DATA_TYPES) if isinstance(value, str) else ""
        findings.warn(path, f"has the dtype {shown(value)}, which is none of {', '.join(DATA_TYPES)}{hint}")


def _check_gpu_code(value: object, path: str, findings: Findings) -> None:
    if not isinstance(value, str) or not value:
        findings.refuse(path, f"has the gpu-code {shown(value)}; give text, such as 'sm_72'")
    elif not re.fullmatch(r"sm_\d+[a-z]?", value, re.ASCII):
        findings.warn(path, f"has the gpu-code {value!r:.60}, which is not of the form 'sm_72'")


def _check_android(value: object, path: str, findings: Findings) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 21 <= value <= 29:
        findings.refuse(path, f"has the ANDROID_PLATFORM {shown(value)}; give a number from 21 to 29")


_CHECKS: Final[dict[str, Callable[[object, str, Findings], None]]] = {
    "dtype": _check_dtype,
    "mcpu": _is_text("the mcpu", "skylake-avx512"),
    "mattr": _is_list("mattr", "+neon"),
    "gpu-code": _check_gpu_code,
    _JETPACK_GPU: _check_gpu_code,
    "trt-ver": _is_version("trt-ver", "x.y.z", 2),
    "cuda-ver": _is_version("cuda-ver", "x.y", 1),
    _JETPACK: _is_version(_JETPACK, "x.y", 1),
    "ANDROID_PLATFORM": _check_android,
    "class_labels": _is_text("the class_labels", "labels.txt"),
    "signature_def_key": _is_text("the signature_def_key", "serving_custom"),
    "output_names": _is_list("output_names", "output_tensor:0"),
}
