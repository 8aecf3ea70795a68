"""ListCompilationJobs: filters, order and pages.

A page is found by the place of the job before it, not by a count, so that jobs that come and go between two calls
neither repeat others nor hide them.

Source: Amazon SageMaker API reference, ListCompilationJobs.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from attrs import evolve, field, frozen

from neo_wire.errors import ValidationException
from neo_wire.local.jobs import Job
from neo_wire.protocol.encoder import encode
from neo_wire.shapes.enums import ListCompilationJobsSortBy, SortOrder
from neo_wire.shapes.structures import CompilationJobSummary, ListCompilationJobsRequest, ListCompilationJobsResponse
from neo_wire.values import Value

DEFAULT_PAGE: Final = 10
"""How many jobs a page has when MaxResults is not given."""

Place = tuple[str, str]
"""Where a job stands in a list: what the list is sorted by, and the job's name, which no other has."""


@frozen(eq=False, repr=False)
class PageTokens(Value):
    """Issues the tokens of following pages, and takes back only those that it issued, for the same query."""

    _key: bytes = field(init=False, factory=lambda: secrets.token_bytes(32), repr=False)

    def issue(self, query: bytes, place: Place) -> str:
        """The token of the page that begins behind a place."""
        position = urlsafe_b64encode(json.dumps(place).encode()).decode()
        return f"{position}.{self._tag(query, position)}"

    def place(self, query: bytes, token: str) -> Place:
        """The place that a token stands for.

        Raises:
            ValidationException: the token is not one of ours, was changed, or belongs to a query with other filters.
        """
        position, _, tag = token.partition(".")
        if not hmac.compare_digest(tag.encode(), self._tag(query, position).encode()):
            raise ValidationException(
                "NextToken is not one that this service gave for these filters and this order; list from the beginning"
            )
        value, name = json.loads(urlsafe_b64decode(position))
        return value, name

    def _tag(self, query: bytes, position: str) -> str:
        return hmac.digest(self._key, b"%s\n%s" % (position.encode(), query), "sha256").hex()


def list_jobs(
    jobs: Iterable[Job], request: ListCompilationJobsRequest, at: datetime, tokens: PageTokens, region: str
) -> ListCompilationJobsResponse:
    """One page of a region's jobs.

    MaxResults may differ from page to page; filters and order may not.

    Raises:
        ValidationException: the token was not given for this query.
    """
    sort_by = request.sort_by or ListCompilationJobsSortBy.CREATION_TIME
    descending = request.sort_order is SortOrder.DESCENDING
    same = evolve(request, next_token=None, max_results=None)  # type: ignore[misc]  # @structure makes attrs classes
    query = region.encode() + encode(same)
    placed = [(_place(summary, sort_by), summary) for job in jobs if _selected(summary := job.summary(at), request)]
    placed.sort(key=lambda one: one[0], reverse=descending)
    if request.next_token:
        last = tokens.place(query, request.next_token)
        placed = [one for one in placed if (one[0] < last if descending else one[0] > last)]
    page = placed[: request.max_results or DEFAULT_PAGE]
    return ListCompilationJobsResponse(
        compilation_job_summaries=[summary for _, summary in page],
        next_token=tokens.issue(query, page[-1][0]) if len(page) < len(placed) else None,
    )


def _place(summary: CompilationJobSummary, sort_by: ListCompilationJobsSortBy) -> Place:
    name = summary.compilation_job_name
    match sort_by:
        case ListCompilationJobsSortBy.NAME:
            return name, name
        case ListCompilationJobsSortBy.STATUS:
            return str(summary.compilation_job_status), name
        case _:  # all times are UTC, so that their ISO texts sort as they do
            return summary.creation_time.isoformat(timespec="milliseconds"), name


def _selected(summary: CompilationJobSummary, request: ListCompilationJobsRequest) -> bool:
    """Whether a job passes every filter; "after" and "before" leave out the moment itself."""
    return (
        (request.name_contains is None or request.name_contains in summary.compilation_job_name)
        and request.status_equals in (None, summary.compilation_job_status)
        and _between(summary.creation_time, request.creation_time_after, request.creation_time_before)
        and _between(summary.last_modified_time, request.last_modified_time_after, request.last_modified_time_before)
    )


def _between(moment: datetime | None, after: datetime | None, before: datetime | None) -> bool:
    return moment is None or ((after is None or moment > after) and (before is None or moment < before))
