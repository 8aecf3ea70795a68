from __future__ import annotations

import hashlib
import json
import logging
import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from botocore.session import Session
from botocore.tokens import SSOTokenProvider
from botocore.utils import JSONFileCache

from neo_wire.credentials.sso_tokens import SsoSession, SsoTokens
from neo_wire.errors import CredentialsFetchFailed, LoginRequired
from tests.credentials.contexts import context_of, run
from tests.credentials.servers import START, WAYS, Answer, Asked, FakeClock, Way, in_future, serving

SESSION = SsoSession("my-sso", "https://my.awsapps.com/start", "eu-west-1")
LEGACY = SsoSession(None, "https://my.awsapps.com/start", "eu-west-1")
CONFIG = "[profile my profile]\nregion = us-west-2\n".replace("my profile", '"my profile"')
TOKEN = {
    "startUrl": "https://my.awsapps.com/start",
    "region": "eu-west-1",
    "accessToken": "access-token-1",
    "expiresAt": in_future(hours=1),
    "clientId": "the-client",
    "clientSecret": "the-client-secret",
    "registrationExpiresAt": in_future(days=30),
    "refreshToken": "refresh-token-1",
}
FRESH = {"accessToken": "access-token-2", "tokenType": "Bearer", "expiresIn": 3600, "refreshToken": "refresh-token-2"}


def write_cache(home: Path, content: object, session: SsoSession = SESSION) -> Path:
    path = Path(session.cache_path(str(home)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def tokens_of(home: Path, url: str = "http://127.0.0.1:1", session: SsoSession = SESSION) -> SsoTokens:
    context = context_of(
        CONFIG, environ={"AWS_ENDPOINT_URL_SSO_OIDC": url, "AWS_PROFILE": "my profile"}, home=str(home)
    )
    return SsoTokens(context, session)


def current(tokens: SsoTokens, way: Way = "sync", clock: FakeClock | None = None) -> str:
    return run(way, tokens.current(), clock=clock or FakeClock())


def oidc(answer: Callable[[Asked], Answer] = lambda _: Answer(body=FRESH)) -> Callable[[Asked], Answer]:
    """The OIDC service, which checks what it is asked."""

    def handle(asked: Asked) -> Answer:
        assert (asked.method, asked.target) == ("POST", "/token")
        assert asked.headers["content-type"] == "application/json"
        assert int(asked.headers["content-length"]) == len(asked.body)
        assert "authorization" not in asked.headers
        return answer(asked)

    return handle


def test_where_the_cache_is() -> None:
    assert SESSION.cache_path("/home/me") == "/home/me/.aws/sso/cache/0ad374308c5a4e22f723adf10145eafad7c4031c.json"
    digest = hashlib.sha1(b"https://my.awsapps.com/start", usedforsecurity=False).hexdigest()
    assert LEGACY.cache_path("/home/me") == f"/home/me/.aws/sso/cache/{digest}.json"


@pytest.mark.parametrize("way", WAYS)
def test_a_token_with_a_quarter_of_an_hour_left_is_used_without_a_call(way: Way, tmp_path: Path) -> None:
    path = write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=15)})
    before = path.read_bytes()
    assert current(tokens_of(tmp_path), way) == "access-token-1"
    assert path.read_bytes() == before


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("left", [timedelta(minutes=14, seconds=59), timedelta(0), timedelta(days=-1)])
def test_a_token_that_ends_sooner_is_refreshed_and_saved(left: timedelta, way: Way, tmp_path: Path) -> None:
    unknown = {"added": {"by": ["somebody", 1.5, None]}, "é": "\ud800"}
    path = write_cache(tmp_path, TOKEN | {"expiresAt": (START + left).strftime("%Y-%m-%dT%H:%M:%SZ")} | unknown)
    with serving(oidc()) as server:
        assert current(tokens_of(tmp_path, server.url), way) == "access-token-2"
    assert json.loads(server.asked[0].body) == {
        "grantType": "refresh_token",
        "clientId": "the-client",
        "clientSecret": "the-client-secret",
        "refreshToken": "refresh-token-1",
    }
    assert server.asked[0].headers["user-agent"] == "neo-wire/test"
    saved = {"accessToken": "access-token-2", "expiresAt": in_future(hours=1), "refreshToken": "refresh-token-2"}
    assert json.loads(path.read_bytes()) == TOKEN | saved | unknown
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing of the writing is left"


