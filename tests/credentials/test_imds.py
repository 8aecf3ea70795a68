from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from botocore.utils import InstanceMetadataFetcher

from neo_wire.credentials.context import NothingFound, Provider, Skipped
from neo_wire.credentials.imds import fetch_region, find
from neo_wire.errors import CredentialsFetchFailed
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import context_of, run
from tests.credentials.instance import EXTENDED, KEYS, LEGACY, TOKEN_PATH, Instance
from tests.credentials.servers import START, WAYS, Answer, Asked, FakeClock, Server, Way, in_future, serving

ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
NAME = "AWS_EC2_INSTANCE_PROFILE_NAME"
REGION = "/latest/meta-data/placement/region"
ZONE = "/latest/meta-data/placement/availability-zone"


def provider_of(server: Server, environ: Mapping[str, str] = {}) -> Provider:
    provider = find(context_of(environ={ENDPOINT: server.url, **environ}))
    assert not isinstance(provider, Skipped)
    return provider


def fetch(provider: Provider, way: Way = "sync", clock: FakeClock | None = None) -> Credentials:
    return run(way, provider(), clock=clock or FakeClock())


def test_the_switch_turns_it_off() -> None:
    by_profile = context_of("[default]\ndisable_ec2_metadata = true\n")
    for context, origin in (
        (context_of(environ={"AWS_EC2_METADATA_DISABLED": "true"}), "AWS_EC2_METADATA_DISABLED"),
        (context_of(environ={"AWS_EC2_METADATA_DISABLED": "TRUE"}), "AWS_EC2_METADATA_DISABLED"),
        (by_profile, "/config, line 2"),
    ):
        found = find(context)
        assert isinstance(found, Skipped)
        assert origin in found.reason


@pytest.mark.parametrize("way", WAYS)
def test_the_credentials_of_the_role(way: Way) -> None:
    with serving(Instance.with_role()) as server:
        found = fetch(provider_of(server), way)
    assert found == Credentials(
        "ASIAINSTANCE",
        "the+secret/key",
        "the-session-token",
        expiration=START + timedelta(hours=6),
        account_id="123456789012",
        source="instance metadata",
    )
    assert server.lines == [f"PUT {TOKEN_PATH}", f"GET {EXTENDED}", f"GET {EXTENDED}the-role"]


def test_botocore_gets_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_EC2_METADATA_DISABLED")  # which botocore reads for itself
    with serving(Instance.with_role(extended=False)) as server:
        ours = fetch(provider_of(server))
        asked = len(server.asked)
        theirs = InstanceMetadataFetcher(base_url=server.url, env={}).retrieve_iam_role_credentials()
    assert (ours.access_key_id, ours.secret_access_key, ours.session_token) == (
        theirs["access_key"],
        theirs["secret_key"],
        theirs["token"],
    )
    assert server.lines[asked:] == [f"PUT {TOKEN_PATH}", f"GET {LEGACY}", f"GET {LEGACY}the-role"]
    assert server.lines[:asked] == [f"PUT {TOKEN_PATH}", f"GET {EXTENDED}", *server.lines[asked + 1 :]]


def test_which_folder_there_is_and_the_role_are_remembered() -> None:
    with serving(Instance.with_role(extended=False)) as server:
        provider = provider_of(server)
        assert fetch(provider).account_id is None
        asked = len(server.asked)
        fetch(provider)
    assert server.lines[asked:] == [f"GET {LEGACY}the-role"]


@pytest.mark.parametrize("extended", [True, False])
def test_another_role_is_found_when_the_remembered_one_is_gone(extended: bool) -> None:
    folder = EXTENDED if extended else LEGACY
    instance = Instance.with_role(extended=extended)
    with serving(instance) as server:
        provider = provider_of(server)
        fetch(provider)
        instance.there = {folder: b"other\nthird", folder + "other": KEYS | {"AccessKeyId": "ASIAOTHER"}}
        asked = len(server.asked)
        assert fetch(provider).access_key_id == "ASIAOTHER"
    assert server.lines[asked:] == [f"GET {folder}the-role", f"GET {folder}", f"GET {folder}other"]


