"""The clients against moto's server, an implementation that is not ours; and how they are made."""

from __future__ import annotations

import asyncio
import inspect
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import httpx
import pytest
import trio

from neo_wire import (
    DESCRIBE_COMPILATION_JOB,
    AsyncJsonClient,
    AsyncNeoClient,
    CompilationJobStatus,
    ConfigurationError,
    Credentials,
    CredentialsError,
    DescribeCompilationJobRequest,
    EndpointError,
    Framework,
    InputConfig,
    InputValidationError,
    JsonClient,
    NeoClient,
    NoCredentials,
    Operation,
    OutputConfig,
    PartialCredentials,
    ResourceInUse,
    ResourceNotFound,
    ServerError,
    Service,
    ServiceError,
    StoppingCondition,
    Tag,
    TargetDevice,
    TargetPlatform,
    TargetPlatformAccelerator,
    TargetPlatformArch,
    TargetPlatformOs,
    Timeout,
    ValidationException,
    structure,
)
from neo_wire.signing import hmac_signer, signing_key

JOB: dict[str, Any] = {
    "role_arn": "arn:aws:iam::123456789012:role/neo",
    "input_config": InputConfig(
        s3_uri="s3://models/resnet50.tar.gz", framework=Framework.ONNX, data_input_config='{"data":[1,3,224,224]}'
    ),
    "output_config": OutputConfig(s3_output_location="s3://models/out/", target_device=TargetDevice.JETSON_NANO),
    "stopping_condition": StoppingCondition(max_runtime_in_seconds=900),
}


@pytest.fixture
def name() -> str:
    return f"job-{uuid.uuid4().hex[:12]}"


def boto_of(url: str) -> Any:
    return boto3.client(
        "sagemaker",
        region_name="us-west-2",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    )


def test_a_job_from_creation_to_deletion(mode: Any, moto_url: str, name: str) -> None:
    client = {"endpoint_url": moto_url}
    tags = [Tag(key="team", value="edge")]
    created = mode.call("create_compilation_job", name, **JOB, tags=tags, client=client)
    assert created.compilation_job_arn == f"arn:aws:sagemaker:us-west-2:123456789012:compilation-job/{name}"
    assert created.response_metadata.status == 200
    assert created.response_metadata.request_id

    job = mode.call("describe_compilation_job", name, client=client)
    assert job.compilation_job_name == name
    assert job.compilation_job_status is CompilationJobStatus.COMPLETED
    assert (job.input_config, job.output_config) == (JOB["input_config"], JOB["output_config"])
    assert job.stopping_condition == JOB["stopping_condition"]
    assert job.creation_time.tzinfo is UTC
    assert abs(job.creation_time - datetime.now(UTC)) < timedelta(minutes=5)
    # boto3 reads the same job to the same values
    theirs = boto_of(moto_url).describe_compilation_job(CompilationJobName=name)
    assert theirs["CreationTime"] == job.creation_time
    assert theirs["CompilationJobArn"] == job.compilation_job_arn
    assert theirs["ModelArtifacts"]["S3ModelArtifacts"] == job.model_artifacts.s3_model_artifacts
    assert theirs["FailureReason"] == job.failure_reason

    with pytest.raises(ResourceInUse) as in_use:
        mode.call("create_compilation_job", name, **JOB, client=client)
    assert (in_use.value.status, in_use.value.operation) == (400, "CreateCompilationJob")

    mode.call("delete_compilation_job", name, client=client)
    for method in ("describe_compilation_job", "delete_compilation_job"):
        with pytest.raises(ResourceNotFound) as missing:
            mode.call(method, name, client=client)
        assert name in missing.value.message


