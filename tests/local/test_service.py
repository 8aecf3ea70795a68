"""The five operations and the front end, through `NeoService.handle`; the requests are signed by botocore."""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.etree import ElementTree as ET

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError, ServerError, ServiceError, Throttling
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.local import EXAMPLE_CREDENTIALS, LostAnswer, NeoService, RateLimit, Slow, Timeline
from neo_wire.local.script import LocalResponse
from neo_wire.local.service import MAX_REQUEST_BYTES
from neo_wire.members import members
from neo_wire.shapes.structures import CreateCompilationJobRequest
from neo_wire.signing.credentials import Credentials

NAME = {"CompilationJobName": "job"}
SLOW = Timeline(starting=10, in_progress=20, stopping=5)

# neo, caller, clock, signed and create_input are fixtures of conftest.py, whose classes cannot be imported here: Any.


def test_a_job_from_creation_to_deletion(caller: Any, clock: Any) -> None:
    neo = caller(timeline=SLOW)
    arn = neo.create("job", Tags=[{"Key": "team", "Value": "vision"}])
    assert arn == "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/job"
    described = neo.call("DescribeCompilationJob", **NAME)
    assert described["CompilationJobStatus"] == "STARTING"
    assert described["CreationTime"] == described["LastModifiedTime"] == 1767268800.123
    assert "CompilationStartTime" not in described
    clock.tick(10)
    assert neo.call("DescribeCompilationJob", **NAME)["CompilationStartTime"] == 1767268810.123
    assert neo.status() == "INPROGRESS"
    clock.tick(20)
    described = neo.call("DescribeCompilationJob", **NAME)
    assert described["CompilationJobStatus"] == "COMPLETED"
    assert described["CompilationEndTime"] == described["LastModifiedTime"] == 1767268830.123
    assert described["FailureReason"] == ""
    [summary] = neo.call("ListCompilationJobs")["CompilationJobSummaries"]
    assert summary["CompilationJobArn"] == arn
    assert summary["CompilationTargetDevice"] == "jetson_nano"
    assert neo.send("DeleteCompilationJob", NAME).body == b""
    assert neo.call("ListCompilationJobs") == {"CompilationJobSummaries": []}


def test_tags_are_kept(neo: Any) -> None:
    neo.create(Tags=[{"Key": "team", "Value": "vision"}])
    kept = neo.service.job("job", "eu-west-1")
    assert kept is not None
    assert [(tag.key, tag.value) for tag in kept.request.tags or ()] == [("team", "vision")]
    assert neo.service.job("job", "eu-west-2") is None


def test_stop(caller: Any, clock: Any) -> None:
    neo = caller(timeline=SLOW)
    neo.create()
    clock.tick(12)
    assert neo.send("StopCompilationJob", NAME).body == b""
    assert neo.status() == "STOPPING"
    clock.tick(3)
    neo.call("StopCompilationJob", **NAME)  # again: it does not begin anew
    clock.tick(2)
    described = neo.call("DescribeCompilationJob", **NAME)
    assert described["CompilationJobStatus"] == "STOPPED"
    assert described["CompilationEndTime"] - described["CompilationStartTime"] == pytest.approx(7)
    neo.call("DeleteCompilationJob", **NAME)
    assert neo.error("DescribeCompilationJob", NAME)[1] == "ResourceNotFound"


@pytest.mark.parametrize(
    ("operation", "body", "seconds", "code", "key"),
    [
        ("DescribeCompilationJob", {"CompilationJobName": "none"}, 0, "ResourceNotFound", "Message"),
        ("StopCompilationJob", {"CompilationJobName": "none"}, 0, "ResourceNotFound", "Message"),
        ("DeleteCompilationJob", {"CompilationJobName": "none"}, 0, "ResourceNotFound", "Message"),
        ("StopCompilationJob", NAME, 30, "ValidationException", "message"),
        ("DeleteCompilationJob", NAME, 0, "ValidationException", "message"),
        ("DeleteCompilationJob", NAME, 29, "ValidationException", "message"),
        ("ListCompilationJobs", {"NextToken": "x"}, 0, "ValidationException", "message"),
        ("ListCompilationJobs", {"MaxResults": 101}, 0, "ValidationException", "message"),
        ("ListCompilationJobs", {"MaxResults": "2"}, 0, "SerializationException", "message"),
        ("ListCompilationJobs", b"{", 0, "SerializationException", "message"),
        ("CreateTrainingJob", {}, 0, "UnknownOperationException", "message"),
    ],
)
def test_errors(caller: Any, clock: Any, operation: str, body: object, seconds: int, code: str, key: str) -> None:
    neo = caller(timeline=SLOW)
    neo.create()
    clock.tick(seconds)
    response = neo.send(operation, body)
    answer = json.loads(response.body)
    assert response.status == 400
    assert answer["__type"] == code
    assert answer[key]
    assert set(answer) == {"__type", key}


