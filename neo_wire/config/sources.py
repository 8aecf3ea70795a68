"""Where each setting is looked up: in code, in which variables, under which key of the profile.

Source: AWS SDKs and Tools reference guide, settings reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from neo_wire.config import values
from neo_wire.config.defaults_mode import EXECUTION_ENV, MODES, REGION_VARIABLES
from neo_wire.config.profile_files import Section

CODE: Final = "code"
"""The origin of what was given in code."""


class Row:
    """One setting.

    Attributes:
        name: in code.
        read: takes what was found, and gives it in its own type or raises UnusableValue.
        variables: of the environment, the first that is set wins; by default AWS_ and the name.
        key: of the profile; by default the name; None for none.
        last_variables: those that the profile goes before.
        empty_is_wrong: an empty variable is an error, where to take it for not set would be to trust or to be another
            than was meant.
    """

    __slots__ = ("empty_is_wrong", "key", "last_variables", "name", "read", "variables")

    def __init__(
        self,
        name: str,
        read: Callable[[object], object],
        *,
        variables: tuple[str, ...] | None = None,
        key: str | None = "",
        last_variables: tuple[str, ...] = (),
        empty_is_wrong: bool = False,
    ) -> None:
        self.name = name
        self.read = read
        self.variables = (f"AWS_{name.upper()}",) if variables is None else variables
        self.key = name if key == "" else key
        self.last_variables = last_variables
        self.empty_is_wrong = empty_is_wrong


ROWS: Final = (
    Row("region", values.region, variables=REGION_VARIABLES),
    Row("retry_mode", values.retry_mode),
    Row("max_attempts", values.whole_number),
    Row("disable_clock_skew_correction", values.boolean),
    Row("use_fips_endpoint", values.boolean),
    Row("use_dualstack_endpoint", values.boolean),
    Row("ignore_configured_endpoint_urls", values.boolean),
    Row("ca_bundle", values.text, last_variables=("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), empty_is_wrong=True),
    Row("defaults_mode", values.one_of_in_any_case(*MODES, "auto")),
    Row("connect_timeout", values.seconds, variables=(), key=None),
    Row("sts_regional_endpoints", values.one_of("regional", "legacy")),
    Row("sdk_ua_app_id", values.optional_text),
    Row("execution_env", values.optional_text, variables=(EXECUTION_ENV,), key=None),
    Row("parameter_validation", values.boolean, variables=()),
    Row("metadata_service_timeout", values.seconds),
    Row("metadata_service_num_attempts", values.whole_number),
    Row("ec2_metadata_service_endpoint", values.url),
    Row("ec2_metadata_service_endpoint_mode", values.one_of_in_any_case("IPv4", "IPv6")),
    Row("imds_use_ipv6", values.boolean),
    Row("ec2_metadata_v1_disabled", values.boolean),
    Row("ec2_metadata_disabled", values.boolean, key="disable_ec2_metadata"),
    Row("ec2_instance_profile_name", values.text, empty_is_wrong=True),
)


def look_up(
    row: Row, code: Mapping[str, object], environ: Mapping[str, str], profile: Section | None
) -> tuple[object, str] | None:
    """What is set for a setting, unread, and where; None when it is set nowhere."""
    if (value := code.get(row.name)) is not None:
        return value, CODE
    for name in row.variables:
        if environ.get(name) or (row.empty_is_wrong and name in environ):
            return environ[name], name
    if profile is not None and row.key is not None and row.key in profile.values:
        return profile.values[row.key], profile.origin(row.key)
    return next(((environ[name], name) for name in row.last_variables if environ.get(name)), None)
