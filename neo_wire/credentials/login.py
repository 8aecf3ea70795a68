"""Credentials of a sign-in with `aws login`, which lasts for hours, in keys that last for minutes.

The keys stand in a cache that the AWS CLI and the SDKs share. Who finds them about to end gets new ones for a refresh
token, and proves with a private key that the token is its own (DPoP).

Source: AWS SDKs and Tools reference guide, login credential provider; AWS sign-in API reference, CreateOAuth2Token.
"""

from __future__ import annotations

import hashlib
import logging
import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from attrs import field, frozen

from neo_wire.attempts import Attempt
from neo_wire.configure import expand_path
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.credentials.dpop import dpop_proof, proof_key
from neo_wire.credentials.json_members import JsonObject, nested, seconds, text, texts, time
from neo_wire.credentials.rest_json import OAuthError, RestJsonService
from neo_wire.credentials.token_file import TokenFile
from neo_wire.errors import (
    CredentialsError,
    CredentialsFetchFailed,
    Headers,
    LoginRequired,
    ResponseDecodeError,
    ServiceError,
    SigningError,
    TransportError,
)
from neo_wire.flow import Flow, monotonic, now
from neo_wire.protocol import timestamps
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.signing.credentials import Credentials
from neo_wire.values import Value

_log: Final = logging.getLogger(__name__)

NAME: Final = "login"
SESSION: Final = "login_session"
CACHE_DIRECTORY: Final = "AWS_LOGIN_CACHE_DIRECTORY"
REFRESH_WINDOW: Final = timedelta(minutes=5)
"""Keys that end no sooner than this are used without a call."""
REFRESH_PAUSE: Final = 60.0
"""Seconds from a failed refresh to the next one, while the keys are still good."""

_KEYS: Final = ("accessKeyId", "secretAccessKey", "sessionToken")
_SIGN_IN_AGAIN: Final = ("TOKEN_EXPIRED", "USER_CREDENTIALS_CHANGED")


@frozen(eq=False, repr=False)
class _Token(Value):
    """What the cache says: its members, those unknown here among them, and what has to be there."""

    members: JsonObject = field(repr=False)
    credentials: Credentials
    expires_at: datetime
    client_id: str
    refresh_token: str = field(repr=False)
    key: str = field(repr=False)
    region: str | None

    @classmethod
    def of(cls, members: JsonObject) -> _Token:
        """Check the members of a cache.

        Raises:
            Mismatch: some are missing or of another type than they should have.
            CredentialsError: the keys have characters that no key has.
        """
        client_id, refresh_token, key = texts(members, "clientId", "refreshToken", "dpopKey")
        access = nested(members, "accessToken")
        key_id, secret, session_token, account_id = texts(access, *_KEYS, "accountId")
        ends = time(access, "expiresAt")
        credentials = Credentials(key_id, secret, session_token, expiration=ends, account_id=account_id, source=NAME)
        return cls(members, credentials, ends, client_id, refresh_token, key, text(members, "signInRegion"))


def find(context: Context) -> Provider | Skipped:
    """The sign-in that the profile names by `login_session`."""
    section = context.section
    if section is None or SESSION not in section.values:
        return Skipped(f"the profile {context.profile!r} has no {SESSION}")
    return _Login(context, section.get(SESSION) or "").provide


def cache_path(session: str, environ: Mapping[str, str], home: str, *, windows: bool = False) -> str:
    """The file that the tokens of a sign-in are kept in."""
    folder = expand_path(environ.get(CACHE_DIRECTORY) or "~/.aws/login/cache", environ, home, windows=windows)
    return f"{folder}/{hashlib.sha256(session.encode()).hexdigest()}.json"