def test_a_name_is_taken_until_its_job_is_deleted(neo: Any, clock: Any, create_input: Any) -> None:
    neo.create()
    status, code, message = neo.error("CreateCompilationJob", create_input())
    assert (status, code) == (400, "ResourceInUse")
    assert "job" in message
    clock.tick(10)
    neo.call("DeleteCompilationJob", **NAME)
    neo.create()


def test_regions_have_jobs_of_their_own(neo: Any) -> None:
    neo.create("job")
    assert neo.create("job", region="cn-north-1").startswith("arn:aws-cn:sagemaker:cn-north-1:")
    assert neo.error("DescribeCompilationJob", NAME, region="us-east-1")[1] == "ResourceNotFound"
    assert len(neo.call("ListCompilationJobs", region="cn-north-1")["CompilationJobSummaries"]) == 1


def test_one_region_only(caller: Any) -> None:
    neo = caller(region="us-east-1")
    status, code, message = neo.error("ListCompilationJobs", region="eu-west-1")
    assert (status, code) == (403, "InvalidSignatureException")
    assert "eu-west-1" in message
    assert neo.call("ListCompilationJobs", region="us-east-1") == {"CompilationJobSummaries": []}


def test_running_jobs_may_be_limited(caller: Any, clock: Any, create_input: Any) -> None:
    neo = caller(timeline=SLOW, max_running_jobs=2)
    neo.create("a")
    neo.create("b")
    neo.create("a", region="eu-west-2")
    status, code, message = neo.error("CreateCompilationJob", create_input("c"))
    assert (status, code) == (400, "ResourceLimitExceeded")
    assert message.startswith("2 jobs run in eu-west-1")
    clock.tick(30)
    neo.create("c")


def test_jobs_may_have_different_timelines(caller: Any, clock: Any) -> None:
    failing = Timeline(starting=0, in_progress=0, outcome="FAILED", failure_reason="ClientError: bad model")
    by_name = caller(timeline={"bad": failing})
    by_name.create("bad")
    by_name.create("good")
    assert (by_name.status("bad"), by_name.status("good")) == ("FAILED", "STARTING")
    assert by_name.call("DescribeCompilationJob", CompilationJobName="bad")["FailureReason"] == "ClientError: bad model"

    def choose(request: CreateCompilationJobRequest) -> Timeline:
        return failing if request.output_config.target_device == "coreml" else SLOW

    by_request = caller(timeline=choose)
    by_request.create("a", OutputConfig={"S3OutputLocation": "s3://b/o", "TargetDevice": "coreml"})
    by_request.create("b")
    assert (by_request.status("a"), by_request.status("b")) == ("FAILED", "STARTING")


def test_a_job_that_runs_too_long_fails(caller: Any, clock: Any) -> None:
    neo = caller(timeline=SLOW)
    neo.create(StoppingCondition={"MaxRuntimeInSeconds": 5})
    clock.tick(16)
    described = neo.call("DescribeCompilationJob", **NAME)
    assert described["CompilationJobStatus"] == "FAILED"
    assert described["FailureReason"].startswith("TimeOut")


def test_a_clock_that_goes_back_breaks_nothing(caller: Any, clock: Any) -> None:
    neo = caller(timeline=SLOW)
    neo.create()
    clock.tick(-60)
    assert neo.status() == "STARTING"
    neo.call("StopCompilationJob", **NAME)
    clock.tick(60)
    assert neo.status() == "STOPPING"


def test_every_response_has_an_id_a_type_and_a_date(neo: Any) -> None:
    responses = [neo.send("ListCompilationJobs"), neo.send("Nothing"), neo.send("DescribeCompilationJob", NAME)]
    for response in responses:
        assert response.header("content-type") == "application/x-amz-json-1.1"
        assert response.header("date") == "Thu, 01 Jan 2026 12:00:00 GMT"
        assert response.header("content-length") == str(len(response.body))
    assert len({response.header("x-amzn-requestid") for response in responses}) == 3


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"method": "GET"}, 404),
        ({"url": Url.parse("http://127.0.0.1:8080/jobs")}, 404),
        ({"headers": (("Content-Type", "application/json"), ("X-Amz-Target", "SageMaker.ListCompilationJobs"))}, 404),
        ({"headers": (("Content-Type", "application/x-amz-json-1.1"),)}, 400),
        ({"headers": ()}, 404),
    ],
)
def test_what_is_for_no_operation(neo: Any, signed: Any, clock: Any, changed: dict[str, Any], status: int) -> None:
    response = neo.service.handle(attrs.evolve(signed("ListCompilationJobs", at=clock.now), **changed))
    assert (response.status, json.loads(response.body)["__type"]) == (status, "UnknownOperationException")


