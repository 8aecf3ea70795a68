"""Verification of SigV4A: by the public key, for the regions that were signed, with the reason for each refusal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from attrs import evolve

from neo_wire.http import HttpRequest, Url
from neo_wire.signing import sigv4a
from neo_wire.signing.authorization import Refusal
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import S3, Scope
from neo_wire.signing.verification import verify

KEY = "AKIDEXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
CREDENTIALS = Credentials(KEY, SECRET)
TEMPORARY = Credentials(KEY, SECRET, "TOKEN/+==")
SCOPE = Scope("us-east-1", "service")
AT = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)


def get(url: str, method: str = "GET", body: bytes = b"") -> HttpRequest:
    return HttpRequest(method, Url.parse(url), (), body)


@pytest.mark.parametrize(
    ("expected", "refusal"),
    [
        (Scope("us-east-1", "service"), None),
        (Scope("eu-west-3", "service"), None),
        (Scope("eu-west-1", "service"), Refusal.WRONG_SCOPE),
        (Scope("us-east-1", "s3"), Refusal.WRONG_SCOPE),
    ],
)
def test_a_signature_is_good_for_its_regions_only(expected: Scope, refusal: Refusal | None) -> None:
    request, regions = get("https://example.com/"), ["us-east-1", "eu-west-3"]
    signed = sigv4a.sign(request, CREDENTIALS, SCOPE, AT, regions=regions)
    presigned = sigv4a.presign(request, CREDENTIALS, SCOPE, AT, regions=regions).to_request()
    for each in (signed, presigned):
        assert verify(each, {KEY: CREDENTIALS}.get, AT, scope=expected).refusal == refusal


def test_changed_requests_are_refused_with_the_reason() -> None:
    lookup = {KEY: TEMPORARY, "AKIDOTHER": CREDENTIALS}.get
    signed = sigv4a.sign(get("https://example.com/a?b=c", method="POST", body=b"x"), TEMPORARY, SCOPE, AT)

    def refusal(request: HttpRequest, at: datetime = AT) -> Refusal | None:
        return verify(request, lookup, at).refusal

    def with_header(name: str, old: str, new: str) -> HttpRequest:
        changed = [(each, value.replace(old, new) if each == name else value) for each, value in signed.headers]
        return evolve(signed, headers=tuple(changed))

    assert refusal(signed) is None
    assert refusal(evolve(signed, body=b"y")) == Refusal.SIGNATURE_DIFFERS
    assert refusal(evolve(signed, method="PUT")) == Refusal.SIGNATURE_DIFFERS
    assert refusal(evolve(signed, url=Url.parse("https://example.com/a?b=d"))) == Refusal.SIGNATURE_DIFFERS
    assert refusal(with_header("X-Amz-Region-Set", "us-east-1", "*")) == Refusal.SIGNATURE_DIFFERS
    assert refusal(with_header("Authorization", ";x-amz-region-set", "")) == Refusal.HEADER_UNSIGNED
    assert refusal(with_header("Authorization", KEY, "AKIDNOBODY")) == Refusal.UNKNOWN_KEY
    assert refusal(with_header("X-Amz-Security-Token", "TOKEN", "TAKEN")) == Refusal.TOKEN_DIFFERS
    assert refusal(with_header("Authorization", "Signature=30", "Signature=31")) == Refusal.SIGNATURE_DIFFERS
    assert refusal(signed, AT + timedelta(hours=1)) == Refusal.EXPIRED
    presigned = sigv4a.presign(get("https://example.com/"), TEMPORARY, SCOPE, AT, expires=60).to_request()
    assert refusal(presigned) is None
    assert refusal(presigned, AT + timedelta(seconds=60)) == Refusal.PRESIGN_EXPIRED
    longer = evolve(presigned.url, query=presigned.url.query.replace("Expires=60", "Expires=600"))
    assert refusal(evolve(presigned, url=longer)) == Refusal.SIGNATURE_DIFFERS


def test_presigned_get_of_s3() -> None:
    request = get("https://b.s3.amazonaws.com/a%20b//c")
    presigned = sigv4a.presign(request, CREDENTIALS, Scope("us-east-1", "s3"), AT, options=S3, regions="*")
    outcome = verify(presigned.to_request(), {KEY: CREDENTIALS}.get, AT, scope=Scope("eu-west-1", "s3"), options=S3)
    assert outcome, outcome.message
    assert "X-Amz-Region-Set=%2A&" in presigned.url
    assert f"X-Amz-Algorithm={sigv4a.ALGORITHM}&" in presigned.url
    assert "Signature" not in repr(presigned)


@pytest.mark.parametrize("spoiled", ["", "zz", "é", "30", "00" * 70])
def test_what_is_no_signature_is_none(spoiled: str) -> None:
    assert not sigv4a.is_signature(spoiled, "text", sigv4a.derive_key_pair(KEY, SECRET).public_key)


def test_a_signature_is_lower_hex_alone() -> None:
    pair = sigv4a.derive_key_pair(KEY, SECRET)
    good = sigv4a.signature("text", pair)
    assert sigv4a.is_signature(good, "text", pair.public_key)
    assert not sigv4a.is_signature(good.upper(), "text", pair.public_key)
    assert not sigv4a.is_signature(f"{good[:2]} {good[2:]}", "text", pair.public_key)
    assert not sigv4a.is_signature(good, "text", sigv4a.derive_key_pair("AKIDOTHER", SECRET).public_key)
