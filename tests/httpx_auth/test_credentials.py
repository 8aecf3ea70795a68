"""Credentials for httpx clients: got anew in time, by one thread or task at a time, and kept when that fails."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from neo_wire.errors import ConfigurationError, CredentialsError
from neo_wire.httpx_auth.credentials import KeptCredentials
from neo_wire.signing.credentials import Credentials

START = datetime(2026, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
WINDOW = 15 * MINUTE


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


class Source:
    """Counts how often it is asked, and gives credentials that are good for an hour, or fails."""

    def __init__(self, clock: Clock, life: timedelta = 60 * MINUTE) -> None:
        self.clock = clock
        self.life = life
        self.calls = 0
        self.failure: Exception | None = None

    def __call__(self) -> Credentials:
        self.calls += 1
        if self.failure:
            raise self.failure
        return Credentials(f"AKID{self.calls}", "secret", "token", self.clock() + self.life, source="a vault")

    async def asynchronous(self) -> Credentials:
        await asyncio.sleep(0)
        return self()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def source(clock: Clock) -> Source:
    return Source(clock)


@pytest.fixture(params=["sync", "async", "async with a blocking callable"])
def get(request: pytest.FixtureRequest, clock: Clock, source: Source) -> Callable[[], Credentials]:
    """Get the credentials of the source in each way; all calls of a test share what is kept."""
    kept = KeptCredentials(source.asynchronous if request.param == "async" else source, WINDOW, clock)
    return kept.get if request.param == "sync" else lambda: asyncio.run(kept.get_async())


def test_fixed_credentials_stay(clock: Clock) -> None:
    fixed = Credentials("AKID", "secret")
    kept = KeptCredentials(fixed, WINDOW, clock)
    clock.now += timedelta(days=4000)
    assert kept.get() is fixed
    assert asyncio.run(kept.get_async()) is fixed


def test_fixed_credentials_that_expired_are_refused(clock: Clock) -> None:
    fixed = Credentials("AKID", "secret", "token", START + MINUTE, source="the environment")
    kept = KeptCredentials(fixed, WINDOW, clock)
    assert kept.get() is fixed
    clock.now += MINUTE
    for attempt in (kept.get, lambda: asyncio.run(kept.get_async())):
        with pytest.raises(CredentialsError, match="from the environment expired at 20260101T000100Z; give new ones"):
            attempt()


def test_nothing_is_asked_before_it_is_needed_and_then_once(get: Callable[[], Credentials], source: Source) -> None:
    assert source.calls == 0
    assert get() is get()
    assert source.calls == 1


def test_new_ones_are_got_within_the_window(get: Callable[[], Credentials], clock: Clock, source: Source) -> None:
    assert get().access_key_id == "AKID1"
    clock.now = START + 45 * MINUTE - timedelta(microseconds=1)
    assert get().access_key_id == "AKID1"
    clock.now = START + 45 * MINUTE
    assert get().access_key_id == "AKID2"
    assert get().access_key_id == "AKID2"
    assert source.calls == 2


def test_short_lives_have_a_window_of_a_third(get: Callable[[], Credentials], clock: Clock, source: Source) -> None:
    source.life = 6 * MINUTE
    get()
    clock.now = START + 4 * MINUTE - timedelta(microseconds=1)
    get()
    assert source.calls == 1
    clock.now = START + 4 * MINUTE
    get()
    assert source.calls == 2


def test_failing_keeps_what_is_still_good(
    get: Callable[[], Credentials], clock: Clock, source: Source, caplog: pytest.LogCaptureFixture
) -> None:
    get()
    clock.now = START + 50 * MINUTE
    source.failure = RuntimeError("a text with a secret in it")
    with caplog.at_level(logging.WARNING, "neo_wire"):
        assert get().access_key_id == "AKID1"
    assert [record.getMessage() for record in caplog.records] == [
        "no new credentials, the old ones from a vault serve on: RuntimeError"
    ]
    clock.now += timedelta(seconds=59)
    assert get().access_key_id == "AKID1"
    assert source.calls == 2, "nobody tries again for a minute"
    clock.now += timedelta(seconds=1)
    source.failure = CredentialsError("the vault is closed")
    with caplog.at_level(logging.WARNING, "neo_wire"):
        assert get().access_key_id == "AKID1"
    assert caplog.records[-1].getMessage().endswith("CredentialsError: the vault is closed")
    clock.now += MINUTE
    source.failure = None
    assert get().access_key_id == "AKID4"


def test_failing_raises_when_nothing_is_good(get: Callable[[], Credentials], clock: Clock, source: Source) -> None:
    source.failure = OSError("no route")
    with pytest.raises(OSError, match="no route"):
        get()
    source.failure = None
    assert get().access_key_id == "AKID2", "a failure is not kept"
    clock.now = START + 59 * MINUTE + timedelta(seconds=30)
    source.failure = OSError("no route")
    assert get().access_key_id == "AKID2"
    clock.now = START + 60 * MINUTE
    with pytest.raises(OSError, match="no route"):
        get()


def test_lasting_keys_are_got_once(clock: Clock) -> None:
    answers = iter([Credentials("AKID", "secret")])
    kept = KeptCredentials(lambda: next(answers), WINDOW, clock)
    first = kept.get()
    clock.now += timedelta(days=4000)
    assert kept.get() is first


def test_temporary_ones_without_an_end_are_got_each_time(clock: Clock) -> None:
    answers = iter([Credentials("AKID1", "secret", "token"), Credentials("AKID2", "secret", "token")])
    kept = KeptCredentials(lambda: next(answers), WINDOW, clock)
    assert [kept.get().access_key_id, kept.get().access_key_id] == ["AKID1", "AKID2"]


def test_answers_that_are_no_good(clock: Clock) -> None:
    def expired() -> Credentials:
        return Credentials("AKID", "secret", "token", START)

    with pytest.raises(CredentialsError, match="gave credentials that expired at 20260101T000000Z"):
        KeptCredentials(expired, WINDOW, clock).get()
    nothing: Callable[[], Credentials] = lambda: None  # type: ignore[assignment, return-value]  # noqa: E731  # the mistake that is tested
    with pytest.raises(CredentialsError, match="gave a NoneType; return neo_wire Credentials"):
        KeptCredentials(nothing, WINDOW, clock).get()
    with pytest.raises(CredentialsError, match="gave a NoneType"):
        asyncio.run(KeptCredentials(nothing, WINDOW, clock).get_async())


@pytest.mark.parametrize("window", [-MINUTE, 900, None])
def test_a_window_that_would_serve_expired_credentials_is_refused(clock: Clock, source: Source, window: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"the refresh window is .*; give a timedelta of 0 or more"):
        KeptCredentials(source, window, clock)


@pytest.mark.parametrize("given", [("AKID", "s3cr3t"), "s3cr3t", {"secret_access_key": "s3cr3t"}])
def test_what_cannot_give_credentials_is_refused_at_once_and_unseen(clock: Clock, given: Any) -> None:
    with pytest.raises(
        CredentialsError, match=f"are a {type(given).__name__}; give neo_wire Credentials or a"
    ) as refused:
        KeptCredentials(given, WINDOW, clock)
    assert "s3cr3t" not in str(refused.value)


def test_a_coroutine_function_serves_no_thread(clock: Clock, source: Source) -> None:
    with pytest.raises(CredentialsError, match="is asynchronous; use it with an asynchronous client"):
        KeptCredentials(source.asynchronous, WINDOW, clock).get()
    assert source.calls == 0


def test_threads_without_credentials_wait_for_one_of_them(clock: Clock, source: Source) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow() -> Credentials:
        begun.set()
        assert go.wait(10)
        return source()

    kept = KeptCredentials(slow, WINDOW, clock)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(kept.get) for _ in range(8)]
        assert begun.wait(10)
        go.set()
        assert len({id(answer.result(10)) for answer in answers}) == 1
    assert source.calls == 1


def test_threads_with_credentials_do_not_wait(clock: Clock, source: Source) -> None:
    go, begun = threading.Event(), threading.Event()
    go.set()

    def slow() -> Credentials:
        begun.set()
        assert go.wait(10)
        return source()

    kept = KeptCredentials(slow, WINDOW, clock)
    kept.get()
    clock.now = START + 50 * MINUTE
    go.clear()
    begun.clear()
    with ThreadPoolExecutor(1) as pool:
        renewing = pool.submit(kept.get)
        assert begun.wait(10)
        assert kept.get().access_key_id == "AKID1"
        go.set()
        assert renewing.result(10).access_key_id == "AKID2"
    assert kept.get().access_key_id == "AKID2"
    assert source.calls == 2


def test_threads_that_wait_try_in_turn_after_a_failure(clock: Clock, source: Source) -> None:
    source.failure = OSError("no route")
    kept = KeptCredentials(source, WINDOW, clock)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(kept.get) for _ in range(4)]
        assert [str(attempt.exception(10)) for attempt in waiting] == ["no route"] * 4
    assert source.calls == 4


def test_tasks_share_one_fetch_and_do_not_wait_while_the_old_ones_are_good(clock: Clock, source: Source) -> None:
    async def run() -> None:
        go = asyncio.Event()
        go.set()

        async def slow() -> Credentials:
            await go.wait()
            return await source.asynchronous()

        kept = KeptCredentials(slow, WINDOW, clock)
        first = await asyncio.gather(*[kept.get_async() for _ in range(8)])
        assert len({id(answer) for answer in first}) == 1
        assert source.calls == 1
        clock.now = START + 50 * MINUTE
        go.clear()
        renewing = asyncio.create_task(kept.get_async())
        await asyncio.sleep(0)
        assert (await kept.get_async()).access_key_id == "AKID1"
        go.set()
        assert (await renewing).access_key_id == "AKID2"
        assert source.calls == 2

    asyncio.run(run())


def test_a_cancelled_task_leaves_the_work_to_the_next(clock: Clock, source: Source) -> None:
    async def run() -> None:
        go = asyncio.Event()

        async def slow() -> Credentials:
            await go.wait()
            return await source.asynchronous()

        kept = KeptCredentials(slow, WINDOW, clock)
        tasks = [asyncio.create_task(kept.get_async()) for _ in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        go.set()
        outcome = await asyncio.gather(*tasks, return_exceptions=True)
        assert isinstance(outcome[0], asyncio.CancelledError)
        assert outcome[1] is outcome[2]
        assert source.calls == 1

    asyncio.run(run())


def test_one_store_serves_threads_and_several_event_loops(clock: Clock, source: Source) -> None:
    kept = KeptCredentials(source, WINDOW, clock)
    for loop, expected in enumerate(["AKID1", "AKID2", "AKID3"]):
        clock.now = START + loop * 50 * MINUTE
        assert asyncio.run(kept.get_async()).access_key_id == expected
        assert kept.get().access_key_id == expected
