"""Endpoints, against botocore's own rule engine: every listed region, with FIPS and dual-stack, of every service."""

from __future__ import annotations

import logging
import re
from itertools import product
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.config import Config
from botocore.endpoint_provider import EndpointProvider
from botocore.exceptions import EndpointResolutionError
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.config.endpoints import (
    is_global,
    is_loopback,
    parse_endpoint_url,
    real_region,
    resolve_endpoint,
    s3_object_url,
)
from neo_wire.config.partitions import PARTITIONS
from neo_wire.errors import EndpointError

LOADER = botocore.session.get_session().get_component("data_loader")
SERVICES = ["sagemaker", "sts", "sso", "sso-oidc", "signin", "rolesanywhere"]
REGIONS = sorted(region for one in PARTITIONS for region in one.regions)
ODD_REGIONS = [
    "mars-west-1",
    "us-west-9",
    "us-gov-central-1",
    "cn-south-1",
    "us-iso-south-1",
    "x",
    "a" * 63,
    "1-2",
    "A1",
]
ODD_REGIONS += ["eusc-de-north-1", "eusc-fr-north-1", "us-isoz-east-1", "aws-mars", "eu-isoe-2", "us-gov-west"]


def rules(service: str) -> EndpointProvider:
    return EndpointProvider(LOADER.load_service_model(service, "endpoint-rule-set-1"), LOADER.load_data("partitions"))


@pytest.mark.parametrize("service", SERVICES)
def test_the_endpoint_is_that_of_the_rules(service: str) -> None:
    provider = rules(service)
    for region, fips, dual_stack in product(REGIONS + ODD_REGIONS, (False, True), (False, True)):
        if region.endswith("-global"):
            continue  # below
        theirs = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
        ours = resolve_endpoint(service, region, fips=fips, dual_stack=dual_stack)
        assert str(ours.url) == theirs.url.lower() + "/", (region, fips, dual_stack)
        signing = [scheme["signingRegion"] for scheme in theirs.properties.get("authSchemes", ())]
        assert ours.signing_region in (signing or [region])


def test_a_global_pseudo_region_is_good_for_sts_and_s3_alone() -> None:
    ours = resolve_endpoint("sts", "aws-global")
    theirs = rules("sts").resolve_endpoint(Region="aws-global", UseFIPS=False, UseDualStack=False)
    assert (str(ours.url), ours.signing_region) == (theirs.url + "/", "us-east-1")
    for service, region, fips, dual_stack in product(
        SERVICES, [region for region in REGIONS if region.endswith("-global")], (False, True), (False, True)
    ):
        if (service, region, fips, dual_stack) == ("sts", "aws-global", False, False):
            continue
        with pytest.raises(EndpointError, match=f"no endpoint of {service} in '{region}'; give a region"):
            resolve_endpoint(service, region, fips=fips, dual_stack=dual_stack)


def test_sts_in_legacy_mode_goes_to_the_global_endpoint_from_the_older_regions() -> None:
    provider = rules("sts")
    for region, fips, dual_stack in product(REGIONS + ODD_REGIONS, (False, True), (False, True)):
        if region.endswith("-global") and (region != "aws-global" or fips or dual_stack):
            continue
        theirs = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack, UseGlobalEndpoint=True)
        ours = resolve_endpoint("sts", region, fips=fips, dual_stack=dual_stack, legacy_sts=True)
        assert str(ours.url) == theirs.url.lower() + "/", (region, fips, dual_stack)
        signing = [scheme["signingRegion"] for scheme in theirs.properties.get("authSchemes", ())]
        assert ours.signing_region in (signing or [region])
    assert (
        resolve_endpoint("sagemaker", "us-east-1", legacy_sts=True).url.host == "api.sagemaker.us-east-1.amazonaws.com"
    )


@pytest.mark.parametrize("service", ["kms", "codebuild", "glue", "comprehend", "translate", "apprunner", "sso-admin"])
def test_a_service_of_the_users_own_by_its_endpoint_prefix(service: str) -> None:
    provider, prefix = rules(service), LOADER.load_service_model(service, "service-2")["metadata"]["endpointPrefix"]
    for region, fips, dual_stack in product(REGIONS, (False, True), (False, True)):
        if region.endswith("-global") or (service == "sso-admin" and region.startswith("us-gov") and fips):
            continue  # a rule of its own
        theirs = provider.resolve_endpoint(Region=region, UseFIPS=fips, UseDualStack=dual_stack)
        ours = resolve_endpoint("Own", region, endpoint_prefix=prefix, fips=fips, dual_stack=dual_stack)
        assert str(ours.url) == theirs.url + "/", (region, fips, dual_stack)


