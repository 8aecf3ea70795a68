"""What `SigV4Auth` is made of: region, credentials, region set, and the packages that may be missing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import textwrap
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any, ClassVar

import httpx
import pytest

from neo_wire.errors import ConfigurationError, CredentialsError, NoCredentials, PartialCredentials, SigningError
from neo_wire.httpx_auth import SigV4Auth
from neo_wire.signing import sigv4a
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import S3, Scope
from neo_wire.signing.verification import verify

KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TEMPORARY = Credentials(KEY, SECRET, "TOKEN/+==")
AT = datetime(2026, 1, 1, tzinfo=UTC)


class TestSettings:
    ENVIRON: ClassVar = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "TOKEN/+=="}

    def test_the_environment_is_read_once(
        self, send: Any, raw_server: Any, response: Any, received: Any, accepted: Any
    ) -> None:
        server = raw_server(response())
        environ = {**self.ENVIRON, "AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "eu-west-1"}
        auth = SigV4Auth("execute-api", environ=environ, clock=lambda: AT)
        environ.clear()
        send("GET", server.url, auth=auth)
        assert accepted(received(server.requests[0]))

    def test_the_environment_of_the_process(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in {**self.ENVIRON, "AWS_DEFAULT_REGION": "eu-west-1"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_REGION", raising=False)
        request = httpx.Request("GET", "https://example.com/")
        next(SigV4Auth("execute-api").sync_auth_flow(request))
        assert f"Credential={KEY}/" in request.headers["Authorization"]
        assert "/eu-west-1/execute-api/" in request.headers["Authorization"]

    @pytest.mark.parametrize(
        ("changes", "error", "told"),
        [
            ({"AWS_ACCESS_KEY_ID": ""}, NoCredentials, "AWS_ACCESS_KEY_ID"),
            ({"AWS_SECRET_ACCESS_KEY": ""}, PartialCredentials, "AWS_SECRET_ACCESS_KEY is not"),
            ({"AWS_SECRET_ACCESS_KEY": SECRET + "\n"}, CredentialsError, "a line break"),
            ({"AWS_REGION": ""}, ConfigurationError, "AWS_REGION or AWS_DEFAULT_REGION"),
            ({"AWS_REGION": "no region"}, ConfigurationError, "AWS_REGION is 'no region'"),
        ],
    )
    def test_an_environment_that_is_lacking(self, changes: dict[str, str], error: type[Exception], told: str) -> None:
        with pytest.raises(error, match=told) as caught:
            SigV4Auth("execute-api", environ={**self.ENVIRON, "AWS_REGION": "eu-west-1", **changes})
        assert SECRET not in str(caught.value)

    def test_a_service_that_is_none(self, auth_for: Any) -> None:
        with pytest.raises(SigningError, match="'execute api' is not a signing name"):
            auth_for("execute api")

    def test_no_secret_is_shown(self, auth_for: Any) -> None:
        text = repr(auth_for()) + repr(vars(auth_for()))
        assert repr(auth_for()) == "SigV4Auth('execute-api', region='eu-west-1')"
        assert SECRET not in text
        assert "TOKEN" not in text

    def test_credentials_are_got_when_they_are_needed(
        self, send: Any, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
    ) -> None:
        server = raw_server(response())
        calls: list[int] = []

        def provide() -> Credentials:
            calls.append(1)
            return Credentials(KEY, SECRET, "TOKEN/+==", AT + timedelta(hours=1))

        auth = auth_for(credentials=provide)
        assert not calls
        for _ in range(3):
            send("GET", server.url, auth=auth)
        assert len(calls) == 1
        assert all(accepted(received(raw)) for raw in server.requests)

    def test_a_coroutine_function_for_an_asynchronous_client(
        self, library: ModuleType, raw_server: Any, response: Any, auth_for: Any, received: Any, accepted: Any
    ) -> None:
        server = raw_server(response())

        async def provide() -> Credentials:
            await asyncio.sleep(0)
            return TEMPORARY

        async def run() -> None:
            async with library.AsyncClient(auth=auth_for(credentials=provide), trust_env=False) as client:
                await asyncio.gather(*[client.get(server.url) for _ in range(4)])

        asyncio.run(run())
        assert len(server.requests) == 4
        assert all(accepted(received(raw)) for raw in server.requests)
        with (
            library.Client(auth=auth_for(credentials=provide)) as client,
            pytest.raises(CredentialsError, match="asynchronous"),
        ):
            client.get(server.url)


class TestSigV4A:
    def test_a_region_set_stands_for_the_region(self, send: Any, raw_server: Any, response: Any, received: Any) -> None:
        server = raw_server(response())
        auth = SigV4Auth("s3", region_set="*", credentials=TEMPORARY, clock=lambda: AT, environ={})
        assert repr(auth) == "SigV4Auth('s3', region_set='*')"
        send("PUT", f"{server.url}/a b", auth=auth, content=b"body")
        request = received(server.requests[0])
        assert request.header("x-amz-region-set") == "*"
        assert f"{sigv4a.ALGORITHM} Credential={KEY}/20260101/s3/aws4_request" in (
            request.header("authorization") or ""
        )
        outcome = verify(request, {KEY: TEMPORARY}.get, AT, scope=Scope("us-west-2", "s3"), options=S3)
        assert outcome, outcome.message

    def test_a_region_set_that_is_none(self, auth_for: Any) -> None:
        with pytest.raises(SigningError, match="'eu west'"):
            auth_for(region_set="eu west")


def run_script(script: str) -> list[str]:
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)  # noqa: S603  # ours
    return run.stdout.splitlines()


def test_without_httpx2_and_without_cryptography_it_works() -> None:
    lines = run_script("""
        import sys
        sys.modules["httpx2"] = sys.modules["cryptography"] = None
        import httpx
        from neo_wire.errors import MissingExtra
        from neo_wire.httpx_auth import SigV4Auth
        environ = {"AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}
        transport = httpx.MockTransport(lambda request: httpx.Response(200, text=request.headers["Authorization"][:16]))
        with httpx.Client(auth=SigV4Auth("sts", environ=environ), transport=transport) as client:
            print(client.post("https://example.com/", content=iter([b"body"])).text)
        try:
            SigV4Auth("s3", region_set="*", environ=environ)
        except MissingExtra as error:
            print(error)
    """)
    assert lines == [
        "AWS4-HMAC-SHA256",
        "SigV4A needs the package cryptography; install it with: pip install 'neo-wire[crypto]'",
    ]


def test_the_import_brings_no_event_loop_and_no_cryptography() -> None:
    lines = run_script("""
        import sys
        import neo_wire.httpx_auth
        print(sorted({"anyio", "asyncio", "cryptography", "botocore"} & set(sys.modules)))
    """)
    assert lines == ["[]"]
