"""How long the bridge's connections live: from call to call, over forks and event loops, until they are closed."""

from __future__ import annotations

import gc
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from neo_wire import ClientClosed
from neo_wire.http import Route, Timeout, Tls
from neo_wire.transports.httpx_bridge import AsyncHttpxExchange, HttpxExchange
from tests.transports.bridges import Bridge, effect
from tests.transports.proxy import Proxy
from tests.transports.scripted import scripted

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


@pytest.fixture
def counting(raw_server: Serve, response: Respond) -> Serve:
    """A server that keeps its connections and answers each request with its connection's number and its own."""
    connections = iter(range(100))

    def reply(connection: socket.socket) -> None:
        number = next(connections)
        with connection, suppress(OSError):  # a loop that has ended may reset it
            for request in range(100):
                body = b'{"CompilationJobSummaries":[],"NextToken":"%d.%d"}' % (number, request)
                connection.sendall(response(body, connection="keep-alive"))
                received = b""
                while not received.endswith(b"{}"):  # head and body may come apart
                    if not (more := connection.recv(65536)):
                        return
                    received += more

    return lambda: raw_server(lambda connection: threading.Thread(target=reply, args=(connection.dup(),)).start())


def token(body: bytes) -> str:
    return body.decode().split('"')[-2]


def test_connections_are_kept_for_the_next_exchange(bridge: Bridge, counting: Serve) -> None:
    one = effect(counting().url)
    assert token(bridge.send(one, one, one).body) == "0.2"


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(("length", "connections"), [("", 1), ("content-length: 4\r\n", 3)])
def test_a_response_that_is_framed_twice_is_the_last_of_its_connection(
    bridge: Bridge, secure: bool, length: str, connections: int, server_tls: Any, trusting: ssl.SSLContext
) -> None:
    response = f"HTTP/1.1 200 OK\r\n{length}transfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n".encode()
    with scripted(lambda peer: peer.serve(response), server_tls() if secure else None) as server:
        one = server.send(tls=Tls(context=trusting))
        assert bridge.send(one, one, one).body == b"{}"
        assert server.connections == connections


def test_each_route_has_connections_of_its_own(bridge: Bridge, counting: Serve) -> None:
    url = counting().url
    proxy = Proxy()
    direct, proxied = effect(url), effect(url, route=Route(proxy=proxy.url()))
    assert token(bridge.send(direct, proxied, direct, proxied, direct).body) == "0.2"
    assert len(proxy.lines) == 1  # the second came over the same connection, which this proxy does not look into
    proxy.close()


def test_a_server_that_has_closed_an_idle_connection_costs_nothing(
    bridge: Bridge, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(b"answered", connection="keep-alive"))  # and closes it
    one = effect(server.url)
    if bridge.is_blocking:
        exchange = HttpxExchange()
        exchange.send(one)
        time.sleep(0.05)
        assert exchange.send(one).body == b"answered"
        exchange.close()
    else:

        async def main() -> None:
            exchange = AsyncHttpxExchange()
            await exchange.send(one)
            await anyio.sleep(0.05)
            assert (await exchange.send(one)).body == b"answered"
            await exchange.aclose()

        bridge.run(main)
    assert len(server.requests) == 2


@pytest.mark.parametrize("given", [None, httpx, httpx2], ids=["own pool", "httpx", "httpx2"])
def test_a_closed_exchange_says_so(bridge: Bridge, given: Any) -> None:
    transport = given and bridge.transport(given)
    if bridge.is_blocking:
        exchange = HttpxExchange(transport)
        exchange.close()
        exchange.close()
        with pytest.raises(ClientClosed, match="make a new one"):
            exchange.send(effect("http://127.0.0.1:1"))
        return

    async def main() -> None:
        exchange = AsyncHttpxExchange(transport)
        await exchange.aclose()
        await exchange.aclose()
        with pytest.raises(ClientClosed, match="make a new one"):
            await exchange.send(effect("http://127.0.0.1:1"))

    bridge.run(main)


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_a_closed_client_of_the_user_is_told_from_a_broken_connection(bridge: Bridge, library: Any) -> None:
    given = bridge.client(library, transport=library.MockTransport(lambda _: library.Response(200, content=b"x")))
    one = effect("http://127.0.0.1:1")
    assert bridge.send(one, given=given).body == b"x"
    if bridge.is_blocking:
        given.close()
    else:
        bridge.run(given.aclose)
    with pytest.raises(ClientClosed, match="the httpx client that was given as transport is closed"):
        bridge.send(one, given=given)


# ------------------------------------------------------------------------------- closing, with exchanges on their way


@pytest.fixture
def gate(raw_server: Serve, response: Respond) -> Iterator[tuple[Any, threading.Event]]:
    """A server that answers when it is told."""
    told = threading.Event()

    def answer(connection: socket.socket) -> None:
        told.wait(10)
        connection.sendall(response(b"answered", connection="keep-alive"))

    yield raw_server(answer), told
    told.set()


