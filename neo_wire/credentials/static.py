"""The simplest providers: credentials that are given, or read from the environment when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from neo_wire.credentials.environment import from_environment
from neo_wire.flow import Flow
from neo_wire.signing.credentials import Credentials


def given(credentials: Credentials) -> Callable[[], Flow[Credentials]]:
    """Provide the same credentials each time."""

    def provide() -> Flow[Credentials]:
        yield from ()  # a flow is a generator, even one that asks for nothing
        return credentials

    return provide


def environment(environ: Mapping[str, str]) -> Callable[[], Flow[Credentials]]:
    """Provide the credentials of environment variables, so that a client can be made where there are none yet."""

    def provide() -> Flow[Credentials]:
        yield from ()  # as above
        return from_environment(environ)

    return provide
