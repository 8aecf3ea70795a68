"""What was measured is kept, summed up and shown as it was."""

from __future__ import annotations

import pytest

from benchmarks.results import BYTES, COUNT, RATE, SECONDS, Results, shown


def test_the_median_and_the_distance_between_the_quartiles() -> None:
    results = Results()
    results.add("import", SECONDS, "ours", [3.0, 1.0])
    results.add("import", SECONDS, "ours", [2.0, 5.0, 4.0])
    assert results.median("import", "ours") == 3
    assert results.spread("import", "ours") == 2


def test_what_was_not_measured_has_no_median() -> None:
    results = Results()
    results.add("import", SECONDS, "ours", [1.0])
    assert results.median("import", "theirs") is None
    assert results.median("size", "ours") is None
    assert results.spread("import", "ours") == 0


def test_a_failed_peer_is_still_one_of_the_peers() -> None:
    results = Results()
    results.add("import", SECONDS, "ours", [1.0])
    results.fail("theirs", "installation", "no such package")
    results.fail("theirs", "installation", "a later reason")
    assert results.peers() == ["ours", "theirs"]
    assert results.failures == {"theirs": {"installation": "no such package"}}


def test_the_json_can_be_read_again() -> None:
    results = Results(about={"rounds": 2})
    results.add("import", SECONDS, "ours", [1.5, 2.5])
    results.fail("theirs", "micro", "why")
    assert Results.from_json(results.to_json()) == results


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.5, SECONDS, "2.50 s"),
        (0.0123, SECONDS, "12.3 ms"),
        (5e-6, SECONDS, "5.00 µs"),
        (4e-7, SECONDS, "0.40 µs"),
        (25_600_000, BYTES, "25.6 MB"),
        (8600.4, RATE, "8,600"),
        (2412, COUNT, "2,412"),
    ],
)
def test_a_value_is_shown_with_its_unit(value: float, unit: str, text: str) -> None:
    assert shown(value, unit) == text
