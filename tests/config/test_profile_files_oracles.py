"""The profile files against botocore: the same where the rules are, and each difference, asserted as such."""

from __future__ import annotations

import string
from pathlib import Path
from typing import Any

import botocore.configloader
import pytest
from botocore.exceptions import ConfigParseError
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.config.profile_files import ProfileFiles, parse
from neo_wire.errors import ProfileFileError


def read(config: str, credentials: str = "") -> ProfileFiles:
    return parse(config, credentials, config_path="config", credentials_path="credentials")


def plain(sections: Any) -> dict[str, Any]:
    return {name: dict(section.values) for name, section in sections.items()}


KEYS = st.text(string.ascii_letters + string.digits + "_-./@+", min_size=1, max_size=8)
WORDS = st.text(string.ascii_letters + string.digits + "_-/.%@+é😂='\"[]{}$\\", min_size=1, max_size=8)
TEXTS = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
NAMES = st.text(string.ascii_letters + string.digits + "_-/.%@+", min_size=1, max_size=6)


@st.composite
def properties(draw: st.DrawFn, *, nested: bool = True) -> str:
    """The lines of a section, in the grammar that botocore and the other SDKs have in common."""
    lines = []
    for key in draw(st.lists(KEYS, unique_by=str.lower, max_size=4)):
        form = draw(st.sampled_from(["text", "empty", "continued", "block"] if nested else ["text", "empty"]))
        equals = draw(st.sampled_from(["=", " = ", "\t=  "]))
        if form == "text":
            lines.append(f"{key}{equals}{draw(TEXTS)}")
        elif form == "empty":
            lines.append(f"{key}{equals}".rstrip())
        elif form == "continued":
            more = draw(st.lists(TEXTS, min_size=1, max_size=3))
            lines += [f"{key}{equals}{draw(TEXTS)}", *(f"  {one}" for one in more)]
        else:
            inner = draw(st.lists(KEYS.map(str.lower), unique=True, min_size=1, max_size=3))
            lines += [f"{key} =", *(f"\t{one}{equals}{draw(TEXTS)}" for one in inner)]
        lines += draw(st.sampled_from([[], [""], ["# a = comment"], ["; comment"]]))
    return "".join(f"{line}\n" for line in lines)


@st.composite
def config_files(draw: st.DrawFn) -> str:
    def quoted(name: str) -> str:
        return draw(st.sampled_from([name, f"'{name} 2'", f'"{name} 3"']))

    headers = st.one_of(
        st.just("default"),
        NAMES.filter(lambda name: name != "default").map(lambda name: f"profile {quoted(name)}"),
        NAMES.map(lambda name: f"sso-session {quoted(name)}"),
        NAMES.map(lambda name: f"services {quoted(name)}"),
        # Neither reads these; what starts with a keyword, and DEFAULT, are differences with a test of their own.
        NAMES.filter(lambda name: not name.startswith(("profile", "services")) and name != "DEFAULT"),
    )
    chosen = draw(st.lists(headers, max_size=6))
    unique = {" ".join(one.replace("'", '"').split()): one for one in chosen}
    return "".join(f"[{header}]\n{draw(properties())}" for header in unique.values())


@st.composite
def credentials_files(draw: st.DrawFn) -> str:
    names = draw(st.lists(st.one_of(st.just("default"), NAMES).filter(lambda name: name != "DEFAULT"), unique=True))
    return "".join(f"[{name}]\n{draw(properties(nested=False))}" for name in names)


@given(config_files(), credentials_files())
def test_botocore_reads_the_same(tmp_path_factory: pytest.TempPathFactory, config: str, credentials: str) -> None:
    folder = tmp_path_factory.mktemp("aws")
    (folder / "config").write_text(config, "utf-8")
    (folder / "credentials").write_text(credentials, "utf-8")
    theirs = botocore.configloader.load_config(str(folder / "config"))
    profiles = {name: dict(values) for name, values in theirs["profiles"].items()}
    for name, values in botocore.configloader.raw_config_parse(str(folder / "credentials")).items():
        profiles[name] = profiles.get(name, {}) | values
    files = read(config, credentials)
    assert plain(files.profiles) == profiles
    assert plain(files.sso_sessions) == theirs["sso_sessions"]
    assert plain(files.services) == theirs["services"]


def of_botocore(path: Path, text: str) -> dict[str, Any] | None:
    """The profiles that botocore reads in a config file; None when it refuses the file."""
    path.write_text(text, "utf-8")
    try:
        profiles: dict[str, Any] = botocore.configloader.load_config(str(path))["profiles"]
    except ConfigParseError:
        return None
    return profiles


@pytest.mark.parametrize(
    ("config", "ours", "theirs"),
    [
        pytest.param("[default]\na = 1 # c", {"default": {"a": "1"}}, {"default": {"a": "1 # c"}}, id="inline comment"),
        pytest.param("[default]\na : 1", None, {"default": {"a": "1"}}, id="colon"),
        pytest.param("[default]\na:b = 1", {"default": {"a:b": "1"}}, {"default": {"a": "b = 1"}}, id="colon in a key"),
        pytest.param("[default]\na = 1\na = 2", {"default": {"a": "2"}}, None, id="key twice"),
        pytest.param("[default]\na = 1\n[default]\nb = 2", {"default": {"a": "1", "b": "2"}}, None, id="section twice"),
        pytest.param(
            "[profile default]\na = 1\n[default]\nb = 2",
            {"default": {"a": "1"}},
            {"default": {"b": "2"}},
            id="[profile default] and [default]",
        ),
        pytest.param("\ufeff[default]\na = 1", {"default": {"a": "1"}}, None, id="byte order mark"),
        pytest.param("[DEFAULT]\na = 1\n[default]", {"default": {}}, {"default": {"a": "1"}}, id="[DEFAULT] leaks"),
        pytest.param("[profiles x]\na = 1", {}, {"x": {"a": "1"}}, id="a keyword is a whole word"),
        pytest.param("[profile é]\na = 1", {}, {"é": {"a": "1"}}, id="unquoted name beyond ASCII"),
        pytest.param("[ profile x ]\na = 1", {"x": {"a": "1"}}, {}, id="blanks within the brackets"),
        pytest.param("[profile x] [y]\na = 1", {"x": {"a": "1"}}, {}, id="text after the bracket"),
        pytest.param("[default]\nin valid = 1", {"default": {}}, {"default": {"in valid": "1"}}, id="key with a blank"),
        pytest.param(
            "[default]\na = 1\n #2", {"default": {"a": "1\n#2"}}, {"default": {"a": "1"}}, id="indented comment"
        ),
        pytest.param("[default]\ns =\n #2", None, {"default": {"s": ""}}, id="indented comment in a block"),
        pytest.param("[default]\n a = 1", None, {"default": {"a": "1"}}, id="indented section"),
        pytest.param(
            "[default]\ns =\n Ab = 1",
            {"default": {"s": {"ab": "1"}}},
            {"default": {"s": {"Ab": "1"}}},
            id="nested case",
        ),
        pytest.param(
            "[default]\na = 1\n\n 2", {"default": {"a": "1\n2"}}, {"default": {"a": "1\n\n2"}}, id="blank line"
        ),
    ],
)
def test_where_botocore_differs(
    tmp_path: Path, config: str, ours: dict[str, Any] | None, theirs: dict[str, Any] | None
) -> None:
    assert of_botocore(tmp_path / "config", config) == theirs
    if ours is None:
        with pytest.raises(ProfileFileError):
            read(config)
    else:
        assert plain(read(config).profiles) == ours
