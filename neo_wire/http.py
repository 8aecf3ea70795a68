"""HTTP requests and responses as frozen values: all that the layers below the transports know of HTTP.

A request is what goes over the wire, to the byte: its URL in wire form, its headers in order, its whole body. So what
was signed can be compared with what is sent.
"""

from __future__ import annotations

from typing import Final

from attrs import field, frozen

from neo_wire.errors import ConfigurationError, Headers
from neo_wire.values import Value

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_IN_NAME: Final = frozenset(_LETTERS + "0123456789.-_")
_IN_IPV6: Final = frozenset("0123456789abcdefABCDEF:.")
_LONGEST_PORT: Final = 5
_LONGEST_LABEL: Final = 63
_PATH_SAFE = "/:@!$&'()*+,;=~%"
_QUERY_SAFE = _PATH_SAFE + "?"
_LONGEST_WAIT: Final = 2_147_483.0  # what a socket can wait: milliseconds of 31 bits


@frozen(eq=False, repr=False)
class Url(Value):
    """A URL taken apart, in wire form: only printable ASCII, percent-encoded once.

    Attributes:
        scheme: "http" or "https".
        host: name or address in lower case; an IPv6 address without its brackets.
        port: None when it is the scheme's default.
        path: begins with "/".
        query: without the "?"; may be empty.
    """

    scheme: str
    host: str
    port: int | None = None
    path: str = "/"
    query: str = field(default="", repr=False)  # signatures and tokens of a presigned URL stand here
    authority: str = field(init=False, repr=False, eq=False)
    """The value of the Host header: brackets around IPv6, the port only when it is not the default."""

    @authority.default
    def _authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @classmethod
    def parse(cls, text: str) -> Url:
        """Take an http or https URL apart; characters that no wire form may have are percent-encoded.

        Raises:
            ConfigurationError: another scheme, a user name or password, no valid host or port, control characters.
        """
        if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
            raise ConfigurationError("the URL has a control character in it; remove it")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise ConfigurationError("the URL has a lone surrogate in it, which UTF-8 cannot express")
        scheme, is_url, rest = text.partition("://")
        scheme = scheme.lower()
        if not is_url or scheme not in DEFAULT_PORTS:
            raise ConfigurationError(f"{_shown(text)} is not an http:// or https:// URL")
        rest, _, query = rest.partition("#")[0].partition("?")
        authority, slash, path = rest.partition("/")
        if "@" in authority:
            raise ConfigurationError("the URL has a user name or password before its host; remove it, it is never sent")
        host, number = _host_and_port(authority)
        port = int(number) if number else None
        if not host or (port is not None and not 0 < port < 65536):
            raise ConfigurationError(f"{_shown(text)} has no valid host and port")
        return cls(
            scheme=scheme,
            host=host.lower(),
            port=None if port == DEFAULT_PORTS[scheme] else port,
            path=_wire_form(slash + path, _PATH_SAFE) or "/",
            query=_wire_form(query, _QUERY_SAFE),
        )

    @property
    def origin(self) -> str:
        """Scheme, host and port: what a connection is made to."""
        return f"{self.scheme}://{self.authority}"

    @property
    def target(self) -> str:
        """Path and query: what stands in the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def __str__(self) -> str:
        return self.origin + self.target


def _host_and_port(authority: str) -> tuple[str, str]:
    """The host, without the brackets of IPv6, and the digits of the port; both empty when it is no authority."""
    if authority.startswith("["):
        host, closed, rest = authority[1:].partition("]")
        port, allowed = rest[1:], _IN_IPV6
        if not closed or rest[:1] not in ("", ":"):
            return "", ""
    else:
        host, _, port = authority.partition(":")
        allowed = _IN_NAME
    if not allowed.issuperset(host) or len(port) > _LONGEST_PORT or (port and not is_digits(port)):
        return "", ""
    return host, port


def is_digits(text: str) -> bool:
    """Whether a text is one of digits from 0 to 9, at least one."""
    return text.isascii() and text.isdigit()


def is_visible(text: str) -> bool:
    """Whether a text has nothing but visible characters of ASCII, and so no space; an empty one is."""
    return text.isascii() and text.isprintable() and " " not in text


def is_host_label(text: str) -> bool:
    """Whether a text can stand between the dots of a host name, and is not only digits.

    Source: RFC 1123 section 2.1; digits alone would read as a part of an address.
    """
    return (
        0 < len(text) <= _LONGEST_LABEL
        and text.isascii()
        and text.replace("-", "0").isalnum()
        and not text.isdigit()
        and text[0] != "-" != text[-1]
    )


def _wire_form(text: str, safe: str) -> str:
    if is_visible(text):
        return text
    from urllib.parse import quote  # here, as few URLs need it, and it brings ipaddress

    return quote(text, safe)


def _shown(text: str) -> str:
    """The URL for a message, without its query, where signatures and tokens stand, and never one with a password."""
    return "the URL" if "@" in text else repr(text.partition("#")[0].partition("?")[0][:200])


@frozen(eq=False, repr=False)
class HttpRequest(Value):
    """One request as it goes over the wire.

    Attributes:
        method: in upper case.
        url: where it goes, in wire form.
        headers: names and values in order; a name may repeat, case is free.
        body: the whole body; empty for none.
    """

    method: str
    url: Url
    headers: Headers = field(default=(), repr=False)  # Authorization and session tokens stand here
    body: bytes = field(default=b"", repr=False)  # may be of any size

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when it is absent."""
        return _first(self.headers, name)


