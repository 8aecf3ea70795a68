"""The bridge to httpx: sends with a client or transport of the user's own, or over the pools that httpx stands on.

Nothing is added to a request: the bytes that were signed are the bytes sent. What httpx raises becomes a
`TransportError` here, and no httpx object leaves. httpx2, which has the same API, works as well: its objects are known
by the module of their class. Either is imported at the first exchange.

What the user gave has connections of its own: the route of an exchange is not for it, and closing it is the user's. A
forked process and another event loop have pools of their own here: over inherited connections they would read the
answers of others. An exchange that is on its way when the client is closed is brought to its end, and what it used is
closed then.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from importlib import import_module
from typing import Any, Final, Protocol

from neo_wire.errors import ClientClosed, ConfigurationError, TransportError
from neo_wire.flow import Send
from neo_wire.http import HttpResponse, Route
from neo_wire.transports.event_loop import in_thread, running_loop, within
from neo_wire.transports.exclusive_connections import ExclusiveConnections
from neo_wire.transports.httpcore_pools import keep_headers_out_of_logs, open_pool
from neo_wire.transports.httpx_call import HttpxCall
from neo_wire.transports.response_body import ResponseBody

_MAX_CONNECTIONS: Final = 100  # of a pool
_GRACE: Final = 0.02  # seconds: a wait of the library's own, which ends with the total time, cleans up behind itself
_LAST_PIECES: Final = 8  # that may come still from a response that was closed before its end
_PIECE: Final = 1 << 20  # bytes that a sink is given at once by an asynchronous exchange, as each time takes a thread

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


def _is_client(given: object, *, closer: str) -> bool:
    return hasattr(given, "send") and hasattr(given, "build_request") and hasattr(given, closer)


class _Given:
    """A client or a transport of the user's, of httpx or of httpx2."""

    def __init__(self, given: Any, method: str) -> None:  # noqa: ANN401  # of either library, blocking or not
        self._given, self._handle = given, getattr(given, method, None)
        self._library: Any = None

    def opened(self) -> tuple[Callable[[Any], Any], Any]:
        """How a request is sent with it, and the library that makes its requests, imported now."""
        if self._library is None:
            # httpx for what is of neither, such as a transport that only looks alike
            roots = [cls.__module__.partition(".")[0] for cls in type(self._given).__mro__]
            self._library = import_module("httpx2" if "httpx2" in roots else "httpx")
            keep_headers_out_of_logs()  # it may speak HTTP/2
        return self._handle or self._by_client, self._library

    def _by_client(self, request: Any) -> Any:  # noqa: ANN401  # of the library
        if getattr(self._given, "is_closed", False):
            raise ClientClosed("the httpx client that was given as transport is closed; give an open one")
        return self._given.send(request, stream=True, auth=None, follow_redirects=False)