@pytest.mark.parametrize("extended", [True, False])
def test_a_role_that_is_configured_is_not_looked_for(extended: bool) -> None:
    with serving(Instance.with_role("my-role", extended=extended)) as server:
        provider = provider_of(server, {NAME: "my-role"})
        fetch(provider)
        fetch(provider)
    folder = EXTENDED if extended else LEGACY
    first = [] if extended else [f"GET {EXTENDED}my-role"]
    assert server.lines == [f"PUT {TOKEN_PATH}", *first, *[f"GET {folder}my-role"] * 2]


def test_a_role_that_is_configured_and_not_there_is_an_error() -> None:
    with serving(Instance.with_role()) as server, pytest.raises(CredentialsFetchFailed, match="no role 'other'"):
        fetch(provider_of(server, {NAME: "other"}))


def test_the_name_of_a_role_cannot_change_the_path() -> None:
    with serving(Instance.with_role()) as server, pytest.raises(CredentialsFetchFailed):
        fetch(provider_of(server, {NAME: "../a b?c#d"}))
    assert f"GET {EXTENDED}..%2Fa%20b%3Fc%23d" in server.lines


@pytest.mark.parametrize("way", WAYS)
def test_no_role_is_nothing_found(way: Way) -> None:
    with serving(Instance()) as server, pytest.raises(NothingFound, match="the instance has no role"):
        fetch(provider_of(server), way)


def test_nobody_there_is_nothing_found() -> None:
    with serving(Instance()) as server:
        gone = server
    with pytest.raises(NothingFound, match="cannot be reached"):
        fetch(provider_of(gone))


DOCUMENTS: list[tuple[object, str]] = [
    ({"Code": "AssumeRoleUnauthorizedAccess", "Message": "EC2 cannot assume it"}, "AssumeRoleUnauthorizedAccess: EC2"),
    ({"Code": "Failed", "Message": 5}, "Failed"),
    (KEYS | {"Token": None, "SecretAccessKey": ""}, "SecretAccessKey is missing, Token is missing"),
    (KEYS | {"AccessKeyId": ["x"]}, "AccessKeyId is a list"),
    (KEYS | {"Expiration": 10**400}, "Expiration is a number"),
    (KEYS | {"Expiration": "2026-13-01T00:00:00Z"}, "Expiration is no time"),
    (KEYS | {"SecretAccessKey": "s3cr3t\tkey"}, "a character that no credential has"),
    (b"{", "is not JSON"),
    (b"[]", "a list instead of an object"),
    (b"\xff", "not UTF-8"),
    (b"", "not JSON"),
    (b"[" * 100_000, "nested too deeply"),
]


@pytest.mark.parametrize(("document", "problem"), DOCUMENTS)
def test_an_answer_without_keys_is_an_error(document: object, problem: str) -> None:
    instance = Instance({EXTENDED: b"the-role", f"{EXTENDED}the-role": document})
    with serving(instance) as server, pytest.raises(CredentialsFetchFailed, match=problem) as raised:
        fetch(provider_of(server))
    assert raised.value.provider == "instance metadata"
    assert "s3cr3t" not in str(raised.value)
    assert "the+secret" not in str(raised.value)


def test_a_role_that_is_listed_and_gone_or_empty_is_an_error() -> None:
    with serving(Instance({EXTENDED: b"the-role"})) as server, pytest.raises(CredentialsFetchFailed, match="not there"):
        fetch(provider_of(server))
    with serving(Instance({EXTENDED: b" \n"})) as server, pytest.raises(CredentialsFetchFailed, match="empty"):
        fetch(provider_of(server))


