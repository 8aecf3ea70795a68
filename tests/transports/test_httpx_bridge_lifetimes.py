"""How long the bridge's connections live: from call to call, over forks and event loops, until they are closed."""

from __future__ import annotations

import asyncio
import gc
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import httpx2
import pytest

from neo_wire import AsyncNeoClient, ClientClosed, ConfigurationError, Credentials, NeoClient
from neo_wire.transports import httpx_bridge

JOBS = b'{"CompilationJobSummaries":[]}'

Serve = Callable[..., Any]
Respond = Callable[..., bytes]


def test_connections_are_kept_for_the_next_call(credentials: Credentials, response: Respond, raw_server: Serve) -> None:
    answered = threading.Event()

    def twice(connection: socket.socket) -> None:
        connection.sendall(response(JOBS, connection="keep-alive"))
        assert b"POST / HTTP/1.1" in connection.recv(65536)
        connection.sendall(response(JOBS))
        answered.set()

    server = raw_server(twice)
    with NeoClient(region="us-west-2", credentials=credentials, endpoint_url=server.url) as client:
        client.list_compilation_jobs()
        client.list_compilation_jobs()
    assert answered.is_set()
    assert len(server.requests) == 1  # one connection


def test_a_closed_blocking_client_says_so(credentials: Credentials) -> None:
    client = NeoClient(region="us-west-2", credentials=credentials)
    client.close()
    client.close()
    with pytest.raises(ClientClosed, match="make a new one"):
        client.list_compilation_jobs()


def test_a_closed_asynchronous_client_says_so(credentials: Credentials) -> None:
    async def main() -> None:
        client = AsyncNeoClient(region="us-west-2", credentials=credentials)
        await client.aclose()
        await client.aclose()
        with pytest.raises(ClientClosed, match="make a new one"):
            await client.list_compilation_jobs()

    asyncio.run(main())


@pytest.fixture
def counting(raw_server: Serve, response: Respond) -> Serve:
    """A server that keeps its connections and answers each request with its connection's number and its own."""
    connections = iter(range(100))

    def reply(connection: socket.socket) -> None:
        number = next(connections)
        with connection, suppress(OSError):  # a loop that has ended may reset it
            for request in range(100):
                body = b'{"CompilationJobSummaries":[],"NextToken":"%d.%d"}' % (number, request)
                connection.sendall(response(body, connection="keep-alive"))
                received = b""
                while not received.endswith(b"{}"):  # head and body may come apart
                    if not (more := connection.recv(65536)):
                        return
                    received += more

    return lambda: raw_server(lambda connection: threading.Thread(target=reply, args=(connection.dup(),)).start())


def test_a_forked_process_does_not_read_the_answers_of_its_parent(counting: Serve) -> None:
    program = """
import os, sys
from neo_wire import Credentials, NeoClient
client = NeoClient(region="us-west-2", credentials=Credentials("AKIDEXAMPLE", "secret"), endpoint_url=sys.argv[1])
print("before", client.list_compilation_jobs().next_token, flush=True)
child = os.fork()
print("after" if child else "child", client.list_compilation_jobs().next_token, flush=True)
if child:
    os.waitpid(child, 0)
client.close()
"""
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-c", program, counting().url], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    assert sorted(done.stdout.splitlines()) == ["after 0.1", "before 0.0", "child 1.0"]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # a loop that has ended cannot close its connections
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # as above
def test_another_event_loop_has_connections_of_its_own(counting: Serve, credentials: Credentials) -> None:
    client = AsyncNeoClient(region="us-west-2", credentials=credentials, endpoint_url=counting().url)

    async def two_calls() -> list[str | None]:
        return [(await client.list_compilation_jobs()).next_token for _ in range(2)]

    assert asyncio.run(two_calls()) == ["0.0", "0.1"]
    assert asyncio.run(two_calls()) == ["1.0", "1.1"]
    asyncio.run(client.aclose())  # in a third one, where there is nothing that it could close
    with pytest.raises(ClientClosed):
        asyncio.run(client.list_compilation_jobs())
    gc.collect()


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
def test_a_closed_client_of_the_user_is_told_from_a_broken_connection(mode: Any, library: Any) -> None:
    given = mode.client(library, transport=library.MockTransport(lambda _: library.Response(200, content=JOBS)))
    assert mode.call("list_compilation_jobs", client={"transport": given}).compilation_job_summaries == ()
    if mode.name == "sync":
        given.close()
    else:
        asyncio.run(given.aclose())
    with pytest.raises(ClientClosed, match="the httpx client that was given as transport is closed"):
        mode.call("list_compilation_jobs", client={"transport": given})


def test_certificates_that_cannot_be_read_are_a_wrong_setting(
    mode: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty = tmp_path / "empty.pem"
    empty.touch()
    httpx_bridge._default_ssl_context.cache_clear()
    for path in (tmp_path / "none.pem", empty):
        monkeypatch.setenv("SSL_CERT_FILE", str(path))
        with pytest.raises(ConfigurationError, match=r"TLS cannot be set up: .*SSL_CERT_FILE"):
            mode.call("list_compilation_jobs")
