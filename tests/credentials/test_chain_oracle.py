"""The same files and variables lead botocore's chain and ours to the same credentials, or to an error of the same kind.

Where they part on purpose, the difference is asserted.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from neo_wire.credentials.chain import Chain
from neo_wire.errors import CredentialsError, NoCredentials, ProfileNotFound
from tests.credentials.contexts import context_of, run

OFF = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-1"}
METHODS = {  # what botocore calls the sources
    "env": "environment",
    "shared-credentials-file": "shared credentials file",
    "custom-process": "process",
    "config-file": "config file",
}
NAMES = ("default", "dev")
ID, SECRET, TOKEN, OLD_TOKEN = "aws_access_key_id", "aws_secret_access_key", "aws_session_token", "aws_security_token"

Profile = dict[str, str]
Outcome = tuple[str, ...]


def printing(name: str, *, broken: bool = False) -> str:
    document = {"Version": 1, "AccessKeyId": f"AKPROCESS{name.upper()}", "SecretAccessKey": "printed"}
    return shlex.join(["/bin/echo", "nothing" if broken else json.dumps(document)])


def values(where: str) -> st.SearchStrategy[dict[str, Profile]]:
    """Profiles, each of a few pieces, with values that tell where they stood."""

    def one(name: str) -> st.SearchStrategy[Profile]:
        key_id, secret = {ID: f"AK{where.upper()}{name.upper()}"}, {SECRET: f"secret-{where}-{name}"}
        usual = [key_id | secret, {"credential_process": printing(name)}, {"region": "eu-west-1"}]
        odd = [
            key_id,
            secret,
            {TOKEN: f"token-{where}-{name}"},
            {OLD_TOKEN: f"old-{where}-{name}"},
            {"credential_process": printing(name, broken=True)},
            {"credential_process": "/no/such"},
            {"sso_account_id": "123456789012"},
            {"login_session": "arn:aws:iam::123456789012:user/me"},
        ]
        pieces = st.lists(st.sampled_from([*usual, *usual, *usual, *odd]), min_size=1, max_size=3)
        return pieces.map(lambda chosen: {key: value for piece in chosen for key, value in piece.items()})

    return st.fixed_dictionaries({}, optional={name: one(name) for name in NAMES})


NO_KEYS: Profile = {}
KEYS_OF_ENVIRON = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "secret-env"}
ENVIRON = st.builds(
    lambda keys, others: {**keys, **others},
    st.sampled_from(
        [
            NO_KEYS,
            NO_KEYS,
            NO_KEYS,
            NO_KEYS,
            KEYS_OF_ENVIRON,
            {**KEYS_OF_ENVIRON, "AWS_SESSION_TOKEN": "token-env"},
            {**KEYS_OF_ENVIRON, "AWS_SESSION_TOKEN": ""},
            {**KEYS_OF_ENVIRON, "AWS_ACCESS_KEY_ID": ""},
            {**KEYS_OF_ENVIRON, "AWS_SECRET_ACCESS_KEY": ""},
            {"AWS_ACCESS_KEY_ID": "AKENV"},
            {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such"},
        ]
    ),
    st.sampled_from([NO_KEYS, NO_KEYS, *({"AWS_PROFILE": name} for name in (*NAMES, *NAMES, "absent"))]),
)


def written(profiles: Mapping[str, Profile], prefix: str = "") -> str:
    sections = []
    for name, keys in profiles.items():
        header = name if name == "default" else prefix + name
        sections.append(f"[{header}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()))
    return "".join(sections)


def theirs(code: str | None) -> Outcome:
    """The source that won, with its keys; else what kind of end it was."""
    session: Any = botocore.session.Session(profile=code, include_builtin_handlers=False)
    try:
        credentials = session.get_credentials()
        if credentials is None:
            return ("none",)
        frozen = credentials.get_frozen_credentials()
    except botocore.exceptions.ProfileNotFound:
        return ("no such profile",)
    except (botocore.exceptions.BotoCoreError, OSError, ValueError):  # the last two of a program
        return ("error",)
    return METHODS[credentials.method], frozen.access_key, frozen.secret_key, frozen.token or ""


def ours(config: str, credentials: str, environ: Mapping[str, str], code: str | None) -> Outcome:
    try:
        context = context_of(
            config, credentials, environ={**OFF, **environ}, code={} if code is None else {"profile": code}
        )
        chain = Chain(context)
        found = run("sync", chain())
    except ProfileNotFound:
        return ("no such profile",)
    except NoCredentials:
        return ("none",)
    except CredentialsError:
        return ("error",)
    won = next(row.source for row in chain.rows if row.outcome == "won")
    return won, found.access_key_id, found.secret_access_key, found.session_token or ""


@pytest.fixture
def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Both outcomes: theirs with the process's environment, ours without."""

    def both(
        config: Mapping[str, Profile], credentials: Mapping[str, Profile], environ: Mapping[str, str], code: str | None
    ) -> tuple[Outcome, Outcome]:
        texts = written(config, "profile "), written(credentials)
        (tmp_path / "config").write_text(texts[0], "utf-8")
        (tmp_path / "credentials").write_text(texts[1], "utf-8")
        files = {
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
            "HOME": str(tmp_path),
        }
        with monkeypatch.context() as patch:
            patch.setattr("os.environ", {**OFF, **files, **environ})
            expected = theirs(code)
        return ours(*texts, environ, code), expected

    return both


