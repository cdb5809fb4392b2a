"""The store as the event loop sees it: records are put into it, a thread writes them later.

What one synchronous stretch of code puts is committed together: a batch is handed to the writer only by a callback of
the event loop, so a stored value and the audit event of its change are never apart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Self, TypeVar

from sqlalchemy import URL, Connection

from services import clock
from services.model import (
    Address,
    AuditEvent,
    Campus,
)
from services.store import queries
from services.store.batch import Batch
from services.store.engine import describe, parse
from services.store.errors import StoreClosedError, StoreError
from services.store.queries import Loaded
from services.store.writer import Writer
from services.store.writes import StoreWrites

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_WAIT_S = 0.01
"""Shortest delay before the first record of a batch is written, in seconds: what was changed is published first."""
APART_S = 0.05
"""From one batch to the next, in seconds."""
SEEN_APART_S = 30.0
"""How often ``last_seen`` alone is worth a write. It is always kept when the store is closed."""
CLOSE_WITHIN_S = 5.0
"""How long closing waits for a database that does not take the last batch."""


class Store(StoreWrites):
    """What is kept over a restart. Made by `Store.open`; everything here is called on the event loop."""

    def __init__(self, url: URL, *, apart_s: float, seen_apart_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(url, self._loop, self._committed, self._failed)
        self._name = describe(url)
        self._apart_s = apart_s
        self._seen_apart_s = seen_apart_s
        self._batch = Batch()
        self._writing: Batch | None = None
        self._seen = {}
        self._seen_timer: asyncio.TimerHandle | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._not_before = 0.0
        self._closed = False
        self.stream = ""
        self.epoch = 0
        self.last_error: str | None = None
        """Why the database does not take our writes; ``None`` while it does."""
        self._committed_listeners: list[Callable[[list[AuditEvent]], None]] = []

    @classmethod
    @asynccontextmanager
    async def open(
        cls, url: str, *, apart_s: float = APART_S, seen_apart_s: float = SEEN_APART_S
    ) -> AsyncIterator[Self]:
        """Open a database, making and migrating it where needed; closed, with everything stored, at the block's end.

        Raises `StoreError` with what to do about it.
        """
        store = cls(parse(url), apart_s=apart_s, seen_apart_s=seen_apart_s)
        try:
            opened = await store._writer.open()
            store.stream, store.epoch = opened.stream, opened.epoch
            if opened.migrated:
                log.info("database brought up to date", extra={"database": store._name})
            yield store
        finally:
            await store._close()

    def subscribe(self, listener: Callable[[list[AuditEvent]], None]) -> None:
        """Call ``listener`` after each commit that has audit events, with these, in the order of their numbers."""
        self._committed_listeners.append(listener)

    def touch(self, address: Address, last_seen: str) -> None:
        """Keep when a unit last sent something; written once in a while."""
        if self._closed:
            raise self._closed_error()
        self._seen[address] = last_seen
        if self._seen_timer is None:
            self._seen_timer = self._loop.call_later(self._seen_apart_s, self._put_seen)

    # -- waited for --------------------------------------------------------------------------------------------

    async def flush(self) -> None:
        """Wait until everything that was put so far is committed. Raises `StoreClosedError` if it never will be."""
        if self._closed:
            raise self._closed_error()
        await self._flushed()

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Run a function on the writer's thread, with a connection, in a transaction. Raises `StoreError`.

        It sees what is committed: `flush` first to see what was just put.
        """
        if self._closed:
            raise self._closed_error()
        answer: asyncio.Future[T] = self._writer.ask(question)
        return await answer

    async def load(self) -> Loaded:
        """Everything that a start needs."""
        return await self.ask(queries.load)

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

    # -- how it is doing -----------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Rows that wait to be committed."""
        return self._batch.size + (self._writing.size if self._writing else 0)

    @property
    def writable(self) -> bool:
        """Whether the database takes what it is given."""
        return self.last_error is None

    # -- batches -------------------------------------------------------------------------------------------------

    def _growing(self) -> Batch:
        """The batch that takes further records; its time is set by the first of them."""
        if self._closed:
            raise self._closed_error()
        if not self._batch.since:
            self._batch.since = self._loop.time()
            if self._writing is None:
                self._hand_over_in(max(FIRST_WAIT_S, self._not_before - self._batch.since))
        return self._batch

    def _put_seen(self) -> None:
        self._seen_timer = None
        if self._seen:
            self._growing().seen.update(self._seen)
            self._seen = {}

    def _hand_over_in(self, seconds: float) -> None:
        self._timer = self._loop.call_later(min(seconds, self._apart_s), self._hand_over)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._not_before = self._loop.time() + self._apart_s
        self._writing, self._batch = self._batch, Batch()
        self._writer.write(self._writing)

    def _committed(self, batch: Batch, events: list[AuditEvent]) -> None:
        self._writing = None
        if self.last_error is not None:
            log.warning("the database takes writes again", extra={"database": self._name, "waiting": self.depth})
            self.last_error = None
        if self._batch.waiting:
            self._hand_over()
        elif self._batch.since:
            self._hand_over_in(max(0.0, self._not_before - self._loop.time()))
        for waiting in batch.waiting:
            if not waiting.done():
                waiting.set_result(None)
        if events:
            for listener in self._committed_listeners:
                listener(events)

    def _failed(self, why: str) -> None:
        if self.last_error is None:
            log.error(
                "the database does not take writes; everything is kept in memory and tried again: %s",
                why,
                extra={"database": self._name},
            )
        self.last_error = why

    async def _flushed(self) -> None:
        if self._seen_timer is not None:
            self._seen_timer.cancel()
            self._put_seen()
        batch = self._batch if self._batch.since else self._writing
        if batch is None:
            return
        waiting: asyncio.Future[None] = self._loop.create_future()
        batch.waiting.append(waiting)
        if self._writing is None:
            self._hand_over()
        await waiting

    async def _close(self) -> None:
        if self.stream:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    while self._seen or self.depth:
                        await self._flushed()
        self._closed = True
        if self.depth:
            log.error("closed with %d rows not stored: %s", self.depth, self.last_error or "the database hangs")
        for timer in (self._timer, self._seen_timer):
            if timer is not None:
                timer.cancel()
        await self._writer.close(CLOSE_WITHIN_S)
        for batch in (self._writing, self._batch):
            for waiting in batch.waiting if batch else ():
                if not waiting.done():
                    waiting.set_exception(self._closed_error())

    def _closed_error(self) -> StoreClosedError:
        return StoreClosedError(f"the store of {self._name} is closed")
