"""Every measurement, peer by peer in turns, round by round, so that a busy moment of the machine hits all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import frozen

from benchmarks.answers import job_name
from benchmarks.environments import CHECKOUT, Environment
from benchmarks.peers import Peer
from benchmarks.results import BYTES, COUNT, RATE, SECONDS, Results

_LONGEST = 900  # seconds of one subprocess


@frozen
class Scale:
    """How much is measured.

    Attributes:
        rounds: how many times each peer has its turn.
        starts: how many fresh processes a round, for import time and cold start.
        seconds: how long throughput is measured, each time.
        calls: for memory; `growth_calls` for each size of the growth plots; `jobs` to wait for.
        threads, in_flight, rows, sizes: the steps of the growth plots; the table has the ends of the first two.
        pyperf: its options.
    """

    rounds: int
    starts: int
    seconds: float
    calls: int
    growth_calls: int
    jobs: int = 1000
    threads: tuple[int, ...] = (1, 2, 4, 8, 16)
    in_flight: tuple[int, ...] = (1, 10, 100, 1000)
    rows: tuple[int, ...] = (1, 3, 10, 30, 100, 300, 1000)
    sizes: tuple[int, ...] = (16, 64, 256, 1024, 4096, 16384)
    pyperf: tuple[str, ...] = ("--processes=4", "--values=3", "--min-time=0.05")


FULL = Scale(rounds=5, starts=3, seconds=3.0, calls=20_000, growth_calls=100)
QUICK = Scale(
    rounds=2,
    starts=2,
    seconds=0.7,
    calls=1_000,
    growth_calls=10,
    threads=(1, 8),
    rows=(1, 10, 100, 1000),
    sizes=(16, 1024, 16384),
    pyperf=("--processes=1", "--values=3", "--min-time=0.01"),
)


@frozen
class Server:
    """Where the loopback server listens."""

    http: str
    https: str
    ca: str


class MeasurementFailed(Exception):
    """A subprocess ended with an error or gave no result."""


def cores() -> tuple[int | None, int | None]:
    """The core for the clients and the one for the server; None where there is but one, or no way to choose."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    available = sorted(os.sched_getaffinity(0))
    return (available[0], available[1]) if len(available) > 1 else (None, None)


def _pinned(core: int | None) -> Callable[[], None] | None:
    return None if core is None else lambda: os.sched_setaffinity(0, {core})


@contextmanager
def serving() -> Iterator[Server]:
    """Run the loopback server in a process of its own, with a certificate that is made for it."""
    import trustme  # of the extra `bench`

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = trustme.CA()
        certificate = authority.issue_cert("127.0.0.1")
        ca, chain, key = (folder / one for one in ("ca.pem", "chain.pem", "key.pem"))
        authority.cert_pem.write_to_path(str(ca))
        certificate.private_key_pem.write_to_path(str(key))
        for index, blob in enumerate(certificate.cert_chain_pems):
            blob.write_to_path(str(chain), append=index > 0)
        with subprocess.Popen(  # noqa: S603  # our own server
            [sys.executable, "-m", "benchmarks.server", str(chain), str(key)],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=_pinned(cores()[1]),  # there are no threads here
        ) as process:
            assert process.stdout is not None
            http, https = json.loads(process.stdout.readline())
            yield Server(f"http://127.0.0.1:{http}", f"https://127.0.0.1:{https}", str(ca))


