"""The layers: imports go down only, siblings keep apart, and what is pure imports nothing that does I/O."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import neo_wire

PACKAGE = Path(neo_wire.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

# The layer of each module or package directly below neo_wire; a new one has to be put in its place here.
LAYERS = {
    "_decimals": 0,
    "_lazy": 0,
    "_log": 0,
    "_version": 0,
    "values": 0,
    "errors": 0,
    "http": 0,
    "events": 0,
    "schema": 0,
    "members": 0,
    "json_service": 0,
    "service": 0,
    "shapes": 1,
    "protocol": 1,
    "signing": 1,
    "config": 1,
    "retries": 1,
    "flow": 2,
    "credentials": 2,
    "attempts": 2,
    "call": 2,
    "configure": 2,
    "jobs": 2,
    "transports": 3,
    "async_client": 4,
    "client": 4,
    "client_options": 4,
    "explanation": 4,
    "given_options": 4,
    "json_client": 4,
    "job_flows": 4,
    "machine": 4,
    "session": 4,
    "httpx_transports": 4,
    "iterators": 4,
    "testing": 4,
    "httpx_auth": 4,
    "local": 4,
    "cli": 4,
    "__main__": 4,
}
# Within L0 too there is an order: each may import those before it.
ORDER = [
    "_decimals",
    "_lazy",
    "_log",
    "_version",
    "values",
    "errors",
    "http",
    "events",
    "schema",
    "members",
    "json_service",
    "service",
]
IMPURE = {"asyncio", "httpx", "httpx2", "httpcore", "anyio", "trio", "socket", "ssl", "subprocess", "time", "threading"}
IMPURE |= {"select", "selectors", "random", "secrets", "uuid", "http.client", "urllib.request"}
# What a module or class of the standard library is asked for the environment or the time by.
IMPURE_ATTRIBUTES = {
    "os": {"environ", "environb", "getenv", "getenvb", "urandom"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at its top or anywhere below, in full."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} has a relative import"
            assert node.module is not None
            found.add(node.module)
            if node.module == "neo_wire":
                found |= {f"neo_wire.{alias.name}" for alias in node.names}
    return found


def parts_imported(path: Path) -> set[str]:
    return {name.split(".")[1] for name in imported(path) if name.startswith("neo_wire.")}


def test_every_module_has_a_layer() -> None:
    assert {part_of(path) for path in FILES} - {"__init__"} <= set(LAYERS)


@pytest.mark.parametrize(
    "path", [p for p in FILES if part_of(p) != "__init__"], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_imports_go_down_only(path: Path) -> None:
    own = part_of(path)
    for other in parts_imported(path) - {own}:
        assert other in LAYERS, f"{path.name} imports neo_wire.{other}, which is no public name's module"
        allowed = LAYERS[other] < LAYERS[own] or (LAYERS[own] == LAYERS[other] and LAYERS[own] not in (0, 1))
        if LAYERS[own] == LAYERS[other] == 0:
            allowed = ORDER.index(other) < ORDER.index(own)
        assert allowed, f"{own} (L{LAYERS[own]}) imports {other} (L{LAYERS[other]})"


@pytest.mark.parametrize(
    "path", [p for p in FILES if LAYERS.get(part_of(p), 9) <= 2], ids=lambda p: str(p.relative_to(PACKAGE))
)
def test_what_is_pure_imports_nothing_that_does_io(path: Path) -> None:
    names = imported(path)
    assert not (names | {name.split(".")[0] for name in names}) & IMPURE
    nodes = list(ast.walk(ast.parse(path.read_text("utf-8"))))
    called: dict[str, str] = {}  # whatever name it was imported as
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            called |= {
                alias.asname or alias.name: alias.name for alias in node.names if alias.name in IMPURE_ATTRIBUTES
            }
            if isinstance(node, ast.ImportFrom) and node.module == "os":
                assert not {alias.name for alias in node.names} & IMPURE_ATTRIBUTES["os"]
    for node in nodes:
        if isinstance(node, ast.Attribute):
            owner = node.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else ""
            assert node.attr not in IMPURE_ATTRIBUTES.get(called.get(name, name), ()), f"{name}.{node.attr}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_bridge_and_what_is_made_for_httpx_import_it(path: Path) -> None:
    allowed = {
        "transports/httpx_bridge.py",
        "transports/httpcore_pools.py",
        "httpx_auth/auth.py",
        "httpx_transports.py",
        "local/httpx_transport.py",
    }
    if str(path.relative_to(PACKAGE)) not in allowed:
        assert not {name.split(".")[0] for name in imported(path)} & {"httpx", "httpx2", "httpcore"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_runtime_dependencies_are_the_declared_ones(path: Path) -> None:
    third_party = {"attrs", "h11", "httpx", "cryptography", "neo_wire"}
    if part_of(path) in {"httpx_auth", "transports"}:
        third_party |= {
            "anyio",
            "certifi",
            "httpcore",
            "httpx2",
        }  # the first two come with httpx, the third with a user's client
    if str(path.relative_to(PACKAGE)) == "local/fixtures.py":
        third_party |= {"pytest"}  # which alone imports it, as a plugin
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots <= third_party | set(sys.stdlib_module_names)
