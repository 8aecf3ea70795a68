"""Objects of Amazon S3, read by signed requests: where one is, one GET of it, and what a refusal says.

Source: Amazon S3 API reference, GetObject, error responses; RFC 9110, range and conditional requests.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import attrs
from attrs import frozen

from neo_wire.attempts import Attempt, Conversation, converse
from neo_wire.call import CallSettings
from neo_wire.config.endpoints import Endpoint, s3_object_url
from neo_wire.config.partitions import partition_of
from neo_wire.credentials.context import Context
from neo_wire.credentials.query import Xml, first, read_xml
from neo_wire.errors import AccessDenied, Headers, RedirectRefused, ServerError, ServiceError
from neo_wire.flow import Flow, Sink
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.jobs.s3_uris import S3Location
from neo_wire.protocol.error_mapper import COMMON_ERRORS, map_error, request_id
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import S3, Scope, sign
from neo_wire.values import Value

GET_OBJECT: Final = "GetObject"
_MAX_ERROR: Final = 64 * 1024  # bytes of a refusal that are read
_MAX_MESSAGE: Final = 1000  # characters
_REGION: Final = re.compile(r"[a-z0-9-]{1,63}")
_OTHER_REGION_STATUSES: Final = (301, 307, 400)


class NoSuchKey(ServiceError):
    """There is no such object in the bucket."""

    codes = ("NoSuchKey",)


class NoSuchBucket(ServiceError):
    """There is no such bucket."""

    codes = ("NoSuchBucket",)


class PreconditionFailed(ServiceError):
    """The object is another one than it was when its first part was read."""

    codes = ("PreconditionFailed",)


class InvalidRange(ServiceError):
    """The object ends before what was asked for."""

    codes = ("InvalidRange",)


_KNOWN: Final[tuple[type[ServiceError], ...]] = (
    *COMMON_ERRORS,
    NoSuchKey,
    NoSuchBucket,
    PreconditionFailed,
    InvalidRange,
)
_ERRORS: Final = {code: error for error in _KNOWN for code in error.codes}
_BY_STATUS: Final = {403: "AccessDenied", 404: "NoSuchKey", 412: "PreconditionFailed", 416: "InvalidRange"}


@frozen(eq=False, repr=False)
class S3Access(Value):
    """What reaches S3 as a client does.

    Attributes:
        context: how the client converses, and its settings.
        region: of the client.
        credentials: asked at each attempt; it may take so many seconds.
        replace: has credentials replaced that the service refused; None: they never are.
    """

    context: Context
    region: str
    credentials: Callable[[float], Flow[Credentials]]
    replace: Callable[[Credentials, float], Flow[Credentials | None]] | None = None

    @classmethod
    def of(cls, settings: CallSettings, context: Context) -> S3Access:
        """S3 as the calls of a client are made."""
        return cls(context, settings.scope.region, settings.credentials, settings.replace)

    def endpoint(self, location: S3Object, region: str) -> Endpoint:
        """Where an object is, when its bucket is in a region.

        Raises:
            EndpointError: no endpoint can be made of these.
        """
        settings = self.context.settings
        return s3_object_url(
            location.bucket,
            location.key,
            region,
            fips=settings.use_fips_endpoint,
            dual_stack=settings.use_dualstack_endpoint,
            endpoint_url=settings.endpoint_url("S3"),
        )


@frozen(eq=False, repr=False)
class S3Object(Value):
    """An object by its bucket and its key; its text is `s3://bucket/key`.

    Attributes:
        bucket: as the service tells it: older buckets have names that no new one may have.
        key: as it is, not percent-encoded.
        region: of the bucket, when the address told it; else None.
    """

    bucket: str
    key: str
    region: str | None = None

    @classmethod
    def parse(cls, uri: str) -> S3Object:
        """Read `s3://bucket/key`, or an https URL of an object.

        Raises:
            InputValidationError: it is no such address.
        """
        if uri.startswith("s3://"):
            bucket, _, key = uri.removeprefix("s3://").partition("/")
            return cls(bucket, key)
        location = S3Location.parse(uri)
        return cls(location.bucket, location.key, location.region)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"


@frozen(eq=False, repr=False)
class OtherRegion(Value):
    """The bucket is in another region than the one that was asked."""

    region: str


def get_object(
    access: S3Access,
    location: S3Object,
    region: str,
    conversation: Callable[[Endpoint], Conversation],
    *,
    headers: Callable[[], Headers],
    sink: Sink,
) -> Flow[HttpResponse | OtherRegion]:
    """Read an object, or a part of it, into a sink.

    Args:
        access: how S3 is reached.
        location: which object.
        region: that its bucket is in, as far as is known.
        conversation: how attempts are made at an endpoint.
        headers: what is asked for, beside the object, at each attempt anew; they are signed.
        sink: takes the body of a success; one that it does not take is no success.

    Raises:
        NoSuchKey, NoSuchBucket, AccessDenied, PreconditionFailed, InvalidRange, ServiceError: S3 refused or failed it.
        RedirectRefused: a redirect that no region explains; none is ever followed.
        TransportError: no whole answer came back.
    """
    endpoint = access.endpoint(location, region)
    used: Credentials | None = None

    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        nonlocal used
        used = yield from access.credentials(attempt.left)
        request = HttpRequest("GET", endpoint.url, headers())
        at = yield from attempt.signing_time()
        signed = sign(request, used, Scope(endpoint.signing_region, "s3"), at, S3)
        unsigned = (("Accept-Encoding", "identity"), ("User-Agent", access.context.user_agent))
        return attrs.evolve(signed, headers=signed.headers + unsigned)

    def read(response: HttpResponse, attempt: Attempt) -> HttpResponse | OtherRegion:
        if 200 <= response.status < 300:
            return response
        error = read_error(response, location, used, attempts=attempt.number)
        other = _other_region(response, endpoint.signing_region)
        if other is not None:
            return OtherRegion(other)
        if 300 <= response.status < 400:
            raise RedirectRefused(
                f"S3 answers HTTP {response.status}, {error.code}; a signed request is not sent elsewhere: give the "
                "client the bucket's region, or the right endpoint",
                endpoint=endpoint.url.origin,
                maybe_processed=False,
            )
        raise error

    def refresh(left: float) -> Flow[bool]:
        if access.replace is None or used is None:
            return False
        return (yield from access.replace(used, left)) is not None

    return (
        yield from converse(
            prepare,
            read,
            conversation(endpoint),
            max_body=_MAX_ERROR,
            sink=sink,
            decode=False,
            operation=GET_OBJECT,
            refresh=refresh,
        )
    )


def _other_region(response: HttpResponse, region: str) -> str | None:
    """The region that a refusal names in a header or its body, when it is another one of the same partition."""
    if response.status not in _OTHER_REGION_STATUSES:
        return None
    named = response.header("x-amz-bucket-region") or first(_answer(response), "Region")
    if not named or named == region:
        return None
    if not _REGION.fullmatch(named) or partition_of(named) != partition_of(region):
        return None
    return named


def _answer(response: HttpResponse) -> Xml:
    try:
        return read_xml(response.body)
    except ValueError:  # a proxy's page, or none
        return {}


def read_error(
    response: HttpResponse, location: S3Object, credentials: Credentials | None = None, *, attempts: int = 1
) -> ServiceError:
    """The exception that a refusal of S3 stands for; it is returned, not raised.

    A body that is not S3's, such as a proxy's page, counts by its status alone.
    """
    answer = _answer(response)
    code = first(answer, "Code")
    if not code:
        code = _BY_STATUS.get(response.status, "")
    if not code:
        return map_error(response, attempts=attempts)
    message = first(answer, "Message") or response.reason
    if credentials is not None and credentials.session_token:
        message = message.replace(credentials.session_token, "…")
    cls = _ERRORS.get(code, ServiceError if response.status < 500 else ServerError)
    hint = ""
    if cls is AccessDenied:
        hint = "; S3 says so too of what is not there, to those who may not list the bucket"
    return cls(
        f"{message[:_MAX_MESSAGE]} ({location}{hint})",
        code=code,
        status=response.status,
        request_id=request_id(response) or first(answer, "RequestId") or None,
        operation=GET_OBJECT,
        attempts=attempts,
        headers=response.headers,
    )
