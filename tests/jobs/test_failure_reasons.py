"""Failure reasons are told apart by texts that were seen in public or that AWS documents, and kept whole."""

from __future__ import annotations

import pickle
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.jobs.failure_reasons import FailureKind, FailureReason, classify_failure

CLIENT = "ClientError: "
INPUT = "ClientError: InputConfiguration: "

TEXTS: list[tuple[FailureKind, str, str]] = [
    # AWS's page on compilation errors
    ("input_configuration", "InputConfiguration: Exactly one .pb file is allowed for TensorFlow models.", ".pb"),
    (
        "input_configuration",
        "InputConfiguration: Exactly one .pb or .pbtxt file is allowed for TensorFlow models.",
        ".pb",
    ),
    ("input_configuration", "InputConfiguration: No h5 file provided in /opt/ml/model", ".h5"),
    ("input_configuration", "InputConfiguration: Multiple h5 files provided, a.h5, when only one is allowed", ".h5"),
    ("input_configuration", f"{INPUT}Unable to load provided Keras model. Error: 'sample_weight_mode'", "version"),
    (
        "input_configuration",
        (
            f"{INPUT}Input input has wrong shape in Input Shape dictionary. Input shapes should be "
            "provided in NCHW format."
        ),
        "NCHW",
    ),
    (
        "input_configuration",
        (
            f"{INPUT}Only one parameter file is allowed for MXNet model. Please make sure the framework you "
            "select is correct."
        ),
        ".params",
    ),
    (
        "input_configuration",
        f"{INPUT}Unable to untar input model. Please confirm the model is a tar.gz file",
        ".tar.gz",
    ),
    (
        "unsupported_operator",
        (
            f"{INPUT}TVM cannot convert ONNX model. Please make sure the framework you selected is correct. "
            "The following operators are not implemented: {'NonZero'}"
        ),
        "operator",
    ),
    ("s3", f"{INPUT}S3 object does not exist. Bucket: my-bucket, Key: models/x.tar.gz", "S3 URI"),
    (
        "s3",
        (
            f"{INPUT}Bucket my-bucket is in region us-east-1 which is different from AWS Sagemaker "
            "service region us-west-2"
        ),
        "region",
    ),
    # the same guide's list of kinds
    ("unsupported_operator", "OperatorNotImplemented: Operator NonMaxSuppression is not implemented.", "operator"),
    ("unsupported_operator", f"{CLIENT}OperatorAttributeNotImplemented: attribute ceil_mode of Pooling", "attribute"),
    ("unsupported_operator", "OperatorAttributeRequired: Required attribute axis not found", "attribute"),
    ("unsupported_operator", "OperatorAttributeValueNotValid: Value 7 in attribute layout", "attribute"),
    (
        "access",
        (
            "ClientError: An error occurred (AccessDenied) when calling the AssumeRole operation: User is "
            "not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::123456789012:role/s3-timeout"
        ),
        "trust policy",
    ),
    (
        "access",
        "ClientError: not authorized to perform: iam:PassRole on resource arn:aws:iam::1:role/x",
        "iam:PassRole",
    ),
    ("s3", f"{CLIENT}An error occurred (403) when calling the HeadObject operation: Forbidden", "role"),
    ("s3", f"{CLIENT}An error occurred (NoSuchBucket) when calling the PutObject operation", "S3 URI"),
    ("s3", "ClientError: Failed to download the model from S3: 400 Bad Request", "role"),
    ("s3", 'ClientError: Connect timeout on endpoint URL: "https://b.s3.us-west-2.amazonaws.com/x"', "VPC"),
    ("access", "ClientError: KMS key is not accessible", "role"),
    # issues in public repositories
    (
        "input_configuration",
        f"{INPUT}Framework cannot load Tensorflow model: as_list() on an unknown TensorShape.",
        "NHWC",
    ),
    ("input_configuration", f"{INPUT}Incompatible Tensorflow model", "version"),
    (
        "input_configuration",
        (
            f"{INPUT}TVM cannot convert ONNX model. Please make sure the framework you selected is correct. "
            "list index out of range"
        ),
        "Framework",
    ),
    (
        "input_configuration",
        (
            f"{INPUT}TVM cannot convert the PyTorch model. Invalid model or input-shape mismatch. Make sure that "
            "inputs are lexically ordered and of the correct dimensionality. Traceback (most recent call last):\n"
            "  [bt] (4) /opt/amazon/lib/python3.6/site-packages/tvm/libtvm.so(TVMFuncCall+0x61) [0x7f1661918f41]"
        ),
        "NCHW",
    ),
    (
        "compiler",
        (
            "ClientError: CompilationError: Unable to compile model for ml_inf1:', 'No operations were successfully "
            "partitioned and compiled to neuron for this model - aborting trace!')"
        ),
        "CloudWatch",
    ),
    (
        "system",
        (
            "ServerError: There was an internal server error during the compilation job, please try again in a few "
            "minutes or contact amazon-neo-feedback@amazon.com to get support for this compilation job."
        ),
        "again",
    ),
    # limits and time
    ("timeout", "TimeOut: the job ran longer than its 900 s", "MaxRuntimeInSeconds"),
    ("timeout", "ClientError: Timeout. The job exceeded MaxRuntimeInSeconds", "MaxRuntimeInSeconds"),
    ("resource_limit", "ResourceLimitExceeded: The account-level service limit is 5", "quota"),
    ("resource_limit", "ClientError: CapacityError: Unable to provision requested ML compute capacity", "quota"),
    ("resource_limit", "ClientError: the compiler ran out of memory", "CloudWatch"),
    ("unknown", "ClientError: Please retry", "CloudWatch"),
    ("unknown", "", "CloudWatch"),
]


@pytest.mark.parametrize(("kind", "text", "hint"), TEXTS, ids=[text[:60] for _, text, _ in TEXTS])
def test_the_kind_the_whole_text_and_a_hint(kind: FailureKind, text: str, hint: str) -> None:
    reason = classify_failure(text)
    assert (reason.kind, reason.text) == (kind, text)
    assert hint in reason.hint


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (
            f"{INPUT}No onnx file in s3://timeout-denied/OperatorNotImplemented.tar.gz",
            "input_configuration",
        ),
        (f"{INPUT}S3 object does not exist. Bucket: kms-quota, Key: TimeOut/PassRole.tar.gz", "s3"),
        ("ServerError: internal error. Timeout of S3 access denied by quota", "system"),
        ("clienterror: inputconfiguration: no H5 FILE provided", "input_configuration"),
    ],
)
def test_what_users_name_themselves_and_the_case_do_not_count(text: str, kind: str) -> None:
    assert classify_failure(text).kind == kind


def test_no_text_at_all() -> None:
    assert classify_failure(None) == classify_failure("")
    assert str(classify_failure(None)).startswith("unknown: no reason given (")
    assert str(FailureReason("system", "x")) == "system: x"


@given(st.text(max_size=1024))
def test_any_text_is_taken_and_kept(text: str) -> None:
    reason = classify_failure(text)
    assert reason.text == text
    assert pickle.loads(pickle.dumps(reason)) == reason  # noqa: S301  # our own bytes


@pytest.mark.parametrize("unit", ["S3 ", "bucket ", "no ", "operator ", "TimeOut", "w", "/a", "assume ", "cannot "])
def test_no_text_takes_long(unit: str) -> None:
    text = (unit * 1024)[:1024]
    classify_failure(text)
    began = time.process_time()
    classify_failure(text)
    assert time.process_time() - began < 0.25
