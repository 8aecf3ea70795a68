"""Web identities: where the token and the role are named, and what is sent for them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import botocore.exceptions
import botocore.session
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.credentials.web_identity import find
from neo_wire.errors import CredentialsFetchFailed, ResourceNotFound
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.local import LocalServer, NeoService
from tests.credentials.contexts import NEW_ID, Answers, SetClock, context_of, run

ROLE = "arn:aws:iam::123456789012:role/pod"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJwb2QifQ.c2lnbmF0dXJl"
ANSWER = (
    b"<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><AssumedRoleUser>"
    b"<Arn>arn:aws:sts::123456789012:assumed-role/pod/x</Arn></AssumedRoleUser><Credentials>"
    b"<AccessKeyId>ASIAPOD</AccessKeyId><SecretAccessKey>temporary</SecretAccessKey>"
    b"<SessionToken>token</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration></Credentials>"
    b"</AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
)
SUCCESS = HttpResponse(200, (), ANSWER)


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    return path


def environ_of(token_file: Path, **more: str) -> dict[str, str]:
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(token_file), "AWS_ROLE_ARN": ROLE, "AWS_REGION": "eu-west-1", **more}


def provider(context: Context) -> Provider:
    found = find(context)
    assert not isinstance(found, Skipped), found.reason
    return found


def sent(request: HttpRequest) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode(), strict_parsing=True))


def test_of_the_environment(mode: Any, token_file: Path) -> None:
    exchange = Answers([SUCCESS])
    credentials = run(mode.name, provider(context_of(environ=environ_of(token_file)))(), exchange, SetClock())
    assert (credentials.access_key_id, credentials.session_token) == ("ASIAPOD", "token")
    assert (credentials.account_id, credentials.source) == ("123456789012", "web identity")
    (request,) = exchange.requests
    assert sent(request) == {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": ROLE,
        "RoleSessionName": f"neo-wire-{NEW_ID}",
        "WebIdentityToken": TOKEN,
    }
    assert request.header("authorization") is None
    assert request.header("host") == "sts.eu-west-1.amazonaws.com"


def test_of_the_profile(token_file: Path) -> None:
    text = f"[default]\nregion = eu-west-1\nrole_arn = {ROLE}\nweb_identity_token_file = {token_file}\n"
    text += "role_session_name = me\nduration_seconds = 7200\n"
    exchange = Answers([SUCCESS])
    run("sync", provider(context_of(text.replace("[default]", "[profile default]")))(), exchange, SetClock())
    assert sent(exchange.requests[0])["RoleSessionName"] == "me"
    assert "DurationSeconds" not in sent(exchange.requests[0])


def test_in_the_home_folder(token_file: Path) -> None:
    text = f"[default]\nregion = eu-west-1\nrole_arn = {ROLE}\nweb_identity_token_file = ~/token\n"
    exchange = Answers([SUCCESS])
    context = context_of(credentials=text, home=str(token_file.parent))
    run("sync", provider(context)(), exchange, SetClock())
    assert sent(exchange.requests[0])["WebIdentityToken"] == TOKEN


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_the_file_is_read_anew_each_time(token_file: Path, mode: Any, end: str) -> None:
    exchange, source = Answers([SUCCESS]), provider(context_of(environ=environ_of(token_file)))
    run(mode.name, source(), exchange, SetClock())
    token_file.write_bytes(f"{TOKEN}.renewed{end}".encode())
    run(mode.name, source(), exchange, SetClock())
    assert [sent(request)["WebIdentityToken"] for request in exchange.requests] == [TOKEN, f"{TOKEN}.renewed"]
    assert b"%0" not in exchange.requests[1].body


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it has 0 characters"),
        (b"\n", "it has 0 characters"),
        (b"abc", "it has 3 characters"),
        (b"a" * 20_001, "it has 20001 characters"),
        (b"e30.s3cret token", "it has 16 characters"),
        (b"e30.s3cret\ntoken", "or others"),
        ("e30.s3crét".encode(), "or others"),
        (b"e30.s3cret\0token", "or others"),
        (b"a" * 100_000, "longer than"),
    ],
)
def test_a_file_that_holds_no_token(token_file: Path, content: bytes, words: str) -> None:
    token_file.write_bytes(content)
    exchange = Answers([SUCCESS])
    with pytest.raises(
        CredentialsFetchFailed, match=rf"^credentials from web identity: the token's file .*{words}"
    ) as caught:
        run("sync", provider(context_of(environ=environ_of(token_file)))(), exchange, SetClock())
    assert exchange.requests == []
    assert "s3cr" not in str(caught.value)


@pytest.mark.parametrize("length", [4, 20_000])
def test_the_bounds_of_a_token(token_file: Path, length: int) -> None:
    token_file.write_text("a" * length)
    run("sync", provider(context_of(environ=environ_of(token_file)))(), Answers([SUCCESS]), SetClock())


def test_a_file_that_is_not_there(tmp_path: Path, mode: Any) -> None:
    source = provider(context_of(environ=environ_of(tmp_path / "none")))
    with pytest.raises(CredentialsFetchFailed, match="none' cannot be read: No such file or directory"):
        run(mode.name, source(), Answers([SUCCESS]), SetClock())


def test_the_token_that_sts_quotes_is_blotted_out(token_file: Path) -> None:
    error = f"<Error><Code>InvalidIdentityToken</Code><Message>bad: {TOKEN}</Message></Error>"
    body = f"<ErrorResponse>{error}</ErrorResponse>"
    exchange = Answers([HttpResponse(400, (), body.encode())])
    with pytest.raises(CredentialsFetchFailed, match=r"InvalidIdentityToken .*: bad: …") as caught:
        run("sync", provider(context_of(environ=environ_of(token_file)))(), exchange, SetClock())
    assert TOKEN not in str(caught.value) + str(caught.value.__cause__)


def test_an_expired_token_is_not_sent_again_now_but_read_again_later(token_file: Path) -> None:
    refusal = b"<ErrorResponse><Error><Code>ExpiredTokenException</Code></Error></ErrorResponse>"
    exchange = Answers([HttpResponse(400, (), refusal), SUCCESS])
    cache = CredentialsCache(provider(context_of(environ=environ_of(token_file))), random=lambda: 0.5)
    with pytest.raises(CredentialsFetchFailed, match="ExpiredTokenException"):
        run("sync", cache.current(10), exchange, SetClock())
    assert len(exchange.requests) == 1
    token_file.write_text("renewed")
    assert run("sync", cache.current(10), exchange, SetClock()).access_key_id == "ASIAPOD"
    assert sent(exchange.requests[1])["WebIdentityToken"] == "renewed"


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"AWS_ROLE_ARN": ""}, "AWS_WEB_IDENTITY_TOKEN_FILE names a token, and nothing names the role"),
        ({"AWS_ROLE_ARN": "pod"}, "AWS_ROLE_ARN is 'pod'; give the ARN of a role"),
        ({"AWS_ROLE_SESSION_NAME": "my pod"}, "AWS_ROLE_SESSION_NAME is 'my pod'"),
        ({"AWS_ROLE_SESSION_NAME": "x" * 65}, "AWS_ROLE_SESSION_NAME is 'x"),
        ({"AWS_REGION": ""}, "STS is called in a region, and there is none"),
    ],
)
def test_what_cannot_be_used(token_file: Path, environ: dict[str, str], words: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match=words):
        find(context_of(environ=environ_of(token_file, **environ)))


def test_all_that_is_wrong_is_said_at_once(token_file: Path) -> None:
    environ = environ_of(token_file, AWS_ROLE_ARN="pod", AWS_ROLE_SESSION_NAME="my pod")
    with pytest.raises(CredentialsFetchFailed, match=r"AWS_ROLE_ARN is 'pod'.*AWS_ROLE_SESSION_NAME is 'my pod'"):
        find(context_of(environ=environ))


def test_a_token_is_not_sent_without_tls(token_file: Path) -> None:
    environ = environ_of(token_file, AWS_ENDPOINT_URL_STS="http://sts.example")
    with pytest.raises(CredentialsFetchFailed, match=r"would be sent to http://sts\.example; use an https endpoint"):
        find(context_of(environ=environ))


VALUES = st.sampled_from([None, "", "environment"])


@given(
    environ=st.fixed_dictionaries({"TOKEN": VALUES, "ROLE": VALUES, "NAME": VALUES}),
    profile=st.fixed_dictionaries({"TOKEN": st.booleans(), "ROLE": st.booleans(), "NAME": st.booleans()}),
    in_code=st.booleans(),
)
@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_botocore_finds_the_same(
    environ: dict[str, str | None],
    profile: dict[str, bool],
    in_code: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """But for empty variables, which count as not set here; botocore takes an empty path for no web identity at all."""
    for place in ("environment", "profile"):
        (tmp_path / place).write_text(f"token-of-the-{place}")
    values: dict[str, tuple[str, str, Callable[[str], str]]] = {
        "TOKEN": ("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file", lambda place: str(tmp_path / place)),
        "ROLE": ("AWS_ROLE_ARN", "role_arn", lambda place: f"arn:aws:iam::123456789012:role/{place}"),
        "NAME": ("AWS_ROLE_SESSION_NAME", "role_session_name", lambda place: f"of-{place}"),
    }
    variables = {
        variable: make(where) if (where := environ[name]) else ""
        for name, (variable, _, make) in values.items()
        if environ[name] is not None
    }
    lines = [f"{key} = {make('profile')}" for name, (_, key, make) in values.items() if profile[name]]
    text = "\n".join(["[me]", "region = eu-west-1", *lines, ""])
    (tmp_path / "credentials").write_text(text)

    exchange = Answers([SUCCESS])
    code: dict[str, object] = {"profile": "me"} if in_code else {}
    told = {**variables, **({} if in_code else {"AWS_PROFILE": "me"})}
    try:
        found = find(context_of(credentials=text, environ=told, code=code))
        if not isinstance(found, Skipped):
            run("sync", found(), exchange, SetClock())
        ours: object = [] if isinstance(found, Skipped) else [sent(request) for request in exchange.requests]
    except CredentialsFetchFailed:
        ours = "error"

    calls: list[dict[str, str]] = []

    class Sts:
        def assume_role_with_web_identity(self, **parameters: str) -> dict[str, Any]:
            calls.append(parameters)
            keys = {
                "AccessKeyId": "A",
                "SecretAccessKey": "s",
                "SessionToken": "t",
                "Expiration": "2199-01-01T00:00:00Z",
            }
            return {"Credentials": keys, "AssumedRoleUser": {"Arn": "arn:aws:sts::123456789012:assumed-role/pod/x"}}

    with monkeypatch.context() as patch:
        for variable in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", *(variable for variable, _, _ in values.values())):
            patch.delenv(variable, raising=False)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
        patch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
        for set_variable in filter(told.get, told):
            patch.setenv(set_variable, told[set_variable])
        session: Any = botocore.session.Session(profile="me" if in_code else None, include_builtin_handlers=False)
        session.create_client = lambda service, **options: Sts()
        web_identity = session.get_component("credential_provider").get_provider("assume-role-with-web-identity")
        try:
            credentials = web_identity.load()
            if credentials is not None:
                credentials.get_frozen_credentials()
            theirs: object = calls
        except botocore.exceptions.BotoCoreError:
            theirs = "error"
    if isinstance(ours, list) and isinstance(theirs, list):
        for each in (*ours, *theirs):
            each.pop("Action", None), each.pop("Version", None)
            if not each["RoleSessionName"].startswith("of-"):
                each["RoleSessionName"] = "its own"
    assert ours == theirs


def test_it_signs_requests_that_the_local_service_accepts(mode: Any, moto_url: str, token_file: Path) -> None:
    context = context_of(environ=environ_of(token_file, AWS_ENDPOINT_URL_STS=moto_url))
    temporary = run(mode.name, CredentialsCache(provider(context), random=lambda: 0.5).current(10))
    assert temporary.session_token
    with LocalServer(NeoService(credentials=temporary)) as server:
        options = {"region": "eu-west-1", "endpoint_url": server.url, "credentials": temporary}
        with pytest.raises(ResourceNotFound):
            mode.call("describe_compilation_job", "nothing", client=options)
