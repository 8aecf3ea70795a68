"""The canonical request, part by part, against botocore's own functions and against what its rules say."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import Any, BinaryIO, cast
from urllib.parse import quote

import pytest
import urllib3
from botocore.auth import SIGNED_HEADERS_BLACKLIST, S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import example, given, settings
from hypothesis import strategies as st

from neo_wire.errors import Headers, SigningError
from neo_wire.http import HttpRequest, Url
from neo_wire.signing.canonical import (
    NEVER_SIGNED,
    canonical_headers,
    canonical_path,
    canonical_query,
    canonical_request,
    payload_hash,
)

# Any: the stubs of botocore leave out the functions that are compared with
BOTOCORE: Any = SigV4Auth(BotocoreCredentials("AKIDEXAMPLE", "secret"), "service", "us-east-1")
BOTOCORE_S3: Any = S3SigV4Auth(BotocoreCredentials("AKIDEXAMPLE", "secret"), "s3", "us-east-1")

SEGMENTS = st.sampled_from(
    ["", ".", "..", "...", "a", "b c", "%20", "%", "%zz", "%2F", "%2e%2e", "é", "ሴ", "~", "(x)!*'", "a+b", "=&;:@,$"]
)
PATHS = st.lists(SEGMENTS | st.text(max_size=4), max_size=8).map(lambda segments: "/" + "/".join(segments))
NAMES = st.sampled_from(
    ["X-Custom", "x-custom", "My-Header1", "my-header1", "Accept", "X-Amz-Meta-A", "%s%%d", "User-Agent"]
)
VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E) | st.sampled_from("é{}%ሴ"), max_size=6)
GAPS = st.sampled_from([" ", "  ", "\t", " \t ", "\r\n ", "\n\t", "\r\n  \r\n "])
VALUES = st.lists(VISIBLE | GAPS, max_size=6).map("".join)


# ---- path


@settings(max_examples=500)
@given(PATHS)
@example("//example//")
@example("/a/b/..")
@example("/a/.")
@example("/foo/%2e%2e/bar")
def test_a_path_is_normalised_and_encoded_as_by_botocore(path: str) -> None:
    assert canonical_path(path) == BOTOCORE._normalize_url_path(path)


@given(PATHS.filter(lambda path: path.isascii() and path.isprintable() and " " not in path))
def test_a_path_of_s3_stays_as_it_is_on_the_wire(path: str) -> None:
    assert canonical_path(path, normalize=False, double_encode=False) == BOTOCORE_S3._normalize_url_path(path)


@pytest.mark.parametrize(
    ("path", "normalize", "double_encode", "expected"),
    [
        ("", True, True, "/"),
        ("", False, False, "/"),
        ("no/slash", True, True, "/no/slash"),
        ("no/slash", False, True, "/no/slash"),
        ("/a//b/../%20", True, True, "/a/%2520"),
        ("/a//b/../%20", True, False, "/a/%20"),
        ("/a//b/../%20", False, True, "/a//b/../%2520"),
        ("/a//b/../%20", False, False, "/a//b/../%20"),
        ("/./", True, True, "/"),
        ("/foo/..", True, True, "/"),
        ("/a/.", True, True, "/a"),
        ("/example space/", True, True, "/example%20space/"),
        ("/example space/", False, False, "/example%20space/"),
        ("/ሴ", False, False, "/%E1%88%B4"),
        ("/a\nb\x7f", False, False, "/a%0Ab%7F"),
    ],
)
def test_a_path_in_each_mode(path: str, normalize: bool, double_encode: bool, expected: str) -> None:
    assert canonical_path(path, normalize=normalize, double_encode=double_encode) == expected


# ---- query


def _encoded_somehow(draw: st.DrawFn, text: str) -> str:
    """One of the many wire forms of a text."""
    form = draw(st.integers(0, 3))
    if form == 0:
        return quote(text, safe="")
    if form == 1:
        return quote(text, safe="/?:@!$'()*,;~")
    if form == 2:
        return quote(text, safe="").lower() if text.isascii() and text.lower() == text else quote(text, safe="")
    return "".join(f"%{byte:02x}" for byte in text.encode())


@st.composite
def _queries(draw: st.DrawFn) -> tuple[list[tuple[str, str]], str]:
    texts = st.sampled_from(["", "a", "A", "a-b", "é", "ሴ", "+", " ", "%", "%41", "&", "=", "/", "~", "b"]) | st.text(
        max_size=4
    )
    pairs = draw(st.lists(st.tuples(texts, texts), max_size=6))
    wire = [
        f"{_encoded_somehow(draw, name)}{'=' if value or not name or draw(st.booleans()) else ''}"
        f"{_encoded_somehow(draw, value)}"
        for name, value in pairs
    ]
    return pairs, "&".join(wire)


@settings(max_examples=300)
@given(_queries())
def test_a_query_is_that_of_botocore_for_the_same_parameters(case: tuple[list[tuple[str, str]], str]) -> None:
    """However the sender encoded it. Of a raw query botocore itself only sorts the pairs, as the next test shows."""
    pairs, wire = case
    assert canonical_query(wire) == BOTOCORE._canonical_query_string_params(pairs)


def test_where_botocore_only_sorts_a_raw_query_it_is_decoded_and_encoded_as_services_do() -> None:
    url = "https://example.com/?b=%7e&a=x:y&b"
    assert BOTOCORE.canonical_query_string(AWSRequest("GET", url)) == "a=x:y&b=&b=%7e"
    assert canonical_query("b=%7e&a=x:y&b") == "a=x%3Ay&b=&b=~"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ""),
        ("&", ""),
        ("a=1&&b=2", "a=1&b=2"),
        ("=", "="),
        ("=v", "=v"),
        ("a=b=c", "a=b%3Dc"),
        ("a=b+c", "a=b%2Bc"),
        ("Param-3=Value3&Param=Value2&%E1%88%B4=Value1", "%E1%88%B4=Value1&Param=Value2&Param-3=Value3"),
        ("a=2&a=1&a", "a=&a=1&a=2"),
        ("a=%zz%4", "a=%25zz%254"),
        ("%FF=%00", "%FF=%00"),
        ("é=b c", "%C3%A9=b%20c"),
    ],
)
def test_a_query_in_its_canonical_form(query: str, expected: str) -> None:
    assert canonical_query(query) == expected


# ---- headers


@settings(max_examples=300)
@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_headers_repeated_folded_and_padded_are_those_of_botocore(headers: list[tuple[str, str]]) -> None:
    request = AWSRequest("GET", "https://example.com/")
    for name, value in headers:
        request.headers[name] = value
    signed = BOTOCORE.headers_to_sign(request)

    lines, names = canonical_headers((("host", "example.com"), *headers))

    assert lines == BOTOCORE.canonical_headers(signed)
    assert names == BOTOCORE.signed_headers(signed)


def test_botocore_collapses_spaces_outside_of_ascii_where_http_knows_none() -> None:
    """HTTP's whitespace is space and tab (RFC 9110 section 5.6.3), and aws-c-auth trims no more than ASCII's."""
    assert BOTOCORE._header_value("a\u00a0\u00a0b") == "a b"
    assert canonical_headers((("x-a", "a\u00a0\u00a0b"),)) == ("x-a:a\u00a0\u00a0b", "x-a")


def test_values_of_a_repeated_header_keep_their_order_whatever_the_case_of_the_name() -> None:
    headers = (("My-Header1", "value2"), ("X-B", "b"), ("my-header1", " value2 "), ("MY-HEADER1", "value1"))
    assert canonical_headers(headers) == ("my-header1:value2,value2,value1\nx-b:b", "my-header1;x-b")


def test_no_headers_and_none_that_are_signed() -> None:
    assert canonical_headers(()) == ("", "")
    assert canonical_headers((("User-Agent", "x"),)) == ("", "")


def test_headers_that_are_never_signed_are_those_of_botocore_and_the_signature() -> None:
    assert frozenset(SIGNED_HEADERS_BLACKLIST) | {"authorization"} == NEVER_SIGNED
    assert canonical_headers(tuple((name.title(), "x") for name in NEVER_SIGNED)) == ("", "")


@pytest.mark.parametrize("value", ["a\r\nX-Evil: b", "a\nb", "a\r b", "a\x00", "\x1b", "a\x7f", "\x0b", "a\n"])
@pytest.mark.parametrize("name", ["X-Secret", "User-Agent"])
def test_a_control_character_in_a_value_is_refused_by_the_name_of_the_header(name: str, value: str) -> None:
    with pytest.raises(SigningError, match=f"header '{name}' has a control character") as refused:
        canonical_headers(((name, value),))
    assert "Evil" not in str(refused.value)


@pytest.mark.parametrize("value", [5, None, b"s3cr3t"])
@pytest.mark.parametrize("before", [(), (("X-A", "é"),)])
def test_a_value_that_is_no_string_is_refused_by_the_name_of_the_header(before: Headers, value: Any) -> None:
    with pytest.raises(SigningError, match=f"header 'X-Secret' is a {type(value).__name__}; give a string") as refused:
        canonical_headers((*before, ("X-Secret", value)))
    assert "s3cr3t" not in str(refused.value)


def test_a_lone_surrogate_is_refused_and_nothing_of_the_value_is_chained_to_the_error() -> None:
    with pytest.raises(SigningError, match="header 'Cookie' has a lone surrogate") as in_header:
        canonical_headers((("Cookie", "s3cr3t\ud800"),))
    with pytest.raises(SigningError, match="the query has a lone surrogate") as in_query:
        canonical_query("X-Amz-Security-Token=s3cr3t\ud800")
    for refused in (in_header, in_query):
        assert refused.value.__context__ is None


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nY", "é", "{0}", "X\n"])
def test_what_is_no_header_name_is_refused(name: str) -> None:
    with pytest.raises(SigningError, match="no header name"):
        canonical_headers(((name, "value"),))


# ---- the whole


def test_the_whole_is_the_example_of_the_user_guide_s_rules() -> None:
    request = HttpRequest(
        "post", Url.parse("https://Example.com:8443/a%20b/../c?b=2&a=1"), (("X-Amz-Date", "20260101T000000Z"),)
    )
    assert canonical_request(request, payload_hash(b"")) == (
        "POST\n/c\na=1&b=2\nhost:example.com:8443\nx-amz-date:20260101T000000Z\n\nhost;x-amz-date\n"
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


def test_only_the_chosen_headers_are_signed_even_such_as_never_are() -> None:
    request = HttpRequest("GET", Url.parse("https://example.com"), (("User-Agent", "x"), ("X-A", "b")))
    canonical = canonical_request(request, "hash", signed_headers=["host", "user-agent"])
    assert canonical == "GET\n/\n\nhost:example.com\nuser-agent:x\n\nhost;user-agent\nhash"


def test_a_host_header_of_the_caller_stands_for_that_of_the_url() -> None:
    request = HttpRequest("GET", Url.parse("https://127.0.0.1:9000"), (("HOST", "Example.com"),))
    assert "\nhost:Example.com\n" in canonical_request(request, "hash")


@pytest.mark.parametrize("method", ["", "GET\n", "GET /evil", "MÉTHODE"])
def test_what_is_no_method_is_refused(method: str) -> None:
    with pytest.raises(SigningError, match="no HTTP method"):
        canonical_request(HttpRequest(method, Url.parse("https://example.com")), "hash")


@given(
    st.text(max_size=8),
    st.text(max_size=20),
    st.text(max_size=20),
    st.lists(st.tuples(st.text(max_size=6), st.text(max_size=10)), max_size=4),
    st.booleans(),
    st.none() | st.lists(st.text(max_size=4)),
)
@example("GET", "/\ud800", "", [], True, None)
@example("GET", "/", "\ud800", [], True, None)
@example("GET", "/", "", [("x", "\ud800")], True, None)
def test_any_text_has_a_canonical_form_or_is_refused(
    method: str, path: str, query: str, headers: list[tuple[str, str]], s3: bool, chosen: list[str] | None
) -> None:
    request = HttpRequest(method, Url("https", "example.com", None, path, query), tuple(headers))
    try:
        canonical = canonical_request(request, "hash", normalize_path=s3, double_encode_path=s3, signed_headers=chosen)
    except SigningError:
        return
    assert canonical.encode().endswith(b"\nhash")
    first, second, third, *_ = canonical.split("\n")
    assert (first + second + third).isascii()
    assert (first + second + third).isprintable()


# ---- payload


class _Pipe(io.RawIOBase):
    """A file that cannot seek."""

    def __init__(self, content: bytes) -> None:
        self.content = io.BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self.content.read(size)


class _Counting(io.BytesIO):
    sizes: list[int | None]

    def read(self, size: int | None = -1) -> bytes:
        self.sizes.append(size)
        return super().read(size)


@given(st.binary(max_size=100))
def test_a_body_has_one_hash_whatever_it_comes_in(body: bytes) -> None:
    expected = hashlib.sha256(body).hexdigest()
    assert payload_hash(body) == expected
    assert payload_hash(bytearray(body)) == expected
    assert payload_hash(memoryview(body)) == expected
    assert payload_hash(io.BytesIO(body)) == expected
    assert payload_hash(cast("BinaryIO", _Pipe(body))) == expected
    assert payload_hash([body[:3], memoryview(body)[3:], b""]) == expected
    assert payload_hash(iter([body])) == expected


def test_a_file_is_read_in_chunks_from_where_it_stands_and_put_back() -> None:
    body = b"x" * (2 * 1024 * 1024 + 5)
    file = _Counting(b"head" + body)
    file.sizes = []
    file.seek(4)
    assert payload_hash(file) == hashlib.sha256(body).hexdigest()
    assert file.tell() == 4
    assert file.sizes == [1024 * 1024] * 4


def test_a_file_that_fails_is_put_back_too() -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 2:
                raise OSError("the disk is gone")
            return super().read(2)

    file = Failing(b"abcdefgh")
    file.seek(1)
    with pytest.raises(OSError, match="the disk is gone"):
        payload_hash(file)
    assert file.tell() == 1


def test_a_file_that_tells_where_it_stands_but_cannot_seek_is_used_up() -> None:
    response = urllib3.HTTPResponse(io.BytesIO(b"body"), preload_content=False)
    assert response.tell() == 0
    assert payload_hash(cast("BinaryIO", response)) == hashlib.sha256(b"body").hexdigest()
    assert response.read() == b""


def _texts() -> Iterator[str]:
    yield "text"


@pytest.mark.parametrize("body", ["text", "", io.StringIO("text"), ["text"], [1], _texts(), 5, None, object()])
def test_what_is_not_bytes_is_refused(body: Any) -> None:
    with pytest.raises(SigningError, match=r"bytes"):
        payload_hash(body)
