"""Presigned requests: signed in the query, so that somebody without credentials can send them for a while.

Source: IAM user guide, "Create a signed AWS API request", and S3 API reference, "Authenticating requests: using query
parameters".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from attrs import evolve, frozen

from neo_wire.errors import Headers, SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing.authorization import MAX_EXPIRES
from neo_wire.signing.canonical import canonical_headers, compose, unfold
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import (
    ALGORITHM,
    DEFAULT,
    UNSIGNED_PAYLOAD,
    Scope,
    SigningOptions,
    hmac_signer,
    long_date,
    string_to_sign,
    unsigned,
)
from neo_wire.values import Value


@frozen(eq=False, repr=False)
class PresignedRequest(Value):
    """A request that anybody can send until it expires: the URL is a secret until then.

    Attributes:
        method: to be sent with, as it was signed.
        url: with the signature; never shown.
        headers: to be sent along, as they were signed; the host of the URL goes without saying.
        body: to be sent, as it was signed.
        expires_at: the end, aware: that of the request or that of the credentials, whichever comes first.
    """

    method: str
    url: str
    headers: Headers
    body: bytes
    expires_at: datetime

    def to_request(self) -> HttpRequest:
        """The same as a request to be sent, with its Host header."""
        url = Url.parse(self.url)
        has_host = any(name.lower() == "host" for name, _ in self.headers)
        headers = self.headers if has_host else (("Host", url.authority), *self.headers)
        return HttpRequest(self.method, url, headers, self.body)

    def __repr__(self) -> str:
        url = self.url.partition("?")[0]
        return f"PresignedRequest({self.method!r}, '{url}?…', expires_at={self.expires_at.isoformat()})"


def presign(
    request: HttpRequest,
    credentials: Credentials,
    scope: Scope,
    at: datetime,
    *,
    expires: int | timedelta = 3600,
    options: SigningOptions = DEFAULT,
) -> PresignedRequest:
    """Sign a request in its query. Its method, headers and, but for S3, its body are signed, and have to be sent so.

    Args:
        request: what will be sent; what an earlier signature left is taken off.
        credentials: the key pair, and its session token.
        scope: the region and the service.
        at: the time of signing, aware.
        expires: for how many seconds it is good, 1 to 604800; cut to what the credentials have left.
        options: what of the signing differs between services; with `S3` the body is not signed.

    Raises:
        SigningError: the time is naive, `expires` is out of bounds, the credentials have expired, or the method, a
            header or the URL cannot be sent as it is.
    """
    date = long_date(at)
    return authorize_query(
        request,
        credentials,
        at,
        expires=expires,
        algorithm=ALGORITHM,
        credential_scope=scope.credential_scope(date[:8]),
        signer=hmac_signer(credentials.secret_access_key, date[:8], scope.region, scope.service),
        options=options,
    )


def authorize_query(
    request: HttpRequest,
    credentials: Credentials,
    at: datetime,
    *,
    expires: int | timedelta,
    algorithm: str,
    credential_scope: str,
    signer: Callable[[str], str],
    added: Headers = (),
    options: SigningOptions = DEFAULT,
) -> PresignedRequest:
    """Presign with any algorithm of the family: all that `presign` does but the signature itself.

    Args:
        request: the request to sign, or to sign again.
        credentials: the access key id, the session token and the expiration are used.
        at: the time of signing, aware.
        expires: as `presign` takes it.
        algorithm: the value of X-Amz-Algorithm.
        credential_scope: what the signature is good for, without the access key id.
        signer: makes the signature, in hex, of a string to sign.
        added: query parameters that the algorithm needs.
        options: what of the signing differs between services.
    """
    date = long_date(at)
    start = at.astimezone(UTC).replace(microsecond=0)
    seconds = _seconds_left(_seconds(expires), start, credentials)
    url, headers, payload = unsigned(request, options)
    if options.unsigned_presign and options.payload is None:
        payload = UNSIGNED_PAYLOAD
        headers = tuple([header for header in headers if header[0].lower() != "x-amz-content-sha256"])
    lines, names = canonical_headers(headers)
    headers = unfold(headers)
    token: Headers = (("X-Amz-Security-Token", credentials.session_token),) if credentials.session_token else ()
    url = _with_parameters(
        url,
        ("X-Amz-Algorithm", algorithm),
        ("X-Amz-Credential", f"{credentials.access_key_id}/{credential_scope}"),
        ("X-Amz-Date", date),
        ("X-Amz-Expires", str(seconds)),
        ("X-Amz-SignedHeaders", names),
        *added,
        *(token if options.sign_session_token else ()),
    )
    canonical = compose(request.method, url, lines, names, payload, options.normalize_path, options.double_encode_path)
    signed = signer(string_to_sign(algorithm, date, credential_scope, canonical))
    url = _with_parameters(url, ("X-Amz-Signature", signed), *(() if options.sign_session_token else token))
    return PresignedRequest(
        method=request.method,
        url=str(url),
        headers=headers if request.header("host") is not None else headers[1:],
        body=request.body,
        expires_at=start + timedelta(seconds=seconds),
    )


def _with_parameters(url: Url, *parameters: tuple[str, str]) -> Url:
    added = "&".join([f"{name}={quote(value, '')}" for name, value in parameters])
    return evolve(url, query=f"{url.query}&{added}" if url.query else added)


def _seconds(expires: int | timedelta) -> int:
    seconds: object = expires
    if isinstance(expires, timedelta) and not expires % timedelta(seconds=1):
        seconds = expires // timedelta(seconds=1)
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 1 <= seconds <= MAX_EXPIRES:
        raise SigningError(
            f"a presigned request cannot expire after {expires!r}; give a whole number of seconds from 1 to "
            f"{MAX_EXPIRES}, which is seven days"
        )
    return seconds


def _seconds_left(seconds: int, start: datetime, credentials: Credentials) -> int:
    if credentials.expiration is None:
        return seconds
    left = (credentials.expiration - start) // timedelta(seconds=1)
    if left < 1:
        raise SigningError(
            f"the credentials from {credentials.source} expired at {long_date(credentials.expiration)}, a presigned "
            "request would be of no use; get new ones"
        )
    return min(seconds, left)
