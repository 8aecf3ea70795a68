"""The names that the resolver and TLS are given, and the order of what the resolver finds."""

from __future__ import annotations

import socket
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.transports.addresses import by_turns, name_on_the_wire


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


def test_the_families_take_turns() -> None:
    def found(family: int, *hosts: str) -> list[Any]:
        return [(family, socket.SOCK_STREAM, 6, "", (host, 443)) for host in hosts]

    six, four = socket.AF_INET6, socket.AF_INET
    turns = by_turns([*found(six, "::1", "::2", "::3"), *found(four, "127.0.0.1")])
    assert [address[0] for _, address in turns] == ["::1", "127.0.0.1", "::2", "::3"]
    assert not by_turns([])
