"""The walk that checks and encodes at once says what the two walks say: of valid, of spoilt and of odd values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.members import members
from neo_wire.protocol import valid_encoder
from neo_wire.protocol.encoder import encode
from neo_wire.protocol.valid_encoder import encode_valid
from neo_wire.protocol.validation import validate
from neo_wire.schema import (
    Byte,
    Characters,
    Document,
    Integer,
    Length,
    OpenIntEnum,
    OpenStrEnum,
    Pattern,
    Range,
    Sensitive,
    TaggedUnion,
    UnknownMember,
    is_shape,
    structure,
    union,
)
from neo_wire.service import Operation, Unit
from neo_wire.shapes import operations
from neo_wire.shapes.enums import Framework, TargetDevice
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    DescribeCompilationJobRequest,
    InputConfig,
    OutputConfig,
    StoppingCondition,
    Tag,
)

OPERATIONS: list[Operation[Any, Any]] = [
    getattr(operations, name) for name in vars(operations)["__all__"] if name != "SAGEMAKER"
]
Instances = Callable[[type], st.SearchStrategy[Any]]


def by_two_walks(value: object) -> bytes | None:
    try:
        validate(value)
        return encode(value)
    except InputValidationError:
        return None


class Text(str):
    __slots__ = ()


class Number(int):
    pass


JUNK: list[Any] = [
    *(None, "", "x", "x" * 5000, "é", "\ud800", "red", "RED", Text("a"), Text("red"), TargetDevice.ML_C5),
    *(0, -1, 5, 10**12, 10**5000, True, Number(3), 1.5, float("nan"), float("inf"), Decimal("1.5"), Decimal("NaN")),
    *([], (), ("a",), (None,), [None], ["a", 5], "ab", {}, {"a": 1}, {"a": None}, {5: 1}),
    *(b"", b"x" * 50, memoryview(b"")),
    *(datetime(2026, 1, 31), datetime(2026, 1, 31, tzinfo=UTC), Unit(), UnknownMember("New", 1), object()),  # noqa: DTZ001  # naive on purpose
]  # fmt: skip


@st.composite
def spoilt(draw: st.DrawFn, value: Any) -> Any:
    """A valid instance with one value in it, at whatever depth, replaced by something else."""
    if isinstance(value, tuple) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return (*value[:index], draw(spoilt(value[index])), *value[index + 1 :])
    if not is_shape(type(value)) or draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(JUNK))
    found = {one.attribute: getattr(value, one.attribute) for one in members(type(value))}
    if not found:
        return value
    attribute = draw(st.sampled_from(sorted(found)))
    return type(value)(**{**found, attribute: draw(spoilt(found[attribute]))})


@pytest.fixture(scope="module")
def shapes(everything: type) -> list[type]:
    return [everything, *(operation.input for operation in OPERATIONS)]


@settings(max_examples=200)
@given(data=st.data())
def test_valid_values_are_encoded_as_by_two_walks(
    data: st.DataObject, shapes: list[type], instances: Instances
) -> None:
    value = data.draw(instances(data.draw(st.sampled_from(shapes))))
    assert encode_valid(value) == encode(value)


@settings(max_examples=500)
@given(data=st.data())
def test_spoilt_values_are_refused_just_when_two_walks_refuse_them(
    data: st.DataObject, shapes: list[type], instances: Instances
) -> None:
    value = data.draw(spoilt(data.draw(instances(data.draw(st.sampled_from(shapes))))))
    if is_shape(type(value)):
        assert encode_valid(value) == by_two_walks(value)


class Colour(OpenStrEnum):
    RED = "red"
    EMPTY = ""


class Level(OpenIntEnum):
    LOW = 1


@union
class Either(TaggedUnion):
    text: Annotated[str, Length(1, 3)] | None = None
    inner: Thing | None = None


@structure(exactly_one_of=[("a", "b", "c")])
class Three:
    a: str | None = None
    b: Thing | None = None
    c: Integer | None = None


@structure
class Thing:
    text: str | None = None
    short: Annotated[str, Length(1, 3)] | None = None
    long: Annotated[str, Length(min=2)] | None = None
    matched: Annotated[str, Length(1, 5), Pattern(r"[^/]+")] | None = None
    letters: Annotated[str, Characters("LN", "_-")] | None = None
    secret: Annotated[str, Length(1, 3), Sensitive()] | None = None
    boolean: bool | None = None
    byte: Byte | None = None
    positive: Annotated[Integer, Range(min=1)] | None = None
    half: Annotated[Integer, Range(0.5, 9.5)] | None = None
    big_integer: int | None = None
    double: float | None = None
    big_decimal: Decimal | None = None
    blob: Annotated[bytes, Length(1, 3)] | None = None
    timestamp: datetime | None = None
    colour: Colour | None = None
    level: Level | None = None
    strings: Annotated[Sequence[str], Length(1, 2)] | None = None
    sparse: Sequence[str | None] | None = None
    documents: Sequence[Document] | None = None
    things: Sequence[Thing] | None = None
    map: Annotated[Mapping[Annotated[str, Length(1, 3)], Byte], Length(1, 2)] | None = None
    document: Document | None = None
    either: Either | None = None
    three: Three | None = None


ODD: list[Any] = [
    *JUNK, *(Either(text="a"), Either(), Either(unknown_member=UnknownMember("New", 1))),
    *(Three(), Three(a="x"), Three(a="x", c=1), Three(b=Thing(byte=500)), Colour("new"), Colour.RED, Colour.EMPTY),
    *(Level(7), 1, "ab", "abcd", "a/b", "a_1", "a b", "a\n", "\x00", "\x7f", -128, 128, [Thing()], [{}]),
    *([Thing(short="")], ["a", "b", "c"], b"abc", bytearray(b"abc"), {"a": 1, "b": 2}, {"long": 1}),
]  # fmt: skip


@pytest.mark.parametrize("attribute", [member.attribute for member in members(Thing)])
def test_every_type_with_every_odd_value(attribute: str) -> None:
    accepted = 0
    for odd in ODD:
        value = Thing(**{attribute: odd})
        expected = by_two_walks(value)
        assert encode_valid(value) == expected, odd
        accepted += expected is not None and odd is not None
    assert accepted  # something else than None


def test_required_members_and_groups() -> None:
    assert encode_valid(DescribeCompilationJobRequest(compilation_job_name="a")) == b'{"CompilationJobName":"a"}'
    assert encode_valid(DescribeCompilationJobRequest(compilation_job_name=None)) is None  # type: ignore[arg-type]  # the point of the test
    assert encode_valid(Three()) is None
    assert encode_valid(Three(a="")) == b'{"A":""}'
    assert encode_valid(Three(a="", c=0)) is None
    assert encode_valid(Either()) is None
    assert encode_valid(Unit()) == b"{}"


def test_what_is_too_deep_or_contains_itself_is_refused() -> None:
    deep = Thing()
    for _ in range(5000):
        deep = Thing(things=[deep])
    assert encode_valid(deep) is None
    cyclic: list[object] = []
    cyclic.append(cyclic)
    assert encode_valid(Thing(document=cyclic)) is None


def test_what_is_no_shape_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="is no shape"):
        encode_valid({"CompilationJobName": "resnet50"})


def test_a_usual_input_takes_one_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(schema: object) -> Callable[[object], object]:
        def problems_of(value: object) -> object:
            raise AssertionError(f"{value!r} of {schema!r} took two walks")

        return problems_of

    monkeypatch.setattr(valid_encoder, "check_of", refuse)
    valid_encoder._shape_encoder.cache_clear()
    try:
        value = CreateCompilationJobRequest(
            compilation_job_name="resnet50",
            role_arn="arn:aws:iam::123456789012:role/neo",
            input_config=InputConfig(
                s3_uri="s3://bucket/model.tar.gz", framework=Framework.PYTORCH, data_input_config="{}"
            ),
            output_config=OutputConfig(s3_output_location="s3://bucket/out/", target_device=TargetDevice("ml_new")),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=900),
            tags=[Tag(key="team", value="vision"), Tag(key="stage", value="")],
        )
        assert encode_valid(value) == encode(value)
    finally:
        valid_encoder._shape_encoder.cache_clear()