def test_the_old_refresh_token_is_kept_when_there_is_no_new_one(tmp_path: Path) -> None:
    path = write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=1)})
    fresh = {key: value for key, value in FRESH.items() if key != "refreshToken"}
    with serving(oidc(lambda _: Answer(body=fresh))) as server:
        current(tokens_of(tmp_path, server.url))
    assert json.loads(path.read_bytes())["refreshToken"] == "refresh-token-1"


def botocore_provider(home: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> SSOTokenProvider:
    config = home / "config"
    config.write_text(
        "[profile p]\nsso_session = my-sso\n"
        f"[sso-session my-sso]\nsso_start_url = {SESSION.start_url}\nsso_region = {SESSION.region}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSO_OIDC", url)
    cache = JSONFileCache(str(home / ".aws/sso/cache"), dumps_func=lambda value: json.dumps(value, default=_as_text))
    return SSOTokenProvider(Session(profile="p"), cache=cache, time_fetcher=lambda: START)


def _as_text(value: object) -> str:
    assert isinstance(value, datetime)
    return value.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_botocore_asks_the_same_and_reads_what_is_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=5)})
    with serving(oidc()) as server:
        current(tokens_of(tmp_path, server.url))
        theirs = botocore_provider(tmp_path, server.url, monkeypatch).load_token().get_frozen_token()
        assert len(server.asked) == 1, "what we saved is good for botocore"
        assert (theirs.token, theirs.expiration) == ("access-token-2", (START + timedelta(hours=1)).replace(tzinfo=UTC))
        path = write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=5)})
        botocore_provider(tmp_path, server.url, monkeypatch).load_token().get_frozen_token()
        written = json.loads(path.read_bytes())
        assert current(tokens_of(tmp_path, server.url)) == "access-token-2", "what botocore saved is good for us"
    ours, botocores = server.asked
    assert (ours.method, ours.target) == (botocores.method, botocores.target)
    assert json.loads(ours.body) == json.loads(botocores.body)
    assert ours.headers["content-type"] == botocores.headers["content-type"]
    assert written == TOKEN | {
        "accessToken": "access-token-2",
        "expiresAt": in_future(hours=1),
        "refreshToken": "refresh-token-2",
    }


REFUSALS = {
    "invalid grant": (Answer(400, {"error": "invalid_grant", "error_description": "refresh-token-1 is over"}), True),
    "with a header": (Answer(400, b"{}", {"x-amzn-errortype": "InvalidGrantException:http://x"}), True),
    "unavailable": (Answer(503), False),
    "throttled": (Answer(429, {"__type": "x#TooManyRequestsException", "message": "later"}), False),
    "cut": (Answer(None), False),
    "half JSON": (Answer(200, b'{"accessToken": "acc'), False),
    "HTML": (Answer(200, b"<html>"), False),
    "no token": (Answer(200, {"expiresIn": 3600}), False),
    "token with a line break": (Answer(200, FRESH | {"accessToken": "x\r\ny: z"}), False),
    "time of another type": (Answer(200, FRESH | {"expiresIn": "3600"}), False),
    "time that is true": (Answer(200, FRESH | {"expiresIn": True}), False),
    "endless time": (Answer(200, FRESH | {"expiresIn": 10**400}), False),
    "float time": (Answer(200, b'{"accessToken": "x", "expiresIn": 1e999}'), False),
    "no time": (Answer(200, FRESH | {"expiresIn": 0}), False),
}


