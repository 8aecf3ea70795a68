"""Finding and reading the profile files: their paths, files that are missing or broken, what comes of them."""

from __future__ import annotations

import asyncio
import configparser
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Any
from unittest import mock

import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.config.profile_files import ProfileFiles
from neo_wire.config.settings import Settings
from neo_wire.configure import MAX_FILE, expand_path, load_settings
from neo_wire.errors import ConfigurationError, ProfileFileError, ProfileNotFound
from neo_wire.flow import ReadFile
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver

SECRET = "wJalrXUtnFEMI/K7MDENG"


def load(home: Path, environ: dict[str, str] | None = None, **code: object) -> tuple[Settings, ProfileFiles]:
    return BlockingDriver(mock.Mock()).run(load_settings(code, environ or {}, str(home)))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".aws").mkdir()
    return tmp_path


def test_both_files_are_read_from_where_they_usually_are(home: Path) -> None:
    (home / ".aws/config").write_text("[default]\nregion = eu-west-1\nmax_attempts = 4\n", "utf-8")
    (home / ".aws/credentials").write_text("[default]\nmax_attempts = 5\n", "utf-8")
    settings, files = load(home)
    assert (settings.region, settings.max_attempts) == ("eu-west-1", 5)
    assert settings.origins["region"] == f"{home}/.aws/config, line 2, [default]"
    assert settings.origins["max_attempts"] == f"{home}/.aws/credentials, line 2, [default]"
    assert files.config_path == f"{home}/.aws/config"
    assert files.credentials_path == f"{home}/.aws/credentials"


def test_through_the_asynchronous_driver_it_is_the_same(home: Path) -> None:
    (home / ".aws/config").write_text("[default]\nregion = eu-west-1\n", "utf-8")
    flow = load_settings({}, {}, str(home))
    assert asyncio.run(AsyncDriver(mock.Mock()).run(flow)) == load(home)


def test_nothing_is_done_before_the_flow_runs_and_then_two_files_are_asked_for() -> None:
    flow = load_settings({}, {}, "/home/me")
    assert next(flow) == ReadFile("/home/me/.aws/config", MAX_FILE)
    assert flow.send(b"") == ReadFile("/home/me/.aws/credentials", MAX_FILE)
    with pytest.raises(StopIteration):
        flow.throw(FileNotFoundError())


@pytest.mark.parametrize(
    ("code", "environ", "expected"),
    [
        ({}, {"AWS_CONFIG_FILE": "/c", "AWS_SHARED_CREDENTIALS_FILE": "/d"}, ("/c", "/d")),
        ({}, {"AWS_CONFIG_FILE": "", "AWS_SHARED_CREDENTIALS_FILE": ""}, ("/me/.aws/config", "/me/.aws/credentials")),
        ({}, {"AWS_CONFIG_FILE": "~/c", "AWS_SHARED_CREDENTIALS_FILE": "$X/d", "X": "/x"}, ("/me/c", "/x/d")),
        ({"config_file": "/a", "credentials_file": "~/b"}, {"AWS_CONFIG_FILE": "/c"}, ("/a", "/me/b")),
        ({}, {"AWS_CONFIG_FILE": "relative"}, ("relative", "/me/.aws/credentials")),
    ],
)
def test_the_paths(code: dict[str, Any], environ: dict[str, str], expected: tuple[str, str]) -> None:
    flow = load_settings(code, environ, "/me")
    asked = [next(flow), flow.send(b"")]
    assert asked == [ReadFile(path, MAX_FILE) for path in expected]


@pytest.mark.parametrize("path", ["", 7, Path("/a")])
@pytest.mark.parametrize("name", ["config_file", "credentials_file"])
def test_a_path_in_code_that_is_none_is_refused(name: str, path: object) -> None:
    with pytest.raises(ConfigurationError, match=f"{name} from code is"):
        next(load_settings({name: path}, {}, "/me"))


def test_what_does_not_exist_or_is_a_folder_is_empty(home: Path) -> None:
    nothing = load(home)[0]
    assert nothing.profile is None
    (home / ".aws/config").mkdir()
    (home / "file").touch()
    for environ in ({}, {"AWS_CONFIG_FILE": os.devnull}, {"AWS_CONFIG_FILE": str(home / "file" / "below")}):
        assert load(home, environ)[0] == nothing
    assert load(home / "no" / "home")[0] == nothing


def test_a_profile_that_is_in_no_file_names_both(home: Path) -> None:
    with pytest.raises(
        ProfileNotFound, match=r"'x', which AWS_PROFILE names.*config and .*credentials; there are: none"
    ):
        load(home, {"AWS_PROFILE": "x"})


@pytest.mark.parametrize("name", ["config", "credentials"])
@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"[default]\nkey\xff = " + SECRET.encode(), ", line 2: the file is not UTF-8; save it as UTF-8", 2),
        ("[default]\na = 1".encode("utf-16"), ", line 1: the file is not UTF-8; save it as UTF-8", 1),
        (b"[default]\na = 1\n" + SECRET.encode(), ", line 3: the line has no equals sign; write it as key = value", 3),
        (b"#" * (MAX_FILE + 1), f"longer than {MAX_FILE} bytes", None),
    ],
)
def test_a_file_that_cannot_be_read_is_an_error_with_its_path_and_no_secret(
    home: Path, name: str, content: bytes, message: str, line: int | None
) -> None:
    path = home / ".aws" / name
    path.write_bytes(content)
    with pytest.raises(ProfileFileError) as caught:
        load(home)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)
    assert (caught.value.path, caught.value.line) == (str(path), line)
    error: BaseException | None = caught.value
    while error:  # nor in any exception behind it
        assert SECRET not in "".join(traceback.format_exception(error))
        assert SECRET not in str(vars(error)) + str(error.args)
        error = error.__context__


