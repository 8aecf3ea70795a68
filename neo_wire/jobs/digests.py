"""The digest that the service tells of an artifact, and whether a file has it.

The API page calls it a BLAKE2 hash value; the model takes any letters, digits and colons. So what is told is read with
care: a form that is not known leaves the file unchecked, with the reason, and never makes it look changed.

Source: Amazon SageMaker API reference, ModelDigests; RFC 7693, BLAKE2.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

from neo_wire.errors import NeoWireError
from neo_wire.shapes.structures import DescribeCompilationJobResponse
from neo_wire.values import Value

Algorithm: TypeAlias = Literal["blake2b", "blake2s", "sha256"]
"""By the names of Python's hashlib."""

_HEX: Final = re.compile(r"(?:[0-9a-f]{2})+")
_SHORTEST: Final = 16  # bytes; less is no digest to go by
_LONGEST: Final[dict[Algorithm, int]] = {"blake2b": 64, "blake2s": 32, "sha256": 32}

# By the prefix, in lower case, letters and digits alone: what it stands for, and how many bytes, when it says so.
_PREFIXES: Final[dict[str, tuple[tuple[Algorithm, ...], int | None]]] = {
    "blake2": (("blake2b", "blake2s"), None),
    "blake2b": (("blake2b",), None),
    "blake2b256": (("blake2b",), 32),
    "blake2b512": (("blake2b",), 64),
    "blake2s": (("blake2s",), None),
    "blake2s256": (("blake2s",), 32),
    "sha256": (("sha256",), 32),
}
# Without a prefix, by the number of bytes: of 32 there are several, and any of them will do.
_LENGTHS: Final[dict[int, tuple[Algorithm, ...]]] = {64: ("blake2b",), 32: ("blake2b", "blake2s", "sha256")}


@frozen(eq=False, repr=False)
class DigestCheck(Value):
    """Whether a file has the digest that the service tells.

    Attributes:
        outcome: "verified": it has; "unknown": nobody can say.
        algorithm: with which it was verified, such as "blake2b"; None when it was not.
        reason: why nobody can say; empty when the file is verified.
    """

    outcome: Literal["verified", "unknown"]
    algorithm: Algorithm | None = None
    reason: str = ""

    @property
    def verified(self) -> bool:
        """Whether the file has the digest."""
        return self.outcome == "verified"

    def __str__(self) -> str:
        return f"verified by {self.algorithm}" if self.verified else f"unknown: {self.reason}"


class DigestMismatch(NeoWireError):
    """A file is not what the service made: its digest is another one.

    Attributes:
        path: of the file; of one that was just downloaded, the name that it was kept under, aside.
        expected: the digest that the service tells, as it tells it.
        actual: the digest of the file, in hex, by the algorithm that the length or the prefix stands for first.
        size: of the file, in bytes.
    """

    def __init__(self, *, path: str, expected: str, actual: str, size: int, kept_aside: bool) -> None:
        self.path = path
        self.expected = expected
        self.actual = actual
        self.size = size
        begin = f"what was downloaded, kept as {path!r}," if kept_aside else f"{path!r}"
        super().__init__(
            f"{begin} is not the artifact that the job made: it has {size} bytes and the digest {actual}, where "
            f"ModelDigests says {expected}; download it again, and if it stays so, compile again"
        )


@frozen(eq=False, repr=False)
class Digest(Value):
    """What ModelDigests says, as far as it is understood.

    Attributes:
        text: as it was told; empty when nothing was.
        algorithms: any of which may have made it; none when the text is not understood.
        value: the digest itself, in lower-case hex.
        reason: why nothing can be checked by it; empty when something can.
    """

    text: str
    algorithms: tuple[Algorithm, ...] = ()
    value: str = ""
    reason: str = ""

    @classmethod
    def parse(cls, text: str | None) -> Digest:
        """Read a digest: hex of either case, alone or after a prefix such as "blake2b:"; None for none told."""
        text = (text or "").strip()
        if not text:
            return cls("", reason="the service told no digest")
        prefix, _, value = text.lower().rpartition(":")
        if not _HEX.fullmatch(value):
            return cls(text, reason=f"the digest {text[:200]!r} is no text of hexadecimal digits")
        size = len(value) // 2
        if not prefix:
            algorithms = _LENGTHS.get(size, ())
            if not algorithms:
                return cls(text, reason=f"the digest has {size} bytes and no prefix; of BLAKE2 it would have 32 or 64")
            return cls(text, algorithms, value)
        known, length = _PREFIXES.get(re.sub("[^a-z0-9]", "", prefix), ((), None))
        if not known:
            return cls(text, reason=f"the digest has the prefix {prefix[:200]!r}, which is not known here")
        algorithms = tuple(one for one in known if _SHORTEST <= size <= _LONGEST[one] and size == (length or size))
        if not algorithms:
            return cls(text, reason=f"the digest has {size} bytes, which none of {prefix[:200]!r} has")
        return cls(text, algorithms, value)

    @classmethod
    def of(cls, job: DescribeCompilationJobResponse) -> Digest:
        """The digest of the artifact of a job, as far as Describe told one."""
        return cls.parse(job.model_digests.artifact_digest if job.model_digests else None)

    def hashing(self) -> Hashing:
        """Begin to check bytes, given piece by piece."""
        return Hashing(self)


class Hashing:
    """Bytes on their way through a check; what was given so far is kept as hashes alone."""

    def __init__(self, digest: Digest) -> None:
        self._digest = digest
        self._size = 0
        length = len(digest.value) // 2
        self._hashes = {algorithm: _new(algorithm, length) for algorithm in digest.algorithms}

    def update(self, data: bytes | memoryview) -> None:
        """Take the next bytes in."""
        self._size += len(data)
        for one in self._hashes.values():
            one.update(data)

    def check(self, path: str, *, kept_aside: bool = False) -> DigestCheck:
        """Whether the bytes have the digest.

        Args:
            path: where they are, for the error.
            kept_aside: whether that is a name for what was downloaded and is not to be used.

        Raises:
            DigestMismatch: they have another one.
        """
        if not self._hashes:
            return DigestCheck("unknown", reason=self._digest.reason)
        for algorithm, one in self._hashes.items():
            if one.hexdigest() == self._digest.value:
                return DigestCheck("verified", algorithm)
        raise DigestMismatch(
            path=path,
            expected=self._digest.text,
            actual=next(iter(self._hashes.values())).hexdigest(),
            size=self._size,
            kept_aside=kept_aside,
        )


def _new(algorithm: Algorithm, length: int) -> Any:  # noqa: ANN401  # hashlib has no public name for the type of a hash
    if algorithm == "sha256":
        return hashlib.sha256()
    return hashlib.blake2b(digest_size=length) if algorithm == "blake2b" else hashlib.blake2s(digest_size=length)
