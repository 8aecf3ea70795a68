from __future__ import annotations

import hashlib
import json
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.credentials import LoginCredentialFetcher
from botocore.session import Session
from botocore.utils import JSONFileCache, LoginTokenLoader
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from neo_wire.credentials.context import Skipped
from neo_wire.credentials.login import cache_path, find
from neo_wire.errors import CredentialsFetchFailed
from neo_wire.flow import Send
from neo_wire.http import HttpResponse
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.blocking import BlockingDriver
from tests.credentials.contexts import context_of
from tests.credentials.proofs import read_proof
from tests.credentials.servers import START, WAYS, Answer, FakeClock, Way, in_future, serving
from tests.credentials.sign_in import (
    CONFIG,
    KEY,
    KEYS,
    SESSION,
    TOKEN,
    SignIn,
    fetch,
    keys,
    provider_of,
    with_ending,
    write_cache,
)


def test_a_profile_without_a_sign_in_is_passed_over() -> None:
    found = find(context_of("[default]\nregion = us-west-2\n"))
    assert isinstance(found, Skipped)
    assert "login_session" in found.reason


def test_an_empty_sign_in_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(CredentialsFetchFailed, match="login_session of the profile 'my-dev' is empty"):
        fetch(provider_of(tmp_path, config="[profile my-dev]\nlogin_session =\n"))


def test_where_the_cache_is() -> None:
    name = hashlib.sha256(SESSION.encode()).hexdigest() + ".json"
    home, environ = "/home/me", {"HERE": "/some/where"}
    for folder, expected in (
        ("", "/home/me/.aws/login/cache"),
        ("/var/cache", "/var/cache"),
        ("~/x", "/home/me/x"),
        ("~", "/home/me"),
        ("~other/x", "~other/x"),
        ("$HERE/x", "/some/where/x"),
        ("${HERE}/x", "/some/where/x"),
        ("%HERE%/x", "%HERE%/x"),
        ("$NOWHERE/x", "$NOWHERE/x"),
    ):
        assert cache_path(SESSION, environ | {"AWS_LOGIN_CACHE_DIRECTORY": folder}, home) == f"{expected}/{name}"
    assert cache_path(SESSION, {}, home) == f"/home/me/.aws/login/cache/{name}"
    windows = environ | {"AWS_LOGIN_CACHE_DIRECTORY": "%HERE%/x"}
    assert cache_path(SESSION, windows, home, windows=True) == f"/some/where/x/{name}"


@pytest.mark.parametrize("way", WAYS)
def test_keys_that_last_are_used_without_a_call(way: Way, tmp_path: Path) -> None:
    write_cache(tmp_path, with_ending(in_future(minutes=5, seconds=1)))
    assert fetch(provider_of(tmp_path), way) == Credentials(
        "ASIALOGIN1",
        "secret+key/1",
        "session-token-1",
        expiration=START + timedelta(minutes=5, seconds=1),
        account_id="123456789012",
        source="login",
    )


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("left", [timedelta(minutes=5), timedelta(0), timedelta(hours=-3)])
@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS#8", "SEC1"])
def test_keys_that_end_are_refreshed_and_saved(left: timedelta, form: PrivateFormat, way: Way, tmp_path: Path) -> None:
    pem = KEY.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
    unknown = {"dpopKey": pem, "added": ["by", "somebody", 1.5]}
    path = write_cache(tmp_path, with_ending((START + left).strftime("%Y-%m-%dT%H:%M:%SZ"), **unknown))
    with serving(SignIn()) as server:
        found = fetch(provider_of(tmp_path, server.url), way)
    assert (found.access_key_id, found.secret_access_key, found.session_token) == tuple(keys(2).values())
    assert (found.account_id, found.expiration) == ("123456789012", START + timedelta(minutes=15))
    assert server.asked[0].headers["user-agent"] == "neo-wire/test"
    saved = {"accessToken": KEYS | keys(2) | {"expiresAt": in_future(minutes=15)}, "refreshToken": "refresh-token-2"}
    assert json.loads(path.read_bytes()) == TOKEN | unknown | saved
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_that_another_process_made_new_are_used(tmp_path: Path) -> None:
    clock = FakeClock()
    write_cache(tmp_path, with_ending(in_future(minutes=6)))
    provider = provider_of(tmp_path)  # nobody listens there
    fetch(provider, clock=clock)
    clock.pass_time(minutes=3)
    write_cache(
        tmp_path,
        with_ending(in_future(minutes=18)) | {"accessToken": KEYS | keys(7) | {"expiresAt": in_future(minutes=18)}},
    )
    assert fetch(provider, clock=clock).access_key_id == "ASIALOGIN7"


def test_a_failed_attempt_is_followed_by_one_with_a_proof_of_its_own(tmp_path: Path) -> None:
    write_cache(tmp_path, with_ending(in_future(minutes=-1)))
    answers = iter([Answer(503), Answer(None), None])
    service = SignIn(lambda _: next(answers))
    with serving(service) as server:
        assert fetch(provider_of(tmp_path, server.url)).access_key_id == "ASIALOGIN2"
    assert service.proofs == {"id-1", "id-2", "id-3"}


