"""What a client finds out at its first call: region, endpoint, credentials, routes; and clients that derive from it."""

from __future__ import annotations

import asyncio
import json
import stat
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from neo_wire import (
    AsyncNeoClient,
    CallTimeout,
    ConfigurationError,
    Credentials,
    CredentialsFetchFailed,
    CredentialsRefreshed,
    ExpiredToken,
    NeoClient,
    NoCredentials,
    ProfileNotFound,
    ResourceNotFound,
    ServerError,
    Throttling,
    Timeout,
)
from neo_wire.local import LocalServer, NeoService
from tests.credentials.fake_sts import answer_xml
from tests.credentials.servers import Answer, Asked, serving

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TEMPORARY = Credentials("ASIATEMPORARYKEYID12", SECRET, "token-one", expiration=datetime(2099, 1, 1, tzinfo=UTC))
OFF = {"AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer(NeoService(credentials=[TEMPORARY])) as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aws").mkdir()
    return tmp_path


def environment(home: Path, **more: str) -> dict[str, str]:
    return {"HOME": str(home), **OFF, **more}


def helper(home: Path, keys: Credentials, *, seconds: float = 3600, count: Path | None = None) -> str:
    """A credential_process that prints keys, and notes each of its runs."""
    ends = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
    document = {
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key,
        "SessionToken": keys.session_token,
        "Expiration": ends,
    }
    program = home / "helper.py"
    program.write_text(
        f"import pathlib\nwith pathlib.Path({str(count or home / 'runs')!r}).open('a') as f: f.write('x')\n"
        f"print({json.dumps(document)!r})\n"
    )
    return f"{sys.executable} {program}"


def test_everything_may_come_from_a_profile(mode: Any, server: LocalServer, home: Path) -> None:
    (home / ".aws" / "config").write_text(
        f"[profile edge]\nregion = eu-west-1\nendpoint_url = {server.url}\n"
        f"credential_process = {helper(home, TEMPORARY)}\n"
    )
    client = {"region": None, "credentials": None, "profile": "edge", "environ": environment(home)}
    assert mode.call("list_compilation_jobs", client=client).compilation_job_summaries == ()


def test_a_profile_that_is_in_neither_file_is_an_error_of_the_first_call(mode: Any, home: Path) -> None:
    with pytest.raises(ProfileNotFound, match="'edge'"):
        mode.call("list_compilation_jobs", client={"profile": "edge", "environ": environment(home)})


def test_no_credentials_lists_every_source(mode: Any, home: Path) -> None:
    with pytest.raises(NoCredentials) as caught:
        mode.call("list_compilation_jobs", client={"credentials": None, "environ": environment(home)})
    for source in ("environment", "assume role", "web identity", "SSO", "login", "process", "container", "metadata"):
        assert source in str(caught.value)


def test_a_broken_source_stops_the_search(mode: Any, home: Path) -> None:
    (home / ".aws" / "config").write_text("[default]\ncredential_process = /nonexistent/helper\n")
    with pytest.raises(CredentialsFetchFailed, match="process"):
        mode.call("list_compilation_jobs", client={"credentials": None, "environ": environment(home)})


