"""Endpoints: from a service and a region, or a URL of the user's own, to where requests go.

Source: the SageMaker endpoint rule set that the AWS SDKs share; Smithy's protocol tests for an endpoint with a path.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from neo_wire.config.partitions import partition_of
from neo_wire.errors import ConfigurationError, EndpointError
from neo_wire.http import Url

_LABEL: Final = re.compile(r"[A-Za-z0-9_-]{1,63}")
_MAX_HOST: Final = 255


def resolve_endpoint(endpoint_prefix: str, region: str, endpoint_url: str | None = None) -> Url:
    """Where the requests of a service go; the path ends in "/".

    Args:
        endpoint_prefix: what stands before the region in the host name, such as "api.sagemaker".
        region: as `resolve_region` gives it.
        endpoint_url: used instead, when given; http is allowed, a path is kept.

    Raises:
        EndpointError: the URL is not one that requests can go to.
    """
    if endpoint_url is None:
        return Url("https", f"{endpoint_prefix}.{region}.{partition_of(region).dns_suffix}")
    if not isinstance(endpoint_url, str):
        raise EndpointError(f"endpoint_url is a {type(endpoint_url).__name__}; give a string")
    try:
        url = Url.parse(endpoint_url)
    except ConfigurationError as error:
        raise EndpointError(f"endpoint_url: {error}") from None
    if url.query or "#" in endpoint_url:
        raise EndpointError("endpoint_url has a query or a fragment, which no endpoint has; remove it")
    if ":" not in url.host and (
        len(url.host) > _MAX_HOST or not all(_LABEL.fullmatch(label) for label in url.host.removesuffix(".").split("."))
    ):
        raise EndpointError(f"endpoint_url has {url.host[:_MAX_HOST]!r} for a host, which is no host name")
    if any(segment in ("", ".", "..") for segment in url.path.removesuffix("/").split("/")[1:]):
        raise EndpointError(f"endpoint_url has the path {url.path!r}; write it without empty and dot segments")
    return url if url.path.endswith("/") else attrs.evolve(url, path=url.path + "/")
