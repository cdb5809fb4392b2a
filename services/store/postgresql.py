"""PostgreSQL: one bridge a database, and only databases that can hold every text.

The lock belongs to the one connection that writes. When that connection breaks, the lock is free with it; the next
connection takes it again or is refused. So nothing is ever written by a bridge that does not have it.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Final

from sqlalchemy import Engine, event

from services.store.errors import StoreError

LOCK: Final = 0x6D696332
"""First half of the lock's key, the schema of the tables is the second. The number spells `mic2`."""
LOCK_WITHIN_S: Final = 3.0
"""A server notices within this that a bridge on the same machine was killed."""
LOCK_APART_S: Final = 0.1
SESSION: Final = (
    "SET tcp_keepalives_idle = 15",  # seconds: the server ends the connection, and the lock, of a host that vanished
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
HOLDER: Final = """
SELECT activity.application_name, host(activity.client_addr), activity.backend_start::text
FROM pg_locks JOIN pg_stat_activity AS activity USING (pid)
WHERE locktype = 'advisory' AND granted AND classid = %s::oid
  AND pg_locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
LIMIT 1
"""


def set_up(engine: Engine, name: str, *, alone: bool) -> None:
    """Check every new connection of an engine; ``alone`` takes the lock as well. ``name`` is for messages."""
    # before SQLAlchemy asks the server anything, for it cannot read the answer in another encoding
    event.listen(engine, "connect", partial(_check_encoding, name), insert=True)
    if alone:
        event.listen(engine, "connect", partial(_take_lock, name))


def _check_encoding(name: str, connection: Any, _record: object) -> None:
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        connection.close()
        raise StoreError(
            f"the database {name} has the encoding {encoding}, in which not every name of a unit can be written: "
            "make one with CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0, and name it in [database] url"
        )


def _take_lock(name: str, connection: Any, _record: object) -> None:
    """Take the lock of the database for as long as the connection lives. Raises `StoreError` where another has it."""
    until = time.monotonic() + LOCK_WITHIN_S
    with connection.cursor() as cursor:
        for statement in SESSION:
            cursor.execute(statement)
        while not _locked(cursor):
            if time.monotonic() > until:
                holder = cursor.execute(HOLDER, (LOCK,)).fetchone()
                connection.close()
                raise StoreError(_refusal(name, holder))
            time.sleep(LOCK_APART_S)
    connection.commit()


def _locked(cursor: Any) -> bool:
    cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(coalesce(current_schema(), '')))", (LOCK,))
    return bool(cursor.fetchone()[0])


def _refusal(name: str, holder: tuple[str, str | None, str] | None) -> str:
    who = "" if holder is None else f" ({holder[0]}, from {holder[1] or 'a socket'}, since {holder[2]})"
    return (
        f"the database {name} is in use by another mic2mqtt{who}: stop that one, or give this one a database of its "
        "own ([database] url); one database serves one bridge"
    )
