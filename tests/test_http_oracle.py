"""Texts and URLs, checked and taken apart without regular expressions, as the expressions do that say the same."""

from __future__ import annotations

import re

from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError
from neo_wire.http import Url, is_digits, is_host_label, is_visible

URL = re.compile(
    r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.\-]*)://(?P<authority>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?",
    re.DOTALL,
)
AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<name>[a-zA-Z0-9._\-]+))(?::(?P<port>[0-9]{0,5}))?")
TEXTS = st.text("aZ09-_.:;/%@+#!~ \t\n\r\x00\x7f\x85é\u0663²\u2028", max_size=12) | st.text(max_size=12)


@given(text=TEXTS | st.text("aB0-9", max_size=70))
@example(text="a" * 63)
@example(text="a" * 64)
@example(text="-")
@example(text="0-0")
def test_the_characters_of_texts(text: str) -> None:
    assert is_visible(text) is (re.fullmatch(r"[!-~]*", text) is not None)
    assert is_digits(text) is (re.fullmatch(r"[0-9]+", text) is not None)
    label = re.fullmatch(r"(?![0-9]+\Z)(?!-)[a-zA-Z0-9-]{1,63}(?<!-)", text)
    assert is_host_label(text) is (label is not None)


PORTS = st.text(":0123456789a", max_size=8)
AUTHORITIES = (
    st.from_regex(AUTHORITY, fullmatch=True) | st.text("[]:.aF09_@-é", max_size=12) | st.builds("[::1]{}".format, PORTS)
)


@given(
    scheme=st.sampled_from(["http", "https", "HTTP", "ftp", "", "ht tp", "http:", "\uff48ttp"]),
    authority=AUTHORITIES,
    rest=st.text("/?#ab%: é[]", max_size=12),
)
@example(scheme="http", authority="[::1]]", rest="")
@example(scheme="http", authority="[::1]x]", rest="")
@example(scheme="http", authority="[]", rest="")
@example(scheme="http", authority="a:\u0661", rest="")
@example(scheme="https", authority="a", rest="?#?/")
@example(scheme="https", authority="a", rest="://b")
def test_the_parts_of_a_url(scheme: str, authority: str, rest: str) -> None:
    text = f"{scheme}://{authority}{rest}"
    whole = URL.fullmatch(text)
    parts = AUTHORITY.fullmatch(whole["authority"]) if whole else None
    is_url = whole is not None and whole["scheme"].lower() in ("http", "https") and parts is not None
    if is_url and parts is not None:
        is_url = not parts["port"] or 0 < int(parts["port"]) < 65536
    try:
        url = Url.parse(text)
    except ConfigurationError:
        assert not is_url
        return
    assert is_url
    assert whole is not None
    assert parts is not None
    assert (url.scheme, url.host) == (whole["scheme"].lower(), (parts["ipv6"] or parts["name"]).lower())
    assert url == Url.parse(f"{url.origin}{whole['path']}" + (f"?{whole['query']}" if whole["query"] else ""))
