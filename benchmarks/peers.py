"""Who is measured, and what of each."""

from __future__ import annotations

from attrs import frozen


@frozen
class Peer:
    """One contender with an environment of its own.

    Attributes:
        name: in tables and plots.
        module: of `benchmarks/contenders`, which says how it is used.
        requirements: what pip installs; none for bare sockets. "neo_wire" stands for the wheel of this checkout.
        imports: what `import time` imports.
        asynchronous: the contender of that folder with an asynchronous client; empty for none.
        blocking: whether it has a blocking client for more than one call.
        micro: whether its signing and its codec are timed.
        grows: whether its blocking client can list and create, for the plots of growing sizes.
    """

    name: str
    module: str
    requirements: tuple[str, ...]
    imports: str
    asynchronous: str = ""
    blocking: bool = True
    micro: bool = False
    grows: bool = False


OURS = "neo_wire"
PEERS = (
    Peer(OURS, "with_neo_wire", ("neo_wire",), "neo_wire", asynchronous="with_neo_wire", micro=True, grows=True),
    Peer("boto3", "with_botocore", ("boto3",), "boto3", grows=True),
    Peer("botocore", "with_botocore", ("botocore",), "botocore.session", micro=True),
    Peer("botocore + awscrt", "with_botocore", ("botocore[crt]",), "botocore.session", micro=True),
    Peer(
        "aiobotocore",
        "with_aiobotocore",
        ("aiobotocore",),
        "aiobotocore.session",
        blocking=False,
        asynchronous="with_aiobotocore",
    ),
    Peer("httpx + minimal signer", "with_httpx", ("httpx",), "httpx", asynchronous="with_httpx"),
    Peer("bare sockets", "with_sockets", (), "socket, ssl, json", asynchronous="with_asyncio", micro=True, grows=True),
)


def named(names: list[str] | None) -> list[Peer]:
    """The peers of these names, ours always among them; all without names.

    Raises:
        ValueError: there is no peer of a name.
    """
    if unknown := sorted(set(names or ()) - {peer.name for peer in PEERS}):
        raise ValueError(f"no peer {', '.join(unknown)}; there are {', '.join(peer.name for peer in PEERS)}")
    return [peer for peer in PEERS if names is None or peer.name in names or peer.name == OURS]
