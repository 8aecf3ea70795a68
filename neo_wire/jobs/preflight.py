"""What can be known of a job before it is sent, and billed: refuse what must fail, warn on what may be a mistake.

A compilation fails minutes after it was created on inputs that were wrong from the start. Here a request is read with
all that the documentation says, the service's own rules included. What the documentation does not settle is a warning.

Source: Amazon SageMaker API reference, CreateCompilationJob, InputConfig, OutputConfig, StoppingCondition; developer
guide, prepare model for compilation, supported frameworks, supported instance types.
"""

from __future__ import annotations

import json
import re
from typing import Final

from attrs import frozen

from neo_wire.config.partitions import PARTITIONS, Partition
from neo_wire.errors import InputValidationError, Violation
from neo_wire.jobs.compiler_options import inspect_options
from neo_wire.jobs.data_inputs import inspect_data_inputs, inspect_framework_version
from neo_wire.jobs.findings import Findings, shown
from neo_wire.jobs.s3_uris import ARCHIVE_SUFFIX, S3Location, archive_problem
from neo_wire.jobs.targets import Target
from neo_wire.protocol.validation import validate
from neo_wire.shapes.enums import Framework, TargetDevice
from neo_wire.shapes.structures import CreateCompilationJobRequest, InputConfig, OutputConfig
from neo_wire.values import Value

_SHORT_RUNTIME: Final = 300
_LONGEST_RUNTIME: Final = 28 * 24 * 3600
_ONLY_IN: Final = {TargetDevice.ML_TRN1: "us-east-1", TargetDevice.ML_INF2: "us-east-2"}
_NO_SHAPES: Final = (Framework.XGBOOST, Framework.SKLEARN)


@frozen(eq=False, repr=False)
class Preflight(Value):
    """What was found of a request.

    Attributes:
        problems: for each of them the job must be refused or fail.
        warnings: what may be meant, and may be a mistake.
    """

    problems: tuple[Violation, ...] = ()
    warnings: tuple[Violation, ...] = ()

    def raise_for_problems(self) -> None:
        """Raise all problems in one error; warnings alone raise nothing.

        Raises:
            InputValidationError: there is a problem.
        """
        if self.problems:
            raise InputValidationError(CreateCompilationJobRequest.__name__, self.problems)


def preflight(request: CreateCompilationJobRequest, *, region: str | None = None) -> Preflight:
    """Look a request through without sending anything.

    Args:
        request: what `create_compilation_job` would be given.
        region: that it would be sent to, to compare with the ARNs and buckets; None when that is not known.
    """
    findings = Findings()
    findings.take(lambda: validate(request))
    input_config, output_config = request.input_config, request.output_config
    target: Target | None = None
    if isinstance(output_config, OutputConfig):
        target = _target(output_config, findings)
        _inspect_output(output_config, target, region, findings)
    if isinstance(input_config, InputConfig):
        _inspect_input(input_config, target, findings)
    _inspect_places(request, region, findings)
    _inspect_stopping(request, findings)
    _inspect_tags_and_network(request, findings)
    return Preflight(tuple(findings.problems), tuple(findings.warnings))


def _sound(findings: Findings, path: str) -> bool:
    """Whether there is no problem yet with the member, nor with one below it."""
    return not any(
        problem.path == path or problem.path.startswith((f"{path}.", f"{path}[")) for problem in findings.problems
    )


def _target(config: OutputConfig, findings: Findings) -> Target | None:
    if not (_sound(findings, "OutputConfig.TargetDevice") and _sound(findings, "OutputConfig.TargetPlatform")):
        return None
    return Target.of(config)


def _inspect_output(config: OutputConfig, target: Target | None, region: str | None, findings: Findings) -> None:
    _inspect_bucket(config.s3_output_location, "OutputConfig.S3OutputLocation", findings)
    choice = target.choice if target is not None else None
    if isinstance(choice, TargetDevice):
        if not choice.is_known:
            findings.warn("OutputConfig.TargetDevice", f"is {choice!s:.60}, which is not known here")
        only = _ONLY_IN.get(choice)
        if only is not None and region is not None and region != only:
            findings.warn("OutputConfig.TargetDevice", f"is {choice}, which was documented for {only} only")
    elif choice is not None:
        for name, part in (("Os", choice.os), ("Arch", choice.arch), ("Accelerator", choice.accelerator)):
            if part is not None and not part.is_known:
                findings.warn(f"OutputConfig.TargetPlatform.{name}", f"is {part!s:.60}, which is not known here")
    path = "OutputConfig.CompilerOptions"
    if not _sound(findings, path):
        return
    is_read, options = _read(config.compiler_options, path, findings) if config.compiler_options else (True, {})
    if is_read:
        inspect_options(options, target, path, findings)


