"""Presigned requests: against fixed vectors, botocore and the CRT, and sent to moto's S3."""

from __future__ import annotations

import io
import urllib.request
from datetime import UTC, datetime, timedelta
from unittest import mock
from urllib.parse import parse_qsl, quote, urlsplit

import awscrt.auth
import awscrt.http
import boto3
import httpx
import pytest
from attrs import evolve
from botocore.auth import S3SigV4QueryAuth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing import (
    NEVER_SIGNED,
    S3,
    UNSIGNED_PAYLOAD,
    Credentials,
    Scope,
    SigningOptions,
    payload_hash,
    presign,
    sign,
    verify,
)
from tests.signing.vectors import AT, DESCRIBE, KEY_PAIR, SCOPE, SECRET, TEMPORARY

GET = HttpRequest("GET", Url.parse("https://api.sagemaker.us-west-2.amazonaws.com/?a=1"))

NAMES = st.sampled_from(["a", "A", "Param-3", "Param", "é", "ሴ", "b c", "x/y", "~", "versionId"])
PARAMETERS = st.dictionaries(NAMES, st.sampled_from(["", "1", "é", "a b", "/", "a=b&c", "+", "%41"]), max_size=4)
PATHS = st.lists(st.sampled_from(["", ".", "..", "a", "%20", "é", "~", "(x)", "%2F"]), max_size=5).map(
    lambda segments: "/" + "/".join(segments)
)
HEADERS = st.dictionaries(
    st.sampled_from(["X-Custom", "X-Amz-Meta-A", "Range", "User-Agent", "Content-Type"]),
    st.sampled_from(["a", " a  b ", ""]),
    max_size=3,
)
HOSTS = st.sampled_from(["https://example.com", "http://localhost:8080", "https://[::1]:9000", "http://b.s3:80"])
TOKENS = st.sampled_from([None, "TOKEN/+=="])


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    url = Url.parse(draw(HOSTS) + draw(PATHS))
    query = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in draw(PARAMETERS).items())
    return HttpRequest(draw(st.sampled_from(["GET", "PUT"])), evolve(url, query=query), tuple(draw(HEADERS).items()))


def parameters(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def botocore_presigned(
    request: HttpRequest, credentials: Credentials, scope: Scope, expires: int, signer: type[SigV4QueryAuth]
) -> str:
    theirs = AWSRequest(request.method, str(request.url), dict(request.headers))
    auth = signer(
        BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key, credentials.session_token),
        scope.service,
        scope.region,
        expires=expires,
    )
    with mock.patch("botocore.auth.get_current_datetime", return_value=AT.replace(tzinfo=None)):
        auth.add_auth(theirs)
    return str(theirs.url)


def crt_presigned(
    request: HttpRequest, credentials: Credentials, scope: Scope, expires: int, options: SigningOptions
) -> str:
    config = awscrt.auth.AwsSigningConfig(
        algorithm=awscrt.auth.AwsSigningAlgorithm.V4,
        signature_type=awscrt.auth.AwsSignatureType.HTTP_REQUEST_QUERY_PARAMS,
        credentials_provider=awscrt.auth.AwsCredentialsProvider.new_static(
            credentials.access_key_id, credentials.secret_access_key, credentials.session_token
        ),
        region=scope.region,
        service=scope.service,
        date=AT,
        should_sign_header=lambda name: name.lower() not in NEVER_SIGNED,
        use_double_uri_encode=options.double_encode_path,
        should_normalize_uri_path=options.normalize_path,
        expiration_in_seconds=expires,
        omit_session_token=not options.sign_session_token,
    )
    headers = awscrt.http.HttpHeaders([("Host", request.url.authority), *request.headers])
    body = io.BytesIO(request.body) if request.body else None
    theirs = awscrt.http.HttpRequest(request.method, request.url.target, headers, body)
    target: str = awscrt.auth.aws_sign_request(theirs, config).result(10).path
    return request.url.origin + target


