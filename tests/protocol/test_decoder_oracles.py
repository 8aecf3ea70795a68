"""The decoder against two oracles: botocore's parser, and our own encoder that is proven against botocore too."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.members import Kind, Schema, members
from neo_wire.protocol import timestamps
from neo_wire.protocol.decoder import decode, parse_json
from neo_wire.protocol.encoder import encode
from neo_wire.schema import TaggedUnion, is_shape
from neo_wire.service import Operation
from neo_wire.shapes import operations
from neo_wire.shapes.structures import CompilationJobSummary

OUTPUTS: list[Operation[Any, Any]] = [
    one for name in vars(operations)["__all__"] if name != "SAGEMAKER" and (one := getattr(operations, name)).has_output
]
SAGEMAKER: Any = botocore.session.get_session().get_service_model("sagemaker")
Instances = Callable[[type], st.SearchStrategy[Any]]


def read(text: str, cls: type) -> Any:
    return decode(cls, parse_json(text.encode()))


# ----------------------------------------------------------------------------------------------------- against botocore


def json_text(schema: Schema) -> st.SearchStrategy[str]:
    """What a service may send for a schema, as JSON text, in the part that botocore reads in the same way."""
    strings = st.text().map(json.dumps)
    match schema.kind:
        case Kind.STRING | Kind.DOCUMENT:
            return strings
        case Kind.BOOLEAN:
            return st.sampled_from(["true", "false"])
        case Kind.ENUM:
            return st.sampled_from([*schema.python, "VALUE_OF_TOMORROW"]).map(json.dumps)  # type: ignore[misc]  # of an ENUM it is an Enum
        case Kind.INT_ENUM | Kind.INTEGER:
            largest = 2 ** ((schema.bits or 32) - 1) - 1
            return st.integers(~largest, largest).map(str) | st.integers(-100, 100).map("{}.0".format)
        case Kind.FLOAT | Kind.BIG_DECIMAL:
            return st.floats(allow_nan=False, allow_infinity=False).map(repr) | st.integers(-1000, 1000).map(str)
        case Kind.BLOB:
            return st.sampled_from(['""', '"YQ=="', '"YWJj"', '"+/8A"'])
        case Kind.TIMESTAMP:
            return timestamp_text()
        case Kind.STRUCTURE | Kind.UNION:
            return object_text(schema.python)
    assert schema.element is not None
    elements = json_text(schema.element)
    if schema.kind is Kind.LIST:
        return st.lists(elements, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    assert schema.key is not None
    return st.dictionaries(strings, elements, max_size=3).map(braced)


def braced(items: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {text}" for key, text in items.items()) + "}"


def timestamp_text() -> st.SearchStrategy[str]:
    seconds, micros = st.integers(-(10**9), 4 * 10**9), st.integers(0, 10**6 - 1)
    fractional = st.builds("{}.{:06}".format, seconds, micros)
    moments = st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))  # noqa: DTZ001  # Hypothesis wants them naive
    return st.one_of(
        seconds.map(str),
        fractional,
        st.builds("{}.{:03}".format, seconds, st.integers(0, 999)),
        st.integers(1, 4000).map("{}e6".format),
        st.integers(1, 4000).map("{}.5E+6".format),
        fractional.map('"{}"'.format),
        moments.map(lambda moment: f'"{moment.isoformat()}Z"'),
        moments.map(lambda moment: f'"{moment.isoformat()}-01:30"'),
        moments.map(lambda moment: moment.strftime('"%a, %d %b %Y %H:%M:%S GMT"')),
    )


@st.composite
def object_text(draw: st.DrawFn, cls: type) -> str:
    """An object with some members, in any order, some null, beside some that nobody declared."""
    known = {member.wire_name: member for member in members(cls)}
    if cls.__name__ == "Choice":
        tag = draw(st.sampled_from([*known, "ValueOfTomorrow"]))
        return braced({f'"{tag}"': draw(json_text(known[tag].schema)) if tag in known else '{"new": [1]}'})
    names = draw(st.lists(st.sampled_from([*known, "New", "__type"]), unique=True, max_size=8))
    return braced(
        {
            f'"{name}"': draw(st.just("null") | json_text(known[name].schema)) if name in known else '[{"new": 1.5}]'
            for name in names
        }
    )


def assert_same(ours: Any, theirs: Any) -> None:
    if isinstance(ours, TaggedUnion) and ours.unknown_member is not None:
        assert theirs == {"SDK_UNKNOWN_MEMBER": {"name": ours.unknown_member.name}}
    elif is_shape(type(ours)):
        for member in members(type(ours)):
            value, expected = getattr(ours, member.attribute), theirs.get(member.wire_name)
            if expected is None:  # a required list is empty where botocore has no key at all
                assert value is None or (member.required and value == ())
            elif member.schema.kind is Kind.BIG_DECIMAL:
                assert float(value) == expected  # the one type that botocore reads as it comes
            else:
                assert_same(value, expected)
    elif isinstance(ours, tuple):
        assert len(ours) == len(theirs)
        for one, other in zip(ours, theirs, strict=True):
            assert_same(one, other)
    elif isinstance(ours, dict):
        assert set(ours) == set(theirs)
        for key, item in ours.items():
            assert_same(item, theirs[key])
    else:
        assert ours == theirs


def parsed_by_botocore(text: str, operation: Any) -> Any:
    response = {"status_code": 200, "headers": {}, "body": text.encode()}
    return create_parser("json").parse(response, operation.output_shape)


@pytest.mark.parametrize("operation", OUTPUTS, ids=lambda operation: operation.name)
@settings(max_examples=150)
@given(data=st.data())
def test_responses_give_the_values_that_botocore_gives(data: st.DataObject, operation: Operation[Any, Any]) -> None:
    text = data.draw(object_text(operation.output))
    assert_same(read(text, operation.output), parsed_by_botocore(text, SAGEMAKER.operation_model(operation.name)))


@settings(max_examples=150)
@given(data=st.data())
def test_every_type_gives_the_value_that_botocore_gives(
    data: st.DataObject, everything: type, operation_in_botocore: Callable[[type], Any]
) -> None:
    text = data.draw(object_text(everything))
    assert_same(read(text, everything), parsed_by_botocore(text, operation_in_botocore(everything)))


# ----------------------------------------------------------------------------------------------------------- round trip


@settings(max_examples=200)
@given(data=st.data())
def test_what_is_encoded_decodes_to_itself(data: st.DataObject, everything: type, instances: Instances) -> None:
    value = data.draw(instances(everything))
    decoded: Any = decode(everything, parse_json(encode(value)))
    assert decoded == value
    assert repr(decoded) == repr(value) or "datetime" in repr(
        value
    )  # times come back in UTC, everything else as it was


@pytest.mark.parametrize("operation", OUTPUTS, ids=lambda operation: operation.name)
@settings(max_examples=30)
@given(data=st.data())
def test_outputs_decode_to_what_was_encoded(
    data: st.DataObject, operation: Operation[Any, Any], instances: Instances
) -> None:
    value = data.draw(instances(operation.output))
    assert decode(operation.output, parse_json(encode(value))) == value


# ------------------------------------------------------------------------------------ the usual timestamps, read faster


@given(
    st.integers(10**9 - 3, 4 * 10**9 + 3), st.text("0123456789", max_size=8), st.sampled_from(["", "E0", "e-1", "E2"])
)
def test_a_timestamp_through_a_double_is_the_one_of_its_digits(seconds: int, fraction: str, exponent: str) -> None:
    text = f"{seconds}.{fraction or '0'}{exponent}"
    try:
        exact = timestamps.read(Decimal(text))
    except ValueError:  # an exponent that leaves the years
        return
    assert read(f'{{"CreationTime": {text}}}', CompilationJobSummary).creation_time == exact
