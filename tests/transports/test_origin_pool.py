from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import pytest
from attrs import evolve

from neo_wire.errors import CallTimeout, ConnectFailed, ConnectionClosed, ConnectTimeout, PoolTimeout, TransportError
from neo_wire.flow import Send
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url
from neo_wire.transports import async_connection, async_dial, origin_pool
from neo_wire.transports.async_pool import AsyncPools
from tests.transports.loops import run, until
from tests.transports.scripted import Peer, answer, scripted


def echo(peer: Peer) -> None:
    while request := peer.request():
        peer.send(answer(request.partition(b"\r\n\r\n")[2]))


def test_one_connection_carries_one_call_after_another() -> None:
    async def main(pools: AsyncPools) -> None:
        for _ in range(5):
            assert (await pools.send(server.send())).body == b"{}"

    with scripted() as server:
        run(main)
        assert [number for number, _ in server.requests] == [0] * 5


def test_the_connection_that_was_used_last_is_used_next() -> None:
    first, second = threading.Event(), threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        (first if peer.number == 0 else second).wait(10)
        peer.send(answer(b"%d" % peer.number))
        while peer.request():
            peer.send(answer(b"%d" % peer.number))

    async def main(pools: AsyncPools) -> None:
        calls = []
        for _ in range(2):  # so that the first connection is the first call's
            calls.append(asyncio.create_task(pools.send(server.send())))
            await until(lambda: len(server.requests) == len(calls))
        second.set()
        await calls[1]
        first.set()
        await calls[0]
        for _ in range(3):
            assert (await pools.send(server.send())).body == b"0"

    with scripted(serve) as server:
        run(main)
        assert server.connections == 2


def test_no_more_connections_than_allowed_and_who_waits_is_served_in_order() -> None:
    served: list[int] = []

    async def main(pools: AsyncPools) -> None:
        async def call(number: int) -> None:
            response = await pools.send(server.send(body=b"%d" % number))
            assert response.body == b"%d" % number
            served.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(call(number))
                await asyncio.sleep(0)

    with scripted(echo) as server:
        run(main, max_connections=1)
        assert server.connections == 1
    assert served == list(range(50))


def test_a_thousand_callers_share_the_connections_evenly() -> None:
    async def main(pools: AsyncPools) -> list[int]:
        counts = [0] * 1000
        end = time.monotonic() + 0.3

        async def call(number: int) -> None:
            while counts[number] < 1 or time.monotonic() < end:
                await pools.send(server.send(body=b"%d" % number))
                counts[number] += 1

        await asyncio.gather(*map(call, range(1000)))
        return counts

    with scripted(echo) as server:
        counts = run(main, max_connections=10)
        assert server.connections == 10
    assert max(counts) - min(counts) <= 2


def test_a_connection_that_the_server_closed_is_not_used_though_the_loop_has_not_seen_it() -> None:
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.socket.close()
        closed.set()

    async def main(pools: AsyncPools) -> None:
        for number in range(5):
            assert (await pools.send(server.send())).status == 200
            assert closed.wait(10)  # blocking the loop, on purpose
            closed.clear()
            assert server.connections == number + 1

    with scripted(serve) as server:
        run(main)


def test_what_the_server_closes_leaves_the_pool_at_once() -> None:
    async def main(pools: AsyncPools) -> None:
        await pools.send(server.send())
        place = pools._place
        assert place is not None
        [pool] = place.pools.values()
        await until(lambda: not place.open)
        assert (pool.size, len(pool._idle)) == (0, 0)

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())

    with scripted(serve) as server:
        run(main)


