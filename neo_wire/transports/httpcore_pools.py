"""Pools of httpcore, which is what httpx stands on: for proxies, HTTP/2 and trio.

They are used without httpx around them, so that the connections can be ours. Those of a blocking pool hold an exchange
to its total time: httpcore looks at a timeout once for a whole head or body, however many reads that takes, and they
look at it before each. Those of an asynchronous one close when a TLS handshake is cancelled, which httpcore forgets.
"""

from __future__ import annotations

import logging
import socket
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from importlib import import_module
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from neo_wire.errors import Headers, MissingExtra
from neo_wire.flow import Send
from neo_wire.http import DEFAULT_PORTS, Route
from neo_wire.transports.deadline import Wait, Waits
from neo_wire.transports.tls import new_ssl_context, ssl_context

_offering_http2: Final = lru_cache(maxsize=64)(new_ssl_context)
LONGEST_IDLE: Final = 60.0  # seconds: what is on the way may have dropped an older connection without a word
_PROXY_PORTS: Final = {**DEFAULT_PORTS, "socks5": 1080, "socks5h": 1080}


def open_pool(route: Route, max_connections: int, *, blocking: bool) -> Any:  # noqa: ANN401  # one of six classes of httpcore
    """A pool of connections that are made as a route says.

    Raises:
        MissingExtra: a package that HTTP/2 or SOCKS needs is not installed.
        ConfigurationError: TLS cannot be set up.
    """
    httpcore = import_module("httpcore")
    # httpcore sets the protocols to offer on the context that it is given, so those with HTTP/2 have others
    context = _offering_http2(route.tls) if route.http2 and route.tls.context is None else ssl_context(route.tls)
    options: dict[str, Any] = {  # Any: keyword arguments
        "ssl_context": context,
        "max_connections": max_connections,
        "max_keepalive_connections": max_connections,
        "keepalive_expiry": LONGEST_IDLE,
        "http2": route.http2,
    }
    if route.http2:
        _require("h2", "HTTP/2", "httpx[http2]")
        keep_headers_out_of_logs()
    options["network_backend"] = _BlockingNetwork(httpcore) if blocking else _AsyncNetwork(httpcore)
    kind = "" if blocking else "Async"
    if route.proxy is None:
        return getattr(httpcore, f"{kind}ConnectionPool")(**options)
    if route.proxy.startswith("socks5"):
        _require("socksio", "a SOCKS proxy", "httpx[socks]")
    scheme, user, host, port = _proxy_parts(route.proxy)
    options["proxy_url"] = httpcore.URL(scheme=scheme, host=host, port=port, target=b"/")
    if scheme.startswith("socks5"):
        return getattr(httpcore, f"{kind}SOCKSProxy")(**options, proxy_auth=user)
    if user is not None:
        options["proxy_headers"] = [(b"Proxy-Authorization", b"Basic " + b64encode(b":".join(user)))]
    if scheme == "https":
        options["proxy_ssl_context"] = ssl_context(route.tls)
    return getattr(httpcore, f"{kind}HTTPProxy")(**options)


def _proxy_parts(url: str) -> tuple[str, tuple[bytes, bytes] | None, str, int]:
    """Scheme, user name and password, host and port of a proxy's URL, as `proxy_for` gives it."""
    scheme, _, rest = url.partition("://")
    user, at, authority = rest.rpartition("@")
    host, port = authority, ""
    if not authority.endswith("]") and ":" in authority:
        host, _, port = authority.rpartition(":")
    name, _, password = user.partition(":")
    auth = (unquote_to_bytes(name), unquote_to_bytes(password)) if at else None
    return scheme, auth, host.strip("[]"), int(port or _PROXY_PORTS[scheme])


def _require(module: str, what: str, package: str) -> None:
    try:
        import_module(module)
    except ImportError:
        raise MissingExtra(f"{what} needs the package {module}; install it with: pip install '{package}'") from None


def keep_headers_out_of_logs() -> None:
    """Turn off the debugging log of the HTTP/2 header compression, which shows session tokens and signatures."""
    log = logging.getLogger("hpack")
    if log.level == logging.NOTSET:
        log.setLevel(logging.INFO)


