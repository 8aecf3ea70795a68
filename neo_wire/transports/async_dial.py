"""How the asynchronous pools connect: to the first address that accepts; a slow one is overtaken by the next.

This is not left to `loop.create_connection`, whose race loses a socket when it is cancelled just after it was won.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from neo_wire.transports.addresses import NEXT_ADDRESS, by_turns, name_on_the_wire


async def dial(loop: asyncio.AbstractEventLoop, host: str, port: int) -> socket.socket:
    """A connected socket, which is the caller's to close.

    Raises:
        OSError: the name has no address, or none that accepts; of these the last.
        UnicodeError: the name is none.
    """
    addresses = by_turns(await loop.getaddrinfo(name_on_the_wire(host), port, type=socket.SOCK_STREAM))
    if len(addresses) == 1:
        return await _connect(loop, *addresses[0])
    attempts: list[asyncio.Task[socket.socket]] = []
    winner: asyncio.Task[socket.socket] | None = None
    failure: BaseException = OSError(f"{host} has no address")
    waiting: set[asyncio.Task[socket.socket]] = set()
    try:
        while addresses or waiting:
            if addresses:
                attempts.append(loop.create_task(_connect(loop, *addresses.popleft())))
                waiting.add(attempts[-1])
            delay = NEXT_ADDRESS if addresses else None
            ended, waiting = await asyncio.wait(waiting, timeout=delay, return_when=asyncio.FIRST_COMPLETED)
            for attempt in ended:
                if (error := attempt.exception()) is None:
                    winner = attempt
                    return winner.result()
                failure = error
        raise failure
    finally:
        for attempt in attempts:
            if not attempt.done():
                attempt.cancel()  # it closes its socket itself
            elif attempt is not winner and not attempt.cancelled() and attempt.exception() is None:
                attempt.result().close()


async def _connect(loop: asyncio.AbstractEventLoop, family: int, address: tuple[Any, ...]) -> socket.socket:
    attempt = socket.socket(family, socket.SOCK_STREAM)
    try:
        attempt.setblocking(False)
        attempt.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(attempt, address)
    except BaseException:
        attempt.close()
        raise
    return attempt
