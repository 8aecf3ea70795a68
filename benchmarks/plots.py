"""The plots of a run: how cost grows, and how the peers compare. Each as SVG and PNG."""

from __future__ import annotations

from pathlib import Path

from benchmarks.peers import OURS
from benchmarks.results import Results

_COLOURS = ("#0b6e4f", "#d1495b", "#edae49", "#8d6a9f", "#30638e", "#00798c", "#8a8a8a")
_BARS = (
    "installed size",
    "import to a built client",
    "cold start, http",
    "cold start, https",
    "peak memory after the first call",
    "sign",
    "encode Create, validated",
    "decode Describe",
    "decode List of 100",
)


def draw(results: Results, folder: Path) -> list[Path]:
    """Draw all, and give the files."""
    import matplotlib as mpl  # of the extra `bench`

    mpl.use("Agg")
    mpl.rcParams.update(
        {"svg.hashsalt": "neo_wire", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    )
    return [
        *_growth(results, folder / "threads", "sync, threads ", "threads", "calls a second"),
        *_growth(results, folder / "in_flight", "async, in flight ", "calls in flight", "calls a second"),
        *_growth(results, folder / "list_rows", "growth, rows ", "rows in a List response", "seconds a call"),
        *_growth(results, folder / "request_size", "growth, bytes ", "bytes of a Create's input", "seconds a call"),
        *_bars(results, folder / "comparison"),
    ]


def _colour(results: Results, peer: str) -> str:
    return _COLOURS[([OURS] + [one for one in results.peers() if one != OURS]).index(peer) % len(_COLOURS)]


def _steps(results: Results, begin: str) -> dict[int, str]:
    """The rows of one kind, by the number in their name."""
    found = {}
    for row in results.units:
        number = row.removeprefix(begin).replace(",", "")
        if row.startswith(begin) and number.isdecimal():
            found[int(number)] = row
    return dict(sorted(found.items()))


def _growth(results: Results, path: Path, begin: str, across: str, up: str) -> list[Path]:
    from matplotlib.figure import Figure

    steps = _steps(results, begin)
    if not steps:
        return []
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for peer in results.peers():
        points = [(step, results.median(row, peer), results.spread(row, peer)) for step, row in steps.items()]
        known = [(step, median, spread) for step, median, spread in points if median is not None]
        if known:
            x, y, spread = zip(*known, strict=True)
            half = [one / 2 for one in spread]
            width = 2.4 if peer == OURS else 1.2
            axes.errorbar(
                x, y, half, label=peer, color=_colour(results, peer), marker="o", markersize=3, linewidth=width
            )
    axes.set(xscale="log", yscale="log", xlabel=across, ylabel=up)
    axes.set_xticks(list(steps), [f"{step:,}" for step in steps])
    axes.minorticks_off()
    axes.grid(alpha=0.25)
    axes.legend(frameon=False)
    return _saved(figure, path)


def _bars(results: Results, path: Path) -> list[Path]:
    from matplotlib.figure import Figure

    rows = [row for row in _BARS if results.median(row, OURS) is not None]
    if not rows:
        return []
    figure = Figure(figsize=(9, 1.2 + 0.9 * len(rows)), layout="constrained")
    for axes, row in zip(figure.subplots(len(rows), squeeze=False)[:, 0], rows, strict=True):
        ours = results.median(row, OURS)
        known = [(peer, median) for peer in results.peers() if (median := results.median(row, peer)) is not None]
        names, medians = zip(*known, strict=True)
        bars = axes.barh(names, medians, color=[_colour(results, name) for name in names])
        axes.bar_label(bars, [f"{median / ours:.2f} x" for median in medians], padding=3, fontsize=7)
        axes.set_title(f"{row} (neo_wire is 1 x; less is better)", fontsize=8, loc="left")
        axes.invert_yaxis()
        axes.set_xticks([])
        axes.tick_params(labelsize=7)
    figure.set_figheight(0.5 + sum(0.35 + 0.16 * len(results.samples[row]) for row in rows))
    return _saved(figure, path)


def _saved(figure: object, path: Path) -> list[Path]:
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    files = [path.with_suffix(".svg"), path.with_suffix(".png")]
    figure.savefig(files[0], metadata={"Date": None})
    figure.savefig(files[1], dpi=150)
    return files
