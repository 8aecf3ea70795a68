from __future__ import annotations

import gc
import linecache
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

import pytest
from attrs import evolve

from neo_wire.errors import (
    CallTimeout,
    ClientClosed,
    ConfigurationError,
    ConnectionClosed,
    NeoWireError,
    PoolTimeout,
    TransportError,
)
from neo_wire.flow import Send
from neo_wire.http import HttpResponse, Route, Timeout
from neo_wire.transports import blocking_connection, blocking_pool, http1, httpx_bridge
from neo_wire.transports.blocking_pool import BlockingPools
from tests.transports.scripted import Peer, Scripted, answer, scripted


@pytest.fixture
def pools() -> Iterator[BlockingPools]:
    made = BlockingPools()
    yield made
    made.close()


def in_threads(work: Callable[[int], object], count: int) -> None:
    """Do the work in so many threads at once; what one raises is raised."""
    errors: list[BaseException] = []

    def run(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  # raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    if errors:
        raise errors[0]


def places(pools: BlockingPools) -> list[tuple[int, int, int]]:
    """Of each pool, how many places are free, idle and waited for."""
    return [(len(pool._free), len(pool._idle), len(pool._waiters)) for pool in pools._pools.values()]


# -------------------------------------------------------------------------------------------------------- connections


def test_one_connection_carries_one_call_after_another(pools: BlockingPools) -> None:
    with scripted() as server:
        for _ in range(5):
            assert pools.send(server.send()) == HttpResponse(200, (("content-length", "2"),), b"{}", "OK")
        assert [number for number, _ in server.requests] == [0] * 5
        assert server.requests[0][1] == (
            f"POST / HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
        )


def test_head_and_body_leave_in_one_write(pools: BlockingPools, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []

    def spy(peer: Peer) -> None:
        written.append(len(peer.socket.recv(65536)))
        peer.send(answer())

    with scripted(spy) as server:
        pools.send(server.send(body=b"x" * 2000))
    assert written[0] > 2000


def test_the_connection_that_was_used_last_is_used_next(pools: BlockingPools) -> None:
    both = threading.Barrier(2)

    def serve(peer: Peer) -> None:
        if peer.request():
            both.wait(10)
            peer.send(answer())
            peer.serve()

    with scripted(serve) as server:
        in_threads(lambda _: pools.send(server.send()), 2)
        for _ in range(5):
            pools.send(server.send())
        assert server.connections == 2
        assert len({number for number, _ in server.requests[2:]}) == 1


@pytest.mark.parametrize(
    "response",
    [
        answer(b"{}", "200 OK", "Connection: close"),
        answer().replace(b"1.1", b"1.0"),
        answer() + b"left over",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + b"x" * 10,
    ],
    ids=["close", "1.0", "left over", "cut off"],
)
def test_a_connection_that_cannot_be_used_again_is_closed(pools: BlockingPools, response: bytes) -> None:
    ended = threading.Semaphore(0)

    def serve(peer: Peer) -> None:
        peer.serve(response)
        ended.release()

    with scripted(serve) as server:
        for _ in range(3):
            assert pools.send(server.send(max_body=5)).status == 200
            assert ended.acquire(timeout=10)
        assert [number for number, _ in server.requests] == [0, 1, 2]
        assert places(pools) == [(100, 0, 0)]


def test_a_connection_that_has_been_idle_for_long_is_not_used(
    pools: BlockingPools, monkeypatch: pytest.MonkeyPatch
) -> None:
    with scripted() as server:
        pools.send(server.send())
        [pool] = pools._pools.values()
        [place] = pool._idle
        assert place.connection is not None
        place.connection.idle_since -= 51
        pools.send(server.send())
        assert [number for number, _ in server.requests] == [0, 1]


def test_connections_that_are_idle_for_long_are_let_go(pools: BlockingPools) -> None:
    all_there = threading.Barrier(4)

    def serve(peer: Peer) -> None:
        peer.request()
        if peer.number < 4:
            all_there.wait(10)
        peer.send(answer())
        peer.serve()

    with scripted(serve) as server:
        in_threads(lambda _: pools.send(server.send()), 4)
        [pool] = pools._pools.values()
        for place in pool._idle:
            assert place.connection is not None
            place.connection.idle_since -= 51
        pools.send(server.send())
        assert places(pools) == [(99, 1, 0)]


def test_each_origin_and_each_tls_has_a_pool_of_its_own(pools: BlockingPools) -> None:
    with scripted() as one, scripted() as other:
        for server in (one, other, one):
            pools.send(server.send())
        assert (one.connections, other.connections) == (1, 1)
        pools.send(evolve(one.send(), route=Route(tls=evolve(Route().tls, ca_bundle="other"))))
        assert one.connections == 2


def test_pools_without_a_connection_are_let_go(pools: BlockingPools) -> None:
    closing = answer(b"{}", "200 OK", "Connection: close")
    with scripted(lambda peer: peer.serve(closing)) as one, scripted() as other, scripted() as third:
        for server in (one, other, third):
            pools.send(server.send())
        assert {authority for _, authority, _ in pools._pools} == {other.url.authority, third.url.authority}
        assert pools.send(one.send()).status == 200


# ---------------------------------------------------------------------------------- a server that closes what is idle


def test_a_connection_that_the_server_closed_is_replaced(pools: BlockingPools) -> None:
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.socket.close()
        closed.set()

    with scripted(serve) as server:
        for number in range(5):
            assert pools.send(server.send()).status == 200
            assert closed.wait(10)
            closed.clear()
            assert server.connections == number + 1


def test_a_connection_over_which_something_came_unasked_is_replaced(pools: BlockingPools) -> None:
    sent = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer(), b"")
        time.sleep(0.01)
        peer.send(answer(b"", "408 Request Timeout"))
        sent.set()
        peer.serve()

    with scripted(serve) as server:
        for _ in range(3):
            assert pools.send(server.send()).status == 200
            assert sent.wait(10)
            sent.clear()
        assert [number for number, _ in server.requests] == [0, 1, 2]


def test_a_connection_that_only_seems_to_have_something_to_read_is_kept(
    pools: BlockingPools, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready = blocking_connection.ready
    monkeypatch.setattr(
        blocking_connection,
        "ready",
        lambda descriptor, seconds, **how: seconds == 0 or ready(descriptor, seconds, **how),
    )
    with scripted() as server:
        for _ in range(3):
            pools.send(server.send())
        assert server.connections == 1


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check before a connection is used again sees nothing, as when the server closes just after it."""
    monkeypatch.setattr(blocking_connection.Connection, "is_fresh", lambda _: True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what was acknowledged")
@pytest.mark.usefixtures("blind")
def test_a_close_that_crosses_the_request_costs_nothing(pools: BlockingPools) -> None:
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.socket.close()
        closed.set()

    with scripted(serve) as server:
        for number in range(5):
            assert pools.send(server.send(body=b"x" * 3000)).status == 200
            assert closed.wait(10)
            closed.clear()
            assert len(server.requests) == number + 1


@pytest.mark.usefixtures("blind")
def test_a_reset_before_anything_is_written_costs_nothing(pools: BlockingPools) -> None:
    closed = threading.Event()

    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        time.sleep(0.01)
        peer.reset()
        closed.set()

    with scripted(serve) as server:
        for number in range(3):
            assert pools.send(server.send()).status == 200
            assert closed.wait(10)
            closed.clear()
            assert len(server.requests) == number + 1


@pytest.mark.parametrize("how", ["closes", "resets"])
def test_what_may_have_been_processed_is_not_sent_again(pools: BlockingPools, how: str) -> None:
    def serve(peer: Peer) -> None:
        peer.request()
        peer.send(answer())
        peer.request()  # and here it may act on it
        if how == "resets":
            peer.reset()

    with scripted(serve) as server:
        pools.send(server.send())
        with pytest.raises(ConnectionClosed) as caught:
            pools.send(server.send())
        assert caught.value.maybe_processed is True
        assert [number for number, _ in server.requests] == [0, 0]
        assert places(pools) == [(100, 0, 0)]


# ------------------------------------------------------------------------------------------------- waiting for a place


def test_twenty_threads_share_one_pool(pools: BlockingPools) -> None:
    def echo(peer: Peer) -> None:
        while request := peer.request():
            peer.send(answer(request.partition(b"\r\n\r\n")[2]))

    with scripted(echo) as server:

        def work(number: int) -> None:
            for turn in range(25):
                body = b"%d-%d" % (number, turn) * (1 + turn)
                assert pools.send(server.send(body=body)).body == body

        in_threads(work, 20)
        assert len(server.requests) == 500
        assert server.connections <= 20
        [(free, idle, waiting)] = places(pools)
        assert (free + idle, waiting) == (100, 0)


@pytest.mark.parametrize("bound", [1, 3])
def test_no_more_connections_than_allowed(bound: int) -> None:
    at_once = most = 0
    lock = threading.Lock()

    def count(peer: Peer) -> None:
        nonlocal at_once, most
        while peer.request():
            with lock:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.001)
            with lock:
                at_once -= 1
            peer.send(answer())

    pools = BlockingPools(max_connections=bound)
    with scripted(count) as server:
        in_threads(lambda _: [pools.send(server.send()) for _ in range(5)], 12)
        assert (server.connections, most) == (bound, bound)
        assert places(pools) == [(0, bound, 0)]
        pools.close()


def test_who_waits_is_served_in_order() -> None:
    served: list[int] = []
    go = threading.Event()

    def serve(peer: Peer) -> None:
        while request := peer.request():
            go.wait(10)
            served.append(int(request.partition(b"\r\n\r\n")[2]))
            peer.send(answer())

    pools = BlockingPools(max_connections=1)
    with scripted(serve) as server:
        threads = []
        for number in range(8):
            threads.append(threading.Thread(target=pools.send, args=(server.send(body=b"%d" % number),)))
            threads[-1].start()
            wait_until(partial(has_come, pools, server, number))
        go.set()
        for thread in threads:
            thread.join(10)
        assert served == list(range(8))
        pools.close()


def waiting(pools: BlockingPools) -> int:
    return sum(count for _, _, count in places(pools))


def has_come(pools: BlockingPools, server: Scripted, number: int) -> bool:
    """Whether the first call is at the server, and those after it, so many, wait."""
    return waiting(pools) == number and bool(server.requests)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


@pytest.mark.parametrize(
    ("timeouts", "expected", "message"),
    [
        ({"pool": 0.05}, PoolTimeout, "no connection of the pool came free within 0.05 s"),
        ({"total": 0.05}, CallTimeout, "no connection to send over within 0.05 s"),
    ],
)
def test_nobody_waits_for_ever(timeouts: dict[str, float], expected: type[TransportError], message: str) -> None:
    go = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            go.wait(10)
            peer.send(answer())

    pools = BlockingPools(max_connections=1)
    with scripted(serve) as server:
        busy = threading.Thread(target=pools.send, args=(server.send(),))
        busy.start()
        wait_until(lambda: bool(server.requests))
        with pytest.raises(TransportError, match=message) as caught:
            pools.send(server.send(timeout=Timeout(**timeouts)))
        assert type(caught.value) is expected
        assert caught.value.maybe_processed is False
        assert waiting(pools) == 0
        go.set()
        busy.join(10)
        assert pools.send(server.send()).status == 200
        assert len(server.requests) == 2
        pools.close()


def test_a_place_that_comes_at_the_last_moment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(SimpleQueue[Any]):
        """A queue whose wait ends just as something comes."""

        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if timeout is None:
                return super().get()
            self.put(super().get(timeout=10))
            raise Empty

    monkeypatch.setattr(queue, "SimpleQueue", Late)
    pools = BlockingPools(max_connections=1)
    with scripted() as server:
        in_threads(lambda _: [pools.send(server.send()) for _ in range(20)], 4)
        assert len(server.requests) == 80
        assert places(pools) == [(0, 1, 0)]
        pools.close()


@pytest.mark.parametrize("bound", [0, -1, True, 1.5, "10", None])
def test_refuses_a_bound_that_is_none(bound: Any) -> None:
    with pytest.raises(ConfigurationError, match="max_connections is"):
        BlockingPools(max_connections=bound)


# ------------------------------------------------------------------------------------------------------------- closing


def test_close_refuses_who_waits_and_lets_who_is_under_way_finish() -> None:
    go = threading.Event()
    ended = threading.Semaphore(0)

    def serve(peer: Peer) -> None:
        while peer.request():
            go.wait(10)
            peer.send(answer())
        ended.release()

    pools = BlockingPools(max_connections=1)
    outcomes: list[object] = []

    def call() -> None:
        try:
            outcomes.append(pools.send(server.send()).status)
        except NeoWireError as error:
            outcomes.append(type(error))

    with scripted(serve) as server:
        threads = [threading.Thread(target=call) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda: waiting(pools) == 2)
        pools.close()
        for _ in range(2):
            wait_until(lambda: len(outcomes) == 2)
        assert outcomes == [ClientClosed, ClientClosed]
        go.set()
        for thread in threads:
            thread.join(10)
        assert outcomes[2] == 200
        assert ended.acquire(timeout=10)  # its connection is closed too
        with pytest.raises(ClientClosed):
            pools.send(server.send())
        pools.close()


def test_who_comes_just_as_the_pools_are_closed_is_refused(pools: BlockingPools) -> None:
    with scripted() as server:
        pools.send(server.send())
        known = dict(pools._pools)
        pools.close()
        pools._pools = known  # as one saw it who was on the way
        with pytest.raises(ClientClosed):
            pools.send(server.send())
        assert len(server.requests) == 1


def test_close_closes_what_is_idle(pools: BlockingPools) -> None:
    ended = threading.Event()

    def serve(peer: Peer) -> None:
        peer.serve()
        ended.set()

    with scripted(serve) as server:
        pools.send(server.send())
        pools.close()
        assert ended.wait(10)


def test_pools_that_are_dropped_leave_nothing_behind(recwarn: pytest.WarningsRecorder) -> None:
    ended = threading.Event()

    def serve(peer: Peer) -> None:
        peer.serve()
        ended.set()

    with scripted(serve) as server:
        BlockingPools().send(server.send())
        gc.collect()
        assert ended.wait(10)
    assert [str(warning.message) for warning in recwarn] == []


# --------------------------------------------------------------------------------------------------------- interrupts


def interrupted_at(step: int, call: Callable[[], object]) -> bool:
    """Call with an interrupt at the step-th line of the pools' code; False when it has fewer."""
    left = step
    files = (blocking_pool.__file__, blocking_connection.__file__, http1.__file__)

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal left
        if frame.f_code.co_filename not in files or frame.f_code.co_name == "__del__":
            return None
        # Python itself lets no signal in between the last step of a with block and what its end does; a tracer does.
        line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        if event == "line" and not line.startswith("with "):
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return left <= 0


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of a socket that was nobody's yet; Python closes it
@pytest.mark.parametrize("reused", [False, True])
def test_an_interrupt_at_any_line_leaves_the_pool_sound(reused: bool) -> None:
    with scripted() as server:
        step = 0
        struck = True
        while struck:
            step += 1
            pools = BlockingPools(max_connections=1)
            if reused:
                pools.send(server.send())
            struck = interrupted_at(step, partial(pools.send, server.send()))
            assert pools.send(server.send(timeout=Timeout(pool=0.5))).body == b"{}", step
            [(free, idle, waiters)] = places(pools)
            assert (free + idle, waiters) == (1, 0), step
            pools.close()
        assert step > 30
    gc.collect()


def test_an_interrupt_of_who_waits_leaves_the_others_their_turn() -> None:
    go = threading.Event()

    def serve(peer: Peer) -> None:
        while peer.request():
            go.wait(10)
            peer.send(answer())

    pools = BlockingPools(max_connections=1)
    interrupted = threading.Event()

    def impatient(effect: Send) -> None:
        def trace(frame: FrameType, event: str, argument: object) -> Any:
            # the line after the wait is the first at which a signal would be seen
            if frame.f_code.co_name == "take" and event == "exception":
                raise KeyboardInterrupt
            return trace

        sys.settrace(trace)
        try:
            pools.send(effect)
        except KeyboardInterrupt:
            interrupted.set()
        finally:
            sys.settrace(None)

    with scripted(serve) as server:
        threads = [
            threading.Thread(target=pools.send, args=(server.send(),)),
            threading.Thread(target=impatient, args=(server.send(timeout=Timeout(pool=0.05)),)),
            threading.Thread(target=pools.send, args=(server.send(),)),
        ]
        for number, thread in enumerate(threads):
            thread.start()
            wait_until(partial(has_come, pools, server, number))
        assert interrupted.wait(10)
        go.set()
        for thread in threads:
            thread.join(10)
        assert len(server.requests) == 2
        assert places(pools) == [(0, 1, 0)]
        pools.close()


# ---------------------------------------------------------------------------------------------------------------- fork

FORK = """
import os, sys
from neo_wire.flow import Send
from neo_wire.http import HttpRequest, Timeout, Url
from neo_wire.transports.blocking_pool import BlockingPools

url = Url.parse(sys.argv[1])
def call(body):
    headers = (("Host", url.authority), ("Content-Length", str(len(body))))
    return pools.send(Send(HttpRequest("POST", url, headers, body), Timeout(), 1000)).body

pools = BlockingPools()
assert call(b"parent") == b"parent"
child = os.fork()
if child == 0:
    assert call(b"child") == b"child"
    assert call(b"child") == b"child"
    pools.close()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert call(b"parent again") == b"parent again"
pools.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_child_uses_no_connection_of_its_parent_and_closes_none() -> None:
    def echo(peer: Peer) -> None:
        while request := peer.request():
            peer.send(answer(request.partition(b"\r\n\r\n")[2]))

    with scripted(echo) as server:
        done = subprocess.run(  # noqa: S603  # this interpreter
            [sys.executable, "-W", "error", "-c", FORK, str(server.url)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        served = [(number, request.partition(b"\r\n\r\n")[2]) for number, request in server.requests]
        assert served == [(0, b"parent"), (1, b"child"), (1, b"child"), (0, b"parent again")]


def test_a_lock_that_is_held_at_a_fork_holds_up_no_child(pools: BlockingPools) -> None:
    with scripted() as server:
        pools.send(server.send())
        [inherited] = pools._pools.values()
        held = threading.Thread(target=lambda: (pools._lock.acquire(), inherited._lock.acquire()))
        held.start()
        held.join()
        blocking_pool._forget_parents()  # what the child does first
        assert pools.send(server.send(timeout=Timeout(total=5))).status == 200
        assert [number for number, _ in server.requests] == [0, 1]


# ------------------------------------------------------------------------------------------------------------- by httpx


@pytest.mark.parametrize("route", [Route(proxy="http://127.0.0.1:1"), Route(http2=True)])
def test_proxies_and_http2_go_by_way_of_httpx(
    pools: BlockingPools, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[Send] = []
    closed: list[bool] = []

    class Bridge:
        def send(self, effect: Send) -> HttpResponse:
            sent.append(effect)
            return HttpResponse(299)

        def close(self) -> None:
            closed.append(True)

    monkeypatch.setattr(httpx_bridge, "HttpxExchange", Bridge)
    with scripted() as server:
        effect = evolve(server.send(), route=route)
        assert pools.send(effect).status == 299
        assert pools.send(effect).status == 299
        assert sent == [effect, effect]
        assert server.connections == 0
    pools.close()
    assert closed == [True]
    with pytest.raises(ClientClosed):
        pools.send(effect)


def test_a_call_imports_neither_httpx_nor_asyncio() -> None:
    script = FORK.partition("child = os.fork()")[0] + (
        "pools.close(); print([name for name in ('httpx', 'asyncio', 'h11', 'certifi') if name in sys.modules])"
    )
    with scripted(lambda peer: peer.serve(answer(b"parent"))) as server:
        done = subprocess.run(  # noqa: S603  # this interpreter
            [sys.executable, "-W", "error", "-c", script, str(server.url)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("[]\n", "")
