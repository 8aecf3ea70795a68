"""S3 through httpx and httpx2: paths, streams and unsigned payloads, against moto and botocore."""

from __future__ import annotations

import asyncio
import hashlib
import io
import ssl
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from types import ModuleType
from typing import Any
from urllib.parse import quote

import boto3
import pytest
import trustme
from botocore.config import Config

from neo_wire.errors import SigningError
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import UNSIGNED_PAYLOAD, SigningOptions

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
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


class TestS3:
    KEYS = ("plain.txt", "a b(1)='é'+~*!@:,$&;.txt", "//double//slash/", "%41%2F%25", "tilde~-_.")

    def test_paths_are_sent_as_s3_encodes_them(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
    ) -> None:
        server = raw_server(response())
        send("GET", f"{server.url}/bucket/a b(1)='é'+~*!@:,$&;%2F.txt?versionId=1", auth=auth_for("s3"))
        request = received(server.requests[0])
        assert accepted(request, "s3")
        assert request.url.path == "/bucket/" + quote("a b(1)='é'+~*!@:,$&;", safe="") + "%2F.txt"
        assert request.header("x-amz-content-sha256") == hashlib.sha256(b"").hexdigest()

    def test_objects_go_up_and_down(
        self, send: Any, moto_url: str, request: pytest.FixtureRequest, auth_for: Any
    ) -> None:
        bucket = "b" + hashlib.sha256(request.node.name.encode()).hexdigest()[:20]
        config = Config(s3={"addressing_style": "path"})
        peer = boto3.client(
            "s3", "eu-west-1", endpoint_url=moto_url, aws_access_key_id=KEY, aws_secret_access_key=SECRET, config=config
        )
        peer.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        auth = auth_for("s3", clock=lambda: datetime.now(UTC), credentials=Credentials(KEY, SECRET))
        for key in self.KEYS:
            url = f"{moto_url}/{bucket}/{quote(key, safe='/')}"
            assert send("PUT", url, auth=auth, content=key.encode()).status_code == 200
            assert send("GET", url, auth=auth).content == key.encode()
        stored = {each["Key"] for each in peer.list_objects_v2(Bucket=bucket)["Contents"]}
        assert stored == set(self.KEYS)

    def test_streams_go_up_and_down(self, library: ModuleType, moto_url: str, auth_for: Any) -> None:
        auth = auth_for("s3", clock=lambda: datetime.now(UTC), credentials=Credentials(KEY, SECRET))
        bucket = f"{moto_url}/streams-{library.__name__}"
        with library.Client(auth=auth, trust_env=False) as client:
            constraint = b"<LocationConstraint>eu-west-1</LocationConstraint>"
            place = b"<CreateBucketConfiguration>%b</CreateBucketConfiguration>" % constraint
            assert client.put(bucket, content=place).status_code == 200
            for name, body in {"file": io.BytesIO(BODY), "again": Chunks(), "once": iter([BODY])}.items():
                assert client.put(f"{bucket}/{name}", content=body).status_code == 200
                with client.stream("GET", f"{bucket}/{name}") as answer:
                    assert b"".join(answer.iter_bytes(1000)) == BODY

        async def run() -> None:
            async with library.AsyncClient(auth=auth, trust_env=False) as client:
                for name, body in {"async-again": AsyncChunks(), "async-once": AsyncChunks().__aiter__()}.items():
                    assert (await client.put(f"{bucket}/{name}", content=body)).status_code == 200
                    async with client.stream("GET", f"{bucket}/{name}") as answer:
                        assert b"".join([chunk async for chunk in answer.aiter_bytes()]) == BODY

        asyncio.run(run())


class TestUnsignedPayload:
    OPTIONS = SigningOptions(payload=UNSIGNED_PAYLOAD)

    def test_over_https_the_body_is_not_touched(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
    ) -> None:
        authority = trustme.CA()
        server_side, client_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
        authority.issue_cert("127.0.0.1").configure_cert(server_side)
        authority.configure_trust(client_side)
        server = raw_server(response(), tls=server_side)
        auth = auth_for(options=self.OPTIONS)
        send("PUT", server.url, auth=auth, content=BODY, client={"verify": client_side})
        request = received(server.requests[0], "https")
        assert request.header("x-amz-content-sha256") == "UNSIGNED-PAYLOAD"
        assert request.body == BODY
        assert accepted(request)

    def test_over_https_a_generator_stays_one(self, library: ModuleType, auth_for: Any) -> None:
        read: list[bytes] = []

        def generate() -> Iterator[bytes]:
            read.append(BODY)
            yield BODY

        request = library.Request("PUT", "https://example.com/", content=generate())
        next(auth_for(options=self.OPTIONS).sync_auth_flow(request))
        assert not read
        assert request.headers["Transfer-Encoding"] == "chunked"
        assert b"".join(request.stream) == BODY

    def test_over_http_the_body_is_signed_all_the_same(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
    ) -> None:
        server = raw_server(response())
        send("PUT", server.url, auth=auth_for(options=self.OPTIONS), content=BODY)
        request = received(server.requests[0])
        assert "UNSIGNED" not in str(request.headers)
        assert accepted(request)

    def test_a_header_of_the_request_is_believed(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
    ) -> None:
        server = raw_server(response())
        digest = hashlib.sha256(BODY).hexdigest()
        for headers in ({"x-amz-content-sha256": digest}, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}):
            send("PUT", server.url, auth=auth_for(), content=BODY, headers=headers)
            request = received(server.requests.pop())
            assert request.header("x-amz-content-sha256") == digest, "nothing is unsigned over plain http"
            assert accepted(request)
        with pytest.raises(SigningError, match="neither a hex SHA-256"):
            send("PUT", server.url, auth=auth_for(), content=BODY, headers={"x-amz-content-sha256": "junk"})

    def test_the_hash_of_one_body_is_no_option(self, auth_for: Any) -> None:
        with pytest.raises(SigningError, match="the hash of one body"):
            auth_for(options=SigningOptions(payload="0" * 64))