def test_a_content_type_may_have_parameters(neo: Any) -> None:
    response = neo.send("ListCompilationJobs", Content_Type="Application/X-Amz-Json-1.1; charset=utf-8")
    assert response.status == 200


def test_a_body_that_is_too_large(neo: Any) -> None:
    padding = b" " * (MAX_REQUEST_BYTES - 2)
    assert neo.send("ListCompilationJobs", b"{}" + padding).status == 200
    status, code, _ = neo.error("ListCompilationJobs", b"{} " + padding)
    assert (status, code) == (413, "RequestEntityTooLargeException")


def test_the_longest_valid_input_is_not_too_large(neo: Any, create_input: Any) -> None:
    text = "\U0001f600"  # twelve bytes when escaped
    body = create_input(
        InputConfig={"S3Uri": "s3://" + text * 1019, "DataInputConfig": text * 16384, "Framework": "ONNX"},
        OutputConfig={
            "S3OutputLocation": "s3://" + text * 1019,
            "TargetDevice": "coreml",
            "CompilerOptions": text * 1024,
        },
        Tags=[{"Key": "\U00010400" * 128, "Value": "\U00010400" * 256}] * 50,
    )
    assert neo.send("CreateCompilationJob", body).status == 200


def test_scripted_answers_come_first_and_in_order(neo: Any) -> None:
    page = HttpResponse(503, (("content-type", "text/html"),), b"<html>busy</html>")
    neo.service.script(Throttling("Rate exceeded"), page)
    neo.service.script(ServerError("Try again", code="InternalFailure", status=500))
    assert neo.error("ListCompilationJobs") == (400, "ThrottlingException", "Rate exceeded")
    assert neo.send("ListCompilationJobs") is page
    assert neo.error("ListCompilationJobs") == (500, "InternalFailure", "Try again")
    assert neo.send("ListCompilationJobs").status == 200
    neo.service.script(ServiceError("odd", code="Odd", status=599))
    assert neo.send("ListCompilationJobs").status == 599


def test_an_internal_fault_is_answered_and_logged(caller: Any, create_input: Any, caplog: Any) -> None:
    def broken(_request: CreateCompilationJobRequest) -> Timeline:
        raise KeyError("a fault")

    neo = caller(timeline=broken)
    with caplog.at_level(logging.ERROR, "neo_wire.local"):
        status, code, _ = neo.error("CreateCompilationJob", create_input())
    assert (status, code) == (500, "InternalFailure")
    assert "a fault" in caplog.text
    assert EXAMPLE_CREDENTIALS.secret_access_key not in caplog.text
    assert neo.call("ListCompilationJobs") == {"CompilationJobSummaries": []}


