"""describe, list, create, stop and delete, against the local service, with boto3 for a witness."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from neo_wire.local import LocalServer, NeoService

# The fixtures `run`, `call` and `create` run the command; each gives an Outcome: status, out, err, json.
Run = Callable[..., Any]


def comparable(value: Any) -> Any:
    """What boto3 gives, with its local times in UTC and without its metadata."""
    if isinstance(value, dict):
        return {name: comparable(item) for name, item in value.items() if name != "ResponseMetadata"}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def test_create_prints_the_arn_and_boto3_finds_the_job(create: Run, boto: Any, service: NeoService) -> None:
    created = create("resnet50", "--tag", "team=vision", "--tag", "formula=e=mc2", "--kms-key-id", "alias/neo")
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/resnet50"
    assert (created.status, created.json, created.err) == (0, {"CompilationJobArn": arn}, "")
    described = boto.describe_compilation_job(CompilationJobName="resnet50")
    assert described["RoleArn"] == "arn:aws:iam::123456789012:role/neo"
    assert described["StoppingCondition"] == {"MaxRuntimeInSeconds": 900}
    assert described["InputConfig"] == {
        "S3Uri": "s3://models/resnet50.tar.gz",
        "DataInputConfig": '{"data": [1, 3, 224, 224]}',
        "Framework": "PYTORCH",
        "FrameworkVersion": "2.0",
    }
    assert described["OutputConfig"] == {
        "S3OutputLocation": "s3://models/compiled/",
        "TargetDevice": "ml_c5",
        "KmsKeyId": "alias/neo",
    }
    job = service.job("resnet50", "eu-west-1")
    assert job is not None
    assert [(tag.key, tag.value) for tag in job.request.tags or ()] == [("team", "vision"), ("formula", "e=mc2")]


def test_describe_prints_what_boto3_describes(create: Run, call: Run, boto: Any) -> None:
    create("resnet50")
    described = call("describe", "resnet50")
    assert described.status == 0
    assert described.json == comparable(boto.describe_compilation_job(CompilationJobName="resnet50"))
    assert described.json["CreationTime"].endswith("+00:00")


def test_describe_of_a_job_made_by_boto3(call: Run, boto: Any) -> None:
    boto.create_compilation_job(
        CompilationJobName="slow-one",
        RoleArn="arn:aws:iam::123456789012:role/neo",
        ModelPackageVersionArn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/resnet50/1",
        OutputConfig={
            "S3OutputLocation": "s3://models/compiled/",
            "TargetPlatform": {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "NVIDIA"},
            "CompilerOptions": '{"gpu-code": "sm_72", "trt-ver": "8.0", "cuda-ver": "11.4"}',
        },
        VpcConfig={"SecurityGroupIds": ["sg-1", "sg-2"], "Subnets": ["subnet-1"]},
        StoppingCondition={"MaxRuntimeInSeconds": 86_400},
    )
    described = call("describe", "slow-one").json
    assert described == comparable(boto.describe_compilation_job(CompilationJobName="slow-one"))
    assert described["CompilationJobStatus"] == "INPROGRESS"
    assert described["VpcConfig"] == {"SecurityGroupIds": ["sg-1", "sg-2"], "Subnets": ["subnet-1"]}


def test_create_with_all_the_other_options(call: Run, boto: Any) -> None:
    created = call(
        "create", "--compilation-job-name", "edge", "--role-arn", "arn:aws:iam::123456789012:role/neo",
        "--model-package-version-arn", "arn:aws:sagemaker:eu-west-1:123456789012:model-package/resnet50/1",
        "--s3-output-location", "s3://models/compiled/", "--target-platform", "linux/arm64/nvidia",
        "--compiler-options", '{"gpu-code": "sm_72"}', "--max-runtime", "60",
        "--security-group-ids", "sg-1", "sg-2", "--subnets", "subnet-1",
    )  # fmt: skip
    assert created.status == 0, created.err
    described = boto.describe_compilation_job(CompilationJobName="edge")
    assert described["OutputConfig"] == {
        "S3OutputLocation": "s3://models/compiled/",
        "TargetPlatform": {"Os": "LINUX", "Arch": "ARM64", "Accelerator": "NVIDIA"},
        "CompilerOptions": '{"gpu-code": "sm_72"}',
    }
    assert described["VpcConfig"] == {"SecurityGroupIds": ["sg-1", "sg-2"], "Subnets": ["subnet-1"]}
    assert described["ModelPackageVersionArn"].endswith("model-package/resnet50/1")


def test_stop_and_delete_print_nothing(create: Run, call: Run) -> None:
    create("slow-one")
    for command in ("stop", "delete"):
        outcome = call(command, "slow-one")
        assert (outcome.status, outcome.out, outcome.err) == (0, "", "")
    assert call("describe", "slow-one").status == 254


@pytest.mark.parametrize("command", ["describe", "stop", "delete"])
def test_a_missing_job_is_one_line_and_254(call: Run, command: str) -> None:
    outcome = call(command, "nothing")
    assert (outcome.status, outcome.out) == (254, "")
    assert outcome.err.startswith("neo-wire: ResourceNotFound from ")
    assert outcome.err.count("\n") == 1
    assert "request id" in outcome.err


def test_a_name_in_use_is_254(create: Run) -> None:
    create("resnet50")
    again = create("resnet50")
    assert again.status == 254
    assert again.err.startswith("neo-wire: ResourceInUse from CreateCompilationJob: ")


def test_a_wrong_secret_is_254_and_shown_nowhere(call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret-of-this-key")
    outcome = call("list")
    assert outcome.status == 254
    assert outcome.err.startswith("neo-wire: InvalidSignatureException from ListCompilationJobs: ")
    assert "not-the-secret" not in outcome.err


# ----------------------------------------------------------------------------------------------------------------- list


@pytest.fixture
def names(create: Run, boto: Any) -> list[str]:
    """More jobs than a page of the service's default has."""
    create("resnet-00")
    request = boto.describe_compilation_job(CompilationJobName="resnet-00")
    shared = {name: request[name] for name in ("RoleArn", "InputConfig", "OutputConfig", "StoppingCondition")}
    for index in range(1, 12):
        boto.create_compilation_job(CompilationJobName=f"resnet-{index:02}", **shared)
    boto.create_compilation_job(CompilationJobName="slow-one", **shared)
    return [f"resnet-{index:02}" for index in range(12)] + ["slow-one"]


