"""Every reason not to accept a request, each with AWS's code and status; the requests are signed by botocore."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from neo_wire.errors import ServiceError
from neo_wire.http import HttpRequest
from neo_wire.local import EXAMPLE_CREDENTIALS, authentication
from neo_wire.local.authentication import authenticate
from neo_wire.signing.authorization import Refusal
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.verification import Verification

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEMPORARY = Credentials("ASIAEXAMPLE", "secret", "TOKEN/+==", expiration=AT + timedelta(hours=1))
PAIRS = {one.access_key_id: one for one in (EXAMPLE_CREDENTIALS, TEMPORARY)}
INVALID, INCOMPLETE = "InvalidSignatureException", "IncompleteSignatureException"
UNRECOGNIZED, TOKEN_INVALID = "UnrecognizedClientException", "The security token included in the request is invalid."

Signed = Callable[..., HttpRequest]


def refusal(request: HttpRequest, *, at: datetime = AT, region: str | None = None) -> tuple[str, int, str]:
    with pytest.raises(ServiceError) as caught:
        authenticate(request, PAIRS.get, at, region)
    return caught.value.code, caught.value.status, caught.value.message


def with_header(request: HttpRequest, name: str, value: str | None) -> HttpRequest:
    kept = tuple(header for header in request.headers if header[0].lower() != name.lower())
    return attrs.evolve(request, headers=kept if value is None else (*kept, (name, value)))


def authorization(request: HttpRequest, old: str, new: str) -> HttpRequest:
    value = request.header("authorization")
    assert value is not None
    assert old in value
    return with_header(request, "Authorization", value.replace(old, new))


@pytest.mark.parametrize("credentials", PAIRS.values())
@pytest.mark.parametrize("region", ["eu-west-1", "us-gov-west-1", "local"])
def test_tells_the_region_of_a_good_request(signed: Signed, credentials: Credentials, region: str) -> None:
    request = signed("ListCompilationJobs", at=AT, credentials=credentials, region=region)
    assert authenticate(request, PAIRS.get, AT, None) == region
    assert authenticate(request, PAIRS.get, AT, region) == region


def test_a_wrong_secret(signed: Signed) -> None:
    request = signed("ListCompilationJobs", at=AT, credentials=Credentials("AKIDEXAMPLE", "another"))
    code, status, message = refusal(request)
    assert (code, status) == (INVALID, 403)
    assert message == (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details."
    )


def test_a_changed_body_header_or_query(signed: Signed) -> None:
    request = signed("ListCompilationJobs", at=AT)
    for changed in (
        attrs.evolve(request, body=b'{"MaxResults":1}'),
        with_header(request, "X-Amz-Target", "SageMaker.DeleteCompilationJob"),
        with_header(request, "Host", "example.com"),
        attrs.evolve(request, url=attrs.evolve(request.url, query="a=1")),
        attrs.evolve(request, method="PUT"),
    ):
        code, status, message = refusal(changed)
        assert (code, status) == (INVALID, 403)
        assert message.startswith("The request signature we calculated does not match")


@pytest.mark.parametrize(("minutes", "says"), [(16, "Signature expired: "), (-16, "Signature not yet current: ")])
def test_a_clock_that_is_off(signed: Signed, minutes: int, says: str) -> None:
    request = signed("ListCompilationJobs", at=AT)
    code, status, message = refusal(request, at=AT + timedelta(minutes=minutes))
    assert (code, status) == (INVALID, 403)
    assert message.startswith(f"{says}20260101T120000Z is ")
    assert authenticate(request, PAIRS.get, AT + timedelta(minutes=minutes * 14 / 16), None) == "eu-west-1"


def test_keys_and_tokens(signed: Signed) -> None:
    for credentials in (
        Credentials("AKIDUNKNOWN", "secret"),
        Credentials("ASIAEXAMPLE", "secret"),
        Credentials("ASIAEXAMPLE", "secret", "another"),
        Credentials(
            "AKIDEXAMPLE", EXAMPLE_CREDENTIALS.secret_access_key, "a token that is not asked for".replace(" ", "-")
        ),
    ):
        request = signed("ListCompilationJobs", at=AT, credentials=credentials)
        assert refusal(request) == (UNRECOGNIZED, 403, TOKEN_INVALID)
    later = AT + timedelta(hours=1)
    request = signed("ListCompilationJobs", at=later, credentials=TEMPORARY)
    assert refusal(request, at=later) == (
        "ExpiredTokenException",
        403,
        "The security token included in the request is expired",
    )


def test_no_signature(signed: Signed) -> None:
    request = with_header(signed("ListCompilationJobs", at=AT), "Authorization", None)
    assert refusal(request) == ("MissingAuthenticationTokenException", 400, "Missing Authentication Token")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA512"),
        (
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260101/eu-west-1/",
            "AWS4-ECDSA-P256-SHA256 Credential=AKIDEXAMPLE/20260101/",
        ),
        ("AWS4-HMAC-SHA256", "Bearer"),
        ("Credential=", "Name="),
        ("/aws4_request", ""),
        ("Signature=", "Signature=x"),
        ("SignedHeaders=", "SignedHeaders=Z;"),
    ],
)
def test_a_malformed_signature(signed: Signed, old: str, new: str) -> None:
    code, status, message = refusal(authorization(signed("ListCompilationJobs", at=AT), old, new))
    assert (code, status) == (INCOMPLETE, 400)
    assert message


@pytest.mark.parametrize("date", [None, "yesterday"])
def test_a_date_that_is_missing_or_none(signed: Signed, date: str | None) -> None:
    request = with_header(signed("ListCompilationJobs", at=AT), "X-Amz-Date", date)
    code, status, message = refusal(request)
    assert (code, status) == (INCOMPLETE, 400)
    assert "ate" in message


@pytest.mark.parametrize(
    ("old", "new"),
    [("/20260101/", "/20251231/"), ("content-type;", ""), ("host;", ""), ("x-amz-target", "x-amz-tarot")],
)
def test_a_signature_that_does_not_cover_the_request(signed: Signed, old: str, new: str) -> None:
    code, status, _ = refusal(authorization(signed("ListCompilationJobs", at=AT), old, new))
    assert (code, status) == (INVALID, 403)


@pytest.mark.parametrize(
    ("region", "served", "good"),
    [("eu-west-1", "us-east-1", False), ("EU-WEST-1", None, False), ("1", None, False), ("eu-west-1", None, True)],
)
def test_the_region_of_the_scope(signed: Signed, region: str, served: str | None, good: bool) -> None:
    request = signed("ListCompilationJobs", at=AT, region=region)
    if good:
        assert authenticate(request, PAIRS.get, AT, served) == region
    else:
        says = f"Credential should be scoped to a valid region, not '{region}'."
        assert refusal(request, region=served) == (INVALID, 403, says)


def test_the_service_of_the_scope(signed: Signed) -> None:
    request = signed("ListCompilationJobs", at=AT, service="s3")
    assert refusal(request) == (INVALID, 403, "Credential should be scoped to correct service: 'sagemaker'.")


def test_the_end_of_the_scope(signed: Signed) -> None:
    code, status, message = refusal(authorization(signed("ListCompilationJobs", at=AT), "aws4_request", "aws5_request"))
    assert (code, status) == (INVALID, 403)
    assert "'aws5_request'" in message


@pytest.mark.parametrize("refused", Refusal)
def test_every_refusal_has_an_answer(signed: Signed, monkeypatch: pytest.MonkeyPatch, refused: Refusal) -> None:
    def verify(*_args: Any, **_kwargs: Any) -> Verification:
        return Verification(refused, "the reason")

    monkeypatch.setattr(authentication, "verify", verify)
    code, status, message = refusal(signed("ListCompilationJobs", at=AT))
    assert code.endswith("Exception")
    assert status in (400, 403)
    assert message