def _inspect_input(config: InputConfig, target: Target | None, findings: Findings) -> None:
    uri: object = config.s3_uri  # what callers without a type checker give
    location = _inspect_bucket(config.s3_uri, "InputConfig.S3Uri", findings)
    if location is not None and (problem := archive_problem(location.key)):
        findings.refuse("InputConfig.S3Uri", problem)
    elif location is None and isinstance(uri, str) and not uri.endswith(ARCHIVE_SUFFIX):
        findings.refuse("InputConfig.S3Uri", f"does not end in {ARCHIVE_SUFFIX}; give one gzip-compressed tar archive")
    if not _sound(findings, "InputConfig.Framework"):
        return
    framework = Framework(config.framework)
    if not framework.is_known:
        findings.warn("InputConfig.Framework", f"is {framework!s:.60}, which is not known here")
    inspect_framework_version(framework, config.framework_version, "InputConfig.FrameworkVersion", findings)
    cloud = target is not None and isinstance(target.choice, TargetDevice) and target.choice.startswith("ml_")
    if framework is Framework.TFLITE and cloud:
        findings.refuse("InputConfig.Framework", f"is TFLITE, which Neo compiles for edge devices only, not {target}")
    path = "InputConfig.DataInputConfig"
    if not _sound(findings, path):
        return
    if config.data_input_config is not None:
        is_read, value = _read(config.data_input_config, path, findings)
        if is_read:
            inspect_data_inputs(value, framework, target, path, findings)
    elif framework.is_known and framework not in _NO_SHAPES:
        derived = framework is Framework.PYTORCH and cloud and not _is_below_2(config.framework_version)
        if not derived:
            findings.warn(path, f"is not given; for {framework} Neo expects the shapes of the inputs")


def _is_below_2(version: object) -> bool:
    return not isinstance(version, str) or version.startswith(("0.", "1."))


def _read(text: str, path: str, findings: Findings) -> tuple[bool, object]:
    """Whether a member's text can be read, and its value. The documentation has single quotes, so they are read too."""
    try:
        return True, _parse(text)
    except _Twice as twice:
        findings.refuse(path, f"has the name {shown(twice.name)} twice")
        return False, None
    except (ValueError, RecursionError):
        hint = r"; the backslashes are a shell's, and go" if r"\"" in text else ""
    try:
        if '"' in text:
            raise ValueError
        value = _parse(text.replace("'", '"'))
    except (_Twice, ValueError, RecursionError):
        findings.refuse(path, f"is {shown(text)}, which is not JSON{hint}")
        return False, None
    findings.warn(path, f"is {shown(text)}, which is not JSON for its single quotes; give it with double ones")
    return True, value


def _parse(text: str) -> object:
    parsed: object = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once)
    return parsed


class _Twice(Exception):
    def __init__(self, name: str) -> None:
        self.name = name


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _Twice(name)
        found[name] = value
    return found


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _inspect_bucket(uri: str, path: str, findings: Findings) -> S3Location | None:
    """The location, when the URI is one that S3 can have; what it cannot have is noted."""
    if not _sound(findings, path):
        return None
    try:
        return S3Location.parse(uri)
    except InputValidationError as error:
        bucket = uri.removeprefix("s3://").partition("/")[0]
        if not uri.startswith("s3://"):
            for violation in error.violations:
                findings.warn(path, violation.message)
        elif re.fullmatch(r"[A-Za-z0-9._-]{3,255}", bucket, re.ASCII) and not re.fullmatch(r"[a-z0-9.-]{3,63}", bucket):
            findings.warn(path, f"has the bucket {bucket!r:.60}, whose name only the oldest buckets can have")
        else:
            for violation in error.violations:
                findings.refuse(path, violation.message)
        return None


