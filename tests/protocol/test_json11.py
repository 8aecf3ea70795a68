"""Requests as botocore serializes them; responses, good and malformed, through all five operations; fuzzing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.errors import (
    InputValidationError,
    ResourceNotFound,
    ResponseDecodeError,
    ServiceError,
    UndecodableErrorResponse,
)
from neo_wire.http import HttpResponse, Url
from neo_wire.protocol.decoder import MAX_BODY_BYTES
from neo_wire.protocol.json11 import deserialize, serialize
from neo_wire.schema import structure
from neo_wire.service import Operation, Service, Unit
from neo_wire.shapes import operations
from neo_wire.shapes.operations import (
    CREATE_COMPILATION_JOB,
    DELETE_COMPILATION_JOB,
    DESCRIBE_COMPILATION_JOB,
    LIST_COMPILATION_JOBS,
    STOP_COMPILATION_JOB,
)
from neo_wire.shapes.structures import (
    CreateCompilationJobResponse,
    DescribeCompilationJobRequest,
    ListCompilationJobsRequest,
    ListCompilationJobsResponse,
    StopCompilationJobRequest,
)

OPERATIONS: list[Operation[Any, Any]] = [
    getattr(operations, name) for name in vars(operations)["__all__"] if name != "SAGEMAKER"
]
SAGEMAKER: Any = botocore.session.get_session().get_service_model("sagemaker")
URL = Url.parse("https://api.sagemaker.eu-west-1.amazonaws.com/")
HEADERS = (("content-type", "application/x-amz-json-1.1"), ("x-amzn-requestid", "request-1"))

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def answer(body: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(status, HEADERS, body)


# ------------------------------------------------------------------------------------------------------------- requests


@every_operation
@settings(max_examples=25)
@given(data=st.data())
def test_a_request_is_the_one_that_botocore_makes(
    data: st.DataObject,
    operation: Operation[Any, Any],
    instances: Callable[[type], st.SearchStrategy[Any]],
    plain: Callable[[Any], Any],
) -> None:
    value = data.draw(instances(operation.input))
    request = serialize(operation, value, URL)
    theirs: Any = create_serializer("json").serialize_to_request(
        plain(value), SAGEMAKER.operation_model(operation.name)
    )
    assert request.method == theirs["method"]
    assert request.url is URL
    assert dict(request.headers) == theirs["headers"]
    assert json.loads(request.body) == json.loads(theirs["body"])


def test_an_input_without_members_is_an_empty_object() -> None:
    assert serialize(LIST_COMPILATION_JOBS, ListCompilationJobsRequest(), URL).body == b"{}"


def test_an_operation_of_another_service() -> None:
    service = Service("Own", "Own_20260131", "own", "own", json_version="1.0")
    request = serialize(Operation(service, "Ping", Unit, Unit), Unit(), URL)
    assert request.headers == (("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", "Own_20260131.Ping"))
    assert request.body == b"{}"


def test_the_input_of_another_operation_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="takes a DescribeCompilationJobRequest, not a StopCompilationJobRequest"):
        serialize(DESCRIBE_COMPILATION_JOB, StopCompilationJobRequest(compilation_job_name="x"), URL)  # type: ignore[misc]  # the point of the test


def test_rules_are_checked_unless_the_caller_says_otherwise() -> None:
    value = ListCompilationJobsRequest(max_results=1000, name_contains="not valid!", sort_by="Colour")  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(InputValidationError) as caught:
        serialize(LIST_COMPILATION_JOBS, value, URL)
    assert [violation.path for violation in caught.value.violations] == ["MaxResults", "NameContains", "SortBy"]
    body = serialize(LIST_COMPILATION_JOBS, value, URL, validate_input=False).body
    assert json.loads(body) == {"MaxResults": 1000, "NameContains": "not valid!", "SortBy": "Colour"}
    incomplete = DescribeCompilationJobRequest(compilation_job_name=None)  # type: ignore[arg-type]  # wrong on purpose
    assert serialize(DESCRIBE_COMPILATION_JOB, incomplete, URL, validate_input=False).body == b"{}"


@pytest.mark.parametrize("validate_input", [True, False])
def test_a_value_of_another_type_is_refused_in_any_case(validate_input: bool) -> None:
    for changes in ({"max_results": "5"}, {"creation_time_after": datetime(2026, 1, 31)}, {"next_token": b"x"}):  # noqa: DTZ001  # the point of the test
        value = ListCompilationJobsRequest(**changes)
        with pytest.raises(InputValidationError) as caught:
            serialize(LIST_COMPILATION_JOBS, value, URL, validate_input=validate_input)
        assert len(caught.value.violations) == 1


# ------------------------------------------------------------------------------------------------------------ successes


def test_a_success_is_the_output_with_the_metadata_of_the_response() -> None:
    response = answer(b'{"CompilationJobArn": "arn", "New": 1}', 201)
    output = deserialize(CREATE_COMPILATION_JOB, response, attempts=3)
    assert output == CreateCompilationJobResponse(compilation_job_arn="arn")
    metadata = output.response_metadata
    assert (metadata.status, metadata.request_id, metadata.attempts) == (201, "request-1", 3)
    assert metadata.headers == HEADERS


@pytest.mark.parametrize("operation", [STOP_COMPILATION_JOB, DELETE_COMPILATION_JOB], ids=lambda one: one.name)
@pytest.mark.parametrize("body", [b"", b" \r\n", b"{}", b"null", b'{"Unexpected": [1]}', b"\xef\xbb\xbf{}"])
def test_an_operation_without_output_may_answer_with_nothing(operation: Operation[Any, Any], body: bytes) -> None:
    output = deserialize(operation, answer(body))
    assert output == Unit()
    assert output.response_metadata.request_id == "request-1"


def test_an_output_without_metadata_is_fine() -> None:
    @structure
    class Bare:
        pass

    service = Service("Own", "Own", "own", "own")
    assert deserialize(Operation(service, "Ping", Unit, Bare), answer(b"")) == Bare()


def test_a_page_of_a_list_that_lacks_its_list_is_empty() -> None:
    page = deserialize(LIST_COMPILATION_JOBS, answer(b"{}"))
    assert page == ListCompilationJobsResponse(compilation_job_summaries=[])


def test_a_parser_of_the_users_is_used() -> None:
    seen = []

    def loads(body: bytes) -> object:
        seen.append(body)
        return json.loads(body)

    assert deserialize(CREATE_COMPILATION_JOB, answer(b'{"CompilationJobArn": "a"}'), loads=loads).compilation_job_arn
    with pytest.raises(ServiceError):
        deserialize(CREATE_COMPILATION_JOB, answer(b'{"__type": "Foo"}', 400), loads=loads)
    assert seen == [b'{"CompilationJobArn": "a"}', b'{"__type": "Foo"}']


# ----------------------------------------------------------------------------------------------------- malformed bodies

HTML = b'<!doctype html>\n<html lang="en"><title>Sign in to the network</title>'
MALFORMED: list[tuple[bytes, str, str]] = [  # the body, the reason, and the excerpt that is shown of it
    (b"{", "the body is not JSON (Expecting property name enclosed in double quotes at character 1)", ""),
    (b'{"CompilationJobArn": "arn:aws', "the body is not JSON (Unterminated string starting at at character 22)", ""),
    (b"Hello", "the body is not JSON (Expecting value at character 0)", "Hello"),
    (HTML, "the body is not JSON (Expecting value at character 0)", HTML.decode()),
    (b" <HTML>", "the body is not JSON (Expecting value at character 1)", "<HTML>"),
    (b"\xef\xbb\xbf", "the body is not JSON (Expecting value at character 0)", ""),
    (b"[]", "a list where an object belongs", ""),
    (b'["CompilationJobArn"]', "a list where an object belongs", ""),
    (b'"CompilationJobArn"', "a string where an object belongs", ""),
    (b"5", "a number where an object belongs", "5"),
    (b"true", "a boolean where an object belongs", "true"),
    (b"[" * 100_000, "the body is nested too deeply", ""),
    (b'{"a":' * 100_000, "the body is nested too deeply", ""),
    (b'{"a": NaN}', "the body is not JSON, or has a number out of all bounds", ""),
    (b'{"a": Infinity}', "the body is not JSON, or has a number out of all bounds", ""),
    (b'{"a": ' + b"9" * 5000 + b"}", "the body is not JSON, or has a number out of all bounds", ""),
    (b'{"a": 1e99999999999999999999}', "the body is not JSON, or has a number out of all bounds", ""),
    (b'{"a": "\xff"}', "the body is not UTF-8 (byte 7)", ""),
    ("{}".encode("utf-16"), "the body is not UTF-8 (byte 0)", ""),
    (gzip.compress(b"{}", mtime=0)[:4], "the body is not UTF-8 (byte 1)", "\x1f�\b"),
    (b'{"a": 1}{"b": 2}', "the body is not JSON (Extra data at character 8)", ""),
    (b"{}" + b" " * MAX_BODY_BYTES, "the body has more than 16 MiB", ""),
]
every_malformed_body = pytest.mark.parametrize(
    ("body", "reason", "excerpt"), MALFORMED, ids=[repr(body[:16]) for body, _, _ in MALFORMED]
)


@every_operation
@every_malformed_body
def test_a_malformed_success_is_one_decode_error(
    operation: Operation[Any, Any], body: bytes, reason: str, excerpt: str
) -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        deserialize(operation, answer(body), attempts=2)
    error = caught.value
    assert type(error) is ResponseDecodeError
    assert (error.reason, error.excerpt) == (reason, excerpt)
    assert (error.status, error.request_id, error.attempts) == (200, "request-1", 2)
    assert error.__suppress_context__  # no traceback from inside
    shown = f"; the body begins {excerpt!r}" if excerpt else ""
    assert str(error) == f"cannot decode the response: {reason} (HTTP 200, request id request-1){shown}"


@every_operation
@every_malformed_body
@pytest.mark.parametrize("status", [400, 500])
def test_a_malformed_error_is_one_error_of_both_kinds_or_a_proxys(
    operation: Operation[Any, Any], body: bytes, reason: str, excerpt: str, status: int
) -> None:
    with pytest.raises(ServiceError) as caught:
        deserialize(operation, answer(body, status), attempts=2)
    error = caught.value
    assert (error.code, error.status, error.request_id, error.attempts) == (f"HTTP{status}", status, "request-1", 2)
    assert error.operation == operation.name
    if body.lstrip().startswith(b"<") or body == b"\xef\xbb\xbf":  # what a proxy says is not malformed
        assert not isinstance(error, ResponseDecodeError)
    else:
        assert type(error) is UndecodableErrorResponse
        assert isinstance(error, ResponseDecodeError)
        assert error.excerpt == excerpt
        assert error.reason == ("the body is JSON but no object" if reason.endswith("belongs") else reason)


@pytest.mark.parametrize(
    "operation", [one for one in OPERATIONS if one.has_output], ids=lambda operation: operation.name
)
@pytest.mark.parametrize("body", [b"", b" \n", b"null"])
@pytest.mark.parametrize("status", [200, 204])
def test_an_empty_answer_is_no_output(operation: Operation[Any, Any], body: bytes, status: int) -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        deserialize(operation, answer(body, status))
    assert caught.value.reason == f"the body is empty, and {operation.name} has an output"
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("operation", "body", "reason"),
    [
        (CREATE_COMPILATION_JOB, '{"CompilationJobArn": 5}', "CompilationJobArn: a number where a string belongs"),
        (DESCRIBE_COMPILATION_JOB, '{"CreationTime": "soon"}',
         "CreationTime: a string of another form where a timestamp belongs"),
        (DESCRIBE_COMPILATION_JOB, '{"CreationTime": 1e999999999}',
         "CreationTime: a time outside of the years 1 to 9999 where a timestamp belongs"),
        (DESCRIBE_COMPILATION_JOB, '{"OutputConfig": {"TargetPlatform": {"Os": false}}}',
         "OutputConfig.TargetPlatform.Os: a boolean where a string belongs"),
        (DESCRIBE_COMPILATION_JOB, '{"VpcConfig": {"Subnets": ["a", {}]}}',
         "VpcConfig.Subnets[1]: an object where a string belongs"),
        (DESCRIBE_COMPILATION_JOB, '{"StoppingCondition": {"MaxRuntimeInSeconds": 99999999999}}',
         "StoppingCondition.MaxRuntimeInSeconds: a number beyond 32 bits"),
        (LIST_COMPILATION_JOBS, '{"CompilationJobSummaries": {}}',
         "CompilationJobSummaries: an object where a list belongs"),
        (LIST_COMPILATION_JOBS, '{"CompilationJobSummaries": [{}, {"CompilationJobName": []}]}',
         "CompilationJobSummaries[1].CompilationJobName: a list where a string belongs"),
    ],
)  # fmt: skip
def test_a_member_of_another_type_is_named_by_its_path(operation: Operation[Any, Any], body: str, reason: str) -> None:
    with pytest.raises(ResponseDecodeError) as caught:
        deserialize(operation, answer(body.encode()))
    assert caught.value.reason == reason


@pytest.mark.parametrize("status", [100, 199, 300, 302, 400, 404, 500, 599])
def test_what_is_no_success_is_an_error_even_with_a_body_that_would_do(status: int) -> None:
    with pytest.raises(ServiceError) as caught:
        deserialize(CREATE_COMPILATION_JOB, answer(b'{"CompilationJobArn": "arn"}', status))
    assert caught.value.code == f"HTTP{status}"


def test_a_modelled_error_is_raised() -> None:
    with pytest.raises(ResourceNotFound) as caught:
        deserialize(DESCRIBE_COMPILATION_JOB, answer(b'{"__type": "ResourceNotFound", "Message": "no job"}', 400))
    assert str(caught.value) == (
        "ResourceNotFound from DescribeCompilationJob: no job (HTTP 400, request id request-1)"
    )


# -------------------------------------------------------------------------------------------------------------- fuzzing

WIRE_NAMES = [
    *("CompilationJobName", "CompilationJobArn", "CompilationJobSummaries", "CompilationJobStatus", "CreationTime"),
    *("StoppingCondition", "MaxRuntimeInSeconds", "OutputConfig", "TargetPlatform", "VpcConfig", "Subnets", "__type"),
    *("String", "Boolean", "Byte", "BigInteger", "Float", "Double", "BigDecimal", "Blob", "Timestamp", "Colour"),
    *("Strings", "SparseStrings", "Table", "Map", "SparseMap", "ByColour", "Document", "Choice", "Choices", "Itself"),
    *("Others", "Level", "Text", "Number", "Inner"),
]  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["YQ==", "red", "Infinity"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(WIRE_NAMES) | st.text(), inner, max_size=4)
    ),
    max_leaves=25,
)


def outcome(operation: Operation[Any, Any], response: HttpResponse) -> str:
    """The kind of what comes out; anything but an output and the two errors is raised on."""
    try:
        output = deserialize(operation, response)
    except ResponseDecodeError as error:
        return str(error)
    except ServiceError as error:
        return str(error)
    return repr(output)


@pytest.fixture(scope="module")
def fuzzed(everything: type) -> list[Operation[Any, Any]]:
    return [*OPERATIONS, Operation(Service("Own", "Own", "own", "own"), "Everything", Unit, everything)]


@settings(max_examples=200)
@given(body=st.binary(), status=st.sampled_from([200, 204, 302, 400, 503]))
def test_any_bytes_give_an_output_or_a_known_error(body: bytes, status: int, fuzzed: list[Operation[Any, Any]]) -> None:
    for operation in fuzzed:
        assert outcome(operation, answer(body, status))


@settings(max_examples=300)
@given(
    value=st.dictionaries(st.sampled_from(WIRE_NAMES), json_values, max_size=6) | json_values,
    status=st.sampled_from([200, 200, 400]),
)
def test_any_json_gives_an_output_or_a_known_error(value: Any, status: int, fuzzed: list[Operation[Any, Any]]) -> None:
    for operation in fuzzed:
        assert outcome(operation, answer(json.dumps(value).encode(), status))


@settings(max_examples=100)
@given(data=st.data())
def test_a_body_that_is_cut_off_or_changed_gives_an_output_or_a_known_error(
    data: st.DataObject, fuzzed: list[Operation[Any, Any]], instances: Callable[[type], st.SearchStrategy[Any]]
) -> None:
    from neo_wire.protocol.encoder import encode

    operation = data.draw(st.sampled_from(fuzzed))
    body = encode(data.draw(instances(operation.output)))
    start = data.draw(st.integers(0, len(body)))
    spoilt = body[:start] + data.draw(st.binary(max_size=3)) + body[start + data.draw(st.integers(0, 5)) :]
    assert outcome(operation, answer(body)).startswith(operation.output.__name__)
    assert outcome(operation, answer(body[:start]))
    assert outcome(operation, answer(spoilt))


def test_metadata_does_not_make_outputs_differ() -> None:
    body = json.dumps({"CompilationJobName": "a", "CreationTime": 1769860800.005}).encode()
    first, second = (deserialize(DESCRIBE_COMPILATION_JOB, answer(body), attempts=attempts) for attempts in (1, 2))
    assert first == second
    assert first.creation_time == datetime(2026, 1, 31, 12, 0, 0, 5000, UTC)
