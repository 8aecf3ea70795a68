"""Error responses of every form, from the service and from what stands before it; checked against botocore."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from neo_wire import errors
from neo_wire.errors import (
    AccessDenied,
    ExpiredToken,
    Fault,
    ResourceInUse,
    ResourceLimitExceeded,
    ResourceNotFound,
    ServerError,
    ServiceError,
    SignatureError,
    Throttling,
    UndecodableErrorResponse,
    UnrecognizedClient,
    ValidationException,
)
from neo_wire.http import HttpResponse
from neo_wire.protocol.decoder import MAX_BODY_BYTES
from neo_wire.protocol.error_mapper import COMMON_ERRORS, excerpt, map_error, request_id
from neo_wire.schema import Integer, structure
from neo_wire.service import Operation, Service, Unit
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB

JSON = "application/x-amz-json-1.1"


def answer(
    body: bytes | str | Mapping[str, object] = b"", status: int = 400, reason: str = "Bad Request", **headers: str
) -> HttpResponse:
    """An error response; underscores in header names stand for hyphens."""
    text = body if isinstance(body, bytes | str) else json.dumps(body)
    named = {"content_type": JSON, "x_amzn_requestid": "request-1", **headers}
    return HttpResponse(
        status,
        tuple((name.replace("_", "-"), value) for name, value in named.items()),
        text.encode() if isinstance(text, str) else text,
        reason,
    )


# ----------------------------------------------------------------------------------------------------- code and message


@pytest.mark.parametrize(
    ("response", "code", "message"),
    [
        # where the code stands, first to last
        (answer({"__type": "Foo", "message": "m"}), "Foo", "m"),
        (answer({"code": "Foo", "message": "m"}), "Foo", "m"),
        (answer({"Code": "Foo", "Message": "m"}), "Foo", "m"),
        (answer(x_amzn_errortype="Foo"), "Foo", "Bad Request"),
        (answer({"__type": "Bar", "code": "Baz"}, x_amzn_errortype="Foo"), "Foo", "Bad Request"),
        (answer({"__type": "Foo", "code": "Bar", "Code": "Baz"}), "Foo", "Bad Request"),
        (answer({"error": {"__type": "Nested"}}), "HTTP400", "Bad Request"),
        (answer({}), "HTTP400", "Bad Request"),
        (answer("null"), "HTTP400", "Bad Request"),
        # what stands around it
        (answer({"__type": "com.amazonaws.sagemaker#Foo"}), "Foo", "Bad Request"),
        (answer({"__type": "aws.protocoltests.json#Foo:http://internal.amazon.com/coral/x#y/"}), "Foo", "Bad Request"),
        (answer({"__type": "Foo:http://internal.amazon.com/coral/x/"}), "Foo", "Bad Request"),
        (answer({"__type": "  Foo  "}), "Foo", "Bad Request"),
        (answer(x_amzn_errortype="aws.x#Foo:http://internal/"), "Foo", "Bad Request"),
        # what is empty is absent, and so is what is no text
        (answer({"__type": "", "code": "Foo"}), "Foo", "Bad Request"),
        (answer({"__type": "#", "code": "Foo"}), "Foo", "Bad Request"),
        (answer({"__type": 404, "code": ["x"], "Code": None, "message": "m"}), "HTTP400", "m"),
        (answer({"__type": {"a": 1}, "Code": "Foo"}, x_amzn_errortype=" : "), "Foo", "Bad Request"),
        # the message
        (answer({"__type": "Foo", "Message": "M"}), "Foo", "M"),
        (answer({"__type": "Foo", "message": "m", "Message": "M"}), "Foo", "m"),
        (answer({"__type": "Foo", "message": 5, "Message": "M"}), "Foo", "M"),
        (answer({"__type": "Foo", "errorMessage": "e"}), "Foo", "e"),
        (answer(b'\xef\xbb\xbf {"__type": "Foo", "message": "m"}'), "Foo", "m"),
        (answer(b" " * 5000 + b'{"__type": "Foo"}'), "Foo", "Bad Request"),
        # another content type, or none, does not make JSON unreadable
        (answer({"__type": "Foo"}, content_type="text/html"), "Foo", "Bad Request"),
        (answer({"__type": "Foo"}, content_type=""), "Foo", "Bad Request"),
        # the header alone is enough when the body cannot be read
        (answer("{", x_amzn_errortype="Foo"), "Foo", "Bad Request"),
        (answer("<html>", 500, "Server Error", x_amzn_errortype="Foo"), "Foo", "Server Error"),
        # text of a proxy or a load balancer
        (answer("", 502, "Bad Gateway", content_type="text/html"), "HTTP502", "Bad Gateway"),
        (answer(" \r\n", 504, "Gateway Timeout"), "HTTP504", "Gateway Timeout"),
        (answer("<html><body>502</body></html>", 502, "Bad Gateway"), "HTTP502", "Bad Gateway"),
        (answer("<!doctype html>\n<p>x", 500, "INTERNAL SERVER ERROR"), "HTTP500", "INTERNAL SERVER ERROR"),
        (answer('  <HTML lang="en">', 403, "Forbidden"), "HTTP403", "Forbidden"),
        (answer(b"\xef\xbb\xbf<html>", 503, "Unavailable", content_type="text/html"), "HTTP503", "Unavailable"),
        (answer("upstream timed out", 504, "x", content_type="text/plain"), "HTTP504", "upstream timed out"),
        (answer("no healthy upstream\n", 503, "x", content_type=""), "HTTP503", "no healthy upstream"),
        (answer("x" * 10_000, 400, "x", content_type="text/plain"), "HTTP400", "x" * 500),
        (answer(b"\xff\xfe", 400, "x", content_type="text/plain"), "HTTP400", "��"),
        (answer("", 500, ""), "HTTP500", ""),
    ],
)  # fmt: skip
def test_code_and_message(response: HttpResponse, code: str, message: str) -> None:
    error = map_error(response)
    assert type(error) is not UndecodableErrorResponse
    assert (error.code, error.message) == (code, message)
    assert (error.status, error.request_id, error.headers) == (response.status, "request-1", response.headers)
    assert code in str(error)
    assert message in str(error)
    assert f"HTTP {response.status}, request id request-1" in str(error)


identifiers = st.from_regex(r"[A-Z][A-Za-z]{0,20}", fullmatch=True)


@given(
    code=identifiers,
    namespace=st.sampled_from(["", "com.amazonaws.sagemaker#", "aws.x#"]),
    uri=st.sampled_from(["", ":http://internal.amazon.com/coral/com.amazon.coral.validate/"]),
    key=st.sampled_from(["message", "Message", None]),
    text=st.text(),
    status=st.sampled_from([400, 403, 404, 429, 500, 503]),
    query=st.sampled_from([None, "AWS.Old.Code;Sender", "Old;Receiver", "one part", "a;b;c", ";Sender"]),
)
def test_well_formed_errors_are_read_as_botocore_reads_them(
    code: str, namespace: str, uri: str, key: str | None, text: str, status: int, query: str | None
) -> None:
    body = {"__type": namespace + code + uri} | ({key: text} if key else {})
    response = answer(body, status, "", **({"x_amzn_query_error": query} if query else {}))
    parser: Any = create_parser("json")
    theirs = parser.parse({"status_code": status, "headers": dict(response.headers), "body": response.body}, None)
    ours = map_error(response)
    assert ours.code == theirs["Error"]["Code"]
    assert ours.message == theirs["Error"]["Message"]
    assert ours.request_id == theirs["ResponseMetadata"]["RequestId"]
    assert ours.body_code == theirs["Error"].get("QueryErrorCode")


# ------------------------------------------------------------------------------------------------------ class and fault


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["ResourceNotFound"], ResourceNotFound),
        (["ResourceInUse"], ResourceInUse),
        (["ResourceLimitExceeded"], ResourceLimitExceeded),
        (["ValidationException", "ValidationError"], ValidationException),
        (["AccessDeniedException", "AccessDenied", "NotAuthorized", "OptInRequired"], AccessDenied),
        (["ExpiredTokenException", "ExpiredToken"], ExpiredToken),
        (["UnrecognizedClientException", "InvalidClientTokenId"], UnrecognizedClient),
        (["InvalidSignatureException", "SignatureDoesNotMatch", "RequestTimeTooSkewed", "RequestExpired", "AuthFailure",
          "IncompleteSignature", "IncompleteSignatureException", "MissingAuthenticationToken",
          "MissingAuthenticationTokenException"], SignatureError),
        (["ThrottlingException", "Throttling", "TooManyRequestsException", "SlowDown"], Throttling),
        (["InternalFailure", "InternalServerError", "InternalServerException", "InternalError", "ServiceUnavailable",
          "ServiceUnavailableException"], ServerError),
        (["ConflictException", "SerializationException", "UnknownOperationException", "BrandNewException",
          "resourcenotfound", "RequestTimeout"], ServiceError),
    ],
)  # fmt: skip
def test_the_class_of_a_code(codes: list[str], expected: type[ServiceError]) -> None:
    for code in codes:
        for status in (400, 403):  # an error is known by its code, whatever its status
            error = map_error(answer({"__type": code}, status))
            assert (type(error), error.code, error.fault) == (expected, code, "client")


def test_every_code_belongs_to_one_class_only() -> None:
    codes = [code for error in COMMON_ERRORS for code in error.codes]
    assert len(codes) == len(set(codes))
    declared = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, ServiceError)}
    assert set(COMMON_ERRORS) == {one for one in declared if one.codes}


def test_botocores_throttling_codes_are_throttling() -> None:
    from botocore.retries.standard import ThrottledRetryableChecker

    checker: Any = ThrottledRetryableChecker
    assert set(checker._THROTTLED_ERROR_CODES) <= set(Throttling.codes)


@pytest.mark.parametrize(
    ("status", "expected", "fault", "retryable"),
    [
        (400, ServiceError, "client", False),
        (408, ServiceError, "client", False),
        (429, Throttling, "client", True),
        (500, ServerError, "server", True),
        (502, ServerError, "server", True),
        (503, ServerError, "server", True),
        (599, ServerError, "server", True),
    ],
)
def test_the_status_decides_when_no_code_does(
    status: int, expected: type[ServiceError], fault: Fault, retryable: bool
) -> None:
    for response in (answer("", status), answer("<html>", status), answer({"__type": "BrandNew"}, status)):
        error = map_error(response)
        assert (type(error), error.fault, error.retryable) == (expected, fault, retryable)
        assert error.code in (f"HTTP{status}", "BrandNew")


def test_the_code_beats_the_status() -> None:
    assert type(map_error(answer({"__type": "ResourceNotFound"}, 500))) is ResourceNotFound
    assert map_error(answer({"__type": "ResourceNotFound"}, 500)).fault == "server"
    assert type(map_error(answer({"__type": "SlowDown"}, 503))) is Throttling


@pytest.mark.parametrize(
    ("header", "code", "body_code", "fault"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue;Sender", "AWS.SimpleQueueService.NonExistentQueue", "Foo", "client"),
        ("Old;Receiver", "Old", "Foo", "server"),
        ("Old; receiver ", "Old", "Foo", "server"),
        ("Old;Somebody", "Old", "Foo", "client"),
        ("Foo;Sender", "Foo", None, "client"),
        ("Old", "Foo", None, "client"),
        ("Old;Sender;More", "Foo", None, "client"),
        (";Receiver", "Foo", None, "client"),
        ("", "Foo", None, "client"),
    ],
)
def test_the_code_of_the_query_protocol(header: str, code: str, body_code: str | None, fault: Fault) -> None:
    for errortype in ("", "Foo"):
        error = map_error(answer({"__type": "ns#Foo"}, x_amzn_query_error=header, x_amzn_errortype=errortype))
        assert (error.code, error.body_code, error.fault) == (code, body_code, fault)


# ---------------------------------------------------------------------------------------------------- declared by users


@structure
class ThrottleDetail:
    """What an error of a user's own service says beside its message."""

    message: str | None = None
    retry_after: Integer | None = None


