"""What the providers of the chain are told: the environment, the profile files and how to converse."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from neo_wire.attempts import Conversation
from neo_wire.flow import Flow
from neo_wire.http import Url
from neo_wire.signing.credentials import Credentials
from neo_wire.values import Value

if TYPE_CHECKING:
    from neo_wire.config.profile_files import ProfileFiles, Section
    from neo_wire.config.settings import Settings

Provider: TypeAlias = Callable[[], Flow[Credentials]]
"""A source that is configured: each call fetches, as a flow. What it keeps between fetches is its own."""


@frozen(eq=False, repr=False)
class Skipped(Value):
    """A source that is not configured, and why; the chain goes on to the next."""

    reason: str


class NothingFound(Exception):  # no error, but an answer
    """Raised by a provider that can be found out only by asking, as IMDS, and has nothing: the chain goes on."""


@frozen(eq=False, repr=False, kw_only=True)
class Context(Value):
    """What the providers are told. Finding out whether a source is configured asks for no I/O.

    Attributes:
        settings: of the client.
        files: the config and the credentials file.
        profile: the name of the profile that is looked at: the client's, or one that it draws on by source_profile.
        profile_in_code: whether it was named in code or by another profile, which puts aside the environment variables
            that hold credentials or a web identity.
        environ: the environment variables.
        home: the user's home folder.
        region: of the client; None when there is none yet.
        conversation: how to converse with the service at a URL: retries, timeouts and route. Each has a quota of its
            own, apart from the client's.
        mfa: gives the code of an MFA device, by its serial number or ARN; None: there is nobody to ask.
        random: a number from 0 to 1.
        new_id: a new UUID as text.
        user_agent: the client's.
        windows: whether the machine runs Windows.
    """

    settings: Settings
    files: ProfileFiles
    profile: str
    profile_in_code: bool = False
    environ: Mapping[str, str] = field(repr=False)  # secrets stand here
    home: str
    region: str | None
    conversation: Callable[[Url], Conversation]
    mfa: Callable[[str], str | Awaitable[str]] | None
    random: Callable[[], float]
    new_id: Callable[[], str]
    user_agent: str
    windows: bool = False

    @property
    def section(self) -> Section | None:
        """What the files say of the profile, the credentials file over the config file; None when it is in neither."""
        return self.files.profiles.get(self.profile)
