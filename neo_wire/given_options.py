"""The options of a client as they were given in code: which there are, and what of them shows at once to be wrong.

What type each has is said in `client_options`, which is for type checkers and readers: it takes long to import.
"""

from __future__ import annotations

from collections.abc import Mapping
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final

from neo_wire.errors import ConfigurationError
from neo_wire.http import Timeout, Tls
from neo_wire.signing.credentials import Credentials

if TYPE_CHECKING:
    from neo_wire.client_options import ClientOptions

SETTINGS: Final = {  # options that are settings: each by the name that it has among them
    "profile": "profile",
    "region": "region",
    "endpoint_url": "endpoint_url",
    "max_attempts": "max_attempts",
    "retry_mode": "retry_mode",
    "defaults_mode": "defaults_mode",
    "use_fips_endpoint": "use_fips_endpoint",
    "use_dualstack_endpoint": "use_dualstack_endpoint",
    "ca_bundle": "ca_bundle",
    "app_id": "sdk_ua_app_id",
}
CALL_OPTIONS: Final = frozenset({"endpoint_url", "max_attempts", "on_event", "region", "timeout", "validate_input"})
"""The names in `CallOptions`."""

CLIENT_OPTIONS: Final = (
    CALL_OPTIONS
    | set(SETTINGS)
    | {"client_cert", "clock", "credentials", "environ", "http2", "json_loads", "max_connections", "mfa", "proxies"}
    | {"ssl_context", "user_agent_extra"}
)
"""The names in `ClientOptions`."""


def refuse_unknown(options: Mapping[str, object]) -> None:
    """Refuse what is no option of a client.

    Raises:
        TypeError: it has a name that no option has.
    """
    if unknown := sorted(set(options) - CLIENT_OPTIONS):
        known = ", ".join(sorted(CLIENT_OPTIONS))
        raise TypeError(f"no such option: {', '.join(unknown)}; there are transport, {known}")


def refuse_underivable(changes: Mapping[str, object]) -> None:
    """Refuse what a derived client cannot have of its own.

    Raises:
        TypeError: it is no option of `with_options`.
    """
    if unknown := sorted(set(changes) - CALL_OPTIONS):
        raise TypeError(f"with_options takes {', '.join(sorted(CALL_OPTIONS))}, not {unknown[0]}")


def settings_in_code(options: ClientOptions) -> dict[str, object]:
    """The options that are settings, by the names that they have there."""
    given: dict[str, Any] = dict(options)  # Any: options of every type
    return {setting: given[name] for name, setting in SETTINGS.items() if given.get(name) is not None}


def timeout_in_code(given: Timeout | float | None) -> Timeout | None:
    """The timeouts; a number bounds them all."""
    if given is None or isinstance(given, Timeout):
        return given
    return Timeout(given, given, given, given, given)


def tls_in_code(options: ClientOptions) -> Tls:
    """How TLS is set up, but for the CA bundle, which is a setting."""
    given = options.get("client_cert")
    cert, key = (given, None) if given is None or isinstance(given, str) else given
    return Tls(client_cert=cert, client_key=key, context=options.get("ssl_context"))


def check_credentials(given: object) -> None:
    """Refuse what neither is credentials nor could give them.

    Raises:
        ConfigurationError: it is neither.
    """
    if given is not None and not isinstance(given, Credentials) and not callable(given):
        raise ConfigurationError(
            f"credentials is a {type(given).__name__}; give Credentials(…), a function that gives them, or None"
        )


def check_callback(given: object) -> None:
    """Refuse what cannot be told of events.

    Raises:
        ConfigurationError: it cannot be called, or would have to be awaited.
    """
    if given is not None and (not callable(given) or iscoroutinefunction(given) or iscoroutinefunction(given.__call__)):
        raise ConfigurationError(
            f"on_event is {given!r}; give a plain function, which is called with each event and awaited by nobody"
        )
