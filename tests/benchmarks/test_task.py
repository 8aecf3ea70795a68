"""Each measurement runs against the real loopback server, in a process of its own, with sizes that take no time."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.answers import create_input, described, job_name
from benchmarks.contenders.with_neo_wire import create_inputs
from benchmarks.measuring import Server, serving
from benchmarks.server import listing
from neo_wire.protocol.decoder import decode, parse_json
from neo_wire.protocol.encoder import encode
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    DescribeCompilationJobResponse,
    ListCompilationJobsResponse,
)

CHECKOUT = Path(__file__).parent.parent.parent
NAMES = [job_name(number) for number in range(3)]
BLOCKING = ("with_neo_wire", "with_botocore", "with_sockets")
ASYNCHRONOUS = ("with_neo_wire", "with_asyncio", "with_httpx")
RUN = """
import json, sys
from benchmarks.task import MEASUREMENTS
contender, names, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
print(json.dumps({name: MEASUREMENTS[name](contender, options) for name in names}))
"""
SIZES = {"threads": 2, "seconds": 0.02, "in_flight": 3, "rows": [1, 300], "sizes": [16], "calls": 1, "names": NAMES}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """That of the benchmarks, in a process of its own."""
    with serving() as running:
        yield running


def run(contender: str, names: list[str], server: Server) -> dict[str, dict[str, float]]:
    """Some measurements of one contender, in a process of its own."""
    options = json.dumps({"url": server.http, "ca": server.ca, "blocking": True, **SIZES})
    command = [sys.executable, "-c", RUN, contender, json.dumps(names), options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=CHECKOUT)  # noqa: S603  # our own program
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, float]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("contender", BLOCKING)
def test_a_blocking_client_is_measured(contender: str, server: Server) -> None:
    found = run(contender, ["memory", "threads", "growth", "waiting"], server)
    assert 1e6 < found["memory"]["import"] <= found["memory"]["first call"] <= found["memory"]["many calls"]
    assert found["threads"]["calls/s"] > 0
    assert found["growth"].keys() == {"rows 1", "rows 300", "bytes 16"}
    assert all(seconds > 0 for seconds in found["growth"].values())
    requests = {"with_neo_wire": 1, "with_botocore": len(NAMES)}.get(contender)
    assert found["waiting"].get("requests") == requests


@pytest.mark.parametrize("contender", ASYNCHRONOUS)
def test_an_asynchronous_client_is_measured(contender: str, server: Server) -> None:
    found = run(contender, ["in flight"], server)
    assert found["in flight"]["calls/s"] > 0
    assert found["in flight"]["p99"] > 0


@pytest.mark.parametrize("contender", BLOCKING)
def test_every_step_of_a_call_can_be_timed(contender: str) -> None:
    steps = __import__(f"benchmarks.contenders.{contender}", fromlist=["micro"]).micro()
    assert {"sign", "encode Create", "decode Describe", "decode List of 100"} <= steps.keys()
    for step in steps.values():
        step()


def test_the_answers_are_those_of_the_service() -> None:
    job = decode(DescribeCompilationJobResponse, parse_json(described()))
    assert job.compilation_job_status == "COMPLETED"
    assert job.input_config is not None
    page = decode(ListCompilationJobsResponse, parse_json(listing(b'{"MaxResults": 2}').partition(b"\r\n\r\n")[2]))
    assert [row.compilation_job_name for row in page.compilation_job_summaries] == NAMES[:2]
    assert page.next_token == "2"


def test_the_input_is_the_same_for_all() -> None:
    request = CreateCompilationJobRequest(compilation_job_name="resnet50", **create_inputs(22))
    assert parse_json(encode(request)) == create_input(22)
