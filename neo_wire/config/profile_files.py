"""The config file and the credentials file: from their text to profiles, each value with the line that it stands on.

The grammar is the one that the AWS SDKs share: `key = value` in sections, an indented line continues the value above
it, a key without a value may have a block of nested lines, and a section or key that stands twice is merged, the last
value winning. Names in quotes are read as well, because the AWS CLI writes them. What is not understood is an error
with the file and the line; the line itself is never shown, as a secret may stand in it.

Source: AWS SDKs and Tools reference guide, shared config and credentials files.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from attrs import field, frozen

from neo_wire.errors import ProfileFileError
from neo_wire.values import Value

Setting: TypeAlias = str | Mapping[str, str]
"""Text, of more than one line when it was continued, or a block of nested lines."""
Kind: TypeAlias = Literal["profile", "sso-session", "services"]

_KINDS: Final[Mapping[str, Kind]] = {"profile": "profile", "sso-session": "sso-session", "services": "services"}
_IN_NAME: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.%@:+")
_INLINE_COMMENT: Final = r"[ \t][#;]"
_KEYWORD: Final = r"(?s)(profile|sso-session|services)[ \t]+(.+)"
_LONGEST_QUOTED: Final = 1024  # the shell's rules take a time that grows faster than the text


class Place(NamedTuple):
    """Where a value stands."""

    path: str
    line: int
    header: str

    def __str__(self) -> str:
        return f"{self.path}, line {self.line}, [{self.header[:100]}]"


@frozen(eq=False, repr=False)
class Section(Value):
    """The values below one name, such as those of a profile, from one file or merged from both.

    Attributes:
        name: of the profile, the SSO session or the collection of services.
        values: by key, in lower case.
        places: where each value stands, by key.
    """

    name: str
    values: Mapping[str, Setting] = field(factory=dict, repr=False)  # secrets stand here
    places: Mapping[str, Place] = field(factory=dict, repr=False)

    def get(self, key: str) -> str | None:
        """The text of a key; None when it is absent or a nested block."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def nested(self, key: str) -> Mapping[str, str] | None:
        """The nested block of a key; None when it is absent or text."""
        value = self.values.get(key)
        return None if value is None or isinstance(value, str) else value

    def origin(self, key: str) -> str:
        """Where a key stands, for messages, such as "/home/me/.aws/config, line 7, [profile dev]"."""
        return str(self.places[key])


@frozen(eq=False, repr=False)
class ProfileFiles(Value):
    """What both files say.

    Attributes:
        profiles: of both files; for the same profile and key the credentials file wins.
        in_credentials_file: the profiles of that file alone.
        in_config_file: the profiles of that file alone.
        sso_sessions: from the config file.
        services: collections of settings by service, from the config file.
        ignored: the headers of sections that are none of these, and where each stands.
        config_path: the file that was, or would have been, read.
        credentials_path: as above.
    """

    profiles: Mapping[str, Section] = field(factory=dict)
    in_credentials_file: Mapping[str, Section] = field(factory=dict)
    in_config_file: Mapping[str, Section] = field(factory=dict)
    sso_sessions: Mapping[str, Section] = field(factory=dict)
    services: Mapping[str, Section] = field(factory=dict)
    ignored: Mapping[str, Place] = field(factory=dict)
    config_path: str = "~/.aws/config"
    credentials_path: str = "~/.aws/credentials"


def parse(
    config_text: str | None, credentials_text: str | None, *, config_path: str, credentials_path: str
) -> ProfileFiles:
    """Read the text of both files; None stands for a file that does not exist.

    Raises:
        ProfileFileError: a line that is no section, no property and no continuation of one.
    """
    ignored: dict[str, Place] = {}
    kinds: dict[Kind, dict[str, _Draft]] = {"profile": {}, "sso-session": {}, "services": {}}
    config = _parse_file(config_text or "", config_path)
    names = {header: _config_name(header) for header in config}
    if any(name == ("profile", "default") for header, name in names.items() if header != "default"):
        names["default"] = None  # [profile default] stands in its place
    for header, draft in config.items():
        name = names[header]
        if name is None:
            ignored[header] = draft.place
        else:
            kinds[name[0]].setdefault(name[1], _Draft(draft.place)).add(draft)
    in_credentials: dict[str, _Draft] = {}
    for header, draft in _parse_file(credentials_text or "", credentials_path).items():
        if re.fullmatch(_KEYWORD, header):
            ignored[header] = draft.place
        else:
            in_credentials[header] = draft
    merged: dict[str, _Draft] = {}
    for profile, draft in [*kinds["profile"].items(), *in_credentials.items()]:
        merged.setdefault(profile, _Draft(draft.place)).add(draft)
    return ProfileFiles(
        profiles=_sections(merged),
        in_credentials_file=_sections(in_credentials),
        in_config_file=_sections(kinds["profile"]),
        sso_sessions=_sections(kinds["sso-session"]),
        services=_sections(kinds["services"]),
        ignored=ignored,
        config_path=config_path,
        credentials_path=credentials_path,
    )


