from __future__ import annotations

from typing import Any

import botocore.session
import pytest

from neo_wire.config.partitions import PARTITIONS, partition_of

THEIRS: dict[str, dict[str, Any]] = {
    one["id"]: one for one in botocore.session.get_session().get_data("partitions")["partitions"]
}


def test_the_partitions_are_those_of_botocore_in_their_order() -> None:
    assert [one.id for one in PARTITIONS] == list(THEIRS)


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda one: one.id)
def test_each_is_as_botocore_has_it(partition: Any) -> None:
    theirs = THEIRS[partition.id]
    outputs = theirs["outputs"]
    assert partition.dns_suffix == outputs["dnsSuffix"]
    assert partition.dual_stack_dns_suffix == outputs["dualStackDnsSuffix"]
    assert partition.implicit_global_region == outputs["implicitGlobalRegion"]
    assert partition.regions == set(theirs["regions"])
    assert outputs["supportsFIPS"] is True
    assert outputs["supportsDualStack"] is True


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda one: one.id)
def test_its_regions_lie_in_it(partition: Any) -> None:
    for region in partition.regions:
        assert partition_of(region) is partition


@pytest.mark.parametrize(
    ("region", "id"),
    [
        ("us-west-9", "aws"),
        ("cn-south-7", "aws-cn"),
        ("us-gov-central-1", "aws-us-gov"),
        ("us-iso-south-3", "aws-iso"),
        ("us-isob-south-1", "aws-iso-b"),
        ("eu-isoe-east-2", "aws-iso-e"),
        ("us-isof-west-1", "aws-iso-f"),
        ("eusc-de-north-2", "aws-eusc"),
        ("mars-west-1", "aws"),
        ("us-isox-east-1", "aws"),
        ("cn-north-1\n", "aws"),
        ("cn-nörd-1", "aws"),
        ("CN-NORTH-1", "aws"),
        ("", "aws"),
    ],
)
def test_a_region_that_no_list_has_is_told_by_its_pattern(region: str, id: str) -> None:  # noqa: A002  # the field's name
    assert partition_of(region).id == id
