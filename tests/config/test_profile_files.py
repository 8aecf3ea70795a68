"""The profile files: the rules that the SDKs share, one by one; fuzz, and the time that it takes."""

from __future__ import annotations

import re
import string
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.config import profile_files
from neo_wire.config.profile_files import ProfileFiles, Section, parse
from neo_wire.errors import ProfileFileError

SECRET = "wJalrXUtnFEMI/K7MDENG"


def read(config: str | None = None, credentials: str | None = None) -> ProfileFiles:
    return parse(config, credentials, config_path="/home/me/.aws/config", credentials_path="/home/me/.aws/credentials")


def plain(sections: Any) -> dict[str, Any]:
    return {name: dict(section.values) for name, section in sections.items()}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("", {}, id="a section may be empty"),
        pytest.param("a = 1", {"a": "1"}, id="a property"),
        pytest.param("a \t=  \t1 \t", {"a": "1"}, id="keys and values are stripped"),
        pytest.param("a = b=c", {"a": "b=c"}, id="the first equals sign counts"),
        pytest.param("a = 😂", {"a": "😂"}, id="text beyond ASCII"),
        pytest.param("a =", {"a": ""}, id="an empty value"),
        pytest.param("a = 1\nb = 2", {"a": "1", "b": "2"}, id="two properties"),
        pytest.param("a = 1\na = 2", {"a": "2"}, id="the last of two wins"),
        pytest.param("A = 1\na = 2", {"a": "2"}, id="keys are in lower case"),
        pytest.param("\n \t\na = 1\n\t \n", {"a": "1"}, id="blank lines"),
        pytest.param("# x\n; x = 1\na = 1", {"a": "1"}, id="lines that are comments"),
        pytest.param("a = 1 # x = 2\nb = 2\t; x", {"a": "1", "b": "2"}, id="comments after a blank"),
        pytest.param("a = 1# x\nb = 2; x", {"a": "1# x", "b": "2; x"}, id="no comment without a blank"),
        pytest.param("a = # x\nb = ;", {"a": "# x", "b": ";"}, id="a value may begin as a comment does"),
        pytest.param("a = 1\n -2", {"a": "1\n-2"}, id="a continuation"),
        pytest.param("a = 1\n \t -2 \t\n\n\t-3", {"a": "1\n-2\n-3"}, id="continuations are stripped"),
        pytest.param("a = 1\n # 2\n -3 # 4\n [b]\n c = d", {"a": "1\n# 2\n-3 # 4\n[b]\nc = d"}, id="continued whole"),
        pytest.param("a = 1 # x\n 2", {"a": "1\n2"}, id="a comment before a continuation"),
        pytest.param(
            "in valid = 1\n more\nb = 2", {"b": "2"}, id="a key of other characters is skipped, and its lines"
        ),
        pytest.param("é = 1", {}, id="a key beyond ASCII is skipped"),
        pytest.param("a:b = 1", {"a:b": "1"}, id="a colon is no delimiter"),
        pytest.param(
            string.ascii_letters + string.digits + "_-/.%@:+ = 1",
            {string.ascii_lowercase * 2 + string.digits + "_-/.%@:+": "1"},
            id="the characters of keys",
        ),
        pytest.param("s =\n a = 1\n b=2", {"s": {"a": "1", "b": "2"}}, id="a nested block"),
        pytest.param("s =\n a =\n\n B = 1 # x", {"s": {"a": "", "b": "1 # x"}}, id="nested values have no comments"),
        pytest.param("s =\n a = 1\n a = b = c", {"s": {"a": "b = c"}}, id="the last of two nested wins"),
        pytest.param("s =\n in valid = 1", {"s": {}}, id="a nested key of other characters is skipped"),
        pytest.param("s =\n a = 1\ns = 2", {"s": "2"}, id="text in place of a block"),
        pytest.param("s = x\n a = 1", {"s": "x\na = 1"}, id="no block below text"),
    ],
)
@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("header", "kind"),
    [("default", "profiles"), ("profile x", "profiles"), ("sso-session x", "sso_sessions"), ("services x", "services")],
)
def test_the_values_of_a_section(header: str, kind: str, line_break: str, body: str, expected: dict[str, Any]) -> None:
    files = read(f"[{header}]\n{body}".replace("\n", line_break))
    assert plain(getattr(files, kind)) == {header.split()[-1]: expected}


