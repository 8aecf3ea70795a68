"""Signature version 4: signs a request with an HMAC, in its headers.

`sign` is pure: the time is an argument, and the request that it returns is a new one.

Source: IAM user guide, "Create a signed AWS API request".
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Final, NamedTuple

from attrs import evolve, frozen

from neo_wire.errors import Headers, SigningError
from neo_wire.http import HttpRequest, Url, is_host_label
from neo_wire.signing.canonical import (
    HeaderLayout,
    are_canonical,
    canonical_headers,
    compose,
    lay_out,
    payload_hash,
    unfold,
)
from neo_wire.signing.credentials import Credentials
from neo_wire.values import Value

ALGORITHM: Final = "AWS4-HMAC-SHA256"
TERMINATOR: Final = "aws4_request"
UNSIGNED_PAYLOAD: Final = "UNSIGNED-PAYLOAD"
"""Stands for the payload hash of a request whose body is not signed."""

SIGNER_HEADERS: Final = frozenset(
    {"authorization", "x-amz-content-sha256", "x-amz-date", "x-amz-region-set", "x-amz-security-token"}
)
"""Headers, in lower case, that the signer sets, and so takes off a request that was signed before."""

SIGNER_PARAMETERS: Final = frozenset(
    {
        "X-Amz-Algorithm",
        "X-Amz-Content-Sha256",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-Region-Set",
        "X-Amz-Security-Token",
        "X-Amz-Signature",
        "X-Amz-SignedHeaders",
        "x-amz-content-sha256",  # of signers that put a header into the query under the name that it has
    }
)
"""Query parameters of a presigned request, taken off one that is signed again."""

_IN_SERVICE: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_IN_HEX: Final = frozenset("0123456789abcdef")
_PAYLOAD: Final = r"[0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+"
_UNSIGNED_TRAILER: Final = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen(eq=False, repr=False)
class Scope(Value):
    """The region and the service that a signature is good for; with a day, the credential scope.

    Attributes:
        region: such as "eu-west-1"; a host label.
        service: the signing name, such as "sagemaker".

    Raises:
        SigningError: a value that would break out of its place in the scope.
    """

    region: str
    service: str

    def __attrs_post_init__(self) -> None:
        """Refuse what is no region or no service."""
        region: object = self.region  # what callers without a type checker give
        service: object = self.service
        if not (isinstance(region, str) and is_host_label(region)):
            raise SigningError(f"the region {region!r} is not a host label; give one such as eu-west-1")
        if not (isinstance(service, str) and service and _IN_SERVICE.issuperset(service)):
            raise SigningError(f"the service {service!r} is not a signing name; give one such as sagemaker")

    def credential_scope(self, short_date: str) -> str:
        """The scope on one day, such as `20260101/eu-west-1/sagemaker/aws4_request`."""
        return f"{short_date}/{self.region}/{self.service}/{TERMINATOR}"


@frozen(eq=False, repr=False)
class SigningOptions(Value):
    """What of the signing differs between services.

    Attributes:
        normalize_path: remove dot segments and empty segments from the path that is signed.
        double_encode_path: percent-encode the encoded path once more.
        payload: what stands for the payload hash. None: the hash of the body, or the X-Amz-Content-SHA256 header that
            the request has; a hex SHA-256, for instance `payload_hash` of a stream; `UNSIGNED_PAYLOAD`, over https
            only: over plain http the body is hashed all the same; or one of S3's STREAMING- markers, for a body that is
            in chunks already.
        content_sha256: send and sign an X-Amz-Content-SHA256 header, whatever the request has.
        sign_session_token: False adds the session token after signing, as IoT's MQTT over WebSocket wants it.
        unsigned_presign: a presigned request leaves its body unsigned, unless `payload` says what is signed.

    Raises:
        SigningError: the payload is none of these.
    """

    normalize_path: bool = True
    double_encode_path: bool = True
    payload: str | None = None
    content_sha256: bool = False
    sign_session_token: bool = True
    unsigned_presign: bool = False

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot stand for a payload hash."""
        payload: object = self.payload  # what callers without a type checker give
        if payload is not None and not (isinstance(payload, str) and re.fullmatch(_PAYLOAD, payload)):
            raise SigningError(
                f"the payload {payload!r} is neither a hex SHA-256 in lower case, nor {UNSIGNED_PAYLOAD}, nor a "
                "STREAMING- marker"
            )


DEFAULT: Final = SigningOptions()
"""How all services but S3 sign."""

S3: Final = SigningOptions(normalize_path=False, double_encode_path=False, content_sha256=True, unsigned_presign=True)
"""How S3 signs. Every character of a key but letters, digits and `-._~/` must be percent-encoded in the URL."""

S3_SERVICES: Final = frozenset({"s3", "s3-object-lambda", "s3-outposts", "s3express"})
"""The signing names of the services that want `S3`."""


