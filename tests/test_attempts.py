"""Attempts of a call, through both drivers, against scripts, with a clock that makes no one wait."""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import pickle
import weakref
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, get_args

import attrs
import pytest

from neo_wire import errors
from neo_wire.attempts import Attempt, Conversation, converse
from neo_wire.errors import (
    CallTimeout,
    ClientClosed,
    ConnectFailed,
    CredentialsFetchFailed,
    CredentialsTimeout,
    ExpiredToken,
    NeoWireError,
    ReadTimeout,
    RedirectRefused,
    ResourceInUse,
    ResponseDecodeError,
    ServerError,
    ServiceError,
    SignatureError,
    Throttling,
    TlsError,
    TransportError,
)
from neo_wire.events import AttemptFailed, AttemptStarted, CallEnded, Event, ResponseReceived, RetryScheduled
from neo_wire.flow import Flow, Now, Send, sleep
from neo_wire.http import HttpRequest, HttpResponse
from neo_wire.protocol.error_mapper import map_error
from tests.scripted import (
    NEW_YEAR,
    URL,
    Answer,
    Driver,
    FakeClock,
    Script,
    answer,
    conversation,
    http_date,
    request,
    retries,
)

both_drivers = pytest.mark.parametrize("driver", get_args(Driver))

OK = answer()
SERVER_ERROR = answer(500, "InternalFailure")
THROTTLED = answer(400, "ThrottlingException")
EXPIRED = answer(400, "ExpiredTokenException")


def broken(maybe_processed: bool = True, cls: type[TransportError] = ReadTimeout) -> TransportError:
    return cls("it broke", endpoint=URL.origin, maybe_processed=maybe_processed)


def read(response: HttpResponse, attempt: Attempt) -> int:
    """The number of the attempt that succeeded."""
    if 300 <= response.status < 400:
        raise RedirectRefused("it redirects", endpoint=URL.origin, maybe_processed=response.status == 303)
    if response.status >= 400:
        raise map_error(response, attempts=attempt.number)
    if response.body != b"{}":
        raise ResponseDecodeError("no JSON", status=response.status)
    return attempt.number


def signing_times(kept: list[datetime]) -> Callable[[Attempt], Flow[HttpRequest]]:
    """Make requests, keeping the times that they are signed with."""

    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        kept.append((yield from attempt.signing_time()))
        return request()

    return prepare


def talk(
    answers: Iterable[Answer],
    how: Conversation,
    driver: Driver = "sync",
    *,
    clock: FakeClock | None = None,
    seconds: float = 0.0,
    **options: Any,
) -> tuple[int | NeoWireError, Script]:
    """Converse by a script; the number of the successful attempt, or the error, and what was played."""
    script = Script(answers, clock or FakeClock(), seconds)
    prepare = options.pop("prepare", signing_times([]))
    try:
        return script.run(converse(prepare, read, how, **options), driver), script
    except NeoWireError as error:
        return error, script


# ---------------------------------------------------------------------------------------------------- backoff and quota


@both_drivers
@pytest.mark.parametrize(
    ("answers", "attempts", "sleeps", "quota", "succeeds"),
    [
        ([OK], 3, [], 500, True),
        ([SERVER_ERROR, SERVER_ERROR, OK], 3, [0.025, 0.05], 486, True),
        ([SERVER_ERROR] * 3, 3, [0.025, 0.05], 472, False),
        ([THROTTLED, THROTTLED, OK], 3, [0.5, 1.0], 495, True),
        ([THROTTLED, SERVER_ERROR, OK], 3, [0.5, 0.05], 495, True),
        ([SERVER_ERROR, THROTTLED, OK], 3, [0.025, 1.0], 486, True),
        ([SERVER_ERROR] * 12 + [OK], 13, [0.025 * 2**i for i in range(9)] + [10.0] * 3, 500 - 12 * 14 + 14, True),
        ([answer(500, "X", x_amz_retry_after="99999999"), OK], 3, [5.025], 500, True),
        ([answer(500, "X", x_amz_retry_after="1500"), OK], 3, [1.5], 500, True),
        ([answer(429), OK], 3, [0.5], 500, True),
        ([broken(), broken(False, ConnectFailed), OK], 3, [0.025, 0.05], 486, True),
        ([SERVER_ERROR], 1, [], 500, False),
        ([answer(400, "ValidationException")], 3, [], 500, False),
    ],
)
def test_the_published_numbers(
    driver: Driver, answers: list[Answer], attempts: int, sleeps: list[float], quota: int, succeeds: bool
) -> None:
    policy = retries(max_attempts=attempts)
    result, script = talk(answers, conversation(policy), driver)
    assert script.clock.sleeps == pytest.approx(sleeps)
    assert policy.quota.available == quota
    assert len(script.sent) == len(answers)
    assert (result == len(answers)) if succeeds else isinstance(result, NeoWireError)


