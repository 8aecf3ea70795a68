"""Budgets that no machine's speed changes: what is imported, installed, called and allocated. Raise them knowingly."""

from __future__ import annotations

import gc
import subprocess
import sys
import tomllib
import tracemalloc
from ast import literal_eval
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import pytest

import neo_wire
from benchmarks.measuring import Server, serving
from neo_wire import NeoClient

PACKAGE = Path(neo_wire.__file__).parent
STAGES = """
import sys
before = set(sys.modules)
stages = {}

def reached(stage):
    stages[stage] = sorted(set(sys.modules) - before)

import neo_wire
reached("import")
options = {
    "region": "eu-west-1",
    "credentials": neo_wire.Credentials("AKIDEXAMPLE", "secret"),
    "endpoint_url": sys.argv[1],
    "ca_bundle": sys.argv[2],
}
if sys.argv[3] == "blocking":
    client = neo_wire.NeoClient(**options)
    reached("client")
    client.describe_compilation_job("resnet50")
else:
    client = neo_wire.AsyncNeoClient(**options)
    reached("client")
    import asyncio

    async def call():
        async with client:
            await client.describe_compilation_job("resnet50")

    asyncio.run(call())
reached("call")
print(stages)
"""
OWN_MODULES = {"import": 3, "client": 35, "call": 75}
ALL_MODULES = {"import": 35, "client": 105, "call": 165}  # with the standard library's, which differ between Pythons
ASYNCIO = 60  # modules of it, and of ours for it
THIRD_PARTY = {"import": set(), "client": {"attr", "attrs"}, "call": {"attr", "attrs"}}
NEVER = {"anyio", "asyncio", "certifi", "concurrent", "cryptography", "email", "h11", "http", "httpcore", "httpx"}
NEVER |= {"json.tool", "multiprocessing", "sqlite3", "subprocess", "urllib.request", "uuid", "xml"}
# What a first call with given credentials could bring by its way through the standard library, and need not.
NEVER |= {
    "bz2",
    "decimal",
    "encodings.idna",
    "fnmatch",
    "importlib.resources",
    "ipaddress",
    "logging",
    "lzma",
    "numbers",
}
NEVER |= {"pathlib", "queue", "random", "shlex", "shutil", "string", "stringprep", "tempfile", "textwrap", "traceback"}
NEVER |= {"contextvars", "heapq", "urllib.parse", "zlib"}
TLS = {"base64", "ssl", "struct"}  # that plain HTTP does without
OF_ASYNCIO = {"asyncio", "base64", "concurrent", "contextvars", "heapq", "logging", "queue", "ssl", "string", "struct"}
OF_ASYNCIO |= {"subprocess", "textwrap", "traceback"}
WHEEL_BYTES = 1_400_000
PYTHON_CALLS = 150  # of Python functions, in the calling thread, by one warm describe over a socket
ALLOCATED_BYTES = 65_536 + 8_000  # at the peak of one warm describe: what is received into, and all the rest
KEPT_BYTES = 2_000  # by a hundred describes whose results were let go


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """One that describes a job; in a process of its own, so that only the client is counted."""
    with serving() as one:
        yield one


@pytest.fixture(scope="module")
def url(server: Server) -> str:
    """Of the server, without TLS."""
    return server.http


@pytest.fixture
def client(url: str) -> Iterator[NeoClient]:
    """A client that has made calls already."""
    with NeoClient(
        region="eu-west-1", credentials=neo_wire.Credentials("AKIDEXAMPLE", "secret"), endpoint_url=url
    ) as made:
        for _ in range(5):
            made.describe_compilation_job("resnet50")
        yield made


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["blocking", "asynchronous"])
def test_the_modules_that_an_import_a_client_and_a_first_call_bring(server: Server, scheme: str, kind: str) -> None:
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-c", STAGES, getattr(server, scheme), server.ca, kind],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=PACKAGE.parent,
    )
    stages: dict[str, list[str]] = literal_eval(done.stdout)
    for stage, names in stages.items():
        is_late = stage == "call" and kind == "asynchronous"
        never = (NEVER if scheme == "https" else NEVER | TLS) - (OF_ASYNCIO if is_late else set())
        own = [name for name in names if name.split(".")[0] == "neo_wire"]
        others = {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"neo_wire"}
        assert others == THIRD_PARTY[stage], stage
        assert len(own) <= OWN_MODULES[stage] + (5 if is_late else 0), (stage, own)
        assert len(names) <= ALL_MODULES[stage] + (ASYNCIO if is_late else 0), (stage, names)
        assert not never & {*names, *(name.split(".")[0] for name in names)}, stage


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
