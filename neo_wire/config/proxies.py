"""Proxies: which one, if any, a URL is reached through, from the code or the usual environment variables.

Source: the rules that `urllib.request` keeps for `http_proxy` and `no_proxy`, with IPv6 addresses added.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from neo_wire.config.addresses import ipv6, is_link_address
from neo_wire.config.endpoints import is_loopback
from neo_wire.errors import ConfigurationError
from neo_wire.http import DEFAULT_PORTS, Url

_SCHEMES: Final = ("http", "https", "socks5", "socks5h")
_CODE_KEYS: Final = ("http", "https", "all", "no")
_PROXY: Final = (
    r"(?:(?P<scheme>[a-zA-Z0-9]+)://)?(?P<user>(?:(?![/?#])[!-~])*@)?"
    r"(?P<host>[A-Za-z0-9_.-]{1,255}|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{0,5}))?/?"
)


def proxy_for(url: Url, environ: Mapping[str, str], code: Mapping[str, str] | None = None) -> str | None:
    """The URL of the proxy that a URL is reached through, user name and password in it; None for a direct connection.

    Loopback, link-local and metadata addresses are always reached directly: what a proxy finds there is not this
    machine's.

    Args:
        url: where a request goes.
        environ: the environment variables: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, in lower case before upper
            case; one that is empty in lower case is not set. HTTP_PROXY does not count in a CGI program, where the
            header "Proxy" of a request sets it.
        code: in place of all of these variables: "http", "https" and "all" to a proxy's URL, "no" to the hosts that
            need none. An empty mapping turns proxies off.

    Raises:
        ConfigurationError: a value is no proxy's URL, or `code` has an unknown key; no password is in the message.
    """
    if code is not None and (unknown := sorted(set(code) - set(_CODE_KEYS))):
        raise ConfigurationError(f"proxies has {', '.join(map(repr, unknown))}; the keys are {', '.join(_CODE_KEYS)}")
    if is_loopback(url.host) or is_link_address(url.host):
        return None
    for kind in (url.scheme, "all"):
        source, value = _setting(kind, environ, code)
        if value:
            _, exempt = _setting("no", environ, code)
            return None if exempt and is_exempt(url, exempt) else _proxy_url(value, source)
    return None


def masked(proxy: str) -> str:
    """A proxy's URL for a message or a log: without the user name and the password."""
    scheme, _, rest = proxy.rpartition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme or 'http'}://{'***' if user else ''}{at}{host}"


def _setting(kind: str, environ: Mapping[str, str], code: Mapping[str, str] | None) -> tuple[str, str | None]:
    """The value of one kind, and what it is called."""
    if code is not None:
        return f"proxies[{kind!r}]", code.get(kind)
    name = f"{kind}_proxy"
    found = {key: value for key, value in environ.items() if key.lower() == name}
    if name in found:
        return name, found[name]
    if kind == "http" and "REQUEST_METHOD" in environ:
        return name, None
    return next(((key, value) for key, value in found.items() if value), (name, None))


def is_exempt(url: Url, no_proxy: str) -> bool:
    """Whether a list of hosts, as NO_PROXY has it, names a URL's host, a domain above it, or either with the port.

    A leading dot makes no difference, and "*" alone names every host. An IPv6 address may stand in brackets. A network
    such as 10.0.0.0/8 names no host.
    """
    if no_proxy == "*":
        return True
    port = f":{url.port or DEFAULT_PORTS[url.scheme]}"
    address = ipv6(url.host)
    for item in no_proxy.lower().split(","):
        name = item.strip().lstrip(".")
        if address:
            bare = name.removesuffix(port).removeprefix("[").removesuffix("]") if name.startswith("[") else name
            exempt = ipv6(bare) == address
        else:
            exempt = bool(name) and any(f".{host}".endswith(f".{name}") for host in (url.host, url.host + port))
        if exempt:
            return True
    return False


def _proxy_url(value: str, source: str) -> str:
    """A proxy's URL in one form: with its scheme, without a path."""
    whole = re.fullmatch(_PROXY, value.strip())
    scheme = (whole["scheme"] or "http").lower() if whole else ""
    if not whole or scheme not in _SCHEMES or int(whole["port"] or 1) not in range(1, 65536):
        raise ConfigurationError(
            f"{source} is no URL of a proxy; write it as http://host:port or http://user:password@host:port, with "
            f"{', '.join(_SCHEMES)} for a scheme, and odd characters of the password percent-encoded"
        )
    port = f":{whole['port']}" if whole["port"] else ""
    return f"{scheme}://{whole['user'] or ''}{whole['host'].lower()}{port}"
