from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from neo_wire.credentials.login import cache_path
from neo_wire.errors import CredentialsFetchFailed, LoginRequired, MissingExtra
from tests.credentials.servers import START, Answer, FakeClock, in_future, serving
from tests.credentials.sign_in import (
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

REFUSALS: dict[str, tuple[Answer, str, bool]] = {
    "token expired": (
        Answer(
            403,
            {"error": "TOKEN_EXPIRED", "message": "of refresh-token-1"},
            {"x-amzn-errortype": "AccessDeniedException"},
        ),
        "AccessDeniedException from CreateOAuth2Token: TOKEN_EXPIRED: of …",
        True,
    ),
    "credentials changed": (
        Answer(400, {"__type": "AccessDeniedException", "error": "USER_CREDENTIALS_CHANGED", "message": "m"}),
        "USER_CREDENTIALS_CHANGED: m",
        True,
    ),
    "no permission": (
        Answer(403, {"__type": "AccessDeniedException", "error": "INSUFFICIENT_PERMISSIONS", "message": "m"}),
        "allow signin:CreateOAuth2Token",
        False,
    ),
    "denied": (Answer(403, {"__type": "AccessDeniedException", "error": 5}), "AccessDeniedException", False),
    "invalid": (Answer(400, {"error": "INVALID_REQUEST", "message": "m"}), "INVALID_REQUEST", False),
    "server": (Answer(500, {"__type": "InternalServerException", "error": "server_error"}), "3 attempts", False),
    "throttled": (Answer(429, {"error": "TooManyRequestsError"}), "3 attempts", False),
    "HTML": (Answer(200, b"<html>"), "not JSON", False),
    "a list": (Answer(200, []), "a list instead of an object", False),
    "nothing": (Answer(200, {}), "accessToken is missing", False),
    "no keys": (Answer(200, {"accessToken": {}}), "accessKeyId is missing, secretAccessKey is missing", False),
    "text": (Answer(200, {"accessToken": "x"}), "accessToken is a string", False),
    "no time": (Answer(200, {"accessToken": keys(2), "refreshToken": "r"}), "expiresIn is missing", False),
    "float time": (
        Answer(200, {"accessToken": keys(2), "refreshToken": "r", "expiresIn": 1e300}),
        "out of all bounds",
        False,
    ),
    "no refresh token": (Answer(200, {"accessToken": keys(2), "expiresIn": 900}), "refreshToken is missing", False),
    "two lines": (
        Answer(200, {"accessToken": keys(2) | {"sessionToken": "a\r\nb"}, "refreshToken": "r", "expiresIn": 900}),
        "a character that no credential has",
        False,
    ),
}


@pytest.mark.parametrize(("answer", "said", "sign_in"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_failed_refresh_keeps_the_old_keys_until_they_end(
    answer: Answer, said: str, sign_in: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    path = write_cache(tmp_path, with_ending(in_future(minutes=4)))
    before = path.read_bytes()
    with serving(SignIn(lambda _: answer)) as server:
        provider = provider_of(tmp_path, server.url)
        assert fetch(provider, clock=clock).access_key_id == "ASIALOGIN1"
        tries = len(server.asked)
        clock.moment = START + timedelta(seconds=59)
        assert fetch(provider, clock=clock).access_key_id == "ASIALOGIN1"
        assert len(server.asked) == tries, "one refresh a minute at most"
        clock.moment = START + timedelta(seconds=60)
        assert fetch(provider, clock=clock).expiration == START + timedelta(minutes=4)
        assert len(server.asked) == 2 * tries
        clock.moment = START + timedelta(minutes=4)
        with pytest.raises(CredentialsFetchFailed) as raised:
            fetch(provider, clock=clock)
    assert said in str(raised.value)
    assert isinstance(raised.value, LoginRequired) is sign_in
    assert str(raised.value).endswith("sign in: aws login --profile my-dev") is sign_in
    assert path.read_bytes() == before
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 2
    for secret in ("refresh-token-1", "secret+key", "session-token", "PRIVATE KEY", "identity-token"):
        assert secret not in caplog.text + str(raised.value)


UNUSABLE: dict[str, tuple[object, str]] = {
    "half written": (json.dumps(TOKEN).encode()[:200], "is not JSON"),
    "empty": (b"", "is not JSON"),
    "a list": ([], "a list instead of an object"),
    "nothing": ({}, "clientId is missing, refreshToken is missing, dpopKey is missing"),
    "no keys": (TOKEN | {"accessToken": None}, "accessToken is missing"),
    "keys of text": (TOKEN | {"accessToken": "x"}, "accessToken is a string instead of an object"),
    "no secret": (TOKEN | {"accessToken": KEYS | {"secretAccessKey": None}}, "secretAccessKey is missing"),
    "a number": (TOKEN | {"accessToken": KEYS | {"accountId": 123456789012}}, "accountId is a number"),
    "no time": (with_ending(""), "expiresAt is missing"),
    "wrong time": (with_ending("later"), "expiresAt is no time"),
    "two lines": (TOKEN | {"accessToken": KEYS | {"sessionToken": "a\nb"}}, "a character that no credential has"),
    "wrong region": (TOKEN | {"signInRegion": ["eu-west-1"]}, "signInRegion is a list"),
}


@pytest.mark.parametrize(("content", "said"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_a_cache_that_cannot_be_used_asks_for_a_sign_in(content: object, said: str, tmp_path: Path) -> None:
    path = write_cache(tmp_path, content)
    with pytest.raises(LoginRequired, match=said) as raised:
        fetch(provider_of(tmp_path))
    assert str(path) in str(raised.value)
    assert str(raised.value).endswith("sign in: aws login --profile my-dev")
    assert "secret+key" not in str(raised.value)


def test_no_cache_asks_for_a_sign_in(tmp_path: Path) -> None:
    with pytest.raises(LoginRequired, match="there is no token of arn:aws:sts"):
        fetch(provider_of(tmp_path))
    folder = tmp_path / "elsewhere"
    with pytest.raises(LoginRequired, match=str(folder)):
        fetch(provider_of(tmp_path, AWS_LOGIN_CACHE_DIRECTORY=str(folder)))


def test_a_cache_that_may_not_be_read_is_an_error(tmp_path: Path) -> None:
    Path(cache_path(SESSION, {}, str(tmp_path))).mkdir(parents=True)
    with pytest.raises(CredentialsFetchFailed, match="cannot be read") as raised:
        fetch(provider_of(tmp_path))
    assert not isinstance(raised.value, LoginRequired)


def test_a_key_that_is_none_asks_for_a_sign_in_once_it_is_needed(tmp_path: Path) -> None:
    clock = FakeClock()
    write_cache(tmp_path, with_ending(in_future(minutes=6), dpopKey="-----BEGIN hidden-----"))
    provider = provider_of(tmp_path)
    fetch(provider, clock=clock)
    clock.pass_time(minutes=6)
    with pytest.raises(LoginRequired, match=r"dpopKey in .*aws login") as raised:
        fetch(provider, clock=clock)
    assert "hidden" not in str(raised.value)


def test_without_cryptography_the_extra_is_named_once_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cache(tmp_path, with_ending(in_future(minutes=6)))
    monkeypatch.setitem(sys.modules, "cryptography", None)
    assert fetch(provider_of(tmp_path)).access_key_id == "ASIALOGIN1"
    write_cache(tmp_path, with_ending(in_future(minutes=4)))
    with pytest.raises(MissingExtra, match=r"neo-wire\[crypto\]"):
        fetch(provider_of(tmp_path))
