"""What goes over the socket, byte for byte, and how the server starts and ends."""

from __future__ import annotations

import errno
import http.client
import json
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from neo_wire.errors import ConfigurationError
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.local import LocalServer, NeoService
from neo_wire.local.http1 import MAX_HEAD
from neo_wire.local.service import MAX_REQUEST_BYTES


def connect(server: LocalServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").rsplit(":", 1)
    return socket.create_connection((host.strip("[]"), int(port)), timeout=10)


def everything(connection: socket.socket) -> bytes:
    received = b""
    while more := connection.recv(65536):
        received += more
    return received


def on_the_wire(request: HttpRequest, target: str = "/", *extra: str) -> bytes:
    lines = [f"POST {target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers)]
    lines += [f"Content-Length: {len(request.body)}", *extra]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + request.body


def test_connections_are_kept_and_requests_may_be_pipelined(
    server: LocalServer, signed: Any, moving_clock: Any
) -> None:
    request = on_the_wire(signed("ListCompilationJobs", at=moving_clock.now))
    last = on_the_wire(signed("ListCompilationJobs", at=moving_clock.now), "/", "Connection: close")
    with connect(server) as connection:
        connection.sendall(request + request + last)
        received = everything(connection)
    assert received.count(b"HTTP/1.1 200 OK") == 3
    assert received.count(b"connection: keep-alive") == 2


def test_what_is_verified_is_what_arrived(server: LocalServer, signed: Any, moving_clock: Any) -> None:
    at = moving_clock.now
    twice = signed("ListCompilationJobs", at=at, X_Custom="one   two")
    for request, target, extra, status in (
        (signed("ListCompilationJobs", at=at), "http://127.0.0.1:8080/", "X: 1", b"200"),
        (twice, "/", "X: 1", b"200"),
        (twice, "/", "X-Custom: three", b"403"),
        (twice, "/?x=1", "X: 1", b"403"),
        (twice, "//", "X: 1", b"404"),
    ):
        with connect(server) as connection:
            connection.sendall(on_the_wire(request, target, extra, "Connection: close"))
            assert everything(connection).startswith(b"HTTP/1.1 " + status)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(server: LocalServer) -> None:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    connection.request("POST", "/", b" " * (4 * MAX_REQUEST_BYTES))
    response = connection.getresponse()
    assert response.status == 413
    assert json.loads(response.read())["__type"] == "RequestEntityTooLargeException"
    assert response.headers["connection"] == "close"
    connection.close()


@pytest.mark.parametrize(("size", "status"), [(1, 200), (MAX_REQUEST_BYTES, 413)])
def test_a_body_may_come_in_chunks(server: LocalServer, signed: Any, moving_clock: Any, size: int, status: int) -> None:
    request = signed("ListCompilationJobs", b"{}" + b" " * size, at=moving_clock.now)
    pieces = [request.body[: size // 2], request.body[size // 2 :]]
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=10)
    for _ in range(2):  # once more over the same connection, or over a new one after a refusal
        connection.request("POST", "/", iter(pieces), dict(request.headers))
        response = connection.getresponse()
        assert response.status == status
        assert json.loads(response.read()).get("__type") == (
            None if status == 200 else "RequestEntityTooLargeException"
        )
        assert response.headers["connection"] == ("keep-alive" if status == 200 else "close")
    connection.close()


def test_the_body_may_wait_for_100_continue(server: LocalServer, signed: Any, moving_clock: Any) -> None:
    head, _, body = on_the_wire(
        signed("ListCompilationJobs", at=moving_clock.now), "/", "Expect: 100-continue", "Connection: close"
    ).partition(b"\r\n\r\n")
    with connect(server) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert everything(connection).startswith(b"HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{}\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * MAX_HEAD, b"431"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"505"),
        (b"GET / HTTP/1.0\r\nHost: a\r\n\r\n", b"404"),
        (b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"404"),
    ],
)
def test_what_is_no_request_of_ours_is_answered_and_the_connection_closed(
    server: LocalServer, data: bytes, status: bytes
) -> None:
    with connect(server) as connection:
        connection.sendall(data)
        received = everything(connection)
    assert received.startswith(b"HTTP/1.1 " + status)
    assert b"x-amzn-requestid: " in received
    assert received.endswith(b"\r\n\r\n" if data.startswith(b"HEAD") else b"}")


def test_an_answer_that_cannot_be_sent_is_an_internal_failure(server: LocalServer) -> None:
    server.service.script(HttpResponse(200, (("x", "a\r\nb: c"),)))
    with connect(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        received = everything(connection)
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"InternalFailure" in received


def test_a_silent_connection_is_closed(signed: Any) -> None:
    request = on_the_wire(signed("ListCompilationJobs", at=datetime.now(UTC)))
    with LocalServer(read_timeout=0.2) as server:
        with connect(server) as connection:
            assert everything(connection) == b""
        with connect(server) as connection:
            connection.sendall(request)
            received = everything(connection)  # to the end, which comes without another answer
    assert received.endswith(b'{"CompilationJobSummaries":[]}')


@pytest.mark.parametrize(
    "begun",
    [b"P", b"POST / HTTP/1.1\r\nHost: a\r\nX: ", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n{"],
)
@pytest.mark.parametrize("drips", [0, 1000])
def test_a_request_that_takes_too_long_is_refused(begun: bytes, drips: int) -> None:
    with LocalServer(read_timeout=0.2) as server, connect(server) as connection:
        connection.sendall(begun)
        connection.settimeout(0.01)
        for _ in range(drips):  # it is never silent for long, but does not come to an end
            with suppress(TimeoutError):
                connection.recv(1, socket.MSG_PEEK)
                break
            connection.sendall(b"A")
        else:
            assert drips == 0
        connection.settimeout(10)
        received = everything(connection)
    assert received.startswith(b"HTTP/1.1 408 ")
    assert b"RequestTimeoutException" in received


@pytest.mark.parametrize(("then", "status"), [(7.0, b"404"), (11.0, b"408")])
def test_the_time_of_a_request_begins_with_its_first_byte(
    monkeypatch: pytest.MonkeyPatch, then: float, status: bytes
) -> None:
    now = 0.0
    asked = threading.Semaphore(0)

    def monotonic() -> float:
        asked.release()
        return now

    def wait_until_asked(times: int) -> None:
        for _ in range(times):
            assert asked.acquire(timeout=10)

    monkeypatch.setattr("neo_wire.local.server.time", SimpleNamespace(monotonic=monotonic))
    with LocalServer(read_timeout=5) as server, connect(server) as connection:
        wait_until_asked(2)  # for the end of the silence, and how far it is
        now = 6.0
        connection.sendall(b"GET / HTTP/1.1\r\nConnection: close\r\n")
        wait_until_asked(2)  # for the end of the request, and how far it is
        now = then
        connection.sendall(b"Host: a\r\n")
        wait_until_asked(1)
        connection.sendall(b"\r\n")
        assert everything(connection).startswith(b"HTTP/1.1 " + status)


def test_a_client_that_does_not_read_is_left() -> None:
    with LocalServer(read_timeout=0.2) as server, connect(server) as connection:
        body = b" " * 2**26
        server.service.script(HttpResponse(200, (), body))
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(8) == b"HTTP/1.1"
        for thread in local_threads():
            if thread.name == "neo-wire-local-connection":
                thread.join(10)
                assert not thread.is_alive()
        assert len(everything(connection)) < len(body)


def test_a_client_that_goes_away_is_no_trouble(boto3_client: Any, server: LocalServer) -> None:
    for data in (b"", b"POST / HT", b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{"):
        with connect(server) as connection:
            connection.sendall(data)
    assert boto3_client(server).list_compilation_jobs()["CompilationJobSummaries"] == []


def test_too_many_open_files_take_no_processor_time_and_pass(
    boto3_client: Any, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[float] = []
    accept = socket.socket.accept

    def refuse(listener: socket.socket) -> tuple[socket.socket, Any]:
        tried.append(time.monotonic())
        if len(tried) <= 3:
            raise OSError(errno.EMFILE, "Too many open files")
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", refuse)
    assert boto3_client(server).list_compilation_jobs()["CompilationJobSummaries"] == []
    assert tried[3] - tried[0] > 0.1


def test_too_many_threads_refuse_one_connection_and_no_other(
    boto3_client: Any, server: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "neo-wire-local-connection" and not refused:
            refused.append(thread.name)
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with connect(server) as connection:
        assert everything(connection) == b""
    assert boto3_client(server).list_compilation_jobs()["CompilationJobSummaries"] == []
    assert len(refused) == 1


# ------------------------------------------------------------------------------------------------------ start and close


def local_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("neo-wire-local")]


def is_open(server: LocalServer) -> bool:
    try:
        return bool(server.url)
    except ConfigurationError:
        return False


def test_closing_is_quick_and_leaves_no_thread(boto3_client: Any) -> None:
    server = LocalServer()
    assert repr(server) == "LocalServer(host='127.0.0.1', port=0)"
    server.start()
    server.start()  # is started already
    with connect(server) as idle, connect(server) as halfway:
        halfway.sendall(b"POST / HTTP/1.1\r\n")
        client = boto3_client(server)
        client.list_compilation_jobs()  # keeps its connection
        assert len(local_threads()) >= 3
        began = time.monotonic()
        server.close()
        assert time.monotonic() - began < 2
        assert local_threads() == []
        assert everything(idle) == b""
    server.close()  # is closed already


def test_closing_lets_an_answer_go_out_first(signed: Any) -> None:
    answering, go_on = threading.Event(), threading.Event()
    now = datetime.now(UTC)

    def slow_clock() -> datetime:
        if threading.current_thread() is not threading.main_thread():
            answering.set()
            go_on.wait(10)
        return now

    server = LocalServer(NeoService(clock=slow_clock))
    with server, connect(server) as connection:
        connection.sendall(on_the_wire(signed("ListCompilationJobs", at=now)))
        assert answering.wait(10)
        closing = threading.Thread(target=server.close)
        closing.start()
        while closing.is_alive() and is_open(server):
            closing.join(0.001)
        go_on.set()
        received = everything(connection)
        closing.join()
    assert received.startswith(b"HTTP/1.1 200 OK")
    assert b"connection: close" in received
    assert local_threads() == []


def test_closing_does_not_wait_longer_than_it_is_told() -> None:
    go_on = threading.Event()
    now = datetime.now(UTC)

    def stuck_clock() -> datetime:
        if threading.current_thread() is not threading.main_thread():
            go_on.wait(10)
        return now

    server = LocalServer(NeoService(clock=stuck_clock))
    server.start()
    with connect(server) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        threads = local_threads()
        began = time.monotonic()
        server.close(timeout=0.05)
        assert time.monotonic() - began < 2
        go_on.set()
        for thread in threads:
            thread.join()


def test_it_may_be_started_again_and_keeps_its_jobs(boto3_client: Any, create_input: Any) -> None:
    server = LocalServer()
    with server:
        boto3_client(server).create_compilation_job(**create_input())
    with pytest.raises(ConfigurationError, match="not started"):
        _ = server.url
    with server:
        assert len(boto3_client(server).list_compilation_jobs()["CompilationJobSummaries"]) == 1


def test_serves_until_it_is_closed(boto3_client: Any) -> None:
    server = LocalServer()
    serving = threading.Thread(target=server.serve_forever)
    server.start()
    serving.start()
    assert boto3_client(server).list_compilation_jobs()["CompilationJobSummaries"] == []
    server.close()
    serving.join(10)
    assert not serving.is_alive()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "", "::1", "::"])  # noqa: S104  # for a moment
def test_listens_on_any_address_of_this_machine(boto3_client: Any, host: str) -> None:
    if ":" in host and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with LocalServer(host=host) as server:
        assert boto3_client(server).list_compilation_jobs()["CompilationJobSummaries"] == []


def test_a_port_in_use_is_said_so(server: LocalServer) -> None:
    port = int(server.url.rsplit(":", 1)[1])
    other = LocalServer(port=port)
    with pytest.raises(ConfigurationError, match=f"port {port} of '127.0.0.1' is in use already; choose another"):
        other.start()
    with pytest.raises(ConfigurationError, match="not started"):
        _ = other.url


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "a" * 300])
def test_an_address_that_cannot_be_listened_on(host: str) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot listen on port 0 of '{host}'"):
        LocalServer(host=host).start()


@pytest.mark.parametrize(
    "options",
    [{"port": 65536}, {"port": -1}, *({"read_timeout": seconds} for seconds in (0, -1, float("nan"), float("inf")))],
)
def test_refuses_settings_that_cannot_be_used(options: dict[str, Any]) -> None:
    [(name, value)] = options.items()
    with pytest.raises(ConfigurationError, match=f"{name} is {value}; give a number"):
        LocalServer(**options)
