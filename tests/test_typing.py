"""The public surface as mypy sees it, and the errors that it must find."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

SURFACE = Path(__file__).with_name("typing") / "public_surface.py"
ROOT = Path(__file__).parent.parent


def test_mypy_sees_the_types_that_are_promised_and_the_errors_that_must_be() -> None:
    done = subprocess.run(  # noqa: S603  # mypy, in this interpreter
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", str(SURFACE)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stderr == ""
    found = set()
    for line in done.stdout.splitlines():
        if match := re.match(r".*public_surface\.py:(\d+): error: .*\[([a-z-]+)\]$", line):
            found.add((int(match[1]), match[2]))
        else:
            assert ": note: " in line, line
    expected = set()
    for number, line in enumerate(SURFACE.read_text("utf-8").splitlines(), 1):
        if match := re.search(r"# error: \[([a-z-]+)\]$", line):
            expected.add((number, match[1]))
    assert len(expected) > 10
    assert found == expected
