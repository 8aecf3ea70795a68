from __future__ import annotations

import json
from typing import Any, cast

import pytest
from botocore.parsers import RestJSONParser
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.attempts import Attempt, Conversation
from neo_wire.credentials.rest_json import OAuthError, RestJsonService, read_error, shown, unsigned_request
from neo_wire.errors import (
    CredentialsFetchFailed,
    Headers,
    ResponseDecodeError,
    ServerError,
    ServiceError,
    Throttling,
)
from neo_wire.flow import Flow
from neo_wire.http import HttpResponse, Url
from tests.credentials.contexts import context_of, run
from tests.credentials.servers import WAYS, Answer, Way, serving

ERRORS = [
    ({"x-amzn-errortype": "FooException"}, {"message": "m"}),
    ({"x-amzn-errortype": "FooException:http://internal.amazon.com/"}, {"message": "m"}),
    ({"x-amzn-errortype": "aws.protocoltests#FooException:http://x/"}, {"Message": "m"}),
    ({}, {"__type": "aws.protocoltests#FooException", "message": "m"}),
    ({}, {"code": "FooException", "message": "m"}),
    ({"x-amzn-errortype": "FooException"}, {"__type": "Other", "code": "Another", "message": "m"}),
]


@pytest.mark.parametrize(("headers", "body"), ERRORS)
def test_codes_and_messages_are_those_that_botocore_reads(headers: dict[str, str], body: dict[str, str]) -> None:
    data = json.dumps(body).encode()
    theirs = RestJSONParser().parse({"status_code": 400, "headers": headers, "body": data}, cast("Any", None))
    ours = read_error(HttpResponse(400, tuple(headers.items()), data), "Op")
    assert (ours.code, ours.message) == (theirs["Error"]["Code"], theirs["Error"]["Message"]) == ("FooException", "m")
    assert (ours.operation, ours.detail) == ("Op", OAuthError("", ""))


@pytest.mark.parametrize(
    ("headers", "body", "code", "message"),
    [
        ({}, {"error": "invalid_grant", "error_description": "over"}, "invalid_grant", "invalid_grant: over"),
        (
            {"x-amzn-errortype": "InvalidGrantException"},
            {"error": "invalid_grant"},
            "InvalidGrantException",
            "invalid_grant",
        ),
        (
            {},
            {"__type": "AccessDeniedException", "error": "TOKEN_EXPIRED", "message": "m"},
            "AccessDeniedException",
            "TOKEN_EXPIRED: m",
        ),
        ({}, {"error_description": "over"}, "HTTP400", "over"),
        ({}, {"error": 5, "error_description": ["x"], "message": {}}, "HTTP400", "Bad Request"),
    ],
)
def test_what_oauth_adds_is_shown(headers: dict[str, str], body: dict[str, object], code: str, message: str) -> None:
    error = read_error(HttpResponse(400, tuple(headers.items()), json.dumps(body).encode(), "Bad Request"), "Op")
    assert (error.code, error.message, error.args) == (code, message, (message,))
    kind, description = (body.get(name) for name in ("error", "error_description"))
    assert error.detail == OAuthError(
        kind if isinstance(kind, str) else "", description if isinstance(description, str) else ""
    )


def test_statuses_decide_where_there_is_no_code() -> None:
    assert isinstance(read_error(HttpResponse(429), "Op"), Throttling)
    assert isinstance(read_error(HttpResponse(502, body=b"<html>"), "Op"), ServerError)


@given(
    status=st.integers(300, 599),
    body=st.binary()
    | st.recursive(
        st.none() | st.integers() | st.floats() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(["error", "message", "__type", "code", "error_description"]), inner
        ),
        max_leaves=4,
    ).map(lambda value: json.dumps(value).encode()),
    code=st.text(max_size=10),
)
def test_whatever_an_error_is_it_is_told_in_one_line(status: int, body: bytes, code: str) -> None:
    error = read_error(HttpResponse(status, (("x-amzn-errortype", code),), body), "Op")
    assert isinstance(error, ServiceError)
    assert error.status == status
    assert "\n" not in error.message
    assert len(error.message) <= 501


