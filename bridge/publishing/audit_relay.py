"""Publishes committed audit events in order, many at once; those that are not acknowledged are sent again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from functools import partial

from bridge.contract import Published, Topics, encoding
from bridge.mqtt import FAILED, SUCCESS, TOO_LARGE, Connection
from bridge.publishing.confirmations import Confirmations, event_id_of
from bridge.publishing.retained import RetainedBook
from services.audit import Outbox
from services.live import Inventory
from services.model import AuditEvent, Campus, Facet, PublishedResource

log = logging.getLogger(__name__)

REFUSED_PAUSE_S = 30.0
"""Before events that the broker did not take are tried again: someone has to change its access rules first."""

BATCH = 500
"""Events under way at once: as many as the connection's window has places."""


class AuditRelay:
    """Publishes the outbox."""

    def __init__(
        self, outbox: Outbox, topics: Topics, inventory: Inventory, confirmations: Confirmations, book: RetainedBook
    ) -> None:
        self._outbox = outbox
        self._topics = topics
        self._inventory = inventory
        self._confirmations = confirmations
        self._book = book
        self._heads: dict[Campus, AuditEvent] = {}
        self._missing: set[Campus] = set()
        """Campuses whose head the broker did not take, or others wrote over."""

    def restore(self, heads: Mapping[Campus, AuditEvent]) -> None:
        """The newest event of each campus, from the database: an earlier run published it."""
        self._heads.update(heads)
        for campus in heads:
            self._book.add(self._head_of(campus))

    async def run(self, connection: Connection) -> None:
        """Relay until the connection is lost."""
        self._confirmations.begin()
        self._missing.clear()
        self._outbox.unblock()
        await self._publish_heads(connection, list(self._heads.values()))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._relay(connection), name="audit events")
            group.create_task(self._publish_missing_heads(connection), name="audit heads")

    async def _relay(self, connection: Connection) -> None:
        while True:
            batch = await self._outbox.take(BATCH)
            try:
                refused = await self._send(connection, batch)
            except BaseException:
                self._outbox.again(batch)
                raise
            blocked = {event.draft.tenant for event in refused}
            if refused:
                self._outbox.refused(
                    batch, refused, REFUSED_PAUSE_S
                )  # the connection has logged which right is missing
            else:
                self._outbox.done(batch)
            newest = {event.draft.tenant: event for event in batch if event.draft.tenant not in blocked}
            heads = [event for campus, event in newest.items() if self._is_newer(event, self._heads.get(campus))]
            self._heads.update({event.draft.tenant: event for event in heads})
            await self._publish_heads(connection, heads)

    async def _send(self, connection: Connection, batch: Sequence[AuditEvent]) -> list[AuditEvent]:
        """Return when the broker has answered for all of them: those that it refused and may take later."""
        waiting = len(batch)
        refused: list[AuditEvent] = []
        arrived = asyncio.Event()

        def acked(event: AuditEvent, reason: int) -> None:
            nonlocal waiting
            waiting -= 1
            if reason >= FAILED and reason != TOO_LARGE:  # what is too large for this broker will always be
                refused.append(event)
            if not waiting:
                arrived.set()

        for event in batch:
            address = self._inventory.bridge_address(event.draft.tenant)
            topic = self._topics.of(address, Facet.AUDIT)
            payload = _written(event)
            if payload is None:
                acked(event, SUCCESS)
                continue
            told = partial(acked, event)
            answer = self._confirmations.expect(connection, address, Facet.AUDIT, event.draft.event_id, told)
            while not connection.publish_nowait(topic, payload, qos=1, acked=answer):
                await connection.ready()
        await arrived.wait()
        return refused

    @staticmethod
    def _is_newer(event: AuditEvent, head: AuditEvent | None) -> bool:
        """Whether an event comes after the head: after a start what waited is older than the newest event."""
        return head is None or event.stream != head.stream or event.seq > head.seq

    async def _publish_heads(self, connection: Connection, events: Sequence[AuditEvent]) -> None:
        """Publish the newest event of each campus; in one that is no longer served nothing of ours stays."""
        for event in events:
            address = self._inventory.bridge_address(event.draft.tenant)
            payload = _written(event)
            if payload is None or not self._book.serves(event.draft.tenant):
                continue
            acked = partial(self._note_head, event.draft.tenant)
            answer = self._confirmations.expect(connection, address, Facet.AUDIT_HEAD, event.draft.event_id, acked)
            topic = self._topics.of(address, Facet.AUDIT_HEAD)
            while not connection.publish_nowait(topic, payload, qos=1, retain=True, acked=answer):
                await connection.ready()
            self._book.add(self._head_of(event.draft.tenant))

    def _head_of(self, campus: Campus) -> PublishedResource:
        return PublishedResource(self._inventory.bridge_address(campus), Facet.AUDIT_HEAD)

    async def check_head(self, _connection: Connection, published: Published, payload: bytes) -> None:
        """Publish a campus's head again, soon, where something else stands; what is older than ours is on its way."""
        head = None if published.address is None else self._heads.get(published.address.tenant)
        if head is None:
            return
        if event_id_of(payload) == head.draft.event_id:
            self._missing.discard(head.draft.tenant)
        else:
            self._missing.add(head.draft.tenant)

    def _note_head(self, campus: Campus, reason: int) -> None:
        if reason >= FAILED and reason != TOO_LARGE:
            self._missing.add(campus)
        else:
            self._missing.discard(campus)

    async def _publish_missing_heads(self, connection: Connection) -> None:
        while True:
            await asyncio.sleep(REFUSED_PAUSE_S)
            await self._publish_heads(connection, [self._heads[campus] for campus in self._missing])


def _written(event: AuditEvent) -> bytes | None:
    """The event as a message; ``None`` where it cannot be written: it stays in the database and holds up no other."""
    try:
        return encoding.audit(event)
    except Exception:
        log.exception(
            "an audit event cannot be written and is not published; `mic2mqtt audit` shows it",
            extra={"event": event.draft.event_id, "action": event.draft.action},
        )
        return None
