"""Whether a client stays well for long: a thousand tasks, connections that drop, credentials that rotate, flat memory.

Run as `python -m benchmarks.soak --seconds 300`. The server, in a process of its own, answers most requests and drops,
breaks, slows or refuses the others, by a seed. Every answer is checked to be the caller's own. It fails, with exit
status 1, when an answer is wrong, when a call outlasts its total timeout, when a caller starves, or when memory, tasks,
threads or file descriptors are more in the end than after the first quarter of the time.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import multiprocessing
import statistics
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from attrs import define, field

from neo_wire import AsyncNeoClient, Credentials
from neo_wire.errors import NeoWireError
from neo_wire.http import Timeout
from tests.faults.answers import Received
from tests.faults.server import FaultServer, mix

TIMEOUT = Timeout(connect=5, read=2, write=5, pool=20, total=20)
LATE = 2.0  # seconds that a busy machine may add
LIFETIME = timedelta(seconds=10)  # of credentials: they are replaced before it is over
USUAL = ["fine"] * 60 + ["in_pieces", "chunked", "gzipped", "slowly"] * 3
FAULTS = ["then_idle_close", "with_a_goodbye", "to_the_end", "reset_after", "close_after", "half_body", "half_chunked"]
FAULTS += ["garbage", "two_answers", "throttled", "too_many", "failing", "unavailable", "silence"]


@define
class Sample:
    """What the process holds at a moment."""

    resident: int
    """Bytes of memory."""
    descriptors: int
    threads: int
    tasks: int


@define
class Tally:
    """What the callers met."""

    ended: Counter[str] = field(factory=Counter)
    seconds: list[float] = field(factory=list)
    """The latencies of the last interval."""
    by_caller: Counter[int] = field(factory=Counter)
    wrong: list[str] = field(factory=list)
    rotations: int = 0


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


def sample() -> Sample:
    """Look at this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return Sample(pages * 4096, descriptors, threading.active_count(), len(asyncio.all_tasks()))


async def call(client: AsyncNeoClient, caller: int, until: float, tally: Tally, random: Random) -> None:
    """Call again and again, and check each answer."""
    while (begun := time.monotonic()) < until:
        name = f"job-{caller}-{tally.by_caller[caller]}"
        try:
            job = await client.describe_compilation_job(name)
        except NeoWireError as error:
            tally.ended[type(error).__name__] += 1
        else:
            tally.ended["answered"] += 1
            if job.compilation_job_name != name:
                tally.wrong.append(f"{name} was answered with {job.compilation_job_name}")
        seconds = time.monotonic() - begun
        tally.seconds.append(seconds)
        tally.by_caller[caller] += 1
        if seconds > TIMEOUT.total + LATE:
            tally.wrong.append(f"{name} took {seconds:.1f} s")
        if random.random() < 0.01:
            await asyncio.sleep(random.random())


async def cancel(client: AsyncNeoClient, until: float, tally: Tally, random: Random) -> None:
    """Begin calls and cancel them, at whatever point they are."""
    while time.monotonic() < until:
        task = asyncio.create_task(client.describe_compilation_job("cancelled"))
        await asyncio.sleep(random.random() / 50)
        task.cancel()
        await asyncio.wait([task])
        tally.ended["cancelled"] += task.cancelled()


def report(now: Sample, tally: Tally, interval: float) -> None:
    """Print how the last interval went."""
    latencies, tally.seconds = sorted(tally.seconds) or [0.0], []
    print(
        f"{len(latencies) / interval:7.0f} calls/s   p50 {latencies[len(latencies) // 2] * 1e3:7.1f} ms"
        f"   p99 {latencies[len(latencies) * 99 // 100] * 1e3:7.1f} ms   {now.resident / 1e6:6.1f} MB"
        f"   {now.descriptors} descriptors   {now.threads} threads   {now.tasks} tasks",
        flush=True,
    )


async def soak(url: str, options: argparse.Namespace) -> tuple[Tally, list[Sample]]:
    """Run the callers for so long, and look at the process meanwhile."""
    tally, random, samples = Tally(), Random(options.seed), []  # noqa: S311  # no secret

    def rotate() -> Credentials:
        tally.rotations += 1
        return Credentials(f"AKID{tally.rotations:012}", "secret", "token", expiration=datetime.now(UTC) + LIFETIME)

    client = AsyncNeoClient(
        region="us-west-2",
        endpoint_url=url,
        credentials=rotate,
        timeout=TIMEOUT,
        max_connections=options.connections,
        environ={},
    )
    until = time.monotonic() + options.seconds
    async with client, asyncio.TaskGroup() as group:
        for number in range(options.tasks):
            group.create_task(call(client, number, until, tally, random))
        group.create_task(cancel(client, until, tally, random))
        interval = options.seconds / 20
        while time.monotonic() < until - interval / 2:
            await asyncio.sleep(interval)
            samples.append(sample())
            report(samples[-1], tally, interval)
    samples.append(sample())
    return tally, samples


def verdict(tally: Tally, samples: list[Sample], options: argparse.Namespace) -> list[str]:
    """What is not as it should be."""
    wrong = tally.wrong[:10]
    quarter = len(samples) // 4
    early = statistics.median(one.resident for one in samples[quarter : 2 * quarter])
    late = statistics.median(one.resident for one in samples[-quarter - 1 : -1])
    if late > early * 1.05 + 2e6:
        wrong.append(f"memory grew from {early / 1e6:.1f} MB to {late / 1e6:.1f} MB")
    last = samples[-1]
    if last.tasks > 1 or last.descriptors > 20:
        wrong.append(f"{last.tasks} tasks and {last.descriptors} descriptors are left after the client was closed")
    if max(one.descriptors for one in samples) > options.connections + 40:
        wrong.append("more descriptors than connections allow")
    counts = [tally.by_caller[number] for number in range(options.tasks)]
    if min(counts) < statistics.median(counts) / 2:
        wrong.append(f"a caller starved: {min(counts)} calls, where half of them made {statistics.median(counts):.0f}")
    if tally.rotations < options.seconds / LIFETIME.total_seconds():
        wrong.append(f"credentials rotated only {tally.rotations} times")
    if tally.ended["answered"] < 0.8 * tally.ended.total():
        wrong.append("fewer than four of five calls were answered")
    return wrong


def main() -> int:
    """Read the command line, soak, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long (180)")
    parser.add_argument("--tasks", type=int, default=1000, help="callers at a time (1000)")
    parser.add_argument("--connections", type=int, default=100, help="connections to the server, at most (100)")
    parser.add_argument("--seed", type=int, default=0, help="of all chance (0)")
    options = parser.parse_args()
    if not 10 <= options.seconds <= 3600 or not 1 <= options.tasks <= 5000 or not 1 <= options.connections <= 1000:
        parser.error("give 10 to 3600 seconds, 1 to 5000 tasks and 1 to 1000 connections")
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, options.seed), daemon=True)
    server.start()
    try:
        tally, samples = asyncio.run(soak(ours.recv(), options))
    finally:
        ours.send("over")
        server.join(10)
    print(f"credentials rotated {tally.rotations} times; calls ended: {dict(tally.ended.most_common())}")
    wrong = verdict(tally, samples, options)
    print("\n".join(wrong) if wrong else "well")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
