"""What type checkers see of the public surface: it is checked, not run. A line that must be an error says which."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import assert_type

import httpx

from neo_wire import (
    DESCRIBE_COMPILATION_JOB,
    STOP_COMPILATION_JOB,
    AsyncJsonClient,
    AsyncNeoClient,
    CleanUp,
    CompilationJobStatus,
    CompilationJobSummary,
    CompileResults,
    CreateCompilationJobResponse,
    Credentials,
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    DigestCheck,
    DownloadedArtifact,
    Framework,
    InputConfig,
    JsonClient,
    Length,
    ListCompilationJobsResponse,
    NeoClient,
    Operation,
    OutputConfig,
    ResourceNotFound,
    ResponseMetadata,
    Service,
    ServiceError,
    SigV4Auth,
    StopCompilationJobRequest,
    StoppingCondition,
    TaggedUnion,
    TargetDevice,
    Timeout,
    Unit,
    UnknownMember,
    structure,
    union,
)
from neo_wire import Target as CompilationTarget
from neo_wire.jobs.paging import JobPage
from neo_wire.jobs.polling import Polling
from neo_wire.jobs.waiting_many import JobOutcome

client = NeoClient(region="eu-west-1", credentials=Credentials("AKID", "secret"), timeout=Timeout(read=5))
NeoClient(transport=httpx.Client())
NeoClient(transport=httpx.HTTPTransport(), timeout=3)
AsyncNeoClient(transport=httpx.AsyncClient())
AsyncNeoClient(transport=httpx.AsyncHTTPTransport())

job = client.describe_compilation_job("resnet50")
assert_type(job, DescribeCompilationJobResponse)
assert_type(job.compilation_job_status, CompilationJobStatus)
assert_type(job.compilation_job_status.is_known, bool)
assert_type(job.creation_time, datetime)
assert_type(job.compilation_end_time, datetime | None)
assert_type(job.input_config, InputConfig | None)
assert_type(job.output_config.target_device, TargetDevice | None)
assert_type(job.response_metadata, ResponseMetadata)
assert_type(job.response_metadata.request_id, str | None)

page = client.list_compilation_jobs(max_results=10)
assert_type(page, ListCompilationJobsResponse)
assert_type(page.compilation_job_summaries, Sequence[CompilationJobSummary])

created = client.create_compilation_job(
    "resnet50",
    role_arn="arn:aws:iam::123456789012:role/neo",
    input_config=InputConfig(s3_uri="s3://models/resnet50.tar.gz", framework=Framework.ONNX),
    output_config=OutputConfig(s3_output_location="s3://models/out/", target_device=TargetDevice.JETSON_NANO),
    stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
)
assert_type(created, CreateCompilationJobResponse)
assert_type(client.stop_compilation_job("resnet50"), Unit)
assert_type(
    client.wait_for_compilation_job("resnet50", timeout=60, polling=Polling(1, 2)), DescribeCompilationJobResponse
)
assert_type(client.wait_for_compilation_job("resnet50", until="ended"), DescribeCompilationJobResponse)
assert_type(client.wait_for_compilation_job("resnet50", until="deleted"), DescribeCompilationJobResponse | None)
assert_type(client.wait_for_compilation_jobs(["resnet50"])["resnet50"], JobOutcome)
for change in client.watch_compilation_job("resnet50"):
    assert_type(change, DescribeCompilationJobResponse)
listing = client.iter_compilation_jobs(limit=5, status_equals=CompilationJobStatus.FAILED)
assert_type(next(listing), CompilationJobSummary)
assert_type(listing.resume_token, str | None)
for listed in listing.pages():
    assert_type(listed, JobPage)
assert_type(client.call(STOP_COMPILATION_JOB, StopCompilationJobRequest(compilation_job_name="resnet50")), Unit)
assert_type(DESCRIBE_COMPILATION_JOB, Operation[DescribeCompilationJobRequest, DescribeCompilationJobResponse])

try:
    client.delete_compilation_job("resnet50")
except ResourceNotFound as error:
    assert_type(error, ResourceNotFound)
    assert_type(error.code, str)
    assert_type(error.request_id, str | None)


async def asynchronously() -> None:
    async with AsyncNeoClient(region="eu-west-1") as asynchronous:
        assert_type(asynchronous, AsyncNeoClient)
        assert_type(await asynchronous.describe_compilation_job("resnet50"), DescribeCompilationJobResponse)
        assert_type(await asynchronous.delete_compilation_job("resnet50"), Unit)


@union
class Target(TaggedUnion):
    """A union of the user's own."""

    device: TargetDevice | None = None
    name: str | None = None


