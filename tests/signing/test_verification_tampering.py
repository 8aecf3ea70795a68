"""Verification: each tampering with a signed or presigned request is refused for its own reason."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.http import HttpRequest
from neo_wire.signing import (
    Refusal,
    SigningOptions,
    presign,
    sign,
    verify,
)
from tests.signing.tampering import DESCRIBE, TEMPORARY, authorization, flipped, header, lookup, query
from tests.signing.vectors import AT, KEY_PAIR, SCOPE, SECRET

# ---- what is refused

Change = Callable[[HttpRequest], HttpRequest]

HEADER_CASES: list[tuple[str, Change, Refusal, str]] = [
    ("none", lambda r: header(r, "Authorization", None), Refusal.NO_SIGNATURE, "neither an Authorization header"),
    (
        "bearer",
        lambda r: header(r, "Authorization", "Bearer s3cr3t"),
        Refusal.UNSUPPORTED_ALGORITHM,
        "no AWS signature",
    ),
    ("empty", lambda r: header(r, "Authorization", ""), Refusal.UNSUPPORTED_ALGORITHM, "no AWS signature"),
    ("other", lambda r: authorization(r, "SHA256", "SHA512"), Refusal.UNSUPPORTED_ALGORITHM, "AWS4-HMAC-SHA512"),
    ("x509", lambda r: authorization(r, "HMAC", "X509-RSA"), Refusal.UNSUPPORTED_ALGORITHM, "AWS4-X509-RSA-SHA256"),
    (
        "two",
        lambda r: evolve(r, headers=(*r.headers, ("authorization", "x"))),
        Refusal.MALFORMED,
        "2 Authorization headers",
    ),
    (
        "lacks",
        lambda r: header(r, "Authorization", "AWS4-HMAC-SHA256 Signature=0"),
        Refusal.MALFORMED,
        "Credential, Sig",
    ),
    ("bare", lambda r: header(r, "Authorization", "AWS4-HMAC-SHA256"), Refusal.MALFORMED, "other parts"),
    ("twice", lambda r: authorization(r, "Signature=", "Signature=0, Signature="), Refusal.MALFORMED, "other parts"),
    ("short", lambda r: authorization(r, "AKIDEXAMPLE/20260101/", ""), Refusal.MALFORMED, "KEY/DATE/REGION/SERVICE/"),
    ("no region", lambda r: authorization(r, "us-west-2", ""), Refusal.MALFORMED, "empty part"),
    ("terminator", lambda r: authorization(r, "aws4_request", "aws5"), Refusal.WRONG_SCOPE, "'aws5', not in 'aws4_req"),
    (
        "region",
        lambda r: authorization(r, "us-west-2", "us-west-1"),
        Refusal.WRONG_SCOPE,
        "'us-west-1'; 'us-west-2' was",
    ),
    ("service", lambda r: authorization(r, "/sagemaker", "/s3"), Refusal.WRONG_SCOPE, "'s3'; 'sagemaker' was"),
    ("wildcard", lambda r: authorization(r, "us-west-2", "us-*"), Refusal.WRONG_SCOPE, "'us-[*]'; 'us-west-2' was"),
    ("day", lambda r: authorization(r, "20260101", "20260102"), Refusal.DATE_DIFFERS, "20260101, .* '20260102'"),
    ("no date", lambda r: header(r, "X-Amz-Date", None), Refusal.DATE_MISSING, "neither an X-Amz-Date"),
    ("bad date", lambda r: header(r, "X-Amz-Date", "yesterday"), Refusal.DATE_MALFORMED, "'yesterday'"),
    ("no such date", lambda r: header(r, "X-Amz-Date", "20260230T000000Z"), Refusal.DATE_MALFORMED, "20260230"),
    (
        "digits",
        lambda r: header(r, "X-Amz-Date", "\uff12\uff10\uff12\uff160101T000000Z"),
        Refusal.DATE_MALFORMED,
        "YYYYMMDD",
    ),
    ("other date", lambda r: header(r, "X-Amz-Date", "20260101T000001Z"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("two dates", lambda r: evolve(r, headers=(*r.headers, ("x-amz-date", "x"))), Refusal.MALFORMED, "2 X-Amz-Date"),
    ("unsorted", lambda r: authorization(r, "content-type;host", "host;content-type"), Refusal.MALFORMED, "sorted"),
    ("upper case", lambda r: authorization(r, ";host", ";Host"), Refusal.MALFORMED, "lower case"),
    ("hex", lambda r: authorization(r, "Signature=", "Signature=G"), Refusal.MALFORMED, "hex"),
    ("length", lambda r: authorization(r, "Signature=", "Signature=0"), Refusal.MALFORMED, "64"),
    ("gone", lambda r: header(r, "X-Amz-Target", None), Refusal.SIGNED_HEADER_MISSING, "x-amz-target"),
    ("host", lambda r: authorization(r, ";host", ""), Refusal.HEADER_UNSIGNED, "not: host$"),
    ("target", lambda r: authorization(r, ";x-amz-target", ""), Refusal.HEADER_UNSIGNED, "not: x-amz-target$"),
    ("x-amz", lambda r: header(r, "X-Amz-Acl", "public-read"), Refusal.HEADER_UNSIGNED, "not: x-amz-acl$"),
    ("type", lambda r: authorization(r, "content-type;", ""), Refusal.HEADER_UNSIGNED, "not: content-type$"),
    ("signature", lambda r: header(r, "Authorization", flipped(r)), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("value", lambda r: header(r, "X-Amz-Target", "SageMaker.Delete"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("method", lambda r: evolve(r, method="PUT"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("path", lambda r: evolve(r, url=evolve(r.url, path="/v1/job")), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("query", lambda r: query(r, "a=1", "a=2"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("parameter", lambda r: query(r, "a=1", "a=1&c"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("to", lambda r: header(r, "Host", "evil.example.com"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("body", lambda r: evolve(r, body=b"{}"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("key", lambda r: authorization(r, "AKIDEXAMPLE", "AKIDOTHER"), Refusal.UNKNOWN_KEY, "'AKIDOTHER' is unknown"),
    ("token", lambda r: header(r, "X-Amz-Security-Token", "T"), Refusal.TOKEN_DIFFERS, "not the session token"),
    ("whose", lambda r: authorization(r, "AKIDEXAMPLE", "ASIDEXAMPLE"), Refusal.TOKEN_MISSING, "temporary"),
    ("header name", lambda r: header(r, "X Y", "z"), Refusal.MALFORMED, "no header name"),
    ("line", lambda r: header(r, "X-A", "a\r\nb"), Refusal.MALFORMED, "control character"),
    ("verb", lambda r: evolve(r, method="GET /"), Refusal.MALFORMED, "no HTTP method"),
    (
        "both",
        lambda r: evolve(r, url=presign(DESCRIBE, KEY_PAIR, SCOPE, AT).to_request().url),
        Refusal.MALFORMED,
        "in its Authorization header and in its query",
    ),
]


@pytest.mark.parametrize(
    ("change", "refusal", "message"), [c[1:] for c in HEADER_CASES], ids=[c[0] for c in HEADER_CASES]
)
def test_a_tampering_with_a_signed_request_is_refused_for_its_reason(
    change: Change, refusal: Refusal, message: str
) -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    assert verify(signed, lookup, AT, scope=SCOPE)
    outcome = verify(change(signed), lookup, AT, scope=SCOPE)
    assert outcome.refusal is refusal, outcome.message
    assert not outcome
    assert re.search(message, outcome.message), outcome.message


QUERY_CASES: list[tuple[str, Change, Refusal, str]] = [
    ("credential", lambda r: query(r, "X-Amz-Credential", "Credential"), Refusal.MALFORMED, "lacks X-Amz-Credential$"),
    ("none", lambda r: query(r, "X-Amz-", "Amz-"), Refusal.NO_SIGNATURE, "neither"),
    ("no expiry", lambda r: query(r, "X-Amz-Expires=60", ""), Refusal.MALFORMED, "lacks X-Amz-Expires$"),
    ("no date", lambda r: query(r, "X-Amz-Date", "Date"), Refusal.MALFORMED, "lacks X-Amz-Date$"),
    ("twice", lambda r: query(r, "a=1", "X-Amz-Signature=0"), Refusal.MALFORMED, "'X-Amz-Signature' twice"),
    ("algorithm", lambda r: query(r, "SHA256", "MD5"), Refusal.UNSUPPORTED_ALGORITHM, "AWS4-HMAC-MD5"),
    ("zero", lambda r: query(r, "s=60", "s=0"), Refusal.EXPIRY_OUT_OF_BOUNDS, "'0', not a number from 1 to 604800"),
    ("too long", lambda r: query(r, "s=60", "s=604801"), Refusal.EXPIRY_OUT_OF_BOUNDS, "604801"),
    ("a word", lambda r: query(r, "s=60", "s=forever"), Refusal.EXPIRY_OUT_OF_BOUNDS, "'forever'"),
    ("region", lambda r: query(r, "us-west-2", "us-west-1"), Refusal.WRONG_SCOPE, "'us-west-1'; 'us-west-2' was"),
    ("longer", lambda r: query(r, "s=60", "s=61"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("parameter", lambda r: query(r, "a=1", "a=2"), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("header", lambda r: header(r, "X-Amz-Acl", "public-read"), Refusal.HEADER_UNSIGNED, "not: x-amz-acl$"),
    ("gone", lambda r: header(r, "Content-Type", None), Refusal.SIGNED_HEADER_MISSING, "content-type"),
    ("body", lambda r: evolve(r, body=b""), Refusal.SIGNATURE_DIFFERS, "has changed"),
    ("key", lambda r: query(r, "ASIDEXAMPLE", "ASIDOTHER"), Refusal.UNKNOWN_KEY, "'ASIDOTHER' is unknown"),
    ("token", lambda r: query(r, "=TOKEN", "=token"), Refusal.TOKEN_DIFFERS, "not the session token"),
    ("no token", lambda r: query(r, "X-Amz-Security-Token", "x"), Refusal.TOKEN_MISSING, "temporary"),
]


@pytest.mark.parametrize(
    ("change", "refusal", "message"), [c[1:] for c in QUERY_CASES], ids=[c[0] for c in QUERY_CASES]
)
@pytest.mark.parametrize("sign_session_token", [True, False])
def test_a_tampering_with_a_presigned_request_is_refused_for_its_reason(
    change: Change, refusal: Refusal, message: str, sign_session_token: bool
) -> None:
    options = SigningOptions(sign_session_token=sign_session_token)
    presigned = presign(DESCRIBE, TEMPORARY, SCOPE, AT, expires=60, options=options).to_request()
    assert verify(presigned, lookup, AT, scope=SCOPE)
    outcome = verify(change(presigned), lookup, AT, scope=SCOPE)
    assert outcome.refusal is refusal, outcome.message
    assert re.search(message, outcome.message), outcome.message


def test_names_that_a_stranger_chose_are_told_short_and_on_one_line() -> None:
    signed = sign(DESCRIBE, KEY_PAIR, SCOPE, AT)
    broken = verify(header(signed, "x-amz-\r\nERROR", "x"), lookup, AT)
    assert (broken.refusal, "\n" in broken.message) == (Refusal.HEADER_UNSIGNED, False)
    many = ";".join(f"a{number:04}" for number in range(1000))
    absent = verify(authorization(signed, "SignedHeaders=", f"SignedHeaders={many};"), lookup, AT)
    assert absent.refusal is Refusal.SIGNED_HEADER_MISSING
    assert len(absent.message) < 300


def test_no_outcome_holds_a_secret_or_the_signature_that_was_expected() -> None:
    credentials = evolve(TEMPORARY, access_key_id="AKIDEXAMPLE")
    signed = sign(DESCRIBE, credentials, SCOPE, AT)
    expected = (signed.header("authorization") or "")[-64:]
    for _, change, _, _ in HEADER_CASES:
        outcome = verify(change(signed), lambda _: credentials, AT, scope=SCOPE)
        shown = repr(outcome) + str(outcome)
        assert not any(secret in shown for secret in (SECRET, "TOKEN/+==", expected, "s3cr3t"))


@settings(max_examples=300)
@given(st.booleans(), st.integers(0, 400), st.characters(), st.sampled_from(["insert", "delete", "replace"]))
def test_any_change_of_one_character_of_a_signature_is_refused_or_means_nothing(
    presigned: bool, place: int, character: str, how: str
) -> None:
    request = (
        presign(DESCRIBE, TEMPORARY, SCOPE, AT, expires=60).to_request()
        if presigned
        else sign(DESCRIBE, TEMPORARY, SCOPE, AT)
    )
    text = request.url.query if presigned else request.header("authorization") or ""
    place %= len(text)
    after = text[place + (how != "insert") :]
    changed = text[:place] + (character if how != "delete" else "") + after
    other = (
        evolve(request, url=evolve(request.url, query=changed))
        if presigned
        else header(request, "Authorization", changed)
    )
    if verify(other, lookup, AT, scope=SCOPE):
        # Only space between the parts, an empty parameter, or another form of the same character means nothing.
        same = text.replace(" ", "") == changed.replace(" ", "").replace("\t", "")
        assert same or (presigned and {*text.split("&")} ^ {*changed.split("&")} <= {"", "b=%7e", "b=%7E"})
