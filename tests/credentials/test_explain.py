from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from neo_wire.credentials.explain import SourceRow, describe, none_found
from neo_wire.signing.credentials import Credentials

LONG = "AKIAIOSFODNN7EXAMPLE"


def test_credentials_are_shown_by_the_end_of_their_key_id() -> None:
    shown = describe(
        Credentials(
            LONG,
            "s3cret",
            "t0ken",
            expiration=datetime(2026, 1, 31, 12, tzinfo=UTC),
            account_id="123456789012",
            source="assume role",
        )
    )
    assert shown == (
        "access key id …MPLE, with a session token, of account 123456789012, until 2026-01-31T12:00:00+00:00, "
        "from assume role"
    )


def test_what_they_lack_is_left_out() -> None:
    assert describe(Credentials(LONG, "s3cret")) == "access key id …MPLE, from code"


@pytest.mark.parametrize("key", ["A", "AKID", "AKID56789012345"])
def test_nothing_is_shown_of_a_short_key_id(key: str) -> None:
    assert key not in describe(Credentials(key, "s3cret"))
    assert key[-4:] not in describe(Credentials(key, "s3cret"))[len("access key id ") :][:5]


def test_a_row_is_one_line() -> None:
    assert str(SourceRow("SSO", "skipped", "no session")) == "SSO: skipped, no session"
    assert str(SourceRow("SSO", "not asked", "")) == "SSO: not asked"


def test_the_error_names_every_source_and_what_can_be_done() -> None:
    rows = [SourceRow("SSO", "skipped", "no session"), SourceRow("instance metadata", "tried", "no role")]
    message = none_found(rows)
    assert "\n- SSO: skipped, no session\n- instance metadata: tried, no role\n" in message
    for way in ("credentials=Credentials", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "aws configure", "attach a role"):
        assert re.search(way, message)
