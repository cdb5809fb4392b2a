"""What the process keeps of itself, one value a name."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from services.store.rows import insert_if_new, table_of
from services.store.tables import Meta


def fact(connection: Connection, key: str) -> str | None:
    """What was kept under a name; ``None`` where nothing was."""
    meta = table_of(Meta)
    found: str | None = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()
    return found


def keep(connection: Connection, key: str, value: str) -> None:
    """Keep a value under a name."""
    meta = table_of(Meta)
    connection.execute(insert_if_new(connection.dialect.name, Meta), {"key": key, "value": value})
    connection.execute(update(meta).where(meta.c.key == key).values(value=value))
