"""Clients of httpx and httpx2, and what a server makes of the bytes that they send: botocore's view and ours."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from botocore.auth import S3SigV4Auth as BotocoreS3
from botocore.auth import SigV4Auth as Botocore
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from neo_wire.http import HttpRequest, Url
from neo_wire.httpx_auth import SigV4Auth
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import DEFAULT, S3, Scope
from neo_wire.signing.verification import verify

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TEMPORARY = Credentials(KEY, SECRET, "TOKEN/+==")
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(params=[httpx, httpx2], ids=["httpx", "httpx2"])
def library(request: pytest.FixtureRequest) -> ModuleType:
    module: ModuleType = request.param
    return module


@pytest.fixture(params=["sync", "async"])
def send(request: pytest.FixtureRequest, library: ModuleType) -> Callable[..., Any]:
    """Make a client, send one request by it, and give the response."""

    def blocking(method: str, url: str, *, auth: Any, client: dict[str, Any] | None = None, **content: Any) -> Any:
        with library.Client(auth=auth, trust_env=False, **(client or {})) as made:
            return made.request(method, url, **content)

    def asynchronous(method: str, url: str, *, auth: Any, client: dict[str, Any] | None = None, **content: Any) -> Any:
        async def run() -> Any:
            async with library.AsyncClient(auth=auth, trust_env=False, **(client or {})) as made:
                return await made.request(method, url, **content)

        return asyncio.run(run())

    return blocking if request.param == "sync" else asynchronous


def make_auth(service: str = "execute-api", **options: Any) -> SigV4Auth:
    return SigV4Auth(service, **{"region": "eu-west-1", "credentials": TEMPORARY, "clock": lambda: AT, **options})


def read_request(raw: bytes, scheme: str = "http") -> HttpRequest:
    """What arrived at a server, as its bytes say."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = tuple((name, value.encode("latin-1").decode()) for name, value in (line.split(": ", 1) for line in lines))
    host = {name.lower(): value for name, value in headers}["host"]
    url = Url.parse(f"{scheme}://{host}/")
    path, _, query = target.partition("?")
    return HttpRequest(method, Url(scheme, url.host, url.port, path, query), headers, body)


def botocore_authorization(request: HttpRequest, service: str) -> str:
    """The Authorization header that botocore makes of what arrived, for the same headers and time."""
    names = (re.search("SignedHeaders=([^,]+)", request.header("authorization") or "") or [""] * 2)[1].split(";")
    signer = (BotocoreS3 if service == "s3" else Botocore)(
        BotocoreCredentials(KEY, SECRET, "TOKEN/+=="), service, "eu-west-1"
    )
    url = str(request.url)
    theirs = AWSRequest(request.method, url, {name: request.header(name) for name in names}, request.body)
    theirs.context["timestamp"] = request.header("x-amz-date")
    text = signer.string_to_sign(theirs, signer.canonical_request(theirs))
    signature = signer.signature(text, theirs)
    return f"AWS4-HMAC-SHA256 Credential={signer.scope(theirs)}, SignedHeaders={';'.join(names)}, Signature={signature}"


def check_request(request: HttpRequest, service: str = "execute-api") -> bool:
    """Whether botocore would have signed so, and our verifier accepts it."""
    assert request.header("authorization") == botocore_authorization(request, service)
    options = S3 if service == "s3" else DEFAULT
    outcome = verify(request, {KEY: TEMPORARY}.get, AT, scope=Scope("eu-west-1", service), options=options)
    assert outcome, outcome.message
    return True


@pytest.fixture(scope="session")
def auth_for() -> Callable[..., SigV4Auth]:
    """Make the auth of a service, for temporary credentials and a fixed time."""
    return make_auth


@pytest.fixture(scope="session")
def received() -> Callable[..., HttpRequest]:
    """Read a request off the bytes that arrived."""
    return read_request


@pytest.fixture(scope="session")
def accepted() -> Callable[..., bool]:
    """Check that botocore would have signed so, and that our verifier accepts it."""
    return check_request
