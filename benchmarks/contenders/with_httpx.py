"""httpx with a minimal signer and `json.loads`: no types, checks, errors, retries. The floor of what httpx allows."""

from __future__ import annotations

import json
import ssl
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from benchmarks.answers import JOB, TARGETS
from benchmarks.contenders.minimal_signer import signed_headers

BODY = json.dumps({"CompilationJobName": JOB}).encode()


def _verify(url: str, ca: str) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=ca) if url.startswith("https") else False


class Client:
    """A blocking client."""

    def __init__(self, url: str, ca: str) -> None:
        self._url, self._host = url, urlsplit(url).netloc
        self._client = httpx.Client(verify=_verify(url, ca))

    def describe(self) -> object:
        """Describe one job."""
        headers = signed_headers(self._host, TARGETS["Describe"], BODY)
        return json.loads(self._client.post(self._url, content=BODY, headers=headers).content)["CreationTime"]


class AsyncClient:
    """An asynchronous client, with a connection for each call in flight."""

    def __init__(self, url: str, ca: str, in_flight: int) -> None:
        self._url, self._host = url, urlsplit(url).netloc
        limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
        self._client = httpx.AsyncClient(verify=_verify(url, ca), limits=limits, timeout=60)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def describe(self) -> object:
        """Describe one job."""
        headers = signed_headers(self._host, TARGETS["Describe"], BODY)
        response: Any = await self._client.post(self._url, content=BODY, headers=headers)
        return json.loads(response.content)["CreationTime"]
