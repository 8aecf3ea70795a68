"""The local service as an httpx transport: requests are answered in the process, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import httpx

from neo_wire.http import HttpRequest, Url
from neo_wire.local.script import LocalResponse
from neo_wire.local.service import NeoService


class LocalTransport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Give it to any httpx client, or to `NeoClient` and `AsyncNeoClient`: `NeoClient(transport=LocalTransport())`.

    Signatures are checked as they are over a socket, whatever host the requests are for. Answers that are slow make the
    service's clock wait, up to the read timeout of the request; lost and cut off ones fail as httpx has them fail.

    Args:
        service: what answers; a new one with the example key pair when it is None.
    """

    def __init__(self, service: NeoService | None = None) -> None:
        self.service = service if service is not None else NeoService()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of a blocking client."""
        response = LocalResponse.of(self.service.handle(_from_httpx(request, request.read())))
        if response.delay:
            self.service.clock.sleep(_patience(request, response))
        return _to_httpx(request, response)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of an asynchronous client."""
        response = LocalResponse.of(self.service.handle(_from_httpx(request, await request.aread())))
        if response.delay:
            await self.service.clock.sleep_async(_patience(request, response))
        return _to_httpx(request, response)


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The body of a response, piece by piece, to where it is cut off."""

    def __init__(self, response: LocalResponse) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        yield from self._response.delivered()
        if self._response.is_cut:
            received, expected = self._response.cut_after, self._response.content_length
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body "
                f"(received {received} bytes, expected {expected})"
            )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def _read_timeout(request: httpx.Request) -> float | None:
    seconds: float | None = request.extensions.get("timeout", {}).get("read")
    return seconds


def _patience(request: httpx.Request, response: LocalResponse) -> float:
    """How long the client waits for a slow answer before it has it or gives up."""
    timeout = _read_timeout(request)
    return response.delay if timeout is None else min(response.delay, timeout)


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


def _to_httpx(request: httpx.Request, response: LocalResponse) -> httpx.Response:
    """The response as it gets to the client.

    Raises:
        httpx.ReadTimeout: it is slower than the client is patient.
        httpx.RemoteProtocolError: it is lost.
    """
    timeout = _read_timeout(request)
    if timeout is not None and response.delay > timeout:
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if response.lost:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    headers = list(response.headers)
    if request.method == "HEAD":
        return httpx.Response(response.status, headers=headers)
    if response.pieces is None and not response.is_cut:
        return httpx.Response(response.status, headers=headers, content=response.body)
    return httpx.Response(response.status, headers=headers, stream=_Body(response))
