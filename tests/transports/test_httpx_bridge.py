"""The bridge, against real sockets: what goes out is what was signed, and each way to fail has its own name."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Any

import httpx
import httpx2
import pytest
import respx

from neo_wire.errors import (
    ConfigurationError,
    ConnectTimeout,
    TlsError,
    TransportError,
)
from neo_wire.flow import Send
from neo_wire.http import Route, Timeout, Tls
from neo_wire.transports.httpx_bridge import AsyncHttpxExchange, HttpxExchange
from tests.transports.bridges import MAX_BODY, Bridge, effect, raised

SERVICE = "https://api.sagemaker.us-west-2.amazonaws.com/"
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


# ---------------------------------------------------------------------------------------------- what goes over the wire


def test_the_bytes_that_arrive_are_the_request_and_nothing_else(
    bridge: Bridge, given: Any, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(b"the answer"))
    signed = (("X-Amz-Date", "20260101T120000Z"), ("authorization", "AWS4-HMAC-SHA256 x"), ("X-Odd", "ü  ;"))
    one = effect(server.url + "/a%20b/c~d/?q=%2F&r", b"\x00body", headers=signed)
    answer = bridge.send(one, given=given)
    assert (answer.status, answer.reason, answer.body) == (200, "OK", b"the answer")
    assert answer.header("X-Amzn-RequestId") == "request-1"
    assert all(name == name.lower() for name, _ in answer.headers)
    lines = [f"{name}: {value}" for name, value in one.request.headers]
    assert server.requests == [
        "\r\n".join(["POST /a%20b/c~d/?q=%2F&r HTTP/1.1", *lines, "", ""]).encode() + b"\x00body"
    ]


def test_a_request_without_a_host_header_is_given_one(bridge: Bridge, raw_server: Serve, response: Respond) -> None:
    server = raw_server(response())
    one = effect(server.url)
    unnamed = tuple(pair for pair in one.request.headers if pair[0] != "Host")
    request = type(one.request)("POST", one.request.url, unnamed, one.request.body)
    bridge.send(Send(request, one.timeout, MAX_BODY))
    assert f"\r\nHost: 127.0.0.1:{server.port}\r\n".encode() in server.requests[0]


@LIBRARIES
def test_a_client_of_the_user_keeps_its_own_habits_out_of_the_request(
    bridge: Bridge, library: Any, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(b"x", "302 Found", location="http://127.0.0.1:1/", set_cookie="a=b"))
    hooked: list[str] = []

    def hook(request: Any) -> None:
        hooked.append(request.headers["x-amz-target"])

    async def async_hook(request: Any) -> None:
        hook(request)

    client = bridge.client(
        library,
        event_hooks={"request": [hook if bridge.is_blocking else async_hook]},
        headers={"x-of-the-client": "1"},
        cookies={"c": "d"},
        params={"p": "q"},
        auth=("user", "password"),
        follow_redirects=True,
        trust_env=False,
    )
    one = effect(server.url, headers=(("X-Amz-Target", "T.O"), ("Authorization", "AWS4 x")))
    answer = bridge.send(one, one, given=client)
    assert answer.status == 302  # not followed
    assert hooked == ["T.O", "T.O"]
    for request in server.requests:
        assert request.startswith(b"POST / HTTP/1.1\r\n")
        assert b"Authorization: AWS4 x\r\n" in request
        assert b"x-of-the-client" not in request
        assert b"ookie" not in request
    assert not client.is_closed
    close(bridge, client)


def close(bridge: Bridge, client: Any) -> None:
    if bridge.is_blocking:
        client.close()
    else:
        bridge.run(client.aclose)


@LIBRARIES
def test_a_mock_transport_of_the_library_works(bridge: Bridge, library: Any) -> None:
    seen: list[Any] = []

    def handler(request: Any) -> Any:
        seen.append((request, request.content))
        return library.Response(200, json={"a": 1}, headers={"x-amzn-RequestId": "r"})

    for given in (library.MockTransport(handler), bridge.client(library, transport=library.MockTransport(handler))):
        answer = bridge.send(effect(SERVICE, b"sent"), given=given)
        assert (answer.body.replace(b" ", b""), answer.header("x-amzn-requestid")) == (b'{"a":1}', "r")
    for request, content in seen:
        assert isinstance(request, library.Request)
        assert (str(request.url), content) == (SERVICE, b"sent")


def test_respx_routes_answer(bridge: Bridge) -> None:
    router = respx.Router()
    route = router.post(SERVICE).respond(200, json={"NextToken": "n"}, headers={"x-amzn-RequestId": "r"})
    handler = router.handler if bridge.is_blocking else router.async_handler
    answer = bridge.send(effect(SERVICE), given=httpx.MockTransport(handler))
    assert (answer.body, answer.header("x-amzn-requestid")) == (b'{"NextToken":"n"}', "r")
    assert route.call_count == 1


@pytest.mark.parametrize("made", [None, "transport", "client"])
def test_respx_patches_the_pools_too(bridge: Bridge, made: str | None) -> None:
    with respx.mock as router:
        route = router.post(SERVICE).respond(200, content=b"mocked")
        given = getattr(bridge, made)(httpx) if made else None
        assert bridge.send(effect(SERVICE), given=given).body == b"mocked"
        assert route.call_count == 1
    if made:
        close(bridge, given)


def test_what_respx_has_no_route_for_is_the_tests_own_failure(bridge: Bridge) -> None:
    with respx.mock, pytest.raises(AssertionError, match="not mocked"):
        bridge.send(effect(SERVICE))


@pytest.mark.parametrize("kind", [httpx.AsyncClient, httpx.AsyncHTTPTransport, object, dict])
def test_a_blocking_exchange_refuses_what_it_cannot_send_with(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match="give a blocking httpx client or transport"):
        HttpxExchange(kind())


@pytest.mark.parametrize("kind", [httpx.Client, httpx.HTTPTransport, object, dict])
def test_an_asynchronous_exchange_refuses_what_it_cannot_send_with(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match="give an asynchronous httpx client or transport"):
        AsyncHttpxExchange(kind())


@LIBRARIES
@pytest.mark.parametrize("path", ["/a/../b", "/a/./b"])
def test_a_path_that_the_library_would_rewrite_is_refused(bridge: Bridge, library: Any, path: str) -> None:
    mock = library.MockTransport(lambda _: library.Response(200))
    if str(library.URL(SERVICE[:-1] + path)) == SERVICE[:-1] + path:
        assert bridge.send(effect(SERVICE[:-1] + path), given=mock).status == 200
    else:
        with pytest.raises(ConfigurationError, match="would break the signature"):
            bridge.send(effect(SERVICE[:-1] + path), given=mock)


@LIBRARIES
def test_a_url_that_the_library_does_not_take_is_refused_without_its_query(bridge: Bridge, library: Any) -> None:
    mock = library.MockTransport(lambda _: library.Response(200))
    with pytest.raises(ConfigurationError, match="refuses the URL") as caught:
        bridge.send(effect(SERVICE + "?X-Amz-Signature=s3cret" + "x" * 70000), given=mock)
    assert "s3cret" not in str(caught.value)


# ------------------------------------------------------------------------------------------------------------------ TLS


def test_tls_with_a_trusted_certificate(
    bridge: Bridge, server_tls: Any, trusting: ssl.SSLContext, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(b"secret"), server_tls("127.0.0.1"))
    route = Route(tls=Tls(context=trusting))
    assert bridge.send(effect(server.url, route=route)).body == b"secret"
    for library in (httpx, httpx2):
        given = bridge.transport(library, verify=trusting)
        assert bridge.send(effect(server.url), given=given).body == b"secret"


@pytest.mark.parametrize("how", ["untrusted", "of another name", "no TLS at all"])
@pytest.mark.parametrize("own", [True, False])
def test_tls_that_fails(
    bridge: Bridge, own: bool, how: str, server_tls: Any, trusting: ssl.SSLContext, raw_server: Serve
) -> None:
    name = "other.example" if how == "of another name" else "127.0.0.1"
    server = raw_server(b"", None if how == "no TLS at all" else server_tls(name))
    context = ssl.create_default_context() if how == "untrusted" else trusting
    given = None if own else bridge.transport(httpx, verify=context)
    # what speaks no TLS waits for the end of a request that never comes, so the connect timeout may be what ends it
    one = effect(
        f"https://127.0.0.1:{server.port}",
        timeout=Timeout(connect=0.5, read=0.5),
        route=Route(tls=Tls(context=context)),
    )
    error = raised(bridge, one, given)
    assert type(error) in ((TlsError, ConnectTimeout) if how == "no TLS at all" else (TlsError,))
    assert isinstance(error, TransportError)
    assert error.maybe_processed is False
    assert server.requests == []
