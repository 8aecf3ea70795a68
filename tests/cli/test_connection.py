"""The client that commands call with: its options, and what it logs."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neo_wire import ServerError
from neo_wire.cli.arguments import parser
from neo_wire.cli.connection import connected
from neo_wire.local import NeoService

Run = Callable[..., Any]
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def arguments(*more: str) -> argparse.Namespace:
    return parser().parse_args(["describe", "resnet50", *more])


def test_the_profile_is_used(run: Run, server: Any, create: Run, tmp_path: Path, monkeypatch: Any) -> None:
    create("resnet50")
    (tmp_path / "config").write_text(
        f"[profile local]\nregion = eu-west-1\nendpoint_url = {server.url}\n"
        f"aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {SECRET}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    assert run("describe", "resnet50", "--profile", "local").json["CompilationJobName"] == "resnet50"


def test_attempts_are_bounded(call: Run, create: Run, service: NeoService) -> None:
    create("resnet50")
    service.script(ServerError("out", status=503))
    failed = call("describe", "resnet50", "--max-attempts", "1")
    assert failed.status == 254
    assert "1 attempt in" in failed.err
    assert call("describe", "resnet50", "--max-attempts", "0").status == 253


@pytest.mark.parametrize("token", ["", "a-token-that-nobody-may-see"])
def test_debug_tells_each_attempt_and_no_secret(
    call: Run, service: NeoService, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    if token:
        monkeypatch.setenv("AWS_SESSION_TOKEN", token)
    failed = call("describe", "resnet50", "--debug")
    assert failed.status == 254
    assert failed.out == ""
    lines = failed.err.splitlines()
    assert any(" DEBUG neo_wire.retries.story: DescribeCompilationJob at http://127.0.0.1:" in line for line in lines)
    assert "Traceback (most recent call last):" in lines
    assert lines[-1].startswith("neo-wire: ")
    for secret in (SECRET, "a-token-that-nobody-may-see", "Signature=", "AKIDEXAMPLE/"):
        assert secret not in failed.err


def test_what_a_service_says_cannot_drive_the_terminal_in_a_log_either(call: Run, service: NeoService) -> None:
    service.script(ServerError("a\x1b[31mb\nc", status=500), times=3)
    failed = call("list", "--debug", "--max-attempts", "1")
    assert "\x1b" not in failed.err
    assert "[31mb" in failed.err


def test_logging_is_as_before_when_the_command_is_over() -> None:
    logger = logging.getLogger("neo_wire")
    before = (logger.level, logger.propagate, list(logger.handlers))
    with connected(arguments("--debug")) as client:
        assert logger.isEnabledFor(logging.DEBUG)
        assert repr(client).startswith("NeoClient(")
    assert (logger.level, logger.propagate, list(logger.handlers)) == before
    assert not logger.isEnabledFor(logging.DEBUG)


def test_a_call_timeout_has_two_names_where_nothing_is_waited_for() -> None:
    assert arguments("--timeout", "3").call_timeout == arguments("--call-timeout", "3").call_timeout == 3.0
    waiting = parser().parse_args(["wait", "a", "--timeout", "2m", "--call-timeout", "3"])
    assert (waiting.timeout, waiting.call_timeout) == (120.0, 3.0)