def test_sagemaker_by_its_endpoint_prefix_is_the_same_service() -> None:
    for fips, dual_stack in product((False, True), (False, True)):
        by_prefix = resolve_endpoint(
            "SageMaker", "us-west-2", endpoint_prefix="api.sagemaker", fips=fips, dual_stack=dual_stack
        )
        assert by_prefix == resolve_endpoint("sagemaker", "us-west-2", fips=fips, dual_stack=dual_stack)


@pytest.mark.parametrize("prefix", ["a/b", "a?", "a b", "evil.example/#", "ä", "a" * 64, "a..b", ".", "x@y"])
def test_a_prefix_that_no_host_name_begins_with(prefix: str) -> None:
    with pytest.raises(EndpointError, match="endpoint prefix"):
        resolve_endpoint(prefix, "eu-west-1")


# ----------------------------------------------------------------------------------------------------------- the region


@pytest.mark.parametrize("region", ["fips-us-east-1", "us-east-1-fips", "fips-us-gov-west-1", "us-gov-west-1-fips"])
@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_an_old_pseudo_region_stands_for_fips(region: str) -> None:
    client = boto3.client("sagemaker", region_name=region, aws_access_key_id="a", aws_secret_access_key="b")
    ours = resolve_endpoint("sagemaker", region)
    plain = region.removeprefix("fips-").removesuffix("-fips")
    assert ours.signing_region == client.meta.region_name == plain
    assert ours == resolve_endpoint("sagemaker", plain, fips=True)
    theirs = rules("sagemaker").resolve_endpoint(Region=client.meta.region_name, UseFIPS=True, UseDualStack=False)
    assert str(ours.url) == theirs.url + "/"
    assert real_region(region) == (plain, True)
    assert real_region(plain) == (plain, False)


NO_REGIONS = ["", "eu west 1", "eu-west-1\n", "\neu-west-1", "-eu", "eu-", "evil.example/", "a.b", "a" * 64, "123"]
NO_REGIONS += ["eu_west_1", "ü", "fips-", "-fips", "x@y", "x#", "٣-a"]


@pytest.mark.parametrize("region", [*NO_REGIONS, 7, None])
def test_what_is_no_host_label_is_no_region(region: Any) -> None:
    for url in (None, "https://host"):
        with pytest.raises(EndpointError, match="region"):
            resolve_endpoint("sagemaker", region, endpoint_url=url)


@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_no_region_reaches_another_host(region: str) -> None:
    try:
        host = resolve_endpoint("sagemaker", region).url.host
    except EndpointError:
        return
    assert host.startswith(("api.sagemaker.", "api-fips.sagemaker."))
    assert any(host.endswith("." + partition.dns_suffix) for partition in PARTITIONS)
    assert host.isascii()


# -------------------------------------------------------------------------------------------------- a URL of one's own


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080/"),
        ("https://localhost", "https://localhost/"),
        ("HTTPS://API.Example:443/", "https://api.example/"),
        ("http://[::1]:4566/", "http://[::1]:4566/"),
        ("https://host/custom", "https://host/custom/"),
        ("https://host/a/b/", "https://host/a/b/"),
        ("https://host/a b", "https://host/a%20b/"),
        ("https://vpce-1_x.api.sagemaker.eu-west-1.vpce.amazonaws.com.", None),
        ("https://" + ".".join(["a" * 63] * 3 + ["b" * 62]), None),
    ],
)
def test_a_url_of_the_users_own(text: str, url: str | None) -> None:
    ours = resolve_endpoint("sagemaker", "eu-west-1", endpoint_url=text)
    assert (str(ours.url), ours.signing_region) == (url or text + "/", "eu-west-1")
    assert parse_endpoint_url(text) == ours.url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "localhost:8080",
        "ftp://host",
        "https://",
        "https://user:hunter2@host",
        "https://host?a=1",
        "https://host?",
        "https://host/#f",
        "https://host/\r\nx",
        "https://ho st",
        "https://host\t",
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
        "https://[:::]",
        "https://[1::2::3]",
        "https://[fe80::1%25eth0]",
        b"https://host",
    ],
)
def test_what_no_request_can_go_to_is_refused(text: Any) -> None:
    with pytest.raises(EndpointError, match="endpoint_url") as caught:
        resolve_endpoint("sagemaker", "eu-west-1", endpoint_url=text)
    assert "hunter2" not in str(caught.value)


