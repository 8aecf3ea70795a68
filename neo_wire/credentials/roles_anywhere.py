"""Credentials of an IAM role for an X.509 certificate, from IAM Roles Anywhere, without a helper program.

A profile says where the certificate and its private key are, and names what AWS has set up for them:

    [profile edge]
    roles_anywhere_certificate = ~/edge.pem
    roles_anywhere_private_key = ~/edge-key.pem
    roles_anywhere_trust_anchor_arn = arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/…
    roles_anywhere_profile_arn = arn:aws:rolesanywhere:eu-west-1:123456789012:profile/…
    roles_anywhere_role_arn = arn:aws:iam::123456789012:role/edge

The certificate is the end-entity one, in PEM, which its chain may follow, or in DER; the key is RSA or elliptic curve,
in PKCS#8, PKCS#1 or SEC1. These may be added, each after `roles_anywhere_`:

    chain                 a PEM bundle of the certificates between that one and the trust anchor
    pkcs12                a .p12 or .pfx file, in place of certificate, private_key and chain
    password_variable     the environment variable that has the password of the private key or of the .p12
    duration_seconds      900 to 43200; without it the setting of the profile of IAM Roles Anywhere counts
    session_name          if the profile of IAM Roles Anywhere accepts one

The files are read at each fetch, so that a renewed certificate is taken up. The region is that of the trust anchor. A
profile whose credential_process runs AWS's own signing helper is left to that. Needs the package `cryptography`, from
`neo-wire[crypto]`.

Source: IAM Roles Anywhere user guide, "Authentication: the CreateSession API" and "The IAM Roles Anywhere
authentication signing process".
"""

from __future__ import annotations

import json
import re
from typing import Final
from urllib.parse import quote

from attrs import evolve, field, frozen

from neo_wire.attempts import Attempt, Conversation, converse
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.credentials.json_members import MAX_LENGTH, nested, read_object, texts, time
from neo_wire.credentials.profile_keys import ProfileKeys
from neo_wire.credentials.reach import reach
from neo_wire.credentials.sts import ROLE_ARN, SESSION_NAME, account_id_of
from neo_wire.errors import (
    CredentialsError,
    CredentialsFetchFailed,
    ResponseDecodeError,
    ServiceError,
    SigningError,
    TransportError,
)
from neo_wire.flow import Flow, read_file
from neo_wire.http import HttpRequest, HttpResponse, Url
from neo_wire.protocol.error_mapper import map_error, request_id
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import Scope
from neo_wire.signing.x509 import Identity, sign
from neo_wire.values import Value

NAME: Final = "IAM Roles Anywhere"
SERVICE: Final = "rolesanywhere"
PREFIX: Final = "roles_anywhere_"

_MAX_FILE: Final = 1024 * 1024
_ARN: Final = r"arn:[a-z0-9-]+:rolesanywhere:[a-z0-9-]+:[0-9]{12}:%s/[0-9A-Za-z-]{1,64}"
_TRUST_ANCHOR: Final = re.compile(_ARN % "trust-anchor")
_PROFILE: Final = re.compile(_ARN % "profile")
_DURATIONS: Final = range(900, 43201)
_FILES: Final = ("certificate", "private_key", "chain", "pkcs12")
_OTHERS: Final = (
    "trust_anchor_arn",
    "profile_arn",
    "role_arn",
    "password_variable",
    "duration_seconds",
    "session_name",
)
_KNOWN: Final = [PREFIX + name for name in (*_FILES, *_OTHERS)]


def find(context: Context) -> Provider | Skipped:
    """The certificate of the profile, if it has any key that begins with `roles_anywhere_`.

    Raises:
        CredentialsFetchFailed: keys are missing, unknown, contradict each other or have a value that the service does
            not take; the trust anchor and the profile of IAM Roles Anywhere lie in different regions.
    """
    section = context.section
    own = [] if section is None else [key for key in section.values if key.startswith(PREFIX)]
    if not own:
        return Skipped(f"the profile {context.profile!r} has no {PREFIX}certificate")
    keys = ProfileKeys(section)
    unknown = [key for key in own if key not in _KNOWN]
    if unknown:
        keys.problems.append(f"{', '.join(unknown)}: there is no such key; there are {', '.join(_KNOWN)}")
    files = _files(keys, context)
    anchor = _arn(keys, "trust_anchor_arn", _TRUST_ANCHOR, "the ARN of a trust anchor")
    profile = _arn(keys, "profile_arn", _PROFILE, f"the ARN of a profile of {NAME}")
    role = _arn(keys, "role_arn", ROLE_ARN, "the ARN of a role")
    if anchor and profile and _region(anchor) != _region(profile):
        keys.problems.append(
            f"the trust anchor lies in {_region(anchor)}, the profile of {NAME} in {_region(profile)}; take both "
            "from one region"
        )
    wanted = {
        "durationSeconds": keys.seconds(f"{PREFIX}duration_seconds", _DURATIONS),
        "roleSessionName": keys.text(f"{PREFIX}session_name", SESSION_NAME, "give 2 to 64 letters, digits and _+=,.@-"),
    }
    keys.check(NAME)
    url = reach(context, NAME, "RolesAnywhere", _region(anchor)).url
    names = {"profileArn": profile, "roleArn": role, "trustAnchorArn": anchor}
    query = "&".join(f"{name}={quote(arn, safe='')}" for name, arn in names.items())
    return _Session(
        evolve(url, path=f"{url.path}sessions", query=query),
        Scope(_region(anchor), SERVICE),
        json.dumps({name: value for name, value in wanted.items() if value is not None}).encode("ascii"),
        files,
        account_id_of(role),
        context.conversation(url),
        context.user_agent,
    ).fetch


