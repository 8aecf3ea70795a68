"""Public names that are imported from their modules when they are first used. Type checkers read a stub beside it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(package: str, modules: Mapping[str, str]) -> tuple[dict[str, str], Callable[[str], Any]]:
    """What a package of lazy names needs: the module of each name, and the package's `__getattr__`.

    Args:
        package: its `__name__`.
        modules: from modules to the names that they have, with spaces between them.
    """
    module_of = {name: module for module, names in modules.items() for name in names.split()}

    def __getattr__(name: str) -> Any:  # noqa: ANN401, N807  # type checkers read the stub; it becomes a module's
        """Import a public name at its first use."""
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(import_module(module_of[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return module_of, __getattr__
