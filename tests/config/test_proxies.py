"""Proxies, against `urllib.request`, whose rules they are."""

from __future__ import annotations

import os
import urllib.request
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.config.proxies import is_exempt, masked, proxy_for
from neo_wire.errors import ConfigurationError
from neo_wire.http import Url

SERVICE = Url.parse("https://api.sagemaker.eu-west-1.amazonaws.com/")
PROXY = "http://proxy.example:3128"


def urllibs(url: Url, environ: Mapping[str, str]) -> str | None:
    """What urllib takes for a URL."""
    saved = dict(os.environ)
    os.environ.clear()
    os.environ.update(environ)
    try:
        proxies = urllib.request.getproxies_environment()
        if urllib.request.proxy_bypass_environment(url.authority, proxies):  # type: ignore[attr-defined]  # undocumented
            return None
        return proxies.get(url.scheme)
    finally:
        os.environ.clear()
        os.environ.update(saved)


@given(
    st.dictionaries(
        st.sampled_from(["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "REQUEST_METHOD", "no_proxy", "X"]),
        st.sampled_from(["", PROXY, "http://other.example:1", "http://u:p@third.example"]),
    ),
    st.sampled_from(["http://a.example/", "https://a.example/", "https://a.example:8443/"]),
)
@example({"HTTP_PROXY": PROXY, "REQUEST_METHOD": "GET"}, "http://a.example/")
@example({"HTTP_PROXY": PROXY, "http_proxy": PROXY, "REQUEST_METHOD": ""}, "http://a.example/")
@example({"HTTP_PROXY": PROXY, "http_proxy": ""}, "http://a.example/")
def test_which_variable_counts(environ: dict[str, str], url: str) -> None:
    assert proxy_for(Url.parse(url), environ) == urllibs(Url.parse(url), environ)


ITEMS = ["a.example", ".a.example", "example", ".example", "b.a.example", "ample", "A.EXAMPLE", " example ", "", "."]
ITEMS += [
    "a.example:8443",
    "example:8443",
    "a.example:1",
    "10.1.2.3",
    "10.0.0.0/8",
    "10.1.2.3:8443",
    "*",
    "2.3",
    ",",
    "..",
]
HOSTS = ["a.example", "b.a.example", "example", "xexample", "10.1.2.3", "10.1.2.3:8443", "a.example:8443"]


@given(st.lists(st.sampled_from(ITEMS), max_size=4), st.sampled_from(HOSTS), st.sampled_from(["http", "https"]))
def test_which_hosts_need_no_proxy(items: list[str], host: str, scheme: str) -> None:
    url = Url.parse(f"{scheme}://{host}/")
    environ = {f"{scheme}_proxy": PROXY, "no_proxy": ",".join(items)}
    assert proxy_for(url, environ) == urllibs(url, environ)


@pytest.mark.parametrize(
    ("no_proxy", "exempt"),
    [
        ("2001:db8::1", True),
        ("[2001:db8::1]", True),
        ("x, [2001:DB8:0:0:0:0:0:1] ,y", True),
        ("[2001:db8::1]:443", True),
        ("[2001:db8::1]:8443", False),
        ("2001:db8::2", False),
        ("2001:db8::/32", False),
        ("::1", False),
        ("", False),
        ("*", True),
    ],
)
def test_an_ipv6_address_needs_no_brackets(no_proxy: str, exempt: bool) -> None:
    assert is_exempt(Url.parse("https://[2001:db8::1]/"), no_proxy) is exempt


def test_the_port_of_the_scheme_is_a_port_too() -> None:  # unlike urllib, which compares the text of the URL
    assert is_exempt(Url.parse("https://a.example/"), "a.example:443")
    assert is_exempt(Url.parse("http://a.example/"), "example:80")
    assert not is_exempt(Url.parse("http://a.example/"), "a.example:443")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "127.0.0.1",
        "127.8.8.8",
        "localhost",
        "a.localhost",
        "[::1]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "[fd00:ec2::23]",
        "[::ffff:169.254.169.254]",
        "[::ffff:127.0.0.1]",
    ],
)
def test_metadata_and_this_machine_are_always_reached_directly(host: str) -> None:
    url = Url.parse(f"http://{host}/latest/meta-data/")
    assert proxy_for(url, {"HTTP_PROXY": PROXY, "ALL_PROXY": PROXY}) is None
    assert proxy_for(url, {}, {"http": PROXY, "all": PROXY}) is None


