"""The steps of a call on their own, timed by pyperf in the environment of one peer.

Run by the peer's interpreter: `python -m benchmarks.micro -o FILE …pyperf's options… --contender with_botocore`.
"""

from __future__ import annotations

import argparse
from importlib import import_module

import pyperf


def _pass_on(command: list[str], arguments: argparse.Namespace) -> None:
    command.extend(("--contender", arguments.contender))


if __name__ == "__main__":
    runner = pyperf.Runner(add_cmdline_args=_pass_on, program_args=("-m", "benchmarks.micro"))
    runner.argparser.add_argument("--contender", required=True)
    contender = import_module(f"benchmarks.contenders.{runner.parse_args().contender}")
    for name, step in contender.micro().items():
        runner.bench_func(name, step)
