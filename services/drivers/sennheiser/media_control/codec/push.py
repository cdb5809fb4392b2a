"""When a unit is asked (again) for unasked reports. Gets the time as an argument.

Theory: ``Push t c f`` makes a unit send for t seconds. It forgets everything after that, and a request or its echo may
be lost, so the request is repeated until the unit echoes it, renewed long before its end, and sent early when cyclic
data fails to come. Some firmware ends the reports before their time (seen on real racks while RF-muted). Where another
controller takes the unit over, asking early is limited to `EARLY_MOST` times a renewal: we do not fight for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from services.drivers.sennheiser.media_control.codec.lines import push
from services.drivers.sennheiser.media_control.codec.words import numbers
from services.model import Kind

LASTS_S = 60
"""What is asked for; 0 to 300 s are possible (TI 1254 p. 12)."""
RENEW_S = 20.0
"""Two renewals may get lost before the reports end."""
REPEAT_FIRST_S, REPEAT_MOST_S = 0.5, 20.0
"""An echo that does not come is asked for after the first pause, then after twice as long each time."""
EARLY_MOST = 3
"""Requests between two renewals because cyclic data failed to come."""
LATE_CYCLES, LATE_S = 2.5, 1.5
"""Cyclic data is late after so many cycles, and never before so many seconds."""
GIVEN_UP = 3
"""Cyclic data will not come where a unit answered for so many times that long and sent none, though it was asked."""
CYCLE_STEP_MS, CYCLE_MOST_MS = 100, 60_000
"""Steps and highest value of the cycle (p. 12); a real G3 refuses other steps with 1020."""
STOP = push(0, 0, 0)

FLAGS: dict[Kind, tuple[int, ...]] = {Kind.RECEIVER: (7, 3, 1), Kind.IEM: (3, 1)}
"""Best first; the next one where a unit refuses. A real SR refuses 7: bit 4 is the EM's alone (p. 11)."""


def cycle_ms(seconds: float) -> int:
    """The nearest cycle that a unit takes; 0 is no cyclic data."""
    if seconds <= 0:
        return 0
    return min(CYCLE_MOST_MS, max(CYCLE_STEP_MS, round(seconds * 1000 / CYCLE_STEP_MS) * CYCLE_STEP_MS))


class Subscription:
    """What was asked of one unit, and when the next request is due."""

    def __init__(self, flags: Sequence[int]) -> None:
        self._flags = list(flags)
        self._cycle_ms = 0
        self.active = False
        """Whether anything was ever asked for."""
        self._asked: tuple[int, int, int] | None = None
        self._asked_at = -math.inf
        self._echoed = False
        self._pause_s = REPEAT_FIRST_S
        self._early_left = EARLY_MOST
        self._newest = -math.inf
        self._without_since: float | None = None
        """Since when the unit answers without sending cyclic data."""
        self._due_at = math.inf

    def want(self, milliseconds: int, now: float) -> None:
        """Ask for this cycle from now on."""
        self._cycle_ms = milliseconds
        self._pause_s, self._early_left, self._due_at = REPEAT_FIRST_S, EARLY_MOST, now
        self._without_since = None

    @property
    def due_at(self) -> float:
        """When `request` has something to send."""
        return min(self._due_at, self._late_at())

    def request(self, now: float) -> bytes | None:
        """The request to send now, if one is due."""
        if now < self.due_at:
            return None
        if now < self._due_at:
            self._early_left -= 1
        elif self._echoed:
            self._early_left, self._pause_s = EARLY_MOST, REPEAT_FIRST_S
        self._asked, self._asked_at, self._echoed = (LASTS_S, self._cycle_ms, self._flags[0]), now, False
        self.active = True
        self._due_at = now + self._pause_s
        self._pause_s = min(REPEAT_MOST_S, 2 * self._pause_s)
        return push(*self._asked)

    def echoed(self, text: str) -> None:
        """The unit repeated a request: it has taken it."""
        if self._asked is not None and not self._echoed and numbers(text) == self._asked:
            self._echoed = True
            self._pause_s, self._due_at = REPEAT_FIRST_S, self._asked_at + RENEW_S

    def refused(self, text: str, now: float) -> None:
        """The unit refused the last request: ask for less, if there is less to ask for."""
        if self._asked is not None and numbers(text) == self._asked and len(self._flags) > 1:
            del self._flags[0]
            self._asked, self._due_at = None, now

    def received(self, now: float) -> None:
        """A block of cyclic data came."""
        self._newest, self._without_since = now, None

    def answered(self, now: float) -> bool:
        """The unit sent something else than cyclic data; whether it does so for too long to expect any."""
        if not self._cycle_ms:
            self._without_since = None
            return False
        if self._without_since is None:
            self._without_since = now
        return now - self._without_since >= GIVEN_UP * self._patience_s()

    def _late_at(self) -> float:
        if not self._echoed or not self._cycle_ms or not self._early_left:
            return math.inf
        return max(self._newest, self._asked_at) + self._patience_s()

    def _patience_s(self) -> float:
        return max(LATE_S, LATE_CYCLES * self._cycle_ms / 1000)
