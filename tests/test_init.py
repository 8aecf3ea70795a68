"""The front door: every public name is there, typed as it is, and opening it costs next to nothing."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

import neo_wire
import neo_wire.signing

HEAVY = ("httpx", "httpcore", "cryptography", "asyncio", "ssl", "rich", "botocore")


def test_every_public_name_can_be_imported() -> None:
    assert "NeoClient" in neo_wire.__all__
    for name in neo_wire.__all__:
        assert getattr(neo_wire, name) is not None
    assert set(neo_wire.__all__) <= set(dir(neo_wire))


@pytest.mark.parametrize("package", [neo_wire, neo_wire.signing], ids=lambda package: package.__name__)
def test_the_stub_has_the_same_names_from_the_same_modules(package: types.ModuleType) -> None:
    assert package.__file__ is not None
    stub = ast.parse(Path(package.__file__).with_name("__init__.pyi").read_text("utf-8"))
    names: dict[str, str] = {}
    for node in stub.body:
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None
            names |= {alias.asname or alias.name: node.module for alias in node.names}
    assert set(names) == set(package.__all__)
    for name, module in names.items():
        __import__(module)
        assert getattr(package, name) is getattr(sys.modules[module], name)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'NeoKlient'"):
        _ = neo_wire.NeoKlient  # type: ignore[attr-defined]  # the point of the test


@pytest.mark.parametrize(
    "statement",
    [
        "import neo_wire",
        "from neo_wire import NeoClient, AsyncNeoClient, ResourceNotFound; NeoClient(region='eu-west-1')",
        "import neo_wire.signing.sigv4, neo_wire.protocol.json11, neo_wire.call",
    ],
)
def test_nothing_heavy_is_imported(statement: str) -> None:
    program = f"{statement}\nimport sys\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.split() == []


def test_the_import_time_report_shows_none_of_the_heavy_ones() -> None:
    done = subprocess.run(  # as above
        [sys.executable, "-I", "-X", "importtime", "-c", "import neo_wire"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "neo_wire" in modules
    assert not modules & set(HEAVY)


@pytest.mark.parametrize("package", ["neo_wire", "neo_wire.signing"])
def test_no_lazy_name_is_that_of_a_submodule(package: str) -> None:
    """Importing the submodule would put the module in the place of the name."""
    loaded = importlib.import_module(package)
    submodules = {one.name for one in pkgutil.iter_modules(loaded.__path__)}
    assert not submodules & set(loaded.__all__)