def test_without_a_policy_there_is_one_attempt_and_no_header_about_it() -> None:
    error, script = talk([SERVER_ERROR], Conversation())
    assert isinstance(error, ServerError)
    assert (error.attempts, error.stopped) == (1, "attempts used up")
    assert [name for name, _ in script.sent[0].request.headers] == ["Content-Type"]


def test_a_success_pays_one_token_back() -> None:
    policy = retries()
    policy.quota.take(100)
    talk([OK], conversation(policy))
    assert policy.quota.available == 401


def test_a_success_whose_body_cannot_be_read_pays_back_too_and_is_not_retried() -> None:
    policy = retries()
    policy.quota.take(100)
    error, script = talk([attrs.evolve(OK, body=b"<html>")], conversation(policy))
    assert isinstance(error, ResponseDecodeError)
    assert (error.stopped, error.maybe_processed, len(script.sent)) == ("not retryable", True, 1)
    assert policy.quota.available == 401


def test_no_token_no_retry() -> None:
    policy = retries()
    policy.quota.take(500 - 13)
    error, script = talk([SERVER_ERROR], conversation(policy))
    assert isinstance(error, ServerError)
    assert (error.stopped, error.attempts, policy.quota.available) == ("retry quota reached", 1, 13)
    assert script.clock.sleeps == []
    # a throttled call is cheaper
    assert talk([THROTTLED, OK], conversation(policy))[0] == 2


@both_drivers
@pytest.mark.parametrize(
    ("answers", "tokens", "sleeps", "left"),
    [
        ([SERVER_ERROR], 13, [0.025], 13),
        ([SERVER_ERROR, SERVER_ERROR], 14, [0.025, 0.05], 0),
        ([SERVER_ERROR, THROTTLED], 18, [0.025, 1.0], 4),
        ([answer(500, "X", x_amz_retry_after="1500")], 0, [1.5], 0),
        ([broken()], 0, [0.025], 0),
        ([SERVER_ERROR] * 3, 28, [0.025, 0.05], 0),  # the attempts end it, not the quota
        ([answer(400, "ValidationException")], 0, [], 0),
    ],
)
def test_a_long_poll_waits_once_before_it_fails_for_want_of_a_token(
    driver: Driver, answers: list[Answer], tokens: int, sleeps: list[float], left: int
) -> None:
    policy, started = retries(), FakeClock().reading
    policy.quota.take(500 - tokens)
    error, script = talk(answers, conversation(policy), driver, long_polling=True)
    assert isinstance(error, NeoWireError)
    assert script.clock.sleeps == pytest.approx(sleeps)
    assert (error.attempts, policy.quota.available) == (len(answers), left)
    assert error.elapsed == pytest.approx(script.clock.reading - started)
    assert (error.stopped == "retry quota reached") is (len(sleeps) == len(answers))


def test_a_long_poll_does_not_wait_beyond_the_total_timeout() -> None:
    policy = retries()
    policy.quota.take(500)
    error, script = talk([answer(500, "X", x_amz_retry_after="5000")], conversation(policy, total=2), long_polling=True)
    assert isinstance(error, ServerError)
    assert (error.stopped, script.clock.sleeps) == ("total timeout", [])


def test_calls_of_one_client_share_the_quota() -> None:
    policy = retries(max_attempts=20)
    for _ in range(2):
        talk([SERVER_ERROR] * 20, conversation(policy))
    error, _ = talk([SERVER_ERROR] * 20, conversation(policy))
    assert policy.quota.available == 500 % 14
    assert isinstance(error, ServerError)
    assert error.stopped == "retry quota reached"


@pytest.mark.parametrize(
    "failure",
    [
        broken(False, TlsError),
        broken(False, TransportError),
        answer(307),
        answer(303),
        answer(404, "ResourceNotFound"),
        answer(408),
        answer(501),
    ],
)
def test_what_would_fail_again_is_not_retried(failure: Answer) -> None:
    error, script = talk([failure], conversation(retries()))
    assert isinstance(error, ServiceError | TransportError)
    assert (error.stopped, error.attempts, len(script.sent)) == ("not retryable", 1, 1)


