"""Assumed roles: which profiles ask for one, and what it is assumed with."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.credentials.context import NothingFound, Skipped
from neo_wire.credentials.sts import SESSION_NAME
from neo_wire.errors import ConfigurationError, CredentialsFetchFailed, ResourceNotFound
from neo_wire.flow import Flow
from neo_wire.http import HttpResponse
from neo_wire.local import LocalServer, NeoService
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.verification import verify
from tests.credentials.contexts import NEW_ID, NEW_YEAR, Answers, SetClock, context_of, run
from tests.credentials.fake_sts import FakeSts, found, key_of, provider

ROLE = "arn:aws:iam::123456789012:role/reader"
BASE = "[base]\naws_access_key_id = AKIABASE\naws_secret_access_key = base-secret\n"
READER = f"[default]\nregion = eu-west-1\nrole_arn = {ROLE}\nsource_profile = base\n"
MFA = "arn:aws:iam::123456789012:mfa/someone"


def profiles(*changes: tuple[str, str]) -> str:
    text = READER + BASE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


# Which profiles ask for one.


@pytest.mark.parametrize(
    "config",
    ["", "[default]\nregion = eu-west-1\n", READER + "web_identity_token_file = /token\n" + BASE],
)
def test_a_profile_that_asks_for_no_role(config: str) -> None:
    assert isinstance(found(context_of(credentials=config)), Skipped)


@pytest.mark.parametrize("key", ["role_arn", "external_id", "role_session_name", "duration_seconds", "mfa_serial"])
def test_a_key_with_a_block_of_nested_lines_is_not_passed_over(key: str) -> None:
    config = "".join(f"{line}\n" for line in READER.splitlines() if not line.startswith(key))
    with pytest.raises(CredentialsFetchFailed, match=f"{key} .*, a block of nested lines, is ''"):
        found(context_of(credentials=f"{config}{key} =\n  a = b\n{BASE}", environ={"AWS_REGION": "eu-west-1"}))


def test_a_role_with_the_keys_of_another_profile(mode: Any) -> None:
    sts = FakeSts()
    credentials = run(mode.name, provider(context_of(credentials=profiles()))(), Answers([sts]), SetClock())
    assert credentials == Credentials(
        "ASIAREADER",
        "temporary",
        "token-of-ASIAREADER",
        expiration=NEW_YEAR + timedelta(hours=1),
        account_id="123456789012",
        source="assume role",
    )
    (request,) = sts.requests
    assert str(request.url) == "https://sts.eu-west-1.amazonaws.com/"
    assert verify(request, {"AKIABASE": Credentials("AKIABASE", "base-secret")}.get, NEW_YEAR).valid
    (_, parameters), *_ = sts.calls
    assert parameters == {
        "Action": "AssumeRole",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": f"neo-wire-{NEW_ID}",
    }
    assert SESSION_NAME.fullmatch(parameters["RoleSessionName"])


def test_all_that_a_profile_can_say() -> None:
    sts = FakeSts()
    text = profiles(
        ("source_profile = base\n", "source_profile = base\nexternal_id = a/b:c\nduration_seconds = 900\n"),
        ("[base]", "role_session_name = me@example\n[base]"),
    )
    run("sync", provider(context_of(credentials=text))(), Answers([sts]), SetClock())
    assert sts.calls[0][1] | {"Action": "", "Version": ""} == {
        "Action": "",
        "Version": "",
        "RoleArn": ROLE,
        "RoleSessionName": "me@example",
        "ExternalId": "a/b:c",
        "DurationSeconds": "900",
    }


def test_all_that_is_wrong_is_said_at_once() -> None:
    wrong = {
        "role_arn": "reader",
        "role_session_name": "no spaces please",
        "external_id": "x",
        "duration_seconds": "an hour",
        "mfa_serial": "?",
        "credential_source": "Environment",
        "source_profile": "base",
    }
    text = "[profile default]\nregion = eu-west-1\n" + "".join(f"{key} = {value}\n" for key, value in wrong.items())
    with pytest.raises(
        CredentialsFetchFailed, match=r"^credentials from assume role: in the profile 'default' "
    ) as caught:
        found(context_of(text + BASE.replace("[base]", "[profile base]")))
    for line, (key, value) in enumerate(list(wrong.items())[:5], start=3):
        assert f"{key} (/config, line {line}, [profile default]) is {value!r}" in str(caught.value)
    assert "one of source_profile and credential_source, and only one" in str(caught.value)


@pytest.mark.parametrize("seconds", ["899", "43201", "900.0", "-900", "٩٠٠", "", "0900000000000"])
def test_a_duration_that_sts_does_not_take(seconds: str) -> None:
    text = profiles(("[base]", f"duration_seconds = {seconds}\n[base]"))
    with pytest.raises(CredentialsFetchFailed, match=r"duration_seconds.*give 900 to 43200 seconds"):
        found(context_of(credentials=text))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("source_profile = base\n", ""), "one of source_profile and credential_source"),
        (
            ("source_profile = base", "credential_source = environment"),
            "is 'environment'.*give one of Environment,",
        ),
        (("source_profile = base", "source_profile = nobody"), "'nobody', and there is no such profile"),
        (("source_profile = base", "source_profile ="), "'', and there is no such profile"),
        (("source_profile = base", "source_profile = default"), "circle: default -> default"),
        (("aws_access_key_id = AKIABASE\naws_secret_access_key = base-secret", ""), "'base', which has no credentials"),
        (("source_profile = base", "credential_source = Environment"), "Environment, which has no credentials: "),
        (("region = eu-west-1", ""), "STS is called in a region, and there is none"),
        (("source_profile = base", "source_profile = base\nmfa_serial = " + MFA), "mfa_serial asks .* give mfa="),
        ((f"role_arn = {ROLE}", "role_arn ="), "role_arn .* is ''; give the ARN of a role"),
    ],
)
def test_profiles_that_cannot_be_used(change: tuple[str, str], words: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match=words) as caught:
        found(context_of(credentials=profiles(change)))
    assert caught.value.provider == "assume role"
    assert "base-secret" not in str(caught.value)


# What it is assumed with.


def test_a_chain_of_roles_is_assumed_from_its_end(mode: Any) -> None:
    sts = FakeSts()
    text = (
        f"[default]\nregion = eu-west-1\nrole_arn = {ROLE}\nsource_profile = middle\n"
        "[middle]\nrole_arn = arn:aws:iam::123456789012:role/middle\nsource_profile = first\n"
        "[first]\nrole_arn = arn:aws:iam::123456789012:role/first\nsource_profile = base\n" + BASE
    )
    run(mode.name, provider(context_of(credentials=text))(), Answers([sts]), SetClock())
    assert [(key, key_of(sent["RoleArn"])) for key, sent in sts.calls] == [
        ("AKIABASE", "ASIAFIRST"),
        ("ASIAFIRST", "ASIAMIDDLE"),
        ("ASIAMIDDLE", "ASIAREADER"),
    ]
    assert sts.requests[2].header("x-amz-security-token") == "token-of-ASIAMIDDLE"


@pytest.mark.parametrize("length", [32, 33, 500])
def test_the_longest_chain(length: int) -> None:
    links = [
        f"[p{n}]\nrole_arn = arn:aws:iam::123456789012:role/p{n}\nsource_profile = p{n + 1}\n" for n in range(1, length)
    ]
    text = (
        profiles(("source_profile = base", "source_profile = p1"))
        + "".join(links)
        + BASE.replace("base]", f"p{length}]")
    )
    context = context_of(credentials=text)
    if length > 32:
        with pytest.raises(CredentialsFetchFailed, match="goes on after a chain of 32 profiles"):
            found(context)
    else:
        sts = FakeSts()
        run("async", provider(context)(), Answers([sts]), SetClock())
        assert len(sts.calls) == 32


def test_the_source_is_kept_and_fetched_anew_when_it_ends() -> None:
    sts, clock = FakeSts(), SetClock()
    text = profiles(
        ("source_profile = base", "source_profile = middle"),
        ("[base]", "[middle]\nrole_arn = arn:aws:iam::123456789012:role/middle\nsource_profile = base\n[base]"),
    )
    source, exchange = provider(context_of(credentials=text)), Answers([sts])
    run("sync", source(), exchange, clock)
    run("sync", source(), exchange, clock)
    assert [key_of(sent["RoleArn"]) for _, sent in sts.calls] == ["ASIAMIDDLE", "ASIAREADER", "ASIAREADER"]
    clock.moment += timedelta(minutes=65)
    with pytest.raises(CredentialsFetchFailed, match="ended at"):  # the answers are those of an hour that is over
        run("sync", source(), exchange, clock)
    assert key_of(sts.calls[-1][1]["RoleArn"]) == "ASIAMIDDLE"


def test_a_credential_source() -> None:
    sts = FakeSts()
    text = profiles(("source_profile = base", "credential_source = Environment"))
    environ = {"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "secret"}
    run("sync", provider(context_of(credentials=text, environ=environ))(), Answers([sts]), SetClock())
    assert [key for key, _ in sts.calls] == ["AKIAENV"]


def test_a_credential_source_that_has_nothing_when_it_is_asked() -> None:
    def nothing() -> Flow[Credentials]:
        yield from ()
        raise NothingFound("this machine is no instance")

    text = profiles(("source_profile = base", "credential_source = Ec2InstanceMetadata"))
    source = provider(context_of(credentials=text), lambda name: nothing)
    with pytest.raises(CredentialsFetchFailed, match=r"Ec2InstanceMetadata, which has.*this machine is no instance"):
        run("sync", source(), Answers([FakeSts()]), SetClock())


def test_nothing_is_sent_before_the_credentials_are_needed() -> None:
    def never() -> Flow[Credentials]:
        raise AssertionError("asked too early")

    text = profiles(("source_profile = base", "credential_source = EcsContainer"))
    assert callable(provider(context_of(credentials=text), lambda name: never))


# The code of an MFA device.

WITH_MFA = profiles(("source_profile = base", f"source_profile = base\nmfa_serial = {MFA}"))


def test_the_code_of_an_mfa_device(mode: Any) -> None:
    sts, asked = FakeSts(), list[str]()

    def ask(serial: str) -> str:
        asked.append(serial)
        return " 123456\n"

    async def ask_async(serial: str) -> str:
        return ask(serial)

    context = context_of(credentials=WITH_MFA, mfa=ask if mode.name == "sync" else ask_async)
    source = provider(context)
    run(mode.name, source(), Answers([sts]), SetClock())
    assert asked == [MFA]
    assert sts.calls[0][1]["SerialNumber"] == MFA
    assert sts.calls[0][1]["TokenCode"] == "123456"
    with pytest.raises(CredentialsFetchFailed, match=r"new code of the MFA device .*asked for once; make a new client"):
        run(mode.name, source(), Answers([sts]), SetClock())
    assert asked == [MFA]
    assert len(sts.calls) == 1


def test_a_mistyped_code_can_be_given_again() -> None:
    sts, codes = FakeSts(), iter(["12345", "111111", "123456"])
    refusal = HttpResponse(403, (), b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>")
    source = provider(context_of(credentials=WITH_MFA, mfa=lambda serial: next(codes)))
    with pytest.raises(CredentialsFetchFailed, match="is not 6 digits") as caught:
        run("sync", source(), Answers([sts]), SetClock())
    assert "12345" not in str(caught.value).replace(MFA, "")
    with pytest.raises(CredentialsFetchFailed, match="AccessDenied"):
        run("sync", source(), Answers([refusal]), SetClock())
    run("sync", source(), Answers([sts]), SetClock())
    assert sts.calls[0][1]["TokenCode"] == "123456"


def test_the_code_is_asked_for_once_for_all_attempts() -> None:
    sts, asked = FakeSts(), list[str]()

    def ask(serial: str) -> str:
        asked.append(serial)
        return "123456"

    context = context_of(credentials=WITH_MFA, mfa=ask)
    run("sync", provider(context)(), Answers([HttpResponse(503), sts]), SetClock())
    assert (asked, len(sts.calls)) == ([MFA], 1)


def test_a_function_for_the_code_that_fails() -> None:
    def closed(serial: str) -> str:
        raise EOFError("no terminal")

    async def awaitable(serial: str) -> str:
        return "123456"

    with pytest.raises(CredentialsFetchFailed, match="raised EOFError"):
        run("sync", provider(context_of(credentials=WITH_MFA, mfa=closed))(), Answers([FakeSts()]), SetClock())
    with pytest.raises(ConfigurationError, match="awaitable"):
        run("sync", provider(context_of(credentials=WITH_MFA, mfa=awaitable))(), Answers([FakeSts()]), SetClock())


# The whole way.


def test_the_role_signs_requests_that_the_local_service_accepts(mode: Any, moto_url: str) -> None:
    context = context_of(credentials=profiles(), environ={"AWS_ENDPOINT_URL_STS": moto_url})
    cache = CredentialsCache(provider(context), random=lambda: 0.5)
    temporary = run(mode.name, cache.current(10))
    assert temporary.session_token
    assert temporary.source == "assume role"
    with LocalServer(NeoService(credentials=temporary)) as server:
        options = {"region": "eu-west-1", "endpoint_url": server.url}
        with pytest.raises(ResourceNotFound):
            mode.call("describe_compilation_job", "nothing", client={**options, "credentials": temporary})
