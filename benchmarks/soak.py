"""Whether a client stays well for long: many callers, connections that drop, credentials that rotate, flat memory.

Run as `python -m benchmarks.soak --seconds 300`, and with `--client blocking` for threads in place of tasks. The
server, in a process of its own, answers most requests and drops, breaks, slows or refuses the others, by a seed. Every
answer is checked to be the caller's own. It fails, with exit status 1, when an answer is wrong, when a call outlasts
its total timeout, when a caller starves, when memory grows after the first quarter of the time by more than 5 % and
2 MB, or when tasks, threads or file descriptors are left in the end.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import sys
from multiprocessing.connection import Connection

from benchmarks.soaking import LIFETIME, TIMEOUT, Sample, Tally, soak_tasks, soak_threads
from tests.faults.answers import Received
from tests.faults.server import FaultServer, mix

USUAL = ["fine"] * 60 + ["in_pieces", "chunked", "gzipped", "slowly"] * 3
FAULTS = ["then_idle_close", "with_a_goodbye", "to_the_end", "reset_after", "close_after", "half_body", "half_chunked"]
FAULTS += ["garbage", "two_answers", "throttled", "too_many", "failing", "unavailable", "silence"]
# glibc keeps freed memory for each thread, up to some hundred kilobytes, and fills that up for minutes: without, what
# the process has is what the client holds. Source: glibc manual, memory allocation tunables.
ALLOCATION = {"GLIBC_TUNABLES": "glibc.malloc.tcache_count=0", "MALLOC_ARENA_MAX": "1"}
USUALLY = {"asynchronous": (1000, 100), "blocking": (50, 20)}  # callers and connections


def answer(request: Received) -> bytes:
    """A job of the name that was asked for."""
    name = json.loads(request.body)["CompilationJobName"]
    job = {"CompilationJobName": name, "CompilationJobStatus": "INPROGRESS", "FailureReason": "x" * 1000}
    return json.dumps(job).encode()


def serve(pipe: Connection, seed: int) -> None:
    """Serve until the pipe says that it is over."""
    with FaultServer(mix(USUAL + FAULTS), seed=seed, answer=answer, keep=0) as server:
        pipe.send(server.url)
        pipe.recv()


def verdict(tally: Tally, samples: list[Sample], options: argparse.Namespace) -> list[str]:
    """What is not as it should be; the first of the samples is of before, and the last of after."""
    wrong = tally.wrong[:10]
    first, *during, last = samples
    quarter = len(during) // 4
    early = statistics.median(one.resident for one in during[quarter : 2 * quarter] or during)
    late = statistics.median(one.resident for one in during[-quarter:])
    if late > early * 1.05 + 2e6:
        wrong.append(f"memory grew from {early / 1e6:.1f} MB to {late / 1e6:.1f} MB")
    if last.tasks > first.tasks or last.descriptors > first.descriptors:
        wrong.append(f"{last.tasks} tasks and {last.descriptors} descriptors are left after the client was closed")
    if last.threads > first.threads:
        wrong.append(f"{last.threads} threads are left after the client was closed")
    if max(one.descriptors for one in samples) > options.connections + 40:
        wrong.append("more descriptors than connections allow")
    counts = [tally.by_caller[number] for number in range(options.callers)]
    # not in so short a time that one call, which may take as long as its timeout, makes the difference
    if options.seconds >= 3 * TIMEOUT.total and min(counts) < statistics.median(counts) / 2:
        wrong.append(f"a caller starved: {min(counts)} calls, where half of them made {statistics.median(counts):.0f}")
    if tally.rotations < options.seconds / LIFETIME.total_seconds():
        wrong.append(f"credentials rotated only {tally.rotations} times")
    if tally.ended["answered"] < 0.8 * (tally.ended.total() - tally.ended["cancelled"]):
        wrong.append("fewer than four of five calls were answered")
    return wrong


def told(name: str, one: Sample) -> str:
    """A line on what the process held at a moment."""
    return f"{name}: {one.resident / 1e6:.1f} MB, {one.descriptors} descriptors, {one.threads} threads"


def main() -> int:
    """Read the command line, soak, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--client", choices=USUALLY, default="asynchronous", help="which (asynchronous)")
    parser.add_argument("--seconds", type=float, default=180.0, help="how long (180)")
    parser.add_argument("--callers", type=int, help="tasks or threads at a time (1000, or 50 threads)")
    parser.add_argument("--connections", type=int, help="to the server, at most (100, or 20 of threads)")
    parser.add_argument("--seed", type=int, default=0, help="of all chance (0)")
    options = parser.parse_args()
    if not ALLOCATION.items() <= os.environ.items():  # they are read when a process starts
        again = [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]]
        os.execve(sys.executable, again, {**os.environ, **ALLOCATION})  # noqa: S606  # this program
    callers, connections = USUALLY[options.client]
    options.callers, options.connections = options.callers or callers, options.connections or connections
    if not 1 <= options.seconds <= 3600 or not 1 <= options.callers <= 5000 or not 1 <= options.connections <= 1000:
        parser.error("give 1 to 3600 seconds, 1 to 5000 callers and 1 to 1000 connections")
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, options.seed), daemon=True)
    server.start()
    try:
        url = ours.recv()
        blocking = options.client == "blocking"
        tally, samples = soak_threads(url, options) if blocking else asyncio.run(soak_tasks(url, options))
    finally:
        ours.send("over")
        server.join(10)
    for name, one in (("before", samples[0]), ("in the middle", samples[len(samples) // 2]), ("after", samples[-1])):
        print(told(name, one))
    print(f"credentials rotated {tally.rotations} times; of {tally.ended.total()} calls ended so many each:")
    print(", ".join(f"{name} {count}" for name, count in tally.ended.most_common()))
    wrong = verdict(tally, samples, options)
    print("\n".join(wrong) if wrong else "well")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
