"""The events: frozen, told to the user's callback, and never with a secret in them."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any, get_args

import attrs
import pytest

from neo_wire import events
from neo_wire.events import AttemptStarted, CredentialsRefreshed, Event, tell

STARTED = AttemptStarted("Do", "call-1", 1, 3, "https://a.example")


def test_every_event_is_one_of_the_union_and_frozen() -> None:
    classes = {one for one in vars(events).values() if isinstance(one, type) and attrs.has(one)}
    assert classes == set(get_args(Event))
    for cls in classes:
        any_class: Any = cls
        event = any_class(*range(len(attrs.fields(any_class))))
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            event.operation = "x"


def test_an_event_is_told_as_it_is() -> None:
    seen: list[Event] = []
    refreshed = CredentialsRefreshed("assume role", datetime(2026, 1, 1, tzinfo=UTC))
    for event in (STARTED, refreshed):
        tell(seen.append, event)
    assert seen == [STARTED, refreshed]


def test_what_a_callback_raises_is_logged_and_goes_no_further(caplog: pytest.LogCaptureFixture) -> None:
    def emit(event: Event) -> None:
        raise ZeroDivisionError

    tell(emit, STARTED)
    assert [(record.name, record.levelno) for record in caplog.records] == [("neo_wire.events", logging.ERROR)]
    assert "AttemptStarted" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_in_a_callback_is_one(interruption: type[BaseException]) -> None:
    def emit(event: Event) -> None:
        raise interruption

    with pytest.raises(interruption):
        tell(emit, STARTED)


def test_no_event_has_a_member_that_could_hold_a_secret() -> None:
    """Headers, bodies, requests, credentials and messages of errors do not stand in events."""
    types = {str(field.type) for cls in get_args(Event) for field in attrs.fields(cls)}
    assert types == {"str", "int", "float", "bool", "str | None", "Stopped | None", "datetime | None"}
