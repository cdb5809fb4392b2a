"""What changed, for those who publish it. State does not queue: a mark only means that a newer snapshot exists.

Marks are a set that cannot overflow. Events (something happened once) do queue: bounded, the oldest go first, and
what was dropped is counted. Lives on the event loop's thread; nothing here blocks or raises.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from services.model import Address, Event, Facet

Mark = tuple[Address, Facet]

EVENTS_KEPT = 10_000
"""Enough for every channel of a large site to change twice while the broker restarts; 200 bytes each."""


class Changes:
    """Marks and events, and one flag that wakes their reader."""

    def __init__(self, events_kept: int = EVENTS_KEPT) -> None:
        self._marks: dict[Mark, None] = {}  # a dict keeps the order of arrival, a set does not
        self._events: deque[Event] = deque(maxlen=events_kept)
        self._wake = asyncio.Event()
        self.events_dropped = 0

    @property
    def dirty(self) -> int:
        """Resources that wait to be published."""
        return len(self._marks)

    def mark(self, address: Address, facet: Facet) -> None:
        """Mark that a newer snapshot of this facet exists."""
        self._marks[address, facet] = None
        self._wake.set()

    def enqueue(self, event: Event) -> None:
        """Queue an event; when the queue is full the oldest is dropped and counted."""
        if len(self._events) == self._events.maxlen:
            self.events_dropped += 1
        self._events.append(event)
        self._wake.set()

    def give_back(self, events: Sequence[Event]) -> None:
        """Queue events again that were taken and did not reach the broker, before all others; as many as there is
        room for, the newest of them.
        """
        room = (self._events.maxlen or 0) - len(self._events)
        self.events_dropped += max(0, len(events) - room)
        self._events.extendleft(list(reversed(events))[:room])
        if events:
            self._wake.set()

    def unmark(self, address: Address, facet: Facet) -> None:
        """Take a mark back: its facet is published anyway."""
        self._marks.pop((address, facet), None)

    def take_marks(self) -> list[Mark]:
        """Return all marks since the last call; events stay."""
        marks = list(self._marks)
        self._marks.clear()
        return marks

    def take(self) -> tuple[list[Mark], list[Event]]:
        """Return all marks and events since the last call."""
        marks, events = list(self._marks), list(self._events)
        self._marks.clear()
        self._events.clear()
        self._wake.clear()
        return marks, events

    async def wait(self) -> None:
        """Wait until there is something to take."""
        await self._wake.wait()