def test_an_operations_model_may_say_what_is_retried() -> None:
    class Busy(ServiceError):
        codes = ("Busy",)
        retryable = True

    assert talk([answer(400, "Busy"), OK], conversation(retries()), modelled=(Busy,))[0] == 2
    error, _ = talk([answer(429, "ResourceInUse")], conversation(retries()), modelled=(ResourceInUse,))
    assert isinstance(error, ResourceInUse)


# ------------------------------------------------------------------------------------------- requests and their headers


@both_drivers
def test_each_attempt_is_made_and_signed_anew_and_says_which_it_is(driver: Driver) -> None:
    times: list[datetime] = []
    failed = answer(500, "InternalFailure", date=http_date(NEW_YEAR + timedelta(seconds=2)))
    script = Script([failed, failed, OK], seconds=2)
    script.run(converse(signing_times(times), read, conversation(retries(correct_clock_skew=False), read=60)), driver)
    assert times == [NEW_YEAR + timedelta(seconds=seconds) for seconds in (0, 2.025, 4.075)]
    assert script.header("amz-sdk-invocation-id") == ["call-1"] * 3
    assert script.header("amz-sdk-request") == [
        "attempt=1; max=3",
        "ttl=20260101T000102Z; attempt=2; max=3",
        "ttl=20260101T000102Z; attempt=3; max=3",  # the second answer's date was 2.025 s old
    ]


def test_the_ttl_is_by_the_services_clock_once_it_has_told_it() -> None:
    late = answer(500, "InternalFailure", date=http_date(NEW_YEAR + timedelta(hours=1)))
    _, script = talk([broken(), late, OK], conversation(retries(), read=30))
    assert script.header("amz-sdk-request") == [
        "attempt=1; max=3",
        "attempt=2; max=3",
        "ttl=20260101T010030Z; attempt=3; max=3",
    ]


def test_each_call_has_an_id_of_its_own() -> None:
    numbers = itertools.count()
    policy = retries(new_id=lambda: f"call-{next(numbers)}")
    ids = [talk([SERVER_ERROR, OK], conversation(policy))[1].header("amz-sdk-invocation-id") for _ in range(2)]
    assert ids == [["call-0"] * 2, ["call-1"] * 2]


def test_what_is_sent_is_what_was_asked_for() -> None:
    def sink(status: int, headers: Any) -> None:
        return None

    how = attrs.evolve(conversation(retries()), route=attrs.evolve(Conversation().route, http2=True))
    _, script = talk([OK], how, max_body=77, sink=sink)
    effect = script.sent[0]
    assert (effect.max_body, effect.sink, effect.route.http2) == (77, sink, True)
    assert (effect.request.body, effect.request.url) == (b"{}", URL)


# ----------------------------------------------------------------------------------------------------------- clock skew


def skewed(
    first: HttpResponse, seconds: float = 2.0, start: float = 0.0, max_attempts: int = 3
) -> tuple[int | NeoWireError, list[float], float]:
    """Converse when the first answer is this one; the result, the signing times and the skew at the end, in seconds."""
    policy = retries(max_attempts=max_attempts, random=lambda: 0.0)
    assert policy.skew is not None
    policy.skew.current = timedelta(seconds=start)
    times: list[datetime] = []
    script = Script([first, OK], seconds=seconds)
    result: int | NeoWireError
    try:
        result = script.run(converse(signing_times(times), read, conversation(policy, total=3000)))
    except NeoWireError as error:
        result = error
    return result, [(time - NEW_YEAR).total_seconds() for time in times], policy.skew.current.total_seconds()


def at(minutes: int, seconds: int, status: int = 403, code: str | None = None, **headers: str) -> HttpResponse:
    date = NEW_YEAR + timedelta(minutes=minutes, seconds=seconds)
    return answer(status, code, date=http_date(date), **headers)


def test_a_skewed_clock_is_corrected_for_one_retry_and_for_the_next_call() -> None:
    assert skewed(at(5, 1, 403, "RequestTimeTooSkewed")) == (2, [0, 302], 300)


def test_a_skew_is_learned_when_no_attempt_is_left() -> None:
    result, times, skew = skewed(at(5, 1, 403, "RequestTimeTooSkewed"), max_attempts=1)
    assert isinstance(result, SignatureError)
    assert (result.stopped, times, skew) == ("attempts used up", [0], 300)


def test_a_small_skew_is_learned_but_was_not_the_reason() -> None:
    result, times, skew = skewed(at(2, 1, 403, "InvalidSignatureException"))
    assert isinstance(result, SignatureError)
    assert (result.stopped, times, skew) == ("not retryable", [0], 120)


