"""S3 buckets that live here: signed GET and HEAD of objects, whole or by range, as a pure function of requests.

They hold the artifacts of the local service's jobs, and whatever a test puts there.

Source: Amazon S3 API reference, GetObject, HeadObject, error responses; RFC 9110, range and conditional requests.
"""

from __future__ import annotations

import re
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http.client import responses as REASONS  # noqa: N812  # a table of constants
from typing import Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from attrs import frozen

from neo_wire.errors import ConfigurationError, Headers, ServiceError
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.local.authentication import EXAMPLE_CREDENTIALS
from neo_wire.local.contents import Content, as_content
from neo_wire.local.s3_authentication import authenticate
from neo_wire.local.s3_requests import addressed, byte_range, is_unchanged
from neo_wire.local.script import Answer, LocalResponse, Script, play
from neo_wire.protocol import timestamps
from neo_wire.signing.credentials import Credentials
from neo_wire.transports.clock import utc_now
from neo_wire.values import Value

_URI: Final = re.compile(r"s3://(?P<bucket>[A-Za-z0-9._-]{1,63})/(?P<key>.+)", re.DOTALL)
_MAX_KEY: Final = 1024
_NO_XML: Final = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_OPERATIONS: Final = {"GET": "GetObject", "HEAD": "HeadObject"}
_KNOWN_PARAMETERS: Final = ("x-amz-", "x-id")


@frozen(eq=False, repr=False)
class StoredObject(Value):
    """One object of a bucket.

    Attributes:
        uri: where it is: `s3://bucket/key`.
        content: its bytes.
        last_modified: when it was put there, to the second.
    """

    uri: str
    content: Content
    last_modified: datetime

    @property
    def etag(self) -> str:
        """Changes with the bytes; in quotation marks, as it is sent."""
        return f'"{self.content.tag}"'


