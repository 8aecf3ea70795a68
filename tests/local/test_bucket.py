"""The buckets, asked by requests that botocore signed, and over a socket by boto3."""

from __future__ import annotations

import hashlib
import io
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import botocore.exceptions
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError, ServiceError
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.local import Buckets, CutOff, GeneratedContent, LocalServer, LostAnswer, Slow
from neo_wire.local.script import LocalResponse

# s3_signed, server, boto3_client and moving_clock are fixtures of conftest.py.

NOW = datetime(2026, 1, 1, 12, 0, 0, 5, tzinfo=UTC)
ROOT = "http://127.0.0.1:8080"
URI = "s3://models/out/resnet50 ü+é.tar.gz"
PATH = "/models/out/resnet50%20%C3%BC%2B%C3%A9.tar.gz"
DATA = bytes(range(256)) * 4


@pytest.fixture
def buckets() -> Buckets:
    holding = Buckets(clock=lambda: NOW)
    holding.put(URI, DATA)
    return holding


def body(response: HttpResponse) -> bytes:
    return b"".join(LocalResponse.of(response).delivered())


def refusal(response: HttpResponse) -> tuple[int, dict[str, str]]:
    assert response.header("content-type") == "application/xml"
    error = ET.fromstring(response.body)  # noqa: S314  # our own
    assert error.tag == "Error"
    return response.status, {member.tag: member.text or "" for member in error}


def test_an_object_is_read_whole(buckets: Buckets, s3_signed: Any) -> None:
    response = buckets.handle(s3_signed("GET", ROOT + PATH, at=NOW))
    assert (response.status, body(response)) == (200, DATA)
    assert response.header("content-length") == "1024"
    assert response.header("accept-ranges") == "bytes"
    assert response.header("last-modified") == "Thu, 01 Jan 2026 12:00:00 GMT"
    stored = buckets.get(URI)
    assert stored is not None
    assert response.header("etag") == stored.etag
    assert stored.content.blake2b() == hashlib.blake2b(DATA, digest_size=32).hexdigest()


@pytest.mark.parametrize(
    "url",
    [
        "https://models.s3.eu-west-1.amazonaws.com/out/a",
        "https://models.s3-fips.dualstack.us-gov-west-1.amazonaws.com/out/a",
        "https://models.s3.cn-north-1.amazonaws.com.cn/out/a",
        "http://models.localhost:8080/out/a",
        "https://s3.eu-west-1.amazonaws.com/models/out/a",
        "http://[::1]:8080/models/out/a",
    ],
)
def test_a_bucket_is_named_by_the_host_or_by_the_path(buckets: Buckets, s3_signed: Any, url: str) -> None:
    buckets.put("s3://models/out/a", b"found")
    assert body(buckets.handle(s3_signed("GET", url, at=NOW))) == b"found"


def test_keys_are_taken_as_they_are(buckets: Buckets, s3_signed: Any) -> None:
    buckets.put("s3://my.s3.bucket/a//b/../c", b"odd")
    for url in (f"{ROOT}/my.s3.bucket/a//b/../c", "https://my.s3.bucket.s3.eu-west-1.amazonaws.com/a//b/../c"):
        assert body(buckets.handle(s3_signed("GET", url, at=NOW))) == b"odd"


@pytest.mark.parametrize(
    ("header", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=100-199", 100, 200),
        ("bytes=1000-", 1000, 1024),
        ("bytes=1000-9999999", 1000, 1024),
        ("bytes=-24", 1000, 1024),
        ("bytes=-9999", 0, 1024),
    ],
)
def test_a_range_is_read(buckets: Buckets, s3_signed: Any, header: str, first: int, end: int) -> None:
    response = buckets.handle(s3_signed("GET", ROOT + PATH, at=NOW, Range=header))
    assert (response.status, body(response)) == (206, DATA[first:end])
    assert response.header("content-range") == f"bytes {first}-{end - 1}/1024"
    assert response.header("content-length") == str(end - first)


@pytest.mark.parametrize("header", ["bytes=", "bytes=-", "bytes=9-3", "bytes=0-1,5-6", "lines=0-1", "0-1"])
def test_what_is_no_single_range_asks_for_the_whole(buckets: Buckets, s3_signed: Any, header: str) -> None:
    response = buckets.handle(s3_signed("GET", ROOT + PATH, at=NOW, Range=header))
    assert (response.status, body(response)) == (200, DATA)


