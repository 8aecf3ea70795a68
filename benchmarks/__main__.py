"""Measure neo_wire beside its peers: `python -m benchmarks`, with `pip install -e '.[bench]'` before it.

Makes a throw-away environment for each peer, measures them in turns against a server on the loopback interface, and
writes `results.json`, `results.md` and the plots. Compare the ratios of one run, not the figures of two machines.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from shutil import copytree, ignore_patterns

from benchmarks.environments import Environment, EnvironmentFailed, build_wheel, make_environment
from benchmarks.measuring import FULL, QUICK, Measuring, about, serving
from benchmarks.peers import OURS, named
from benchmarks.plots import draw
from benchmarks.report import report
from benchmarks.results import Results

_NEEDED = ("matplotlib", "pyperf", "trustme")  # the extra `bench`: asked for before minutes are spent


def say(text: str) -> None:
    """Tell how far it is."""
    sys.stderr.write(f"{text}\n")


def main() -> int:
    """Measure, write the results, and give the exit status: 1 when a measurement of ours failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure neo_wire beside its peers.")
    parser.add_argument("--quick", action="store_true", help="in a few minutes, with a wider spread")
    parser.add_argument("--peers", type=lambda text: text.split(","), help="names, with commas between; default all")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "results", help="folder of the results")
    arguments = parser.parse_args()
    if missing := [name for name in _NEEDED if find_spec(name) is None]:
        parser.error(f"{', '.join(missing)} is not installed; run: pip install -e '.[bench]'")
    try:
        peers = named(arguments.peers)
    except ValueError as error:
        parser.error(str(error))
    scale = QUICK if arguments.quick else FULL
    results = Results()
    with tempfile.TemporaryDirectory(prefix="neo-wire-bench-") as name:
        folder = Path(name)
        say("building the wheel")
        wheel = build_wheel(folder)
        environments: dict[str, Environment] = {}
        for number, peer in enumerate(peers):
            say(f"installing {peer.name}")
            try:
                environments[peer.name] = make_environment(folder / str(number), peer, wheel)
            except EnvironmentFailed as failure:
                results.fail(peer.name, "installation", str(failure))
        results.about = about(environments, scale, f"{datetime.now(UTC):%Y-%m-%d}")
        copytree(Path(__file__).parent, folder / "run" / "benchmarks", ignore=ignore_patterns("results", "__pycache__"))
        there = [peer for peer in peers if peer.name in environments]
        with serving() as server:
            Measuring(folder / "run", environments, there, server, scale, results).all(say)
    arguments.output.mkdir(parents=True, exist_ok=True)
    (arguments.output / "results.json").write_text(results.to_json())
    (arguments.output / "results.md").write_text(report(results))
    for path in draw(results, arguments.output):
        say(f"drew {path}")
    sys.stdout.write(report(results))
    return 1 if OURS in results.failures else 0


if __name__ == "__main__":
    sys.exit(main())
