"""Paging through ListCompilationJobs: one page after the other, with the same filters, until the service has no more.

Two tokens tell where a listing is to go on. The service's own `next_token` stands at the border of two pages. A resume
token of ours stands behind any job, so that none is lost or told twice: it is the service's token of the page that the
job is on, and how many jobs of that page were given.

Source: Amazon SageMaker API reference, ListCompilationJobs.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import deque
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

import attrs
from attrs import define, field, frozen

from neo_wire.errors import ConfigurationError, PaginationError
from neo_wire.flow import Flow
from neo_wire.jobs.calls import Calls
from neo_wire.protocol.encoder import encode
from neo_wire.protocol.validation import validate
from neo_wire.shapes.operations import LIST_COMPILATION_JOBS
from neo_wire.shapes.structures import CompilationJobSummary, ListCompilationJobsRequest
from neo_wire.values import Value

LARGEST_PAGE: Final = 100
"""How many jobs a page has at most."""


@frozen(eq=False, repr=False)
class JobPage(Value):
    """One page of jobs.

    Attributes:
        jobs: in the order that was asked for. There may be none, and another page follow.
        next_token: what the next page is asked for with, in this process or another one; None after the last.
    """

    jobs: Sequence[CompilationJobSummary]
    next_token: str | None


@define(eq=False, repr=False)
class Paging:
    """How far one listing has come.

    Args:
        filters: which jobs, in which order and how many a page; a `next_token` in it is where to begin.
        limit: how many jobs to give in all; None for every one.
        resume_from: a `resume_token` of a listing with the same filters; in place of a `next_token`.

    Raises:
        ConfigurationError: the limit is no whole number of 1 or more; or the resume token is none, belongs to a listing
            with other filters, or stands beside a `next_token`.
        InputValidationError: a listing is resumed, and its filters break a rule.
    """

    filters: ListCompilationJobsRequest
    limit: int | None = None
    _resume_from: str | None = None
    _given: int = field(default=0, init=False)
    _waiting: deque[CompilationJobSummary] = field(factory=deque, init=False)
    _next_token: str | None = field(init=False)
    _exhausted: bool = field(default=False, init=False)
    _seen: set[str] = field(factory=set, init=False)  # tokens that a page was asked for with
    # The page at hand: its own token, how many jobs of it were given or skipped, and how many there are.
    _page_token: str | None = field(default=None, init=False)
    _position: int = field(default=0, init=False)
    _page_size: int = field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot be used, before anything is sent."""
        limit: object = self.limit  # what callers without a type checker give
        if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
            raise ConfigurationError(f"limit is {limit!r}; give a whole number of 1 or more, or None for every job")
        self._next_token = self.filters.next_token
        if self._resume_from is not None:
            if self._next_token is not None:
                raise ConfigurationError("next_token and resume_from both say where to begin; give one of them")
            self._next_token, self._position = self._read_resume_token(self._resume_from)

    @property
    def next_token(self) -> str | None:
        """The service's token of the next page to ask for; None when it is the first, or there is none."""
        return self._next_token

    @property
    def resume_token(self) -> str | None:
        """Where a later listing with the same filters goes on, behind the job that was given last; None at the end."""
        if self._position < self._page_size:
            token, position = self._page_token, self._position
        elif self._exhausted:
            return None
        else:
            token, position = self._next_token, self._skip
        text = json.dumps([self._fingerprint(), token, position], separators=(",", ":"))
        return urlsafe_b64encode(text.encode("utf-8")).decode("ascii")

    def next_job(self, calls: Calls) -> Flow[CompilationJobSummary | None]:
        """Give the next job, asking for pages as it must; None after the last.

        Raises:
            PaginationError, NeoWireError: as `next_page`.
        """
        while not self._waiting:
            if self._is_done():
                return None
            yield from self._ask(calls)
        self._given += 1
        self._position += 1
        return self._waiting.popleft()

    def next_page(self, calls: Calls) -> Flow[JobPage | None]:
        """Give what is left of the page at hand, else ask for the next one; None after the last.

        Raises:
            PaginationError: the service gave a token again that it gave before, which would go on for ever.
            NeoWireError: whatever a call raises. The same page can be asked for again then.
        """
        if not self._waiting:
            if self._is_done():
                return None
            yield from self._ask(calls)
        jobs = tuple(self._waiting)
        self._waiting.clear()
        self._given += len(jobs)
        self._position += len(jobs)
        return JobPage(jobs, self._next_token)

    def _is_done(self) -> bool:
        return self._exhausted or (self.limit is not None and self._given >= self.limit)

    @property
    def _skip(self) -> int:
        """How many jobs of the page that comes were given before, in the listing that is resumed."""
        return max(0, self._position - self._page_size)

    def _ask(self, calls: Calls) -> Flow[None]:
        skip, token = self._skip, self._next_token
        size = LARGEST_PAGE if self.filters.max_results is None else self.filters.max_results
        left = None if self.limit is None else self.limit - self._given
        if left is not None:
            size = min(size, left + skip)
        request = attrs.evolve(self.filters, next_token=token, max_results=size)  # type: ignore[misc]  # mypy does not see that a structure is an attrs class
        page = yield from calls(LIST_COMPILATION_JOBS, request)
        if token is not None:
            self._seen.add(token)
        following = page.next_token or None
        if following is not None and following in self._seen:
            raise PaginationError(
                f"ListCompilationJobs gave one NextToken twice, after {self._given} jobs; list from the start again",
                next_token=following,
            )
        jobs = page.compilation_job_summaries
        self._waiting.extend(jobs[skip:] if left is None else jobs[skip : skip + left])
        # A page may be smaller than what is to be skipped: then the rest is skipped on the next.
        self._page_token, self._page_size, self._position = token, len(jobs), skip
        self._next_token, self._exhausted = following, following is None

    def _fingerprint(self) -> str:
        """What the filters and the order come to; a token is of use with the same ones only."""
        same = attrs.evolve(self.filters, next_token=None, max_results=None)  # type: ignore[misc]  # as above
        return blake2b(encode(same), digest_size=8).hexdigest()

    def _read_resume_token(self, text: str) -> tuple[str | None, int]:
        try:
            fingerprint, token, position = json.loads(urlsafe_b64decode(text))
        except (ValueError, TypeError, RecursionError):
            fingerprint = token = position = None
        if type(position) is not int or position < 0 or not (token is None or isinstance(token, str)):
            raise ConfigurationError("resume_from is no resume token; give what `resume_token` of a listing gave")
        validate(self.filters)
        if fingerprint != self._fingerprint():
            raise ConfigurationError("resume_from belongs to a listing with other filters; give the same ones again")
        return token, position


def list_all(
    calls: Calls, filters: ListCompilationJobsRequest, limit: int | None = None
) -> Flow[list[CompilationJobSummary]]:
    """Every job of a listing, page after page.

    Raises:
        PaginationError, NeoWireError: as `Paging.next_page`.
    """
    paging = Paging(filters, limit)
    jobs: list[CompilationJobSummary] = []
    while (page := (yield from paging.next_page(calls))) is not None:
        jobs += page.jobs
    return jobs