@pytest.mark.parametrize(("refusal", "sign_in"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_failed_refresh_keeps_a_valid_token_and_is_told_when_it_ends(
    refusal: Answer, sign_in: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    path = write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=10)})
    before = path.read_bytes()
    tries = 3 if refusal.status in (503, 429, None) else 1
    raised: CredentialsFetchFailed | None = None
    with serving(oidc(lambda _: refusal)) as server:
        tokens = tokens_of(tmp_path, server.url)
        for second, refreshes in ((0, 1), (59, 1), (60, 2), (119, 2)):
            clock.moment = START + timedelta(seconds=second)
            assert current(tokens, clock=clock) == "access-token-1"
            assert len(server.asked) == refreshes * tries, "one refresh a minute at most"
        clock.pass_time(minutes=10)
        for _ in range(2):
            with pytest.raises(CredentialsFetchFailed, match="the SSO session 'my-sso' was not refreshed") as caught:
                current(tokens, clock=clock)
            raised = caught.value
        assert len(server.asked) == 3 * tries
    assert isinstance(raised, LoginRequired) is sign_in
    assert ("aws sso login --profile 'my profile'" in str(raised)) is sign_in
    assert path.read_bytes() == before
    said = caplog.text + str(raised)
    assert not [secret for secret in ("refresh-token-1", "client-secret", "access-token") if secret in said]
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 3


@pytest.mark.parametrize("way", WAYS)
def test_what_oauth_says_is_shown(way: Way, tmp_path: Path) -> None:
    write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=-1)})
    refusal = Answer(400, {"error": "invalid_grant", "error_description": "Invalid refresh token provided"})
    with serving(oidc(lambda _: refusal)) as server, pytest.raises(LoginRequired) as raised:
        current(tokens_of(tmp_path, server.url), way)
    assert "invalid_grant from CreateToken: invalid_grant: Invalid refresh token provided (HTTP 400" in str(
        raised.value
    )


CANNOT = {
    **{
        f"without {name}": {name: None}
        for name in ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")
    },
    "registration over": {"registrationExpiresAt": in_future(seconds=0)},
    "registration no time": {"registrationExpiresAt": "never"},
    "secret a number": {"clientSecret": 5},
}


@pytest.mark.parametrize("change", CANNOT.values(), ids=CANNOT.keys())
def test_what_cannot_be_refreshed_is_used_until_it_ends(change: dict[str, object], tmp_path: Path) -> None:
    clock = FakeClock()
    write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=10)} | change)
    tokens = tokens_of(tmp_path)  # nobody listens there
    assert current(tokens, clock=clock) == "access-token-1"
    clock.pass_time(minutes=10)
    with pytest.raises(LoginRequired, match=r"has ended, and .*aws sso login --profile 'my profile'") as raised:
        current(tokens, clock=clock)
    assert next(iter(change)) in str(raised.value) or "and so has its registration" in str(raised.value)


def test_the_older_form_is_never_refreshed(tmp_path: Path) -> None:
    clock = FakeClock()
    write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=1)}, LEGACY)
    tokens = tokens_of(tmp_path, session=LEGACY)
    assert current(tokens, clock=clock) == "access-token-1"
    clock.pass_time(minutes=1)
    with pytest.raises(LoginRequired, match=r"the start URL https://my\.awsapps\.com/start has ended"):
        current(tokens, clock=clock)


@pytest.mark.parametrize("ends", ["2026-05-01T13:00:00UTC", "2026-05-01T15:00:00+02:00", "2026-05-01T13:00:00.5Z"])
def test_times_of_older_files_are_read(ends: str, tmp_path: Path) -> None:
    write_cache(tmp_path, TOKEN | {"expiresAt": ends})
    assert current(tokens_of(tmp_path)) == "access-token-1"


UNUSABLE: dict[str, tuple[object, str]] = {
    "half written": (json.dumps(TOKEN).encode()[:40], "is not JSON"),
    "empty": (b"", "is not JSON"),
    "binary": (b"\x80\x81", "not UTF-8"),
    "a list": ([TOKEN], "a list instead of an object"),
    "too nested": (b'{"a":' + b"[" * 50_000, "nested too deeply"),
    "without members": ({"startUrl": "x"}, "accessToken is missing"),
    "without a time": ({"accessToken": "access-token-1"}, "expiresAt is missing"),
    "with a token of another type": (TOKEN | {"accessToken": {"x": 1}}, "accessToken is an object"),
    "with a token of two lines": (TOKEN | {"accessToken": "access-token-1\r\nx: y"}, "a character that no token has"),
    "with a time of another type": (TOKEN | {"expiresAt": 1777636800}, "expiresAt is a number"),
    "with no time": (TOKEN | {"expiresAt": "soon"}, "expiresAt is no time"),
    "with a year too far": (TOKEN | {"expiresAt": "99999-01-01T00:00:00Z"}, "expiresAt is no time"),
}