def test_the_message_names_where_a_url_comes_from() -> None:
    with pytest.raises(EndpointError, match=r"^AWS_ENDPOINT_URL: "):
        parse_endpoint_url("ftp://x", source="AWS_ENDPOINT_URL")


@pytest.mark.parametrize(("fips", "dual_stack"), [(True, False), (False, True), (True, True)])
def test_a_url_contradicts_fips_and_dual_stack_that_the_code_asks_for(fips: bool, dual_stack: bool) -> None:
    with pytest.raises(EndpointError, match="endpoint_url is given together with") as caught:
        resolve_endpoint(
            "sagemaker",
            "eu-west-1",
            fips=fips,
            dual_stack=dual_stack,
            endpoint_url="https://host",
            fips_in_code=True,
            dual_stack_in_code=True,
        )
    assert ("use_fips_endpoint" in str(caught.value)) is fips
    assert ("use_dualstack_endpoint" in str(caught.value)) is dual_stack


def test_fips_and_dual_stack_of_the_environment_give_way_to_a_url(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "neo_wire"):
        ours = resolve_endpoint(
            "sagemaker",
            "eu-west-1",
            fips=True,
            dual_stack=True,
            endpoint_url="https://host",
        )
    assert str(ours.url) == "https://host/"
    assert "FIPS" in caplog.text
    with pytest.raises(EndpointError, match="use_dualstack_endpoint"):
        resolve_endpoint(
            "sts", "eu-west-1", fips=True, dual_stack=True, endpoint_url="https://host", dual_stack_in_code=True
        )
    pseudo = resolve_endpoint("sagemaker", "fips-us-east-1", endpoint_url="https://host")
    assert (str(pseudo.url), pseudo.signing_region) == ("https://host/", "us-east-1")


def test_a_url_with_a_global_pseudo_region_is_signed_for_the_partitions_own() -> None:
    for region, signed in {"aws-global": "us-east-1", "aws-cn-global": "cn-northwest-1"}.items():
        assert resolve_endpoint("sts", region, endpoint_url="https://host").signing_region == signed


@pytest.mark.parametrize("service", ["sso", "sso-oidc", "signin"])
def test_tokens_are_not_sent_in_clear_but_to_this_machine(service: str) -> None:
    for url in ("http://localstack:4566", "http://10.0.0.1", "http://localhost.example"):
        with pytest.raises(EndpointError, match="use https"):
            resolve_endpoint(service, "eu-west-1", endpoint_url=url)
        assert resolve_endpoint("sagemaker", "eu-west-1", endpoint_url=url).url.scheme == "http"
    for url in ("http://127.0.0.1:1/", "http://[::1]:2/", "http://localhost/", "https://localstack/"):
        assert str(resolve_endpoint(service, "eu-west-1", endpoint_url=url).url) == url


def test_what_this_machine_is_called() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST.", "a.localhost"):
        assert is_loopback(host)
    for host in ("10.0.0.1", "::2", "localhost.example", "mylocalhost", "0.0.0.0", ""):  # noqa: S104  # nothing binds
        assert not is_loopback(host)


# ------------------------------------------------------------------------------------------------------------ Amazon S3

S3: dict[str, object] = {"Accelerate": False, "UseGlobalEndpoint": False, "DisableMultiRegionAccessPoints": False}