class _Draft:
    """A section while the files are read; `place` is that of its first header."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.values: dict[str, Setting] = {}
        self.places: dict[str, Place] = {}

    def add(self, over: _Draft) -> None:
        self.values.update(over.values)
        self.places.update(over.places)


class _Property(NamedTuple):
    """A property with the lines of its value, each with its number; `draft` is None for one that is skipped."""

    draft: _Draft | None
    key: str
    place: Place
    lines: list[tuple[int, str]]


def _parse_file(text: str, path: str) -> dict[str, _Draft]:
    """The sections of a file by their headers, those that stand twice merged."""
    drafts: dict[str, _Draft] = {}
    properties: list[_Property] = []
    draft: _Draft | None = None
    last: _Property | None = None
    for number, line in enumerate(_lines(text.removeprefix("\ufeff")), 1):
        content = line.strip()
        if not content or line[0] in "#;":
            continue
        if line[0] in " \t":
            if last is None:
                raise _error(path, number, "the line is indented, but there is no `key = value` above it to continue")
            last.lines.append((number, content))
        elif content[0] == "[":
            header = _header(content, path, number)
            draft = drafts.setdefault(header, _Draft(Place(path, number, header)))
            last = None
        elif draft is None:
            raise _error(path, number, "there is text before the first [section]")
        else:
            key, value = _key_and_value(content, path, number)
            comment = None if value[:1] in ("#", ";") else re.search(_INLINE_COMMENT, value)
            if comment:
                value = value[: comment.start()].rstrip()
            known = draft if _is_name(key) else None
            last = _Property(known, key.lower(), Place(path, number, draft.place.header), [(number, value)])
            properties.append(last)
    for one in properties:
        if one.draft is not None:
            one.draft.values[one.key] = _value(one.lines, path)
            one.draft.places[one.key] = one.place
    return drafts


def _lines(text: str) -> list[str]:
    """The lines, by the line breaks of all systems alone: a form feed or U+2028 may stand in a value."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _is_name(text: str) -> bool:
    return bool(text) and _IN_NAME.issuperset(text)


def _header(content: str, path: str, number: int) -> str:
    inner, closed, _ = content[1:].partition("]")
    if not closed:
        raise _error(path, number, "the section has no closing bracket; write it as [name]")
    if not inner.strip():
        raise _error(path, number, "the section has no name between its brackets")
    return inner.strip()


def _key_and_value(content: str, path: str, number: int) -> tuple[str, str]:
    key, equals, value = content.partition("=")
    if not equals:
        raise _error(path, number, "the line has no equals sign; write it as key = value")
    if not key.strip():
        raise _error(path, number, "there is no key before the equals sign")
    return key.strip(), value.strip()


def _value(lines: list[tuple[int, str]], path: str) -> Setting:
    if lines[0][1] or len(lines) == 1:
        return "\n".join(text for _, text in lines)
    nested = {}
    for number, text in lines[1:]:
        key, value = _key_and_value(text, path, number)
        if _is_name(key):
            nested[key.lower()] = value
    return nested


def _config_name(header: str) -> tuple[Kind, str] | None:
    """What a section of the config file is, and its name; None for one that is nothing."""
    if header == "default":
        return "profile", header
    parts = re.fullmatch(_KEYWORD, header)
    if parts is None:
        return None
    name = parts[2] if _is_name(parts[2]) else _unquoted(parts[2])
    return (_KINDS[parts[1]], name) if name else None


def _unquoted(text: str) -> str | None:
    """The one word that quoted text stands for by the shell's rules; None when it is not one."""
    if len(text) > _LONGEST_QUOTED or not ('"' in text or "'" in text):
        return None
    import shlex  # here, as few names are quoted

    try:
        words = shlex.split(text)
    except ValueError:
        return None
    return words[0] if len(words) == 1 else None


def _sections(drafts: Mapping[str, _Draft]) -> dict[str, Section]:
    return {name: Section(name, draft.values, draft.places) for name, draft in drafts.items()}


def _error(path: str, line: int, reason: str) -> ProfileFileError:
    return ProfileFileError(f"{path}, line {line}: {reason}", path=path, line=line)