def test_a_stale_skew_heals_by_a_success() -> None:
    assert skewed(at(0, 1, 200), start=300) == (1, [300], 0)


@pytest.mark.parametrize(
    ("first", "seconds"),
    [
        (answer(403, "RequestTimeTooSkewed"), 2.0),
        (answer(403, "RequestTimeTooSkewed", date="today"), 2.0),
        (at(5, 1, 403, "RequestTimeTooSkewed", age="3"), 2.0),
        (at(25, 0, 403, "RequestTimeTooSkewed"), 16 * 60.0),
    ],
)
def test_a_response_that_tells_nothing_changes_nothing(first: HttpResponse, seconds: float) -> None:
    result, times, skew = skewed(first, seconds, start=7)
    assert isinstance(result, SignatureError)
    assert (result.stopped, times, skew) == ("not retryable", [7], 7)


def test_a_wrong_secret_on_a_machine_with_a_wrong_clock_is_retried_once() -> None:
    policy = retries(max_attempts=10)
    refused = at(60, 0, 403, "InvalidSignatureException")
    error, script = talk([refused] * 10, conversation(policy))
    assert isinstance(error, SignatureError)
    assert (error.attempts, error.stopped, len(script.sent)) == (2, "not retryable", 2)
    # the next call is signed with the right time at once
    assert len(talk([refused] * 10, conversation(policy))[1].sent) == 1


def test_the_correction_can_be_switched_off() -> None:
    times: list[datetime] = []
    script = Script([at(60, 0, 403, "RequestTimeTooSkewed")])
    with pytest.raises(SignatureError):
        script.run(converse(signing_times(times), read, conversation(retries(correct_clock_skew=False))))
    assert times == [NEW_YEAR]


def test_a_skew_error_costs_what_a_transient_one_does() -> None:
    policy = retries()
    seen: list[Any] = []
    talk([at(60, 0, 403, "RequestTimeTooSkewed"), SERVER_ERROR, SERVER_ERROR], conversation(policy, seen.append))
    assert policy.quota.available == 500 - 28
    assert [event.reason for event in seen if isinstance(event, RetryScheduled)] == ["clock skew", "transient"]


def test_a_request_that_asks_for_no_time_is_timed_all_the_same() -> None:
    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        yield from ()
        return request()

    policy = retries()
    talk([at(5, 1, 200)], conversation(policy), seconds=2, prepare=prepare)
    assert policy.skew is not None
    assert policy.skew.current == timedelta(seconds=300)


# ---------------------------------------------------------------------------------------------------- the total timeout


@both_drivers
def test_each_exchange_has_what_is_left_of_the_total(driver: Driver) -> None:
    _, script = talk([SERVER_ERROR, SERVER_ERROR, OK], conversation(retries(), total=10), driver, seconds=2)
    assert [effect.timeout.total for effect in script.sent] == pytest.approx([10, 7.975, 5.925])
    assert {effect.timeout.read for effect in script.sent} == {60}


@both_drivers
def test_a_delay_that_does_not_fit_fails_at_once(driver: Driver) -> None:
    policy = retries()
    error, script = talk([THROTTLED], conversation(policy, total=2.4), driver, seconds=2)
    assert isinstance(error, Throttling)
    assert (error.stopped, error.attempts, error.elapsed) == ("total timeout", 1, 2)
    assert script.clock.sleeps == []
    assert policy.quota.available == 500  # for a retry that is not made nothing is taken


def test_a_delay_that_just_fits_is_waited_for() -> None:
    assert talk([THROTTLED, OK], conversation(retries(), total=2.6), seconds=2)[0] == 2


@both_drivers
def test_a_failure_at_the_end_of_the_total_is_a_call_timeout(driver: Driver) -> None:
    failure = broken()
    error, _ = talk([SERVER_ERROR, failure], conversation(retries(), total=10.025), driver, seconds=5)
    assert isinstance(error, CallTimeout)
    assert error.__cause__ is failure
    assert (error.attempts, error.stopped, error.maybe_processed) == (2, "total timeout", True)
    assert error.elapsed == pytest.approx(10.025)
    assert "10.025 s" in str(error)
    assert "it broke" in str(error)


def test_an_exchange_that_takes_all_that_is_left_is_a_call_timeout() -> None:
    failure = broken(cls=CallTimeout)
    error, script = talk([failure], conversation(retries(), total=3), seconds=2.99)
    assert isinstance(error, CallTimeout)
    assert (error.stopped, error.attempts, len(script.sent), error.__cause__) == ("total timeout", 1, 1, failure)


