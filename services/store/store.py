"""The store as the event loop sees it: records are put into it, a thread writes them later.

What one synchronous stretch of code puts is committed together: a batch is handed to the writer only by a callback of
the event loop, so a stored value and the audit event of its change are never apart.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Self, TypeVar

from sqlalchemy import URL, Connection

from services.model import Address, AuditEvent
from services.store.asking import StoreQuestions
from services.store.batch import Batch
from services.store.care import Checkup, Condition, Look
from services.store.database import Opened
from services.store.engine import describe, file_of, parse
from services.store.errors import StoreClosedError
from services.store.writer import Found, Writer
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


class Store(StoreWrites, StoreQuestions):
    """What is kept over a restart. Made by `Store.open`; everything here is called on the event loop."""

    def __init__(self, url: URL, *, apart_s: float, seen_apart_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(url, self._loop, self)
        self._checkup: Checkup | None = None
        self._path = file_of(url)
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
        self.clock_gap_s = 0.0
        """Seconds by which the clock went on while the database was closed, back where negative; 0 for a short stop."""
        self.condition = Condition(self._name)
        self._restockers: list[Callable[[], Awaitable[None]]] = []
        self._restocking: asyncio.Task[None] | None = None
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
            store.epoch, store.clock_gap_s = opened.epoch, opened.clock_gap_s
            store._take_over(opened)
            if opened.not_writable is not None:
                store.condition.failed(opened.not_writable)
            if opened.migrated:
                log.info("database brought up to date", extra={"database": store._name})
            store._begin_looking()
            yield store
        finally:
            await store._close()

    def subscribe(self, listener: Callable[[list[AuditEvent]], None]) -> None:
        """Call ``listener`` after each commit that has audit events, with these, in the order of their numbers."""
        self._committed_listeners.append(listener)

    def subscribe_renewal(self, restock: Callable[[], Awaitable[None]]) -> None:
        """Have ``restock`` put everything that is known, after a damaged file was set aside while the bridge runs.

        It may let others have a turn in between: nothing is written before all restockers have ended. They run in the
        order in which they subscribed; parts and transmitters come after their units.
        """
        self._restockers.append(restock)

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

    # -- how it is doing -----------------------------------------------------------------------------------------

    @property
    def depth(self) -> int:
        """Rows that wait to be committed."""
        return self._batch.size + (self._writing.size if self._writing else 0)

    @property
    def last_error(self) -> str | None:
        """Why the database does not take our writes; ``None`` while it does."""
        return self.condition.last_error

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
        if self._restocking is not None:
            return
        self._timer = self._loop.call_later(min(seconds, self._apart_s), self._hand_over)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._not_before = self._loop.time() + self._apart_s
        self._writing, self._batch = self._batch, Batch()
        self._writing.close(self.stream)
        self._writer.write(self._writing)

    # -- what the writer reports ---------------------------------------------------------------------------------

    def committed(self, batch: Batch, events: list[AuditEvent]) -> None:
        """A batch is stored; its audit events got their numbers."""
        self._writing = None
        self.condition.works(self.depth)
        self._hand_over_next()
        for waiting in batch.waiting:
            if not waiting.done():
                waiting.set_result(None)
        if events:
            for listener in self._committed_listeners:
                listener(events)

    def failed(self, why: str) -> None:
        """An attempt failed; nothing of it is stored."""
        self.condition.failed(why)

    def renewed(self, opened: Opened) -> None:
        """Another database is there, and it is empty: have everything that is known put into it.

        Nothing of the kind is needed where it is the one that could only be read until now.
        """
        if opened.stream == self.stream:
            return
        self._take_over(opened)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._restocking is not None:
            self._restocking.cancel()
        self._restocking = self._loop.create_task(self._restock(), name="store restocks")

    def given_back(self, batch: Batch) -> None:
        """A batch comes back: what others know as well is stored anew, the rest of it follows with that."""
        self._writing = None
        self._batch.follow(batch)
        self._hand_over_next()

    async def _restock(self) -> None:
        try:
            for restock in self._restockers:
                await restock()
        except Exception:  # what is missing comes with the next change
            log.exception("not everything that is known was stored anew; please report this")
        self._restocking = None
        self._hand_over_next()

    def _hand_over_next(self) -> None:
        if self._writing is not None or self._restocking is not None:
            return
        if self._batch.waiting:
            self._hand_over()
        elif self._batch.since:
            self._hand_over_in(max(0.0, self._not_before - self._loop.time()))

    def _take_over(self, opened: Opened) -> None:
        self.stream = opened.stream
        if opened.renewal is not None:
            self.condition.renewed(opened.renewal)

    # -- looking at the file -------------------------------------------------------------------------------------

    def _begin_looking(self) -> None:
        if self._path is not None:
            self._checkup = Checkup(self._path, lambda: self._writer.file, self._look)
            self._checkup.start()

    def _look(self, look: Look) -> None:
        """Take what the checkup saw, on its thread."""
        if look.damage is not None:
            self._writer.found(Found(look.damage, look.file))
            return
        renewal = self.condition.renewal
        looked = partial(self.condition.looked, look.log_bytes, aside_is_there=renewal is None or renewal.lies_there)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(looked)

    # -- waiting -------------------------------------------------------------------------------------------------

    async def _flushed(self) -> None:
        if self._seen_timer is not None:
            self._seen_timer.cancel()
            self._put_seen()
        batch = self._batch if self._batch.since else self._writing
        if batch is None:
            return
        waiting: asyncio.Future[None] = self._loop.create_future()
        batch.waiting.append(waiting)
        self._hand_over_next()
        try:
            await waiting
        except asyncio.CancelledError:  # who waits no longer is not kept for as long as the database is away
            with suppress(ValueError):
                batch.waiting.remove(waiting)
            raise

    async def _close(self) -> None:
        if self._checkup is not None:
            self._checkup.stop()
        if self.stream:
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_WITHIN_S):
                    while self._seen or self.depth:
                        await self._flushed()
        self._closed = True
        if self.depth:
            log.error("closed with %d rows not stored: %s", self.depth, self.last_error or "the database hangs")
        for timer in (self._timer, self._seen_timer, self._restocking):
            if timer is not None:
                timer.cancel()
        await self._writer.close(CLOSE_WITHIN_S)
        for batch in (self._writing, self._batch):
            for waiting in batch.waiting if batch else ():
                if not waiting.done():
                    waiting.set_exception(self._closed_error())

    def _closed_error(self) -> StoreClosedError:
        return StoreClosedError(f"the store of {self._name} is closed")
