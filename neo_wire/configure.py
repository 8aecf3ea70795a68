"""Configure a client: read the config and the credentials file, and resolve its settings.

Source: AWS SDKs and Tools reference guide, location of the shared config and credentials files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from neo_wire._log import log
from neo_wire.config.profile_files import ProfileFiles, parse
from neo_wire.config.settings import Settings, resolve_settings
from neo_wire.errors import ConfigurationError, ProfileFileError
from neo_wire.flow import Flow, read_file

MAX_FILE: Final = 4 * 1024 * 1024
"""The longest config or credentials file that is read, in bytes; thousands of profiles fit into it."""

_VARIABLE: Final = r"\$(?:(?P<plain>\w+)|\{(?P<braced>[^{}]*)\})"
_WINDOWS_VARIABLE: Final = _VARIABLE + r"|%(?P<percent>[^%]+)%"


def expand_path(path: str, environ: Mapping[str, str], home: str, *, windows: bool = False) -> str:
    """A path with `$VARIABLE`, `${VARIABLE}`, on Windows also `%VARIABLE%`, and a leading `~` filled in.

    A variable that is not set stays as it is written, as does the home of another user (`~somebody`).
    """

    def value(match: re.Match[str]) -> str:
        name = next((one for one in match.groups() if one is not None), "")
        return environ.get(name, match[0])

    if "$" in path or "%" in path:
        path = re.sub(_WINDOWS_VARIABLE if windows else _VARIABLE, value, path, flags=re.ASCII)
    if path == "~" or path.startswith(("~/", "~\\") if windows else "~/"):
        return home.rstrip("\\/" if windows else "/") + path[1:] or "/"
    return path


def load_settings(
    code: Mapping[str, object],
    environ: Mapping[str, str],
    home: str,
    *,
    service_id: str = "SageMaker",
    windows: bool = False,
) -> Flow[tuple[Settings, ProfileFiles]]:
    """Read both files and resolve the settings of a client.

    Args:
        code: as for `resolve_settings`, and the paths `config_file` and `credentials_file`, which go before the
            variables AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE.
        environ: the environment variables.
        home: the user's home folder.
        service_id: the service that the client is one of.
        windows: whether the machine runs Windows.

    Raises:
        ProfileFileError: a file cannot be read or parsed. One that does not exist, or is a folder, is an empty one.
        ConfigurationError: as `resolve_settings` says.
    """

    def path(name: str, variable: str, default: str) -> str:
        given = code.get(name)
        if given is not None and (not isinstance(given, str) or not given):
            raise ConfigurationError(f"{name} from code is {given!r}; give a path")
        return expand_path(str(given or environ.get(variable) or default), environ, home, windows=windows)

    config_path = path("config_file", "AWS_CONFIG_FILE", "~/.aws/config")
    credentials_path = path("credentials_file", "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
    config = yield from _read(config_path)
    credentials = yield from _read(credentials_path)
    files = parse(config, credentials, config_path=config_path, credentials_path=credentials_path)
    settings = resolve_settings(code, environ, files, service_id=service_id)
    for note in settings.notes:
        log(__name__).warning("%s", note)
    return settings, files


def _read(path: str) -> Flow[str | None]:
    """The text of a file; None when there is none."""
    try:
        data = yield from read_file(path, max_bytes=MAX_FILE)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:  # a ValueError for a path with a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise ProfileFileError(f"{path} cannot be read: {reason}", path=path) from None
    text, wrong_at = _decoded(data)
    if wrong_at is not None:  # outside of the handler, so that no traceback holds the bytes, which may be secrets
        line = data.count(b"\n", 0, wrong_at) + 1
        raise ProfileFileError(f"{path}, line {line}: the file is not UTF-8; save it as UTF-8", path=path, line=line)
    return text


def _decoded(data: bytes) -> tuple[str, int | None]:
    """The text; else where the bytes stop being UTF-8."""
    try:
        return data.decode("utf-8"), None
    except UnicodeDecodeError as error:
        return "", error.start
