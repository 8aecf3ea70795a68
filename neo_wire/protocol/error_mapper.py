"""The error mapper: from status, headers and body of an error response to an exception of the tree.

An error is known by its code, not by its status. Where the code stands differs: a header, `__type` or `code` in the
body; and a load balancer or proxy on the way sends none at all.

Source: Smithy 2.0, AWS JSON 1.1 protocol, operation error serialization; AWS API reference, common errors.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from typing import Any, Final

from neo_wire import errors
from neo_wire.errors import Fault, ServiceError, UndecodableErrorResponse
from neo_wire.http import HttpResponse
from neo_wire.protocol.decoder import JsonLoads, decode, parse_json
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.service import Operation

COMMON_ERRORS: Final[tuple[type[ServiceError], ...]] = (
    errors.ResourceNotFound,
    errors.ResourceInUse,
    errors.ResourceLimitExceeded,
    errors.ValidationException,
    errors.AccessDenied,
    errors.Throttling,
    errors.ExpiredToken,
    errors.UnrecognizedClient,
    errors.SignatureError,
    errors.ServerError,
)
"""The classes that every operation's errors are looked up in, after those of its own model and of its service."""

_COMMON: Final = {code: error for error in COMMON_ERRORS for code in error.codes}
_REQUEST_ID_HEADERS: Final = ("x-amzn-requestid", "x-amz-request-id", "x-amzn-request-id")
_MAX_MESSAGE: Final = 500
# The message of a refused signature quotes the canonical request, with the session token in it.
_SESSION_TOKEN: Final = r"(?i)(x-amz-security-token[:=])[^\s'\"&,;]+"  # noqa: S105  # a pattern
_FAULTS: Final[dict[str, Fault]] = {"sender": "client", "receiver": "server"}


def request_id(response: HttpResponse) -> str | None:
    """The service's id of the request, under whichever header it sent it."""
    for name in _REQUEST_ID_HEADERS:
        if value := response.header(name):
            return value
    return None


def excerpt(body: bytes) -> str:
    """The first characters of a body, unless it looks like JSON, which may carry what must not be shown."""
    begin = body[:200].decode("utf-8", "replace").strip("\ufeff\ufffd\0 \t\r\n")
    return "" if begin.startswith(("{", "[", '"')) else begin[:100]


def map_error(
    response: HttpResponse,
    operation: Operation[Any, Any] | None = None,  # Any: input and output play no part in an error
    *,
    attempts: int = 1,
    loads: JsonLoads | None = None,
) -> ServiceError:
    """The exception that an error response stands for; it is returned, not raised.

    Args:
        response: one with a status that is no success.
        operation: whose modelled errors are looked up first.
        attempts: how many times the request was sent.
        loads: a JSON parser in place of the standard library's.
    """
    name = operation.name if operation else None
    header_code = _sanitised(response.header("x-amzn-errortype"))
    query_code, query_fault = _query_error(response.header("x-amzn-query-error"))
    body: dict[str, object] = {}
    unreadable = ""
    if _claims_json(response):
        try:
            parsed = parse_json(response.body, loads)
            if isinstance(parsed, dict):
                body = parsed
            elif parsed is not None:  # `null` is an object without members
                unreadable = "the body is JSON but no object"
        except Mismatch as mismatch:
            unreadable = str(mismatch)
    body_code = next((code for key in ("__type", "code", "Code") if (code := _sanitised(body.get(key)))), None)
    code = query_code or header_code or body_code
    if unreadable and code is None:
        return UndecodableErrorResponse(
            unreadable,
            status=response.status,
            request_id=request_id(response),
            excerpt=excerpt(response.body),
            operation=name,
            attempts=attempts,
            headers=response.headers,
        )
    cls = _class_of((query_code, header_code or body_code), response.status, operation)
    return cls(
        re.sub(_SESSION_TOKEN, r"\1…", _message(response, body)),
        code=code or f"HTTP{response.status}",
        status=response.status,
        request_id=request_id(response),
        fault=query_fault,
        operation=name,
        attempts=attempts,
        headers=response.headers,
        body_code=body_code if body_code != code else None,
        detail=_detail(cls, body),
    )


def _claims_json(response: HttpResponse) -> bool:
    """Whether the body is meant to be JSON, by its beginning or its type; a proxy's page and an empty body are not."""
    begin = _begin(response.body)
    if begin in (b"", b"<", b"{", b"["):
        return begin in (b"{", b"[")
    media_type = (response.header("content-type") or "").partition(";")[0].strip().lower()
    return media_type.endswith("json") or "json-" in media_type


def _begin(body: bytes) -> bytes:
    """The first byte after a byte order mark and white space; empty when there is none."""
    return body.lstrip(BOM_UTF8 + b" \t\r\n")[:1]


def _sanitised(code: object) -> str | None:
    """The bare name: `aws.x#FooError:http://internal/` is `FooError`; what is no text, or empty, is absent."""
    if not isinstance(code, str):
        return None
    name = code.partition(":")[0]
    return (name.partition("#")[2] if "#" in name else name).strip() or None


def _query_error(header: str | None) -> tuple[str | None, Fault | None]:
    code, separator, fault = (header or "").partition(";")
    if not separator or ";" in fault or not code.strip():
        return None, None
    return code.strip(), _FAULTS.get(fault.strip().lower())


def _class_of(
    codes: tuple[str | None, str | None], status: int, operation: Operation[Any, Any] | None
) -> type[ServiceError]:
    """By the code of the query protocol, which some services send for old clients, else by that of JSON."""
    modelled = (*operation.errors, *operation.service.errors) if operation else ()
    for code in filter(None, codes):
        for error in modelled:
            if code in error.codes:
                return error
        if code in _COMMON:
            return _COMMON[code]
    if status == 429:
        return errors.Throttling
    return errors.ServerError if status >= 500 else ServiceError


def _message(response: HttpResponse, body: dict[str, object]) -> str:
    for key in ("message", "Message", "errorMessage"):
        text = body.get(key)
        if isinstance(text, str):
            return text
    if not body and not _claims_json(response) and _begin(response.body) != b"<":
        text = response.body[: 4 * _MAX_MESSAGE].decode("utf-8", "replace").strip()
        if text:
            return text[:_MAX_MESSAGE]
    return response.reason


def _detail(cls: type[ServiceError], body: dict[str, object]) -> object | None:
    if cls.shape is None:
        return None
    try:
        return decode(cls.shape, body)
    except Mismatch:  # the error itself is certain; a member that is not as modelled must not hide it
        return None
