"""What a job leaves in its bucket when it completes, and what it tells of it.

Source: Amazon SageMaker API reference, ModelArtifacts, ModelDigests.
"""

from __future__ import annotations

import gzip
import io
import tarfile
from functools import lru_cache
from typing import Final, Literal

from attrs import field, frozen

from neo_wire.errors import ConfigurationError
from neo_wire.local.contents import Content, FixedContent, as_content
from neo_wire.values import Value

_SIZES: Final = (16, 20, 32, 48, 64)


def _given(content: bytes | Content | None) -> Content | None:
    return None if content is None else as_content(content)


@frozen(eq=False, repr=False)
class Artifact(Value):
    """The artifact of a job, and the form in which its digest is told.

    Attributes:
        content: its bytes; None: a small tar archive, its own for each job.
        digest: what ModelDigests says. "right": the BLAKE2b digest of the artifact, in hex; "wrong": that of something
            else; "none": nothing.
        digest_size: in bytes: BLAKE2b-256 has 32, BLAKE2b-512 has 64.
        prefix: goes before the digest, such as "blake2b:".
        stored: False tells of an artifact that is not in the bucket.

    Raises:
        ConfigurationError: another digest size, or a prefix that a digest cannot have.
    """

    content: Content | None = field(default=None, converter=_given)
    digest: Literal["right", "wrong", "none"] = "right"
    digest_size: int = 32
    prefix: str = ""
    stored: bool = True

    def __attrs_post_init__(self) -> None:
        """Refuse what no response may tell."""
        if self.digest_size not in _SIZES:
            raise ConfigurationError(f"digest_size is {self.digest_size!r}; give one of {_SIZES}")
        if not self.prefix.replace(":", "").replace("_", "a").isalnum() and self.prefix.strip(":"):
            raise ConfigurationError(f"prefix is {self.prefix!r}; a digest has only letters, digits, _ and :")

    def content_of(self, name: str, text: str) -> Content:
        """The bytes of the artifact of one job: those that were given, or an archive of one file.

        Args:
            name: the job's.
            text: what stands in the file.
        """
        return self.content if self.content is not None else FixedContent(_archive(name, text))

    def told_digest(self, content: Content) -> str | None:
        """What ModelDigests says of these bytes."""
        if self.digest == "none":
            return None
        if self.digest == "wrong":
            content = FixedContent(b"something else than " + content.tag.encode())
        return self.prefix + content.blake2b(self.digest_size)


@lru_cache(maxsize=256)
def _archive(name: str, text: str) -> bytes:
    """A gzip-compressed tar archive of one file; always the same for the same job."""
    packed = io.BytesIO()
    data = text.encode()
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", filename="", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive,
    ):
        member = tarfile.TarInfo(f"{name}.txt")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()
