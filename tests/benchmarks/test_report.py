"""The report says what the numbers say: also what was missed, where a peer is better, and what failed."""

from __future__ import annotations

import pytest

from benchmarks.margins import MARGINS, verdicts
from benchmarks.peers import OURS, PEERS, named
from benchmarks.report import report
from benchmarks.results import RATE, SECONDS, Results


@pytest.fixture
def results() -> Results:
    about = {"date": "2026-01-01", "python": "CPython", "system": "Linux", "processor": "P", "cores": 2}
    made = Results(about=about | {"pinned": True, "rounds": 3, "versions": {OURS: {"attrs": "1"}, "bare sockets": {}}})
    made.add("sign", SECONDS, OURS, [1.0, 1.0])
    made.add("sign", SECONDS, "botocore", [8.0, 8.0])
    made.add("sync, threads 1", RATE, OURS, [300.0, 320.0])
    made.add("sync, threads 1", RATE, "boto3", [100.0, 100.0])
    made.add("sync, threads 1", RATE, "bare sockets", [900.0, 900.0])
    made.fail("aiobotocore", "in flight", "it did not end")
    return made


def test_a_margin_is_reached_missed_or_not_measured(results: Results) -> None:
    found = {one.margin.row: one for one in verdicts(results)}
    assert len(found) == len(MARGINS)
    assert (found["sign"].ratio, found["sign"].reached) == (0.125, True)
    assert (found["sync, threads 1"].ratio, found["sync, threads 1"].reached) == (3.1, False)
    assert found["decode Describe"].reached is None


def test_every_margin_is_against_a_peer_that_is_measured() -> None:
    assert {margin.peer for margin in MARGINS} <= {peer.name for peer in PEERS}


def test_the_report_hides_nothing(results: Results) -> None:
    text = report(results)
    assert "| sign | botocore | ≤ 0.125 | 0.125 | reached |" in text
    assert "| sync, threads 1 | boto3 | ≥ 4 | 3.100 | **not reached** |" in text
    assert "| decode Describe | botocore | ≤ 0.333 | - | not measured |" in text
    assert "- sync, threads 1: bare sockets 900, neo_wire 310" in text
    assert "- aiobotocore, in flight: `it did not end`" in text
    assert "| sync, threads 1 | 310 ± 10 |" in text


def test_ours_is_always_among_the_peers() -> None:
    assert [peer.name for peer in named(["boto3"])] == [OURS, "boto3"]
    assert named(None) == list(PEERS)
    with pytest.raises(ValueError, match=r"no peer boto4; there are neo_wire, boto3"):
        named(["boto4"])
