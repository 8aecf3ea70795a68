"""Keys of a profile, read strictly."""

from __future__ import annotations

import re

import pytest

from neo_wire.config.profile_files import Section, parse
from neo_wire.credentials.profile_keys import ProfileKeys
from neo_wire.errors import CredentialsFetchFailed

WORD = re.compile("[a-z]+")


def section(text: str) -> Section:
    return parse(f"[profile me]\n{text}", None, config_path="/config", credentials_path="/none").profiles["me"]


def test_values_and_where_they_come_from() -> None:
    keys = ProfileKeys(section("key = value\nblock =\n  a = b\n"), {"KEY": "other", "EMPTY": ""})
    assert keys.find("key") == ("value", "key (/config, line 2, [profile me])")
    assert keys.find("key", "KEY") == ("other", "KEY")
    assert keys.find("key", "EMPTY")[0] == keys.find("key", "MISSING")[0] == "value"
    assert keys.find("block") == ("", "block (/config, line 3, [profile me]), a block of nested lines,")
    assert ProfileKeys(None).find("key", "KEY") == (None, "key")


def test_text() -> None:
    keys = ProfileKeys(section("good = value\nbad = Value\n"), {"WORSE": "x" * 200 + "?"})
    assert keys.text("good", WORD, "give letters") == "value"
    assert keys.text("nothing", WORD, "give letters") is None
    assert keys.problems == []
    assert keys.text("bad", WORD, "give letters") is None
    assert keys.text("worse", WORD, "give letters", variable="WORSE") is None
    assert keys.problems == [
        "bad (/config, line 3, [profile me]) is 'Value'; give letters",
        f"WORSE is '{'x' * 100}…'; give letters",
    ]


def test_a_block_of_nested_lines_is_no_value_and_not_passed_over() -> None:
    keys = ProfileKeys(section("block =\n  a = b\n"))
    assert keys.text("block", WORD, "give letters") is None
    assert keys.path("block", "/home/me") is None
    assert keys.seconds("block", range(10)) is None
    assert len(keys.problems) == 3
    assert keys.problems[0] == "block (/config, line 2, [profile me]), a block of nested lines, is ''; give letters"


@pytest.mark.parametrize(
    ("value", "path"), [("~/a", "/home/me/a"), ("/a", "/a"), ("a~/b", "a~/b"), ("~you/a", "~you/a"), ("~", "~")]
)
def test_paths(value: str, path: str) -> None:
    assert ProfileKeys(section(f"file = {value}\n")).path("file", "/home/me") == path


def test_no_path() -> None:
    keys = ProfileKeys(section("file =\n"))
    assert keys.path("file", "/home/me") is None
    assert keys.path("nothing", "/home/me") is None
    assert keys.problems == ["file (/config, line 2, [profile me]) is ''; give the path of a file"]


@pytest.mark.parametrize(("value", "seconds"), [("10", 10), ("19", 19), ("010", 10)])
def test_seconds(value: str, seconds: int) -> None:
    assert ProfileKeys(section(f"time = {value}\n")).seconds("time", range(10, 20)) == seconds


@pytest.mark.parametrize("value", ["9", "20", "1e1", "-10", "10.0", "1_0", "ten", ""])
def test_no_seconds(value: str) -> None:
    keys = ProfileKeys(section(f"time = {value}\n"))
    assert keys.seconds("time", range(10, 20)) is None
    assert keys.problems == [f"time (/config, line 2, [profile me]) is {value!r}; give 10 to 19 seconds"]


def test_all_problems_are_said_at_once() -> None:
    keys = ProfileKeys(section("a = 1\nb = 2\n"))
    keys.check("a test")
    keys.text("a", WORD, "give letters")
    keys.text("b", WORD, "give letters")
    with pytest.raises(CredentialsFetchFailed) as caught:
        keys.check("a test")
    assert str(caught.value) == (
        "credentials from a test: in the profile 'me' a (/config, line 2, [profile me]) is '1'; give letters; "
        "b (/config, line 3, [profile me]) is '2'; give letters"
    )


def test_no_variable_is_shown_in_a_repr() -> None:
    assert "s3cret" not in repr(ProfileKeys(section("key = s3cret\n"), {"KEY": "s3cret"}))
