"""Decides whether a unit is online, and judges again the states that change with time alone."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services import clock
from services.live import Inventory, StateWriter, Unit, UnitPart
from services.model import Address, AuditContext, AvailabilityReason, AvailabilityState
from services.rules import Situation, StatusRules, last_seen, rejudge


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
        situation = self.situation(unit, now)
        for part in unit.parts.values():
            self.follow_transmitter(part, now)
            judged = rejudge(part.address.kind, part.state, self.around(part, situation), part.level)
            if judged is not None:
                self._writer.change_part_state(unit, part, judged, now)

    def use_rules(self, rules: StatusRules) -> None:
        """Recompute every status by other thresholds."""
        self.rules = rules
        now = clock.now_text()
        for unit in self._inventory.units.values():
            self.rejudge(unit, now)

    def follow_transmitter(self, part: UnitPart, now: str) -> None:
        """Begin or end to count for how long the transmitter of a channel has been gone.

        By the loop's time, for the clock may be set at any moment; only what was before this process is taken from the
        stored time. While it is gone the channel is ``lost`` for some time, and ``idle`` afterwards.
        """
        since = last_seen(part.address.kind, part.state)
        if since is None:
            part.gone_since_s = None
            self._lost.pop(part.address, None)
        elif part.gone_since_s is None:
            gone_s = max(0.0, clock.unix_seconds(now) - clock.unix_seconds(since))
            part.gone_since_s = asyncio.get_running_loop().time() - gone_s
            self._lost[part.address] = part.gone_since_s + self.rules.lost_hold_s

    def around(self, part: UnitPart, situation: Situation) -> Situation:
        """The situation of a unit as one of its parts has it."""
        if part.gone_since_s is None:
            return situation
        return replace(situation, gone_s=asyncio.get_running_loop().time() - part.gone_since_s)

    def release_lost(self) -> None:
        """Recompute the status of channels whose transmitter has been lost for long enough."""
        now_s = asyncio.get_running_loop().time()
        for address in [part for part, until in self._lost.items() if until <= now_s]:
            del self._lost[address]
            found = self._inventory.part(address)
            if found is not None:
                self.rejudge(found[0], clock.now_text())
