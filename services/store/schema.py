"""Is the schema the newest? If not, make it so. Alembic is imported only then: it costs memory and start-up time."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy import inspect as look_into

from services.store.errors import StoreError

HEAD = "0003"
"""The newest script's revision; a test compares it with Alembic's."""
MIGRATIONS = Path(__file__).parent / "migrations"
TABLES_SHOWN = 5
"""Tables of another program that are named."""
ADVISORY_LOCK = 0x6D696332
"""PostgreSQL: the process that migrates holds this lock; others wait until it is done. The number spells `mic2`."""


def revision(connection: Connection) -> str | None:
    """The revision that the database is at; ``None`` for one without tables.

    Raises `StoreError` with the remedy for one that a newer program has made, and for another program's.
    """
    if not look_into(connection).has_table("alembic_version"):
        _refuse_foreign_tables(connection)
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if found is not None and not found.isdecimal():
        raise StoreError(theirs(f"schema {found}"))
    if found is not None and found > HEAD:  # four digits, counted up
        raise StoreError(
            f"the database is newer than this program (schema {found}, newest known {HEAD}): "
            "install the newer mic2mqtt again, or restore the database from before its update"
        )
    return found


def _refuse_foreign_tables(connection: Connection) -> None:
    """Keep out of a SQLite file that holds tables already; on PostgreSQL programs may share a database."""
    if connection.dialect.name == "sqlite" and (tables := look_into(connection).get_table_names()):
        raise StoreError(theirs(f"tables {', '.join(tables[:TABLES_SHOWN])}"))


def theirs(sign: str) -> str:
    """What is said of another program's database; ``sign`` is by what it is known."""
    return f"the database is another program's ({sign}): name a file of its own with [database] url"


def bring_up_to_date(connection: Connection) -> bool:
    """Run the migrations that are missing, inside the caller's transaction; whether there were any.

    Raises `StoreError` for a database that a newer program has changed, and for another program's.
    """
    found = revision(connection)
    if found == HEAD:
        return False
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        if revision(connection) == HEAD:
            return False
    _migrate(connection)
    return True


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
