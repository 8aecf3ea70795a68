"""The five operations against botocore's model: inputs, outputs, errors and how they are sent."""

from __future__ import annotations

import pydoc
import subprocess
import sys
from typing import Any

import botocore.session
import pytest

from neo_wire.service import Operation, Unit
from neo_wire.shapes import operations, structures
from neo_wire.shapes.operations import SAGEMAKER

OPERATIONS: list[Operation[Any, Any]] = [
    getattr(operations, name) for name in vars(operations)["__all__"] if name != "SAGEMAKER"
]
MODEL: Any = botocore.session.get_session().get_service_model("sagemaker")

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def test_they_are_all_that_the_model_has_on_compilation_jobs() -> None:
    assert {one.name for one in OPERATIONS} == {name for name in MODEL.operation_names if "CompilationJob" in name}


def test_the_service_is_the_models() -> None:
    metadata = MODEL.metadata
    assert SAGEMAKER.name == metadata["serviceId"]
    assert SAGEMAKER.target_prefix == metadata["targetPrefix"]
    assert SAGEMAKER.signing_name == metadata["signingName"]
    assert SAGEMAKER.endpoint_prefix == metadata["endpointPrefix"]
    assert SAGEMAKER.json_version == metadata["jsonVersion"]
    assert metadata["protocol"] == "json"
    assert metadata["auth"] == ["aws.auth#sigv4"]


@every_operation
def test_the_input_and_the_output_are_the_models(operation: Operation[Any, Any]) -> None:
    modelled = MODEL.operation_model(operation.name)
    assert operation.input.__name__ == modelled.input_shape.name
    if modelled.output_shape is None:
        assert operation.output is Unit
        assert not operation.has_output
    else:
        assert operation.output.__name__ == modelled.output_shape.name
        assert operation.has_output


@every_operation
def test_the_errors_are_the_models(operation: Operation[Any, Any]) -> None:
    modelled = MODEL.operation_model(operation.name).error_shapes
    assert [code for error in operation.errors for code in error.codes] == [shape.name for shape in modelled]
    for shape in modelled:
        assert set(shape.members) == {"Message"}  # which is the error's message: no class needs a shape of its own


@every_operation
def test_the_request_is_a_plain_post(operation: Operation[Any, Any]) -> None:
    modelled = MODEL.operation_model(operation.name)
    assert operation.service is SAGEMAKER
    assert modelled.http == {"method": "POST", "requestUri": "/"}
    assert modelled.endpoint is None  # no host prefix
    assert not modelled.idempotent_members


MODULES = {
    "SAGEMAKER": set(),
    "CREATE_COMPILATION_JOB": {"create", "configuration"},
    "DESCRIBE_COMPILATION_JOB": {"describe", "configuration"},
    "LIST_COMPILATION_JOBS": {"listing"},
    "STOP_COMPILATION_JOB": {"stop"},
    "DELETE_COMPILATION_JOB": {"delete"},
}


@pytest.mark.parametrize("name", vars(operations)["__all__"])
def test_an_operation_brings_only_the_structures_that_it_needs(name: str) -> None:
    program = f"from neo_wire.shapes import operations; operations.{name}; import sys; print(*sys.modules)"
    done = subprocess.run(  # noqa: S603  # our own program, in this interpreter
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {one.removeprefix("neo_wire.shapes.") for one in done.stdout.split() if one.startswith("neo_wire.shapes.")}
    expected = MODULES[name] | {"operations"} | ({"simple_types"} if MODULES[name] else set())
    assert loaded - {"enums"} == expected
    assert ("enums" in loaded) is bool(MODULES[name] & {"create", "describe", "listing"})


def test_a_name_that_there_is_not_is_an_attribute_error() -> None:
    for module in (operations, structures):
        with pytest.raises(AttributeError, match="no attribute 'TRAIN'"):
            _ = module.TRAIN


def test_help_shows_what_is_imported_when_it_is_used() -> None:
    assert "class CreateCompilationJobRequest(" in pydoc.plain(pydoc.render_doc(structures))
    assert "CREATE_COMPILATION_JOB = " in pydoc.plain(pydoc.render_doc(operations))
    for module in (operations, structures):
        assert dir(module) == sorted(vars(module)["__all__"])