def test_many_threads_create_one_name_and_one_wins(neo: Any, signed: Any, clock: Any, create_input: Any) -> None:
    request = signed("CreateCompilationJob", create_input(), at=clock.now)
    start = threading.Barrier(16)
    codes: list[str] = []

    def create() -> None:
        start.wait()
        codes.append(json.loads(neo.service.handle(request).body).get("__type", "created"))

    threads = [threading.Thread(target=create) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["ResourceInUse"] * 15 + ["created"]


def test_several_key_pairs_each_with_its_token(caller: Any) -> None:
    temporary = Credentials("ASIAEXAMPLE", "secret", "token")
    neo = caller(credentials=[EXAMPLE_CREDENTIALS, temporary])
    assert neo.send("ListCompilationJobs", credentials=temporary).status == 200
    assert neo.send("ListCompilationJobs", credentials=EXAMPLE_CREDENTIALS).status == 200
    without = Credentials("ASIAEXAMPLE", "secret")
    assert neo.error("ListCompilationJobs", credentials=without)[1] == "UnrecognizedClientException"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"credentials": ()}, "no credentials are accepted"),
        ({"region": "eu west"}, "'eu west', which is no region"),
        ({"account_id": "1"}, "'1'; give 12 digits"),
        ({"clock": lambda: datetime(2026, 1, 1)}, "naive"),  # noqa: DTZ001  # that is the point
    ],
)
def test_refuses_settings_that_cannot_be_used(options: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        NeoService(**options)


def test_the_clock_may_be_of_any_zone(signed: Any) -> None:
    there = timezone(timedelta(hours=9))
    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    service = NeoService(clock=lambda: now.astimezone(there))
    response = service.handle(signed("ListCompilationJobs", at=now))
    assert response.status == 200
    assert response.header("date") == "Thu, 01 Jan 2026 12:00:00 GMT"


def test_an_answer_is_scripted_for_one_operation_as_often_as_asked(neo: Any) -> None:
    neo.service.script(Throttling("Rate exceeded"), operation="DescribeCompilationJob", times=2)
    neo.create()
    for _ in range(2):
        assert neo.error("DescribeCompilationJob", NAME)[1] == "ThrottlingException"
    assert neo.status() == "STARTING"
    with pytest.raises(ConfigurationError, match="'Describe'"):
        neo.service.script(Throttling(), operation="Describe")


def test_a_lost_answer_has_created_the_job(neo: Any, create_input: Any) -> None:
    neo.service.script(LostAnswer(), operation="CreateCompilationJob")
    response = neo.send("CreateCompilationJob", create_input())
    assert LocalResponse.of(response).lost
    assert neo.error("CreateCompilationJob", create_input())[1] == "ResourceInUse"


def test_a_slow_answer_says_how_slow_and_the_service_itself_waits_for_nothing(neo: Any, clock: Any) -> None:
    neo.service.script(Slow(30))
    before = clock.now
    response = LocalResponse.of(neo.send("ListCompilationJobs"))
    assert (response.status, response.delay, clock.now) == (200, 30, before)


def test_a_rate_limit_throttles_by_the_service_s_clock(caller: Any, clock: Any) -> None:
    neo = caller(rate_limit=RateLimit(2))
    statuses = [neo.send("ListCompilationJobs").status for _ in range(4)]
    assert statuses == [200, 200, 400, 400]
    assert neo.error("ListCompilationJobs") == (400, "ThrottlingException", "Rate exceeded")
    clock.tick(0.5)
    assert [neo.send("ListCompilationJobs").status for _ in range(2)] == [200, 400]


def test_a_skewed_clock_dates_answers_and_judges_signatures_and_moves_no_job(neo: Any, clock: Any) -> None:
    neo.create()
    neo.service.skew = timedelta(hours=1)
    response = neo.send("ListCompilationJobs")
    assert response.header("date") == "Thu, 01 Jan 2026 13:00:00 GMT"
    assert b"Signature expired: 20260101T120000Z is now earlier than 20260101T124500Z" in response.body
    ahead = neo.send("DescribeCompilationJob", NAME, at=clock.now + timedelta(hours=1))
    assert json.loads(ahead.body)["CompilationJobStatus"] == "STARTING"
    neo.service.skew = timedelta(hours=-1)
    assert b"Signature not yet current" in neo.send("ListCompilationJobs").body


HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Authorization", "Content-Type", "X-Amz-Target", "X-Amz-Date", "Host", "x"]) | st.text(),
        st.sampled_from(["application/x-amz-json-1.1", "SageMaker.ListCompilationJobs", "20260101T120000Z"])
        | st.text()
        | st.text().map(lambda text: f"AWS4-HMAC-SHA256 Credential={text}, SignedHeaders=host, Signature=00"),
    )
).map(tuple)
REQUESTS = st.builds(
    HttpRequest,
    st.sampled_from(["POST", "GET"]) | st.text(),
    st.builds(Url, st.just("http"), st.text(), st.none(), st.just("/") | st.text(), st.text()),
    HEADERS,
    st.binary(),
)


def well_formed_answer(response: HttpResponse) -> bool:
    if response.header("content-type") == "application/xml":  # what reads below the root is for the buckets
        return response.status in (400, 403) and ET.fromstring(response.body).tag == "Error"  # noqa: S314  # ours
    answer = json.loads(response.body or b"{}")
    return response.status in (200, 400, 403, 404, 413) and (response.status == 200 or "__type" in answer)


@given(REQUESTS)
def test_no_request_makes_it_fail(request: HttpRequest) -> None:
    assert well_formed_answer(NeoService().handle(request))


MEMBERS = [one.wire_name for one in members(CreateCompilationJobRequest)]
VALUES: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just({}) | st.just([{}])
)


@given(
    operation=st.sampled_from(["Create", "Describe", "List", "Stop", "Delete"]),
    changed=st.dictionaries(st.sampled_from([*MEMBERS, "NextToken", "MaxResults", "SortBy"]), VALUES, min_size=1),
)
def test_no_signed_request_makes_it_fail(
    signed: Any, create_input: Any, operation: str, changed: dict[str, Any]
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    service = NeoService(clock=lambda: now)
    plural = "s" if operation == "List" else ""
    body = {**create_input(), **changed}
    response = service.handle(signed(f"{operation}CompilationJob{plural}", body, at=now))
    assert well_formed_answer(response)
    assert response.status in (200, 400)
