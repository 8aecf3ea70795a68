from __future__ import annotations

import pytest

from neo_wire.config.settings import resolve_region
from neo_wire.errors import ConfigurationError


@pytest.mark.parametrize(
    ("region", "environ", "expected"),
    [
        ("eu-west-1", {"AWS_REGION": "us-east-1"}, "eu-west-1"),
        (None, {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-1"),
        (None, {"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-east-2"}, "us-east-2"),
        ("mars-north-1", {}, "mars-north-1"),
    ],
)
def test_code_wins_over_the_environment(region: str | None, environ: dict[str, str], expected: str) -> None:
    assert resolve_region(region, environ) == expected


@pytest.mark.parametrize(
    "region",
    ["", "a.b", "-a", "a-", "123", "eu-west-1\n", "eu west", "a" * 64, "é", "aws-global", "aws-us-gov-global", "a/b"],
)
def test_what_is_no_host_label_is_refused(region: str) -> None:
    with pytest.raises(ConfigurationError, match="region is") as caught:
        resolve_region(region, {})
    assert repr(region) in str(caught.value)


def test_the_message_names_the_variable() -> None:
    with pytest.raises(ConfigurationError, match="AWS_DEFAULT_REGION is 'a b'"):
        resolve_region(None, {"AWS_DEFAULT_REGION": "a b"})
    with pytest.raises(ConfigurationError, match="AWS_REGION or AWS_DEFAULT_REGION"):
        resolve_region(None, {})
