"""Who did what, when, and how it ended: the record that someone may have to be shown later, and its way out.

`Audit` writes. `Outbox` hands what is committed to a publisher, in order, and keeps at it until the broker has it.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from types import MappingProxyType

from sqlalchemy import Connection

from services import clock
from services.model import Address, AuditContext, AuditDraft, AuditEvent, Campus
from services.store import Store, StoreClosedError, StoreError, count_pending, pending

log = logging.getLogger(__name__)

ACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "receiver_added": "A receiver was added by configuration or command.",
        "receiver_adopted": "Discovery found a receiver and took it in.",
        "receiver_updated": "A receiver's host, name, driver or another of its settings here was changed.",
        "receiver_removed": "A receiver was taken out.",
        "receiver_replaced": "New hardware stands behind a receiver's id.",
        "receiver_moved": "A known receiver was found at another address.",
        "receiver_duplicate": "What was found is a receiver that is known already, where it is known.",
        "receiver_conflict": "Two units claim one identity.",
        "receiver_online": "A receiver is reachable and was read completely.",
        "receiver_offline": "A receiver is no longer reachable.",
        "receiver_settings_changed": "A setting was changed on the receiver.",
        "channel_settings_changed": "A channel's name, frequency, gain, mute or encryption changed.",
        "labels_set": "Labels or tags of a receiver were edited.",
        "transmitter_on": "A transmitter came on the air.",
        "transmitter_lost": "A transmitter was switched off or went out of range.",
        "battery_replace": "A battery should be changed soon.",
        "battery_critical": "A battery is about to be empty.",
        "battery_recovered": "A battery is good again.",
        "command": "A command was carried out, refused, or failed.",
        "bad_input": "Something arrived that is no command; these are counted, not listed one by one.",
        "discovery_started": "A discovery began.",
        "discovery_finished": "A discovery ended, with what it found.",
        "sync_cache_cleared": "What was remembered of receivers was forgotten, to be read anew.",
        "configuration_changed": "The configuration is different: read again, or at a start.",
        "note": "Somebody wrote something down.",
    }
)
"""Every action there is, with its meaning. The list is closed: a new one is an addition to the contract."""

WINDOW = 5_000
"""Events kept in memory for a broker that is there; 2.5 s at 2,000 a second. What is beyond waits in the database."""
READ_ROWS = 1_000
"""Events read from the database at once."""
READ_AGAIN_S = 1.0
"""Pause before a database that did not answer is asked again."""


class Audit:
    """Writes audit events."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def record(
        self,
        action: str,
        *,
        context: AuditContext,
        resource: Address | str | None = None,
        before: Mapping[str, object] | None = None,
        after: Mapping[str, object] | None = None,
        late: bool = False,
        time: str | None = None,
    ) -> AuditDraft:
        """Write an event of one of the `ACTIONS`, in one transaction with what the caller stores beside it.

        ``late`` is a change that nobody was looking at when it happened; ``time`` (RFC 3339) is now unless given.
        Raises `ValueError` for an action that is not on the list.
        """
        if action not in ACTIONS:
            raise ValueError(f"{action!r} is no audit action: the list is ACTIONS in services/audit/record.py")
        draft = AuditDraft(
            event_id=clock.uuid7(),
            time=time or clock.now_text(),
            tenant=context.tenant,
            action=action,
            resource=f"{resource.kind}/{resource.id}" if isinstance(resource, Address) else resource,
            claimed_actor=context.actor,
            request_id=context.request_id,
            before=before,
            after=after,
            late=late,
        )
        self._store.append_audit(draft)
        return draft


class Outbox:
    """Committed audit events on their way to the broker: at least once, each campus's in order.

    Fresh events come from memory. What was left over from before, and what did not fit the window while the broker was
    away, is read from the database in its turn. A publisher does, for ever::

        batch = await outbox.take(500)
        ...publish, and wait for the acknowledgements...
        outbox.done(batch)            # or, when the connection broke: outbox.again(batch)

    Several batches may be on their way at once; after `again` everything that is not `done` is handed out anew.
    """

    def __init__(self, store: Store, *, window: int = WINDOW) -> None:
        self._store = store
        self._window = window
        self._fresh: deque[AuditEvent] = deque()
        self._out: dict[int, list[AuditEvent]] = {}
        """Batches that are on their way, by identity, in order."""
        self._behind = True
        """The database has undelivered events that are not in memory: at the start, who knows."""
        self._unread_since: str | None = None
        """When the oldest of those happened."""
        self._counted = False
        self.depth = 0
        """Committed events that the broker does not have; 0 until the first `take`."""
        self._wake = asyncio.Event()
        store.on_committed = self._committed

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
        self._fresh.extend(events)
        self._wake.set()

    async def _read(self) -> None:
        """Read the oldest undelivered events. What is committed meanwhile comes both ways and is taken once."""
        self._behind = False
        try:
            await self._store.flush()  # what was delivered is marked, and does not come again
            number, oldest, found = await self._store.ask(self._look)
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
        newer = [event for event in self._fresh if event.seq > known.get(event.draft.tenant, 0)]
        if not self._counted and not overflowed:
            self._counted = True
            self.depth = number + len(newer)
        self._behind = overflowed or len(found) == READ_ROWS
        self._unread_since = (found[-1].draft.time if found else oldest) if self._behind else None
        self._fresh = deque(found if self._behind else [*found, *newer])

    def _look(self, connection: Connection) -> tuple[int, str | None, list[AuditEvent]]:
        number, oldest = (0, None) if self._counted else count_pending(connection)
        return number, oldest, pending(connection, READ_ROWS)
