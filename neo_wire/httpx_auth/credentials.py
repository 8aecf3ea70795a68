"""Credentials that a callable gets, kept and got anew before they end: for threads and for tasks.

While the old ones are good they serve everybody but the one who gets new ones, and everybody when that fails.
"""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from neo_wire.errors import ConfigurationError, CredentialsError, NeoWireError
from neo_wire.signing.credentials import Credentials
from neo_wire.signing.sigv4 import long_date

if TYPE_CHECKING:
    import anyio
    from anyio.lowlevel import RunVar

Provider: TypeAlias = Callable[[], Credentials | Awaitable[Credentials]]
"""Gets credentials anew, each time it is called; a coroutine function serves asynchronous clients only."""

PAUSE_AFTER_FAILURE: Final = timedelta(seconds=60)
"""How long nobody tries again, after getting new credentials failed while the old ones were good."""

_log = logging.getLogger(__name__)


class _Snapshot(NamedTuple):
    credentials: Credentials
    renew_at: datetime | None
    """When to get new ones; None for never."""


class KeptCredentials:
    """The credentials to use now; one thread at a time gets new ones, and one task at a time of an event loop.

    Args:
        source: credentials that stay, or a callable that gets them.
        window: how long before their end new ones are got; at most a third of their life.
        clock: gives the time, aware.

    Raises:
        ConfigurationError: the window is no timedelta of 0 or more.
        CredentialsError: the source is neither of the two.
    """

    def __init__(self, source: Credentials | Provider, window: timedelta, clock: Callable[[], datetime]) -> None:
        given: tuple[object, object] = source, window  # what callers without a type checker give
        if not isinstance(given[1], timedelta) or given[1] < timedelta(0):
            raise ConfigurationError(f"the refresh window is {window!r}; give a timedelta of 0 or more")
        if not isinstance(given[0], Credentials) and not callable(given[0]):
            raise CredentialsError(
                f"the credentials are a {type(source).__name__}; give neo_wire Credentials or a callable that gets them"
            )
        self._snapshot = _Snapshot(source, source.expiration) if isinstance(source, Credentials) else None
        self._provider = _no_others_than(source) if isinstance(source, Credentials) else source
        self._window = window
        self._clock = clock
        self._lock = threading.Lock()
        self._lock_of_loop: RunVar[anyio.Lock] | None = None

    def get(self) -> Credentials:
        """The credentials to use now, for a thread.

        Raises:
            CredentialsError: they have expired, or the callable gave expired ones, or something else.
            Exception: what the callable raised, when there are no credentials that are still good.
        """
        if (fresh := self._fresh()) is not None:
            return fresh
        usable = self._usable()
        if not self._lock.acquire(blocking=usable is None) and usable is not None:
            return usable
        try:
            if (renewed := self._usable() if usable is None else self._fresh()) is not None:
                return renewed  # by another thread, while this one waited
            answer = self._provider()
            if inspect.iscoroutine(answer):
                answer.close()
                raise CredentialsError("the credentials callable is asynchronous; use it with an asynchronous client")
            return self._keep(answer)
        except Exception as error:  # noqa: BLE001  # whatever a callable of the user's raises, the old ones may do
            return self._fall_back(error)
        finally:
            self._lock.release()

    async def get_async(self) -> Credentials:
        """The credentials to use now, for a task.

        Raises:
            CredentialsError: they have expired, or the callable gave expired ones, or something else.
            Exception: what the callable raised, when there are no credentials that are still good.
        """
        if (fresh := self._fresh()) is not None:
            return fresh
        import anyio  # here, because httpx too imports it only for asynchronous clients

        lock, usable = self._task_lock(), self._usable()
        try:
            lock.acquire_nowait()
        except anyio.WouldBlock:
            if usable is not None:
                return usable
            await lock.acquire()
        try:
            if (renewed := self._usable() if usable is None else self._fresh()) is not None:
                return renewed  # by another task, while this one waited
            answer = self._provider()
            return self._keep(await answer if inspect.isawaitable(answer) else answer)
        except Exception as error:  # noqa: BLE001  # whatever a callable of the user's raises, the old ones may do
            return self._fall_back(error)
        finally:
            lock.release()

    def _task_lock(self) -> anyio.Lock:
        """The lock of the running event loop: one cannot serve two."""
        import anyio
        from anyio.lowlevel import RunVar

        if self._lock_of_loop is None:
            self._lock_of_loop = RunVar("lock of KeptCredentials")
        try:
            return self._lock_of_loop.get()
        except LookupError:
            lock = anyio.Lock()
            self._lock_of_loop.set(lock)
            return lock

    def _usable(self) -> Credentials | None:
        """The credentials that are kept, if they have not expired."""
        snapshot = self._snapshot
        if snapshot is None:
            return None
        end = snapshot.credentials.expiration
        return snapshot.credentials if end is None or self._clock() < end else None

    def _fresh(self) -> Credentials | None:
        """The credentials that are kept, if there is no need for new ones."""
        snapshot = self._snapshot
        if snapshot is None:
            return None
        return snapshot.credentials if snapshot.renew_at is None or self._clock() < snapshot.renew_at else None

    def _keep(self, answer: object) -> Credentials:
        if not isinstance(answer, Credentials):
            raise CredentialsError(
                f"the credentials callable gave a {type(answer).__name__}; return neo_wire Credentials"
            )
        now, end = self._clock(), answer.expiration
        if end is None:
            renew_at = now if answer.session_token else None  # temporary ones end, though nobody says when
        elif end <= now:
            raise CredentialsError(f"the credentials callable gave credentials that expired at {long_date(end)}")
        else:
            renew_at = end - min(self._window, (end - now) / 3)
        self._snapshot = _Snapshot(answer, renew_at)
        return answer

    def _fall_back(self, error: Exception) -> Credentials:
        usable = self._usable()
        if usable is None:
            raise error
        pause_end = self._clock() + PAUSE_AFTER_FAILURE
        self._snapshot = _Snapshot(usable, min(pause_end, usable.expiration or pause_end))
        # Our errors hold no secrets; of others only the type is safe to be told.
        told = f"{type(error).__name__}: {error}" if isinstance(error, NeoWireError) else type(error).__name__
        _log.warning("no new credentials, the old ones from %s serve on: %s", usable.source, told)
        return usable


def _no_others_than(credentials: Credentials) -> Provider:
    def refuse() -> Credentials:
        end = long_date(credentials.expiration) if credentials.expiration else "an unknown time"
        raise CredentialsError(f"the credentials from {credentials.source} expired at {end}; give new ones")

    return refuse
