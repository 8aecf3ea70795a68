from __future__ import annotations

import re
from typing import Any

import pytest

from neo_wire.credentials.context import Context, Skipped
from neo_wire.credentials.shared_files import find_in_config_file, find_in_credentials_file
from neo_wire.errors import CredentialsError, PartialCredentials
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import ModeName, context_of, run

BOTH = pytest.mark.parametrize("mode", ["sync", "async"])
PAIR = "aws_access_key_id = AKID\naws_secret_access_key = s3cret\n"


def in_credentials_file(text: str, **options: Any) -> Context:
    return context_of(credentials=text, **options)


def in_config_file(text: str, **options: Any) -> Context:
    return context_of(text, **options)


FILES = pytest.mark.parametrize(
    ("make", "find", "name", "path"),
    [
        (in_credentials_file, find_in_credentials_file, "the credentials file", "/credentials"),
        (in_config_file, find_in_config_file, "the config file", "/config"),
    ],
    ids=["credentials file", "config file"],
)


def found(find: Any, context: Context, mode: ModeName = "sync") -> Credentials:
    provider = find(context)
    assert not isinstance(provider, Skipped), provider.reason
    credentials: Credentials = run(mode, provider())
    return credentials


@FILES
@BOTH
def test_a_key_pair(mode: ModeName, make: Any, find: Any, name: str, path: str) -> None:
    credentials = found(find, make(f"[default]\n{PAIR}"), mode)
    assert credentials == Credentials("AKID", "s3cret", source=name)
    assert credentials.expiration is None


@FILES
def test_with_token_and_account(make: Any, find: Any, name: str, path: str) -> None:
    context = make(f"[default]\n{PAIR}aws_session_token = t0ken\naws_account_id = 123456789012\n")
    credentials = found(find, context)
    assert (credentials.session_token, credentials.account_id) == ("t0ken", "123456789012")


@FILES
def test_the_token_goes_before_its_old_name_which_is_known_too(make: Any, find: Any, name: str, path: str) -> None:
    both = make(f"[default]\n{PAIR}aws_security_token = old\naws_session_token = new\n")
    old = make(f"[default]\n{PAIR}aws_security_token = old\n")
    assert [found(find, context).session_token for context in (both, old)] == ["new", "old"]


@FILES
def test_the_profile_that_is_named(make: Any, find: Any, name: str, path: str) -> None:
    header = "profile dev" if path == "/config" else "dev"
    context = make(f"[default]\n{PAIR}[{header}]\n{PAIR.replace('AKID', 'AKDEV')}", environ={"AWS_PROFILE": "dev"})
    assert found(find, context).access_key_id == "AKDEV"


@FILES
@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no profile 'default'"),
        ("[default]\nregion = eu-west-1\n", "has no aws_access_key_id$"),
        ("[default]\naws_secret_access_key = s3cret\n", "has no aws_access_key_id, only aws_secret_access_key"),
    ],
)
def test_without_an_access_key_id_it_is_not_configured(
    make: Any, find: Any, name: str, path: str, text: str, reason: str
) -> None:
    skipped = find(make(text))
    assert isinstance(skipped, Skipped)
    assert re.search(reason, skipped.reason)
    assert path in skipped.reason


@FILES
@BOTH
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("aws_access_key_id = AKID\n", "aws_secret_access_key is missing"),
        ("aws_access_key_id = AKID\naws_secret_access_key =\n", "aws_secret_access_key is empty"),
        ("aws_access_key_id =\naws_secret_access_key = s3cret\n", "aws_access_key_id is empty"),
        ("aws_access_key_id =\n  a = s3cret\naws_secret_access_key = s3cret\n", "aws_access_key_id is empty"),
    ],
)
def test_one_half_ends_the_search(
    mode: ModeName, make: Any, find: Any, name: str, path: str, text: str, message: str
) -> None:
    with pytest.raises(PartialCredentials, match=message) as caught:
        found(find, make(f"[default]\n{text}"), mode)
    assert path in str(caught.value)
    assert "'default'" in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_the_secret_in_the_other_file_does_not_help() -> None:
    context = context_of("[default]\naws_secret_access_key = s3cret\n", "[default]\naws_access_key_id = AKID\n")
    with pytest.raises(PartialCredentials, match="in this file"):
        found(find_in_credentials_file, context)


def test_each_file_has_its_own_pair() -> None:
    context = context_of(f"[default]\n{PAIR}", f"[default]\n{PAIR.replace('AKID', 'AKOTHER')}")
    assert found(find_in_credentials_file, context).access_key_id == "AKOTHER"
    assert found(find_in_config_file, context).access_key_id == "AKID"


@FILES
def test_a_value_that_no_credential_has_is_not_shown(make: Any, find: Any, name: str, path: str) -> None:
    with pytest.raises(CredentialsError, match=name) as caught:
        found(find, make("[default]\naws_access_key_id = AKID\naws_secret_access_key = s3 cret\n"))
    assert "s3 cret" not in str(caught.value)
