"""What a signed request says of its own signature, read from its Authorization header or its query.

Nothing here needs a key: `verify` goes on from it to the signature, `explain` shows it.

Source: IAM user guide, "Create a signed AWS API request" and "Elements of an AWS API request signature".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from urllib.parse import unquote

from attrs import field, frozen

from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest
from neo_wire.signing.sigv4 import ALGORITHM, TERMINATOR, UNSIGNED_PAYLOAD, SigningOptions
from neo_wire.values import Value

MAX_EXPIRES: Final = 604_800
"""The longest that a presigned request is good for, in seconds: seven days."""

_PARTS: Final = ("Credential", "SignedHeaders", "Signature")
_PARAMETERS: Final = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
_WITHOUT_REGION: Final = "AWS4-ECDSA-P256-SHA256"
_ACCESS_KEY_ID: Final = re.compile(r"[!-~]+")
_SCOPE_PART: Final = re.compile(r"[!-.0-~]+")
_SIGNED_HEADER: Final = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
_REGION_SET: Final = re.compile(r"[a-zA-Z0-9*-]{1,63}(?:[ \t]*,[ \t]*[a-zA-Z0-9*-]{1,63})*")
_HEX: Final = re.compile(r"[0-9a-f]+")
_LONG_DATE: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HTTP_DATE: Final = re.compile(
    rf"[A-Z][a-z]{{2}}, ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}}) ([0-9]{{2}}):([0-9]{{2}}):([0-9]{{2}}) "
    r"(?:GMT|UTC|[+-]0000)"
)


class Refusal(StrEnum):
    """Why a request is not accepted."""

    NO_SIGNATURE = "no signature"
    MALFORMED = "malformed"
    UNSUPPORTED_ALGORITHM = "unsupported algorithm"
    WRONG_SCOPE = "wrong scope"
    SIGNED_HEADER_MISSING = "signed header missing"
    HEADER_UNSIGNED = "header unsigned"
    DATE_MISSING = "date missing"
    DATE_MALFORMED = "date malformed"
    DATE_DIFFERS = "date differs from the scope"
    EXPIRED = "signature expired"
    NOT_YET_CURRENT = "signature not yet current"
    PRESIGN_EXPIRED = "presigned request expired"
    EXPIRY_OUT_OF_BOUNDS = "expiry out of bounds"
    PAYLOAD_DIFFERS = "payload differs from its hash"
    PAYLOAD_UNSIGNED = "payload unsigned"
    UNKNOWN_KEY = "unknown key"
    CREDENTIALS_EXPIRED = "credentials expired"
    TOKEN_MISSING = "session token missing"  # noqa: S105  # the words for a missing token, not a token
    TOKEN_DIFFERS = "session token differs"  # noqa: S105  # the words for a wrong token, not a token
    SIGNATURE_DIFFERS = "signature differs"


class Refused(SigningError):
    """A received request is not accepted, for the reason in `refusal`."""

    def __init__(self, refusal: Refusal, message: str) -> None:
        self.refusal = refusal
        super().__init__(message)


@frozen(eq=False, repr=False)
class Authorization(Value):
    """A signature and what it claims; nothing of it is checked against a key.

    Attributes:
        algorithm: such as `AWS4-HMAC-SHA256`.
        access_key_id: what names the key; the serial number of the certificate for the X.509 algorithms.
        short_date: the day of the credential scope.
        region: of the credential scope; empty for SigV4A, which has none there.
        service: of the credential scope.
        signed_headers: in lower case, sorted.
        signature: in hex.
        date: the time of signing in its long form, as it stands in the string to sign.
        signed_at: the same, aware.
        expires: for how many seconds a presigned request is good; None for one signed in its headers.
        session_token: None when there is none.
        region_set: the regions that a SigV4A signature is good for, as X-Amz-Region-Set has them; else None.
    """

    algorithm: str
    access_key_id: str
    short_date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)
    date: str
    signed_at: datetime
    expires: int | None
    session_token: str | None = field(repr=False)
    region_set: str | None = None

    @property
    def presigned(self) -> bool:
        """Whether the signature stands in the query."""
        return self.expires is not None

    @property
    def credential_scope(self) -> str:
        """The scope as it stands in the string to sign."""
        region = f"{self.region}/" if self.region else ""
        return f"{self.short_date}/{region}{self.service}/{TERMINATOR}"


def read_authorization(request: HttpRequest) -> Authorization:
    """Read the signature that a request carries.

    Raises:
        Refused: it carries none, two, or one that is malformed; the message says where.
    """
    in_header = _only(request, "authorization", "Authorization")
    in_query = _query_parameters(request.url.query)
    presigned = not in_query.keys().isdisjoint({"Algorithm", "Credential", "Signature"})
    if in_header is None and not presigned:
        raise Refused(Refusal.NO_SIGNATURE, "the request has neither an Authorization header nor X-Amz-Signature")
    if in_header is not None and presigned:
        raise Refused(
            Refusal.MALFORMED, "the request is signed in its Authorization header and in its query; choose one"
        )
    token = _only(request, "x-amz-security-token", "X-Amz-Security-Token")
    regions = _only(request, "x-amz-region-set", "X-Amz-Region-Set")
    if in_header is None:
        _require(in_query, _PARAMETERS, "the query lacks ", "X-Amz-")
        expires = _expires(in_query["Expires"])
        token, regions = in_query.get("Security-Token", token), in_query.get("Region-Set", regions)
        return _authorization(in_query["Algorithm"], in_query, in_query["Date"], expires, token, regions)
    algorithm, _, rest = in_header.partition(" ")
    if not algorithm.startswith("AWS4-"):
        raise Refused(Refusal.UNSUPPORTED_ALGORITHM, "the Authorization header holds no AWS signature of version 4")
    parts = _authorization_parts(rest)
    date = _only(request, "x-amz-date", "X-Amz-Date")
    if date is None:
        date = _from_http_date(_only(request, "date", "Date"))
    return _authorization(algorithm, parts, date, None, token, regions)


def _authorization(
    algorithm: str,
    parts: Mapping[str, str],
    date: str,
    expires: int | None,
    token: str | None,
    regions: str | None,
) -> Authorization:
    scope_parts = 3 if algorithm == _WITHOUT_REGION else 4
    access_key_id, *scope = parts["Credential"].rsplit("/", scope_parts)
    if len(scope) != scope_parts or not _ACCESS_KEY_ID.fullmatch(access_key_id):
        form = "KEY/DATE/SERVICE/" if scope_parts == 3 else "KEY/DATE/REGION/SERVICE/"
        raise Refused(Refusal.MALFORMED, f"Credential is not of the form {form}{TERMINATOR}")
    if not all(map(_SCOPE_PART.fullmatch, scope)):
        raise Refused(Refusal.MALFORMED, "Credential has an empty part, or a character that no scope has")
    if scope[-1] != TERMINATOR:
        raise Refused(Refusal.WRONG_SCOPE, f"the credential scope ends in {_shown(scope[-1])}, not in {TERMINATOR!r}")
    signed_headers = tuple(parts["SignedHeaders"].split(";"))
    if not all(map(_SIGNED_HEADER.fullmatch, signed_headers)) or list(signed_headers) != sorted(set(signed_headers)):
        raise Refused(Refusal.MALFORMED, "SignedHeaders is not a list of names in lower case, sorted, each once")
    signature = parts["Signature"]
    if not _HEX.fullmatch(signature) or (algorithm == ALGORITHM and len(signature) != 64):
        raise Refused(Refusal.MALFORMED, "Signature is not in hex digits of lower case, 64 of them for an HMAC")
    if scope_parts == 3 and not regions:
        raise Refused(Refusal.MALFORMED, "the request lacks X-Amz-Region-Set, which SigV4A signs in place of a region")
    if scope_parts == 3 and not _REGION_SET.fullmatch(regions or ""):
        raise Refused(Refusal.MALFORMED, "X-Amz-Region-Set is not a list of regions, or of patterns such as eu-*")
    signed_at = _time(date)
    if date[:8] != scope[0]:
        raise Refused(Refusal.DATE_DIFFERS, f"the request is of {date[:8]}, its credential scope of {_shown(scope[0])}")
    return Authorization(
        algorithm=algorithm,
        access_key_id=access_key_id,
        short_date=scope[0],
        region=scope[1] if scope_parts == 4 else "",
        service=scope[-2],
        signed_headers=signed_headers,
        signature=signature,
        date=date,
        signed_at=signed_at,
        expires=expires,
        session_token=token or None,
        region_set=regions if algorithm == _WITHOUT_REGION else None,
    )


def _authorization_parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(","):
        name, _, value = part.strip(" \t").partition("=")
        if name not in _PARTS or name in parts:
            raise Refused(
                Refusal.MALFORMED, "the Authorization header has other parts than one each of " + ", ".join(_PARTS)
            )
        parts[name] = value
    _require(parts, _PARTS, "the Authorization header lacks ", "")
    return parts


def declared_payload(request: HttpRequest, presigned: bool, options: SigningOptions) -> str | None:
    """What the request says stands for its payload hash; None for the hash of its body.

    A presigned request may say it in its query, as those of the JavaScript SDK do, or by being one of S3's.
    """
    declared = request.header("x-amz-content-sha256")
    if declared is not None or not presigned:
        return None if declared is None else declared.strip(" \t")
    for part in request.url.query.split("&"):
        name, _, value = part.partition("=")
        if unquote(name).lower() == "x-amz-content-sha256":
            return unquote(value)
    return UNSIGNED_PAYLOAD if options.unsigned_presign else None


def _query_parameters(query: str) -> dict[str, str]:
    """The parameters of a presigned request, decoded, without their prefix."""
    found: dict[str, str] = {}
    for part in query.split("&") if "X-Amz-" in query else ():
        name, _, value = part.partition("=")
        name = unquote(name)
        if name.startswith("X-Amz-"):
            if name in found:
                raise Refused(Refusal.MALFORMED, f"the query has {_shown(name)} twice")
            found[name] = unquote(value)
    return {name.removeprefix("X-Amz-"): value for name, value in found.items()}


def _require(parts: Mapping[str, str], names: tuple[str, ...], lead: str, prefix: str) -> None:
    missing = [prefix + name for name in names if not parts.get(name)]
    if missing:
        raise Refused(Refusal.MALFORMED, lead + ", ".join(missing))


def _only(request: HttpRequest, lower_name: str, shown: str) -> str | None:
    values = [value.strip(" \t") for name, value in request.headers if name.lower() == lower_name]
    if len(values) > 1:
        raise Refused(Refusal.MALFORMED, f"the request has {len(values)} {shown} headers")
    return values[0] if values else None


def _expires(text: str) -> int:
    seconds = int(text) if re.fullmatch(r"[0-9]{1,9}", text) else 0
    if not 1 <= seconds <= MAX_EXPIRES:
        raise Refused(
            Refusal.EXPIRY_OUT_OF_BOUNDS, f"X-Amz-Expires is {_shown(text)}, not a number from 1 to {MAX_EXPIRES}"
        )
    return seconds


def _from_http_date(text: str | None) -> str:
    """A Date header, which botocore signs instead of X-Amz-Date when a request has one, as a long date."""
    if text is None:
        raise Refused(Refusal.DATE_MISSING, "the request has neither an X-Amz-Date header nor a Date header")
    found = _HTTP_DATE.fullmatch(text)
    if found is None:
        return text
    day, month, year, hour, minute, second = found.groups()
    return f"{year}{_MONTHS.index(month) + 1:02}{day}T{hour}{minute}{second}Z"


def _time(date: str) -> datetime:
    if found := _LONG_DATE.fullmatch(date):
        year, month, day, hour, minute, second = map(int, found.groups())
        with suppress(ValueError):
            return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    raise Refused(Refusal.DATE_MALFORMED, f"the date {_shown(date)} is not of the form YYYYMMDDTHHMMSSZ")


def _shown(text: str) -> str:
    """What a stranger sent, for a message: short and on one line."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
