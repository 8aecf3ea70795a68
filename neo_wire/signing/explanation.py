"""Explains a signature: what was signed, how and when, to be held against what the service says it got.

Source: IAM user guide, "Troubleshoot AWS API request signing".
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import unquote

from attrs import evolve, frozen

from neo_wire.http import HttpRequest
from neo_wire.signing.authorization import declared_payload, read_authorization
from neo_wire.signing.canonical import canonical_request, payload_hash
from neo_wire.signing.sigv4 import DEFAULT, SigningOptions, is_hex_sha256, string_to_sign, without_parameters
from neo_wire.values import Value

PLACEHOLDER: Final = "REDACTED"
"""Stands where a secret was left out."""

_SECRETS: Final = frozenset(
    {
        "authorization",
        "cookie",
        "proxy-authorization",
        "x-amz-access-token",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "x-amz-s3session-token",
        "x-amz-security-token",
        "x-amz-server-side-encryption-customer-key",
        "x-api-key",
    }
)


@frozen(eq=False, repr=False)
class Explanation(Value):
    """How a request was signed, without secrets; `str()` makes a page of it.

    Attributes:
        algorithm: such as `AWS4-HMAC-SHA256`.
        access_key_id: whose signature it is.
        credential_scope: day, region, service.
        signed_at: the time of signing that was used, aware.
        expires: for how many seconds a presigned request is good; None for one signed in its headers.
        signed_headers: names in lower case.
        unsigned_headers: names, in lower case, of the headers that are sent without being signed.
        payload_hash: what stands for the body in the canonical request.
        body_hash: the SHA-256 that the body of the request really has, or that the options gave of a streamed one.
        canonical_request: with a placeholder for each secret.
        string_to_sign: as it was signed; its last line is the hash of the canonical request with the secrets in it.
        redacted: the headers and query parameters, in lower case, whose values were replaced in the canonical request.
    """

    algorithm: str
    access_key_id: str
    credential_scope: str
    signed_at: datetime
    expires: int | None
    signed_headers: tuple[str, ...]
    unsigned_headers: tuple[str, ...]
    payload_hash: str
    body_hash: str
    canonical_request: str
    string_to_sign: str
    redacted: tuple[str, ...]

    def __str__(self) -> str:
        differs = is_hex_sha256(self.payload_hash) and self.body_hash != self.payload_hash
        facts = {
            "algorithm": self.algorithm,
            "access key id": self.access_key_id,
            "credential scope": self.credential_scope,
            "signed at": self.signed_at.isoformat(),
            "expires at": (self.signed_at + timedelta(seconds=self.expires)).isoformat() if self.expires else "",
            "signed headers": ", ".join(self.signed_headers),
            "unsigned headers": ", ".join(self.unsigned_headers) or "none",
            "payload hash": self.payload_hash,
            "hash of the body": self.body_hash if differs else "",
        }
        page = [f"{name + ':':<18}{value}" for name, value in facts.items() if value]
        note = f" ({PLACEHOLDER}: {', '.join(self.redacted)})" if self.redacted else ""
        return "\n".join(
            [*page, "", f"canonical request{note}:", self.canonical_request, "", "string to sign:", self.string_to_sign]
        )


def explain(request: HttpRequest, options: SigningOptions = DEFAULT) -> Explanation:
    """Show how a request, signed in its headers or presigned, was signed; for one that a service refused with a 403.

    The canonical request is made anew of the request as it is given: so of one that was changed after signing, it is
    what the service saw.

    Args:
        request: with its signature.
        options: those that it was signed with.

    Raises:
        SigningError: the request has no signature, or one that is malformed.
    """
    claim = read_authorization(request)
    given = options.payload or ""
    body_hash = given if is_hex_sha256(given) else payload_hash(request.body)
    payload = declared_payload(request, claim.presigned, options) or body_hash
    query = request.url.query
    if claim.presigned:
        unsigned = {"X-Amz-Signature"} if options.sign_session_token else {"X-Amz-Signature", "X-Amz-Security-Token"}
        query = without_parameters(query, unsigned)

    def canonical(request: HttpRequest, query: str) -> str:
        return canonical_request(
            evolve(request, url=evolve(request.url, query=query)),
            payload,
            normalize_path=options.normalize_path,
            double_encode_path=options.double_encode_path,
            signed_headers=claim.signed_headers,
        )

    sent = [name.lower() for name, _ in request.headers]
    shown = evolve(
        request,
        headers=tuple([(name, PLACEHOLDER if name.lower() in _SECRETS else value) for name, value in request.headers]),
    )
    parameters = [unquote(part.partition("=")[0]).lower() for part in query.split("&")]
    return Explanation(
        algorithm=claim.algorithm,
        access_key_id=claim.access_key_id,
        credential_scope=claim.credential_scope,
        signed_at=claim.signed_at,
        expires=claim.expires,
        signed_headers=claim.signed_headers,
        unsigned_headers=tuple(sorted(set(sent).difference(claim.signed_headers, {"authorization"}))),
        payload_hash=payload,
        body_hash=body_hash,
        canonical_request=canonical(shown, _redacted(query)),
        string_to_sign=string_to_sign(claim.algorithm, claim.date, claim.credential_scope, canonical(request, query)),
        redacted=tuple(sorted(_SECRETS.intersection([*claim.signed_headers, *parameters]))),
    )


def _redacted(query: str) -> str:
    parts = []
    for part in query.split("&"):
        name = part.partition("=")[0]
        parts.append(f"{name}={PLACEHOLDER}" if unquote(name).lower() in _SECRETS else part)
    return "&".join(parts)
