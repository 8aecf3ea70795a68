"""Reading a signature: of each algorithm of the family, in headers and in the query."""

from __future__ import annotations

import copy
import pickle
from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing import Credentials, Refusal, Scope, presign, read_authorization, sign
from neo_wire.signing.authorization import Refused

AT = datetime(2026, 1, 1, 12, 30, 59, tzinfo=UTC)
CREDENTIALS = Credentials("AKID/EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "TOKEN/+==")
SCOPE = Scope("us-west-2", "sagemaker")
GET = HttpRequest("GET", Url.parse("https://example.com/?a=1"))


def signed_with(algorithm: str, credential: str, *headers: tuple[str, str], signature: str = "3045") -> HttpRequest:
    value = f"{algorithm} Credential={credential}, SignedHeaders=host;x-amz-date, Signature={signature}"
    return evolve(GET, headers=(("X-Amz-Date", "20260101T123059Z"), ("Authorization", value), *headers))


def test_a_signature_in_headers_is_read() -> None:
    signed = sign(GET, CREDENTIALS, SCOPE, AT)
    found = read_authorization(signed)
    assert (found.algorithm, found.access_key_id) == ("AWS4-HMAC-SHA256", "AKID/EXAMPLE")
    assert (found.short_date, found.region, found.service) == ("20260101", "us-west-2", "sagemaker")
    assert found.credential_scope == "20260101/us-west-2/sagemaker/aws4_request"
    assert found.signed_headers == ("host", "x-amz-date", "x-amz-security-token")
    assert (found.date, found.signed_at) == ("20260101T123059Z", AT)
    assert (found.expires, found.presigned, found.session_token) == (None, False, "TOKEN/+==")
    assert (signed.header("authorization") or "").endswith(found.signature)


def test_a_signature_in_the_query_is_read() -> None:
    found = read_authorization(presign(GET, CREDENTIALS, SCOPE, AT, expires=timedelta(hours=2)).to_request())
    assert (found.access_key_id, found.credential_scope) == ("AKID/EXAMPLE", SCOPE.credential_scope("20260101"))
    assert (found.signed_headers, found.signed_at) == (("host",), AT)
    assert (found.expires, found.presigned, found.session_token) == (7200, True, "TOKEN/+==")


def test_the_scope_of_sigv4a_has_no_region_but_a_region_set() -> None:
    request = signed_with(
        "AWS4-ECDSA-P256-SHA256", "AKID/20260101/s3/aws4_request", ("X-Amz-Region-Set", "us-*,eu-west-1")
    )
    found = read_authorization(request)
    assert (found.access_key_id, found.region, found.service) == ("AKID", "", "s3")
    assert found.credential_scope == "20260101/s3/aws4_request"
    assert found.region_set == "us-*,eu-west-1"


def test_a_signature_of_sigv4a_needs_a_region_set() -> None:
    with pytest.raises(Refused, match="lacks X-Amz-Region-Set") as refused:
        read_authorization(signed_with("AWS4-ECDSA-P256-SHA256", "AKID/20260101/s3/aws4_request"))
    assert refused.value.refusal is Refusal.MALFORMED


@pytest.mark.parametrize("regions", ["us-east-?", "[a-z]*", "us-east-1,", ",", "us east", "a" * 64, "us-east-1;*"])
def test_a_region_set_that_no_signer_writes_is_refused(regions: str) -> None:
    request = signed_with("AWS4-ECDSA-P256-SHA256", "AKID/20260101/s3/aws4_request", ("X-Amz-Region-Set", regions))
    with pytest.raises(Refused, match="X-Amz-Region-Set is not a list of regions") as refused:
        read_authorization(request)
    assert refused.value.refusal is Refusal.MALFORMED


def test_the_key_of_an_x509_signature_is_a_serial_number() -> None:
    request = signed_with("AWS4-X509-RSA-SHA256", "123456789/20260101/eu-west-1/rolesanywhere/aws4_request")
    found = read_authorization(request)
    assert (found.access_key_id, found.service, found.region_set) == ("123456789", "rolesanywhere", None)


@pytest.mark.parametrize(
    "date", ["Thu, 01 Jan 2026 12:30:59 GMT", "Thu, 01 Jan 2026 12:30:59 -0000", "20260101T123059Z"]
)
def test_a_date_header_stands_for_x_amz_date(date: str) -> None:
    request = sign(GET, CREDENTIALS, SCOPE, AT)
    headers = tuple((("Date", date) if name == "X-Amz-Date" else (name, value)) for name, value in request.headers)
    assert read_authorization(evolve(request, headers=headers)).signed_at == AT


@pytest.mark.parametrize("date", ["Thu, 31 Feb 2026 12:30:59 GMT", "Thu, 01 Jan 2026 12:30:59 +0100", "1767270659"])
def test_a_date_header_in_another_form_is_refused(date: str) -> None:
    request = sign(GET, CREDENTIALS, SCOPE, AT)
    headers = tuple((("Date", date) if name == "X-Amz-Date" else (name, value)) for name, value in request.headers)
    with pytest.raises(Refused) as refused:
        read_authorization(evolve(request, headers=headers))
    assert refused.value.refusal is Refusal.DATE_MALFORMED


def test_all_that_lacks_is_said_at_once() -> None:
    request = evolve(GET, url=Url.parse("https://example.com/?X-Amz-Signature=00&X-Amz-Date="))
    with pytest.raises(SigningError) as refused:
        read_authorization(request)
    assert str(refused.value) == (
        "the query lacks X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires, X-Amz-SignedHeaders"
    )


def test_what_a_stranger_sent_is_shown_short_and_on_one_line() -> None:
    request = signed_with("AWS4-HMAC-SHA256", "AKID/20260101/r/s/aws4_request", signature="0" * 64)
    long = evolve(request, headers=(("X-Amz-Date", "x\n" * 500), *request.headers[1:]))
    with pytest.raises(Refused) as refused:
        read_authorization(long)
    assert len(str(refused.value)) < 150
    assert "\n" not in str(refused.value)


def test_neither_token_nor_signature_are_in_a_repr() -> None:
    found = read_authorization(sign(GET, CREDENTIALS, SCOPE, AT))
    assert found.signature not in repr(found)
    assert "TOKEN" not in repr(found)


def test_a_refusal_pickles_and_copies() -> None:
    refused = Refused(Refusal.NO_SIGNATURE, "there is none")
    for same in (pickle.loads(pickle.dumps(refused)), copy.copy(refused)):  # noqa: S301  # made here
        assert (type(same), same.refusal, str(same)) == (Refused, Refusal.NO_SIGNATURE, "there is none")
