"""Our pools in clients of httpx and httpx2, next to what their own transports do."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Literal

import httpx
import httpx2
import pytest
import trio
import trustme
from attrs import frozen

from neo_wire.errors import ClientClosed, ConfigurationError
from neo_wire.http import Tls
from neo_wire.httpx_transports import AsyncNeoTransport, NeoTransport
from tests.transports.scripted import Peer, Scripted, answer, scripted


@frozen
class Way:
    """A kind of client, of a library."""

    kind: Literal["blocking", "asyncio", "trio"]
    library: Any

    def transport(self, **options: Any) -> Any:
        return NeoTransport(**options) if self.kind == "blocking" else AsyncNeoTransport(**options)

    def call(self, *calls: tuple[str, str, dict[str, Any]], transport: Any = None) -> list[Any]:
        """Make calls with one client, one after another; responses or what was raised."""
        transport = self.transport() if transport is None else transport
        outcomes: list[Any] = []
        if self.kind == "blocking":
            with self.library.Client(transport=transport) as client:
                for method, url, arguments in calls:
                    try:
                        outcomes.append(client.request(method, url, **arguments))
                    except self.library.HTTPError as error:
                        outcomes.append(error)
            return outcomes

        async def main() -> list[Any]:
            async with self.library.AsyncClient(transport=transport) as client:
                for method, url, arguments in calls:
                    try:
                        outcomes.append(await client.request(method, url, **arguments))
                    except self.library.HTTPError as error:
                        outcomes.append(error)
            return outcomes

        return asyncio.run(main()) if self.kind == "asyncio" else trio.run(main)


WAYS = [Way(kind, library) for kind in ("blocking", "asyncio", "trio") for library in (httpx, httpx2)]


@pytest.fixture(params=WAYS, ids=lambda way: f"{way.kind}-{way.library.__name__}")
def way(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_requests_go_out_to_the_byte_as_with_the_stock_transport(way: Way) -> None:
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/a%2Fb/c?d=e%20f&g", {"headers": {"X-Name": "välue".encode()}}),
        ("GET", "/?", {}),
        ("POST", "/", {"json": {"a": 1}}),
        ("PUT", "/", {"content": b""}),
        ("HEAD", "/", {}),
        ("DELETE", "/", {"headers": [("X", "1"), ("X", "2")]}),
    ]
    with scripted(lambda peer: peer.serve(answer(b""))) as server:
        base = str(server.url)
        stock = httpx.Client() if way.library is httpx else httpx2.Client()
        with stock:
            for method, path, arguments in calls:
                stock.request(method, base.rstrip("/") + path, **arguments)
        expected = [request for _, request in server.requests]
        server.requests.clear()
        responses = way.call(*((method, base.rstrip("/") + path, arguments) for method, path, arguments in calls))
        assert [response.status_code for response in responses] == [200] * len(calls)
        assert [request for _, request in server.requests] == expected
        assert len({number for number, _ in server.requests}) == 1  # one connection


def test_a_body_that_comes_in_pieces_is_sent_whole(way: Way) -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"one ", b"two")

    async def pieces_async() -> AsyncIterator[bytes]:
        for piece in pieces():
            yield piece

    with scripted() as server:
        content = pieces() if way.kind == "blocking" else pieces_async()
        (response,) = way.call(("POST", str(server.url), {"content": content}))
        assert response.status_code == 200
        ((_, request),) = server.requests
        assert b"\r\nContent-Length: 7\r\n" in request
        assert b"ransfer-" not in request
        assert request.endswith(b"\r\n\r\none two")


def test_responses_are_the_librarys_own(way: Way) -> None:
    body = gzip.compress(b'{"a": 1}')
    response = answer(body, "207 Quite Multi", "Content-Encoding: gzip", "Set-Cookie: a=b", "Set-Cookie: c=d")
    with scripted(lambda peer: peer.serve(response)) as server:
        transport = way.transport()
        (outcome,) = way.call(("GET", str(server.url), {}), transport=transport)
        assert isinstance(outcome, way.library.Response)
        assert (outcome.status_code, outcome.reason_phrase, outcome.http_version) == (207, "Quite Multi", "HTTP/1.1")
        assert outcome.json() == {"a": 1}
        assert outcome.headers["content-encoding"] == "gzip"
        assert dict(outcome.cookies) == {"a": "b", "c": "d"}


def test_a_streamed_response_can_be_read_in_pieces() -> None:
    with (
        scripted(lambda peer: peer.serve(answer(b"x" * 100_000))) as server,
        httpx.Client(transport=NeoTransport()) as client,
        client.stream("GET", str(server.url)) as response,
    ):
        assert sum(map(len, response.iter_bytes(1000))) == 100_000


def test_redirects_are_the_clients(way: Way) -> None:
    def serve(peer: Peer) -> None:
        while request := peer.request():
            peer.send(answer(b"", "302 Found", "Location: /there") if b"GET / " in request else answer(b"there"))

    with scripted(serve) as server:
        (response,) = way.call(("GET", str(server.url), {"follow_redirects": True}))
        assert response.content == b"there"
        assert len(response.history) == 1


def silent(peer: Peer) -> None:
    peer.request()
    peer.request()  # until the client closes


def cut(peer: Peer) -> None:
    peer.request()
    peer.send(answer(b"xx")[:-1])


@pytest.mark.parametrize(
    ("script", "timeout", "expected"),
    [
        (silent, {"timeout": 5.0, "read": 0.05}, "ReadTimeout"),
        (cut, {"timeout": 5.0}, "RemoteProtocolError"),
        (lambda peer: None, {"timeout": None}, "RemoteProtocolError"),
    ],
)
def test_what_goes_wrong_is_an_exception_of_the_library(
    way: Way, script: Callable[[Peer], None], timeout: dict[str, Any], expected: str
) -> None:
    with scripted(script) as server:
        options = {"timeout": way.library.Timeout(**timeout)}
        (error,) = way.call(("GET", str(server.url), options))
        assert type(error) is getattr(way.library, expected)
        assert str(error.request.url) == str(server.url)
        assert f"127.0.0.1:{server.port}" in str(error)


def test_a_port_that_refuses_is_a_connect_error(way: Way) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        (error,) = way.call(("GET", f"http://127.0.0.1:{taken.getsockname()[1]}/", {}))
    assert type(error) is way.library.ConnectError


def test_a_certificate_that_is_not_trusted_is_a_connect_error(way: Way) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with scripted(Peer.serve, context) as server:
        (error,) = way.call(("GET", str(server.url), {}))
        assert type(error) is way.library.ConnectError
        (response,) = way.call(("GET", str(server.url), {}), transport=way.transport(tls=Tls(context=trusting)))
        assert response.status_code == 200


def test_a_pool_timeout_is_the_clients() -> None:
    release = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        release.wait(10)
        peer.send(answer())

    async def main(server: Scripted) -> None:
        timeout = httpx.Timeout(10, pool=0.05)
        async with httpx.AsyncClient(transport=AsyncNeoTransport(max_connections=1), timeout=timeout) as client:
            first = asyncio.create_task(client.get(str(server.url)))
            await asyncio.sleep(0.02)
            with pytest.raises(httpx.PoolTimeout):
                await client.get(str(server.url))
            release.set()
            assert (await first).status_code == 200

    with scripted(serve) as server:
        asyncio.run(main(server))


def test_the_whole_of_an_exchange_can_be_bounded(way: Way) -> None:
    over = threading.Event()

    def drip(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(0.01):
            peer.send(b"x")

    with scripted(drip) as server:
        (error,) = way.call(("GET", str(server.url), {}), transport=way.transport(total=0.1))
        over.set()
        assert isinstance(error, way.library.TimeoutException)


def test_a_body_that_is_too_long_is_an_error(way: Way) -> None:
    with scripted(lambda peer: peer.serve(answer(b"x" * 11))) as server:
        long_enough, too_short = (
            way.call(("GET", str(server.url), {}), transport=way.transport(max_body=limit))[0] for limit in (11, 10)
        )
        assert long_enough.content == b"x" * 11
        assert type(too_short) is way.library.ReadError
        assert "longer than 10 bytes; raise max_body" in str(too_short)


def test_a_header_that_is_no_text_is_refused(way: Way) -> None:
    with scripted() as server:
        (error,) = way.call(("GET", str(server.url), {"headers": {b"X": b"\xff"}}))
        assert type(error) is way.library.LocalProtocolError
        assert server.requests == []


@pytest.mark.parametrize("options", [{"max_connections": 0}, {"max_body": 0}, {"total": 0}, {"max_body": True}])
@pytest.mark.parametrize("make", [NeoTransport, AsyncNeoTransport])
def test_options_that_are_none_are_refused(make: Any, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        make(**options)


def test_a_closed_transport_says_so() -> None:
    transport = NeoTransport()
    transport.close()
    with pytest.raises(ClientClosed):
        transport.handle_request(httpx.Request("GET", "http://127.0.0.1:1/"))


def test_a_hundred_callers_share_one_client() -> None:
    async def main(server: Scripted) -> None:
        async with httpx.AsyncClient(transport=AsyncNeoTransport(max_connections=7)) as client:
            responses = await asyncio.gather(*(client.get(f"{server.url}?{n}") for n in range(100)))
            assert [response.content for response in responses] == [b"%d" % n for n in range(100)]

    def serve(peer: Peer) -> None:
        while request := peer.request():
            peer.send(answer(request.split(b" ")[1].partition(b"?")[2]))

    with scripted(serve) as server:
        asyncio.run(main(server))
        assert server.connections == 7
