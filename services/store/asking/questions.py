"""What can be asked of the store: one method a question, each answered by the thread that writes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from services import clock
from services.model import AuditEvent, Campus
from services.store.asking import aging, facts, queries
from services.store.asking.aging import Pruned
from services.store.asking.queries import Loaded
from services.store.care import added
from services.store.errors import StoreClosedError, StoreError

log = logging.getLogger(__name__)

T = TypeVar("T")


class StoreQuestions(ABC):
    """The reading half of `Store`. Every method raises `StoreError` where the database does not answer."""

    @abstractmethod
    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Run a function on the writer's thread, with a connection, in a transaction."""

    async def load(self) -> Loaded:
        """Everything that a start needs."""
        return await self.ask(queries.load)

    async def fact(self, key: str) -> str | None:
        """What was kept under a name with `StoreWrites.put_fact`; ``None`` where nothing was."""
        return await self.ask(lambda connection: facts.fact(connection, key))

    async def pending(self, limit: int) -> list[AuditEvent]:
        """The oldest committed audit events that are not marked as published, in order."""
        return await self.ask(lambda connection: queries.pending(connection, limit))

    async def audit_since(
        self, since: str, *, tenant: Campus | None = None, limit: int | None = None
    ) -> list[AuditEvent]:
        """Audit events from a time on (RFC 3339 UTC), in order; with ``limit`` the newest of them."""
        return await self.ask(lambda connection: queries.audit_since(connection, since, tenant=tenant, limit=limit))

    async def note_clock_step(self, seconds: float) -> None:
        """Keep that the clock went on (or back: negative) by seconds that nobody saw pass."""
        now_s = clock.now()
        await self.ask(lambda connection: aging.note_step(connection, now_s, seconds))

    async def prune(self, keep_s: float) -> Pruned:
        """Delete audit events that have been kept for ``keep_s`` seconds; how many, and which no broker ever had.

        A database that fails meanwhile ends it early: the rows are still there the next time.
        """
        now_s = clock.now()
        pruned = Pruned(0, {})
        while True:
            try:
                more = await self.ask(lambda connection: aging.prune(connection, now_s=now_s, keep_s=keep_s))
            except StoreClosedError:
                raise
            except StoreError as error:
                log.warning("old audit events stay for now: %s", error)
                return pruned
            pruned = Pruned(pruned.rows + more.rows, added(pruned.undelivered, more.undelivered))
            if not more.rows:
                return pruned
