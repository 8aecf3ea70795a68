from __future__ import annotations

import asyncio
from math import inf

from neo_wire.transports.watch import Watch


class Due:
    """Ends when its deadline has passed, and tells when it was looked at."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.ended_at: float | None = None
        self.looks = 0

    def look(self, now: float) -> float:
        self.looks += 1
        if now < self.deadline:
            return self.deadline
        self.ended_at = now
        return inf


def test_each_ends_at_its_deadline_in_whatever_order_they_came() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        watch, begun = Watch(loop), loop.time()
        all_due = [Due(begun + seconds) for seconds in (0.06, 0.02, 0.04, 10.0)]
        for due in all_due:
            watch.add(due, due.deadline)
        await asyncio.sleep(0.1)
        for due in all_due[:3]:
            assert due.ended_at is not None
            assert 0 <= due.ended_at - due.deadline < 0.5
        assert all_due[3].ended_at is None
        assert max(due.looks for due in all_due) <= 5
        watch.close()

    asyncio.run(main())


def test_a_deadline_that_moved_on_is_looked_at_again() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        watch, due = Watch(loop), Due(loop.time() + 0.02)
        watch.add(due, due.deadline)
        due.deadline += 0.04
        await asyncio.sleep(0.1)
        assert due.looks == 2
        assert due.ended_at is not None
        assert due.ended_at >= due.deadline

    asyncio.run(main())


def test_what_is_discarded_is_looked_at_no_more() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        watch, due, other = Watch(loop), Due(loop.time() + 0.01), Due(loop.time() + 0.02)
        for one in (due, other):
            watch.add(one, one.deadline)
        watch.discard(due)
        watch.discard(due)
        await asyncio.sleep(0.05)
        assert due.looks == 0
        assert other.ended_at is not None

    asyncio.run(main())
