"""Sinks under asyncio: what they are given is gathered, and written in a thread, as writing may block."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from neo_wire.errors import Headers
from neo_wire.flow import Sink

PIECE: Final = 1 << 20
"""Bytes that a sink is given at once, as each time takes a thread."""


class GatheredSink:
    """Stands before a sink that may block: keeps its pieces until the task of the exchange has a thread write them."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._write: Callable[[bytes], None] | None = None
        self._pieces: list[bytes] = []
        self.size = 0

    def __call__(self, status: int, headers: Headers) -> Callable[[bytes], None] | None:
        """Ask the sink whether it takes the body of this response."""
        self._write = self._sink(status, headers)
        return None if self._write is None else self._keep

    def _keep(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self.size += len(piece)

    async def flush(self) -> None:
        """Write what was gathered. A cancellation waits for the thread first, which cannot be stopped."""
        while self._write is not None and self.size:
            pieces, self._pieces, self.size = self._pieces, [], 0
            writing = asyncio.ensure_future(asyncio.to_thread(self._write, b"".join(pieces)))
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                await asyncio.wait([writing])
                if not writing.cancelled():
                    writing.exception()  # looked at, so that asyncio logs nothing about it: the cancellation counts
                raise
