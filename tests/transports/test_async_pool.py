from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio
from attrs import evolve

from neo_wire.errors import ClientClosed, ConfigurationError, NeoWireError
from neo_wire.flow import Send
from neo_wire.http import HttpResponse, Route, Timeout, Tls
from neo_wire.transports import httpx_bridge
from neo_wire.transports.async_pool import AsyncPools
from tests.transports.loops import run, until
from tests.transports.scripted import Peer, Scripted, answer, scripted


def descriptors() -> int:
    gc.collect()
    return len(list(Path("/dev/fd").iterdir()))


def come_down_to(count: int) -> bool:
    """Whether there are no more descriptors than these, once the server's threads have closed theirs."""
    for _ in range(200):
        if descriptors() <= count:
            return True
        time.sleep(0.02)
    return False


def echo(peer: Peer) -> None:
    while request := peer.request():
        peer.send(answer(request.partition(b"\r\n\r\n")[2]))


@pytest.mark.parametrize("bound", [0, -1, True, 1.5, "10", None])
def test_refuses_a_bound_that_is_none(bound: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"max_connections is .*; give a whole number above 0"):
        AsyncPools(max_connections=bound)


def test_each_origin_and_each_tls_has_a_pool_of_its_own_and_empty_ones_go() -> None:
    async def main(pools: AsyncPools) -> None:
        for one in (server, other):
            await pools.send(one.send())
        await pools.send(server.send(tls=Tls(ca_bundle="of another pool")))
        place = pools._place
        assert place is not None
        assert len(place.pools) == 3
        for pool in place.pools.values():
            assert pool.size == 1
            pool._idle[0].discard()
        await pools.send(server.send())
        assert len(place.pools) <= 3

    with scripted() as server, scripted() as other:
        run(main)
        assert (server.connections, other.connections) == (3, 1)


# -------------------------------------------------------------------------------------------------------- being closed


def test_closing_ends_what_is_in_flight_wherever_it_is_and_leaves_nothing() -> None:
    over = threading.Event()

    def stall(peer: Peer) -> None:
        peer.request()
        peer.send(answer(b"xx")[:-1])
        over.wait(10)

    async def main(pools: AsyncPools) -> None:
        calls = [asyncio.create_task(pools.send(silent.send())) for _ in range(4)]  # two read, two wait
        calls.append(asyncio.create_task(pools.send(tls_but_silent(silent))))  # in the handshake
        await until(lambda: silent.connections == 3 and len(silent.requests) == 2)
        await pools.aclose()
        assert len(asyncio.all_tasks()) == 1 + len([call for call in calls if not call.done()])
        maybe_processed = []
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, ClientClosed), outcome
            maybe_processed.append(outcome.maybe_processed)
        assert maybe_processed == [True, True, False, False, False]
        with pytest.raises(ClientClosed, match="make a new one"):
            await pools.send(silent.send())
        await pools.aclose()

    with scripted(stall) as silent:
        before = descriptors()
        run(main, max_connections=2)
        over.set()
        assert come_down_to(before)


def tls_but_silent(server: Scripted) -> Send:
    effect = server.send()
    return evolve(effect, request=evolve(effect.request, url=evolve(server.url, scheme="https")))


def test_closing_at_any_moment_leaves_nothing() -> None:
    random = Random(5)  # noqa: S311  # no secret

    async def once(server: Scripted) -> None:
        pools = AsyncPools(max_connections=3)
        calls = [asyncio.create_task(pools.send(server.send())) for _ in range(10)]
        for _ in range(random.randint(0, 20)):
            await asyncio.sleep(0)
        await pools.aclose()
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, ClientClosed | HttpResponse), outcome
        assert len(asyncio.all_tasks()) == 1

    with scripted() as server, warnings.catch_warnings():
        warnings.simplefilter("error")
        before = descriptors()
        for _ in range(60):
            asyncio.run(once(server))
        assert come_down_to(before)


def test_who_forgets_to_close_leaves_nothing_when_the_loop_ends(recwarn: pytest.WarningsRecorder) -> None:
    ended: list[int] = []

    def serve(peer: Peer) -> None:
        echo(peer)
        ended.append(peer.number)

    async def forgetful() -> None:
        pools = AsyncPools()
        await asyncio.gather(*(pools.send(server.send()) for _ in range(5)))

    with scripted(serve) as server:
        asyncio.run(forgetful())
        assert len(server.requests) == 5
        asyncio.run(until(lambda: len(ended) == server.connections))  # before the server is closed
    gc.collect()
    assert not recwarn.list


def test_pools_that_are_dropped_while_the_loop_runs_close_their_connections() -> None:
    ended: list[int] = []

    def serve(peer: Peer) -> None:
        echo(peer)
        ended.append(peer.number)

    async def main(_: AsyncPools) -> None:
        pools: AsyncPools | None = AsyncPools()
        assert pools is not None
        await pools.send(server.send())
        pools = None
        gc.collect()
        await until(lambda: ended and len(asyncio.all_tasks()) == 1)

    with scripted(serve) as server:
        run(main)


# ---------------------------------------------------------------------------------------------- other loops, processes


