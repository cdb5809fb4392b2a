"""Where the database is, and how to reach it: URLs, engines, the lock of a SQLite file, errors without secrets."""

from __future__ import annotations

import fcntl
import json
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from socket import gethostname
from typing import Any, Final
from urllib.parse import quote

import orjson
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError

from services.store import postgresql, schema
from services.store.care import check_for_damage, damaged, is_damage, remedy_of, size
from services.store.errors import StoreError

BUSY_TIMEOUT_MS = 5_000
"""How long SQLite waits for a reader of another process (``mic2mqtt audit``) before it calls the file locked."""
JOURNAL_SIZE_BYTES = 16 * 1024 * 1024
"""A WAL file that grew larger than this is cut back at the next checkpoint."""
POSTGRESQL_LIMITS = {
    "connect_timeout": "10",  # seconds
    "keepalives_idle": "30",  # seconds
    "tcp_user_timeout": "30000",  # milliseconds: a server that vanished is noticed, not waited for
    "application_name": f"mic2mqtt {os.getpid()}@{gethostname()}",  # who has the lock, for the next one that wants it
}
"""libpq's parameters (PostgreSQL manual, 34.1.2), where the URL does not set them."""
_NO_FILES: Final[tuple[tuple[Callable[[int], bool], str], ...]] = (
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_TABLES: Final = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY 1"
)
_VERSION: Final = "SELECT version_num FROM alembic_version"
POSTGRESQL_NAMES = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


def parse(text: str) -> URL:
    """A database URL. Raises `StoreError` for one that is none, or names another kind of database."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise StoreError(
            "the database URL cannot be read: write sqlite:///path/mic2mqtt.db or "
            "postgresql+psycopg://user:password@host/name (with %-codes for special characters in the password)"
        ) from error
    if url.drivername in POSTGRESQL_NAMES:
        missing = {key: value for key, value in POSTGRESQL_LIMITS.items() if key not in url.query}
        return url.set(drivername="postgresql+psycopg").update_query_dict(missing)
    if url.drivername == "sqlite":
        return url
    raise StoreError(f"{url.drivername}: no such database here; use sqlite:/// or postgresql+psycopg://")


def describe(url: URL) -> str:
    """The database in words for people: never a password, wherever in the URL it stands."""
    return URL.create(url.drivername, host=url.host, port=url.port, database=url.database).render_as_string()


def explain(error: BaseException, url: URL) -> str:
    """What went wrong and what to do, on one line, without statements, values or a password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(cause).split()) or type(cause).__name__
    for secret in (url.password, url.query.get("password")):
        if isinstance(secret, str) and secret:
            text = text.replace(secret, "***")
    return text + remedy_of(error)


def file_of(url: URL) -> Path | None:
    """The file of a SQLite database; ``None`` for one in memory and for PostgreSQL."""
    if url.drivername != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database).absolute()


