"""Settings against botocore: the same sources give the same settings, or a difference that is asserted as such."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import botocore.exceptions
import botocore.loaders
import botocore.session
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neo_wire.config.profile_files import ProfileFiles, parse
from neo_wire.config.settings import resolve_settings
from neo_wire.config.sources import ROWS
from neo_wire.errors import ConfigurationError, ProfileNotFound


def files(config: str = "", credentials: str = "") -> ProfileFiles:
    return parse(config, credentials, config_path="/aws/config", credentials_path="/aws/credentials")


KEYS: dict[str, Any] = {"aws_access_key_id": "a", "aws_secret_access_key": "b"}  # so that it asks nobody for them
LOADER = botocore.loaders.create_loader()
SAME = {
    "region": st.sampled_from(["us-east-1", "eu-west-1", "mars-west-1"]),
    "retry_mode": st.sampled_from(["standard", "adaptive"]),
    "max_attempts": st.integers(1, 9).map(str),
    "use_fips_endpoint": st.sampled_from(["true", "False"]),
    "use_dualstack_endpoint": st.sampled_from(["TRUE", "false"]),
    "ignore_configured_endpoint_urls": st.sampled_from(["true", "false"]),
    "ca_bundle": st.sampled_from(["/a.pem", "b.pem"]),
    "defaults_mode": st.sampled_from(["standard", "Legacy", "in-region", "mobile"]),
    "sts_regional_endpoints": st.sampled_from(["legacy", "regional"]),
    "sdk_ua_app_id": st.sampled_from(["app", "other"]),
    "metadata_service_timeout": st.integers(1, 9).map(str),
    "metadata_service_num_attempts": st.integers(1, 9).map(str),
    "ec2_metadata_service_endpoint": st.sampled_from(["http://127.0.0.1:1", "http://[::1]/"]),
    "ec2_metadata_v1_disabled": st.sampled_from(["true", "false"]),
}
THEIR_NAMES = {"sdk_ua_app_id": "user_agent_appid"}
# Where the defaults are meant to differ: the safer one here, or None for what is not set there.
OWN_DEFAULTS = {
    "ec2_metadata_v1_disabled": (True, False),
    "max_attempts": (3, None),
    "use_fips_endpoint": (False, None),
    "use_dualstack_endpoint": (False, None),
    "ignore_configured_endpoint_urls": (False, None),
}
VARIABLES = {row.name: row.variables[-1] for row in ROWS if row.variables}
SOME = st.fixed_dictionaries({}, optional=SAME)


def ini(sections: dict[str, dict[str, str]], prefix: str = "") -> str:
    return "".join(
        f"[{prefix if name != 'default' else ''}{name}]\n"
        + "".join(f"{key} = {value}\n" for key, value in keys.items())
        for name, keys in sections.items()
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aws")


def their_session(folder: Path, config: str, credentials: str, environ: dict[str, str]) -> botocore.session.Session:
    """A session of botocore's; the environment has to be patched for as long as it is used."""
    (folder / "config").write_text(config, "utf-8")
    (folder / "credentials").write_text(credentials, "utf-8")
    environ["AWS_CONFIG_FILE"] = str(folder / "config")
    environ["AWS_SHARED_CREDENTIALS_FILE"] = str(folder / "credentials")
    session = botocore.session.Session()
    session.register_component("data_loader", LOADER)
    return session


