"""How long a retry waits: the published numbers, and botocore's backoff as an oracle."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.retries.standard import ExponentialBackoff, RetryContext, RetryEventAdapter, ThrottlingErrorDetector
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.retries.backoff import MAX_BACKOFF, delay
from neo_wire.retries.classify import Kind


def test_the_base_is_50_ms_or_a_second_and_doubles_up_to_20_seconds() -> None:
    assert [delay(Kind.TRANSIENT, retry, 1.0) for retry in (1, 2, 3, 9, 10, 11)] == [0.05, 0.1, 0.2, 12.8, 20, 20]
    assert [delay(Kind.THROTTLING, retry, 1.0) for retry in (1, 2, 5, 6, 7)] == [1, 2, 16, 20, 20]


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 1.0])
def test_the_jitter_takes_any_part_of_it(fraction: float) -> None:
    assert delay(Kind.THROTTLING, 3, fraction) == fraction * 4
    assert delay(Kind.TRANSIENT, 10_000, fraction) == fraction * MAX_BACKOFF


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("1500", 1.5),
        ("99999999", 5.025),
        ("9" * 300, 5.025),
        ("0", 0.025),
        ("10", 0.025),
        (" 1500 ", 1.5),
        ("-1", 0.025),
        ("12.5", 0.025),
        ("", 0.025),
        ("soon", 0.025),
        ("9" * 5000, 0.025),
    ],
)
def test_the_service_may_ask_for_a_longer_wait(header: str, expected: float) -> None:
    assert delay(Kind.TRANSIENT, 1, 0.5, header) == pytest.approx(expected)


def test_what_the_service_asks_for_may_pass_the_cut() -> None:
    assert delay(Kind.THROTTLING, 20, 1.0, "60000") == 25


class _Response:
    status_code = 500

    def __init__(self, retry_after: str | None) -> None:
        self.headers = {} if retry_after is None else {"x-amz-retry-after": retry_after}


HEADERS = st.none() | st.integers(-(10**6), 10**8).map(str) | st.text("0123456789.- x", max_size=8)


@given(st.sampled_from(Kind), st.integers(1, 40), st.floats(0, 1), HEADERS)
def test_botocore_waits_as_long(kind: Kind, retry: int, fraction: float, retry_after: str | None) -> None:
    code = "Throttling" if kind is Kind.THROTTLING else "InternalFailure"
    context: Any = RetryContext(retry, None, {"Error": {"Code": code}}, _Response(retry_after))
    detector = ThrottlingErrorDetector(RetryEventAdapter())
    oracle = ExponentialBackoff(random=lambda: fraction, throttling_detector=detector)
    assert delay(kind, retry, fraction, retry_after) == pytest.approx(oracle.delay_amount(context))
