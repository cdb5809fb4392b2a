"""The database as its one thread sees it: opened, and begun anew where its file turns out to be damaged."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import URL, Engine
from sqlalchemy.exc import SQLAlchemyError

from services import clock
from services.store import schema
from services.store.asking import aging, facts, queries
from services.store.care import (
    QUICKLY_READ_BYTES,
    Renewal,
    find_damage,
    identity,
    is_damage,
    is_passing,
    set_aside,
    size,
)
from services.store.engine import describe, explain, file_of, make_engine, make_private
from services.store.errors import StoreError

RENEWED_APART_S: Final = 60.0
"""A disk that damages every file must not be filled with them: before this time it is a database that takes nothing."""


@dataclass(frozen=True, slots=True)
class Opened:
    """Facts of the database, read when it was opened."""

    stream: str
    epoch: int
    migrated: bool
    clock_gap_s: float = 0.0
    """By how much the clock differs from what the database saw last, where that is more than a short stop."""
    renewal: Renewal | None = None
    """Why it is a new one; ``None`` where it is the one of before."""
    not_writable: str | None = None
    """Why it can only be read for now; ``None`` where it can be written."""


class Database:
    """An engine, and what it takes to make another."""

    def __init__(self, url: URL, renewed: Callable[[Opened], None]) -> None:
        """``renewed`` is called with the facts of each database that takes the place of a damaged one later on."""
        self.path = file_of(url)
        self._url = url
        self._renewed = renewed
        self._engine: Engine | None = None
        self._opened: Opened | None = None
        self._readable: Opened | None = None
        """Facts of a database that can be read and not be written yet."""
        self._reader: Engine | None = None
        """Answers questions for as long as that is so."""
        self._renewal: Renewal | None = None
        self._renewed_at = -RENEWED_APART_S
        self._epoch = 0
        """The one that this process took; every database that it begins has at least this."""
        self.file: tuple[int, int] | None = None
        """The file that is open."""

    def open(self) -> Opened:
        """Connect, migrate, take the epoch; a damaged file is set aside first. Raises what a database raises.

        A file that can be read while another program has locked it, or the disk is full, is enough to begin with.
        """
        if self.path is not None and size(self.path) <= QUICKLY_READ_BYTES:
            damage = find_damage(self.path)
            if damage is not None:
                self.renew(damage)
        try:
            return self._open()
        except Exception as error:
            if self.examine(error):
                return self._open()
            self._readable = self._look_inside(error)
            if self._readable is None:
                raise
            return self._readable

    def ready(self) -> tuple[Engine, Opened]:
        """The engine to work with, and which database it is. Raises what a database raises."""
        if self._engine is None or self._opened is None:
            self._renewed(self._open())
            assert self._engine is not None  # noqa: S101 - the line above has set both
            assert self._opened is not None  # noqa: S101
        return self._engine, self._opened

    def for_questions(self) -> Engine:
        """The engine to ask. Raises what a database raises."""
        if self._opened is not None or self._readable is None:
            return self.ready()[0]
        if self._reader is None:
            self._look_inside(None)
        return self._reader or self.ready()[0]

    def examine(self, error: BaseException) -> bool:
        """Set the file aside where a failure means that it is damaged; whether it did. Raises `StoreError`."""
        if self.path is None or not is_damage(error):
            return False
        return self.renew(explain(error, self._url))

    def renew(self, damage: str) -> bool:
        """Set the file aside; the next use begins a new one. ``False`` when that was done a moment ago."""
        assert self.path is not None  # noqa: S101 - what is no file is never damaged
        if time.monotonic() - self._renewed_at < RENEWED_APART_S:
            return False
        aside = set_aside(self.path, clock.now_text())
        self._renewed_at = time.monotonic()
        self._renewal = Renewal(damage, aside)
        self.close()
        return True

    def close(self) -> None:
        """Close the connections."""
        self._close_reader()
        engine, self._engine, self._opened = self._engine, None, None
        if engine is not None:
            engine.dispose()

    def as_store_error(self, what: str, error: Exception) -> StoreError:
        """A failure with the name of the database, and without secrets."""
        if isinstance(error, StoreError):
            return error
        return StoreError(f"{what} the database {describe(self._url)}: {explain(error, self._url)}")

    def _open(self) -> Opened:
        if self.path is not None:
            make_private(self.path)
        self._close_reader()
        if self._engine is None:
            self._engine = make_engine(self._url, alone=True)
        with self._engine.begin() as connection:
            migrated = schema.bring_up_to_date(connection)
            stream = queries.stream(connection)
            gap_s = aging.begin(connection, clock.now())
            self._epoch = queries.take_epoch(connection, self._epoch or int(clock.now()))
        self.file = identity(self.path) if self.path is not None else None
        self._opened = Opened(stream, self._epoch, migrated, gap_s, self._renewal)
        self._readable = None
        return self._opened

    def _look_inside(self, why: Exception | None) -> Opened | None:
        """Read a file that cannot be opened for writing now; ``None`` where that is no reason, or fails too."""
        if self.path is None or (why is not None and not is_passing(why)):
            return None
        for exclusive in (False, True):  # without other programs it needs no room for a -shm on a full disk
            reader = make_engine(self._url, exclusive=exclusive)
            try:
                with reader.begin() as connection:
                    if schema.revision(connection) == schema.HEAD:
                        stream, epoch = facts.fact(connection, "stream"), facts.fact(connection, "epoch")
                        self._reader = reader
                        self._epoch = self._epoch or max(int(epoch or 0) + 1, int(clock.now()))
                        self.file = identity(self.path)
                        words = None if why is None else explain(why, self._url)
                        return Opened(stream or "", self._epoch, False, not_writable=words)
            except SQLAlchemyError:
                pass
            reader.dispose()
        return None

    def _close_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.dispose()