def test_a_file_of_the_greatest_length_is_read(home: Path) -> None:
    (home / ".aws/config").write_bytes(b"[default]\nregion = eu-west-1\n".ljust(MAX_FILE, b"\n"))
    assert load(home)[0].region == "eu-west-1"


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (PermissionError(13, "Permission denied", "/me/.aws/config"), "Permission denied"),
        (OSError(40, "Too many levels of symbolic links"), "Too many levels"),
        (ValueError("embedded null byte"), "embedded null byte"),
    ],
)
def test_a_file_that_may_not_be_read_is_an_error_and_not_silence(failure: Exception, reason: str) -> None:
    flow = load_settings({}, {}, "/me")
    next(flow)
    with pytest.raises(ProfileFileError, match=f"^/me/.aws/config cannot be read: {reason}"):
        flow.throw(failure)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission_is_an_error(home: Path) -> None:
    (home / ".aws/config").touch(mode=0o000)
    with pytest.raises(ProfileFileError, match="Permission denied"):
        load(home)


def test_a_path_with_a_null_character_is_an_error(home: Path) -> None:
    with pytest.raises(ProfileFileError, match=r"cannot be read: .*(null|NUL)"):
        load(home, {"AWS_CONFIG_FILE": "/a\0b"})


def test_a_byte_order_mark_is_dropped(home: Path) -> None:
    (home / ".aws/config").write_text("[default]\nregion = eu-west-1\n", "utf-8-sig")
    assert load(home)[0].region == "eu-west-1"


def test_what_should_be_mended_is_logged(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "neo_wire.configure"):
        assert load(home, {"AWS_RETRY_MODE": "legacy"})[0].notes
    assert caplog.messages == ["retry_mode from AWS_RETRY_MODE is 'legacy', which is taken for 'standard'"]


@given(st.binary(), st.binary())
def test_any_bytes_are_read_or_refused(config: bytes, credentials: bytes) -> None:
    flow = load_settings({}, {}, "/me")
    next(flow)
    outcome: object = None
    try:
        flow.send(config)
        flow.send(credentials)
    except StopIteration as end:
        outcome = end.value[0]
    except ConfigurationError as error:
        outcome = error
    assert isinstance(outcome, Settings | ConfigurationError)


# expand_path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("~", "/me"),
        ("~/a", "/me/a"),
        ("~other/a", "~other/a"),
        ("/a/~", "/a/~"),
        ("$X/a", "/x/a"),
        ("${X}a$X", "/xa/x"),
        ("$X_/a", "$X_/a"),
        ("$H/a", "/me/a"),
        ("${}", "${}"),
        ("$", "$"),
        ("${X", "${X"),
        ("%X%", "%X%"),
        ("", ""),
    ],
)
def test_a_path_is_expanded_by_what_is_handed_in(path: str, expected: str) -> None:
    assert expand_path(path, {"X": "/x", "H": "~", "HOME": "/elsewhere"}, "/me") == expected


def test_on_windows_percent_signs_and_backslashes_count() -> None:
    environ = {"X": "C:\\x"}
    assert expand_path("%X%\\a", environ, "C:\\me", windows=True) == "C:\\x\\a"
    assert expand_path("~\\a", environ, "C:\\me", windows=True) == "C:\\me\\a"
    assert expand_path("~/a", environ, "C:\\me", windows=True) == "C:\\me/a"
    assert expand_path("%NONE%$X", environ, "C:\\me", windows=True) == "%NONE%C:\\x"


@pytest.mark.skipif(sys.platform == "win32", reason="there the paths are others")
@given(st.lists(st.sampled_from(["~", "/", "$X", "${X}", "$", "}", "X", "%X%", "a", "$NONE", "é", "\n"])).map("".join))
def test_python_expands_a_path_to_the_same(path: str) -> None:
    with mock.patch.dict("os.environ", {"X": "x y", "HOME": "/me"}, clear=True):
        expected = os.path.expanduser(os.path.expandvars(path))  # noqa: PTH111  # as botocore does it
    assert expand_path(path, {"X": "x y", "HOME": "/me"}, "/me") == expected


# botocore as the oracle


@pytest.mark.parametrize(
    ("config", "credentials"),
    [("~/.aws/config", None), ("$WHERE/config", "${WHERE}/credentials"), (None, "/nowhere"), (".", "..")],
)
def test_botocore_reads_the_same_files(home: Path, config: str | None, credentials: str | None) -> None:
    other = home / "other"
    other.mkdir()
    for folder, region in ((home / ".aws", "eu-west-1"), (other, "eu-west-2")):
        for name in ("config", "credentials"):
            parser = configparser.RawConfigParser()
            parser["default"] = {"region": region} if name == "config" else {"max_attempts": region[-1]}
            with (folder / name).open("w", encoding="utf-8") as file:
                parser.write(file)
    environ = {"HOME": str(home), "WHERE": str(other)}
    environ |= {"AWS_CONFIG_FILE": config} if config else {}
    environ |= {"AWS_SHARED_CREDENTIALS_FILE": credentials} if credentials else {}
    with mock.patch.dict("os.environ", environ, clear=True):
        session = botocore.session.Session()
        expected = session.get_config_variable("region"), session.get_config_variable("max_attempts")
    settings, _ = load(home, environ)
    attempts = None if settings.origins["max_attempts"] == "default" else settings.max_attempts
    assert (settings.region, attempts) == expected
