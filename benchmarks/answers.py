"""What the loopback server answers with, and what the contenders send: the same bytes for all of them.

Standard library alone: this runs in the environment of each peer.
"""

from __future__ import annotations

import json

REGION = "eu-west-1"
JOB = "resnet50"
ACCESS_KEY_ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TARGETS = {name: f"SageMaker.{name}CompilationJob" for name in ("Describe", "Create")} | {
    "List": "SageMaker.ListCompilationJobs"
}
PAGE = 100  # rows of a page, at most
_CREATED = 1_763_899_990.123
_ARN = "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/"
_S3 = "s3://models-of-the-vision-team/resnet50/"


def job_name(number: int) -> str:
    """The name of one of many jobs."""
    return f"job-{number:04}"


def described(name: str = JOB) -> bytes:
    """The body of a DescribeCompilationJob response, about 1 KB; the job is completed."""
    return json.dumps(
        {
            "CompilationJobName": name,
            "CompilationJobArn": _ARN + name,
            "CompilationJobStatus": "COMPLETED",
            "CompilationStartTime": 1_763_900_000.123,
            "CompilationEndTime": 1_763_900_300.5,
            "StoppingCondition": {"MaxRuntimeInSeconds": 900},
            "InferenceImage": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-inference-pytorch:2.0-cpu-py310",
            "CreationTime": _CREATED,
            "LastModifiedTime": 1_763_900_300.6,
            "FailureReason": "",
            "ModelArtifacts": {"S3ModelArtifacts": _S3 + "compiled/resnet50-ml_c5.tar.gz"},
            "ModelDigests": {"ArtifactDigest": "ab" * 32},
            "RoleArn": "arn:aws:iam::123456789012:role/neo",
            "InputConfig": {
                "S3Uri": _S3 + "resnet50.tar.gz",
                "DataInputConfig": '{"data":[1,3,224,224]}',
                "Framework": "PYTORCH",
                "FrameworkVersion": "2.0",
            },
            "OutputConfig": {"S3OutputLocation": _S3 + "compiled/", "TargetDevice": "ml_c5"},
            "DerivedInformation": {"DerivedDataInputConfig": '{"data":[1,3,224,224]}'},
        }
    ).encode()


def listed(rows: int, first: int = 0, next_token: str | None = None) -> bytes:
    """The body of a ListCompilationJobs response."""
    summaries = [
        {
            "CompilationJobName": job_name(number),
            "CompilationJobArn": _ARN + job_name(number),
            "CreationTime": _CREATED - number,
            "CompilationStartTime": 1_763_900_000.123,
            "CompilationEndTime": 1_763_900_300.5,
            "CompilationTargetDevice": "ml_c5",
            "LastModifiedTime": 1_763_900_300.6,
            "CompilationJobStatus": "COMPLETED",
        }
        for number in range(first, first + rows)
    ]
    return json.dumps(
        {"CompilationJobSummaries": summaries} | ({"NextToken": next_token} if next_token else {})
    ).encode()


def created() -> bytes:
    """The body of a CreateCompilationJob response."""
    return json.dumps({"CompilationJobArn": _ARN + JOB}).encode()


def create_input(size: int = 22) -> dict[str, object]:
    """The input of a CreateCompilationJob, as the service's model names its members; `size` is of the longest one."""
    return {
        "CompilationJobName": JOB,
        "RoleArn": "arn:aws:iam::123456789012:role/neo",
        "InputConfig": {"S3Uri": _S3 + "resnet50.tar.gz", "DataInputConfig": "1" * size, "Framework": "PYTORCH"},
        "OutputConfig": {"S3OutputLocation": _S3 + "compiled/", "TargetDevice": "ml_c5"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 900},
        "Tags": [{"Key": "team", "Value": "vision"}],
    }


def rows_wanted(rows: int) -> str:
    """The NameContains by which a contender asks the server for a response of so many rows."""
    return f"rows-{rows}"
