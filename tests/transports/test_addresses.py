"""The names that the resolver and TLS are given, and the order of what the resolver finds."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.http import Route, Tls
from neo_wire.transports.addresses import by_turns, name_on_the_wire
from neo_wire.transports.blocking_pool import BlockingPools
from tests.transports.bridges import Bridge, effect
from tests.transports.loops import run
from tests.transports.proxy import Proxy
from tests.transports.scripted import Scripted, scripted


@given(host=st.text("abcXYZ0189-_.:", max_size=80) | st.text(max_size=80))
@example(host="a" * 63 + ".example.")
@example(host="a" * 64)
@example(host="bücher.example")
def test_a_name_is_what_python_itself_would_encode(host: str) -> None:
    name = name_on_the_wire(host)
    if isinstance(name, bytes):
        assert name == host.encode("idna")
    else:
        assert name == host


@pytest.mark.parametrize("host", ["api.sagemaker.eu-west-1.amazonaws.com", "localhost", "127.0.0.1", "::1", "a_b.c."])
def test_names_that_need_no_tables(host: str) -> None:
    assert name_on_the_wire(host) == host.encode()


@pytest.mark.parametrize("host", ["bücher.example", "a..b", ".a", "a" * 64, ""])
def test_what_is_left_to_python(host: str) -> None:
    assert name_on_the_wire(host) == host


@pytest.fixture
def whole(monkeypatch: pytest.MonkeyPatch, server_tls: Callable[..., ssl.SSLContext]) -> Iterator[Scripted]:
    """A server whose certificate is of localhost, by a resolver that knows it as `localhost.` too."""
    asked = socket.getaddrinfo

    def resolve(host: str | bytes, *arguments: Any, **options: Any) -> Any:
        return asked("127.0.0.1" if host in ("localhost.", b"localhost.") else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with scripted(tls=server_tls("localhost")) as server:
        yield server


def test_the_dot_of_a_whole_name_is_not_in_its_certificate(whole: Scripted, trusting: ssl.SSLContext) -> None:
    one = effect(f"https://localhost.:{whole.port}/", route=Route(tls=Tls(context=trusting)))
    pools = BlockingPools()
    assert pools.send(one).status == 200
    pools.close()
    assert run(lambda asynchronous: asynchronous.send(one)).status == 200
    assert [b"\r\nHost: localhost.:" in request for _, request in whole.requests] == [True, True]


def test_nor_when_a_proxy_leads_there(
    bridge: Bridge, whole: Scripted, trusting: ssl.SSLContext, proxies: Callable[..., Proxy]
) -> None:
    route = Route(proxy=proxies().url(), tls=Tls(context=trusting))
    assert bridge.send(effect(f"https://localhost.:{whole.port}/", route=route)).status == 200


def test_the_families_take_turns() -> None:
    def found(family: int, *hosts: str) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (host, 443)) for host in hosts]

    six, four = socket.AF_INET6, socket.AF_INET
    turns = by_turns([*found(six, "::1", "::2", "::3"), *found(four, "127.0.0.1")])
    assert [address[0] for _, address in turns] == ["::1", "127.0.0.1", "::2", "::3"]
    assert not by_turns([])
