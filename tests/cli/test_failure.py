"""Errors as one line and as an exit status."""

from __future__ import annotations

import pytest

from neo_wire.cli.arguments import parser
from neo_wire.cli.failure import UsageError, describe, exit_status, one_line
from neo_wire.errors import (
    AccessDenied,
    ConfigurationError,
    ConnectFailed,
    InputValidationError,
    MissingExtra,
    NoCredentials,
    ResourceNotFound,
    ResponseDecodeError,
    ServiceError,
    SigningError,
    UndecodableErrorResponse,
    Violation,
)
from neo_wire.jobs.digests import DigestMismatch
from neo_wire.jobs.failure_reasons import classify_failure
from neo_wire.jobs.outcomes import (
    CompilationFailed,
    CompilationJobDeleted,
    CompilationJobMissing,
    CompilationStopped,
    JobDiffers,
    WaitTimeout,
)
from neo_wire.protocol.decoder import decode
from neo_wire.shapes.structures import DescribeCompilationJobResponse

CASES = [
    (UsageError("say more; see neo-wire --help"), 252, "say more; see neo-wire --help"),
    (
        InputValidationError("Shape", [Violation("A.B", "is wrong"), Violation("", "is empty")]),
        252,
        "InputValidationError: Shape has 2 problems, nothing was sent: A.B: is wrong; is empty",
    ),
    (SigningError("no"), 252, "SigningError: no"),
    (ConfigurationError("no region"), 253, "ConfigurationError: no region"),
    (NoCredentials("none"), 253, "NoCredentials: none"),
    (MissingExtra("tables need rich"), 253, "MissingExtra: tables need rich"),
    (
        ResourceNotFound("gone", operation="DescribeCompilationJob", request_id="r-1"),
        254,
        "ResourceNotFound from DescribeCompilationJob: gone (HTTP 400, request id r-1)",
    ),
    (AccessDenied("no", code="AccessDenied", status=403), 254, "AccessDenied: no (HTTP 403, request id None)"),
    (ServiceError("new", code="BrandNew"), 254, "BrandNew: new (HTTP 400, request id None)"),
    (
        UndecodableErrorResponse("not JSON", status=502),
        254,
        "UndecodableErrorResponse: cannot decode the response: not JSON (HTTP 502, request id None)",
    ),
    (
        ResponseDecodeError("not JSON", status=200),
        255,
        "ResponseDecodeError: cannot decode the response: not JSON (HTTP 200, request id None)",
    ),
    (
        ConnectFailed("refused", endpoint="http://a", maybe_processed=False),
        255,
        "ConnectFailed: http://a: refused (the request was not processed)",
    ),
    (
        FileNotFoundError(2, "No such file or directory", "x"),
        255,
        "FileNotFoundError: [Errno 2] No such file or directory: 'x'",
    ),
]


@pytest.mark.parametrize(("error", "status", "line"), CASES, ids=lambda value: type(value).__name__)
def test_status_and_line(error: Exception, status: int, line: str) -> None:
    assert exit_status(error) == status
    assert describe(error) == line


JOB = decode(DescribeCompilationJobResponse, {"CompilationJobName": "net", "CompilationJobStatus": "INPROGRESS"})


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (CompilationFailed(JOB, classify_failure("ClientError: no")), 1),
        (CompilationStopped(JOB), 2),
        (CompilationJobDeleted(JOB), 3),
        (DigestMismatch(path="model", expected="a", actual="b", size=1, kept_aside=False), 4),
        (JobDiffers(JOB, []), 6),
        (WaitTimeout(name="net", job=JOB, timeout=1), 124),
        (CompilationJobMissing("net"), 254),
    ],
)
def test_each_end_of_a_job_has_a_status_of_its_own(error: Exception, status: int) -> None:
    assert exit_status(error) == status
    assert f"  {status} " in parser().format_help()


def test_a_message_from_the_service_cannot_drive_the_terminal() -> None:
    error = ServiceError("a\r\nb\x1b[31mred\x07 \u202eleft\u2028line", code="Odd")
    assert describe(error) == "Odd: a b [31mred left line (HTTP 400, request id None)"


def test_one_line_keeps_what_can_be_read() -> None:
    assert one_line("  déjà\tvu\n\n模型 🙂 ") == "déjà vu 模型 🙂"
