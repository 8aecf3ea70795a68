"""One rule for the endpoints of all services: what the code contradicts itself in, and what gives way to a URL."""

from __future__ import annotations

import pytest

from neo_wire.config.profile_files import ProfileFiles
from neo_wire.config.service_endpoint import service_endpoint
from neo_wire.config.settings import resolve_settings
from neo_wire.errors import EndpointError

WISHES = ["use_fips_endpoint", "use_dualstack_endpoint"]
OWN = "https://own.example"


@pytest.mark.parametrize("wish", WISHES)
def test_a_wish_and_a_url_that_are_both_in_code_contradict_each_other(wish: str) -> None:
    settings = resolve_settings({wish: True, "endpoint_url": OWN}, {}, ProfileFiles())
    with pytest.raises(EndpointError, match=wish):
        service_endpoint(settings, "SageMaker", "eu-west-1")
    assert "own" not in str(service_endpoint(settings, "STS", "eu-west-1").url)


@pytest.mark.parametrize("wish", WISHES)
@pytest.mark.parametrize("service_id", ["SageMaker", "STS", "SSO OIDC"])
def test_a_wish_that_is_not_in_code_gives_way_to_a_url(wish: str, service_id: str) -> None:
    environ = {f"AWS_{wish.upper()}": "true", "AWS_ENDPOINT_URL": OWN}
    settings = resolve_settings({}, environ, ProfileFiles())
    assert str(service_endpoint(settings, service_id, "eu-west-1").url) == f"{OWN}/"


@pytest.mark.parametrize("wish", WISHES)
def test_a_wish_in_code_contradicts_any_url_of_the_clients_own_service_and_of_no_other(wish: str) -> None:
    settings = resolve_settings({wish: True}, {"AWS_ENDPOINT_URL": OWN}, ProfileFiles())
    with pytest.raises(EndpointError, match=wish):
        service_endpoint(settings, "SageMaker", "eu-west-1")
    assert str(service_endpoint(settings, "STS", "eu-west-1").url) == f"{OWN}/"


def test_a_service_by_its_endpoint_prefix() -> None:
    settings = resolve_settings({}, {}, ProfileFiles(), service_id="AWS KMS")
    endpoint = service_endpoint(settings, "AWS KMS", "eu-west-1", endpoint_prefix="kms")
    assert str(endpoint.url) == "https://kms.eu-west-1.amazonaws.com/"


def test_sts_in_legacy_mode() -> None:
    settings = resolve_settings({}, {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}, ProfileFiles())
    endpoint = service_endpoint(settings, "STS", "eu-west-1")
    assert (endpoint.url.host, endpoint.signing_region) == ("sts.amazonaws.com", "us-east-1")
