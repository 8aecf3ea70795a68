"""The policy of a client: what is shared, what may be overridden, and what is refused."""

from __future__ import annotations

import random
import threading
import uuid
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neo_wire.errors import ConfigurationError
from neo_wire.retries.policy import Retries, new_retries, uuid_text


def made(**options: Any) -> Retries:
    return new_retries(random=random.random, new_id=lambda: "call-1", **options)


def test_the_defaults_are_three_attempts_in_the_standard_mode() -> None:
    policy = made()
    assert (policy.max_attempts, policy.limiter, policy.quota.available) == (3, None, 500)
    assert policy.skew is not None
    assert policy.first_header == "attempt=1; max=3"


def test_the_adaptive_mode_has_a_limiter() -> None:
    limiter = made(mode="adaptive").limiter
    assert limiter is not None
    assert not limiter.enabled


def test_the_correction_of_the_clock_can_be_switched_off() -> None:
    assert made(correct_clock_skew=False).skew is None


def test_an_override_of_the_attempts_shares_all_else() -> None:
    policy = made(mode="adaptive")
    other = attrs.evolve(policy, max_attempts=7)
    assert (other.max_attempts, other.first_header) == (7, "attempt=1; max=7")
    assert other.quota is policy.quota
    assert other.limiter is policy.limiter
    assert other.skew is policy.skew


def test_every_part_that_is_changed_in_steps_has_a_lock_of_its_own() -> None:
    locks: list[Any] = []

    def lock() -> Any:
        locks.append(threading.Lock())
        return locks[-1]

    policy = made(mode="adaptive", lock=lock)
    assert len(locks) == 2
    locks[0].acquire()
    assert not locks[1].locked()
    thread = threading.Thread(target=lambda: policy.quota.take(14))
    thread.start()
    assert policy.quota.available == 500
    locks[0].release()
    thread.join(10)
    assert policy.quota.available == 486


@pytest.mark.parametrize("attempts", [0, -1, 1.5, True, "3", None])
def test_what_is_no_number_of_attempts_is_refused(attempts: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"max_attempts is .*1 or more"):
        made(max_attempts=attempts)


@pytest.mark.parametrize("mode", ["legacy", "", None])
def test_another_mode_is_refused(mode: Any) -> None:
    with pytest.raises(ConfigurationError, match="'standard' or 'adaptive'"):
        made(mode=mode)


@given(st.binary(min_size=16, max_size=16))
def test_random_bytes_make_the_uuid_that_the_standard_library_makes_of_them(random: bytes) -> None:
    assert uuid_text(random) == str(uuid.UUID(bytes=random, version=4))