def sign(
    request: HttpRequest, credentials: Credentials, scope: Scope, at: datetime, options: SigningOptions = DEFAULT
) -> HttpRequest:
    """The request with Host, X-Amz-Date, Authorization and, where they are needed, the token and the payload hash.

    Every other header is signed but those of `NEVER_SIGNED`: add what may change on the way after signing. What an
    earlier signature left, in the headers or in the query, is taken off, so a request can be signed again.

    Args:
        request: its body whole, unless `options.payload` stands for it.
        credentials: the key pair, and its session token.
        scope: the region and the service.
        at: the time of signing, aware.
        options: what of the signing differs between services.

    Raises:
        SigningError: the time is naive, a streaming body is to go unsigned over plain http, or the method, a header or
            the URL cannot be sent as it is.
    """
    if options is DEFAULT and (signed := _sign_plain(request, credentials, scope, at)) is not None:
        return signed
    date = long_date(at)
    return authorize(
        request,
        date,
        algorithm=ALGORITHM,
        credential=credentials.access_key_id,
        credential_scope=scope.credential_scope(date[:8]),
        signer=hmac_signer(credentials.secret_access_key, date[:8], scope.region, scope.service),
        session_token=credentials.session_token,
        options=options,
    )


def authorize(
    request: HttpRequest,
    date: str,
    *,
    algorithm: str,
    credential: str,
    credential_scope: str,
    signer: Callable[[str], str],
    session_token: str | None = None,
    added: Headers = (),
    options: SigningOptions = DEFAULT,
) -> HttpRequest:
    """Sign the headers of a request with any algorithm of the family: all that `sign` does but the signature itself.

    Args:
        request: the request to sign, or to sign again.
        date: the time of signing, as `long_date` gives it.
        algorithm: the first word of the Authorization header.
        credential: what names the key: the access key id, or a certificate's serial number.
        credential_scope: what the signature is good for, without the credential.
        signer: makes the signature, in hex, of a string to sign.
        session_token: sent as X-Amz-Security-Token.
        added: headers that the algorithm needs, to be sent and signed.
        options: what of the signing differs between services.
    """
    url, headers, payload = unsigned(request, options)
    if session_token and options.sign_session_token:
        added = (*added, ("X-Amz-Security-Token", session_token))
    headers = (*headers, ("X-Amz-Date", date), *added)
    lines, names = canonical_headers(headers)
    canonical = compose(request.method, url, lines, names, payload, options.normalize_path, options.double_encode_path)
    signed = signer(string_to_sign(algorithm, date, credential_scope, canonical))
    authorization = f"{algorithm} Credential={credential}/{credential_scope}, SignedHeaders={names}, Signature={signed}"
    headers = (*unfold(headers), ("Authorization", authorization))
    if session_token and not options.sign_session_token:
        headers = (*headers, ("X-Amz-Security-Token", session_token))
    return HttpRequest(request.method, url, headers, request.body)


def _sign_plain(request: HttpRequest, credentials: Credentials, scope: Scope, at: datetime) -> HttpRequest | None:
    """Sign the fast way that most requests can go.

    None for what has to go the long way, which gives the same: a request with a Host header, a query that may be
    presigned, an earlier signature, an odd value in a header, or a time that is not in UTC.
    """
    headers, url, token = request.headers, request.url, credentials.session_token
    if not headers or at.tzinfo is not UTC or "X-Amz-" in url.query:
        return None
    names, values = zip(*headers)  # noqa: B905  # pairs all have two members; strict= costs a third more
    layout = _plain_layout(names, token is not None)
    authority = url.authority
    if layout is None or not are_canonical((authority, *values)):
        return None
    since = at - _EPOCH
    moment = _moment(
        credentials.secret_access_key,
        credentials.access_key_id,
        scope.region,
        scope.service,
        since.days,
        since.seconds,
    )
    date = moment.date
    if token is None:
        lines = layout.lines(authority, *values, date)
        headers = (("Host", authority), *headers, ("X-Amz-Date", date))
    else:
        lines = layout.lines(authority, *values, date, token)
        headers = (("Host", authority), *headers, ("X-Amz-Date", date), ("X-Amz-Security-Token", token))
    canonical = compose(request.method, url, lines, layout.names, payload_hash(request.body), True, True)
    signature = moment.signer(moment.string_to_sign + sha256(canonical.encode()).hexdigest())
    authorization = f"{moment.authorization}{layout.names}, Signature={signature}"
    return HttpRequest(request.method, url, (*headers, ("Authorization", authorization)), request.body)


class _Moment(NamedTuple):
    """What all signatures of one key, scope and second share."""

    date: str
    string_to_sign: str
    authorization: str
    signer: Callable[[str], str]


@lru_cache(maxsize=16)
def _moment(secret_access_key: str, access_key_id: str, region: str, service: str, days: int, seconds: int) -> _Moment:
    date = long_date(_EPOCH + timedelta(days, seconds))
    credential_scope = Scope(region, service).credential_scope(date[:8])
    return _Moment(
        date,
        f"{ALGORITHM}\n{date}\n{credential_scope}\n",
        f"{ALGORITHM} Credential={access_key_id}/{credential_scope}, SignedHeaders=",
        hmac_signer(secret_access_key, date[:8], region, service),
    )