def test_the_signature_of_a_presigned_get_is_the_known_one() -> None:
    assert presign(GET, KEY_PAIR, SCOPE, AT, expires=60).url == (
        "https://api.sagemaker.us-west-2.amazonaws.com/?a=1&X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIDEXAMPLE%2F20260101%2Fus-west-2%2Fsagemaker%2Faws4_request&X-Amz-Date=20260101T000000Z"
        "&X-Amz-Expires=60&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=8cb77a07fbddf1cc39f380aadbba721dbb20b11ab8acfdfcd6126eb091a83cac"
    )


def test_the_signature_with_a_session_token_is_the_known_one() -> None:
    found = parameters(presign(GET, TEMPORARY, SCOPE, AT, expires=60).url)
    assert found["X-Amz-Security-Token"] == "TOKEN/+=="
    assert found["X-Amz-Signature"] == "2dc9f83861195f4b664ce4e97e4dce52d163f943b56ec8c9e8592efab337e16d"


# ---- against botocore and the CRT


@settings(max_examples=200)
@given(requests(), TOKENS, st.integers(1, 604800))
def test_a_url_is_that_of_botocore(request: HttpRequest, token: str | None, expires: int) -> None:
    """To the letter. Bodies are left out: botocore moves them into the query, in a form that JSON services refuse."""
    credentials = Credentials("AKIDEXAMPLE", SECRET, token)
    presigned = presign(request, credentials, SCOPE, AT, expires=expires)
    assert presigned.url == botocore_presigned(request, credentials, SCOPE, expires, SigV4QueryAuth)


@settings(max_examples=200)
@given(requests(), TOKENS, st.integers(1, 604800))
def test_a_url_of_s3_is_that_of_botocore(request: HttpRequest, token: str | None, expires: int) -> None:
    credentials, scope = Credentials("AKIDEXAMPLE", SECRET, token), Scope("eu-west-1", "s3")
    presigned = presign(request, credentials, scope, AT, expires=expires, options=S3)
    assert presigned.url == botocore_presigned(request, credentials, scope, expires, S3SigV4QueryAuth)


@settings(max_examples=200)
@given(
    requests(),
    TOKENS,
    st.integers(1, 604800),
    st.sampled_from([b"", b"{}", b"\x00\xff"]),
    st.sampled_from(["", "a=%7e&b", "a=x:y&a&&=v", "a=b+c&%FF=%00"]),
    st.builds(
        SigningOptions, normalize_path=st.booleans(), double_encode_path=st.booleans(), sign_session_token=st.booleans()
    ),
)
def test_a_signature_over_body_and_raw_query_is_that_of_the_crt(
    request: HttpRequest, token: str | None, expires: int, body: bytes, query: str, options: SigningOptions
) -> None:
    credentials = Credentials("AKIDEXAMPLE", SECRET, token)
    request = evolve(request, method="POST", body=body, url=evolve(request.url, query=query or request.url.query))
    presigned = presign(request, credentials, SCOPE, AT, expires=expires, options=options)
    theirs = crt_presigned(request, credentials, SCOPE, expires, options)
    assert parameters(presigned.url) == parameters(theirs)
    assert "X-Amz-Signature" in parameters(theirs)


# ---- a describe, and what comes back


def test_a_presigned_describe_is_a_post_with_its_body_and_headers() -> None:
    presigned = presign(DESCRIBE, TEMPORARY, SCOPE, AT, expires=timedelta(minutes=5))
    assert parameters(presigned.url)["X-Amz-SignedHeaders"] == "content-type;host;x-amz-target"
    assert (presigned.method, presigned.headers, presigned.body) == ("POST", DESCRIBE.headers, DESCRIBE.body)
    assert presigned.expires_at == AT + timedelta(minutes=5)

    request = presigned.to_request()
    assert str(request.url) == presigned.url
    assert request.headers == (("Host", "api.sagemaker.us-west-2.amazonaws.com"), *DESCRIBE.headers)
    assert verify(request, lambda _: TEMPORARY, AT, scope=SCOPE)
    assert not verify(evolve(request, body=b"{}"), lambda _: TEMPORARY, AT, scope=SCOPE)


