"""Content codings of response bodies: gzip and deflate undone piece by piece, so that no piece grows without bound."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

_PIECE: Final = 1 << 18  # bytes that one step may give, however well its input was compressed
_GZIP: Final = 16 + zlib.MAX_WBITS
_ZLIB: Final = zlib.MAX_WBITS
_BARE: Final = -zlib.MAX_WBITS


class CodingError(Exception):
    """The body is not what its Content-Encoding says, or that names a coding that is not known here."""


class Inflater:
    """Undoes one content coding, gzip (in any number of members) or deflate (with or without its zlib wrapper)."""

    def __init__(self, coding: str) -> None:
        self._gzip = coding == "gzip"
        self._name = coding
        self._inflate = None if coding == "deflate" else zlib.decompressobj(_GZIP)
        self._first = b""
        self._begun = False

    def decode(self, piece: bytes) -> Iterator[bytes]:
        """What a piece of the coded body stands for, in pieces of bounded size.

        Raises:
            CodingError: it is not of this coding.
        """
        self._begun = self._begun or bool(piece)
        if self._inflate is None:
            self._first += piece
            if len(self._first) < 2:
                return
            piece = self._first
            # Some servers leave the zlib wrapper out, which begins with a multiple of 31 (RFC 1950, section 2.2).
            wrapped = piece[0] & 0x0F == 8 and (piece[0] << 8 | piece[1]) % 31 == 0
            self._inflate = zlib.decompressobj(_ZLIB if wrapped else _BARE)
        more = bool(piece)
        while more:
            if self._inflate.eof:
                if not self._gzip:
                    raise CodingError(f"bytes follow the end of the {self._name} stream")
                self._inflate = zlib.decompressobj(_GZIP)
            try:
                plain = self._inflate.decompress(piece, _PIECE)
            except zlib.error as error:
                raise CodingError(f"it is not valid {self._name}: {error}") from None
            piece = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            # A full piece may leave more in the inflater, even when all of its input is used up.
            more = bool(piece) or (len(plain) == _PIECE and not self._inflate.eof)
            if plain:
                yield plain

    def finish(self) -> None:
        """Check that the body came to the end of its coding; one without a single byte is let pass.

        Raises:
            CodingError: it was cut off.
        """
        if self._begun and not (self._inflate and self._inflate.eof):
            raise CodingError(f"the {self._name} stream ends early")


def inflater_for(content_encoding: str) -> Inflater | None:
    """What undoes the codings of this header's value; None when there is nothing to undo.

    Raises:
        CodingError: a coding that is not gzip or deflate, or several.
    """
    codings = [coding.strip().lower() for coding in content_encoding.split(",")]
    codings = [coding.removeprefix("x-") for coding in codings if coding not in ("", "identity")]
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in ("gzip", "deflate"):
        raise CodingError("only gzip or deflate, once, can be undone")
    return Inflater(codings[0])