def test_what_is_on_its_way_when_a_blocking_exchange_is_closed_comes_to_its_end(gate: Any) -> None:
    server, told = gate
    exchange = HttpxExchange()
    answers: list[bytes] = []
    thread = threading.Thread(target=lambda: answers.append(exchange.send(effect(server.url)).body))
    thread.start()
    while not server.requests:
        time.sleep(0.01)
    exchange.close()
    with pytest.raises(ClientClosed):
        exchange.send(effect(server.url))
    told.set()
    thread.join()
    assert answers == [b"answered"]
    gc.collect()  # a socket that nobody closed would warn


@pytest.mark.parametrize("end", ["answered", "cancelled"])
def test_what_is_on_its_way_when_an_asynchronous_exchange_is_closed_comes_to_its_end(
    bridge: Bridge, end: str, gate: Any
) -> None:
    if bridge.is_blocking:
        pytest.skip("above")
    server, told = gate
    answers: list[bytes] = []

    async def main() -> None:
        exchange = AsyncHttpxExchange()

        async def ask() -> None:
            answers.append((await exchange.send(effect(server.url))).body)

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            while not server.requests:  # noqa: ASYNC110  # it comes from a thread
                await anyio.sleep(0.01)
            await exchange.aclose()
            with pytest.raises(ClientClosed):
                await exchange.send(effect(server.url))
            if end == "answered":
                told.set()
            else:
                group.cancel_scope.cancel()

    bridge.run(main)
    assert answers == ([b"answered"] if end == "answered" else [])
    gc.collect()


def test_a_cancellation_at_any_point_leaves_no_connection_open(
    bridge: Bridge, stalling: Serve, counting: Serve, trusting: ssl.SSLContext
) -> None:
    if bridge.is_blocking:
        pytest.skip("nothing cancels a thread")
    silent = stalling(b"")
    tls = Route(tls=Tls(context=trusting))
    in_handshake = effect(silent.url.replace("http:", "https:"), route=tls)
    in_head, in_body = effect(silent.url), effect(stalling(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx").url)
    good = effect(counting().url)

    async def main() -> None:
        exchange = AsyncHttpxExchange(max_connections=4)
        for one in (in_handshake, in_head, in_body):
            for _ in range(5):  # more than there are connections
                with anyio.move_on_after(0.03):
                    await exchange.send(one)
        assert token((await exchange.send(good)).body) == "0.0"
        await exchange.aclose()

    bridge.run(main)
    gc.collect()  # a socket that nobody closed would warn


def test_twenty_threads_share_one_exchange(counting: Serve) -> None:
    one = effect(counting().url, timeout=Timeout(pool=20))
    exchange = HttpxExchange(max_connections=5)
    answers: list[str] = []

    def ask() -> None:
        answers.extend([token(exchange.send(one).body) for _ in range(5)])

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    exchange.close()
    assert len(set(answers)) == len(answers) == 100  # nobody had another's answer
    assert len({answer.split(".")[0] for answer in answers}) <= 5


# ------------------------------------------------------------------------------------------------ forks and event loops

BY_THE_BRIDGE = """
from neo_wire.transports.httpx_bridge import HttpxExchange
from tests.transports.bridges import effect
exchange = HttpxExchange()
close = exchange.close
def ask():
    return exchange.send(effect(sys.argv[1])).body.decode().split('"')[-2]
"""
BY_A_CLIENT = """
from neo_wire import Credentials, NeoClient
client = NeoClient(region="us-west-2", credentials=Credentials("AKIDEXAMPLE", "secret"), endpoint_url=sys.argv[1])
close = client.close
def ask():
    return client.list_compilation_jobs().next_token
"""


@pytest.mark.parametrize("asking", [BY_THE_BRIDGE, BY_A_CLIENT], ids=["bridge", "client"])
def test_a_forked_process_does_not_read_the_answers_of_its_parent(asking: str, counting: Serve) -> None:
    program = f"""
import os, sys
{asking}
def say(who):
    os.write(1, f"{{who}} {{ask()}}\\n".encode())  # at once, as the lines of two processes would tear
say("before")
child = os.fork()
say("after" if child else "child")
if child:
    os.waitpid(child, 0)
close()
"""
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-c", program, counting().url], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert sorted(done.stdout.splitlines()) == ["after 0.1", "before 0.0", "child 1.0"]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # a loop that has ended cannot close its connections
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
def test_another_event_loop_has_connections_of_its_own(bridge: Bridge, counting: Serve) -> None:
    if bridge.is_blocking:
        pytest.skip("it has no event loop")
    exchange = AsyncHttpxExchange()
    one = effect(counting().url)

    async def two_calls() -> list[str]:
        return [token((await exchange.send(one)).body) for _ in range(2)]

    async def fails() -> None:
        with pytest.raises(ClientClosed):
            await exchange.send(one)

    def run(function: Callable[[], Awaitable[Any]]) -> Any:
        return bridge.run(function)

    assert run(two_calls) == ["0.0", "0.1"]
    assert run(two_calls) == ["1.0", "1.1"]
    run(exchange.aclose)  # in a third one, where there is nothing that it could close
    run(fails)
    gc.collect()


def test_nothing_heavy_is_imported_before_the_first_exchange() -> None:
    program = (
        "import sys; from neo_wire.transports.httpx_bridge import HttpxExchange; HttpxExchange(); "
        "print(sorted({'asyncio', 'httpx', 'httpcore', 'anyio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603  # our own program
    assert (done.stderr, done.stdout) == ("", "[]\n")