def test_fifty_threads_start_with_one_fetch(server: LocalServer, home: Path) -> None:
    count = home / "runs"
    (home / ".aws" / "config").write_text(f"[default]\ncredential_process = {helper(home, TEMPORARY, count=count)}\n")
    failures: list[BaseException] = []
    with NeoClient(region="eu-west-1", endpoint_url=server.url, environ=environment(home)) as client:

        def work() -> None:
            try:
                client.list_compilation_jobs()
            except BaseException as error:
                failures.append(error)
                raise

        threads = [threading.Thread(target=work) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    assert not failures
    assert count.read_text() == "x"


def test_five_hundred_tasks_start_with_one_fetch(server: LocalServer, home: Path) -> None:
    count = home / "runs"
    (home / ".aws" / "config").write_text(f"[default]\ncredential_process = {helper(home, TEMPORARY, count=count)}\n")

    async def main() -> None:
        async with AsyncNeoClient(region="eu-west-1", endpoint_url=server.url, environ=environment(home)) as client:
            await asyncio.gather(*(client.list_compilation_jobs() for _ in range(500)))

    asyncio.run(main())
    assert count.read_text() == "x"


def test_an_expired_token_forces_one_refresh_and_one_retry(mode: Any) -> None:
    later = Credentials("ASIASECONDKEYID12345", SECRET, "token-two", expiration=datetime(2099, 1, 1, tzinfo=UTC))
    service = NeoService(credentials=[TEMPORARY, later])
    service.script(ExpiredToken("The security token included in the request is expired", status=403))
    given = iter([TEMPORARY, later])
    events: list[Any] = []
    with LocalServer(service) as running:
        client = {"credentials": lambda: next(given), "endpoint_url": running.url, "on_event": events.append}
        listed = mode.call("list_compilation_jobs", client=client)
    assert listed.response_metadata.attempts == 2
    assert len([one for one in events if isinstance(one, CredentialsRefreshed)]) == 2


def test_an_asynchronous_function_may_give_the_credentials(server: LocalServer) -> None:
    async def provide() -> Credentials:
        await asyncio.sleep(0)
        return TEMPORARY

    async def main() -> None:
        async with AsyncNeoClient(region="eu-west-1", endpoint_url=server.url, credentials=provide) as client:
            await client.list_compilation_jobs()

    asyncio.run(main())
    with (
        NeoClient(region="eu-west-1", endpoint_url=server.url, credentials=provide) as client,
        pytest.raises(ConfigurationError, match="await"),
    ):
        client.list_compilation_jobs()


# -------------------------------------------------------------------------------------------------------- with_options


def derived(mode: Any, url: str, calls: Callable[[Any], list[Any]], **options: Any) -> list[Any]:
    """What calls of a client and its derivations give, under either client."""
    given = {"region": "eu-west-1", "credentials": TEMPORARY, "endpoint_url": url, **options}
    if mode.name == "sync":
        with NeoClient(**given) as client:
            return [one.list_compilation_jobs() for one in calls(client)]

    async def main() -> list[Any]:
        async with AsyncNeoClient(**given) as client:
            return [await one.list_compilation_jobs() for one in calls(client)]

    return asyncio.run(main())


def test_a_derived_client_has_options_of_its_own_and_shares_the_rest(mode: Any, server: LocalServer) -> None:
    asked: list[int] = []

    def provide() -> Credentials:
        asked.append(1)
        return TEMPORARY

    def calls(client: Any) -> list[Any]:
        other = client.with_options(region="us-east-1", timeout=3, max_attempts=1)
        assert repr(client) != repr(other)
        return [client, other, client]

    results = derived(mode, server.url, calls, credentials=provide)
    assert len(results) == 3
    assert asked == [1]


@pytest.mark.parametrize("first", [0, 1])
def test_credentials_come_by_the_region_of_the_client_that_others_derive_from(
    mode: Any, server: LocalServer, home: Path, first: int
) -> None:
    role = "arn:aws:iam::123456789012:role/reader"
    (home / ".aws" / "config").write_text(
        f"[default]\nrole_arn = {role}\ncredential_source = Environment\nrole_session_name = me\n"
    )
    scopes: list[str] = []

    def sts(asked: Asked) -> Answer:
        scopes.append(asked.headers["authorization"].partition("Credential=")[2].split("/")[2])
        keys = answer_xml(TEMPORARY.access_key_id, "2099-01-01T00:00:00Z").decode()
        keys = keys.replace("temporary", SECRET).replace(f"token-of-{TEMPORARY.access_key_id}", "token-one")
        return Answer(body=keys.encode())

    def calls(client: Any) -> list[Any]:
        both = [client, client.with_options(region="us-east-1")]
        return [both[first], both[1 - first]]

    with serving(sts) as running:
        environ = environment(home, AWS_ENDPOINT_URL_STS=running.url)
        environ |= {"AWS_ACCESS_KEY_ID": "AKIAOUTER", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_PROFILE": "default"}
        # The environment's own keys go before the role of a profile that it names, not of one that the code names.
        derived(mode, server.url, calls, credentials=None, profile="default", environ=environ)
    assert scopes == ["eu-west-1"]


def test_a_derived_client_gives_the_region_when_there_is_no_other(mode: Any, server: LocalServer, home: Path) -> None:
    def calls(client: Any) -> list[Any]:
        return [client.with_options(region="us-east-1")]

    assert len(derived(mode, server.url, calls, region=None, environ=environment(home))) == 1


def test_the_total_timeout_bounds_the_asking_for_the_instances_region(mode: Any, server: LocalServer) -> None:
    over = threading.Event()

    def stall(asked: Asked) -> Answer:
        over.wait(10)
        return Answer(500)

    with serving(stall) as metadata:
        client = {
            "endpoint_url": server.url,
            "defaults_mode": "auto",
            "timeout": 0.2,
            "environ": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url},
        }
        begun = time.monotonic()
        with pytest.raises(CallTimeout, match="what region it is in") as caught:
            mode.call("list_compilation_jobs", client=client)
        over.set()
        assert time.monotonic() - begun < 1
        assert (caught.value.attempts, caught.value.stopped) == (0, "total timeout")
        assert not caught.value.maybe_processed


def test_what_is_found_out_at_the_first_call_counts_for_its_total_timeout(mode: Any, server: LocalServer) -> None:
    def slow(asked: Asked) -> Answer:
        time.sleep(0.15)
        return Answer(body=b"token" if asked.method == "PUT" else b"eu-west-1")

    with serving(slow) as metadata:
        client = {
            "endpoint_url": server.url,
            "credentials": TEMPORARY,
            "defaults_mode": "auto",
            "environ": {"AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.url},
        }
        with pytest.raises(ResourceNotFound) as caught:
            mode.call("describe_compilation_job", "missing", client=client)
        assert caught.value.elapsed >= 0.3


async def _nobody_awaits(event: object) -> None:
    """An `on_event` that would never run."""


class _NobodyAwaits:
    async def __call__(self, event: object) -> None:
        """As above."""


@pytest.mark.parametrize("given", [5, "print", _nobody_awaits, _NobodyAwaits()])
@pytest.mark.parametrize("client", [NeoClient, AsyncNeoClient])
def test_an_on_event_that_could_not_be_told_anything_is_refused(client: Any, given: object) -> None:
    with pytest.raises(ConfigurationError, match=r"on_event is .*; give a plain function"):
        client(on_event=given)


def test_the_instance_is_asked_once_for_its_region(server: LocalServer) -> None:
    start = threading.Barrier(20)

    def metadata(asked: Asked) -> Answer:
        time.sleep(0.02)  # so that the others come while one is asked
        return Answer(body=b"token" if asked.method == "PUT" else b"eu-west-1")

    with (
        serving(metadata) as running,
        NeoClient(
            region="eu-west-1",
            credentials=TEMPORARY,
            endpoint_url=server.url,
            defaults_mode="auto",
            environ={"AWS_EC2_METADATA_SERVICE_ENDPOINT": running.url},
        ) as client,
    ):

        def work() -> None:
            start.wait()
            client.list_compilation_jobs()

        threads = [threading.Thread(target=work) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        found = client.explain_credentials()
    assert [one.value for one in found.settings if one.name == "defaults_mode"] == ["in-region"]
    assert running.lines == ["PUT /latest/api/token", "GET /latest/meta-data/placement/region"]


def test_closing_a_derived_client_leaves_the_connections_open(server: LocalServer) -> None:
    with NeoClient(region="eu-west-1", credentials=TEMPORARY, endpoint_url=server.url) as client:
        with client.with_options(max_attempts=1) as other:
            other.list_compilation_jobs()
        client.list_compilation_jobs()
        other.list_compilation_jobs()


def test_one_attempt_switches_retries_off(mode: Any) -> None:
    service = NeoService(credentials=[TEMPORARY])
    service.script(ServerError("down", status=500))
    with LocalServer(service) as running:
        client = {"credentials": TEMPORARY, "endpoint_url": running.url}
        with pytest.raises(ServerError) as caught:
            mode.call("list_compilation_jobs", client={**client, "max_attempts": 1})
        assert (caught.value.attempts, "attempts" in str(caught.value.stopped)) == (1, True)
        service.script(ServerError("down", status=500), Throttling("slow down"))
        assert mode.call("list_compilation_jobs", client=client).response_metadata.attempts == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"region": "no region"}, "no region"), ({"max_attempts": 0}, "max_attempts"), ({"timeout": -1}, "above 0")],
)
def test_a_bad_option_is_refused_when_deriving(changes: dict[str, Any], words: str) -> None:
    client = NeoClient(region="eu-west-1", credentials=TEMPORARY)
    with pytest.raises(ConfigurationError, match=words):
        client.with_options(**changes)


