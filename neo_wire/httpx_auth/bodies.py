"""The hash of a body that an httpx or httpx2 client is about to send, without taking it from the client.

A body that can be read twice is read once for its hash, and put back. Any other is read into memory.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, MutableMapping
from hashlib import sha256
from typing import Any, Final, Protocol, TypeAlias

from neo_wire.errors import SigningError
from neo_wire.signing.canonical import payload_hash, require_bytes

_CANNOT_REWIND: Final = (AttributeError, OSError, ValueError)
_PLACES: Final = "neo_wire.places"  # a request extension: the files of the body, and where each stood at first


_Places: TypeAlias = list[tuple[Any, Any]]  # Any: files of whatever library, and what their tell() gives


class SendableRequest(Protocol):
    """What is used here of the request class of either package."""

    extensions: dict[str, Any]  # Any: so the packages declare it
    """What goes along with the request, and is not sent."""

    @property
    def stream(self) -> Iterable[bytes] | AsyncIterable[bytes]:
        """The body."""

    @property
    def headers(self) -> MutableMapping[str, str]:
        """The headers to be sent."""

    def read(self) -> bytes:
        """Read the body into memory."""

    async def aread(self) -> bytes:
        """The same for an asynchronous body."""


def is_in_memory(stream: object) -> bool:
    """Whether a stream holds its whole body."""
    return _is_httpx(stream) and type(stream).__name__ == "ByteStream"


def _is_httpx(stream: object) -> bool:
    return type(stream).__module__.partition(".")[0] in ("httpx", "httpx2")


def hash_body(request: SendableRequest) -> str:
    """The hash of the body of a blocking client's request, which can still be sent afterwards."""
    stream = request.stream
    if is_in_memory(stream):
        return payload_hash(request.read())
    if not isinstance(stream, Iterable):
        raise SigningError("the body is an asynchronous stream; send it with an asynchronous client")
    try:
        files = _files(stream)
        places = _first_places(request, files) or [(file, file.tell()) for file in files]
        for file, place in places:
            file.seek(place)
    except _CANNOT_REWIND:
        return _hash_in_memory(request, request.read())
    digest, length = sha256(), 0
    for chunk in stream:
        digest.update(require_bytes(chunk))
        length += len(chunk)
    for file, place in places:
        file.seek(place)
    request.extensions = {**request.extensions, _PLACES: places}
    _set_length(request, length)
    return digest.hexdigest()


async def hash_body_async(request: SendableRequest) -> str:
    """The hash of the body of an asynchronous client's request; its files may be asynchronous ones."""
    stream = request.stream
    if is_in_memory(stream):
        return payload_hash(request.read())
    if not isinstance(stream, AsyncIterable):
        raise SigningError("the body is a blocking stream; send it with a blocking client, or as an async iterable")
    try:
        files = _files(stream)
        places = _first_places(request, files) or [(file, await _settled(file.tell())) for file in files]
        for file, place in places:
            await _settled(file.seek(place))
    except _CANNOT_REWIND:
        return _hash_in_memory(request, await request.aread())
    digest, length = sha256(), 0
    async for chunk in stream:
        digest.update(require_bytes(chunk))
        length += len(chunk)
    for file, place in places:
        await _settled(file.seek(place))
    request.extensions = {**request.extensions, _PLACES: places}
    _set_length(request, length)
    return digest.hexdigest()


def _first_places(request: SendableRequest, files: list[Any]) -> _Places:
    """Where these files stood when the request was sent for the first time; empty when this is it.

    They have been read to their end since, and would be sent empty.
    """
    places: _Places = request.extensions.get(_PLACES, [])
    return places if list(map(id, files)) == [id(file) for file, _ in places] else []


def _files(stream: object) -> list[Any]:  # Any: files of whatever library
    """The files that a stream reads, to be rewound; none when it begins anew each time.

    Raises:
        ValueError: it can be read but once, or is not one of httpx's own, and nothing is known of it.
    """
    if _is_httpx(stream):
        fields = getattr(stream, "fields", None)  # of a multipart form
        if fields is not None:
            files = [getattr(field, "file", b"") for field in fields]
            return [file for file in files if not isinstance(file, str | bytes)]
        source = getattr(stream, "_stream", None)  # private, but there is no other way to what it reads
        if hasattr(source, "read") or hasattr(source, "aread"):
            return [source]
        if source is not None and not isinstance(source, Iterator | AsyncIterator):
            return []
    raise ValueError("a stream for one reading")


async def _settled(answer: object) -> object:
    return await answer if inspect.isawaitable(answer) else answer


def _hash_in_memory(request: SendableRequest, body: bytes) -> str:
    _set_length(request, len(body))
    return payload_hash(body)


def _set_length(request: SendableRequest, length: int) -> None:
    """Send the length in place of chunks, which S3 and others refuse."""
    request.headers.pop("Transfer-Encoding", None)
    request.headers["Content-Length"] = str(length)
