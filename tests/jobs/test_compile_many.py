"""Compiling for many targets: names, outcomes, quotas, repeats and interruptions, in virtual time."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

import pytest

from neo_wire import (
    AsyncNeoClient,
    ConfigurationError,
    Framework,
    HttpResponse,
    InputConfig,
    InputValidationError,
    NeoClient,
    ResourceLimitExceeded,
    StoppingCondition,
    Throttling,
)
from neo_wire.flow import Concurrently
from neo_wire.jobs.compile_many import Variant, compile_many
from neo_wire.jobs.job_names import job_name
from neo_wire.jobs.outcomes import CompilationFailed, CompilationStopped, JobDiffers, WaitTimeout
from neo_wire.jobs.targets import Target
from neo_wire.local import Timeline
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import DescribeCompilationJobRequest

DEVICES = ("jetson_nano", "rasp3b", "ml_c5", "deeplens", "rk3399")
TARGETS = [Target.device(name) for name in DEVICES]
INPUTS: dict[str, Any] = {
    "role_arn": "arn:aws:iam::123456789012:role/neo",
    "input_config": InputConfig(
        s3_uri="s3://models/resnet50.tar.gz", framework=Framework.ONNX, data_input_config='{"data":[1,3,224,224]}'
    ),
    "s3_output_location": "s3://models/out/",
    "stopping_condition": StoppingCondition(max_runtime_in_seconds=7200),
}


def name_of(device: str) -> str:
    return job_name("resnet50", Target.device(device))


def flow(client: Any, targets: Any = TARGETS, inputs: Any = INPUTS, **options: Any) -> Any:
    return compile_many(client._session.invoke, "resnet50", targets, inputs, random=lambda: 0.5, **options)


def run(world: Any, *args: Any, **options: Any) -> Any:
    """Compile many by the client of the world's mode."""
    if world.mode.name == "sync":
        with NeoClient(**world.options()) as client:
            return client._driver.run(flow(client, *args, **options))

    async def in_loop() -> Any:
        async with AsyncNeoClient(**world.options()) as client:
            return await client._driver.run(flow(client, *args, **options))

    return asyncio.run(in_loop())


def status(world: Any, name: str) -> str:
    request = DescribeCompilationJobRequest(compilation_job_name=name)
    with NeoClient(**world.options()) as client:
        return str(client.call(DESCRIBE_COMPILATION_JOB, request).compilation_job_status)


def test_each_target_gets_a_job_and_an_artifact(world: Any) -> None:
    results = run(world)
    assert [(one.target, one.status, one.created, one.error) for one in results] == [
        (target, "completed", True, None) for target in TARGETS
    ]
    assert [one.artifact for one in results] == [f"s3://models/out/resnet50-{name}.tar.gz" for name in DEVICES]
    assert (results.completed, len(results)) == (True, 5)
    assert results.of(TARGETS[2]).name == name_of("ml_c5")
    with pytest.raises(KeyError):
        results.of(Target.device("coreml"))
    counts = {name: len(world.service.asked(name)) for name in ("Create", "Describe", "Stop")}
    assert counts == {"Create": 5, "Describe": 5, "Stop": 0}  # one for each artifact, none to wait
    assert len(world.service.asked("List")) < 12


def test_a_run_is_repeated_without_another_job(world: Any) -> None:
    first = run(world)
    asked = len(world.service.asked("List"))
    again = run(world, reversed(TARGETS))
    assert [one.created for one in again] == [False] * 5
    assert {one.name: one.artifact for one in again} == {one.name: one.artifact for one in first}
    assert len(world.service.asked("List")) == asked + 1


def test_each_way_to_end_is_told_in_a_table(make_world: Any) -> None:
    reason = "ClientError: CompilationError: Unable to\ncompile"
    world = make_world(
        timeline={
            name_of("rasp3b"): Timeline(starting=0, in_progress=5, outcome="FAILED", failure_reason=reason),
            name_of("ml_c5"): Timeline(starting=0, in_progress=5000),
            name_of("rk3399"): Timeline(starting=0, in_progress=5000, stopping=1),
            name_of("jetson_nano"): Timeline(starting=0, in_progress=5),
        }
    )
    world.create(name_of("deeplens"))  # for another device
    world.clock.at(30, world.now("stop_compilation_job", name_of("rk3399")))
    results = run(world, timeout=300)
    assert [one.status for one in results] == ["completed", "failed", "timeout", "not created", "stopped"]
    kinds = [type(None), CompilationFailed, WaitTimeout, JobDiffers, CompilationStopped]
    assert [type(one.error) for one in results] == kinds
    assert not results.completed
    assert results.of(TARGETS[1]).job.failure_reason == reason
    lines = str(results).splitlines()
    assert [line.split()[0] for line in lines] == ["TARGET", *DEVICES]
    assert lines[1].split()[2:] == ["completed", "s3://models/out/resnet50-jetson_nano.tar.gz"]
    assert "Unable to compile" in lines[2]
    assert "not created" in lines[4]
    assert len({line.index(word) for line, word in zip(lines, ("STATUS", "completed", "failed"), strict=False)}) == 1


