"""Settings: from code, the environment, the profile files and the defaults mode, in this order, to one frozen value.

Nothing here reads the environment or a file: both are handed in. An environment variable that is empty counts as not
set; of a few, where that would be taken for an answer, it is an error. Credentials have a package of their own,
`neo_wire.credentials`.

Left out, because nothing that SageMaker Neo's operations do depends on them: endpoints by account id, the choice of
authentication schemes, compression, checksums, host prefixes and endpoint discovery.

Source: AWS SDKs and Tools reference guide, settings reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
from attrs import field, frozen

from neo_wire.config import values
from neo_wire.config.defaults_mode import (
    MODES,
    REGION_VARIABLES,
    ModeDefaults,
    region_of_environment,
    resolve_auto,
)
from neo_wire.config.endpoint_urls import VARIABLE, EndpointUrls, service_key
from neo_wire.config.endpoints import is_global, real_region
from neo_wire.config.profile_files import ProfileFiles, Section
from neo_wire.config.sources import CODE, ROWS, look_up
from neo_wire.config.values import UnusableValue, shown
from neo_wire.errors import ConfigurationError, ProfileNotFound
from neo_wire.http import is_host_label
from neo_wire.values import Value

DEFAULT: Final = "default"
PROFILE_VARIABLES: Final = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_MODE: Final = "defaults mode "
_MOST_LISTED: Final = 50
_LONGEST_APP_ID: Final = 50
_SERVICES: Final = ("SageMaker", "STS", "SSO", "SSO OIDC", "Signin", "RolesAnywhere", "S3")
"""The services that a client may call, for itself or for its credentials."""


@frozen(eq=False, repr=False, kw_only=True)
class Settings(Value):
    """What holds for one client.

    Attributes:
        profile_name: the profile that is used.
        profile: its values, the credentials file over the config file; None when it is "default" and in neither file.
        region: without the mark of a FIPS pseudo-region; None when none is set.
        retry_mode: "standard" or "adaptive".
        max_attempts: of one call, the first included.
        disable_clock_skew_correction: whether requests are signed with the machine's own time, however wrong it is.
        use_fips_endpoint: whether AWS's hosts are those whose cryptography is validated by FIPS 140.
        use_dualstack_endpoint: whether AWS's hosts are those that IPv6 reaches too.
        ignore_configured_endpoint_urls: whether only a URL given in code is used.
        ca_bundle: path of the certificate authorities; None for the default ones.
        defaults_mode: "legacy", "standard", "in-region", "cross-region" or "mobile"; what "auto" became.
        needs_instance_region: whether "auto" can become something better than "standard" by asking the instance
            metadata for the region; see `in_instance_region`.
        connect_timeout: in seconds, where code sets none.
        sts_regional_endpoints: "regional" or "legacy".
        sdk_ua_app_id: goes to the user agent; None for none.
        execution_env: what runs the program, as it says itself; goes to the user agent; None for unknown.
        parameter_validation: whether inputs are checked before they are sent.
        metadata_service_timeout: of each wait for the instance metadata, in seconds.
        metadata_service_num_attempts: to ask the instance metadata.
        ec2_metadata_service_endpoint: in place of the address of the instance metadata; None for that.
        ec2_metadata_service_endpoint_mode: "IPv4" or "IPv6".
        ec2_metadata_v1_disabled: whether the instance metadata is asked by IMDSv2 alone; the default here is true.
        ec2_metadata_disabled: whether it is not asked at all.
        ec2_instance_profile_name: the role that it is asked for; None to ask which there is.
        origins: where each of these comes from, by name: "code", a variable, a line of a file, "defaults mode …",
            "default".
        notes: what was taken, and yet should be mended.
        service_id: the service that the client is one of, such as "SageMaker"; a URL given in code is for it alone.
        endpoint_url_in_code: that URL; None for none.
        endpoint_urls: the URLs that the environment and the profile set.
    """

    profile_name: str = "default"
    profile: Section | None = None
    region: str | None = None
    retry_mode: str = "standard"
    max_attempts: int = 3
    disable_clock_skew_correction: bool = False
    use_fips_endpoint: bool = False
    use_dualstack_endpoint: bool = False
    ignore_configured_endpoint_urls: bool = False
    ca_bundle: str | None = None
    defaults_mode: str = "legacy"
    needs_instance_region: bool = False
    connect_timeout: float = MODES["legacy"].connect_timeout
    sts_regional_endpoints: str = "regional"
    sdk_ua_app_id: str | None = None
    execution_env: str | None = None
    parameter_validation: bool = True
    metadata_service_timeout: float = 1.0
    metadata_service_num_attempts: int = 1
    ec2_metadata_service_endpoint: str | None = None
    ec2_metadata_service_endpoint_mode: str = "IPv4"
    ec2_metadata_v1_disabled: bool = True
    ec2_metadata_disabled: bool = False
    ec2_instance_profile_name: str | None = None
    origins: Mapping[str, str] = field(factory=dict)
    notes: tuple[str, ...] = ()
    service_id: str = "SageMaker"
    endpoint_url_in_code: str | None = None
    endpoint_urls: EndpointUrls = field(factory=EndpointUrls)

    def endpoint_url(self, service_id: str) -> str | None:
        """The URL to use for a service, such as "STS" or "SSO OIDC", in place of AWS's own; None for AWS's own.

        Raises:
            ConfigurationError: what is set for it cannot be used.
        """
        return self.endpoint_url_and_origin(service_id)[0]

    def endpoint_url_and_origin(self, service_id: str) -> tuple[str | None, str]:
        """As `endpoint_url`, and where it comes from."""
        if self.endpoint_url_in_code is not None and service_key(service_id) == service_key(self.service_id):
            return self.endpoint_url_in_code, CODE
        try:
            found = self.endpoint_urls.find(service_id)
        except UnusableValue as error:
            raise ConfigurationError(str(error)) from None
        return (found.url, found.origin) if found else (None, DEFAULT)

    def required_region(self) -> str:
        """The region.

        Raises:
            ConfigurationError: none is set.
        """
        if self.region is None:
            raise ConfigurationError(
                f"no region: give one, such as eu-west-1, in code or by --region; or set "
                f"{' or '.join(REGION_VARIABLES)}; or write region = … into "
                f"the profile {self.profile_name!r} of the config file"
            )
        return self.region


def resolve_settings(
    code: Mapping[str, object], environ: Mapping[str, str], files: ProfileFiles, *, service_id: str = "SageMaker"
) -> Settings:
    """The settings of a client.

    Args:
        code: what was given in code, by the names of `Settings`, and as `profile` and `endpoint_url`; None is not
            given. Whatever else it has is not looked at.
        environ: the environment variables.
        files: the config and the credentials file.
        service_id: the service that the client is one of.

    Raises:
        ProfileNotFound: a profile was named that stands in neither file.
        ConfigurationError: values that cannot be used, all of them at once, each with its name, where it comes from
            and what is allowed.
    """
    problems: list[str] = []
    profile_name, profile_origin = _profile_name(code, environ, problems)
    profile = files.profiles.get(profile_name)
    origins = {"profile_name": profile_origin}
    found: dict[str, Any] = {}  # Any: each value was read into the type of its attribute

    def take(name: str, read: Callable[[object], object], value: object, origin: str) -> None:
        try:
            found[name] = read(value)
        except UnusableValue as error:
            problems.append(f"{name} from {origin} {error}")

    for row in ROWS:
        raw = look_up(row, code, environ, profile)
        origins[row.name] = raw[1] if raw else DEFAULT
        if raw:
            take(row.name, row.read, *raw)
    if code.get("endpoint_url") is not None:
        take("endpoint_url", values.url, code["endpoint_url"], CODE)
    in_code = found.pop("endpoint_url", None)
    if found.get("retry_mode") == "legacy" and origins["retry_mode"] == CODE:
        problems.append("retry_mode from code is 'legacy'; give standard or adaptive")
    urls = EndpointUrls(
        {name: value for name, value in environ.items() if name.startswith(VARIABLE)},
        profile,
        files.services,
        found.get("ignore_configured_endpoint_urls", False),
    )
    for service in (service_id, *_SERVICES):
        if in_code is None or service_key(service) != service_key(service_id):
            try:
                urls.find(service)
            except UnusableValue as error:
                problems.append(str(error))
    problems = list(dict.fromkeys(problems))
    if profile is None and profile_origin != DEFAULT:
        raise ProfileNotFound(_with(_no_such_profile(profile_name, profile_origin, files), problems))
    if problems:
        raise ConfigurationError(_with("these settings cannot be used:", problems) if problems[1:] else problems[0])
    notes = [*_mend_region(found, origins), *_mend_others(found, origins)]
    _fill_in(found, origins, environ)
    settings = Settings(
        profile_name=profile_name,
        profile=profile,
        origins=origins,
        notes=tuple(notes),
        service_id=service_id,
        endpoint_url_in_code=in_code,
        endpoint_urls=urls,
        **found,
    )
    origins["endpoint_url"] = settings.endpoint_url_and_origin(service_id)[1]
    return settings


def in_instance_region(settings: Settings, runs_in: str | None) -> Settings:
    """The settings when the instance metadata was asked, as `needs_instance_region` tells to, and named this region."""
    mode = resolve_auto(settings.region, runs_in)
    filled = [name for name, origin in settings.origins.items() if origin.startswith(_MODE)]
    return attrs.evolve(
        settings,
        defaults_mode=mode,
        needs_instance_region=False,
        origins={**settings.origins, **dict.fromkeys(filled, _MODE + mode)},
        **{name: getattr(MODES[mode], name) for name in filled},
    )


def _profile_name(code: Mapping[str, object], environ: Mapping[str, str], problems: list[str]) -> tuple[str, str]:
    """The profile, and who named it.

    AWS_PROFILE goes before AWS_DEFAULT_PROFILE. botocore has it the other way round, but the first is the only one
    that the other SDKs know: where both are set, all programs of a machine should use the same profile.
    """
    name = code.get("profile")
    if isinstance(name, str):
        return name, CODE
    if name is not None:
        problems.append(f"profile from code is {shown(name)}; give a string")
    variable = next((one for one in PROFILE_VARIABLES if environ.get(one)), None)
    return (environ[variable], variable) if variable else ("default", DEFAULT)


def _no_such_profile(name: str, origin: str, files: ProfileFiles) -> str:
    there = sorted(files.profiles)
    listed = ", ".join(map(shown, there[:_MOST_LISTED])) or "none"
    more = f" and {len(there) - _MOST_LISTED} more" if there[_MOST_LISTED:] else ""
    text = (
        f"there is no profile {shown(name)}, which {origin} names, in {files.config_path} and "
        f"{files.credentials_path}; there are: {listed}{more}"
    )
    if name in files.ignored:
        text += f". {files.ignored[name]} is none: in the config file write [profile {name}]"
    elif f"profile {name}" in files.ignored:
        text += f". {files.ignored[f'profile {name}']} is none: in the credentials file write [{name}]"
    return text


def _with(text: str, problems: list[str]) -> str:
    return "\n- ".join([text, *problems])


def _mend_region(found: dict[str, Any], origins: dict[str, str]) -> list[str]:
    if "region" not in found:
        return []
    named = found["region"]
    found["region"], pseudo = real_region(named)
    if not pseudo:
        return []
    found["use_fips_endpoint"] = True
    origins["use_fips_endpoint"] = origins["region"]
    return [f"region {named!r} is an old spelling; set the region {found['region']!r} and use_fips_endpoint"]


def _mend_others(found: dict[str, Any], origins: dict[str, str]) -> list[str]:
    notes = []
    if found.get("retry_mode") == "legacy":
        found["retry_mode"] = "standard"
        notes.append(f"retry_mode from {origins['retry_mode']} is 'legacy', which is taken for 'standard'")
    app_id = found.get("sdk_ua_app_id")
    if app_id is not None and len(app_id) > _LONGEST_APP_ID:
        notes.append(f"sdk_ua_app_id from {origins['sdk_ua_app_id']} is longer than {_LONGEST_APP_ID} characters")
    ipv6_origin = origins.pop("imds_use_ipv6")
    if found.pop("imds_use_ipv6", False) and "ec2_metadata_service_endpoint_mode" not in found:
        found["ec2_metadata_service_endpoint_mode"] = "IPv6"
        origins["ec2_metadata_service_endpoint_mode"] = ipv6_origin
    return notes


def _fill_in(found: dict[str, Any], origins: dict[str, str], environ: Mapping[str, str]) -> None:
    """Fill what is not set with the values of the defaults mode."""
    mode = found.get("defaults_mode", "legacy")
    if mode == "auto":
        runs_in = region_of_environment(environ)
        found["needs_instance_region"] = runs_in is None
        mode = resolve_auto(found.get("region"), runs_in)
    found["defaults_mode"] = mode
    for name in ModeDefaults.__slots__:
        if name not in found:
            found[name] = getattr(MODES[mode], name)
            origins[name] = DEFAULT if mode == "legacy" else _MODE + mode


def resolve_region(region: str | None, environ: Mapping[str, str]) -> str:
    """The region: as given, else that of the first variable of `REGION_VARIABLES` that is set.

    Raises:
        ConfigurationError: there is none, or it is no host label, or names a pseudo-region that has no endpoint.
    """
    source, value = "region", region
    if value is None:
        for variable in REGION_VARIABLES:
            if environ.get(variable):
                source, value = variable, environ[variable]
                break
    if value is None:
        names = " or ".join(REGION_VARIABLES)
        raise ConfigurationError(f"no region: give region=, such as region='eu-west-1', or set {names}")
    if not is_host_label(str(value)) or is_global(value):
        raise ConfigurationError(f"{source} is {value!r}, which is no region; give one such as eu-west-1")
    return value
