"""What happened, told twice: to the audit, which is the record, and to the bus, for whoever listens now."""

from __future__ import annotations

from collections.abc import Mapping

from services import clock
from services.audit import Audit
from services.live.changes import Bus
from services.live.inventory import Unit, UnitPart
from services.model import Address, AuditContext, Event, EventType
from services.rules import Happening

AUDITED: frozenset[EventType] = frozenset(
    {"transmitter_on", "transmitter_lost", "battery_replace", "battery_critical", "battery_recovered"}
)
"""Channel events that someone may have to explain later; their audit action has the same name."""


class News:
    """Tells what happened."""

    def __init__(self, bus: Bus, audit: Audit) -> None:
        self._bus = bus
        self._audit = audit

    def happened(
        self,
        unit: Unit,
        part: UnitPart,
        happening: Happening,
        now: str,
        context: AuditContext | None = None,
        *,
        late: bool = False,
    ) -> None:
        """Something happened once on a channel."""
        event = happening.event
        self.tell(event, part.address, {**happening.after, "late": late}, now)
        if event == "interference_started":
            part.counters.interference += 1
        if event in AUDITED:
            self._audit.record(
                event,
                context=context or own_context(unit),
                resource=f"{part.address.kind}/{part.address.id}",
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
        """Settings of a channel, or of the receiver itself, are others than before."""
        self._audit.record(
            "channel_settings_changed" if part else "receiver_settings_changed",
            context=context or own_context(unit),
            resource=f"{part.address.kind}/{part.address.id}" if part else f"{unit.address.kind}/{unit.address.id}",
            before=before,
            after=after,
            late=late,
        )
        data = {"channel": part.address.id if part else None, "before": before, "after": after, "late": late}
        self.tell("settings_changed", unit.address, data, now)

    def crossed(
        self,
        unit: Unit,
        before: Mapping[str, object],
        detail: str | None,
        now: str,
        context: AuditContext | None,
    ) -> None:
        """A receiver came or went."""
        after = {"state": unit.available, "reason": unit.reason, "detail": detail}
        self.tell("online" if unit.online else "offline", unit.address, after, now)
        self._audit.record(
            "receiver_online" if unit.online else "receiver_offline",
            context=context or own_context(unit),
            resource=f"{unit.address.kind}/{unit.address.id}",
            before=before,
            after=after,
        )

    def tell(self, event: EventType, address: Address, data: Mapping[str, object], now: str) -> None:
        """Queue an event for whoever listens now."""
        self._bus.tell(Event(clock.uuid7(), event, now, address, data))


def own_context(unit: Unit) -> AuditContext:
    """On nobody's behalf: the device itself brought it about."""
    return AuditContext(unit.address.organization, unit.address.campus)
