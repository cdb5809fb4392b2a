"""Notices that the clock of the machine was set."""

from __future__ import annotations

import time

from services import clock

SET_S = 60.0
"""A clock that is off by less is put right all the time, and nobody minds."""
LONGEST_S = 300.0
"""Between two looks; of a longer time nobody knows whether it passed."""


class ClockWatch:
    """Compares the time of day with the time that has passed."""

    def __init__(self) -> None:
        self._wall_s, self._passed_s = clock.now(), time.monotonic()
        self._step_s = 0.0

    def step_s(self) -> float:
        """By how many seconds the clock was set since the last `accept`, back where negative; 0 where it was not."""
        wall_s, passed_s = clock.now(), time.monotonic()
        self._step_s += wall_s - self._wall_s - min(passed_s - self._passed_s, LONGEST_S)
        self._wall_s, self._passed_s = wall_s, passed_s
        return self._step_s if abs(self._step_s) > SET_S else 0.0

    def accept(self, seconds: float) -> None:
        """What `step_s` returned is known now."""
        self._step_s -= seconds
