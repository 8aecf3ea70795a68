"""Compiles one model for three targets, waits for all of them, downloads each artifact and checks its digest.

python examples/compile_for_three_devices.py                         # against the bundled local service
python examples/compile_for_three_devices.py --endpoint-url https://api.sagemaker.eu-west-1.amazonaws.com
"""

from __future__ import annotations

import argparse
import os
import tempfile
from contextlib import ExitStack
from pathlib import Path

from neo_wire import NeoClient, StoppingCondition, Target, input_config
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline

TARGETS = (Target.device("ml_c5"), Target.device("rasp4b"), Target.platform("LINUX", "ARM64"))


def compile_and_fetch(client: NeoClient, folder: Path) -> None:
    """Compile for the targets, and put what came into a folder."""
    results = client.compile_for_targets(
        "resnet50-v1",
        TARGETS,
        role_arn="arn:aws:iam::123456789012:role/neo",
        input_config=input_config(
            "s3://models/resnet50.tar.gz", "PYTORCH", {"input0": [1, 3, 224, 224]}, framework_version="2.0"
        ),
        s3_output_location="s3://models/compiled/",
        stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
    )
    print(results)
    for result in results:
        if result.job is not None and result.completed:
            found = client.download_compilation_artifact(result.job, folder / f"{result.name}.tar.gz")
            print(f"{result.target}: {found.size} bytes, {found.check.outcome}")


def main() -> None:
    """Compile against the endpoint, or against the local service."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint-url")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if arguments.endpoint_url:
            client = NeoClient(region="eu-west-1", endpoint_url=arguments.endpoint_url)
        else:
            server = stack.enter_context(LocalServer(NeoService(timeline=Timeline(starting=0, in_progress=0))))
            environ = {**os.environ, "AWS_ENDPOINT_URL_S3": server.url}  # the artifacts lie in the same service
            client = NeoClient(
                region="eu-west-1", credentials=EXAMPLE_CREDENTIALS, endpoint_url=server.url, environ=environ
            )
        compile_and_fetch(stack.enter_context(client), folder)


if __name__ == "__main__":
    main()
