from __future__ import annotations

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider
from botocore.session import Session

from neo_wire.config.endpoints import resolve_endpoint
from neo_wire.errors import EndpointError

REGIONS = ["us-east-1", "eu-west-3", "cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1", "mars-west-1"]


@pytest.fixture(scope="module")
def rules() -> EndpointProvider:
    session: Session = botocore.session.get_session()
    loader = session.get_component("data_loader")
    return EndpointProvider(
        loader.load_service_model("sagemaker", "endpoint-rule-set-1"), loader.load_data("partitions")
    )


@pytest.mark.parametrize("region", REGIONS)
def test_the_endpoint_is_that_of_the_rules(region: str, rules: EndpointProvider) -> None:
    theirs = rules.resolve_endpoint(Region=region, UseFIPS=False, UseDualStack=False)
    assert str(resolve_endpoint("api.sagemaker", region)) == theirs.url + "/"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://localhost", "https://localhost/"),
        ("HTTPS://API.Example:443/", "https://api.example/"),
        ("http://[::1]:4566/", "http://[::1]:4566/"),
        ("https://host/custom", "https://host/custom/"),
        ("https://host/a/b/", "https://host/a/b/"),
        ("https://host/a b", "https://host/a%20b/"),
        ("https://vpce-1_x.api.sagemaker.eu-west-1.vpce.amazonaws.com.", None),
    ],
)
def test_a_url_of_the_users_own(given: str, url: str | None) -> None:
    assert str(resolve_endpoint("api.sagemaker", "eu-west-1", given)) == (url or given + "/")


@pytest.mark.parametrize(
    "given",
    [
        "",
        "localhost:8080",
        "ftp://host",
        "https://",
        "https://user:hunter2@host",
        "https://host?a=1",
        "https://host/#f",
        "https://host/\r\nx",
        "https://ho st",
        "https://host:0",
        "https://host:99999",
        "https://host:x",
        "https://a..b",
        "https://" + "a" * 64,
        "https://" + "a." * 130 + "b",
        "https://host/a/../b",
        "https://host//a",
        "https://host/./a",
        "https://bücher.example",
    ],
)
def test_what_no_request_can_go_to_is_refused(given: str) -> None:
    with pytest.raises(EndpointError, match="endpoint_url") as caught:
        resolve_endpoint("api.sagemaker", "eu-west-1", given)
    assert "hunter2" not in str(caught.value)