@frozen(eq=False, repr=False)
class HttpResponse(Value):
    """One response, read to its end.

    Attributes:
        status: the status code.
        headers: names in lower case, in the order of arrival.
        body: the whole body, content codings removed.
        reason: the reason phrase; may be empty.
    """

    status: int
    headers: Headers = ()
    body: bytes = field(default=b"", repr=False)  # may be of any size
    reason: str = ""

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever its case; None when it is absent."""
        return _first(self.headers, name)


def _first(headers: Headers, name: str) -> str | None:
    wanted = name.lower()
    for key, value in headers:
        if key.lower() == wanted:
            return value
    return None


@frozen(eq=False, repr=False)
class Tls(Value):
    """How TLS is set up; the same value shares one set-up in a process.

    Attributes:
        ca_bundle: path of a PEM file, or of a folder, of certificate authorities; None for certifi's.
        client_cert: path of a PEM file with the certificate that the client shows; None for none.
        client_key: path of the private key of `client_cert`; None when it stands in the same file.
        client_key_password: of an encrypted private key.
        context: an `ssl.SSLContext` of the user's own, used instead of all of these.
    """

    ca_bundle: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    client_key_password: str | None = field(default=None, repr=False)
    context: object | None = None


@frozen(eq=False, repr=False)
class Route(Value):
    """How connections to an origin are made.

    Attributes:
        proxy: the URL of the proxy that is used, its user and password in it; None for a direct connection.
        tls: how TLS is set up, to the origin and to an https proxy.
        http2: whether HTTP/2 is offered.
    """

    proxy: str | None = field(default=None, repr=False)  # a password may stand in it
    tls: Tls = Tls()
    http2: bool = False


DIRECT: Final = Route()
"""Straight to the origin, as link-local and loopback addresses are always reached."""


@frozen(eq=False, repr=False)
class Timeout(Value):
    """How long each wait of one exchange may take, and the whole call, in seconds.

    Attributes:
        connect: to make a connection, TLS handshake included.
        read: without a single byte received.
        write: without a single byte accepted.
        pool: until a connection of the pool comes free.
        total: all attempts, the waits between them and the fetching of credentials together.
    """

    connect: float = 60.0
    read: float = 60.0
    write: float = 60.0
    pool: float = 60.0
    total: float = 300.0

    def __attrs_post_init__(self) -> None:
        """Refuse what is no bound: every wait has one."""
        for name in ("connect", "read", "write", "pool", "total"):
            seconds = getattr(self, name)
            if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds <= _LONGEST_WAIT:
                raise ConfigurationError(
                    f"the {name} timeout is {seconds!r}; give a number of seconds above 0, up to {_LONGEST_WAIT:.0f}"
                )
