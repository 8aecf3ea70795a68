"""Hosts that are addresses, as the standard library reads them."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from neo_wire.config.addresses import ipv6, is_address, is_link_address, is_loopback_address

METADATA = ipaddress.IPv6Network("fd00:ec2::/32")
OCTETS = st.integers(0, 300).map(str) | st.sampled_from(["", "00", "01", "127", "169", "254", "1e1", "٣", "-1", "+1"])
HOSTS = (
    st.lists(OCTETS, min_size=3, max_size=5).map(".".join)
    | st.ip_addresses().map(str)
    | st.ip_addresses(v=4).map(lambda one: f"::ffff:{one}")
    | st.text("0123456789abcdefABCDEFx:.[]%", max_size=40)
)


def read(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address


@given(host=HOSTS)
@example(host="127.0.0.1")
@example(host="127.255.255.255")
@example(host="::ffff:127.0.0.1")
@example(host="::1")
@example(host="169.254.169.254")
@example(host="::ffff:169.254.170.2")
@example(host="fe80::1")
@example(host="fd00:ec2::254")
@example(host="fd00:ec3::254")
@example(host="999999999999999999999999.0.0.1")
def test_they_are_read_as_the_standard_library_reads_them(host: str) -> None:
    address = read(host)
    assert is_address(host) is (address is not None)
    assert is_loopback_address(host) is (address is not None and address.is_loopback)
    is_metadata = isinstance(address, ipaddress.IPv6Address) and address in METADATA
    assert is_link_address(host) is (address is not None and (address.is_link_local or is_metadata))


@pytest.mark.parametrize(("host", "found"), [("::1", True), ("1.2.3.4", False), ("a", False), ("::g", False)])
def test_which_are_of_ipv6(host: str, found: bool) -> None:
    assert (ipv6(host) is not None) is found
