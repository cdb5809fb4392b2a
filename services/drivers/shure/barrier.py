"""PURE. Finds out when everything that was asked has been answered, on a line where answers carry no number.

A unit answers in the order of the questions, but nothing shows which answer belongs to which question, how many lines a
dump has, or whether a question was refused or ignored. So one question that this unit is known to answer, the fence, is
asked behind all others, three times. A dump contains each property once, and a dump of one part contains the properties
of the unit as well: answers to the fence come from dumps too, and their number means nothing. But two of them with no
other answer between them can only be some of those at the end, for in a dump other lines follow. A third one allows for
one that is lost, or for an unasked report that comes just between two. Answers that are still due from an earlier use
are skipped, so that none of them and the first line of a dump make a pair. Meters come at any time and do not count.
If the end is not seen all the same, the quiet that follows is the end (`conversation.QUIET_S`).
Source: docs/protocols.md#everything-at-once.
"""

from __future__ import annotations

from services.drivers.shure.codec.messages import get
from services.drivers.shure.families import WireAddress

ASKED = 3
"""How often the fence is asked."""
IN_A_ROW = 2
"""Answers to it with nothing between them that mark the end."""


class Barrier:
    """The fence of one conversation: what goes out behind the questions, and what comes in for it."""

    __slots__ = ("_due", "_fence", "_in_a_row", "_skip", "_waiting")

    def __init__(self, fence: WireAddress) -> None:
        self._fence = fence
        self._due = 0
        """Answers to the fence that were asked for and may still come, while nobody waits for the end."""
        self._skip = 0
        self._in_a_row = 0
        self._waiting = False

    @property
    def passed(self) -> bool:
        """Whether everything that was asked before the fence has been answered."""
        return not self._waiting

    def begin(self) -> list[bytes]:
        """Wait for the end of the answers to questions that go out now; what to ask behind them."""
        self._waiting, self._in_a_row, self._skip = True, 0, self._due
        return [get(*self._fence)] * ASKED

    def give_up(self) -> None:
        """Nothing more came: no answer is due any longer."""
        self._waiting, self._due = False, 0

    def sign_of_life(self) -> bytes:
        """The fence as a question of its own."""
        self._due += 1
        return get(*self._fence)

    def receive(self, address: WireAddress) -> None:
        """Take in what an answer is about."""
        if address != self._fence:
            self._in_a_row = 0
        elif not self._waiting:
            self._due = max(0, self._due - 1)
        elif self._skip:
            self._skip -= 1
        else:
            self._in_a_row += 1
            if self._in_a_row >= IN_A_ROW:
                self._waiting, self._due = False, ASKED - self._in_a_row
