"""Endpoints: from a service and a region, or a URL of the user's own, to where requests go.

One rule serves nearly every service; the tables here are the exceptions to it.

Source: the endpoint rule sets of SageMaker, STS, IAM Identity Center, AWS sign-in, IAM Roles Anywhere and Amazon S3,
which the AWS SDKs share; Smithy's protocol tests for an endpoint with a path.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from neo_wire._log import quiet_log
from neo_wire.config.addresses import is_address, is_loopback_address
from neo_wire.config.partitions import Partition, partition_of
from neo_wire.errors import ConfigurationError, EndpointError
from neo_wire.http import Url, is_host_label
from neo_wire.values import Value

_GLOBAL: Final = "aws(-[a-z]+)*-global"
_IN_LABEL: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
_MAX_LABEL: Final = 63
_MAX_HOST: Final = 255

# What stands before the region, of the services that it is not the name of.
_PREFIXES: Final = {"sagemaker": "api.sagemaker", "sso": "portal.sso", "sso-oidc": "oidc"}

# What stands there for FIPS without dual-stack, by prefix and partition, where it is not the prefix with "-fips".
_FIPS_PREFIXES: Final = {
    ("api.sagemaker", "aws"): "api-fips.sagemaker",
    ("api.sagemaker", "aws-us-gov"): "api-fips.sagemaker",
    ("sts", "aws-us-gov"): "sts",
    ("portal.sso", "aws-us-gov"): "portal.sso",
    ("oidc", "aws-us-gov"): "oidc",
}

# AWS sign-in, without FIPS and dual-stack, has the domain of the partition's console.
_SIGN_IN_SUFFIXES: Final = {
    "aws": "aws.amazon.com",
    "aws-cn": "amazonaws.cn",
    "aws-eusc": "amazonaws-eusc.eu",
    "aws-iso": "c2shome.ic.gov",
    "aws-iso-b": "sc2shome.sgov.gov",
    "aws-iso-e": "csphome.adc-e.uk",
    "aws-iso-f": "csphome.hci.ic.gov",
    "aws-us-gov": "amazonaws-us-gov.com",
}

_LEGACY_STS_REGIONS: Final = (
    "ap-(northeast-1|south-1|southeast-[12])|ca-central-1|eu-(central-1|north-1|west-[123])|sa-east-1|"
    "us-(east|west)-[12]"
)

# Their requests carry tokens that whoever reads them can use.
_TOKEN_SERVICES: Final = frozenset({"portal.sso", "oidc", "signin"})

_BUCKET: Final = r"[A-Za-z0-9._-]{3,255}"
_BUCKET_IN_HOST: Final = r"(?![0-9]+\Z)(?!-)[a-z0-9-]{3,63}(?<!-)"
_OTHER_BUCKETS: Final = r".*--(x|xa|op|table)-s3"
_MAX_KEY: Final = 1024


class Endpoint(Value):
    """Where requests go, and the region that they are signed for."""

    __slots__ = ("signing_region", "url")

    def __init__(self, url: Url, signing_region: str) -> None:
        self.url = url
        self.signing_region = signing_region


def resolve_endpoint(
    service: str,
    region: str | None,
    *,
    endpoint_prefix: str | None = None,
    fips: bool = False,
    dual_stack: bool = False,
    endpoint_url: str | None = None,
    legacy_sts: bool = False,
    fips_in_code: bool = False,
    dual_stack_in_code: bool = False,
) -> Endpoint:
    """Where the requests of a service go; the path ends in "/".

    Args:
        service: "sagemaker", "sts", "sso", "sso-oidc", "signin", "rolesanywhere", "s3", or another one by what stands
            before the region in its host names, such as "kms". Nearly all follow the common rule; with FIPS or
            dual-stack some do not, and need an `endpoint_url`.
        endpoint_prefix: what stands before the region, where it differs from the name of another service.
        region: such as "eu-west-1"; "fips-us-east-1" and "us-east-1-fips" stand for us-east-1 with FIPS.
        fips: use hosts whose cryptography is validated by FIPS 140.
        dual_stack: use hosts that IPv6 reaches too.
        endpoint_url: used instead of all rules, when given; http is allowed, a path is kept.
        legacy_sts: of the older regions, sign and send to STS as for its one global endpoint.
        fips_in_code: whether `fips` is what the code asks for, which contradicts an `endpoint_url`; what the
            environment or a profile asks for gives way to it.
        dual_stack_in_code: as `fips_in_code`.

    Raises:
        EndpointError: the region is none, or has no such endpoint; the URL is not one that requests can go to.
    """
    name, pseudo = real_region(region)
    prefix = endpoint_prefix or _PREFIXES.get(service, service)
    if endpoint_url is not None:
        _refuse_contradictions(fips and fips_in_code, dual_stack and dual_stack_in_code)
        if (fips or dual_stack or pseudo) and (log := quiet_log(__name__)):
            log.debug("endpoint_url is used as it is: FIPS and dual-stack are settings of AWS's own endpoints")
        url = parse_endpoint_url(endpoint_url)
        if prefix in _TOKEN_SERVICES and url.scheme == "http" and not is_loopback(url.host):
            raise EndpointError(f"the endpoint {url} of {service} is not https, and tokens are sent to it; use https")
        return Endpoint(url, partition_of(name).implicit_global_region if is_global(name) else name)
    fips = fips or pseudo
    if is_global(name):
        if name != "aws-global" or prefix not in ("s3", "sts") or (prefix == "sts" and (fips or dual_stack)):
            raise EndpointError(f"there is no endpoint of {service} in {name!r}; give a region such as eu-west-1")
        if not fips and not dual_stack:
            return Endpoint(Url("https", f"{prefix}.amazonaws.com"), "us-east-1")
        name = "us-east-1"
    if prefix == "sts" and legacy_sts and not fips and not dual_stack and re.fullmatch(_LEGACY_STS_REGIONS, name):
        return Endpoint(Url("https", "sts.amazonaws.com"), "us-east-1")
    host = _host(prefix, name, partition_of(name), fips, dual_stack).lower()
    if not _is_host(host):
        raise EndpointError(
            f"{prefix!r} is nothing that a host name begins with; give an endpoint prefix such as 'kms'"
        )
    return Endpoint(Url("https", host), name)


def _refuse_contradictions(fips: bool, dual_stack: bool) -> None:
    wanted = [name for name, asked in (("use_fips_endpoint", fips), ("use_dualstack_endpoint", dual_stack)) if asked]
    if wanted:
        raise EndpointError(
            f"endpoint_url is given together with {' and '.join(wanted)}, which it would leave without effect; "
            "give one or the other"
        )


def _host(prefix: str, region: str, partition: Partition, fips: bool, dual_stack: bool) -> str:
    suffix = partition.dual_stack_dns_suffix if dual_stack else partition.dns_suffix
    if prefix == "s3":
        if fips and partition.id == "aws-cn":
            raise EndpointError(f"Amazon S3 has no FIPS endpoints in {region}; turn use_fips_endpoint off")
        variant = ("-fips" if fips else "") + (".dualstack" if dual_stack else "")
        return f"s3{variant}.{region}.{partition.dns_suffix}"
    if prefix == "signin" and not dual_stack:
        if not fips:
            return f"{region}.signin.{_SIGN_IN_SUFFIXES[partition.id]}"
        if partition.id == "aws-us-gov":
            return f"{'' if region == 'us-gov-west-1' else region + '.'}signin-fips.{_SIGN_IN_SUFFIXES[partition.id]}"
    if fips:
        prefix = (None if dual_stack else _FIPS_PREFIXES.get((prefix, partition.id))) or f"{prefix}-fips"
    return f"{prefix}.{region}.{suffix}"


def real_region(region: str | None) -> tuple[str, bool]:
    """The region without the mark of an old FIPS pseudo-region, and whether it had one.

    Raises:
        EndpointError: there is none, or it is no host label, so that no host can be made of it.
    """
    if region is None:
        raise EndpointError("there is no region; give one such as eu-west-1")
    name = str(region).removeprefix("fips-").removesuffix("-fips")
    if not is_host_label(name):
        raise EndpointError(f"{region!r} is no region; give one such as eu-west-1")
    return name, name != region


def is_global(region: str) -> bool:
    """Whether a name is the pseudo-region of a partition's global services, such as "aws-cn-global"."""
    return region.startswith("aws-") and re.fullmatch(_GLOBAL, region) is not None


