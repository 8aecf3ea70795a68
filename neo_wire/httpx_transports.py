"""The connection pools of this library as transports of httpx, for clients of the user's own, blocking or asynchronous.

`httpx.Client(transport=NeoTransport())` sends any request, signed or not, to the byte; clients of httpx2 take the same
objects. Bodies are held whole. Proxies and HTTP/2 are for httpx's own transports.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Final

import httpx

from neo_wire import errors
from neo_wire.errors import ConfigurationError, TransportError
from neo_wire.flow import Send
from neo_wire.http import DIRECT, HttpRequest, HttpResponse, Route, Timeout, Tls, Url
from neo_wire.transports.async_pool import MAX_CONNECTIONS, AsyncPools
from neo_wire.transports.blocking_pool import BlockingPools

MAX_BODY: Final = 64 << 20
"""Bytes of a response's body, unless told otherwise."""

_NO_LIMIT: Final = 2_147_483.0  # seconds: the longest that a socket can wait
# The exception of httpx, which httpx2 names alike, that each error stands for; the first that fits.
_MEANINGS: Final[tuple[tuple[type[TransportError], str], ...]] = (
    (errors.ConnectTimeout, "ConnectTimeout"),
    (errors.PoolTimeout, "PoolTimeout"),
    (errors.WriteTimeout, "WriteTimeout"),
    (errors.ReadTimeout, "ReadTimeout"),
    (errors.CallTimeout, "TimeoutException"),
    (errors.ConnectFailed, "ConnectError"),
    (errors.TlsError, "ConnectError"),
    (errors.ConnectionClosed, "RemoteProtocolError"),
    (TransportError, "LocalProtocolError"),
)


class _Exchanges:
    """What the two transports share: requests and responses of httpx, and ours."""

    def __init__(self, *, max_body: int, total: float | None, tls: Tls) -> None:
        if type(max_body) is not int or max_body < 1:  # True is no number of bytes
            raise ConfigurationError(f"max_body is {max_body!r}; give a whole number of bytes above 0")
        self._max_body = max_body
        self._total = Timeout(total=_NO_LIMIT if total is None else total).total
        self._route = Route(tls=tls)

    def effect(self, request: httpx.Request, body: bytes) -> Send:
        """A request of httpx as ours; what frames its body is a Content-Length, as the body is at hand."""
        url, headers = request.url, request.headers.raw
        if any(name.lower() == b"transfer-encoding" for name, _ in headers):
            framing = (b"transfer-encoding", b"content-length")
            headers = [pair for pair in headers if pair[0].lower() not in framing]
            headers.append((b"Content-Length", b"%d" % len(body)))
        path, mark, query = url.raw_path.decode("ascii").partition("?")
        path += mark if not query else ""  # a bare "?" is sent too
        try:
            named = tuple([(name.decode("ascii"), value.decode("utf-8")) for name, value in headers])
        except UnicodeDecodeError as error:
            message = f"a header is not valid UTF-8: {error.reason}"
            raise _library(request).LocalProtocolError(message, request=request) from None
        return Send(
            HttpRequest(
                request.method, Url(url.scheme, url.raw_host.decode("ascii"), url.port, path, query), named, body
            ),
            self._timeout(request.extensions.get("timeout", {})),
            self._max_body,
            self._route,
            decode=False,  # httpx does
        )

    def _timeout(self, given: dict[str, float | None]) -> Timeout:
        limits = {name: _NO_LIMIT if seconds is None else seconds for name, seconds in given.items()}
        return Timeout(
            **{"connect": _NO_LIMIT, "read": _NO_LIMIT, "write": _NO_LIMIT, "pool": _NO_LIMIT, **limits},
            total=self._total,
        )

    def response(self, request: httpx.Request, response: HttpResponse) -> httpx.Response:
        """Our response as one of the request's library."""
        library = _library(request)
        if len(response.body) > self._max_body:
            message = f"the body of the response is longer than {self._max_body} bytes; raise max_body"
            raise library.ReadError(message, request=request)
        made: httpx.Response = library.Response(
            response.status,
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers],
            stream=library.ByteStream(response.body),
            extensions={"http_version": b"HTTP/1.1", "reason_phrase": response.reason.encode("latin-1")},
        )
        return made


class NeoTransport(_Exchanges, httpx.BaseTransport):
    """A transport for `httpx.Client` over blocking pools, safe to share between threads and over a fork.

    Args:
        max_connections: to each origin; who finds none free waits in line, up to the client's pool timeout.
        max_body: of a response, in bytes, before its content coding is undone.
        total: seconds that one exchange may take as a whole; None: no more than the client's timeouts allow.
        tls: how TLS is set up.

    Raises:
        ConfigurationError: one of these is no such value.
    """

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        max_body: int = MAX_BODY,
        total: float | None = None,
        tls: Tls = DIRECT.tls,
    ) -> None:
        super().__init__(max_body=max_body, total=total, tls=tls)
        self._pools = BlockingPools(max_connections=max_connections)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; what goes wrong is raised as an exception of the request's library."""
        effect = self.effect(request, request.read())
        try:
            response = self._pools.send(effect)
        except TransportError as error:
            raise _exception(request, error) from error
        return self.response(request, response)

    def close(self) -> None:
        """Let go of the connections."""
        self._pools.close()


class AsyncNeoTransport(_Exchanges, httpx.AsyncBaseTransport):
    """A transport for `httpx.AsyncClient` over asynchronous pools; otherwise as `NeoTransport`."""

    def __init__(
        self,
        *,
        max_connections: int = MAX_CONNECTIONS,
        max_body: int = MAX_BODY,
        total: float | None = None,
        tls: Tls = DIRECT.tls,
    ) -> None:
        super().__init__(max_body=max_body, total=total, tls=tls)
        self._pools = AsyncPools(max_connections=max_connections)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; what goes wrong is raised as an exception of the request's library."""
        effect = self.effect(request, await request.aread())
        try:
            response = await self._pools.send(effect)
        except TransportError as error:
            raise _exception(request, error) from error
        return self.response(request, response)

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._pools.aclose()


def _library(request: httpx.Request) -> Any:  # noqa: ANN401  # the module httpx or httpx2
    return import_module(type(request).__module__.partition(".")[0])


def _exception(request: httpx.Request, error: TransportError) -> Exception:
    name = next(name for kind, name in _MEANINGS if isinstance(error, kind))
    made: Exception = getattr(_library(request), name)(str(error), request=request)
    return made