def test_a_refusal_after_the_total_is_still_the_services_word() -> None:
    error, _ = talk([answer(404, "ResourceNotFound")], conversation(retries(), total=3), seconds=5)
    assert isinstance(error, errors.ResourceNotFound)
    assert (error.stopped, error.elapsed) == ("not retryable", 5)


def test_a_refused_certificate_after_the_total_is_still_one() -> None:
    error, _ = talk([broken(False, TlsError)], conversation(retries(), total=3), seconds=5)
    assert isinstance(error, TlsError)
    assert error.stopped == "not retryable"


def fetching(*seconds: float) -> Callable[[Attempt], Flow[HttpRequest]]:
    """Make requests whose credentials take so long, one entry an attempt."""
    waits = iter(seconds)

    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        wait = next(waits)
        if wait > attempt.left:
            yield from sleep(attempt.left)
            raise CredentialsTimeout(f"no credentials within {attempt.left:g} s")
        yield from sleep(wait)
        yield from attempt.signing_time()
        return request()

    return prepare


def test_fetching_credentials_counts() -> None:
    _, script = talk([SERVER_ERROR, OK], conversation(retries(), total=10), prepare=fetching(3, 2))
    assert [effect.timeout.total for effect in script.sent] == pytest.approx([7, 4.975])


@both_drivers
def test_credentials_that_take_too_long_are_a_call_timeout(driver: Driver) -> None:
    error, script = talk([], conversation(retries(), total=5), driver, prepare=fetching(60))
    assert isinstance(error, CallTimeout)
    assert isinstance(error.__cause__, CredentialsTimeout)
    assert (error.attempts, error.elapsed, error.maybe_processed, error.endpoint) == (0, 5, False, URL.origin)
    assert script.sent == []


def test_credentials_that_take_too_long_for_a_retry_are_a_call_timeout_because_of_the_last_failure() -> None:
    failure = broken()
    error, script = talk([failure], conversation(retries(), total=5), prepare=fetching(0, 60), seconds=1)
    assert isinstance(error, CallTimeout)
    assert (error.__cause__, error.attempts, error.maybe_processed, len(script.sent)) == (failure, 1, True, 1)


def test_credentials_that_take_all_of_the_time_leave_none_to_send() -> None:
    error, script = talk([], conversation(retries(), total=5), prepare=fetching(5))
    assert isinstance(error, CallTimeout)
    assert (error.attempts, script.sent) == (0, [])


def test_what_making_a_request_raises_is_not_retried() -> None:
    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        yield from attempt.signing_time()
        raise CredentialsFetchFailed("assume role", "no connection") from broken()

    error, script = talk([], conversation(retries()), prepare=prepare)
    assert isinstance(error, CredentialsFetchFailed)
    assert script.sent == []


# -------------------------------------------------------------------------------------------------- expired credentials


def refreshing(outcome: bool | NeoWireError, asked: list[float], seconds: float = 0) -> Callable[[float], Flow[bool]]:
    def refresh(left: float) -> Flow[bool]:
        asked.append(left)
        yield from sleep(seconds)
        if isinstance(outcome, NeoWireError):
            raise outcome
        return outcome

    return refresh


@both_drivers
@pytest.mark.parametrize("code", ["ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException"])
def test_refused_credentials_are_replaced_once_without_backoff(driver: Driver, code: str) -> None:
    asked: list[float] = []
    policy = retries()
    result, script = talk(
        [answer(400, code), OK], conversation(policy, total=9), driver, seconds=1, refresh=refreshing(True, asked)
    )
    assert (result, asked, script.clock.sleeps) == (2, [8], [0])  # the second is the refresh's
    assert script.header("amz-sdk-request")[1] == "attempt=2; max=3"
    assert policy.quota.available == 500


def test_new_credentials_that_are_refused_too_are_the_end() -> None:
    asked: list[float] = []
    error, script = talk([EXPIRED, EXPIRED], conversation(retries()), refresh=refreshing(True, asked))
    assert isinstance(error, ExpiredToken)
    assert (error.attempts, error.stopped, len(asked), len(script.sent)) == (2, "not retryable", 1, 2)


def test_credentials_that_cannot_be_replaced_are_the_end() -> None:
    asked: list[float] = []
    error, script = talk([EXPIRED], conversation(retries()), refresh=refreshing(False, asked))
    assert isinstance(error, ExpiredToken)
    assert (error.attempts, error.stopped, len(asked), len(script.sent)) == (1, "not retryable", 1, 1)


