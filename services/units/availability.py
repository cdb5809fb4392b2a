"""Decides whether a unit is online, and judges again the states that change with time alone."""

from __future__ import annotations

import asyncio

from services import clock
from services.live import Inventory, StateWriter, Unit
from services.model import Address, AuditContext, AvailabilityReason, AvailabilityState
from services.rules import Situation, StatusRules, rejudge


class Availability:
    """Sets units online and offline. The last values of a unit that goes offline stay, marked stale."""

    def __init__(self, inventory: Inventory, writer: StateWriter, rules: StatusRules) -> None:
        self._inventory = inventory
        self._writer = writer
        self.rules = rules
        self._lost: dict[Address, float] = {}
        """Channel whose transmitter is lost -> loop time at which that has been so for long enough."""

    def situation(self, unit: Unit, now: str, heard_at: str | None = None) -> Situation:
        """What the rules need beside the values of a part: time, availability, thresholds."""
        return Situation(
            now=now,
            now_s=clock.unix_seconds(now),
            online=unit.online,
            stale=unit.stale,
            rules=self.rules,
            more=unit.more,
            heard_at=heard_at,
        )

    def set(
        self,
        unit: Unit,
        state: AvailabilityState,
        reason: AvailabilityReason | None,
        *,
        detail: str | None = None,
        context: AuditContext | None = None,
    ) -> None:
        """Set whether a unit is online, and why not; ``detail`` is for people, and stays until the unit is online."""
        if detail is not None or state == "online":
            self._writer.explain(unit, detail)
        was = unit.availability.state
        if (was, unit.availability.reason) == (state, reason):
            return
        now = clock.now_text()
        if state != was:
            self.keep_last_seen(unit)
        self._writer.change_availability(unit, state, reason, now, detail=detail, context=context)
        if state == "offline" and was != state:
            for part in unit.parts.values():
                part.meters.end()
            self._writer.turn_stale(unit, now)
            self.rejudge(unit, now)

    def keep_last_seen(self, unit: Unit) -> None:
        """Store when data of the unit last arrived; that time is kept until the unit is removed."""
        last_received_s = unit.link_state.last_received_s
        if last_received_s is not None:
            age = asyncio.get_running_loop().time() - last_received_s
            self._writer.keep_last_seen(unit, clock.text_of(clock.now() - age))

    def rejudge(self, unit: Unit, now: str) -> None:
        """Recompute the status of all parts, after time passed or availability changed."""
        around = self.situation(unit, now)
        for part in unit.parts.values():
            judged = rejudge(part.address.kind, part.state, around, part.level)
            if judged is not None:
                self._writer.change_part_state(unit, part, judged, now)

    def use_rules(self, rules: StatusRules) -> None:
        """Recompute every status by other thresholds."""
        self.rules = rules
        now = clock.now_text()
        for unit in self._inventory.units.values():
            self.rejudge(unit, now)

    def hold_lost(self, part: Address) -> None:
        """Begin the time in which a channel whose transmitter went is ``lost``; afterwards it is ``idle``."""
        self._lost[part] = asyncio.get_running_loop().time() + self.rules.lost_hold_s

    def release_lost(self) -> None:
        """Recompute the status of channels whose transmitter has been lost for long enough."""
        now_s = asyncio.get_running_loop().time()
        for address in [part for part, until in self._lost.items() if until <= now_s]:
            del self._lost[address]
            found = self._inventory.part(address)
            if found is not None:
                self.rejudge(found[0], clock.now_text())
