"""Compiling one model for many targets: a job for each, created once, waited for together, told of in one table.

The names of the jobs come from the model's name and the target alone. So a run that broke off is repeated, and adopts
the jobs that the first one created.

Source: Amazon SageMaker API reference, CreateCompilationJob; SageMaker endpoints and quotas.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, Required, TypedDict

from attrs import define, field, frozen

from neo_wire.errors import (
    ConfigurationError,
    InputValidationError,
    NeoWireError,
    ResourceLimitExceeded,
    Violation,
)
from neo_wire.flow import Flow, concurrently, monotonic, sleep
from neo_wire.jobs.calls import Calls
from neo_wire.jobs.clean_up import DEFAULT_CONCURRENCY, check_concurrency, patiently, stop_all
from neo_wire.jobs.compile_results import CompileResults, result_of
from neo_wire.jobs.create_or_get import CreatedOrFound, compare, create_or_get
from neo_wire.jobs.findings import shown
from neo_wire.jobs.job_names import job_name
from neo_wire.jobs.polling import DEFAULT_POLLING, DEFAULT_TIMEOUT, Pace, Polling, check_timeout
from neo_wire.jobs.preflight import preflight
from neo_wire.jobs.s3_uris import S3Location
from neo_wire.jobs.targets import Target
from neo_wire.jobs.waiting_many import DEFAULT_RATE, JobOutcome, OnAnyUpdate, wait_for_jobs
from neo_wire.shapes.operations import DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
    InputConfig,
    NeoVpcConfig,
    StoppingCondition,
    Tag,
)
from neo_wire.values import Value

_log: Final = logging.getLogger(__name__)

_REQUIRED: Final = ("role_arn", "s3_output_location", "stopping_condition")  # at runtime `ManyInputs` does not tell


@frozen(eq=False, repr=False)
class Variant(Value):
    """A target, with what only its job is to have.

    Attributes:
        target: what is compiled for.
        compiler_options: what `compiler_options` or `neuron_options` made for it.
        input_config: in place of the one that all others have.
    """

    target: Target
    compiler_options: str | None = None
    input_config: InputConfig | None = None


class ManyInputs(TypedDict, total=False):
    """What all jobs are made of: exactly one of `input_config` and `model_package_version_arn`.

    Attributes:
        role_arn: the IAM role that the jobs read and write with.
        s3_output_location: where in S3 the artifacts go; the service names each by model and target.
        stopping_condition: how many seconds a job may run.
        input_config: where the model lies, its framework, and the shapes of its inputs.
        model_package_version_arn: the version of a model package, in place of an `input_config`.
        kms_key_id: of the key that the artifacts are encrypted with.
        vpc_config: the VPC that the jobs reach their data from.
        tags: up to 50.
    """

    role_arn: Required[str]
    s3_output_location: Required[S3Location | str]
    stopping_condition: Required[StoppingCondition]
    input_config: InputConfig | None
    model_package_version_arn: str | None
    kms_key_id: str | None
    vpc_config: NeoVpcConfig | None
    tags: Sequence[Tag] | None


@define(eq=False, repr=False)
class _Run:
    """What has come of each job so far; shared by the flows that run beside each other."""

    requests: dict[str, CreateCompilationJobRequest]
    found: dict[str, CreatedOrFound] = field(factory=dict)
    errors: dict[str, NeoWireError] = field(factory=dict)  # of jobs that could not be created
    begun: set[str] = field(factory=set)  # of which this run may have created a job, told so or not

    def left(self) -> Iterator[str]:
        """The names that nothing is known of yet."""
        return (name for name in self.requests if name not in self.found and name not in self.errors)


def compile_many(
    calls: Calls,
    model: str,
    targets: Iterable[Target | Variant],
    inputs: ManyInputs,
    *,
    random: Callable[[], float],
    region: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
    polling: Polling = DEFAULT_POLLING,
    concurrency: int = DEFAULT_CONCURRENCY,
    requests_per_second: float = DEFAULT_RATE,
    on_update: OnAnyUpdate | None = None,
    stop_on_interrupt: bool = False,
) -> Flow[CompileResults]:
    """Compile a model for each of some targets, and wait until all jobs have ended.

    When the account's quota of jobs is used up, the others wait until some have ended. Repeated with the same
    arguments, it adopts the jobs that are there, ended or not.

    Args:
        calls: what operations are called with.
        model: the name of the model and, at best, its version: with the target it makes the name of the job.
        targets: each once.
        inputs: what all jobs share.
        random: gives a number from 0 to 1.
        region: of the client, to tell targets that it does not have.
        timeout: of it all, in seconds.
        polling: the bounds of the intervals between two looks, and between two tries to create.
        concurrency: how many jobs are created at a time.
        requests_per_second: how many there are at most while it waits.
        on_update: is told of each job when it is first seen, and at each change of its status.
        stop_on_interrupt: whether, on Ctrl-C or a cancellation, the jobs that still run are stopped before it is
            raised again.

    Raises:
        InputValidationError: a job must fail as it is; all that is wrong with all of them, and nothing was sent.
        ConfigurationError: an argument cannot be used; nothing was sent.
        NeoWireError: what List raises while it waits. What becomes of each target stands in the results.
    """
    check_timeout(timeout)
    check_concurrency(concurrency)
    Pace(requests_per_second)  # refuses what is none
    variants = _variants(targets)
    requests = _requests(model, variants, inputs, region)
    names = list(requests)
    run = _Run(requests)
    deadline = (yield from monotonic()) + timeout
    try:
        yield from _create(calls, run, deadline, polling, concurrency, random)
        left = deadline - (yield from monotonic())
        outcomes: dict[str, JobOutcome] = {}
        if run.found:
            outcomes = yield from wait_for_jobs(
                calls,
                [name for name in names if name in run.found],
                random=random,
                timeout=max(left, 0.001),  # one look, even when the time is over
                polling=polling,
                requests_per_second=requests_per_second,
                on_update=on_update,
            )
        jobs = yield from _descriptions(calls, outcomes, polling, concurrency, random)
    except GeneratorExit:
        raise
    except BaseException as error:
        if stop_on_interrupt and not isinstance(error, Exception):
            yield from _stop(calls, run, polling, concurrency, random)
        raise
    return CompileResults(
        tuple(
            result_of(
                variant.target, name, run.found.get(name), run.errors.get(name), outcomes.get(name), jobs.get(name)
            )
            for variant, name in zip(variants, names, strict=True)
        )
    )


def _variants(targets: Iterable[Target | Variant]) -> list[Variant]:
    given: object = targets  # what callers without a type checker give
    variants: list[Variant] = []
    odd: list[object] = []
    for one in [given] if isinstance(given, str) else targets:
        variant = Variant(one) if isinstance(one, Target) else one
        if isinstance(variant, Variant) and _is_target(variant.target):
            variants.append(variant)
        else:
            odd.append(one)
    if odd:
        raise ConfigurationError(
            f"targets has {', '.join(map(shown, odd))}; give Target.device(…), Target.platform(…), Target.parse(…) "
            "or a Variant of one"
        )
    if not variants:
        raise ConfigurationError("there is no target; give at least one, such as Target.device('jetson_xavier')")
    seen: set[Target] = set()
    twice = sorted({str(one.target) for one in variants if one.target in seen or seen.add(one.target)})  # type: ignore[func-returns-value]  # add gives None, which is false
    if twice:
        raise ConfigurationError(f"targets given more than once: {', '.join(twice)}; give each once")
    return variants


def _is_target(value: object) -> bool:
    return isinstance(value, Target)


def _requests(
    model: str, variants: list[Variant], inputs: ManyInputs, region: str | None
) -> dict[str, CreateCompilationJobRequest]:
    """The request of each job, by its name.

    Raises:
        InputValidationError: what is wrong with any of them.
        TypeError: a required input is missing.
    """
    if missing := [name for name in _REQUIRED if name not in inputs]:
        raise TypeError(f"compiling for many targets lacks {', '.join(missing)}")
    requests: dict[str, CreateCompilationJobRequest] = {}
    violations: list[Violation] = []
    for variant in variants:
        try:
            name = job_name(model, variant.target)
            request = CreateCompilationJobRequest(
                compilation_job_name=name,
                role_arn=inputs["role_arn"],
                model_package_version_arn=inputs.get("model_package_version_arn"),
                input_config=variant.input_config or inputs.get("input_config"),
                output_config=variant.target.output_config(
                    inputs["s3_output_location"],
                    compiler_options=variant.compiler_options,
                    kms_key_id=inputs.get("kms_key_id"),
                ),
                vpc_config=inputs.get("vpc_config"),
                stopping_condition=inputs["stopping_condition"],
                tags=inputs.get("tags"),
            )
            found = preflight(request, region=region)
            found.raise_for_problems()
        except InputValidationError as error:
            violations += [Violation(f"{variant.target}: {one.path}", one.message) for one in error.violations]
        else:
            for warning in found.warnings:
                _log.warning("%s: %s", variant.target, warning)
            requests[name] = request
    if violations:
        raise InputValidationError("compile_many", violations)
    return requests


def _create(
    calls: Calls, run: _Run, deadline: float, polling: Polling, concurrency: int, random: Callable[[], float]
) -> Flow[None]:
    """Create all jobs, or find them; while the quota is used up, look from time to time whether it is not any more."""
    refused: list[ResourceLimitExceeded] = []

    def one(name: str) -> Callable[[], Flow[None]]:
        what = f"creating the compilation job {name!r}"

        def create() -> Flow[None]:
            if refused:
                return
            run.begun.add(name)
            try:
                run.found[name] = yield from patiently(
                    lambda: create_or_get(calls, run.requests[name]), what, polling, random
                )
            except ResourceLimitExceeded as error:
                refused.append(error)
                run.begun.discard(name)
            except NeoWireError as error:
                run.errors[name] = error
                run.begun.discard(name)

        return create

    rounds = 0
    while left := list(run.left()):
        refused.clear()
        for outcome in (yield from concurrently([one(name) for name in left], limit=concurrency)):
            if isinstance(outcome, BaseException):  # what a worker was interrupted by, too
                raise outcome
        waiting = list(run.left())
        if not waiting:
            return
        rounds = rounds + 1 if len(waiting) == len(left) else 1
        pause = polling.interval(rounds, random())
        if (yield from monotonic()) + pause >= deadline:
            run.errors.update(dict.fromkeys(waiting, refused[0]))
            return
        _log.info("the quota of compilation jobs is used up; %d wait for %.3g s", len(waiting), pause)
        yield from sleep(pause)


def _descriptions(
    calls: Calls,
    outcomes: dict[str, JobOutcome],
    polling: Polling,
    concurrency: int,
    random: Callable[[], float],
) -> Flow[dict[str, DescribeCompilationJobResponse | NeoWireError]]:
    """What Describe tells of the jobs that completed, whose artifacts List does not tell."""

    def one(name: str) -> Callable[[], Flow[DescribeCompilationJobResponse]]:
        request = DescribeCompilationJobRequest(compilation_job_name=name)
        what = f"describing the compilation job {name!r}"
        return lambda: patiently(lambda: calls(DESCRIBE_COMPILATION_JOB, request), what, polling, random)

    names = [name for name, outcome in outcomes.items() if outcome.completed]
    jobs: dict[str, DescribeCompilationJobResponse | NeoWireError] = {}
    for name, told in zip(
        names, (yield from concurrently([one(name) for name in names], limit=concurrency)), strict=True
    ):
        if isinstance(told, BaseException) and not isinstance(told, NeoWireError):
            raise told
        jobs[name] = told
    return jobs


def _stop(calls: Calls, run: _Run, polling: Polling, concurrency: int, random: Callable[[], float]) -> Flow[None]:
    """Stop what runs of this run's jobs: all that it has, and those of which it was not told any more."""
    names = list(run.found)
    for name in sorted(run.begun - set(names)):
        try:
            job = yield from calls(DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name=name))
        except NeoWireError as error:
            _log.info("the compilation job %r is not stopped, as it is not known: %s", name, error)
            continue
        if all(difference.asked is None for difference in compare(run.requests[name], job)):
            names.append(name)
    yield from stop_all(calls, names, random=random, polling=polling, concurrency=concurrency)
