"""`neo-wire demo`: a whole job."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest

from neo_wire.local import NeoService

Run = Callable[..., Any]


@pytest.fixture
def demo(run: Run, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The demo, where the environment has neither credentials nor a region."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)
    return run("demo", "--seconds", "0.3")


def test_the_demo_shows_a_job_from_start_to_end(demo: Any) -> None:
    assert (demo.status, demo.err) == (0, "")
    out = demo.out
    assert re.findall(r"[0-9]\.[0-9] s  ([A-Z]+)", out) == ["STARTING", "INPROGRESS", "COMPLETED"]
    described = json.loads(out[out.index("{\n") : out.index("\n}\n") + 3])
    assert described["CompilationJobName"] == "resnet50-demo"
    assert described["CompilationJobStatus"] == "COMPLETED"
    assert described["ModelArtifacts"]["S3ModelArtifacts"].startswith("s3://models/compiled/")
    assert "List: resnet50-demo is COMPLETED" in out
    assert "except ResourceNotFound: " in out
    assert "except SignatureError: " in out
    assert out.splitlines()[-1].startswith("Next: `neo-wire serve`")


def test_every_request_goes_over_http_and_has_its_signature_checked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = []
    handle = NeoService.handle

    def recorded(self: NeoService, request: Any) -> Any:
        answer = handle(self, request)
        answers.append((request.header("x-amz-target").partition(".")[2], answer.status))
        assert request.header("user-agent").startswith("neo-wire/")
        return answer

    monkeypatch.setattr(NeoService, "handle", recorded)
    assert run("demo", "--seconds", "0").status == 0
    assert answers == [
        ("CreateCompilationJob", 200),
        ("DescribeCompilationJob", 200),
        ("ListCompilationJobs", 200),
        ("DeleteCompilationJob", 200),
        ("DescribeCompilationJob", 400),  # it is gone
        ("DescribeCompilationJob", 403),  # a wrong secret
    ]


@pytest.mark.parametrize(
    ("variables", "coloured"), [({"TERM": "xterm"}, True), ({"TERM": "dumb"}, False), ({"NO_COLOR": "1"}, False)]
)
def test_colours_are_for_terminals_that_have_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], coloured: bool
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    out = run("demo", "--seconds", "0").out
    assert ("\x1b[1m\nCreate the job resnet50-demo:\x1b[0m\n" in out) is coloured
    assert ("\x1b" in out) is coloured


def test_whatever_is_configured_on_the_machine_is_not_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "none-such")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "many")
    demo = run("demo", "--seconds", "0")
    assert (demo.status, demo.err) == (0, "")
