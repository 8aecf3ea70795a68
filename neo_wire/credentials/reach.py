"""Where the services are that credentials come from."""

from __future__ import annotations

from neo_wire.config.endpoints import Endpoint
from neo_wire.config.service_endpoint import service_endpoint
from neo_wire.credentials.context import Context
from neo_wire.errors import ConfigurationError, CredentialsFetchFailed


def reach(context: Context, provider: str, service_id: str, region: str) -> Endpoint:
    """The endpoint of a service that credentials come from, as the settings of the client have it.

    Args:
        context: of the chain.
        provider: the source of credentials that asks, for messages.
        service_id: "STS", "SSO", "SSO OIDC", "Signin" or "RolesAnywhere".
        region: where the service is asked.

    Raises:
        CredentialsFetchFailed: no endpoint can be made of the region or the URL.
    """
    try:
        return service_endpoint(context.settings, service_id, region)
    except ConfigurationError as error:
        raise CredentialsFetchFailed(provider, str(error)) from error
