from __future__ import annotations

from datetime import UTC, datetime

import pytest

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.credentials.context import Skipped
from neo_wire.credentials.environment import find, from_environment, provider
from neo_wire.errors import CredentialsError, CredentialsFetchFailed, NoCredentials, PartialCredentials
from tests.credentials.contexts import ModeName, SetClock, context_of, run

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


@pytest.mark.parametrize("mode", ["sync", "async"])
class TestProviding:
    def test_the_variables_are_read_at_each_fetch(self, mode: ModeName) -> None:
        environ = {**PAIR, "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00Z"}
        provide = provider(environ)
        assert run(mode, provide()).expiration == datetime(2026, 1, 31, 12, tzinfo=UTC)
        environ |= {"AWS_ACCESS_KEY_ID": "AKNEW", "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T13:00:00Z"}
        found = run(mode, provide())
        assert (found.access_key_id, found.expiration) == ("AKNEW", datetime(2026, 1, 31, 13, tzinfo=UTC))

    @pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_CREDENTIAL_EXPIRATION"])
    def test_temporary_ones_have_to_stay_whole(self, mode: ModeName, name: str) -> None:
        environ = {**PAIR, "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00Z"}
        provide = provider(environ)
        run(mode, provide())
        del environ[name]
        with pytest.raises(CredentialsFetchFailed, match=f"{name} is no longer set"):
            run(mode, provide())

    def test_the_cache_has_them_read_anew_when_they_end(self, mode: ModeName) -> None:
        clock = SetClock(datetime(2026, 1, 31, 11, tzinfo=UTC))
        environ = {**PAIR, "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00Z"}
        cache = CredentialsCache(provider(environ), random=lambda: 0.0)
        assert run(mode, cache.current(5), clock=clock).access_key_id == "AKID"
        environ |= {"AWS_ACCESS_KEY_ID": "AKNEW", "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T13:00:00Z"}
        assert run(mode, cache.current(5), clock=clock).access_key_id == "AKID"
        clock.moment = datetime(2026, 1, 31, 11, 51, tzinfo=UTC)
        assert run(mode, cache.current(5), clock=clock).access_key_id == "AKNEW"

    def test_those_that_have_ended_at_the_first_use_are_an_error(self, mode: ModeName) -> None:
        environ = {**PAIR, "AWS_CREDENTIAL_EXPIRATION": "2026-01-31T12:00:00Z"}
        cache = CredentialsCache(provider(environ), random=lambda: 0.0)
        with pytest.raises(CredentialsFetchFailed, match="from the environment: they ended"):
            run(mode, cache.current(5), clock=SetClock(datetime(2026, 2, 1, tzinfo=UTC)))


class TestFinding:
    def test_a_key_pair(self) -> None:
        assert callable(find(context_of(environ=PAIR)))

    def test_one_half_is_configured_and_broken(self) -> None:
        provide = find(context_of(environ={"AWS_ACCESS_KEY_ID": "AKID"}))
        assert callable(provide)
        with pytest.raises(PartialCredentials):
            run("sync", provide())

    @pytest.mark.parametrize(
        ("environ", "reason"),
        [
            ({}, "AWS_ACCESS_KEY_ID is not set"),
            ({"AWS_ACCESS_KEY_ID": ""}, "AWS_ACCESS_KEY_ID is not set"),
            ({"AWS_SECRET_ACCESS_KEY": "s3cret"}, "AWS_ACCESS_KEY_ID is not set, only AWS_SECRET_ACCESS_KEY is"),
        ],
    )
    def test_without_an_access_key_id_it_is_not_configured(self, environ: dict[str, str], reason: str) -> None:
        assert find(context_of(environ=environ)) == Skipped(reason)

    def test_a_profile_named_in_code_puts_them_aside(self) -> None:
        skipped = find(context_of("[profile dev]\nregion = eu-west-1\n", environ=PAIR, code={"profile": "dev"}))
        assert skipped == Skipped("the profile 'dev' was given in code, which puts the variables aside")

    def test_a_profile_named_in_the_environment_does_not(self) -> None:
        environ = {**PAIR, "AWS_PROFILE": "dev"}
        assert callable(find(context_of("[profile dev]\nregion = eu-west-1\n", environ=environ)))
