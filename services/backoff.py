"""The pauses between attempts that fail: growing, limited, and shortened at random."""

from __future__ import annotations

import random

DOUBLINGS_MOST = 64
"""Doublings that are computed: by then every pause has reached its limit, and a float has not overflowed."""


AWAY_SHARE = 0.05
"""Share of the time for which something has been away that may pass until its return is noticed."""
AWAY_MOST_S = 30.0
"""The longest pause between two attempts at something that has been away for long, in seconds."""


def pause_of_absent(away_s: float) -> float:
    """The pause before asking again for something that has been away for ``away_s`` seconds, in seconds.

    It grows with the absence: what has been gone for a minute is asked often, what has been off for hours seldom.
    """
    return min(AWAY_MOST_S, away_s * AWAY_SHARE) * random.uniform(0.8, 1.0)


class Backoff:
    """Gives the pause after each failed attempt, in seconds.

    The n-th failure in a row waits at most ``first_s * 2 ** (n - 1)`` and never more than ``most_s``. ``certain`` is
    the share of that which is waited in any case, from 0 to 1; chance decides over the rest, so that many clients that
    lost the same peer in one moment do not come back in one wave. Raises `ValueError` for numbers that make no sense.
    """

    def __init__(self, first_s: float, most_s: float, *, certain: float = 0.5) -> None:
        if not (0 < first_s <= most_s and 0 <= certain <= 1):
            raise ValueError(f"a pause grows from {first_s} to {most_s} s, of which {certain} are certain: impossible")
        self._first_s = first_s
        self._most_s = most_s
        self._certain = certain
        self.failures = 0
        """Failures in a row."""

    def pause(self) -> float:
        """Count a failure; the seconds to wait before the next attempt."""
        longest = min(self._most_s, self._first_s * 2.0 ** min(self.failures, DOUBLINGS_MOST))
        self.failures += 1
        return longest * random.uniform(self._certain, 1.0)

    def reset(self) -> None:
        """Begin anew: an attempt succeeded, or the circumstances are others."""
        self.failures = 0
