"""URLs taken apart as a second parser takes them apart, what is refused, and reprs that hide what is secret."""

from __future__ import annotations

import copy
import pickle
from urllib.parse import urlsplit

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url


@pytest.mark.parametrize(
    ("text", "expected", "authority"),
    [
        ("https://a.example", Url("https", "a.example"), "a.example"),
        ("https://a.example/", Url("https", "a.example"), "a.example"),
        ("HTTPS://A.Example/Path", Url("https", "a.example", None, "/Path"), "a.example"),
        ("http://a.example:80", Url("http", "a.example"), "a.example"),
        ("https://a.example:443/", Url("https", "a.example"), "a.example"),
        ("https://a.example:80", Url("https", "a.example", 80), "a.example:80"),
        ("http://127.0.0.1:8080", Url("http", "127.0.0.1", 8080), "127.0.0.1:8080"),
        ("http://a.example:", Url("http", "a.example"), "a.example"),
        ("http://a.example:00080", Url("http", "a.example"), "a.example"),
        ("http://[::1]:8080/x", Url("http", "::1", 8080, "/x"), "[::1]:8080"),
        ("http://[2001:DB8::1]/", Url("http", "2001:db8::1"), "[2001:db8::1]"),
        ("http://[::ffff:1.2.3.4]", Url("http", "::ffff:1.2.3.4"), "[::ffff:1.2.3.4]"),
        ("http://under_score.local-1/", Url("http", "under_score.local-1"), "under_score.local-1"),
        ("https://a.example?x=1", Url("https", "a.example", None, "/", "x=1"), "a.example"),
        ("https://a.example/p?a=1&b=%20?/", Url("https", "a.example", None, "/p", "a=1&b=%20?/"), "a.example"),
        ("https://a.example/p?", Url("https", "a.example", None, "/p"), "a.example"),
        ("https://a.example/p#frag?x", Url("https", "a.example", None, "/p"), "a.example"),
        ("https://a.example/p?q#frag", Url("https", "a.example", None, "/p", "q"), "a.example"),
        ("https://a.example#frag", Url("https", "a.example"), "a.example"),
        ("https://a.example/a b/é?ü=☃", Url("https", "a.example", None, "/a%20b/%C3%A9", "%C3%BC=%E2%98%83"),
         "a.example"),
        ("https://a.example/%C3%A9%2f", Url("https", "a.example", None, "/%C3%A9%2f"), "a.example"),
        ("https://a.example/é%2f", Url("https", "a.example", None, "/%C3%A9%2f"), "a.example"),
        ("https://a.example//a/../b/./", Url("https", "a.example", None, "//a/../b/./"), "a.example"),
        ("https://a.example/user@host:1", Url("https", "a.example", None, "/user@host:1"), "a.example"),
    ],
)  # fmt: skip
def test_what_a_url_is_made_of(text: str, expected: Url, authority: str) -> None:
    url = Url.parse(text)
    assert url == expected
    assert url.authority == authority
    assert url.origin == f"{expected.scheme}://{authority}"
    assert url.target == expected.path + (f"?{expected.query}" if expected.query else "")
    assert str(url) == url.origin + url.target
    assert Url.parse(str(url)) == url


USER_INFO = "the URL has a user name or password before its host; remove it, it is never sent"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is not an http:// or https:// URL"),
        ("a.example", "'a.example' is not an http:// or https:// URL"),
        ("//a.example/", "'//a.example/' is not an http:// or https:// URL"),
        ("ftp://a.example/", "'ftp://a.example/' is not an http:// or https:// URL"),
        ("http:/a.example", "'http:/a.example' is not an http:// or https:// URL"),
        (" http://a.example", "' http://a.example' is not an http:// or https:// URL"),
        ("http://", "'http://' has no valid host and port"),
        ("http:///path", "'http:///path' has no valid host and port"),
        ("http://:80", "'http://:80' has no valid host and port"),
        ("http://a.example:0", "'http://a.example:0' has no valid host and port"),
        ("http://a.example:65536", "'http://a.example:65536' has no valid host and port"),
        ("http://a.example:123456", "'http://a.example:123456' has no valid host and port"),
        ("http://a.example:80a", "'http://a.example:80a' has no valid host and port"),
        ("http://a.example:-1", "'http://a.example:-1' has no valid host and port"),
        ("http://a.example:\u0668\u0660", "'http://a.example:\u0668\u0660' has no valid host and port"),
        ("http://::1/", "'http://::1/' has no valid host and port"),
        ("http://[::1/", "'http://[::1/' has no valid host and port"),
        ("http://[fe80::1%25eth0]/", "'http://[fe80::1%25eth0]/' has no valid host and port"),
        ("http://bücher.example/", "'http://bücher.example/' has no valid host and port"),
        ("http://a b.example/", "'http://a b.example/' has no valid host and port"),
        ("http://a.example\\@b.example/", USER_INFO),
        ("http://user@a.example/", USER_INFO),
        ("http://user:pass@a.example/", USER_INFO),
        ("http://@a.example/", USER_INFO),
        ("http://a.example/\n", "the URL has a control character in it; remove it"),
        ("http://a.example\r\n/", "the URL has a control character in it; remove it"),
        ("http://a.example/\x7f", "the URL has a control character in it; remove it"),
        ("http://a.example/\ud800", "the URL has a lone surrogate in it, which UTF-8 cannot express"),
        ("x" * 1000, f"{'x' * 200!r} is not an http:// or https:// URL"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Url.parse(text)
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    "text",
    [
        "ftp://user:hunter2@a.example/",
        "user:hunter2@a.example",
        "http://user:hunter2/x@a.example/",
        "http://user:hunter2?x@a.example/",
        "http://user:hunter2#x@a.example/",
        "http://user:hunter2@a.example:99999/",
        "ftp://a.example/?X-Amz-Signature=hunter2",
        "http://a.example:x/?X-Amz-Security-Token=hunter2",
        "http://a.example:x/#hunter2",
    ],
)
def test_no_message_shows_a_password_or_a_query(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        Url.parse(text)
    assert "hunter2" not in str(caught.value)


printable = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20)