def test_the_attempt_after_a_refresh_counts() -> None:
    asked: list[float] = []
    error, _ = talk([EXPIRED, SERVER_ERROR], conversation(retries(max_attempts=2)), refresh=refreshing(True, asked))
    assert isinstance(error, ServerError)
    assert (error.attempts, error.stopped) == (2, "attempts used up")
    error, _ = talk([EXPIRED], conversation(retries(max_attempts=1)), refresh=refreshing(True, asked))
    assert isinstance(error, ExpiredToken)
    assert (error.attempts, error.stopped, len(asked)) == (1, "attempts used up", 1)


def test_a_refresh_that_fails_says_why_and_what_for() -> None:
    failed = CredentialsFetchFailed("sso", "sign in again")
    error, _ = talk([EXPIRED], conversation(retries()), refresh=refreshing(failed, []))
    assert error is failed
    assert isinstance(failed.__context__, ExpiredToken)


def test_a_refresh_that_takes_too_long_is_a_call_timeout() -> None:
    slow = refreshing(CredentialsTimeout("no credentials within 8 s"), [], seconds=8)
    error, _ = talk([EXPIRED], conversation(retries(), total=9), seconds=1, refresh=slow)
    assert isinstance(error, CallTimeout)
    assert isinstance(error.__cause__, ExpiredToken)
    assert (error.attempts, error.elapsed, error.maybe_processed) == (1, 9, False)


# ------------------------------------------------------------------------------------------------------------ ambiguity


@pytest.mark.parametrize(
    ("answers", "maybe_processed"),
    [
        ([broken(True), answer(400, "ResourceInUse")], True),
        ([broken(False, ConnectFailed), answer(400, "ResourceInUse")], False),
        ([SERVER_ERROR, answer(400, "ResourceInUse")], True),
        ([THROTTLED, answer(400, "ResourceInUse")], False),
        ([answer(503, "SlowDown"), answer(400, "ResourceInUse")], False),
        ([answer(429), answer(400, "ResourceInUse")], False),
        ([answer(400, "ResourceInUse")], False),
        ([broken(True), broken(False, ConnectFailed), broken(False, ConnectFailed)], True),
        ([broken(False, ConnectFailed)] * 3, False),
        ([SERVER_ERROR] * 3, True),
        ([THROTTLED] * 3, False),
        ([broken(True), THROTTLED, THROTTLED], True),
    ],
)
def test_an_error_says_whether_any_attempt_may_have_been_processed(
    answers: list[Answer], maybe_processed: bool
) -> None:
    error, _ = talk([fresh(one) for one in answers], conversation(retries()))
    assert isinstance(error, ServiceError | TransportError)
    assert error.maybe_processed is maybe_processed


@both_drivers
@pytest.mark.parametrize(("first", "maybe_processed"), [(broken(True), True), (THROTTLED, False)])
def test_credentials_that_fail_for_a_retry_hide_no_attempt_before(
    driver: Driver, first: Answer, maybe_processed: bool
) -> None:
    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        yield from attempt.signing_time()
        if attempt.number == 2:
            raise CredentialsFetchFailed("assume role", "no connection")
        return request()

    error, script = talk([fresh(first)], conversation(retries()), driver, prepare=prepare, seconds=2)
    assert isinstance(error, CredentialsFetchFailed)
    assert len(script.sent) == 1
    assert (error.attempts, error.stopped, error.maybe_processed) == (1, "not retryable", maybe_processed)
    assert error.elapsed == pytest.approx(2 + sum(script.clock.sleeps))
    assert ("an attempt of this call may have been processed" in str(error)) is maybe_processed


def test_a_client_that_is_closed_while_an_attempt_is_on_its_way_says_so() -> None:
    closed = ClientClosed("the client was closed while a call was in flight")
    closed.maybe_processed = True
    error, _ = talk([closed], conversation(retries()))
    assert error is closed
    assert (error.attempts, error.maybe_processed) == (1, True)


def fresh(answer: Answer) -> Answer:
    """An error of its own, as a call writes its story on the one it raises."""
    if isinstance(answer, TransportError):
        return type(answer)(answer.message, endpoint=answer.endpoint, maybe_processed=answer.maybe_processed)
    return answer


# -------------------------------------------------------------------------------------------------------- interruptions


@both_drivers
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, asyncio.CancelledError, ZeroDivisionError])
def test_an_interruption_is_never_swallowed(driver: Driver, interruption: type[BaseException]) -> None:
    raised = interruption()
    script = Script([raised])
    with pytest.raises(interruption) as caught:
        script.run(converse(signing_times([]), read, conversation(retries())), driver)
    assert len(script.sent) == 1
    if driver == "sync":
        assert caught.value is raised


