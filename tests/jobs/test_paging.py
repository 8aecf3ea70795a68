"""Paging: every job once, whatever the pages are; the filters on each; and places to go on from."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from attrs import define, field

from neo_wire import (
    AsyncNeoClient,
    CompilationJobStatus,
    CompilationJobSummary,
    ConfigurationError,
    InputValidationError,
    ListCompilationJobsRequest,
    ListCompilationJobsResponse,
    ListCompilationJobsSortBy,
    NeoClient,
    SortOrder,
    Throttling,
)
from neo_wire.errors import PaginationError
from neo_wire.flow import Flow
from neo_wire.jobs.paging import JobPage, Paging, list_all
from neo_wire.transports.blocking import BlockingDriver

AT = datetime(2026, 1, 1, tzinfo=UTC)
Filters = ListCompilationJobsRequest


def summary(name: str) -> CompilationJobSummary:
    return CompilationJobSummary(
        compilation_job_name=name,
        compilation_job_arn=f"arn:aws:sagemaker:eu-west-1:123456789012:compilation-job/{name}",
        creation_time=AT,
        compilation_job_status=CompilationJobStatus.COMPLETED,
    )


@define
class Lister:
    """A service whose pages are given: for each token, the next one and the jobs; None is the first page's token."""

    pages: Mapping[str | None, tuple[str | None, Iterable[str]]]
    requests: list[ListCompilationJobsRequest] = field(factory=list)
    fail_next: Exception | None = None

    def __call__(self, _operation: Any, request: Any, /) -> Flow[Any]:
        yield from ()
        self.requests.append(request)
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        token, names = self.pages[request.next_token]
        return ListCompilationJobsResponse(
            compilation_job_summaries=[summary(name) for name in names], next_token=token
        )


@define
class NameLister:
    """A service of numbered jobs, which gives pages of any size, as the real one does."""

    count: int
    requests: list[ListCompilationJobsRequest] = field(factory=list)

    def __call__(self, _operation: Any, request: Any, /) -> Flow[Any]:
        yield from ()
        self.requests.append(request)
        start = int(request.next_token or 0)
        end = min(self.count, start + request.max_results)
        return ListCompilationJobsResponse(
            compilation_job_summaries=[summary(f"j{number}") for number in range(start, end)],
            next_token=str(end) if end < self.count else None,
        )


class NoExchange:
    """Sends nothing: these flows ask for none."""

    def send(self, effect: Any) -> Any:
        raise AssertionError(effect)

    def close(self) -> None:
        pass


def run(flow: Flow[Any]) -> Any:
    return BlockingDriver(NoExchange()).run(flow)


def names(jobs: Iterable[CompilationJobSummary]) -> list[str]:
    return [job.compilation_job_name for job in jobs]


def rest(paging: Paging, lister: Any, count: int | None = None) -> list[str]:
    """The names of the next jobs of a paging, one by one."""
    found: list[str] = []
    while count is None or len(found) < count:
        job = run(paging.next_job(lister))
        if job is None:
            break
        found.append(job.compilation_job_name)
    return found


def test_empty_pages_are_passed_over_and_an_empty_token_is_the_end() -> None:
    lister = Lister({None: ("t1", []), "t1": ("t2", ["a"]), "t2": ("", ["b", "c"])})
    assert names(run(list_all(lister, Filters()))) == ["a", "b", "c"]
    assert [request.next_token for request in lister.requests] == [None, "t1", "t2"]


def test_all_filters_stand_in_each_request() -> None:
    filters = Filters(
        creation_time_after=AT,
        creation_time_before=AT,
        last_modified_time_after=AT,
        last_modified_time_before=AT,
        name_contains="a",
        status_equals=CompilationJobStatus.FAILED,
        sort_by=ListCompilationJobsSortBy.NAME,
        sort_order=SortOrder.DESCENDING,
        max_results=7,
    )
    lister = Lister({None: ("t1", ["a"]), "t1": (None, [])})
    run(list_all(lister, filters))
    first, second = lister.requests
    assert first == filters
    assert second == Filters(
        **{name: getattr(filters, name) for name in Filters.__annotations__ if name != "next_token"}, next_token="t1"
    )


@pytest.mark.parametrize(
    "pages",
    [
        {None: ("t1", ["a"]), "t1": ("t1", ["b"])},
        {None: ("t1", ["a"]), "t1": ("t2", ["b"]), "t2": ("t1", ["c"])},
    ],
    ids=["twice in a row", "in a circle"],
)
def test_a_token_that_comes_again_is_an_error(pages: Mapping[str | None, tuple[str | None, Iterable[str]]]) -> None:
    with pytest.raises(PaginationError) as caught:
        run(list_all(Lister(pages), Filters()))
    assert caught.value.next_token == "t1"


