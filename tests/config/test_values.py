from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.config import values
from neo_wire.config.values import UnusableValue


@pytest.mark.parametrize(
    ("read", "given", "expected"),
    [
        (values.boolean, True, True),
        (values.boolean, False, False),
        (values.boolean, "true", True),
        (values.boolean, "TRUE", True),
        (values.boolean, "False", False),
        (values.whole_number, 1, 1),
        (values.whole_number, "7", 7),
        (values.whole_number, " 7 ", 7),
        (values.seconds, 0.5, 0.5),
        (values.seconds, 2, 2.0),
        (values.seconds, "1", 1.0),
        (values.seconds, "1.5", 1.5),
        (values.text, "a", "a"),
        (values.optional_text, "a", "a"),
        (values.optional_text, " ", None),
        (values.optional_text, "", None),
        (values.region, "eu-west-1", "eu-west-1"),
        (values.region, "fips-us-east-1", "fips-us-east-1"),
        (values.region, "aws-global", "aws-global"),
        (values.url, "http://127.0.0.1:8080/a", "http://127.0.0.1:8080/a"),
        (values.one_of("a", "b"), "b", "b"),
        (values.one_of_in_any_case("IPv4", "IPv6"), "ipV6", "IPv6"),
        (values.retry_mode, "adaptive", "adaptive"),
        (values.retry_mode, "legacy", "legacy"),
    ],
)
def test_takes_what_is_allowed(read: Callable[[object], object], given: object, expected: object) -> None:
    taken = read(given)
    assert taken == expected
    assert type(taken) is type(expected)


@pytest.mark.parametrize(
    ("read", "given", "message"),
    [
        *[
            (values.boolean, one, "give true or false")
            for one in ("yes", "1", "", " true", "none", 1, 0, 1.0, ["true"])
        ],
        *[
            (values.whole_number, one, "give a whole number from 1 up")
            for one in ("", "x", "0", "-1", "1.5", "1e3", "9" * 5000, 0, -1, 1.0, True, False)
        ],
        *[
            (values.seconds, one, "give a number of seconds above 0, up to 86400")
            for one in (
                "",
                "x",
                "0",
                "-1",
                "nan",
                "inf",
                "-inf",
                "1e400",
                0,
                float("nan"),
                float("inf"),
                True,
            )
        ],
        *[(values.text, one, "is empty") for one in ("", " ", "\t\n")],
        (values.text, 1, "is 1; give a string"),
        (values.optional_text, 1, "is 1; give a string"),
        *[
            (values.region, one, "which is no region; give one such as eu-west-1")
            for one in ("", "a b", "eu-west-1\n", "1", "-a", "a.b", "a" * 64, "é", "us-east-1/", 1, ["us-east-1"])
        ],
        (values.url, 1, "is 1; give a string"),
        (values.url, "ftp://h", "cannot be used: 'ftp://h' is not an http:// or https:// URL"),
        (values.url, "h:80", "cannot be used: 'h:80' is not"),
        (values.url, "http://h?a=1", "cannot be used: it has a query"),
        (values.one_of("a", "b", "c"), "A", "is 'A'; give a, b or c"),
        (values.one_of("a", "b"), 1, "is 1; give a or b"),
        (values.one_of_in_any_case("IPv4", "IPv6"), "4", "is '4'; give IPv4 or IPv6"),
        (values.retry_mode, "Standard", "is 'Standard'; give standard or adaptive"),
        (values.boolean, {"a": "b"}, "is a block of nested lines"),
        (values.boolean, None, "is a NoneType"),
        (values.boolean, "x" * 1000, f"is '{'x' * 100}'…; give"),
    ],
)
def test_refuses_the_rest_and_says_what_is_allowed(
    read: Callable[[object], object], given: object, message: str
) -> None:
    with pytest.raises(UnusableValue) as caught:
        read(given)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 250


def test_a_number_that_python_refuses_to_write_is_refused_as_well() -> None:
    for read, number in ((values.seconds, 10**5000), (values.whole_number, -(10**5000)), (values.text, 10**5000)):
        with pytest.raises(UnusableValue, match="is a huge number; give"):
            read(number)


def test_a_password_in_a_url_is_never_shown() -> None:
    with pytest.raises(UnusableValue) as caught:
        values.url("https://me:hunter2@host")
    assert "hunter2" not in str(caught.value)


READERS = [values.boolean, values.whole_number, values.seconds, values.text, values.optional_text, values.region]
READERS += [values.url, values.retry_mode, values.one_of("a", "b"), values.one_of_in_any_case("a", "b")]  # type: ignore[list-item]  # a list of functions of any result
ANYTHING = st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text()), st.binary())


@pytest.mark.parametrize("read", READERS)
@given(value=ANYTHING)
def test_anything_is_taken_or_refused(read: Callable[[object], object], value: object) -> None:
    taken: object = None
    refusal = ""
    try:
        taken = read(value)
    except UnusableValue as error:
        refusal = str(error)
    assert isinstance(taken, bool | int | float | str | None)
    assert refusal == "" or refusal.startswith(("is ", "cannot be used: "))
