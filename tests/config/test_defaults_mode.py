from __future__ import annotations

from unittest import mock

import botocore.loaders
import pytest
from botocore.configprovider import DefaultConfigResolver, SmartDefaultsConfigStoreFactory
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.config.defaults_mode import MODES, region_of_environment, resolve_auto


@pytest.fixture(scope="module")
def theirs() -> DefaultConfigResolver:
    return DefaultConfigResolver(botocore.loaders.create_loader().load_data("sdk-default-configuration"))


def test_there_are_the_modes_that_botocore_has(theirs: DefaultConfigResolver) -> None:
    assert sorted([*MODES, "auto"]) == sorted(theirs.get_default_modes())


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode != "legacy"])
def test_a_mode_fills_in_what_it_does_in_botocore(mode: str, theirs: DefaultConfigResolver) -> None:
    expected = theirs.get_default_config_values(mode)
    assert MODES[mode].retry_mode == expected["retryMode"]
    assert MODES[mode].sts_regional_endpoints == expected["stsRegionalEndpoints"]
    assert MODES[mode].connect_timeout == expected["connectTimeoutInMillis"] / 1000


def test_legacy_is_the_librarys_own_defaults() -> None:
    legacy = MODES["legacy"]
    assert (legacy.connect_timeout, legacy.retry_mode, legacy.sts_regional_endpoints) == (60.0, "standard", "regional")


REGIONS = st.sampled_from(["us-east-1", "eu-west-1"])


@given(
    region=st.none() | REGIONS,
    instance=st.none() | REGIONS,
    environ=st.fixed_dictionaries(
        {},
        optional={
            "AWS_EXECUTION_ENV": st.sampled_from(["", "AWS_Lambda_python3.12"]),
            "AWS_REGION": REGIONS,
            "AWS_DEFAULT_REGION": REGIONS,
        },
    ),
)
def test_auto_becomes_what_it_does_in_botocore(
    region: str | None, instance: str | None, environ: dict[str, str]
) -> None:
    with mock.patch.dict("os.environ", environ, clear=True):
        provider = mock.Mock(provide=mock.Mock(return_value=instance))
        expected = SmartDefaultsConfigStoreFactory(mock.Mock(), provider).resolve_auto_mode(region or "")
    assert resolve_auto(region, region_of_environment(environ) or instance) == expected


def test_an_empty_variable_is_not_set() -> None:
    environ = {"AWS_EXECUTION_ENV": "x", "AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-1"}
    assert region_of_environment(environ) == "us-east-1"
    assert region_of_environment({"AWS_EXECUTION_ENV": "x"}) is None
