"""Verification: what botocore and the CRT sign is accepted, and each tampering is refused for the right reason."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from unittest import mock

import awscrt.auth
import awscrt.http
import pytest
from attrs import evolve
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.crt.auth import CrtSigV4Auth
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing import (
    S3,
    UNSIGNED_PAYLOAD,
    Credentials,
    Refusal,
    Scope,
    SigningOptions,
    Verification,
    payload_hash,
    presign,
    sign,
    verify,
)
from tests.signing.tampering import DESCRIBE, TEMPORARY, authorization, flipped, header, lookup, query
from tests.signing.vectors import AT, KEY_PAIR, SCOPE, SECRET

S3_SCOPE = Scope("eu-west-1", "s3")


# ---- what is accepted


def signed_by_botocore(
    request: HttpRequest, credentials: Credentials, scope: Scope, signer: type[SigV4Auth | CrtSigV4Auth], unsigned: bool
) -> HttpRequest:
    theirs = AWSRequest(request.method, str(request.url), dict(request.headers), request.body)
    theirs.context["payload_signing_enabled"] = not unsigned
    pair = BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token)
    module = "botocore.crt.auth" if signer is CrtSigV4Auth else "botocore.auth"
    now = AT if signer is CrtSigV4Auth else AT.replace(tzinfo=None)
    with mock.patch(f"{module}.get_current_datetime", return_value=now):
        signer(pair, scope.service, scope.region).add_auth(theirs)
    return HttpRequest(request.method, Url.parse(str(theirs.url)), tuple(theirs.headers.items()), request.body)


CANONICAL_QUERY = evolve(DESCRIBE, url=evolve(DESCRIBE.url, query="a=1&b=~"))


@pytest.mark.parametrize("credentials", [KEY_PAIR, TEMPORARY], ids=["key-pair", "temporary"])
@pytest.mark.parametrize("unsigned", [False, True], ids=["signed-payload", "unsigned-payload"])
@pytest.mark.parametrize("signer", [SigV4Auth, CrtSigV4Auth])
def test_what_botocore_signs_is_accepted(
    signer: type[SigV4Auth | CrtSigV4Auth], unsigned: bool, credentials: Credentials
) -> None:
    request = signed_by_botocore(CANONICAL_QUERY, credentials, SCOPE, signer, unsigned)
    assert verify(request, lookup, AT, scope=SCOPE) == Verification(access_key_id=credentials.access_key_id)


def test_what_botocore_signs_for_s3_is_accepted() -> None:
    request = evolve(CANONICAL_QUERY, url=Url.parse("https://b.s3.eu-west-1.amazonaws.com/a//./b%20c/../d?versionId=1"))
    signed = signed_by_botocore(request, TEMPORARY, S3_SCOPE, S3SigV4Auth, False)
    assert verify(signed, lookup, AT, scope=S3_SCOPE, options=S3)
    assert verify(signed, lookup, AT, scope=S3_SCOPE).refusal is Refusal.SIGNATURE_DIFFERS


@pytest.mark.parametrize("credentials", [KEY_PAIR, TEMPORARY], ids=["key-pair", "temporary"])
@pytest.mark.parametrize(("signer", "options"), [(SigV4QueryAuth, SigningOptions()), (S3SigV4QueryAuth, S3)])
def test_what_botocore_presigns_is_accepted(
    signer: type[SigV4QueryAuth], options: SigningOptions, credentials: Credentials
) -> None:
    get = HttpRequest("GET", Url.parse("https://example.com/a%20b/c?versionId=1"), (("Range", "bytes=0-9"),))
    signed = signed_by_botocore(get, credentials, SCOPE, signer, False)
    assert verify(signed, lookup, AT, scope=SCOPE, options=options)
    assert verify(query(signed, "versionId=1", "versionId=2"), lookup, AT, options=options).refusal is (
        Refusal.SIGNATURE_DIFFERS
    )


def test_the_date_header_that_botocore_signs_instead_of_x_amz_date_is_accepted() -> None:
    request = signed_by_botocore(header(CANONICAL_QUERY, "Date", "now"), KEY_PAIR, SCOPE, SigV4Auth, False)
    assert request.header("date") == "Thu, 01 Jan 2026 00:00:00 -0000"
    assert request.header("x-amz-date") is None
    assert verify(request, lookup, AT, scope=SCOPE)
    later = header(request, "Date", "Thu, 01 Jan 2026 00:00:01 GMT")
    assert verify(later, lookup, AT).refusal is Refusal.SIGNATURE_DIFFERS


@pytest.mark.parametrize("omit", [False, True], ids=["token-signed", "token-added"])
@pytest.mark.parametrize("kind", awscrt.auth.AwsSignatureType)
def test_a_token_that_the_crt_signed_or_added_after_signing_is_accepted(
    kind: awscrt.auth.AwsSignatureType, omit: bool
) -> None:
    config = awscrt.auth.AwsSigningConfig(
        algorithm=awscrt.auth.AwsSigningAlgorithm.V4,
        signature_type=kind,
        credentials_provider=awscrt.auth.AwsCredentialsProvider.new_static("ASIDEXAMPLE", SECRET, "TOKEN/+=="),
        region=SCOPE.region,
        service=SCOPE.service,
        date=AT,
        expiration_in_seconds=60 if kind == awscrt.auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS else None,
        omit_session_token=omit,
    )
    headers = awscrt.http.HttpHeaders([("Host", DESCRIBE.url.authority), *DESCRIBE.headers])
    theirs = awscrt.http.HttpRequest("POST", DESCRIBE.url.target, headers, io.BytesIO(DESCRIBE.body))
    signed = awscrt.auth.aws_sign_request(theirs, config).result(10)
    request = HttpRequest("POST", Url.parse(DESCRIBE.url.origin + signed.path), tuple(signed.headers), DESCRIBE.body)
    assert verify(request, lookup, AT, scope=SCOPE)


def test_a_presigned_url_that_declares_its_payload_in_the_query_is_accepted() -> None:
    """As those of the JavaScript SDK do; they leave the content type of an upload unsigned too."""
    get = HttpRequest(
        "PUT", Url.parse("https://b.s3.amazonaws.com/k?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&x-id=PutObject")
    )
    signed = signed_by_botocore(get, KEY_PAIR, S3_SCOPE, S3SigV4QueryAuth, False)
    uploaded = evolve(signed, headers=(*signed.headers, ("Content-Type", "text/plain")), body=b"content")
    assert verify(uploaded, lookup, AT, options=S3)


@pytest.mark.parametrize(
    "change",
    [
        lambda signed: evolve(signed, headers=signed.headers[::-1]),
        lambda signed: authorization(signed, ", ", ","),
        lambda signed: authorization(signed, ", ", " ,\t "),
        lambda signed: header(signed, "User-Agent", "changed by a proxy"),
        lambda signed: header(signed, "X-Forwarded-For", "10.0.0.1"),
        lambda signed: query(signed, "b=%7e&a=1", "a=1&b=~"),
        lambda signed: evolve(signed, headers=tuple((name.lower(), f" {value} ") for name, value in signed.headers)),
        lambda signed: evolve(signed, method="post"),
        lambda signed: evolve(signed, url=evolve(signed.url, path="//v1/./jobs")),
    ],
)
def test_what_changes_nothing_that_was_signed_is_accepted(change: Callable[[HttpRequest], HttpRequest]) -> None:
    assert verify(change(sign(DESCRIBE, KEY_PAIR, SCOPE, AT)), lookup, AT, scope=SCOPE)


def test_the_order_of_the_parts_of_the_authorization_is_free() -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    algorithm, _, rest = (signed.header("authorization") or "").partition(" ")
    turned = header(signed, "Authorization", f"{algorithm}  {', '.join(rest.split(', ')[::-1])}")
    assert verify(turned, lookup, AT, scope=SCOPE)


# ---- time


@pytest.mark.parametrize(
    ("minutes", "refusal"),
    [(-15.01, Refusal.NOT_YET_CURRENT), (-15, None), (0, None), (15, None), (15.02, Refusal.EXPIRED)],
)
def test_a_signature_is_good_for_fifteen_minutes_either_way(minutes: float, refusal: Refusal | None) -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    assert verify(signed, lookup, AT + timedelta(minutes=minutes)).refusal is refusal


def test_a_skew_is_told_with_the_times_as_by_aws() -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    late = verify(signed, lookup, AT + timedelta(minutes=16))
    assert late.message == (
        "Signature expired: 20260101T000000Z is now earlier than 20260101T000100Z (20260101T001600Z - 15 min.)"
    )
    early = verify(signed, lookup, AT - timedelta(minutes=6), max_skew=timedelta(minutes=5))
    assert early.message == (
        "Signature not yet current: 20260101T000000Z is still later than 20251231T235900Z (20251231T235400Z + 5 min.)"
    )


@pytest.mark.parametrize(
    ("seconds", "refusal"),
    [
        (-901, Refusal.NOT_YET_CURRENT),
        (-900, None),
        (59.9, None),
        (60, Refusal.PRESIGN_EXPIRED),
        (9e6, Refusal.PRESIGN_EXPIRED),
    ],
)
def test_a_presigned_request_is_good_until_it_expires(seconds: float, refusal: Refusal | None) -> None:
    presigned = presign(DESCRIBE, KEY_PAIR, SCOPE, AT, expires=60)
    outcome = verify(presigned.to_request(), lookup, AT + timedelta(seconds=seconds))
    assert outcome.refusal is refusal
    if refusal is Refusal.PRESIGN_EXPIRED:
        assert "expired at 20260101T000100Z, 60 s after it was signed" in outcome.message


def test_a_presigned_request_outlives_the_skew_that_headers_get() -> None:
    presigned = presign(DESCRIBE, KEY_PAIR, SCOPE, AT, expires=86400).to_request()
    assert verify(presigned, lookup, AT + timedelta(hours=23))


def test_a_time_at_the_end_of_the_calendar_is_refused_and_does_not_raise() -> None:
    presigned = query(presign(DESCRIBE, KEY_PAIR, SCOPE, AT).to_request(), "20260101", "99991231")
    assert verify(presigned, lookup, AT).refusal is Refusal.NOT_YET_CURRENT


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(SigningError, match="naive"):
        verify(DESCRIBE, lookup, datetime(2026, 1, 1))  # noqa: DTZ001  # it is what is refused


def test_credentials_that_have_expired_are_refused() -> None:
    signed = sign(DESCRIBE, TEMPORARY, SCOPE, AT)
    outcome = verify(signed, lambda _: evolve(TEMPORARY, expiration=AT), AT)
    assert (outcome.refusal, outcome.message) == (
        Refusal.CREDENTIALS_EXPIRED,
        "the credentials expired at 20260101T000000Z",
    )
    assert verify(signed, lambda _: evolve(TEMPORARY, expiration=AT + timedelta(seconds=1)), AT)


# ---- payload


def test_a_body_that_is_not_the_declared_one_is_told_with_both_hashes() -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT, SigningOptions(content_sha256=True))
    assert verify(signed, lookup, AT)
    outcome = verify(evolve(signed, body=b"{}"), lookup, AT)
    assert outcome.refusal is Refusal.PAYLOAD_DIFFERS
    assert payload_hash(b"{}") in outcome.message
    assert payload_hash(DESCRIBE.body) in outcome.message


def test_the_hash_of_a_streamed_body_can_be_given() -> None:
    signed = evolve(sign(DESCRIBE, KEY_PAIR, SCOPE, AT), body=b"")
    assert verify(signed, lookup, AT, options=SigningOptions(payload=payload_hash(DESCRIBE.body)))
    assert not verify(signed, lookup, AT)


@pytest.mark.parametrize("marker", [UNSIGNED_PAYLOAD, "STREAMING-UNSIGNED-PAYLOAD-TRAILER"])
def test_an_unsigned_payload_is_accepted_over_https_only_unless_allowed(marker: str) -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT, SigningOptions(payload=marker))
    assert verify(evolve(signed, body=b"anything"), lookup, AT)
    plain = evolve(signed, url=evolve(signed.url, scheme="http"))
    assert verify(plain, lookup, AT).refusal is Refusal.PAYLOAD_UNSIGNED
    assert verify(plain, lookup, AT, allow_unsigned_over_http=True)


def test_an_unsigned_payload_cannot_be_declared_after_signing() -> None:
    signed = header(sign(DESCRIBE, KEY_PAIR, SCOPE, AT), "X-Amz-Content-SHA256", UNSIGNED_PAYLOAD)
    assert verify(evolve(signed, body=b"{}"), lookup, AT).refusal is Refusal.HEADER_UNSIGNED


def test_a_payload_of_signed_chunks_is_not_accepted_unseen() -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT, SigningOptions(payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD"))
    assert verify(signed, lookup, AT).refusal is Refusal.MALFORMED


# ---- secrets


def test_an_unknown_key_takes_the_same_work_as_a_wrong_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    verify_module = importlib.import_module("neo_wire.signing.verification")
    checks: list[bool] = []
    original = verify_module._hmac_matches
    counted = mock.Mock(wraps=lambda *arguments: checks.append(original(*arguments)))
    monkeypatch.setitem(verify_module._SIGNATURE_CHECKS, "AWS4-HMAC-SHA256", counted)
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    for refusal, request in (
        (Refusal.UNKNOWN_KEY, authorization(signed, "AKIDEXAMPLE", "AKIDOTHER")),
        (Refusal.SIGNATURE_DIFFERS, header(signed, "Authorization", flipped(signed))),
        (Refusal.TOKEN_DIFFERS, header(signed, "X-Amz-Security-Token", "other")),
    ):
        counted.reset_mock()
        assert verify(request, lookup, AT).refusal is refusal
        assert counted.call_count == 1
        first, second, _ = counted.call_args.args
        assert (first.algorithm, second.split("\n")[0]) == ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256")
    assert checks == [False, False, True]  # without its check the foreign token would have passed


def test_secrets_are_compared_in_constant_time() -> None:
    signed = sign(DESCRIBE, TEMPORARY, SCOPE, AT, SigningOptions(content_sha256=True))
    with mock.patch("hmac.compare_digest", return_value=True) as compare:
        assert verify(header(signed, "Authorization", flipped(signed)), lookup, AT)
    assert compare.call_count == 3  # the payload hash, the token and the signature


# ---- anything at all

_TEXT = st.text(max_size=30)
_PARTS = st.sampled_from(
    [
        "AWS4-HMAC-SHA256 ",
        "AWS4-ECDSA-P256-SHA256 ",
        "Credential=",
        "AKIDEXAMPLE/20260101/us-west-2/sagemaker/aws4_request",
        "AKIDEXAMPLE/20260101/sagemaker/aws4_request",
        ", ",
        "SignedHeaders=",
        "host;x-amz-date",
        "Signature=",
        "0" * 64,
        "/",
        ";",
        "\x00",
        "é",
        "\ud800",
    ]
)
_VALUES = st.lists(_PARTS | _TEXT, max_size=10).map("".join)
_HEADER_NAMES = st.sampled_from(
    [
        "Authorization",
        "X-Amz-Date",
        "Date",
        "Host",
        "X-Amz-Security-Token",
        "X-Amz-Region-Set",
        "X-Amz-Content-SHA256",
        "Content-Type",
    ]
)
_PARAMETERS = st.sampled_from(
    [
        "Algorithm",
        "Credential",
        "Date",
        "Expires",
        "SignedHeaders",
        "Signature",
        "Security-Token",
        "Region-Set",
        "Content-Sha256",
    ]
).map("X-Amz-{}".format)


@settings(max_examples=400)
@given(
    _TEXT,
    _TEXT,
    st.lists(st.tuples(_PARAMETERS | _TEXT, _VALUES | st.sampled_from(["20260101T000000Z", "60", "*"])), max_size=9),
    st.lists(st.tuples(_HEADER_NAMES | _TEXT, _VALUES | st.sampled_from(["20260101T000000Z", "*"])), max_size=6),
    st.binary(max_size=20),
    st.booleans(),
)
def test_any_request_gets_an_answer(
    method: str, path: str, parameters: list[tuple[str, str]], headers: list[tuple[str, str]], body: bytes, s3: bool
) -> None:
    url = Url("https", "example.com", None, path, "&".join(f"{name}={value}" for name, value in parameters))
    request = HttpRequest(method, url, tuple(headers), body)
    outcome = verify(request, lookup, AT, scope=SCOPE, options=S3 if s3 else SigningOptions())
    assert not outcome
    assert outcome.message
