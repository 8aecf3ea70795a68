"""`neo-wire demo`: the whole life of a job, over real HTTP against the local service, with each signature checked."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from typing import TextIO

from neo_wire.cli.output import plain
from neo_wire.client import NeoClient
from neo_wire.errors import ResourceNotFound, ServiceError, SignatureError
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, NeoService, Timeline
from neo_wire.shapes.enums import Framework, TargetDevice
from neo_wire.shapes.structures import DescribeCompilationJobResponse, InputConfig, OutputConfig, StoppingCondition
from neo_wire.signing.credentials import Credentials

_NAME = "resnet50-demo"
_REGION = "eu-west-1"
_LONGEST_POLL = 0.2
_STYLES = {"bold": 1, "green": 32, "cyan": 36}

Say = Callable[..., None]
"""Prints a line, in a style where there are any: `say(text, style=None)`."""


def demo(arguments: argparse.Namespace) -> int:
    """Create a job, follow it to its end, describe, list and delete it; show what two kinds of errors look like."""
    say = _printer()
    timeline = Timeline(starting=arguments.seconds * 0.3, in_progress=arguments.seconds * 0.7)
    service = NeoService(credentials=EXAMPLE_CREDENTIALS, region=_REGION, timeline=timeline)
    with LocalServer(service) as server, _client(server.url, EXAMPLE_CREDENTIALS) as client:
        say(f"A local SageMaker Neo listens on {server.url} and checks the signature of every request.")
        say(f"\nCreate the job {_NAME}:", "bold")
        started = time.monotonic()
        say(f"  {_create(client)}")
        job = _follow(client, started, min(_LONGEST_POLL, arguments.seconds / 20), say)
        say("\nDescribe it, with AWS's own member names:", "bold")
        say(json.dumps(plain(job), indent=2))
        jobs = client.list_compilation_jobs(name_contains="resnet").compilation_job_summaries
        say(
            f"\nList: {', '.join(f'{one.compilation_job_name} is {one.compilation_job_status}' for one in jobs)}",
            "bold",
        )
        client.delete_compilation_job(_NAME)
        say("Delete: done", "bold")
        say("\nErrors have types:", "bold")
        _show_error(lambda: client.describe_compilation_job(_NAME), ResourceNotFound, say)
        with _client(server.url, Credentials("AKIDEXAMPLE", "not-the-secret-key")) as wrong:
            _show_error(lambda: wrong.describe_compilation_job(_NAME), SignatureError, say)
    say("\nNext: `neo-wire serve` keeps such a service running; `neo-wire describe NAME --region eu-west-1` asks AWS.")
    return 0


def _client(url: str, credentials: Credentials) -> NeoClient:
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}  # whatever this machine has
    return NeoClient(region=_REGION, credentials=credentials, endpoint_url=url, environ=nothing)


def _create(client: NeoClient) -> str:
    created = client.create_compilation_job(
        _NAME,
        role_arn="arn:aws:iam::123456789012:role/neo",
        input_config=InputConfig(
            s3_uri="s3://models/resnet50.tar.gz",
            data_input_config='{"data": [1, 3, 224, 224]}',
            framework=Framework.PYTORCH,
            framework_version="2.0",
        ),
        output_config=OutputConfig(s3_output_location="s3://models/compiled/", target_device=TargetDevice.ML_C5),
        stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
    )
    return created.compilation_job_arn


def _follow(client: NeoClient, started: float, interval: float, say: Say) -> DescribeCompilationJobResponse:
    """Describe the job until it has ended, saying each change of its status."""
    status = None
    while True:
        job = client.describe_compilation_job(_NAME)
        if job.compilation_job_status != status:
            status = job.compilation_job_status
            say(f"  {time.monotonic() - started:5.1f} s  {status}", "green" if status.is_terminal else "cyan")
        if status.is_terminal:
            return job
        time.sleep(interval)


def _show_error(call: Callable[[], object], expected: type[ServiceError], say: Say) -> None:
    try:
        call()
    except expected as error:
        say(f"  except {expected.__name__}: {error.message}")


def _printer() -> Say:
    """Print in colours where there is a terminal that has them."""
    stdout: TextIO | None = sys.stdout  # None when the process was started without one
    coloured = (
        stdout is not None and stdout.isatty() and os.environ.get("TERM") != "dumb" and not os.environ.get("NO_COLOR")
    )

    def say(text: str, style: str | None = None) -> None:
        print(f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if coloured and style is not None else text, flush=True)

    return say