def test_what_belongs_to_the_whole_family_cannot_be_derived() -> None:
    client = NeoClient(region="eu-west-1", credentials=TEMPORARY)
    with pytest.raises(TypeError, match=r"with_options takes .*, not credentials"):
        client.with_options(credentials=TEMPORARY)  # type: ignore[call-arg]  # the point of the test


def test_a_total_timeout_holds_against_a_silent_server(mode: Any, raw_server: Any) -> None:
    silent = raw_server(lambda connection: connection.recv(1))
    client = {"credentials": TEMPORARY, "endpoint_url": silent.url, "timeout": Timeout(total=0.3)}
    with pytest.raises(CallTimeout) as caught:
        mode.call("list_compilation_jobs", client=client)
    assert caught.value.attempts >= 1
    assert caught.value.maybe_processed


# ------------------------------------------------------------------------------------------------------------- explain


def explained(mode: Any, **options: Any) -> Any:
    if mode.name == "sync":
        with NeoClient(**options) as client:
            return client.explain_credentials()

    async def main() -> Any:
        async with AsyncNeoClient(**options) as client:
            return await client.explain_credentials()

    return asyncio.run(main())


def test_explaining_says_where_everything_comes_from_and_no_secret(mode: Any, home: Path) -> None:
    (home / ".aws" / "config").write_text("[profile edge]\nregion = eu-west-1\nretry_mode = adaptive\n")
    (home / ".aws" / "credentials").write_text(
        f"[edge]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n"
    )
    found = explained(mode, environ=environment(home, AWS_PROFILE="edge", AWS_MAX_ATTEMPTS="7"))
    text = str(found)
    assert [row.source for row in found.credentials if row.outcome == "won"] == ["shared credentials file"]
    assert found.endpoint == "https://api.sagemaker.eu-west-1.amazonaws.com/"
    settings = {row.name: row for row in found.settings}
    assert (settings["region"].value, "config, line 2" in settings["region"].origin) == ("eu-west-1", True)
    assert (settings["max_attempts"].value, settings["max_attempts"].origin) == (7, "AWS_MAX_ATTEMPTS")
    assert (settings["retry_mode"].value, settings["endpoint_url"].value) == ("adaptive", None)
    assert SECRET not in text
    assert "AKIAIOSFODNN7EXAMPLE" not in text


