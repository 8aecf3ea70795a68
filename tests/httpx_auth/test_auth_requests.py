"""Over real sockets: what arrives is signed as botocore signs it, from each client of httpx and httpx2."""

from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from botocore.auth import SigV4Auth as Botocore
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

import neo_wire
from neo_wire.errors import SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.httpx_auth import SigV4Auth
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.presigning import presign
from neo_wire.signing.sigv4 import DEFAULT, S3, Scope
from neo_wire.signing.verification import verify

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TEMPORARY = Credentials(KEY, SECRET, "TOKEN/+==")
AT = datetime(2026, 1, 1, tzinfo=UTC)
BODY = b"0123456789" * 20_000


class Chunks:
    """A body that begins anew each time, for a blocking client."""

    def __iter__(self) -> Iterator[bytes]:
        yield from (BODY[:70_000], BODY[70_000:])


class AsyncChunks:
    """The same for an asynchronous client."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in Chunks():
            yield chunk


def test_a_client_of_either_library_takes_it(library: ModuleType, auth_for: Any) -> None:
    assert isinstance(auth_for(), library.Auth)
    assert neo_wire.SigV4Auth is SigV4Auth


def test_json_is_signed_as_it_is_sent(
    send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response(b"{}"))
    answer = send("POST", f"{server.url}/prod/pets?b=2&a=1&c", auth=auth_for(), json={"name": "Ünal"})
    assert answer.status_code == 200
    request = received(server.requests[0])
    assert accepted(request)
    assert request.body == '{"name":"Ünal"}'.encode()
    names = "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token,"
    assert names in (request.header("authorization") or "")
    assert request.header("x-amz-security-token") == "TOKEN/+=="


def test_a_get_has_no_body(
    send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())
    send("GET", server.url, auth=auth_for(), params={"q": "a b", "p": "1+1", "e": "", "ü": "~"})
    request = received(server.requests[0])
    assert accepted(request)
    assert request.url.query == "q=a%20b&p=1%2B1&e=&%C3%BC=~", "a plus for a space is read in two ways"
    assert request.header("content-length") is None


@pytest.mark.parametrize(
    "make", [lambda: io.BytesIO(BODY), Chunks, lambda: iter([BODY])], ids=["file", "again", "once"]
)
def test_streams_of_a_blocking_client(
    library: ModuleType, raw_server: Any, response: Any, make: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())
    with library.Client(auth=auth_for(), trust_env=False) as client:
        client.put(server.url, content=make())
    request = received(server.requests[0])
    assert accepted(request)
    assert request.body == BODY
    assert request.header("transfer-encoding") is None


@pytest.mark.parametrize("make", [AsyncChunks, lambda: AsyncChunks().__aiter__()], ids=["again", "once"])
def test_streams_of_an_asynchronous_client(
    library: ModuleType, raw_server: Any, response: Any, make: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())

    async def run() -> None:
        async with library.AsyncClient(auth=auth_for(), trust_env=False) as client:
            await client.put(server.url, content=make())

    asyncio.run(run())
    request = received(server.requests[0])
    assert accepted(request)
    assert request.body == BODY
    assert request.header("transfer-encoding") is None


def test_a_multipart_form(
    send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())
    send("POST", server.url, auth=auth_for(), data={"a": "1"}, files={"f": ("n.bin", io.BytesIO(BODY))})
    request = received(server.requests[0])
    assert accepted(request)
    assert BODY in request.body


def test_headers_of_the_user(
    send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())
    headers = [("X-Amz-Target", "A.B  c"), ("X-Amz-Meta-U", "é".encode()), ("Accept", "text/x"), ("My-One", "1")]
    auth = auth_for(sign_headers=["My-One", "Accept"])
    send("POST", server.url, auth=auth, headers=headers, content=b"x")
    request = received(server.requests[0])
    signed = "accept;host;my-one;x-amz-date;x-amz-meta-u;x-amz-security-token;x-amz-target"
    assert f"SignedHeaders={signed}," in (request.header("authorization") or "")
    assert accepted(request)


def test_a_host_header_of_the_user_is_what_is_signed(
    send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())
    send("GET", server.url, auth=auth_for(), headers={"Host": "abc.execute-api.eu-west-1.amazonaws.com"})
    assert server.requests[0].count(b"ost: ") == 1
    request = received(server.requests[0])
    assert request.header("host") == "abc.execute-api.eu-west-1.amazonaws.com"
    assert accepted(request)


def test_headers_that_cannot_be_signed_are_refused(send: Any, auth_for: Any) -> None:
    with pytest.raises(SigningError, match="sign_headers names connection, user-agent"):
        auth_for(sign_headers=["User-Agent", "accept", "Connection"])
    with pytest.raises(SigningError, match="names expect"):
        auth_for(sign_headers="Expect")
    with pytest.raises(SigningError, match="'X-Amz-Meta-A' is not UTF-8") as refused:
        send("GET", "http://127.0.0.1:9/", auth=auth_for(), headers=[(b"X-Amz-Meta-A", b"\xff\xfe")])
    assert refused.value.__context__ is None, "the error of the codec would hold the value"
    with pytest.raises(SigningError, match="control character"):
        send("GET", "http://127.0.0.1:9/", auth=auth_for(), headers={"X-Amz-Meta-A": "a\x00b"})


def test_a_request_that_is_sent_twice_is_signed_twice(
    library: ModuleType, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())
    times = iter([AT, AT + timedelta(minutes=1)])
    with library.Client(auth=auth_for("s3", clock=lambda: next(times)), trust_env=False) as client:
        request = client.build_request("PUT", server.url, content=BODY)
        first = client.send(request).request.headers["Authorization"]
        second = client.send(request).request.headers["Authorization"]
    assert first != second
    for raw in server.requests:
        assert raw.count(b"X-Amz-Date: ") == raw.count(b"Authorization: ") == raw.count(b"X-Amz-Content-SHA256: ") == 1
        assert accepted(received(raw), "s3")


def test_a_presigned_url_loses_its_old_signature(
    send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
) -> None:
    server = raw_server(response())
    request = HttpRequest("GET", Url.parse(f"{server.url}/a?b=1"))
    url = presign(request, TEMPORARY, Scope("us-east-1", "execute-api"), AT).url
    send("GET", url, auth=auth_for())
    arrived = received(server.requests[0])
    assert arrived.url.query == "b=1"
    assert accepted(arrived)


def test_explain_shows_what_was_signed(send: Any, raw_server: Any, response: Any, auth_for: Any) -> None:
    server = raw_server(response(status="403 Forbidden"))
    auth = auth_for()
    answer = send("POST", f"{server.url}/a%20b?x=1", auth=auth, content=BODY)
    explanation = auth.explain(answer.request)
    digest = hashlib.sha256(BODY).hexdigest()
    assert explanation.canonical_request.startswith("POST\n/a%2520b\nx=1\n")
    assert explanation.canonical_request.endswith(digest)
    assert explanation.payload_hash == explanation.body_hash == digest
    assert "TOKEN" not in str(explanation)
    assert SECRET not in str(explanation)
    theirs = Botocore(BotocoreCredentials(KEY, SECRET), "execute-api", "eu-west-1")
    arrived = AWSRequest("POST", str(answer.request.url))
    arrived.context["timestamp"] = "20260101T000000Z"
    signature = theirs.signature(explanation.string_to_sign, arrived)
    assert answer.request.headers["Authorization"].endswith(f"Signature={signature}"), "it is the text that was signed"
    with pytest.raises(SigningError, match="neither an Authorization header"):
        auth.explain(httpx.Request("GET", server.url))


def test_explain_of_a_streamed_body(library: ModuleType, raw_server: Any, response: Any, auth_for: Any) -> None:
    server = raw_server(response(status="403 Forbidden"))
    auth = auth_for()
    with library.Client(auth=auth, trust_env=False) as client:
        answer = client.put(server.url, content=io.BytesIO(BODY))
    explanation = auth.explain(answer.request)
    assert explanation.payload_hash == explanation.body_hash == hashlib.sha256(BODY).hexdigest()


segments = st.text(st.sampled_from("aB1-._~ /%+=&;:@$!*'(),[]éß漢\"<>^`{|}\\"), max_size=8)
queries = st.lists(st.tuples(segments, segments), max_size=4)


@given(segments, queries, st.sampled_from(["execute-api", "s3"]), st.sampled_from([httpx, httpx2]), st.booleans())
def test_whatever_the_url_what_is_signed_is_what_is_sent(
    auth_for: Any, path: str, query: list[tuple[str, str]], service: str, library: ModuleType, as_params: bool
) -> None:
    path = re.sub("%(?![0-9a-fA-F]{2})", "%25", path)
    text = "" if as_params else "?" + "&".join(f"{name}={value}" for name, value in query).replace("%", "%25")
    request = library.Request("GET", f"https://example.com/{path}{text}", params=query if as_params and query else None)
    signed = next(auth_for(service).sync_auth_flow(request))
    assert signed is request
    target = request.url.raw_path.decode("ascii")
    path_sent, _, query_sent = target.partition("?")
    headers = tuple(request.headers.items())
    arrived = HttpRequest("GET", Url("https", "example.com", None, path_sent, query_sent), headers)
    options = S3 if service == "s3" else DEFAULT
    outcome = verify(arrived, {KEY: TEMPORARY}.get, AT, scope=Scope("eu-west-1", service), options=options)
    assert outcome, outcome.message
    assert "+" not in query_sent
    again = library.Request("GET", f"https://example.com{target}")
    assert again.url.raw_path.decode("ascii") == target, "the client does not change it on the way"
    if service == "s3":
        assert re.fullmatch(r"(/|[A-Za-z0-9\-._~]|%[0-9A-Fa-f]{2})+", path_sent)


def test_the_general_flow_signs_too(library: ModuleType, auth_for: Any, accepted: Any) -> None:
    request = library.Request("POST", "https://example.com/", content=BODY)
    signed = next(auth_for().auth_flow(request))
    assert accepted(HttpRequest("POST", Url.parse("https://example.com/"), tuple(signed.headers.items()), BODY))


def test_bodies_of_the_wrong_kind(library: ModuleType, auth_for: Any) -> None:
    with library.Client(auth=auth_for()) as client, pytest.raises(SigningError, match="asynchronous client"):
        client.put("https://127.0.0.1:9/", content=AsyncChunks().__aiter__())

    async def run() -> None:
        async with library.AsyncClient(auth=auth_for()) as client:
            await client.put("https://127.0.0.1:9/", content=iter([BODY]))

    with pytest.raises(SigningError, match="blocking client"):
        asyncio.run(run())
