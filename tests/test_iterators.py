"""What is looped over: the two iterators do the same, one of them awaited; what they give is proven in tests/jobs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from neo_wire import (
    CompilationJobStatus,
    CompilationJobSummary,
    ListCompilationJobsRequest,
    ListCompilationJobsResponse,
    Throttling,
)
from neo_wire.flow import Flow
from neo_wire.iterators import AsyncJobIterator, JobIterator, async_updates, updates
from neo_wire.jobs.paging import Paging
from neo_wire.jobs.polling import Polling
from neo_wire.jobs.waiting import Watch
from neo_wire.protocol.decoder import decode
from neo_wire.shapes.structures import DescribeCompilationJobResponse
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver

PAGES = {None: ("t1", ["a", "b"]), "t1": ("t2", []), "t2": (None, ["c"])}


class Pages:
    """A service of three pages, the second of them empty."""

    def __init__(self) -> None:
        self.tokens: list[str | None] = []
        self.error: Exception | None = None

    def __call__(self, _operation: Any, request: Any, /) -> Flow[Any]:
        yield from ()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        self.tokens.append(request.next_token)
        token, names = PAGES[request.next_token]
        return ListCompilationJobsResponse(
            next_token=token,
            compilation_job_summaries=[
                CompilationJobSummary(
                    compilation_job_name=name,
                    compilation_job_arn="",
                    creation_time=datetime(2026, 1, 1, tzinfo=UTC),
                    compilation_job_status=CompilationJobStatus.COMPLETED,
                )
                for name in names
            ],
        )


class Either:
    """An iterator of one of the two kinds, stepped through by hand."""

    def __init__(self, mode: str, service: Pages) -> None:
        paging = Paging(ListCompilationJobsRequest())
        self.mode = mode
        self.runner = asyncio.Runner()
        self.iterator: Any = (
            JobIterator(BlockingDriver(None), service, paging)  # type: ignore[arg-type]  # nothing is sent
            if mode == "sync"
            else AsyncJobIterator(AsyncDriver(None), service, paging)  # type: ignore[arg-type]  # as above
        )

    def step(self, iterator: Any) -> Any:
        """The next one; None at the end."""
        if self.mode == "sync":
            return next(iterator, None)

        async def step() -> Any:
            return await anext(iterator, None)

        return self.runner.run(step())

    def name(self) -> str | None:
        job = self.step(self.iterator)
        return None if job is None else job.compilation_job_name


@pytest.fixture
def service() -> Pages:
    return Pages()


@pytest.fixture
def either(mode: Any, service: Pages) -> Iterator[Either]:
    made = Either(mode.name, service)
    with made.runner:
        yield made


def test_a_page_is_asked_for_when_the_one_before_is_used_up(either: Either, service: Pages) -> None:
    assert service.tokens == []
    assert (either.name(), either.name(), service.tokens) == ("a", "b", [None])
    assert either.iterator.next_token == "t1"
    assert (either.name(), service.tokens) == ("c", [None, "t1", "t2"])
    assert (either.iterator.next_token, either.iterator.resume_token) == (None, None)
    assert either.name() is None
    assert either.name() is None
    assert len(service.tokens) == 3


def test_a_loop_is_taken_up_again_after_an_error(either: Either, service: Pages) -> None:
    assert either.name() == "a"
    assert either.name() == "b"
    service.error = Throttling("Rate exceeded")
    with pytest.raises(Throttling):
        either.name()
    assert either.name() == "c"


def test_pages_after_some_jobs(either: Either) -> None:
    assert either.name() == "a"
    pages = either.iterator.pages()
    found = []
    while (page := either.step(pages)) is not None:
        found.append(([job.compilation_job_name for job in page.jobs], page.next_token))
    assert found == [(["b"], "t1"), ([], "t2"), (["c"], None)]
    assert either.name() is None


def test_each_is_an_iterator_of_its_kind(either: Either) -> None:
    iterator: Any = either.iterator
    kind: type = Iterator if either.mode == "sync" else AsyncIterator
    assert issubclass(type(iterator), kind)
    assert issubclass(type(iterator.pages()), kind)
    assert (iter(iterator) if either.mode == "sync" else aiter(iterator)) is iterator


def test_updates_of_a_job_end_with_it(mode: Any) -> None:
    statuses = iter(["STARTING", "STARTING", "INPROGRESS", "FAILED"])

    def calls(_operation: Any, request: Any, /) -> Flow[Any]:
        yield from ()
        body = {"CompilationJobName": request.compilation_job_name, "CompilationJobStatus": next(statuses)}
        return decode(DescribeCompilationJobResponse, body)

    watch = Watch(calls, "job", 60, Polling(0.01, 0.01), lambda: 0.5)
    if mode.name == "sync":
        found = list(updates(BlockingDriver(None), watch))  # type: ignore[arg-type]  # nothing is sent
    else:

        async def collect() -> list[DescribeCompilationJobResponse]:
            driver = AsyncDriver(None)  # type: ignore[arg-type]  # as above
            return [job async for job in async_updates(driver, watch)]

        found = asyncio.run(collect())
    assert [str(job.compilation_job_status) for job in found] == ["STARTING", "INPROGRESS", "FAILED"]
