"""Places in S3: `s3://bucket/key`, and the https forms of the same, parsed, checked and put together.

Source: Amazon S3 user guide, general purpose bucket naming rules; virtual hosting of buckets; object keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from attrs import frozen

from neo_wire.config.partitions import PARTITIONS, partition_of
from neo_wire.errors import InputValidationError, Violation
from neo_wire.jobs.findings import shown
from neo_wire.values import Value

ARCHIVE_SUFFIX: Final = ".tar.gz"
_MAX_URI: Final = 1024
_MAX_KEY_BYTES: Final = 1024
_RESERVED_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_SUFFIXES: Final = "|".join(
    sorted({re.escape(partition.dns_suffix) for partition in PARTITIONS}, key=len, reverse=True)
)
# [bucket.]s3[-fips|-accelerate][.dualstack][.region].suffix, and the older s3-region.suffix
_HOST: Final = re.compile(
    rf"(?:(?P<bucket>.+)\.)?s3(?:-fips|-accelerate|-external-1)?(?:\.dualstack)?"
    rf"(?:[.-](?P<region>[a-z]{{2,4}}(?:-[a-z]+)+-\d+))?\.(?P<suffix>{_SUFFIXES})",
    re.ASCII,
)


def bucket_problems(name: str) -> Iterator[str]:
    """What S3's naming rules have against a bucket's name; nothing for one that may exist.

    Suffixes that are reserved for aliases, such as `-s3alias`, are let through: an alias stands for a bucket.
    """
    if not 3 <= len(name) <= 63:
        yield f"has a bucket name of {len(name)} characters; it takes 3 to 63"
    if not re.fullmatch(r"[a-z0-9.-]*", name, re.ASCII):
        yield f"has the bucket {shown(name)}; a bucket's name has lower-case letters, digits, dots and hyphens only"
    elif name.strip(".-") != name:
        yield f"has the bucket {shown(name)}; a bucket's name begins and ends with a letter or digit"
    if ".." in name:
        yield f"has the bucket {shown(name)}; a bucket's name has no two dots in a row"
    if re.fullmatch(r"\d+(\.\d+){3}", name, re.ASCII):
        yield f"has the bucket {shown(name)}, which is an IP address"
    for prefix in _RESERVED_PREFIXES:
        if name.startswith(prefix):
            yield f"has the bucket {shown(name)}; S3 reserves names that begin with {prefix!r}, so there is none"


@frozen(eq=False, repr=False)
class S3Location(Value):
    """A bucket and, in it, a key or the beginning of keys. Its text is `s3://bucket/key`.

    Attributes:
        bucket: its name.
        key: of the object, or what the keys of several begin with; empty for the bucket itself.
        region: the bucket's region, when an https form named it; else None.
        partition: the partition's id, such as "aws-cn", when an https form tells; else None.

    Raises:
        InputValidationError: the bucket's name breaks a rule of S3, or the key is too long or has a line break.
    """

    bucket: str
    key: str = ""
    region: str | None = None
    partition: str | None = None

    def __attrs_post_init__(self) -> None:
        """Refuse what S3 cannot have; all that is wrong at once."""
        problems = list(bucket_problems(self.bucket))
        if "\n" in self.key:
            problems.append("has a line break in the key")
        size = len(self.key.encode("utf-8", "surrogatepass"))
        if size > _MAX_KEY_BYTES:
            problems.append(f"has a key of {size} bytes; it takes up to {_MAX_KEY_BYTES}")
        elif len(str(self)) > _MAX_URI:
            problems.append(f"is {len(str(self))} characters long; a URI takes up to {_MAX_URI}")
        if problems:
            raise InputValidationError("S3Location", [Violation("S3Uri", message) for message in problems])

    @classmethod
    def parse(cls, text: str) -> S3Location:
        """Read `s3://bucket/key`, or an https URL of a bucket or object in any partition.

        The https forms are those with the bucket in the host and with the bucket in the path, regional, global,
        dual-stack, FIPS and accelerated; their key is percent-decoded, where that of an s3 URI stands for itself.

        Raises:
            InputValidationError: it is no such address, or breaks a rule of S3.
        """
        if text.startswith("s3://"):
            bucket, _, key = text.removeprefix("s3://").partition("/")
            return cls(bucket, key)
        return _parse_https(text)

    def join(self, *parts: str) -> S3Location:
        """The location below this one: the parts follow the key, with one slash between each two.

        Raises:
            InputValidationError: a part is empty, or the whole is too long.
        """
        names = [part.strip("/") for part in parts]
        if not all(names):
            raise InputValidationError("S3Location", [Violation("S3Uri", "gets an empty part; give each a name")])
        above = [self.key.rstrip("/")] if self.key.rstrip("/") else []
        return S3Location(self.bucket, "/".join([*above, *names]), self.region, self.partition)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" if self.key else f"s3://{self.bucket}"


def _refused(reason: str) -> InputValidationError:
    """The text itself is not shown: a pre-signed URL has a signature in it, others a password."""
    return InputValidationError("S3Location", [Violation("S3Uri", f"{reason}; give s3://bucket/key")])


def _parse_https(text: str) -> S3Location:
    if not text.startswith("https://"):
        raise _refused("is neither an s3 nor an https address")
    if any(character in text for character in "?#@") or not text.isprintable():
        raise _refused("has a query, a fragment, a user or a control character")
    authority, _, path = text.removeprefix("https://").partition("/")
    host = _HOST.fullmatch(authority.lower())
    if host is None:
        raise _refused(f"has the host {shown(authority)}, which is none of S3's")
    try:
        path = unquote(path, errors="strict")
    except UnicodeDecodeError:
        raise _refused("has a percent-encoding that is not UTF-8") from None
    bucket, key = (host["bucket"], path) if host["bucket"] else path.partition("/")[::2]
    region: str | None = host["region"]
    if region is None:  # of the partitions that share a suffix, only the first has hosts without a region
        partition = next(one for one in PARTITIONS if one.dns_suffix == host["suffix"])
    else:
        partition = partition_of(region)
        if partition.dns_suffix != host["suffix"]:
            raise _refused(f"has the region {region}, which is not in {host['suffix']}")
    return S3Location(bucket, key, region, partition.id)


def check_bucket(uri: str, path: str) -> None:
    """Refuse an s3 URI whose bucket's name breaks a rule of S3; other texts are not looked at.

    Raises:
        InputValidationError: with the path given.
    """
    if uri.startswith("s3://"):
        bucket = uri.removeprefix("s3://").partition("/")[0]
        if problems := list(bucket_problems(bucket)):
            raise InputValidationError("S3Location", [Violation(path, problem) for problem in problems])


def model_archive(location: S3Location | str) -> S3Location:
    """The location of a trained model, which is one gzip-compressed tar archive.

    Raises:
        InputValidationError: it is no address in S3, or its key does not end in `.tar.gz`.

    Source: Amazon SageMaker API reference, InputConfig.
    """
    if not isinstance(location, S3Location):
        location = S3Location.parse(str(location))
    if problem := archive_problem(location.key):
        raise InputValidationError("InputConfig", [Violation("S3Uri", problem)])
    return location


def archive_problem(key: str) -> str | None:
    """What is wrong with the key of a model's archive; None when nothing is."""
    if key.endswith(ARCHIVE_SUFFIX) and not key.endswith("/" + ARCHIVE_SUFFIX) and key != ARCHIVE_SUFFIX:
        return None
    found = f"has the key {shown(key)}" if key else "has no key"
    return f"{found}; give the key of one gzip-compressed tar archive, ending in {ARCHIVE_SUFFIX}"
