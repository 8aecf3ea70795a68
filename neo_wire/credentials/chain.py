"""The order in which sources are asked for credentials. The first that is configured is used, or fails for all.

A source that is not configured is passed over. One that is configured and broken ends the search with its name and the
reason: to go on to another one would sign with credentials that nobody meant. Modules of sources are imported when
they are asked, so that a key pair in the environment costs nothing of the others.

Source: AWS SDKs and Tools reference guide, credential provider chain; botocore searches in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final, TypeAlias

from attrs import evolve

from neo_wire.credentials.context import Context, NothingFound, Provider, Skipped
from neo_wire.credentials.custom import CredentialsFunction, in_code
from neo_wire.credentials.explain import SourceRow, describe, none_found
from neo_wire.errors import (
    ClientClosed,
    ConfigurationError,
    CredentialsError,
    CredentialsFetchFailed,
    NeoWireError,
    NoCredentials,
)
from neo_wire.flow import Flow
from neo_wire.signing.credentials import Credentials

_Find: TypeAlias = Callable[[Context], Provider | Skipped]


class Source:
    """One source, and what it is configured by.

    Attributes:
        name: for messages.
        find: finds out whether it is configured.
        keys: of a profile, by their beginnings. Without any of them, and of the variables, the source is not asked, and
            so its module not imported. None of both: it is asked in any case.
        variables: of the environment.
    """

    __slots__ = ("find", "keys", "name", "variables")

    def __init__(self, name: str, find: _Find, keys: tuple[str, ...] = (), variables: tuple[str, ...] = ()) -> None:
        self.name = name
        self.find = find
        self.keys = keys
        self.variables = variables

    def ask(self, context: Context) -> Provider | Skipped:
        """The credentials of this source, or why there are none.

        Raises:
            CredentialsError: it is configured, and broken.
        """
        section = context.section
        in_profile = section is not None and any(key.startswith(self.keys) for key in section.values)
        in_environment = any(context.environ.get(variable) for variable in self.variables)
        if (self.keys or self.variables) and not in_profile and not in_environment:
            reasons = []
            if self.variables:
                reasons.append(f"{' and '.join(self.variables)} {'are' if self.variables[1:] else 'is'} not set")
            if self.keys:
                keys = " and no ".join(f"{key}…" if key.endswith("_") else key for key in self.keys)
                reasons.append(f"the profile {context.profile!r} has no {keys}")
            return Skipped(", and ".join(reasons))
        try:
            return self.find(context)
        except CredentialsError:
            raise
        except NeoWireError as error:
            raise CredentialsFetchFailed(self.name, str(error)) from error


def _environment(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.environment import find

    return find(context)


def _assume_role(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.assume_role import find

    return find(context, lambda name: of_profile(context, name), lambda name: _named_source(context, name))


def _web_identity(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.web_identity import find

    return find(context)


def _sso(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.sso import find

    return find(context)


def _credentials_file(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.shared_files import find_in_credentials_file

    return find_in_credentials_file(context)


def _login(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.login import find

    return find(context)


def _process(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.process import find

    return find(context)


def _roles_anywhere(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.roles_anywhere import find

    return find(context)


def _config_file(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.shared_files import find_in_config_file

    return find_in_config_file(context)


def _container(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.container import find

    return find(context)


def _imds(context: Context) -> Provider | Skipped:
    from neo_wire.credentials.imds import find

    return find(context)


_OF_A_PROFILE: Final = (
    Source("web identity", _web_identity, ("web_identity_token_file",), ("AWS_WEB_IDENTITY_TOKEN_FILE",)),
    Source("SSO", _sso, ("sso_account_id", "sso_role_name")),
    Source("shared credentials file", _credentials_file),
    Source("login", _login, ("login_session",)),
    Source("process", _process, ("credential_process",)),
    Source("Roles Anywhere", _roles_anywhere, ("roles_anywhere_",)),
    Source("config file", _config_file),
)
SOURCES: Final = (
    Source("environment", _environment),
    Source("assume role", _assume_role, ("role_arn",)),
    *_OF_A_PROFILE,
    Source(
        "container",
        _container,
        variables=("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ),
    Source("instance metadata", _imds),
)
"""Every source, in the order in which they are asked."""
_NAMED: Final = {"Environment": SOURCES[0], "EcsContainer": SOURCES[-2], "Ec2InstanceMetadata": SOURCES[-1]}


def of_profile(context: Context, name: str) -> Provider | Skipped:
    """The credentials that a profile holds by itself: no role that it assumes, and nothing of the environment."""
    inner = evolve(context, profile=name, profile_in_code=True)
    for source in _OF_A_PROFILE:
        found = source.ask(inner)
        if not isinstance(found, Skipped):
            return _named(source, found)
    names = ", ".join(source.name for source in _OF_A_PROFILE)
    return Skipped(f"the profile {name!r} has none of its own ({names})")


def _named_source(context: Context, name: str) -> Provider | Skipped:
    """The source that `credential_source` names; the environment variables count, whoever named the profile."""
    source = _NAMED[name]
    found = source.ask(evolve(context, profile_in_code=False))
    return found if isinstance(found, Skipped) else _named(source, found)


def _named(source: Source, provider: Provider) -> Provider:
    """A provider whose failures all carry the name of the source."""

    def provide() -> Flow[Credentials]:
        try:
            return (yield from provider())
        except (CredentialsError, ClientClosed):
            raise
        except (NeoWireError, OSError) as error:
            raise CredentialsFetchFailed(source.name, str(error)) from error

    return provide


class Chain:
    """Provides the credentials of the first source that is configured, and keeps to it.

    Attributes:
        rows: what each source said in the last search.
    """

    def __init__(self, context: Context, sources: tuple[Source, ...] = SOURCES) -> None:
        self._context = context
        self._sources = sources
        self._chosen: tuple[int, Provider] | None = None
        self._gave = False
        self.rows: tuple[SourceRow, ...] = ()

    def __call__(self) -> Flow[Credentials]:
        """Search, or ask the source that was chosen anew; what it keeps between fetches is kept.

        Raises:
            NoCredentials: no source has any; the message lists all of them.
            CredentialsError: the first that is configured failed.
        """
        if not self._gave:
            return (yield from self._search())
        assert self._chosen is not None  # noqa: S101  # what gave credentials was chosen
        index, provider = self._chosen
        try:
            return (yield from provider())
        except NothingFound as nothing:
            raise CredentialsFetchFailed(
                self._sources[index].name, f"it gave credentials before, and has none now: {nothing}"
            ) from None

    def _search(self) -> Flow[Credentials]:
        rows: list[SourceRow] = []
        try:
            for index, source in enumerate(self._sources):
                if self._chosen is None or self._chosen[0] != index:  # else one that failed before, with what it keeps
                    found = source.ask(self._context)
                    if isinstance(found, Skipped):
                        rows.append(SourceRow(source.name, "skipped", found.reason))
                        continue
                    self._chosen = index, _named(source, found)
                try:
                    credentials = yield from self._chosen[1]()
                except NothingFound as nothing:
                    rows.append(SourceRow(source.name, "tried", str(nothing)))
                    continue
                self._gave = True
                rows.append(SourceRow(source.name, "won", describe(credentials)))
                return credentials
        except NeoWireError as error:
            rows.append(SourceRow(self._sources[len(rows)].name, "failed", str(error)))
            raise
        finally:
            asked = len(rows)
            rest = (SourceRow(source.name, "not asked", "") for source in self._sources[asked:])
            self.rows = (*rows, *rest)
        raise NoCredentials(none_found(rows))


def resolve(context: Context, code: Credentials | CredentialsFunction | None = None) -> Provider:
    """Provide the credentials that were given in code, which end the matter, else those of the chain.

    Raises:
        ConfigurationError: what was given in code is neither credentials nor a function.
    """
    return Chain(context) if code is None else in_code(code)


def explain(context: Context, code: Credentials | CredentialsFunction | None = None) -> Flow[tuple[SourceRow, ...]]:
    """Search as a call would, and tell what each source said; it is asked, so this may send and run what it does."""
    if code is None:
        chain = Chain(context)
        with suppress(CredentialsError):  # it stands in the rows
            yield from chain()
        return chain.rows
    rest = tuple(SourceRow(source.name, "not asked", "") for source in SOURCES)
    try:
        credentials = yield from in_code(code)()
    except (CredentialsError, ConfigurationError) as error:
        return (SourceRow("code", "failed", str(error)), *rest)
    return (SourceRow("code", "won", describe(credentials)), *rest)
