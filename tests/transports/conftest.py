"""What the tests of the bridge to httpx share: three ways to exchange, what to send with, and a server that stalls."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import httpx2
import pytest
import trustme

from tests.transports.bridges import Bridge
from tests.transports.proxy import Proxy

Serve = Callable[..., Any]


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def bridge(request: pytest.FixtureRequest) -> Bridge:
    return Bridge(request.param)


@pytest.fixture(params=["own pool", "httpx", "httpx2"])
def given(request: pytest.FixtureRequest, bridge: Bridge) -> Iterator[Any]:
    """What to send with: nothing of the user's, or a stock transport, which is the user's to close."""
    libraries = {"httpx": httpx, "httpx2": httpx2}
    transport = bridge.transport(libraries[request.param]) if request.param in libraries else None
    yield transport
    if transport is not None and bridge.is_blocking:  # one of an event loop is closed within it
        transport.close()


@pytest.fixture
def stalling(raw_server: Serve) -> Iterator[Callable[[bytes], Any]]:
    """Servers that say so much, and then nothing more."""
    over = threading.Event()

    def make(begin: bytes) -> Any:
        def stall(connection: socket.socket) -> None:
            connection.sendall(begin)
            over.wait(10)

        return raw_server(stall)

    yield make
    over.set()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> Callable[..., ssl.SSLContext]:
    """Make the TLS of a server with a certificate of the authority for a name."""

    def make(name: str = "127.0.0.1") -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(context)
        return context

    return make


@pytest.fixture
def trusting(authority: trustme.CA) -> ssl.SSLContext:
    """The TLS of a client that trusts the authority."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture
def proxies() -> Iterator[Callable[..., Proxy]]:
    """Make proxies."""
    made: list[Proxy] = []

    def make(**options: Any) -> Proxy:
        made.append(Proxy(**options))
        return made[-1]

    yield make
    for proxy in made:
        proxy.close()
