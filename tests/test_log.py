"""The logs: `logging` comes for a warning, or when the program has it, and not before."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from neo_wire._log import log, quiet_log, takes_debug

NAME = "neo_wire.for_this_test"


def run(program: str) -> tuple[str, str]:
    """What a program prints, and what it says on its standard error."""
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout, done.stderr


def test_the_logs_are_those_of_the_standard_library() -> None:
    assert log(NAME) is quiet_log(NAME) is logging.getLogger(NAME)


@pytest.mark.parametrize(("level", "takes"), [("DEBUG", True), ("INFO", False)])
def test_whether_it_takes_what_is_logged_at_debug(level: str, takes: bool, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(level, logger="neo_wire"):
        assert takes_debug(NAME) is takes


def test_without_logging_nobody_has_asked_for_anything() -> None:
    program = """
import sys
from neo_wire._log import quiet_log, takes_debug
print(quiet_log("neo_wire.x"), takes_debug("neo_wire.x"), "logging" in sys.modules)
import logging
print(quiet_log("neo_wire.x").name, takes_debug("neo_wire.x"))
logging.basicConfig(level=logging.DEBUG)
print(takes_debug("neo_wire.x"))
"""
    assert run(program) == ("None False False\nneo_wire.x False\nTrue\n", "")


def test_a_warning_is_shown_by_the_standard_library_all_the_same() -> None:
    program = """
import sys
import neo_wire
client = neo_wire.NeoClient(
    region="eu-west-1",
    credentials=neo_wire.Credentials("AKIDEXAMPLE", "secret"),
    environ={"AWS_RETRY_MODE": "legacy", "HOME": "/nowhere"},
    timeout=0.001,
    max_attempts=1,
    endpoint_url="http://127.0.0.1:9",
)
print("logging" in sys.modules)
try:
    client.describe_compilation_job("resnet50")
except neo_wire.NeoWireError:
    pass
"""
    said, shown = run(program)
    assert said == "False\n"
    assert shown == "retry_mode from AWS_RETRY_MODE is 'legacy', which is taken for 'standard'\n"
