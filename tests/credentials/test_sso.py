from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import botocore.session
import pytest

from neo_wire.credentials.context import Skipped
from neo_wire.credentials.sso import find
from neo_wire.credentials.sso_tokens import SsoSession
from neo_wire.errors import CredentialsFetchFailed, LoginRequired
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import context_of, run
from tests.credentials.servers import START, WAYS, Answer, Asked, FakeClock, Way, in_future, serving

START_URL = "https://my.awsapps.com/start"
SECTION = f"[sso-session my-sso]\nsso_start_url = {START_URL}\nsso_region = eu-west-1\n"
PROFILE = "[profile dev]\nsso_session = my-sso\nsso_account_id = 123456789012\nsso_role_name = the role/a&b\n"
LEGACY = (
    "[profile dev]\nsso_account_id = 123456789012\nsso_role_name = the role/a&b\n"
    f"sso_start_url = {START_URL}\nsso_region = eu-west-1\n"
)
TOKEN = {"accessToken": "access-token-1", "expiresAt": in_future(hours=1), "startUrl": START_URL, "region": "eu-west-1"}
ENDS = 1_777_658_400_123  # milliseconds: START + 6 hours + 123 ms
KEYS: dict[str, object] = {
    "accessKeyId": "ASIASSO",
    "secretAccessKey": "the+secret/key",
    "sessionToken": "the-session-token",
    "expiration": ENDS,
}


def write_token(home: Path, config: str, content: object = TOKEN) -> None:
    name = "my-sso" if "sso_session" in config else None
    path = Path(SsoSession(name, START_URL, "eu-west-1").cache_path(str(home)))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def fetch(
    home: Path, url: str = "http://127.0.0.1:1", config: str = PROFILE + SECTION, way: Way = "sync", **environ: str
) -> Credentials:
    environ = {"AWS_PROFILE": "dev", "AWS_ENDPOINT_URL_SSO": url, "AWS_ENDPOINT_URL_SSO_OIDC": url, **environ}
    provider = find(context_of(config, environ=environ, home=str(home)))
    assert not isinstance(provider, Skipped)
    return run(way, provider(), clock=FakeClock())


def portal(answer: Answer) -> Callable[[Asked], Answer]:
    """The portal, which checks what it is asked."""

    def handle(asked: Asked) -> Answer:
        assert (asked.method, asked.path, asked.body) == ("GET", "/federation/credentials", b"")
        assert asked.query == {"role_name": ["the role/a&b"], "account_id": ["123456789012"]}
        assert "+" not in asked.target, "a space is %20"
        assert asked.headers["x-amz-sso_bearer_token"] == "access-token-1"
        assert "authorization" not in asked.headers
        return answer

    return handle


def test_a_profile_without_a_role_is_passed_over() -> None:
    for config in ("", "[default]\nregion = x-y-1\n", f"[default]\nsso_session = my-sso\n{SECTION}"):
        found = find(context_of(config))
        assert isinstance(found, Skipped)
        assert "sso_account_id" in found.reason
        assert "'default'" in found.reason


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("config", [PROFILE + SECTION, LEGACY], ids=["session", "older form"])
def test_the_credentials_of_the_role(config: str, way: Way, tmp_path: Path) -> None:
    write_token(tmp_path, config)
    with serving(portal(Answer(body={"roleCredentials": KEYS}))) as server:
        found = fetch(tmp_path, server.url, config, way)
    assert found == Credentials(
        "ASIASSO",
        "the+secret/key",
        "the-session-token",
        expiration=START + timedelta(hours=6, milliseconds=123),
        account_id="123456789012",
        source="SSO",
    )


