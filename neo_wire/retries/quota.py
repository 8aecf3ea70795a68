"""The retry quota: what keeps a client from retrying without end while a service fails most requests.

Source: AWS SDKs and Tools reference guide, retry behavior.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

CAPACITY: Final = 500
RETRY_COST: Final = 14
THROTTLING_RETRY_COST: Final = 5
NO_RETRY_REFUND: Final = 1


class RetryQuota:
    """Tokens that all calls of one client share: a retry takes some, a success gives some back.

    Args:
        lock: held for each change, which reads and writes and so is not atomic in any Python: a `threading.Lock()` for
            a client that threads share, `contextlib.nullcontext()` for one whose calls all run in one event loop.
        capacity: how many tokens there are at first, and at most.
    """

    def __init__(self, lock: AbstractContextManager[object], capacity: int = CAPACITY) -> None:
        self._lock = lock
        self._capacity = capacity
        self.available = capacity

    def take(self, cost: int) -> bool:
        """Take the tokens that a retry costs; False, and none taken, when there are not enough."""
        with self._lock:
            if cost > self.available:
                return False
            self.available -= cost
            return True

    def give(self, tokens: int) -> None:
        """Give tokens back after a success, up to the capacity."""
        if self.available == self._capacity:  # as nearly always; whoever takes some now has taken after this success
            return
        with self._lock:
            self.available = min(self._capacity, self.available + tokens)