@pytest.mark.parametrize("body", ["a = 1", "s =\n a = 1"])
def test_the_credentials_file_has_the_same_grammar(body: str) -> None:
    assert plain(read(None, f"[x] # c\n{body}").profiles) == plain(read(f"[profile x]\n{body}").profiles)


@pytest.mark.parametrize(
    ("header", "profile"),
    [
        ("[profile x]", "x"),
        ("[profile\tx]", "x"),
        ("[ \tprofile  \tx \t]", "x"),
        ("[profile x] # c", "x"),
        ("[profile x]; c ] d", "x"),
        ("[profile x]#", "x"),
        ("[profile x] anything", "x"),
        ("[default]", "default"),
        ("[profile default]", "default"),
        (f"[profile {string.ascii_letters}{string.digits}_-/.%@:+]", f"{string.ascii_letters}{string.digits}_-/.%@:+"),
        ("[profile 'my prof']", "my prof"),
        ('[profile "my prof"]', "my prof"),
        ("[profile 'it'\"'\"'s mine']", "it's mine"),
        ('[profile "plain"]', "plain"),
        ('[profile "é"]', "é"),
        ("[profile my prof]", None),
        ("[profile 'a' 'b']", None),
        ("[profile 'a]", None),
        ("[profile '']", None),
        (f"[profile '{'a' * 2000}']", None),
        ("[profile é]", None),
        ("[profile]", None),
        ("[profiles x]", None),
        ("[profilex]", None),
        ("[Profile x]", None),
        ("[Default]", None),
        ("[DEFAULT]", None),
        ("[x]", None),
        ("[preview]", None),
        ("[sso-session]", None),
    ],
)
def test_the_headers_of_the_config_file(header: str, profile: str | None) -> None:
    files = read(f"{header}\na = 1")
    assert plain(files.profiles) == ({} if profile is None else {profile: {"a": "1"}})
    assert plain(files.in_config_file) == plain(files.profiles)
    assert [place.line for place in files.ignored.values()] == ([1] if profile is None else [])


@pytest.mark.parametrize(
    ("header", "profile"),
    [
        ("[x]", "x"),
        ("[  x ]", "x"),
        ("[default]", "default"),
        ("[Default]", "Default"),
        ("[my prof]", "my prof"),  # what the AWS CLI writes for the profile of `[profile 'my prof']`
        ("[profilex]", "profilex"),
        ("[profile]", "profile"),
        ("[profile x]", None),
        ("[sso-session x]", None),
        ("[services\tx]", None),
    ],
)
def test_the_headers_of_the_credentials_file(header: str, profile: str | None) -> None:
    files = read(None, f"{header}\na = 1")
    assert plain(files.profiles) == ({} if profile is None else {profile: {"a": "1"}})
    assert plain(files.in_credentials_file) == plain(files.profiles)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("[default]\na = 1\nb = 2\n[profile default]\na = 3", {"a": "3"}),
        ("[profile default]\na = 3\n[default]\na = 1\nb = 2", {"a": "3"}),
        ("[profile default]\na = 1\n[default]\na = 2\n[profile  default]\nb = 3", {"a": "1", "b": "3"}),
    ],
)
def test_the_profile_called_default_stands_in_place_of_the_bare_one(config: str, expected: dict[str, str]) -> None:
    assert plain(read(config).profiles) == {"default": expected}
    assert plain(read(config, "[default]\nc = 4").profiles) == {"default": expected | {"c": "4"}}


