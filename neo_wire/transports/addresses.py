"""In which order, and how fast after each other, the addresses of a host are tried ("happy eyeballs").

Source: RFC 8305, sections 4 and 5.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Final, TypeAlias

NEXT_ADDRESS: Final = 0.25
"""Seconds until the next address is tried beside those before."""

Found: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]  # Any: the form of an address depends on its family
"""What `getaddrinfo` gives."""


def name_on_the_wire(host: str) -> str | bytes:
    """A host for the system's resolver: as bytes, where it is a plain name.

    Python encodes text by IDNA, whose tables it loads for that, and which changes no name that is plain.
    """
    is_plain = host.isascii() and all(0 < len(label) < 64 for label in host.removesuffix(".").split("."))
    return host.encode() if is_plain else host


def name_for_tls(host: str) -> str | bytes:
    """A host as a certificate names it: without the dot at the end of an absolute name (RFC 6066, section 3)."""
    return name_on_the_wire(host.removesuffix("."))


def by_turns(found: Sequence[Found]) -> deque[tuple[int, tuple[Any, ...]]]:
    """Families and addresses, the families by turns, so that one that leads nowhere costs one delay."""
    families = [[one for one in found if (one[0] == found[0][0]) is same] for same in (True, False)]
    return deque((one[0], one[4]) for turn in zip_longest(*families) for one in turn if one is not None)
