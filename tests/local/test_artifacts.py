from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from neo_wire.errors import ConfigurationError
from neo_wire.local.artifacts import Artifact
from neo_wire.local.contents import FixedContent, GeneratedContent

DATA = FixedContent(b"compiled")


def test_an_artifact_is_an_archive_unless_it_is_given() -> None:
    archive = Artifact().content_of("job", "some text")
    packed = b"".join(archive.pieces(0, archive.size))
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as opened:
        assert opened.getnames() == ["job.txt"]
        member = opened.extractfile("job.txt")
        assert member is not None
        assert member.read() == b"some text"
    assert Artifact().content_of("job", "some text") == archive
    assert Artifact().content_of("other", "some text") != archive
    assert Artifact(b"compiled").content_of("job", "some text") == DATA
    generated = GeneratedContent(5)
    assert Artifact(generated).content_of("job", "some text") is generated


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("prefix", ["", "blake2b:", "BLAKE2b_256:"])
def test_the_digest_is_told_in_the_form_that_was_chosen(size: int, prefix: str) -> None:
    told = Artifact(digest_size=size, prefix=prefix).told_digest(DATA)
    assert told == prefix + hashlib.blake2b(b"compiled", digest_size=size).hexdigest()


def test_a_digest_may_be_wrong_or_missing() -> None:
    right, wrong = Artifact().told_digest(DATA), Artifact(digest="wrong").told_digest(DATA)
    assert right is not None
    assert wrong is not None
    assert (len(right), right == wrong) == (len(wrong), False)
    assert Artifact(digest="none").told_digest(DATA) is None


@pytest.mark.parametrize(
    ("digest_size", "prefix", "says"),
    [(33, "", "digest_size is 33"), (32, "sha 256:", "prefix"), (32, "a-b", "prefix")],
)
def test_what_no_response_tells_is_refused(digest_size: int, prefix: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Artifact(digest_size=digest_size, prefix=prefix)