def test_variants_have_options_and_inputs_of_their_own(world: Any) -> None:
    nvidia = Target.platform("LINUX", "ARM64", "NVIDIA")
    options = '{"gpu-code": "sm_72", "trt-ver": "7.1.3", "cuda-ver": "10.2"}'
    other = InputConfig(s3_uri="s3://models/other.tar.gz", framework=Framework.ONNX, data_input_config='{"x":[1]}')
    results = run(world, [Variant(nvidia, compiler_options=options), Variant(TARGETS[0], input_config=other)])
    assert results.completed
    job = results.of(nvidia).job
    assert job.output_config.compiler_options == options
    assert Target.of(job.output_config) == nvidia
    assert results.of(TARGETS[0]).job.input_config.s3_uri == "s3://models/other.tar.gz"


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_sent(world: Any) -> None:
    inputs = {**INPUTS, "role_arn": "role"}
    nvidia = Target.platform("LINUX", "ARM64", "NVIDIA")
    with pytest.raises(InputValidationError) as caught:
        run(world, [TARGETS[0], nvidia], inputs)
    paths = [violation.path for violation in caught.value.violations]
    assert paths == [
        "jetson_nano: RoleArn",
        "LINUX/ARM64/NVIDIA: RoleArn",
        "LINUX/ARM64/NVIDIA: OutputConfig.CompilerOptions",
    ]
    with pytest.raises(ConfigurationError, match="no target"):
        run(world, [])
    with pytest.raises(ConfigurationError, match="more than once: jetson_nano;"):
        run(world, [TARGETS[0], TARGETS[1], Variant(TARGETS[0])])
    for odd in (["ml_c5"], "ml_c5", [TARGETS[0], None], [Variant("ml_c5")]):  # type: ignore[arg-type]  # what is refused
        with pytest.raises(ConfigurationError, match=r"targets has .*(ml_c5|None).*; give Target\.device"):
            run(world, odd)
    with pytest.raises(TypeError, match="lacks role_arn, s3_output_location"):
        run(world, TARGETS, {"stopping_condition": INPUTS["stopping_condition"]})
    for options in ({"timeout": 0}, {"concurrency": 0}, {"concurrency": True}, {"requests_per_second": 0}):
        with pytest.raises(ConfigurationError):
            run(world, **options)
    assert world.service.requests == []


def test_what_the_quota_leaves_no_room_for_waits(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=10, in_progress=100), max_running_jobs=2)
    results = run(world, timeout=3600)
    assert results.completed
    assert [one.created for one in results] == [True] * 5
    assert len(world.service.asked("Create")) < 60


def test_the_timeout_bounds_the_wait_for_the_quota(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=10, in_progress=10000), max_running_jobs=2)
    results = run(world, timeout=200)
    assert sorted(one.status for one in results) == ["not created"] * 3 + ["timeout"] * 2
    refused = [one for one in results if one.status == "not created"]
    assert all(isinstance(one.error, ResourceLimitExceeded) and one.job is None for one in refused)
    assert world.clock.seconds < 320


def test_throttling_is_borne_with(world: Any) -> None:
    world.service.script(Throttling("Rate exceeded"), operation="CreateCompilationJob", times=8)
    assert run(world).completed
    assert len(world.service.asked("Create")) == 13


def test_no_more_are_created_at_a_time_than_asked_for(world: Any) -> None:
    limits: list[int] = []

    def watched(inner: Any) -> Any:
        effect = next(inner)
        while True:
            if isinstance(effect, Concurrently):
                limits.append(effect.limit)
            try:
                effect = inner.send((yield effect))
            except StopIteration as end:
                return end.value

    with NeoClient(**world.options()) as client:
        client._driver.run(watched(flow(client, concurrency=3)))
    assert limits == [3, 3]


def interrupted(world: Any, at: float, **options: Any) -> None:
    """Compile many until it is interrupted, by Ctrl-C or a cancellation, so many seconds after the beginning."""
    if world.mode.name == "sync":

        def interrupt() -> None:
            raise KeyboardInterrupt

        world.clock.at(at, interrupt)
        with NeoClient(**world.options()) as client, pytest.raises(KeyboardInterrupt):
            client._driver.run(flow(client, **options))
        return

    async def in_loop() -> None:
        async with AsyncNeoClient(**world.options()) as client:
            task = asyncio.ensure_future(client._driver.run(flow(client, **options)))
            world.clock.at(at, task.cancel)
            with pytest.raises(asyncio.CancelledError):
                await task

    asyncio.run(in_loop())


@pytest.mark.parametrize("stop", [True, False])
def test_an_interruption_stops_what_runs_when_asked_to(make_world: Any, stop: bool) -> None:
    long = Timeline(starting=0, in_progress=5000, stopping=10000)
    world = make_world(timeline={**{name_of(one): long for one in DEVICES[1:]}, name_of("jetson_nano"): Timeline()})
    interrupted(world, 50, stop_on_interrupt=stop)
    assert [status(world, name_of(one)) for one in DEVICES] == [
        "COMPLETED",
        *(["STOPPING" if stop else "INPROGRESS"] * 4),
    ]


def test_an_interruption_while_the_quota_is_waited_for(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=0, in_progress=5000, stopping=9000), max_running_jobs=2)
    interrupted(world, 30, stop_on_interrupt=True)
    assert len(world.service.asked("Stop")) == 2


def test_a_job_whose_creation_was_interrupted_is_stopped_when_it_is_ours(make_world: Any) -> None:
    world = make_world(timeline=Timeline(starting=5000, stopping=5000))
    if world.mode.name == "async":
        pytest.skip("an interruption reaches an event loop between its steps")
    world.create(name_of("rasp3b"))  # somebody else's, for another device

    begun = threading.Event()

    def tamper(operation: str, response: HttpResponse) -> HttpResponse:
        if operation == "CreateCompilationJob" and response.status == 200:
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)
            begun.wait(0.3)  # until the interruption has come, which nothing here is told of
        return response

    world.service.tamper = tamper
    with NeoClient(**world.options()) as client, pytest.raises(KeyboardInterrupt):
        client._driver.run(flow(client, TARGETS[:2], stop_on_interrupt=True))
    assert status(world, name_of("jetson_nano")) == "STOPPING"
    assert status(world, name_of("rasp3b")) == "STARTING"