class TooBusy(ServiceError):
    codes = ("TooBusyException", "AWS.Old.TooBusy")
    shape = ThrottleDetail
    retryable = True


class OwnNotFound(ServiceError):
    codes = ("ResourceNotFound",)


class OfTheService(ServiceError):
    codes = ("TooBusyException", "ServiceWide")


SERVICE = Service("Own", "Own_20260131", "own", "own", errors=(OfTheService,))
OPERATION = Operation(SERVICE, "Do", Unit, Unit, (TooBusy, OwnNotFound))


def test_the_operations_own_errors_come_first_then_the_services() -> None:
    assert type(map_error(answer({"__type": "ResourceNotFound"}), OPERATION)) is OwnNotFound
    assert type(map_error(answer({"__type": "TooBusyException"}), OPERATION)) is TooBusy
    assert type(map_error(answer({"__type": "ServiceWide"}), OPERATION)) is OfTheService
    assert type(map_error(answer({"__type": "ResourceInUse"}), OPERATION)) is ResourceInUse
    assert type(map_error(answer({"__type": "ResourceNotFound"}), DESCRIBE_COMPILATION_JOB)) is ResourceNotFound
    assert map_error(answer({"__type": "x"}), OPERATION).operation == "Do"
    assert map_error(answer({"__type": "x"})).operation is None


