"""What was measured: samples of each peer for each row, and what failed. Kept as JSON, to make reports of it again."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from typing import Any

from attrs import asdict, define, field

SECONDS, BYTES, RATE, COUNT = "s", "bytes", "calls/s", ""


@define
class Results:
    """The outcome of one run.

    Attributes:
        about: versions, machine, date and settings.
        units: of each row, in the order of the rows.
        samples: by row, then by peer, one for each round.
        failures: by peer, what went wrong with what; never left out of a report.
    """

    about: dict[str, Any] = field(factory=dict)  # Any: what JSON holds
    units: dict[str, str] = field(factory=dict)
    samples: dict[str, dict[str, list[float]]] = field(factory=dict)
    failures: dict[str, dict[str, str]] = field(factory=dict)

    def add(self, row: str, unit: str, peer: str, values: Iterable[float]) -> None:
        """Add samples of one peer to a row."""
        self.units[row] = unit
        self.samples.setdefault(row, {}).setdefault(peer, []).extend(values)

    def fail(self, peer: str, what: str, why: str) -> None:
        """Note that a measurement of a peer did not succeed; the first reason is kept."""
        self.failures.setdefault(peer, {}).setdefault(what, why)

    def peers(self) -> list[str]:
        """All that have a sample or a failure, in the order of their first."""
        return list(dict.fromkeys([*(peer for row in self.samples.values() for peer in row), *self.failures]))

    def median(self, row: str, peer: str) -> float | None:
        """The median of the samples; None when there is none."""
        values = self.samples.get(row, {}).get(peer)
        return statistics.median(values) if values else None

    def spread(self, row: str, peer: str) -> float:
        """The distance between the quartiles; 0 for fewer than two samples."""
        values = self.samples.get(row, {}).get(peer, [])
        if len(values) < 2:
            return 0.0
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return high - low

    def to_json(self) -> str:
        """The whole as JSON."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> Results:
        """What `to_json` wrote."""
        return cls(**json.loads(text))


def shown(value: float, unit: str) -> str:
    """A value with its unit, to three digits or so."""
    if unit == SECONDS:
        for factor, name in ((1, "s"), (1e3, "ms"), (1e6, "µs")):
            if value * factor >= 1 or name == "µs":
                return f"{_three_digits(value * factor)} {name}"
    if unit == BYTES:
        return f"{_three_digits(value / 1e6)} MB"
    return f"{value:,.0f}"


def _three_digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