FAILURES = {
    "500": Answer(500),
    "half JSON": Answer(body=b'{"AccessKeyId": "A'),
    "cut": Answer(None),
    "an error": Answer(body={"Code": "Failed", "Message": "later"}),
    "no role any more": Answer(404),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_while_the_service_fails_the_keys_in_hand_are_used_on(
    failure: Answer, way: Way, caplog: pytest.LogCaptureFixture
) -> None:
    instance, clock = Instance.with_role(), FakeClock()
    with serving(instance) as server:
        provider = provider_of(server)
        first = fetch(provider, way, clock)
        instance.instead = {f"{EXTENDED}the-role": failure, EXTENDED: failure}
        clock.pass_time(hours=1)
        assert fetch(provider, way, clock) == first, "they are good for hours: nothing to move"
        clock.pass_time(hours=4, minutes=50)
        late = fetch(provider, way, clock)
        assert late.expiration == clock.now() + timedelta(minutes=15 + 2 + 4), "half of the chance of 2 to 10 minutes"
        clock.pass_time(hours=3)
        later = fetch(provider, way, clock)
        assert later.expiration == clock.now() + timedelta(minutes=21), "past their end too"
        assert (late.access_key_id, later.session_token) == (first.access_key_id, first.session_token)
        instance.instead = {}
        instance.there[f"{EXTENDED}the-role"] = KEYS | {"AccessKeyId": "ASIANEW", "Expiration": in_future(hours=20)}
        new = fetch(provider, way, clock)
    assert (new.access_key_id, new.expiration) == ("ASIANEW", START + timedelta(hours=20))
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert sum("are used on" in warning for warning in warnings) == 5
    assert not any("the+secret" in warning or "the-session-token" in warning for warning in warnings)


def test_when_the_service_is_gone_the_keys_in_hand_are_used_on() -> None:
    clock = FakeClock()
    with serving(Instance.with_role()) as server:
        provider = provider_of(server)
        first = fetch(provider, clock=clock)
    clock.pass_time(hours=7)  # the session token is over as well
    assert fetch(provider, clock=clock).access_key_id == first.access_key_id


@pytest.mark.parametrize("left", [timedelta(minutes=20), timedelta(0), timedelta(days=-2)])
def test_keys_that_arrive_ended_or_nearly_are_used_as_botocore_does(left: timedelta) -> None:
    instance = Instance.with_role()
    instance.there[f"{EXTENDED}the-role"] = KEYS | {"Expiration": (START + left).strftime("%Y-%m-%dT%H:%M:%SZ")}
    with serving(instance) as server:
        found = fetch(provider_of(server))
    assert found.expiration == START + timedelta(minutes=21)


def test_keys_of_any_time_are_told_by() -> None:
    instance = Instance.with_role()
    ends = {
        "0001-01-01T00:00:00Z": START + timedelta(minutes=21),
        "9999-12-31T23:59:59Z": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    }
    for text, expected in ends.items():
        instance.there[f"{EXTENDED}the-role"] = KEYS | {"Expiration": text}
        with serving(instance) as server:
            assert fetch(provider_of(server)).expiration == expected


@pytest.mark.parametrize("way", WAYS)
def test_a_service_that_never_answers_is_given_up_and_the_hop_limit_named(way: Way) -> None:
    given_up = Event()

    def never(_: Asked) -> Answer:
        given_up.wait(10)
        return Answer(None)

    with serving(never) as server:
        provider = provider_of(server, {"AWS_METADATA_SERVICE_TIMEOUT": "0.05"})
        with pytest.raises(NothingFound, match="--http-put-response-hop-limit 2"):
            fetch(provider, way)
        given_up.set()


def test_keys_that_last_long_enough_are_given_as_they_are() -> None:
    instance = Instance.with_role()
    instance.there[f"{EXTENDED}the-role"] = KEYS | {"Expiration": in_future(minutes=22)}
    with serving(instance) as server:
        assert fetch(provider_of(server)).expiration == START + timedelta(minutes=22)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("there", "region"),
    [
        ({REGION: b"us-gov-west-1"}, "us-gov-west-1"),
        ({REGION: b"eu-west-1\n"}, "eu-west-1"),
        ({ZONE: b"eu-central-1b"}, "eu-central-1"),
        ({ZONE: b"us-west-2-lax-1a"}, "us-west-2"),
        ({}, None),
        ({REGION: b"<html>"}, None),
        ({REGION: b""}, None),
        ({REGION: b"\xff\xfe"}, None),
    ],
)
def test_the_region_of_the_instance(there: dict[str, object], region: str | None, way: Way) -> None:
    with serving(Instance(there)) as server:
        context = context_of(environ={ENDPOINT: server.url, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "5"})
        assert run(way, fetch_region(context), clock=FakeClock()) == region
    expected = [f"PUT {TOKEN_PATH}", f"GET {REGION}", *([] if REGION in there else [f"GET {ZONE}"])]
    assert server.lines == expected, "by one try"


def test_no_region_when_nobody_is_there_or_asking_is_turned_off() -> None:
    with serving(Instance({REGION: b"eu-west-1"})) as server:
        off = context_of(environ={ENDPOINT: server.url, "AWS_EC2_METADATA_DISABLED": "true"})
        assert run("sync", fetch_region(off)) is None
        assert server.lines == []
        context = context_of(environ={ENDPOINT: server.url})
    assert run("sync", fetch_region(context)) is None