class HttpxExchange:
    """One blocking exchange at a time, from any thread.

    Over a blocking client or transport of the user's, the total time ends an exchange when its connection is one of
    httpx's own that was made, or had answered, here: another, as of a transport that is not httpx's, may outlast it
    with a response whose head comes byte by byte.

    Args:
        given: the user's client or transport, to send with in place of connections of our own.
        max_connections: to one origin by one route.

    Raises:
        ConfigurationError: what was given is neither.
    """

    def __init__(
        self, given: HttpxTransport | HttpxClient | None = None, *, max_connections: int = _MAX_CONNECTIONS
    ) -> None:
        if given is not None and not (hasattr(given, "handle_request") or _is_client(given, closer="close")):
            raise ConfigurationError(
                f"transport is a {type(given).__name__}; give a blocking httpx client or transport, or None"
            )
        self._given = None if given is None else _Given(given, "handle_request")
        self._max_connections = max_connections
        self._by_process: dict[int, ExclusiveConnections] = {}  # a parent's are kept, as they are not ours to close
        self._closed = False

    def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end.

        Raises:
            TransportError: no usable answer came back.
            ResponseDecodeError: the content coding of the body cannot be undone.
            ClientClosed: this, or the client that was given, is closed.
            ConfigurationError: TLS cannot be set up, or the library would change the request.
            MissingExtra: a package that the route needs is not installed.
        """
        if self._closed:
            raise ClientClosed("the client is closed; make a new one")
        if self._given is not None:
            send, library = self._given.opened()
            call = HttpxCall(effect, library, watched=True)
            try:
                return _exchange(call, send)
            finally:
                call.release()
        process = os.getpid()
        connections = self._by_process.get(process)
        if connections is None:
            connections = self._by_process.setdefault(process, ExclusiveConnections(self._max_connections))
        call = HttpxCall(effect, None)
        with connections.lent(call) as pool:
            return _exchange(call, pool.handle_request)

    def close(self) -> None:
        """Let go of the connections, when what is on its way has come to its end. May be called more than once."""
        self._closed = True
        if (connections := self._by_process.get(os.getpid())) is not None:
            connections.close()


def _exchange(call: HttpxCall, send: Callable[[Any], Any]) -> HttpResponse:
    response = call.step(send, call.request(blocking=True))
    try:
        body, sink = call.body_of(response), call.effect.sink
        write = sink(body.status, body.headers) if sink is not None else None
        pieces = call.pieces_of(response)
        while (piece := call.step(next, pieces, None)) is not None:
            if write is not None:
                for plain in body.decoded(piece):
                    write(plain)
            elif not body.keep(piece):
                break
            if call.is_late:
                raise call.late()
        if call.is_cut:
            raise call.late()
        return body.response()
    finally:
        with suppress(Exception):  # how the exchange ended is known
            if call.doubtful is not None:
                call.doubtful.close()
        with suppress(Exception):  # as above
            response.close()


class _Pools:
    """The pools of one event loop of one process, one for each route, and how many exchanges use them."""

    def __init__(self, place: tuple[int, object]) -> None:
        self.place = place
        self.by_route: dict[Route, Any] = {}
        self.in_use = 0


class AsyncHttpxExchange:
    """One asynchronous exchange at a time, from any task of one event loop, asyncio's or trio's.

    In another event loop, as after a second `asyncio.run`, it begins with new connections: the old ones are of no use.

    Args:
        given: the user's client or transport, to send with in place of pools of our own.
        max_connections: of each pool.

    Raises:
        ConfigurationError: what was given is neither.
    """

    def __init__(
        self, given: AsyncHttpxTransport | AsyncHttpxClient | None = None, *, max_connections: int = _MAX_CONNECTIONS
    ) -> None:
        if given is not None and not (hasattr(given, "handle_async_request") or _is_client(given, closer="aclose")):
            raise ConfigurationError(
                f"transport is a {type(given).__name__}; give an asynchronous httpx client or transport, or None"
            )
        self._given = None if given is None else _Given(given, "handle_async_request")
        self._max_connections = max_connections
        self._pools: _Pools | None = None
        self._inherited: list[_Pools] = []
        self._closed = False

    async def send(self, effect: Send) -> HttpResponse:
        """Send the request once and read its response to the end.

        Raises:
            TransportError: no usable answer came back.
            ResponseDecodeError: the content coding of the body cannot be undone.
            ClientClosed: this, or the client that was given, is closed.
            ConfigurationError: TLS cannot be set up, or the library would change the request.
            MissingExtra: a package that the route needs is not installed.
        """
        self._refuse_when_closed()
        if self._given is not None:
            send, library = self._given.opened()
            return await _exchange_async(HttpxCall(effect, library), send)
        pools = self._pools_here()
        pool = pools.by_route.get(effect.route)
        if pool is None:
            pool = pools.by_route[effect.route] = open_pool(effect.route, self._max_connections, blocking=False)
        pools.in_use += 1
        try:
            return await _exchange_async(HttpxCall(effect, None), pool.handle_async_request)
        finally:
            pools.in_use -= 1
            if self._closed and not pools.in_use:
                await _aclose(pools)

    def _pools_here(self) -> _Pools:
        place = os.getpid(), running_loop()
        if self._pools is None or self._pools.place != place:
            if self._pools is not None and self._pools.place[0] != place[0]:
                self._inherited.append(self._pools)  # for good: its connections are the parent's to close
            self._pools = _Pools(place)
        return self._pools

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise ClientClosed("the client is closed; make a new one")

    async def aclose(self) -> None:
        """Let go of the connections, when what is on its way has come to its end. May be called more than once."""
        self._closed = True
        pools, self._pools = self._pools, None
        if pools is not None and not pools.in_use and pools.place == (os.getpid(), running_loop()):
            await _aclose(pools)


async def _exchange_async(call: HttpxCall, send: Callable[[Any], Any]) -> HttpResponse:
    effect, request = call.effect, call.request(blocking=False)
    try:
        async with within(effect.timeout.total + _GRACE):
            response = await call.step_async(send(request))
            pieces = call.pieces_of(response, "a")
            try:
                body = call.body_of(response)
                write = effect.sink and await in_thread(effect.sink, body.status, body.headers)
                await (_write(call, pieces, body, write) if write else _keep(call, pieces, body))
                return body.response()
            finally:
                if call.doubtful is not None:
                    with suppress(Exception):  # how the exchange ended is known
                        await call.doubtful.aclose()
                await _end(response, pieces)
    except TimeoutError:
        if not call.is_late:
            raise  # the sink's
    raise call.late()


async def _keep(call: HttpxCall, pieces: AsyncIterator[bytes], body: ResponseBody) -> None:
    while (piece := await call.step_async(anext(pieces, None))) is not None:
        if not body.keep(piece):
            return


async def _write(
    call: HttpxCall, pieces: AsyncIterator[bytes], body: ResponseBody, write: Callable[[bytes], None]
) -> None:
    """Give the body to a sink, gathered, as each time takes a thread."""
    gathered = bytearray()
    try:
        while (piece := await call.step_async(anext(pieces, None))) is not None:
            for plain in body.decoded(piece):
                gathered += plain
                if len(gathered) >= _PIECE:
                    full, gathered = gathered, bytearray()
                    await in_thread(write, bytes(full))
    except TransportError:
        if gathered:  # what came before it broke off, for who goes on from there
            await in_thread(write, bytes(gathered))
        raise
    if gathered:
        await in_thread(write, bytes(gathered))


async def _end(response: Any, pieces: AsyncIterator[bytes]) -> None:  # noqa: ANN401  # of the library
    """Close a response; how its exchange ended is known."""
    with suppress(Exception):
        await response.aclose()
    # Generators stand within generators there, and trio warns of those that never end: asked again, they do.
    with suppress(Exception):
        for _ in range(_LAST_PIECES):
            if await anext(pieces, None) is None:
                break


async def _aclose(pools: _Pools) -> None:
    while pools.by_route:
        await pools.by_route.popitem()[1].aclose()
