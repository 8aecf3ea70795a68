"""The simplest provider: credentials that are given."""

from __future__ import annotations

from neo_wire.credentials.context import Provider
from neo_wire.flow import Flow
from neo_wire.signing.credentials import Credentials


def given(credentials: Credentials) -> Provider:
    """Provide the same credentials each time."""

    def provide() -> Flow[Credentials]:
        yield from ()  # a flow is a generator, even one that asks for nothing
        return credentials

    return provide