@given(
    scheme=st.sampled_from(["http", "https"]),
    host=st.from_regex(r"[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?", fullmatch=True),
    port=st.none() | st.integers(1, 65535),
    rest=printable,
)
def test_a_url_is_taken_apart_as_the_standard_library_does_it(
    scheme: str, host: str, port: int | None, rest: str
) -> None:
    text = f"{scheme}://{host}{'' if port is None else f':{port}'}/{rest}"
    url, split = Url.parse(text), urlsplit(text)
    assert (url.scheme, url.host, url.path, url.query) == (split.scheme, split.hostname, split.path, split.query)
    assert url.port == (None if port == {"http": 80, "https": 443}[scheme] else port)


@given(st.text())
def test_any_text_is_a_url_in_wire_form_or_a_configuration_error(text: str) -> None:
    for candidate in (text, f"http://a.example/{text}", f"http://{text}"):
        try:
            url = Url.parse(candidate)
        except ConfigurationError:
            continue
        assert str(url).isascii()
        assert str(url).isprintable()
        assert " " not in str(url)
        assert url.path.startswith("/")


def test_a_changed_url_has_its_own_authority() -> None:
    url = Url.parse("http://a.example:8080/p")
    assert attrs.evolve(url, host="b.example").authority == "b.example:8080"
    assert attrs.evolve(url, port=None).origin == "http://a.example"


# -------------------------------------------------------------------------------------------------- requests, responses


def test_reprs_hide_what_may_be_secret() -> None:
    url = Url.parse("https://a.example/p?X-Amz-Signature=hunter2")
    request = HttpRequest("POST", url, (("Authorization", "hunter2"),), b"hunter2")
    response = HttpResponse(200, (("content-type", "text/plain"),), b"hunter2")
    for value in (url, request, response):
        assert "hunter2" not in repr(value)
    assert "a.example" in repr(request)
    assert "/p" in repr(url)


def test_the_first_header_of_a_name_is_found_in_any_case() -> None:
    headers = (("X-Amzn-RequestId", "a"), ("x-amzn-requestid", "b"), ("Empty", ""))
    for message in (HttpRequest("GET", Url("http", "a.example"), headers), HttpResponse(200, headers)):
        assert message.header("x-amzn-requestid") == message.header("X-AMZN-REQUESTID") == "a"
        assert message.header("empty") == ""
        assert message.header("absent") is None


def test_values_are_frozen_and_pickle() -> None:
    url = Url.parse("https://a.example:8443/p?q")
    request = HttpRequest("POST", url, (("a", "b"),), b"body")
    for value in (url, request, HttpResponse(200, (("a", "b"),), b"body", "OK"), Timeout(read=5)):
        assert pickle.loads(pickle.dumps(value)) == copy.copy(value) == copy.deepcopy(value) == value  # noqa: S301  # our own bytes
        assert hash(copy.deepcopy(value)) == hash(value)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        request.body = b"other"  # type: ignore[misc]  # the point of the test
    assert pickle.loads(pickle.dumps(url)).authority == "a.example:8443"  # noqa: S301  # our own bytes


# ------------------------------------------------------------------------------------------------------------- timeouts


@pytest.mark.parametrize("name", ["connect", "read", "write", "pool"])
def test_a_timeout_is_a_number_of_seconds_above_zero_that_a_socket_can_wait(name: str) -> None:
    for seconds in (1e-9, 1, 60.5, 2_147_483):
        assert getattr(Timeout(**{name: seconds}), name) == seconds
    wrong: list[object] = [0, -1, 0.0, 2_147_484, 1e30, float("inf"), float("nan"), True, None, "5", 1j]
    for value in wrong:
        with pytest.raises(ConfigurationError) as caught:
            Timeout(**{name: value})  # type: ignore[arg-type]  # the point of the test
        assert str(caught.value).startswith(f"the {name} timeout is {value!r}; give a number of seconds above 0, up to")


def test_every_wait_has_a_bound_by_default() -> None:
    timeout = Timeout()
    assert (timeout.connect, timeout.read, timeout.write, timeout.pool) == (60, 60, 60, 60)
