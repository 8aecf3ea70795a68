"""Credentials that a program prints: `credential_process`.

What the program prints on its standard output never stands in a message, as keys are in it; of its error output the
beginning does, without what looks like a secret.

Source: AWS SDKs and Tools reference guide, process credential provider.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import Final

from neo_wire.credentials.context import Context, Provider, Skipped
from neo_wire.errors import CredentialsFetchFailed
from neo_wire.flow import Flow, ProcessResult, run_process
from neo_wire.protocol import timestamps
from neo_wire.signing.credentials import Credentials

PROCESS: Final = "credential_process"
TIMEOUT: Final = 60.0
"""Seconds that the program may take."""
MAX_OUTPUT: Final = 1 << 20
"""Bytes that it may print."""

_NAME: Final = "a process"
_LONGEST_TEXT: Final = 500
_PEM: Final = re.compile(r"-----BEGIN [^-]*-----.*?(?:-----END [^-]*-----|\Z)", re.DOTALL)
_NAMED_SECRET: Final = re.compile(
    r"""((?:secret|token|passw(?:or)?d|passphrase|pin|key|authorization|bearer|cookie)[\w .-]*["']?\s*[:=]\s*)"""
    r"""("[^"]*"|'[^']*'|\S+)""",
    re.IGNORECASE,
)
_LONG_TOKEN: Final = re.compile(r"[A-Za-z0-9+/=_-]{36,}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


def find(context: Context) -> Provider | Skipped:
    """What the profile's `credential_process` prints; it is run anew at each refresh."""
    section = context.section
    if section is None or PROCESS not in section.values:
        return Skipped(f"the profile {context.profile!r} has no {PROCESS}")
    origin = f"{PROCESS} of the profile {context.profile!r} ({section.origin(PROCESS)})"
    command, account_id = section.get(PROCESS), section.get("aws_account_id")

    def provide() -> Flow[Credentials]:
        arguments = _arguments(command, origin, windows=context.windows)
        program = arguments[0]  # the rest may hold a secret
        try:
            result = yield from run_process(arguments, timeout=TIMEOUT, max_output=MAX_OUTPUT)
        except FileNotFoundError:
            raise _failed(f"there is no program {program!r}, which is the {origin}") from None
        except PermissionError:
            raise _failed(f"the program {program!r} may not be run, which is the {origin}") from None
        except (TimeoutError, OSError) as error:
            raise _failed(f"{program!r}, the {origin}: {error.strerror or error}") from None
        return _credentials(result, program, account_id)

    return provide


def _failed(reason: str) -> CredentialsFetchFailed:
    return CredentialsFetchFailed(_NAME, reason)


def _arguments(command: str | None, origin: str, *, windows: bool) -> list[str]:
    if not command or not command.strip():
        raise _failed(f"the {origin} is empty; give a command line, or remove the key")
    if "\0" in command:
        raise _failed(f"the {origin} has a NUL character in it")
    try:
        arguments = split_windows(command) if windows else shlex.split(command)
    except ValueError:
        raise _failed(f"the {origin} has a quote that is not closed, or ends in a backslash") from None
    if not arguments or not arguments[0]:
        raise _failed(f"the {origin} names no program")
    return arguments


def split_windows(command: str) -> list[str]:
    r"""Split a command line as programs on Windows do: only `"` quotes, and `\` escapes only before one.

    Raises:
        ValueError: a quote is not closed.

    Source: Microsoft, parsing C command-line arguments.
    """
    arguments: list[str] = []
    current: str | None = None
    quoted, backslashes = False, 0
    for character in command:
        if character == "\\":
            backslashes += 1
            continue
        if character == '"':
            current = (current or "") + "\\" * (backslashes // 2)
            if backslashes % 2:
                current += '"'
            else:
                quoted = not quoted
        else:
            if backslashes:
                current = (current or "") + "\\" * backslashes
            if character in " \t" and not quoted:
                if current is not None:
                    arguments.append(current)
                current = None
            else:
                current = (current or "") + character
        backslashes = 0
    if quoted:
        raise ValueError("a quote is not closed")
    if backslashes:
        current = (current or "") + "\\" * backslashes
    return arguments if current is None else [*arguments, current]


def _credentials(result: ProcessResult, program: str, account_id: str | None) -> Credentials:
    if result.status != 0:
        said = without_secrets(result.stderr)
        raise _failed(f"{program!r} ended with status {result.status}" + (f": {said}" if said else ""))
    try:
        document = json.loads(result.stdout.decode("utf-8"))
    except (ValueError, RecursionError):
        raise _failed(f"{program!r} printed something that is not JSON in UTF-8") from None
    if not isinstance(document, dict):
        raise _failed(f"{program!r} printed JSON that is not an object")
    version = document.get("Version")
    if type(version) is not int or version != 1:
        shown = repr(version) if isinstance(version, int | float) else f"a {type(version).__name__}"
        raise _failed(f"{program!r} printed no Version that can be read: it is to be the number 1, and is {shown}")
    values: dict[str, str | None] = {}
    wrong = []
    for name, required in (
        ("AccessKeyId", True),
        ("SecretAccessKey", True),
        ("SessionToken", False),
        ("Expiration", False),
        ("AccountId", False),
    ):
        value = values[name] = document.get(name)
        if value is None or value == "":
            if required:
                wrong.append(f"{name} is missing")
        elif not isinstance(value, str):
            wrong.append(f"{name} is a {type(value).__name__} instead of a string")
    if wrong:
        raise _failed(f"{program!r} printed JSON in which {', '.join(wrong)}")
    try:
        expiration = timestamps.read(values["Expiration"]) if values["Expiration"] else None
    except ValueError:
        raise _failed(f"{program!r} printed an Expiration that is no time such as 2026-01-31T12:00:00Z") from None
    return Credentials(
        values["AccessKeyId"] or "",
        values["SecretAccessKey"] or "",
        values["SessionToken"],
        expiration=expiration,
        account_id=values["AccountId"] or account_id or None,
        source=_NAME,
    )


def without_secrets(output: bytes) -> str:
    """The beginning of what a program complains of, in one line, without what looks like a key, token or password."""
    text = _PEM.sub("…", output[:65536].decode("utf-8", "replace"))
    text = _LONG_TOKEN.sub("…", _NAMED_SECRET.sub(r"\1…", text))
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"