def test_a_modelled_error_is_found_under_either_code() -> None:
    for type_, query in [("TooBusyException", "Unheard.Of;Sender"), ("Unheard", "AWS.Old.TooBusy;Sender")]:
        error = map_error(answer({"__type": type_}, x_amzn_query_error=query), OPERATION)
        assert type(error) is TooBusy
        assert (error.code, error.body_code) == (query.removesuffix(";Sender"), type_)


def test_the_members_of_a_modelled_error_are_its_detail() -> None:
    error = map_error(answer({"__type": "TooBusyException", "Message": "m", "RetryAfter": 5}), OPERATION, attempts=3)
    assert error.detail == ThrottleDetail(message="m", retry_after=5)
    assert (error.attempts, error.operation) == (3, "Do")
    assert str(error) == "TooBusyException from Do: m (HTTP 400, request id request-1, 3 attempts)"


@pytest.mark.parametrize("body", [{"__type": "TooBusyException", "RetryAfter": "soon"}, {"__type": "TooBusyException"}])
def test_a_detail_that_does_not_fit_hides_no_error(body: dict[str, object]) -> None:
    error = map_error(answer(body), OPERATION)
    assert type(error) is TooBusy
    assert error.detail in (None, ThrottleDetail())


# ----------------------------------------------------------------------------------------------------------- unreadable


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "the body is not JSON (Expecting property name enclosed in double quotes at character 1)"),
        ('{"__type": "ResourceNotFound"', "the body is not JSON (Expecting ',' delimiter at character 29)"),
        ('"ResourceNotFound"', "the body is JSON but no object"),
        ("Not JSON", "the body is not JSON (Expecting value at character 0)"),
        (b"[" * 100_000, "the body is nested too deeply"),
        (b"{" + b" " * MAX_BODY_BYTES, "the body has more than 16 MiB"),
    ],
    ids=lambda case: repr(case[:20]),
)
def test_json_that_cannot_be_read(body: str | bytes, reason: str) -> None:
    for status in (400, 500):
        error = map_error(answer(body, status), DESCRIBE_COMPILATION_JOB, attempts=2)
        assert type(error) is UndecodableErrorResponse
        assert (error.reason, error.status, error.request_id, error.attempts) == (reason, status, "request-1", 2)
        assert (error.code, error.operation) == (f"HTTP{status}", "DescribeCompilationJob")
        assert error.fault == ("server" if status == 500 else "client")
        assert f"{reason} (HTTP {status}, request id request-1)" in str(error)


