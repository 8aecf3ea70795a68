"""Bodies that are made as they are sent, and bodies that are cut off."""

from __future__ import annotations

import http.client
import io
from types import SimpleNamespace
from typing import Any

import pytest

from neo_wire.local.http1 import ServerConnection
from neo_wire.local.script import LocalResponse

PIECES = (b"one ", b"two")


def asked(method: str = "GET") -> ServerConnection:
    peer = ServerConnection()
    peer.receive(f"{method} / HTTP/1.1\r\nHost: neo\r\n\r\n".encode())
    assert peer.next_request() is not None
    return peer


def as_http_client_reads(data: bytes) -> bytes:
    pretended: Any = SimpleNamespace(makefile=lambda *_: io.BytesIO(data))
    response = http.client.HTTPResponse(pretended)
    response.begin()
    return response.read()


def streamed(cut_after: int | None = None) -> LocalResponse:
    return LocalResponse(200, pieces=lambda: iter(PIECES), length=7, cut_after=cut_after)


def test_a_streamed_response_is_written_piece_by_piece() -> None:
    peer = asked()
    pieces = list(peer.response_pieces(streamed()))
    assert pieces[0].endswith(b"\r\n\r\none ")
    assert pieces[1:] == [b"two"]
    assert as_http_client_reads(b"".join(pieces)) == b"one two"
    assert peer.keep_open()


def test_the_answer_to_head_has_the_length_and_not_the_body() -> None:
    peer = asked("HEAD")
    start, _, body = b"".join(peer.response_pieces(streamed())).partition(b"\r\n\r\n")
    assert b"content-length: 7" in start
    assert body == b""
    assert peer.keep_open()


@pytest.mark.parametrize(("after", "arrives"), [(0, b""), (3, b"one"), (4, b"one "), (6, b"one tw")])
def test_a_response_that_is_cut_off_ends_early_and_so_does_the_connection(after: int, arrives: bytes) -> None:
    peer = asked()
    start, _, body = b"".join(peer.response_pieces(streamed(after))).partition(b"\r\n\r\n")
    assert b"content-length: 7" in start
    assert body == arrives
    assert not peer.keep_open()


@pytest.mark.parametrize("after", [7, 8])
def test_a_response_that_is_cut_off_behind_its_end_arrives_whole(after: int) -> None:
    peer = asked()
    whole = LocalResponse(200, body=b"one two", cut_after=after)
    assert as_http_client_reads(b"".join(peer.response_pieces(whole))) == b"one two"
    assert peer.keep_open()
