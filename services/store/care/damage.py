"""A SQLite file that cannot be trusted any more: how that is noticed, and how the file is set aside."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy.exc import DBAPIError

from services.store.errors import StoreError

DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
"""SQLite's result codes for a file that is no longer as SQLite wrote it (sqlite.org/rescode.html)."""
PASSING: Final = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR})
"""Codes for what ends by itself, or when somebody makes room."""
REMEDIES: Final = {
    sqlite3.SQLITE_BUSY: "another program has locked it: close that one (`fuser` names it)",
    sqlite3.SQLITE_FULL: "make room on the disk, or choose another place with [database] url",
    sqlite3.SQLITE_IOERR: "look at the disk (`df`, `dmesg`): it may be full, gone or worn",
    sqlite3.SQLITE_READONLY: "let this user write the file and its folder",
    sqlite3.SQLITE_CANTOPEN: "let this user read and write the file and its folder",
}
BESIDE: Final = ("", "-wal", "-shm")
"""A database and the files that SQLite keeps beside it, as endings of its name."""
FINDINGS: Final = 3
"""Faults of one file that are named; more of them tell nobody more."""
QUICKLY_READ_BYTES: Final = 16 * 1024 * 1024
"""A file up to this size is read as a whole before it is used: half a second on an SD card. A larger one is looked at
while the bridge runs (`services.store.care.checkup`)."""
HEADING: Final = "*** in database main ***\n"
MARK: Final = ".damaged-"


@dataclass(frozen=True, slots=True)
class Renewal:
    """A damaged file was set aside, and a new database begun in its place."""

    damage: str
    """What is wrong with the file, in the words of SQLite or ours."""
    aside: Path
    """Where it is now."""

    @property
    def lies_there(self) -> bool:
        """Whether anything of it still lies where it was put; touches the disk."""
        return any(_beside(self.aside, ending).exists() for ending in BESIDE)

    def __str__(self) -> str:
        return f"the file was damaged ({self.damage}) and a new one was begun; {remedy(self.aside)}"


def remedy(aside: Path) -> str:
    """What to do with a file that was set aside."""
    return (
        f"what was kept by the damaged one is in {aside}: `sqlite3 {aside} .recover` shows what can still be read; "
        f"check the disk, then move {aside.name}* away"
    )


def is_damage(error: BaseException) -> bool:
    """Whether a failure means that the file is damaged; a full disk, a lock or a missing right does not."""
    return _code(error) in DAMAGE


def is_passing(error: BaseException) -> bool:
    """Whether a failure means a lock, a full disk or a disk that does not answer now."""
    return _code(error) in PASSING


def remedy_of(error: BaseException) -> str:
    """What to do about a failure of SQLite, as the end of a sentence; empty where nobody knows."""
    words = REMEDIES.get(_code(error))
    return f"; {words}" if words else ""


def _code(error: BaseException) -> int:
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else sqlite3.SQLITE_OK


def find_damage(path: Path) -> str | None:
    """Read a whole SQLite file and say what is wrong with it; ``None`` where nothing is, or where nobody can tell.

    It reads over a connection of its own: another one would answer out of its cache. Takes about a second for each
    100 MB, on an SD card many.
    """
    if not size(path):
        # SQLite writes the first page before there is a -wal, and throws away the -wal of an empty file
        return "it is empty, though changes are waiting in the -wal beside it" if size(_beside(path, "-wal")) else None
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5.0)) as connection:
            found = [str(row[0]).removeprefix(HEADING) for row in connection.execute(f"PRAGMA quick_check({FINDINGS})")]
    except sqlite3.Error as error:
        return str(error) if is_damage(error) else None
    return None if found == ["ok"] else "; ".join(" ".join(line.split()) for line in found)


def check_for_damage(path: Path, *, thorough: bool) -> None:
    """Raise `StoreError` with the remedy where a file is damaged; only ``thorough`` reads one that is large."""
    damage = find_damage(path) if thorough or size(path) <= QUICKLY_READ_BYTES else None
    if damage is not None:
        raise damaged(path, damage)


def damaged(path: Path, damage: str) -> StoreError:
    """What a command says that finds a file damaged."""
    return StoreError(
        f"{path} is damaged ({damage}): the bridge sets it aside as {path.name}{MARK}<time> and begins a new one, "
        "at its next start or within minutes where it runs; to keep what it knows instead, stop the bridge and "
        "put a backup in its place"
    )


def set_aside(path: Path, when: str) -> Path:
    """Give a database and what lies beside it another name, made of the time ``when`` (RFC 3339); the new name.

    Open connections keep the files that they have, under the new name. Raises `StoreError`.
    """
    stem = path.with_name(f"{path.name}{MARK}{when.partition('.')[0].replace('-', '').replace(':', '')}Z")
    aside, number = stem, 1
    while any(_beside(aside, ending).exists() for ending in BESIDE):
        number += 1
        aside = stem.with_name(f"{stem.name}-{number}")
    for ending in BESIDE:
        try:
            _beside(path, ending).rename(_beside(aside, ending))
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(
                f"{path} is damaged and cannot be set aside: {error.strerror}; let this user write to its folder, or "
                "move the file away by hand"
            ) from error
    return aside


def left_aside(path: Path | None) -> list[Path]:
    """The files that were set aside for a database and still lie there, the oldest first."""
    if path is None:
        return []
    found = (one for one in path.parent.glob(f"{path.name}{MARK}*") if not one.name.endswith(BESIDE[1:]))
    return sorted(found)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at a path, whatever its name becomes; ``None`` where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def size_of_log(path: Path) -> int:
    """Bytes of the -wal beside a database."""
    return size(_beside(path, "-wal"))


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def size(path: Path) -> int:
    """Bytes of a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