def test_another_event_loop_has_connections_of_its_own() -> None:
    async def two_calls() -> list[bytes]:
        return [(await pools.send(server.send())).body for _ in range(2)]

    with scripted(lambda peer: peer.serve(answer(b"%d" % peer.number))) as server:
        pools = AsyncPools()
        assert asyncio.run(two_calls()) == [b"0", b"0"]
        assert asyncio.run(two_calls()) == [b"1", b"1"]
        asyncio.run(pools.aclose())  # in a third one, where there is nothing to close
        with pytest.raises(ClientClosed):
            asyncio.run(two_calls())


def test_a_loop_that_only_rests_is_left_alone() -> None:
    with scripted(lambda peer: peer.serve(answer(b"%d" % peer.number))) as server:
        pools = AsyncPools()
        with asyncio.Runner() as first, asyncio.Runner() as second:
            assert first.run(pools.send(server.send())).body == b"0"
            assert second.run(pools.send(server.send())).body == b"1"
            assert first.run(pools.send(server.send())).body == b"2"
            first.run(pools.aclose())


FORK = """
import asyncio, os, sys
from neo_wire.flow import Send
from neo_wire.http import HttpRequest, Timeout, Url
from neo_wire.transports.async_pool import AsyncPools

url = Url.parse(sys.argv[1])
pools = AsyncPools()

async def call(body):
    headers = (("Host", url.authority), ("Content-Length", str(len(body))))
    response = await pools.send(Send(HttpRequest("POST", url, headers, body), Timeout(), 1000))
    assert response.body == body

async def in_child():
    await call(b"child")
    await call(b"child")
    await pools.aclose()

async def main():
    await call(b"parent")
    child = os.fork()
    if child == 0:
        asyncio.events._set_running_loop(None)  # what a child that forked inside of a loop has to do
        asyncio.set_event_loop(None)
        asyncio.run(in_child())
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    await call(b"parent again")
    await pools.aclose()

asyncio.run(main())
"""


def in_another_process(program: str, server: Scripted) -> str:
    done = subprocess.run(  # noqa: S603  # this interpreter
        [sys.executable, "-W", "error", "-c", program, str(server.url)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_child_uses_no_connection_of_its_parent_and_closes_none() -> None:
    with scripted(echo) as server:
        in_another_process(FORK, server)
        served = [(number, request.partition(b"\r\n\r\n")[2]) for number, request in server.requests]
        assert served == [(0, b"parent"), (1, b"child"), (1, b"child"), (0, b"parent again")]


def test_a_call_imports_neither_httpx_nor_h11() -> None:
    program = FORK.replace("    child = os.fork()\n    if child == 0:", "    if False:").replace(
        "    assert os.waitpid(child, 0)[1] == 0\n", ""
    )
    program += "print([name for name in ('httpx', 'httpcore', 'anyio', 'h11', 'certifi') if name in sys.modules])"
    with scripted(echo) as server:
        assert in_another_process(program, server) == "[]\n"


# ------------------------------------------------------------------------------------------------------------ by httpx


class Bridge:
    """Stands where the bridge to httpx does."""

    sent: list[Send]
    closed: int

    def __init__(self) -> None:
        Bridge.sent, Bridge.closed = [], 0

    async def send(self, effect: Send) -> HttpResponse:
        self.sent.append(effect)
        return HttpResponse(299)

    async def aclose(self) -> None:
        Bridge.closed += 1


@pytest.mark.parametrize("route", [Route(proxy="http://127.0.0.1:1"), Route(http2=True)])
def test_proxies_and_http2_go_by_way_of_httpx(route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(httpx_bridge, "AsyncHttpxExchange", Bridge)

    async def main(pools: AsyncPools) -> None:
        effect = evolve(server.send(), route=route)
        for _ in range(2):
            assert (await pools.send(effect)).status == 299
        assert Bridge.sent == [effect, effect]
        await pools.aclose()
        assert Bridge.closed == 1
        with pytest.raises(ClientClosed):
            await pools.send(effect)

    with scripted() as server:
        run(main)
        assert server.connections == 0


def test_trio_goes_by_way_of_httpx() -> None:
    async def main() -> None:
        pools = AsyncPools()
        assert (await pools.send(server.send())).body == b"{}"
        await pools.aclose()
        with pytest.raises(ClientClosed):
            await pools.send(server.send())

    with scripted() as server:
        trio.run(main)
        assert len(server.requests) == 1


def test_many_tasks_of_random_fates_leave_the_pools_sound() -> None:
    """Cancelled, timed out or served: whatever happens to a thousand callers, the next one is served."""
    random = Random(11)  # noqa: S311  # no secret

    async def main(pools: AsyncPools) -> None:
        async def call(number: int) -> None:
            body = b"%d" % number
            try:
                async with asyncio.timeout(random.choice([0, 0.0005, 0.005, None, None])):
                    effect = server.send(body=body, timeout=Timeout(total=random.choice([0.004, 10.0])))
                    assert (await pools.send(effect)).body == body
            except (TimeoutError, NeoWireError):
                pass

        async with asyncio.TaskGroup() as group:
            for number in range(1000):
                group.create_task(call(number))
                if number % 20 == 0:
                    await asyncio.sleep(0)
        responses = await asyncio.gather(*(pools.send(server.send(body=b"last")) for _ in range(20)))
        assert [response.body for response in responses] == [b"last"] * 20
        place = pools._place
        assert place is not None
        [pool] = place.pools.values()
        assert 0 < pool.size == len(pool._idle) == len(place.open) <= 5
        assert not pool._waiters

    with scripted(echo) as server:
        run(main, max_connections=5)
