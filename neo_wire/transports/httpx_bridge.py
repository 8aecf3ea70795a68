"""The bridge to httpx: sends with a stock transport, or with a client or transport of the user's own.

It is driven through the transport API, so that nothing is added to a request: the bytes that were signed are the bytes
sent. What httpx raises becomes a `TransportError` here, and no httpx object leaves. httpx2, which has the same API,
works as well: its objects are known by the module of their class. Either is imported at the first exchange.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Coroutine
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

from neo_wire import errors
from neo_wire.errors import ClientClosed, ConfigurationError, Headers, NeoWireError, ResponseDecodeError, TransportError
from neo_wire.flow import Send
from neo_wire.http import HttpResponse, Timeout

if TYPE_CHECKING:
    import ssl

# Any, in the four protocols: requests and responses are of httpx or of httpx2, which share an API but no type.


class HttpxTransport(Protocol):
    """A blocking transport of httpx or httpx2, such as `httpx.HTTPTransport`."""

    def handle_request(self, request: Any, /) -> Any:  # noqa: ANN401  # see above
        """Send one request."""


class HttpxClient(Protocol):
    """A blocking client of httpx or httpx2."""

    def send(self, request: Any, *, stream: bool = ..., auth: Any = ..., follow_redirects: Any = ...) -> Any:  # noqa: ANN401  # see above
        """Send one request."""

    def close(self) -> None:
        """Let go of the connections."""


class AsyncHttpxTransport(Protocol):
    """An asynchronous transport of httpx or httpx2, such as `httpx.AsyncHTTPTransport`."""

    def handle_async_request(self, request: Any, /) -> Coroutine[Any, Any, Any]:  # noqa: ANN401  # see above
        """Send one request."""


class AsyncHttpxClient(Protocol):
    """An asynchronous client of httpx or httpx2."""

    def send(
        self,
        request: Any,  # noqa: ANN401  # see above
        *,
        stream: bool = ...,
        auth: Any = ...,  # noqa: ANN401  # see above
        follow_redirects: Any = ...,  # noqa: ANN401  # see above
    ) -> Coroutine[Any, Any, Any]:
        """Send one request."""

    def aclose(self) -> Coroutine[Any, Any, None]:
        """Let go of the connections."""


# What each exception means, by its name, which httpx and httpx2 share: the error, and whether the request may have been
# processed. Names are looked up along the exception's bases, so that the nearest wins.
_MEANINGS: Final[dict[str, tuple[type[TransportError], str, bool]]] = {
    "ConnectTimeout": (errors.ConnectTimeout, "no connection within {connect:g} s", False),
    "PoolTimeout": (errors.PoolTimeout, "no connection of the pool came free within {pool:g} s", False),
    "ConnectError": (errors.ConnectFailed, "no connection", False),
    "ProxyError": (errors.ProxyFailed, "the proxy did not connect", False),
    "WriteTimeout": (errors.WriteTimeout, "the request could not be written within {write:g} s", True),
    "ReadTimeout": (errors.ReadTimeout, "nothing was received for {read:g} s", True),
    "RemoteProtocolError": (
        errors.ConnectionClosed,
        "the connection ended or spoke no HTTP before the response did",
        True,
    ),
    "NetworkError": (errors.ConnectionClosed, "the connection broke", True),
    "OSError": (errors.ConnectionClosed, "the connection broke", True),
    "UnsupportedProtocol": (errors.ConnectFailed, "the transport does not speak the URL's scheme", False),
    "LocalProtocolError": (TransportError, "the request is no valid HTTP", False),
    "HTTPError": (TransportError, "the exchange failed", True),
}


def _transport_error(error: Exception, effect: Send) -> TransportError | None:
    """The error that an exception of httpx stands for; None when it is not one of its transports'."""
    meaning = next((_MEANINGS[cls.__name__] for cls in type(error).__mro__ if cls.__name__ in _MEANINGS), None)
    if meaning is None:
        return None
    cls, text, maybe_processed = meaning
    if cls is errors.ConnectFailed and _is_tls(error):
        cls, text = errors.TlsError, "the TLS handshake failed"
    timeout = effect.timeout
    message = text.format(connect=timeout.connect, pool=timeout.pool, write=timeout.write, read=timeout.read)
    detail = str(error)
    return cls(
        f"{message}: {detail}" if detail else message,
        endpoint=effect.request.url.origin,
        maybe_processed=maybe_processed,
    )


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if any(cls.__name__ == "SSLError" for cls in type(error).__mro__):
            return True
        error = error.__cause__ or error.__context__
    return False


