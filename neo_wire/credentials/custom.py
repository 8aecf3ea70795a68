"""Credentials that are given in code: a key pair, or a function of the user's own that fetches them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import attrs

from neo_wire.credentials.context import Provider
from neo_wire.credentials.static import given
from neo_wire.errors import ConfigurationError, CredentialsError, CredentialsFetchFailed
from neo_wire.flow import Flow, call
from neo_wire.signing.credentials import Credentials

CredentialsFunction: TypeAlias = Callable[[], Credentials | Awaitable[Credentials]]
"""Fetches credentials; it may block, as it is called in a thread of its own. Only an asynchronous client can await."""

_LONGEST_TEXT: Final = 300


def in_code(credentials: Credentials | CredentialsFunction) -> Provider:
    """Provide credentials that were given in code, or what a function gives, called anew before they end.

    Raises:
        ConfigurationError: it is neither.
    """
    if isinstance(credentials, Credentials):
        return given(credentials)
    unchecked: object = credentials  # what callers without a type checker give
    if isinstance(unchecked, type) or not callable(unchecked):
        shown = f"the class {unchecked.__name__}" if isinstance(unchecked, type) else f"a {type(unchecked).__name__}"
        raise ConfigurationError(
            f"credentials is {shown}; give Credentials(…), a function without arguments that gives them, or None"
        )
    return _function(credentials)


def _function(function: CredentialsFunction) -> Provider:
    name = f"your provider {getattr(function, '__qualname__', type(function).__qualname__)}"

    def provide() -> Flow[Credentials]:
        try:
            result: object = yield from call(function)
        except (CredentialsError, ConfigurationError):
            raise
        except Exception as error:
            text = str(error)[:_LONGEST_TEXT]
            raise CredentialsFetchFailed(name, f"{type(error).__name__}{f': {text}' if text else ''}") from error
        if not isinstance(result, Credentials):
            raise CredentialsFetchFailed(name, f"it gives a {type(result).__name__}; give Credentials(…)")
        return attrs.evolve(result, source=name) if result.source == "code" else result

    return provide
