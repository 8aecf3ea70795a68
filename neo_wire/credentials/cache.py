"""Credentials that are kept, and fetched anew before they end.

Towards their end credentials pass through two windows. In the advisory one the first caller who comes fetches new ones,
while all others go on with the old; should that fail, the old ones stay, and it is tried again later. In the mandatory
one everybody waits for one fetch, and has its error when it fails. Both windows shrink with the lifetime, so that
short-lived credentials do not spend all of it in them.

What is kept is an immutable snapshot: no request ever has the key of one generation and the token of another.

Source: AWS SDKs and Tools reference guide, standardized credential providers; the windows are those of botocore.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from neo_wire._log import log, quiet_log
from neo_wire.credentials.context import Provider
from neo_wire.errors import CredentialsFetchFailed, CredentialsTimeout, NeoWireError
from neo_wire.flow import Flow, exclusive, exclusive_or_skip, now
from neo_wire.signing.credentials import Credentials

ADVISORY_WINDOW: Final = timedelta(minutes=15)
MANDATORY_PART: Final = 2 / 3
"""How much of the advisory window the mandatory one is: 10 minutes of 15."""
LIFETIME_PART: Final = 1 / 3
"""How much of the lifetime of credentials the advisory window may take."""
BACK_OFF: Final = timedelta(minutes=1)
"""After a failed fetch in the advisory window; up to twice as long, by chance."""
PATIENCE: Final = 5.0
"""Seconds that the caller who fetches in the advisory window waits for it, and never more than half of its time."""


class _Snapshot:
    """One generation of credentials, and when it is to be replaced; both None for credentials that do not end."""

    __slots__ = ("advisory", "credentials", "mandatory")

    def __init__(self, credentials: Credentials, advisory: datetime | None, mandatory: datetime | None) -> None:
        self.credentials = credentials
        self.advisory = advisory
        self.mandatory = mandatory

    @classmethod
    def of(cls, credentials: Credentials, moment: datetime, chance: float) -> _Snapshot:
        ends = credentials.expiration
        if ends is None:
            return cls(credentials, None, None)
        window = min(ADVISORY_WINDOW, (ends - moment) * LIFETIME_PART)
        mandatory = window * MANDATORY_PART
        # Many machines that were started at once shall not all come back at once.
        jitter = (window - mandatory) * chance / 2
        return cls(credentials, ends - window + jitter, ends - mandatory)


class CredentialsCache:
    """Keeps the credentials of one provider, and fetches them anew in time, once for all who ask.

    Args:
        provider: fetches them.
        random: a number from 0 to 1, for the jitter.
        on_refreshed: is told of each new generation.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        random: Callable[[], float],
        on_refreshed: Callable[[Credentials], None] | None = None,
    ) -> None:
        self._provider = provider
        self._random = random
        self._on_refreshed = on_refreshed
        self._snapshot: _Snapshot | None = None
        self._not_before: datetime | None = None  # the next try in the advisory window

    def current(self, timeout: float | None, *, at: datetime | None = None) -> Flow[Credentials]:
        """Have credentials that are valid, fetching them when there are none, or when they end soon.

        Args:
            timeout: how long to wait for a fetch, in seconds, which goes on for others afterwards; None: to its end.
            at: the present time, when the caller knows it; else it is asked for.

        Raises:
            CredentialsTimeout: the wait was too long.
            CredentialsError: they could not be had. The next caller tries again.
        """
        snapshot = self._snapshot
        if snapshot is None:
            return (yield from self._fetched(None, timeout)).credentials
        if snapshot.advisory is None or snapshot.mandatory is None:
            return snapshot.credentials
        moment = at or (yield from now())
        if moment < snapshot.advisory:
            return snapshot.credentials
        if moment >= snapshot.mandatory:
            return (yield from self._fetched(snapshot, timeout)).credentials
        if self._not_before is None or moment >= self._not_before:
            yield from self._try(snapshot, moment, timeout)
        return (self._snapshot or snapshot).credentials

    def replace(self, rejected: Credentials, timeout: float | None) -> Flow[Credentials | None]:
        """Have other credentials than those that a service calls expired, fetching them unless somebody has already.

        Returns:
            None when there are no others: a key pair without a session token never ends, or the source gives the same.

        Raises:
            CredentialsTimeout: the wait was too long.
            CredentialsError: they could not be had.
        """
        snapshot = self._snapshot
        if snapshot is None or snapshot.credentials == rejected:
            if rejected.session_token is None:
                return None
            snapshot = yield from self._fetched(snapshot, timeout)
        return None if snapshot.credentials == rejected else snapshot.credentials

    def _fetched(self, seen: _Snapshot | None, timeout: float | None) -> Flow[_Snapshot]:
        try:
            return (yield from exclusive(self, lambda: self._fetch(seen), timeout=timeout))
        except TimeoutError:
            raise CredentialsTimeout(
                f"no credentials within {timeout or 0:g} s; call again, or give a longer timeout"
            ) from None

    def _try(self, seen: _Snapshot, moment: datetime, timeout: float | None) -> Flow[None]:
        """Fetch in the advisory window, where the old credentials are still good, whatever happens.

        A fetch that takes long goes on beside the caller, who has to have time left to use the old ones.
        """
        patience = PATIENCE if timeout is None else min(PATIENCE, timeout / 2)
        try:
            yield from exclusive_or_skip(self, lambda: self._fetch(seen), timeout=patience)
        except (TimeoutError, NeoWireError) as error:
            self._not_before = moment + BACK_OFF * (1 + self._random())
            log(__name__).warning(
                "credentials could not be refreshed, those that end at %s are kept: %s",
                seen.credentials.expiration,
                error if isinstance(error, NeoWireError) else f"it takes more than {patience:g} s",
            )

    def _fetch(self, seen: _Snapshot | None) -> Flow[_Snapshot]:
        """Fetch unless that has happened since the asker looked; runs once at a time."""
        if self._snapshot is not None and self._snapshot is not seen:
            return self._snapshot
        credentials = yield from self._provider()
        moment = yield from now()
        if credentials.expiration is not None and credentials.expiration <= moment:
            raise CredentialsFetchFailed(
                credentials.source,
                f"they ended at {credentials.expiration.isoformat()} already, and it is {moment.isoformat()}; renew "
                "them there, or set this machine's clock",
            )
        self._snapshot = snapshot = _Snapshot.of(credentials, moment, self._random())
        self._not_before = None
        if quiet := quiet_log(__name__):
            quiet.debug("credentials from %s, which end at %s", credentials.source, credentials.expiration or "no time")
        if self._on_refreshed is not None:
            self._on_refreshed(credentials)
        return snapshot
