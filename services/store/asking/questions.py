"""What can be asked of the store: one method a question, each answered by the thread that writes."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from services import clock
from services.model import AuditEvent, Campus
from services.store.asking import queries
from services.store.asking.queries import Loaded
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
        return await self.ask(lambda connection: queries.fact(connection, key))

    async def pending(self, limit: int) -> list[AuditEvent]:
        """The oldest committed audit events that are not marked as published, in order."""
        return await self.ask(lambda connection: queries.pending(connection, limit))

    async def audit_since(
        self, since: str, *, tenant: Campus | None = None, limit: int | None = None
    ) -> list[AuditEvent]:
        """Audit events from a time on (RFC 3339 UTC), in order; with ``limit`` the newest of them."""
        return await self.ask(lambda connection: queries.audit_since(connection, since, tenant=tenant, limit=limit))

    async def prune(self, keep_s: float) -> int:
        """Delete audit events that were delivered longer than ``keep_s`` seconds ago; how many.

        A database that fails meanwhile ends it early: the rows are still there the next time.
        """
        before = clock.text_of(clock.now() - keep_s)
        pruned = 0
        while True:
            try:
                rows = await self.ask(lambda connection: queries.prune(connection, before))
            except StoreClosedError:
                raise
            except StoreError as error:
                log.warning("old audit events stay for now: %s", error)
                return pruned
            pruned += rows
            if rows < queries.PRUNE_ROWS:
                return pruned
