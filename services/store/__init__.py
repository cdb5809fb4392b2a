"""What is kept over a restart: SQLModel tables on SQLite or PostgreSQL, written behind by one thread.

`Store.open` is the way in for the bridge, `reading` for a command that only looks.
"""

from __future__ import annotations

from services.store.engine import reading
from services.store.errors import StoreClosedError, StoreError
from services.store.queries import Loaded
from services.store.store import Store

__all__ = ["Loaded", "Store", "StoreClosedError", "StoreError", "reading"]