def listed(outcome: Any) -> list[str]:
    return [job["CompilationJobName"] for job in outcome.json["CompilationJobSummaries"]]


def test_list_fetches_every_page(names: list[str], call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neo_wire.jobs.paging.LARGEST_PAGE", 5)
    outcome = call("list", "--sort-by", "Name")
    assert outcome.status == 0
    assert listed(outcome) == names
    assert "NextToken" not in outcome.json


def test_list_prints_what_boto3_lists(names: list[str], call: Run, boto: Any) -> None:
    assert call("list").json == comparable(boto.list_compilation_jobs(MaxResults=100))


def test_a_page_that_is_asked_for_is_all_that_is_fetched(names: list[str], call: Run) -> None:
    first = call("list", "--sort-by", "Name", "--max-results", "8")
    assert listed(first) == names[:8]
    second = call("list", "--sort-by", "Name", "--next-token", first.json["NextToken"])
    assert listed(second) == names[8:]
    assert "NextToken" not in second.json
    assert len(listed(call("list", "--no-paginate"))) == 10  # as many as the service gives by default


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (["--status-equals", "INPROGRESS"], ["slow-one"]),
        (["--name-contains", "-1"], ["resnet-10", "resnet-11"]),
        (["--name-contains", "-1", "--sort-by", "Name", "--sort-order", "Descending"], ["resnet-11", "resnet-10"]),
        (["--creation-time-after", "2999-01-01"], []),
        (["--creation-time-before", "2001-02-03T04:05:06+01:00"], []),
        (["--last-modified-time-after", "32503680000"], []),
        (["--last-modified-time-before", "2001-02-03T04:05:06Z"], []),
    ],
)
def test_filters_reach_the_service(names: list[str], call: Run, filters: list[str], expected: list[str]) -> None:
    outcome = call("list", *filters)
    assert outcome.status == 0, outcome.err
    assert listed(outcome) == expected