def test_a_wait_between_attempts_can_be_cancelled() -> None:
    flow = converse(signing_times([]), read, conversation(retries()))
    clock = FakeClock()
    effect = next(flow)
    while not isinstance(effect, Send):
        effect = flow.send(clock.wall if isinstance(effect, Now) else clock.reading)
    flow.send(SERVER_ERROR)
    assert flow.send(clock.reading) == next(sleep(0.025))
    with pytest.raises(asyncio.CancelledError):
        flow.throw(asyncio.CancelledError())


@pytest.mark.parametrize("answers", [[SERVER_ERROR] * 3, [broken()] * 3, [broken(), OK], [SERVER_ERROR, OK]])
def test_nothing_is_left_for_the_garbage_collector(answers: list[Answer]) -> None:
    class Marker:
        pass

    def run() -> weakref.ref[Marker]:
        marker = Marker()

        def prepare(attempt: Attempt, keep: Marker = marker) -> Flow[HttpRequest]:
            yield from attempt.signing_time()
            return request()

        talk((fresh(one) for one in answers), conversation(retries()), prepare=prepare)
        return weakref.ref(marker)

    gc.collect()
    gc.disable()
    try:
        assert run()() is None
    finally:
        gc.enable()


# -------------------------------------------------------------------------------------------------------- adaptive mode


@both_drivers
def test_once_throttled_every_attempt_waits_for_a_token_before_it_is_signed(driver: Driver) -> None:
    policy = retries(mode="adaptive")
    times: list[datetime] = []
    script = Script([THROTTLED, OK])
    script.run(converse(signing_times(times), read, conversation(policy)), driver)
    # 0.5 s of backoff bring a quarter of a token at the slowest rate, 1.5 s more the rest
    assert script.clock.sleeps == pytest.approx([0.5, 1.5])
    assert times == [NEW_YEAR, NEW_YEAR + timedelta(seconds=2)]
    script = Script([OK], script.clock)
    script.run(converse(signing_times(times), read, conversation(policy)), driver)
    # a first attempt waits too: two answers in two seconds count 0.8, and twice as much is the highest rate
    assert script.clock.sleeps[2:] == [pytest.approx(1 / 1.6)]


def test_the_limiter_hears_of_every_attempt() -> None:
    policy = retries(mode="adaptive")
    heard: list[bool] = []
    limiter = policy.limiter
    assert limiter is not None
    limiter.record = lambda now, *, throttled: heard.append(throttled)  # type: ignore[method-assign]  # to listen
    talk([broken(), SERVER_ERROR, OK], conversation(policy))
    talk([THROTTLED, answer(404, "ResourceNotFound")], conversation(policy))
    assert heard == [False, False, False, True, False]


def test_a_token_that_does_not_come_in_time_is_a_call_timeout() -> None:
    policy = retries(mode="adaptive")
    error, script = talk([THROTTLED], conversation(policy, total=1.5))
    assert isinstance(error, CallTimeout)
    assert isinstance(error.__cause__, Throttling)
    assert (error.attempts, error.stopped, script.clock.sleeps) == (1, "total timeout", [0.5])
    assert "the rate limit allows no request" in str(error)
    error, script = talk([], conversation(policy, total=0.1))
    assert isinstance(error, CallTimeout)
    assert (error.attempts, error.maybe_processed, script.sent, script.clock.sleeps) == (0, False, [], [])


# ------------------------------------------------------------------------------------------------------ what errors say


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        (
            [SERVER_ERROR] * 3,
            "InternalFailure: because (HTTP 500, request id r-1, 3 attempts in 3.07 s, stopped: attempts used up)",
        ),
        (
            [answer(404, "ResourceNotFound")],
            "ResourceNotFound: because (HTTP 404, request id r-1, 1 attempt in 1 s, stopped: not retryable)",
        ),
        (
            [SERVER_ERROR, answer(400, "ResourceInUse")],
            (
                "ResourceInUse: because (HTTP 400, request id r-1, 2 attempts in 2.02 s, stopped: not retryable); an "
                "earlier attempt of this call may have been processed"
            ),
        ),
        (
            [broken(), broken(False, TlsError)],
            (
                "https://api.example: it broke (the request may have been processed, 2 attempts in 2.02 s, stopped: "
                "not retryable)"
            ),
        ),
        (
            [attrs.evolve(OK, body=b"[]")],
            "cannot decode the response: no JSON (HTTP 200, request id None, 1 attempt in 1 s, stopped: not retryable)",
        ),
    ],
)
def test_every_error_tells_its_story_and_pickles_with_it(answers: list[Answer], text: str) -> None:
    error, _ = talk([fresh(one) for one in answers], conversation(retries()), seconds=1)
    assert str(error) == text
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own bytes
    assert str(twin) == text
    assert vars(twin) == vars(error)