@lru_cache(maxsize=128)
def _plain_layout(names: tuple[str, ...], with_token: bool) -> HeaderLayout | None:
    if not {"host", *SIGNER_HEADERS}.isdisjoint([name.lower() for name in names]):
        return None
    return lay_out(("Host", *names, "X-Amz-Date", *(("X-Amz-Security-Token",) if with_token else ())))


def unsigned(request: HttpRequest, options: SigningOptions) -> tuple[Url, Headers, str]:
    """Make a request ready for signing: its URL, its headers, and what stands for the payload hash.

    What an earlier signature left is taken off, Host and, where it is needed, X-Amz-Content-SHA256 are added.
    """
    url, headers = request.url, request.headers
    found = _survey(tuple([name for name, _ in headers]))
    declared = None
    if found.kept is not None:
        if found.content_sha256 is not None:
            declared = headers[found.content_sha256][1].strip(" \t")
        headers = tuple([headers[place] for place in found.kept])
    if not found.host:
        headers = (("Host", url.authority), *headers)
    if "X-Amz-" in url.query:
        url = evolve(url, query=without_parameters(url.query, SIGNER_PARAMETERS))

    payload = options.payload or (None if options.content_sha256 else declared)
    if payload == _UNSIGNED_TRAILER and url.scheme != "https":
        raise SigningError(f"a payload of {payload} is for https only; sign the chunks, or give the hash of the body")
    if not payload or (payload == UNSIGNED_PAYLOAD and url.scheme != "https"):
        payload = payload_hash(request.body)
    if options.content_sha256 or declared is not None or (options.payload and not is_hex_sha256(payload)):
        headers = (*headers, ("X-Amz-Content-SHA256", payload))
    return url, headers, payload


class _Survey(NamedTuple):
    kept: tuple[int, ...] | None
    """The places of the headers that the signer does not set itself; None when that is all."""
    host: bool
    content_sha256: int | None


@lru_cache(maxsize=128)
def _survey(names: tuple[str, ...]) -> _Survey:
    """What follows from the names of a request's headers alone; they are no secret, so it is kept."""
    lower = [name.lower() for name in names]
    kept = tuple([place for place, name in enumerate(lower) if name not in SIGNER_HEADERS])
    content_sha256 = lower.index("x-amz-content-sha256") if "x-amz-content-sha256" in lower else None
    return _Survey(None if len(kept) == len(names) else kept, "host" in lower, content_sha256)


def without_parameters(query: str, names: Collection[str]) -> str:
    """A wire query without the parameters of these names; the others as they were."""
    from urllib.parse import unquote  # here, as few requests were signed before, and it brings ipaddress

    return "&".join([part for part in query.split("&") if unquote(part.partition("=")[0]) not in names])


def is_hex_sha256(text: str) -> bool:
    """Whether a text is a SHA-256 as signatures have it: 64 hex digits in lower case."""
    return len(text) == 64 and _IN_HEX.issuperset(text)


def long_date(at: datetime) -> str:
    """The time as X-Amz-Date has it, in UTC, such as `20260101T000000Z`; its first 8 characters are the short date.

    Raises:
        SigningError: the time is naive.
    """
    if at.utcoffset() is None:
        raise SigningError("the time of signing is naive; give it a time zone, such as datetime.now(UTC)")
    at = at.astimezone(UTC)
    return f"{at.year:04}{at.month:02}{at.day:02}T{at.hour:02}{at.minute:02}{at.second:02}Z"


def string_to_sign(algorithm: str, long_date: str, credential_scope: str, canonical_request: str) -> str:
    """What the signature is made of: algorithm, time, scope and the hash of the canonical request."""
    return f"{algorithm}\n{long_date}\n{credential_scope}\n{sha256(canonical_request.encode()).hexdigest()}"


@lru_cache(maxsize=16)
def signing_key(secret_access_key: str, short_date: str, region: str, service: str) -> bytes:
    """The key of one day, region and service; the last few are kept, `forget_keys` drops them."""
    key = f"AWS4{secret_access_key}".encode()
    for message in (short_date, region, service, TERMINATOR):
        key = hmac.digest(key, message.encode(), "sha256")
    return key


@lru_cache(maxsize=16)
def hmac_signer(secret_access_key: str, short_date: str, region: str, service: str) -> Callable[[str], str]:
    """Makes the signature, in hex, of a string to sign: its HMAC-SHA256 under the signing key.

    The two hashes of the HMAC (RFC 2104) are fed with the key once and copied for each signature, which takes half the
    time of `hmac.digest`. The last few are kept, `forget_keys` drops them.
    """
    block = signing_key(secret_access_key, short_date, region, service).ljust(64, b"\0")
    keyed_inner = sha256(bytes([byte ^ 0x36 for byte in block]))
    keyed_outer = sha256(bytes([byte ^ 0x5C for byte in block]))

    def signature(string_to_sign: str) -> str:
        inner, outer = keyed_inner.copy(), keyed_outer.copy()
        inner.update(string_to_sign.encode())
        outer.update(inner.digest())
        return outer.hexdigest()

    return signature


def forget_keys() -> None:
    """Drop the signing keys that are kept for the next request, for instance when a client is closed."""
    _moment.cache_clear()
    hmac_signer.cache_clear()
    signing_key.cache_clear()
