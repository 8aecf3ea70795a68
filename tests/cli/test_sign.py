"""`neo-wire sign`: what it prints is what botocore signs, what curl sends and what the verifier accepts."""

from __future__ import annotations

import io
import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from neo_wire import Credentials, HttpRequest, SigningOptions, Url
from neo_wire.local import LocalServer
from neo_wire.local.http1 import ServerConnection
from neo_wire.signing import S3, Verification, verify

Run = Callable[..., Any]
KEY = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
DESCRIBE = ("-H", "Content-Type: application/x-amz-json-1.1", "-H", "X-Amz-Target: SageMaker.DescribeCompilationJob")
AWS = "https://api.sagemaker.eu-west-1.amazonaws.com/"

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl on this machine")


def verified(request: HttpRequest, options: SigningOptions = SigningOptions(), key: Credentials = KEY) -> Verification:  # noqa: B008  # a frozen value
    return verify(request, {key.access_key_id: key}.get, datetime.now(UTC), options=options)


def headers_of(out: str) -> tuple[tuple[str, str], ...]:
    pairs = [line.partition(": ") for line in out.splitlines()]
    return tuple((name, value) for name, _, value in pairs)


# -------------------------------------------------------------------------------------------------------------- headers


def test_the_headers_are_those_of_botocore(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = run("sign", "POST", AWS, *DESCRIBE, "--data", '{"CompilationJobName": "é"}')
    assert outcome.status == 0, outcome.err
    headers = dict(headers_of(outcome.out))
    moment = datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007  # botocore's own times are naive
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_: moment)
    request = botocore.awsrequest.AWSRequest(
        "POST",
        AWS,
        headers={"Content-Type": headers["Content-Type"], "X-Amz-Target": headers["X-Amz-Target"]},
        data='{"CompilationJobName": "é"}'.encode(),
    )
    pair = botocore.credentials.Credentials(KEY.access_key_id, KEY.secret_access_key)
    botocore.auth.SigV4Auth(pair, "sagemaker", "eu-west-1").add_auth(request)
    assert headers["Authorization"] == request.headers["Authorization"]
    assert headers["Host"] == "api.sagemaker.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("url", "options", "scope"),
    [
        (AWS, (), "eu-west-1/sagemaker"),
        ("https://a1b2c3.execute-api.us-east-2.amazonaws.com/prod", (), "us-east-2/execute-api"),
        ("https://logs.cn-north-1.amazonaws.com.cn/", (), "cn-north-1/logs"),
        ("https://models.s3.dualstack.eu-central-1.amazonaws.com/k", ("--s3",), "eu-central-1/s3"),
        ("https://s3.amazonaws.com/bucket/k", ("--s3",), "eu-west-1/s3"),  # the region of AWS_REGION
        ("https://models.s3.eu-west-3.amazonaws.com/a%20b", (), "eu-west-3/s3"),
        ("http://127.0.0.1:9000/bucket/a%20b", ("--service", "s3"), "eu-west-1/s3"),
        ("http://127.0.0.1:9000/bucket/a%20b", ("--s3", "--service", "store"), "eu-west-1/store"),
        ("https://search.eu-west-3.amazonaws.com/", ("--service", "es", "--region", "ap-south-1"), "ap-south-1/es"),
        ("http://127.0.0.1:8080/", ("--service", "sagemaker"), "eu-west-1/sagemaker"),
    ],
)
def test_the_scope_is_given_or_told_by_the_host(run: Run, url: str, options: tuple[str, ...], scope: str) -> None:
    outcome = run("sign", "get", url, *options)
    assert outcome.status == 0, outcome.err
    assert f"/{scope}/aws4_request" in outcome.out
    request = HttpRequest("GET", Url.parse(url), headers_of(outcome.out))
    in_s3_mode = "--s3" in options or scope.endswith("/s3")
    assert (request.header("x-amz-content-sha256") is not None) is in_s3_mode
    assert verified(request, S3 if in_s3_mode else SigningOptions())


def test_the_session_token_is_signed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "a-token")
    headers = headers_of(run("sign", "GET", AWS).out)
    key = Credentials(KEY.access_key_id, KEY.secret_access_key, "a-token")
    assert ("X-Amz-Security-Token", "a-token") in headers
    assert verified(HttpRequest("GET", Url.parse(AWS), headers), key=key)


def test_the_body_may_come_from_a_file_or_from_standard_input(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b"\0\xff\r\n binary \n"
    path = tmp_path / "body"
    path.write_bytes(body)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(body)))
    for data in (f"@{path}", "-"):
        headers = headers_of(run("sign", "PUT", AWS, "--data", data).out)
        assert verified(HttpRequest("PUT", Url.parse(AWS), headers, body))
        assert not verified(HttpRequest("PUT", Url.parse(AWS), headers, body + b"."))


