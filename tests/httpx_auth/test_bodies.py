"""The hash of a body that is about to be sent: right for every kind of body, and the body still goes out whole."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import anyio
import httpx
import httpx2
import pytest

from neo_wire.errors import SigningError
from neo_wire.httpx_auth.bodies import hash_body, hash_body_async

BODY = os.urandom(150_000)  # more than two of httpx's chunks
DIGEST = hashlib.sha256(BODY).hexdigest()
LIBRARIES = [httpx, httpx2]


@pytest.fixture(params=LIBRARIES, ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    return module


class Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._data.readinto(buffer)


class Again:
    """Chunks, from the start each time."""

    def __iter__(self) -> Iterator[bytes]:
        yield from (BODY[:10], b"", BODY[10:])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in (BODY[:10], b"", BODY[10:]):
            yield chunk


def generate() -> Iterator[bytes]:
    yield from Again()


async def generate_async() -> AsyncIterator[bytes]:
    async for chunk in Again():
        yield chunk


def put(library: ModuleType, content: object, **headers: str) -> Any:
    return library.Request("PUT", "https://example.com/", content=content, headers=headers)


def sent(request: Any) -> bytes:
    """What a blocking client would send now."""
    return b"".join(request.stream)


async def sent_async(request: Any) -> bytes:
    return b"".join([chunk async for chunk in request.stream])


@pytest.mark.parametrize(
    "make", [lambda: BODY, lambda: io.BytesIO(BODY), lambda: [BODY[:7], BODY[7:]], Again, generate, lambda: Pipe(BODY)]
)
def test_blocking_bodies(library: ModuleType, make: Any) -> None:
    request = put(library, make())
    assert hash_body(request) == DIGEST
    assert request.headers["Content-Length"] == "150000"
    assert "Transfer-Encoding" not in request.headers
    assert sent(request) == BODY


@pytest.mark.parametrize("make", [lambda: BODY, lambda: Again().__aiter__(), generate_async])
def test_asynchronous_bodies(library: ModuleType, make: Any) -> None:
    async def run() -> None:
        request = put(library, make())
        assert await hash_body_async(request) == DIGEST
        assert request.headers["Content-Length"] == "150000"
        assert "Transfer-Encoding" not in request.headers
        assert await sent_async(request) == BODY

    asyncio.run(run())


def test_an_asynchronous_iterable_is_read_again_and_not_kept(library: ModuleType) -> None:
    class AgainAsync:
        __aiter__ = Again.__aiter__

    async def run() -> None:
        request = put(library, AgainAsync())
        stream = request.stream
        assert await hash_body_async(request) == DIGEST
        assert request.stream is stream
        assert await sent_async(request) == BODY
        assert request.headers["Content-Length"] == "150000"

    asyncio.run(run())


def test_an_asynchronous_file_is_put_back(library: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(BODY)

    async def run() -> None:
        async with await anyio.open_file(path, "rb") as file:
            await file.seek(1000)
            request = put(library, file)
            stream = request.stream
            assert await hash_body_async(request) == hashlib.sha256(BODY[1000:]).hexdigest()
            assert request.stream is stream
            assert await sent_async(request) == BODY[1000:]
            assert request.headers["Content-Length"] == "149000"

    asyncio.run(run())


def test_no_body_at_all(library: ModuleType) -> None:
    empty = hashlib.sha256(b"").hexdigest()
    request = library.Request("GET", "https://example.com/")
    assert hash_body(request) == asyncio.run(hash_body_async(request)) == empty
    assert "Content-Length" not in request.headers


def test_a_file_is_sent_from_where_it_stands(library: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "body"
    path.write_bytes(BODY)
    with path.open("rb") as file:
        file.seek(1000)
        request = put(library, file)
        assert hash_body(request) == hashlib.sha256(BODY[1000:]).hexdigest()
        assert file.tell() == 1000
        assert request.headers["Content-Length"] == "149000", "httpx counts the whole file"
        assert sent(request) == BODY[1000:]


def test_a_request_that_is_sent_again_begins_where_its_file_stood_at_first(library: ModuleType, tmp_path: Path) -> None:
    (path := tmp_path / "body").write_bytes(BODY)
    rest = hashlib.sha256(BODY[100:]).hexdigest()
    with path.open("rb") as file:
        file.seek(100)
        request = put(library, file)
        for _ in range(2):
            assert hash_body(request) == rest
            assert request.headers["Content-Length"] == str(len(BODY) - 100)
            assert sent(request) == BODY[100:]
        other = io.BytesIO(BODY)
        follower = library.Request("PUT", "https://example.com/", content=other, extensions=request.extensions)
        assert hash_body(follower) == DIGEST
        assert sent(follower) == BODY

    async def run() -> None:
        async with await anyio.open_file(path, "rb") as file:
            await file.seek(100)
            request = put(library, file)
            for _ in range(2):
                assert await hash_body_async(request) == rest
                assert await sent_async(request) == BODY[100:]

    asyncio.run(run())


def test_a_big_file_is_never_whole_in_memory(library: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "big"
    with path.open("wb") as file:
        file.truncate(32 * 1024 * 1024)
    with path.open("rb") as file:
        request = put(library, file)
        tracemalloc.start()
        try:
            digest = hash_body(request)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert digest == hashlib.sha256(bytes(32 * 1024 * 1024)).hexdigest()
    assert peak < 1024 * 1024


@pytest.mark.parametrize("seekable", [True, False])
def test_multipart_forms(library: ModuleType, seekable: bool) -> None:
    def form() -> Any:
        file = io.BytesIO(BODY) if seekable else Pipe(BODY)
        files = {"file": ("a.bin", file), "text": ("b.txt", b"bytes"), "c": ("c.txt", "str")}
        headers = {"Content-Type": "multipart/form-data; boundary=edge"}
        return library.Request("POST", "https://example.com/", data={"a": ["1", "2"]}, files=files, headers=headers)

    async def asynchronous() -> str:
        request = form()
        digest = await hash_body_async(request)
        assert hashlib.sha256(await sent_async(request)).hexdigest() == digest
        return digest

    request = form()
    stream = request.stream
    digest = hash_body(request)
    body = sent(request)
    assert hashlib.sha256(body).hexdigest() == digest
    assert request.headers["Content-Length"] == str(len(body))
    assert "Transfer-Encoding" not in request.headers
    assert BODY in body
    assert (request.stream is stream) is seekable, "what cannot seek is held in memory"
    assert asyncio.run(asynchronous()) == digest or not seekable


def test_a_stream_of_somebody_else_is_read_into_memory_once(library: ModuleType) -> None:
    class Once(library.SyncByteStream, library.AsyncByteStream):  # type: ignore[misc, name-defined]  # either library
        def __init__(self) -> None:
            self._stream = [BODY]  # the name that httpx uses, for something else

        def __iter__(self) -> Iterator[bytes]:
            while self._stream:
                yield self._stream.pop()

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while self._stream:
                yield self._stream.pop()

    request = library.Request("PUT", "https://example.com/", stream=Once())
    assert hash_body(request) == DIGEST
    assert sent(request) == BODY

    async def run() -> None:
        request = library.Request("PUT", "https://example.com/", stream=Once())
        assert await hash_body_async(request) == DIGEST
        assert await sent_async(request) == BODY

    asyncio.run(run())


@pytest.mark.parametrize("make", [lambda: io.StringIO("text"), lambda: ["text"]])
def test_text_is_refused(library: ModuleType, make: Any) -> None:
    with pytest.raises(SigningError, match=r"gives a str where bytes are due; .* open files in binary mode"):
        hash_body(put(library, make()))

    class AsyncText:
        async def __aiter__(self) -> AsyncIterator[str]:
            yield "text"

    with pytest.raises(SigningError, match="gives a str where bytes are due"):
        asyncio.run(hash_body_async(put(library, AsyncText())))


def test_bodies_of_the_other_kind_of_client_are_refused(library: ModuleType) -> None:
    with pytest.raises(SigningError, match="asynchronous stream; send it with an asynchronous client"):
        hash_body(put(library, generate_async()))
    with pytest.raises(SigningError, match="blocking stream; send it with a blocking client"):
        asyncio.run(hash_body_async(put(library, generate())))
