"""Whole calls over a client or transport of the user's: what was signed arrives, and what comes back is read."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import httpx2
import pytest
import respx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from neo_wire import AsyncNeoClient, ConfigurationError, NeoClient, NeoWireError, RedirectRefused, ResponseDecodeError

JOBS = b'{"CompilationJobSummaries":[]}'
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


@LIBRARIES
def test_the_bytes_that_arrive_are_the_bytes_that_were_signed(
    mode: Any, library: Any, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(JOBS))
    options = {"endpoint_url": server.url, "clock": lambda: NOON, "transport": mode.transport(library)}
    mode.call("list_compilation_jobs", name_contains="demo", client=options)
    (raw,) = server.requests
    head, _, body = raw.partition(b"\r\n\r\n")
    request_line, *lines = head.decode("ascii").split("\r\n")
    assert request_line == "POST / HTTP/1.1"
    sent = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert len(sent) == len(lines)
    assert body == b'{"NameContains":"demo"}'
    assert sent["content-length"] == str(len(body))
    assert sent["accept-encoding"] == "identity"
    assert sent["user-agent"].startswith("neo-wire/")

    # botocore signs what arrived to the same signature
    again = AWSRequest("POST", server.url + "/", {"Content-Type": sent["content-type"]}, body)
    again.headers["X-Amz-Target"] = sent["x-amz-target"]
    again.context["timestamp"] = sent["x-amz-date"]
    signer = SigV4Auth(
        BotocoreCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "sagemaker", "us-west-2"
    )
    again.headers["X-Amz-Date"] = sent["x-amz-date"]
    canonical = signer.canonical_request(again)
    signature = signer.signature(signer.string_to_sign(again, canonical), again)
    assert sent["authorization"].endswith(
        f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={signature}"
    )


@LIBRARIES
def test_the_path_of_the_endpoint_is_kept_and_signed(
    mode: Any, library: Any, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(JOBS))
    options = {"endpoint_url": server.url + "/a%20b/c~d", "transport": mode.transport(library)}
    mode.call("list_compilation_jobs", client=options)
    assert server.requests[0].startswith(b"POST /a%20b/c~d/ HTTP/1.1\r\n")


@LIBRARIES
@pytest.mark.parametrize("kind", ["transport", "client"])
def test_what_the_user_gave_is_used_and_left_open(
    mode: Any, library: Any, kind: str, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(JOBS))
    given = getattr(mode, kind)(library)
    for _ in range(2):
        jobs = mode.call("list_compilation_jobs", client={"endpoint_url": server.url, "transport": given})
        assert jobs.compilation_job_summaries == ()
    assert len(server.requests) == 2
    if mode.name == "sync":
        given.close()


def test_respx_routes_answer(mode: Any) -> None:
    router = respx.Router()
    route = router.post("https://api.sagemaker.us-west-2.amazonaws.com/").respond(
        200, json={"CompilationJobSummaries": [], "NextToken": "n"}, headers={"x-amzn-RequestId": "r"}
    )
    handler = router.handler if mode.name == "sync" else router.async_handler
    page = mode.call("list_compilation_jobs", client={"transport": httpx.MockTransport(handler)})
    assert (page.next_token, page.response_metadata.request_id) == ("n", "r")
    assert route.call_count == 1


@pytest.mark.parametrize("given", [httpx.AsyncClient, httpx.AsyncHTTPTransport, object, dict])
def test_a_blocking_client_refuses_what_it_cannot_send_with(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="give a blocking httpx client or transport"):
        NeoClient(region="us-west-2", transport=given())


@pytest.mark.parametrize("given", [httpx.Client, httpx.HTTPTransport, object, dict])
def test_an_asynchronous_client_refuses_what_it_cannot_send_with(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="give an asynchronous httpx client or transport"):
        AsyncNeoClient(region="us-west-2", transport=given())


@LIBRARIES
@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "303 See Other", "304 Not Modified", "307 Temporary"]
)
def test_a_redirect_is_not_followed(mode: Any, library: Any, status: str, raw_server: Serve, response: Respond) -> None:
    elsewhere = raw_server(response(JOBS))
    server = raw_server(response(b"", status, location=f"{elsewhere.url}/?X-Amz-Signature=s3cret"))
    for given in (mode.transport(library), mode.client(library, follow_redirects=True, trust_env=False)):
        with pytest.raises(NeoWireError) as caught:
            mode.call("list_compilation_jobs", client={"endpoint_url": server.url, "transport": given})
        error = caught.value
        assert type(error) is RedirectRefused
        assert error.maybe_processed is status.startswith("303")
        assert elsewhere.url in str(error)
        assert "s3cret" not in str(error)
        assert elsewhere.requests == []
        if mode.name == "sync":
            given.close()


@LIBRARIES
def test_a_body_over_the_limit_is_refused(mode: Any, library: Any, raw_server: Serve) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-amzn-requestid: r-1\r\ncontent-length: 1000000000\r\n\r\n")
        chunk = b" " * (1 << 20)
        for _ in range(200):
            connection.sendall(chunk)
            sent += 1

    options = {"endpoint_url": raw_server(flood).url, "transport": mode.transport(library)}
    with pytest.raises(ResponseDecodeError, match="16 MiB") as caught:
        mode.call("list_compilation_jobs", client=options)
    assert (caught.value.status, caught.value.request_id) == (200, "r-1")
    assert sent < 200


def test_a_compressed_answer_is_read_all_the_same(mode: Any, raw_server: Serve, response: Respond) -> None:
    server = raw_server(response(gzip.compress(JOBS), content_encoding="gzip"))
    options = {"endpoint_url": server.url, "transport": mode.transport(httpx)}
    assert mode.call("list_compilation_jobs", client=options).compilation_job_summaries == ()
