"""Explanations: what they show is what botocore signed, and they show no secret."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any
from unittest import mock

import pytest
from attrs import asdict, evolve
from botocore.auth import S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing import (
    S3,
    UNSIGNED_PAYLOAD,
    SigningOptions,
    explain,
    payload_hash,
    presign,
    sign,
)
from tests.signing.vectors import AT, KEY_PAIR, SCOPE, SECRET, TEMPORARY

DESCRIBE = HttpRequest(
    "POST",
    Url.parse("https://api.sagemaker.us-west-2.amazonaws.com/v1/a%20b?b=%7e&a=1"),
    (("Content-Type", "application/x-amz-json-1.1"), ("X-Amz-Target", "SageMaker.Describe"), ("User-Agent", "test")),
    b'{"CompilationJobName":"demo"}',
)


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth, S3SigV4QueryAuth])
@pytest.mark.parametrize("token", [None, "TOKEN/+=="])
def test_what_botocore_signed_is_shown(signer: type[SigV4Auth], token: str | None) -> None:
    theirs = AWSRequest("GET", "https://example.com/a%20b?versionId=1", {"X-Custom": " a  b "})
    # Any: the stubs do not know that string_to_sign can be wrapped
    auth: Any = signer(BotocoreCredentials("AKIDEXAMPLE", SECRET, token), "s3", "eu-west-1")
    auth.string_to_sign = mock.Mock(wraps=auth.string_to_sign)
    auth.signature = mock.Mock(wraps=auth.signature)
    with mock.patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        auth.add_auth(theirs)
    request = HttpRequest("GET", Url.parse(str(theirs.url)), tuple(theirs.headers.items()))

    shown = explain(request, S3 if signer is S3SigV4QueryAuth else SigningOptions())

    canonical = auth.string_to_sign.call_args.args[1]
    canonical = canonical.replace("x-amz-security-token:TOKEN/+==", "x-amz-security-token:REDACTED")
    canonical = canonical.replace("X-Amz-Security-Token=TOKEN%2F%2B%3D%3D", "X-Amz-Security-Token=REDACTED")
    assert shown.canonical_request == canonical
    assert shown.string_to_sign == auth.signature.call_args.args[0]
    assert shown.redacted == (("x-amz-security-token",) if token else ())


def test_the_facts_of_a_signed_request() -> None:
    shown = explain(sign(DESCRIBE, KEY_PAIR, SCOPE, AT))
    assert shown.algorithm == "AWS4-HMAC-SHA256"
    assert shown.access_key_id == "AKIDEXAMPLE"
    assert shown.credential_scope == "20260101/us-west-2/sagemaker/aws4_request"
    assert shown.signed_at == AT
    assert shown.expires is None
    assert shown.signed_headers == ("content-type", "host", "x-amz-date", "x-amz-target")
    assert shown.unsigned_headers == ("user-agent",)
    assert shown.payload_hash == shown.body_hash == payload_hash(DESCRIBE.body)
    assert shown.string_to_sign.endswith(sha256(shown.canonical_request.encode()).hexdigest())


def test_the_page_of_a_signed_request() -> None:
    signed = sign(DESCRIBE, TEMPORARY, SCOPE, AT)
    to_sign = explain(signed).string_to_sign
    assert (
        str(explain(signed))
        == f"""\
algorithm:        AWS4-HMAC-SHA256
access key id:    AKIDEXAMPLE
credential scope: 20260101/us-west-2/sagemaker/aws4_request
signed at:        2026-01-01T00:00:00+00:00
signed headers:   content-type, host, x-amz-date, x-amz-security-token, x-amz-target
unsigned headers: user-agent
payload hash:     31e0fc88605f0b7300670e7861acf87bbb16c160db6f8c0e9e6f72b2eb80134a

canonical request (REDACTED: x-amz-security-token):
POST
/v1/a%2520b
a=1&b=~
content-type:application/x-amz-json-1.1
host:api.sagemaker.us-west-2.amazonaws.com
x-amz-date:20260101T000000Z
x-amz-security-token:REDACTED
x-amz-target:SageMaker.Describe

content-type;host;x-amz-date;x-amz-security-token;x-amz-target
31e0fc88605f0b7300670e7861acf87bbb16c160db6f8c0e9e6f72b2eb80134a

