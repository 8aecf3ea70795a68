"""Hosts that are IP addresses: this machine, its link, and the metadata services, which no proxy stands before.

IPv4 addresses are read here: the module `ipaddress` takes a millisecond to import, and few hosts are of IPv6.

Source: RFC 5735 for IPv4; RFC 4291 for IPv6, section 2.5.5.2 for IPv4 addresses in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from neo_wire.http import is_digits

if TYPE_CHECKING:
    from ipaddress import IPv6Address

_METADATA: Final = "fd00:ec2::/32"  # of EC2 and EKS; their IPv4 addresses are link-local


def is_address(host: str) -> bool:
    """Whether a host is an IP address, one of IPv6 without its brackets."""
    return bool(_octets(host)) or ipv6(host) is not None


def is_loopback_address(host: str) -> bool:
    """Whether a host is an address of this machine itself."""
    address = ipv6(host)
    octets = _octets(host) if address is None else _mapped(address)
    if octets:
        return octets[0] == 127
    return address is not None and address.is_loopback


def is_link_address(host: str) -> bool:
    """Whether a host is a link-local address or one of the metadata services."""
    address = ipv6(host)
    octets = _octets(host) if address is None else _mapped(address)
    if octets:
        return octets[:2] == (169, 254)
    if address is None:
        return False
    from ipaddress import IPv6Network  # here, as the module's head says

    return address.is_link_local or address in IPv6Network(_METADATA)


def ipv6(host: str) -> IPv6Address | None:
    """The IPv6 address that a host is; None when it is none."""
    if ":" not in host:
        return None
    from ipaddress import IPv6Address  # here, as the module's head says

    try:
        return IPv6Address(host)
    except ValueError:
        return None


def _octets(host: str) -> tuple[int, ...]:
    """The four numbers of an IPv4 address; empty for another host, and for leading zeros, which some read as octal."""
    parts = host.split(".")
    if len(parts) != 4 or not all(len(part) <= 3 and is_digits(part) for part in parts):
        return ()
    octets = tuple([int(part) for part in parts])
    return octets if max(octets) <= 255 and ".".join(map(str, octets)) == host else ()


def _mapped(address: IPv6Address) -> tuple[int, ...]:
    mapped = address.ipv4_mapped
    return tuple(mapped.packed) if mapped is not None else ()
