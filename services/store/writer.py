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
from typing import Any, Protocol

from sqlalchemy import URL, Connection

from services.backoff import Backoff
from services.model import AuditEvent
from services.store import transaction
from services.store.batch import Batch
from services.store.database import Database, Opened
from services.store.engine import explain, only_us
from services.store.errors import StoreError

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0
"""Between two attempts at a batch."""


@dataclass(frozen=True, slots=True)
class Question:
    """A function that is run with a connection, and where its answer goes."""

    ask: Callable[[Connection], Any]
    answer: asyncio.Future[Any]


@dataclass(frozen=True, slots=True)
class Found:
    """What a look at a file showed; ``file`` says which file that was."""

    damage: str
    file: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Stop:
    """The last item of the thread's queue."""


class Listener(Protocol):
    """Who is told, on the event loop, what became of the batches."""

    def committed(self, batch: Batch, events: list[AuditEvent]) -> None:
        """A batch is stored; its audit events got their numbers."""

    def failed(self, why: str) -> None:
        """An attempt at a batch failed; it is tried again."""

    def renewed(self, opened: Opened) -> None:
        """The file was damaged, and another database was begun: everything that is known is to be stored anew."""

    def given_back(self, batch: Batch) -> None:
        """A batch was handed over for the database of before."""


class Writer:
    """Runs the thread."""

    def __init__(self, url: URL, loop: asyncio.AbstractEventLoop, listener: Listener) -> None:
        self._url = url
        self._loop = loop
        self._listener = listener
        self._database = Database(url, lambda opened: self._post(listener.renewed, opened))
        self._jobs: queue.SimpleQueue[Batch | Question | Found | Stop] = queue.SimpleQueue()
        self._opened: asyncio.Future[Opened] = loop.create_future()
        self._ended: asyncio.Future[None] = loop.create_future()
        # a daemon: a disk that hangs must not keep the process from ending
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)

    async def open(self) -> Opened:
        """Start the thread: lock, connect, migrate, take the epoch. Raises `StoreError`."""
        self._thread.start()
        return await self._opened

    def write(self, batch: Batch) -> None:
        """Hand over a batch; the next one only after this one is ``committed`` or ``given_back``."""
        self._jobs.put(batch)

    def ask(self, ask: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """Run a function in a transaction of its own, after what was handed over."""
        answer: asyncio.Future[Any] = self._loop.create_future()
        self._jobs.put(Question(ask, answer))
        return answer

    @property
    def file(self) -> tuple[int, int] | None:
        """Which file is open, for `Found`."""
        return self._database.file

    def found(self, found: Found) -> None:
        """Begin a new database in place of a file that was found damaged. May be called from any thread."""
        self._jobs.put(found)

    async def close(self, within_s: float) -> None:
        """End the thread after what it is doing; a batch that keeps failing is given up."""
        self._jobs.put(Stop())
        await asyncio.wait([self._ended], timeout=within_s)

    # -- on the thread -------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            with only_us(self._database.path):
                self._serve()
        except Exception as error:  # noqa: BLE001 - any failure has to reach the caller of `open`
            self._post(_refuse, self._opened, self._database.as_store_error("cannot open", error))
        finally:
            self._post(_settle, self._ended, None)

    def _serve(self) -> None:
        try:
            self._post(_settle, self._opened, self._database.open())
            while not isinstance(job := self._jobs.get(), Stop):
                if isinstance(job, Batch):
                    if not self._store(job):
                        break
                else:
                    self._do(job)
        finally:
            self._database.close()

    def _store(self, batch: Batch) -> bool:
        """Write a batch, however long it takes; ``False`` when asked to stop before it was done."""
        backoff = Backoff(FIRST_PAUSE_S, LONGEST_PAUSE_S, certain=1.0)  # nobody else comes back at this moment
        while True:
            try:
                engine, opened = self._database.ready()
                if batch.stream != opened.stream:
                    self._post(self._listener.given_back, batch)
                    return True
                events = transaction.commit(engine, opened.stream, batch)
            except Exception as error:  # noqa: BLE001 - nothing that a database does may end this thread
                if self._is_mended(error):
                    continue
                self._post(self._listener.failed, explain(error, self._url))
            else:
                self._post(self._listener.committed, batch, events)
                return True
            if not self._pause(backoff.pause()):
                return False

    def _is_mended(self, error: Exception) -> bool:
        """Whether the file was damaged and is set aside now, so that the same can be tried again at once."""
        try:
            return self._database.examine(error)
        except StoreError as why:
            self._post(self._listener.failed, str(why))
            return False

    def _pause(self, pause_s: float) -> bool:
        """Do what else is to be done for a while; ``False`` when asked to stop."""
        until = time.monotonic() + pause_s
        while (left := until - time.monotonic()) > 0:
            try:
                job = self._jobs.get(timeout=left)
            except queue.Empty:
                return True
            if isinstance(job, (Stop, Batch)):
                return False
            self._do(job)
        return True

    def _do(self, job: Question | Found) -> None:
        if isinstance(job, Question):
            self._answer(job)
        else:
            self._take_up(job)

    def _take_up(self, found: Found) -> None:
        """Begin anew, unless what was found is about a file that is not ours any more."""
        if found.file != self._database.file:
            return
        try:
            self._database.renew(found.damage)
            self._database.ready()
        except Exception as error:  # noqa: BLE001 - the next batch tries it again
            self._post(self._listener.failed, explain(error, self._url))

    def _answer(self, question: Question) -> None:
        if question.answer.cancelled():
            return
        try:
            answer = self._ask(question)
        except Exception as error:  # noqa: BLE001 - it is raised to the caller
            self._post(_refuse, question.answer, self._database.as_store_error("cannot read", error))
        else:
            self._post(_settle, question.answer, answer)

    def _ask(self, question: Question) -> Any:
        try:
            with self._database.for_questions().begin() as connection:
                return question.ask(connection)
        except Exception as error:
            if not self._is_mended(error):
                raise
        with self._database.for_questions().begin() as connection:
            return question.ask(connection)

    def _post(self, function: Callable[..., None], *args: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *args)


def _settle(future: asyncio.Future[Any], value: object) -> None:
    if not future.done():
        future.set_result(value)


def _refuse(future: asyncio.Future[Any], error: Exception) -> None:
    if not future.done():
        future.set_exception(error)
