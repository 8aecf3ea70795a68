"""One operation call as one flow: encode, sign, send, decode.

What surrounds an attempt (retries, credentials that refresh) is added here, once, for both drivers.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Final, TypeVar

import attrs
from attrs import frozen

from neo_wire._version import __version__
from neo_wire.errors import ConfigurationError, RedirectRefused
from neo_wire.flow import Flow, now, send
from neo_wire.http import HttpRequest, HttpResponse, Timeout, Url
from neo_wire.protocol.decoder import MAX_BODY_BYTES, JsonLoads
from neo_wire.protocol.json11 import deserialize, serialize
from neo_wire.service import Operation
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import Scope, sign

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above

_log: Final = logging.getLogger(__name__)
USER_AGENT: Final = f"neo-wire/{__version__} lang/python#{'.'.join(map(str, sys.version_info[:3]))}"


@frozen
class CallSettings:
    """What the calls of one client share.

    Attributes:
        url: the endpoint, its path ending in "/".
        scope: region and service that the requests are signed for.
        credentials: asked at each attempt, so that a later attempt may have newer ones.
        timeout: of each exchange.
        validate_input: whether inputs are checked before they are sent.
        json_loads: a JSON parser in place of the standard library's.
    """

    url: Url
    scope: Scope
    credentials: Callable[[], Flow[Credentials]]
    timeout: Timeout
    validate_input: bool = True
    json_loads: JsonLoads | None = None


def invoke(operation: Operation[I, O], input: I, settings: CallSettings) -> Flow[O]:  # noqa: A002  # Smithy's word
    """Call one operation.

    Raises:
        ConfigurationError: the operation is one of another service than the client's; nothing was sent.
        InputValidationError: the input breaks a rule; nothing was sent.
        CredentialsError: there are no credentials to sign with; nothing was sent.
        TransportError: no usable answer came back.
        ServiceError: the service refused or failed the request.
        ResponseDecodeError: the answer is not what the operation's output says.
    """
    if operation.service.signing_name != settings.scope.service:
        raise ConfigurationError(
            f"{operation.name} is an operation of {operation.service.name}, and the client is one of "
            f"{settings.scope.service!r}; make a JsonClient of the operation's service"
        )
    request = serialize(operation, input, settings.url, validate_input=settings.validate_input)
    response = yield from _attempt(request, settings)
    _log.debug("%s at %s: HTTP %d", operation.name, settings.url.origin, response.status)
    if 300 <= response.status < 400:
        raise RedirectRefused(
            f"the server answers HTTP {response.status} and redirects to {_target(response)}; a signed request is not "
            "sent there: set endpoint_url to the right place",
            endpoint=settings.url.origin,
            maybe_processed=response.status == 303,  # RFC 9110 section 15.4.4: the result is elsewhere
        )
    return deserialize(operation, response, loads=settings.json_loads)


def _attempt(request: HttpRequest, settings: CallSettings) -> Flow[HttpResponse]:
    credentials = yield from settings.credentials()
    moment = yield from now()
    signed = sign(request, credentials, settings.scope, moment)
    # These stay outside of the signature, as a proxy may rewrite them.
    unsigned = (
        ("Accept-Encoding", "identity"),
        ("User-Agent", USER_AGENT),
        ("Content-Length", str(len(signed.body))),
    )
    complete = attrs.evolve(signed, headers=signed.headers + unsigned)
    return (yield from send(complete, settings.timeout, max_body=MAX_BODY_BYTES))


def _target(response: HttpResponse) -> str:
    """The origin and path that a redirect points at, without a query, where secrets may stand."""
    location = response.header("location")
    return repr(location.partition("?")[0][:200]) if location else "nowhere"
