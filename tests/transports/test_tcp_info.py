from __future__ import annotations

import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from neo_wire.transports.tcp_info import never_arrived

LENGTH = 3000


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A client and its server, after some requests and responses."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        server, _ = listener.accept()
        client.settimeout(10)
        for _ in range(3):
            client.sendall(b"x" * 1000)
            server.recv(1000, socket.MSG_WAITALL)
            server.sendall(b"y" * 500)
            client.recv(500, socket.MSG_WAITALL)
        yield client, server
        server.close()


def read_all(server: socket.socket) -> None:
    left = LENGTH
    while left:
        left -= len(server.recv(left))


def idle_close(client: socket.socket, server: socket.socket) -> None:
    server.close()
    time.sleep(0.01)
    client.sendall(bytes(LENGTH))


def close_when_read(client: socket.socket, server: socket.socket) -> None:
    client.sendall(bytes(LENGTH))
    read_all(server)
    server.close()


def close_when_some_is_read(client: socket.socket, server: socket.socket) -> None:
    client.sendall(bytes(LENGTH))
    server.recv(1)
    server.shutdown(socket.SHUT_WR)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize(
    ("happens", "expected"), [(idle_close, True), (close_when_read, False), (close_when_some_is_read, False)]
)
def test_tells_what_never_arrived(
    pair: tuple[socket.socket, socket.socket],
    happens: Callable[[socket.socket, socket.socket], None],
    expected: bool,
) -> None:
    client, server = pair
    happens(client, server)
    assert client.recv(10) == b""
    assert never_arrived(client, LENGTH) is expected


class Kernel:
    """A socket of a system that says this."""

    def __init__(self, info: bytes) -> None:
        self.info = info

    def getsockopt(self, level: int, option: int, size: int) -> bytes:
        return self.info[:size]


def info(acknowledged: int, sent: int, sent_again: int) -> bytes:
    return bytes(120) + struct.pack("Q", acknowledged) + bytes(72) + struct.pack("QQ", sent, sent_again)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (info(3001, 6000, 0), True),
        (info(3001, 9000, 3000), True),  # sent twice, still not acknowledged
        (info(3002, 6000, 0), False),  # a single byte has arrived
        (info(6001, 6000, 0), False),
        (info(0, 3000, 0), False),  # a system that does not count
        (info(3001, 6000, 0)[:200], False),  # an old kernel
    ],
)
def test_when_in_doubt_it_has_arrived(said: bytes, expected: bool) -> None:
    assert never_arrived(Kernel(said), LENGTH) is expected  # type: ignore[arg-type]  # all that is asked of a socket


def test_other_systems_do_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert never_arrived(Kernel(info(3001, 6000, 0)), LENGTH) is False  # type: ignore[arg-type]  # as above
