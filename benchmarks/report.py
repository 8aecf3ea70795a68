"""The table of a run, in Markdown: medians with their spread, the margins, where a peer is better, and what failed."""

from __future__ import annotations

from benchmarks.margins import verdicts
from benchmarks.peers import OURS
from benchmarks.results import RATE, Results, shown


def report(results: Results) -> str:
    """The whole report."""
    about = results.about
    parts = [
        f"{about['date']}, {about['python']}, {about['system']}, {about['processor']}, {about['cores']} cores"
        + (", client and server pinned to a core each" if about["pinned"] else "")
        + f". Medians of {about['rounds']} interleaved rounds ± the distance between the quartiles.",
        "Versions: " + "; ".join(_versions(name, found) for name, found in about["versions"].items()) + ".",
        _table(results),
        "## Margins\n\n" + _margins(results),
        "## Where a peer is better\n\n" + _better(results),
    ]
    if results.failures:
        parts.append("## What failed\n\n" + _failures(results))
    return "\n\n".join(parts) + "\n"


def _versions(name: str, versions: dict[str, str]) -> str:
    packages = ", ".join(f"{package} {version}" for package, version in sorted(versions.items()) if package != "pyperf")
    return f"{name}: {packages or 'the standard library'}"


def _table(results: Results) -> str:
    peers = results.peers()
    lines = ["| | " + " | ".join(peers) + " |", "|---|" + "--:|" * len(peers)]
    for row, unit in results.units.items():
        if row.startswith("growth, "):
            continue  # these are plotted
        cells = []
        for peer in peers:
            median, spread = results.median(row, peer), results.spread(row, peer)
            text = "" if median is None else shown(median, unit)
            cells.append(f"{text} ± {shown(spread, unit)}" if spread else text)
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _margins(results: Results) -> str:
    lines = ["| what | against | wanted ratio | measured | |", "|---|---|--:|--:|---|"]
    for one in verdicts(results):
        margin = one.margin
        sign = "≥" if results.units.get(margin.row) == RATE else "≤"
        ratio = "-" if one.ratio is None else f"{one.ratio:.3f}"
        word = {True: "reached", False: "**not reached**", None: "not measured"}[one.reached]
        lines.append(f"| {margin.row} | {margin.peer} | {sign} {margin.factor:.3g} | {ratio} | {word} |")
    return "\n".join(lines)


def _better(results: Results) -> str:
    lines = []
    for row, unit in results.units.items():
        ours = results.median(row, OURS)
        if ours is None:
            continue
        for peer in results.peers():
            theirs = results.median(row, peer)
            if peer != OURS and theirs is not None and (theirs > ours if unit == RATE else theirs < ours):
                lines.append(f"- {row}: {peer} {shown(theirs, unit)}, {OURS} {shown(ours, unit)}")
    return "\n".join(lines) or "Nowhere in this run."


def _failures(results: Results) -> str:
    return "\n".join(
        f"- {peer}, {what}: `{' '.join(why.split())[-300:]}`"
        for peer, found in results.failures.items()
        for what, why in found.items()
    )
