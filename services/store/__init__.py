"""What is kept over a restart: SQLModel tables on SQLite or PostgreSQL, written behind by one thread.

`Store.open` is the way in for the bridge, `reading` for a command that only looks.
"""

from __future__ import annotations

from services.store import schema
from services.store.asking import Loaded, Pruned, aging, count_pending, pending_page, queries, take_epoch
from services.store.care import Loss, check_for_damage, left_aside, remedy
from services.store.engine import file_of, make_engine, only_us, parse, reading
from services.store.errors import StoreClosedError, StoreError
from services.store.store import Store

__all__ = [
    "Loaded",
    "Loss",
    "Pruned",
    "Store",
    "StoreClosedError",
    "StoreError",
    "aging",
    "check_for_damage",
    "count_pending",
    "file_of",
    "left_aside",
    "make_engine",
    "only_us",
    "parse",
    "pending_page",
    "queries",
    "reading",
    "remedy",
    "schema",
    "take_epoch",
]
