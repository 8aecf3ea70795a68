"""STS: where it is, what is sent, how its answers are read and its failures retried."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import botocore.parsers
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.credentials.static import given as static
from neo_wire.credentials.sts import Sts, account_id_of, read_credentials
from neo_wire.errors import CredentialsFetchFailed, ResponseDecodeError
from neo_wire.flow import Flow
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import Scope
from neo_wire.signing.verification import verify
from tests.credentials.contexts import NEW_ID, NEW_YEAR, Answers, SetClock, context_of, run

STS = botocore.session.Session().get_service_model("sts")
NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
ROLE = "arn:aws:iam::123456789012:role/reader"
ANSWER = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
<AssumedRoleUser><AssumedRoleId>AROA:x</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/reader/x</Arn>
</AssumedRoleUser><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>wJalr/s3cret</SecretAccessKey>
<SessionToken>FwoG/t0ken==</SessionToken><Expiration>2026-01-01T01:00:00Z</Expiration></Credentials></AssumeRoleResult>
<ResponseMetadata><RequestId>request-1</RequestId></ResponseMetadata></AssumeRoleResponse>"""
SUCCESS = HttpResponse(200, (("content-type", "text/xml"),), ANSWER.encode())
EXPECTED = Credentials(
    "ASIAEXAMPLE",
    "wJalr/s3cret",
    "FwoG/t0ken==",
    expiration=datetime(2026, 1, 1, 1, tzinfo=UTC),
    account_id="123456789012",
    source="assume role",
)


def failure(code: str, status: int, message: str = "no") -> HttpResponse:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return HttpResponse(status, (), body.encode())


def sts(environ: dict[str, str] | None = None) -> Sts:
    return Sts.of(context_of(environ={"AWS_REGION": "eu-west-1", **(environ or {})}), "assume role")


def cache(*credentials: Credentials) -> CredentialsCache:
    """A source that gives one after the other."""
    rest = list(credentials)

    def provide() -> Flow[Credentials]:
        yield from ()
        return rest.pop(0) if len(rest) > 1 else rest[0]

    return CredentialsCache(provide, random=lambda: 0.5)


# Where it is.