@given(
    config=st.dictionaries(st.sampled_from(["default", "a", "b"]), SOME),
    credentials=st.dictionaries(st.sampled_from(["default", "a", "b"]), SOME),
    environ=SOME,
    variable=st.sampled_from(["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]),
    profile=st.sampled_from([None, "default", "a", "b"]),
)
def test_botocore_resolves_the_same(
    folder: Path,
    config: dict[str, dict[str, str]],
    credentials: dict[str, dict[str, str]],
    environ: dict[str, str],
    variable: str,
    profile: str | None,
) -> None:
    texts = ini(config, "profile "), ini(credentials)
    variables = {VARIABLES[name]: value for name, value in environ.items()} | ({variable: profile} if profile else {})
    expected: dict[str, object] = {}
    missing = False
    with mock.patch.dict("os.environ", variables, clear=True) as patched:
        session = their_session(folder, *texts, patched)
        try:
            session.get_scoped_config()  # else it misses a profile only when it looks for something there
            expected = {name: session.get_config_variable(THEIR_NAMES.get(name, name)) for name in SAME}
        except botocore.exceptions.ProfileNotFound:
            missing = True
    if missing:
        with pytest.raises(ProfileNotFound):
            resolve_settings({}, variables, files(*texts))
        return
    found = resolve_settings({}, variables, files(*texts))
    for name, theirs in expected.items():
        ours = getattr(found, name)
        if found.origins[name] == "default" and name in OWN_DEFAULTS:
            assert (ours, theirs) == OWN_DEFAULTS[name]
        else:
            assert ours == (theirs.lower() if name == "defaults_mode" and isinstance(theirs, str) else theirs), name


@settings(max_examples=25)
@given(
    config=SOME,
    environ=SOME,
    url=st.none() | st.sampled_from(["http://127.0.0.1:1", "https://a.example/b"]),
)
def test_a_client_of_botocore_has_the_same(
    folder: Path, config: dict[str, str], environ: dict[str, str], url: str | None
) -> None:
    config = {"region": "us-east-2"} | config | ({"endpoint_url": url} if url else {})
    for values in (config, environ):
        values.pop("ca_bundle", None)  # there is no such file
    texts = ini({"default": config}), ""
    variables = {VARIABLES[name]: value for name, value in environ.items()}
    with mock.patch.dict("os.environ", variables, clear=True) as patched:
        session = their_session(folder, *texts, patched)
        theirs: Any = session.create_client("sagemaker", **KEYS).meta
    found = resolve_settings({}, variables, files(*texts))
    assert found.region == theirs.region_name
    assert found.retry_mode == theirs.config.retries["mode"]
    assert found.max_attempts == theirs.config.retries.get("total_max_attempts", 3)
    assert found.connect_timeout == theirs.config.connect_timeout
    assert found.sdk_ua_app_id == theirs.config.user_agent_appid
    assert found.endpoint_url("SageMaker") == (theirs.endpoint_url if url and theirs.endpoint_url == url else None)
    if not url:
        assert found.use_fips_endpoint == bool(theirs.config.use_fips_endpoint)
        assert found.use_dualstack_endpoint == bool(theirs.config.use_dualstack_endpoint)


REFUSED = "refused"


def use(session: botocore.session.Session, name: str) -> object:
    """Make a client, which checks most settings, and look at one, which checks the rest."""
    session.create_client("sagemaker", **KEYS)
    return session.get_config_variable(name)


@pytest.mark.parametrize(
    ("name", "text", "theirs"),
    [
        ("region", "a b", REFUSED),
        ("region", "a.b", REFUSED),
        ("retry_mode", "bogus", REFUSED),
        ("retry_mode", "Standard", REFUSED),
        ("max_attempts", "x", REFUSED),
        ("max_attempts", "0", REFUSED),
        ("max_attempts", "-1", REFUSED),
        ("max_attempts", "1.5", REFUSED),
        ("defaults_mode", "zz", REFUSED),
        ("endpoint_url", "x", REFUSED),
        ("metadata_service_timeout", "x", REFUSED),
        ("sts_regional_endpoints", "x", REFUSED),
        # What botocore takes in silence: a wrong boolean for false, and numbers below 1.
        ("use_fips_endpoint", "yes", False),
        ("use_dualstack_endpoint", "1", False),
        ("ignore_configured_endpoint_urls", "on", False),
        ("ec2_metadata_v1_disabled", "no", False),
        ("metadata_service_timeout", "0", 0),
        ("metadata_service_num_attempts", "-1", -1),
    ],
)
@pytest.mark.parametrize("source", ["environment", "config", "credentials"])
def test_what_botocore_refuses_is_refused_and_more(
    folder: Path, name: str, text: str, theirs: object, source: str
) -> None:
    base = "[default]\nregion = us-east-1\n"
    config = f"[default]\n{name} = {text}\n" if name == "region" else f"{base}{name} = {text}\n"
    texts, variables = {
        "environment": (("" if name == "region" else base, ""), {VARIABLES.get(name, "AWS_ENDPOINT_URL"): text}),
        "config": ((config, ""), {}),
        "credentials": ((base, f"[default]\n{name} = {text}\n"), {}),
    }[source]
    with pytest.raises(ConfigurationError, match=name):
        resolve_settings({}, variables, files(*texts))
    with mock.patch.dict("os.environ", variables, clear=True) as patched:
        session = their_session(folder, *texts, patched)
        if theirs == REFUSED:
            with pytest.raises((ValueError, botocore.exceptions.BotoCoreError)):
                use(session, name)
        else:
            assert use(session, name) == theirs


def test_where_botocore_differs(folder: Path) -> None:
    """It knows AWS_REGION not at all, puts AWS_DEFAULT_PROFILE first, and takes empty variables for values."""
    environ = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}
    assert resolve_settings({}, environ, files()).region == "us-east-1"
    profiles = {"AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"}
    assert resolve_settings({}, profiles, files("[profile a]\n[profile b]")).profile_name == "a"
    fips = {"AWS_USE_FIPS_ENDPOINT": "", "AWS_MAX_ATTEMPTS": ""}
    found = resolve_settings({}, fips, files("[default]\nuse_fips_endpoint = true\nmax_attempts = 2"))
    assert (found.use_fips_endpoint, found.max_attempts) == (True, 2)
    with mock.patch.dict("os.environ", environ | profiles | fips, clear=True) as patched:
        session = their_session(folder, "[profile a]\n[profile b]\nuse_fips_endpoint = true", "", patched)
        assert session.get_config_variable("region") == "us-east-2"
        assert session.get_config_variable("profile") == "b"
        assert session.get_config_variable("use_fips_endpoint") is False
        with pytest.raises(ValueError, match="invalid literal"):
            session.get_config_variable("max_attempts")