string to sign:
{to_sign}"""
    )


def test_the_page_of_a_presigned_request_says_when_it_expires() -> None:
    page = str(explain(presign(DESCRIBE, KEY_PAIR, SCOPE, AT, expires=90).to_request()))
    assert "expires at:       2026-01-01T00:01:30+00:00\n" in page
    assert "X-Amz-Signature" not in page


def test_a_body_that_is_not_the_declared_one_shows() -> None:
    signed = evolve(sign(DESCRIBE, KEY_PAIR, SCOPE, AT, SigningOptions(content_sha256=True)), body=b"changed")
    shown = explain(signed)
    assert shown.payload_hash == payload_hash(DESCRIBE.body)
    assert f"hash of the body: {payload_hash(b'changed')}" in str(shown)


def test_the_hash_of_a_streamed_body_can_be_given() -> None:
    options = SigningOptions(payload=payload_hash(DESCRIBE.body))
    streamed = evolve(sign(DESCRIBE, KEY_PAIR, SCOPE, AT, options), body=b"")
    whole = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    assert explain(streamed, options) == explain(whole)


def test_an_unsigned_payload_is_explained_as_it_was_signed() -> None:
    options = SigningOptions(payload=UNSIGNED_PAYLOAD)
    shown = explain(sign(DESCRIBE, KEY_PAIR, SCOPE, AT, options), options)
    assert shown.payload_hash == UNSIGNED_PAYLOAD
    assert "hash of the body" not in str(shown), "it has no part in the signature"
    over_http = sign(evolve(DESCRIBE, url=Url.parse("http://localhost/")), KEY_PAIR, SCOPE, AT, options)
    assert explain(over_http, options) == explain(over_http), "nothing is unsigned over plain http"


@pytest.mark.parametrize("sign_session_token", [True, False])
def test_a_token_that_was_added_after_signing_is_not_in_the_canonical_request(sign_session_token: bool) -> None:
    options = SigningOptions(sign_session_token=sign_session_token)
    for request, plain in (
        (sign(DESCRIBE, TEMPORARY, SCOPE, AT, options), sign(DESCRIBE, KEY_PAIR, SCOPE, AT)),
        (
            presign(DESCRIBE, TEMPORARY, SCOPE, AT, options=options).to_request(),
            presign(DESCRIBE, KEY_PAIR, SCOPE, AT).to_request(),
        ),
    ):
        shown = explain(request, options)
        assert (shown.string_to_sign == explain(plain).string_to_sign) is not sign_session_token
        assert ("REDACTED" in shown.canonical_request) is sign_session_token


def test_no_explanation_holds_a_secret() -> None:
    secrets = {
        "Cookie": "session=1",
        "X-Amz-Server-Side-Encryption-Customer-Key": "c3NlLWMta2V5",
        "x-amz-s3session-token": "express-token",
        "X-Api-Key": "key-of-a-usage-plan",
        "x-amz-access-token": "token-of-a-seller",
    }
    request = evolve(DESCRIBE, headers=(*DESCRIBE.headers, *secrets.items()))
    signed = sign(request, TEMPORARY, SCOPE, AT)
    presigned = presign(request, TEMPORARY, SCOPE, AT).to_request()
    for shown in (explain(signed), explain(presigned)):
        text = str(shown) + repr(asdict(shown))
        assert shown.redacted == tuple(sorted([*map(str.lower, secrets), "x-amz-security-token"]))
        signature = (signed.header("authorization") or "")[-64:]
        query_signature = presigned.url.query[-64:]
        for secret in (*secrets.values(), SECRET, "TOKEN", signature, query_signature):
            assert secret not in text


@pytest.mark.parametrize("name", ["Authorization", "Proxy-Authorization"])
def test_what_only_another_signer_signs_is_left_out_too(name: str) -> None:
    signed = sign(
        evolve(DESCRIBE, headers=(*DESCRIBE.headers, ("Proxy-Authorization", "Basic s3cr3t"))), KEY_PAIR, SCOPE, AT
    )
    value = signed.header("authorization") or ""
    names = ";".join(sorted(["host", "x-amz-date", name.lower()]))
    claimed = re.sub("SignedHeaders=[^,]+", f"SignedHeaders={names}", value)
    request = evolve(signed, headers=tuple((n, claimed if v == value else v) for n, v in signed.headers))
    shown = explain(request)
    assert shown.redacted == (name.lower(),)
    assert "s3cr3t" not in str(shown)
    assert value[-64:] not in str(shown)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (DESCRIBE, "neither an Authorization header nor X-Amz-Signature"),
        (evolve(DESCRIBE, headers=(("Authorization", "Basic dXNlcjpwYXNz"),)), "holds no AWS signature"),
        (evolve(DESCRIBE, headers=(("Authorization", "AWS4-HMAC-SHA256 Credential=a"),)), "lacks SignedHeaders"),
    ],
)
def test_a_request_without_a_signature_cannot_be_explained(request_: HttpRequest, message: str) -> None:
    with pytest.raises(SigningError, match=message):
        explain(request_)
