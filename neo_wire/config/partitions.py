"""The partitions of AWS: which regions each has, and the suffixes of their hosts.

Source: the partitions file that the AWS SDKs share.
"""

from __future__ import annotations

import re
from typing import Final


class Partition:
    """One partition, a part of AWS with accounts and host names of its own.

    Attributes:
        id: such as "aws-cn", as ARNs have it.
        region_pattern: what its regions look like, as a regular expression for the whole name.
        dns_suffix: of its hosts.
        dual_stack_dns_suffix: of its hosts that IPv6 reaches too.
        implicit_global_region: what its global services sign for.
        regions: those that are known, with spaces between them; a later one is told by its pattern.
    """

    __slots__ = ("dns_suffix", "dual_stack_dns_suffix", "id", "implicit_global_region", "region_pattern", "regions")

    def __init__(
        self,
        id: str,  # noqa: A002  # the field's name
        region_pattern: str,
        dns_suffix: str,
        dual_stack_dns_suffix: str,
        implicit_global_region: str,
        regions: str,
    ) -> None:
        self.id = id
        self.region_pattern = region_pattern
        self.dns_suffix = dns_suffix
        self.dual_stack_dns_suffix = dual_stack_dns_suffix
        self.implicit_global_region = implicit_global_region
        self.regions = frozenset(regions.split())


_AWS: Final = Partition(
    "aws",
    r"(us|eu|ap|sa|ca|me|af|il|mx)-\w+-\d+",
    "amazonaws.com",
    "api.aws",
    "us-east-1",
    "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 "
    "ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 aws-global ca-central-1 "
    "ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 "
    "me-central-1 me-south-1 me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1 us-east-2 us-west-1 us-west-2",
)
PARTITIONS: Final = (
    _AWS,
    Partition(
        "aws-cn",
        r"cn-\w+-\d+",
        "amazonaws.com.cn",
        "api.amazonwebservices.com.cn",
        "cn-northwest-1",
        "aws-cn-global cn-north-1 cn-northwest-1",
    ),
    Partition(
        "aws-eusc",
        r"eusc-(de)-\w+-\d+",
        "amazonaws.eu",
        "api.amazonwebservices.eu",
        "eusc-de-east-1",
        "eusc-de-east-1",
    ),
    Partition(
        "aws-iso",
        r"us-iso-\w+-\d+",
        "c2s.ic.gov",
        "api.aws.ic.gov",
        "us-iso-east-1",
        "aws-iso-global us-iso-east-1 us-iso-west-1",
    ),
    Partition(
        "aws-iso-b",
        r"us-isob-\w+-\d+",
        "sc2s.sgov.gov",
        "api.aws.scloud",
        "us-isob-east-1",
        "aws-iso-b-global us-isob-east-1 us-isob-west-1",
    ),
    Partition(
        "aws-iso-e",
        r"eu-isoe-\w+-\d+",
        "cloud.adc-e.uk",
        "api.cloud-aws.adc-e.uk",
        "eu-isoe-west-1",
        "aws-iso-e-global eu-isoe-west-1",
    ),
    Partition(
        "aws-iso-f",
        r"us-isof-\w+-\d+",
        "csp.hci.ic.gov",
        "api.aws.hci.ic.gov",
        "us-isof-south-1",
        "aws-iso-f-global us-isof-east-1 us-isof-south-1",
    ),
    Partition(
        "aws-us-gov",
        r"us-gov-\w+-\d+",
        "amazonaws.com",
        "api.aws",
        "us-gov-west-1",
        "aws-us-gov-global us-gov-east-1 us-gov-west-1",
    ),
)


def partition_of(region: str) -> Partition:
    """The partition that a region lies in; `aws` for a region that looks like none's."""
    for partition in PARTITIONS:
        if region in partition.regions or re.fullmatch(partition.region_pattern, region, re.ASCII):
            return partition
    return _AWS
