"""What the clients give to loop over: jobs, asked for page by page as they are needed, and the updates of one job."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from neo_wire.jobs.calls import Calls
from neo_wire.jobs.paging import JobPage, Paging
from neo_wire.jobs.waiting import Watch
from neo_wire.shapes.structures import CompilationJobSummary, DescribeCompilationJobResponse
from neo_wire.transports.asynchronous import AsyncDriver
from neo_wire.transports.blocking import BlockingDriver


class JobIterator:
    """An iterator of jobs; a page is asked for when the last one is used up.

    After an error the loop can be taken up again: no job is lost, and the page that failed is asked for again.

    Raises:
        PaginationError: the service gave the same token twice.
        NeoWireError: whatever a call raises.
    """

    def __init__(self, driver: BlockingDriver, calls: Calls, paging: Paging) -> None:
        self._driver = driver
        self._calls = calls
        self._paging = paging

    def __iter__(self) -> Iterator[CompilationJobSummary]:
        return self

    def __next__(self) -> CompilationJobSummary:
        job = self._driver.run(self._paging.next_job(self._calls))
        if job is None:
            raise StopIteration
        return job

    def pages(self) -> Iterator[JobPage]:
        """The jobs that are left, as the service gives them: page by page, first the rest of the one at hand."""
        while (page := self._driver.run(self._paging.next_page(self._calls))) is not None:
            yield page

    @property
    def next_token(self) -> str | None:
        """The service's token at the border of the page at hand and the next one, which `next_token=` takes.

        Within a page it stands behind jobs that were not given yet; `resume_token` does not.
        """
        return self._paging.next_token

    @property
    def resume_token(self) -> str | None:
        """Where a later listing goes on, behind the job that was given last; None at the end.

        Give it to `iter_compilation_jobs` as `resume_from`, with the same filters. It is text, and ages as the
        service's tokens do: pages that change meanwhile may shift jobs across it.
        """
        return self._paging.resume_token


class AsyncJobIterator:
    """An asynchronous iterator of jobs; else as `JobIterator`."""

    def __init__(self, driver: AsyncDriver, calls: Calls, paging: Paging) -> None:
        self._driver = driver
        self._calls = calls
        self._paging = paging

    def __aiter__(self) -> AsyncIterator[CompilationJobSummary]:
        return self

    async def __anext__(self) -> CompilationJobSummary:
        job = await self._driver.run(self._paging.next_job(self._calls))
        if job is None:
            raise StopAsyncIteration
        return job

    async def pages(self) -> AsyncIterator[JobPage]:
        """The jobs that are left, page by page, as `JobIterator.pages`."""
        while (page := await self._driver.run(self._paging.next_page(self._calls))) is not None:
            yield page

    @property
    def next_token(self) -> str | None:
        """The service's token of the next page, as `JobIterator.next_token`."""
        return self._paging.next_token

    @property
    def resume_token(self) -> str | None:
        """Where a later listing goes on, as `JobIterator.resume_token`."""
        return self._paging.resume_token


def updates(driver: BlockingDriver, watch: Watch) -> Iterator[DescribeCompilationJobResponse]:
    """A job as it is first seen, and at each change of its status, up to its end.

    Raises:
        CompilationJobDeleted, ResourceNotFound, WaitTimeout, NeoWireError: as `Watch.next_update`.
    """
    while (job := driver.run(watch.next_update())) is not None:
        yield job


async def async_updates(driver: AsyncDriver, watch: Watch) -> AsyncIterator[DescribeCompilationJobResponse]:
    """The updates of a job, as `updates`."""
    while (job := await driver.run(watch.next_update())) is not None:
        yield job
