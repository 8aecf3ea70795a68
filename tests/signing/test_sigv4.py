"""Signing in headers: against fixed vectors, botocore and the CRT (aws-c-auth), and on moto's S3."""

from __future__ import annotations

import hmac
import io
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest import mock
from urllib.parse import quote

import boto3
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing import (
    S3,
    UNSIGNED_PAYLOAD,
    Credentials,
    Scope,
    SigningOptions,
    canonical_request,
    forget_keys,
    hmac_signer,
    long_date,
    payload_hash,
    presign,
    sign,
    signing_key,
    string_to_sign,
)
from tests.signing.vectors import AT, DESCRIBE, KEY_PAIR, SCOPE, SECRET, TEMPORARY


def test_the_signature_of_a_describe_request_is_the_known_one() -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    assert signed.headers == (
        ("Host", "api.sagemaker.us-west-2.amazonaws.com"),
        *DESCRIBE.headers,
        ("X-Amz-Date", "20260101T000000Z"),
        (
            "Authorization",
            (
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/us-west-2/sagemaker/aws4_request, "
                "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
                "Signature=94f1f6bab1aeb633fb6592e1131c3e3b7670619b0746da188fc5e2154f9a9187"
            ),
        ),
    )
    assert (signed.method, signed.url, signed.body) == (DESCRIBE.method, DESCRIBE.url, DESCRIBE.body)


def test_the_signature_with_a_session_token_is_the_known_one() -> None:
    signed = sign(DESCRIBE, TEMPORARY, SCOPE, AT)
    assert signed.header("x-amz-security-token") == "TOKEN/+=="
    assert (signed.header("authorization") or "").endswith(
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
        "Signature=cf29a2ea752227537b7765c47291b581b20712f4ce497c73c747b490313bd6d7"
    )


def test_the_signature_of_the_simplest_case_of_aws_c_auth_is_the_known_one() -> None:
    request = HttpRequest("GET", Url.parse("https://example.amazonaws.com/"))
    at = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    signed = sign(
        request,
        Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        Scope("us-east-1", "service"),
        at,
    )
    assert (signed.header("authorization") or "").endswith(
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
    )


# ---- the fast way and the long way


def test_the_fast_way_is_taken_for_an_ordinary_request() -> None:
    with mock.patch("neo_wire.signing.sigv4.unsigned", side_effect=AssertionError("the long way")):
        sign(DESCRIBE, TEMPORARY, SCOPE, AT)
        with pytest.raises(AssertionError, match="the long way"):
            sign(DESCRIBE, TEMPORARY, SCOPE, AT, SigningOptions())


@given(st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters=" "), min_size=1), st.text())
def test_the_prepared_hmac_is_that_of_the_standard_library(secret: str, text: str) -> None:
    key = signing_key(secret, "20260101", "us-west-2", "sagemaker")
    text = text.encode(errors="replace").decode()
    expected = hmac.new(key, text.encode(), "sha256").hexdigest()
    assert hmac_signer(secret, "20260101", "us-west-2", "sagemaker")(text) == expected


def test_a_time_in_another_zone_goes_the_long_way_to_the_same_signature() -> None:
    there = AT.astimezone(timezone(timedelta(hours=9)))
    assert sign(DESCRIBE, TEMPORARY, SCOPE, there) == sign(DESCRIBE, TEMPORARY, SCOPE, AT)


def test_keys_are_kept_until_they_are_forgotten() -> None:
    forget_keys()
    for second in range(3):
        sign(DESCRIBE, KEY_PAIR, SCOPE, AT + timedelta(seconds=second))
    assert (signing_key.cache_info().currsize, hmac_signer.cache_info().hits) == (1, 2)
    sign(DESCRIBE, KEY_PAIR, SCOPE, AT + timedelta(days=1))
    assert signing_key.cache_info().currsize == 2
    forget_keys()
    assert (signing_key.cache_info().currsize, hmac_signer.cache_info().currsize) == (0, 0)


# ---- what is on a signed request


def test_the_token_is_added_after_signing_when_asked() -> None:
    signed = sign(DESCRIBE, TEMPORARY, SCOPE, AT, SigningOptions(sign_session_token=False))
    without = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    assert signed.headers == (*without.headers, ("X-Amz-Security-Token", "TOKEN/+=="))


