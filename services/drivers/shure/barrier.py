"""PURE. Finds out when everything that was asked has been answered, on a line where answers carry no number.

A unit answers in the order of the questions, but nothing shows which answer belongs to which question, how many lines a
dump has, or whether a question was refused or ignored. So one question that this unit is known to answer, the fence, is
asked behind all others, three times. A dump contains each property once, and a dump of one part contains the properties
of the unit as well: answers to the fence come from dumps too, and their number means nothing. But two of them with no
other answer between them can only be some of those at the end, for in a dump other lines follow. A third one allows for
one that is lost, or for an unasked report that comes just between two. Meters come at any time and do not count.

Answers may still be due from an earlier use. How many is not always known: behind a dump, the pair may have been the
first two or the last two of the three. Before a dump as many are skipped as may be due, so that none of them and the
first line of the dump make a pair. Before questions by name only those are skipped that are due for certain: among
their answers there is no other answer to the fence, so one that is left over and the first new one prove the end too.
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

    __slots__ = ("_asked_for_dumps", "_due_least", "_due_most", "_fence", "_in_a_row", "_seen", "_skip", "_waiting")

    def __init__(self, fence: WireAddress) -> None:
        self._fence = fence
        self._due_least, self._due_most = 0, 0
        """Answers to the fence that were asked for and may still come, while nobody waits for the end."""
        self._skip = 0
        self._seen = 0
        self._in_a_row = 0
        self._waiting = False
        self._asked_for_dumps = False

    @property
    def passed(self) -> bool:
        """Whether everything that was asked before the fence has been answered."""
        return not self._waiting

    def begin(self, *, dumps: bool) -> list[bytes]:
        """Wait for the end of the answers to questions, or ``dumps``, that go out now; what to ask behind them."""
        self._waiting, self._in_a_row, self._seen = True, 0, 0
        self._asked_for_dumps = dumps
        self._skip = self._due_most if dumps else self._due_least
        return [get(*self._fence)] * ASKED

    def give_up(self) -> None:
        """Nothing more came: no answer is due any longer."""
        self._waiting, self._due_least, self._due_most = False, 0, 0

    def sign_of_life(self) -> bytes:
        """The fence as a question of its own."""
        self._due_least += 1
        self._due_most += 1
        return get(*self._fence)

    def receive(self, address: WireAddress) -> None:
        """Take in what an answer is about."""
        if address != self._fence:
            self._in_a_row = 0
        elif not self._waiting:
            self._due_least, self._due_most = max(0, self._due_least - 1), max(0, self._due_most - 1)
        elif self._skip:
            self._skip -= 1
        else:
            self._seen += 1
            self._in_a_row += 1
            if self._in_a_row >= IN_A_ROW:
                self._pass()

    def _pass(self) -> None:
        self._waiting = False
        if self._asked_for_dumps:  # some of those seen may be theirs
            self._due_least, self._due_most = 0, ASKED - IN_A_ROW
        else:
            doubtful = self._due_most - self._due_least
            self._due_least = max(0, ASKED - self._seen)
            self._due_most = max(0, ASKED - self._seen + doubtful)