def test_the_same_token_twice_is_an_error_and_no_endless_loop(
    run: Run, raw_server: Callable[[bytes], Any], response: Callable[..., bytes]
) -> None:
    server = raw_server(response(json.dumps({"CompilationJobSummaries": [], "NextToken": "again"}).encode()))
    outcome = run("list", "--endpoint-url", server.url)
    assert outcome.status == 255
    assert outcome.err.startswith("neo-wire: PaginationError: ListCompilationJobs gave one NextToken twice, ")
    assert outcome.err.count("\n") == 1
    assert len(server.requests) == 2


def test_a_limit_is_of_all_pages_together(names: list[str], call: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("neo_wire.jobs.paging.LARGEST_PAGE", 5)
    assert listed(call("list", "--sort-by", "Name", "--limit", "7")) == names[:7]
    refused = call("list", "--limit", "0")
    assert refused.status == 253
    assert "limit is 0; give a whole number of 1 or more" in refused.err
    for page in (("--max-results", "5"), ("--no-paginate",), ("--next-token", "x")):
        refused = call("list", "--limit", "7", *page)
        assert (refused.status, refused.out) == (252, "")
        assert refused.err.startswith("neo-wire: --limit goes over all pages; leave it out beside ")


# ----------------------------------------------------------------------------------------------------- tables and text


def test_tables(create: Run, call: Run) -> None:
    create("resnet50")
    create("slow-one")
    table = call("list", "--output", "table", "--sort-by", "Name")
    assert table.status == 0
    heading, rule, *rows = [line.split() for line in table.out.splitlines()]
    assert heading[:3] == ["Name", "Status", "Target"]
    assert set("".join(rule)) == {"-"}
    assert [row[:3] for row in rows] == [["resnet50", "COMPLETED", "ml_c5"], ["slow-one", "INPROGRESS", "ml_c5"]]
    details = [line.split() for line in call("describe", "resnet50", "--output", "table").out.splitlines()]
    assert ["OutputConfig.TargetDevice", "ml_c5"] in details
    assert ["CompilationJobArn", "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/resnet50"] in details
    assert "NextToken: " in call("list", "--output", "table", "--max-results", "1").out


def test_text_is_a_job_a_line_and_nothing_else(create: Run, call: Run) -> None:
    create("resnet50")
    create("slow-one")
    page = call("list", "--output", "text", "--sort-by", "Name", "--max-results", "1")
    assert [line.split("\t")[:3] for line in page.out.splitlines()] == [["resnet50", "COMPLETED", "ml_c5"]]
    assert page.err.startswith("NextToken: ")
    details = call("describe", "slow-one", "--output", "text").out.splitlines()
    assert "CompilationJobStatus\tINPROGRESS" in details
    assert call("list", "--output", "text", "--name-contains", "nothing").out == ""


def test_create_and_stop_with_tables(create: Run, call: Run) -> None:
    assert "compilation-job/slow-one" in create("slow-one", "--output", "table").out
    assert call("stop", "slow-one", "--output", "table").out == ""


# ------------------------------------------------------------------------------------------------- create, with care


def test_or_get_takes_the_same_job_and_no_other(create: Run, service: NeoService) -> None:
    arn = "arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/resnet50"
    assert create("resnet50", "--or-get").json == {"CompilationJobArn": arn, "Created": True}
    again = create("resnet50", "--or-get")
    assert (again.status, again.err) == (0, "")
    assert again.json == {"CompilationJobArn": arn, "Created": False, "CompilationJobStatus": "COMPLETED"}
    other = create("resnet50", "--or-get", "--kms-key-id", "alias/neo")
    assert (other.status, other.out) == (6, "")
    assert "OutputConfig.KmsKeyId: asked for 'alias/neo', the job has nothing" in other.err
    assert other.err.count("\n") == 1


def test_a_check_sends_nothing(create: Run, service: NeoService) -> None:
    checked = create("resnet50", "--check")
    assert (checked.status, checked.json) == (0, {"Problems": [], "Warnings": []})
    assert create("resnet50", "--check", "--output", "table").out.startswith("nothing is wrong")
    assert create("resnet50", "--check", "--output", "text").out == ""
    assert service.job("resnet50", "eu-west-1") is None


def test_a_check_tells_all_that_is_wrong_and_what_may_be(create: Run) -> None:
    more = ("--max-runtime", "10", "--s3-uri", "s3://models/resnet50.zip")
    document = '{"StopingCondition": {}}'
    checked = create("my job", "--check", "--cli-input-json", document, *more)
    assert (checked.status, checked.err) == (252, "")
    problems = [one["Member"] for one in checked.json["Problems"]]
    assert problems == ["StopingCondition", "CompilationJobName", "InputConfig.S3Uri"]
    assert [one["Member"] for one in checked.json["Warnings"]] == ["StoppingCondition.MaxRuntimeInSeconds"]
    lines = create("my job", "--check", "--cli-input-json", document, *more, "--output", "text").out.splitlines()
    assert [line.split("\t")[:2] for line in lines] == [
        *(["problem", member] for member in problems),
        ["warning", "StoppingCondition.MaxRuntimeInSeconds"],
    ]


def test_a_check_knows_the_region(create: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = create("resnet50", "--check", "--region", "cn-north-1").json
    assert {one["Member"] for one in elsewhere["Problems"]} == {"RoleArn"}
    monkeypatch.delenv("AWS_REGION")
    assert create("resnet50", "--check").json == {"Problems": [], "Warnings": []}


# ----------------------------------------------------------------------------------------------- settings and transport


def test_no_region(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    outcome = run("describe", "resnet50")
    assert outcome.status == 253
    assert outcome.err.startswith("neo-wire: ConfigurationError: no region: give one, such as eu-west-1, ")
    assert "--region" in outcome.err
    assert "AWS_REGION" in outcome.err
    assert outcome.err.count("\n") == 1


def test_region_as_an_option_is_the_region_that_is_signed_for(
    call: Run, create: Run, service: NeoService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION")
    assert create("resnet50", "--region", "ap-south-1").status == 0
    assert service.job("resnet50", "ap-south-1") is not None
    assert call("describe", "resnet50", "--region", "eu-west-1").status == 254


def test_no_credentials(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    outcome = run("list", "--endpoint-url", "http://127.0.0.1:9")
    assert outcome.status == 253
    assert outcome.err.startswith("neo-wire: NoCredentials: ")


def test_nobody_listens(run: Run, server: LocalServer) -> None:
    url = server.url
    server.close()
    outcome = run("list", "--endpoint-url", url)
    assert outcome.status == 255
    assert outcome.err.startswith(f"neo-wire: ConnectFailed: {url}: ")
    assert outcome.err.count("\n") == 1


def test_the_timeout_is_used(run: Run, raw_server: Callable[..., Any]) -> None:
    server = raw_server(lambda connection: connection.recv(1))  # says nothing until the client has gone
    outcome = run("list", "--endpoint-url", server.url, "--timeout", "0.2")
    assert outcome.status == 255
    assert outcome.err.startswith(f"neo-wire: CallTimeout: {server.url}: ")
    assert "0.2 s" in outcome.err
    assert run("list", "--timeout", "0").status == 253


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://127.0.0.1/?a=b", "nonsense"])
def test_an_endpoint_that_is_none(run: Run, url: str) -> None:
    outcome = run("list", "--endpoint-url", url)
    assert outcome.status == 253
    assert outcome.err.startswith("neo-wire: EndpointError: endpoint_url")


def test_an_answer_that_is_no_json(run: Run, raw_server: Callable[..., Any], response: Callable[..., bytes]) -> None:
    server = raw_server(response(b"<html>\n<b>proxy</b>\n</html>", content_type="text/html"))
    outcome = run("describe", "resnet50", "--endpoint-url", server.url)
    assert outcome.status == 255
    assert outcome.err.startswith("neo-wire: ResponseDecodeError: cannot decode the response: ")
    assert outcome.err.count("\n") == 1
