from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from botocore.exceptions import MetadataRetrievalError
from botocore.utils import ContainerMetadataFetcher

from neo_wire.attempts import Conversation
from neo_wire.credentials.container import credentials_url, find
from neo_wire.credentials.context import Skipped
from neo_wire.errors import CredentialsFetchFailed, ReadTimeout
from neo_wire.flow import Flow, Send, Sleep
from neo_wire.http import DIRECT, Route, Tls
from neo_wire.signing.credentials import Credentials
from tests.credentials.contexts import context_of, run
from tests.credentials.servers import START, WAYS, Answer, Asked, FakeClock, Server, Way, in_future, serving

RELATIVE = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
FULL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN = "AWS_CONTAINER_AUTHORIZATION_TOKEN"
TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
KEYS = {
    "RoleArn": "arn:aws:iam::123456789012:role/task",
    "AccessKeyId": "ASIACONTAINER",
    "SecretAccessKey": "the+secret/key",
    "Token": "the-session-token",
    "Expiration": in_future(hours=6),
}


def fetch(environ: Mapping[str, str], way: Way = "sync", clock: FakeClock | None = None) -> Credentials:
    provider = find(context_of(environ=environ))
    assert not isinstance(provider, Skipped)
    return run(way, provider(), clock=clock or FakeClock())


def always(answer: Answer) -> Callable[[Asked], Answer]:
    return lambda _: answer


def test_without_a_variable_the_chain_goes_on() -> None:
    found = find(context_of(environ={RELATIVE: "", FULL: ""}))
    assert isinstance(found, Skipped)
    assert RELATIVE in found.reason
    assert FULL in found.reason


@pytest.mark.parametrize("way", WAYS)
def test_the_credentials_of_a_full_uri(way: Way) -> None:
    with serving(always(Answer(body=KEYS | {"AccountId": "123456789012"}))) as server:
        found = fetch({FULL: server.url + "/creds/a%20b?id=1", TOKEN: "Basic abc def"}, way)
    assert found == Credentials(
        "ASIACONTAINER",
        "the+secret/key",
        "the-session-token",
        expiration=START.replace(hour=18),
        account_id="123456789012",
        source="container",
    )
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("GET", "/creds/a%20b?id=1", b"")
    assert asked.headers == {
        "host": f"127.0.0.1:{server.port}",
        "authorization": "Basic abc def",
        "accept": "application/json",
        "accept-encoding": "identity",
        "user-agent": "neo-wire/test",
    }


def test_botocore_asks_the_same_and_reads_the_same() -> None:
    with serving(always(Answer(body=KEYS))) as server:
        found = fetch({FULL: server.url + "/role", TOKEN: "the-token"})
        theirs = ContainerMetadataFetcher().retrieve_full_uri(server.url + "/role", {"Authorization": "the-token"})
    ours, botocores = server.asked
    assert (ours.method, ours.target, ours.body) == (botocores.method, botocores.target, botocores.body)
    for header in ("host", "accept", "authorization"):
        assert ours.headers[header] == botocores.headers[header]
    assert (found.access_key_id, found.secret_access_key, found.session_token) == (
        theirs["AccessKeyId"],
        theirs["SecretAccessKey"],
        theirs["Token"],
    )


def test_without_a_token_there_is_no_header() -> None:
    with serving(always(Answer(body=KEYS))) as server:
        found = fetch({FULL: server.url, TOKEN: ""})
    assert found.account_id is None
    assert "authorization" not in server.asked[0].headers


def test_a_relative_uri_wins_and_goes_straight_to_the_agent() -> None:
    environ = {RELATIVE: "/v2/credentials/abc?x=1", FULL: "http://localhost/", "http_proxy": "http://proxy.example"}
    assert str(credentials_url(environ)) == "http://169.254.170.2/v2/credentials/abc?x=1"
    assert str(credentials_url(environ)) == ContainerMetadataFetcher().full_url(environ[RELATIVE])
    provider = find(context_of(environ=environ))
    assert not isinstance(provider, Skipped)
    effect = next(provider())
    assert isinstance(effect, Send)
    assert effect.route == DIRECT
    assert (effect.timeout.connect, effect.timeout.read, effect.timeout.total) == (2, 2, 5)
    assert effect.request.header("host") == "169.254.170.2"


