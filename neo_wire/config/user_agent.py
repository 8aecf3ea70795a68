"""The User-Agent header: what runs here, in the layout of the AWS SDKs, under a name of our own.

Source: botocore's user agent, whose parts and characters this follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

_SYSTEMS: Final = {"darwin": "macos"}
_FAMILIES: Final = frozenset({"windows", "linux", "macos", "android", "ios", "watchos", "tvos"})
_PLAIN: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!$%&'*+-.^_`|~,")
_PLAIN_OR_HASH: Final = _PLAIN | {"#"}
_SENDABLE: Final = frozenset(map(chr, range(0x20, 0x7F)))
_MAX_FEATURES: Final = 1024


class Feature(StrEnum):
    """A feature that a call makes use of, by its id in the header."""

    WAITER = "B"
    PAGINATOR = "C"
    RETRY_STANDARD = "E"
    RETRY_ADAPTIVE = "F"
    ENDPOINT_OVERRIDE = "N"
    SIGV4A = "S"
    ACCOUNT_ID = "T"
    CREDENTIALS_CODE = "e"
    CREDENTIALS_ENVIRONMENT = "g"
    CREDENTIALS_ENVIRONMENT_WEB_IDENTITY = "h"
    CREDENTIALS_ASSUME_ROLE = "i"
    CREDENTIALS_WEB_IDENTITY = "k"
    CREDENTIALS_PROFILE = "n"
    CREDENTIALS_SOURCE_PROFILE = "o"
    CREDENTIALS_NAMED_PROVIDER = "p"
    CREDENTIALS_PROFILE_WEB_IDENTITY = "q"
    CREDENTIALS_PROFILE_SSO = "r"
    CREDENTIALS_SSO = "s"
    CREDENTIALS_PROFILE_SSO_LEGACY = "t"
    CREDENTIALS_SSO_LEGACY = "u"
    CREDENTIALS_PROFILE_PROCESS = "v"
    CREDENTIALS_PROCESS = "w"
    CREDENTIALS_CONTAINER = "z"
    CREDENTIALS_IMDS = "0"
    CREDENTIALS_PROFILE_LOGIN = "AC"
    CREDENTIALS_LOGIN = "AD"


def user_agent(
    version: str,
    *,
    os_name: str,
    os_version: str,
    machine: str,
    python_version: str,
    implementation: str,
    execution_env: str | None = None,
    retry_mode: str = "standard",
    app_id: str | None = None,
    features: Iterable[str] = (),
    extra: str | None = None,
) -> str:
    """The value of the header. What is empty or not known has no part in it.

    Args:
        version: of neo-wire.
        os_name: as `platform.system` gives it.
        os_version: as `platform.release` gives it.
        machine: as `platform.machine` gives it.
        python_version: as `platform.python_version` gives it.
        implementation: as `platform.python_implementation` gives it.
        execution_env: of the variable AWS_EXECUTION_ENV.
        retry_mode: "standard" or "adaptive".
        app_id: the user's own name for the application, of any length; the settings warn of a long one.
        features: ids, of `Feature`; as many as 1024 bytes have room for are sent.
        extra: the user's own text, which ends the header as it is, but for characters that no header can have.
    """
    system = os_name.lower()
    family = _SYSTEMS.get(system, system)
    parts = [f"neo-wire/{_plain(version)}", "ua/2.1"]
    if family in _FAMILIES:
        parts.append(_part("os", family, os_version))
    else:
        parts.append("os/other")
        if os_name:
            parts.append(_part("md", os_name, os_version))
    for prefix, name, value in (
        ("md", "arch", machine.lower()),
        ("lang", "python", python_version),
        ("md", "pyimpl", implementation),
    ):
        if value:
            parts.append(_part(prefix, name, value))
    if execution_env:
        parts.append(f"exec-env/{_plain(execution_env)}")
    if ids := _features(features):
        parts.append(ids)
    parts.append(_part("cfg", "retry-mode", retry_mode))
    if app_id:
        parts.append(f"app/{_only(_PLAIN_OR_HASH, app_id)}")
    if extra and (sendable := _only(_SENDABLE, extra.strip())):
        parts.append(sendable)
    return " ".join(parts)


def _only(allowed: frozenset[str], text: str) -> str:
    """A text with a hyphen for each character that is not allowed."""
    return "".join([character if character in allowed else "-" for character in text])


def _plain(text: str) -> str:
    return _only(_PLAIN, text)


def _part(prefix: str, name: str, value: str) -> str:
    return f"{prefix}/{_plain(name)}#{_only(_PLAIN_OR_HASH, value)}" if value else f"{prefix}/{_plain(name)}"


def _features(ids: Iterable[str]) -> str:
    """The ids in order, as many as there is room for."""
    text = ""
    for one in sorted({_plain(one) for one in ids if one}):
        longer = f"{text},{one}" if text else f"m/{one}"
        if len(longer) > _MAX_FEATURES:
            break
        text = longer
    return text