def test_the_token_that_was_begun_with_counts_too() -> None:
    lister = Lister({"t9": ("t9", ["a"])})
    with pytest.raises(PaginationError):
        run(list_all(lister, Filters(next_token="t9")))


@pytest.mark.parametrize("limit", [1, 99, 100, 101, 250, 251, 1000])
def test_a_limit_gives_so_many_and_asks_for_no_more(limit: int) -> None:
    lister = NameLister(250)
    assert names(run(list_all(lister, Filters(), limit))) == [f"j{number}" for number in range(min(limit, 250))]
    assert sum(request.max_results or 0 for request in lister.requests) <= max(limit, 300)
    assert all((request.max_results or 0) <= min(limit, 100) for request in lister.requests)


def test_a_page_that_is_larger_than_asked_for_is_cut_at_the_limit_and_loses_nothing() -> None:
    lister = Lister({None: ("t1", ["a", "b", "c"]), "t1": (None, ["d"])})
    paging = Paging(Filters(), 2)
    assert rest(paging, lister) == ["a", "b"]
    assert rest(Paging(Filters(), resume_from=paging.resume_token), lister) == ["c", "d"]


@pytest.mark.parametrize("limit", [0, -1, True, 1.5, "3"])
def test_what_is_no_limit_is_refused(limit: Any) -> None:
    with pytest.raises(ConfigurationError, match="limit"):
        Paging(Filters(), limit)


def test_a_page_that_failed_is_asked_for_again_and_no_job_is_lost() -> None:
    lister = Lister({None: ("t1", ["a", "b"]), "t1": (None, ["c"])})
    paging = Paging(Filters())
    assert rest(paging, lister, 2) == ["a", "b"]
    lister.fail_next = Throttling("Rate exceeded")
    with pytest.raises(Throttling):
        rest(paging, lister)
    assert rest(paging, lister) == ["c"]


@pytest.mark.parametrize("taken", range(8))
@pytest.mark.parametrize("later_size", [1, 2, 3, 100])
def test_a_resume_token_goes_on_behind_the_last_job(taken: int, later_size: int) -> None:
    lister = NameLister(7)
    paging = Paging(Filters(max_results=3))
    before = rest(paging, lister, taken)
    token = paging.resume_token
    if token is None:
        assert taken == 7
        return
    after = rest(Paging(Filters(max_results=later_size), resume_from=token), lister)
    assert before + after == [f"j{number}" for number in range(7)]


def test_a_resumed_listing_can_be_resumed_before_it_was_begun() -> None:
    lister = NameLister(7)
    paging = Paging(Filters(max_results=3))
    rest(paging, lister, 4)
    again = Paging(Filters(), resume_from=paging.resume_token)
    assert again.resume_token == paging.resume_token
    third = Paging(Filters(max_results=1), resume_from=again.resume_token)
    assert rest(third, lister, 1) == ["j4"]
    assert rest(Paging(Filters(), resume_from=third.resume_token), lister) == ["j5", "j6"]


def test_a_resume_token_while_jobs_are_still_being_passed_over() -> None:
    lister = NameLister(9)
    paging = Paging(Filters(max_results=9))
    rest(paging, lister, 5)
    slow = Paging(Filters(max_results=2), resume_from=paging.resume_token)
    page = run(slow.next_page(lister))
    assert page.jobs == ()  # all of it was given before
    assert rest(Paging(Filters(), resume_from=slow.resume_token), lister) == ["j5", "j6", "j7", "j8"]


def test_a_limit_counts_from_where_a_listing_is_resumed() -> None:
    lister = NameLister(250)
    paging = Paging(Filters())
    rest(paging, lister, 150)
    again = Paging(Filters(), 60, paging.resume_token)
    assert rest(again, lister) == [f"j{number}" for number in range(150, 210)]
    assert rest(Paging(Filters(), 1, again.resume_token), lister) == ["j210"]


@pytest.mark.parametrize("token", ["", "x", "AAAA", "W10=", "WzEsMiwzXQ==", "é", "W1tb" * 50_000])
def test_what_is_no_resume_token_is_refused(token: str) -> None:
    with pytest.raises(ConfigurationError, match="no resume token"):
        Paging(Filters(), resume_from=token)


def test_a_resume_token_is_of_no_use_with_other_filters_or_a_second_token() -> None:
    lister = NameLister(7)
    paging = Paging(Filters(name_contains="j"))
    rest(paging, lister, 2)
    token = paging.resume_token
    with pytest.raises(ConfigurationError, match="other filters"):
        Paging(Filters(name_contains="k"), resume_from=token)
    with pytest.raises(ConfigurationError, match="one of them"):
        Paging(Filters(name_contains="j", next_token="t"), resume_from=token)
    with pytest.raises(InputValidationError, match="NameContains"):
        Paging(Filters(name_contains="_"), resume_from=token)