@pytest.mark.parametrize("config", [PROFILE + SECTION, LEGACY], ids=["session", "older form"])
def test_botocore_gets_the_same(config: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    far = 4_102_444_800_000  # botocore goes by the machine's clock
    write_token(tmp_path, config, TOKEN | {"expiresAt": "2100-01-01T00:00:00Z"})
    (tmp_path / "config").write_text(config)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with serving(portal(Answer(body={"roleCredentials": KEYS | {"expiration": far}}))) as server:
        ours = fetch(tmp_path, server.url, config)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", server.url)
        session = botocore.session.Session(profile="dev")
        resolver = session.get_component("credential_provider")
        provider = resolver.get_provider("sso")
        provider._token_cache = botocore.utils.JSONFileCache(str(tmp_path / ".aws/sso/cache"))
        if provider._token_provider is not None:
            provider._token_provider._token_loader._cache = provider._token_cache
        theirs = provider.load().get_frozen_credentials()
    assert (ours.access_key_id, ours.secret_access_key, ours.session_token, ours.account_id) == (
        theirs.access_key,
        theirs.secret_key,
        theirs.token,
        theirs.account_id,
    )
    ours_asked, theirs_asked = server.asked
    assert ours_asked.query == theirs_asked.query
    assert ours_asked.path == theirs_asked.path
    assert ours_asked.headers["x-amz-sso_bearer_token"] == theirs_asked.headers["x-amz-sso_bearer_token"]


CONFIGS: dict[str, tuple[str, list[str]]] = {
    "no session section": (
        PROFILE + "[sso-session other]\nsso_region = eu-west-1\n",
        ["'my-sso'", "line 2", "no section [sso-session my-sso]", "it has: other"],
    ),
    "no sections at all": (PROFILE, ["it has: none"]),
    "empty session name": (PROFILE.replace("= my-sso", "=") + SECTION, ["the SSO session ''"]),
    "all missing": (
        "[profile dev]\nsso_session = my-sso\nsso_role_name =\n[sso-session my-sso]\n",
        ["sso_account_id, sso_role_name, sso_start_url, sso_region are missing", "[sso-session my-sso]"],
    ),
    "one missing": (PROFILE.replace("sso_role_name = the role/a&b", "") + SECTION, ["sso_role_name is missing"]),
    "older form": (
        "[profile dev]\nsso_account_id = 1\n",
        ["sso_role_name, sso_start_url, sso_region are missing from the profile 'dev'"],
    ),
    "contradiction": (
        PROFILE + "sso_region = us-east-1\nsso_start_url = https://other.example\n" + SECTION,
        ["sso_region is 'us-east-1' in /config, line 5", "'eu-west-1' in /config, line 9", "sso_start_url is"],
    ),
}


@pytest.mark.parametrize(("config", "said"), CONFIGS.values(), ids=CONFIGS.keys())
def test_all_that_is_wrong_with_a_profile_is_told_at_once(config: str, said: list[str], tmp_path: Path) -> None:
    with pytest.raises(CredentialsFetchFailed) as raised:
        fetch(tmp_path, config=config)
    assert not isinstance(raised.value, LoginRequired)
    assert raised.value.provider == "SSO"
    for text in said:
        assert text in str(raised.value)


def test_keys_that_agree_may_stand_in_both_sections(tmp_path: Path) -> None:
    config = PROFILE + f"sso_region = eu-west-1\nsso_start_url = {START_URL}\n" + SECTION
    write_token(tmp_path, config)
    with serving(portal(Answer(body={"roleCredentials": KEYS}))) as server:
        assert fetch(tmp_path, server.url, config).access_key_id == "ASIASSO"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, {"message": "Session token not found or invalid", "__type": "UnauthorizedException"}),
        Answer(401, {"message": "access-token-1 is over"}, {"x-amzn-errortype": "UnauthorizedException"}),
        Answer(401),
    ],
)
def test_a_session_that_has_ended_asks_for_a_sign_in(answer: Answer, way: Way, tmp_path: Path) -> None:
    write_token(tmp_path, PROFILE)
    with (
        serving(portal(answer)) as server,
        pytest.raises(LoginRequired, match="the SSO session 'my-sso' has ended") as raised,
    ):
        fetch(tmp_path, server.url, way=way)
    assert str(raised.value).endswith("sign in: aws sso login --profile dev")
    assert "access-token-1" not in str(raised.value)


def test_without_a_token_nobody_is_asked(tmp_path: Path) -> None:
    with serving(portal(Answer())) as server, pytest.raises(LoginRequired, match="aws sso login --profile dev"):
        fetch(tmp_path, server.url)
    assert server.asked == []


REFUSALS: dict[str, tuple[Answer, str]] = {
    "forbidden": (
        Answer(403, {"message": "No access"}, {"x-amzn-errortype": "ForbiddenException:http://x/"}),
        "ForbiddenException from GetRoleCredentials: No access",
    ),
    "not found": (Answer(404, {"__type": "a.b#ResourceNotFoundException"}), "ResourceNotFoundException"),
    "throttled": (Answer(429, {"code": "TooManyRequestsException"}), "TooManyRequestsException.*3 attempts"),
    "unavailable": (Answer(500, b"<html>oh</html>"), "HTTP500.*3 attempts"),
    "redirect": (Answer(302, headers={"location": "http://127.0.0.1:1/"}), "HTTP302"),
    "types that make no sense": (Answer(400, {"__type": 5, "message": [], "code": {}, "error": 1}), "HTTP400"),
    "cut": (Answer(None), "3 attempts"),
}


