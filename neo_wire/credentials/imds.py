"""Credentials of the role of an EC2 instance, from its metadata service (IMDS), and the region that it is in.

While the service fails, the keys in hand are used on, past their end too, because AWS then accepts them for longer
(static stability).

Source: Amazon EC2 user guide, IAM roles for Amazon EC2; AWS SDKs and Tools reference guide, IMDS credential provider.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, TypeVar
from urllib.parse import quote

from attrs import evolve

from neo_wire.credentials.context import Context, NothingFound, Provider, Skipped
from neo_wire.credentials.json_members import JsonObject, keys_of_agent, read_object, text_or_empty
from neo_wire.credentials.metadata_service import NAME, MetadataService, failed
from neo_wire.credentials.rest_json import shown
from neo_wire.errors import CredentialsError, CredentialsFetchFailed
from neo_wire.flow import Flow, now
from neo_wire.protocol.mismatch import Mismatch
from neo_wire.signing.credentials import Credentials

T = TypeVar("T")

_log: Final = logging.getLogger(__name__)

STABILITY_WINDOW: Final = timedelta(minutes=15)
"""Keys that end sooner than this, and 2 to 10 minutes by chance, are said to end then."""

_EXTENDED: Final = "latest/meta-data/iam/security-credentials-extended/"
_LEGACY: Final = "latest/meta-data/iam/security-credentials/"
_REGION: Final = "latest/meta-data/placement/region"
_ZONE: Final = "latest/meta-data/placement/availability-zone"
_REGION_NAME: Final = re.compile(r"[a-z]+(?:-[a-z]+)+-[0-9]+")


def find(context: Context) -> Provider | Skipped:
    """The role of the instance, unless asking is turned off. Whether this is an instance shows when it is asked."""
    if context.settings.ec2_metadata_disabled:
        origin = context.settings.origins.get("ec2_metadata_disabled")
        return Skipped(f"asking the instance metadata service is turned off by ec2_metadata_disabled (from {origin})")
    return _InstanceRole(context).provide


def fetch_region(context: Context) -> Flow[str | None]:
    """The region of the instance, by one try; None when this is no instance, or it does not say."""
    if context.settings.ec2_metadata_disabled:
        return None
    service = MetadataService(context, attempts=1)
    try:
        region = yield from service.get(_REGION, _region)
        return region or (yield from service.get(_ZONE, _region))
    except (NothingFound, CredentialsFetchFailed) as error:
        _log.debug("no region from the instance metadata service: %s", error)
        return None


def _region(body: bytes) -> str:
    """The region of a body that has its name, or that of a zone in it, such as "us-west-2a"."""
    found = _REGION_NAME.match(_first_line(body))
    if found is None:
        raise Mismatch("it is no region and no zone")
    return found[0]


def _first_line(body: bytes) -> str:
    lines = body.decode("utf-8", "replace").strip().splitlines()
    if not lines:
        raise Mismatch("it is empty")
    return lines[0].strip()


class _InstanceRole:
    """The role of the instance, over the life of a provider, which remembers what the service has and what it gave."""

    def __init__(self, context: Context) -> None:
        self._service = MetadataService(context)
        self._random = context.random
        self._configured = context.settings.ec2_instance_profile_name
        self._role: str | None = None
        self._folder: str | None = None  # which of the two this service has, once it is known
        self._last: Credentials | None = None

    def provide(self) -> Flow[Credentials]:
        """The keys that the service gives; those in hand while it fails."""
        try:
            self._last = yield from self._fetch()
        except (NothingFound, CredentialsFetchFailed) as error:
            if self._last is None:
                raise
            _log.warning("no new keys: %s; those in hand are used on", error)
        return self._lasting(self._last, (yield from now()))

    def _lasting(self, credentials: Credentials, moment: datetime) -> Credentials:
        """Keys that end soon, or have ended, said to end later, so that they are used and asked for again by then."""
        window = STABILITY_WINDOW + timedelta(minutes=2 + 8 * self._random())
        if credentials.expiration is None or credentials.expiration - moment > window:
            return credentials
        _log.warning("the instance's keys end at %s and are used on until there are newer ones", credentials.expiration)
        return evolve(credentials, expiration=moment + window)

    def _fetch(self) -> Flow[Credentials]:
        role = self._configured or self._role
        members = (yield from self._at(role, read_object)) if role else None
        if members is None and self._configured:
            raise failed(f"the instance has no role {self._configured!r}, which ec2_instance_profile_name asks for")
        if members is None:
            self._role = role = yield from self._at("", _first_line)
            if role is None:
                raise NothingFound("the instance metadata service is there, and the instance has no role")
            members = yield from self._at(role, read_object)
        if role is None or members is None:
            raise failed(f"the instance's role {role!r} is listed, and not there")
        return _credentials(members, role)

    def _at(self, name: str, read: Callable[[bytes], T]) -> Flow[T | None]:
        """What stands below a name, in the folder that the service has; None when there is nothing."""
        for folder in (self._folder,) if self._folder else (_EXTENDED, _LEGACY):
            found = yield from self._service.get(folder + quote(name, safe=""), read)
            if found is not None:
                self._folder = folder
                return found
        return None


def _credentials(members: JsonObject, role: str) -> Credentials:
    code = text_or_empty(members, "Code")
    if code and code != "Success":
        said = shown(f"{code}: {text_or_empty(members, 'Message')}")
        raise failed(f"there are no keys of the instance's role {role!r}: {said}")
    try:
        return keys_of_agent(members, NAME)
    except (Mismatch, CredentialsError) as error:
        raise failed(f"what stands for the instance's role {role!r} are no credentials: {error}") from None