@pytest.mark.parametrize(
    "body",
    [
        b'{"message": "the token s3cr3t/token is bad"}',
        b'{"message": "the token s3cr3t\\/token is bad"}',
        b'{"error": "s3cr3t/token"}',
        b'{"error_description": "s3cr3t/token"}',
        b"the token s3cr3t/token",
        b'["s3cr3t/token"]',
        b'{"s3cr3t/token',
    ],
)
def test_what_was_sent_in_secret_is_blotted_out(body: bytes) -> None:
    headers = (("content-type", "application/json"),)
    for given_headers in ((), headers):
        error = read_error(HttpResponse(400, given_headers, body), "Op", secrets=("s3cr3t/token", ""))
        for text in (str(error), repr(error), error.message, error.code):
            assert "s3cr3t" not in text


def test_a_message_is_cut_and_can_be_printed() -> None:
    assert shown("a\ud800b") == "a b"
    assert shown("a\r\n\tb\x00" + "c" * 600) == "a b " + "c" * 496 + "…"


def test_a_request_has_all_that_http_asks_for() -> None:
    url = Url.parse("http://[::1]:8080/a?b=c")
    get = unsigned_request("GET", url, (("X", "y"),), user_agent="me")
    assert get.headers == (
        ("Host", "[::1]:8080"),
        ("X", "y"),
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", "me"),
    )
    put = unsigned_request("PUT", url, (), user_agent="me")
    assert put.header("content-length") == "0"
    post = unsigned_request("POST", url, (), b"{}", user_agent="me")
    assert (post.header("content-length"), post.header("content-type")) == ("2", "application/json")


def service_at(url: str) -> RestJsonService:
    return RestJsonService(Url.parse(url), Conversation(), "neo-wire/test")


@pytest.mark.parametrize("way", WAYS)
def test_an_operation_is_called(way: Way) -> None:
    def proof(attempt: Attempt) -> Flow[Headers]:
        yield from ()
        return (("X-Proof", str(attempt.number)),)

    with serving(lambda _: Answer(body={"a": 1})) as server:
        service = service_at(server.url + "/prefix/")
        url = service.target("op/x", {"a b": "c&d/é", "e": ""})
        flow = service.fetch("Op", "POST", url, headers=(("X-Own", "1"),), proof=proof, body={"k": "é"})
        assert run(way, flow) == {"a": 1}
    (asked,) = server.asked
    assert asked.target == "/prefix/op/x?a%20b=c%26d%2F%C3%A9&e="
    assert json.loads(asked.body) == {"k": "é"}
    assert (asked.headers["x-own"], asked.headers["x-proof"]) == ("1", "1")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"<html>", b'{"secret": "s3cr', b"\xff", b"s3cr3t"])
def test_an_answer_that_is_no_object_is_an_error_that_shows_nothing_of_it(body: bytes) -> None:
    with serving(lambda _: Answer(body=body, headers={"x-amzn-requestid": "id-1"})) as server:
        service = service_at(server.url)
        with pytest.raises(ResponseDecodeError, match="Op: ") as raised:
            run("sync", service.fetch("Op", "GET", service.target("x")))
    assert (raised.value.status, raised.value.request_id, raised.value.excerpt) == (200, "id-1", "")
    assert "s3cr" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    with serving(lambda _: Answer(body=b" " * 2_000_000)) as server:
        service = service_at(server.url)
        with pytest.raises(ResponseDecodeError, match="more than 256 KiB"):
            run("sync", service.fetch("Op", "GET", service.target("x")))


@pytest.mark.parametrize(
    ("service", "host"),
    [
        ("sso", "portal.sso.eu-west-1.amazonaws.com"),
        ("sso-oidc", "oidc.eu-west-1.amazonaws.com"),
        ("signin", "eu-west-1.signin.aws.amazon.com"),
    ],
)
def test_where_the_services_are(service: str, host: str) -> None:
    context = context_of(environ={"AWS_REGION": "us-west-2"})
    assert str(RestJsonService.of(context, "SSO", service, "eu-west-1").target("x")) == f"https://{host}/x"
    variable = f"AWS_ENDPOINT_URL_{service.upper().replace('-', '_')}"
    context = context_of(environ={variable: "https://127.0.0.1/prefix", "AWS_USE_FIPS_ENDPOINT": "true"})
    assert str(RestJsonService.of(context, "SSO", service, "eu-west-1").target("x")) == "https://127.0.0.1/prefix/x"
    with pytest.raises(CredentialsFetchFailed, match=r"credentials from SSO: .*'evil/'"):
        RestJsonService.of(context_of(), "SSO", service, "evil/")
