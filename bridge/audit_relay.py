"""Committed audit events go to the broker in order, pipelined; what is not acknowledged goes again."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from bridge import encoding
from bridge.client import Connection
from bridge.topics import Topics
from services.audit import Outbox
from services.inventory import Inventory
from services.model import Campus, Facet
from services.records import AuditEvent

BATCH = 500
"""Events under way at once: as many as the connection's window has places."""


class AuditRelay:
    """Publishes the outbox."""

    def __init__(self, outbox: Outbox, topics: Topics, inventory: Inventory) -> None:
        self._outbox = outbox
        self._topics = topics
        self._inventory = inventory
        self._heads: dict[Campus, AuditEvent] = {}

    def restore(self, heads: Mapping[Campus, AuditEvent]) -> None:
        """The newest event of each campus, from the database."""
        self._heads.update(heads)

    async def run(self, connection: Connection) -> None:
        """Relay until the connection is lost."""
        await self._say_heads(connection, list(self._heads.values()))
        while True:
            batch = await self._outbox.take(BATCH)
            try:
                await self._send(connection, batch)
            except BaseException:
                self._outbox.again(batch)
                raise
            self._outbox.done(batch)
            newest = {event.draft.tenant: event for event in batch}
            self._heads.update(newest)
            await self._say_heads(connection, list(newest.values()))

    async def _send(self, connection: Connection, batch: Sequence[AuditEvent]) -> None:
        """Return when the broker has acknowledged all of them."""
        waiting = len(batch)
        arrived = asyncio.Event()

        def acked(_reason: int) -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                arrived.set()

        for event in batch:
            topic = self._topics.of(self._inventory.bridge_address(event.draft.tenant), Facet.AUDIT)
            payload = encoding.audit(event)
            while not connection.publish_nowait(topic, payload, qos=1, acked=acked):
                await connection.ready()
        await arrived.wait()

    async def _say_heads(self, connection: Connection, events: Sequence[AuditEvent]) -> None:
        for event in events:
            topic = self._topics.of(self._inventory.bridge_address(event.draft.tenant), Facet.AUDIT_HEAD)
            while not connection.publish_nowait(topic, encoding.audit(event), qos=1, retain=True):
                await connection.ready()
