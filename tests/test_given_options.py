"""The options that a client takes are those that `client_options` tells type checkers of."""

from __future__ import annotations

from neo_wire.client_options import CallOptions, ClientOptions
from neo_wire.config.profile_files import ProfileFiles
from neo_wire.config.settings import resolve_settings
from neo_wire.given_options import CALL_OPTIONS, CLIENT_OPTIONS, SETTINGS


def test_the_names_are_those_of_the_types() -> None:
    assert CallOptions.__optional_keys__ | CallOptions.__required_keys__ == CALL_OPTIONS
    assert ClientOptions.__optional_keys__ | ClientOptions.__required_keys__ == CLIENT_OPTIONS


def test_the_settings_among_them_are_settings() -> None:
    there = {*resolve_settings({}, {}, ProfileFiles()).origins, "profile"}
    assert set(SETTINGS.values()) <= there