@pytest.mark.parametrize("header", ["bytes=1024-", "bytes=5000-6000", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(buckets: Buckets, s3_signed: Any, header: str) -> None:
    response = buckets.handle(s3_signed("GET", ROOT + PATH, at=NOW, Range=header))
    status, members = refusal(response)
    assert (status, members["Code"], members["ActualObjectSize"]) == (416, "InvalidRange", "1024")
    assert members["RangeRequested"] == header
    assert response.header("content-range") == "bytes */1024"


def test_conditions(buckets: Buckets, s3_signed: Any) -> None:
    stored = buckets.get(URI)
    assert stored is not None
    before, after = "Thu, 01 Jan 2026 11:59:59 GMT", "Thu, 01 Jan 2026 12:00:00 GMT"
    for headers, status in (
        ({"If_Match": stored.etag}, 200),
        ({"If_Match": f'"other", {stored.etag}'}, 200),
        ({"If_Match": stored.etag.strip('"')}, 200),
        ({"If_Match": "*"}, 200),
        ({"If_Match": '"other"'}, 412),
        ({"If_Match": stored.etag, "If_Unmodified_Since": before}, 200),
        ({"If_Unmodified_Since": before}, 412),
        ({"If_Unmodified_Since": after}, 200),
        ({"If_None_Match": stored.etag}, 304),
        ({"If_None_Match": '"other"'}, 200),
        ({"If_Modified_Since": after}, 304),
        ({"If_Modified_Since": before}, 200),
        ({"If_Modified_Since": "yesterday"}, 200),
        ({"If_None_Match": '"other"', "If_Modified_Since": after}, 200),
    ):
        response = buckets.handle(s3_signed("GET", ROOT + PATH, at=NOW, **headers))
        assert response.status == status, headers
        if status == 412:
            assert refusal(response)[1]["Code"] == "PreconditionFailed"
        if status == 304:
            assert (body(response), response.header("etag")) == (b"", stored.etag)


def test_another_object_in_its_place_has_another_etag(buckets: Buckets) -> None:
    old, new = buckets.get(URI), buckets.put(URI, DATA + b"!")
    assert old is not None
    assert old.etag != new.etag
    assert buckets.get(URI) == new


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/models/other", 404, "NoSuchKey"),
        ("GET", "/nobody/other", 404, "NoSuchBucket"),
        ("GET", "/models/%FF", 404, "NoSuchKey"),
        ("GET", "/models", 501, "NotImplemented"),
        ("GET", "/models/?list-type=2", 501, "NotImplemented"),
        ("GET", PATH + "?acl", 501, "NotImplemented"),
        ("PUT", PATH, 405, "MethodNotAllowed"),
    ],
)
def test_what_is_not_there(buckets: Buckets, s3_signed: Any, method: str, path: str, status: int, code: str) -> None:
    found, members = refusal(buckets.handle(s3_signed(method, ROOT + path, at=NOW)))
    assert (found, members["Code"]) == (status, code)
    assert members["Message"]
    assert members["RequestId"]


@pytest.mark.parametrize(
    "uri",
    [
        "s3://models",
        "s3://models/",
        "models/a",
        "https://models/a",
        "s3://mod els/a",
        "s3://models/" + "é" * 513,
        "s3://models/" + "\ud800" * 342,
    ],
)
def test_what_is_no_uri_is_refused(buckets: Buckets, uri: str) -> None:
    with pytest.raises(ConfigurationError, match="is no S3 URI"):
        buckets.put(uri, b"")
    with pytest.raises(ConfigurationError, match="is no S3 URI"):
        buckets.get(uri)


def test_scripted_answers_come_first_and_once(buckets: Buckets, s3_signed: Any) -> None:
    request = s3_signed("GET", ROOT + PATH, at=NOW)
    buckets.script(ServiceError("Please reduce your request rate.", code="SlowDown", status=503), times=2)
    buckets.script(CutOff(100), LostAnswer(), Slow(5), operation="GetObject")
    assert [refusal(buckets.handle(request))[1]["Code"] for _ in range(2)] == ["SlowDown", "SlowDown"]
    assert buckets.handle(s3_signed("HEAD", ROOT + PATH, at=NOW)).status == 200
    cut, lost, slow = (LocalResponse.of(buckets.handle(request)) for _ in range(3))
    assert (cut.is_cut, body(cut)) == (True, DATA[:100])
    assert (lost.lost, slow.delay, body(slow)) == (True, 5, DATA)
    assert body(buckets.handle(request)) == DATA
    with pytest.raises(ConfigurationError, match="PutObject"):
        buckets.script(LostAnswer(), operation="PutObject")


