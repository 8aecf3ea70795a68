"""Why a compilation job failed: the service's free text, its kind, and what to do where AWS says.

The text has no fixed form. Most begins with whose fault it is, as in "ClientError: InputConfiguration: …"; the rest is
the compiler's own words, or those of the service that refused something.

Source: SageMaker developer guide, "Troubleshoot Errors" and "Troubleshoot Neo Compilation Errors".
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from attrs import frozen

from neo_wire.values import Value

FailureKind: TypeAlias = Literal[
    "input_configuration",
    "access",
    "s3",
    "unsupported_operator",
    "compiler",
    "resource_limit",
    "timeout",
    "system",
    "unknown",
]
"""What failed: the model or its description; a permission; getting or putting a file; an operator of the model that
the compiler does not know; the compiler; a quota or the memory; the time that the job had; the service; or nobody can
tell from the text."""


@frozen(eq=False, repr=False)
class FailureReason(Value):
    """Why a job failed.

    Attributes:
        kind: what failed, read from the text.
        text: the whole text of the service; empty when it gave none.
        hint: what to do, where AWS documents it; else empty.
    """

    kind: FailureKind
    text: str
    hint: str = ""

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.kind}: {self.text or 'no reason given'}{hint}"


_LOG: Final = "the job's log has more: CloudWatch, log group /aws/sagemaker/CompilationJobs, stream named as the job"


@frozen(eq=False, repr=False)
class _Rule(Value):
    kind: FailureKind
    pattern: str
    hint: str = _LOG


# The first that is found decides. Names of the user's own are taken out of the text before.
_RULES: Final = (
    _Rule(
        "system",
        r"^\W*(ServerError|Internal(Server)?(Error|Failure|Exception)|ServiceUnavailable)",
        "it is no fault of the model's: create the job again in a few minutes, and tell AWS support if it fails again",
    ),
    _Rule(
        "timeout",
        r"^\W*(\w+: )?\w*TimeOut(Error|Exception)?\b(?!.*endpoint)|MaxRuntimeInSeconds|max(imum)? ?run ?time"
        r"|ran longer than",
        "give the job more time by MaxRuntimeInSeconds of its stopping condition; AWS suggests 900 to begin with",
    ),
    _Rule(
        "unsupported_operator",
        r"\bOp(erator)?Attribute\w*(NotImplemented|Unimplemented|Required|NotValid|Invalid)",
        "an attribute of an operator is missing, has a wrong value, or is not supported: change that operator in the "
        "model, or compile for a target or framework version that takes it",
    ),
    _Rule(
        "unsupported_operator",
        r"\bOp(erator)?NotImplemented|\boperators? .{0,80}not (yet )?(implemented|supported)|unsupported operator",
        "the model has an operator that the compiler does not know: see AWS's list of the frameworks and operators "
        "that Neo supports, and replace it",
    ),
    _Rule(
        "resource_limit",
        r"LimitExceeded\b|\bquota\b|CapacityError|insufficient .{0,20}capacity",
        "wait until other jobs have ended, or have the quota raised",
    ),
    _Rule(
        "resource_limit",
        r"out of memory|OutOfMemory|MemoryError|bad_alloc|no space left|\btoo large\b|size limit",
    ),
    _Rule("access", r"PassRole", "let whoever creates the job pass its role: allow the action iam:PassRole on it"),
    _Rule(
        "access",
        r"AssumeRole|assume (the |this |your )?(\w+ )?role|trust (relationship|policy)",
        "let SageMaker assume the job's role: its trust policy names sagemaker.amazonaws.com",
    ),
    _Rule(
        "s3",
        r"bucket .{0,120}\bis in region|PermanentRedirect|wrong region",
        "keep the model and the output in a bucket of the region that the job is created in",
    ),
    _Rule(
        "s3",
        r"object does not exist|NoSuchKey|NoSuchBucket|bucket .{0,80}does not exist",
        "check the S3 URI of the input configuration",
    ),
    _Rule(
        "s3",
        r"(Head|Get|Put|List|Copy)(Object|Bucket)|MultipartUpload|endpoint URL: .{0,80}\bs3"
        r"|\bS3\b.{0,120}(denied|forbidden|\b4\d\d\b|fail|unable)"
        r"|(denied|forbidden|\b4\d\d\b|fail|unable|could not|cannot).{0,120}\bS3\b",
        "let the job's role read the model and write to the output location, with the keys that they are encrypted by, "
        "and from the VPC if the job has one",
    ),
    _Rule(
        "access",
        r"Access ?Denied|not authori[sz]ed|UnauthorizedOperation|\bforbidden\b|\bKMS\b",
        "let the job's role do what was refused",
    ),
    _Rule("input_configuration", r"untar|\btar\b", "the model is one gzip-compressed tar archive, .tar.gz"),
    _Rule(
        "input_configuration",
        r"(no|multiple|exactly one|only one|more than one|without).{0,40}\b(h5|pbtxt|pb|pth|pt|onnx|tflite|joblib|cfg"
        r"|weights|symbol|params?|parameter|model|variables)\b.{0,40}(files?|folders?)\b|Checkpoints are not supported",
        "the archive holds what the framework needs and no more: TensorFlow one .pb or .pbtxt, a saved model with its "
        "variables folder; Keras one .h5; PyTorch one .pth; MXNet one symbol .json and one .params; XGBoost one "
        ".model; ONNX one .onnx",
    ),
    _Rule(
        "input_configuration",
        r"wrong (batch size|shape)|NCHW|NHWC|shape mismatch|input.?shape|data_?shape|DataInputConfig|dimensionality"
        r"|not specified in|TensorShape",
        "name each input in DataInputConfig with its whole shape: NHWC for TensorFlow, NCHW for Keras, MXNet, ONNX "
        "and PyTorch",
    ),
    _Rule(
        "input_configuration",
        r"InputConfiguration.{0,40}(unable to load|cannot load|incompatible)",
        "check that Framework is right, and that its version is one that Neo takes for this target",
    ),
    _Rule(
        "input_configuration",
        r"InputConfiguration",
        "check Framework, FrameworkVersion and DataInputConfig against the model",
    ),
    _Rule(
        "compiler",
        r"CompilationError|(unable|failed) to compile|cannot compile|compilation (has )?failed|\bTVM\w*|neuron-cc",
    ),
    _Rule("system", r"ServerError|Internal(Server)?(Error|Failure)|internal (server )?error|service unavailable"),
)

_OWN_NAMES: Final = re.compile(r"\bs3://\S+|\barn:\S+|/\S+\.(py|so|cc|cpp|h)\b\S*|(?<=Bucket: )\S+|(?<=Key: )\S+")


@lru_cache(maxsize=1)
def _rules() -> tuple[tuple[FailureKind, re.Pattern[str], str], ...]:
    """The rules, compiled when the first job has failed."""
    return tuple((one.kind, re.compile(one.pattern, re.IGNORECASE | re.DOTALL), one.hint) for one in _RULES)


def classify_failure(text: str | None) -> FailureReason:
    """Tell what failed from the `failure_reason` of a job; any text is taken, and kept whole."""
    whole = text or ""
    searched = _OWN_NAMES.sub("…", whole)
    for kind, pattern, hint in _rules():
        if pattern.search(searched):
            return FailureReason(kind, whole, hint)
    return FailureReason("unknown", whole, _LOG)
