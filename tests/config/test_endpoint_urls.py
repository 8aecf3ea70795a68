from __future__ import annotations

from typing import Any

import pytest
from botocore.configprovider import ConfiguredEndpointProvider
from botocore.exceptions import InvalidConfigError
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.config.endpoint_urls import EndpointUrls, service_key
from neo_wire.config.profile_files import Section, parse
from neo_wire.config.values import UnusableValue

SERVICES = {"sagemaker": "SageMaker", "sts": "STS", "sso-oidc": "SSO OIDC"}


def urls(environ: dict[str, str], config: str = "", *, ignored: bool = False) -> EndpointUrls:
    files = parse(config, None, config_path="config", credentials_path="credentials")
    return EndpointUrls(environ, files.profiles.get("default"), files.services, ignored)


CONFIG = """[default]
endpoint_url = http://all
services = local
[services local]
sagemaker =
  endpoint_url = http://one
"""


@pytest.mark.parametrize(
    ("environ", "config", "expected", "origin"),
    [
        ({}, "", None, ""),
        ({}, "[default]", None, ""),
        ({}, "[default]\nendpoint_url = http://all", "http://all", "config, line 2, [default]"),
        ({}, CONFIG, "http://one", "config, line 5, [services local], sagemaker"),
        ({"AWS_ENDPOINT_URL": "http://e"}, CONFIG, "http://e", "AWS_ENDPOINT_URL"),
        (
            {"AWS_ENDPOINT_URL": "http://e", "AWS_ENDPOINT_URL_SAGEMAKER": "http://s"},
            CONFIG,
            "http://s",
            "AWS_ENDPOINT_URL_SAGEMAKER",
        ),
        ({"AWS_ENDPOINT_URL": "", "AWS_ENDPOINT_URL_SAGEMAKER": ""}, "", None, ""),
        ({"AWS_ENDPOINT_URL_STS": "http://s"}, "", None, ""),
        ({}, "[default]\nendpoint_url =", None, ""),
        ({}, "[default]\nservices = a\n[services a]", None, ""),
        ({}, "[default]\nservices = a\n[services a]\nsagemaker =", None, ""),
        ({}, "[default]\nservices = a\n[services a]\nsagemaker =\n  other = 1", None, ""),
        ({}, "[default]\nservices = a\n[services a]\nsagemaker =\n  endpoint_url =", None, ""),
        ({}, "[default]\n[services a]\nsagemaker =\n  endpoint_url = http://one", None, ""),
    ],
)
def test_the_narrower_setting_goes_first(
    environ: dict[str, str], config: str, expected: str | None, origin: str
) -> None:
    found = urls(environ, config).find("SageMaker")
    assert (found.url if found else None, found.origin if found else "") == (expected, origin)
    assert urls(environ, config, ignored=True).find("SageMaker") is None


@pytest.mark.parametrize("name", ["SSO OIDC", "sso-oidc", "sso_oidc", "Sso Oidc"])
def test_a_service_may_be_spelt_in_many_ways(name: str) -> None:
    assert service_key(name) == "sso_oidc"
    found = urls({"AWS_ENDPOINT_URL_SSO_OIDC": "http://o"}).find(name)
    assert found
    assert found.url == "http://o"


@pytest.mark.parametrize(
    ("environ", "config", "message"),
    [
        ({"AWS_ENDPOINT_URL": "h:1"}, "", "endpoint_url from AWS_ENDPOINT_URL cannot be used: 'h:1' is not"),
        ({}, "[default]\nendpoint_url = x", "endpoint_url from config, line 2, [default] cannot be used: 'x'"),
        ({}, "[default]\nendpoint_url =\n  a = b", "endpoint_url from config, line 2, [default] is a block of nested"),
        (
            {},
            "[default]\nservices = a\n[services a]\nsagemaker =\n  endpoint_url = x",
            "endpoint_url from config, line 4, [services a], sagemaker cannot be used: 'x'",
        ),
        (
            {},
            "[default]\nservices = a\n[services a]\nsagemaker = http://one",
            "sagemaker from config, line 4, [services a] is one line; write endpoint_url = … indented below it",
        ),
        (
            {},
            "[default]\nservices = b\n[services a]\n[services c]",
            "services from config, line 2, [default] is 'b', and the config file has no such [services …]",
        ),
        ({}, "[default]\nservices = b\n[services a]\n[services c]", "section; there are: 'a', 'c'"),
        # a name is quoted in the header alone
        ({}, "[default]\nservices = 'a b'\n[services 'a b']", "and the config file has no such"),
        ({}, "[default]\nservices =", "services from config, line 2, [default] is '', and"),
        ({}, "[default]\nservices =\n a = b", "is a block of nested lines, and"),
    ],
)
def test_what_cannot_be_used_is_an_error_that_says_where_it_is_set(
    environ: dict[str, str], config: str, message: str
) -> None:
    with pytest.raises(UnusableValue) as caught:
        urls(environ, config).find("SageMaker")
    assert message in str(caught.value)
    assert urls(environ, config, ignored=True).find("SageMaker") is None


def test_a_password_is_never_shown() -> None:
    with pytest.raises(UnusableValue) as caught:
        urls({"AWS_ENDPOINT_URL": "http://me:hunter2@h"}).find("S3")
    assert "hunter2" not in str(caught.value) + repr(urls({"AWS_ENDPOINT_URL": "http://me:hunter2@h"}))


URLS = st.sampled_from(["http://a", "http://b:1", "https://c/d", ""])


@given(
    environ=st.dictionaries(
        st.sampled_from(
            ["AWS_ENDPOINT_URL", *(f"AWS_ENDPOINT_URL_{key.upper()}" for key in ("sagemaker", "sso_oidc"))]
        ),
        URLS,
    ),
    profile=st.fixed_dictionaries({}, optional={"endpoint_url": URLS, "services": st.sampled_from(["one", "none"])}),
    services=st.dictionaries(
        st.sampled_from(["sagemaker", "sts", "sso_oidc"]),
        st.fixed_dictionaries({"x": st.just("y")}, optional={"endpoint_url": URLS}),
        min_size=1,
    ),
    service=st.sampled_from(sorted(SERVICES)),
)
def test_botocore_finds_the_same(
    environ: dict[str, str], profile: dict[str, Any], services: dict[str, dict[str, str]], service: str
) -> None:
    theirs = ConfiguredEndpointProvider({"services": {"one": services}}, profile, service, environ)
    place: Any = "config"
    section = Section("default", profile, dict.fromkeys(profile, place))
    of_services = Section("one", services, dict.fromkeys(services, place))
    ours = EndpointUrls(environ, section, {"one": of_services})
    try:
        expected = theirs.provide()
    except InvalidConfigError:
        with pytest.raises(UnusableValue):
            ours.find(SERVICES[service])
    else:
        found = ours.find(SERVICES[service])
        assert (found.url if found else None) == expected


def test_where_botocore_differs() -> None:
    """It refuses an empty services section, which sets nothing, and falls over one line in place of a block."""
    scoped = {"services": "one"}
    with pytest.raises(InvalidConfigError):
        ConfiguredEndpointProvider({"services": {"one": {}}}, scoped, "sagemaker", {}).provide()
    assert urls({}, "[default]\nservices = one\n[services one]").find("SageMaker") is None
    with pytest.raises(AttributeError):
        ConfiguredEndpointProvider({"services": {"one": {"sagemaker": "x"}}}, scoped, "sagemaker", {}).provide()
    assert ConfiguredEndpointProvider({}, {"endpoint_url": "ftp://x"}, "sagemaker", {}).provide() == "ftp://x"