def test_an_unsigned_payload_is_for_https_only(run: Run) -> None:
    outcome = run("sign", "PUT", AWS, "--data", "anything", "--unsigned-payload")
    assert "X-Amz-Content-SHA256: UNSIGNED-PAYLOAD" in outcome.out
    assert verified(HttpRequest("PUT", Url.parse(AWS), headers_of(outcome.out), b"something else"))
    refused = run("sign", "PUT", "http://127.0.0.1/", "--service", "s3", "--unsigned-payload")
    assert (refused.status, refused.out) == (252, "")
    assert refused.err.startswith("neo-wire: --unsigned-payload is accepted over https only; ")


# -------------------------------------------------------------------------------------------------------------- presign


def test_a_presigned_url(run: Run) -> None:
    url = "https://models.s3.eu-west-1.amazonaws.com/a%20key"
    outcome = run("sign", "GET", url, "--s3", "--presign", "60")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.count("\n") == 1
    request = HttpRequest("GET", Url.parse(outcome.out.strip()))
    assert "X-Amz-Expires=60" in request.url.query
    assert verified(request, S3)


def test_a_presigned_url_whose_headers_matter_says_so(run: Run) -> None:
    outcome = run("sign", "POST", AWS, *DESCRIBE, "--data", "{}", "--presign", "60")
    assert outcome.out.startswith(AWS)
    assert outcome.err == (
        "neo-wire: send it as POST with Content-Type: application/x-amz-json-1.1, "
        "X-Amz-Target: SageMaker.DescribeCompilationJob\n"
    )
    headers = tuple((name, value) for name, _, value in (text.partition(": ") for text in (DESCRIBE[1], DESCRIBE[3])))
    assert verified(HttpRequest("POST", Url.parse(outcome.out.strip()), headers, b"{}"))


@pytest.mark.parametrize("seconds", ["0", "604801", "-1"])
def test_an_expiry_out_of_bounds(run: Run, seconds: str) -> None:
    outcome = run("sign", "GET", AWS, f"--presign={seconds}")
    assert outcome.status == 252
    assert outcome.err.startswith("neo-wire: SigningError: a presigned request cannot expire after ")


# ----------------------------------------------------------------------------------------------------------------- curl


def request_of(command: str) -> HttpRequest:
    """The request that a printed curl command stands for, read without curl."""
    words = iter(shlex.split(command))
    method, body, headers, url = "GET", b"", [], ""
    assert next(words) == "curl"
    for word in words:
        match word:
            case "--globoff" | "--path-as-is":
                pass
            case "--head":
                method = "HEAD"
            case "--request":
                method = next(words)
            case "--header":
                name, _, value = next(words).partition(":")
                if value:
                    headers.append((name, value.strip()))
                elif name.endswith(";"):
                    headers.append((name[:-1], ""))
            case "--data-raw":
                body = next(words).encode()
            case "--data-binary":
                body = Path(next(words).removeprefix("@")).read_bytes()
            case _:
                assert not url
                url = word
    return HttpRequest(method, Url.parse(url), tuple(headers), body)


BODIES = [
    '{"CompilationJobName": "resnet50"}',
    'it\'s "quoted" $HOME `id` \\ !',
    "-d\nsecond line\n\n",
    "模型 🙂 é",
    "",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("presign", [(), ("--presign", "300")])
def test_the_curl_command_is_the_signed_request(run: Run, body: str, presign: tuple[str, ...]) -> None:
    outcome = run("sign", "POST", AWS, *DESCRIBE, "--data", body, "--curl", *presign)
    assert (outcome.status, outcome.err) == (0, "")
    request = request_of(outcome.out)
    assert request.body == body.encode()
    assert verified(request)


@needs_curl
def test_a_body_that_looks_like_a_file_is_none_in_the_curl_command(
    run: Run, raw_server: Callable[..., Any], response: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = raw_server(response())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"@/etc/hostname")))
    shell(run("sign", "PUT", server.url, "--data", "-", "--service", "s3", "--curl").out.strip() + " --silent")
    assert server.requests[0].endswith(b"\r\n\r\n@/etc/hostname")


@needs_curl
@pytest.mark.parametrize("presign", [(), ("--presign", "300")])
def test_curl_describes_a_job_of_the_local_service(
    run: Run, create: Run, server: LocalServer, presign: tuple[str, ...]
) -> None:
    create("resnet50")
    signed = run(
        "sign", "POST", server.url, *DESCRIBE, "--data", '{"CompilationJobName": "resnet50"}',
        "--service", "sagemaker", "--curl", *presign,
    )  # fmt: skip
    answer = shell(f"{signed.out.strip()} --silent --fail-with-body")
    assert json.loads(answer)["CompilationJobStatus"] == "COMPLETED"
    tampered = shell(f"{signed.out.strip()} --silent".replace("resnet50", "resnet18"))
    assert json.loads(tampered)["__type"] == "InvalidSignatureException"


