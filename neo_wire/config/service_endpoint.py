"""The endpoint of a service as the settings of a client have it: one rule for the client's own and for all others.

Source: AWS SDKs and Tools reference guide, service-specific endpoints, dual-stack and FIPS endpoints.
"""

from __future__ import annotations

from neo_wire.config.endpoints import Endpoint, resolve_endpoint
from neo_wire.config.settings import Settings
from neo_wire.config.sources import CODE


def service_endpoint(
    settings: Settings, service_id: str, region: str, *, endpoint_prefix: str | None = None
) -> Endpoint:
    """Where the requests of a service go.

    FIPS or dual-stack that the code asks for contradicts a URL of the client's own service, wherever that comes from:
    one of them would be without effect. Elsewhere, and when they come from the environment or the profile, a URL is
    used as it is: they are settings of AWS's own endpoints.

    Args:
        settings: of the client.
        service_id: such as "SageMaker", "STS" or "SSO OIDC".
        region: where the service is asked.
        endpoint_prefix: what stands before the region in the service's host names, where `resolve_endpoint` does not
            know it.

    Raises:
        ConfigurationError: no endpoint can be made of these.
    """
    url, origin = settings.endpoint_url_and_origin(service_id)
    is_own = origin == CODE or service_id == settings.service_id
    return resolve_endpoint(
        endpoint_prefix or service_id.lower().replace(" ", "-"),
        region,
        endpoint_prefix=endpoint_prefix,
        fips=settings.use_fips_endpoint,
        dual_stack=settings.use_dualstack_endpoint,
        endpoint_url=url,
        legacy_sts=settings.sts_regional_endpoints == "legacy",
        fips_in_code=is_own and settings.origins.get("use_fips_endpoint") == CODE,
        dual_stack_in_code=is_own and settings.origins.get("use_dualstack_endpoint") == CODE,
    )