def test_lists_with_filters_and_pages(mode: Any, moto_url: str, name: str) -> None:
    client = {"endpoint_url": moto_url}
    names = [f"{name}-{letter}" for letter in "abc"]
    for one in names:
        mode.call("create_compilation_job", one, **JOB, client=client)
    seen: list[str] = []
    token = None
    for _ in range(3):
        page = mode.call("list_compilation_jobs", name_contains=name, max_results=1, next_token=token, client=client)
        seen += [job.compilation_job_name for job in page.compilation_job_summaries]
        token = page.next_token
    assert sorted(seen) == names
    assert token is None
    none = mode.call("list_compilation_jobs", status_equals=CompilationJobStatus.FAILED, client=client)
    assert none.compilation_job_summaries == ()
    later = datetime.now(UTC) + timedelta(days=1)
    none = mode.call("list_compilation_jobs", creation_time_after=later, client=client)
    assert none.compilation_job_summaries == ()


def test_a_platform_in_place_of_a_device(mode: Any, moto_url: str, name: str) -> None:
    platform = TargetPlatform(
        os=TargetPlatformOs.LINUX, arch=TargetPlatformArch.ARM64, accelerator=TargetPlatformAccelerator.NVIDIA
    )
    output = OutputConfig(
        s3_output_location="s3://models/out/", target_platform=platform, compiler_options='{"gpu-code":"sm_72"}'
    )
    client = {"endpoint_url": moto_url}
    mode.call("create_compilation_job", name, **{**JOB, "output_config": output}, client=client)
    assert mode.call("describe_compilation_job", name, client=client).output_config == output


def test_what_the_server_refuses_is_typed(mode: Any, moto_url: str, name: str) -> None:
    both = {**JOB, "model_package_version_arn": "arn:aws:sagemaker:us-west-2:123456789012:model-package/m/1"}
    with pytest.raises(InputValidationError, match="give exactly one of InputConfig, ModelPackageVersionArn"):
        mode.call("create_compilation_job", name, **both, client={"endpoint_url": moto_url})
    with pytest.raises(ValidationException) as refused:  # by the server, when nothing is checked before
        mode.call("create_compilation_job", name, **both, client={"endpoint_url": moto_url, "validate_input": False})
    assert refused.value.fault == "client"


def test_a_page_of_html_is_a_server_error(mode: Any, moto_url: str, name: str) -> None:
    with pytest.raises(ServerError) as caught:  # moto has no StopCompilationJob
        mode.call("stop_compilation_job", name, client={"endpoint_url": moto_url})
    assert (caught.value.code, caught.value.status, caught.value.fault) == ("HTTP500", 500, "server")
    assert caught.value.retryable
    assert "<" not in caught.value.message


# An operation of another service, declared as a user would; moto serves it too.
DYNAMODB = Service("DynamoDB", "DynamoDB_20120810", "dynamodb", "dynamodb", json_version="1.0")


@structure
class ListTablesInput:
    """Which tables."""

    limit: int | None = None


@structure
class ListTablesOutput:
    """Their names."""

    table_names: Sequence[str]


@structure
class DescribeTableInput:
    """Which table."""

    table_name: str


@structure
class DescribeTableOutput:
    """What is known of it."""

    table: Mapping[str, str] | None = None


LIST_TABLES = Operation(DYNAMODB, "ListTables", ListTablesInput, ListTablesOutput)


def test_an_operation_of_another_service(moto_url: str, credentials: Credentials) -> None:
    options: dict[str, Any] = {"region": "us-west-2", "credentials": credentials, "endpoint_url": moto_url}

    async def asynchronously() -> ListTablesOutput:
        async with AsyncJsonClient(DYNAMODB, **options) as client:
            return await client.call(LIST_TABLES, ListTablesInput(limit=5))

    with JsonClient(DYNAMODB, **options) as client:
        assert client.call(LIST_TABLES, ListTablesInput(limit=5)) == ListTablesOutput(table_names=())
    assert asyncio.run(asynchronously()) == ListTablesOutput(table_names=[])
    missing = Operation(DYNAMODB, "DescribeTable", DescribeTableInput, DescribeTableOutput)
    with JsonClient(DYNAMODB, **options) as client, pytest.raises(ServiceError) as caught:
        client.call(missing, DescribeTableInput(table_name="none"))
    assert (type(caught.value), caught.value.code) == (ServiceError, "ResourceNotFoundException")


