from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from attrs import define

from neo_wire.credentials import chain
from neo_wire.credentials.assume_role import CREDENTIAL_SOURCES
from neo_wire.credentials.chain import SOURCES, Chain, Source, explain, resolve
from neo_wire.credentials.context import Context, NothingFound, Provider, Skipped
from neo_wire.errors import (
    ClientClosed,
    ConfigurationError,
    ConnectFailed,
    CredentialsError,
    CredentialsFetchFailed,
    LoginRequired,
    NoCredentials,
    PartialCredentials,
)
from neo_wire.flow import Flow, now
from neo_wire.http import HttpResponse
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import Answers, ModeName, SetClock, context_of, run

BOTH = pytest.mark.parametrize("mode", ["sync", "async"])

# What configures each source, in the documented order. None of these can be fetched, so each fails with its own name.
TRIGGERS: dict[str, dict[str, Any]] = {
    "environment": {"environ": {"AWS_ACCESS_KEY_ID": "AKENV"}},
    "assume role": {"config": "role_arn = arn:aws:iam::123456789012:role/reader\nsource_profile = nobody\n"},
    "web identity": {"environ": {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such"}},
    "SSO": {"config": "sso_account_id = 123456789012\n"},
    "shared credentials file": {"credentials": "[default]\naws_access_key_id = AKSHARED\n"},
    "login": {"config": "login_session = arn:aws:iam::123456789012:user/me\n"},
    "process": {"config": "credential_process = /no/such\n"},
    "Roles Anywhere": {"config": "roles_anywhere_certificate = /no/such\n"},
    "config file": {"config": "aws_access_key_id = AKCONFIG\n"},
    "container": {"environ": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/"}},
    "instance metadata": {},
}
OFF = {"AWS_EC2_METADATA_DISABLED": "true"}


def context_with(names: list[str], **options: Any) -> Context:
    """A context in which these sources are configured."""
    chosen = [TRIGGERS[name] for name in names]
    environ: dict[str, str] = {} if "instance metadata" in names else dict(OFF)
    for one in chosen:
        environ |= one.get("environ", {})
    return context_of(
        "[default]\nregion = eu-west-1\n" + "".join(one.get("config", "") for one in chosen),
        "".join(one.get("credentials", "") for one in chosen),
        environ=environ,
        **options,
    )


def refused(_: object) -> HttpResponse:
    raise ConnectFailed("nothing is there", endpoint="http://169.254.169.254", maybe_processed=False)


def test_the_sources_are_asked_in_the_documented_order() -> None:
    assert [source.name for source in SOURCES] == list(TRIGGERS)


@BOTH
@pytest.mark.parametrize("first", range(len(TRIGGERS)))
def test_the_first_that_is_configured_is_used_and_those_after_it_are_not_asked(mode: ModeName, first: int) -> None:
    names = list(TRIGGERS)
    search = Chain(context_with(names[first:]))
    with pytest.raises(CredentialsError):
        run(mode, search(), Answers([refused]), SetClock())
    outcomes = [row.outcome for row in search.rows]
    ends = "tried" if names[first] == "instance metadata" else "failed"
    assert outcomes == ["skipped"] * first + [ends] + ["not asked"] * (len(names) - first - 1)
    assert [row.source for row in search.rows] == names
    assert all(row.reason for row in search.rows[: first + 1])


@BOTH
def test_a_broken_source_ends_the_search_with_its_reason(mode: ModeName) -> None:
    with pytest.raises(PartialCredentials, match="AWS_SECRET_ACCESS_KEY is not"):
        run(mode, resolve(context_with(["environment", "config file"]))())
    with pytest.raises(CredentialsFetchFailed, match="there is no program '/no/such'") as caught:
        run(mode, resolve(context_with(["process", "config file", "container"]))())
    assert caught.value.provider == "a process"


@BOTH
def test_no_source_at_all_is_one_error_that_lists_them(mode: ModeName) -> None:
    with pytest.raises(NoCredentials) as caught:
        run(mode, resolve(context_of(environ=OFF))())
    message = str(caught.value)
    lines = message.splitlines()
    for number, name in enumerate(TRIGGERS, 1):
        assert lines[number].startswith(f"- {name}: skipped, ")
    for reason in (
        "AWS_ACCESS_KEY_ID is not set",
        "AWS_WEB_IDENTITY_TOKEN_FILE is not set, and the profile 'default' has no web_identity_token_file",
        "the profile 'default' has no sso_account_id and no sso_role_name",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set",
        "(from AWS_EC2_METADATA_DISABLED)",
        "aws configure sso",
    ):
        assert reason in message


@BOTH
def test_metadata_that_cannot_be_reached_is_the_last_of_those_that_were_tried(mode: ModeName) -> None:
    with pytest.raises(NoCredentials, match="- instance metadata: tried, "):
        run(mode, resolve(context_of())(), Answers([refused]), SetClock())


@BOTH
def test_a_profile_named_in_code_puts_the_key_pair_of_the_environment_aside(mode: ModeName) -> None:
    environ = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "s3cret", **OFF}
    files = "[dev]\naws_access_key_id = AKDEV\naws_secret_access_key = s3cret\n"
    in_code = context_of(credentials=files, environ=environ, code={"profile": "dev"})
    assert run(mode, resolve(in_code)()).access_key_id == "AKDEV"
    in_environment = context_of(credentials=files, environ={**environ, "AWS_PROFILE": "dev"})
    assert run(mode, resolve(in_environment)()).access_key_id == "AKENV"
    empty = context_of(credentials="[dev]\nregion = eu-west-1\n", environ=environ, code={"profile": "dev"})
    with pytest.raises(NoCredentials, match="the profile 'dev' was given in code, which puts the variables aside"):
        run(mode, resolve(empty)())


GOOD = Credentials("AKIAIOSFODNN7EXAMPLE", "s3cret", "t0ken", source="a test")


@define
class Scripted:
    """A source that is found as it is told, and gives or raises one thing after the other."""

    script: list[Credentials | Exception]
    found: int = 0

    def find(self, context: Context) -> Provider | Skipped:
        self.found += 1
        return self.fetch

    def fetch(self) -> Flow[Credentials]:
        yield from now()
        one = self.script.pop(0)
        if isinstance(one, Exception):
            raise one
        return one


def chain_of(*finds: Callable[[Context], Provider | Skipped]) -> Chain:
    return Chain(context_of(), tuple(Source(f"source {number}", find) for number, find in enumerate(finds)))


@BOTH
class TestSearching:
    def test_one_that_turns_out_to_have_nothing_is_passed_over(self, mode: ModeName) -> None:
        search = chain_of(Scripted([NothingFound("no role")]).find, Scripted([GOOD]).find)
        assert run(mode, search()) is GOOD
        assert [(row.outcome, row.reason) for row in search.rows] == [
            ("tried", "no role"),
            ("won", "access key id …MPLE, with a session token, from a test"),
        ]

    def test_the_winner_is_kept_to_with_all_that_it_keeps(self, mode: ModeName) -> None:
        winner, other = Scripted([GOOD, GOOD, LoginRequired("a test", "sign in")]), Scripted([GOOD])
        search = chain_of(winner.find, other.find)
        for _ in range(2):
            run(mode, search())
        with pytest.raises(LoginRequired):
            run(mode, search())
        assert (winner.found, other.found) == (1, 0)

    def test_one_that_failed_is_asked_again_with_all_that_it_keeps(self, mode: ModeName) -> None:
        source = Scripted([CredentialsFetchFailed("a test", "out"), GOOD])
        search = chain_of(lambda context: Skipped("not set"), source.find)
        with pytest.raises(CredentialsFetchFailed):
            run(mode, search())
        assert run(mode, search()) is GOOD
        assert source.found == 1

    def test_a_winner_that_has_nothing_any_more_has_failed(self, mode: ModeName) -> None:
        search = chain_of(Scripted([GOOD, NothingFound("no role")]).find, Scripted([GOOD]).find)
        run(mode, search())
        with pytest.raises(
            CredentialsFetchFailed, match="source 0: it gave credentials before, and has none now: no role"
        ):
            run(mode, search())

    @pytest.mark.parametrize(
        "error",
        [
            ConnectFailed("refused", endpoint="http://127.0.0.1", maybe_processed=False),
            OSError("disk"),
            TimeoutError("late"),
        ],
    )
    @pytest.mark.parametrize("first", [True, False], ids=["at once", "later"])
    def test_any_failure_names_the_source(self, mode: ModeName, error: Exception, first: bool) -> None:
        search = chain_of(Scripted([error] if first else [GOOD, error]).find)
        if not first:
            run(mode, search())
        with pytest.raises(CredentialsFetchFailed, match="from source 0: ") as caught:
            run(mode, search())
        assert caught.value.__cause__ is error

    def test_a_client_that_was_closed_is_no_failure_of_a_source(self, mode: ModeName) -> None:
        with pytest.raises(ClientClosed):
            run(mode, chain_of(Scripted([ClientClosed("closed")]).find)())

    def test_a_setting_that_cannot_be_used_names_the_source_too(self, mode: ModeName) -> None:
        def broken(context: Context) -> Provider:
            raise ConfigurationError("the URL is none")

        search = chain_of(lambda context: Skipped("not set"), broken, Scripted([GOOD]).find)
        with pytest.raises(CredentialsFetchFailed, match="from source 1: the URL is none"):
            run(mode, search())
        assert [row.outcome for row in search.rows] == ["skipped", "failed", "not asked"]


class TestCode:
    @BOTH
    def test_what_is_given_in_code_ends_the_matter(self, mode: ModeName) -> None:
        context = context_with(list(TRIGGERS))
        assert run(mode, resolve(context, GOOD)()) is GOOD
        assert run(mode, resolve(context, lambda: GOOD)()) is GOOD


@BOTH
class TestExplaining:
    def test_the_winner_and_why_the_others_are_not_used(self, mode: ModeName) -> None:
        environ = {
            "AWS_ACCESS_KEY_ID": GOOD.access_key_id,
            "AWS_SECRET_ACCESS_KEY": "s3cret",
            "AWS_SESSION_TOKEN": "t0ken",
        }
        rows = run(mode, explain(context_of(environ=environ)))
        assert [row.outcome for row in rows] == ["won"] + ["not asked"] * 10
        assert rows[0].reason == "access key id …MPLE, with a session token, from the environment"
        assert not any(secret in str(rows) for secret in ("s3cret", "t0ken"))

    def test_a_failure_is_a_row(self, mode: ModeName) -> None:
        rows = run(mode, explain(context_with(["process", "container"])))
        assert [row.outcome for row in rows] == ["skipped"] * 6 + ["failed"] + ["not asked"] * 4
        assert "'/no/such'" in rows[6].reason

    def test_no_credentials_are_rows(self, mode: ModeName) -> None:
        rows = run(mode, explain(context_of(environ=OFF)))
        assert [row.outcome for row in rows] == ["skipped"] * 11

    def test_code(self, mode: ModeName) -> None:
        rows = run(mode, explain(context_with(list(TRIGGERS)), GOOD))
        assert [(row.source, row.outcome) for row in rows[:2]] == [("code", "won"), ("environment", "not asked")]
        assert len(rows) == 12

    def test_a_function_that_fails(self, mode: ModeName) -> None:
        def broken() -> Credentials:
            raise ValueError("sealed")

        rows = run(mode, explain(context_of(), broken))
        assert (rows[0].outcome, rows[1].outcome) == ("failed", "not asked")
        assert "sealed" in rows[0].reason


FILES = (
    "[profile base]\nregion = eu-west-1\n[profile role]\nrole_arn = arn:aws:iam::123456789012:role/reader\n"
    "[profile keys]\naws_access_key_id = AKCONFIG\naws_secret_access_key = s3cret\n"
)
ENVIRON = {
    "AWS_ACCESS_KEY_ID": "AKENV",
    "AWS_SECRET_ACCESS_KEY": "s3cret",
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such",
}


class TestSourcesOfARole:
    def test_every_name_that_a_profile_may_give_is_a_source(self) -> None:
        assert set(chain._NAMED) == set(CREDENTIAL_SOURCES)

    def test_a_profile_with_keys(self) -> None:
        found = chain.of_profile(context_of(FILES, environ=ENVIRON), "keys")
        assert not isinstance(found, Skipped)
        assert run("sync", found()).access_key_id == "AKCONFIG"

    def test_a_profile_without_any_has_nothing_of_the_environment(self) -> None:
        found = chain.of_profile(context_of(FILES, environ=ENVIRON), "base")
        assert isinstance(found, Skipped)
        assert "the profile 'base' has none of its own" in found.reason

    @pytest.mark.parametrize("in_code", [{}, {"profile": "role"}])
    def test_the_environment_is_read_when_the_profile_asks_for_it(self, in_code: dict[str, str]) -> None:
        files = FILES.replace("role/reader\n", "role/reader\ncredential_source = Environment\n")
        environ = {"AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_REGION": "eu-west-1"}
        if not in_code:
            environ["AWS_PROFILE"] = "role"
        context = context_of(files, environ=environ, code=in_code)
        answers = Answers([HttpResponse(403, (), b"")])
        provide = chain.SOURCES[1].ask(context)
        assert not isinstance(provide, Skipped)
        with pytest.raises(CredentialsFetchFailed, match="assume role"):
            run("sync", provide(), answers, SetClock(datetime(2026, 1, 1, tzinfo=UTC)))
        assert "Credential=AKENV/" in (answers.requests[0].header("authorization") or "")


def test_a_key_pair_in_code_or_in_the_environment_costs_no_module_of_another_source() -> None:
    program = """
import sys
from neo_wire import Credentials, NeoClient
from neo_wire.errors import ConnectFailed
closed = "http://127.0.0.1:1"
environ = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s3cret", "HOME": "/no/such"}
for options in ({"credentials": Credentials("AKID", "s3cret"), "environ": {"HOME": "/no/such"}}, {"environ": environ}):
    with NeoClient(region="eu-west-1", endpoint_url=closed, max_attempts=1, **options) as client:
        try:
            client.describe_compilation_job("x")
        except ConnectFailed:
            continue
    raise SystemExit("it is to fail for want of a server")
kept_out = {"assume_role", "sts", "web_identity", "sso", "login", "process", "roles_anywhere", "container", "imds"}
loaded = {f"neo_wire.credentials.{name}" for name in kept_out} | {"subprocess", "xml.parsers.expat", "cryptography"}
print(sorted(loaded & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  # our own
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
