"""What only time does: link figures go out, "last seen" is kept, a transmitter lost for long becomes idle, old audit
rows go. Spread over the interval, so that a thousand receivers do not come due in one moment.
"""

from __future__ import annotations

import asyncio
from math import ceil

from services import clock
from services.live import Inventory, Receiver
from services.model import Facet
from services.store import Store
from services.units.availability import Availability

INTERVAL_S = 30.0
"""Contract, section 1: ``link`` every 30 s."""

SLICES = 30

PRUNE_S = 3600.0
"""How often delivered audit rows that are old enough are deleted."""


class Upkeep:
    """Looks after every receiver once an interval."""

    def __init__(self, inventory: Inventory, availability: Availability, store: Store, keep_audit_s: float) -> None:
        self._inventory = inventory
        self._availability = availability
        self._store = store
        self.keep_audit_s = keep_audit_s
        """How long delivered audit rows stay, in seconds."""

    async def run(self) -> None:
        """Run until cancelled."""
        loop = asyncio.get_running_loop()
        pruned_at = loop.time()
        while True:
            receivers = list(self._inventory.receivers.values())
            share = ceil(len(receivers) / SLICES) or 1
            for number in range(SLICES):
                for receiver in receivers[number * share : (number + 1) * share]:
                    self._look_after(receiver)
                await asyncio.sleep(INTERVAL_S / SLICES)
                self._availability.let_go()
            if loop.time() - pruned_at >= PRUNE_S:
                pruned_at = loop.time()
                await self._store.prune(self.keep_audit_s)

    def _look_after(self, receiver: Receiver) -> None:
        if receiver.address not in self._inventory.receivers:
            return
        if receiver.online:
            self._availability.heard(receiver)
        self._availability.pass_time(receiver, clock.now_text())
        self._inventory.bus.mark(receiver.address, Facet.LINK)
