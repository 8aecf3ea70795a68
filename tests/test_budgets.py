"""Budgets that no machine's speed changes: what is imported, installed, called and allocated. Raise them knowingly."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tomllib
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

import neo_wire
from benchmarks.measuring import serving
from neo_wire import NeoClient

PACKAGE = Path(neo_wire.__file__).parent
STAGES = """
import json, sys
before = set(sys.modules)
stages = {}
import neo_wire
stages["import"] = sorted(set(sys.modules) - before)
client = neo_wire.NeoClient(
    region="eu-west-1", credentials=neo_wire.Credentials("AKIDEXAMPLE", "secret"), endpoint_url=sys.argv[1]
)
stages["client"] = sorted(set(sys.modules) - before)
client.describe_compilation_job("resnet50")
stages["call"] = sorted(set(sys.modules) - before)
print(json.dumps(stages))
"""
OWN_MODULES = {"import": 4, "client": 70, "call": 80}
ALL_MODULES = {"import": 25, "client": 165, "call": 205}  # with the standard library's, which differ between Pythons
THIRD_PARTY = {"import": set(), "client": {"attr", "attrs"}, "call": {"attr", "attrs"}}
NEVER = {"anyio", "asyncio", "certifi", "concurrent", "cryptography", "email", "h11", "http", "httpcore", "httpx"}
NEVER |= {"json.tool", "multiprocessing", "sqlite3", "subprocess", "urllib.request", "uuid", "xml"}
WHEEL_BYTES = 1_400_000
PYTHON_CALLS = 150  # of Python functions, in the calling thread, by one warm describe over a socket
ALLOCATED_BYTES = 65_536 + 8_000  # at the peak of one warm describe: what is received into, and all the rest
KEPT_BYTES = 2_000  # by a hundred describes whose results were let go


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Of a server that describes a job; in a process of its own, so that only the client is counted."""
    with serving() as server:
        yield server.http


@pytest.fixture
def client(url: str) -> Iterator[NeoClient]:
    """A client that has made calls already."""
    with NeoClient(
        region="eu-west-1", credentials=neo_wire.Credentials("AKIDEXAMPLE", "secret"), endpoint_url=url
    ) as made:
        for _ in range(5):
            made.describe_compilation_job("resnet50")
        yield made


def test_the_modules_that_an_import_a_client_and_a_first_call_bring(url: str) -> None:
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-c", STAGES, url], capture_output=True, text=True, timeout=60, check=True, cwd=PACKAGE.parent
    )
    stages: dict[str, list[str]] = json.loads(done.stdout)
    for stage, names in stages.items():
        own = [name for name in names if name.split(".")[0] == "neo_wire"]
        others = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"neo_wire"}
        assert others == THIRD_PARTY[stage], stage
        assert len(own) <= OWN_MODULES[stage], (stage, own)
        assert len(names) <= ALL_MODULES[stage], (stage, names)
        assert not NEVER & {*names, *(name.split(".")[0] for name in names)}, stage


def test_the_dependencies() -> None:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    assert len(project["dependencies"]) <= 6  # attrs, certifi, and httpx with what it is made of


def test_the_bytes_that_the_wheel_installs() -> None:
    files = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert sum(path.stat().st_size for path in files) <= WHEEL_BYTES


def test_the_functions_that_one_call_calls(client: NeoClient) -> None:
    calls: list[str] = []

    def count(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)

    sys.setprofile(count)
    try:
        client.describe_compilation_job("resnet50")
    finally:
        sys.setprofile(None)
    assert len(calls) <= PYTHON_CALLS, calls


def test_what_one_call_allocates(client: NeoClient) -> None:
    gc.collect()
    tracemalloc.start()
    try:
        client.describe_compilation_job("resnet50")
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        client.describe_compilation_job("resnet50")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before <= ALLOCATED_BYTES


def test_calls_leave_nothing_behind(client: NeoClient) -> None:
    tracemalloc.start()
    try:
        for _ in range(10):
            client.describe_compilation_job("resnet50")
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(100):
            client.describe_compilation_job("resnet50")
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before <= KEPT_BYTES
