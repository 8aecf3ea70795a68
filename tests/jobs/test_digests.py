"""Digests: which forms are understood, what is verified, and that what is not understood never looks changed."""

from __future__ import annotations

import copy
import hashlib
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.jobs.digests import Digest, DigestCheck, DigestMismatch
from neo_wire.local.contents import GeneratedContent
from neo_wire.shapes.structures import ModelDigests

DATA = b"a compiled model"


def check(text: str | None, data: bytes = DATA) -> DigestCheck:
    hashing = Digest.parse(text).hashing()
    hashing.update(data[:5])
    hashing.update(memoryview(data)[5:])
    return hashing.check("model.tar.gz")


def blake2b(size: int = 64) -> str:
    return hashlib.blake2b(DATA, digest_size=size).hexdigest()


SHA256 = hashlib.sha256(DATA).hexdigest()
BLAKE2S = hashlib.blake2s(DATA).hexdigest()


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (blake2b(), "blake2b"),
        (blake2b().upper(), "blake2b"),
        (f"  {blake2b()}\n", "blake2b"),
        (blake2b(32), "blake2b"),
        (BLAKE2S, "blake2s"),
        (SHA256, "sha256"),
        (f"blake2b:{blake2b()}", "blake2b"),
        (f"BLAKE2B:{blake2b(32).upper()}", "blake2b"),
        (f"blake2b:{blake2b(20)}", "blake2b"),
        (f"blake2:{blake2b()}", "blake2b"),
        (f"blake2:{BLAKE2S}", "blake2s"),
        (f"blake2b_512:{blake2b()}", "blake2b"),
        (f"BLAKE2b-256:{blake2b(32)}", "blake2b"),
        (f"blake2b:256:{blake2b(32)}", "blake2b"),
        (f"blake2s:{BLAKE2S}", "blake2s"),
        (f"sha256:{SHA256}", "sha256"),
        (f"SHA_256:{SHA256}", "sha256"),
    ],
)
def test_known_forms_are_verified_and_changed_bytes_are_an_error(text: str, algorithm: str) -> None:
    assert check(text) == DigestCheck("verified", algorithm)  # type: ignore[arg-type]  # one of three words
    with pytest.raises(DigestMismatch) as caught:
        check(text, DATA + b"!")
    assert caught.value.expected == text.strip()
    assert caught.value.size == len(DATA) + 1
    assert caught.value.path == "model.tar.gz"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "told no digest"),
        ("", "told no digest"),
        ("  ", "told no digest"),
        ("no hex", "no text of hexadecimal digits"),
        ("abc", "no text of hexadecimal digits"),
        ("blake2b:", "no text of hexadecimal digits"),
        (hashlib.md5(DATA).hexdigest(), "has 16 bytes and no prefix"),  # noqa: S324  # one that is not checked by
        (hashlib.sha384(DATA).hexdigest(), "has 48 bytes and no prefix"),
        (f"md5:{'ab' * 16}", "prefix 'md5', which is not known"),
        (f"sha512:{'ab' * 64}", "prefix 'sha512'"),
        (f"blake2b512:{blake2b(32)}", "has 32 bytes, which none of 'blake2b512' has"),
        (f"blake2b:{'ab' * 65}", "has 65 bytes"),
        (f"blake2b:{'ab' * 8}", "has 8 bytes"),
        (f"sha256:{'ab' * 31}", "has 31 bytes"),
        ("\u0660" * 64, "no text of hexadecimal digits"),
    ],
)
def test_other_forms_are_unknown_with_the_reason(text: str | None, reason: str) -> None:
    found = check(text)
    assert (found.outcome, found.algorithm, found.verified) == ("unknown", None, False)
    assert reason in found.reason
    assert str(found).startswith("unknown: ")


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    digest = Digest.parse(text)
    assert bool(digest.algorithms) == bool(digest.value) == (not digest.reason)


@given(st.binary(), st.binary(min_size=1), st.sampled_from([32, 64]))
def test_what_is_changed_is_never_verified(data: bytes, more: bytes, size: int) -> None:
    digest = Digest.parse(hashlib.blake2b(data, digest_size=size).hexdigest())
    hashing = digest.hashing()
    hashing.update(data + more)
    with pytest.raises(DigestMismatch):
        hashing.check("x")


def test_pieces_do_not_matter() -> None:
    content = GeneratedContent(1_000_003)
    hashing = Digest.parse(content.blake2b(64)).hashing()
    for piece in content.pieces(0, content.size):
        for start in range(0, len(piece), 4097):
            hashing.update(piece[start : start + 4097])
    assert str(hashing.check("x")) == "verified by blake2b"


def test_the_error_says_where_the_file_is_and_pickles() -> None:
    hashing = Digest.parse(blake2b()).hashing()
    with pytest.raises(DigestMismatch, match=r"what was downloaded, kept as 'x\.digest-mismatch', is not") as caught:
        hashing.check("x.digest-mismatch", kept_aside=True)
    assert caught.value.actual == hashlib.blake2b(b"").hexdigest()
    for made in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):  # noqa: S301  # our own
        assert (str(made), made.__dict__) == (str(caught.value), caught.value.__dict__)


def test_the_digest_of_a_job(make_world: Callable[..., Any]) -> None:
    world = make_world()
    world.create("job")
    world.clock.sleep(10)
    job = world.call("describe_compilation_job", "job")
    told = job.model_digests.artifact_digest
    assert Digest.of(job) == Digest.parse(told)
    assert Digest.of(job).algorithms[0] == "blake2b"
    for digests in (None, ModelDigests(artifact_digest=None)):
        assert Digest.of(evolve(job, model_digests=digests)).reason == "the service told no digest"
