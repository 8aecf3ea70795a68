from __future__ import annotations

from datetime import UTC, datetime

import pytest

from neo_wire.credentials.environment import from_environment
from neo_wire.errors import CredentialsError, NoCredentials, PartialCredentials

PAIR = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret"}


def test_a_key_pair() -> None:
    found = from_environment(PAIR)
    assert (found.access_key_id, found.secret_access_key, found.session_token) == ("AKID", "s3cret", None)
    assert (found.expiration, found.account_id, found.source) == (None, None, "the environment")


def test_all_that_temporary_credentials_have() -> None:
    rest = {
        "AWS_SESSION_TOKEN": "new",
        "AWS_SECURITY_TOKEN": "old",
        "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00+01:00",
        "AWS_ACCOUNT_ID": "123456789012",
    }
    found = from_environment(PAIR | rest)
    assert found.session_token == "new"
    assert found.expiration == datetime(2026, 1, 31, 11, tzinfo=UTC)
    assert found.account_id == "123456789012"


def test_the_old_name_of_the_token() -> None:
    found = from_environment(PAIR | {"AWS_SESSION_TOKEN": "", "AWS_SECURITY_TOKEN": "old"})
    assert found.session_token == "old"


@pytest.mark.parametrize("environ", [{}, {"AWS_ACCESS_KEY_ID": ""}, {"AWS_SECRET_ACCESS_KEY": "s3cret"}])
def test_none(environ: dict[str, str]) -> None:
    with pytest.raises(NoCredentials, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        from_environment(environ)


@pytest.mark.parametrize("environ", [{"AWS_ACCESS_KEY_ID": "AKID"}, PAIR | {"AWS_SECRET_ACCESS_KEY": ""}])
def test_one_half(environ: dict[str, str]) -> None:
    with pytest.raises(PartialCredentials, match="AWS_SECRET_ACCESS_KEY is not"):
        from_environment(environ)


@pytest.mark.parametrize(
    "change",
    [
        {"AWS_SECRET_ACCESS_KEY": "s3cret\n"},
        {"AWS_ACCESS_KEY_ID": " AKID"},
        {"AWS_SESSION_TOKEN": "to ken"},
        {"AWS_CREDENTIAL_EXPIRATION": "soon"},
    ],
)
def test_values_that_are_none(change: dict[str, str]) -> None:
    with pytest.raises(CredentialsError) as caught:
        from_environment(PAIR | change)
    assert "s3cret" not in str(caught.value)
    assert "to ken" not in str(caught.value)
