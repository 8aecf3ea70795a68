"""The retry quota: the published numbers, botocore's quota as an oracle, and threads."""

from __future__ import annotations

import sys
import threading
from contextlib import nullcontext

import botocore.retries.quota
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.retries.quota import CAPACITY, NO_RETRY_REFUND, RETRY_COST, THROTTLING_RETRY_COST, RetryQuota


def test_the_numbers() -> None:
    assert (CAPACITY, RETRY_COST, THROTTLING_RETRY_COST, NO_RETRY_REFUND) == (500, 14, 5, 1)


def test_what_is_not_there_is_not_taken() -> None:
    quota = RetryQuota(nullcontext(), 20)
    assert quota.take(14)
    assert not quota.take(14)
    assert quota.available == 6
    assert quota.take(6)
    assert quota.available == 0


def test_it_never_holds_more_than_at_first() -> None:
    quota = RetryQuota(nullcontext(), 20)
    quota.give(5)
    assert quota.available == 20
    quota.take(3)
    quota.give(14)
    assert quota.available == 20


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([1, 5, 14])), max_size=120), st.integers(0, 60))
def test_botocores_quota_counts_the_same(steps: list[tuple[bool, int]], capacity: int) -> None:
    ours, oracle = RetryQuota(nullcontext(), capacity), botocore.retries.quota.RetryQuota(capacity)
    for takes, amount in steps:
        if takes:
            assert ours.take(amount) == oracle.acquire(amount)
        else:
            ours.give(amount)
            oracle.release(amount)
        assert ours.available == oracle.available_capacity


def test_threads_lose_no_token() -> None:
    quota = RetryQuota(threading.Lock(), 10_000)
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        def work() -> None:
            for _ in range(500):
                quota.take(14)
                quota.give(5)

        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    finally:
        sys.setswitchinterval(before)
    assert quota.available == 10_000 - 2 * 500 * 9
