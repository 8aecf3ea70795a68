"""The local service as others meet it: over a real socket, called by boto3, by curl, and by our own clients."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

import neo_wire.local
from neo_wire import Credentials, ResourceNotFound, SignatureError, Throttling
from neo_wire.errors import ConnectionClosed
from neo_wire.flow import Flow, send
from neo_wire.http import HttpRequest, Timeout, Url
from neo_wire.local import EXAMPLE_CREDENTIALS, CutOff, GeneratedContent, LocalServer, LostAnswer, NeoService
from neo_wire.signing.sigv4 import S3, Scope, sign
from neo_wire.testing import VirtualClock
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver
from neo_wire.transports.exchanges import async_exchange, blocking_exchange

# boto3_client, server, moving_clock and create_input are fixtures of conftest.py.


def error(call: Callable[..., object], **members: object) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call(**members)
    response = caught.value.response
    assert response["Error"]["Message"]
    assert response["ResponseMetadata"]["RequestId"]
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_boto3_runs_a_job_from_creation_to_deletion(
    boto3_client: Any, server: LocalServer, create_input: Any, moving_clock: Any
) -> None:
    client = boto3_client(server)
    job = create_input(
        "job",
        OutputConfig={"S3OutputLocation": "s3://b/o", "TargetPlatform": {"Os": "LINUX", "Arch": "ARM64"}},
        VpcConfig={"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        Tags=[{"Key": "team", "Value": "vision"}],
    )
    arn = client.create_compilation_job(**job)["CompilationJobArn"]
    moving_clock.tick(10)
    described = client.describe_compilation_job(CompilationJobName="job")
    assert described["CompilationJobStatus"] == "INPROGRESS"
    created: datetime = described["CreationTime"]
    assert created.microsecond == (moving_clock.now - timedelta(seconds=10)).microsecond // 1000 * 1000
    assert described["CompilationStartTime"] - created == timedelta(seconds=10)
    moving_clock.tick(20)
    described = client.describe_compilation_job(CompilationJobName="job")
    assert described["CompilationJobStatus"] == "COMPLETED"
    assert described["CompilationJobArn"] == arn
    assert described["ModelArtifacts"] == {"S3ModelArtifacts": "s3://b/o/resnet50-LINUX_ARM64.tar.gz"}
    assert re.fullmatch(r"[\w:]+", described["ModelDigests"]["ArtifactDigest"])
    for member in ("RoleArn", "InputConfig", "OutputConfig", "StoppingCondition", "VpcConfig"):
        assert described[member] == job[member]
    [summary] = client.list_compilation_jobs()["CompilationJobSummaries"]
    assert summary["CompilationTargetPlatformArch"] == "ARM64"
    assert summary["CompilationEndTime"] == described["CompilationEndTime"]
    client.delete_compilation_job(CompilationJobName="job")
    assert error(client.describe_compilation_job, CompilationJobName="job") == (400, "ResourceNotFound")


def test_boto3_fetches_the_artifact_of_a_job_and_its_digest_is_right(
    boto3_client: Any, server: LocalServer, create_input: Any, moving_clock: Any
) -> None:
    sagemaker, s3 = boto3_client(server), boto3_client(server, service="s3")
    sagemaker.create_compilation_job(**create_input())
    moving_clock.tick(30)
    described = sagemaker.describe_compilation_job(CompilationJobName="job")
    bucket, key = described["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://").split("/", 1)
    fetched = s3.get_object(Bucket=bucket, Key=key)
    assert fetched["LastModified"] == described["CompilationEndTime"].replace(microsecond=0)
    digest = blake2b(fetched["Body"].read(), digest_size=32).hexdigest()
    assert digest == described["ModelDigests"]["ArtifactDigest"]


def test_boto3_stops_a_job(boto3_client: Any, server: LocalServer, create_input: Any, moving_clock: Any) -> None:
    client = boto3_client(server)
    client.create_compilation_job(**create_input())
    client.stop_compilation_job(CompilationJobName="job")
    assert client.describe_compilation_job(CompilationJobName="job")["CompilationJobStatus"] == "STOPPING"
    moving_clock.tick(5)
    assert client.describe_compilation_job(CompilationJobName="job")["CompilationJobStatus"] == "STOPPED"
    assert error(client.stop_compilation_job, CompilationJobName="job") == (400, "ValidationException")


def test_boto3_sees_the_errors_of_the_operations(boto3_client: Any, server: LocalServer, create_input: Any) -> None:
    client = boto3_client(server)
    client.create_compilation_job(**create_input())
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_compilation_job(**create_input())
    for operation in ("describe", "stop", "delete"):
        with pytest.raises(client.exceptions.ResourceNotFound, match="none"):
            getattr(client, f"{operation}_compilation_job")(CompilationJobName="none")
    assert error(client.delete_compilation_job, CompilationJobName="job") == (400, "ValidationException")
    assert error(client.create_compilation_job, **create_input("-")) == (400, "ValidationException")
    both = create_input(ModelPackageVersionArn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/m/1")
    assert error(client.create_compilation_job, **both) == (400, "ValidationException")
    assert error(client.list_compilation_jobs, NextToken="x") == (400, "ValidationException")
    assert error(client.list_training_jobs) == (400, "UnknownOperationException")
    server.service.script(Throttling("Rate exceeded"))
    assert error(client.list_compilation_jobs) == (400, "ThrottlingException")


def test_boto3_pages_through_a_list(
    boto3_client: Any, server: LocalServer, create_input: Any, moving_clock: Any
) -> None:
    client = boto3_client(server)
    for number in range(7):
        client.create_compilation_job(**create_input(f"job-{number}"))
        moving_clock.tick(1)
    paginator = client.get_paginator("list_compilation_jobs")
    query = {"SortOrder": "Descending", "NameContains": "job", "StatusEquals": "STARTING"}
    pages = list(paginator.paginate(**query, PaginationConfig={"PageSize": 3}))
    assert [len(page["CompilationJobSummaries"]) for page in pages] == [3, 3, 1]
    names = [one["CompilationJobName"] for page in pages for one in page["CompilationJobSummaries"]]
    assert names == [f"job-{number}" for number in reversed(range(7))]
    some = paginator.paginate(**query, PaginationConfig={"PageSize": 3, "MaxItems": 4}).build_full_result()
    rest = paginator.paginate(**query, PaginationConfig={"StartingToken": some["NextToken"]}).build_full_result()
    both = some["CompilationJobSummaries"] + rest["CompilationJobSummaries"]
    assert [one["CompilationJobName"] for one in both] == names
    created = pages[0]["CompilationJobSummaries"][0]["CreationTime"]
    assert client.list_compilation_jobs(CreationTimeAfter=created)["CompilationJobSummaries"] == []


def test_boto3_is_refused_without_the_right_credentials(boto3_client: Any, server: LocalServer) -> None:
    temporary = boto3_client(server, Credentials("ASIAEXAMPLE", "secret", "TOKEN/+=="))
    assert temporary.list_compilation_jobs()["CompilationJobSummaries"] == []
    for credentials, code in (
        (Credentials("AKIDEXAMPLE", "wrong"), "InvalidSignatureException"),
        (Credentials("AKIDUNKNOWN", "wrong"), "UnrecognizedClientException"),
        (Credentials("ASIAEXAMPLE", "secret"), "UnrecognizedClientException"),
        (Credentials("ASIAEXAMPLE", "secret", "OTHER"), "UnrecognizedClientException"),
    ):
        assert error(boto3_client(server, credentials).list_compilation_jobs) == (403, code)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(1200, "Signature expired: .* is now earlier than"), (-1200, "Signature not yet current: ")],
)
def test_boto3_is_refused_when_the_clocks_differ(
    boto3_client: Any, server: LocalServer, moving_clock: Any, seconds: int, says: str
) -> None:
    moving_clock.tick(seconds)
    with pytest.raises(ClientError, match=says) as caught:
        boto3_client(server).list_compilation_jobs()
    assert caught.value.response["Error"]["Code"] == "InvalidSignatureException"


def test_our_clients_over_the_socket(boto3_client: Any, mode: Any, server: LocalServer, create_input: Any) -> None:
    boto3_client(server, region="us-west-2").create_compilation_job(**create_input())
    client = {"endpoint_url": server.url}
    described = mode.call("describe_compilation_job", "job", client=client)
    assert described.compilation_job_status == "STARTING"
    mode.call("stop_compilation_job", "job", client=client)
    listed = mode.call("list_compilation_jobs", client=client)
    assert [one.compilation_job_status for one in listed.compilation_job_summaries] == ["STOPPING"]
    with pytest.raises(ResourceNotFound):
        mode.call("delete_compilation_job", "other", client=client)
    with pytest.raises(SignatureError):
        mode.call("list_compilation_jobs", client={**client, "credentials": Credentials("AKIDEXAMPLE", "wrong")})


def test_our_clients_meet_faults_on_their_own_connections(mode: Any, create_input: Any) -> None:
    clock = VirtualClock()
    with LocalServer(NeoService(clock=clock)) as server:
        client = {"endpoint_url": server.url, "clock": clock, "max_attempts": 1}
        for fault in (LostAnswer(), CutOff(0), CutOff(5)):
            server.service.script(fault)
            with pytest.raises(ConnectionClosed):
                mode.call("list_compilation_jobs", client=client)
        server.service.script(Throttling("Rate exceeded"), times=2)
        listed = mode.call("list_compilation_jobs", client={**client, "max_attempts": 3})
        assert listed.compilation_job_summaries == ()
        server.service.skew = timedelta(hours=1)
        assert mode.call("list_compilation_jobs", client={**client, "max_attempts": 2}) == listed
        with pytest.raises(SignatureError):
            mode.call("list_compilation_jobs", client=client)


def test_our_transports_stream_an_object_and_resume_it(mode: Any, server: LocalServer) -> None:
    content = GeneratedContent(5_000_000, seed=5)
    stored = server.service.buckets.put("s3://models/large", content)
    server.service.buckets.script(CutOff(2_000_000))
    at, digest, received = server.service.clock.now(), blake2b(digest_size=32), 0

    def take(piece: bytes) -> None:
        nonlocal received
        received += len(piece)
        digest.update(piece)

    def fetch() -> Flow[int]:
        headers = (("Range", f"bytes={received}-"), ("If-Match", stored.etag)) if received else ()
        request = HttpRequest("GET", Url.parse(f"{server.url}/models/large"), headers)
        signed = sign(request, EXAMPLE_CREDENTIALS, Scope("eu-west-1", "s3"), at, S3)
        response = yield from send(signed, Timeout(), max_body=1000, sink=lambda _status, _headers: take)
        return response.status

    async def run() -> int:
        driver = AsyncDriver(async_exchange(None, None))
        try:
            return await driver.run(fetch())
        finally:
            await driver.aclose()

    def fetched() -> int:
        if mode.name == "async":
            return asyncio.run(run())
        driver = BlockingDriver(blocking_exchange(None, None))
        try:
            return driver.run(fetch())
        finally:
            driver.close()

    with pytest.raises(ConnectionClosed):
        fetched()
    assert 0 < received <= 2_000_000  # the asynchronous pools gather pieces, and what they hold is lost
    assert fetched() == 206
    assert (received, digest.hexdigest()) == (5_000_000, content.blake2b())


def curl(*arguments: str) -> bytes:
    path = shutil.which("curl")
    if path is None:
        pytest.skip("no curl here")
    return subprocess.run([path, *arguments], check=True, capture_output=True).stdout  # noqa: S603  # a command of our own


def test_curl_signs_requests(server: LocalServer) -> None:
    if b"--aws-sigv4" not in curl("--help", "all"):
        pytest.skip("a curl that does not sign")

    def answer(secret: str) -> Any:
        signing = ("--aws-sigv4", "aws:amz:eu-west-1:sagemaker", "--user", f"AKIDEXAMPLE:{secret}")
        target = ("-H", "X-Amz-Target: SageMaker.ListCompilationJobs", "-d", '{"MaxResults": 5}', server.url)
        content_type = ("-H", "Content-Type: application/x-amz-json-1.1")
        return json.loads(curl("-sS", "--max-time", "10", *signing, *content_type, *target))

    assert answer(EXAMPLE_CREDENTIALS.secret_access_key) == {"CompilationJobSummaries": []}
    assert answer("wrong")["__type"] == "InvalidSignatureException"


def test_many_clients_create_one_name_and_one_wins(boto3_client: Any, server: LocalServer, create_input: Any) -> None:
    client = boto3_client(server)
    start = threading.Barrier(8)
    outcomes: list[str] = []

    def create() -> None:
        start.wait()
        try:
            client.create_compilation_job(**create_input())
            outcomes.append("created")
        except ClientError as refused:
            outcomes.append(refused.response["Error"]["Code"])

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ResourceInUse"] * 7 + ["created"]


def test_h11_and_httpx_come_with_what_needs_them() -> None:
    code = (
        "import sys; from neo_wire.local import NeoService; assert not {'h11', 'httpx'} & set(sys.modules); "
        "from neo_wire.local import LocalServer; assert 'h11' in sys.modules and 'httpx' not in sys.modules; "
        "from neo_wire.local import LocalTransport; assert 'httpx' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603  # a command of our own
    assert issubclass(neo_wire.local.LocalTransport, httpx.BaseTransport)
    assert callable(neo_wire.local.LocalServer)
    with pytest.raises(AttributeError, match="Nothing"):
        neo_wire.local.Nothing  # noqa: B018  # the access is the test
