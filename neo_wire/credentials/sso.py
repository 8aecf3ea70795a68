"""Credentials of a role that IAM Identity Center (SSO) lets the user who signed in take on.

Source: AWS SDKs and Tools reference guide, IAM Identity Center credential provider; IAM Identity Center portal API
reference, GetRoleCredentials.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from neo_wire.config.profile_files import Section
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.credentials.json_members import epoch_milliseconds, nested, texts
from neo_wire.credentials.rest_json import RestJsonService
from neo_wire.credentials.sso_tokens import NAME, SsoSession, SsoTokens
from neo_wire.errors import CredentialsError, CredentialsFetchFailed, ResponseDecodeError, ServiceError, TransportError
from neo_wire.flow import Flow
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.signing.credentials import Credentials
from neo_wire.values import Value

SESSION: Final = "sso_session"
ACCOUNT_ID: Final = "sso_account_id"
ROLE_NAME: Final = "sso_role_name"
START_URL: Final = "sso_start_url"
REGION: Final = "sso_region"


@frozen(eq=False, repr=False)
class _Role(Value):
    """What a profile says: the role, and where the user signs in for it."""

    account_id: str
    name: str
    session: SsoSession


def find(context: Context) -> Provider | Skipped:
    """The role that the profile names by `sso_account_id` and `sso_role_name`."""
    section = context.section
    if section is None or not (ACCOUNT_ID in section.values or ROLE_NAME in section.values):
        return Skipped(f"the profile {context.profile!r} has no {ACCOUNT_ID} and no {ROLE_NAME}")
    tokens: SsoTokens | None = None

    def provide() -> Flow[Credentials]:
        nonlocal tokens
        role = _role(context, section)
        tokens = tokens or SsoTokens(context, role.session)
        return (yield from _fetch(context, role, tokens))

    return provide


def _role(context: Context, section: Section) -> _Role:
    """What the profile says, all that is wrong with it in one error.

    Raises:
        CredentialsFetchFailed: keys are missing or contradict each other, or the SSO session does not exist.
    """
    problems = []
    values = {key: section.get(key) or "" for key in (ACCOUNT_ID, ROLE_NAME, START_URL, REGION)}
    places = f"the profile {context.profile!r}"
    session_name = section.get(SESSION)
    if SESSION in section.values:
        session = context.files.sso_sessions.get(session_name or "")
        if session is None:
            there = ", ".join(sorted(context.files.sso_sessions)) or "none"
            raise CredentialsFetchFailed(
                NAME,
                f"{places} ({section.origin(SESSION)}) names the SSO session {session_name!r}, and "
                f"{context.files.config_path} has no section [sso-session {session_name}]; it has: {there}",
            )
        places += f" and its [sso-session {session_name}]"
        for key in (START_URL, REGION):
            own, shared = section.get(key), session.get(key)
            if own and shared and own != shared:
                problems.append(
                    f"{key} is {own!r} in {section.origin(key)} and {shared!r} in {session.origin(key)}: remove one"
                )
            values[key] = shared or own or ""
    if missing := [key for key, value in values.items() if not value]:
        problems.append(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing from {places}")
    if problems:
        raise CredentialsFetchFailed(NAME, "; ".join(problems))
    where = SsoSession(session_name, values[START_URL], values[REGION])
    return _Role(values[ACCOUNT_ID], values[ROLE_NAME], where)


def _fetch(context: Context, role: _Role, tokens: SsoTokens) -> Flow[Credentials]:
    service = RestJsonService.of(context, NAME, "sso", role.session.region)
    access_token = yield from tokens.current()
    described = f"the role {role.name!r} in the account {role.account_id!r}"
    try:
        answer = yield from service.fetch(
            "GetRoleCredentials",
            "GET",
            service.target("federation/credentials", {"role_name": role.name, "account_id": role.account_id}),
            headers=(("x-amz-sso_bearer_token", access_token),),
            secrets=(access_token,),
        )
        members = nested(answer, "roleCredentials")
        access_key_id, secret_access_key, session_token = texts(
            members, "accessKeyId", "secretAccessKey", "sessionToken"
        )
        return Credentials(
            access_key_id,
            secret_access_key,
            session_token,
            expiration=epoch_milliseconds(members, "expiration"),
            account_id=role.account_id,
            source=NAME,
        )
    except (ServiceError, TransportError, ResponseDecodeError) as error:
        if isinstance(error, ServiceError) and error.status == 401:
            raise tokens.login_required(f"{role.session} has ended: {error}") from error
        raise CredentialsFetchFailed(NAME, f"{described}: {error}") from error
    except (Mismatch, CredentialsError) as error:
        raise CredentialsFetchFailed(NAME, f"the answer for {described} cannot be used: {error}") from None