class _Login:
    """One sign-in, over the life of a provider."""

    def __init__(self, context: Context, session: str) -> None:
        self._context = context
        self._session = session
        self._file = TokenFile(cache_path(session, context.environ, context.home, windows=context.windows))
        self._failed_at: float | None = None

    def provide(self) -> Flow[Credentials]:
        """The keys of the cache, which another process may have made new; new ones when they end within 5 minutes."""
        if not self._session:
            raise CredentialsFetchFailed(
                NAME, f"{SESSION} of the profile {self._context.profile!r} is empty; give an ARN"
            )
        token = yield from self._load()
        moment = yield from now()
        if token.expires_at - moment > REFRESH_WINDOW:
            return token.credentials
        reading = yield from monotonic()
        good = token.expires_at > moment
        if good and self._failed_at is not None and reading - self._failed_at < REFRESH_PAUSE:
            return token.credentials
        try:
            fresh = yield from self._refreshed(token)
        except CredentialsFetchFailed as error:
            if not good:
                raise
            self._failed_at = reading
            _log.warning("%s; the keys in hand are used until they end", error)
            return token.credentials
        self._failed_at = None
        yield from self._file.write(fresh.members)
        return fresh.credentials

    def _load(self) -> Flow[_Token]:
        path = self._file.path
        try:
            return _Token.of((yield from self._file.read()))
        except FileNotFoundError:
            reason = f"there is no token of {self._session} in {path}"
        except OSError as error:
            raise CredentialsFetchFailed(NAME, f"{path} cannot be read: {error.strerror or error}") from error
        except (Mismatch, CredentialsError) as error:
            reason = f"the token file {path} cannot be used: {error}"
        raise self._login_required(reason)

    def _refreshed(self, token: _Token) -> Flow[_Token]:
        """New keys from AWS sign-in.

        Raises:
            CredentialsFetchFailed: it gave none; LoginRequired when it will not without a new sign-in.
            MissingExtra: `cryptography` is not installed.
        """
        region = token.region or self._context.region
        if not region:
            raise CredentialsFetchFailed(NAME, "the sign-in names no region, and the client has none: set AWS_REGION")
        service = RestJsonService.of(self._context, NAME, "signin", region)
        url = service.target("v1/token")
        try:
            key = proof_key(token.key)
        except SigningError as error:
            raise self._login_required(f"dpopKey in {self._file.path}: {error}") from None

        def proof(attempt: Attempt) -> Flow[Headers]:
            at = yield from attempt.signing_time()
            return (("DPoP", dpop_proof(key, "POST", url, at, self._context.new_id())),)

        try:
            answer = yield from service.fetch(
                "CreateOAuth2Token",
                "POST",
                url,
                proof=proof,
                body={
                    "clientId": token.client_id,
                    "refreshToken": token.refresh_token,
                    "grantType": "refresh_token",
                },
                secrets=(token.refresh_token,),
            )
            access = nested(answer, "accessToken")
            keys = dict(zip(_KEYS, texts(access, *_KEYS), strict=True))
            ends = (yield from now()) + seconds(answer, "expiresIn")
            (refresh_token,) = texts(answer, "refreshToken")
            kept = nested(token.members, "accessToken")
            expires_at = timestamps.write(ends.replace(microsecond=0), "date-time")
            new = {"accessToken": kept | keys | {"expiresAt": expires_at}, "refreshToken": refresh_token}
            return _Token.of(token.members | new)
        except ServiceError as error:
            raise self._refused(error) from error
        except (TransportError, ResponseDecodeError, Mismatch, CredentialsError) as error:
            raise CredentialsFetchFailed(NAME, f"the keys of {self._session} were not refreshed: {error}") from error

    def _refused(self, error: ServiceError) -> CredentialsFetchFailed:
        kind = error.detail.error if isinstance(error.detail, OAuthError) else ""
        if kind in _SIGN_IN_AGAIN:
            return self._login_required(f"the sign-in of {self._session} has ended: {error}")
        hint = ""
        if kind == "INSUFFICIENT_PERMISSIONS":
            hint = "; the user's policy has to allow signin:CreateOAuth2Token"
        return CredentialsFetchFailed(NAME, f"the keys of {self._session} were not refreshed: {error}{hint}")

    def _login_required(self, reason: str) -> LoginRequired:
        return LoginRequired(NAME, f"{reason}; sign in: aws login --profile {shlex.quote(self._context.profile)}")
