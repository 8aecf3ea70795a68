"""Each kind of source through whole clients, over their own connections, to a service that checks the signature."""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from neo_wire import AsyncNeoClient, Credentials, NeoClient
from neo_wire.local import LocalServer, NeoService
from tests.credentials.servers import Answer, Asked, serving
from tests.credentials.sign_in import TOKEN as SIGN_IN

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
ENDS = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
KEYS = Credentials("ASIATEMPORARYKEYID12", SECRET, "token-one", expiration=ENDS)
ROLE = "arn:aws:iam::123456789012:role/reader"
SESSION = "arn:aws:sts::123456789012:assumed-role/Admin/me"
STATIC = f"aws_access_key_id = AKIAOUTER\naws_secret_access_key = {SECRET}\n"
PROFILES = {
    "assume role": f"role_arn = {ROLE}\nsource_profile = outer\n[profile outer]\n{STATIC}",
    "chain of roles": f"role_arn = {ROLE}\nsource_profile = middle\n[profile middle]\nrole_arn = {ROLE}\n"
    f"source_profile = outer\n[profile outer]\n{STATIC}",
    "web identity": f"role_arn = {ROLE}\nweb_identity_token_file = ~/token\n",
    "SSO": "sso_session = mine\nsso_account_id = 123456789012\nsso_role_name = reader\n"
    "[sso-session mine]\nsso_start_url = https://my.awsapps.com/start\nsso_region = eu-west-1\n",
    "login": f"login_session = {SESSION}\n",
    "container": "",
    "instance": "",
}


def time_of(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def answer_of_sts(action: str) -> bytes:
    return (
        f"<R><{action}Result><Credentials><AccessKeyId>{KEYS.access_key_id}</AccessKeyId><SecretAccessKey>{SECRET}"
        f"</SecretAccessKey><SessionToken>token-one</SessionToken><Expiration>{time_of(ENDS)}</Expiration>"
        f"</Credentials></{action}Result></R>"
    ).encode()


def everything(asked: Asked) -> Answer:
    """STS, SSO, its OIDC service, sign-in, a container's agent and the instance metadata in one."""
    assert asked.headers["host"].startswith("127.0.0.1:")
    pair = {"accessKeyId": KEYS.access_key_id, "secretAccessKey": SECRET, "sessionToken": "token-one"}
    agent = {"AccessKeyId": KEYS.access_key_id, "SecretAccessKey": SECRET, "Token": "token-one"}
    agent["Expiration"] = time_of(ENDS)
    if asked.path == "/":
        action = asked.body.decode().partition("Action=")[2].partition("&")[0]
        assert ("authorization" in asked.headers) == (action == "AssumeRole")
        return Answer(body=answer_of_sts(action))
    answers: dict[str, object] = {
        "/federation/credentials": {"roleCredentials": {**pair, "expiration": int(ENDS.timestamp() * 1000)}},
        "/token": {"accessToken": "new-access-token", "expiresIn": 3600},
        "/v1/token": {"accessToken": pair, "expiresIn": 3600, "refreshToken": "another"},
        "/keys": agent,
        "/latest/api/token": b"token",
        "/latest/meta-data/iam/security-credentials-extended/": b"reader",
        "/latest/meta-data/iam/security-credentials-extended/reader": agent,
    }
    return Answer(body=answers[asked.path])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a user whose sign-ins have to be refreshed."""
    past, future = time_of(ENDS - timedelta(hours=2)), time_of(ENDS)
    token = {"accessToken": "old", "expiresAt": past, "refreshToken": "r", "clientId": "c", "clientSecret": "s"}
    sign_in = json.loads(json.dumps(SIGN_IN))
    sign_in["accessToken"]["expiresAt"] = past
    for folder, key, content in (
        ("sso", hashlib.sha1(b"mine", usedforsecurity=False), token | {"registrationExpiresAt": future}),
        ("login", hashlib.sha256(SESSION.encode()), sign_in),
    ):
        path = tmp_path / ".aws" / folder / "cache" / f"{key.hexdigest()}.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))
    (tmp_path / "token").write_text("a.web.identity")
    return tmp_path


@pytest.fixture
def service() -> Iterator[LocalServer]:
    with LocalServer(NeoService(credentials=[KEYS])) as running:
        yield running


def options(kind: str, home: Path, url: str, service: LocalServer) -> dict[str, Any]:
    (home / ".aws" / "config").write_text(f"[profile this]\nregion = eu-west-1\n{PROFILES[kind]}")
    environ = {"HOME": str(home), "AWS_EC2_METADATA_DISABLED": "true", "AWS_PROFILE": "this"}
    environ |= {f"AWS_ENDPOINT_URL_{name}": url for name in ("STS", "SSO", "SSO_OIDC", "SIGNIN")}
    if kind == "container":
        environ |= {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/keys"}
    if kind == "instance":
        environ |= {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
    return {"environ": environ, "endpoint_url": service.url}


def in_threads(client: dict[str, Any]) -> None:
    failures: list[BaseException] = []
    with NeoClient(**client) as one:

        def work() -> None:
            try:
                one.list_compilation_jobs()
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=work) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert not failures


def in_tasks(client: dict[str, Any]) -> None:
    async def main() -> None:
        async with AsyncNeoClient(**client) as one:
            await asyncio.gather(*(one.list_compilation_jobs() for _ in range(50)))

    asyncio.run(main())


@pytest.mark.parametrize("calls", [in_threads, in_tasks])
@pytest.mark.parametrize("kind", PROFILES)
def test_fifty_calls_at_once_fetch_once(
    kind: str, calls: Callable[[dict[str, Any]], None], home: Path, service: LocalServer
) -> None:
    with serving(everything) as server:
        calls(options(kind, home, server.url, service))
    assert len(server.lines) == {"chain of roles": 2, "SSO": 2, "instance": 3}.get(kind, 1)
    assert len(set(server.lines)) == (1 if kind == "chain of roles" else len(server.lines))