def parse_endpoint_url(text: str, *, source: str = "endpoint_url") -> Url:
    """A URL of the user's own as an endpoint: an http or https URL with a host, and perhaps a path, that ends in "/".

    Args:
        text: such as "http://127.0.0.1:8080".
        source: where it comes from, for the message.

    Raises:
        EndpointError: it has another scheme, a user name or password, a query, a fragment, or no valid host or path.
    """
    if not isinstance(text, str):
        raise EndpointError(f"{source} is a {type(text).__name__}; give a string")
    try:
        url = Url.parse(text)
    except ConfigurationError as error:
        raise EndpointError(f"{source}: {error}") from None
    if url.query or "?" in text or "#" in text:
        raise EndpointError(f"{source} has a query or a fragment, which no endpoint has; remove it")
    if not _is_host(url.host):
        raise EndpointError(f"{source} has {url.host[:_MAX_HOST]!r} for a host, which is no host name")
    if any(segment in ("", ".", "..") for segment in url.path.removesuffix("/").split("/")[1:]):
        raise EndpointError(f"{source} has the path {url.path!r}; write it without empty and dot segments")
    return url if url.path.endswith("/") else attrs.evolve(url, path=url.path + "/")


def _is_host(host: str) -> bool:
    if ":" in host:
        return is_address(host)
    labels = host.removesuffix(".").split(".")
    return len(host) <= _MAX_HOST and all(0 < len(one) <= _MAX_LABEL and _IN_LABEL.issuperset(one) for one in labels)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself."""
    if is_address(host):
        return is_loopback_address(host)
    name = host.lower().removesuffix(".")
    return name == "localhost" or name.endswith(".localhost")


def s3_object_url(
    bucket: str,
    key: str,
    region: str | None,
    *,
    fips: bool = False,
    dual_stack: bool = False,
    endpoint_url: str | None = None,
) -> Endpoint:
    """Where an object of Amazon S3 is.

    The bucket stands in the host name if it can, and else in the path: a name with dots would match no certificate, and
    the host of an `endpoint_url` may have no names below it.

    Args:
        bucket: the bucket's name, or an access point's alias.
        key: of the object, as it is: not percent-encoded.
        region: of the bucket.
        fips: as for `resolve_endpoint`, and so are the others.
        dual_stack: as above.
        endpoint_url: as above; no client's code gives one for S3, so that it contradicts nothing.

    Raises:
        EndpointError: what `resolve_endpoint` refuses; the bucket or the key is none that a plain GET can have.

    Source: Amazon S3 user guide, virtual hosting of buckets; bucket naming rules; object key naming guidelines.
    """
    _check_object(bucket, key)
    endpoint = resolve_endpoint(
        "s3",
        region,
        fips=fips,
        dual_stack=dual_stack,
        endpoint_url=endpoint_url,
    )
    from urllib.parse import quote  # here, as no other endpoint has a path that is to be quoted

    path, url = quote(key, safe="/"), endpoint.url
    if endpoint_url is None and re.fullmatch(_BUCKET_IN_HOST, bucket):
        return Endpoint(Url(url.scheme, f"{bucket}.{url.host}", path=f"/{path}"), endpoint.signing_region)
    return Endpoint(Url(url.scheme, url.host, url.port, f"{url.path}{bucket}/{path}"), endpoint.signing_region)


def _check_object(bucket: str, key: str) -> None:
    problems = []
    if bucket.startswith("arn:"):
        problems.append(f"the bucket is an ARN, {bucket!r}; give the bucket's name or the access point's alias")
    elif not re.fullmatch(_BUCKET, bucket):
        problems.append(f"{bucket[:_MAX_HOST]!r} is no name of a bucket")
    elif re.fullmatch(_OTHER_BUCKETS, bucket):
        problems.append(f"{bucket!r} is a bucket that a plain GET does not reach; use a general purpose bucket")
    try:
        length = len(key.encode("utf-8"))
    except UnicodeEncodeError:
        problems.append("the key has a lone surrogate in it, which UTF-8 cannot express")
    else:
        if not 0 < length <= _MAX_KEY:
            problems.append(f"the key has {length} bytes; a key has 1 to {_MAX_KEY}")
    if problems:
        raise EndpointError("; ".join(problems))
