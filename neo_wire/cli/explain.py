"""`neo-wire explain`: where credentials, region, endpoint and every setting come from. No secret is shown."""

from __future__ import annotations

import argparse

from neo_wire.cli.connection import connected
from neo_wire.cli.output import show, show_rows
from neo_wire.config.sources import CODE
from neo_wire.explanation import Explanation, SettingRow

MISSING = 253


def explain(arguments: argparse.Namespace) -> int:
    """Ask every source as a call would, and print what each said; the status tells whether a call could be made."""
    with connected(arguments) as client:
        found = client.explain_credentials()
    if arguments.output == "json":
        show(_document(found), "json")
    elif arguments.output == "text":
        rows = [("endpoint", "endpoint", found.endpoint or None, found.problem or None)]
        rows += [("credentials", one.source, one.outcome, one.reason) for one in found.credentials]
        rows += [("setting", one.name, _value(one), _origin(one)) for one in found.settings]
        show_rows((), rows, "text")
    else:
        show_rows(
            ("Credentials", "Outcome", "Reason"),
            [(one.source, one.outcome, one.reason) for one in found.credentials],
            "table",
        )
        print(f"\nEndpoint: {found.endpoint or found.problem}\n")
        rows_of_settings = [(one.name, _value(one), _origin(one)) for one in found.settings]
        show_rows(("Setting", "Value", "From"), rows_of_settings, "table")
    return 0 if found.endpoint and any(one.outcome == "won" for one in found.credentials) else MISSING


def _document(found: Explanation) -> dict[str, object]:
    return {
        "Endpoint": found.endpoint or None,
        "Problem": found.problem or None,
        "Credentials": [
            {"Source": one.source, "Outcome": one.outcome, "Reason": one.reason} for one in found.credentials
        ],
        "Settings": [
            {
                "Name": one.name,
                "Value": one.value if isinstance(one.value, bool | int | float) else _value(one),
                "Origin": _origin(one),
            }
            for one in found.settings
        ],
    }


def _origin(setting: SettingRow) -> str:
    return "command line" if setting.origin == CODE else setting.origin


def _value(setting: SettingRow) -> str | None:
    return None if setting.value is None else str(setting.value)
