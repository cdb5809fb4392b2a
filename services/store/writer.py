"""The one thread that touches the database. It gets batches and questions, and answers on the event loop.

A batch that fails is kept and tried again, with growing pauses, until it is stored or the store is closed; questions
are answered in the pauses. While a batch is here the next one grows on the event loop's side: state coalesces there.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import URL, Connection, Engine

from services import clock
from services.backoff import Backoff
from services.model import AuditEvent
from services.store import queries, schema, transaction
from services.store.batch import Batch
from services.store.engine import describe, explain, file_of, make_engine, only_us
from services.store.errors import StoreError

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
"""Between two attempts at a batch."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Facts of the database, read when it was opened."""

    stream: str
    epoch: int
    migrated: bool


@dataclass(frozen=True, slots=True)
class Question:
    """A function that is run with a connection, and where its answer goes."""

    ask: Callable[[Connection], Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Stop:
    """The last item of the thread's queue."""


class Writer:
    """Runs the thread. ``committed(batch, events)`` and ``failed(why)`` are called on the event loop."""

    def __init__(
        self,
        url: URL,
        loop: asyncio.AbstractEventLoop,
        committed: Callable[[Batch, list[AuditEvent]], None],
        failed: Callable[[str], None],
    ) -> None:
        self._url = url
        self._loop = loop
        self._committed = committed
        self._failed = failed
        self._jobs: queue.SimpleQueue[Batch | Question | Stop] = queue.SimpleQueue()
        self._opened: asyncio.Future[Opened] = loop.create_future()
        self._ended: asyncio.Future[None] = loop.create_future()
        # a daemon: a disk that hangs must not keep the process from ending
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    async def open(self) -> Opened:
        """Start the thread: lock, connect, migrate, take the epoch. Raises `StoreError`."""
        self._thread.start()
        return await self._opened

    def write(self, batch: Batch) -> None:
        """Hand over a batch; the next one only after ``committed`` came for this one."""
        self._jobs.put(batch)

    def ask(self, ask: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """Run a function in a transaction of its own, after what was handed over."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(Question(ask, answer))
        return answer

    async def close(self, within_s: float) -> None:
        """End the thread after what it is doing; a batch that keeps failing is given up."""
        self._jobs.put(Stop())
        await asyncio.wait([self._ended], timeout=within_s)

    # -- on the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with only_us(file_of(self._url)):
                self._serve(make_engine(self._url))
        except Exception as error:  # noqa: BLE001 - any failure has to reach the caller of `open`
            self._post(_refuse, self._opened, self._as_store_error("cannot open", error))
        finally:
            self._post(_settle, self._ended, None)

    def _serve(self, engine: Engine) -> None:
        try:
            opened = self._prepare(engine)
            self._post(_settle, self._opened, opened)
            while not isinstance(job := self._jobs.get(), Stop):
                if isinstance(job, Question):
                    self._answer(engine, job)
                elif not self._store(engine, opened.stream, job):
                    break
        finally:
            engine.dispose()

    def _prepare(self, engine: Engine) -> Opened:
        with engine.begin() as connection:
            migrated = schema.bring_up_to_date(connection)
            stream = queries.stream(connection)
            return Opened(stream, queries.take_epoch(connection, int(clock.now())), migrated)

    def _store(self, engine: Engine, stream: str, batch: Batch) -> bool:
        """Write a batch, however long it takes; ``False`` when asked to stop before it was done."""
        backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S, certain=1.0)  # nobody else comes back at this moment
        while True:
            try:
                events = transaction.commit(engine, stream, batch)
            except Exception as error:  # noqa: BLE001 - nothing that a database does may end this thread
                self._post(self._failed, explain(error, self._url))
            else:
                self._post(self._committed, batch, events)
                return True
            if not self._pause(engine, backoff.pause()):
                return False

    def _pause(self, engine: Engine, pause_s: float) -> bool:
        """Answer questions for a while; ``False`` when asked to stop."""
        until = time.monotonic() + pause_s
        while (left := until - time.monotonic()) > 0:
            try:
                job = self._jobs.get(timeout=left)
            except queue.Empty:
                return True
            if isinstance(job, Question):
                self._answer(engine, job)
            else:
                return False
        return True

    def _answer(self, engine: Engine, question: Question) -> None:
        if question.answer.cancelled():
            return
        try:
            with engine.begin() as connection:
                answer = question.ask(connection)
        except Exception as error:  # noqa: BLE001 - it is raised to the caller
            self._post(_refuse, question.answer, self._as_store_error("cannot read", error))
        else:
            self._post(_settle, question.answer, answer)

    def _as_store_error(self, what: str, error: Exception) -> StoreError:
        if isinstance(error, StoreError):
            return error
        return StoreError(f"{what} the database {describe(self._url)}: {explain(error, self._url)}")

    def _post(self, function: Callable[..., None], *args: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)


def _settle(future: asyncio.Future[Any], value: object) -> None:
    if not future.done():
        future.set_result(value)


def _refuse(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