def encode(value: object) -> str:
    """JSON for a column. Takes whatever a unit reported: what JSON has no form for is written as text."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS).decode()
    except TypeError:  # half a surrogate pair, or an integer beyond 64 bits
        text = json.dumps(value, default=str, sort_keys=True, ensure_ascii=False)
        return text.encode("utf-8", "replace").decode()


def make_engine(url: URL, *, alone: bool = False, exclusive: bool = False) -> Engine:
    """An engine with this program's settings; connects when it is first used.

    ``alone`` is for the one bridge that writes: on PostgreSQL it has one connection, which holds the lock of the
    database (`services.store.postgresql`); a SQLite file has `only_us`. ``exclusive`` keeps everybody else off a SQLite
    file, which then needs no -shm beside it. Raises `StoreError` where the driver of PostgreSQL is missing.
    """
    pool = {"pool_size": 1, "max_overflow": 0} if alone and url.drivername != "sqlite" else {}
    try:
        # Values stay out of errors: words of units and names of people are in them.
        engine = create_engine(
            url, json_serializer=encode, json_deserializer=orjson.loads, hide_parameters=True, **pool
        )
    except ImportError as error:
        raise StoreError(
            "PostgreSQL needs the package psycopg, which is not installed: pip install 'mic2mqtt[postgresql]'"
        ) from error
    if url.drivername == "sqlite":
        if exclusive:
            event.listen(engine, "connect", _lock_exclusively)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin)
    else:
        postgresql.set_up(engine, describe(url), alone=alone)
    return engine


def _lock_exclusively(connection: Any, _record: object) -> None:
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # `_begin` begins transactions, for schema changes too
    connection.text_factory = _readable
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",  # a commit survives a loss of power
        "foreign_keys=ON",
        f"journal_size_limit={JOURNAL_SIZE_BYTES}",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _readable(text: bytes) -> str:
    """A damaged text must not hide the rows around it."""
    return text.decode("utf-8", "replace")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


@contextmanager
def only_us(path: Path | None) -> Iterator[None]:
    """Keep every other bridge away from a SQLite file while inside. Raises `StoreError` where one has it.

    The lock lies beside the database: SQLite's own locks belong to it, and closing any file handle would lose them.
    The kernel gives it back when the process ends, however it ends. Beside another program's file there is none.
    """
    if path is None:
        yield
        return
    _check_kind(path)
    _check_owner(path)
    lock = _open_private(path.with_name(path.name + ".lock"))
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            owner = os.read(lock, 20).decode("ascii", "replace").strip() or "unknown"
            raise StoreError(
                f"{path} is in use by another mic2mqtt (process {owner}): stop that one, or give this one a database "
                "of its own ([database] url)"
            ) from error
        with suppress(OSError):  # a full disk: nobody learns who we are, and the lock holds all the same
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
        make_private(path)
        yield
    finally:
        os.close(lock)


def make_private(path: Path) -> None:
    """Make a file with permissions for its owner alone, where there is none; SQLite gives -wal and -shm the same.

    Raises `StoreError` where it cannot be written.
    """
    os.close(_open_private(path))


def _open_private(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except IsADirectoryError as error:
        raise StoreError(_is_folder(path)) from error
    except OSError as error:
        raise _unreachable(path, "write", error) from error


def _unreachable(path: Path, verb: str, error: OSError) -> StoreError:
    return StoreError(
        f"cannot {verb} {path}: {error.strerror}; make the folder, let this user write there, "
        "or choose another place with [database] url"
    )


def _is_folder(path: Path) -> str:
    return f"{path} is a folder, and the database is a file: move the folder away, or name a file with [database] url"


def _check_kind(path: Path) -> None:
    """Raise `StoreError` where something else than a file is at the place: a pipe could hang whoever opens it."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return  # there is none, or whoever opens it says why it cannot be read
    if stat.S_ISDIR(mode):
        raise StoreError(_is_folder(path))
    if not stat.S_ISREG(mode):
        what = next((words for is_one, words in _NO_FILES if is_one(mode)), "no file")
        raise StoreError(f"{path} is {what}, and the database is a file: name one with [database] url")


def _check_owner(path: Path) -> None:
    """Raise `StoreError` for another program's SQLite file, and leave it exactly as it is.

    ``immutable`` keeps SQLite from locking it, changing its journal mode and putting files beside it; what only a
    -wal holds is not seen then, and is looked at again once it is open.
    """
    if not size(path):
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True)) as connection:
            tables = [str(row[0]) for row in connection.execute(_TABLES)]
            versions = [str(row[0]) for row in connection.execute(_VERSION)] if "alembic_version" in tables else []
    except sqlite3.Error:
        return  # damaged, or being written: the one who opens it finds out
    if versions and not versions[0].isdecimal():
        raise StoreError(schema.theirs(f"schema {versions[0]}"))
    if tables and "alembic_version" not in tables:
        raise StoreError(schema.theirs(f"tables {', '.join(tables[: schema.TABLES_SHOWN])}"))


def _check_place(path: Path) -> None:
    """Raise `StoreError` with the remedy where there is no file to be read."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass  # said below, with what to do
    except OSError as error:  # a folder that we may not look into, a name that is too long
        raise _unreachable(path, "read", error) from error
    _check_kind(path)
    if not path.parent.is_dir():
        raise StoreError(
            f"there is no folder {path.parent}: make it and let the bridge's user write there, or choose another place "
            "with [database] url"
        )
    if not path.exists():
        raise StoreError(
            f"there is no database at {path}: `mic2mqtt run` makes it, or name another with [database] url"
        )


@contextmanager
def reading(text: str, *, thorough: bool = False) -> Iterator[Connection]:
    """A connection that only reads, beside a running bridge or without one: for the command line.

    ``thorough`` reads a SQLite file as a whole first, however large it is, to find damage. Raises
    `StoreError` where there is no such database, or it cannot be read.
    """
    url = parse(text)
    path = file_of(url)
    if path is not None:
        _check_place(path)
        _check_owner(path)
        # before anything opens it, for SQLite throws away the -wal of an empty file
        check_for_damage(path, thorough=thorough)
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            if path is not None:
                connection.exec_driver_sql("PRAGMA query_only=ON")
            yield connection
    except SQLAlchemyError as error:
        if path is not None and is_damage(error):
            raise damaged(path, explain(error, url)) from error
        raise StoreError(f"cannot read {describe(url)}: {explain(error, url)}") from error
    finally:
        with suppress(SQLAlchemyError):
            engine.dispose()
