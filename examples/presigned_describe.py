"""Presigns a DescribeCompilationJob, for somebody without credentials to send with the standard library alone.

python examples/presigned_describe.py                                        # against the bundled local service
python examples/presigned_describe.py --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com --name resnet50
"""

from __future__ import annotations

import argparse
import json
import os
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

from neo_wire import Credentials, HttpRequest, NeoClient, OutputConfig, Scope, StoppingCondition, TargetDevice, Url
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer
from neo_wire.signing import PresignedRequest, presign


def presigned_describe(endpoint_url: str, region: str, name: str, credentials: Credentials) -> PresignedRequest:
    """The request, good for five minutes; its headers and its body are signed, so they have to be sent as they are."""
    request = HttpRequest(
        "POST",
        Url.parse(endpoint_url),
        (("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "SageMaker.DescribeCompilationJob")),
        json.dumps({"CompilationJobName": name}).encode(),
    )
    scope = Scope(region, "sagemaker")
    return presign(request, credentials, scope, datetime.now(UTC), expires=timedelta(minutes=5))


def send(presigned: PresignedRequest) -> str:
    """Send the request as somebody without credentials would."""
    request = urllib.request.Request(  # noqa: S310  # an http or https URL: Url.parse refuses all others
        presigned.url, data=presigned.body, headers=dict(presigned.headers), method=presigned.method
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  # as above
            body: bytes = answer.read()
            return f"HTTP {answer.status}: {json.loads(body)['CompilationJobStatus']}"
    except urllib.error.HTTPError as error:
        with error:
            return f"HTTP {error.code}: {error.read().decode()}"


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description="Presign a DescribeCompilationJob and send it.")
    parser.add_argument("--endpoint-url", help="without it, the bundled local service is used")
    parser.add_argument("--region", default="eu-west-1")
    parser.add_argument("--name", default="resnet50")
    options = parser.parse_args()
    with ExitStack() as stack:
        url, credentials = options.endpoint_url, EXAMPLE_CREDENTIALS
        if url:
            environ = os.environ
            credentials = Credentials(
                environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"], environ.get("AWS_SESSION_TOKEN")
            )
        else:
            url = stack.enter_context(LocalServer()).url
            client = stack.enter_context(NeoClient(region=options.region, credentials=credentials, endpoint_url=url))
            client.create_compilation_job(
                options.name,
                role_arn="arn:aws:iam::123456789012:role/neo",
                model_package_version_arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/resnet50/1",
                output_config=OutputConfig(s3_output_location="s3://models/", target_device=TargetDevice.ML_C5),
                stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
            )
        presigned = presigned_describe(url, options.region, options.name, credentials)
        print(presigned)
        print(send(presigned))


if __name__ == "__main__":
    main()
