"""The way of committed audit events to a publisher: in order, and again until the broker has them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Collection

from sqlalchemy import Connection

from services import clock
from services.model import AuditEvent, Campus
from services.store import Store, StoreClosedError, StoreError, count_pending, pending_page

log = logging.getLogger(__name__)

WINDOW = 5_000
"""Events kept in memory for a broker that is there; 2.5 s at 2,000 a second. What is beyond waits in the database."""
READ_ROWS = 1_000
"""Events read from the database at once."""
READ_AGAIN_S = 1.0
"""Pause before a database that did not answer is asked again."""


class Outbox:
    """Committed audit events on their way to the broker: at least once, each campus's in order.

    Fresh events come from memory. What was left over from before, and what did not fit the window while the broker was
    away, is read from the database in its turn. A publisher does, for ever::

        batch = await outbox.take(500)
        ...publish, and wait for the acknowledgements...
        outbox.done(batch)            # or, when the connection broke: outbox.again(batch)
                                      # or, where the broker refused some: outbox.refused(batch, those)

    Several batches may be on their way at once; after `again` everything that is not `done` is handed out anew.
    """

    def __init__(self, store: Store, *, window: int = WINDOW) -> None:
        self._store = store
        self._window = window
        self._fresh: deque[AuditEvent] = deque()
        self._out: dict[int, list[AuditEvent]] = {}
        """Batches that are on their way, by identity, in order."""
        self._behind = True
        """Whether the database may have undelivered events that are not in memory; true at the start."""
        self._unread_since: str | None = None
        """When the oldest of those happened."""
        self._counted = False
        self._blocked: dict[Campus, asyncio.TimerHandle] = {}
        """Campuses whose events the broker refuses, and when they are tried again; the others go on meanwhile."""
        self.depth = 0
        """Committed events that the broker does not have; 0 until the first `take`."""
        self._wake = asyncio.Event()
        store.subscribe(self._committed)

    @property
    def oldest_age_s(self) -> float:
        """How long ago the oldest event happened that the broker does not have."""
        out = next(iter(self._out.values()), None)
        oldest = out[0].draft.time if out else self._unread_since
        if oldest is None and self._fresh:
            oldest = self._fresh[0].draft.time
        return 0.0 if oldest is None else max(0.0, clock.now() - clock.unix_seconds(oldest))

    async def take(self, limit: int = 500) -> list[AuditEvent]:
        """Wait for events; at most ``limit``, the oldest. Raises `StoreClosedError` when the store is closed."""
        while True:
            if self._behind and not self._fresh and not self._out:
                await self._read()
                continue
            if self._fresh:
                batch = [self._fresh.popleft() for _ in range(min(limit, len(self._fresh)))]
                self._out[id(batch)] = batch
                return batch
            self._wake.clear()
            await self._wake.wait()

    def done(self, batch: list[AuditEvent]) -> None:
        """The broker has acknowledged a batch of `take`."""
        del self._out[id(batch)]
        self.depth -= len(batch)
        self._store.mark_published(batch)
        self._wake.set()

    def refused(self, batch: list[AuditEvent], refused: Collection[AuditEvent], pause_s: float) -> None:
        """The broker has answered for a batch of `take` and refused some of it.

        Of each campus what stood before the first refused event is delivered. The rest waits ``pause_s`` seconds, with
        all that follows in these campuses; the other campuses go on.
        """
        blocked = {event.draft.tenant for event in refused}
        first = {campus: min(each.seq for each in refused if each.draft.tenant == campus) for campus in blocked}
        taken = [event for event in batch if event.seq < first.get(event.draft.tenant, event.seq + 1)]
        del self._out[id(batch)]
        self.depth -= len(taken)
        self._store.mark_published(taken)
        self._fresh = deque(event for event in self._fresh if event.draft.tenant not in blocked)
        loop = asyncio.get_running_loop()
        for campus in blocked:
            self._blocked[campus] = loop.call_later(pause_s, self._unblock, campus)
        self._wake.set()

    def unblock(self) -> None:
        """Try the events of all campuses again: over a new connection the rights may be others."""
        for campus, timer in list(self._blocked.items()):
            timer.cancel()
            self._unblock(campus)

    def _unblock(self, campus: Campus) -> None:
        del self._blocked[campus]
        self._fresh.clear()  # they are in the database, and come again in order with those that waited
        self._behind = True
        self._wake.set()

    def give_up(self, count: int) -> None:
        """So many events that the broker does not have were deleted, because they were kept long enough."""
        self.depth = max(0, self.depth - count)

    def again(self, batch: list[AuditEvent]) -> None:
        """The connection broke before a batch of `take` was acknowledged: it, and all after it, come again."""
        del self._out[id(batch)]
        self._fall_behind(batch[0])

    def _fall_behind(self, oldest: AuditEvent) -> None:
        """Forget what is in memory: it is in the database, and is read again once nothing is on its way."""
        if self._fresh:
            oldest = min(oldest, self._fresh[0], key=lambda event: event.draft.time)
            self._fresh.clear()
        self._behind = True
        self._unread_since = min(self._unread_since or oldest.draft.time, oldest.draft.time)
        self._wake.set()

    def _committed(self, events: list[AuditEvent]) -> None:
        self.depth += len(events)
        if self._behind:
            return
        if len(self._fresh) + len(events) > self._window:
            self._fall_behind(events[0])
            return
        self._fresh.extend(event for event in events if event.draft.tenant not in self._blocked)
        self._wake.set()

    async def _read(self) -> None:
        """Read the oldest undelivered events. What is committed meanwhile comes both ways and is taken once."""
        self._behind = False
        try:
            await self._store.flush()  # what was delivered is marked, and does not come again
            number, oldest, (found, is_full) = await self._store.ask(self._look)
        except BaseException as error:
            self._behind = True
            self._fresh.clear()
            if isinstance(error, StoreClosedError) or not isinstance(error, StoreError):
                raise
            log.warning("audit events wait: %s", error)
            await asyncio.sleep(READ_AGAIN_S)
            return
        overflowed = self._behind
        known: dict[Campus, int] = {event.draft.tenant: event.seq for event in found}
        newer = [
            event
            for event in self._fresh
            if event.seq > known.get(event.draft.tenant, 0) and event.draft.tenant not in self._blocked
        ]
        if not self._counted and not overflowed:
            self._counted = True
            self.depth = number + len(newer)
        self._behind = overflowed or is_full
        if is_full and not found:
            await asyncio.sleep(READ_AGAIN_S)  # nothing of it can be read; the log names the rows
        self._unread_since = (found[-1].draft.time if found else oldest) if self._behind else None
        self._fresh = deque(found if self._behind else [*found, *newer])

    def _look(self, connection: Connection) -> tuple[int, str | None, tuple[list[AuditEvent], bool]]:
        number, oldest = (0, None) if self._counted else count_pending(connection)
        return number, oldest, pending_page(connection, READ_ROWS, tuple(self._blocked))