def test_a_proof_is_dated_by_the_clock_of_the_service_when_ours_is_off(tmp_path: Path) -> None:
    write_cache(tmp_path, with_ending(in_future(minutes=-1)))
    ahead = Answer(503, headers={"date": "Fri, 01 May 2026 13:00:00 GMT"})
    answers = iter([ahead, None])
    with serving(SignIn(lambda _: next(answers))) as server:
        fetch(provider_of(tmp_path, server.url))
    times = [read_proof(asked.headers["dpop"])[1]["iat"] - START.timestamp() for asked in server.asked]
    assert times[0] == 0
    assert 3595 < times[1] < 3605


def test_over_a_day_every_refresh_shows_the_newest_token(tmp_path: Path) -> None:
    clock = FakeClock()
    write_cache(tmp_path)
    service = SignIn()
    with serving(service) as server:
        provider = provider_of(tmp_path, server.url)
        for _ in range(6):
            clock.pass_time(minutes=11)
            fetch(provider, clock=clock)
    assert service.refresh_token == 7


def test_botocore_asks_the_same_and_reads_what_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SIGNIN", "")
    monkeypatch.setenv("AWS_LOGIN_CACHE_DIRECTORY", "")
    path = write_cache(tmp_path, with_ending(in_future(minutes=4)))
    service = SignIn()
    with serving(service) as server:
        fetch(provider_of(tmp_path, server.url))
        cache: Any = JSONFileCache(str(path.parent))
        session = Session()

        def client(name: str, **options: Any) -> Any:
            return session.create_client(name, endpoint_url=server.url, **{"region_name": "us-west-2", **options})

        loader: Any = LoginTokenLoader(cache)
        theirs = LoginCredentialFetcher(SESSION, loader, client, time_fetcher=lambda: START)
        assert theirs.load_cached_credentials()["access_key"] == "ASIALOGIN2", "what we saved is good for botocore"
        assert theirs.refresh_credentials()["secret_key"] == "secret+key/2"
        assert len(server.asked) == 1
        write_cache(tmp_path, with_ending(in_future(minutes=4)))
        service.refresh_token, service.instead = 1, lambda _: None
        monkeypatch.setattr("botocore.credentials.time.time", START.timestamp)
        theirs.refresh_credentials()
        assert fetch(provider_of(tmp_path, server.url)).access_key_id == "ASIALOGIN2", (
            "what botocore saved is good for us"
        )
    ours, botocores = server.asked
    assert (ours.target, json.loads(ours.body)) == (botocores.target, json.loads(botocores.body))
    assert ours.headers["content-type"] == botocores.headers["content-type"]
    (our_head, our_claims, _), (head, claims, _) = (read_proof(one.headers["dpop"]) for one in server.asked)
    assert our_head == head
    assert [*our_claims] == [*claims]
    assert our_claims["htu"] == claims["htu"]


@pytest.mark.parametrize("way", WAYS)
def test_where_the_token_cannot_be_saved_it_is_used_and_refreshed_all_the_same(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: str, data: bytes) -> None:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr("neo_wire.transports.local_io.write_file", refuse)
    clock = FakeClock()
    write_cache(tmp_path, with_ending(in_future(minutes=1)))
    with serving(SignIn()) as server:
        provider = provider_of(tmp_path, server.url)
        for expected in ("ASIALOGIN2", "ASIALOGIN3"):
            assert fetch(provider, way, clock).access_key_id == expected
            clock.pass_time(minutes=5)
            assert fetch(provider, way, clock).access_key_id == expected
            clock.pass_time(minutes=6)
    assert "cannot be written (Permission denied)" in caplog.text
    assert "token-2" not in caplog.text


@pytest.mark.parametrize(
    ("region", "config", "host"),
    [
        (None, CONFIG, "us-west-2.signin.aws.amazon.com"),
        ("eu-west-1", CONFIG, "eu-west-1.signin.aws.amazon.com"),
        ("cn-north-1", CONFIG, "cn-north-1.signin.amazonaws.cn"),
    ],
)
def test_the_region_is_that_of_the_sign_in(region: str | None, config: str, host: str, tmp_path: Path) -> None:
    write_cache(tmp_path, with_ending(in_future(minutes=1), signInRegion=region))
    context = context_of(config, environ={"AWS_PROFILE": "my-dev"}, home=str(tmp_path))
    provider = find(context)
    assert not isinstance(provider, Skipped)
    sent: list[Send] = []

    class Stop(Exception):
        """Enough is known."""

    class Recorder:
        def send(self, effect: Send) -> HttpResponse:
            sent.append(effect)
            raise Stop

        def close(self) -> None:
            """Nothing is open."""

    with pytest.raises(Stop):
        BlockingDriver(Recorder(), clock=FakeClock()).run(provider())
    (effect,) = sent
    assert str(effect.request.url) == f"https://{host}/v1/token"
    proof = effect.request.header("DPoP")
    assert proof is not None
    assert read_proof(proof)[1]["htu"] == f"https://{host}/v1/token"


def test_no_region_or_a_wrong_one_is_an_error(tmp_path: Path) -> None:
    write_cache(tmp_path, with_ending(in_future(minutes=-1)))
    with pytest.raises(CredentialsFetchFailed, match="names no region"):
        fetch(provider_of(tmp_path, config=CONFIG.replace("region = us-west-2", "")))
    write_cache(tmp_path, with_ending(in_future(minutes=-1), signInRegion="evil.example/"))
    with pytest.raises(CredentialsFetchFailed, match="evil"):
        fetch(provider_of(tmp_path, ""))
