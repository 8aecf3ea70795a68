"""Credentials of a container: of an ECS task, an EKS pod (Pod Identity) or a Greengrass component.

The container is told a URL by an environment variable. Only what is near is asked: an agent on a link-local or
loopback address, or an https URL; never by way of a proxy.

Source: AWS SDKs and Tools reference guide, container credential provider; Amazon EKS user guide, Pod Identity.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Final

from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.credentials.json_members import MAX_LENGTH, JsonObject, keys_of_agent, read_object
from neo_wire.credentials.rest_json import read_error, shown, unsigned_request
from neo_wire.errors import (
    ConfigurationError,
    CredentialsError,
    CredentialsFetchFailed,
    Headers,
    ResponseDecodeError,
    TransportError,
)
from neo_wire.flow import Flow, read_file, send, sleep
from neo_wire.http import Route, Timeout, Url
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.signing.credentials import Credentials

NAME: Final = "container"
RELATIVE_URI: Final = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
FULL_URI: Final = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
TOKEN: Final = "AWS_CONTAINER_AUTHORIZATION_TOKEN"  # noqa: S105  # the variable's name
TOKEN_FILE: Final = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"  # noqa: S105  # as above

ATTEMPTS: Final = 3
PAUSE: Final = 1.0
"""Seconds between attempts."""
TIMEOUT: Final = Timeout(connect=2, read=2, write=2, pool=2, total=5)

_AGENT: Final = "http://169.254.170.2"
_AGENTS: Final = ("169.254.170.2", "169.254.170.23", "fd00:ec2::23", "localhost")
_HEADER_VALUE: Final = re.compile(r"[!-~]([ -~]*[!-~])?")


def find(context: Context) -> Provider | Skipped:
    """What answers at the URL of the first of the two variables that is set."""
    environ = context.environ
    if not (environ.get(RELATIVE_URI) or environ.get(FULL_URI)):
        return Skipped(f"neither {RELATIVE_URI} nor {FULL_URI} is set")

    def provide() -> Flow[Credentials]:
        url = credentials_url(environ)
        token = yield from _authorization(environ)
        route = Route(tls=context.conversation(url).route.tls)  # without the client's proxy
        return _credentials((yield from _fetch(url, token, route, context.user_agent)), url)

    return provide


def credentials_url(environ: Mapping[str, str]) -> Url:
    """The URL that the variables name.

    Raises:
        CredentialsFetchFailed: it is none, or one of a host that credentials are not asked of over http.
    """
    relative = environ.get(RELATIVE_URI)
    variable, value = (RELATIVE_URI, relative) if relative else (FULL_URI, environ[FULL_URI])
    if relative and not relative.startswith("/"):
        raise CredentialsFetchFailed(NAME, f"{RELATIVE_URI} does not begin with a slash, so it is no path")
    try:
        url = Url.parse(_AGENT + value if relative else value)
    except ConfigurationError as error:
        raise CredentialsFetchFailed(NAME, f"{variable}: {error}") from None
    if url.scheme == "https" or url.host in _AGENTS or _is_loopback(url.host):
        return url
    raise CredentialsFetchFailed(
        NAME,
        f"{variable} has the host {url.host!r}, which is not asked over http: use https, a loopback address, or one of "
        f"{', '.join(_AGENTS)}",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _authorization(environ: Mapping[str, str]) -> Flow[str]:
    """The token to show; empty for none. Its file is read anew each time, because the token in it is replaced."""
    path = environ.get(TOKEN_FILE)
    if not path:
        source, token = TOKEN, environ.get(TOKEN, "")
    else:
        source = f"the token in {path}, which {TOKEN_FILE} names,"
        try:
            data = yield from read_file(path, max_bytes=MAX_LENGTH)
        except OSError as error:
            raise CredentialsFetchFailed(
                NAME, f"{path}, which {TOKEN_FILE} names, cannot be read: {error.strerror or error}"
            ) from error
        # Whoever wrote the file by hand ended its line; any other line break would begin another header.
        token = re.sub(r"\r?\n\Z", "", data.decode("utf-8", "replace"))
        if not token:
            raise CredentialsFetchFailed(NAME, f"{path}, which {TOKEN_FILE} names, is empty")
    if token and not _HEADER_VALUE.fullmatch(token):
        raise CredentialsFetchFailed(
            NAME, f"{source} has a line break, a space at an end or another character that no token has"
        )
    return token


def _fetch(url: Url, token: str, route: Route, user_agent: str) -> Flow[JsonObject]:
    """The JSON object of a response with status 200, at one of three attempts."""
    headers: Headers = (("Authorization", token),) if token else ()
    request = unsigned_request("GET", url, headers, user_agent=user_agent)
    number = 1
    while True:
        try:
            response = yield from send(request, TIMEOUT, max_body=MAX_LENGTH, route=route)
            if response.status == 200:
                return read_object(response.body)
            # The path is not shown: it may be all that it takes to be given the credentials.
            problem = str(read_error(response, f"GET {url.origin}", secrets=(token,)))
        except (TransportError, ResponseDecodeError) as error:
            problem = str(error)
        except Mismatch as mismatch:
            problem = f"what {url.origin} answers cannot be read: {mismatch}"
        if number == ATTEMPTS:
            raise CredentialsFetchFailed(NAME, f"{shown(problem, (token,))}, after {ATTEMPTS} attempts")
        number += 1
        yield from sleep(PAUSE)


def _credentials(members: JsonObject, url: Url) -> Credentials:
    try:
        return keys_of_agent(members, NAME)
    except (Mismatch, CredentialsError) as error:
        raise CredentialsFetchFailed(NAME, f"what {url.origin} answers are no credentials: {error}") from None
