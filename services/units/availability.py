"""Whether a receiver is there, and what time alone does to what it said."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from services import clock
from services.live import Inventory, News, Unit
from services.model import Address, AuditContext, AvailabilityReason, AvailabilityState, Facet
from services.rules import Situation, StatusRules, rejudge
from services.store import Store


class Availability:
    """Says whether receivers are there. One that goes leaves its last values, marked stale."""

    def __init__(self, inventory: Inventory, store: Store, news: News, rules: StatusRules) -> None:
        self._inventory = inventory
        self._store = store
        self._news = news
        self.rules = rules
        self._lost: dict[Address, float] = {}
        """Channel whose transmitter is lost -> loop time at which that has been so for long enough."""

    def situation(self, unit: Unit, now: str, heard_at: str | None = None) -> Situation:
        """What surrounds a receiver's channels now."""
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
        """Say whether a receiver is there, and why not; ``detail`` is for people."""
        if detail is not None:
            unit.last_error = detail
        was = unit.available
        if (was, unit.reason) == (state, reason):
            return
        now = clock.now_text()
        before = {"state": was, "reason": unit.reason}
        if state != was:
            unit.since = now
            self.heard(unit)
        unit.available, unit.reason = state, reason
        self._inventory.advance(unit.availability_version, now)
        bus = self._inventory.bus
        bus.mark(unit.address, Facet.AVAILABILITY)
        bus.mark(unit.address, Facet.LINK)
        for part in unit.parts.values():
            bus.mark(part.address, Facet.AVAILABILITY)
        if state != was:
            if state == "offline":
                self._leave_stale(unit, now)
            self._news.crossed(unit, before, detail, now, context)
            bus.mark(self._inventory.bridge_address(unit.address.tenant), Facet.SUMMARY)

    def heard(self, unit: Unit) -> None:
        """Keep when a receiver was last heard; kept for ever, whatever happens to it."""
        if unit.heard_s is None:
            return
        age = asyncio.get_running_loop().time() - unit.heard_s
        last_seen = clock.text_of(clock.now() - age)
        self._inventory.refile(unit, replace(unit.record, last_seen=last_seen))
        self._store.touch(unit.address, last_seen)

    def pass_time(self, unit: Unit, now: str) -> None:
        """Judge again what only time changes: a transmitter that has been lost for long is idle."""
        around = self.situation(unit, now)
        for part in unit.parts.values():
            judged = rejudge(part.address.kind, part.state, around, part.level)
            if judged is not None:
                part.state, part.level = judged.state, judged.level
                self._inventory.advance(part.version, now)
                self._inventory.bus.mark(part.address, Facet.STATE)
                self._inventory.bus.mark(self._inventory.bridge_address(part.address.tenant), Facet.SUMMARY)
                self._store.put_part(part.record(unit.address.id))

    def judge_by(self, rules: StatusRules) -> None:
        """Judge everything again, by other thresholds."""
        self.rules = rules
        now = clock.now_text()
        for unit in self._inventory.units.values():
            self.pass_time(unit, now)

    def hold(self, part: Address) -> None:
        """A transmitter went: its channel is ``lost`` until it is back, or the hold is over."""
        self._lost[part] = asyncio.get_running_loop().time() + self.rules.lost_hold_s

    def let_go(self) -> None:
        """Judge channels again whose hold is over."""
        now_s = asyncio.get_running_loop().time()
        for address in [part for part, until in self._lost.items() if until <= now_s]:
            del self._lost[address]
            found = self._inventory.part(address)
            if found is not None:
                self.pass_time(found[0], clock.now_text())

    def _leave_stale(self, unit: Unit, now: str) -> None:
        unit.stale = True
        self._inventory.advance(unit.version, now)
        self._inventory.bus.mark(unit.address, Facet.STATE)
        self._inventory.turned(unit, now)
        around = self.situation(unit, now)
        for part in unit.parts.values():
            part.stale, part.telemetry = True, None
            judged = rejudge(part.address.kind, part.state, around, part.level)
            if judged is not None:
                part.state, part.level = judged.state, judged.level
            self._inventory.advance(part.version, now)
            self._inventory.bus.mark(part.address, Facet.STATE)