class SentBody:
    """The body of a request, which knows whether it was asked for: the head has been sent when it is."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self.sent = False

    def __iter__(self) -> Iterator[bytes]:
        self.sent = True
        yield self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.sent = True
        yield self._body


def pool_request(
    effect: Send, headers: Sequence[tuple[bytes, bytes]], body: SentBody, waits: Waits, *, blocking: bool
) -> Any:  # noqa: ANN401  # of httpcore
    """The request as httpcore takes it."""
    httpcore, request = import_module("httpcore"), effect.request
    url = request.url
    return httpcore.Request(
        request.method,
        httpcore.URL(
            scheme=url.scheme,
            # it is the name to connect to, or what a proxy is told
            host=f"[{url.host}]" if ":" in url.host and effect.route.proxy else url.host,
            port=url.port,
            target=url.target,
        ),
        headers=headers,
        content=body,
        extensions={"timeout": waits} | _socks_extensions(effect.route, blocking=blocking),
    )


def _socks_extensions(route: Route, *, blocking: bool) -> dict[str, Any]:
    """What closes a connection whose SOCKS proxy fails: httpcore forgets it."""
    if route.proxy is None or not route.proxy.startswith("socks5"):
        return {}
    asked: list[Any] = []

    def failed(event: str, info: dict[str, Any]) -> bool:
        if event == "socks.setup_socks5_connection.started":
            asked.append(info["stream"])
        return event == "socks.setup_socks5_connection.failed"

    def trace(event: str, info: dict[str, Any]) -> None:
        if failed(event, info):
            asked.pop().close()

    async def trace_async(event: str, info: dict[str, Any]) -> None:
        if failed(event, info):
            with import_module("anyio").CancelScope(shield=True):
                await asked.pop().aclose()

    return {"trace": trace if blocking else trace_async}


def pool_head(response: Any) -> tuple[int, Headers, str]:  # noqa: ANN401  # of httpcore
    """Status, headers and reason of a response of httpcore."""
    headers = tuple([(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers])
    return response.status, headers, response.extensions.get("reason_phrase", b"").decode("latin-1")


class _BlockingNetwork:
    """Makes connections whose every wait keeps to the deadline of the exchange that it is a part of."""

    def __init__(self, httpcore: Any) -> None:  # noqa: ANN401  # a module
        self._httpcore = httpcore
        self._network = httpcore.SyncBackend()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> _BlockingStream:  # noqa: ANN401  # passed on
        left = _left(timeout, self._httpcore.ConnectTimeout)
        return _BlockingStream(self._network.connect_tcp(host, port, left, **options), self._httpcore, timeout)


class _BlockingStream:
    """One connection of these.

    A SOCKS proxy, which httpcore asks without a timeout, is given that of connecting. Of TLS within TLS, httpcore waits
    for each piece of a record with the whole timeout, so that a record which comes byte by byte would have no end.
    """

    def __init__(
        self,
        stream: Any,  # noqa: ANN401  # of httpcore
        httpcore: Any,  # noqa: ANN401  # the module
        connect: float | None,
        *,
        tls_in_tls: bool = False,
    ) -> None:
        self._stream, self._httpcore, self._connect, self._tls_in_tls = stream, httpcore, connect, tls_in_tls
        self.close, self.get_extra_info = stream.close, stream.get_extra_info

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes
        if timeout is None:
            data = self._ask(self._stream.read, max_bytes)
        else:
            left, expired = _left(timeout, self._httpcore.ReadTimeout), self._httpcore.ReadTimeout
            with self._in_time(timeout, expired, tls_in_tls=self._tls_in_tls):
                data = self._stream.read(max_bytes, left)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if timeout is None:
            self._ask(self._stream.write, buffer)
        else:
            left, expired = _left(timeout, self._httpcore.WriteTimeout), self._httpcore.WriteTimeout
            with self._in_time(timeout, expired, tls_in_tls=self._tls_in_tls):
                self._stream.write(buffer, left)

    def _ask(self, step: Callable[..., Any], argument: object) -> Any:  # noqa: ANN401  # what the step gives
        try:
            return step(argument, _left(self._connect, self._httpcore.ConnectTimeout))
        except (self._httpcore.ReadTimeout, self._httpcore.WriteTimeout) as error:
            raise self._httpcore.ConnectTimeout("the SOCKS proxy does not answer") from error

    def start_tls(self, ssl_context: Any, server_hostname: str, timeout: float | None = None) -> _BlockingStream:  # noqa: ANN401  # of ssl
        left, expired = _left(timeout, self._httpcore.ConnectTimeout), self._httpcore.ConnectTimeout
        tls_in_tls = self.get_extra_info("ssl_object") is not None
        with self._in_time(timeout, expired, tls_in_tls=tls_in_tls):
            stream = self._stream.start_tls(ssl_context, _bare(server_hostname), left)
        return _BlockingStream(stream, self._httpcore, timeout, tls_in_tls=tls_in_tls)

    @contextmanager
    def _in_time(self, timeout: float | None, expired: type[Exception], *, tls_in_tls: bool) -> Iterator[None]:
        """Shut the connection down when a step of TLS within TLS outlasts the deadline; another ends by itself."""
        if not tls_in_tls or not isinstance(timeout, Wait):
            yield
            return
        opened, late = self.get_extra_info("socket"), threading.Event()

        def cut() -> None:
            late.set()
            with suppress(OSError):  # it is closed
                # not the method of a TLS socket, which would take away what this thread reads with
                socket.socket.shutdown(opened, socket.SHUT_RDWR)

        timer = threading.Timer(timeout.deadline.left(), cut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except Exception:
            if not late.is_set():
                raise
        finally:
            timer.cancel()
        if late.is_set():
            raise expired("the total time is up")


class _AsyncNetwork:
    """Makes connections that do not stay open when they are given up."""

    def __init__(self, httpcore: Any) -> None:  # noqa: ANN401  # a module
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(self, host: str, port: int, **options: Any) -> _AsyncStream:  # noqa: ANN401  # passed on
        return _AsyncStream(await self._network.connect_tcp(host, port, **options))


class _AsyncStream:
    """One connection of these."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401  # of httpcore
        self._stream = stream
        self.read, self.write, self.aclose = stream.read, stream.write, stream.aclose
        self.get_extra_info = stream.get_extra_info

    async def start_tls(self, ssl_context: Any, server_hostname: str, timeout: float | None = None) -> _AsyncStream:  # noqa: ANN401, ASYNC109  # of ssl; httpcore's API
        try:
            return _AsyncStream(await self._stream.start_tls(ssl_context, _bare(server_hostname), timeout))
        except BaseException:
            with import_module("anyio").CancelScope(shield=True):
                await self._stream.aclose()
            raise


def _bare(host: str) -> str:
    """A host as TLS has it: without the brackets of an IPv6 address, or the dot of a whole name."""
    return host.strip("[]").removesuffix(".")


def _left(timeout: float | None, expired: type[Exception]) -> float | None:
    if not isinstance(timeout, Wait):
        return timeout
    if (left := timeout.left()) <= 0:
        raise expired("the total time is up")
    return left
