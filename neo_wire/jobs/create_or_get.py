"""Creating a job once: however often it is asked for, and whatever became of the answers.

CreateCompilationJob has no idempotency token; the name is what makes it safe to repeat. A job that has the name already
is compared with what was asked for, as is one that a call may have created whose answer was lost.

Source: Amazon SageMaker API reference, CreateCompilationJob, DescribeCompilationJob.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from neo_wire.errors import (
    NeoWireError,
    ResourceInUse,
    ResourceNotFound,
    ResponseDecodeError,
    ServiceError,
    TransportError,
)
from neo_wire.flow import Flow, sleep
from neo_wire.jobs.calls import Calls
from neo_wire.jobs.outcomes import Difference, JobDiffers
from neo_wire.members import Kind, members
from neo_wire.shapes.operations import CREATE_COMPILATION_JOB, DESCRIBE_COMPILATION_JOB
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    DescribeCompilationJobRequest,
    DescribeCompilationJobResponse,
)
from neo_wire.values import Value

_TRIES: Final = 3
_PAUSE: Final = 2.0  # seconds: for a delete to take effect, or for a job that was just created to be seen

# What the service fills in, or lets a framework do without, when the request is silent on it.
_FILLED_IN: Final = frozenset(
    {
        "InputConfig.DataInputConfig",
        "InputConfig.FrameworkVersion",
        "StoppingCondition.MaxRuntimeInSeconds",
        "StoppingCondition.MaxWaitTimeInSeconds",
        "StoppingCondition.MaxPendingTimeInSeconds",
    }
)
_JSON_TEXTS: Final = frozenset({"InputConfig.DataInputConfig", "OutputConfig.CompilerOptions"})
_SETS: Final = frozenset({"VpcConfig.SecurityGroupIds", "VpcConfig.Subnets"})


@frozen(eq=False, repr=False)
class CreatedOrFound(Value):
    """A job that has the name and the inputs that were asked for.

    Attributes:
        compilation_job_name: its name.
        compilation_job_arn: its ARN.
        created: True when this call created it; False when it was found. One that was found may still be this call's
            own, when the answer to its creation was lost.
        job: as it was found, ended or not, whatever its end; None when it was created.
        filled_in: what a job that was found has beyond what was asked for: defaults of the service, such as a framework
            version. Its tags are not compared, as Describe does not tell them.
    """

    compilation_job_name: str
    compilation_job_arn: str
    created: bool
    job: DescribeCompilationJobResponse | None = None
    filled_in: tuple[Difference, ...] = ()


def create_or_get(calls: Calls, request: CreateCompilationJobRequest) -> Flow[CreatedOrFound]:
    """Create a job; when its name is taken by one with the same inputs, adopt that one.

    It is safe to repeat, and to call from several places at once. A failure that leaves open whether the job was
    created is cleared up by looking. A job that is deleted meanwhile is created anew, a few times.

    Raises:
        JobDiffers: the name is taken by a job with other inputs.
        ResourceInUse: the name was taken and gone again, at each of a few tries.
        NeoWireError: what else Create and Describe raise; when an answer to Create was lost and the look fails too, the
            error of Create, with that of the look as its cause.
    """
    name = request.compilation_job_name
    tries = 1
    while True:
        try:
            answer = yield from calls(CREATE_COMPILATION_JOB, request)
        except NeoWireError as error:
            if not _is_open(error):
                raise
            refusal = error
        else:
            return CreatedOrFound(name, answer.compilation_job_arn, created=True)
        try:
            job = yield from calls(DESCRIBE_COMPILATION_JOB, DescribeCompilationJobRequest(compilation_job_name=name))
        except ResourceNotFound:
            if tries >= _TRIES:
                raise refusal from None
        except NeoWireError as error:
            raise refusal from error
        else:
            return _adopt(request, job)
        tries += 1
        yield from sleep(_PAUSE)


def _is_open(error: NeoWireError) -> bool:
    """Whether there may be a job of that name, this call's own or another."""
    if isinstance(error, TransportError | ServiceError | ResponseDecodeError):
        return isinstance(error, ResourceInUse) or error.maybe_processed
    return False


def _adopt(request: CreateCompilationJobRequest, job: DescribeCompilationJobResponse) -> CreatedOrFound:
    all_differences = compare(request, job)
    filled_in = tuple(one for one in all_differences if one.asked is None and _is_filled_in(one.path, request))
    differences = [one for one in all_differences if one not in filled_in]
    if differences:
        raise JobDiffers(job, differences)
    return CreatedOrFound(
        job.compilation_job_name, job.compilation_job_arn, created=False, job=job, filled_in=filled_in
    )


def _is_filled_in(path: str, request: CreateCompilationJobRequest) -> bool:
    # What is compiled from a version of a model package has its input from there.
    return path in _FILLED_IN or (request.input_config is None and path.startswith("InputConfig."))


def compare(request: CreateCompilationJobRequest, job: DescribeCompilationJobResponse) -> list[Difference]:
    """All in which a job is other than what a request asks for, member by member, in the order of the request.

    Texts of JSON are the same when their values are; lists of subnets and of security groups, when their elements are;
    an empty text is none. Tags are not compared, as Describe does not tell them.
    """
    return list(_differences(type(request), request, job, ""))


def _differences(cls: type, asked: object, found: object, prefix: str) -> Iterator[Difference]:
    for member in members(cls):
        path = prefix + member.wire_name
        if path == "Tags":
            continue
        values = getattr(asked, member.attribute, None), getattr(found, member.attribute, None)
        if member.schema.kind is Kind.STRUCTURE:
            yield from _differences(member.schema.python, *values, f"{path}.")
        elif _meaning(path, values[0]) != _meaning(path, values[1]):
            yield Difference(path, *values)


def _meaning(path: str, value: object) -> object:
    """What two values that mean the same have in common."""
    if value in ("", ()):
        return None
    if path in _SETS and isinstance(value, tuple):
        return sorted(value)
    if path in _JSON_TEXTS and isinstance(value, str):
        try:
            return json.dumps(json.loads(value), sort_keys=True)
        except (ValueError, RecursionError):
            return value  # not every target takes JSON
    return value