def with_one_token(profiles: Mapping[str, Profile]) -> dict[str, Profile]:
    """Without the old name of a token that stands there by its own name, over which the two differ."""
    return {
        name: {key: value for key, value in keys.items() if key != OLD_TOKEN or TOKEN not in keys}
        for name, keys in profiles.items()
    }


PAIR = {ID: "AK", SECRET: "secret"}


@given(
    config=values("config"),
    credentials=values("shared"),
    environ=ENVIRON,
    code=st.sampled_from([None, None, None, *NAMES, *NAMES, "absent"]),
)
@example(config={}, credentials={"default": PAIR}, environ={}, code=None)
@example(config={"default": PAIR}, credentials={"default": {SECRET: "x"}}, environ={}, code=None)
@example(config={"default": {SECRET: "x"}}, credentials={"default": {ID: "AK"}}, environ={}, code=None)
@example(config={"dev": PAIR}, credentials={}, environ={"AWS_ACCESS_KEY_ID": "AKENV"}, code="dev")
@example(config={"dev": PAIR}, credentials={}, environ={"AWS_PROFILE": "dev"}, code=None)
@example(config={"dev": {"credential_process": printing("dev")} | PAIR}, credentials={}, environ={}, code="dev")
@example(config={}, credentials={}, environ={}, code=None)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_the_same_source_wins_with_the_same_keys(
    config: dict[str, Profile],
    credentials: dict[str, Profile],
    environ: dict[str, str],
    code: str | None,
    compare: Any,
) -> None:
    actual, expected = compare(with_one_token(config), with_one_token(credentials), environ, code)
    assert actual == expected


class TestDifferences:
    def test_a_token_by_its_own_name_goes_before_the_old_one(self, compare: Any) -> None:
        both = {**PAIR, TOKEN: "new", OLD_TOKEN: "old"}
        for config, credentials in (({"default": both}, {}), ({}, {"default": both})):
            actual, expected = compare(config, credentials, {}, None)
            assert (actual[3], expected[3]) == ("new", "old")
        environ = {
            "AWS_ACCESS_KEY_ID": "AK",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "new",
            "AWS_SECURITY_TOKEN": "old",
        }
        actual, expected = compare({}, {}, environ, None)
        assert (actual[3], expected[3]) == ("new", "old")

    @pytest.mark.parametrize("empty", [ID, SECRET])
    def test_an_empty_key_in_a_file_is_one_half_and_not_a_pair(self, compare: Any, empty: str) -> None:
        actual, expected = compare({}, {"default": {**PAIR, empty: ""}}, {}, None)
        assert actual == ("error",)
        assert expected[0] == "shared credentials file"

    def test_a_key_with_a_space_in_it_is_refused(self, compare: Any) -> None:
        actual, expected = compare({}, {"default": {**PAIR, SECRET: "sec ret"}}, {}, None)
        assert actual == ("error",)
        assert expected == ("shared credentials file", "AK", "sec ret", "")

    def test_a_comment_after_a_value_is_none_of_it(self, compare: Any) -> None:
        actual, expected = compare({}, {"default": {**PAIR, SECRET: "secret # mine"}}, {}, None)
        assert (actual[2], expected[2]) == ("secret", "secret # mine")

    def test_the_version_that_a_program_prints_may_be_no_boolean(self, compare: Any) -> None:
        document = {"Version": True, "AccessKeyId": "AK", "SecretAccessKey": "secret"}
        program = {"credential_process": shlex.join(["/bin/echo", json.dumps(document)])}
        actual, expected = compare({"default": program}, {}, {}, None)
        assert (actual[0], expected[0]) == ("error", "process")

    def test_an_empty_path_of_a_token_file_does_not_turn_web_identity_off(self, compare: Any) -> None:
        profile = {"web_identity_token_file": "/no/such", "role_arn": "arn:aws:iam::123456789012:role/reader"}
        environ = {"AWS_WEB_IDENTITY_TOKEN_FILE": ""}
        assert compare({"default": profile}, {}, environ, None) == (("error",), ("none",))