def _library(given: object) -> Any:  # noqa: ANN401  # the module httpx or httpx2
    """The library that an object is of; httpx for one that is of neither, such as a transport that only looks alike."""
    roots = [cls.__module__.partition(".")[0] for cls in type(given).__mro__]
    return import_module("httpx2" if "httpx2" in roots else "httpx")


@lru_cache(maxsize=1)
def _default_ssl_context() -> ssl.SSLContext:
    """Made once and late, as it takes longer than all else; shared by all clients of the process."""
    try:
        context: ssl.SSLContext = import_module("httpx").create_ssl_context()
    except OSError as error:
        raise ConfigurationError(
            f"TLS cannot be set up: {error}; check the files that SSL_CERT_FILE and SSLKEYLOGFILE name"
        ) from error
    return context


def _request(library: Any, effect: Send) -> Any:  # noqa: ANN401  # of the library
    request, timeout = effect.request, effect.timeout
    url = library.URL(str(request.url))
    if url.raw_path != request.url.target.encode("ascii"):
        raise ConfigurationError(
            f"{library.__name__} rewrites the path {request.url.path!r}, which would break the signature; write it as "
            f"{url.raw_path.decode('ascii').partition('?')[0]!r}"
        )
    return library.Request(
        request.method,
        url,
        headers=[(name.encode("ascii"), value.encode("utf-8")) for name, value in request.headers],
        stream=library.ByteStream(request.body),
        extensions={"timeout": _timeout(timeout)},
    )


def _timeout(timeout: Timeout) -> dict[str, float]:
    return {"connect": timeout.connect, "read": timeout.read, "write": timeout.write, "pool": timeout.pool}


def _head(response: Any) -> tuple[int, Headers, str]:  # noqa: ANN401  # of the library
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers.raw)
    return response.status_code, headers, response.reason_phrase


def _body_error(error: Exception, effect: Send, response: Any) -> NeoWireError | None:  # noqa: ANN401  # of the library
    """The error that an exception raised while a body is read stands for; None when it is no fault of the exchange."""
    if not any(cls.__name__ == "DecodingError" for cls in type(error).__mro__):
        return _transport_error(error, effect)
    return ResponseDecodeError(
        f"the content coding {response.headers.get('content-encoding')!r} cannot be undone",
        status=response.status_code,
        request_id=response.headers.get("x-amzn-requestid"),
    )


def _through(client: Any) -> Callable[[Any], Any]:  # noqa: ANN401  # of the library, blocking or not
    """How a request is sent with a client of the user's."""

    def send(request: Any) -> Any:  # noqa: ANN401  # as above
        if getattr(client, "is_closed", False):
            raise ClientClosed("the httpx client that was given as transport is closed; give an open one")
        return client.send(request, stream=True, auth=None, follow_redirects=False)

    return send


