"""One operation call as one flow: encode, sign, send, decode.

What one call needs of the service, the credentials and the signer comes together here, once, for both drivers; how
attempts follow each other stands in `attempts`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import field, frozen

from neo_wire._version import __version__
from neo_wire.attempts import Attempt, Conversation, converse
from neo_wire.errors import ConfigurationError, RedirectRefused
from neo_wire.flow import NOW, Flow
from neo_wire.http import DIRECT, HttpRequest, HttpResponse, Route, Timeout, Url
from neo_wire.protocol.decoder import JsonLoads
from neo_wire.protocol.json11 import deserialize, serialize
from neo_wire.retries.policy import Retries
from neo_wire.service import Operation
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import Scope, sign
from neo_wire.values import Value

if TYPE_CHECKING:
    from neo_wire.events import Event

I = TypeVar("I")  # noqa: E741  # Smithy's letters for input and output
O = TypeVar("O")  # noqa: E741  # as above

USER_AGENT: Final = f"neo-wire/{__version__} lang/python#{'.'.join(map(str, sys.version_info[:3]))}"


@frozen(eq=False, repr=False)
class CallSettings(Value):
    """What the calls of one client share.

    Attributes:
        url: the endpoint, its path ending in "/".
        scope: region and service that the requests are signed for.
        credentials: asked at each attempt, so that a later attempt may have newer ones; it may take so many seconds.
        timeout: of each exchange, and by `timeout.total` of the whole call.
        validate_input: whether inputs are checked before they are sent.
        json_loads: a JSON parser in place of the standard library's.
        replace: has credentials that the service refused replaced, within so many seconds; it gives None when there are
            no others. None: they never are.
        retries: the policy; None makes one attempt.
        route: how connections are made.
        emit: is told of each event.
        user_agent: the header of that name.
    """

    url: Url
    scope: Scope
    credentials: Callable[[float], Flow[Credentials]]
    timeout: Timeout
    validate_input: bool = True
    json_loads: JsonLoads | None = None
    replace: Callable[[Credentials, float], Flow[Credentials | None]] | None = None
    retries: Retries | None = None
    route: Route = DIRECT
    emit: Callable[[Event], None] | None = None
    user_agent: str = USER_AGENT
    conversation: Conversation = field(init=False, repr=False, eq=False)

    @conversation.default
    def _conversation(self) -> Conversation:
        headers = (("Accept-Encoding", "identity"), ("User-Agent", self.user_agent))
        return Conversation(self.timeout, self.route, self.retries, self.emit, self.url.origin, headers)


def invoke(
    operation: Operation[I, O],
    input: I,  # noqa: A002  # Smithy's word
    settings: CallSettings,
    *,
    began: float | None = None,
) -> Flow[O]:
    """Call one operation; it began now, or when the monotonic clock read `began`.

    The input is encoded at once; what the flow does is the conversation.

    Raises:
        ConfigurationError: the operation is one of another service than the client's; nothing was sent.
        InputValidationError: the input breaks a rule; nothing was sent.
        CredentialsError: there are no credentials to sign an attempt with.
        TransportError: no usable answer came back; CallTimeout when the total timeout was over.
        ServiceError: the service refused or failed the request. A ResourceInUse says by `maybe_created_by_this_call`
            when an earlier attempt of this call may be what took the name.
        ResponseDecodeError: the answer is not what the operation's output says.
    """
    if operation.service.signing_name != settings.scope.service:
        raise ConfigurationError(
            f"{operation.name} is an operation of {operation.service.name}, and the client is one of "
            f"{settings.scope.service!r}; make a JsonClient of the operation's service"
        )
    request = serialize(operation, input, settings.url, validate_input=settings.validate_input)
    used: Credentials | None = None

    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        nonlocal used
        used = yield from settings.credentials(attempt.left)
        return sign(request, used, settings.scope, attempt.corrected((yield NOW)))

    def read(response: HttpResponse, attempt: Attempt) -> O:
        if 300 <= response.status < 400:
            raise _redirect(response, settings.url)
        return deserialize(operation, response, attempts=attempt.number, loads=settings.json_loads)

    def refresh(left: float) -> Flow[bool]:
        if settings.replace is None or used is None:
            return False
        return (yield from settings.replace(used, left)) is not None

    return converse(
        prepare,
        read,
        settings.conversation,
        operation=operation.name,
        modelled=operation.errors + operation.service.errors,
        refresh=refresh,
        began=began,
        long_polling=operation.long_polling,
    )


def _redirect(response: HttpResponse, url: Url) -> RedirectRefused:
    return RedirectRefused(
        f"the server answers HTTP {response.status} and redirects to {_target(response)}; a signed request is not sent "
        "there: set endpoint_url to the right place",
        endpoint=url.origin,
        maybe_processed=response.status == 303,  # RFC 9110 section 15.4.4: the result is elsewhere
    )


def _target(response: HttpResponse) -> str:
    """The origin and path that a redirect points at, without a query, where secrets may stand."""
    location = response.header("location")
    return repr(location.partition("?")[0][:200]) if location else "nowhere"
