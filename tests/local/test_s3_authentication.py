"""What S3 answers to signatures that are not acceptable; good ones are botocore's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from neo_wire.errors import ServiceError
from neo_wire.http import HttpRequest, Url
from neo_wire.local import EXAMPLE_CREDENTIALS
from neo_wire.local.s3_authentication import authenticate, is_for_s3
from neo_wire.signing.authorization import Refusal
from neo_wire.signing.credentials import Credentials

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
URL = "https://models.s3.eu-west-1.amazonaws.com/a"
TEMPORARY = Credentials("ASIAEXAMPLE", "secret", "TOKEN/+==", NOW + timedelta(hours=1))
PAIRS = {one.access_key_id: one for one in (EXAMPLE_CREDENTIALS, TEMPORARY)}


def refused(request: HttpRequest, at: datetime = NOW, region: str | None = None) -> tuple[str, int]:
    with pytest.raises(ServiceError) as caught:
        authenticate(request, PAIRS.get, at, region)
    assert caught.value.message
    return caught.value.code, caught.value.status


def changed(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    kept = [header for header in request.headers if header[0].lower() != name.lower()]
    return attrs.evolve(request, headers=(*kept, *([(name, value)] if value is not None else [])))


@pytest.mark.parametrize("credentials", [EXAMPLE_CREDENTIALS, TEMPORARY])
@pytest.mark.parametrize("presigned", [False, True])
@pytest.mark.parametrize("url", [URL, URL.replace("https", "http")])
def test_what_botocore_signs_is_accepted(s3_signed: Any, credentials: Credentials, presigned: bool, url: str) -> None:
    request = s3_signed("GET", url, at=NOW, credentials=credentials, presigned=presigned)
    authenticate(request, PAIRS.get, NOW, "eu-west-1")
    assert is_for_s3(request)


def test_an_unsigned_payload_is_accepted_over_http(s3_signed: Any) -> None:
    url = URL.replace("https", "http")
    request = s3_signed("GET", url, at=NOW, X_Amz_Content_SHA256="UNSIGNED-PAYLOAD")
    if request.header("x-amz-content-sha256") != "UNSIGNED-PAYLOAD":  # botocore hashes over http
        assert refused(changed(request, "X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD")) == ("SignatureDoesNotMatch", 403)
    else:
        authenticate(request, PAIRS.get, NOW, None)


def test_each_refusal_is_answered_as_s3_does(s3_signed: Any) -> None:
    good = s3_signed("GET", URL, at=NOW)
    presigned = s3_signed("GET", URL, at=NOW, presigned=True)
    moved = attrs.evolve(good, url=attrs.evolve(good.url, path="/b"))
    unknown, wrong = Credentials("AKIDUNKNOWN", "secret"), Credentials("AKIDEXAMPLE", "wrong")
    no_token, other_token = Credentials("ASIAEXAMPLE", "secret"), Credentials("ASIAEXAMPLE", "secret", "OTHER")
    algorithm = (good.header("authorization") or "").replace("HMAC", "RSA")
    empty = (good.header("x-amz-content-sha256") or "").replace("e3", "f3", 1)
    for request, expected in (
        (HttpRequest("GET", Url.parse(URL)), ("AccessDenied", 403)),
        (moved, ("SignatureDoesNotMatch", 403)),
        (s3_signed("GET", URL, at=NOW, credentials=wrong), ("SignatureDoesNotMatch", 403)),
        (s3_signed("GET", URL, at=NOW, credentials=unknown), ("InvalidAccessKeyId", 403)),
        (s3_signed("GET", URL, at=NOW, credentials=no_token), ("InvalidToken", 400)),
        (s3_signed("GET", URL, at=NOW, credentials=other_token), ("InvalidToken", 400)),
        (s3_signed("GET", URL, at=NOW, service="sagemaker"), ("AuthorizationHeaderMalformed", 400)),
        (s3_signed("GET", URL, at=NOW, region="us-east-1"), ("AuthorizationHeaderMalformed", 400)),
        (s3_signed("GET", URL, at=NOW, region="-"), ("AuthorizationHeaderMalformed", 400)),
        (changed(good, "Authorization", "AWS4-HMAC-SHA256 nonsense"), ("AuthorizationHeaderMalformed", 400)),
        (changed(good, "Authorization", algorithm), ("InvalidRequest", 400)),
        (changed(good, "X-Amz-Content-SHA256", None), ("InvalidRequest", 400)),
        (changed(good, "X-Amz-Content-SHA256", empty), ("XAmzContentSHA256Mismatch", 400)),
        (changed(good, "X-Amz-Meta-New", "1"), ("AccessDenied", 403)),
        (s3_signed("GET", URL, at=NOW - timedelta(minutes=16)), ("RequestTimeTooSkewed", 403)),
        (s3_signed("GET", URL, at=NOW + timedelta(minutes=16)), ("RequestTimeTooSkewed", 403)),
    ):
        assert refused(request, region="eu-west-1") == expected, request.headers
    assert refused(presigned, NOW + timedelta(hours=1)) == ("AccessDenied", 403)
    late = s3_signed("GET", URL, at=NOW + timedelta(hours=2), credentials=TEMPORARY)
    assert refused(late, NOW + timedelta(hours=2)) == ("ExpiredToken", 400)


def test_every_refusal_has_an_answer() -> None:
    from neo_wire.local import s3_authentication

    assert set(s3_authentication._ANSWERS) == set(Refusal)


@pytest.mark.parametrize(
    ("method", "url", "headers", "theirs"),
    [
        ("GET", "http://neo/models/a", (), True),
        ("HEAD", "http://neo/models/a", (), True),
        ("GET", "http://neo/", (), False),
        ("POST", "http://neo/models/a", (), False),
        ("GET", "http://neo/models/a", (("X-Amz-Target", "SageMaker.ListCompilationJobs"),), False),
        ("GET", "http://neo/models/a", (("Authorization", "Basic x"),), False),
    ],
)
def test_what_is_not_signed_is_routed_by_what_it_asks(
    method: str, url: str, headers: tuple[tuple[str, str], ...], theirs: bool
) -> None:
    assert is_for_s3(HttpRequest(method, Url.parse(url), headers)) is theirs


def test_what_is_signed_for_another_service_is_not_for_s3(s3_signed: Any) -> None:
    assert not is_for_s3(s3_signed("GET", URL, at=NOW, service="sagemaker"))
