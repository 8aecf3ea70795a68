"""The services that credentials come from, in every partition, against botocore's rules."""

from __future__ import annotations

import subprocess
import sys
from itertools import product

import botocore.session
import pytest
from botocore.endpoint_provider import EndpointProvider

from neo_wire.config.partitions import PARTITIONS
from neo_wire.credentials.reach import reach
from neo_wire.errors import CredentialsFetchFailed
from tests.credentials.contexts import context_of

LOADER = botocore.session.get_session().get_component("data_loader")
REGIONS = sorted(region for one in PARTITIONS for region in one.regions if not region.endswith("-global"))


@pytest.mark.parametrize("service_id", ["STS", "SSO", "SSO OIDC", "Signin", "RolesAnywhere"])
def test_each_is_where_the_rules_say(service_id: str) -> None:
    rule_set = LOADER.load_service_model(service_id.lower().replace(" ", "-"), "endpoint-rule-set-1")
    rules = EndpointProvider(rule_set, LOADER.load_data("partitions"))
    for fips, dual_stack in product((False, True), (False, True)):
        wishes = {"AWS_USE_FIPS_ENDPOINT": str(fips), "AWS_USE_DUALSTACK_ENDPOINT": str(dual_stack)}
        context = context_of(environ=wishes)
        for region in REGIONS:
            theirs = rules.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
            assert str(reach(context, "a test", service_id, region).url) == theirs.url + "/"


@pytest.mark.parametrize("service_id", ["STS", "SSO", "SSO OIDC", "Signin", "RolesAnywhere"])
def test_a_url_in_code_is_for_the_called_service_alone(service_id: str) -> None:
    context = context_of(code={"endpoint_url": "https://own.example", "use_fips_endpoint": False})
    assert "own.example" not in str(reach(context, "a test", service_id, "eu-west-1").url)
    variable = f"AWS_ENDPOINT_URL_{service_id.upper().replace(' ', '_')}"
    context = context_of(environ={variable: "https://vpce.example/x"}, code={"use_fips_endpoint": True})
    assert str(reach(context, "a test", service_id, "eu-west-1").url) == "https://vpce.example/x/"


def test_no_endpoint() -> None:
    with pytest.raises(CredentialsFetchFailed, match=r"^credentials from a test: .*'eu_west' is no region"):
        reach(context_of(), "a test", "STS", "eu_west")


def test_sso_has_no_use_for_an_xml_parser() -> None:
    program = "import sys, neo_wire.credentials.sso; assert 'pyexpat' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603  # this interpreter
