from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from neo_wire.credentials.custom import in_code
from neo_wire.errors import ConfigurationError, CredentialsFetchFailed, NoCredentials, ServerError
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import ModeName, run

ENDS = datetime(2026, 1, 1, tzinfo=UTC)
FOUND = Credentials("AKID", "s3cret", "t0ken", expiration=ENDS, account_id="123456789012", source="a vault")

BOTH = pytest.mark.parametrize("mode", ["sync", "async"])


def fetch() -> Credentials:
    return FOUND


class Vault:
    """A provider with a state of its own."""

    asked = 0

    def __call__(self) -> Credentials:
        self.asked += 1
        return FOUND

    def fetch(self) -> Credentials:
        return self()


@BOTH
def test_credentials_are_given_as_they_are(mode: ModeName) -> None:
    assert run(mode, in_code(FOUND)()) is FOUND


@BOTH
@pytest.mark.parametrize(
    "function", [fetch, lambda: FOUND, Vault(), Vault().fetch, functools.partial(lambda one: one, FOUND)]
)
def test_any_callable_is_a_provider(mode: ModeName, function: Callable[[], Credentials]) -> None:
    assert run(mode, in_code(function)()) is FOUND


@BOTH
def test_it_is_called_at_each_fetch(mode: ModeName) -> None:
    vault = Vault()
    provide = in_code(vault)
    run(mode, provide())
    run(mode, provide())
    assert vault.asked == 2


async def asynchronous() -> Credentials:
    await asyncio.sleep(0)
    return FOUND


class AsyncVault:
    async def __call__(self) -> Credentials:
        return await asynchronous()


@pytest.mark.parametrize("function", [asynchronous, AsyncVault(), lambda: asynchronous()])
def test_an_awaitable_is_awaited_by_an_asynchronous_client(function: Callable[[], Awaitable[Credentials]]) -> None:
    assert run("async", in_code(function)()) is FOUND


@pytest.mark.parametrize("function", [asynchronous, AsyncVault()])
def test_a_blocking_client_refuses_an_awaitable(function: Callable[[], Awaitable[Credentials]]) -> None:
    with pytest.raises(ConfigurationError, match="a blocking client cannot await"):
        run("sync", in_code(function)())


@BOTH
def test_the_source_is_named_after_the_function_unless_it_names_itself(mode: ModeName) -> None:
    assert run(mode, in_code(lambda: Credentials("AKID", "s3cret"))()).source.startswith(
        "your provider test_the_source"
    )
    assert run(mode, in_code(fetch)()).source == "a vault"


@BOTH
@pytest.mark.parametrize("error", [ValueError("the vault is sealed"), TimeoutError("the vault is sealed")])
def test_what_it_raises_is_the_cause(mode: ModeName, error: Exception) -> None:
    def broken() -> Credentials:
        raise error

    with pytest.raises(CredentialsFetchFailed, match=r"broken: (Value|Timeout)Error: the vault is sealed") as caught:
        run(mode, in_code(broken)())
    assert type(caught.value.__cause__) is type(error)  # asyncio carries a copy of a TimeoutError out of a thread
    assert caught.value.__cause__.args == error.args
    assert caught.value.provider.endswith("broken")


@BOTH
def test_a_long_text_of_its_error_is_cut(mode: ModeName) -> None:
    def broken() -> Credentials:
        raise ValueError("x" * 100_000)

    with pytest.raises(CredentialsFetchFailed) as caught:
        run(mode, in_code(broken)())
    assert len(str(caught.value)) < 500


@BOTH
def test_errors_of_this_library_about_credentials_are_left_as_they_are(mode: ModeName) -> None:
    error = NoCredentials("none there")

    def none() -> Credentials:
        raise error

    with pytest.raises(NoCredentials) as caught:
        run(mode, in_code(none)())
    assert caught.value is error


@BOTH
def test_a_service_error_of_its_own_calls_is_the_cause(mode: ModeName) -> None:
    def calls() -> Credentials:
        raise ServerError("out", status=503)

    with pytest.raises(CredentialsFetchFailed, match="ServerError") as caught:
        run(mode, in_code(calls)())
    assert isinstance(caught.value.__cause__, ServerError)


@BOTH
def test_an_interruption_is_no_failure_of_the_provider(mode: ModeName) -> None:
    def interrupted() -> Credentials:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(mode, in_code(interrupted)())


@BOTH
@pytest.mark.parametrize(
    "result", [None, {"AccessKeyId": "AKID", "SecretAccessKey": "s3cret"}, ("AKID", "s3cret"), "s3cret"]
)
def test_anything_else_than_credentials_is_refused_and_not_shown(mode: ModeName, result: Any) -> None:
    with pytest.raises(CredentialsFetchFailed, match=f"it gives a {type(result).__name__}; give Credentials") as caught:
        run(mode, in_code(lambda: result)())
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("given", ["s3cret", ("AKID", "s3cret"), {"a": "s3cret"}, 7, Credentials, Vault])
def test_what_is_neither_credentials_nor_a_function_is_refused_at_once(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="give Credentials") as caught:
        in_code(given)
    assert "s3cret" not in str(caught.value)


@BOTH
def test_an_iterator_that_has_ended_is_a_failure_and_no_wait_for_ever(mode: ModeName) -> None:
    with pytest.raises(CredentialsFetchFailed, match="StopIteration"):
        run(mode, in_code(lambda: next(iter(())))())
