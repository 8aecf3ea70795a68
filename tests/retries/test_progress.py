"""The retry state of one call, step by step, without a driver; whole calls are in the tests of attempts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from neo_wire.errors import CallTimeout, ExpiredToken, ReadTimeout, ServerError, Throttling
from neo_wire.http import Timeout
from neo_wire.retries.classify import Kind
from neo_wire.retries.clock_skew import NO_SKEW
from neo_wire.retries.policy import Retries
from neo_wire.retries.progress import Progress
from tests.scripted import NEW_YEAR, URL, answer, http_date, retries


def made(policy: Retries | None = None, **timeout: float) -> Progress:
    return Progress(policy or retries(), Timeout(**timeout), URL.origin, (), 100.0)


def broken() -> ReadTimeout:
    return ReadTimeout("nothing", endpoint=URL.origin, maybe_processed=True)


def test_the_time_is_counted_from_the_start() -> None:
    progress = made(total=10)
    progress.reading = 103.5
    assert (progress.elapsed, progress.left) == (3.5, 6.5)


def test_an_exchange_has_the_timeout_itself_until_a_moment_has_passed() -> None:
    progress = made(total=10, read=3)
    timeout = Timeout(total=10, read=3)
    progress.reading = 100.0005
    assert progress.started() == timeout
    progress.reading = 104
    assert progress.started() == Timeout(total=6, read=3)
    assert (progress.attempts, progress.sent_at) == (2, 104)


def test_a_call_starts_with_the_skew_of_its_client_and_goes_on_with_its_own() -> None:
    policy = retries()
    assert policy.skew is not None
    policy.skew.current = timedelta(seconds=30)
    progress = made(policy)
    assert progress.skew == timedelta(seconds=30)
    progress.learn(answer(200, date=http_date(NEW_YEAR + timedelta(seconds=90))), NEW_YEAR)
    policy.skew.current = timedelta(seconds=7)  # another call's answer
    assert progress.skew == timedelta(seconds=90)


def test_a_response_to_a_request_of_unknown_time_teaches_nothing() -> None:
    policy = retries()
    assert policy.skew is not None
    made(policy).learn(answer(200, date=http_date(NEW_YEAR)), None)
    assert policy.skew.current == NO_SKEW


def test_the_header_of_a_retry_keeps_the_last_ttl_that_is_known() -> None:
    progress = made(read=60)
    assert progress.amz_sdk_request(NEW_YEAR) == "attempt=1; max=3"
    progress.started()
    progress.failed(ServerError(status=500), answer(500, date=http_date(NEW_YEAR)), NEW_YEAR, NO_SKEW)
    assert progress.amz_sdk_request(NEW_YEAR) == "ttl=20260101T000100Z; attempt=2; max=3"
    progress.started()
    progress.failed(broken(), None, NEW_YEAR, NO_SKEW)
    assert progress.amz_sdk_request(datetime(2026, 1, 1, 1, tzinfo=UTC)) == "ttl=20260101T010100Z; attempt=3; max=3"


def test_the_class_of_each_failure_decides_its_delay_and_its_price() -> None:
    policy = retries()
    progress = made(policy)
    progress.started()
    assert progress.failed(Throttling(), answer(400), NEW_YEAR, NO_SKEW) is Kind.THROTTLING
    assert progress.pause(Kind.THROTTLING, None) == 0.5
    assert (progress.reason, policy.quota.available) == ("throttling", 495)
    progress.started()
    assert progress.failed(broken(), None, NEW_YEAR, NO_SKEW) is Kind.TRANSIENT
    assert progress.pause(Kind.TRANSIENT, None) == pytest.approx(0.05)
    assert (progress.reason, policy.quota.available) == ("transient", 481)
    progress.started()
    assert progress.pause(Kind.TRANSIENT, None) is None
    assert (progress.stopped, policy.quota.available) == ("attempts used up", 481)


def test_a_refused_pause_is_kept_for_who_waits_all_the_same() -> None:
    policy = retries()
    policy.quota.take(496)
    progress = made(policy)
    progress.started()
    assert progress.pause(Kind.THROTTLING, answer(400, x_amz_retry_after="700")) is None
    assert (progress.stopped, progress.refused_pause, policy.quota.available) == ("retry quota reached", 0.7, 4)


def test_credentials_are_replaced_once_if_an_attempt_is_left() -> None:
    progress = made()
    progress.started()
    assert not progress.may_refresh(ServerError(status=500))
    assert progress.may_refresh(ExpiredToken())
    assert progress.reason == "credentials"
    assert not progress.may_refresh(ExpiredToken())
    last = made(retries(max_attempts=1))
    last.started()
    assert not last.may_refresh(ExpiredToken())
    assert last.stopped == "attempts used up"


def test_the_end_is_told_on_the_error_that_ends_the_call() -> None:
    progress = made(total=10)
    progress.started()
    failure = broken()
    progress.failed(failure, None, NEW_YEAR, NO_SKEW)
    progress.reading = 104
    assert progress.final(failure) is failure
    assert (failure.attempts, failure.elapsed, failure.stopped) == (1, 4, "not retryable")
    progress.reading = 110
    over = progress.final(failure)
    assert isinstance(over, CallTimeout)
    assert (over.__cause__, over.endpoint, over.maybe_processed) == (failure, URL.origin, True)


def test_a_call_that_is_out_of_time_before_it_failed_is_so_for_the_reason_given() -> None:
    because = TimeoutError("slow")
    error = made(total=10).timed_out("no credentials", because)
    assert error.__cause__ is because
    assert (error.attempts, error.maybe_processed, error.stopped) == (0, False, "total timeout")
    assert "total timeout of 10 s: no credentials" in str(error)