@pytest.mark.parametrize("unasked", [answer(b"", "408 Request Timeout"), b"\0"])
def test_a_connection_over_which_something_came_unasked_is_replaced(unasked: bytes) -> None:
    sent = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        time.sleep(0.01)
        peer.send(unasked)
        sent.set()
        peer.serve()

    async def main(pools: AsyncPools) -> None:
        for blocking in (True, False):
            assert (await pools.send(server.send())).status == 200
            if blocking:
                assert sent.wait(10)
            else:
                await asyncio.to_thread(sent.wait, 10)
                await asyncio.sleep(0.01)
            sent.clear()
        await pools.send(server.send())
        assert [number for number, _ in server.requests] == [0, 1, 2]

    with scripted(serve) as server:
        run(main)


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check before a connection is used again sees nothing, as when the server closes just after it."""
    monkeypatch.setattr(async_connection.Connection, "is_fresh", lambda self: self.usable)


@pytest.mark.usefixtures("blind")
def test_a_close_that_crosses_the_request_costs_nothing() -> None:
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.socket.close()
        closed.set()

    async def main(pools: AsyncPools) -> None:
        for number in range(5):
            assert (await pools.send(server.send(body=b"x" * 3000))).status == 200
            assert closed.wait(10)
            closed.clear()
            assert len(server.requests) == number + 1

    with scripted(serve) as server:
        run(main)


def test_what_may_have_been_processed_is_not_sent_again() -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.request()  # and here it may act on it

    async def main(pools: AsyncPools) -> None:
        await pools.send(server.send())
        with pytest.raises(ConnectionClosed) as caught:
            await pools.send(server.send())
        assert caught.value.maybe_processed

    with scripted(serve) as server:
        run(main)
        assert len(server.requests) == 2


def test_a_connection_that_has_been_idle_for_long_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(pools: AsyncPools) -> None:
        await asyncio.gather(*(pools.send(server.send()) for _ in range(3)))
        monkeypatch.setattr(origin_pool, "_LONGEST_IDLE", 0.0)
        await asyncio.sleep(0.01)
        await pools.send(server.send())
        place = pools._place
        assert place is not None
        assert [pool.size for pool in place.pools.values()] == [1]
        assert server.requests[-1][0] == 3

    with scripted() as server:
        run(main)


@pytest.mark.parametrize(
    ("timeouts", "expected", "message"),
    [
        ({"pool": 0.05}, PoolTimeout, r"no connection of the pool came free within 0\.05 s"),
        ({"total": 0.05}, CallTimeout, r"no connection to send over within 0\.05 s"),
    ],
)
def test_nobody_waits_for_ever(timeouts: dict[str, float], expected: type[TransportError], message: str) -> None:
    release = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            release.wait(10)
            peer.send(answer())

    async def main(pools: AsyncPools) -> None:
        busy = asyncio.create_task(pools.send(server.send()))
        await until(lambda: server.requests)
        with pytest.raises(expected, match=message) as caught:
            await pools.send(evolve(server.send(), timeout=Timeout(**timeouts)))
        assert not caught.value.maybe_processed
        release.set()
        assert (await busy).status == 200
        assert (await pools.send(server.send())).status == 200
        assert len(server.requests) == 2

    with scripted(serve) as server:
        run(main, max_connections=1)


def test_who_is_cancelled_with_a_turn_in_hand_passes_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    give = origin_pool._Waiter.give
    unlucky: list[asyncio.Task[HttpResponse]] = []

    def give_and_cancel(waiter: origin_pool._Waiter, connection: Any) -> bool:
        given = give(waiter, connection)
        if given and unlucky:
            unlucky.pop().cancel()
        return given

    def serve(peer: Peer) -> None:
        peer.request()
        release.wait(10)
        peer.send(answer())
        peer.serve()

    async def main(pools: AsyncPools) -> None:
        busy = asyncio.create_task(pools.send(server.send()))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(pools.send(server.send())) for _ in range(3)]
        await asyncio.sleep(0)
        monkeypatch.setattr(origin_pool._Waiter, "give", give_and_cancel)
        unlucky.append(waiting[0])
        waiting[1].cancel()
        release.set()
        assert (await busy).status == 200
        assert (await waiting[2]).status == 200
        await asyncio.wait(waiting)
        assert [task.cancelled() for task in waiting] == [True, True, False]

    with scripted(serve) as server:
        run(main, max_connections=1)
        assert len(server.requests) == 2
        assert server.connections == 1


def test_who_waits_for_a_new_connection_takes_one_that_comes_free_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """The new one is not lost: it is there for the next."""
    may_answer, may_connect = threading.Event(), asyncio.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            may_answer.wait(10)
            peer.send(answer())

    async def slow(*place: Any) -> socket.socket:
        await may_connect.wait()
        return await async_dial.dial(*place)

    async def main(pools: AsyncPools) -> None:
        first = asyncio.create_task(pools.send(server.send()))
        await until(lambda: server.requests)
        monkeypatch.setattr(origin_pool, "dial", slow)
        second = asyncio.create_task(pools.send(server.send()))
        await asyncio.sleep(0)
        may_answer.set()
        assert (await first).status == (await second).status == 200
        assert server.connections == 1
        may_connect.set()
        await until(lambda: server.connections == 2)
        assert (await pools.send(server.send())).status == 200

    with scripted(serve) as server:
        run(main)


def test_a_new_connection_that_the_server_closes_at_once_is_not_made_again_and_again() -> None:
    async def main(pools: AsyncPools) -> list[BaseException | HttpResponse]:
        return await asyncio.gather(*(pools.send(server.send()) for _ in range(10)), return_exceptions=True)

    with scripted(lambda peer: None) as server:
        outcomes = run(main)
        assert all(isinstance(outcome, ConnectionClosed) for outcome in outcomes)
        assert server.connections <= 10


def send_to(url: str, **timeouts: float) -> Send:
    target = Url.parse(url)
    return Send(HttpRequest("GET", target, (("Host", target.authority),)), Timeout(**timeouts), 1000)


@pytest.mark.parametrize("host", ["name.invalid", "a" * 64 + ".example"])
def test_a_name_that_leads_nowhere_is_a_failure_to_connect(host: str) -> None:
    async def main(pools: AsyncPools) -> None:
        with pytest.raises(ConnectFailed, match="no connection") as caught:
            await pools.send(send_to(f"http://{host}/"))
        assert not caught.value.maybe_processed

    run(main)


def test_a_failure_to_connect_is_that_of_one_caller_and_the_next_tries_again() -> None:
    async def main(pools: AsyncPools) -> None:
        outcomes = await asyncio.gather(
            *(pools.send(send_to("http://127.0.0.1:1/")) for _ in range(20)), return_exceptions=True
        )
        assert all(isinstance(outcome, ConnectFailed) for outcome in outcomes)
        assert len({id(outcome) for outcome in outcomes}) == 20
        place = pools._place
        assert place is not None
        assert [pool.size for pool in place.pools.values()] == [0]

    run(main, max_connections=3)


@pytest.mark.parametrize(
    ("timeouts", "expected", "message"),
    [
        ({"connect": 0.05}, ConnectTimeout, r"no connection within 0\.05 s"),
        ({"total": 0.05}, CallTimeout, r"no connection to send over within 0\.05 s"),
    ],
)
def test_a_handshake_that_stalls_is_given_up(
    timeouts: dict[str, float], expected: type[TransportError], message: str
) -> None:
    over = threading.Event()

    async def main(pools: AsyncPools) -> None:
        with pytest.raises(expected, match=message) as caught:
            await pools.send(send_to(f"https://127.0.0.1:{server.port}/", **timeouts))
        assert not caught.value.maybe_processed

    with scripted(lambda peer: (over.wait(10), None)[1]) as server:
        run(main)
        over.set()
