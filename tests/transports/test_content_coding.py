from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.transports.content_coding import CodingError, inflater_for


def undo(content_encoding: str, *pieces: bytes) -> bytes:
    inflater = inflater_for(content_encoding)
    assert inflater is not None
    plain = b"".join([part for piece in pieces for part in inflater.decode(piece)])
    inflater.finish()
    return plain


def bare(data: bytes) -> bytes:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return deflater.compress(data) + deflater.flush()


CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZip": gzip.compress,
    "deflate": zlib.compress,
    " deflate , identity": bare,
}


@pytest.mark.parametrize("coding", CODERS)
@given(data=st.binary(max_size=2000), cuts=st.lists(st.integers(0, 2100), max_size=5))
def test_undoes_what_zlib_did_however_it_is_cut(coding: str, data: bytes, cuts: list[int]) -> None:
    coded = CODERS[coding](data)
    borders = [0, *sorted(min(cut, len(coded)) for cut in cuts), len(coded)]
    pieces = [coded[start:end] for start, end in pairwise(borders)]
    assert undo(coding, *pieces) == data


def test_undoes_several_members_of_gzip() -> None:
    coded = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two")
    assert undo("gzip", coded) == b"one two"
    assert undo("gzip", *[coded[index : index + 1] for index in range(len(coded))]) == b"one two"


@pytest.mark.parametrize("coding", ["", "identity", " , IDENTITY"])
def test_there_may_be_nothing_to_undo(coding: str) -> None:
    assert inflater_for(coding) is None


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, deflate", "gzip, gzip", "no-such"])
def test_refuses_a_coding_that_is_not_known(coding: str) -> None:
    with pytest.raises(CodingError, match="only gzip or deflate"):
        inflater_for(coding)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_body_without_a_byte_is_let_pass(coding: str) -> None:
    assert undo(coding) == b""
    assert undo(coding, b"") == b""


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@given(length=st.integers(1, 1_000_000))
def test_a_stream_that_ends_early_is_no_success(coding: str, length: int) -> None:
    coded = CODERS[coding](b"some text, some text, some other text")
    with pytest.raises(CodingError, match="ends early"):
        undo(coding, coded[: 1 + length % (len(coded) - 1)])


@pytest.mark.parametrize(
    ("coding", "coded", "message"),
    [
        ("gzip", b"{}", "not valid gzip"),
        ("gzip", zlib.compress(b"x"), "not valid gzip"),
        ("gzip", gzip.compress(b"x")[:-1] + b"\xff", "not valid gzip"),
        ("gzip", gzip.compress(b"x") + b"rest", "not valid gzip"),
        ("deflate", b"\xff\xff\xff", "not valid deflate"),
        ("deflate", zlib.compress(b"x") + b"rest", "bytes follow"),
    ],
)
def test_refuses_what_is_not_of_the_coding(coding: str, coded: bytes, message: str) -> None:
    with pytest.raises(CodingError, match=message):
        undo(coding, coded)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_bomb_comes_in_pieces_of_bounded_size(coding: str) -> None:
    coded = CODERS[coding](bytes(50_000_000))
    inflater = inflater_for(coding)
    assert inflater is not None
    sizes = [len(part) for part in inflater.decode(coded)]
    assert sum(sizes) == 50_000_000
    assert max(sizes) <= 1 << 18


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
@pytest.mark.parametrize("size", [250, 254, 255, 256, 257, 300])
def test_nothing_stays_behind_when_a_piece_is_full(coding: str, size: int) -> None:
    coded = CODERS[coding](bytes(5_000_000))
    inflater = inflater_for(coding)
    assert inflater is not None
    had = 0
    for start in range(0, len(coded), size):
        had += sum(len(part) for part in inflater.decode(coded[start : start + size]))
        own = zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(coded[: start + size])
        assert had == len(own)
    inflater.finish()
    assert had == 5_000_000
