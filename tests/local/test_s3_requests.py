from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ServiceError
from neo_wire.http import HttpRequest, Url
from neo_wire.local.s3_requests import addressed, byte_range

NUMBERS = st.integers(0, 300)


@given(first=NUMBERS, last=NUMBERS | st.none(), size=NUMBERS)
def test_a_range_is_the_bytes_from_first_to_last(first: int, last: int | None, size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    header = f"bytes={first}-{'' if last is None else last}"
    if last is not None and last < first:
        assert byte_range(header, size) is None
    elif first >= size:
        with pytest.raises(ServiceError, match="not satisfiable"):
            byte_range(header, size)
    else:
        bounds = byte_range(header, size)
        assert bounds is not None
        wanted = [byte for place, byte in enumerate(data) if first <= place and (last is None or place <= last)]
        assert data[bounds[0] : bounds[1]] == bytes(wanted)


@given(length=st.integers(1, 300), size=st.integers(1, 300))
def test_a_suffix_is_the_last_bytes(length: int, size: int) -> None:
    bounds = byte_range(f"bytes=-{length}", size)
    assert bounds is not None
    assert list(range(size))[bounds[0] : bounds[1]] == list(range(size))[-length:]


@given(st.text())
def test_any_other_text_asks_for_the_whole(text: str) -> None:
    assert byte_range(text, 10) is None or text.startswith("bytes=")


@pytest.mark.parametrize("header", [None, "", "bytes=1-2,3-4", "bytes=" + "9" * 5000 + "-", "items=0-1"])
def test_no_range(header: str | None) -> None:
    assert byte_range(header, 10) is None


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://127.0.0.1:8080/bucket/a%2Fb/c", ("bucket", "a/b/c")),
        ("http://localhost:8080/bucket/a", ("bucket", "a")),
        ("http://s3.localhost:8080/bucket/a", ("bucket", "a")),
        ("http://bucket.localhost:8080/a", ("bucket", "a")),
        ("https://s3.amazonaws.com/bucket/", ("bucket", "")),
        ("https://s3.us-gov-west-1.amazonaws.com/bucket", ("bucket", "")),
        ("https://my.bucket.s3.us-iso-east-1.c2s.ic.gov/a?b=c", ("my.bucket", "a")),
        ("https://bucket.s3.amazonaws.com/", ("bucket", "")),
    ],
)
def test_a_bucket_and_a_key(url: str, place: tuple[str, str]) -> None:
    assert addressed(HttpRequest("GET", Url.parse(url))) == place
