"""The soak of both clients runs, ends by itself, and finds what is wrong; a long run is for a command line."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import evolve

from benchmarks.soak import verdict
from benchmarks.soaking import TIMEOUT, Sample, Tally
from neo_wire.errors import ReadTimeout

CHECKOUT = Path(__file__).parent.parent.parent
OPTIONS = argparse.Namespace(seconds=60.0, callers=3, connections=10, client="blocking")
MB = 1_000_000


@pytest.mark.parametrize("client", ["asynchronous", "blocking"])
def test_a_short_soak_ends_by_itself_and_well(client: str) -> None:
    command = [sys.executable, "-m", "benchmarks.soak", "--client", client]
    command += ["--seconds", "1.5", "--callers", "4", "--connections", "3"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=CHECKOUT)  # noqa: S603  # our own program
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    *intervals, before, middle, after, rotated, ended, last = done.stdout.splitlines()
    assert 4 <= len(intervals) <= 20  # a busy machine gets to fewer
    assert all("calls/s" in line and "MB" in line and "descriptors" in line for line in intervals)
    assert [line.partition(":")[0] for line in (before, middle, after)] == ["before", "in the middle", "after"]
    assert int(rotated.split(" of ")[1].split()[0]) > 20
    assert "answered" in ended
    assert last == "well"


def test_what_cannot_be_run_is_refused() -> None:
    for wrong in (["--seconds", "0"], ["--callers", "5001"], ["--client", "both"]):
        command = [sys.executable, "-m", "benchmarks.soak", *wrong]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=CHECKOUT)  # noqa: S603  # as above
        assert done.returncode == 2
        assert "usage" in done.stderr


def soaked() -> tuple[Tally, list[Sample]]:
    """A soak that went well."""
    tally = Tally(rotations=10)
    for caller in range(3):
        for number in range(100):
            name = f"job-{caller}-{number}"
            tally.note(caller, name, SimpleNamespace(compilation_job_name=name), 0.01)
    calm = Sample(resident=30 * MB, descriptors=10, threads=1, tasks=0)
    return tally, [calm, *[evolve(calm, resident=40 * MB, descriptors=20, threads=5)] * 20, calm]


def test_a_soak_that_went_well_is_said_to_have() -> None:
    assert verdict(*soaked(), OPTIONS) == []


def test_memory_that_grows_is_told() -> None:
    tally, samples = soaked()
    grown = [evolve(one, resident=one.resident + number * MB // 2) for number, one in enumerate(samples)]
    assert verdict(tally, grown, OPTIONS) == ["memory grew from 44.0 MB to 49.0 MB"]
    early = [evolve(one, resident=one.resident + (20 * MB if number > 4 else 0)) for number, one in enumerate(samples)]
    assert verdict(tally, early, OPTIONS) == []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"descriptors": 11}, "0 tasks and 11 descriptors are left"),
        ({"tasks": 1}, "1 tasks and 10 descriptors are left"),
        ({"threads": 2}, "2 threads are left"),
    ],
)
def test_what_is_left_is_told(change: dict[str, int], message: str) -> None:
    tally, samples = soaked()
    [wrong] = verdict(tally, [*samples[:-1], evolve(samples[-1], **change)], OPTIONS)
    assert wrong.startswith(message)


def test_more_descriptors_than_connections_allow_are_told() -> None:
    tally, samples = soaked()
    samples[7] = evolve(samples[7], descriptors=51)
    assert verdict(tally, samples, OPTIONS) == ["more descriptors than connections allow"]


def test_wrong_answers_and_late_ones_are_told() -> None:
    tally, samples = soaked()
    tally.note(0, "job-0-100", SimpleNamespace(compilation_job_name="job-1-7"), 0.01)
    tally.note(0, "job-0-101", SimpleNamespace(compilation_job_name="job-0-101"), TIMEOUT.total + 3)
    assert verdict(tally, samples, OPTIONS) == ["job-0-100 was answered with job-1-7", "job-0-101 took 23.0 s"]


def test_failures_rotations_and_starving_are_told() -> None:
    tally, samples = soaked()
    tally.rotations = 5
    for _ in range(80):
        for caller in (0, 1):
            tally.note(caller, "a", ReadTimeout("nothing", endpoint="https://a.example", maybe_processed=True), 0.01)
            tally.count("cancelled")  # which is no failure
    tally.by_caller[2] = 80
    assert verdict(tally, samples, OPTIONS) == [
        "a caller starved: 80 calls, where half of them made 180",
        "credentials rotated only 5 times",
        "fewer than four of five calls were answered",
    ]
    assert "ReadTimeout" in tally.ended
    short = argparse.Namespace(**{**vars(OPTIONS), "seconds": 10.0})
    assert verdict(tally, samples, short) == ["fewer than four of five calls were answered"]
