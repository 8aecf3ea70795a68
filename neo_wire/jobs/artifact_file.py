"""The file that an artifact goes to, as the flow of a download sees it; what performs it stands in the transports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

from attrs import frozen

from neo_wire.errors import NeoWireError
from neo_wire.jobs.digests import Digest, DigestCheck
from neo_wire.values import Value


class ArtifactExists(NeoWireError):
    """There is a file already where the artifact was to go; it was left as it is, and nothing was downloaded.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        super().__init__(f"{path!r} exists already{reason}; give overwrite=True, or another path")


class DownloadInProgress(NeoWireError):
    """Another download is writing the same file.

    Attributes:
        path: where it goes.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"another download to {path!r} is under way; wait for it, or give another path")


@frozen(eq=False, repr=False)
class Part(Value):
    """What is known of the bytes that the temporary file has.

    Attributes:
        uri: of the object.
        etag: of the object that they are of; empty when it had none to go by.
        total: how many bytes the whole has.
    """

    uri: str
    etag: str
    total: int


class ArtifactFile(Protocol):
    """The file that an artifact goes to, under its final name and before. Its functions block; `flow.call` calls them.

    Every method but `size` and `close` raises OSError when the file cannot be read or written.
    """

    @property
    def path(self) -> str:
        """The final name."""

    @property
    def size(self) -> int:
        """How many bytes the temporary file has."""

    def existing(self, digest: Digest) -> tuple[int, DigestCheck] | None:
        """The size of the file under the final name, and how it checks; None when there is none, or DigestMismatch."""

    def open(self, digest: Digest) -> Part | None:
        """Open the temporary file, or DownloadInProgress; what is known of it when an earlier download left it."""

    def restart(self, part: Part) -> None:
        """Empty the temporary file, for the bytes of another object."""

    def append(self, data: bytes) -> None:
        """Write the next bytes."""

    def finish(self, *, overwrite: bool) -> DigestCheck:
        """Give the file its final name; with a DigestMismatch keep it aside, with ArtifactExists as it is."""

    def close(self) -> None:
        """Let go of the temporary file, which stays when there is something in it."""


OpenFile: TypeAlias = Callable[[str], ArtifactFile]
"""Makes the file, by the name that the artifact has in S3."""
