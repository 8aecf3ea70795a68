"""One measurement in the environment of one peer: prints what it found as one line of JSON.

Run by the peer's interpreter, with a copy of this package and no checkout beside it. Standard library and the peer
alone. The options come as JSON: `python -m benchmarks.task CONTENDER MEASUREMENT '{"url": …}'`. What one
measurement needs is imported by it alone, so that it weighs on no cold start.
"""

from __future__ import annotations

import gc
import json
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

Found = dict[str, float]
Options = dict[str, Any]  # Any: what JSON holds
_WARM_UP = 20  # calls before anything is timed


def import_time(contender: str, options: Options) -> Found:
    """Seconds to import the package, and to a built client."""
    start = time.perf_counter()
    for name in options["imports"].split(", "):
        import_module(name)
    imported = time.perf_counter()
    import_module(f"benchmarks.contenders.{contender}").Client(options["url"], options["ca"])
    return {"import": imported - start, "client": time.perf_counter() - start}


def cold_start(contender: str, options: Options) -> Found:
    """One call; the whole process is timed by whoever started it."""
    import_module(f"benchmarks.contenders.{contender}").Client(options["url"], options["ca"]).describe()
    return {}


def _peak() -> float:
    """Bytes of memory that this process has had at most."""
    status = Path("/proc/self/status")
    if status.exists():  # on Linux, ru_maxrss counts what the process was forked from
        return int(re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())[0]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def memory(contender: str, options: Options) -> Found:
    """Peak memory after the import, the first call, and many calls."""
    module = import_module(f"benchmarks.contenders.{contender}")
    found = {"import": _peak()}
    if not options["blocking"]:
        import asyncio

        found["first call"], found["many calls"] = asyncio.run(_memory_async(module, options))
        return found
    client = module.Client(options["url"], options["ca"])
    client.describe()
    found["first call"] = _peak()
    for _ in range(options["calls"]):
        client.describe()
    found["many calls"] = _peak()
    return found


async def _memory_async(module: ModuleType, options: Options) -> tuple[float, float]:
    async with module.AsyncClient(options["url"], options["ca"], 1) as client:
        await client.describe()
        first = _peak()
        for _ in range(options["calls"]):
            await client.describe()
        return first, _peak()


def threads(contender: str, options: Options) -> Found:
    """Calls a second of one client that so many threads share."""
    import threading

    client = import_module(f"benchmarks.contenders.{contender}").Client(options["url"], options["ca"])
    for _ in range(_WARM_UP):
        client.describe()
    counts = [0] * options["threads"]
    start = time.perf_counter()
    stop = start + options["seconds"]

    def work(index: int) -> None:
        while time.perf_counter() < stop:
            client.describe()
            counts[index] += 1

    workers = [threading.Thread(target=work, args=(index,)) for index in range(options["threads"])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return {"calls/s": sum(counts) / (time.perf_counter() - start)}


def in_flight(contender: str, options: Options) -> Found:
    """Calls a second of one asynchronous client with so many calls at a time, and the 99th percentile of their time."""
    import asyncio

    return asyncio.run(_in_flight(import_module(f"benchmarks.contenders.{contender}"), options))


async def _in_flight(module: ModuleType, options: Options) -> Found:
    import asyncio

    latencies: list[float] = []
    async with module.AsyncClient(options["url"], options["ca"], options["in_flight"]) as client:
        for _ in range(_WARM_UP):
            await client.describe()
        start = time.perf_counter()
        stop = start + options["seconds"]

        async def work() -> None:
            while (begun := time.perf_counter()) < stop:
                await client.describe()
                latencies.append(time.perf_counter() - begun)

        await asyncio.gather(*(work() for _ in range(options["in_flight"])))
        seconds = time.perf_counter() - start
    latencies.sort()
    return {"calls/s": len(latencies) / seconds, "p99": latencies[int(len(latencies) * 0.99)]}


def _each(call: Callable[[], object], count: int) -> float:
    """Seconds a call."""
    call()
    gc.collect()
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count


def growth(contender: str, options: Options) -> Found:
    """Seconds a call for each number of rows in a response, and for each size of a request's longest string."""
    client = import_module(f"benchmarks.contenders.{contender}").Client(options["url"], options["ca"])
    rows = {f"rows {one}": _each(partial(client.list_rows, one), options["calls"]) for one in options["rows"]}
    return rows | {f"bytes {one}": _each(partial(client.create, one), options["calls"]) for one in options["sizes"]}


def waiting(contender: str, options: Options) -> Found:
    """Until it is known that all of many jobs have ended; nothing where the client has no way to wait for them."""
    client = import_module(f"benchmarks.contenders.{contender}").Client(options["url"], options["ca"])
    if not hasattr(client, "wait_for"):
        return {}
    client.describe()
    start, processor = time.perf_counter(), time.process_time()
    ended, requests = client.wait_for(options["names"])
    found = {"seconds": time.perf_counter() - start, "processor": time.process_time() - processor, "requests": requests}
    if ended != len(options["names"]):
        raise RuntimeError(f"{ended} of {len(options['names'])} jobs were seen to end")
    return found


MEASUREMENTS: dict[str, Callable[[str, Options], Found]] = {
    "import": import_time,
    "cold start": cold_start,
    "memory": memory,
    "threads": threads,
    "in flight": in_flight,
    "growth": growth,
    "waiting": waiting,
}

if __name__ == "__main__":
    found = MEASUREMENTS[sys.argv[2]](sys.argv[1], json.loads(sys.argv[3]))
    print(json.dumps(found))
