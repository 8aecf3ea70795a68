"""Verification: whether a request was signed by someone who knows the secret key, and if not, exactly why.

The check is made over what was received, so a request that was changed on its way is refused.

Source: IAM user guide, "Create a signed AWS API request"; the checks and their messages are those of AWS services.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from attrs import evolve, frozen

from neo_wire.errors import MissingExtra, SigningError
from neo_wire.http import HttpRequest
from neo_wire.signing import sigv4a
from neo_wire.signing.authorization import Authorization, Refusal, Refused, declared_payload, read_authorization
from neo_wire.signing.canonical import canonical_request, payload_hash
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import (
    ALGORITHM,
    DEFAULT,
    UNSIGNED_PAYLOAD,
    Scope,
    SigningOptions,
    hmac_signer,
    is_hex_sha256,
    long_date,
    string_to_sign,
    without_parameters,
)
from neo_wire.values import Value

Lookup: TypeAlias = Callable[[str], Credentials | None]
"""Gives the credentials of an access key id: its secret and, of a temporary one, the session token; None if unknown."""

SignatureCheck: TypeAlias = Callable[[Authorization, str, Credentials], bool]
"""Whether the signature is that of the string to sign under these credentials."""

_UNSIGNED: Final = (UNSIGNED_PAYLOAD, "STREAMING-UNSIGNED-PAYLOAD-TRAILER")
_NOBODY: Final = Credentials("nobody", "a-secret-that-signs-nothing")


@frozen(eq=False, repr=False)
class Verification(Value):
    """The outcome: true when the request is accepted.

    Attributes:
        refusal: why it is not; None when it is.
        message: the same for people, with the part that is wrong and what was expected; empty when it is accepted.
        access_key_id: whose signature it is, or claims to be; None when none could be read.
    """

    refusal: Refusal | None = None
    message: str = ""
    access_key_id: str | None = None

    @property
    def valid(self) -> bool:
        """Whether the request is accepted."""
        return self.refusal is None

    def __bool__(self) -> bool:
        return self.valid


def verify(
    request: HttpRequest,
    lookup: Lookup,
    at: datetime,
    *,
    scope: Scope | None = None,
    options: SigningOptions = DEFAULT,
    max_skew: timedelta = timedelta(minutes=15),
    allow_unsigned_over_http: bool = False,
) -> Verification:
    """Whether a received request, signed in its headers or presigned, is accepted; if not, why.

    No request makes it raise. An unknown key and a wrong signature take the same work, and what is secret is compared
    in constant time. A session token may be signed or added after signing, as its value is compared.

    Args:
        request: as it was received; its URL in the form of the request line, with the scheme it came by.
        lookup: gives the credentials of an access key id.
        at: the time now, aware.
        scope: the region and the service that the signature has to be for; None for any.
        options: those of the service. A hex `payload` stands for the hash of the received body.
        max_skew: how far the time of signing may be from now.
        allow_unsigned_over_http: accept UNSIGNED-PAYLOAD over plain http too.

    Raises:
        SigningError: `at` is naive.
    """
    if at.utcoffset() is None:
        raise SigningError("the time of verification is naive; give it a time zone, such as datetime.now(UTC)")
    now = at.astimezone(UTC).replace(microsecond=0)
    access_key_id = None
    try:
        claim = read_authorization(request)
        access_key_id = claim.access_key_id
        signature_matches = _SIGNATURE_CHECKS.get(claim.algorithm)
        if signature_matches is None:
            raise Refused(Refusal.UNSUPPORTED_ALGORITHM, f"signatures of {claim.algorithm[:40]!r} are not accepted")
        _check_scope(claim, scope)
        _check_time(claim, now, max_skew)
        _check_signed_headers(claim, request, options)
        payload = _payload(claim, request, options, allow_unsigned_over_http)
        strings = _strings_to_sign(claim, request, payload, options)
        credentials = lookup(access_key_id)
        matches = [signature_matches(claim, string, credentials or _NOBODY) for string in strings]
        _check_credentials(claim, credentials, now)
        if not any(matches):
            raise Refused(
                Refusal.SIGNATURE_DIFFERS,
                "the signature is not that of the request as it arrived: the secret key is another one, or the method, "
                "the path, the query, a signed header or the body has changed since it was signed",
            )
    except Refused as refused:
        return Verification(refused.refusal, str(refused), access_key_id)
    except SigningError as malformed:  # a method, path or header that has no canonical form
        return Verification(Refusal.MALFORMED, str(malformed), access_key_id)
    return Verification(access_key_id=access_key_id)


def _check_scope(claim: Authorization, scope: Scope | None) -> None:
    if scope is None:
        return
    if claim.region_set is None:
        regions, good = claim.region, claim.region == scope.region
    else:  # SigV4A
        regions = claim.region_set
        good = any(fnmatchcase(scope.region, pattern.strip()) for pattern in regions.split(","))
    if not good:
        raise Refused(
            Refusal.WRONG_SCOPE, f"the signature is for the region {regions[:40]!r}; {scope.region!r} was expected"
        )
    if claim.service != scope.service:
        raise Refused(
            Refusal.WRONG_SCOPE,
            f"the signature is for the service {claim.service[:40]!r}; {scope.service!r} was expected",
        )


def _check_time(claim: Authorization, now: datetime, max_skew: timedelta) -> None:
    minutes = f"{max_skew.total_seconds() / 60:g} min."
    latest = now + max_skew
    if claim.signed_at > latest:
        raise Refused(
            Refusal.NOT_YET_CURRENT,
            f"Signature not yet current: {claim.date} is still later than {long_date(latest)} "
            f"({long_date(now)} + {minutes})",
        )
    if claim.expires is not None:
        end = claim.signed_at + timedelta(seconds=claim.expires)
        if now >= end:
            raise Refused(
                Refusal.PRESIGN_EXPIRED,
                f"the presigned request expired at {long_date(end)}, {claim.expires} s after it was signed; it is now "
                f"{long_date(now)}",
            )
    elif claim.signed_at < now - max_skew:
        raise Refused(
            Refusal.EXPIRED,
            f"Signature expired: {claim.date} is now earlier than {long_date(now - max_skew)} "
            f"({long_date(now)} - {minutes})",
        )


def _check_signed_headers(claim: Authorization, request: HttpRequest, options: SigningOptions) -> None:
    present = {name.lower() for name, _ in request.headers} | {"host"}
    missing = [name for name in claim.signed_headers if name not in present]
    if missing:
        raise Refused(Refusal.SIGNED_HEADER_MISSING, f"headers that were signed did not arrive: {_listed(missing)}")
    required = {name for name in present if name.startswith("x-amz-") and name != "x-amz-security-token"} | {"host"}
    if not claim.presigned and "x-amz-date" not in present:
        required.add("date")
    if "content-type" in present and not (claim.presigned and options.unsigned_presign):
        required.add("content-type")
    unsigned = sorted(required.difference(claim.signed_headers))
    if unsigned:
        raise Refused(Refusal.HEADER_UNSIGNED, f"headers that must be signed are not: {_listed(unsigned)}")


def _listed(names: list[str]) -> str:
    """Header names that a stranger sent, for a message: short and on one line."""
    text = ", ".join(names).encode("unicode_escape").decode("ascii")
    return text if len(text) <= 200 else text[:200] + "…"


def _payload(claim: Authorization, request: HttpRequest, options: SigningOptions, unsigned_over_http: bool) -> str:
    """What stands for the payload hash in the canonical request, checked against the body."""
    declared = declared_payload(request, claim.presigned, options)
    if declared in _UNSIGNED:
        if request.url.scheme == "https" or unsigned_over_http or (claim.presigned and options.unsigned_presign):
            return declared
        raise Refused(Refusal.PAYLOAD_UNSIGNED, "the payload is not signed, which is accepted over https only")
    given = options.payload or ""
    actual = given if is_hex_sha256(given) else payload_hash(request.body)
    if declared is None:
        return actual
    if not is_hex_sha256(declared):
        raise Refused(
            Refusal.MALFORMED, f"X-Amz-Content-SHA256 is neither a hex SHA-256 in lower case nor {UNSIGNED_PAYLOAD}"
        )
    if not hmac.compare_digest(declared, actual):
        raise Refused(
            Refusal.PAYLOAD_DIFFERS, f"the SHA-256 of the body is {actual}, X-Amz-Content-SHA256 says {declared}"
        )
    return actual


def _strings_to_sign(
    claim: Authorization, request: HttpRequest, payload: str, options: SigningOptions
) -> tuple[str, ...]:
    """All strings that the signature may be of: two when a token in the query may or may not have been signed."""
    queries = [request.url.query]
    if claim.presigned:
        queries = [
            without_parameters(request.url.query, {"X-Amz-Signature"}),
            without_parameters(request.url.query, {"X-Amz-Signature", "X-Amz-Security-Token"}),
        ]
    return tuple(
        string_to_sign(
            claim.algorithm,
            claim.date,
            claim.credential_scope,
            canonical_request(
                evolve(request, url=evolve(request.url, query=query)),
                payload,
                normalize_path=options.normalize_path,
                double_encode_path=options.double_encode_path,
                signed_headers=claim.signed_headers,
            ),
        )
        for query in dict.fromkeys(queries)
    )


def _check_credentials(claim: Authorization, credentials: Credentials | None, now: datetime) -> None:
    if credentials is None:
        raise Refused(Refusal.UNKNOWN_KEY, f"the access key id {claim.access_key_id[:40]!r} is unknown")
    if claim.session_token is None and credentials.session_token is not None:
        raise Refused(Refusal.TOKEN_MISSING, "the key is a temporary one, and the request has no X-Amz-Security-Token")
    if not _same(claim.session_token or "", credentials.session_token or ""):
        raise Refused(Refusal.TOKEN_DIFFERS, "X-Amz-Security-Token is not the session token of this key")
    if credentials.expiration is not None and credentials.expiration <= now:
        raise Refused(Refusal.CREDENTIALS_EXPIRED, f"the credentials expired at {long_date(credentials.expiration)}")


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))


def _hmac_matches(claim: Authorization, to_sign: str, credentials: Credentials) -> bool:
    signer = hmac_signer(credentials.secret_access_key, claim.short_date, claim.region, claim.service)
    return hmac.compare_digest(signer(to_sign), claim.signature)


def _ecdsa_matches(claim: Authorization, to_sign: str, credentials: Credentials) -> bool:
    try:
        key_pair = sigv4a.derive_key_pair(credentials.access_key_id, credentials.secret_access_key)
    except MissingExtra as missing:
        raise Refused(Refusal.UNSUPPORTED_ALGORITHM, str(missing)) from None
    return sigv4a.is_signature(claim.signature, to_sign, key_pair.public_key)


_SIGNATURE_CHECKS: Final[dict[str, SignatureCheck]] = {ALGORITHM: _hmac_matches, sigv4a.ALGORITHM: _ecdsa_matches}
