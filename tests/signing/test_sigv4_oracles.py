"""Signing in headers, of any request: as botocore and the CRT (aws-c-auth) sign it, the fast way and the long way."""

from __future__ import annotations

import io
from typing import Any
from unittest import mock
from urllib.parse import quote

import awscrt.auth
import awscrt.http
import pytest
from attrs import evolve
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neo_wire.http import HttpRequest, Url
from neo_wire.signing import (
    NEVER_SIGNED,
    S3,
    UNSIGNED_PAYLOAD,
    Credentials,
    Scope,
    SigningOptions,
    canonical_request,
    payload_hash,
    sign,
)
from tests.signing.vectors import AT, DESCRIBE, KEY_PAIR, SCOPE, SECRET, TEMPORARY

HOSTS = st.sampled_from(
    ["example.com", "EXAMPLE.com:443", "localhost:8080", "127.0.0.1:80", "[::1]:9000", "[2001:DB8::1]", "a.b:65535"]
)
SEGMENTS = st.sampled_from(["", ".", "..", "a", "b c", "%20", "%", "%2F", "é", "ሴ", "~", "(x)!*'", "a+b", "=&;:@,$"])
PATHS = st.lists(SEGMENTS, max_size=6).map(lambda segments: "/" + "/".join(segments))
TEXTS = st.sampled_from(["", "a", "A", "Param", "Param-3", "é", "ሴ", "+", " ", "/", "~", "=", "&", "%41"])
PAIRS = st.lists(st.tuples(TEXTS, TEXTS), max_size=5)
VALUES = st.lists(st.sampled_from(["a", "b", "é", '"', "{0}", "%s", " ", "  ", "\t", "\r\n "]), max_size=6).map("".join)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "X-Custom",
                "x-custom",
                "My-Header1",
                "Accept",
                "X-Amz-Meta-A",
                "User-Agent",
                "Content-Type",
                "Expect",
                "Te",
            ]
        ),
        VALUES,
    ),
    max_size=5,
).map(tuple)
BODIES = st.sampled_from([b"", b"{}", b"\x00\xff" * 40])
TOKENS = st.sampled_from([None, "TOKEN/+=="])
METHODS = st.sampled_from(["GET", "POST", "PUT", "DELETE", "PROPFIND"])


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    """Requests with a query in canonical form, for botocore signs a raw query as it stands."""
    url = Url.parse(f"{draw(st.sampled_from(['https', 'http']))}://{draw(HOSTS)}{draw(PATHS)}")
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in draw(PAIRS))
    return HttpRequest(draw(METHODS), evolve(url, query=query), draw(HEADERS), draw(BODIES))


def botocore_signed(
    request: HttpRequest,
    credentials: Credentials,
    scope: Scope,
    signer: type[SigV4Auth] = SigV4Auth,
    context: dict[str, object] | None = None,
) -> tuple[Any, str]:
    """The request as botocore signs it, and the canonical request that it made on the way."""
    theirs = AWSRequest(request.method, str(request.url), data=request.body)
    theirs.context.update(context or {})
    for name, value in request.headers:
        theirs.headers[name] = value
    auth: Any = signer(  # Any: the stubs do not know that string_to_sign can be wrapped
        BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token),
        scope.service,
        scope.region,
    )
    auth.string_to_sign = mock.Mock(wraps=auth.string_to_sign)
    with mock.patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        auth.add_auth(theirs)
    canonical: str = auth.string_to_sign.call_args.args[1]
    return theirs, canonical


def crt_signed(request: HttpRequest, credentials: Credentials, scope: Scope, options: SigningOptions) -> dict[str, str]:
    """The headers that the CRT adds to a request, names in lower case."""
    config = awscrt.auth.AwsSigningConfig(
        algorithm=awscrt.auth.AwsSigningAlgorithm.V4,
        credentials_provider=awscrt.auth.AwsCredentialsProvider.new_static(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        ),
        region=scope.region,
        service=scope.service,
        date=AT,
        should_sign_header=lambda name: name.lower() not in NEVER_SIGNED,
        use_double_uri_encode=options.double_encode_path,
        should_normalize_uri_path=options.normalize_path,
        signed_body_value=options.payload,
        signed_body_header_type=awscrt.auth.AwsSignedBodyHeaderType(int(options.content_sha256)),
        omit_session_token=not options.sign_session_token,
    )
    headers = awscrt.http.HttpHeaders([("Host", request.url.authority), *request.headers])
    body = io.BytesIO(request.body) if request.body else None
    theirs = awscrt.http.HttpRequest(request.method, request.url.target, headers, body)
    signed = awscrt.auth.aws_sign_request(theirs, config).result(10)
    return {name.lower(): value for name, value in signed.headers}


# ---- against botocore


@settings(max_examples=300)
@given(requests(), TOKENS)
def test_a_request_is_signed_as_by_botocore(request: HttpRequest, token: str | None) -> None:
    credentials = Credentials("AKIDEXAMPLE", SECRET, token)
    theirs, canonical = botocore_signed(request, credentials, SCOPE)

    signed = sign(request, credentials, SCOPE, AT)

    assert canonical_request(signed, payload_hash(request.body)) == canonical
    assert signed.header("authorization") == theirs.headers["Authorization"]
    assert signed.header("x-amz-security-token") == theirs.headers["X-Amz-Security-Token"]


