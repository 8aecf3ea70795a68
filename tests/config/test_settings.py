"""Settings: each source, each rule, each error."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import attrs
import pytest

from neo_wire.config.profile_files import ProfileFiles, parse
from neo_wire.config.settings import Settings, in_instance_region, resolve_region, resolve_settings
from neo_wire.config.sources import ROWS
from neo_wire.errors import ConfigurationError, ProfileNotFound


def files(config: str = "", credentials: str = "") -> ProfileFiles:
    return parse(config, credentials, config_path="/aws/config", credentials_path="/aws/credentials")


def resolve(config: str = "", credentials: str = "", /, environ: dict[str, str] | None = None, **code: Any) -> Settings:
    return resolve_settings(code, environ or {}, files(config, credentials))


def problems(config: str = "", credentials: str = "", /, environ: dict[str, str] | None = None, **code: Any) -> str:
    with pytest.raises(ConfigurationError) as caught:
        resolve(config, credentials, environ=environ, **code)
    return str(caught.value)


def test_with_nothing_set_the_defaults_hold() -> None:
    found = resolve()
    assert attrs.evolve(found, origins={}) == Settings()
    assert set(found.origins.values()) == {"default"}


def test_each_setting_has_an_origin() -> None:
    own = {
        "profile",
        "needs_instance_region",
        "origins",
        "notes",
        "service_id",
        "endpoint_url_in_code",
        "endpoint_urls",
    }
    assert set(resolve().origins) == {one.name for one in attrs.fields(Settings)} - own | {"endpoint_url"}


# A value of each setting that is not its default, as text and as it is then.
TEXTS: dict[str, tuple[str, object]] = {
    "region": ("eu-west-1", "eu-west-1"),
    "retry_mode": ("adaptive", "adaptive"),
    "max_attempts": ("7", 7),
    "disable_clock_skew_correction": ("true", True),
    "use_fips_endpoint": ("True", True),
    "use_dualstack_endpoint": ("TRUE", True),
    "ignore_configured_endpoint_urls": ("true", True),
    "ca_bundle": ("/ca.pem", "/ca.pem"),
    "defaults_mode": ("In-Region", "in-region"),
    "connect_timeout": ("5", 5.0),
    "sts_regional_endpoints": ("legacy", "legacy"),
    "sdk_ua_app_id": ("app", "app"),
    "execution_env": ("AWS_ECS_FARGATE", "AWS_ECS_FARGATE"),
    "parameter_validation": ("false", False),
    "metadata_service_timeout": ("2.5", 2.5),
    "metadata_service_num_attempts": ("3", 3),
    "ec2_metadata_service_endpoint": ("http://127.0.0.1:1338", "http://127.0.0.1:1338"),
    "ec2_metadata_service_endpoint_mode": ("ipv6", "IPv6"),
    "ec2_metadata_v1_disabled": ("false", False),
    "ec2_metadata_disabled": ("true", True),
    "ec2_instance_profile_name": ("role", "role"),
}


@pytest.mark.parametrize("name", sorted({row.name for row in ROWS} - {"imds_use_ipv6"}))
def test_each_setting_is_read_from_each_of_its_sources(name: str) -> None:
    row = next(row for row in ROWS if row.name == name)
    text, value = TEXTS[name]
    assert value != getattr(Settings(), name)
    found = resolve_settings({name: text}, {}, files())
    assert (getattr(found, name), found.origins[name]) == (value, "code")
    for variable in row.variables:
        found = resolve(environ={variable: text})
        assert (getattr(found, name), found.origins[name]) == (value, variable)
    if row.key:
        found = resolve(f"[default]\n{row.key} = {text}")
        assert (getattr(found, name), found.origins[name]) == (value, "/aws/config, line 2, [default]")
        found = resolve("[default]", f"[default]\n{row.key} = {text}")
        assert (getattr(found, name), found.origins[name]) == (value, "/aws/credentials, line 2, [default]")


def test_code_before_environment_before_credentials_file_before_config_file_before_defaults_mode() -> None:
    sources: list[tuple[Any, Any]] = [
        (("[default]\ndefaults_mode = mobile", ""), {}),
        (("[default]\ndefaults_mode = mobile\nretry_mode = adaptive", ""), {}),
        (("[default]\nretry_mode = standard", "[default]\nretry_mode = adaptive"), {}),
        (("[default]", "[default]\nretry_mode = adaptive"), {"environ": {"AWS_RETRY_MODE": "standard"}}),
        (("", ""), {"environ": {"AWS_RETRY_MODE": "standard"}, "retry_mode": "adaptive"}),
    ]
    origins = []
    for args, kwargs in sources:
        found = resolve(*args, **kwargs)
        origins.append((found.retry_mode, found.origins["retry_mode"]))
    assert origins == [
        ("standard", "defaults mode mobile"),
        ("adaptive", "/aws/config, line 3, [default]"),
        ("adaptive", "/aws/credentials, line 2, [default]"),
        ("standard", "AWS_RETRY_MODE"),
        ("adaptive", "code"),
    ]


# errors


def test_all_that_is_wrong_is_said_at_once_with_its_name_its_place_its_value_and_what_is_allowed() -> None:
    message = problems(
        "[default]\nuse_fips_endpoint = yes\nendpoint_url = x\n\nservices = x\n[services x]\nsagemaker = y",
        "[default]\nsts_regional_endpoints = global",
        environ={"AWS_MAX_ATTEMPTS": "0", "AWS_RETRY_MODE": "STANDARD", "AWS_ENDPOINT_URL_S3": "h:1"},
        region="a b",
        endpoint_url="http://h?q",
    )
    assert message.splitlines() == [
        "these settings cannot be used:",
        "- region from code is 'a b', which is no region; give one such as eu-west-1",
        "- retry_mode from AWS_RETRY_MODE is 'STANDARD'; give standard or adaptive",
        "- max_attempts from AWS_MAX_ATTEMPTS is '0'; give a whole number from 1 up",
        "- use_fips_endpoint from /aws/config, line 2, [default] is 'yes'; give true or false",
        "- sts_regional_endpoints from /aws/credentials, line 2, [default] is 'global'; give regional or legacy",
        "- endpoint_url from code cannot be used: it has a query or a fragment, which no endpoint has; remove it",
        "- sagemaker from /aws/config, line 7, [services x] is one line; write endpoint_url = … indented below it",
        "- endpoint_url from /aws/config, line 3, [default] cannot be used: 'x' is not an http:// or https:// URL",
        "- endpoint_url from AWS_ENDPOINT_URL_S3 cannot be used: 'h:1' is not an http:// or https:// URL",
    ]


def test_one_thing_that_is_wrong_is_one_line() -> None:
    expected = "max_attempts from /aws/config, line 2, [default] is 'x'; give a whole number from 1 up"
    assert problems("[default]\nmax_attempts = x") == expected


def test_what_does_not_win_is_not_looked_at() -> None:
    wrong = "[default]\nmax_attempts = x\nendpoint_url = x\nservices = none"
    found = resolve(wrong, environ={"AWS_MAX_ATTEMPTS": "2", "AWS_ENDPOINT_URL": "http://h"})
    assert (found.max_attempts, found.endpoint_url("SageMaker")) == (2, "http://h")
    assert "'none'" in problems(wrong, environ={"AWS_MAX_ATTEMPTS": "2", "AWS_ENDPOINT_URL_SAGEMAKER": "http://h"})


@pytest.mark.parametrize("row", [row for row in ROWS if row.variables], ids=lambda row: row.name)
def test_an_empty_variable_is_not_set_except_where_that_would_be_an_answer(row: Any) -> None:
    environ = dict.fromkeys(row.variables, "")
    if row.empty_is_wrong:
        assert row.name in {"ca_bundle", "ec2_instance_profile_name"}
        assert (
            problems(environ=environ) == f"{row.name} from {row.variables[0]} is empty; give a value, or do not set it"
        )
    else:
        assert resolve(environ=environ) == resolve()


@pytest.mark.parametrize("row", [row for row in ROWS if row.key], ids=lambda row: row.name)
def test_an_empty_line_of_a_file_is_a_wrong_value(row: Any) -> None:
    if row.name == "sdk_ua_app_id":  # as good as none
        assert resolve(f"[default]\n{row.key} =").sdk_ua_app_id is None
    else:
        assert f"{row.name} from /aws/config, line 2, [default] " in problems(f"[default]\n{row.key} =")
    assert "is a block of nested lines" in problems(f"[default]\n{row.key} =\n  a = b") or row.name == "region"


def test_no_password_is_shown() -> None:
    url = "http://me:hunter2@h"
    environ = {"AWS_ENDPOINT_URL_STS": url, "AWS_EC2_METADATA_SERVICE_ENDPOINT": url}
    message = problems(f"[default]\nendpoint_url = {url}", environ=environ, endpoint_url=url)
    assert message.count("\n") == 4
    assert "hunter2" not in message


def test_no_repr_shows_a_secret() -> None:
    found = resolve("[default]\naws_secret_access_key = s3cret", environ={"AWS_SECRET_ACCESS_KEY": "s3cret"})
    assert "s3cret" not in repr(found)
    assert found.endpoint_urls.environ == {}  # what is no endpoint URL is not kept


# profiles


@pytest.mark.parametrize(
    ("code", "environ", "expected"),
    [
        ({}, {}, ("default", "default")),
        ({"profile": "a"}, {"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "c"}, ("a", "code")),
        ({}, {"AWS_PROFILE": "b", "AWS_DEFAULT_PROFILE": "c"}, ("b", "AWS_PROFILE")),
        ({}, {"AWS_DEFAULT_PROFILE": "c"}, ("c", "AWS_DEFAULT_PROFILE")),
        ({"profile": None}, {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": "c"}, ("c", "AWS_DEFAULT_PROFILE")),
        ({}, {"AWS_PROFILE": "", "AWS_DEFAULT_PROFILE": ""}, ("default", "default")),
    ],
)
def test_the_profile_is_chosen(code: dict[str, Any], environ: dict[str, str], expected: tuple[str, str]) -> None:
    config = "".join(f"[profile {name}]\nregion = {name}-region\n" for name in ("a", "b", "c", "default"))
    found = resolve(config, environ=environ, **code)
    assert (found.profile_name, found.origins["profile_name"]) == expected
    assert found.region == f"{expected[0]}-region"
    assert found.profile
    assert found.profile.name == expected[0]


def test_default_may_be_absent_unless_it_was_named() -> None:
    assert resolve("[profile a]").profile is None
    with pytest.raises(ProfileNotFound):
        resolve("[profile a]", profile="default")


@pytest.mark.parametrize(
    ("code", "environ", "named_by"),
    [({"profile": "x"}, {}, "code"), ({}, {"AWS_PROFILE": "x"}, "AWS_PROFILE"), ({"profile": ""}, {}, "code")],
)
def test_a_profile_that_is_not_there_is_an_error_that_lists_those_that_are(
    code: dict[str, Any], environ: dict[str, str], named_by: str
) -> None:
    with pytest.raises(ProfileNotFound) as caught:
        resolve("[profile b]\n[profile 'c d']", "[a]", environ=environ, **code)
    name = code.get("profile", "x")
    assert str(caught.value) == (
        f"there is no profile {name!r}, which {named_by} names, in /aws/config and /aws/credentials; "
        "there are: 'a', 'b', 'c d'"
    )


def test_the_error_says_how_a_section_should_have_been_written() -> None:
    for config, credentials, hint in (
        ("[x]", "", "/aws/config, line 1, [x] is none: in the config file write [profile x]"),
        ("", "\n[profile x]", "/aws/credentials, line 2, [profile x] is none: in the credentials file write [x]"),
    ):
        with pytest.raises(ProfileNotFound, match="there are: none") as caught:
            resolve(config, credentials, profile="x")
        assert str(caught.value).endswith(hint)


def test_the_error_of_a_missing_profile_says_what_else_is_wrong_and_stays_short() -> None:
    many = "".join(f"[profile p{number}]\n" for number in range(1000))
    with pytest.raises(ProfileNotFound) as caught:
        resolve(many, environ={"AWS_MAX_ATTEMPTS": "x"}, profile="x")
    first, *others = str(caught.value).splitlines()
    assert first.endswith(" and 950 more")
    assert others == ["- max_attempts from AWS_MAX_ATTEMPTS is 'x'; give a whole number from 1 up"]


def test_a_profile_that_is_no_string_is_refused() -> None:
    assert problems(profile=7) == "profile from code is 7; give a string"


# rules of single settings


@pytest.mark.parametrize("named", ["fips-us-east-1", "us-east-1-fips"])
def test_a_fips_pseudo_region_is_mended(named: str) -> None:
    found = resolve(f"[default]\nregion = {named}", use_fips_endpoint=False)
    assert (found.region, found.use_fips_endpoint) == ("us-east-1", True)
    assert found.origins["use_fips_endpoint"] == found.origins["region"] == "/aws/config, line 2, [default]"
    assert named in found.notes[0]


def test_the_legacy_retry_mode_is_taken_for_standard_with_a_note_but_not_in_code() -> None:
    found = resolve(environ={"AWS_RETRY_MODE": "legacy"})
    assert found.retry_mode == "standard"
    assert found.notes == ("retry_mode from AWS_RETRY_MODE is 'legacy', which is taken for 'standard'",)
    assert problems(retry_mode="legacy") == "retry_mode from code is 'legacy'; give standard or adaptive"


def test_a_long_application_id_is_kept_with_a_note() -> None:
    assert resolve(sdk_ua_app_id="a" * 50).notes == ()
    found = resolve(sdk_ua_app_id="a" * 51)
    assert found.sdk_ua_app_id == "a" * 51
    assert found.notes == ("sdk_ua_app_id from code is longer than 50 characters",)


@pytest.mark.parametrize(
    ("environ", "mode", "origin"),
    [
        ({"AWS_IMDS_USE_IPV6": "true"}, "IPv6", "AWS_IMDS_USE_IPV6"),
        ({"AWS_IMDS_USE_IPV6": "false"}, "IPv4", "default"),
        (
            {"AWS_IMDS_USE_IPV6": "true", "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "IPv4"},
            "IPv4",
            "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
        ),
    ],
)
def test_the_mode_of_the_metadata_endpoint_goes_before_its_old_switch(
    environ: dict[str, str], mode: str, origin: str
) -> None:
    found = resolve(environ=environ)
    assert found.ec2_metadata_service_endpoint_mode == mode
    assert found.origins["ec2_metadata_service_endpoint_mode"] == origin


@pytest.mark.parametrize(("mode", "seconds"), [("standard", 3.1), ("IN-REGION", 1.1), ("mobile", 30.0), ("legacy", 60)])
def test_a_defaults_mode_fills_what_is_not_set(mode: str, seconds: float) -> None:
    found = resolve(defaults_mode=mode)
    assert found.connect_timeout == seconds
    assert found.origins["connect_timeout"] == ("default" if mode == "legacy" else f"defaults mode {mode.lower()}")
    assert resolve(defaults_mode=mode, connect_timeout=9).connect_timeout == 9


def test_auto_is_decided_by_the_environment_or_by_the_instance() -> None:
    auto = {"AWS_DEFAULTS_MODE": "auto"}
    inside = resolve(environ=auto | {"AWS_EXECUTION_ENV": "x", "AWS_REGION": "us-east-1"}, region="us-east-1")
    assert (inside.defaults_mode, inside.connect_timeout, inside.needs_instance_region) == ("in-region", 1.1, False)
    unknown = resolve(environ=auto, region="us-east-1", retry_mode="adaptive")
    assert (unknown.defaults_mode, unknown.connect_timeout, unknown.needs_instance_region) == ("standard", 3.1, True)
    for runs_in, mode in ((None, "standard"), ("us-east-1", "in-region"), ("us-east-2", "cross-region")):
        found = in_instance_region(unknown, runs_in)
        assert (found.defaults_mode, found.needs_instance_region) == (mode, False)
        assert found.origins["connect_timeout"] == f"defaults mode {mode}"
        assert (found.retry_mode, found.origins["retry_mode"]) == ("adaptive", "code")
    assert in_instance_region(unknown, "us-east-1").connect_timeout == 1.1


def test_a_url_in_code_is_for_the_clients_own_service_alone() -> None:
    environ = {"AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_SAGEMAKER": "wrong, but it does not win"}
    found = resolve(environ=environ, endpoint_url="http://code")
    assert found.endpoint_url_and_origin("SageMaker") == ("http://code", "code")
    assert found.endpoint_url_and_origin("sagemaker") == ("http://code", "code")
    assert found.endpoint_url_and_origin("STS") == ("http://all", "AWS_ENDPOINT_URL")
    assert found.origins["endpoint_url"] == "code"
    of_kms = resolve_settings({"endpoint_url": "http://code"}, {}, files(), service_id="KMS")
    assert (of_kms.endpoint_url("KMS"), of_kms.endpoint_url("SageMaker")) == ("http://code", None)


def test_configured_urls_may_be_ignored_but_not_that_of_code() -> None:
    environ = {"AWS_ENDPOINT_URL": "wrong", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    found = resolve("[default]\nservices = none", environ=environ, endpoint_url="http://code")
    assert (found.endpoint_url("SageMaker"), found.endpoint_url("STS")) == ("http://code", None)


def test_the_url_of_a_service_that_no_client_here_calls_is_checked_when_it_is_asked_for() -> None:
    found = resolve(environ={"AWS_ENDPOINT_URL_KMS": "wrong"})
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL_KMS"):
        found.endpoint_url("KMS")
    with pytest.raises(ConfigurationError, match="AWS_ENDPOINT_URL_KMS"):
        resolve_settings({}, {"AWS_ENDPOINT_URL_KMS": "wrong"}, files(), service_id="KMS")


def test_a_region_may_be_missing_until_it_is_required() -> None:
    assert resolve(region="eu-west-1").required_region() == "eu-west-1"
    with pytest.raises(ConfigurationError, match=r"AWS_REGION or AWS_DEFAULT_REGION.*profile 'default'"):
        resolve().required_region()


def test_settings_are_values() -> None:
    found = resolve("[default]\nregion = eu-west-1", environ={"AWS_ENDPOINT_URL": "http://h"})
    for twin in (copy.deepcopy(found), pickle.loads(pickle.dumps(found))):  # noqa: S301  # our own bytes
        assert twin == found
        assert twin.endpoint_url("STS") == "http://h"
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        found.region = "x"  # type: ignore[misc]  # that is the point


# resolve_region, for what has no profile files


@pytest.mark.parametrize(
    ("region", "environ", "expected"),
    [
        ("eu-west-1", {"AWS_REGION": "us-east-1"}, "eu-west-1"),
        (None, {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-1"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ("mars-north-1", {}, "mars-north-1"),
    ],
)
def test_code_wins_over_the_environment(region: str | None, environ: dict[str, str], expected: str) -> None:
    assert resolve_region(region, environ) == expected


@pytest.mark.parametrize(
    "region",
    ["", "a.b", "-a", "a-", "123", "eu-west-1\n", "eu west", "a" * 64, "é", "aws-global", "aws-us-gov-global", "a/b"],
)
def test_what_is_no_host_label_is_refused(region: str) -> None:
    with pytest.raises(ConfigurationError, match="region is") as caught:
        resolve_region(region, {})
    assert repr(region) in str(caught.value)


def test_the_message_names_the_variable() -> None:
    with pytest.raises(ConfigurationError, match="AWS_DEFAULT_REGION is 'a b'"):
        resolve_region(None, {"AWS_DEFAULT_REGION": "a b"})
    with pytest.raises(ConfigurationError, match=r"AWS_REGION or AWS_DEFAULT_REGION"):
        resolve_region(None, {})
