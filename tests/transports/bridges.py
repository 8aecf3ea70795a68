"""What the tests of the bridge share: one exchange at a time, blocking, under asyncio and under trio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import pytest
import trio
from attrs import frozen

from neo_wire.errors import Headers, NeoWireError
from neo_wire.flow import Send, Sink
from neo_wire.http import DIRECT, HttpRequest, HttpResponse, Route, Timeout, Url
from neo_wire.transports.httpx_bridge import AsyncHttpxExchange, HttpxExchange

MAX_BODY = 1 << 20


def effect(
    url: str,
    body: bytes = b"{}",
    *,
    method: str = "POST",
    headers: Headers = (),
    timeout: Timeout | None = None,
    max_body: int = MAX_BODY,
    route: Route = DIRECT,
    sink: Sink | None = None,
) -> Send:
    """An exchange, with the headers that every request has."""
    target = Url.parse(url)
    headers = (("Host", target.authority), *headers, ("Content-Length", str(len(body))))
    return Send(HttpRequest(method, target, headers, body), timeout or Timeout(), max_body, route, sink)


@frozen
class Bridge:
    """One of the three ways to exchange."""

    name: Literal["blocking", "asyncio", "trio"]

    @property
    def is_blocking(self) -> bool:
        return self.name == "blocking"

    def run(self, function: Callable[[], Awaitable[Any]]) -> Any:
        """Run a coroutine function in a new event loop."""
        if self.name == "trio":
            return trio.run(function)

        async def main() -> Any:
            return await function()

        return asyncio.run(main())

    def send(self, *effects: Send, given: Any = None) -> HttpResponse:
        """Make one exchange after the other and give the last response; close the exchange."""
        response: HttpResponse | None = None
        if self.is_blocking:
            blocking = HttpxExchange(given)
            try:
                for one in effects:
                    response = blocking.send(one)
            finally:
                blocking.close()
        else:

            async def main() -> HttpResponse | None:
                asynchronous = AsyncHttpxExchange(given)
                last: HttpResponse | None = None
                try:
                    for one in effects:
                        last = await asynchronous.send(one)
                finally:
                    await asynchronous.aclose()
                return last

            response = self.run(main)
        assert response is not None
        return response

    def transport(self, library: Any, **options: object) -> Any:
        """A stock transport of httpx or httpx2 that fits."""
        return (library.HTTPTransport if self.is_blocking else library.AsyncHTTPTransport)(**options)

    def client(self, library: Any, **options: object) -> Any:
        """A client of httpx or httpx2 that fits."""
        return (library.Client if self.is_blocking else library.AsyncClient)(**options)


def raised(bridge: Bridge, one: Send, given: Any = None) -> NeoWireError:
    """The error of an exchange, which must be ours."""
    with pytest.raises(NeoWireError) as caught:
        bridge.send(one, given=given)
    return caught.value