@pytest.mark.parametrize("loads", [None, json.loads])
def test_a_parser_of_the_users_is_used_for_errors_too(loads: Any) -> None:
    assert map_error(answer({"__type": "Foo"}), loads=loads).code == "Foo"
    assert type(map_error(answer("{"), loads=loads)) is UndecodableErrorResponse


@given(
    st.binary() | st.text().map(str.encode),
    st.integers(300, 599),
    st.sampled_from([JSON, "text/html", "", "application/json;x", "\u00e9"]),
    st.text() | st.sampled_from(["a#b:c", ""]),
)
def test_anything_at_all_is_a_service_error(body: bytes, status: int, content_type: str, error_type: str) -> None:
    response = answer(
        body, status, content_type=content_type, x_amzn_errortype=error_type, x_amzn_query_error=error_type
    )
    error = map_error(response, OPERATION)
    assert isinstance(error, ServiceError)
    assert error.status == status
    assert error.code
    assert str(error)


@given(st.dictionaries(st.sampled_from(["__type", "code", "Code", "message", "Message", "RetryAfter"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["TooBusyException", "x#y"]),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)))  # fmt: skip
def test_any_object_at_all_is_a_service_error(body: dict[str, object]) -> None:
    error = map_error(answer(body), OPERATION)
    assert isinstance(error, ServiceError)
    assert isinstance(error.code, str)
    assert isinstance(error.message, str)


