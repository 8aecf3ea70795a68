"""The access token of a sign-in with IAM Identity Center, from the cache that the AWS CLI shares with the SDKs.

The token of an SSO session is refreshed here; one that was cached under its start URL, the older form, never is.

Source: AWS SDKs and Tools reference guide, IAM Identity Center credential provider; IAM Identity Center OIDC API
reference, CreateToken.
"""

from __future__ import annotations

import hashlib
import logging
import shlex
from copy import copy
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from neo_wire.credentials.context import Context
from neo_wire.credentials.json_members import JsonObject, seconds, text, time, visible_text
from neo_wire.credentials.rest_json import RestJsonService
from neo_wire.credentials.token_file import TokenFile
from neo_wire.errors import CredentialsFetchFailed, LoginRequired, ResponseDecodeError, ServiceError, TransportError
from neo_wire.flow import Flow, monotonic, now
from neo_wire.protocol import timestamps
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.values import Value

_log: Final = logging.getLogger(__name__)

NAME: Final = "SSO"
REFRESH_WINDOW: Final = timedelta(minutes=15)
"""A token that ends sooner than this is refreshed."""
REFRESH_PAUSE: Final = 60.0
"""Seconds from one attempt to refresh to the next."""

_REGISTRATION: Final = ("refreshToken", "clientId", "clientSecret", "registrationExpiresAt")


@frozen(eq=False, repr=False)
class SsoSession(Value):
    """Where a sign-in takes place.

    Attributes:
        name: of the `[sso-session …]` section; None for a profile of the older form.
        start_url: the portal's.
        region: of IAM Identity Center.
    """

    name: str | None
    start_url: str
    region: str

    def __str__(self) -> str:
        return f"the SSO session {self.name!r}" if self.name is not None else f"the start URL {self.start_url}"

    def cache_path(self, home: str) -> str:
        """The file that the token is kept in."""
        key = self.start_url if self.name is None else self.name
        return f"{home}/.aws/sso/cache/{hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()}.json"


@frozen(eq=False, repr=False)
class _Token(Value):
    """What the cache says: its members, those unknown here among them, and the two that must be there."""

    members: JsonObject = field(repr=False)
    access_token: str = field(repr=False)
    expires_at: datetime

    @classmethod
    def of(cls, members: JsonObject) -> _Token:
        return cls(members, visible_text(members, "accessToken"), time(members, "expiresAt"))


class SsoTokens:
    """The tokens of one sign-in, over the life of a provider.

    Args:
        context: of the chain; its profile is the one that the user has to sign in with.
        session: where the sign-in takes place.
    """

    def __init__(self, context: Context, session: SsoSession) -> None:
        self._context = context
        self._session = session
        self._file = TokenFile(session.cache_path(context.home))
        self._tried_at: float | None = None
        self._failure: CredentialsFetchFailed | None = None

    def current(self) -> Flow[str]:
        """Have an access token that is valid, refreshed when it ends within 15 minutes and can be refreshed.

        Raises:
            LoginRequired: there is none, it cannot be read, or it has ended and cannot be refreshed.
            CredentialsFetchFailed: it has ended, and its refresh failed for a reason that a sign-in does not mend.
        """
        token = yield from self._load()
        moment = yield from now()
        if self._session.name is not None and token.expires_at - moment < REFRESH_WINDOW:
            token = yield from self._refreshed(token, moment)
        if token.expires_at <= moment:
            if self._failure is not None:
                raise copy(self._failure) from self._failure.__cause__  # it may be raised again
            raise self.login_required(f"the token of {self._session} has ended")
        return token.access_token

    def login_required(self, reason: str) -> LoginRequired:
        """The error that asks the user to sign in."""
        return LoginRequired(NAME, f"{reason}; sign in: aws sso login --profile {shlex.quote(self._context.profile)}")

    def _load(self) -> Flow[_Token]:
        try:
            return _Token.of((yield from self._file.read()))
        except FileNotFoundError:
            reason = f"there is no token of {self._session} in {self._file.path}"
        except OSError as error:
            raise CredentialsFetchFailed(
                NAME, f"{self._file.path} cannot be read: {error.strerror or error}"
            ) from error
        except Mismatch as mismatch:
            reason = f"the token file {self._file.path} cannot be used: {mismatch}"
        raise self.login_required(reason)

    def _refreshed(self, token: _Token, moment: datetime) -> Flow[_Token]:
        """A new token; the old one when it cannot be refreshed now, and why not in `_failure`."""
        reading = yield from monotonic()
        if self._tried_at is not None and reading - self._tried_at < REFRESH_PAUSE:
            return token
        if hindrance := _hindrance(token.members, moment):
            self._failure = self.login_required(f"the token of {self._session} has ended, {hindrance}")
            return token
        self._tried_at = reading
        try:
            fresh = yield from self._create_token(token)
        except CredentialsFetchFailed as error:
            self._failure = error
            _log.warning("%s", error)
            return token
        self._failure = None
        yield from self._file.write(fresh.members)
        return fresh

    def _create_token(self, token: _Token) -> Flow[_Token]:
        """Ask the OIDC service for a token.

        Raises:
            CredentialsFetchFailed: it gave none; LoginRequired when it never will.
        """
        members = token.members
        body = {"grantType": "refresh_token"}
        body |= {name: str(members[name]) for name in ("clientId", "clientSecret", "refreshToken")}
        failed = f"the token of {self._session} was not refreshed"
        try:
            service = RestJsonService.of(self._context, NAME, "sso-oidc", self._session.region)
            answer = yield from service.fetch(
                "CreateToken",
                "POST",
                service.target("token"),
                body=body,
                secrets=(body["clientSecret"], body["refreshToken"], token.access_token),
            )
            ends = (yield from now()) + seconds(answer, "expiresIn")
            fresh = members | {
                "startUrl": self._session.start_url,
                "region": self._session.region,
                "accessToken": visible_text(answer, "accessToken"),
                "expiresAt": timestamps.write(ends.replace(microsecond=0), "date-time"),
                "refreshToken": text(answer, "refreshToken") or body["refreshToken"],
            }
            return _Token.of(fresh)
        except (ServiceError, TransportError, ResponseDecodeError, Mismatch) as error:
            if isinstance(error, ServiceError) and error.fault == "client" and not error.retryable:
                raise self.login_required(f"{failed}: {error}") from error
            raise CredentialsFetchFailed(NAME, f"{failed}: {error}") from error


def _hindrance(members: JsonObject, moment: datetime) -> str:
    """Why a token cannot be refreshed; empty when it can."""
    try:
        if missing := [name for name in _REGISTRATION if not text(members, name)]:
            return f"and cannot be refreshed without {', '.join(missing)}"
        return "and so has its registration" if time(members, "registrationExpiresAt") <= moment else ""
    except Mismatch as mismatch:
        return f"and cannot be refreshed: {mismatch}"
