from __future__ import annotations

import pytest

from neo_wire.jobs.failure_reasons import classify_failure
from neo_wire.local import Timeline, failures

KINDS = {
    "NO_H5_FILE": "input_configuration",
    "CANNOT_LOAD_TENSORFLOW": "input_configuration",
    "WRONG_SHAPE": "input_configuration",
    "OPERATOR_NOT_IMPLEMENTED": "unsupported_operator",
    "OPERATOR_ATTRIBUTE_NOT_VALID": "unsupported_operator",
    "CANNOT_COMPILE": "compiler",
    "ROLE_NOT_ASSUMED": "access",
    "ROLE_NOT_PASSED": "access",
    "S3_ACCESS_DENIED": "s3",
    "S3_NO_SUCH_KEY": "s3",
    "OUT_OF_MEMORY": "resource_limit",
    "TIME_OUT": "timeout",
    "SERVER_ERROR": "system",
}


def test_every_reason_is_tested() -> None:
    assert {name for name in vars(failures) if name.isupper()} == set(KINDS)


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_a_reason_is_of_its_kind_and_fits_into_a_response(name: str, kind: str) -> None:
    text = getattr(failures, name)
    assert classify_failure(text).kind == kind
    assert Timeline(outcome="FAILED", failure_reason=text).failure_reason == text
