"""boto3 and botocore, with or without awscrt; whichever of the two clients is installed is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.answers import ACCESS_KEY_ID, JOB, REGION, SECRET, create_input, created, described, listed, rows_wanted

try:
    from boto3 import client as _make
except ImportError:  # botocore alone
    import botocore.session

    _make = botocore.session.Session().create_client


class Client:
    """A blocking client."""

    def __init__(self, url: str, ca: str) -> None:
        self._client = _make(
            "sagemaker",
            region_name=REGION,
            endpoint_url=url,
            verify=ca,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET,
        )

    def describe(self) -> object:
        """Describe one job."""
        return self._client.describe_compilation_job(CompilationJobName=JOB)["CreationTime"]

    def list_rows(self, rows: int) -> object:
        """List so many rows in one response."""
        return self._client.list_compilation_jobs(NameContains=rows_wanted(rows))["CompilationJobSummaries"][-1]

    def create(self, size: int) -> object:
        """Create a job with an input of so many bytes."""
        return self._client.create_compilation_job(**create_input(size))

    def wait_for(self, names: list[str]) -> tuple[int, int]:
        """There is no waiter for these jobs: describe each, as users do; how many have ended, and how many requests."""
        done = 0
        for name in names:
            job = self._client.describe_compilation_job(CompilationJobName=name)
            done += job["CompilationJobStatus"] in ("COMPLETED", "FAILED", "STOPPED")
        return done, len(names)


def micro() -> dict[str, Callable[[], object]]:
    """The steps of a call on their own."""
    import botocore.session
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.compat import HAS_CRT
    from botocore.credentials import Credentials
    from botocore.parsers import create_parser
    from botocore.serialize import create_serializer

    signer: Any = SigV4Auth
    if HAS_CRT:
        from botocore.crt.auth import CrtSigV4Auth

        signer = CrtSigV4Auth
    auth = signer(Credentials(ACCESS_KEY_ID, SECRET), "sagemaker", REGION)
    model: Any = botocore.session.Session().get_service_model("sagemaker")
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "SageMaker.DescribeCompilationJob"}
    body = b'{"CompilationJobName":"resnet50"}'

    request = AWSRequest("POST", f"https://api.sagemaker.{REGION}.amazonaws.com/", headers, body)

    create = model.operation_model("CreateCompilationJob")
    inputs = create_input()
    validated, plain = create_serializer("json", True), create_serializer("json", False)
    steps: dict[str, Callable[[], object]] = {
        "sign": lambda: auth.add_auth(request),  # an earlier signature on it is replaced
        "encode Create, validated": lambda: validated.serialize_to_request(inputs, create),
        "encode Create": lambda: plain.serialize_to_request(inputs, create),
    }
    parser = create_parser("json")
    for name, operation, answer in (
        ("decode Describe", "DescribeCompilationJob", described()),
        ("decode List of 100", "ListCompilationJobs", listed(100)),
        ("decode Create", "CreateCompilationJob", created()),
    ):
        response = {"headers": {}, "status_code": 200, "body": answer}
        shape = model.operation_model(operation).output_shape
        steps[name] = lambda response=response, shape=shape: parser.parse(response, shape)  # type: ignore[misc]  # bound now
    return steps