def _partition_of_arn(arn: object) -> str | None:
    return arn.split(":")[1] if isinstance(arn, str) and re.match(r"arn:aws[a-z\-]*:", arn, re.ASCII) else None


def _known_partition(region: str) -> Partition | None:
    for partition in PARTITIONS:
        if region in partition.regions or re.fullmatch(partition.region_pattern, region, re.ASCII):
            return partition
    return None


def _inspect_places(request: CreateCompilationJobRequest, region: str | None, findings: Findings) -> None:
    """Everything of a job lies in one partition: the role, the model, the buckets, the key, the region."""
    input_config, output_config = request.input_config, request.output_config
    places: list[tuple[str, str | None, str | None]] = [
        ("RoleArn", _partition_of_arn(request.role_arn), None),
        ("ModelPackageVersionArn", *_of_regional_arn(request.model_package_version_arn)),
    ]
    if isinstance(input_config, InputConfig):
        places.append(("InputConfig.S3Uri", *_of_bucket(input_config.s3_uri)))
    if isinstance(output_config, OutputConfig):
        places.append(("OutputConfig.S3OutputLocation", *_of_bucket(output_config.s3_output_location)))
        places.append(("OutputConfig.KmsKeyId", *_of_regional_arn(output_config.kms_key_id)))
    known = _known_partition(region) if region is not None else None
    expected, where = (known.id, f"the region {region}") if known is not None else (None, "")
    for path, partition, its_region in places:
        if partition is None:
            continue
        if expected is None:
            expected, where = partition, path
        elif partition != expected:
            findings.refuse(
                path, f"is of the partition {partition}, and {where} is of {expected}; use one of {expected}"
            )
        elif its_region is not None and region is not None and its_region != region:
            findings.warn(path, f"is in {its_region}, and the job would run in {region}")


def _of_regional_arn(arn: object) -> tuple[str | None, str | None]:
    partition = _partition_of_arn(arn)
    parts = str(arn).split(":")
    return partition, parts[3] or None if partition is not None and len(parts) > 3 else None


def _of_bucket(uri: object) -> tuple[str | None, str | None]:
    try:
        location = S3Location.parse(uri) if isinstance(uri, str) else None
    except InputValidationError:
        return None, None
    return (location.partition, location.region) if location is not None else (None, None)


def _inspect_stopping(request: CreateCompilationJobRequest, findings: Findings) -> None:
    condition = request.stopping_condition
    seconds = getattr(condition, "max_runtime_in_seconds", None)
    path = "StoppingCondition.MaxRuntimeInSeconds"
    if isinstance(seconds, int) and _sound(findings, path):
        if seconds < _SHORT_RUNTIME:
            findings.warn(
                path, f"is {seconds}; the documentation suggests to begin with 900, and a job overrun has failed"
            )
        elif seconds > _LONGEST_RUNTIME:
            findings.warn(path, f"is {seconds}; the documentation has 28 days, {_LONGEST_RUNTIME}, as the most")
    for attribute, name in (("max_wait_time_in_seconds", "MaxWait"), ("max_pending_time_in_seconds", "MaxPending")):
        if getattr(condition, attribute, None) is not None:
            findings.warn(f"StoppingCondition.{name}TimeInSeconds", "is of training jobs; leave it out")


def _inspect_tags_and_network(request: CreateCompilationJobRequest, findings: Findings) -> None:
    if _sound(findings, "Tags"):
        seen: set[str] = set()
        for index, tag in enumerate(request.tags or ()):
            if tag.key.lower().startswith("aws:"):
                findings.refuse(f"Tags[{index}].Key", f"is {tag.key!r:.60}; keys that begin with 'aws:' are AWS's own")
            if tag.key in seen:
                findings.refuse(f"Tags[{index}].Key", f"is {tag.key!r:.60} again; a key is given once")
            seen.add(tag.key)
    if request.vpc_config is not None and _sound(findings, "VpcConfig"):
        for member, name, prefix in (
            ("security_group_ids", "SecurityGroupIds", "sg-"),
            ("subnets", "Subnets", "subnet-"),
        ):
            for index, one in enumerate(getattr(request.vpc_config, member)):
                if not one.startswith(prefix):
                    findings.warn(f"VpcConfig.{name}[{index}]", f"is {one!r}, which does not begin with {prefix!r}")