@pytest.mark.parametrize("bucket", ["bucket", "my.dotted.bucket", "Legacy_Bucket", "a1-s3alias", "127.0.0.1", "b" * 63])
def test_an_object_is_where_the_rules_of_s3_have_its_bucket(bucket: str) -> None:
    provider = rules("s3")
    for region, fips, dual_stack in product(REGIONS + ODD_REGIONS, (False, True), (False, True)):
        if region.endswith("-global") and region != "aws-global":
            with pytest.raises(EndpointError, match="no endpoint of s3"):
                s3_object_url(bucket, "k", region, fips=fips, dual_stack=dual_stack)
            continue
        parameters = {"Bucket": bucket, "Region": region, "UseFIPS": fips, "UseDualStack": dual_stack, **S3}
        if fips and region.startswith("cn-"):
            with pytest.raises(EndpointResolutionError, match="does not support FIPS"):
                provider.resolve_endpoint(**parameters, ForcePathStyle=False)
            with pytest.raises(EndpointError, match="no FIPS endpoints"):
                s3_object_url(bucket, "k", region, fips=fips, dual_stack=dual_stack)
            continue
        theirs = provider.resolve_endpoint(**parameters, ForcePathStyle=False)
        ours = s3_object_url(bucket, "k", region, fips=fips, dual_stack=dual_stack)
        host, _, path = str(ours.url).removeprefix("https://").partition("/")
        their_host, _, their_path = theirs.url.removeprefix("https://").partition("/")
        assert (host, path) == (their_host.lower(), f"{their_path}/k".lstrip("/")), (region, fips, dual_stack)
        assert [ours.signing_region] == [scheme["signingRegion"] for scheme in theirs.properties["authSchemes"]]


@pytest.mark.parametrize("url", ["http://127.0.0.1:5000", "https://s3.example/prefix/", "http://localhost:4566"])
@pytest.mark.parametrize("bucket", ["bucket", "a.b.c"])
def test_an_object_behind_a_url_of_the_users_own_has_its_bucket_in_the_path(url: str, bucket: str) -> None:
    theirs = rules("s3").resolve_endpoint(
        Bucket=bucket, Region="eu-west-1", UseFIPS=False, UseDualStack=False, Endpoint=url, **S3, ForcePathStyle=True
    )
    assert str(s3_object_url(bucket, "k", "eu-west-1", endpoint_url=url).url) == theirs.url + "/k"


@pytest.mark.parametrize("key", ["a", "a/b c", "ü/€", "a+b&c=d?e#f", "~-._", "%41", "a//b/", "../x", "'\"()*!"])
def test_a_key_is_encoded_as_boto3_encodes_it(key: str) -> None:
    client = boto3.client(
        "s3",
        region_name="eu-west-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(signature_version="s3v4", s3={"addressing_style": "virtual"}),
    )
    theirs: str = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": key})
    assert theirs.partition("?")[0] == str(s3_object_url("bucket", key, "eu-west-1").url)


@pytest.mark.parametrize(
    ("bucket", "key", "said"),
    [
        ("", "k", "no name of a bucket"),
        ("ab", "k", "no name of a bucket"),
        ("a/b/c", "k", "no name of a bucket"),
        ("a b c", "k", "no name of a bucket"),
        ("bücket", "k", "no name of a bucket"),
        ("arn:aws:s3:us-east-1:123456789012:accesspoint/x", "k", "is an ARN"),
        ("b--use1-az4--x-s3", "k", "general purpose bucket"),
        ("b--table-s3", "k", "general purpose bucket"),
        ("bucket", "", "0 bytes"),
        ("bucket", "ü" * 513, "1026 bytes"),
        ("bucket", "\ud800", "surrogate"),
    ],
)
def test_a_bucket_or_key_that_is_none(bucket: str, key: str, said: str) -> None:
    with pytest.raises(EndpointError, match=said):
        s3_object_url(bucket, key, "eu-west-1")


def test_all_that_is_wrong_with_an_object_is_said_at_once() -> None:
    with pytest.raises(EndpointError, match="no name of a bucket; the key has 0 bytes"):
        s3_object_url("", "", "eu-west-1")


@given(
    region=st.from_regex(r"aws(-[a-z]+)*-global", fullmatch=True)
    | st.text("aws-globl\n", max_size=20)
    | st.text(max_size=12)
)
@example(region="aws-global")
@example(region="aws-global\n")
@example(region="aws--global")
def test_the_pseudo_regions(region: str) -> None:
    assert is_global(region) is (re.fullmatch(r"aws(-[a-z]+)*-global", region) is not None)
