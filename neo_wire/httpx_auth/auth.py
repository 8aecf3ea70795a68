"""`SigV4Auth`: signs the requests of an httpx or httpx2 client, blocking or asynchronous, for any service of AWS.

What is signed is what is sent: the path and the query as they stand on the wire, the bytes of the body, and the headers
that no proxy changes. Where httpx writes a URL in a form that services read in another way, the URL is rewritten first.

Source: IAM user guide, "Create a signed AWS API request"; HTTPX documentation, "Authentication".
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import quote, unquote_to_bytes

import httpx
from attrs import evolve

from neo_wire.config.settings import resolve_region
from neo_wire.credentials.environment import from_environment
from neo_wire.errors import Headers, RedirectRefused, SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.httpx_auth.bodies import hash_body, hash_body_async, is_in_memory
from neo_wire.httpx_auth.credentials import KeptCredentials, Provider
from neo_wire.signing import sigv4, sigv4a
from neo_wire.signing.canonical import NEVER_SIGNED
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.explanation import Explanation, explain
from neo_wire.signing.private_keys import require_cryptography
from neo_wire.signing.sigv4 import DEFAULT, S3, S3_SERVICES, SIGNER_HEADERS, UNSIGNED_PAYLOAD, Scope, SigningOptions
from neo_wire.transports.clock import utc_now

if TYPE_CHECKING:
    import httpx2
    from httpx2 import Auth as _Httpx2Auth

    _Request: TypeAlias = httpx.Request | httpx2.Request
    _Response: TypeAlias = httpx.Response | httpx2.Response
else:
    try:  # either client takes only what derives from its own base class
        from httpx2 import Auth as _Httpx2Auth
    except ImportError:

        class _Httpx2Auth:
            """Stands in where httpx2 is not installed."""


SIGNED_HEADERS: Final = frozenset({"host", "content-type", "content-md5"})
"""What is signed besides every X-Amz- header; of the others, some are changed by proxies."""

_NO_REGION: Final = "aws-global"  # for SigV4A, whose scope has none; it is not sent
_SIGNED: Final = "neo_wire.signed"  # a request extension, which a redirect takes along


class _Signed(NamedTuple):
    origin: str
    payload: str


class SigV4Auth(httpx.Auth, _Httpx2Auth):
    """Signs each request of a client: `httpx.Client(auth=SigV4Auth("execute-api", region="eu-west-1"))`.

    One object serves blocking and asynchronous clients of httpx and httpx2, several of them at once.

    A body that can be read twice (bytes, a file that can seek, a multipart form of such, an iterable that is no
    iterator) is read for its hash, then sent, and is never whole in memory. Any other, such as a generator, is read
    into memory first, unless the payload is unsigned. A request's own X-Amz-Content-SHA256 header is believed.

    Redirects: a signature is good for one URL. An httpx client that follows redirects takes the headers along, to
    another origin without Authorization but with the session token. So do not follow redirects, or let the hook
    `unsign_redirects` take off what was signed; a session token that travelled is reported as `RedirectRefused`.

    Args:
        service: the signing name, such as "execute-api" or "s3".
        region: such as "eu-west-1"; None for that of AWS_REGION or AWS_DEFAULT_REGION.
        credentials: a key pair; or a callable that gets one, and is called again before that expires. For asynchronous
            clients it may be a coroutine function, and should be one if it waits. Of temporary credentials without an
            expiration the end is unknown, so they are got for each request. None for the environment variables.
        options: how the service wants its requests signed; None for `S3` with the services of S3, else for the default.
        region_set: sign with SigV4A for these regions, such as "*", in place of a region; needs `neo-wire[crypto]`.
        sign_headers: names of more headers to sign.
        refresh_window: how long before their end credentials are got anew; at most a third of their life.
        clock: gives the time, aware.
        environ: the environment variables, read once, here; None for those of the process.

    Raises:
        ConfigurationError: there is no region, or it is none; the refresh window is no timedelta of 0 or more.
        CredentialsError: the credentials are neither `Credentials` nor a callable.
        NoCredentials: none are given, and the environment has none.
        PartialCredentials: the environment has one half of a key pair.
        SigningError: the service or a region is none, a header to sign cannot be signed, or the options hold the hash
            of one body.
        MissingExtra: a region set, without the package `cryptography`.
    """

    def __init__(
        self,
        service: str,
        *,
        region: str | None = None,
        credentials: Credentials | Provider | None = None,
        options: SigningOptions | None = None,
        region_set: str | Iterable[str] | None = None,
        sign_headers: Iterable[str] = (),
        refresh_window: timedelta = timedelta(minutes=15),
        clock: Callable[[], datetime] = utc_now,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        environ = os.environ if environ is None else environ
        self._region_set = None if region_set is None else sigv4a.region_set(region_set)
        if self._region_set is not None:
            require_cryptography("SigV4A")
        self._scope = Scope(_NO_REGION if self._region_set else resolve_region(region, environ), service)
        self._options = options or (S3 if service in S3_SERVICES else DEFAULT)
        if self._options.payload and not self._options.payload.startswith(("UNSIGNED-", "STREAMING-")):
            raise SigningError(
                "the options hold the hash of one body; send it as X-Amz-Content-SHA256 with that request"
            )
        self._signed_names = SIGNED_HEADERS.union(_header_names(sign_headers))
        source = from_environment(environ) if credentials is None else credentials
        self._credentials = KeptCredentials(source, refresh_window, clock)
        self._clock = clock

    def __repr__(self) -> str:
        where = f"region_set={self._region_set!r}" if self._region_set else f"region={self._scope.region!r}"
        return f"SigV4Auth({self._scope.service!r}, {where})"

    # Any in the flows: they take and give the requests and responses of the client's package, httpx or httpx2.

    def auth_flow(self, request: _Request) -> Generator[Any, Any, None]:
        """Sign a request, for callers that know of no other flow; the clients take one of the next two."""
        return self.sync_auth_flow(request)

    def sync_auth_flow(self, request: _Request) -> Generator[Any, Any, None]:
        """Sign a request of a blocking client."""
        _refuse_other_origin(request)
        payload = self._payload_without_body(request) or hash_body(request)
        self._sign(request, payload, self._credentials.get())
        response = yield request
        _refuse_travelled_token(response)

    async def async_auth_flow(self, request: _Request) -> AsyncGenerator[Any, Any]:
        """Sign a request of an asynchronous client."""
        _refuse_other_origin(request)
        payload = self._payload_without_body(request) or await hash_body_async(request)
        self._sign(request, payload, await self._credentials.get_async())
        response = yield request
        _refuse_travelled_token(response)

    def explain(self, request: _Request) -> Explanation:
        """Show how a request was signed, when a service refused it: `print(auth.explain(response.request))`.

        Raises:
            SigningError: the request was not signed, or was changed since so that its signature is malformed.
        """
        signed = request.extensions.get(_SIGNED)
        in_memory = is_in_memory(request.stream)
        options = self._options if in_memory or signed is None else evolve(self._options, payload=signed.payload)
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        url = Url(request.url.scheme, request.url.raw_host.decode("ascii"), request.url.port, path, query)
        headers = tuple([(name.decode("ascii"), value.decode(errors="replace")) for name, value in request.headers.raw])
        body = request.read() if in_memory else b""
        return explain(HttpRequest(request.method, url, headers, body), options)

    def _payload_without_body(self, request: _Request) -> str | None:
        """What stands for the payload hash without a look at the body; None when the body has to be hashed."""
        declared = None if _SIGNED in request.extensions else request.headers.get("X-Amz-Content-SHA256")
        payload = declared or self._options.payload
        return None if payload == UNSIGNED_PAYLOAD and request.url.scheme != "https" else payload

    def _sign(self, request: _Request, payload: str, credentials: Credentials) -> None:
        request.headers.setdefault("Host", request.url.netloc.decode("ascii"))
        bare = HttpRequest(request.method, _wire_url(request, self._options), self._headers_to_sign(request))
        content_sha256 = self._options.content_sha256 or "X-Amz-Content-SHA256" in request.headers
        options = evolve(self._options, payload=payload, content_sha256=content_sha256)
        if self._region_set is None:
            signed = sigv4.sign(bare, credentials, self._scope, self._clock(), options)
        else:
            signed = sigv4a.sign(bare, credentials, self._scope, self._clock(), options, regions=self._region_set)
        target = signed.url.target.encode("ascii")
        if target != request.url.raw_path:
            request.url = request.url.copy_with(raw_path=target)
        for name in SIGNER_HEADERS:
            request.headers.pop(name, None)
        request.headers.update([header for header in signed.headers if header[0].lower() in SIGNER_HEADERS])
        request.extensions = {**request.extensions, _SIGNED: _Signed(_origin(request), payload)}

    def _headers_to_sign(self, request: _Request) -> Headers:
        chosen = []
        for raw_name, raw_value in request.headers.raw:
            name = raw_name.decode("ascii")
            if name.lower() in self._signed_names or name.lower().startswith("x-amz-"):
                with suppress(UnicodeDecodeError):  # which holds the value, and so must not be the context of ours
                    chosen.append((name, raw_value.decode()))
                    continue
                raise SigningError(f"the value of header {name!r} is not UTF-8, and so cannot be signed")
        return tuple(chosen)


def _header_names(names: Iterable[str]) -> frozenset[str]:
    lower = frozenset([names.lower()] if isinstance(names, str) else [name.lower() for name in names])
    if refused := sorted(lower & NEVER_SIGNED):
        raise SigningError(f"sign_headers names {', '.join(refused)}, which change on the way and are never signed")
    return lower


def _wire_url(request: _Request, options: SigningOptions) -> Url:
    """The URL to send and sign, in the one form that all services read alike."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    if not options.double_encode_path:  # S3 decodes the path, and encodes it again by its own rule
        path = "/".join([_encoded_for_s3(segment) for segment in path.split("/")])
    query = query.replace("+", "%20")  # httpx writes a plus for a space; some services read it so, some do not
    return Url(request.url.scheme, request.url.raw_host.decode("ascii"), request.url.port, path, query)


