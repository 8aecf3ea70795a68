from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError
from neo_wire.local.contents import Content, FixedContent, GeneratedContent, as_content

SIZE = 700_001  # more than two pieces, and no whole number of them


@pytest.fixture(scope="module")
def whole() -> bytes:
    return b"".join(GeneratedContent(SIZE, seed=3).pieces(0, SIZE))


def test_generated_bytes_are_as_many_as_asked_for_and_always_the_same(whole: bytes) -> None:
    assert len(whole) == SIZE
    assert b"".join(GeneratedContent(SIZE, seed=3).pieces(0, SIZE)) == whole
    assert b"".join(GeneratedContent(SIZE, seed=4).pieces(0, SIZE)) != whole
    longer = b"".join(GeneratedContent(2 * SIZE, seed=3).pieces(0, SIZE))
    assert longer == whole  # the size cuts it, and changes nothing else


def test_no_two_pieces_are_equal(whole: bytes) -> None:
    pieces = list(GeneratedContent(SIZE, seed=3).pieces(0, SIZE))
    assert len(set(pieces)) == len(pieces) == 3
    assert len(set(whole)) == 256


@given(st.lists(st.integers(0, SIZE), min_size=2, max_size=2).map(sorted))
def test_any_part_is_that_of_the_whole(whole: bytes, bounds: list[int]) -> None:
    first, end = bounds
    for content in (GeneratedContent(SIZE, seed=3), FixedContent(whole)):
        pieces = list(content.pieces(first, end))
        assert b"".join(pieces) == whole[first:end]
        assert all(len(piece) <= 256 * 1024 for piece in pieces)


def test_digests_are_those_of_the_bytes(whole: bytes) -> None:
    contents: list[Content] = [GeneratedContent(SIZE, seed=3), FixedContent(whole)]
    for content, size in itertools.product(contents, (16, 32, 64)):
        assert content.blake2b(size) == hashlib.blake2b(whole, digest_size=size).hexdigest()
    assert GeneratedContent(0).blake2b() == FixedContent(b"").blake2b()


def test_tags_differ_with_the_bytes() -> None:
    contents: list[Content] = [
        GeneratedContent(1),
        GeneratedContent(2),
        GeneratedContent(1, seed=1),
        FixedContent(b"1"),
    ]
    assert len({one.tag for one in contents}) == 4
    assert GeneratedContent(5 * 1024**4).tag  # without reading five tebibytes


@pytest.mark.parametrize("size", [-1, 5 * 1024**4 + 1])
def test_no_object_has_that_size(size: int) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot have {size} bytes"):
        GeneratedContent(size)


def test_bytes_are_a_content_and_a_content_stays_one() -> None:
    generated = GeneratedContent(5)
    assert as_content(generated) is generated
    assert as_content(b"five!") == FixedContent(b"five!")
    assert as_content(b"five!").size == 5
    assert "five" not in repr(FixedContent(b"five!"))