@needs_curl
@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/a/../b//c%20d/é?x=1&x=&y=%C3%A9&z", ()),
        ("GET", "/a/../b//c[1-3]{d,e}", ("--s3",)),
        ("HEAD", "/", ()),
        ("DELETE", "/thing", ("-H", "X-Empty:", "-H", "X-Twice: a", "-H", "X-Twice:  b")),
        ("GET", "/with-a-body", ("--data", "body")),
        ("PUT", "/key", ("--data", "it's\n@here é", "--s3")),
        ("PATCH", "/", ("--data", "")),
        ("POST", "/nothing", ("-H", "Content-Type: text/plain; charset=utf-8")),
    ],
)
def test_curl_sends_what_was_signed(
    run: Run,
    raw_server: Callable[..., Any],
    response: Callable[..., bytes],
    method: str,
    path: str,
    options: tuple[str, ...],
) -> None:
    server = raw_server(response())
    signed = run("sign", method, server.url + path, *options, "--service", "store", "--curl")
    assert signed.status == 0, signed.err
    shell(f"{signed.out.strip()} --silent --max-time 10")
    peer = ServerConnection()
    peer.receive(server.requests[0])
    arrived = peer.next_request()
    assert arrived is not None
    assert arrived.method == method
    outcome = verified(arrived, S3 if "--s3" in options else SigningOptions())
    assert outcome, outcome.message


@needs_curl
def test_the_headers_can_be_piped_into_curl(run: Run, server: LocalServer) -> None:
    listing = (DESCRIBE[0], DESCRIBE[1], "-H", "X-Amz-Target: SageMaker.ListCompilationJobs")
    headers = run("sign", "POST", server.url, *listing, "--data", "{}", "--service", "sagemaker").out
    answer = subprocess.run(  # noqa: S603  # the arguments are the test's own
        ["curl", "--silent", "-H", "@-", "--data", "{}", server.url],  # noqa: S607  # whichever curl there is
        input=headers, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    assert json.loads(answer.stdout) == {"CompilationJobSummaries": []}


def shell(command: str) -> str:
    return subprocess.run(  # noqa: S603  # the command is what is tested
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=True, timeout=30
    ).stdout


def test_curl_reads_a_binary_body_from_its_file(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "it's binary"
    path.write_bytes(b"\0\xff\n")
    signed = run("sign", "PUT", AWS, "--data", f"@{path}", "--curl")
    assert verified(request_of(signed.out))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\0\xff\n")))
    refused = run("sign", "PUT", AWS, "--data", "-", "--curl")
    assert (refused.status, refused.out) == (252, "")
    assert refused.err == "neo-wire: the body is not text, so no command line can hold it; give it as --data @FILE\n"


# -------------------------------------------------------------------------------------------------------------- explain


@pytest.mark.parametrize("presign", [(), ("--presign", "300")])
def test_explain_shows_everything_but_secrets(
    run: Run, monkeypatch: pytest.MonkeyPatch, presign: tuple[str, ...]
) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "the-session-token")
    outcome = run("sign", "POST", AWS, *DESCRIBE, "--data", "{}", "--explain", *presign)
    assert (outcome.status, outcome.err) == (0, "")
    for part in (
        "canonical request", "string to sign:", "AWS4-HMAC-SHA256", "/eu-west-1/sagemaker/aws4_request",
        "AKIDEXAMPLE", "content-type:application/x-amz-json-1.1", "signed at: ", "signed headers: ",
    ):  # fmt: skip
        assert part in outcome.out
    assert KEY.secret_access_key not in outcome.out
    assert "the-session-token" not in outcome.out
    assert "Signature=" not in outcome.out


def test_explain_with_curl_leaves_the_command_alone_on_stdout(run: Run) -> None:
    outcome = run("sign", "GET", AWS, "--explain", "--curl")
    assert outcome.out.startswith("curl ")
    assert outcome.out.count("\n") == 1
    assert "canonical request" in outcome.err


# ------------------------------------------------------------------------------------------------------------ bad input


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("GET", "nonsense"), 253, "ConfigurationError: 'nonsense' is not an http:// or https:// URL"),
        (
            ("GET", "http://127.0.0.1/"),
            252,
            "give --service, such as --service sagemaker: the host '127.0.0.1' does not",
        ),
        (("GET", AWS, "--region", "no region"), 252, "region is 'no region', which is no region"),
        (("GET", AWS, "-H", "no colon"), 252, "argument -H/--header: there is no colon after a name"),
        (("GET", AWS, "-H", "X-A: line\nbreak"), 252, "SigningError: "),
        (("G T", AWS), 252, "SigningError: "),
        (("PUT", AWS, "--data", "@/nowhere/body"), 252, "'/nowhere/body' cannot be read: No such file or directory"),
        (("GET", AWS, "--presign", "soon"), 252, "argument --presign: invalid int value: 'soon'"),
    ],
)
def test_bad_input(run: Run, arguments: tuple[str, ...], status: int, message: str) -> None:
    outcome = run("sign", *arguments)
    assert (outcome.status, outcome.out) == (status, "")
    assert outcome.err.startswith(f"neo-wire: {message}")
    assert outcome.err.count("\n") == 1


def test_no_credentials(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    outcome = run("sign", "GET", AWS)
    assert outcome.status == 253
    assert outcome.err.startswith("neo-wire: PartialCredentials: ")
