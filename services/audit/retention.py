"""How long delivered audit events stay in the database."""

from __future__ import annotations

import asyncio

from services.store import Store

PRUNE_S = 3600.0
"""Seconds between two deletions of delivered audit rows that are old enough."""


class Retention:
    """Deletes audit rows that the broker has and that are older than the configuration wants them kept."""

    def __init__(self, store: Store, keep_s: float) -> None:
        self._store = store
        self.keep_s = keep_s
        """Seconds that a delivered audit row stays."""

    async def run(self) -> None:
        """Prune once an interval, until cancelled."""
        while True:
            await asyncio.sleep(PRUNE_S)
            await self._store.prune(self.keep_s)