class Buckets:
    """Any number of buckets, each there as soon as an object is put into it.

    Args:
        credentials: the key pairs that may read every object.
        region: of the buckets; requests that are signed for another are refused. None: any.
        clock: tells the time, aware.
        before_reading: is called before objects are looked up, and may put more.
    """

    def __init__(
        self,
        *,
        credentials: Credentials | Iterable[Credentials] = EXAMPLE_CREDENTIALS,
        region: str | None = None,
        clock: Callable[[], datetime] = utc_now,
        before_reading: Callable[[], None] = lambda: None,
    ) -> None:
        accepted = [credentials] if isinstance(credentials, Credentials) else list(credentials)
        self._credentials = {one.access_key_id: one for one in accepted}
        self._region = region
        self._clock = clock
        self._before_reading = before_reading
        self._objects: dict[tuple[str, str], StoredObject] = {}
        self._lock = threading.Lock()
        self._script = Script()

    def put(self, uri: str, content: bytes | Content, *, at: datetime | None = None) -> StoredObject:
        """Put an object where its URI says, in place of one that is there.

        Args:
            uri: such as `s3://models/resnet50.tar.gz`.
            content: its bytes, or for instance a `GeneratedContent`.
            at: when it was put there; None: now.

        Raises:
            ConfigurationError: it is no S3 URI with a bucket and a key that S3 allows.
        """
        moment = (self._clock() if at is None else at).astimezone(UTC).replace(microsecond=0)
        stored = StoredObject(uri, as_content(content), moment)
        with self._lock:
            self._objects[_place(uri)] = stored
        return stored

    def get(self, uri: str) -> StoredObject | None:
        """The object that a URI names; None when there is none.

        Raises:
            ConfigurationError: it is no S3 URI with a bucket and a key that S3 allows.
        """
        place = _place(uri)
        self._before_reading()
        return self._objects.get(place)

    def script(self, *answers: Answer, operation: str | None = None, times: int = 1) -> None:
        """Answer the next requests with these, in order, before the buckets are themselves again.

        Args:
            answers: an error, such as `ServiceError("Please reduce your request rate.", code="SlowDown", status=503)`;
                any whole response; or `Slow`, `LostAnswer` and `CutOff`.
            operation: only requests of this one, GetObject or HeadObject; None: of any.
            times: how often all of them are given.

        Raises:
            ConfigurationError: one of them is no answer, there is no such operation, or `times` is out of bounds.
        """
        if operation is not None and operation not in _OPERATIONS.values():
            raise ConfigurationError(f"operation is {operation!r}; give one of {', '.join(_OPERATIONS.values())}")
        self._script.add(answers, operation, times)

    def handle(self, request: HttpRequest) -> HttpResponse:
        """The response to a request, whatever the request is.

        Args:
            request: as it was received: its headers in order, its URL in the form of the request line.
        """
        answer = self._script.take(_OPERATIONS.get(request.method, ""))
        return play(answer, lambda: self._answer(request), lambda error: self._refusal(error, request))

    def _answer(self, request: HttpRequest) -> HttpResponse:
        try:
            return self._read(request)
        except ServiceError as error:
            return self._refusal(error, request)

    def _read(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _OPERATIONS:
            raise ServiceError(
                "The specified method is not allowed against this resource.", code="MethodNotAllowed", status=405
            )
        authenticate(request, self._credentials.get, self._clock().astimezone(UTC), self._region)
        names = [unquote(part.partition("=")[0]).lower() for part in request.url.query.split("&") if part]
        bucket, key = addressed(request)
        if not key or any(not name.startswith(_KNOWN_PARAMETERS) for name in names):
            message = "A header or query you provided, or the operation itself, is not implemented here."
            raise ServiceError(message, code="NotImplemented", status=501)
        self._before_reading()
        with self._lock:
            stored = self._objects.get((bucket, key))
            known = stored is not None or any(one == bucket for one, _ in self._objects)
        if stored is None:
            if known:
                raise ServiceError("The specified key does not exist.", code="NoSuchKey", status=404)
            raise ServiceError("The specified bucket does not exist", code="NoSuchBucket", status=404)
        return self._object(request, stored)

    def _object(self, request: HttpRequest, stored: StoredObject) -> HttpResponse:
        size = stored.content.size
        headers = [
            ("last-modified", timestamps.write(stored.last_modified, "http-date")),
            ("etag", stored.etag),
            ("accept-ranges", "bytes"),
            ("content-type", "binary/octet-stream"),
        ]
        if is_unchanged(request, stored.etag, stored.last_modified):
            return self._response(304, headers[:2])
        wanted = byte_range(request.header("range"), size)
        first, end = wanted or (0, size)
        if wanted is not None:
            headers.append(("content-range", f"bytes {first}-{end - 1}/{size}"))
        start = self._response(206 if wanted else 200, [*headers, ("content-length", str(end - first))])
        return LocalResponse(
            start.status,
            start.headers,
            reason=start.reason,
            pieces=lambda: stored.content.pieces(first, end),
            length=end - first,
        )

    def _refusal(self, error: ServiceError, request: HttpRequest) -> HttpResponse:
        """The response that an error is sent as: XML, and to HEAD its headers alone."""
        members = {
            "Code": error.code,
            "Message": error.message,
            "Resource": request.url.path,
            **dict(error.detail if isinstance(error.detail, tuple) else ()),
            "RequestId": _request_id(),
        }
        text = "".join(f"<{name}>{escape(_NO_XML.sub('?', value))}</{name}>" for name, value in members.items())
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{text}</Error>'.encode()
        headers = [*error.headers, ("content-type", "application/xml")]
        return self._response(error.status, headers, b"" if request.method == "HEAD" else body)

    def _response(self, status: int, headers: Iterable[tuple[str, str]], body: bytes = b"") -> HttpResponse:
        own: Headers = (
            ("x-amz-request-id", _request_id()),
            ("date", timestamps.write(self._clock().astimezone(UTC), "http-date")),
            ("server", "AmazonS3"),
        )
        return HttpResponse(status, (*own, *headers), body, REASONS.get(status, ""))


def _request_id() -> str:
    return uuid.uuid4().hex[:16].upper()


def _place(uri: str) -> tuple[str, str]:
    parts = _URI.fullmatch(uri)
    if parts is None or len(parts["key"].encode(errors="surrogatepass")) > _MAX_KEY:
        raise ConfigurationError(f"{uri[:200]!r} is no S3 URI; give s3://bucket/key, as s3://models/resnet50.tar.gz")
    return parts["bucket"], parts["key"]
