"""Intervals stay between their bounds, requests apart, and patience ends."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import (
    AccessDenied,
    CallTimeout,
    ConfigurationError,
    ConnectFailed,
    CredentialsTimeout,
    NeoWireError,
    NoCredentials,
    ReadTimeout,
    ResponseDecodeError,
    ServerError,
    ServiceError,
    Throttling,
    TlsError,
    UndecodableErrorResponse,
)
from neo_wire.flow import Flow
from neo_wire.jobs.polling import Pace, Patience, Polling, check_timeout, may_pass
from neo_wire.transports.blocking import BlockingDriver


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.sleep_async: Any = None  # not for a blocking driver
        self.now: Any = None

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


@given(
    st.floats(0.01, 86_400),
    st.floats(0.01, 86_400),
    st.integers(1, 10**6),
    st.floats(0, 1),
)
def test_every_interval_is_between_the_bounds(one: float, other: float, number: int, chance: float) -> None:
    polling = Polling(min(one, other), max(one, other))
    assert polling.shortest <= polling.interval(number, chance) <= polling.longest * (1 + 1e-12)


def test_intervals_grow_by_a_half_and_spread_by_a_fifth_either_way() -> None:
    polling = Polling(1, 1000)
    assert [polling.interval(number, 0.5) for number in (2, 3, 4)] == pytest.approx([1.5, 2.25, 3.375])
    assert (polling.interval(4, 0), polling.interval(4, 1)) == pytest.approx((2.7, 4.05))
    assert polling.interval(1, 1) == pytest.approx(1.2)


@pytest.mark.parametrize("bad", [0, -1, True, "5", float("nan"), float("inf"), 100_000])
def test_bad_bounds_are_refused(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="polling interval"):
        Polling(bad, 60)
    with pytest.raises(ConfigurationError, match="polling interval"):
        Polling(0.01, bad)


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="longer than the longest"):
        Polling(60, 5)


@given(st.floats(0.5, 100), st.lists(st.floats(0, 3), max_size=30))
def test_requests_are_never_closer_than_the_rate_allows(rate: float, work: list[float]) -> None:
    clock, turns = Clock(), []
    driver = BlockingDriver(None, clock=clock)  # type: ignore[arg-type]  # nothing is sent
    pace = Pace(rate)

    def flow() -> Flow[None]:
        for seconds in work:
            yield from pace.turn()
            turns.append(clock.seconds)
            clock.sleep(seconds)

    driver.run(flow())
    assert all(later - earlier >= 1 / rate - 1e-9 for earlier, later in pairwise(turns))
    # and never later than the rate or the work itself asks for
    for (earlier, later), seconds in zip(pairwise(turns), work, strict=False):
        assert later - earlier == pytest.approx(max(1 / rate, seconds))


@pytest.mark.parametrize("bad", [0, True, "2", None, 1001])
def test_a_bad_rate_is_refused(bad: Any) -> None:
    with pytest.raises(ConfigurationError, match="requests_per_second"):
        Pace(bad)


TRANSPORT: dict[str, Any] = {"endpoint": "https://a.example", "maybe_processed": True}


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Throttling(), True),
        (ServerError(status=503), True),
        (ServiceError(code="RequestTimeout", status=408), True),
        (UndecodableErrorResponse("no JSON", status=502), True),
        (ConnectFailed("refused", **TRANSPORT), True),
        (ReadTimeout("silence", **TRANSPORT), True),
        (CallTimeout("over", **TRANSPORT), True),
        (CredentialsTimeout("over"), True),
        (AccessDenied(), False),
        (TlsError("not trusted", **TRANSPORT), False),
        (NoCredentials("none"), False),
        (ConfigurationError("no region"), False),
        (ResponseDecodeError("no JSON", status=200), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_may_pass(error: NeoWireError, expected: bool) -> None:
    assert may_pass(error) is expected


def test_patience_ends_at_the_tenth_failure_in_a_row_and_logs_those_before(caplog: pytest.LogCaptureFixture) -> None:
    patience = Patience()
    for _ in range(9):
        patience.bear(Throttling("Rate exceeded"), "describing")
    assert len(caplog.records) == 9
    assert "describing failed" in caplog.records[0].getMessage()
    with pytest.raises(Throttling):
        patience.bear(Throttling("Rate exceeded"), "describing")
    patience.restore()
    patience.bear(Throttling("Rate exceeded"), "describing")
    with pytest.raises(AccessDenied):
        patience.bear(AccessDenied(), "describing")


def test_a_timeout_is_a_number_above_0() -> None:
    check_timeout(0.5)
    check_timeout(10**6)
    with pytest.raises(ConfigurationError, match="timeout"):
        check_timeout(-1)
