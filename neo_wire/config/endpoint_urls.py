"""Endpoint URLs that the environment and the profile set, for one service or for all.

Source: AWS SDKs and Tools reference guide, service-specific endpoints.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attrs import field, frozen

from neo_wire.config.profile_files import Section
from neo_wire.config.values import UnusableValue, shown, url
from neo_wire.values import Value

VARIABLE: Final = "AWS_ENDPOINT_URL"


def service_key(service_id: str) -> str:
    """A service's id as it stands in keys: "sso_oidc" for "SSO OIDC"."""
    return service_id.lower().replace(" ", "_").replace("-", "_")


class Configured:
    """An endpoint URL, and where it was set."""

    __slots__ = ("origin", "url")

    def __init__(self, url: str, origin: str) -> None:
        self.url = url
        self.origin = origin


@frozen(eq=False, repr=False)
class EndpointUrls(Value):
    """The endpoint URLs of all services; they are looked up, and checked, service by service.

    Attributes:
        environ: the environment variables whose names begin with AWS_ENDPOINT_URL.
        profile: the profile that is used; None for none.
        services: the `[services …]` sections, by name.
        ignored: whether all of these are to be ignored.
    """

    environ: Mapping[str, str] = field(factory=dict, repr=False)  # somebody's password may stand here
    profile: Section | None = None
    services: Mapping[str, Section] = field(factory=dict)
    ignored: bool = False

    def find(self, service_id: str) -> Configured | None:
        """The URL for a service, the narrower setting first; None when there is none.

        Args:
            service_id: such as "SageMaker" or "SSO OIDC"; case, spaces and hyphens are as one likes.

        Raises:
            UnusableValue: what is set cannot be used; its text begins with what it is.
        """
        if self.ignored:
            return None
        service = service_key(service_id)
        for variable in (f"{VARIABLE}_{service.upper()}", VARIABLE):
            if self.environ.get(variable):
                return _checked(self.environ[variable], variable)
        if self.profile is None:
            return None
        return self._of_services(service, self.profile) or _of_section(self.profile, "endpoint_url")

    def _of_services(self, service: str, profile: Section) -> Configured | None:
        if "services" not in profile.values:
            return None
        name = profile.get("services")
        section = self.services.get(name) if name else None
        if section is None:
            there = ", ".join(sorted(map(repr, self.services))) or "none"
            raise UnusableValue(
                f"services from {profile.origin('services')} is {shown(profile.values['services'])}, and the config "
                f"file has no such [services …] section; there are: {there}"
            )
        if section.get(service):
            raise UnusableValue(
                f"{service} from {section.origin(service)} is one line; write endpoint_url = … indented below it"
            )
        value = (section.nested(service) or {}).get("endpoint_url")
        return _checked(value, f"{section.origin(service)}, {service}") if value else None


def _of_section(section: Section, key: str) -> Configured | None:
    value = section.values.get(key)
    return _checked(value, section.origin(key)) if value else None


def _checked(value: object, origin: str) -> Configured:
    try:
        return Configured(url(value), origin)
    except UnusableValue as error:
        raise UnusableValue(f"endpoint_url from {origin} {error}") from None
