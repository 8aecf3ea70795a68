"""Key pairs that stand in the credentials file or in the config file.

Source: AWS SDKs and Tools reference guide, shared config and credentials files, and AWS access keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from neo_wire.config.profile_files import Section
from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.errors import PartialCredentials
from neo_wire.flow import Flow
from neo_wire.signing.credentials import Credentials

ACCESS_KEY_ID: Final = "aws_access_key_id"
SECRET_ACCESS_KEY: Final = "aws_secret_access_key"  # noqa: S105  # the key's name
SESSION_TOKENS: Final = ("aws_session_token", "aws_security_token")  # the second is its old name
ACCOUNT_ID: Final = "aws_account_id"


def find_in_credentials_file(context: Context) -> Provider | Skipped:
    """The key pair of the profile in the credentials file; a half of it in the config file does not count."""
    return _find(context, context.files.in_credentials_file, "the credentials file", context.files.credentials_path)


def find_in_config_file(context: Context) -> Provider | Skipped:
    """The key pair of the profile in the config file."""
    return _find(context, context.files.in_config_file, "the config file", context.files.config_path)


def _find(context: Context, sections: Mapping[str, Section], name: str, path: str) -> Provider | Skipped:
    section = sections.get(context.profile)
    if section is None:
        return Skipped(f"{path} has no profile {context.profile!r}")
    if ACCESS_KEY_ID not in section.values:
        alone = f", only {SECRET_ACCESS_KEY}" if SECRET_ACCESS_KEY in section.values else ""
        return Skipped(f"the profile {context.profile!r} in {path} has no {ACCESS_KEY_ID}{alone}")

    def provide() -> Flow[Credentials]:
        yield from ()  # a flow is a generator, even one that asks for nothing
        for key in (ACCESS_KEY_ID, SECRET_ACCESS_KEY):
            if not section.get(key):
                state = "is empty" if key in section.values else "is missing"
                raise PartialCredentials(
                    f"the profile {context.profile!r} in {path}: {key} {state}; give {ACCESS_KEY_ID} and "
                    f"{SECRET_ACCESS_KEY} both, in this file"
                )
        return Credentials(
            section.get(ACCESS_KEY_ID) or "",
            section.get(SECRET_ACCESS_KEY) or "",
            next((token for key in SESSION_TOKENS if (token := section.get(key))), None),
            account_id=section.get(ACCOUNT_ID) or None,
            source=name,
        )

    return provide