@pytest.mark.parametrize(
    ("environ", "url", "region"),
    [
        ({}, "https://sts.eu-west-1.amazonaws.com/", "eu-west-1"),
        ({"AWS_REGION": "cn-north-1"}, "https://sts.cn-north-1.amazonaws.com.cn/", "cn-north-1"),
        ({"AWS_USE_FIPS_ENDPOINT": "true"}, "https://sts-fips.eu-west-1.amazonaws.com/", "eu-west-1"),
        ({"AWS_USE_DUALSTACK_ENDPOINT": "true"}, "https://sts.eu-west-1.api.aws/", "eu-west-1"),
        ({"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, "https://sts.amazonaws.com/", "us-east-1"),
        ({"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:5000/sts"}, "http://127.0.0.1:5000/sts/", "eu-west-1"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"}, "http://127.0.0.1:5000/", "eu-west-1"),
        (
            {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
            "https://sts.eu-west-1.amazonaws.com/",
            "eu-west-1",
        ),
        (
            {"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1", "AWS_USE_FIPS_ENDPOINT": "true"},
            "http://127.0.0.1:1/",
            "eu-west-1",
        ),
    ],
)
def test_it_is_where_the_settings_say(environ: dict[str, str], url: str, region: str) -> None:
    found = sts(environ)
    assert (str(found.url), found.scope) == (url, Scope(region, "sts"))


def test_no_region() -> None:
    with pytest.raises(CredentialsFetchFailed, match=r"^credentials from assume role: .*no.*region=.*AWS_REGION"):
        Sts.of(context_of(), "assume role")


@pytest.mark.parametrize("wish", ["use_fips_endpoint", "use_dualstack_endpoint"])
def test_a_url_of_its_own_is_used_as_it_is_whatever_the_code_wants_of_the_service_that_is_called(wish: str) -> None:
    environ = {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}
    assert str(Sts.of(context_of(environ=environ, code={wish: True}), "assume role").url) == "http://127.0.0.1:1/"


# What is sent.


def test_a_signed_request(mode: Any, credentials: Credentials) -> None:
    exchange = Answers([SUCCESS])
    flow = sts().fetch("AssumeRole", {"RoleArn": ROLE, "RoleSessionName": "a b"}, signer=cache(credentials))
    assert run(mode.name, flow, exchange, SetClock()) == EXPECTED
    (request,) = exchange.requests
    assert (request.method, str(request.url)) == ("POST", "https://sts.eu-west-1.amazonaws.com/")
    assert parse_qsl(request.body.decode()) == [
        ("Action", "AssumeRole"),
        ("Version", "2011-06-15"),
        ("RoleArn", ROLE),
        ("RoleSessionName", "a b"),
    ]
    assert verify(
        request, {credentials.access_key_id: credentials}.get, NEW_YEAR, scope=Scope("eu-west-1", "sts")
    ).valid
    assert "SignedHeaders=content-type;host;x-amz-date," in (request.header("authorization") or "")
    assert request.header("content-type") == "application/x-www-form-urlencoded; charset=utf-8"
    assert request.header("user-agent") == "neo-wire/test"
    assert request.header("amz-sdk-invocation-id") == NEW_ID
    assert request.header("content-length") == str(len(request.body))


def test_an_unsigned_request(mode: Any) -> None:
    body = ANSWER.replace("AssumeRoleResult>", "AssumeRoleWithWebIdentityResult>").encode()
    exchange = Answers([HttpResponse(200, (), body)])
    flow = sts().fetch("AssumeRoleWithWebIdentity", {"RoleArn": ROLE, "WebIdentityToken": "e30.e30"})
    assert run(mode.name, flow, exchange, SetClock()) == EXPECTED
    names = {name.lower() for name, _ in exchange.requests[0].headers}
    assert names.isdisjoint({"authorization", "x-amz-date", "x-amz-security-token", "date"})


# How answers are read.


def answer_xml(parts: dict[str, str], order: list[str], unknown: int, namespace: str, flip: bool) -> bytes:
    def child(parent: ET.Element | None, name: str) -> ET.Element:
        tag = f"{{{namespace}}}{name}" if namespace else name
        return ET.Element(tag) if parent is None else ET.SubElement(parent, tag)

    document = child(None, "AssumeRoleResponse")
    result = child(document, "AssumeRoleResult")
    found, user = child(result, "Credentials"), child(result, "AssumedRoleUser")
    for name in order:
        child(found, name).text = parts[name]
    found.insert(unknown, ET.Element("New", {"a": "b"}))
    child(ET.SubElement(found, "Nested"), "AccessKeyId").text = "of something else"
    child(user, "AssumedRoleId").text = "AROA:x"
    child(user, "Arn").text = parts["Arn"]
    child(child(document, "ResponseMetadata"), "RequestId").text = "request-1"
    if flip:
        result[:] = reversed(result)
        document[:] = reversed(document)
    written: bytes = ET.tostring(document, encoding="utf-8", xml_declaration=flip)
    return written


VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)


@given(
    parts=st.fixed_dictionaries(
        {
            "AccessKeyId": VISIBLE,
            "SecretAccessKey": VISIBLE,
            "SessionToken": VISIBLE,
            "Expiration": st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1)).map(  # noqa: DTZ001  # Z is added
                lambda moment: f"{moment.isoformat()}Z"
            ),
            "Arn": st.just("arn:aws:sts::123456789012:assumed-role/reader/x") | VISIBLE,
        }
    ),
    order=st.permutations(["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]),
    unknown=st.integers(0, 4),
    namespace=st.sampled_from(["", NAMESPACE, "urn:other"]),
    flip=st.booleans(),
)
def test_answers_are_read_as_botocore_reads_them(
    parts: dict[str, str], order: list[str], unknown: int, namespace: str, flip: bool
) -> None:
    body = answer_xml(parts, order, unknown, namespace, flip)
    shape: Any = STS.operation_model("AssumeRole").output_shape
    theirs = botocore.parsers.create_parser("query").parse({"status_code": 200, "headers": {}, "body": body}, shape)
    ours = read_credentials(HttpResponse(200, (), body), "AssumeRole", "a test")
    assert ours == Credentials(
        theirs["Credentials"]["AccessKeyId"],
        theirs["Credentials"]["SecretAccessKey"],
        theirs["Credentials"]["SessionToken"],
        expiration=theirs["Credentials"]["Expiration"],
        account_id=account_id_of(theirs["AssumedRoleUser"]["Arn"]),
        source="a test",
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("AccessKeyId>", "Other>"), "AssumeRoleResult/Credentials/AccessKeyId is missing"),
        (("wJalr/s3cret", ""), "AssumeRoleResult/Credentials/SecretAccessKey is missing or empty"),
        (("<SessionToken>", "<SessionToken>x</SessionToken><SessionToken>"), "SessionToken is there more than once"),
        (("2026-01-01T01:00:00Z", "soon"), "Expiration is a string of another form"),
        (("FwoG/t0ken==", "FwoG t0ken"), "session_token from assume role has a character"),
        (("AssumeRoleResult", "OtherResult"), "AssumeRoleResult/Credentials/AccessKeyId is missing"),
        (("<AssumeRoleResponse ", "<!DOCTYPE a><AssumeRoleResponse "), "document type"),
        (("</AssumeRoleResponse>", ""), "no XML"),
        ((ANSWER, ""), "no XML"),
        ((ANSWER, "{}"), "no XML"),
        ((ANSWER, "<html><p>Welcome</html>"), "no XML"),
        (("</AssumeRoleResponse>", " " * 300_000 + "</AssumeRoleResponse>"), "more than 256 KiB"),
    ],
)
def test_what_are_no_credentials(change: tuple[str, str], words: str, credentials: Credentials) -> None:
    body = ANSWER.replace(*change).encode()
    exchange = Answers([HttpResponse(200, (("x-amzn-requestid", "request-7"),), body)])
    with pytest.raises(CredentialsFetchFailed, match=words) as caught:
        run("sync", sts().fetch("AssumeRole", {}, signer=cache(credentials)), exchange, SetClock())
    assert isinstance(caught.value.__cause__, ResponseDecodeError)
    assert "request-7" in str(caught.value)
    assert len(exchange.requests) == 1  # STS gave something; it would give the same again
    for secret in ("s3cret", "t0ken"):
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value.__cause__.__dict__)


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        ("arn:aws:iam::123456789012:role/x", "123456789012"),
        ("arn:aws-cn:sts::000000000001:assumed-role/a/b:c", "000000000001"),
        ("arn:aws:iam::12345:role/x", None),
        ("arn:aws:iam::123456789012", None),
        ("", None),
    ],
)
def test_the_account_of_an_arn(arn: str, account: str | None) -> None:
    assert account_id_of(arn) == account


