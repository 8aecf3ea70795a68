from __future__ import annotations

import botocore.session
import pytest

from neo_wire.config.partitions import partition_of

PARTITIONS = botocore.session.get_session().get_data("partitions")["partitions"]
REGIONS = [
    (region, partition["id"], partition["outputs"]["dnsSuffix"])
    for partition in PARTITIONS
    for region in partition["regions"]
    if not region.endswith("-global")
]


@pytest.mark.parametrize(("region", "partition_id", "dns_suffix"), REGIONS, ids=[region for region, _, _ in REGIONS])
def test_every_region_that_botocore_knows(region: str, partition_id: str, dns_suffix: str) -> None:
    partition = partition_of(region)
    assert (partition.id, partition.dns_suffix) == (partition_id, dns_suffix)


def test_a_region_of_nowhere_is_of_the_main_partition() -> None:
    assert partition_of("mars-west-1").id == "aws"