@pytest.mark.parametrize("host", ["10.0.0.1", "[fd00::1]", "[2001:db8::1]", "localhost.example", "[::ffff:10.0.0.1]"])
def test_other_private_addresses_are_not(host: str) -> None:
    assert proxy_for(Url.parse(f"http://{host}/"), {"HTTP_PROXY": PROXY}) == PROXY


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, None),
        ({"ALL_PROXY": PROXY}, PROXY),
        ({"ALL_PROXY": PROXY, "HTTPS_PROXY": "http://b"}, "http://b"),
        ({"ALL_PROXY": PROXY, "https_proxy": ""}, PROXY),
        ({"all_proxy": PROXY, "NO_PROXY": "amazonaws.com"}, None),
        ({"HTTP_PROXY": PROXY}, None),
        ({"HTTPS_PROXY": "proxy.example:3128"}, PROXY),
        ({"HTTPS_PROXY": " HTTP://Proxy.Example:3128/ "}, PROXY),
        ({"HTTPS_PROXY": "user:p%40ss@proxy.example"}, "http://user:p%40ss@proxy.example"),
        ({"HTTPS_PROXY": "https://us@er:p:w@proxy.example:1"}, "https://us@er:p:w@proxy.example:1"),
        ({"HTTPS_PROXY": "http://[2001:db8::9]:3128"}, "http://[2001:db8::9]:3128"),
        ({"HTTPS_PROXY": "socks5h://proxy.example:1080"}, "socks5h://proxy.example:1080"),
    ],
)
def test_the_proxy_of_the_environment(environ: dict[str, str], expected: str | None) -> None:
    assert proxy_for(SERVICE, environ) == expected


def test_the_code_stands_in_place_of_the_environment() -> None:
    environ = {"HTTPS_PROXY": "http://environment:1", "NO_PROXY": "amazonaws.com"}
    assert proxy_for(SERVICE, environ, {"https": "proxy.example:3128"}) == PROXY
    assert proxy_for(SERVICE, environ, {"all": PROXY}) == PROXY
    assert proxy_for(SERVICE, environ, {"http": PROXY}) is None
    assert proxy_for(SERVICE, environ, {}) is None
    assert proxy_for(SERVICE, environ, {"https": PROXY, "no": "eu-west-1.amazonaws.com"}) is None


@pytest.mark.parametrize(
    "value",
    [
        "http://",
        "ftp://proxy",
        "http://user:s3cret@",
        "http://user:s3/cret@proxy",
        "http://user:s3cret@proxy:0",
        "http://user:s3cret@proxy:99999",
        "http://user:s3cret@pro xy",
        "user:s3cret@proxy/path",
        "http://s3cret@proxy?x",
        "http://user:s3 cret@proxy",
        "http://user:s3crét@proxy",
        "s3cret@[::1",
        "http://a:b:s3cret",
        "s3cret\r\nX: y",
    ],
)
def test_what_is_no_proxy_is_refused_without_its_password(value: str) -> None:
    for environ, code, source in (
        ({"HTTPS_PROXY": value}, None, "HTTPS_PROXY"),
        ({}, {"all": value}, r"proxies\['all'\]"),
    ):
        with pytest.raises(ConfigurationError, match=f"^{source} is no URL of a proxy") as caught:
            proxy_for(SERVICE, environ, code)
        assert "cret" not in str(caught.value)


def test_a_wrong_key_in_the_code_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="proxies has 'ftp', 'no_proxy'; the keys are http, https, all, no"):
        proxy_for(SERVICE, {}, {"no_proxy": "", "ftp": PROXY})


@pytest.mark.parametrize(
    ("proxy", "shown"),
    [
        ("http://user:s3cret@proxy:1", "http://***@proxy:1"),
        ("http://user@proxy", "http://***@proxy"),
        ("https://u:p@ss@proxy", "https://***@proxy"),
        (PROXY, PROXY),
        ("user:s3cret@proxy", "http://***@proxy"),
    ],
)
def test_a_masked_proxy_has_no_password(proxy: str, shown: str) -> None:
    assert masked(proxy) == shown
