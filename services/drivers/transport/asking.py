"""PURE. How fast questions leave, and the numbers that tie an answer to its question.

    pace = Pace(per_second=500, burst=20)
    ids = TransactionIds()
    with ids.take() as xid:
        await peer.ask(build(xid), lambda data: xid_of(data) == xid, timeout=3.0, unique=True, pace=pace)

A pace is shared by all questions of a scan, the numbers by all questions to one unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from services.drivers.transport.failures import failure

ROUNDING_S = 1e-6
"""A turn that is so near is due: sums of fractions are never exact."""

LAST = 2**31 - 1
"""The largest number that every signed 32-bit parser of a unit can read."""


class Pace:
    """A token bucket: ``burst`` turns at once, then ``per_second`` turns a second (both above 0).

    Turns are given in the order in which they are asked for. One `Pace` may be shared by any number of senders.
    """

    __slots__ = ("_burst_s", "_full_at", "_turn_s")

    def __init__(self, per_second: float, burst: int = 1) -> None:
        """Raises `ValueError` for a rate or burst that lets nothing through."""
        if per_second <= 0 or burst < 1:
            raise ValueError("a pace needs more than 0 turns a second and a burst of 1 or more")
        self._turn_s = 1 / per_second
        self._burst_s = (burst - 1) * self._turn_s
        self._full_at = float("-inf")
        """When the bucket is full again, if nobody takes a further turn."""

    def reserve(self, now: float) -> float:
        """Take the next turn; return the seconds until it comes, 0 for at once."""
        wait = self._wait(now)
        self._full_at = max(self._full_at, now) + self._turn_s
        return wait

    def take(self, now: float) -> bool:
        """Take a turn if one is due now; otherwise take none and return ``False``."""
        if self._wait(now) > 0:
            return False
        self.reserve(now)
        return True

    def _wait(self, now: float) -> float:
        wait = self._full_at - now - self._burst_s
        return wait if wait > ROUNDING_S else 0.0


class TransactionIds:
    """Counts from ``first`` to ``last``, then from ``first`` again, and leaves out numbers that are still waiting."""

    __slots__ = ("_first", "_last", "_next", "_waiting")

    def __init__(self, first: int = 1, last: int = LAST) -> None:
        """Raises `ValueError` for a range without a number."""
        if last < first:
            raise ValueError("the last transaction number stands before the first")
        self._first, self._last = first, last
        self._next = first
        self._waiting: set[int] = set()

    @contextmanager
    def take(self) -> Iterator[int]:
        """A number that nobody else has while the block lasts.

        Raises `DriverError` (``timeout``) where all numbers wait for answers.
        """
        number = self._free()
        self._waiting.add(number)
        try:
            yield number
        finally:
            self._waiting.discard(number)

    def _free(self) -> int:
        if len(self._waiting) > self._last - self._first:
            raise failure(
                "timeout", f"all {len(self._waiting)} transaction numbers wait for an answer: ask less at once"
            )
        while True:
            number = self._next
            self._next = self._first if number >= self._last else number + 1
            if number not in self._waiting:
                return number
