"""Announces what happened once: to the audit, which is the record, and as an event to those who subscribe now."""

from __future__ import annotations

from collections.abc import Mapping

from services import clock
from services.audit import Audit
from services.live.changes import Changes
from services.live.unit import Unit, UnitPart
from services.model import UNIT_KINDS, Address, AuditContext, Event, EventType
from services.rules import Happening

AUDITED: frozenset[EventType] = frozenset(
    {
        "transmitter_on",
        "transmitter_lost",
        "battery_replace",
        "battery_critical",
        "battery_recovered",
        "bay_fault",
        "beltpack_connected",
        "beltpack_lost",
    }
)
"""Events of parts that someone may have to explain later; their audit action has the same name."""


class Announcer:
    """Writes audit events and enqueues events."""

    def __init__(self, changes: Changes, audit: Audit) -> None:
        self._changes = changes
        self._audit = audit

    def part_event(
        self,
        unit: Unit,
        part: UnitPart,
        happening: Happening,
        now: str,
        context: AuditContext | None = None,
        *,
        late: bool = False,
    ) -> None:
        """Announce something that happened on a part; what is ``late`` happened nobody knows when."""
        event = happening.event
        time = now if late else happening.at or now
        self.event(event, part.address, {**happening.after, "late": late}, time)
        if event == "interference_started":
            part.counters.interference += 1
        if event in AUDITED:
            self._audit.record(
                event,
                context=context or own_context(unit),
                resource=part.address,
                before=happening.before,
                after=happening.after,
                late=late,
            )

    def settings_changed(
        self,
        unit: Unit,
        part: UnitPart | None,
        before: Mapping[str, object],
        after: Mapping[str, object],
        now: str,
        context: AuditContext | None = None,
        *,
        late: bool = False,
    ) -> None:
        """Announce that settings of a part, or of the unit itself, are others than before."""
        self._audit.record(
            "channel_settings_changed" if part else "receiver_settings_changed",
            context=context or own_context(unit),
            resource=part.address if part else unit.address,
            before=before,
            after=after,
            late=late,
        )
        which = UNIT_KINDS[unit.address.kind].part.value
        data = {which: part.address.id if part else None, "before": before, "after": after, "late": late}
        self.event("settings_changed", unit.address, data, now)

    def availability_changed(
        self,
        unit: Unit,
        before: Mapping[str, object],
        detail: str | None,
        now: str,
        context: AuditContext | None,
    ) -> None:
        """Announce that a unit came or went."""
        after = {"state": unit.availability.state, "reason": unit.availability.reason, "detail": detail}
        self.event("online" if unit.online else "offline", unit.address, after, now)
        self._audit.record(
            "receiver_online" if unit.online else "receiver_offline",
            context=context or own_context(unit),
            resource=unit.address,
            before=before,
            after=after,
        )

    def identity_conflict(self, unit: Unit, why: str, context: AuditContext) -> None:
        """Announce that two units claim one identity."""
        self._audit.record("receiver_conflict", context=context, resource=unit.address, after={"why": why})
        self.event("identity_conflict", unit.address, {"why": why}, clock.now_text())

    def event(self, event: EventType, address: Address, data: Mapping[str, object], now: str) -> None:
        """Enqueue an event."""
        self._changes.enqueue(Event(clock.uuid7(), event, now, address, data))


def own_context(unit: Unit) -> AuditContext:
    """The context of a change that nobody commanded: the unit reported it."""
    return AuditContext(unit.address.organization, unit.address.campus)
