"""Who signed a request, or the error that AWS answers when nobody acceptable did.

Source: IAM user guide, "Troubleshoot AWS API request signing"; AWS API reference, common errors.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, NoReturn

from neo_wire.errors import ServiceError
from neo_wire.http import HttpRequest
from neo_wire.shapes.operations import SAGEMAKER
from neo_wire.signing.authorization import Authorization, Refusal, Refused, read_authorization
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import ALGORITHM, Scope
from neo_wire.signing.verification import Lookup, verify

EXAMPLE_CREDENTIALS: Final = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
"""The key pair of AWS's documentation, which the service accepts unless it is told otherwise."""

REGION: Final = re.compile(r"[a-z][a-z0-9-]{0,61}[a-z0-9]")
"""What a region that the service knows looks like; no more than what an ARN takes."""

_INVALID: Final = ("InvalidSignatureException", 403)
_INCOMPLETE: Final = ("IncompleteSignatureException", 400)
_UNRECOGNIZED: Final = ("UnrecognizedClientException", 403)

_TOKEN_INVALID: Final = "The security token included in the request is invalid."  # noqa: S105  # AWS's words, no token
_DIFFERS: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)

# The code and the status of each refusal, and AWS's own words where clients look for them; else the verifier's.
_ANSWERS: Final[dict[Refusal, tuple[tuple[str, int], str | None]]] = {
    Refusal.NO_SIGNATURE: (("MissingAuthenticationTokenException", 400), "Missing Authentication Token"),
    Refusal.MALFORMED: (_INCOMPLETE, None),
    Refusal.UNSUPPORTED_ALGORITHM: (_INCOMPLETE, None),
    Refusal.WRONG_SCOPE: (_INVALID, None),
    Refusal.SIGNED_HEADER_MISSING: (_INVALID, None),
    Refusal.HEADER_UNSIGNED: (_INVALID, None),
    Refusal.DATE_MISSING: (_INCOMPLETE, None),
    Refusal.DATE_MALFORMED: (_INCOMPLETE, None),
    Refusal.DATE_DIFFERS: (_INVALID, None),
    Refusal.EXPIRED: (_INVALID, None),
    Refusal.NOT_YET_CURRENT: (_INVALID, None),
    Refusal.PRESIGN_EXPIRED: (_INVALID, None),
    Refusal.EXPIRY_OUT_OF_BOUNDS: (_INCOMPLETE, None),
    Refusal.PAYLOAD_DIFFERS: (_INVALID, None),
    Refusal.PAYLOAD_UNSIGNED: (_INVALID, None),
    Refusal.UNKNOWN_KEY: (_UNRECOGNIZED, _TOKEN_INVALID),
    Refusal.TOKEN_MISSING: (_UNRECOGNIZED, _TOKEN_INVALID),
    Refusal.TOKEN_DIFFERS: (_UNRECOGNIZED, _TOKEN_INVALID),
    Refusal.CREDENTIALS_EXPIRED: (
        ("ExpiredTokenException", 403),
        "The security token included in the request is expired",
    ),
    Refusal.SIGNATURE_DIFFERS: (_INVALID, _DIFFERS),
}


def authenticate(request: HttpRequest, lookup: Lookup, at: datetime, region: str | None) -> str:
    """The region that a request was signed for, by one of the accepted key pairs.

    Args:
        request: as it was received.
        lookup: gives the credentials of an access key id.
        at: the time now, aware.
        region: the only one that is served; None for any.

    Raises:
        ServiceError: the request is not accepted; with the code, the status and the message of AWS.
    """
    try:
        claim = read_authorization(request)
        if claim.algorithm != ALGORITHM:
            raise Refused(Refusal.UNSUPPORTED_ALGORITHM, f"signatures of {claim.algorithm[:40]!r} are not accepted")
        scope = _scope(claim, region)
    except Refused as refused:
        _refuse(refused.refusal, str(refused))
    verification = verify(request, lookup, at, scope=scope)
    if verification.refusal is not None:
        _refuse(verification.refusal, verification.message)
    return claim.region


def _scope(claim: Authorization, region: str | None) -> Scope:
    if claim.region != region if region is not None else not REGION.fullmatch(claim.region):
        raise Refused(Refusal.WRONG_SCOPE, f"Credential should be scoped to a valid region, not {claim.region[:40]!r}.")
    if claim.service != SAGEMAKER.signing_name:
        raise Refused(
            Refusal.WRONG_SCOPE, f"Credential should be scoped to correct service: {SAGEMAKER.signing_name!r}."
        )
    return Scope(claim.region, claim.service)


def _refuse(refusal: Refusal, message: str) -> NoReturn:
    (code, status), words = _ANSWERS[refusal]
    raise ServiceError(words or message, code=code, status=status) from None