def test_explaining_works_without_a_region_and_without_credentials(mode: Any, home: Path) -> None:
    found = explained(mode, environ=environment(home))
    assert found.endpoint == ""
    assert "no region" in found.problem
    assert {row.outcome for row in found.credentials} == {"skipped"}


def test_explaining_says_that_there_is_no_way_to_the_endpoint(mode: Any, home: Path) -> None:
    found = explained(mode, region="eu-west-1", environ=environment(home, HTTPS_PROXY="::::"))
    assert found.endpoint == ""
    assert "HTTPS_PROXY is no URL of a proxy" in found.problem


# -------------------------------------------------------------------------------------------------------------- routes


def test_a_user_agent_of_our_own_names_the_application(mode: Any) -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["user-agent"])
        return httpx.Response(200, json={"CompilationJobSummaries": []})

    client = {"app_id": "edge-builder", "user_agent_extra": "ci/7", "transport": httpx.MockTransport(handler)}
    mode.call("list_compilation_jobs", client=client)
    assert seen[0].startswith("neo-wire/")
    assert "app/edge-builder" in seen[0]
    assert seen[0].endswith("ci/7")
    assert "boto" not in seen[0].lower()


def test_an_empty_ca_bundle_is_an_error_that_names_it(mode: Any, tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    empty.write_text("")
    with pytest.raises(ConfigurationError, match=r"ca\.pem"):
        mode.call("list_compilation_jobs", client={"ca_bundle": str(empty), "endpoint_url": "https://127.0.0.1:1"})


def test_the_proxy_of_the_environment_is_used_and_never_for_loopback(
    mode: Any, raw_server: Any, response: Callable[..., bytes], server: LocalServer
) -> None:
    proxy = raw_server(response(b'{"CompilationJobSummaries":[]}'))
    environ = {"HTTP_PROXY": f"http://user:hunter2@127.0.0.1:{proxy.port}", **OFF}
    client = {"credentials": TEMPORARY, "environ": environ}
    mode.call("list_compilation_jobs", client={**client, "endpoint_url": "http://neo.example"})
    assert proxy.requests[0].startswith(b"POST http://neo.example/ HTTP/1.1\r\n")
    mode.call("list_compilation_jobs", client={**client, "endpoint_url": server.url})
    assert len(proxy.requests) == 1


def test_a_token_cache_is_for_its_owner_alone(tmp_path: Path) -> None:
    from neo_wire.transports.files import write_file

    path = tmp_path / "cache" / "token.json"
    write_file(str(path), b"{}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_job_that_is_not_there_is_told_with_what_was_tried(mode: Any, server: LocalServer) -> None:
    with pytest.raises(ResourceNotFound) as caught:
        mode.call("describe_compilation_job", "none", client={"credentials": TEMPORARY, "endpoint_url": server.url})
    assert (caught.value.attempts, str(caught.value.stopped)) == (1, "not retryable")
    assert caught.value.elapsed is not None