@settings(max_examples=300)
@given(requests(), TOKENS)
def test_a_request_to_s3_is_signed_as_by_botocore(request: HttpRequest, token: str | None) -> None:
    credentials, scope = Credentials("AKIDEXAMPLE", SECRET, token), Scope("eu-west-1", "s3")
    theirs, canonical = botocore_signed(request, credentials, scope, S3SigV4Auth)

    signed = sign(request, credentials, scope, AT, S3)

    payload = payload_hash(request.body)
    assert canonical_request(signed, payload, normalize_path=False, double_encode_path=False) == canonical
    assert signed.header("authorization") == theirs.headers["Authorization"]
    assert signed.header("x-amz-content-sha256") == theirs.headers["X-Amz-Content-SHA256"] == payload


@given(requests())
def test_an_unsigned_payload_over_https_is_signed_as_by_botocore(request: HttpRequest) -> None:
    request = evolve(request, url=evolve(request.url, scheme="https", port=None))
    theirs, canonical = botocore_signed(request, TEMPORARY, SCOPE, context={"payload_signing_enabled": False})

    signed = sign(request, TEMPORARY, SCOPE, AT, SigningOptions(payload=UNSIGNED_PAYLOAD))

    assert canonical_request(signed, UNSIGNED_PAYLOAD) == canonical
    assert signed.header("authorization") == theirs.headers["Authorization"]
    assert signed.header("x-amz-content-sha256") == UNSIGNED_PAYLOAD


def test_a_declared_payload_hash_is_believed_as_by_botocore() -> None:
    request = evolve(DESCRIBE, headers=(*DESCRIBE.headers, ("X-Amz-Content-SHA256", payload_hash(b"streamed"))))
    theirs, _ = botocore_signed(request, KEY_PAIR, SCOPE)
    signed = sign(request, KEY_PAIR, SCOPE, AT)
    assert signed.header("authorization") == theirs.headers["Authorization"]
    assert signed.header("x-amz-content-sha256") == payload_hash(b"streamed")


def test_an_unsigned_payload_over_plain_http_is_signed_all_the_same() -> None:
    """Botocore means to do the same, but its X-Amz-Content-SHA256 header makes it unsigned after all."""
    request = evolve(DESCRIBE, url=Url.parse("http://localhost:8080/"))
    _, canonical = botocore_signed(request, KEY_PAIR, SCOPE, context={"payload_signing_enabled": False})
    assert canonical.endswith(UNSIGNED_PAYLOAD)

    signed = sign(request, KEY_PAIR, SCOPE, AT, SigningOptions(payload=UNSIGNED_PAYLOAD))
    assert signed == sign(request, KEY_PAIR, SCOPE, AT)

    declared = evolve(request, headers=(*request.headers, ("X-Amz-Content-Sha256", UNSIGNED_PAYLOAD)))
    assert sign(declared, KEY_PAIR, SCOPE, AT).header("x-amz-content-sha256") == payload_hash(DESCRIBE.body)


def test_a_host_header_of_the_caller_stays() -> None:
    request = evolve(DESCRIBE, headers=(("HOST", "proxy.example.com"), *DESCRIBE.headers))
    signed = sign(request, KEY_PAIR, SCOPE, AT)
    assert [value for name, value in signed.headers if name.lower() == "host"] == ["proxy.example.com"]
    theirs, _ = botocore_signed(request, KEY_PAIR, SCOPE)
    assert signed.header("authorization") == theirs.headers["Authorization"]


# ---- against the CRT


@settings(max_examples=300)
@given(
    requests(),
    TOKENS,
    st.sampled_from(["", "?a=%7e&b", "?a=x:y&a&&=v", "?%41=%c3%a9&a=b+c", "?%FF=%00&b=c=d"]),
    st.builds(
        SigningOptions,
        normalize_path=st.booleans(),
        double_encode_path=st.booleans(),
        content_sha256=st.booleans(),
        sign_session_token=st.booleans(),
        payload=st.sampled_from([None, payload_hash(b"another")]),
    ),
)
def test_a_request_is_signed_as_by_the_crt(
    request: HttpRequest, token: str | None, raw_query: str, options: SigningOptions
) -> None:
    """With a raw query too, which the CRT decodes and encodes again."""
    credentials = Credentials("AKIDEXAMPLE", SECRET, token)
    if raw_query:
        request = evolve(request, url=evolve(request.url, query=raw_query.removeprefix("?")))
    theirs = crt_signed(request, credentials, SCOPE, options)

    signed = sign(request, credentials, SCOPE, AT, options)

    for name in ("authorization", "x-amz-date", "x-amz-security-token", "x-amz-content-sha256"):
        assert signed.header(name) == theirs.get(name), name


def test_a_percent_sign_that_begins_no_escape_is_taken_literally_where_the_crt_fails() -> None:
    request = HttpRequest("GET", Url.parse("https://example.com/?a=%zz"))
    with pytest.raises(Exception, match="MALFORMED_INPUT_STRING"):
        crt_signed(request, KEY_PAIR, SCOPE, SigningOptions())
    escaped = HttpRequest("GET", Url.parse("https://example.com/?a=%25zz"))
    ours, same = (sign(one, KEY_PAIR, SCOPE, AT).header("authorization") for one in (request, escaped))
    assert ours == same


# ---- the fast way and the long way


@given(requests(), TOKENS)
@example(DESCRIBE, None)
@example(DESCRIBE, "TOKEN/+==")
def test_the_fast_way_gives_the_same_bytes_as_the_long_one(request: HttpRequest, token: str | None) -> None:
    """Equal options that are not the default itself take the long way."""
    credentials = Credentials("AKIDEXAMPLE", SECRET, token)
    assert sign(request, credentials, SCOPE, AT) == sign(request, credentials, SCOPE, AT, SigningOptions())