# ------------------------------------------------------------------------------------------------- request id, excerpts


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("x-amzn-RequestId", "a"),), "a"),
        ((("x-amz-request-id", "b"),), "b"),
        ((("X-Amzn-Request-Id", "c"),), "c"),
        ((("x-amzn-request-id", "c"), ("x-amz-request-id", "b"), ("x-amzn-requestid", "a")), "a"),
        ((("x-amzn-requestid", ""), ("x-amz-request-id", "b")), "b"),
        ((), None),
    ],
)
def test_the_request_id(headers: tuple[tuple[str, str], ...], expected: str | None) -> None:
    assert request_id(HttpResponse(400, headers)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ""),
        (b" <html>\n", "<html>"),
        (b"x" * 1000, "x" * 100),
        (b"a\xffb", "a�b"),
        ('{"secret": 1}'.encode("utf-16"), ""),
        (b'{"SecretAccessKey": "x"', ""),
        (b'\xef\xbb\xbf{"a', ""),
        (b' ["a', ""),
        (b'"a', ""),
    ],
)
def test_an_excerpt_shows_no_json(body: bytes, expected: str) -> None:
    assert excerpt(body) == expected


def test_a_session_token_that_the_service_quotes_is_not_repeated() -> None:
    message = (
        "The request signature we calculated does not match. The Canonical String for this request should have been\n"
        "'POST\n/\n\nhost:x\nX-Amz-Security-Token:IQoJb3JpZ2luX2VjEA==\n\nhost;x-amz-security-token\nabc'"
    )
    error = map_error(answer({"__type": "InvalidSignatureException", "message": message}, 403))
    assert type(error) is SignatureError
    assert "IQoJ" not in str(error) + repr(error) + repr(error.args)
    assert error.message == message.replace("IQoJb3JpZ2luX2VjEA==", "…")
    assert "IQoJ" not in str(
        map_error(answer("X-Amz-Security-Token=IQoJb3%3D&X-Amz-Date=1", content_type="text/plain"))
    )
