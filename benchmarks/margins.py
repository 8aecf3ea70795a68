"""The margins that neo_wire has to keep to its peers, and whether it keeps them in a run."""

from __future__ import annotations

from attrs import frozen

from benchmarks.peers import OURS
from benchmarks.results import RATE, Results


@frozen
class Margin:
    """One promise: ours is at most `factor` of the peer's; of a rate, at least."""

    row: str
    peer: str
    factor: float


MARGINS = (
    Margin("installed size", "boto3", 0.25),
    Margin("import", "boto3", 0.3),
    Margin("import to a built client", "boto3", 0.25),
    Margin("cold start, http", "boto3", 0.3),
    Margin("cold start, https", "boto3", 0.3),
    Margin("peak memory after the first call", "boto3", 0.45),
    Margin("sign", "botocore", 1 / 8),
    Margin("encode Create, validated", "botocore", 1 / 3),
    Margin("decode Describe", "botocore", 1 / 3),
    Margin("decode List of 100", "botocore", 1 / 6),
    Margin("sync, threads 1", "boto3", 4),
    Margin("sync, threads 8", "boto3", 4),
    Margin("async, in flight 1", "aiobotocore", 3.5),
    Margin("async, in flight 10", "aiobotocore", 5),
    Margin("async, in flight 100", "aiobotocore", 5),
    Margin("async, in flight 1,000", "aiobotocore", 5),
)


@frozen
class Verdict:
    """A margin and what became of it; None for a row or peer that was not measured."""

    margin: Margin
    ratio: float | None
    reached: bool | None


def verdicts(results: Results) -> list[Verdict]:
    """Each margin with the ratio of the medians of this run."""
    return [_verdict(results, margin) for margin in MARGINS]


def _verdict(results: Results, margin: Margin) -> Verdict:
    ours, theirs = results.median(margin.row, OURS), results.median(margin.row, margin.peer)
    if ours is None or not theirs:
        return Verdict(margin, None, None)
    ratio = ours / theirs
    more_is_better = results.units[margin.row] == RATE
    return Verdict(margin, ratio, ratio >= margin.factor if more_is_better else ratio <= margin.factor)