@structure
class ListThingsInput:
    """An input of the user's own."""

    limit: int | None = None
    target: Target | None = None


@structure(exactly_one_of=[("a", "b")])
class ListThingsOutput:
    """An output of the user's own."""

    names: Sequence[str]
    a: str | None = None
    b: str | None = None


class ThingNotFound(ServiceError):
    """An error of the user's own."""

    codes = ("ThingNotFound",)


things = Service("Things", "Things_20260101", "things", "things", json_version="1.0")
list_things = Operation(things, "ListThings", ListThingsInput, ListThingsOutput, (ThingNotFound,))
assert_type(list_things, Operation[ListThingsInput, ListThingsOutput])
with JsonClient(things, region="eu-west-1") as own:
    assert_type(own, JsonClient)
    assert_type(own.call(list_things, ListThingsInput(limit=1)), ListThingsOutput)
assert_type(Target(name="x").unknown_member, UnknownMember | None)
AsyncJsonClient(things)

httpx.Client(auth=SigV4Auth("execute-api", region="eu-west-1"))
httpx.AsyncClient(auth=SigV4Auth("execute-api", region="eu-west-1"))


async def watch(client: AsyncNeoClient) -> None:
    assert_type(await client.wait_for_compilation_job("resnet50"), DescribeCompilationJobResponse)
    assert_type(await client.wait_for_compilation_job("x", until="deleted"), DescribeCompilationJobResponse | None)
    assert_type(await client.wait_for_compilation_jobs(["resnet50"]), dict[str, JobOutcome])
    async for change in client.watch_compilation_job("resnet50"):
        assert_type(change, DescribeCompilationJobResponse)
    async for summary in client.iter_compilation_jobs():
        assert_type(summary, CompilationJobSummary)


# ------------------------------------------------------------------------------------------- what must be an error

client.describe_compilation_job()  # error: [call-arg]
client.describe_compilation_job(7)  # error: [arg-type]
client.list_compilation_jobs(sort="Name")  # error: [call-arg]
client.create_compilation_job("x")  # error: [call-arg]
client.list_compilation_jobs(sort_by="Name")  # error: [arg-type]
client.call(DESCRIBE_COMPILATION_JOB, StopCompilationJobRequest(compilation_job_name="x"))  # error: [misc]
job.compilation_job_name = "other"  # error: [misc]
print(job.no_such_member)  # error: [attr-defined]
InputConfig("s3://models/x.tar.gz", Framework.ONNX)  # error: [call-arg]
InputConfig(s3_uri="s3://models/x.tar.gz")  # error: [call-arg]
NeoClient(regoin="eu-west-1")  # error: [call-arg]
NeoClient(region=1)  # error: [arg-type]
NeoClient(transport=httpx.AsyncClient())  # error: [arg-type]
AsyncNeoClient(transport=httpx.Client())  # error: [arg-type]
Length("1")  # error: [arg-type]
client.wait_for_compilation_job("x", until="done")  # error: [call-overload]
client.iter_compilation_jobs(filter="x")  # error: [call-arg]

many = client.compile_for_targets(
    "resnet50",
    [CompilationTarget.device("ml_c5")],
    role_arn="arn:aws:iam::123456789012:role/neo",
    s3_output_location="s3://models/",
    stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
    stop_on_interrupt=True,
)
assert_type(many, CompileResults)
assert_type(client.download_compilation_artifact("resnet50", "model.tar.gz", overwrite=True), DownloadedArtifact)
assert_type(client.verify_compilation_artifact("resnet50", "model.tar.gz"), DigestCheck)
assert_type(client.clean_up_compilation_jobs(dry_run=True, all=True), CleanUp)
assert_type(client.with_options(max_attempts=1), NeoClient)


async def of_the_asynchronous_client(asynchronous: AsyncNeoClient) -> None:
    assert_type(await asynchronous.clean_up_compilation_jobs(dry_run=True, all=True), CleanUp)
    assert_type(await asynchronous.download_compilation_artifact("resnet50", "model.tar.gz"), DownloadedArtifact)
