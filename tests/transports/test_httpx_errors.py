"""Each way to fail over httpx, httpx2, httpcore and httpx-aiohttp has its own error of ours, without secrets."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import httpx2
import pytest
from httpx_aiohttp import AiohttpTransport

from neo_wire.errors import (
    ConnectFailed,
    ConnectionClosed,
    ConnectTimeout,
    NeoWireError,
    PoolTimeout,
    ProxyFailed,
    ReadTimeout,
    TlsError,
    TransportError,
    WriteTimeout,
)
from neo_wire.flow import Send
from neo_wire.http import Route, Timeout
from neo_wire.transports.httpx_bridge import AsyncHttpxExchange
from tests.transports.bridges import Bridge, effect, raised

SERVICE = "https://api.sagemaker.us-west-2.amazonaws.com/"
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


# --------------------------------------------------------------------------------------------------------- ways to fail


def test_a_refused_connection(bridge: Bridge, given: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    error = raised(bridge, effect(url), given)
    assert type(error) is ConnectFailed
    assert error.maybe_processed is False
    assert error.endpoint == url


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-", id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1e\r\n" + b"x" * 30, id="no last chunk"),
        pytest.param(b"220 mail.example ESMTP\r\n", id="no HTTP"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x16", id="a TLS alert"),
    ],
)
def test_an_abrupt_end_or_garbage(bridge: Bridge, given: Any, reply: bytes, raw_server: Serve) -> None:
    error = raised(bridge, effect(raw_server(reply).url), given)
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True


def test_a_reset(bridge: Bridge, given: Any, raw_server: Serve) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    error = raised(bridge, effect(raw_server(reset).url), given)
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"])
def test_a_server_that_falls_silent(bridge: Bridge, given: Any, begin: bytes, stalling: Serve) -> None:
    error = raised(bridge, effect(stalling(begin).url, timeout=Timeout(read=0.1)), given)
    assert type(error) is ReadTimeout
    assert error.maybe_processed is True
    assert "nothing was received for 0.1 s" in str(error)


def test_a_server_that_does_not_accept(bridge: Bridge, given: Any) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # a full backlog drops further handshakes
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        error = raised(bridge, effect(f"http://127.0.0.1:{port}", timeout=Timeout(connect=0.2)), given)
        for filler in fillers:
            filler.close()
    assert type(error) is ConnectTimeout
    assert error.maybe_processed is False
    assert "0.2 s" in str(error)


EXCEPTIONS = [
    ("ConnectTimeout", ConnectTimeout, False),
    ("PoolTimeout", PoolTimeout, False),
    ("ConnectError", ConnectFailed, False),
    ("ProxyError", ProxyFailed, False),
    ("UnsupportedProtocol", ConnectFailed, False),
    ("LocalProtocolError", TransportError, False),
    ("WriteTimeout", WriteTimeout, True),
    ("WriteError", ConnectionClosed, True),
    ("ReadTimeout", ReadTimeout, True),
    ("ReadError", ConnectionClosed, True),
    ("CloseError", ConnectionClosed, True),
    ("RemoteProtocolError", ConnectionClosed, True),
    ("TimeoutException", ReadTimeout, True),
    ("TransportError", TransportError, True),
    ("TooManyRedirects", TransportError, True),
    ("InvalidURL", TransportError, True),
    ("CookieConflict", TransportError, True),
    ("StreamError", TransportError, True),
]


@LIBRARIES
@pytest.mark.parametrize(("name", "expected", "maybe_processed"), EXCEPTIONS)
def test_each_exception_of_the_library_has_its_meaning(
    bridge: Bridge, library: Any, name: str, expected: type[TransportError], maybe_processed: bool
) -> None:
    def handler(request: Any) -> Any:
        raise getattr(library, name)("why")

    error = raised(bridge, effect(SERVICE), library.MockTransport(handler))
    assert type(error) is expected
    assert isinstance(error, TransportError)
    assert error.maybe_processed is maybe_processed
    assert error.endpoint == SERVICE[:-1]
    assert ("why" in str(error)) is (name != "LocalProtocolError")  # that one quotes headers


def _exceptions() -> list[type[Exception]]:
    public = [getattr(httpx, name) for name in httpx.__all__]
    return [one for one in public if isinstance(one, type) and issubclass(one, Exception)]


@LIBRARIES
def test_a_response_that_was_read_already_is_no_leak(bridge: Bridge, library: Any) -> None:
    error = raised(bridge, effect(SERVICE), library.MockTransport(lambda request: _spent(library)))
    assert type(error) is TransportError
    assert error.maybe_processed is True


def _spent(library: Any) -> Any:
    """A response whose stream can be read once, and was, as a mock may give by mistake."""
    raise library.StreamConsumed


def test_every_exception_that_httpx_has_for_an_exchange_is_known() -> None:
    def below(cls: type[Exception]) -> Iterator[str]:
        for one in cls.__subclasses__():
            if one.__module__.startswith("httpx."):
                yield one.__name__
            yield from below(one)

    bases = {"RequestError", "NetworkError", "ProtocolError", "HTTPStatusError", "DecodingError"}
    assert {cls.__name__ for cls in _exceptions() if not issubclass(cls, httpx.HTTPError | httpx.StreamError)} <= {
        name for name, _, _ in EXCEPTIONS
    }
    assert set(below(httpx.HTTPError)) | set(below(httpx.TransportError)) <= {name for name, _, _ in EXCEPTIONS} | bases


@pytest.mark.parametrize(
    ("exception", "expected"),
    [(ConnectionResetError("why"), ConnectionClosed), (ssl.SSLError("why"), ConnectionClosed)],
)
def test_what_the_system_raises_is_an_error_of_ours(bridge: Bridge, exception: Exception, expected: type) -> None:
    def handler(request: Any) -> Any:
        raise exception

    assert type(raised(bridge, effect(SERVICE), httpx.MockTransport(handler))) is expected


def test_what_is_no_fault_of_the_exchange_is_raised_as_it_is(bridge: Bridge) -> None:
    wrong = ValueError("of the handler")

    def handler(request: Any) -> Any:
        raise wrong

    with pytest.raises(ValueError, match="of the handler") as caught:
        bridge.send(effect(SERVICE), given=httpx.MockTransport(handler))
    assert caught.value is wrong
    assert not wrong.__suppress_context__


# -------------------------------------------------------------------------------------------------------------- secrets


def causes(error: BaseException) -> Iterator[BaseException]:
    one: BaseException | None = error
    while one is not None:
        yield one
        one = one.__cause__ or one.__context__


@pytest.mark.parametrize(
    "text",
    ["http://user:s3cret@proxy.example refused", "GET https://b.example/k?X-Amz-Signature=s3cret failed", "s3cret"],
)
def test_no_secret_is_in_a_message_or_in_what_it_came_from(bridge: Bridge, text: str) -> None:
    name = "LocalProtocolError" if text == "s3cret" else "ReadError"

    def handler(request: Any) -> Any:
        try:
            raise OSError(text)
        except OSError as error:
            raise getattr(httpx, name)("no secret here" if name == "ReadError" else text) from error

    error = raised(bridge, effect(SERVICE), httpx.MockTransport(handler))
    assert not any("s3cret" in str(one) for one in causes(error))


def test_a_cause_without_secrets_is_kept(bridge: Bridge) -> None:
    why = httpx.ReadError("why")

    def handler(request: Any) -> Any:
        raise why

    assert raised(bridge, effect(SERVICE), httpx.MockTransport(handler)).__cause__ is why


def test_a_cause_brings_no_frames_of_the_library_in_whose_variables_the_request_stands(bridge: Bridge) -> None:
    def handler(request: Any) -> Any:
        shown = dict(request.headers)
        try:
            raise OSError(len(shown))
        except OSError as error:
            raise httpx.ReadError("why") from error

    secret = effect(SERVICE, headers=(("X-Amz-Security-Token", "s3cret"),))
    error = raised(bridge, secret, httpx.MockTransport(handler))
    assert [type(one) for one in causes(error)] == [ConnectionClosed, httpx.ReadError, OSError]
    assert [one.__traceback__ for one in list(causes(error))[1:]] == [None, None]


@pytest.mark.parametrize(
    ("text", "maybe_processed"),
    [
        ("Invalid input ConnectionInputs.SEND_HEADERS in state ConnectionState.CLOSED", False),
        ("Invalid input StreamInputs.SEND_DATA in state StreamState.CLOSED", True),
        ("Max outbound streams is 100, 100 open", False),
    ],
)
def test_an_http2_connection_that_the_server_has_ended_is_no_fault_of_the_request(
    bridge: Bridge, text: str, maybe_processed: bool
) -> None:
    def handler(request: Any) -> Any:
        raise httpx.LocalProtocolError(text)

    error = raised(bridge, effect(SERVICE), httpx.MockTransport(handler))
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is maybe_processed


def test_a_transport_of_the_users_that_speaks_http2_logs_no_headers(bridge: Bridge) -> None:
    log = logging.getLogger("hpack")
    log.setLevel(logging.NOTSET)
    bridge.send(effect(SERVICE), given=httpx.MockTransport(lambda request: httpx.Response(200)))
    assert not log.isEnabledFor(logging.DEBUG)


@pytest.mark.parametrize("http2", [False, True])
def test_a_header_that_is_no_http_is_not_shown(bridge: Bridge, http2: bool, raw_server: Serve) -> None:
    server = raw_server(b"")
    error = raised(
        bridge, effect(server.url, headers=(("X-Amz-Security-Token", "s3cret\n"),), route=Route(http2=http2))
    )
    assert "no valid HTTP" in str(error)
    assert isinstance(error, TransportError)
    assert error.maybe_processed is False
    assert not any("s3cret" in str(one) for one in causes(error))
    assert server.requests == []


# -------------------------------------------------------------------------------------------------------- httpx-aiohttp


def by_aiohttp(one: Send, **options: Any) -> Any:
    """The response or the error of an exchange over httpx-aiohttp, which must be ours."""

    async def main() -> Any:
        transport = AiohttpTransport(**options)
        exchange = AsyncHttpxExchange(transport)
        try:
            return await exchange.send(one)
        except NeoWireError as error:
            return error
        finally:
            await exchange.aclose()
            await transport.aclose()
            await asyncio.sleep(0)  # aiohttp closes its sockets a turn later

    return asyncio.run(main())


def test_httpx_aiohttp_sends(raw_server: Serve, response: Respond) -> None:
    server = raw_server(response(b"answered"))
    answer = by_aiohttp(effect(server.url + "/a%20b?q=1", b"sent", headers=(("Authorization", "AWS4 x"),)))
    assert (answer.status, answer.body) == (200, b"answered")
    assert server.requests[0].startswith(b"POST /a%20b?q=1 HTTP/1.1\r\n")
    assert server.requests[0].endswith(b"sent")
    assert b"authorization: AWS4 x\r\n" in server.requests[0]


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-",
        b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf",
        b"220 mail.example\r\n",
    ],
)
def test_httpx_aiohttp_that_is_cut_off_may_have_been_processed(reply: bytes, raw_server: Serve) -> None:
    error = by_aiohttp(effect(raw_server(reply).url))  # httpx-aiohttp takes some of these for failures to connect
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True


def test_httpx_aiohttp_that_cannot_connect_or_hears_nothing(stalling: Serve) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = by_aiohttp(effect(f"http://127.0.0.1:{port}"))
    assert (type(error), error.maybe_processed) == (ConnectFailed, False)
    error = by_aiohttp(effect(stalling(b"").url, timeout=Timeout(read=0.1)))
    assert (type(error), error.maybe_processed) == (ReadTimeout, True)


def test_httpx_aiohttp_that_does_not_trust(server_tls: Any, trusting: ssl.SSLContext, raw_server: Serve) -> None:
    server = raw_server(b"", server_tls("127.0.0.1"))
    error = by_aiohttp(effect(server.url))
    assert (type(error), error.maybe_processed) == (TlsError, False)


@pytest.mark.filterwarnings("ignore:.*deprecated:DeprecationWarning")  # what httpx-aiohttp asks of aiohttp
def test_httpx_aiohttp_does_not_show_the_password_of_its_proxy(
    raw_server: Serve, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    refusing = raw_server(b"HTTP/1.1 407 no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    proxy = httpx.Proxy(f"http://user:s3cret@127.0.0.1:{refusing.port}")
    error = by_aiohttp(effect(SERVICE), proxy=proxy, verify=trusting)
    assert (type(error), error.maybe_processed) == (ProxyFailed, False)
    assert not any("s3cret" in str(one) for one in causes(error))


def test_the_names_of_aiohttps_exceptions_are_what_we_take_them_for() -> None:
    names = ["ConnectionTimeoutError", "SocketTimeoutError", "ClientConnectorError", "ClientProxyConnectionError"]
    for name in [*names, "ClientHttpProxyError", "ClientConnectorSSLError"]:
        assert issubclass(getattr(aiohttp, name), aiohttp.ClientError)
