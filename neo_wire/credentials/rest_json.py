"""Calls of the REST-JSON services that credentials come from: SSO, its OIDC service and AWS sign-in.

They share a protocol: unsigned requests, a JSON object back, and one shape of errors, to which OAuth's `error` and
`error_description` may be added.

Source: Smithy 2.0, AWS restJson1 protocol, operation error serialization; RFC 6749 section 5.2, OAuth error response.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Final
from urllib.parse import quote

from attrs import evolve, frozen

from neo_wire.attempts import Attempt, Conversation, converse
from neo_wire.credentials.context import Context
from neo_wire.credentials.json_members import MAX_LENGTH, JsonObject, read_object, text_or_empty
from neo_wire.credentials.reach import reach
from neo_wire.credentials.redaction import blotted, blotted_response
from neo_wire.errors import (
    Headers,
    ResponseDecodeError,
    ServiceError,
    UndecodableErrorResponse,
)
from neo_wire.flow import Flow
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.protocol.error_mapper import map_error, request_id
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.values import Value

_LONGEST_MESSAGE: Final = 500
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


@frozen(eq=False, repr=False)
class OAuthError(Value):
    """What the body of an error says in the members of OAuth; empty when it does not.

    Attributes:
        error: the kind, such as "invalid_grant" or "TOKEN_EXPIRED".
        description: for a human.
    """

    error: str
    description: str


@frozen(eq=False, repr=False)
class RestJsonService(Value):
    """One of the services as the settings of a client reach it.

    Attributes:
        url: the endpoint; its path ends in "/".
        conversation: how attempts are made.
        user_agent: the client's.
    """

    url: Url
    conversation: Conversation
    user_agent: str

    @classmethod
    def of(cls, context: Context, provider: str, service: str, region: str) -> RestJsonService:
        """The service in a region, or at the URL that the settings give.

        Args:
            context: of the chain.
            provider: the source of credentials that asks, for messages.
            service: "sso", "sso-oidc" or "signin".
            region: that of the sign-in, which need not be the client's.

        Raises:
            CredentialsFetchFailed: no endpoint can be made of the region or the URL.
        """
        url = reach(context, provider, service, region).url
        return cls(url, context.conversation(url), context.user_agent)

    def target(self, path: str, query: Mapping[str, str] | None = None) -> Url:
        """The URL of an operation: its path below the endpoint's, and its query."""
        pairs = (f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in (query or {}).items())
        return evolve(self.url, path=self.url.path + path, query="&".join(pairs))

    def fetch(
        self,
        operation: str,
        method: str,
        url: Url,
        *,
        headers: Headers = (),
        proof: Callable[[Attempt], Flow[Headers]] | None = None,
        body: Mapping[str, str] | None = None,
        secrets: Collection[str] = (),
    ) -> Flow[JsonObject]:
        """Call an operation and have the object that it answers.

        Args:
            operation: its name, for messages.
            method: of HTTP.
            url: as `target` makes it.
            headers: those of the operation.
            proof: makes those that are new at each attempt.
            body: sent as JSON; None for none.
            secrets: what was sent and is blotted out where an error quotes it.

        Raises:
            ServiceError: the service refused or failed the request.
            TransportError: no usable answer came back.
            ResponseDecodeError: the answer is no JSON object.
        """
        data = b"" if body is None else json.dumps(body).encode("ascii")

        def prepare(attempt: Attempt) -> Flow[HttpRequest]:
            fresh = (yield from proof(attempt)) if proof else ()
            return unsigned_request(method, url, headers + fresh, data, user_agent=self.user_agent)

        def read(response: HttpResponse, attempt: Attempt) -> JsonObject:
            if not 200 <= response.status < 300:
                raise read_error(response, operation, attempts=attempt.number, secrets=secrets)
            try:
                return read_object(response.body)
            except Mismatch as mismatch:
                reason = str(mismatch)
            # Raised below the handler and without an excerpt, as what was read may hold secrets.
            raise ResponseDecodeError(
                f"{operation}: {reason}",
                status=response.status,
                request_id=request_id(response),
                attempts=attempt.number,
            )

        return (yield from converse(prepare, read, self.conversation, max_body=MAX_LENGTH, operation=operation))


def unsigned_request(method: str, url: Url, headers: Headers, body: bytes = b"", *, user_agent: str) -> HttpRequest:
    """A request that nobody signs, with all that HTTP asks for."""
    complete = (
        ("Host", url.authority),
        *headers,
        ("Accept", "application/json"),
        ("Accept-Encoding", "identity"),
        ("User-Agent", user_agent),
    )
    if body:
        complete += (("Content-Type", "application/json"),)
    if body or method in ("POST", "PUT"):
        complete += (("Content-Length", str(len(body))),)
    return HttpRequest(method, url, complete, body)


def read_error(
    response: HttpResponse, operation: str, *, attempts: int = 1, secrets: Collection[str] = ()
) -> ServiceError:
    """The exception that an error response stands for, its `detail` an OAuthError; it is returned, not raised.

    Args:
        response: one with a status that is no success.
        operation: what was called.
        attempts: how many times the request was sent.
        secrets: what is blotted out.
    """
    response = blotted_response(response, secrets)
    error = map_error(response, attempts=attempts)
    try:
        body = read_object(response.body)
    except Mismatch:
        body = {}
    error.operation = operation
    said = (shown(text_or_empty(body, name), secrets) for name in ("error", "error_description"))
    error.detail = oauth = OAuthError(*said)
    message = error.message
    if oauth.error or oauth.description:
        message = next(filter(None, (text_or_empty(body, key) for key in ("message", "Message"))), oauth.description)
        message = ": ".join(filter(None, (oauth.error, message)))
        if error.code == f"HTTP{response.status}" and oauth.error:
            error.code = oauth.error
    error.message = shown(message, secrets)
    if isinstance(error, UndecodableErrorResponse):
        error.excerpt = shown(error.excerpt, secrets)
    error.args = (error.message,)
    return error


def shown(text: str, secrets: Collection[str] = ()) -> str:
    """What a service said, fit for a message: in one line, cut, and without what is secret."""
    text = _UNPRINTABLE.sub(" ", blotted(text, secrets)).strip()
    return text if len(text) <= _LONGEST_MESSAGE else text[:_LONGEST_MESSAGE] + "…"