# --------------------------------------------------------------------------------------------------- long-lived clients


def test_one_blocking_client_serves_many_threads(moto_url: str, name: str, credentials: Credentials) -> None:
    found: list[str] = []
    with NeoClient(region="us-west-2", credentials=credentials, endpoint_url=moto_url) as client:
        client.create_compilation_job(name, **JOB)

        def work() -> None:
            found.extend(client.describe_compilation_job(name).compilation_job_name for _ in range(5))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert found == [name] * 40


def test_one_asynchronous_client_serves_many_tasks(moto_url: str, name: str, credentials: Credentials) -> None:
    async def main() -> list[str]:
        async with AsyncNeoClient(region="us-west-2", credentials=credentials, endpoint_url=moto_url) as client:
            await client.create_compilation_job(name, **JOB)
            jobs = await asyncio.gather(*(client.describe_compilation_job(name) for _ in range(40)))
        return [job.compilation_job_name for job in jobs]

    assert asyncio.run(main()) == [name] * 40


def test_no_context_manager_is_needed(moto_url: str, credentials: Credentials) -> None:
    client = NeoClient(region="us-west-2", credentials=credentials, endpoint_url=moto_url)
    client.list_compilation_jobs()
    client.close()


# ------------------------------------------------------------------------------------------------------- making clients

Make = Callable[..., NeoClient | AsyncNeoClient]


@pytest.fixture(params=[NeoClient, AsyncNeoClient])
def make(request: pytest.FixtureRequest) -> Make:
    cls: Make = request.param
    return cls


LISTED = httpx.Response(200, json={"CompilationJobSummaries": []})


def hosts_called(mode: Any, **client: Any) -> list[str]:
    """The hosts that a call of a client goes to."""
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.host)
        return LISTED

    mode.call("list_compilation_jobs", client={"region": None, "transport": httpx.MockTransport(handler), **client})
    return seen


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "eu-west-2"}, "eu-west-2"),
    ],
)
def test_the_region_may_come_from_the_environment(mode: Any, environ: dict[str, str], region: str) -> None:
    assert hosts_called(mode, environ=environ) == [f"api.sagemaker.{region}.amazonaws.com"]


def test_the_process_environment_is_read_at_the_first_call(mode: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "cn-north-1")
    assert hosts_called(mode) == ["api.sagemaker.cn-north-1.amazonaws.com.cn"]


def test_no_region_is_an_error_of_the_first_call(mode: Any) -> None:
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        hosts_called(mode, environ={})


def test_making_a_client_reads_nothing(make: Make) -> None:
    class Untouchable(Mapping[str, str]):
        def __getitem__(self, name: str) -> str:
            raise AssertionError(f"{name} was read")

        __iter__ = __len__ = None  # type: ignore[assignment]  # as above

    make(environ=Untouchable())


def test_credentials_may_come_from_the_environment(mode: Any) -> None:
    seen: list[Any] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"CompilationJobSummaries": []})

    environ = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "token"}
    client = {"credentials": None, "environ": environ, "transport": httpx.MockTransport(handler)}
    mode.call("list_compilation_jobs", client=client)
    assert "Credential=AKIDENV/" in seen[0].headers["authorization"]
    assert seen[0].headers["x-amz-security-token"] == "token"


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"AWS_EC2_METADATA_DISABLED": "true"}, NoCredentials),
        ({"AWS_ACCESS_KEY_ID": "AKIDENV"}, PartialCredentials),
        ({"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "secret\n"}, CredentialsError),
    ],
)
def test_bad_credentials_in_the_environment_send_nothing(
    mode: Any, environ: dict[str, str], expected: type[Exception]
) -> None:
    def handler(_: object) -> httpx.Response:
        raise AssertionError("sent")

    client = {"credentials": None, "environ": environ, "transport": httpx.MockTransport(handler)}
    with pytest.raises(expected) as caught:
        mode.call("list_compilation_jobs", client=client)
    assert "secret\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "expected", "words"),
    [
        ({"region": "no region"}, ConfigurationError, "'no region'"),
        ({"region": "evil.example/"}, ConfigurationError, "region"),
        ({"region": "aws-global"}, EndpointError, "no endpoint"),
        ({"endpoint_url": "ftp://x"}, EndpointError, "http"),
        ({"endpoint_url": "https://user:hunter2@host"}, EndpointError, "password"),
        ({"credentials": ("AKID", "secret")}, ConfigurationError, "give Credentials"),
        ({"timeout": 0}, ConfigurationError, "above 0"),
        ({"timeout": True}, ConfigurationError, "above 0"),
        ({"timeout": float("inf")}, ConfigurationError, "above 0"),
        ({"verify": False}, TypeError, "no such option: verify"),
    ],
)
def test_a_bad_option_is_refused_at_once(
    make: Make, options: dict[str, Any], expected: type[Exception], words: str
) -> None:
    with pytest.raises(expected, match=words) as caught:
        make(**{"region": "eu-west-1", **options})
    assert "hunter2" not in str(caught.value)