@pytest.mark.parametrize(("answer", "said"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_stops_the_chain(answer: Answer, said: str, tmp_path: Path) -> None:
    write_token(tmp_path, PROFILE)
    with serving(portal(answer)) as server, pytest.raises(CredentialsFetchFailed, match=said) as raised:
        fetch(tmp_path, server.url)
    assert not isinstance(raised.value, LoginRequired)
    assert "the role 'the role/a&b' in the account '123456789012'" in str(raised.value)
    assert "access-token-1" not in str(raised.value)


def role_credentials(**change: object) -> dict[str, object]:
    return {"roleCredentials": KEYS | change}


ANSWERS: dict[str, tuple[object, str]] = {
    "not JSON": (b"hello", "is not JSON"),
    "half JSON": (b'{"roleCredentials": {"secretAccessKey": "the+sec', "is not JSON"),
    "a list": ([], "a list instead of an object"),
    "empty": ({}, "roleCredentials is missing"),
    "null": ({"roleCredentials": None}, "roleCredentials is missing"),
    "text": ({"roleCredentials": "x"}, "roleCredentials is a string instead of an object"),
    "two missing": (
        role_credentials(accessKeyId=None, sessionToken=""),
        "accessKeyId is missing, sessionToken is missing",
    ),
    "a number": (role_credentials(secretAccessKey=1), "secretAccessKey is a number"),
    "a line break": (role_credentials(sessionToken="the-session-token\n"), "a character that no credential has"),
    "no time": (role_credentials(expiration=None), "expiration is missing"),
    "time as text": (role_credentials(expiration="1777658400000"), "expiration is a string instead of a number"),
    "time as truth": (role_credentials(expiration=True), "expiration is a boolean"),
    "time too far": (role_credentials(expiration=10**15 - 1), "outside of the years"),
    "time too early": (role_credentials(expiration=-(10**15) + 1), "outside of the years"),
    "time without end": (role_credentials(expiration=10**300), "out of all bounds"),
    "time beyond floats": (
        b'{"roleCredentials": %s}' % json.dumps(KEYS).replace(str(ENDS), "1e999").encode(),
        "out of all",
    ),
    "NaN": (b'{"roleCredentials": %s}' % json.dumps(KEYS).replace(str(ENDS), "NaN").encode(), "is not JSON"),
}


@pytest.mark.parametrize(("body", "said"), ANSWERS.values(), ids=ANSWERS.keys())
def test_an_answer_that_cannot_be_used_is_an_error(body: object, said: str, tmp_path: Path) -> None:
    write_token(tmp_path, PROFILE)
    with serving(portal(Answer(body=body))) as server, pytest.raises(CredentialsFetchFailed, match=said) as raised:
        fetch(tmp_path, server.url)
    for secret in ("access-token-1", "the+sec", "the-session-token"):
        assert secret not in str(raised.value)


def test_a_time_with_a_fraction_is_taken(tmp_path: Path) -> None:
    write_token(tmp_path, PROFILE)
    body = b'{"roleCredentials": %s}' % json.dumps(KEYS).replace(str(ENDS), "1.7776584e12").encode()
    with serving(portal(Answer(body=body))) as server:
        assert fetch(tmp_path, server.url).expiration == START + timedelta(hours=6)


def test_the_token_is_refreshed_first(tmp_path: Path) -> None:
    refreshable = {
        "clientId": "c",
        "clientSecret": "s",
        "refreshToken": "r",
        "registrationExpiresAt": in_future(days=1),
    }
    write_token(tmp_path, PROFILE, TOKEN | refreshable | {"expiresAt": in_future(minutes=1), "accessToken": "old"})

    def handle(asked: Asked) -> Answer:
        if asked.path == "/token":
            return Answer(body={"accessToken": "access-token-1", "expiresIn": 60})
        return portal(Answer(body={"roleCredentials": KEYS}))(asked)

    with serving(handle) as server:
        assert fetch(tmp_path, server.url).access_key_id == "ASIASSO"
    assert [asked.path for asked in server.asked] == ["/token", "/federation/credentials"]


def test_tokens_are_not_sent_over_http(tmp_path: Path) -> None:
    write_token(tmp_path, PROFILE)
    with pytest.raises(CredentialsFetchFailed, match="is not https"):
        fetch(tmp_path, "http://portal.example")
