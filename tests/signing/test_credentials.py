"""Credentials refuse what would make a bad signature or a second header, and show no secret."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime
from typing import Any

import pytest
from attrs import frozen
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import CredentialsError, PartialCredentials
from neo_wire.signing import Credentials

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


def test_credentials_are_a_value() -> None:
    one = Credentials("AKIDEXAMPLE", SECRET, "TOKEN")
    assert one == Credentials("AKIDEXAMPLE", SECRET, "TOKEN")
    assert hash(one) == hash(Credentials("AKIDEXAMPLE", SECRET, "TOKEN"))
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301  # made here
    with pytest.raises(FrozenInstanceError):
        one.session_token = None  # type: ignore[misc]  # it is what is refused


def test_an_empty_token_is_none() -> None:
    assert Credentials("AKIDEXAMPLE", SECRET, "").session_token is None
    assert Credentials("AKIDEXAMPLE", SECRET, "") == Credentials("AKIDEXAMPLE", SECRET)


def test_a_repr_says_what_there_is_and_no_secret() -> None:
    ends = datetime(2026, 1, 1, tzinfo=UTC)
    shown = repr(Credentials("AKIDEXAMPLE", SECRET, "TOKEN", ends, source="environment"))
    assert shown == (
        "Credentials('AKIDEXAMPLE', secret_access_key=…, session_token=…, expiration=2026-01-01T00:00:00+00:00, "
        "source='environment')"
    )
    assert repr(Credentials("AKIDEXAMPLE", SECRET)) == (
        "Credentials('AKIDEXAMPLE', secret_access_key=…, source='code')"
    )


def test_a_derived_class_shows_no_secret_either() -> None:
    @frozen
    class Tenants(Credentials):
        tenant: str = ""

    shown = repr(Tenants("AKIDEXAMPLE", SECRET, "TOKEN", tenant="one"))
    assert "tenant='one'" in shown
    assert SECRET not in shown
    assert "TOKEN" not in shown


@pytest.mark.parametrize(("key", "secret", "half"), [("", SECRET, "access_key_id"), ("A", "", "secret_access_key")])
def test_half_a_pair_is_refused(key: str, secret: str, half: str) -> None:
    with pytest.raises(PartialCredentials, match=f"{half} from profile dev is empty"):
        Credentials(key, secret, source="profile dev")


@given(
    st.sampled_from(["access_key_id", "secret_access_key", "session_token"]),
    st.text(max_size=5),
    st.sampled_from([" ", "\n", "\r\n", "\t", "\x00", "\x7f", "é", "\u2028", "\ud800"]),
    st.text(max_size=5),
)
def test_a_character_that_no_credential_has_is_refused_unseen(name: str, head: str, odd: str, tail: str) -> None:
    values: dict[str, Any] = {
        "access_key_id": "AKIDEXAMPLE",
        "secret_access_key": SECRET,
        name: f"s3cr3t{head}{odd}{tail}",
    }
    with pytest.raises(CredentialsError, match=f"{name} from code has a character") as refused:
        Credentials(**values)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key", "session_token"])
def test_bytes_are_refused_unseen(name: str) -> None:
    values = {"access_key_id": "AKIDEXAMPLE", "secret_access_key": SECRET, name: b"s3cr3t"}
    with pytest.raises(CredentialsError, match=f"{name} from code is a bytes; give a string") as refused:
        Credentials(**values)  # type: ignore[arg-type]  # it is what is refused
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize("expiration", ["2026-01-01T00:00:00Z", 1767225600, date(2026, 1, 1), False])
def test_an_expiration_that_is_no_datetime_is_refused(expiration: Any) -> None:
    with pytest.raises(CredentialsError, match=f"the expiration from code is a {type(expiration).__name__}; give a d"):
        Credentials("AKIDEXAMPLE", SECRET, expiration=expiration)


def test_a_naive_expiration_is_refused() -> None:
    with pytest.raises(CredentialsError, match="naive"):
        Credentials("AKIDEXAMPLE", SECRET, expiration=datetime(2026, 1, 1))  # noqa: DTZ001  # it is what is refused