def test_a_host_header_of_the_caller_is_signed_and_to_be_sent() -> None:
    presigned = presign(evolve(GET, headers=(("host", "vpce.example.com"),)), KEY_PAIR, SCOPE, AT)
    assert presigned.headers == (("host", "vpce.example.com"),)
    assert presigned.to_request().headers == presigned.headers
    assert verify(presigned.to_request(), lambda _: KEY_PAIR, AT)


def test_the_token_is_added_after_the_signature_when_asked() -> None:
    presigned = presign(GET, TEMPORARY, SCOPE, AT, options=SigningOptions(sign_session_token=False))
    assert presigned.url == presign(GET, KEY_PAIR, SCOPE, AT).url + "&X-Amz-Security-Token=TOKEN%2F%2B%3D%3D"


@pytest.mark.parametrize("options", [SigningOptions(), S3])
def test_presigning_again_is_as_presigning_once(options: SigningOptions) -> None:
    request = evolve(DESCRIBE, url=evolve(DESCRIBE.url, query="b=%2f&a"))
    once = presign(request, KEY_PAIR, SCOPE, AT, options=options)
    again = presign(request, TEMPORARY, Scope("eu-west-1", "s3"), AT - timedelta(days=1), options=options).to_request()
    signed = sign(request, TEMPORARY, SCOPE, AT, options)
    assert presign(signed, KEY_PAIR, SCOPE, AT, options=options).url == once.url
    assert presign(again, KEY_PAIR, SCOPE, AT, options=options).url == once.url


def test_a_payload_that_an_earlier_signer_declared_in_the_query_is_taken_off() -> None:
    for name in ("X-Amz-Content-Sha256", "x-amz-content-sha256"):
        foreign = evolve(GET, url=evolve(GET.url, query=f"a=1&X-Amz-Expires=60&{name}=UNSIGNED-PAYLOAD"))
        assert presign(foreign, KEY_PAIR, SCOPE, AT) == presign(GET, KEY_PAIR, SCOPE, AT)


def test_s3_signs_no_payload_but_the_one_it_is_told() -> None:
    scope = Scope("us-east-1", "s3")
    put = HttpRequest("PUT", Url.parse("http://bucket.s3.amazonaws.com/key"), (), b"content")
    left_open = presign(put, KEY_PAIR, scope, AT, options=S3)
    assert left_open.headers == ()
    assert verify(evolve(left_open.to_request(), body=b"other"), lambda _: KEY_PAIR, AT, options=S3)

    bound = presign(put, KEY_PAIR, scope, AT, options=evolve(S3, payload=payload_hash(b"content")))
    assert bound.headers == (("X-Amz-Content-SHA256", payload_hash(b"content")),)
    assert verify(bound.to_request(), lambda _: KEY_PAIR, AT, options=S3)
    assert not verify(evolve(bound.to_request(), body=b"other"), lambda _: KEY_PAIR, AT, options=S3)


def test_an_unsigned_payload_is_declared_in_a_header_and_for_https_only() -> None:
    options = SigningOptions(payload=UNSIGNED_PAYLOAD)
    presigned = presign(DESCRIBE, KEY_PAIR, SCOPE, AT, options=options)
    assert presigned.headers == (*DESCRIBE.headers, ("X-Amz-Content-SHA256", UNSIGNED_PAYLOAD))
    plain = evolve(DESCRIBE, url=Url.parse("http://localhost/"))
    assert presign(plain, KEY_PAIR, SCOPE, AT, options=options) == presign(plain, KEY_PAIR, SCOPE, AT)


# ---- expiry


