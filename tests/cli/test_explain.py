"""`neo-wire explain`: where everything comes from, with no secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile with a region, a retry mode and a key pair."""
    (tmp_path / "config").write_text("[profile edge]\nregion = us-gov-west-1\nretry_mode = adaptive\n")
    (tmp_path / "credentials").write_text(
        f"[edge]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = {SECRET}\n"
        "aws_session_token = a-token-that-nobody-may-see\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("profile")
@pytest.mark.parametrize("style", ["json", "table", "text"])
def test_no_secret_is_shown(run: Run, style: str) -> None:
    explained = run("explain", "--profile", "edge", "--output", style)
    assert (explained.status, explained.err) == (0, "")
    assert SECRET not in explained.out
    assert "a-token-that-nobody-may-see" not in explained.out
    assert "AKIAIOSFODNN7EXAMPLE" not in explained.out
    assert "MPLE, with a session token" in explained.out


@pytest.mark.usefixtures("profile")
def test_each_setting_has_its_value_and_origin(run: Run, tmp_path: Path) -> None:
    explained = run("explain", "--profile", "edge", "--max-attempts", "5", "--output", "json").json
    assert explained["Endpoint"] == "https://api.sagemaker.us-gov-west-1.amazonaws.com/"
    settings = {one["Name"]: (one.get("Value"), one["Origin"]) for one in explained["Settings"]}
    assert settings["region"] == ("us-gov-west-1", f"{tmp_path / 'config'}, line 2, [profile edge]")
    assert settings["max_attempts"] == (5, "command line")
    assert settings["retry_mode"][0] == "adaptive"
    assert settings["use_fips_endpoint"] == (False, "default")
    won = [one["Source"] for one in explained["Credentials"] if one["Outcome"] == "won"]
    assert won == ["shared credentials file"]


@pytest.mark.usefixtures("profile")
def test_text_has_four_columns(run: Run) -> None:
    lines = run("explain", "--profile", "edge", "--output", "text").out.splitlines()
    rows = [line.split("\t") for line in lines]
    assert {len(row) for row in rows} == {4}
    assert {row[0] for row in rows} == {"endpoint", "credentials", "setting"}
    assert ["setting", "sdk_ua_app_id", "-", "default"] in rows


def test_what_is_missing_is_said_and_253(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION")
    without_region = run("explain")
    assert without_region.status == 253
    assert "\nEndpoint: no region: " in without_region.out
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    without_credentials = run("explain", "--region", "eu-west-1", "--output", "json")
    assert without_credentials.status == 253
    assert not [one for one in without_credentials.json["Credentials"] if one["Outcome"] == "won"]
    assert without_credentials.json["Endpoint"] == "https://api.sagemaker.eu-west-1.amazonaws.com/"


def test_a_profile_that_is_not_there_is_253(run: Run) -> None:
    explained = run("explain", "--profile", "nobody")
    assert (explained.status, explained.out) == (253, "")
    assert explained.err.startswith("neo-wire: ProfileNotFound: ")