def _encoded_for_s3(segment: str) -> str:
    decoded = unquote_to_bytes(segment)
    return segment if decoded in (b".", b"..") else quote(decoded, "")  # bare dots would be taken for dot segments


def _origin(request: _Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode('ascii')}"


def _left_its_origin(request: _Request) -> bool:
    signed = request.extensions.get(_SIGNED)
    return signed is not None and bool(signed.origin != _origin(request))


def _refuse_other_origin(request: _Request) -> None:
    if _left_its_origin(request):
        raise SigningError(
            f"the request was signed for {request.extensions[_SIGNED].origin} and redirected to {_origin(request)}: "
            "credentials do not follow; to sign for that origin, make a new request"
        )


def _refuse_travelled_token(response: _Response) -> None:
    for request in [step.request for step in (*response.history, response)]:
        taken_along = "X-Amz-Security-Token" in request.headers and "Authorization" not in request.headers
        if taken_along and _left_its_origin(request):
            raise RedirectRefused(
                f"the client followed a redirect to {_origin(request)} and took the session token along; let it follow "
                "none, or put neo_wire.httpx_auth.unsign_redirects into its request hooks",
                endpoint=request.extensions[_SIGNED].origin,
                maybe_processed=True,
            )


class _Done:
    """Nothing left to do: blocking hooks drop it, asynchronous ones await it."""

    def __await__(self) -> Generator[None, None, None]:
        yield from ()


def unsign_redirects(request: _Request) -> Awaitable[None]:
    """Take the signature and the session token off a request that was redirected to another origin.

    A request hook for blocking and asynchronous clients that follow redirects:
    `httpx.Client(auth=auth, follow_redirects=True, event_hooks={"request": [unsign_redirects]})`. Thus a service may
    redirect to a presigned URL of S3, which refuses signed headers beside its own signature.
    """
    if _left_its_origin(request):
        for name in SIGNER_HEADERS:
            request.headers.pop(name, None)
    return _Done()
