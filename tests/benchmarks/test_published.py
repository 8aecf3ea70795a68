"""The numbers of the README are those of the run whose samples are kept."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.report import report
from benchmarks.results import Results

CHECKOUT = Path(__file__).parent.parent.parent
RESULTS = CHECKOUT / "benchmarks" / "results"


def test_the_report_is_made_of_the_samples() -> None:
    kept = Results.from_json((RESULTS / "results.json").read_text())

    assert kept.failures == {}
    assert (RESULTS / "results.md").read_text() == report(kept)


def test_the_readme_shows_the_whole_table_and_every_margin() -> None:
    readme = (CHECKOUT / "README.md").read_text().splitlines()
    rows = [line for line in (RESULTS / "results.md").read_text().splitlines() if line.startswith("|")]

    assert len(rows) > 30
    assert [row for row in rows if row not in readme] == []


def test_the_plots_that_the_readme_shows_are_there() -> None:
    plots = re.findall(r"\(benchmarks/results/([^)]+\.(?:svg|png))\)", (CHECKOUT / "README.md").read_text())

    assert plots
    assert [plot for plot in plots if not (RESULTS / plot).is_file()] == []
