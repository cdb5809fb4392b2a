"""PURE. How often something may be done: a token bucket over times that the caller gives."""

from __future__ import annotations

ROUNDING_S = 1e-6
"""A turn that is so near is due: sums of fractions are never exact."""


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
