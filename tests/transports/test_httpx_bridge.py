"""The bridge, against real sockets: what goes out is what was signed, and each way to fail has its own name."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import httpx2
import pytest
import respx
import trustme
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from neo_wire import (
    AsyncNeoClient,
    ConfigurationError,
    ConnectFailed,
    ConnectionClosed,
    ConnectTimeout,
    NeoClient,
    NeoWireError,
    PoolTimeout,
    ProxyFailed,
    ReadTimeout,
    RedirectRefused,
    ResponseDecodeError,
    Timeout,
    TlsError,
    TransportError,
    WriteTimeout,
)

JOBS = b'{"CompilationJobSummaries":[]}'
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


# ---------------------------------------------------------------------------------------------- what goes over the wire


def test_the_bytes_that_arrive_are_the_bytes_that_were_signed(mode: Any, raw_server: Serve, response: Respond) -> None:
    server = raw_server(response(JOBS))
    mode.call("list_compilation_jobs", name_contains="demo", client={"endpoint_url": server.url, "clock": lambda: NOON})
    (raw,) = server.requests
    head, _, body = raw.partition(b"\r\n\r\n")
    request_line, *lines = head.decode("ascii").split("\r\n")
    assert request_line == "POST / HTTP/1.1"
    headers = [tuple(line.split(": ", 1)) for line in lines]
    assert [name for name, _ in headers] == [
        "Host",
        "Content-Type",
        "X-Amz-Target",
        "X-Amz-Date",
        "Authorization",
        "Accept-Encoding",
        "User-Agent",
        "Content-Length",
    ]
    sent = dict(headers)
    assert body == b'{"NameContains":"demo"}'
    assert sent["Content-Length"] == str(len(body))
    assert sent["Accept-Encoding"] == "identity"
    assert sent["User-Agent"].startswith("neo-wire/")

    # botocore signs what arrived to the same signature
    again = AWSRequest("POST", server.url + "/", {"Content-Type": sent["Content-Type"]}, body)
    again.headers["X-Amz-Target"] = sent["X-Amz-Target"]
    again.context["timestamp"] = sent["X-Amz-Date"]
    signer = SigV4Auth(
        BotocoreCredentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "sagemaker", "us-west-2"
    )
    again.headers["X-Amz-Date"] = sent["X-Amz-Date"]
    canonical = signer.canonical_request(again)
    signature = signer.signature(signer.string_to_sign(again, canonical), again)
    assert sent["Authorization"].endswith(
        f"SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature={signature}"
    )


def test_the_path_of_the_endpoint_is_kept_and_signed(mode: Any, raw_server: Serve, response: Respond) -> None:
    server = raw_server(response(JOBS))
    mode.call("list_compilation_jobs", client={"endpoint_url": server.url + "/a%20b/c~d"})
    assert server.requests[0].startswith(b"POST /a%20b/c~d/ HTTP/1.1\r\n")


@LIBRARIES
@pytest.mark.parametrize("kind", ["transport", "client"])
def test_a_client_or_transport_of_the_user_is_used_and_left_open(
    mode: Any, library: Any, kind: str, raw_server: Serve, response: Respond
) -> None:
    server = raw_server(response(JOBS))
    hooked: list[str] = []
    if kind == "client":

        def hook(request: Any) -> None:
            hooked.append(request.headers["x-amz-target"])

        async def async_hook(request: Any) -> None:
            hook(request)

        given = mode.client(
            library,
            event_hooks={"request": [hook if mode.name == "sync" else async_hook]},
            headers={"x-of-the-client": "1"},
            auth=("user", "password"),
            follow_redirects=True,
            trust_env=False,
        )
    else:
        given = mode.transport(library)
    for _ in range(2):
        jobs = mode.call("list_compilation_jobs", client={"endpoint_url": server.url, "transport": given})
        assert jobs.compilation_job_summaries == ()
    assert hooked == (["SageMaker.ListCompilationJobs"] * 2 if kind == "client" else [])
    first = server.requests[0].lower()
    assert b"authorization: aws4-hmac-sha256 " in first
    assert b"x-of-the-client" not in first
    if mode.name == "sync":
        given.close()


@LIBRARIES
def test_a_mock_transport_of_the_library_works(mode: Any, library: Any) -> None:
    seen: list[Any] = []

    def handler(request: Any) -> Any:
        seen.append(request)
        return library.Response(200, json={"CompilationJobSummaries": []})

    mode.call("list_compilation_jobs", client={"transport": library.MockTransport(handler)})
    assert isinstance(seen[0], library.Request)
    assert str(seen[0].url) == "https://api.sagemaker.us-west-2.amazonaws.com/"


def test_respx_routes_answer(mode: Any) -> None:
    router = respx.Router()
    route = router.post("https://api.sagemaker.us-west-2.amazonaws.com/").respond(
        200, json={"CompilationJobSummaries": [], "NextToken": "n"}, headers={"x-amzn-RequestId": "r"}
    )
    handler = router.handler if mode.name == "sync" else router.async_handler
    page = mode.call("list_compilation_jobs", client={"transport": httpx.MockTransport(handler)})
    assert (page.next_token, page.response_metadata.request_id) == ("n", "r")
    assert route.call_count == 1


def test_respx_patches_the_stock_transport(mode: Any) -> None:
    with respx.mock as router:
        route = router.post("https://api.sagemaker.us-west-2.amazonaws.com/").respond(200, content=JOBS)
        mode.call("list_compilation_jobs")
        assert route.call_count == 1


@pytest.mark.parametrize("given", [httpx.AsyncClient, httpx.AsyncHTTPTransport, object, dict])
def test_a_blocking_client_refuses_what_it_cannot_send_with(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="give a blocking httpx client or transport"):
        NeoClient(region="us-west-2", transport=given())


@pytest.mark.parametrize("given", [httpx.Client, httpx.HTTPTransport, object, dict])
def test_an_asynchronous_client_refuses_what_it_cannot_send_with(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="give an asynchronous httpx client or transport"):
        AsyncNeoClient(region="us-west-2", transport=given())


# --------------------------------------------------------------------------------------------------------- ways to fail


def raised(mode: Any, url: str, *, library: Any = None, **client: Any) -> NeoWireError:
    """The error of a call, which must be ours, through the stock transport or one of the library."""
    if library is not None:
        client["transport"] = mode.transport(library)
    with pytest.raises(NeoWireError) as caught:
        mode.call("list_compilation_jobs", client={"endpoint_url": url, **client})
    return caught.value


@LIBRARIES
def test_a_refused_connection(mode: Any, library: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    error = raised(mode, url, library=library)
    assert type(error) is ConnectFailed
    assert error.maybe_processed is False
    assert error.endpoint == url
    assert "was not processed" in str(error)


@LIBRARIES
@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-", id="half a head"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n" + JOBS, id="half a body"),
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1e\r\n" + JOBS, id="no last chunk"),
        pytest.param(b"220 mail.example ESMTP\r\n", id="no HTTP"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x16", id="a TLS alert"),
    ],
)
def test_an_abrupt_end_or_garbage(mode: Any, library: Any, reply: bytes, raw_server: Serve) -> None:
    error = raised(mode, raw_server(reply).url, library=library)
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True
    assert "may have been processed" in str(error)


def test_a_reset(mode: Any, raw_server: Serve) -> None:
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")

    error = raised(mode, raw_server(reset).url)
    assert type(error) is ConnectionClosed
    assert error.maybe_processed is True


@LIBRARIES
def test_a_server_that_says_nothing(mode: Any, library: Any, raw_server: Serve) -> None:
    waiting = threading.Event()
    error = raised(mode, raw_server(lambda _: waiting.wait(5)).url, library=library, timeout=Timeout(read=0.1))
    waiting.set()
    assert type(error) is ReadTimeout
    assert error.maybe_processed is True
    assert "0.1 s" in str(error)


def test_a_server_that_stops_in_its_body(mode: Any, raw_server: Serve) -> None:
    waiting = threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{")
        waiting.wait(5)

    error = raised(mode, raw_server(stall).url, timeout=Timeout(read=0.1))
    waiting.set()
    assert type(error) is ReadTimeout


def test_a_server_that_does_not_accept(mode: Any) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:  # a full backlog drops further handshakes
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        error = raised(mode, f"http://127.0.0.1:{port}", timeout=Timeout(connect=0.2))
        for filler in fillers:
            filler.close()
    assert type(error) is ConnectTimeout
    assert error.maybe_processed is False
    assert "0.2 s" in str(error)


@pytest.mark.parametrize(
    ("exception", "expected", "maybe_processed"),
    [
        (httpx.ConnectTimeout, ConnectTimeout, False),
        (httpx.PoolTimeout, PoolTimeout, False),
        (httpx.ConnectError, ConnectFailed, False),
        (httpx.ProxyError, ProxyFailed, False),
        (httpx.UnsupportedProtocol, ConnectFailed, False),
        (httpx.LocalProtocolError, TransportError, False),
        (httpx.WriteTimeout, WriteTimeout, True),
        (httpx.WriteError, ConnectionClosed, True),
        (httpx.ReadTimeout, ReadTimeout, True),
        (httpx.ReadError, ConnectionClosed, True),
        (httpx.CloseError, ConnectionClosed, True),
        (httpx.RemoteProtocolError, ConnectionClosed, True),
        (httpx.TransportError, TransportError, True),
        (httpx.TooManyRedirects, TransportError, True),
        (ConnectionResetError, ConnectionClosed, True),
    ],
)
def test_each_exception_of_httpx_has_its_meaning(
    mode: Any, exception: type[Exception], expected: type[TransportError], maybe_processed: bool
) -> None:
    router = respx.Router()
    router.post().mock(side_effect=exception("why"))
    handler = router.handler if mode.name == "sync" else router.async_handler
    with pytest.raises(TransportError) as caught:
        mode.call("list_compilation_jobs", client={"transport": httpx.MockTransport(handler)})
    assert type(caught.value) is expected
    assert caught.value.maybe_processed is maybe_processed
    assert caught.value.endpoint == "https://api.sagemaker.us-west-2.amazonaws.com"
    assert "why" in str(caught.value)
    assert caught.value.attempts == 1


def test_what_is_no_fault_of_the_transport_passes_through(mode: Any) -> None:
    def handler(_: object) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        mode.call("list_compilation_jobs", client={"transport": httpx.MockTransport(handler)})
    assert caught.value.__cause__ is None  # an error that is its own cause sends whoever follows causes round for ever


# ------------------------------------------------------------------------------------------------------------------ TLS


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def tls_server(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


def trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_tls_with_a_trusted_certificate(mode: Any, authority: trustme.CA, raw_server: Serve, response: Respond) -> None:
    server = raw_server(response(JOBS), tls_server(authority, "127.0.0.1"))
    transport = mode.transport(httpx, verify=trusting(authority))
    page = mode.call("list_compilation_jobs", client={"endpoint_url": server.url, "transport": transport})
    assert page.compilation_job_summaries == ()


@pytest.mark.parametrize("how", ["untrusted", "of another name", "no TLS at all"])
def test_tls_that_fails(mode: Any, how: str, authority: trustme.CA, raw_server: Serve) -> None:
    name = "other.example" if how == "of another name" else "127.0.0.1"
    server = raw_server(b"", None if how == "no TLS at all" else tls_server(authority, name))
    client = {} if how == "untrusted" else {"transport": mode.transport(httpx, verify=trusting(authority))}
    # what speaks no TLS waits for the end of a request that never comes, so the connect timeout may be what ends it
    error = raised(mode, f"https://127.0.0.1:{server.port}", timeout=Timeout(connect=0.5, read=0.5), **client)
    assert type(error) in ((TlsError, ConnectTimeout) if how == "no TLS at all" else (TlsError,))
    assert isinstance(error, TransportError)
    assert error.maybe_processed is False
    assert server.requests == []


# ------------------------------------------------------------------------------------------------- answers of odd forms


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "303 See Other", "304 Not Modified", "307 Temporary"]
)
def test_a_redirect_is_not_followed(mode: Any, status: str, raw_server: Serve, response: Respond) -> None:
    elsewhere = raw_server(response(JOBS))
    server = raw_server(response(b"", status, location=f"{elsewhere.url}/?X-Amz-Signature=s3cret"))
    for transport in (None, mode.client(httpx, follow_redirects=True, trust_env=False)):
        error = raised(mode, server.url, transport=transport)
        assert type(error) is RedirectRefused
        assert error.maybe_processed is status.startswith("303")
        assert elsewhere.url in str(error)
        assert "s3cret" not in str(error)
        assert elsewhere.requests == []
        if transport is not None and mode.name == "sync":
            transport.close()


def test_a_body_over_the_limit_is_not_read_to_its_end(mode: Any, raw_server: Serve) -> None:
    sent = 0

    def flood(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(b"HTTP/1.1 200 OK\r\nx-amzn-requestid: r-1\r\ncontent-length: 1000000000\r\n\r\n")
        chunk = b" " * (1 << 20)
        for _ in range(200):
            connection.sendall(chunk)
            sent += 1

    error = raised(mode, raw_server(flood).url)
    assert isinstance(error, ResponseDecodeError)
    assert "16 MiB" in str(error)
    assert (error.status, error.request_id) == (200, "r-1")
    assert sent < 200


def test_a_compressed_body_is_read_all_the_same(mode: Any, raw_server: Serve, response: Respond) -> None:
    server = raw_server(response(gzip.compress(JOBS), content_encoding="gzip"))
    page = mode.call("list_compilation_jobs", client={"endpoint_url": server.url})
    assert page.compilation_job_summaries == ()


def test_a_body_that_is_not_what_its_coding_says(mode: Any, raw_server: Serve, response: Respond) -> None:
    error = raised(mode, raw_server(response(JOBS, content_encoding="gzip")).url)
    assert isinstance(error, ResponseDecodeError)
    assert "gzip" in str(error)
    assert (error.status, error.request_id) == (200, "request-1")
