"""What the exceptions of httpx, httpx2, httpcore and httpx-aiohttp mean: each becomes an error of our own."""

from __future__ import annotations

import re
from typing import Final

from neo_wire import errors
from neo_wire.config.proxies import masked
from neo_wire.errors import TransportError
from neo_wire.flow import Send
from neo_wire.transports.deadline import Deadline

# By its name, which the libraries share: the error, what happened, and whether the request may have been processed.
# Names are looked up along the exception's bases, so that the nearest wins.
_MEANINGS: Final[dict[str, tuple[type[TransportError], str, bool]]] = {
    "ConnectTimeout": (errors.ConnectTimeout, "no connection within {connect:g} s", False),
    "PoolTimeout": (errors.PoolTimeout, "no connection of the pool came free within {pool:g} s", False),
    "ConnectError": (errors.ConnectFailed, "no connection", False),
    "ProxyError": (errors.ProxyFailed, "the proxy did not connect", False),
    "WriteTimeout": (errors.WriteTimeout, "the request could not be written within {write:g} s", True),
    "ReadTimeout": (errors.ReadTimeout, "nothing was received for {read:g} s", True),
    "TimeoutException": (errors.ReadTimeout, "the exchange did not end in time", True),
    "RemoteProtocolError": (
        errors.ConnectionClosed,
        "the connection ended or spoke no HTTP before the response did",
        True,
    ),
    "NetworkError": (errors.ConnectionClosed, "the connection broke", True),
    "OSError": (errors.ConnectionClosed, "the connection broke", True),
    "SOCKSError": (errors.ProxyFailed, "the proxy broke off, or spoke no SOCKS 5", False),  # of socksio
    "UnsupportedProtocol": (errors.ConnectFailed, "the transport does not speak the URL's scheme", False),
    "LocalProtocolError": (TransportError, "the request is no valid HTTP", False),
    "HTTPError": (TransportError, "the exchange failed", True),
    "StreamError": (TransportError, "the transport gave a response that cannot be read", True),
    "InvalidURL": (TransportError, "the exchange failed", True),
    "CookieConflict": (TransportError, "the exchange failed", True),
    # of aiohttp, which httpx-aiohttp lets through, or takes for failures to connect
    "ConnectionTimeoutError": (errors.ConnectTimeout, "no connection within {connect:g} s", False),
    "SocketTimeoutError": (errors.ReadTimeout, "nothing was received for {read:g} s", True),
    "ClientConnectorError": (errors.ConnectFailed, "no connection", False),
    "ClientProxyConnectionError": (errors.ProxyFailed, "the proxy cannot be reached", False),
    "ClientHttpProxyError": (errors.ProxyFailed, "the proxy did not connect", False),
    "ClientError": (errors.ConnectionClosed, "the connection ended or spoke no HTTP before the response did", True),
}
_TIMEOUTS: Final = (errors.ConnectTimeout, errors.PoolTimeout, errors.WriteTimeout, errors.ReadTimeout)
_USER: Final = re.compile(r"://[^/\s@'\"]*@")
# So h2 says that a connection takes no more; the second, once the server has ended it and left streams open.
_HTTP2_ENDED: Final = re.compile(r"Invalid input \w+\.(\w+) in state \w+\.CLOSED|Max outbound streams is ")
# So httpcore quotes a server of HTTP/2 that did not act on the request: RFC 9113, sections 6.8 and 8.7. What follows
# the last stream that such a server names is sent again by httpcore itself.
_HTTP2_NOT_PROCESSED: Final = (
    r"<StreamReset stream_id:\d+, error_code:(?:7|ErrorCodes\.REFUSED_STREAM), remote_reset:True>"
    r"|<ConnectionTerminated error_code:[\w.]+, last_stream_id:0, .*"
)
_QUERY: Final = re.compile(r"\?[^\s'\")]+")


