"""The local service as an httpx transport: requests are answered in the process, without a socket."""

from __future__ import annotations

import httpx

from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.local.service import NeoService


class LocalTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Give it to any httpx client, or to `NeoClient` and `AsyncNeoClient`: `NeoClient(transport=LocalTransport())`.

    Signatures are checked as they are over a socket, whatever host the requests are for.

    Args:
        service: what answers; a new one with the example key pair when it is None.
    """

    def __init__(self, service: NeoService | None = None) -> None:
        self.service = service if service is not None else NeoService()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a blocking client."""
        return _to_httpx(self.service.handle(_from_httpx(request, request.read())))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an asynchronous client."""
        return _to_httpx(self.service.handle(_from_httpx(request, await request.aread())))


def _from_httpx(request: httpx.Request, body: bytes) -> HttpRequest:
    url = request.url
    path, _, query = url.raw_path.decode("ascii").partition("?")
    headers = tuple((name.decode("ascii"), _text(value)) for name, value in request.headers.raw)
    place = Url(url.scheme, url.raw_host.decode("ascii"), url.port, path, query)
    return HttpRequest(request.method, place, headers, body)


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _to_httpx(response: HttpResponse) -> httpx.Response:
    return httpx.Response(response.status, headers=list(response.headers), content=response.body)
