"""Places in S3: every form of the address, S3's rules for names, and joins."""

from __future__ import annotations

import re
from typing import Any

import botocore.session
import pytest
from botocore.utils import check_dns_name
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import InputValidationError
from neo_wire.jobs.s3_uris import S3Location, bucket_problems, model_archive
from neo_wire.protocol.validation import validate
from neo_wire.shapes.enums import Framework
from neo_wire.shapes.structures import InputConfig

BUCKETS = st.from_regex(r"[a-z0-9]([a-z0-9-]|\.(?=[a-z0-9-])){1,30}[a-z0-9]", fullmatch=True).filter(
    lambda name: not re.fullmatch(r"[\d.]+", name) and not name.startswith(("xn--", "sthree-", "amzn-s3-demo-"))
)
KEYS = st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), min_size=1, max_size=200)


@given(BUCKETS, st.just("") | KEYS)
def test_a_location_is_read_back_from_its_text_and_is_a_valid_uri(bucket: str, key: str) -> None:
    location = S3Location(bucket, key)
    assert S3Location.parse(str(location)) == location
    validate(InputConfig(s3_uri=str(location), framework=Framework.KERAS))


@pytest.mark.parametrize(
    ("host", "region", "partition"),
    [
        ("s3.us-west-2.amazonaws.com", "us-west-2", "aws"),
        ("s3-us-west-2.amazonaws.com", "us-west-2", "aws"),
        ("s3.dualstack.eu-central-1.amazonaws.com", "eu-central-1", "aws"),
        ("s3-fips.us-east-1.amazonaws.com", "us-east-1", "aws"),
        ("s3-fips.dualstack.us-gov-west-1.amazonaws.com", "us-gov-west-1", "aws-us-gov"),
        ("s3.amazonaws.com", None, "aws"),
        ("s3-external-1.amazonaws.com", None, "aws"),
        ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1", "aws-cn"),
        ("s3.us-iso-east-1.c2s.ic.gov", "us-iso-east-1", "aws-iso"),
        ("s3.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", "aws-eusc"),
    ],
)
def test_the_https_forms_have_the_bucket_in_the_host_or_in_the_path(
    host: str, region: str | None, partition: str
) -> None:
    expected = S3Location("my.models", "a b/net.tar.gz", region, partition)
    assert S3Location.parse(f"https://my.models.{host}/a%20b/net.tar.gz") == expected
    assert S3Location.parse(f"https://{host}/my.models/a%20b/net.tar.gz") == expected
    assert str(expected) == "s3://my.models/a b/net.tar.gz"


@pytest.mark.parametrize("region", ["us-west-2", "eu-central-1", "cn-northwest-1", "us-gov-east-1"])
def test_the_url_that_botocore_signs_is_read(region: str) -> None:
    session: Any = botocore.session.get_session()
    session.set_credentials("AKIDEXAMPLE", "secret")
    client = session.create_client("s3", region_name=region)
    url = client.generate_presigned_url("get_object", Params={"Bucket": "models", "Key": "été/ä+b.tar.gz"})
    # botocore asks for us-east-1's global host where none is configured, so the region may be left out
    location = S3Location.parse(url.partition("?")[0])
    assert (location.bucket, location.key) == ("models", "été/ä+b.tar.gz")
    assert location.region in (region, None)


@given(st.text("abcAZ019-_", min_size=1, max_size=70) | BUCKETS.map(lambda name: name.replace(".", "-")))
def test_a_name_without_dots_is_good_when_botocore_finds_it_good(name: str) -> None:
    assert (not list(bucket_problems(name))) == check_dns_name(name)


@pytest.mark.parametrize(
    ("bucket", "said"),
    [
        ("ab", "2 characters"),
        ("a" * 64, "64 characters"),
        ("My_Models", "lower-case letters"),
        ("-models", "begins and ends"),
        ("a..b", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--models", "reserves"),
        ("amzn-s3-demo-bucket", "reserves"),
    ],
)
def test_a_name_that_no_bucket_can_have_is_refused(bucket: str, said: str) -> None:
    with pytest.raises(InputValidationError, match=said):
        S3Location.parse(f"s3://{bucket}/key")


@pytest.mark.parametrize(
    "text",
    [
        "models/net.tar.gz",
        "S3://models/net.tar.gz",
        "http://models.s3.amazonaws.com/net.tar.gz",
        "https://example.com/models/net.tar.gz",
        "https://models.s3.us-west-2.amazonaws.com.cn/net.tar.gz",
        "https://models.s3.us-west-2.amazonaws.com:8443/net.tar.gz",
        "https://models.s3-website-us-west-2.amazonaws.com/net.tar.gz",
        "https://models.s3.us-west-2.amazonaws.com/%ff.tar.gz",
        "https://models.s3.us-west-2.amazonaws.com/a\tb",
        "s3://",
        "",
    ],
)
def test_what_is_no_address_in_s3_is_refused(text: str) -> None:
    with pytest.raises(InputValidationError):
        S3Location.parse(text)


@pytest.mark.parametrize("secret", ["?X-Amz-Signature=SECRET", "#SECRET"])
def test_the_signature_of_a_presigned_url_is_in_no_message(secret: str) -> None:
    with pytest.raises(InputValidationError, match="query") as caught:
        S3Location.parse(f"https://models.s3.us-west-2.amazonaws.com/net.tar.gz{secret}")
    with pytest.raises(InputValidationError) as with_user:
        S3Location.parse("https://me:SECRET@models.s3.us-west-2.amazonaws.com/net.tar.gz")
    assert "SECRET" not in str(caught.value) + str(with_user.value)


def test_parts_are_joined_with_one_slash() -> None:
    base = S3Location.parse("s3://models/compiled/")
    assert str(base.join("resnet50", "/v2/", "out.tar.gz")) == "s3://models/compiled/resnet50/v2/out.tar.gz"
    assert str(S3Location("models").join("a")) == "s3://models/a"
    with pytest.raises(InputValidationError, match="empty part"):
        base.join("a", "")


def test_a_key_is_counted_in_bytes_and_has_no_line_break() -> None:
    with pytest.raises(InputValidationError, match="1200 bytes"):
        S3Location("models", "é" * 600)
    with pytest.raises(InputValidationError, match="line break"):
        S3Location("models", "a\nb")
    with pytest.raises(InputValidationError, match="characters long"):
        S3Location("models", "a" * 1024)


def test_a_models_archive_ends_in_tar_gz() -> None:
    assert model_archive("s3://models/resnet50.tar.gz").key == "resnet50.tar.gz"
    for uri in ("s3://models/resnet50.tgz", "s3://models/train", "s3://models", "s3://models/.tar.gz"):
        with pytest.raises(InputValidationError, match=r"ending in \.tar\.gz"):
            model_archive(uri)


def test_a_message_is_short_whatever_was_given() -> None:
    for text in (
        "s3://" + "A" * 10_000,
        "https://" + "a.s3." * 2_000 + "example.com/x",
        "https://s3.amazonaws.com/" + "B" * 9_999,
    ):
        with pytest.raises(InputValidationError) as caught:
            S3Location.parse(text)
        assert len(str(caught.value)) < 500
    anything: Any = 7
    with pytest.raises(InputValidationError, match="neither an s3 nor an https"):
        model_archive(anything)
