"""Credentials of an IAM role, from STS AssumeRole, for a profile that asks for it with role_arn.

A profile names what the role is assumed with: another profile (source_profile), which may assume a role itself and so
begin a chain, or a source (credential_source). The chain is followed, and all that is wrong with it found, before
anything is sent; STS is called when the credentials are first needed, and again before they end.

Source: AWS SDKs and Tools reference guide, assume role credential provider; AWS STS API reference, AssumeRole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import define

from neo_wire.credentials.cache import CredentialsCache
from neo_wire.credentials.context import Context, NothingFound, Provider, Skipped
from neo_wire.credentials.profile_keys import ProfileKeys
from neo_wire.credentials.sts import ROLE_ARN, SESSION_NAME, Sts
from neo_wire.errors import CredentialsFetchFailed, NeoWireError
from neo_wire.flow import Flow, call
from neo_wire.signing.credentials import Credentials

if TYPE_CHECKING:
    from neo_wire.config.profile_files import Section

NAME: Final = "assume role"
CREDENTIAL_SOURCES: Final = ("Environment", "Ec2InstanceMetadata", "EcsContainer")
"""What credential_source can be; in this spelling alone, as in the other SDKs."""

Find: TypeAlias = Callable[[str], Provider | Skipped]
"""Finds credentials to assume a role with, by the name of a profile or of a credential source."""

_LONGEST_CHAIN: Final = 32
_STATIC_KEYS: Final = frozenset({"aws_access_key_id", "aws_secret_access_key"})
_EXTERNAL_ID: Final = re.compile(r"[\w+=,.@:/-]{2,1224}", re.ASCII)
_MFA_SERIAL: Final = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
_MFA_CODE: Final = re.compile(r"[0-9]{6}")
_DURATIONS: Final = range(900, 43201)


def find(context: Context, resolve_profile: Find, resolve_source: Find) -> Provider | Skipped:
    """The role that the profile of the context asks for.

    Args:
        context: what the providers are told.
        resolve_profile: finds the credentials of a source profile that does not assume a role itself: its static keys,
            SSO, a web identity and so on, but nothing from the environment variables.
        resolve_source: finds those of one of `CREDENTIAL_SOURCES`.

    Raises:
        CredentialsFetchFailed: the profile, or one that it draws on, has a value that STS does not take, names no
            source or two, or draws on itself; a source has no credentials; there is no region, or nobody to ask for the
            code of an MFA device.
    """
    if context.section is None or not asks_for_role(context.section):
        return Skipped(f"the profile {context.profile!r} has no role_arn, or leaves it to web_identity_token_file")
    return _Chain(context, resolve_profile, resolve_source).assume((context.profile,))


def asks_for_role(section: Section) -> bool:
    """Whether a profile wants a role assumed; one with a web identity token leaves role_arn to that."""
    return "role_arn" in section.values and "web_identity_token_file" not in section.values


@define(eq=False, repr=False)
class _Chain:
    """Roles that are assumed one with another, from the last to the first."""

    context: Context
    resolve_profile: Find
    resolve_source: Find

    def assume(self, visited: tuple[str, ...]) -> Provider:
        """The role of the last of the visited profiles."""
        name = visited[-1]
        section = self.context.files.profiles[name]
        keys = ProfileKeys(section)
        parameters = _parameters(keys, self.context)
        mfa_serial = keys.text("mfa_serial", _MFA_SERIAL, "give the serial number or the ARN of an MFA device")
        if mfa_serial is not None and self.context.mfa is None:
            keys.problems.append("mfa_serial asks for the code of an MFA device; give mfa=, a function that gets it")
        source_profile, credential_source = section.get("source_profile"), section.get("credential_source")
        if (source_profile is None) == (credential_source is None):
            keys.problems.append("role_arn wants one of source_profile and credential_source, and only one")
        elif credential_source is not None and credential_source not in CREDENTIAL_SOURCES:
            keys.problems.append(
                f"credential_source is {credential_source!r} ({section.origin('credential_source')}); give one of "
                f"{', '.join(CREDENTIAL_SOURCES)}"
            )
        elif source_profile is not None:
            keys.problems.extend(self._unusable(source_profile, visited))
        keys.check(NAME)
        found = self._source(source_profile, credential_source, visited)
        signer = CredentialsCache(found, random=self.context.random)
        return _Role(Sts.of(self.context, NAME), parameters, signer, mfa_serial, self.context.mfa)

    def _unusable(self, source_profile: str, visited: tuple[str, ...]) -> list[str]:
        """Why a profile cannot be the source; it may be the one that names it, if that is the first and has a key."""
        profiles = self.context.files.profiles
        if source_profile not in profiles:
            return [f"source_profile is {source_profile!r}, and there is no such profile"]
        own_keys = source_profile == visited[-1] and _has_static_keys(profiles[source_profile])
        if source_profile in visited and not own_keys:
            return [f"source_profile goes round in a circle: {' -> '.join((*visited, source_profile))}"]
        if len(visited) > _LONGEST_CHAIN:
            return [f"source_profile goes on after a chain of {_LONGEST_CHAIN} profiles, which is the longest"]
        return []

    def _source(self, source_profile: str | None, credential_source: str | None, visited: tuple[str, ...]) -> Provider:
        if source_profile is not None:
            section = self.context.files.profiles[source_profile]
            if asks_for_role(section) and not _has_static_keys(section):
                return self.assume((*visited, source_profile))
            what, found = f"source_profile {source_profile!r}", self.resolve_profile(source_profile)
        else:
            what, found = f"credential_source {credential_source}", self.resolve_source(credential_source or "")
        what = f"the profile {visited[-1]!r} draws on {what}, which has no credentials"
        if isinstance(found, Skipped):
            raise CredentialsFetchFailed(NAME, f"{what}: {found.reason}")
        return _certain(found, what)


def _has_static_keys(section: Section) -> bool:
    return not _STATIC_KEYS.isdisjoint(section.values)


def _parameters(keys: ProfileKeys, context: Context) -> dict[str, str]:
    """What is sent to STS, but for the code of an MFA device."""
    session_name = keys.text("role_session_name", SESSION_NAME, "give 2 to 64 letters, digits and _+=,.@-")
    duration = keys.seconds("duration_seconds", _DURATIONS)
    parameters = {
        "RoleArn": keys.text("role_arn", ROLE_ARN, "give the ARN of a role"),
        "RoleSessionName": session_name or f"neo-wire-{context.new_id()}",
        "ExternalId": keys.text("external_id", _EXTERNAL_ID, "give 2 to 1224 letters, digits and _+=,.@:/-"),
        "DurationSeconds": None if duration is None else str(duration),
    }
    return {name: value for name, value in parameters.items() if value is not None}


def _certain(provider: Provider, what: str) -> Provider:
    """A provider for which it is an error to find nothing."""

    def provide() -> Flow[Credentials]:
        try:
            return (yield from provider())
        except NothingFound as nothing:
            raise CredentialsFetchFailed(NAME, f"{what}: {nothing}") from None

    return provide


@define(eq=False, repr=False)
class _Role:
    """Assumes one role each time it is called, with what signs the request.

    The code of an MFA device is asked for until a role was assumed with one. After that nobody waits to be asked, so
    the credentials cannot be had anew.
    """

    sts: Sts
    parameters: Mapping[str, str]
    signer: CredentialsCache
    mfa_serial: str | None
    mfa: Callable[[str], object] | None
    mfa_done: bool = False

    def __call__(self) -> Flow[Credentials]:
        parameters = dict(self.parameters)
        if self.mfa_serial is not None:
            parameters |= {"SerialNumber": self.mfa_serial, "TokenCode": (yield from self._mfa_code(self.mfa_serial))}
        credentials = yield from self.sts.fetch("AssumeRole", parameters, signer=self.signer)
        self.mfa_done = True
        return credentials

    def _mfa_code(self, serial: str) -> Flow[str]:
        if self.mfa_done or self.mfa is None:
            raise CredentialsFetchFailed(
                NAME,
                f"the credentials of {self.parameters['RoleArn']} end, and new ones want a new code of the MFA device "
                f"{serial}, which is asked for once; make a new client",
            )
        ask = self.mfa
        try:
            code = yield from call(lambda: ask(serial))
        except NeoWireError:
            raise
        except Exception as error:
            raise CredentialsFetchFailed(
                NAME, f"the function that gets the code of the MFA device {serial} raised {type(error).__name__}"
            ) from error
        code = code.strip() if isinstance(code, str) else ""
        if not _MFA_CODE.fullmatch(code):
            raise CredentialsFetchFailed(
                NAME, f"what was given for the code of the MFA device {serial} is not 6 digits"
            )
        return code
