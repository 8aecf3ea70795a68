"""What the tests of the jobs share: a local service in virtual time, and both clients to call it with."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define, field

from neo_wire import (
    AsyncNeoClient,
    Framework,
    InputConfig,
    NeoClient,
    OutputConfig,
    StoppingCondition,
    TargetDevice,
)
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.local import EXAMPLE_CREDENTIALS, LocalTransport, NeoService, Timeline

JOB: dict[str, Any] = {
    "role_arn": "arn:aws:iam::123456789012:role/neo",
    "input_config": InputConfig(
        s3_uri="s3://models/resnet50.tar.gz", framework=Framework.ONNX, data_input_config='{"data":[1,3,224,224]}'
    ),
    "output_config": OutputConfig(s3_output_location="s3://models/out/", target_device=TargetDevice.JETSON_NANO),
    "stopping_condition": StoppingCondition(max_runtime_in_seconds=7200),
}


@define
class VirtualClock:
    """Time that passes only when somebody sleeps; what is planned happens while it does."""

    seconds: float = 0.0
    planned: list[tuple[float, Callable[[], object]]] = field(factory=list)

    def now(self) -> datetime:
        return datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        end = self.seconds + seconds
        while due := sorted((one for one in self.planned if one[0] <= end), key=lambda one: one[0]):
            self.planned.remove(due[0])
            self.seconds = max(self.seconds, due[0][0])
            due[0][1]()
        self.seconds = max(self.seconds, end)

    async def sleep_async(self, seconds: float) -> None:
        self.sleep(seconds)
        await asyncio.sleep(0)

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do something when so many seconds have passed since the beginning."""
        self.planned.append((seconds, action))


class RecordingService(NeoService):
    """Remembers when it was asked for what."""

    def __init__(self, clock: VirtualClock, **options: Any) -> None:
        super().__init__(clock=clock.now, **options)
        self.virtual = clock
        self.requests: list[tuple[float, str]] = []
        self.tamper: Callable[[str, HttpResponse], HttpResponse] | None = None

    def handle(self, request: HttpRequest) -> HttpResponse:
        operation = (request.header("x-amz-target") or "").partition(".")[2]
        self.requests.append((self.virtual.seconds, operation))
        response = super().handle(request)
        return self.tamper(operation, response) if self.tamper else response

    def asked(self, operation: str) -> list[float]:
        """When it was asked for an operation."""
        return [at for at, one in self.requests if one == f"{operation}CompilationJob" + "s" * (operation == "List")]


@define
class World:
    """The service, its clock, and one of the two ways to call."""

    mode: Any
    clock: VirtualClock
    service: RecordingService

    def options(self) -> dict[str, Any]:
        return {
            "region": "eu-west-1",
            "credentials": EXAMPLE_CREDENTIALS,
            "transport": LocalTransport(self.service),
            "clock": self.clock,
            "max_attempts": 1,
        }

    def call(self, method: str, *args: object, **kwargs: object) -> Any:
        """Call a method of the client of this mode."""
        return self.mode.call(method, *args, client=self.options(), **kwargs)

    def create(self, *names: str, **changed: object) -> None:
        """Create jobs, with a blocking client in either mode."""
        with NeoClient(**self.options()) as client:
            for name in names:
                client.create_compilation_job(name, **{**JOB, **changed})

    def now(self, method: str, name: str) -> Callable[[], object]:
        """What stops or deletes a job when it is called; for the clock's plans."""

        def act() -> None:
            with NeoClient(**self.options()) as client:
                getattr(client, method)(name)

        return act

    def collect(
        self, method: str, *args: object, take: int | None = None, pages: bool = False, **kwargs: object
    ) -> tuple[list[Any], Any]:
        """What a method's iterator gives, or the first of it, and the iterator."""
        found: list[Any] = []
        if self.mode.name == "sync":
            with NeoClient(**self.options()) as client:
                iterator = getattr(client, method)(*args, **kwargs)
                for one in iterator.pages() if pages else iterator:
                    found.append(one)
                    if len(found) == take:
                        break
            return found, iterator

        async def run() -> Any:
            async with AsyncNeoClient(**self.options()) as client:
                iterator = getattr(client, method)(*args, **kwargs)
                async for one in iterator.pages() if pages else iterator:
                    found.append(one)
                    if len(found) == take:
                        break
                return iterator

        return found, asyncio.run(run())


@pytest.fixture
def make_world(mode: Any) -> Callable[..., World]:
    """Make a world of a service with these options, in both modes."""

    def make(**options: Any) -> World:
        clock = VirtualClock()
        return World(mode, clock, RecordingService(clock, **options))

    return make


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Jobs start for 10 seconds, and run for 100."""
    return make_world(timeline=Timeline(starting=10, in_progress=100, stopping=20))


@pytest.fixture
def job_inputs() -> dict[str, Any]:
    """All that a job is created from but its name."""
    return dict(JOB)
