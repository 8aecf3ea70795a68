from __future__ import annotations

import botocore.configprovider
import pytest

from neo_wire.config import values
from neo_wire.config.profile_files import Section, parse
from neo_wire.config.sources import ROWS, Row, look_up

PLAIN = Row("max_attempts", values.whole_number)
BUNDLE = next(row for row in ROWS if row.name == "ca_bundle")


def section(text: str) -> Section:
    return parse(f"[default]\n{text}", None, config_path="config", credentials_path="").profiles["default"]


@pytest.mark.parametrize(
    ("row", "code", "environ", "profile", "expected"),
    [
        (PLAIN, {"max_attempts": 1}, {"AWS_MAX_ATTEMPTS": "2"}, "max_attempts = 3", (1, "code")),
        (PLAIN, {"max_attempts": None}, {"AWS_MAX_ATTEMPTS": "2"}, "max_attempts = 3", ("2", "AWS_MAX_ATTEMPTS")),
        (PLAIN, {}, {"AWS_MAX_ATTEMPTS": ""}, "max_attempts = 3", ("3", "config, line 2, [default]")),
        (PLAIN, {}, {}, "max_attempts =", ("", "config, line 2, [default]")),
        (PLAIN, {}, {}, "max_attempts =\n a = b", ({"a": "b"}, "config, line 2, [default]")),
        (PLAIN, {}, {}, "", None),
        (PLAIN, {"max_attempts": 0}, {}, "", (0, "code")),
        (BUNDLE, {}, {"AWS_CA_BUNDLE": ""}, "ca_bundle = b", ("", "AWS_CA_BUNDLE")),
        (BUNDLE, {}, {"REQUESTS_CA_BUNDLE": "a"}, "ca_bundle = b", ("b", "config, line 2, [default]")),
        (BUNDLE, {}, {"REQUESTS_CA_BUNDLE": "a", "SSL_CERT_FILE": "c"}, "", ("a", "REQUESTS_CA_BUNDLE")),
        (BUNDLE, {}, {"REQUESTS_CA_BUNDLE": "", "SSL_CERT_FILE": "c"}, "", ("c", "SSL_CERT_FILE")),
        (BUNDLE, {}, {"SSL_CERT_FILE": ""}, "", None),
    ],
)
def test_the_first_source_that_sets_it_wins(
    row: Row, code: dict[str, object], environ: dict[str, str], profile: str, expected: tuple[object, str] | None
) -> None:
    assert look_up(row, code, environ, section(profile)) == expected


def test_no_profile_sets_nothing() -> None:
    assert look_up(PLAIN, {}, {}, None) is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_variables_and_keys_are_those_of_botocore(row: Row) -> None:
    """Where it has the setting; the rest is asserted as what it has not."""
    theirs = botocore.configprovider.BOTOCORE_DEFAUT_SESSION_VARIABLES
    name = {"sdk_ua_app_id": "user_agent_appid"}.get(row.name, row.name)
    if name not in theirs:
        assert row.name in {
            "connect_timeout",
            "disable_clock_skew_correction",
            "ec2_instance_profile_name",
            "ec2_metadata_disabled",
            "execution_env",
        }
        return
    key, variable, _, _ = theirs[name]
    assert row.key == key
    if row.name == "region":
        assert row.variables == ("AWS_REGION", variable)  # it knows the second alone
    else:
        assert row.variables == ((variable,) if variable else ())
