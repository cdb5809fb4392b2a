"""Stores every unit and part anew: a damaged database was set aside while the bridge runs, and the new one is empty."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services.live.inventory import Inventory
from services.store import Store

AT_ONCE = 20
"""Units that are put in one turn of the loop: less than a millisecond."""


async def keep_all(inventory: Inventory, store: Store) -> None:
    """Put every unit with its parts, as they are now, and the epoch."""
    store.put_fact("epoch", str(inventory.epoch))
    for number, unit in enumerate(list(inventory.units.values()), 1):
        store.put_unit(replace(unit.record, state=unit.state))
        for part in unit.parts.values():
            store.put_part(part.record(unit.address.id))
        if not number % AT_ONCE:
            await asyncio.sleep(0)  # others have a turn