def test_pages_begin_with_what_is_left_of_the_one_at_hand() -> None:
    lister = NameLister(7)
    paging = Paging(Filters(max_results=3))
    rest(paging, lister, 1)
    pages: list[JobPage] = []
    while (page := run(paging.next_page(lister))) is not None:
        pages.append(page)
    assert [(names(page.jobs), page.next_token) for page in pages] == [
        (["j1", "j2"], "3"),
        (["j3", "j4", "j5"], "6"),
        (["j6"], None),
    ]
    assert paging.next_token is None


# ------------------------------------------------------------------------------------- against services, by the clients


def test_every_job_of_the_local_service_is_given_once(world: Any) -> None:
    expected = [f"job-{number:03}" for number in range(57)]
    world.create(*expected)
    found, iterator = world.collect("iter_compilation_jobs", max_results=10, sort_by=ListCompilationJobsSortBy.NAME)
    assert names(found) == expected
    assert iterator.resume_token is None
    assert len(world.service.asked("List")) == 6


def test_jobs_that_come_and_go_meanwhile_neither_repeat_nor_hide_others(world: Any) -> None:
    world.create(*(f"job-{number:03}" for number in range(20)))
    world.clock.sleep(200)  # they have ended
    filters = {"max_results": 5, "sort_by": ListCompilationJobsSortBy.NAME}
    found, iterator = world.collect("iter_compilation_jobs", take=7, **filters)
    world.now("delete_compilation_job", "job-001")()
    world.create("job-000a")
    later, _ = world.collect("iter_compilation_jobs", resume_from=iterator.resume_token, **filters)
    assert names(found) + names(later) == [f"job-{number:03}" for number in range(20)]


def test_pages_and_a_limit_by_the_client(world: Any) -> None:
    world.create(*(f"job-{number:03}" for number in range(12)))
    pages, _ = world.collect(
        "iter_compilation_jobs", pages=True, limit=7, max_results=5, sort_by=ListCompilationJobsSortBy.NAME
    )
    assert [len(page.jobs) for page in pages] == [5, 2]
    assert world.collect("iter_compilation_jobs", limit=3, name_contains="-01")[0][0].compilation_job_name == "job-010"


def test_nothing_is_asked_before_the_loop_and_a_bad_argument_is_refused_at_once(world: Any) -> None:
    with NeoClient(**world.options()) as client:
        client.iter_compilation_jobs(limit=3)
        with pytest.raises(ConfigurationError):
            client.iter_compilation_jobs(limit=0)
        with pytest.raises(TypeError, match="name_containz"):
            client.iter_compilation_jobs(name_containz="x")  # type: ignore[call-arg]  # the point of the test
    assert world.service.requests == []


def test_every_job_of_moto_is_given_once(
    mode: Any, moto_url: str, credentials: Any, job_inputs: dict[str, Any]
) -> None:
    prefix = f"page{uuid.uuid4().hex[:8]}"
    expected = [f"{prefix}-{number:03}" for number in range(23)]
    # A region of its own: moto's List fails for good once a job of another test has a platform without accelerator.
    options: dict[str, Any] = {"region": "ap-northeast-1", "credentials": credentials, "endpoint_url": moto_url}
    filters: dict[str, Any] = {"name_contains": prefix, "sort_by": ListCompilationJobsSortBy.NAME}
    with NeoClient(**options) as client:
        for name in expected:
            client.create_compilation_job(name, **job_inputs)
        iterator = client.iter_compilation_jobs(max_results=5, **filters)
        first = [next(iterator).compilation_job_name for _ in range(7)]
    filters |= {"max_results": 4, "resume_from": iterator.resume_token}

    async def collect() -> list[str]:
        async with AsyncNeoClient(**options) as client:
            return [job.compilation_job_name async for job in client.iter_compilation_jobs(**filters)]

    if mode.name == "sync":
        with NeoClient(**options) as client:
            later = names(client.iter_compilation_jobs(**filters))
    else:
        later = asyncio.run(collect())
    assert first + later == expected


def test_times_between_which_jobs_were_created(world: Any) -> None:
    for name in ("a", "b", "c"):
        world.create(name)
        world.clock.sleep(60)
    start = world.clock.now() - timedelta(seconds=180)
    found, _ = world.collect(
        "iter_compilation_jobs",
        creation_time_after=start,
        creation_time_before=start + timedelta(seconds=120),
        max_results=1,
    )
    assert names(found) == ["b"]