def transport_error(
    error: Exception, effect: Send, deadline: Deadline, *, sent: bool | None = None
) -> TransportError | None:
    """The error that an exception of one of these libraries stands for; None when it is no fault of the exchange.

    Args:
        error: what was raised.
        effect: the exchange.
        deadline: when its total time is up.
        sent: whether the request had been sent when it was raised, or a part of it; None when nobody knows.
    """
    names = [cls.__name__ for cls in type(error).__mro__]
    if error.__cause__ is not None and type(error.__cause__).__module__.startswith("aiohttp."):
        names[:0] = [cls.__name__ for cls in type(error.__cause__).__mro__]  # it knows better
    meaning = next((_MEANINGS[name] for name in names if name in _MEANINGS), None)
    if meaning is None:
        return None
    cls, text, maybe_processed = meaning
    timeout, detail = effect.timeout, _redacted(str(error))
    text = text.format(connect=timeout.connect, pool=timeout.pool, write=timeout.write, read=timeout.read)
    if cls in _TIMEOUTS and deadline.left() <= 0:
        return total_timeout(effect, sent=sent if sent is not None else maybe_processed)
    if cls is errors.ConnectFailed and _is_tls(error):
        cls, text = errors.TlsError, "the TLS handshake failed"
    elif "LocalProtocolError" in names and (ended := _HTTP2_ENDED.search(detail)):
        cls, text, detail = errors.ConnectionClosed, "the server takes no more on the HTTP/2 connection", ""
        maybe_processed = ended[1] not in (None, "SEND_HEADERS")
    elif "LocalProtocolError" in names:
        detail = ""  # it quotes the header, which may be a secret
    elif "RemoteProtocolError" in names and re.fullmatch(_HTTP2_NOT_PROCESSED, detail, re.DOTALL):
        maybe_processed = False
    elif sent is False and effect.route.proxy is not None and cls is not errors.PoolTimeout:
        if cls in _TIMEOUTS:
            cls, text = errors.ConnectTimeout, f"no connection: {text}" if maybe_processed else text
        else:
            cls, text = errors.ProxyFailed, "the proxy cannot be reached, or did not connect"
    maybe_processed = maybe_processed and sent is not False
    return _made(cls, f"{text}: {detail}" if detail else text, effect, maybe_processed=maybe_processed)


def total_timeout(effect: Send, *, sent: bool | None) -> TransportError:
    """The error of an exchange whose total time is up; who does not know whether the request was sent says so."""
    if sent is False:
        return _made(errors.ConnectTimeout, f"no connection {_within_total(effect)}", effect, maybe_processed=False)
    return _made(errors.ReadTimeout, f"no whole response {_within_total(effect)}", effect, maybe_processed=True)


def pool_timeout(effect: Send, deadline: Deadline) -> TransportError:
    """The error of an exchange that no connection came free for."""
    if deadline.left() <= 0:
        return total_timeout(effect, sent=False)
    cls, text, _ = _MEANINGS["PoolTimeout"]
    return _made(cls, text.format(pool=effect.timeout.pool), effect, maybe_processed=False)


def proxy_refused(effect: Send, status: int) -> TransportError:
    """The error of a proxy that asks for a user name and a password, in place of the server's answer."""
    return _made(
        errors.ProxyFailed,
        f"the proxy refuses to pass the request on: HTTP {status}; check the user name and password in its URL",
        effect,
        maybe_processed=False,
    )


def printable_cause(error: Exception) -> Exception | None:
    """The exception, to be chained; None when it, or one that it came from, has in its text what must not be seen.

    Tracebacks go: the local variables of the libraries' frames hold the request, and some reports of errors show them.
    """
    seen: list[BaseException] = []
    left: list[BaseException | None] = [error]
    while left:
        one = left.pop()
        if one is None or one in seen:
            continue
        text = str(one)
        if type(one).__name__ == "LocalProtocolError" or _redacted(text) != text:
            return None
        one.__traceback__ = None
        seen.append(one)
        left += [one.__cause__, one.__context__]
    return error


def _made(cls: type[TransportError], text: str, effect: Send, *, maybe_processed: bool) -> TransportError:
    proxy = f" (through the proxy {masked(effect.route.proxy)})" if effect.route.proxy is not None else ""
    return cls(text + proxy, endpoint=effect.request.url.origin, maybe_processed=maybe_processed)


def _within_total(effect: Send) -> str:
    return f"within the {effect.timeout.total:g} s that the whole exchange may take"


def _redacted(text: str) -> str:
    """The text without what stands in a URL before the host, or after the path."""
    return _QUERY.sub("?…", _USER.sub("://***@", text))


def _is_tls(error: BaseException | None) -> bool:
    while error is not None:
        if any(cls.__name__ in ("SSLError", "ClientConnectorSSLError") for cls in type(error).__mro__):
            return True
        error = error.__cause__ or error.__context__
    return False
