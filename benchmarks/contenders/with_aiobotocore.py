"""aiobotocore, with the pool that it has by default."""

from __future__ import annotations

import asyncio
from typing import Any, Self

from aiobotocore.session import get_session

from benchmarks.answers import ACCESS_KEY_ID, JOB, REGION, SECRET


class AsyncClient:
    """An asynchronous client."""

    def __init__(self, url: str, ca: str, in_flight: int) -> None:  # noqa: ARG002  # one signature for all
        self._context: Any = get_session().create_client(
            "sagemaker",
            region_name=REGION,
            endpoint_url=url,
            verify=ca,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET,
        )

    async def __aenter__(self) -> Self:
        self._client = await self._context.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._context.__aexit__(*exc)

    async def describe(self) -> object:
        """Describe one job."""
        return (await self._client.describe_compilation_job(CompilationJobName=JOB))["CreationTime"]


class Client:
    """One call in a loop of its own: what a process that makes one call has to do."""

    def __init__(self, url: str, ca: str) -> None:
        self._client = AsyncClient(url, ca, 1)

    def describe(self) -> object:
        """Describe one job; only once."""

        async def once() -> object:
            async with self._client as client:
                return await client.describe()

        return asyncio.run(once())
