"""The pytest fixtures that ship with the package; `pytest_plugins = ["neo_wire.testing"]` brings them in.

All of a test's fixtures share one virtual clock, so waiting takes no time, and nothing of the machine's own
configuration is read. Override `neo_clock` or `neo_service` in a `conftest.py` to have others:

    @pytest.fixture
    def neo_service(neo_clock):
        return NeoService(clock=neo_clock, timeline=Timeline(outcome="FAILED", failure_reason=failures.TIME_OUT))
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from neo_wire.async_client import AsyncNeoClient
from neo_wire.client import NeoClient
from neo_wire.client_options import ClientOptions
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalServer, LocalTransport, NeoService
from neo_wire.testing import VirtualClock


@pytest.fixture
def neo_clock() -> VirtualClock:
    """The virtual time of the test; it begins at 2026-01-01."""
    return VirtualClock()


@pytest.fixture
def neo_service(neo_clock: VirtualClock) -> NeoService:
    """A local service on virtual time, with no jobs yet."""
    return NeoService(clock=neo_clock)


@pytest.fixture
def neo_client(neo_service: NeoService, neo_clock: VirtualClock) -> Iterator[NeoClient]:
    """A blocking client of `neo_service`, without a socket, in the region eu-west-1."""
    with NeoClient(transport=LocalTransport(neo_service), **_options(neo_clock)) as client:
        yield client


@pytest.fixture
def neo_async_client(neo_service: NeoService, neo_clock: VirtualClock) -> AsyncNeoClient:
    """An asynchronous client of `neo_service`, without a socket, in the region eu-west-1.

    It belongs to the event loop that first uses it, whichever plugin runs that, and needs no closing.
    """
    return AsyncNeoClient(transport=LocalTransport(neo_service), **_options(neo_clock))


@pytest.fixture
def neo_server(neo_service: NeoService) -> Iterator[LocalServer]:
    """`neo_service` on a real socket, at `neo_server.url`, for any client, until the test ends.

    Who signs with the real time needs a `neo_clock` that begins at it: `VirtualClock(datetime.now(UTC))`.
    """
    with LocalServer(neo_service) as server:
        yield server


def _options(clock: VirtualClock) -> ClientOptions:
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return {"region": "eu-west-1", "credentials": EXAMPLE_CREDENTIALS, "clock": clock, "environ": nothing}
