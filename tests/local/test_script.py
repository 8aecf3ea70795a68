from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError, ServiceError, Throttling
from neo_wire.http import HttpResponse
from neo_wire.local.script import Answer, CutOff, LocalResponse, LostAnswer, RateLimit, Script, Slow, play

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OWN = HttpResponse(200, (("x", "1"),), b"own", "OK")
THROTTLED = HttpResponse(400, (), b"throttled")


def played(answer: Answer | None) -> tuple[HttpResponse, int]:
    """The response, and how often the request was acted upon."""
    acts: list[None] = []

    def perform() -> HttpResponse:
        acts.append(None)
        return OWN

    return play(answer, perform, lambda error: THROTTLED if isinstance(error, Throttling) else OWN), len(acts)


def test_each_answer_is_played() -> None:
    assert played(None) == (OWN, 1)
    assert played(Throttling("Rate exceeded")) == (THROTTLED, 0)
    assert played(HttpResponse(302)) == (HttpResponse(302), 0)
    assert played(Slow(5)) == (LocalResponse(200, OWN.headers, b"own", "OK", delay=5), 1)
    assert played(Slow(5, Throttling(""))) == (LocalResponse(400, (), b"throttled", delay=5), 0)
    assert played(LostAnswer()) == (LocalResponse(200, OWN.headers, b"own", "OK", lost=True), 1)
    assert played(CutOff(2)) == (LocalResponse(200, OWN.headers, b"own", "OK", cut_after=2), 1)


def test_a_response_is_made_local_once() -> None:
    local = LocalResponse.of(OWN)
    assert (local.body, local.headers, local.reason, local.content_length) == (b"own", OWN.headers, "OK", 3)
    assert LocalResponse.of(local) is local


@given(pieces=st.lists(st.binary(max_size=5), max_size=5), after=st.none() | st.integers(0, 30), whole=st.booleans())
def test_what_is_delivered_is_the_beginning_of_the_body(pieces: list[bytes], after: int | None, whole: bool) -> None:
    body = b"".join(pieces)
    if whole:
        response = LocalResponse(200, (), body, cut_after=after)
    else:
        response = LocalResponse(200, pieces=lambda: iter(pieces), length=len(body), cut_after=after)
    delivered = list(response.delivered())
    assert b"".join(delivered) == body[:after]
    assert all(delivered)  # no empty pieces
    assert response.is_cut is (after is not None and after < len(body))


def test_answers_are_taken_in_order_by_the_requests_that_they_are_for() -> None:
    script = Script()
    script.add((Slow(1), Slow(2)), "Describe", 2)
    script.add((LostAnswer(),), None, 1)
    assert script.take("List") == LostAnswer()
    assert script.take("List") is None
    assert [script.take("Describe") for _ in range(5)] == [Slow(1), Slow(2), Slow(1), Slow(2), None]


@pytest.mark.parametrize("times", [0, -1, 1_000_001])
def test_answers_are_given_a_number_of_times(times: int) -> None:
    with pytest.raises(ConfigurationError, match=f"cannot be given {times} times"):
        Script().add((Slow(1),), None, times)


def test_what_is_no_answer_is_refused_and_nothing_is_kept() -> None:
    script = Script()
    with pytest.raises(ConfigurationError, match="'text' is no answer"):
        script.add((Slow(1), "text"), None, 1)  # type: ignore[arg-type]  # what is tested
    assert script.take("any") is None


@pytest.mark.parametrize("seconds", [0, -1, 3601, float("nan"), float("inf")])
def test_a_slow_answer_has_an_end(seconds: float) -> None:
    with pytest.raises(ConfigurationError, match="cannot be"):
        Slow(seconds)


def test_nothing_is_cut_off_before_it_begins() -> None:
    with pytest.raises(ConfigurationError, match="after -1 bytes"):
        CutOff(-1)


def test_a_rate_limit_takes_a_burst_and_then_its_rate() -> None:
    limit = RateLimit(2, burst=3)
    assert [limit.takes(NOW) for _ in range(5)] == [True, True, True, False, False]
    assert [limit.takes(NOW + timedelta(seconds=0.5)) for _ in range(2)] == [True, False]
    assert [limit.takes(NOW + timedelta(hours=1)) for _ in range(4)] == [True, True, True, False]
    assert not limit.takes(NOW)  # a clock that is set back fills nothing up
    assert not limit.takes(NOW + timedelta(hours=1))


@pytest.mark.parametrize(("per_second", "burst"), [(5, [True] * 5 + [False]), (0.1, [True, False])])
def test_a_burst_is_what_a_second_allows_but_one_at_least(per_second: float, burst: list[bool]) -> None:
    limit = RateLimit(per_second)
    assert [limit.takes(NOW) for _ in burst] == burst


@pytest.mark.parametrize(("per_second", "burst"), [(0, None), (-1, None), (float("nan"), None), (1, 0)])
def test_no_rate_limit(per_second: float, burst: int | None) -> None:
    with pytest.raises(ConfigurationError, match="rate limit"):
        RateLimit(per_second, burst)


def test_an_error_of_any_code_is_sent() -> None:
    sent: list[ServiceError] = []

    def refusal(error: ServiceError) -> HttpResponse:
        sent.append(error)
        return HttpResponse(error.status)

    slow_down = ServiceError("", code="SlowDown", status=503)
    assert play(slow_down, lambda: OWN, refusal).status == 503
    assert sent == [slow_down]
