"""Calls of AWS STS for temporary credentials, signed or not.

Source: AWS STS API reference, AssumeRole and AssumeRoleWithWebIdentity.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from attrs import evolve, frozen

from neo_wire.attempts import Attempt, Conversation, converse
from neo_wire.credentials.cache import CredentialsCache
from neo_wire.credentials.context import Context
from neo_wire.credentials.query import CONTENT_TYPE, MAX_ANSWER, first, form, only, read_error, read_xml
from neo_wire.credentials.reach import reach
from neo_wire.errors import (
    CredentialsError,
    CredentialsFetchFailed,
    ResponseDecodeError,
    ServiceError,
    TransportError,
)
from neo_wire.flow import Flow
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.protocol import timestamps
from neo_wire.protocol.error_mapper import request_id
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import Scope, sign
from neo_wire.values import Value

VERSION: Final = "2011-06-15"

ROLE_ARN: Final = re.compile(r"arn:[!-~]{16,2044}")
"""What STS takes for the ARN of a role, as far as it says."""
SESSION_NAME: Final = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
"""What STS takes for the name of a session."""

_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")


@frozen(eq=False, repr=False)
class Sts(Value):
    """STS as the settings of a client reach it.

    Attributes:
        provider: the source of credentials that asks, for messages.
        url: the endpoint.
        scope: what signed requests are signed for.
        conversation: how attempts are made.
        user_agent: the client's.
    """

    provider: str
    url: Url
    scope: Scope
    conversation: Conversation
    user_agent: str

    @classmethod
    def of(cls, context: Context, provider: str) -> Sts:
        """STS in the region of the client, or at the URL that the settings give.

        Raises:
            CredentialsFetchFailed: there is no region, or no endpoint can be made of it.
        """
        if not context.region:
            raise CredentialsFetchFailed(
                provider,
                "STS is called in a region, and there is none: give region=, set AWS_REGION, or write region = … into "
                "the profile",
            )
        endpoint = reach(context, provider, "STS", context.region)
        scope = Scope(endpoint.signing_region, "sts")
        return cls(provider, endpoint.url, scope, context.conversation(endpoint.url), context.user_agent)

    def fetch(
        self,
        action: str,
        parameters: Mapping[str, str],
        *,
        signer: CredentialsCache | None = None,
        secrets: Collection[str] = (),
    ) -> Flow[Credentials]:
        """Call an action that gives temporary credentials, and have them.

        Args:
            action: "AssumeRole" or "AssumeRoleWithWebIdentity".
            parameters: by the names of the API; those of a list are `PolicyArns.member.1.arn` and the like.
            signer: the credentials that the request is signed with; None leaves it unsigned.
            secrets: what of the parameters is blotted out where STS quotes it in an error.

        Raises:
            CredentialsFetchFailed: STS refused or failed the request, no usable answer came back, or what came back are
                no credentials.
            CredentialsError: what the signer raises.
        """
        body = form(action, VERSION, parameters)
        used: list[Credentials] = []  # to sign, the last of them last

        def prepare(attempt: Attempt) -> Flow[HttpRequest]:
            request = HttpRequest("POST", self.url, (("Content-Type", CONTENT_TYPE),), body)
            if signer is None:
                request = evolve(request, headers=(("Host", self.url.authority), *request.headers))
            else:
                used.append((yield from signer.current(attempt.left)))
                request = sign(request, used[-1], self.scope, (yield from attempt.signing_time()))
            unsigned = (
                ("Accept-Encoding", "identity"),
                ("User-Agent", self.user_agent),
                ("Content-Length", str(len(body))),
            )
            return evolve(request, headers=request.headers + unsigned)

        def read(response: HttpResponse, attempt: Attempt) -> Credentials:
            if 200 <= response.status < 300:
                return read_credentials(response, action, self.provider)
            tokens = [each.session_token for each in used if each.session_token]
            raise read_error(response, action, attempts=attempt.number, secrets=(*secrets, *tokens))

        def refresh(seconds: float) -> Flow[bool]:
            return signer is not None and (yield from signer.replace(used[-1], seconds)) is not None

        try:
            return (
                yield from converse(
                    prepare,
                    read,
                    self.conversation,
                    max_body=MAX_ANSWER,
                    operation=action,
                    refresh=None if signer is None else refresh,
                )
            )
        except (ServiceError, TransportError, ResponseDecodeError) as error:
            raise CredentialsFetchFailed(self.provider, str(error)) from error


def read_credentials(response: HttpResponse, action: str, provider: str) -> Credentials:
    """The credentials that a successful answer of an action holds.

    Raises:
        ResponseDecodeError: it is no XML, or lacks a part of the credentials.
    """
    result = f"{action}Result"
    try:
        answer = read_xml(response.body)
        access_key_id, secret_access_key, session_token, expiration = (
            only(answer, result, "Credentials", name)
            for name in ("AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration")
        )
        return Credentials(
            access_key_id,
            secret_access_key,
            session_token,
            expiration=_time(expiration),
            account_id=account_id_of(first(answer, result, "AssumedRoleUser", "Arn")),
            source=provider,
        )
    except (CredentialsError, ValueError) as error:
        reason = str(error)
    # Raised below the handler and without an excerpt, as what was read holds secrets.
    raise ResponseDecodeError(f"{action}: {reason}", status=response.status, request_id=request_id(response))


def account_id_of(arn: str) -> str | None:
    """The account that a resource belongs to; None when the ARN names none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 5 and _ACCOUNT_ID.fullmatch(parts[4]) else None


def _time(text: str) -> datetime:
    try:
        return timestamps.read(text)
    except ValueError as error:
        raise ValueError(f"Expiration is {error}") from None
