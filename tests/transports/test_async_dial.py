from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from typing import Any

import pytest

from neo_wire.transports import async_dial
from neo_wire.transports.addresses import by_turns
from neo_wire.transports.async_dial import dial

V4, V6 = socket.AF_INET, socket.AF_INET6


def found(*addresses: tuple[int, Any]) -> list[tuple[int, int, int, str, Any]]:
    return [(family, socket.SOCK_STREAM, 6, "", address) for family, address in addresses]


def test_families_take_turns() -> None:
    given = found((V6, ("a",)), (V6, ("b",)), (V6, ("c",)), (V4, ("1",)), (V4, ("2",)))
    assert [address for _, (address,) in by_turns(given)] == ["a", "1", "b", "2", "c"]
    assert list(by_turns([])) == []


class Network:
    """Addresses that connect after so many seconds, or refuse, and the sockets that were made for them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, delays: dict[str, float | OSError]) -> None:
        self.delays = delays
        self.tried: list[tuple[float, str]] = []
        self.sockets: list[socket.socket] = []
        real, made = socket.socket, self.sockets

        class Counted(real):  # type: ignore[misc, valid-type]  # the class under test makes its sockets of this
            def __init__(self, *args: Any) -> None:
                super().__init__(*args)
                made.append(self)

        monkeypatch.setattr(socket, "socket", Counted)

    async def dial(self) -> socket.socket:
        loop = asyncio.get_running_loop()

        async def getaddrinfo(*_: object, **__: object) -> Sequence[Any]:
            return found(*((V4, (name, 443)) for name in self.delays))

        async def sock_connect(_: socket.socket, address: tuple[str, int]) -> None:
            self.tried.append((loop.time(), address[0]))
            delay = self.delays[address[0]]
            if isinstance(delay, OSError):
                raise delay
            await asyncio.sleep(delay)

        loop.getaddrinfo = getaddrinfo  # type: ignore[method-assign, assignment]  # of this loop alone
        loop.sock_connect = sock_connect  # type: ignore[method-assign, assignment]  # as above
        return await dial(loop, "host", 443)

    def open(self) -> list[socket.socket]:
        return [one for one in self.sockets if one.fileno() != -1]


def test_one_that_refuses_is_followed_by_the_next_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, {"a": OSError("refused"), "b": OSError("refused"), "c": 0.0})
    with asyncio.run(network.dial()) as winner:
        assert [name for _, name in network.tried] == ["a", "b", "c"]
        assert network.tried[-1][0] - network.tried[0][0] < 0.2
        assert network.open() == [winner]


def test_one_that_is_slow_is_overtaken_by_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(async_dial, "NEXT_ADDRESS", 0.02)
    network = Network(monkeypatch, {"a": 10.0, "b": 10.0, "c": 0.0, "d": 0.0})
    with asyncio.run(network.dial()) as winner:
        assert [name for _, name in network.tried] == ["a", "b", "c"]
        assert network.open() == [winner]


def test_the_last_failure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, {"a": OSError("first"), "b": OSError("second")})
    with pytest.raises(OSError, match="second"):
        asyncio.run(network.dial())
    assert network.open() == []
    with pytest.raises(OSError, match="host has no address"):
        asyncio.run(Network(monkeypatch, {}).dial())


@pytest.mark.parametrize("steps", range(12))
def test_cancelled_at_any_step_it_keeps_no_socket(steps: int, monkeypatch: pytest.MonkeyPatch) -> None:
    network = Network(monkeypatch, {"a": 0.0, "b": 0.0})

    async def main() -> None:
        task = asyncio.create_task(network.dial())
        for _ in range(steps):
            await asyncio.sleep(0)
        if not task.cancel():
            task.result().close()
        await asyncio.wait([task])
        await asyncio.sleep(0)

    asyncio.run(main())
    assert network.open() == []
