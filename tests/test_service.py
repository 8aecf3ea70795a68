"""Services and operations as data, for Neo's and for anybody's."""

from __future__ import annotations

import copy
import pickle

import attrs
import pytest

from neo_wire.errors import ServiceError
from neo_wire.members import members
from neo_wire.schema import structure
from neo_wire.service import Operation, OperationOutput, ResponseMetadata, Service, Unit


@structure
class Output(OperationOutput):
    name: str | None = None


@structure
class Bare:
    name: str | None = None


class Conflict(ServiceError):
    codes = ("ConflictException",)


SERVICE = Service("Own", "Own_20260131", "own", "api.own", json_version="1.0", errors=(Conflict,))


def test_an_operation_has_an_output_when_the_output_has_members() -> None:
    assert Operation(SERVICE, "Get", Unit, Output).has_output
    assert Operation(SERVICE, "Get", Unit, Bare).has_output
    assert not Operation(SERVICE, "Ping", Unit, Unit).has_output


def test_metadata_is_no_member() -> None:
    assert members(Unit) == ()
    assert [member.wire_name for member in members(Output)] == ["Name"]


def test_an_output_that_no_service_sent_says_so() -> None:
    metadata = Output(name="a").response_metadata
    assert (metadata.status, metadata.request_id, metadata.headers, metadata.attempts) == (0, None, (), 0)


def test_metadata_enters_neither_equality_nor_the_repr() -> None:
    sent = Output(name="a", response_metadata=ResponseMetadata(200, "r-1", (("set-cookie", "hunter2"),), 1))
    assert sent == Output(name="a")
    assert hash(sent) == hash(Output(name="a"))
    assert repr(sent) == "Output(name='a')"
    assert "hunter2" not in repr(sent.response_metadata)
    assert pickle.loads(pickle.dumps(sent)).response_metadata == sent.response_metadata  # noqa: S301  # our own bytes


def test_services_and_operations_are_frozen_values() -> None:
    operation = Operation(SERVICE, "Get", Unit, Output, (Conflict,))
    for value in (SERVICE, operation):
        assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value  # noqa: S301  # our own bytes
        assert hash(copy.copy(value)) == hash(value)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        operation.name = "Put"  # type: ignore[misc]  # the point of the test
    assert Service("a", "b", "c", "d").json_version == "1.1"
    assert not operation.long_polling
    assert Operation(SERVICE, "Get", Unit, Output, long_polling=True) != Operation(SERVICE, "Get", Unit, Output)