@pytest.mark.parametrize("options", [SigningOptions(), S3, SigningOptions(payload=UNSIGNED_PAYLOAD)])
@pytest.mark.parametrize("before", [SigningOptions(), S3])
def test_signing_again_is_as_signing_once(before: SigningOptions, options: SigningOptions) -> None:
    earlier = sign(DESCRIBE, TEMPORARY, Scope("eu-west-1", "s3"), AT - timedelta(hours=1), before)
    earlier = evolve(earlier, headers=(*earlier.headers, ("x-amz-region-set", "*")))
    if not options.content_sha256 and before.content_sha256:
        earlier = evolve(earlier, headers=tuple(h for h in earlier.headers if h[0] != "X-Amz-Content-SHA256"))
    assert sign(earlier, KEY_PAIR, SCOPE, AT, options) == sign(DESCRIBE, KEY_PAIR, SCOPE, AT, options)


def test_signing_a_presigned_request_takes_its_parameters_off() -> None:
    request = evolve(DESCRIBE, url=evolve(DESCRIBE.url, query="a=1&b=%2F"))
    presigned = presign(request, TEMPORARY, SCOPE, AT).to_request()
    assert "X-Amz-Signature" in presigned.url.query
    once = sign(request, KEY_PAIR, SCOPE, AT)
    assert sign(presigned, KEY_PAIR, SCOPE, AT) == once
    assert sign(evolve(presigned, headers=request.headers), KEY_PAIR, SCOPE, AT) == once  # without a Host header


def test_a_streaming_marker_is_sent_and_signed_but_unsigned_over_https_only() -> None:
    options = evolve(S3, payload="STREAMING-UNSIGNED-PAYLOAD-TRAILER")
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT, options)
    assert signed.header("x-amz-content-sha256") == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    with pytest.raises(SigningError, match="https only"):
        sign(evolve(DESCRIBE, url=Url.parse("http://localhost/")), KEY_PAIR, SCOPE, AT, options)


def test_a_streamed_body_is_signed_by_its_hash_alone() -> None:
    stream = io.BytesIO(DESCRIBE.body)
    streamed = sign(evolve(DESCRIBE, body=b""), KEY_PAIR, SCOPE, AT, SigningOptions(payload=payload_hash(stream)))
    assert streamed.headers == sign(DESCRIBE, KEY_PAIR, SCOPE, AT).headers
    assert stream.read() == DESCRIBE.body


# ---- time, scope, options


def test_the_time_may_be_in_any_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    assert sign(DESCRIBE, KEY_PAIR, SCOPE, elsewhere) == sign(DESCRIBE, KEY_PAIR, SCOPE, AT)


@given(st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1)))  # noqa: DTZ001  # Hypothesis wants it naive
def test_a_long_date_is_that_of_strftime(at: datetime) -> None:
    assert long_date(at) == at.strftime("%Y%m%dT%H%M%SZ")


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(SigningError, match="naive"):
        sign(DESCRIBE, KEY_PAIR, SCOPE, datetime(2026, 1, 1))  # noqa: DTZ001  # it is what is refused


@pytest.mark.parametrize(
    "region", ["", "*", "us-east-1\n", "us-east-1/s3", "-a", "a-", "123", "a.b", "a" * 64, "us east", "é", "a\x00"]
)
def test_what_is_no_region_is_refused(region: str) -> None:
    with pytest.raises(SigningError, match="region"):
        Scope(region, "s3")


@pytest.mark.parametrize("value", [None, True, 5, b"s3"])
def test_what_is_no_string_is_refused_by_its_name(value: Any) -> None:
    with pytest.raises(SigningError, match=r"the region .* is not a host label"):
        Scope(value, "s3")
    with pytest.raises(SigningError, match=r"the service .* is not a signing name"):
        Scope("us-east-1", value)
    if value is not None:
        with pytest.raises(SigningError, match=r"the payload .* is neither"):
            SigningOptions(payload=value)


@pytest.mark.parametrize("service", ["", "a/b", "s3\n", "s 3", "é", "s3\r"])
def test_what_is_no_service_is_refused(service: str) -> None:
    with pytest.raises(SigningError, match="service"):
        Scope("us-east-1", service)


@pytest.mark.parametrize("payload", ["", "unsigned", "A" * 64, "0" * 63, "UNSIGNED-PAYLOAD\n"])
def test_what_cannot_stand_for_a_payload_hash_is_refused(payload: str) -> None:
    with pytest.raises(SigningError, match="payload"):
        SigningOptions(payload=payload)