def test_a_number_of_seconds_is_every_timeout(mode: Any) -> None:
    seen: list[dict[str, float]] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions["timeout"])
        return httpx.Response(200, json={"CompilationJobSummaries": []})

    for timeout in (3, Timeout(connect=1, read=2)):
        mode.call("list_compilation_jobs", client={"timeout": timeout, "transport": httpx.MockTransport(handler)})
    assert seen[0] == {"connect": 3, "read": 3, "write": 3, "pool": 3}
    assert seen[1] == {"connect": 1, "read": 2, "write": 60.0, "pool": 60.0}


def test_both_clients_have_the_same_methods_with_the_same_parameters() -> None:
    def public(cls: type) -> dict[str, str]:
        found = inspect.getmembers(cls, inspect.isfunction)
        return {name: str(inspect.signature(one)) for name, one in found if not name.startswith("_")}

    blocking = public(NeoClient)
    asynchronous = {name: text.replace("-> 'Async", "-> '") for name, text in public(AsyncNeoClient).items()}
    assert blocking.pop("close") == asynchronous.pop("aclose")
    assert blocking == asynchronous
    assert {
        "create_compilation_job",
        "describe_compilation_job",
        "list_compilation_jobs",
        "stop_compilation_job",
        "delete_compilation_job",
        "create_or_get_compilation_job",
        "iter_compilation_jobs",
        "wait_for_compilation_job",
        "wait_for_compilation_jobs",
        "watch_compilation_job",
        "call",
        "with_options",
        "explain_credentials",
    } <= set(blocking)


def test_the_general_call_takes_the_same_operations(moto_url: str, name: str, credentials: Credentials) -> None:
    with NeoClient(region="us-west-2", credentials=credentials, endpoint_url=moto_url) as client:
        client.create_compilation_job(name, **JOB)
        request = DescribeCompilationJobRequest(compilation_job_name=name)
        assert client.call(DESCRIBE_COMPILATION_JOB, request) == client.describe_compilation_job(name)


def test_a_repr_has_no_secret(make: Make, credentials: Credentials) -> None:
    client = make(region="eu-west-1", credentials=credentials)
    assert credentials.secret_access_key not in repr(client)
    assert credentials.secret_access_key not in repr(vars(client))


def test_an_asynchronous_client_works_under_trio_too(moto_url: str, name: str, credentials: Credentials) -> None:
    async def main() -> str:
        async with AsyncNeoClient(region="us-west-2", credentials=credentials, endpoint_url=moto_url) as client:
            await client.create_compilation_job(name, **JOB)
            return (await client.describe_compilation_job(name)).compilation_job_name

    assert trio.run(main) == name


def test_closing_drops_the_signing_keys(mode: Any, moto_url: str) -> None:
    mode.call("list_compilation_jobs", client={"endpoint_url": moto_url})  # which closes its client
    assert signing_key.cache_info().currsize == hmac_signer.cache_info().currsize == 0