def test_an_https_uri_has_the_certificates_of_the_client_and_no_proxy() -> None:
    route = Route(proxy="http://proxy.example:3128", tls=Tls(ca_bundle="/the/bundle.pem"), http2=True)
    context = context_of(environ={FULL: "https://agent.example/x"})
    provider = find(evolve(context, conversation=lambda _: Conversation(route=route)))
    assert not isinstance(provider, Skipped)
    effect = next(provider())
    assert isinstance(effect, Send)
    assert effect.route == Route(tls=Tls(ca_bundle="/the/bundle.pem"))


@pytest.mark.parametrize("value", ["v2/credentials", "@evil.example/", ".evil.example/x", ":80/x"])
def test_a_relative_uri_cannot_change_the_host(value: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match="does not begin with a slash"):
        credentials_url({RELATIVE: value})


URLS = [
    "https://anything.example/creds",
    "http://127.0.0.1/creds",
    "http://127.9.9.9:8080/creds",
    "http://[::1]/creds",
    "http://localhost:9000/creds",
    "http://169.254.170.2/creds",
    "http://169.254.170.23/v1/credentials",
    "http://[fd00:ec2::23]/v1/credentials",
    "http://169.254.170.3/creds",
    "http://169.254.169.254/creds",
    "http://10.0.0.1/creds",
    "http://anything.example/creds",
    "http://localhost.evil.example/creds",
    "http://127.0.0.1.evil.example/creds",
    "http://[fd00:ec2::24]/creds",
    "http://[::ffff:10.0.0.1]/creds",
]


@pytest.mark.parametrize("url", URLS)
def test_the_hosts_that_are_asked_are_those_that_botocore_asks(url: str) -> None:
    fetcher: Any = ContainerMetadataFetcher()  # what it checks with is its own
    try:
        fetcher._validate_allowed_url(url)
        theirs = True
    except ValueError:
        theirs = False
    if theirs:
        assert str(credentials_url({FULL: url})) == url
    else:
        with pytest.raises(CredentialsFetchFailed, match="is not asked over http"):
            credentials_url({FULL: url})


@pytest.mark.parametrize(
    "url", ["ftp://localhost/", "localhost", "http://user:hidden@localhost/", "http://localhost/\r\nX: y"]
)
def test_what_is_no_url_is_refused(url: str) -> None:
    with pytest.raises(CredentialsFetchFailed, match=FULL) as raised:
        fetch({FULL: url})
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("way", WAYS)
def test_the_token_file_wins_and_is_read_at_each_fetch(way: Way, tmp_path: Path) -> None:
    file = tmp_path / "token"
    with serving(always(Answer(body=KEYS))) as server:
        provider = find(context_of(environ={FULL: server.url, TOKEN: "other", TOKEN_FILE: str(file)}))
        assert not isinstance(provider, Skipped)
        for content in ("first", "second\n", "third\r\n"):
            file.write_text(content, newline="")
            run(way, provider(), clock=FakeClock())
    assert [asked.headers["authorization"] for asked in server.asked] == ["first", "second", "third"]