@pytest.mark.parametrize("name", ["X-A", "User-Agent", "X-Amz-Content-SHA256"])
def test_a_header_that_would_be_two_is_refused(name: str) -> None:
    request = evolve(DESCRIBE, headers=((name, "a\r\nX-Evil: b"),))
    with pytest.raises(SigningError, match="control character"):
        sign(request, KEY_PAIR, SCOPE, AT)


@pytest.mark.parametrize("fold", ["\r\n ", "\n\t", "\r\n \r\n "])
def test_a_folded_header_goes_out_on_one_line_with_the_same_signature(fold: str) -> None:
    folded, flat = (evolve(DESCRIBE, headers=(("X-A", f"a{between}b"),)) for between in (fold, " "))
    signed = sign(folded, KEY_PAIR, SCOPE, AT)
    assert signed.header("authorization") == sign(flat, KEY_PAIR, SCOPE, AT).header("authorization")
    presigned = presign(folded, KEY_PAIR, SCOPE, AT)
    assert presigned.url == presign(flat, KEY_PAIR, SCOPE, AT).url
    assert not any({"\r", "\n"} & set(value) for _, value in (*signed.headers, *presigned.headers))


def test_a_host_that_would_be_two_headers_is_refused() -> None:
    request = evolve(DESCRIBE, url=Url("https", "example.com\r\nX-Evil: b"))
    with pytest.raises(SigningError, match="control character"):
        sign(request, KEY_PAIR, SCOPE, AT)


def test_the_parts_of_a_signature_can_be_made_one_by_one() -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    canonical = canonical_request(signed, payload_hash(signed.body))
    to_sign = string_to_sign("AWS4-HMAC-SHA256", "20260101T000000Z", SCOPE.credential_scope("20260101"), canonical)
    signature = hmac.new(signing_key(SECRET, "20260101", "us-west-2", "sagemaker"), to_sign.encode(), "sha256")
    assert (signed.header("authorization") or "").endswith(f"Signature={signature.hexdigest()}")


def test_no_repr_shows_a_secret() -> None:
    signed = sign(DESCRIBE, TEMPORARY, SCOPE, AT)
    signature = (signed.header("authorization") or "")[-64:]
    shown = repr((signed, TEMPORARY, SCOPE, S3, hmac_signer(SECRET, "20260101", "us-west-2", "sagemaker")))
    assert not any(secret in shown for secret in (SECRET, "TOKEN/+==", signature))


# ---- on the wire


def _send(request: HttpRequest) -> bytes:
    headers = {name: value for name, value in request.headers if name != "Host"}
    wire = urllib.request.Request(str(request.url), request.body or None, headers, method=request.method)  # noqa: S310  # http, to 127.0.0.1
    with urllib.request.urlopen(wire, timeout=10) as response:  # noqa: S310  # the same
        content: bytes = response.read()
        return content


def test_requests_in_s3_mode_are_well_formed_on_the_wire_and_keys_arrive_as_named(moto_url: str) -> None:
    """Moto checks no signature: what this proves is the form on the wire, and that an odd key survives it."""
    key = "a//b/../c d/é~(1)+%20&=?.txt"
    scope = Scope("us-east-1", "s3")
    bucket = Url.parse(f"{moto_url}/neo-wire-sigv4")
    named = evolve(bucket, path=f"{bucket.path}/{quote(key, safe='/~')}")
    store = boto3.client(
        "s3",
        endpoint_url=moto_url,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=SECRET,
    )

    _send(sign(HttpRequest("PUT", bucket), KEY_PAIR, scope, datetime.now(UTC), S3))
    put = HttpRequest("PUT", named, (("Content-Type", "text/plain"),), b"a compiled model")
    _send(sign(put, KEY_PAIR, scope, datetime.now(UTC), S3))

    assert [item["Key"] for item in store.list_objects_v2(Bucket="neo-wire-sigv4")["Contents"]] == [key]
    assert store.get_object(Bucket="neo-wire-sigv4", Key=key)["Body"].read() == b"a compiled model"
    assert _send(sign(HttpRequest("GET", named), TEMPORARY, scope, datetime.now(UTC), S3)) == b"a compiled model"
    _send(sign(HttpRequest("DELETE", named), KEY_PAIR, scope, datetime.now(UTC), S3))
    with pytest.raises(urllib.error.HTTPError, match="404"):
        _send(sign(HttpRequest("GET", named), KEY_PAIR, scope, datetime.now(UTC), S3))