def _arn(keys: ProfileKeys, name: str, pattern: re.Pattern[str], what: str) -> str:
    if keys.find(PREFIX + name)[0] is None:
        keys.problems.append(f"{PREFIX}{name} is missing; give {what}")
    return keys.text(PREFIX + name, pattern, f"give {what}") or ""


def _region(arn: str) -> str:
    return arn.split(":")[3]


@frozen(eq=False, repr=False)
class _Files(Value):
    """Where the certificate and its key are."""

    certificate: str | None
    private_key: str | None
    chain: str | None
    pkcs12: str | None
    password: str | None = field(repr=False)

    def load(self) -> Flow[Identity]:
        """Read the files as they are now."""
        contents: dict[str, bytes] = {}
        for path in filter(None, (self.certificate, self.private_key, self.chain, self.pkcs12)):
            try:
                contents[path] = yield from read_file(path, max_bytes=_MAX_FILE)
            except OSError as error:
                raise CredentialsFetchFailed(NAME, f"{path!r} cannot be read: {error.strerror or error}") from error
        try:
            if self.pkcs12 is not None:
                return Identity.load_pkcs12(contents[self.pkcs12], self.password)
            return Identity.load(
                contents[self.certificate or ""],
                contents[self.private_key or ""],
                password=self.password,
                chain=contents[self.chain] if self.chain else b"",
            )
        except SigningError as error:
            raise CredentialsFetchFailed(NAME, f"{' and '.join(map(repr, contents))}: {error}") from error


def _files(keys: ProfileKeys, context: Context) -> _Files:
    given = [name for name in _FILES if keys.find(PREFIX + name)[0] is not None]
    paths = {name: keys.path(PREFIX + name, context.home) for name in _FILES}
    missing = [name for name in ("certificate", "private_key") if name not in given]
    if "pkcs12" in given and len(given) > 1:
        others = ", ".join(PREFIX + name for name in given if name != "pkcs12")
        keys.problems.append(f"{PREFIX}pkcs12 holds what {others} would; leave one or the other")
    elif missing and "pkcs12" not in given:
        keys.problems.extend(
            f"{PREFIX}{name} is missing; give the path of a file, or {PREFIX}pkcs12" for name in missing
        )
    variable, origin = keys.find(f"{PREFIX}password_variable")
    password = context.environ.get(variable) if variable else None
    if variable is not None and not password:
        # It is not shown, as it may be the password itself.
        keys.problems.append(f"{origin} names no environment variable that is set; give the name of one")
    return _Files(**paths, password=password)


@frozen(eq=False, repr=False)
class _Session(Value):
    """Creates one session each time it fetches, with the certificate that the files hold then."""

    url: Url
    scope: Scope
    body: bytes
    files: _Files
    account_id: str | None
    conversation: Conversation
    user_agent: str

    def fetch(self) -> Flow[Credentials]:
        """Create a session and have its credentials."""
        identity = yield from self.files.load()

        def prepare(attempt: Attempt) -> Flow[HttpRequest]:
            request = HttpRequest("POST", self.url, (("Content-Type", "application/json"),), self.body)
            at = yield from attempt.signing_time()
            try:
                signed = sign(request, identity, self.scope, at)
            except SigningError as error:
                raise CredentialsFetchFailed(NAME, str(error)) from error
            unsigned = (
                ("Accept-Encoding", "identity"),
                ("User-Agent", self.user_agent),
                ("Content-Length", str(len(self.body))),
            )
            return evolve(signed, headers=signed.headers + unsigned)

        def read(response: HttpResponse, attempt: Attempt) -> Credentials:
            if not 200 <= response.status < 300:
                error = map_error(response, attempts=attempt.number)
                error.operation = "CreateSession"
                raise error
            return read_credentials(response, self.account_id)

        try:
            return (
                yield from converse(prepare, read, self.conversation, max_body=MAX_LENGTH, operation="CreateSession")
            )
        except (ServiceError, TransportError, ResponseDecodeError) as error:
            raise CredentialsFetchFailed(NAME, str(error)) from error


def read_credentials(response: HttpResponse, account_id: str | None) -> Credentials:
    """The credentials that a successful answer of CreateSession holds.

    Raises:
        ResponseDecodeError: it is no JSON, has no session, or lacks a part of the credentials.
    """
    try:
        sets = read_object(response.body).get("credentialSet")
        if not isinstance(sets, list) or not sets or not isinstance(sets[0], dict):
            raise Mismatch("credentialSet is missing or empty, or holds no objects")
        found = nested(sets[0], "credentials")
        access_key_id, secret_access_key, session_token = texts(found, "accessKeyId", "secretAccessKey", "sessionToken")
        return Credentials(
            access_key_id,
            secret_access_key,
            session_token,
            expiration=time(found, "expiration"),
            account_id=account_id,
            source=NAME,
        )
    except (CredentialsError, Mismatch) as error:
        reason = str(error)
    # Raised below the handler and without an excerpt, as what was read holds secrets.
    raise ResponseDecodeError(reason, status=response.status, request_id=request_id(response))
