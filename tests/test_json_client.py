"""The clients of any JSON service, with operations that are declared here as a user declares them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import boto3
import pytest

from neo_wire import AsyncJsonClient, Credentials, JsonClient, Operation, ServerError, Service, Timeout, structure
from tests.scripted import FakeClock

SQS = Service("SQS", "AmazonSQS", "sqs", "sqs", json_version="1.0")


@structure
class ReceiveMessageRequest:
    """From which queue, and how long to wait for a message."""

    queue_url: str
    wait_time_seconds: int | None = None


@structure
class Message:
    """One message."""

    body: str | None = None


@structure
class ReceiveMessageResult:
    """The messages, if any came."""

    messages: Sequence[Message] | None = None


RECEIVE_MESSAGE = Operation(SQS, "ReceiveMessage", ReceiveMessageRequest, ReceiveMessageResult, long_polling=True)
RECEIVE_AT_ONCE = Operation(SQS, "ReceiveMessage", ReceiveMessageRequest, ReceiveMessageResult)
CAPACITY, COST = 500, 14  # of the retry quota, and what a retry takes from it

Call = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def call(request: pytest.FixtureRequest) -> Call:
    """Make a client, make one call or several the same, one after the other, and give what each ended with."""

    def blocking(operation: Any, given: Any, calls: int, **options: Any) -> list[Any]:
        def outcome(client: JsonClient) -> Any:
            try:
                return client.call(operation, given)
            except ServerError as error:
                return error

        with JsonClient(SQS, region="us-west-2", **options) as client:
            return [outcome(client) for _ in range(calls)]

    def asynchronous(operation: Any, given: Any, calls: int, **options: Any) -> list[Any]:
        async def outcome(client: AsyncJsonClient) -> Any:
            try:
                return await client.call(operation, given)
            except ServerError as error:
                return error

        async def main() -> list[Any]:
            async with AsyncJsonClient(SQS, region="us-west-2", **options) as client:
                return [await outcome(client) for _ in range(calls)]

        return asyncio.run(main())

    return blocking if request.param == "sync" else asynchronous


def test_a_message_is_received_from_a_server_that_is_not_ours(
    call: Call, moto_url: str, credentials: Credentials
) -> None:
    boto: Any = boto3.client(
        "sqs",
        region_name="us-west-2",
        endpoint_url=moto_url,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
    )
    queue = boto.create_queue(QueueName=f"queue-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    boto.send_message(QueueUrl=queue, MessageBody="hello")
    asked = ReceiveMessageRequest(queue_url=queue, wait_time_seconds=0)
    [received] = call(RECEIVE_MESSAGE, asked, 1, endpoint_url=moto_url, credentials=credentials)
    assert received == ReceiveMessageResult(messages=[Message(body="hello")])


@pytest.mark.parametrize("operation", [RECEIVE_MESSAGE, RECEIVE_AT_ONCE])
def test_a_loop_of_long_polls_never_turns_without_a_wait(
    call: Call,
    operation: Operation[ReceiveMessageRequest, ReceiveMessageResult],
    raw_server: Call,
    response: Callable[..., bytes],
    credentials: Credentials,
) -> None:
    """A server that fails all: the first calls spend the retry quota, the later ones have nothing to retry with."""
    server = raw_server(response(b"{}", status="503 Service Unavailable"))
    clock = FakeClock()
    errors = call(
        operation,
        ReceiveMessageRequest(queue_url="https://sqs.us-west-2.amazonaws.com/1/q", wait_time_seconds=20),
        6,
        endpoint_url=server.url,
        credentials=credentials,
        clock=clock,
        max_attempts=CAPACITY // COST + 1,
        timeout=Timeout(total=3600),
    )
    assert [error.attempts for error in errors] == [CAPACITY // COST + 1, 1, 1, 1, 1, 1]
    assert [error.stopped for error in errors] == ["attempts used up", *["retry quota reached"] * 5]
    assert len(server.requests) == CAPACITY // COST + 1 + 5
    waits = clock.sleeps[CAPACITY // COST :]
    assert len(waits) == (5 if operation.long_polling else 0)
    assert all(0 <= wait <= 0.05 for wait in waits)  # each as before a first retry
    for error in errors[1:]:
        assert (error.elapsed > 0) is operation.long_polling


@pytest.mark.parametrize("calls", [0, 1])
def test_a_client_may_be_closed_while_the_interpreter_ends(
    calls: int, raw_server: Call, response: Callable[..., bytes]
) -> None:
    """When nothing can be imported any more."""
    program = """
import sys
import neo_wire

class Holder:
    def __init__(self, url, calls):
        given = neo_wire.Credentials("AKIDEXAMPLE", "secret")
        self.client = neo_wire.NeoClient(region="eu-west-1", credentials=given, endpoint_url=url)
        for _ in range(calls):
            self.client.list_compilation_jobs()

    def __del__(self):
        self.client.close()
        print("closed")

holder = Holder(sys.argv[1], int(sys.argv[2]))
"""
    server = raw_server(response(b'{"CompilationJobSummaries": []}'))
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-c", program, server.url, str(calls)], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("closed\n", "")
