"""The partitions of AWS: which DNS suffix a region's hosts have.

Source: the partitions file that the AWS SDKs share.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import frozen


@frozen
class Partition:
    """One partition: its id, what its regions look like, and the suffix of its hosts."""

    id: str
    region_pattern: str
    dns_suffix: str


_AWS: Final = Partition("aws", r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+", "amazonaws.com")
PARTITIONS: Final = (
    _AWS,
    Partition("aws-cn", r"cn-\w+-\d+", "amazonaws.com.cn"),
    Partition("aws-eusc", r"eusc-(de)-\w+-\d+", "amazonaws.eu"),
    Partition("aws-iso", r"us-iso-\w+-\d+", "c2s.ic.gov"),
    Partition("aws-iso-b", r"us-isob-\w+-\d+", "sc2s.sgov.gov"),
    Partition("aws-iso-e", r"eu-isoe-\w+-\d+", "cloud.adc-e.uk"),
    Partition("aws-iso-f", r"us-isof-\w+-\d+", "csp.hci.ic.gov"),
    Partition("aws-us-gov", r"us-gov-\w+-\d+", "amazonaws.com"),
)


def partition_of(region: str) -> Partition:
    """The partition that a region lies in; `aws` for a region that looks like none's."""
    return next((one for one in PARTITIONS if re.fullmatch(one.region_pattern, region, re.ASCII)), _AWS)