@pytest.mark.parametrize(
    "content", ["secret-1\n\n", "secret-1\nX: y", "\nsecret-1", "secret-1\r", " secret-1", "secret-é", "a\0b"]
)
def test_a_token_with_line_breaks_is_refused_and_not_shown(content: str, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(content, newline="")
    with pytest.raises(CredentialsFetchFailed, match="line break") as raised:
        fetch({FULL: "http://localhost:1/", TOKEN_FILE: str(file)})
    assert str(file) in str(raised.value)
    assert "secret-" not in str(raised.value)


def test_a_token_variable_with_a_line_break_is_refused() -> None:
    with pytest.raises(CredentialsFetchFailed, match=f"{TOKEN} has a line break"):
        fetch({FULL: "http://localhost:1/", TOKEN: "token\n"})


def test_a_token_file_that_is_empty_or_missing_or_a_folder(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    for path, problem in ((empty, "is empty"), (tmp_path / "none", "No such file"), (tmp_path, "directory")):
        with pytest.raises(CredentialsFetchFailed, match=problem):
            fetch({FULL: "http://localhost:1/", TOKEN_FILE: str(path)})


def one_after_another(*answers: Answer) -> Callable[[Asked], Answer]:
    left = iter(answers)
    return lambda _: next(left)


BAD = [
    Answer(500),
    Answer(404),
    Answer(302, headers={"location": "/other"}),
    Answer(body=b"{"),
    Answer(None),
    Answer(body=[1]),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("bad", BAD, ids=["500", "404", "redirect", "half JSON", "cut", "a list"])
def test_a_bad_answer_is_asked_again_after_a_second(bad: Answer, way: Way) -> None:
    clock = FakeClock()
    with serving(one_after_another(bad, bad, Answer(body=KEYS))) as server:
        assert fetch({FULL: server.url + "/x"}, way, clock).access_key_id == "ASIACONTAINER"
    assert server.lines == ["GET /x"] * 3
    assert clock.slept == [1, 1]


@pytest.mark.parametrize("bad", BAD, ids=["500", "404", "redirect", "half JSON", "cut", "a list"])
def test_three_bad_answers_stop_the_chain_as_in_botocore(bad: Answer) -> None:
    clock = FakeClock()
    with serving(always(bad)) as server:
        with pytest.raises(CredentialsFetchFailed, match="after 3 attempts"):
            fetch({FULL: server.url + "/x"}, clock=clock)
        ours = len(server.asked)
        if bad.body != [1]:  # which botocore takes, and fails on later
            theirs = ContainerMetadataFetcher(sleep=lambda _: None)
            with pytest.raises(MetadataRetrievalError):
                theirs.retrieve_full_uri(server.url + "/x")
            assert len(server.asked) - ours == ours
    assert ours == 3
    assert clock.slept == [1, 1], "no wait after the last"


def test_the_message_of_an_error_is_shown_without_the_token() -> None:
    refusal = Answer(403, {"code": "AccessDenied", "message": "no role for\r\ntoken s3cr3t-token"})
    with serving(always(refusal)) as server, pytest.raises(CredentialsFetchFailed) as raised:
        fetch({FULL: server.url + "/hidden-path", TOKEN: "s3cr3t-token"})
    assert raised.value.provider == "container"
    assert str(raised.value) == (
        f"credentials from container: AccessDenied from GET {server.url}: no role for token … (HTTP 403, request id "
        "None), after 3 attempts"
    )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"AccessKeyId": None, "Token": ""}, "AccessKeyId is missing, Token is missing"),
        ({"SecretAccessKey": 5}, "SecretAccessKey is a number instead of a string"),
        ({"Expiration": None}, "Expiration is missing"),
        ({"Expiration": 1e300}, "Expiration is a decimal number"),
        ({"Expiration": "tomorrow"}, "Expiration is no time"),
        ({"Expiration": "9999-12-31T23:59:59-10:00"}, "Expiration is no time"),
        ({"AccountId": 1}, "AccountId is a number"),
        ({"SecretAccessKey": "a secret\n"}, "has a character that no credential has"),
    ],
)
def test_keys_that_are_none_are_not_asked_for_again(change: dict[str, object], problem: str) -> None:
    answer = always(Answer(body=KEYS | change))
    with serving(answer) as server, pytest.raises(CredentialsFetchFailed, match=problem) as raised:
        fetch({FULL: server.url})
    assert len(server.asked) == 1
    assert "secret/key" not in str(raised.value)
    assert "a secret" not in str(raised.value)


def test_a_body_without_end_is_cut_off() -> None:
    answer = always(Answer(body=json.dumps(KEYS | {"padding": "x" * 300_000}).encode()))
    with serving(answer) as server, pytest.raises(CredentialsFetchFailed, match="more than 256 KiB"):
        fetch({FULL: server.url})


def test_timeouts_are_tried_again_and_told() -> None:
    provider = find(context_of(environ={FULL: "http://localhost:1/"}))
    assert not isinstance(provider, Skipped)
    effects: list[str] = []

    def drive(flow: Flow[Credentials]) -> None:
        timeout = ReadTimeout("nothing for 2 s", endpoint="http://localhost:1", maybe_processed=True)
        effect = next(flow)
        while True:
            effects.append(type(effect).__name__)
            effect = flow.send(None) if isinstance(effect, Sleep) else flow.throw(timeout)

    with pytest.raises(CredentialsFetchFailed, match=r"nothing for 2 s.*after 3 attempts"):
        drive(provider())
    assert effects == ["Send", "Sleep", "Send", "Sleep", "Send"]


def test_nobody_listens() -> None:
    with serving(always(Answer())) as server:
        gone: Server = server
    with pytest.raises(CredentialsFetchFailed, match="after 3 attempts"):
        fetch({FULL: gone.url})
