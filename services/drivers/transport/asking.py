"""PURE. The numbers that tie an answer to its question.

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

LAST = 2**31 - 1
"""The largest number that every signed 32-bit parser of a unit can read."""


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
