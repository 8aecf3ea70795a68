"""Whether S3 accepts a request, or the error that it answers when the signature is not acceptable.

Source: Amazon S3 user guide, "Authenticating Requests (AWS Signature Version 4)"; S3 API reference, error responses.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, NoReturn

from neo_wire.errors import ServiceError
from neo_wire.http import HttpRequest
from neo_wire.local.authentication import REGION
from neo_wire.signing.authorization import Authorization, Refusal, Refused, read_authorization
from neo_wire.signing.sigv4 import ALGORITHM, S3, Scope
from neo_wire.signing.verification import Lookup, verify

_SERVICE: Final = "s3"
_DENIED: Final = ("AccessDenied", 403)
_HEADER: Final = ("AuthorizationHeaderMalformed", 400)
_INVALID: Final = ("InvalidRequest", 400)

# The code and the status of each refusal, and S3's own words where clients look for them; else the verifier's.
_ANSWERS: Final[dict[Refusal, tuple[tuple[str, int], str | None]]] = {
    Refusal.NO_SIGNATURE: (_DENIED, "Access Denied"),
    Refusal.MALFORMED: (_HEADER, None),
    Refusal.UNSUPPORTED_ALGORITHM: (_INVALID, None),
    Refusal.WRONG_SCOPE: (_HEADER, None),
    Refusal.SIGNED_HEADER_MISSING: (_DENIED, None),
    Refusal.HEADER_UNSIGNED: (_DENIED, None),
    Refusal.DATE_MISSING: (_DENIED, None),
    Refusal.DATE_MALFORMED: (_DENIED, None),
    Refusal.DATE_DIFFERS: (_HEADER, None),
    Refusal.EXPIRED: (("RequestTimeTooSkewed", 403), None),
    Refusal.NOT_YET_CURRENT: (("RequestTimeTooSkewed", 403), None),
    Refusal.PRESIGN_EXPIRED: (_DENIED, "Request has expired"),
    Refusal.EXPIRY_OUT_OF_BOUNDS: (("AuthorizationQueryParametersError", 400), None),
    Refusal.PAYLOAD_DIFFERS: (("XAmzContentSHA256Mismatch", 400), None),
    Refusal.PAYLOAD_UNSIGNED: (_INVALID, None),
    Refusal.UNKNOWN_KEY: (
        ("InvalidAccessKeyId", 403),
        "The AWS Access Key Id you provided does not exist in our records.",
    ),
    Refusal.TOKEN_MISSING: (("InvalidToken", 400), "The provided token is malformed or otherwise invalid."),
    Refusal.TOKEN_DIFFERS: (("InvalidToken", 400), "The provided token is malformed or otherwise invalid."),
    Refusal.CREDENTIALS_EXPIRED: (("ExpiredToken", 400), "The provided token has expired."),
    Refusal.SIGNATURE_DIFFERS: (
        ("SignatureDoesNotMatch", 403),
        "The request signature we calculated does not match the signature you provided. Check your key.",
    ),
}


def is_for_s3(request: HttpRequest) -> bool:
    """Whether a request is signed for S3 and names no operation, or is unsigned and reads something below the root."""
    if request.header("x-amz-target") is not None:
        return False
    try:
        return read_authorization(request).service == _SERVICE
    except Refused as refused:
        unsigned = refused.refusal is Refusal.NO_SIGNATURE
        return unsigned and request.method in ("GET", "HEAD") and request.url.path != "/"


def authenticate(request: HttpRequest, lookup: Lookup, at: datetime, region: str | None) -> None:
    """Accept a request that is signed as S3 wants it, in its headers or presigned, by one of the accepted key pairs.

    Args:
        request: as it was received.
        lookup: gives the credentials of an access key id.
        at: the time now, aware.
        region: the only one that is served; None for any.

    Raises:
        ServiceError: the request is not accepted; with the code, the status and the message of S3.
    """
    try:
        claim = read_authorization(request)
        if claim.algorithm != ALGORITHM:
            message = f"The authorization mechanism you have provided is not supported. Please use {ALGORITHM}."
            raise Refused(Refusal.UNSUPPORTED_ALGORITHM, message)
        scope = _scope(claim, region)
    except Refused as refused:
        _refuse(refused.refusal, str(refused))
    if not claim.presigned and request.header("x-amz-content-sha256") is None:
        raise ServiceError("Missing required header for this request: x-amz-content-sha256", code=_INVALID[0])
    verification = verify(request, lookup, at, scope=scope, options=S3, allow_unsigned_over_http=True)
    if verification.refusal is not None:
        _refuse(verification.refusal, verification.message)


def _scope(claim: Authorization, region: str | None) -> Scope:
    if region is not None and claim.region != region:
        raise ServiceError(
            f"The authorization header is malformed; the region '{claim.region[:40]}' is wrong; expecting '{region}'",
            code=_HEADER[0],
            headers=(("x-amz-bucket-region", region),),
            detail=(("Region", region),),
        )
    if claim.service != _SERVICE:
        message = f"The authorization header is malformed; incorrect service. This endpoint belongs to '{_SERVICE}'."
        raise Refused(Refusal.WRONG_SCOPE, message)
    if not REGION.fullmatch(claim.region):
        raise Refused(Refusal.MALFORMED, f"The authorization header is malformed; {claim.region[:40]!r} is no region")
    return Scope(claim.region, claim.service)


def _refuse(refusal: Refusal, message: str) -> NoReturn:
    (code, status), words = _ANSWERS[refusal]
    raise ServiceError(words or message, code=code, status=status) from None
