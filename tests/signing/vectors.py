"""The key pairs, the time, the scope and the request of the published signature vectors."""

from __future__ import annotations

from datetime import UTC, datetime

from neo_wire.http import HttpRequest, Url
from neo_wire.signing import Credentials, Scope

AT = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
KEY_PAIR = Credentials("AKIDEXAMPLE", SECRET)
TEMPORARY = Credentials("AKIDEXAMPLE", SECRET, "TOKEN/+==")
SCOPE = Scope("us-west-2", "sagemaker")
DESCRIBE = HttpRequest(
    "POST",
    Url.parse("https://api.sagemaker.us-west-2.amazonaws.com/"),
    (("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "SageMaker.DescribeCompilationJob")),
    b'{"CompilationJobName":"demo"}',
)