def test_sections_that_stand_twice_are_merged() -> None:
    files = read("[profile x]\na = 1\nb = 1\n[profile y]\n[profile 'x']\nb = 2\n[profile\tx]\nc = 3")
    assert plain(files.profiles) == {"x": {"a": "1", "b": "2", "c": "3"}, "y": {}}


def test_the_credentials_file_goes_before_the_config_file_key_by_key() -> None:
    files = read("[profile x]\na = 1\nb = 1\ns =\n c = 1\n d = 1\n[profile y]", "[x]\nb = 2\ns =\n c = 2\n[z]")
    assert plain(files.profiles) == {"x": {"a": "1", "b": "2", "s": {"c": "2"}}, "y": {}, "z": {}}
    assert plain(files.in_config_file)["x"]["b"] == "1"
    assert plain(files.in_credentials_file)["x"] == {"b": "2", "s": {"c": "2"}}


def test_default_is_not_inherited() -> None:
    assert plain(read("[default]\na = 1\n[profile x]").profiles)["x"] == {}


def test_no_files_and_empty_files_have_nothing() -> None:
    for files in (read(), read("", ""), read("\ufeff", "\n")):
        assert (files.profiles, files.sso_sessions, files.services) == ({}, {}, {})


def test_a_byte_order_mark_is_dropped() -> None:
    assert plain(read("\ufeff[default]\na = 1", "\ufeff[x]").profiles) == {"default": {"a": "1"}, "x": {}}


def test_each_value_knows_where_it_stands() -> None:
    files = read("# c\n[profile x]\na = 1\n\nb = 2\n  3\n", "[x]\r\nb = 4\r\n[sso-session y]")
    section = files.profiles["x"]
    assert section.origin("a") == "/home/me/.aws/config, line 3, [profile x]"
    assert section.origin("b") == "/home/me/.aws/credentials, line 2, [x]"
    assert str(files.ignored["sso-session y"]) == "/home/me/.aws/credentials, line 3, [sso-session y]"
    assert (files.config_path, files.credentials_path) == ("/home/me/.aws/config", "/home/me/.aws/credentials")


def test_text_and_blocks_are_asked_for_apart() -> None:
    section = read("[default]\na = 1\ns =\n b = 2").profiles["default"]
    assert (section.get("a"), section.nested("a")) == ("1", None)
    assert (section.get("s"), section.nested("s")) == (None, {"b": "2"})
    assert (section.get("x"), section.nested("x")) == (None, None)


def test_no_repr_shows_a_value() -> None:
    files = read(f"[default]\naws_secret_access_key = {SECRET}", f"[x]\naws_secret_access_key = {SECRET}")
    assert SECRET not in repr(files)
    assert SECRET not in repr(files.profiles["x"])


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a = 1", 1, "before the first"),
        ("\n# c\nanything", 3, "before the first"),
        (" a = 1", 1, "indented"),
        ("  [default]", 1, "indented"),
        ("[default]\n a = 1", 2, "indented"),
        ("[default]\n # c", 2, "indented"),
        ("[default]\na = 1\n[default]\n b", 4, "indented"),
        ("[default", 1, "closing bracket"),
        ("[default]\n[", 2, "closing bracket"),
        ("[]", 1, "no name"),
        ("[ \t]", 1, "no name"),
        (f"[default]\n{SECRET}", 2, "no equals sign"),
        (f"[default]\naws_secret_access_key : {SECRET}", 2, "no equals sign"),
        (f"[default]\n= {SECRET}", 2, "no key"),
        (f"[default]\n = {SECRET}", 2, "indented"),
        (f"[default]\ns =\n\n {SECRET}", 4, "no equals sign"),
        (f"[default]\ns =\n a = 1\n = {SECRET}", 4, "no key"),
        (f"[default]\ns =\n {SECRET}\ns = 1", 3, "no equals sign"),
        (f"[nothing]\na = 1\n{SECRET}", 3, "no equals sign"),
    ],
)
def test_what_is_not_understood_is_an_error_with_file_and_line_and_never_its_text(
    text: str, line: int, reason: str
) -> None:
    for files, path in (((text, "[x]"), "/home/me/.aws/config"), (("[x]", text), "/home/me/.aws/credentials")):
        with pytest.raises(ProfileFileError, match=reason) as caught:
            read(*files)
        assert str(caught.value).startswith(f"{path}, line {line}: ")
        assert (caught.value.path, caught.value.line) == (path, line)
        assert SECRET not in str(caught.value)