@pytest.mark.parametrize("expires", [1, 604800, timedelta(days=7)])
def test_a_request_expires_within_seven_days(expires: int | timedelta) -> None:
    seconds = expires if isinstance(expires, int) else int(expires.total_seconds())
    presigned = presign(GET, KEY_PAIR, SCOPE, AT + timedelta(microseconds=999_999), expires=expires)
    assert parameters(presigned.url)["X-Amz-Expires"] == str(seconds)
    assert presigned.expires_at == AT + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "expires", [0, -1, 604801, True, 1.5, timedelta(0), timedelta(seconds=1.5), timedelta(days=8), float("nan"), "60"]
)
def test_an_expiry_out_of_bounds_is_refused(expires: int) -> None:
    with pytest.raises(SigningError, match="from 1 to 604800"):
        presign(GET, KEY_PAIR, SCOPE, AT, expires=expires)


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(minutes=10), 600),
        (timedelta(seconds=90.9), 90),
        (timedelta(hours=2), 3600),
        (timedelta(seconds=1), 1),
    ],
)
def test_an_expiry_is_cut_to_that_of_the_credentials(left: timedelta, seconds: int) -> None:
    presigned = presign(GET, evolve(TEMPORARY, expiration=AT + left), SCOPE, AT)
    assert parameters(presigned.url)["X-Amz-Expires"] == str(seconds)
    assert presigned.expires_at == AT + timedelta(seconds=seconds)


@pytest.mark.parametrize("ago", [timedelta(0), timedelta(days=1), timedelta(seconds=-0.5)])
def test_credentials_that_have_expired_are_refused(ago: timedelta) -> None:
    expired = evolve(TEMPORARY, expiration=AT - ago, source="profile dev")
    with pytest.raises(SigningError, match="the credentials from profile dev expired at"):
        presign(GET, expired, SCOPE, AT)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(SigningError, match="naive"):
        presign(GET, KEY_PAIR, SCOPE, datetime(2026, 1, 1))  # noqa: DTZ001  # it is what is refused


def test_no_repr_shows_a_secret() -> None:
    presigned = presign(evolve(DESCRIBE, url=GET.url), TEMPORARY, SCOPE, AT)
    found = parameters(presigned.url)
    for shown in (repr(presigned), repr(presigned.to_request())):
        assert "TOKEN" not in shown
        assert found["X-Amz-Signature"] not in shown
    assert repr(presigned) == (
        "PresignedRequest('POST', 'https://api.sagemaker.us-west-2.amazonaws.com/?…', "
        "expires_at=2026-01-01T01:00:00+00:00)"
    )


# ---- on the wire


def test_presigned_requests_are_well_formed_on_the_wire_and_keys_arrive_as_named(moto_url: str) -> None:
    """Moto checks no signature: what this proves is the form on the wire, through two HTTP clients."""
    key, bucket = "models/a b+é~(1)%20&=?.tar.gz", "neo-wire-presign"
    scope, now = Scope("us-east-1", "s3"), datetime.now(UTC)
    store = boto3.client(
        "s3",
        endpoint_url=moto_url,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key=SECRET,
    )
    store.create_bucket(Bucket=bucket)
    url = evolve(Url.parse(moto_url), path=f"/{bucket}/{quote(key, safe='/~')}")

    put = presign(
        HttpRequest("PUT", url, (("Content-Type", "text/plain"),), b"a model"), TEMPORARY, scope, now, options=S3
    )
    response = httpx.request(put.method, put.url, headers=put.headers, content=put.body)
    assert response.status_code == 200, response.text
    assert [item["Key"] for item in store.list_objects_v2(Bucket=bucket)["Contents"]] == [key]

    get = presign(HttpRequest("GET", url), TEMPORARY, scope, now, options=S3)
    assert httpx.get(get.url).content == b"a model"
    with urllib.request.urlopen(get.url, timeout=10) as plain:  # noqa: S310  # http, to 127.0.0.1
        assert plain.read() == b"a model"
    store.delete_object(Bucket=bucket, Key=key)