# How failures are retried.


@pytest.mark.parametrize(
    "first",
    [
        failure("Throttling", 400),
        failure("IDPCommunicationError", 400),
        failure("InternalFailure", 500),
        HttpResponse(502, (), b"<html>Bad Gateway</html>"),
        HttpResponse(503),
    ],
)
def test_what_may_pass_is_tried_again(first: HttpResponse, mode: Any, credentials: Credentials) -> None:
    exchange, clock = Answers([first, SUCCESS]), SetClock()
    assert run(mode.name, sts().fetch("AssumeRole", {}, signer=cache(credentials)), exchange, clock) == EXPECTED
    assert len(exchange.requests) == 2
    assert len(clock.slept) == 1
    assert (
        exchange.requests[1].header(
            "amz-sdk-request",
        )
        == "attempt=2; max=3"
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (
            failure("AccessDenied", 403, "User: x is not authorized"),
            r"AccessDenied from AssumeRole: User: x is not auth",
        ),
        (failure("ExpiredTokenException", 400), "ExpiredTokenException"),
        (failure("InvalidIdentityToken", 400), "InvalidIdentityToken"),
        (HttpResponse(403, (), b"<html>Forbidden</html>"), "HTTP403"),
        (HttpResponse(307, (("location", "https://elsewhere.example/"),)), "HTTP307"),
    ],
)
def test_what_would_end_the_same_way_is_not(answer: HttpResponse, words: str, credentials: Credentials) -> None:
    exchange, clock = Answers([answer]), SetClock()
    with pytest.raises(CredentialsFetchFailed, match=f"^credentials from assume role: {words}"):
        run("sync", sts().fetch("AssumeRole", {}, signer=cache(credentials)), exchange, clock)
    assert (len(exchange.requests), clock.slept) == (1, [])


