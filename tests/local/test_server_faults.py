"""Scripted faults and the buckets, byte for byte on the socket."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from neo_wire.http import HttpRequest
from neo_wire.local import CutOff, LocalServer, LostAnswer, NeoService, Slow
from neo_wire.testing import VirtualClock


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


def test_a_slow_answer_takes_virtual_time_only(signed: Any) -> None:
    clock = VirtualClock()
    with LocalServer(NeoService(clock=clock)) as server:
        server.service.script(Slow(3600))
        with connect(server) as connection:
            connection.sendall(on_the_wire(signed("ListCompilationJobs", at=clock.now()), "/", "Connection: close"))
            assert everything(connection).startswith(b"HTTP/1.1 200")
    assert clock.monotonic() == 3600


def test_a_slow_answer_takes_real_time_and_no_longer_than_the_server_is_open(server: LocalServer, signed: Any) -> None:
    # whose clock tells virtual time but cannot wait
    request = on_the_wire(signed("ListCompilationJobs", at=server.service.clock.now()))
    server.service.script(Slow(0.2), Slow(3600))
    with connect(server) as connection:
        began = time.monotonic()
        connection.sendall(request)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began >= 0.2
        connection.sendall(request)
        threading.Timer(0.2, server.close).start()
        assert everything(connection).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 10


def test_a_lost_answer_closes_the_connection_without_a_byte(server: LocalServer, signed: Any) -> None:
    server.service.script(LostAnswer())
    with connect(server) as connection:
        connection.sendall(on_the_wire(signed("ListCompilationJobs", at=server.service.clock.now())))
        assert everything(connection) == b""


def test_an_answer_is_cut_off(server: LocalServer, signed: Any) -> None:
    server.service.script(CutOff(5))
    with connect(server) as connection:
        connection.sendall(on_the_wire(signed("ListCompilationJobs", at=server.service.clock.now())))
        start, _, body = everything(connection).partition(b"\r\n\r\n")
    assert body == b'{"Com'
    assert b"content-length: 30" in start


def test_both_services_answer_on_one_connection(server: LocalServer, signed: Any, s3_signed: Any) -> None:
    at = server.service.clock.now()
    server.service.buckets.put("s3://models/a", b"from the bucket")
    read = s3_signed("GET", f"{server.url}/models/a", at=at)
    head = s3_signed("HEAD", f"{server.url}/models/a", at=at)
    with connect(server) as connection:
        connection.sendall(on_the_wire(signed("ListCompilationJobs", at=at)))
        for one in (read, head, read):
            lines = [f"{one.method} {one.url.target} HTTP/1.1", *(f"{name}: {value}" for name, value in one.headers)]
            connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answers = everything(connection)
    assert answers.count(b"HTTP/1.1 200 OK") == 4
    assert answers.count(b"content-length: 15") == 3
    assert answers.count(b"from the bucket") == 2
    assert b"CompilationJobSummaries" in answers
