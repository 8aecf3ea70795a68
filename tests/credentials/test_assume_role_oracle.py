"""Chains and circles of assumed roles, against botocore."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import botocore.exceptions
import botocore.session
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from neo_wire.credentials.context import Skipped
from neo_wire.errors import CredentialsFetchFailed
from tests.credentials.contexts import Answers, SetClock, context_of, run
from tests.credentials.fake_sts import FakeSts, found, key_of

NAMES = ["a", "b", "c", "d"]
SOURCE_PROFILE = st.fixed_dictionaries({"role_arn": st.just(True), "source_profile": st.sampled_from(NAMES)})
EXTRAS = st.fixed_dictionaries(
    {},
    optional={
        "external_id": st.just("external"),
        "role_session_name": st.just("session"),
        "duration_seconds": st.just("3600"),
    },
)
ODD = st.fixed_dictionaries(
    {},
    optional={
        "keys": st.sampled_from(["both", "secret"]),
        "role_arn": st.just(True),
        "source_profile": st.sampled_from([*NAMES, "nobody"]),
        "credential_source": st.sampled_from(["Environment", "environment"]),
        "web_identity_token_file": st.just("/nowhere"),
    },
)
ROLE_WITH_KEYS = st.builds(lambda role: {**role, "keys": "both"}, SOURCE_PROFILE)
FROM_ENVIRONMENT = st.just({"role_arn": True, "credential_source": "Environment"})
KEYS = st.just({"keys": "both"})
DESCRIBED = st.fixed_dictionaries(
    {
        name: st.builds(lambda profile, extras: {**profile, **extras}, kinds, EXTRAS)
        for name, kinds in {
            "a": st.one_of(SOURCE_PROFILE, SOURCE_PROFILE, ROLE_WITH_KEYS, FROM_ENVIRONMENT, ODD),
            "b": st.one_of(SOURCE_PROFILE, SOURCE_PROFILE, ROLE_WITH_KEYS, FROM_ENVIRONMENT, ODD),
            "c": st.one_of(SOURCE_PROFILE, ROLE_WITH_KEYS, KEYS, ODD),
            "d": st.one_of(KEYS, ODD),
        }.items()
    }
)


def written(name: str, profile: Mapping[str, Any]) -> str:
    lines = [f"[{name}]"]
    if "keys" in profile:
        lines.append(f"aws_secret_access_key = secret-of-{name}")
        if profile["keys"] == "both":
            lines.append(f"aws_access_key_id = AKIA{name.upper()}")
    if profile.get("role_arn"):
        lines.append(f"role_arn = arn:aws:iam::123456789012:role/{name}")
    lines += [f"{key} = {value}" for key, value in profile.items() if key not in ("keys", "role_arn")]
    return "\n".join(lines) + "\n"


class BotocoreSts:
    """Stands in for botocore's client of STS, and gives what `FakeSts` gives."""

    def __init__(self, calls: list[tuple[str, dict[str, str]]], access_key_id: str) -> None:
        self.calls, self.access_key_id = calls, access_key_id

    def assume_role(self, **parameters: Any) -> dict[str, Any]:
        sent = {name: str(value) for name, value in parameters.items()}
        self.calls.append((self.access_key_id, sent))
        key = key_of(sent["RoleArn"])
        return {
            "Credentials": {
                "AccessKeyId": key,
                "SecretAccessKey": "temporary",
                "SessionToken": f"token-of-{key}",
                "Expiration": "2199-01-01T00:00:00Z",
            },
            "AssumedRoleUser": {"Arn": "arn:aws:sts::123456789012:assumed-role/reader/x"},
        }


def theirs() -> str | list[tuple[str, dict[str, str]]]:
    """The calls that botocore makes for the profile a; "skipped", "circle" or "error"."""
    calls: list[tuple[str, dict[str, str]]] = []
    session: Any = botocore.session.Session(profile="a", include_builtin_handlers=False)
    session.create_client = lambda service, **options: BotocoreSts(calls, options["aws_access_key_id"])
    assume_role = session.get_component("credential_provider").get_provider("assume-role")
    try:
        credentials = assume_role.load()
        if credentials is None:
            return "skipped"
        credentials.get_frozen_credentials()
    except botocore.exceptions.InfiniteLoopConfigError:
        return "circle"
    except (botocore.exceptions.BotoCoreError, OSError):  # the second of a token file that is not there
        return "error"
    return calls


def ours(text: str, environ: Mapping[str, str]) -> str | list[tuple[str, dict[str, str]]]:
    sts = FakeSts()
    context = context_of(credentials=text, environ=environ, code={"profile": "a", "region": "eu-west-1"})
    try:
        one = found(context)
        if isinstance(one, Skipped):
            return "skipped"
        run("sync", one(), Answers([sts]), SetClock())
    except CredentialsFetchFailed as error:
        return "circle" if "circle" in str(error) else "error"
    return sts.calls


def comparable(result: str | list[tuple[str, dict[str, str]]]) -> object:
    """Without what the protocol adds, and without names of sessions that nobody chose."""
    if isinstance(result, str):
        return result
    for _, sent in result:
        if sent["RoleSessionName"] != "session":
            sent["RoleSessionName"] = "of its own"
    return [
        (key, {name: value for name, value in sent.items() if name not in ("Action", "Version")})
        for key, sent in result
    ]


def linked(*sources: str, keys: str = "d") -> dict[str, dict[str, Any]]:
    """Profiles of which the first draws on the first of the sources, and so on; some have keys."""
    roles = dict(zip(NAMES, sources, strict=False))
    return {
        name: {
            **({"role_arn": True, "source_profile": roles[name]} if name in roles else {}),
            **({"keys": "both"} if name in keys else {}),
        }
        for name in NAMES
    }


@given(described=DESCRIBED, in_environment=st.booleans())
@example(described=linked("b", "c", "d"), in_environment=True)
@example(described=linked("b", "c", "d", keys="bd"), in_environment=False)
@example(described=linked("b", "c", "b"), in_environment=False)
@example(described=linked("b", "a", keys="a"), in_environment=False)
@example(described=linked("a", keys="a"), in_environment=False)
@example(described=linked("a"), in_environment=False)
@example(described=linked("b", "b", keys="b"), in_environment=False)
@example(described=linked("b", "b"), in_environment=False)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_botocore_follows_the_same_chains(
    described: dict[str, dict[str, Any]], in_environment: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(written(name, profile) for name, profile in described.items())
    (tmp_path / "credentials").write_text(text)
    environ = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "secret"} if in_environment else {}
    with monkeypatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.delenv(name, raising=False)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        patch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        patch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        for name, value in environ.items():
            patch.setenv(name, value)
        expected = theirs()
    assert comparable(ours(text, environ)) == comparable(expected)