def test_attempts_are_used_up(credentials: Credentials) -> None:
    exchange = Answers([HttpResponse(503)])
    with pytest.raises(CredentialsFetchFailed, match=r"HTTP503.*3 attempts"):
        run("sync", sts().fetch("AssumeRole", {}, signer=cache(credentials)), exchange, SetClock())
    assert len(exchange.requests) == 3


def test_a_signer_whose_token_was_refused_is_replaced_once(mode: Any) -> None:
    ends = NEW_YEAR + timedelta(hours=6)
    old, new = (Credentials(f"ASIA{n}", "secret", f"t0ken-{n}", expiration=ends) for n in (1, 2))

    def answer(request: HttpRequest) -> HttpResponse:
        return SUCCESS if request.header("x-amz-security-token") == "t0ken-2" else failure("ExpiredToken", 403)

    exchange = Answers([answer])
    assert run(mode.name, sts().fetch("AssumeRole", {}, signer=cache(old, new)), exchange, SetClock()) == EXPECTED
    assert [request.header("x-amz-security-token") for request in exchange.requests] == ["t0ken-1", "t0ken-2"]
    assert verify(exchange.requests[1], {"ASIA2": new}.get, NEW_YEAR).valid


def test_an_unsigned_request_is_not_repeated_for_an_expired_token() -> None:
    exchange = Answers([failure("ExpiredTokenException", 400)])
    with pytest.raises(CredentialsFetchFailed, match="ExpiredTokenException"):
        run("sync", sts().fetch("AssumeRoleWithWebIdentity", {}), exchange, SetClock())
    assert len(exchange.requests) == 1


def test_the_session_token_that_sts_quotes_is_blotted_out() -> None:
    signer = Credentials("ASIA1", "secret", "FwoG/quoted+t0ken==", expiration=NEW_YEAR + timedelta(hours=6))

    def answer(request: HttpRequest) -> HttpResponse:
        token = request.header("x-amz-security-token")
        return failure("SignatureDoesNotMatch", 403, f"The canonical request: x-amz-security-token:{token}\nhost")

    with pytest.raises(CredentialsFetchFailed, match="canonical request: x-amz-security-token:…") as caught:
        run("sync", sts().fetch("AssumeRole", {}, signer=cache(signer)), Answers([answer]), SetClock())
    assert "t0ken" not in str(caught.value)
    assert "t0ken" not in str(caught.value.__cause__)


def test_a_server_that_is_not_there(mode: Any, credentials: Credentials) -> None:
    with pytest.raises(CredentialsFetchFailed, match=r"^credentials from assume role: http://127\.0\.0\.1:1"):
        run(mode.name, sts({"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"}).fetch("AssumeRole", {}), clock=SetClock())


def test_what_the_signer_raises_goes_through() -> None:
    def provide() -> Flow[Credentials]:
        yield from ()
        raise CredentialsFetchFailed("a process", "it ended")

    signer = CredentialsCache(provide, random=lambda: 0.5)
    with pytest.raises(CredentialsFetchFailed, match=r"^credentials from a process: it ended$"):
        run("sync", sts().fetch("AssumeRole", {}, signer=signer), Answers([SUCCESS]), SetClock())


def test_motos_server(mode: Any, moto_url: str, credentials: Credentials) -> None:
    reached = sts({"AWS_ENDPOINT_URL_STS": moto_url})
    parameters = {"RoleArn": ROLE, "RoleSessionName": "tests", "DurationSeconds": "900"}
    before = datetime.now(UTC)
    signer = CredentialsCache(static(credentials), random=lambda: 0.5)
    found = run(mode.name, reached.fetch("AssumeRole", parameters, signer=signer))
    assert found.access_key_id.startswith("ASIA")
    assert found.session_token
    assert found.account_id == "123456789012"
    assert found.expiration is not None
    assert timedelta(seconds=890) < found.expiration - before < timedelta(seconds=960)


def test_moto_refuses_what_sts_refuses(moto_url: str, credentials: Credentials) -> None:
    reached = sts({"AWS_ENDPOINT_URL_STS": moto_url})
    signer = CredentialsCache(static(credentials), random=lambda: 0.5)
    parameters = {"RoleArn": ROLE, "RoleSessionName": "x" * 65}
    with pytest.raises(CredentialsFetchFailed, match="ValidationError from AssumeRole: 1 validation error detected"):
        run("sync", reached.fetch("AssumeRole", parameters, signer=signer))
