"""Callers that soak a client: tasks of the asynchronous one, threads of the blocking one, and what they met."""

from __future__ import annotations

import argparse
import asyncio
import gc
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from attrs import define, field

from neo_wire import AsyncNeoClient, Credentials, NeoClient
from neo_wire.errors import NeoWireError
from neo_wire.http import Timeout

TIMEOUT = Timeout(connect=5, read=2, write=5, pool=20, total=20)
LATE = 2.0  # seconds that a busy machine may add
LIFETIME = timedelta(seconds=10)  # of credentials: they are replaced before it is over
SAMPLES = 20  # looks at the process in the whole time


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
    """What the callers met; threads share it."""

    ended: Counter[str] = field(factory=Counter)
    seconds: list[float] = field(factory=list)
    """The latencies of the last interval."""
    by_caller: Counter[int] = field(factory=Counter)
    wrong: list[str] = field(factory=list)
    rotations: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)

    def rotate(self) -> Credentials:
        """New credentials, which do not last long."""
        with self._lock:
            self.rotations += 1
        return Credentials(f"AKID{self.rotations:012}", "secret", "token", expiration=datetime.now(UTC) + LIFETIME)

    def count(self, outcome: str) -> None:
        """Count a call that no caller waits for."""
        with self._lock:
            self.ended[outcome] += 1

    def note(self, caller: int, name: str, outcome: Any, seconds: float) -> None:  # noqa: ANN401  # a job, or an error
        """Take in how the call of a caller ended, and whether it was answered as it should be."""
        failed = isinstance(outcome, NeoWireError)
        with self._lock:
            self.ended[type(outcome).__name__ if failed else "answered"] += 1
            self.seconds.append(seconds)
            self.by_caller[caller] += 1
            if not failed and outcome.compilation_job_name != name:
                self.wrong.append(f"{name} was answered with {outcome.compilation_job_name}")
            if seconds > TIMEOUT.total + LATE:
                self.wrong.append(f"{name} took {seconds:.1f} s")

    def latencies(self) -> list[float]:
        """Those of the last interval, in order; the next begins."""
        with self._lock:
            had, self.seconds = self.seconds, []
        return sorted(had)


def sample(tasks: int) -> Sample:
    """Look at this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return Sample(pages * 4096, descriptors, threading.active_count(), tasks)


def report(now: Sample, tally: Tally, interval: float) -> None:
    """Print how the last interval went."""
    latencies = tally.latencies() or [0.0]
    print(
        f"{len(latencies) / interval:7.0f} calls/s   p50 {latencies[len(latencies) // 2] * 1e3:7.1f} ms"
        f"   p99 {latencies[len(latencies) * 99 // 100] * 1e3:7.1f} ms   {now.resident / 1e6:6.1f} MB"
        f"   {now.descriptors} descriptors   {now.threads} threads   {now.tasks} tasks",
        flush=True,
    )


def settings(url: str, options: argparse.Namespace, tally: Tally) -> dict[str, Any]:
    """What the client is made with."""
    return {
        "region": "us-west-2",
        "endpoint_url": url,
        "credentials": tally.rotate,
        "timeout": TIMEOUT,
        "max_connections": options.connections,
        "environ": {},
    }


# ---------------------------------------------------------------------------------------------------------------- tasks


async def call(client: AsyncNeoClient, caller: int, until: float, tally: Tally, random: Random) -> None:
    """Call again and again."""
    while (begun := time.monotonic()) < until:
        name = f"job-{caller}-{tally.by_caller[caller]}"
        try:
            outcome: Any = await client.describe_compilation_job(name)
        except NeoWireError as error:
            outcome = error
        tally.note(caller, name, outcome, time.monotonic() - begun)
        del outcome  # a failure's traceback leads back here
        if random.random() < 0.01:
            await asyncio.sleep(random.random())


async def cancel(client: AsyncNeoClient, until: float, tally: Tally, random: Random) -> None:
    """Begin calls and cancel them, at whatever point they are."""
    while time.monotonic() < until:
        task = asyncio.create_task(client.describe_compilation_job("cancelled"))
        await asyncio.sleep(random.random() / 50)
        task.cancel()
        await asyncio.wait([task])
        if task.cancelled():
            tally.count("cancelled")


async def soak_tasks(url: str, options: argparse.Namespace) -> tuple[Tally, list[Sample]]:
    """Run tasks for so long, and look at the process meanwhile, before they begin and after the client was closed."""
    tally, random = Tally(), Random(options.seed)  # noqa: S311  # no secret
    samples, interval = [sample(len(asyncio.all_tasks()))], options.seconds / SAMPLES
    until = time.monotonic() + options.seconds
    async with AsyncNeoClient(**settings(url, options, tally)) as client, asyncio.TaskGroup() as group:
        for number in range(options.callers):
            group.create_task(call(client, number, until, tally, random))
        group.create_task(cancel(client, until, tally, random))
        while time.monotonic() < until - interval / 2:
            await asyncio.sleep(interval)
            samples.append(sample(len(asyncio.all_tasks())))
            report(samples[-1], tally, interval)
    await asyncio.get_running_loop().shutdown_default_executor()  # whose threads are the loop's
    samples.append(sample(len(asyncio.all_tasks())))
    return tally, samples


# -------------------------------------------------------------------------------------------------------------- threads


def call_blocking(client: NeoClient, caller: int, until: float, tally: Tally, random: Random) -> None:
    """Call again and again."""
    while (begun := time.monotonic()) < until:
        name = f"job-{caller}-{tally.by_caller[caller]}"
        try:
            outcome: Any = client.describe_compilation_job(name)
        except NeoWireError as error:
            outcome = error
        tally.note(caller, name, outcome, time.monotonic() - begun)
        del outcome  # as above
        if random.random() < 0.01:
            time.sleep(random.random())


def come_and_go(client: NeoClient, until: float, tally: Tally) -> None:
    """Begin threads that call once and end, so that nothing that is kept for a thread may outlive it."""

    def once() -> None:
        try:
            client.describe_compilation_job("once")
        except NeoWireError as error:
            tally.count(type(error).__name__)
        else:
            tally.count("answered")

    while time.monotonic() < until:
        thread = threading.Thread(target=once)
        thread.start()
        thread.join()


def soak_threads(url: str, options: argparse.Namespace) -> tuple[Tally, list[Sample]]:
    """As `soak_tasks`, with threads."""
    tally = Tally()
    samples, interval = [sample(0)], options.seconds / SAMPLES
    until = time.monotonic() + options.seconds
    with NeoClient(**settings(url, options, tally)) as client:
        threads = [threading.Thread(target=come_and_go, args=(client, until, tally))]
        for number in range(options.callers):
            random = Random(options.seed + number)  # noqa: S311  # no secret
            threads.append(threading.Thread(target=call_blocking, args=(client, number, until, tally, random)))
        for thread in threads:
            thread.start()
        while time.monotonic() < until - interval / 2:
            time.sleep(interval)
            samples.append(sample(0))
            report(samples[-1], tally, interval)
        for thread in threads:
            thread.join()
    samples.append(sample(0))
    return tally, samples
