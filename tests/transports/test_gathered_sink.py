from __future__ import annotations

import asyncio
import gc
import gzip
import threading
import time
from collections.abc import Callable
from functools import partial

import pytest

from neo_wire.errors import CallTimeout, ConnectionClosed, Headers
from neo_wire.flow import Send
from neo_wire.http import Timeout
from neo_wire.transports.async_pool import AsyncPools
from neo_wire.transports.gathered_sink import PIECE, GatheredSink
from tests.transports.loops import run, until
from tests.transports.scripted import Peer, Scripted, answer, scripted

BIG = bytes(range(256)) * (5 << 12)  # 5 MiB


class Kept:
    """A sink that keeps what it is given, and where it was called."""

    def __init__(self, begin: Callable[[], None] = lambda: None) -> None:
        self.begin = begin
        self.pieces: list[bytes] = []
        self.threads: set[int] = set()
        self.asked: list[int] = []

    def __call__(self, status: int, headers: Headers) -> Callable[[bytes], None] | None:
        self.asked.append(status)
        return self.write if status == 200 else None

    def write(self, piece: bytes) -> None:
        self.begin()
        self.threads.add(threading.get_ident())
        self.pieces.append(piece)


def send(server: Scripted, sink: Kept, timeout: Timeout = Timeout(read=10)) -> Send:  # noqa: B008  # a frozen value
    return server.send(sink=sink, max_body=1000, timeout=timeout)


@pytest.mark.parametrize("coded", [False, True])
def test_a_sink_gets_the_whole_body_in_large_pieces_in_a_thread(coded: bool) -> None:
    headers = ["Content-Encoding: gzip"] if coded else []
    response = answer(gzip.compress(BIG) if coded else BIG, "200 OK", *headers)

    async def main(pools: AsyncPools) -> None:
        for _ in range(2):
            kept = Kept()
            outcome = await pools.send(send(server, kept))
            assert (outcome.status, outcome.body) == (200, b"")
            assert b"".join(kept.pieces) == BIG
            assert len(kept.pieces) <= len(BIG) // PIECE + 1
            assert threading.get_ident() not in kept.threads
        assert server.connections == 1

    with scripted(lambda peer: peer.serve(response)) as server:
        run(main)


def test_a_sink_that_does_not_want_the_body_gets_none_of_it() -> None:
    kept = Kept()
    with scripted(lambda peer: peer.serve(answer(b"no such key", "404 Not Found"))) as server:
        outcome = run(lambda pools: pools.send(send(server, kept)))
    assert (outcome.status, outcome.body, kept.asked, kept.pieces) == (404, b"no such key", [404], [])


def test_nothing_is_read_while_a_sink_writes() -> None:
    may_write = threading.Event()
    sent: list[int] = []

    def hold() -> None:
        may_write.wait(10)

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (8 * len(BIG)))
        for _ in range(8):
            peer.send(BIG)
            sent.append(len(BIG))

    async def main(pools: AsyncPools) -> None:
        kept = Kept(hold)
        call = asyncio.create_task(pools.send(send(server, kept, Timeout(read=0.2))))  # which is not the sink's time
        await asyncio.sleep(0.5)
        assert sum(sent) < 7 * len(BIG)  # the rest waits in the server
        assert not call.done()
        may_write.set()
        assert (await call).status == 200
        assert sum(map(len, kept.pieces)) == 8 * len(BIG)

    with scripted(serve) as server:
        run(main)


def full() -> None:
    raise OSError(28, "No space left on device")


def test_what_a_sink_raises_is_raised_and_ends_the_connection() -> None:
    def refuse(status: int, headers: Headers) -> None:
        raise ValueError("not this one")

    async def main(pools: AsyncPools) -> None:
        with pytest.raises(OSError, match="No space left"):
            await pools.send(send(server, Kept(full)))
        with pytest.raises(ValueError, match="not this one"):
            await pools.send(server.send(sink=refuse))
        place = pools._place
        assert place is not None
        await until(lambda: not place.open)

    with scripted(lambda peer: peer.serve(answer(BIG))) as server:
        run(main)


def test_a_cancellation_waits_for_the_thread_that_writes() -> None:
    writing, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        writing.set()
        may_end.wait(10)
        ended.set()

    async def main(pools: AsyncPools) -> None:
        kept = Kept(slow)
        call = asyncio.create_task(pools.send(send(server, kept)))
        await asyncio.to_thread(writing.wait, 10)
        call.cancel()
        await asyncio.sleep(0.02)
        assert not call.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert ended.is_set()
        assert len(kept.pieces) == 1

    with scripted(lambda peer: peer.serve(answer(BIG))) as server:
        run(main)


def test_the_total_timeout_holds_for_what_is_left_after_a_slow_sink() -> None:
    async def main(pools: AsyncPools) -> None:
        kept = Kept(partial(time.sleep, 0.06))
        with pytest.raises(CallTimeout):
            await pools.send(send(server, kept, Timeout(total=0.15)))
        assert len(kept.pieces) < 5

    with scripted(lambda peer: peer.serve(answer(BIG))) as server:
        run(main)


def test_a_body_that_is_cut_off_is_an_error_though_a_sink_took_its_beginning() -> None:
    def cut(peer: Peer) -> None:
        peer.request()
        peer.send(answer(BIG)[:-1])

    with scripted(cut) as server, pytest.raises(ConnectionClosed, match="bytes of the body"):
        run(lambda pools: pools.send(send(server, Kept())))


def test_a_write_that_fails_while_its_caller_is_cancelled_leaves_nothing_for_asyncio_to_complain_of() -> None:
    begun, may_fail = threading.Event(), threading.Event()
    complaints: list[dict[str, object]] = []

    def write(_piece: bytes) -> None:
        begun.set()
        may_fail.wait(10)
        raise OSError("the disk is full")

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: complaints.append(context))
        sink = GatheredSink(lambda _status, _headers: write)
        keep = sink(200, ())
        assert keep is not None
        keep(b"piece")
        flushing = asyncio.ensure_future(sink.flush())
        await asyncio.to_thread(begun.wait, 10)
        flushing.cancel()
        may_fail.set()
        with pytest.raises(asyncio.CancelledError):
            await flushing
        del flushing
        gc.collect()

    asyncio.run(main())

    assert complaints == []
