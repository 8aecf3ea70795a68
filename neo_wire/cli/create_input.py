"""The input of `neo-wire create`: from options, from a JSON document with AWS's own member names, or from both.

A document that somebody wrote is read strictly, where the decoder of responses is lenient: a misspelt member is an
error rather than a member less, and everything that is wrong is said at once.
"""

from __future__ import annotations

import argparse
import difflib
import json
from collections.abc import Mapping
from typing import Any

from neo_wire.cli.failure import UsageError
from neo_wire.cli.values import read_text
from neo_wire.errors import InputValidationError, Violation
from neo_wire.members import Kind, Schema, members
from neo_wire.protocol.mismatch import join_path
from neo_wire.protocol.validation import validate
from neo_wire.shapes.structures import CreateCompilationJobRequest

Json = Any  # parsed JSON has no other type
Path = tuple[str | int, ...]


def create_input(arguments: argparse.Namespace) -> CreateCompilationJobRequest:
    """The input that the options and the document make; an option overrides the same member of the document.

    Raises:
        UsageError: the document cannot be read, or is no JSON object.
        InputValidationError: it has members that the operation has not or, unless that is not wanted, breaks a rule.
    """
    request, unknown = read_request(arguments)
    broken: tuple[Violation, ...] = ()
    try:
        if not arguments.no_validate:
            validate(request)
    except InputValidationError as error:
        broken = error.violations
    if unknown or broken:
        raise InputValidationError(CreateCompilationJobRequest.__name__, [*unknown, *broken])
    return request


def read_request(arguments: argparse.Namespace) -> tuple[CreateCompilationJobRequest, list[Violation]]:
    """The input as it was given, whatever rule it breaks, and the members of the document that there are not.

    Raises:
        UsageError: the document cannot be read, or is no JSON object.
    """
    document = _document(arguments.cli_input_json) if arguments.cli_input_json else {}
    unknown: list[Violation] = []
    schema = Schema(Kind.STRUCTURE, CreateCompilationJobRequest)
    return _read(schema, _merged(document, _from_options(arguments)), (), unknown), unknown


def _document(given: str) -> dict[str, Json]:
    where = given.removeprefix("file://")
    text = given if given.lstrip().startswith("{") else read_text(where)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"--cli-input-json is not JSON: {error}") from None
    if not isinstance(document, dict):
        raise UsageError("--cli-input-json is JSON, but not an object")
    return document


def _from_options(arguments: argparse.Namespace) -> dict[str, Json]:
    return {
        "CompilationJobName": arguments.name,
        "RoleArn": arguments.role_arn,
        "ModelPackageVersionArn": arguments.model_package_version_arn,
        "InputConfig": {
            "S3Uri": arguments.s3_uri,
            "DataInputConfig": arguments.data_input_config,
            "Framework": arguments.framework,
            "FrameworkVersion": arguments.framework_version,
        },
        "OutputConfig": {
            "S3OutputLocation": arguments.s3_output_location,
            "TargetDevice": arguments.target_device,
            "TargetPlatform": arguments.target_platform,
            "CompilerOptions": arguments.compiler_options,
            "KmsKeyId": arguments.kms_key_id,
        },
        "VpcConfig": {"SecurityGroupIds": arguments.security_group_ids, "Subnets": arguments.subnets},
        "StoppingCondition": {"MaxRuntimeInSeconds": arguments.max_runtime},
        "Tags": arguments.tag,
    }


def _merged(document: Mapping[str, Json], options: Mapping[str, Json]) -> dict[str, Json]:
    """The document with the options that were given in the place of its own members; what one option gives is whole."""
    merged = dict(document)
    for name, item in options.items():
        if isinstance(item, dict):
            given = {member: value for member, value in item.items() if value is not None}
            below = merged.get(name)
            item = {**below, **given} if isinstance(below, dict) else given or None
        if item is not None:
            merged[name] = item
    return merged


def _read(schema: Schema, value: Json, path: Path, unknown: list[Violation]) -> Any:  # noqa: ANN401  # what the schema says
    """The value as the schema's own type; one of another type is left as it is, for the validation to name.

    An enum's value stays a string, so that one that is not known is refused with the one that may have been meant.
    """
    if schema.kind is Kind.STRUCTURE and isinstance(value, dict):
        known = {member.wire_name: member for member in members(schema.python)}
        for name in [name for name in value if name not in known]:
            close = difflib.get_close_matches(name, known, n=1)
            guess = f"; did you mean {close[0]!r}?" if close else ""
            unknown.append(Violation(join_path((*path, name)), f"is no member of {schema.python.__name__}{guess}"))
        return schema.python(
            **{
                member.attribute: _read(member.schema, value.get(wire_name), (*path, wire_name), unknown)
                for wire_name, member in known.items()
            }
        )
    if schema.element is not None and isinstance(value, list):
        return [_read(schema.element, item, (*path, index), unknown) for index, item in enumerate(value)]
    return value
