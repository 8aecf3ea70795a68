from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ValidationException
from neo_wire.local.jobs import Job
from neo_wire.local.listing import DEFAULT_PAGE, PageTokens, list_jobs
from neo_wire.local.timeline import Timeline
from neo_wire.shapes.enums import CompilationJobStatus, ListCompilationJobsSortBy, SortOrder, TargetDevice
from neo_wire.shapes.structures import (
    CreateCompilationJobRequest,
    ListCompilationJobsRequest,
    OutputConfig,
    StoppingCondition,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
NOW = START + timedelta(seconds=100)
TOKENS = PageTokens()


def job(name: str, age: float) -> Job:
    """A job created some seconds ago, which is STARTING for 10 and INPROGRESS for 20."""
    request = CreateCompilationJobRequest(
        compilation_job_name=name,
        role_arn="arn:aws:iam::123456789012:role/neo",
        output_config=OutputConfig(s3_output_location="s3://b/o", target_device=TargetDevice.ML_C5),
        stopping_condition=StoppingCondition(),
        model_package_version_arn="arn:aws:sagemaker:eu-west-1:123456789012:model-package/m/1",
    )
    timeline = Timeline(starting=10, in_progress=20)
    return Job("eu-west-1", "123456789012", request, timeline, NOW - timedelta(seconds=age))


def names(jobs: list[Job], **members: Any) -> list[str]:
    """The names of all pages, one after another."""
    found: list[str] = []
    token = None
    while True:
        page = list_jobs(jobs, ListCompilationJobsRequest(next_token=token, **members), NOW, TOKENS, "eu-west-1")
        found += [one.compilation_job_name for one in page.compilation_job_summaries]
        token = page.next_token
        if token is None:
            return found


JOBS = [job("b-old", 50), job("a-new", 5), job("c-mid", 20), job("B-mid", 20)]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, ["b-old", "B-mid", "c-mid", "a-new"]),
        ({"sort_order": SortOrder.DESCENDING}, ["a-new", "c-mid", "B-mid", "b-old"]),
        ({"sort_by": ListCompilationJobsSortBy.NAME}, ["B-mid", "a-new", "b-old", "c-mid"]),
        ({"sort_by": ListCompilationJobsSortBy.STATUS}, ["b-old", "B-mid", "c-mid", "a-new"]),
        ({"name_contains": "-mid"}, ["B-mid", "c-mid"]),
        ({"name_contains": "b"}, ["b-old"]),
        ({"status_equals": CompilationJobStatus.INPROGRESS}, ["B-mid", "c-mid"]),
        ({"creation_time_after": NOW - timedelta(seconds=20)}, ["a-new"]),
        ({"creation_time_before": NOW - timedelta(seconds=20)}, ["b-old"]),
        (
            {
                "creation_time_after": NOW - timedelta(seconds=50, milliseconds=1),
                "creation_time_before": NOW - timedelta(seconds=5),
            },
            ["b-old", "B-mid", "c-mid"],
        ),
        ({"last_modified_time_after": NOW - timedelta(seconds=20)}, ["B-mid", "c-mid", "a-new"]),
        ({"last_modified_time_before": NOW - timedelta(seconds=10)}, ["b-old"]),
        ({"name_contains": "none"}, []),
    ],
)
@pytest.mark.parametrize("size", [None, 1, 2, 100])
def test_filters_and_order(members: dict[str, Any], expected: list[str], size: int | None) -> None:
    assert names(JOBS, max_results=size, **members) == expected


def test_a_page_has_ten_jobs_unless_told_otherwise() -> None:
    jobs = [job(f"job-{number}", number) for number in range(11)]
    page = list_jobs(jobs, ListCompilationJobsRequest(), NOW, TOKENS, "eu-west-1")
    assert len(page.compilation_job_summaries) == DEFAULT_PAGE == 10
    assert page.next_token is not None
    page = list_jobs(jobs[:10], ListCompilationJobsRequest(), NOW, TOKENS, "eu-west-1")
    assert page.next_token is None