@frozen
class Measuring:
    """The measurements of one run."""

    folder: Path
    """Where a copy of this package lies, for the environments to import it without the checkout beside it."""
    environments: dict[str, Environment]
    peers: list[Peer]
    server: Server
    scale: Scale
    results: Results

    def all(self, say: Callable[[str], None]) -> None:
        """Measure everything; what fails is noted in the results, and the rest goes on."""
        for peer in self.peers:
            self.results.add("installed size", BYTES, peer.name, [self.environments[peer.name].size])
            self.results.add("installed files", COUNT, peer.name, [self.environments[peer.name].files])
        for number in range(self.scale.rounds):
            say(f"round {number + 1} of {self.scale.rounds}")
            for what in (self._starts, self._micro, self._threads, self._in_flight, self._growth, self._waiting):
                for peer in self.peers if number % 2 == 0 else reversed(self.peers):
                    what(peer)
        say("memory")
        for peer in self.peers:
            self._memory(peer)

    def _starts(self, peer: Peer) -> None:
        for _ in range(self.scale.starts):
            if found := self._task(peer, "import", self.server.http, imports=peer.imports):
                self.results.add("import", SECONDS, peer.name, [found["import"]])
                self.results.add("import to a built client", SECONDS, peer.name, [found["client"]])
            for scheme, url in (("http", self.server.http), ("https", self.server.https)):
                start = time.perf_counter()
                if self._task(peer, "cold start", url) is not None:
                    seconds = time.perf_counter() - start
                    self.results.add(f"cold start, {scheme}", SECONDS, peer.name, [seconds])

    def _memory(self, peer: Peer) -> None:
        if found := self._task(peer, "memory", self.server.http, calls=self.scale.calls, blocking=peer.blocking):
            for when, row in (
                ("import", "after import"),
                ("first call", "after the first call"),
                ("many calls", f"after {self.scale.calls:,} calls"),
            ):
                self.results.add(f"peak memory {row}", BYTES, peer.name, [found[when]])

    def _micro(self, peer: Peer) -> None:
        if not peer.micro:
            return
        import pyperf  # of the extra `bench`

        with tempfile.TemporaryDirectory() as folder:
            output = Path(folder) / "pyperf.json"
            arguments = ["-o", str(output), "--quiet", *self.scale.pyperf, "--contender", peer.module]
            try:
                self._run(peer, ["-m", "benchmarks.micro", *arguments])
            except MeasurementFailed as failure:
                self.results.fail(peer.name, "micro", str(failure))
                return
            for benchmark in pyperf.BenchmarkSuite.load(str(output)):
                self.results.add(benchmark.get_name(), SECONDS, peer.name, benchmark.get_values())

    def _threads(self, peer: Peer) -> None:
        for count in self.scale.threads if peer.blocking else ():
            if found := self._task(peer, "threads", self.server.http, threads=count, seconds=self.scale.seconds):
                self.results.add(f"sync, threads {count}", RATE, peer.name, [found["calls/s"]])

    def _in_flight(self, peer: Peer) -> None:
        for count in self.scale.in_flight if peer.asynchronous else ():
            if found := self._task(peer, "in flight", self.server.http, in_flight=count, seconds=self.scale.seconds):
                self.results.add(f"async, in flight {count:,}", RATE, peer.name, [found["calls/s"]])
                self.results.add(f"async p99, in flight {count:,}", SECONDS, peer.name, [found["p99"]])

    def _growth(self, peer: Peer) -> None:
        if not peer.grows:
            return
        sizes = {"rows": self.scale.rows, "sizes": self.scale.sizes, "calls": self.scale.growth_calls}
        for step, seconds in (self._task(peer, "growth", self.server.http, **sizes) or {}).items():
            self.results.add(f"growth, {step}", SECONDS, peer.name, [seconds])

    def _waiting(self, peer: Peer) -> None:
        if not peer.grows:
            return
        names = [job_name(number) for number in range(self.scale.jobs)]
        if found := self._task(peer, "waiting", self.server.http, names=names):
            row = f"waiting for {self.scale.jobs:,} jobs"
            self.results.add(row, SECONDS, peer.name, [found["seconds"]])
            self.results.add(f"{row}, processor time", SECONDS, peer.name, [found["processor"]])
            self.results.add(f"{row}, requests", COUNT, peer.name, [found["requests"]])

    def _task(self, peer: Peer, what: str, url: str, **options: object) -> dict[str, float] | None:
        """What a task found; None when it failed, which is noted."""
        given = json.dumps({"url": url, "ca": self.server.ca, **options})
        module = peer.asynchronous if what == "in flight" else peer.module
        try:
            output = self._run(peer, ["-m", "benchmarks.task", module, what, given])
            found: dict[str, float] = json.loads(output.splitlines()[-1])
        except (MeasurementFailed, ValueError, IndexError) as failure:
            self.results.fail(peer.name, what, str(failure))
            return None
        return found

    def _run(self, peer: Peer, arguments: list[str]) -> str:
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON"))}
        try:
            done = subprocess.run(  # noqa: S603  # commands of our own
                [str(self.environments[peer.name].python), *arguments],
                cwd=self.folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=_LONGEST,
                env=environ | {"AWS_EC2_METADATA_DISABLED": "true"},
                preexec_fn=_pinned(cores()[0]),  # there are no threads here
            )
        except subprocess.TimeoutExpired:
            raise MeasurementFailed(f"it did not end within {_LONGEST} seconds") from None
        if done.returncode:
            raise MeasurementFailed(done.stderr.strip()[-500:] or f"exit status {done.returncode}")
        return done.stdout


def about(environments: dict[str, Environment], scale: Scale, now: str) -> dict[str, Any]:  # Any: what JSON holds
    """What a reader has to know to judge the numbers."""
    import platform

    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "date": now,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.machine()}",
        "processor": models[0] if models else platform.processor() or "unknown",
        "cores": os.cpu_count(),
        "pinned": cores()[0] is not None,
        "rounds": scale.rounds,
        "versions": {name: environment.versions for name, environment in environments.items()},
    }