@pytest.mark.parametrize(("content", "problem"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_cache_that_cannot_be_used_asks_for_a_sign_in(content: object, problem: str, tmp_path: Path) -> None:
    path = write_cache(tmp_path, content)
    with pytest.raises(LoginRequired, match=problem) as raised:
        current(tokens_of(tmp_path))
    assert str(path) in str(raised.value)
    assert "aws sso login --profile 'my profile'" in str(raised.value)
    assert "access-token-1" not in str(raised.value)


def test_no_cache_asks_for_a_sign_in(tmp_path: Path) -> None:
    with pytest.raises(LoginRequired, match="there is no token of the SSO session 'my-sso'"):
        current(tokens_of(tmp_path))


def test_a_cache_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    Path(SESSION.cache_path(str(tmp_path))).mkdir(parents=True)
    with pytest.raises(CredentialsFetchFailed, match="cannot be read") as raised:
        current(tokens_of(tmp_path))
    assert not isinstance(raised.value, LoginRequired)


def test_a_new_sign_in_is_seen_at_once(tmp_path: Path) -> None:
    clock = FakeClock()
    write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=-1)})
    with serving(oidc(lambda _: Answer(400, {"error": "invalid_grant"}))) as server:
        tokens = tokens_of(tmp_path, server.url)
        with pytest.raises(LoginRequired):
            current(tokens, clock=clock)
        write_cache(tmp_path, TOKEN | {"accessToken": "access-token-9"})
        assert current(tokens, clock=clock) == "access-token-9"


@pytest.mark.parametrize("way", WAYS)
def test_where_the_token_cannot_be_saved_it_is_used_and_refreshed_all_the_same(
    way: Way, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: str, data: bytes) -> None:
        raise OSError(30, "Read-only file system", path)

    monkeypatch.setattr("neo_wire.transports.local_io.write_file", refuse)
    clock = FakeClock()
    path = write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=5)})
    numbers = iter(range(2, 9))

    def answer(asked: Asked) -> Answer:
        number = next(numbers)
        assert json.loads(asked.body)["refreshToken"] == f"refresh-token-{number - 1}", "each is good for one use"
        return Answer(body=FRESH | {"accessToken": f"access-token-{number}", "refreshToken": f"refresh-token-{number}"})

    with serving(oidc(answer)) as server:
        tokens = tokens_of(tmp_path, server.url)
        assert current(tokens, way, clock) == "access-token-2"
        clock.pass_time(minutes=30)
        assert current(tokens, way, clock) == "access-token-2"
        clock.pass_time(minutes=20)
        assert current(tokens, way, clock) == "access-token-3"
        assert f"{path} cannot be written (Read-only file system)" in caplog.text
        assert not [secret for secret in ("access-token", "refresh-token") if secret in caplog.text]
        write_cache(tmp_path, TOKEN | {"accessToken": "from-a-new-sign-in", "expiresAt": in_future(hours=8)})
        assert current(tokens, way, clock) == "from-a-new-sign-in"


def test_a_sign_in_at_no_endpoint_is_an_error(tmp_path: Path) -> None:
    write_cache(tmp_path, TOKEN | {"expiresAt": in_future(minutes=-1)})
    with pytest.raises(CredentialsFetchFailed, match="endpoint"):
        current(tokens_of(tmp_path, "http://oidc.example", SESSION))
    with pytest.raises(CredentialsFetchFailed, match="evil"):
        current(SsoTokens(context_of(home=str(tmp_path)), evolve(SESSION, region="evil.example/")))


def test_no_secret_is_in_a_repr(tmp_path: Path) -> None:
    write_cache(tmp_path, TOKEN)
    tokens = tokens_of(tmp_path)
    token: Any = run("sync", tokens._load(), clock=FakeClock())
    assert "token-1" not in repr(token)
    assert "secret" not in repr(token)