def first_page(tokens: PageTokens = TOKENS, **members: Any) -> str:
    request = ListCompilationJobsRequest(max_results=1, **members)
    token = list_jobs(JOBS, request, NOW, tokens, "eu-west-1").next_token
    assert token is not None
    return token


def refused(token: str, *, region: str = "eu-west-1", **members: Any) -> bool:
    try:
        list_jobs(JOBS, ListCompilationJobsRequest(next_token=token, **members), NOW, TOKENS, region)
    except ValidationException as error:
        return error.message.startswith("NextToken is not one that this service gave")
    return False


def test_a_token_is_good_for_the_query_that_it_was_given_for() -> None:
    token = first_page(name_contains="-", sort_order=SortOrder.DESCENDING)
    same: dict[str, Any] = {"name_contains": "-", "sort_order": SortOrder.DESCENDING}
    assert not refused(token, **same)
    assert not refused(token, **same, max_results=3)
    assert refused(token)
    assert refused(token, **same, region="eu-west-2")
    assert refused(token, **same, sort_by=ListCompilationJobsSortBy.NAME)
    assert refused(token, **same, creation_time_after=START)
    assert refused(token, name_contains="mid", sort_order=SortOrder.DESCENDING)
    assert refused(first_page(PageTokens()))  # of another service


def test_a_token_that_was_changed_anywhere_is_refused() -> None:
    token = first_page()
    assert not refused(token)
    for place, character in enumerate(token):
        other = "A" if character != "A" else "B"
        assert refused(token[:place] + other + token[place + 1 :]), place
        assert refused(token[:place] + token[place + 1 :]), place


@given(st.text(min_size=1))
def test_any_other_text_is_refused(text: str) -> None:
    assert refused(text)


def test_jobs_that_come_and_go_between_pages_neither_repeat_nor_hide_others() -> None:
    jobs = [job(f"job-{number}", 90 - number) for number in range(6)]
    request = ListCompilationJobsRequest(max_results=2)
    first = list_jobs(jobs, request, NOW, TOKENS, "eu-west-1")
    assert [one.compilation_job_name for one in first.compilation_job_summaries] == ["job-0", "job-1"]
    # Deleted: one of the first page, its last included. Created: one that sorts before everything.
    jobs = [*jobs[2:], job("job-before", 99)]
    second = list_jobs(jobs, attrs.evolve(request, next_token=first.next_token), NOW, TOKENS, "eu-west-1")  # type: ignore[misc]  # @structure makes attrs classes
    assert [one.compilation_job_name for one in second.compilation_job_summaries] == ["job-2", "job-3"]


@given(
    ages=st.dictionaries(st.text("abAB-", min_size=1, max_size=4), st.integers(0, 60), max_size=15),
    sort_by=st.none() | st.sampled_from(ListCompilationJobsSortBy),
    order=st.none() | st.sampled_from(SortOrder),
    contains=st.none() | st.text("ab", min_size=1, max_size=2),
    size=st.integers(1, 5),
)
def test_the_pages_together_are_the_whole_sorted_list(
    ages: dict[str, int],
    sort_by: ListCompilationJobsSortBy | None,
    order: SortOrder | None,
    contains: str | None,
    size: int,
) -> None:
    statuses = {
        name: "STARTING" if age < 10 else "INPROGRESS" if age < 30 else "COMPLETED" for name, age in ages.items()
    }
    keys: dict[str, Any] = {"Name": lambda name: name, "Status": lambda name: (statuses[name], name)}
    expected = sorted(
        (name for name in ages if contains is None or contains in name),
        key=keys.get(sort_by or "", lambda name: (-ages[name], name)),
        reverse=order == "Descending",
    )
    jobs = [job(name, age) for name, age in ages.items()]
    assert names(jobs, sort_by=sort_by, sort_order=order, name_contains=contains, max_results=size) == expected
