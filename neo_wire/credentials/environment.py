"""Credentials from environment variables, handed in as a mapping.

Source: AWS SDKs and Tools reference guide, AWS access keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.errors import CredentialsError, CredentialsFetchFailed, NoCredentials, PartialCredentials
from neo_wire.flow import Flow
from neo_wire.protocol import timestamps
from neo_wire.signing.credentials import Credentials

ACCESS_KEY_ID: Final = "AWS_ACCESS_KEY_ID"
SECRET_ACCESS_KEY: Final = "AWS_SECRET_ACCESS_KEY"  # noqa: S105  # the variable's name
SESSION_TOKENS: Final = ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")  # the second is its old name
EXPIRATION: Final = "AWS_CREDENTIAL_EXPIRATION"
ACCOUNT_ID: Final = "AWS_ACCOUNT_ID"


def find(context: Context) -> Provider | Skipped:
    """The variables of the context, unless the profile was named in code: who names one means its credentials."""
    if context.profile_in_code:
        return Skipped(f"the profile {context.profile!r} was given in code, which puts the variables aside")
    if not context.environ.get(ACCESS_KEY_ID):
        alone = f", only {SECRET_ACCESS_KEY} is" if context.environ.get(SECRET_ACCESS_KEY) else ""
        return Skipped(f"{ACCESS_KEY_ID} is not set{alone}")
    return provider(context.environ)


def provider(environ: Mapping[str, str]) -> Provider:
    """Provide the credentials of the variables; those that end are read anew, and have to be temporary ones again."""
    temporary = False

    def provide() -> Flow[Credentials]:
        nonlocal temporary
        yield from ()  # a flow is a generator, even one that asks for nothing
        names = (ACCESS_KEY_ID, SECRET_ACCESS_KEY, EXPIRATION)
        if temporary and (gone := [name for name in names if not environ.get(name)]):
            raise CredentialsFetchFailed(
                "the environment",
                f"its credentials end, and {', '.join(gone)} {'is' if len(gone) == 1 else 'are'} no longer set",
            )
        credentials = from_environment(environ)
        temporary = credentials.expiration is not None
        return credentials

    return provide


def from_environment(environ: Mapping[str, str]) -> Credentials:
    """The credentials that the variables hold; an empty variable counts as not set.

    Raises:
        NoCredentials: there is no access key id.
        PartialCredentials: there is one, but no secret.
        CredentialsError: a value that is none, such as a key with a line break at its end.
    """
    access_key_id, secret_access_key = environ.get(ACCESS_KEY_ID), environ.get(SECRET_ACCESS_KEY)
    if not access_key_id:
        raise NoCredentials(
            f"no credentials: set {ACCESS_KEY_ID} and {SECRET_ACCESS_KEY}, or give credentials=Credentials(…) in code"
        )
    if not secret_access_key:
        raise PartialCredentials(f"{ACCESS_KEY_ID} is set, but {SECRET_ACCESS_KEY} is not; set both")
    expiration = environ.get(EXPIRATION)
    try:
        expires_at = timestamps.read(expiration) if expiration else None
    except ValueError:
        raise CredentialsError(f"{EXPIRATION} is {expiration!r}; give a time such as 2026-01-31T12:00:00Z") from None
    return Credentials(
        access_key_id,
        secret_access_key,
        next((environ[name] for name in SESSION_TOKENS if environ.get(name)), None),
        expiration=expires_at,
        account_id=environ.get(ACCOUNT_ID) or None,
        source="the environment",
    )