def _event_loop() -> object:
    """The running event loop of asyncio; None under trio."""
    import asyncio  # here, as nobody who makes a client should pay for it

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class HttpxExchange:
    """One blocking exchange at a time, from any thread, over a stock transport or the user's client or transport.

    What the user gave is the user's to close. A forked process has connections of its own: over those that it inherits
    it would read the answers of its parent.
    """

    def __init__(self, given: HttpxTransport | HttpxClient | None = None) -> None:
        if given is not None and not (hasattr(given, "handle_request") or _is_client(given, closer="close")):
            raise ConfigurationError(
                f"transport is a {type(given).__name__}; give a blocking httpx client or transport, or None"
            )
        self._given = given
        self._send: Callable[[Any], Any] | None = None
        self._library: Any = None
        self._own: Any = None
        self._process: int | None = None
        self._closed = False
        self._lock = threading.Lock()

    def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end, or raise a TransportError."""
        send = (self._send if self._process == os.getpid() else None) or self._open()
        request = _request(self._library, effect)
        try:
            response = send(request)
        except Exception as error:
            if (failure := _transport_error(error, effect)) is None:
                raise
            raise failure from error
        try:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > effect.max_body:
                    break
        except Exception as error:
            if (broken := _body_error(error, effect, response)) is None:
                raise
            raise broken from error
        finally:
            response.close()
        status, headers, reason = _head(response)
        return HttpResponse(status, headers, bytes(body[: effect.max_body + 1]), reason)

    def _open(self) -> Callable[[Any], Any]:
        with self._lock:
            if self._closed:
                raise ClientClosed("the client is closed; make a new one")
            if self._send is None or self._process != os.getpid():
                given: Any = self._given
                self._library = _library(given)
                if given is None:
                    given = self._own = self._library.HTTPTransport(verify=_default_ssl_context())
                self._send = given.handle_request if hasattr(given, "handle_request") else _through(given)
                self._process = os.getpid()
            return self._send

    def close(self) -> None:
        """Let go of the connections of the stock transport. May be called more than once."""
        with self._lock:
            self._closed, self._send, own, self._own = True, None, self._own, None
        if own is not None and self._process == os.getpid():
            own.close()


class AsyncHttpxExchange:
    """One asynchronous exchange at a time, from any task of one event loop; otherwise as `HttpxExchange`.

    In another event loop, as after a second `asyncio.run`, it begins with new connections: the old ones are of no use.
    """

    def __init__(self, given: AsyncHttpxTransport | AsyncHttpxClient | None = None) -> None:
        if given is not None and not (hasattr(given, "handle_async_request") or _is_client(given, closer="aclose")):
            raise ConfigurationError(
                f"transport is a {type(given).__name__}; give an asynchronous httpx client or transport, or None"
            )
        self._given = given
        self._send: Callable[[Any], Coroutine[Any, Any, Any]] | None = None
        self._library: Any = None
        self._own: Any = None
        self._place: tuple[int, object] | None = None
        self._closed = False

    async def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end, or raise a TransportError."""
        place = os.getpid(), _event_loop()
        send = (self._send if self._place == place else None) or self._open(place)
        request = _request(self._library, effect)
        try:
            response = await send(request)
        except Exception as error:
            if (failure := _transport_error(error, effect)) is None:
                raise
            raise failure from error
        try:
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > effect.max_body:
                    break
        except Exception as error:
            if (broken := _body_error(error, effect, response)) is None:
                raise
            raise broken from error
        finally:
            await response.aclose()
        status, headers, reason = _head(response)
        return HttpResponse(status, headers, bytes(body[: effect.max_body + 1]), reason)

    def _open(self, place: tuple[int, object]) -> Callable[[Any], Coroutine[Any, Any, Any]]:
        if self._closed:
            raise ClientClosed("the client is closed; make a new one")
        given: Any = self._given
        self._library = _library(given)
        if given is None:
            given = self._own = self._library.AsyncHTTPTransport(verify=_default_ssl_context())
        send: Callable[[Any], Coroutine[Any, Any, Any]]
        send = given.handle_async_request if hasattr(given, "handle_async_request") else _through(given)
        self._send, self._place = send, place
        return send

    async def aclose(self) -> None:
        """Let go of the connections of the stock transport. May be called more than once."""
        self._closed, self._send, own, self._own = True, None, self._own, None
        if own is not None and self._place == (os.getpid(), _event_loop()):
            await own.aclose()


def _is_client(given: object, *, closer: str) -> bool:
    return hasattr(given, "send") and hasattr(given, "build_request") and hasattr(given, closer)