# ------------------------------------------------------------------------------------------------------- events and log


@both_drivers
def test_the_events_of_a_call(driver: Driver) -> None:
    seen: list[Event] = []
    answers: list[Answer] = [broken(False, ConnectFailed), SERVER_ERROR, OK]
    talk(answers, conversation(retries(), seen.append), driver, seconds=1, operation="Do")
    call = "Do", "call-1"
    one: Any = pytest.approx(1)
    all_of_it: Any = pytest.approx(3.075)
    assert seen == [
        AttemptStarted(*call, 1, 3, URL.origin),
        AttemptFailed(*call, 1, URL.origin, "ConnectFailed", False, 1.0),
        RetryScheduled(*call, 1, "ConnectFailed", "transient", 0.025),
        AttemptStarted(*call, 2, 3, URL.origin),
        ResponseReceived(*call, 2, URL.origin, 500, "r-1", "InternalFailure", one),
        RetryScheduled(*call, 2, "InternalFailure", "transient", 0.05),
        AttemptStarted(*call, 3, 3, URL.origin),
        ResponseReceived(*call, 3, URL.origin, 200, "r-1", None, one),
        CallEnded(*call, 3, all_of_it, None, None),
    ]


def test_the_events_of_a_call_that_fails_and_of_new_credentials() -> None:
    seen: list[Event] = []
    answers = [EXPIRED, answer(400, "ResourceInUse")]
    talk(answers, conversation(retries(), seen.append), operation="Do", refresh=refreshing(True, []))
    assert [type(event).__name__ for event in seen] == [
        "AttemptStarted",
        "ResponseReceived",
        "RetryScheduled",
        "AttemptStarted",
        "ResponseReceived",
        "CallEnded",
    ]
    assert seen[2] == RetryScheduled("Do", "call-1", 1, "ExpiredTokenException", "credentials", 0.0)
    assert seen[-1] == CallEnded("Do", "call-1", 2, 0.0, "ResourceInUse", "not retryable")


def test_a_call_that_is_out_of_time_or_without_credentials_ends_too() -> None:
    seen: list[Event] = []
    talk([], conversation(retries(), seen.append, total=5), prepare=fetching(60))

    def prepare(attempt: Attempt) -> Flow[HttpRequest]:
        yield from attempt.signing_time()
        raise CredentialsFetchFailed("assume role", "no connection")

    talk([], conversation(retries(), seen.append), prepare=prepare)
    assert seen == [
        CallEnded("", "call-1", 0, 5.0, "CallTimeout", "total timeout"),
        CallEnded("", "call-1", 0, 0.0, "CredentialsFetchFailed", "not retryable"),
    ]


def test_a_callback_that_fails_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    def emit(event: Event) -> None:
        raise ZeroDivisionError

    assert talk([SERVER_ERROR, OK], conversation(retries(), emit))[0] == 2
    assert {record.levelname for record in caplog.records} == {"ERROR"}


def test_the_log_follows_a_call(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="neo_wire"):
        talk([broken(), SERVER_ERROR, OK], conversation(retries()), seconds=1, operation="Do")
        talk([answer(404, "ResourceNotFound")], conversation(retries()), seconds=1, operation="Do")
    assert caplog.messages == [
        "Do at https://api.example: attempt 1 of 3: ReadTimeout in 1.000 s",
        "Do: attempt 2 follows in 0.025 s: transient",
        "Do at https://api.example: attempt 2 of 3: HTTP 500 InternalFailure in 1.000 s, request id r-1",
        "Do: attempt 3 follows in 0.050 s: transient",
        "Do at https://api.example: attempt 3 of 3: HTTP 200 in 1.000 s, request id r-1",
        "Do at https://api.example: attempt 1 of 3: HTTP 404 ResourceNotFound in 1.000 s, request id r-1",
        "Do: failed after 1 attempt in 1.000 s: not retryable",
    ]


def test_a_first_attempt_that_succeeds_reads_the_clocks_four_times() -> None:
    """The start, for the total timeout; the time to sign with; before and after the exchange."""
    clock = FakeClock()
    talk([OK], conversation(retries()), clock=clock)
    assert clock.readings == 4