# fuzz

PIECES = ["[", "]", "[default]", "[profile x]", "[services x]", "=", "a", "a =", " ", "\t", "#", ";", "'", '"', "\\"]
PIECES += ["\n", "\r\n", "\r", "\ufeff", "\x0b", "\x00", "\u2028", "é", "profile ", "sso-session "]


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_read_or_refused(config: str, credentials: str) -> None:
    check_anything(config, credentials)


@given(st.text(), st.text())
def test_any_text_at_all_is_read_or_refused(config: str, credentials: str) -> None:
    check_anything(config, credentials)


def check_anything(config: str, credentials: str) -> None:
    refused: ProfileFileError | None = None
    files = ProfileFiles()
    try:
        files = read(config, credentials)
    except ProfileFileError as error:
        refused = error
    if refused:
        text = config if refused.path.endswith("config") else credentials
        assert refused.line
        assert 1 <= refused.line <= len(text) + 1
    assert set(files.profiles) == set(files.in_config_file) | set(files.in_credentials_file)
    for section in [*files.profiles.values(), *files.sso_sessions.values(), *files.services.values()]:
        assert isinstance(section, Section)
        assert section.values.keys() == section.places.keys()


@pytest.mark.parametrize(
    "piece",
    ["[", "[profile x]\n", "[profile 'x]\n", "a = 1\n", " a\n", " \t", "a=\n b=c\n", "=", "#", " #", "'", "\\", "\r"],
)
def test_the_time_grows_with_the_length_and_no_faster(piece: str) -> None:
    def seconds(count: int) -> float:
        began = time.perf_counter()
        for start in ("[default]\na = 1", "[profile ", "[default]\na =\n"):
            with suppress(ProfileFileError):
                read(start + piece * count, start + piece * count)
        return time.perf_counter() - began

    few, many = min(seconds(500) for _ in range(3)), min(seconds(16_000) for _ in range(2))
    assert many < 6 * 32 * few + 0.05  # were it quadratic, 1,024 times as long


@pytest.mark.parametrize("text", ["[" * 100_000, "[default]\n" + "a" * 100_000, "[default]\n[" + "x" * 100_000])
def test_an_error_is_short_however_long_the_line(text: str) -> None:
    with pytest.raises(ProfileFileError) as caught:
        read(text)
    assert len(str(caught.value)) < 200


def test_many_spellings_of_one_name_are_merged_in_a_time_that_grows_with_their_number() -> None:
    blanks = [format(number, "015b").replace("0", " ").replace("1", "\t") for number in range(20_000)]
    text = "".join(f"[profile{blank}x]\nk{number} = 1\n" for number, blank in enumerate(blanks))
    began = time.perf_counter()
    assert len(read(text).profiles["x"].values) == 20_000
    assert time.perf_counter() - began < 10


@given(text=st.text("a \r\n\x0b\x0c\x1c\x85\u2028", max_size=20))
def test_a_line_ends_at_the_line_breaks_of_all_systems_alone(text: str) -> None:
    assert profile_files._lines(text) == re.split(r"\r\n|\r|\n", text)


@given(text=st.text("aZ09-_.:;/%@+#!~ \t\n\r\x7f\x85é²\u2028", max_size=12) | st.text(max_size=12))
def test_the_characters_of_names(text: str) -> None:
    assert profile_files._is_name(text) is (re.fullmatch(r"[A-Za-z0-9_\-/.%@:+]+", text) is not None)