@given(
    st.builds(
        HttpRequest,
        st.sampled_from(["GET", "HEAD"]) | st.text(),
        st.builds(Url, st.just("http"), st.text(), st.none(), st.text(), st.text()),
        st.lists(st.tuples(st.sampled_from(["Authorization", "Range", "Host"]) | st.text(), st.text())).map(tuple),
    )
)
def test_no_unsigned_request_makes_it_fail(request: HttpRequest) -> None:
    response = Buckets().handle(request)
    assert response.status in (400, 403, 405)
    if request.method != "HEAD":
        assert refusal(response)[1]["Code"]


# ------------------------------------------------------------------------------------------------------- over a socket


def test_boto3_reads_objects(server: LocalServer, boto3_client: Any, moving_clock: Any) -> None:
    s3 = boto3_client(server, service="s3")
    stored = server.service.buckets.put(URI, DATA)
    place = {"Bucket": "models", "Key": "out/resnet50 ü+é.tar.gz"}
    head = s3.head_object(**place)
    assert (head["ContentLength"], head["ETag"], head["AcceptRanges"]) == (1024, stored.etag, "bytes")
    assert head["LastModified"] == stored.last_modified
    whole = s3.get_object(**place, IfMatch=stored.etag)
    assert whole["Body"].read() == DATA
    part = s3.get_object(**place, Range="bytes=1000-")
    assert (part["ContentRange"], part["Body"].read()) == ("bytes 1000-1023/1024", DATA[1000:])
    for extra, code in (
        ({"Key": "none"}, "NoSuchKey"),
        ({"Bucket": "nobody"}, "NoSuchBucket"),
        ({"Range": "bytes=1024-"}, "InvalidRange"),
        ({"IfMatch": '"other"'}, "PreconditionFailed"),
        ({"IfNoneMatch": stored.etag}, "304"),
    ):
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            s3.get_object(**{**place, **extra})
        assert caught.value.response["Error"]["Code"] == code
    with pytest.raises(botocore.exceptions.ClientError) as missing:
        s3.head_object(Bucket="models", Key="none")
    assert missing.value.response["Error"]["Code"] == "404"
    moving_clock.tick(3600)
    with pytest.raises(botocore.exceptions.ClientError) as skewed:
        s3.get_object(**place)
    assert skewed.value.response["Error"]["Code"] == "RequestTimeTooSkewed"


def test_boto3_downloads_a_large_object_in_parts(server: LocalServer, boto3_client: Any) -> None:
    content = GeneratedContent(20_000_000, seed=7)
    server.service.buckets.put("s3://models/large", content)
    received = io.BytesIO()
    boto3_client(server, service="s3").download_fileobj("models", "large", received)  # ranges, in threads
    assert hashlib.blake2b(received.getvalue(), digest_size=32).hexdigest() == content.blake2b()


def test_a_connection_is_cut_once(server: LocalServer, boto3_client: Any) -> None:
    s3 = boto3_client(server, service="s3")
    server.service.buckets.put("s3://models/large", GeneratedContent(1_000_000))
    server.service.buckets.script(CutOff(300_000))
    stream = s3.get_object(Bucket="models", Key="large")["Body"]
    with pytest.raises(botocore.exceptions.BotoCoreError):
        stream.read()
    assert len(s3.get_object(Bucket="models", Key="large")["Body"].read()) == 1_000_000
    server.service.buckets.script(LostAnswer())
    with pytest.raises(botocore.exceptions.ConnectionClosedError):
        s3.head_object(Bucket="models", Key="large")


def test_a_large_object_is_never_held(server: LocalServer, boto3_client: Any) -> None:
    size = 200_000_000
    server.service.buckets.put("s3://models/huge", GeneratedContent(size))
    stream = boto3_client(server, service="s3").get_object(Bucket="models", Key="huge")["Body"]
    tracemalloc.start()
    try:
        received = sum(len(piece) for piece in stream.iter_chunks(1_000_000))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert received == size
    assert peak < 20_000_000


def test_boto3_presigns(server: LocalServer, boto3_client: Any) -> None:
    server.service.buckets.put("s3://models/a", b"presigned")
    place = {"Bucket": "models", "Key": "a"}
    url = boto3_client(server, service="s3").generate_presigned_url("get_object", Params=place, ExpiresIn=60)
    assert httpx.get(url).content == b"presigned"
    assert "AccessDenied" in httpx.get(url.partition("?")[0]).text


def test_a_region_of_its_own_is_named(s3_signed: Any) -> None:
    buckets = Buckets(region="eu-west-1", clock=lambda: NOW)
    response = buckets.handle(s3_signed("GET", ROOT + PATH, at=NOW + timedelta(seconds=1), region="us-east-1"))
    status, members = refusal(response)
    assert (status, members["Code"], members["Region"]) == (400, "AuthorizationHeaderMalformed", "eu-west-1")
    assert response.header("x-amz-bucket-region") == "eu-west-1"
