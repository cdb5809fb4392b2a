"""What happened, told twice: to the audit, which is the record, and to the bus, for whoever listens now."""

from __future__ import annotations

from collections.abc import Mapping

from services import clock
from services.audit import Audit
from services.live.changes import Bus
from services.live.inventory import Channel, Receiver
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
        receiver: Receiver,
        channel: Channel,
        happening: Happening,
        now: str,
        context: AuditContext | None = None,
        *,
        late: bool = False,
    ) -> None:
        """Something happened once on a channel."""
        event = happening.event
        self.tell(event, channel.address, {**happening.after, "late": late}, now)
        if event == "interference_started":
            channel.counters.interference += 1
        if event in AUDITED:
            self._audit.record(
                event,
                context=context or own_context(receiver),
                resource=f"channel/{channel.address.id}",
                before=happening.before,
                after=happening.after,
                late=late,
            )

    def settings_changed(
        self,
        receiver: Receiver,
        channel: Channel | None,
        before: Mapping[str, object],
        after: Mapping[str, object],
        now: str,
        context: AuditContext | None = None,
        *,
        late: bool = False,
    ) -> None:
        """Settings of a channel, or of the receiver itself, are others than before."""
        self._audit.record(
            "channel_settings_changed" if channel else "receiver_settings_changed",
            context=context or own_context(receiver),
            resource=f"channel/{channel.address.id}" if channel else f"receiver/{receiver.address.id}",
            before=before,
            after=after,
            late=late,
        )
        data = {"channel": channel.address.id if channel else None, "before": before, "after": after, "late": late}
        self.tell("settings_changed", receiver.address, data, now)

    def crossed(
        self,
        receiver: Receiver,
        before: Mapping[str, object],
        detail: str | None,
        now: str,
        context: AuditContext | None,
    ) -> None:
        """A receiver came or went."""
        after = {"state": receiver.available, "reason": receiver.reason, "detail": detail}
        self.tell("online" if receiver.online else "offline", receiver.address, after, now)
        self._audit.record(
            "receiver_online" if receiver.online else "receiver_offline",
            context=context or own_context(receiver),
            resource=f"receiver/{receiver.address.id}",
            before=before,
            after=after,
        )

    def tell(self, event: EventType, address: Address, data: Mapping[str, object], now: str) -> None:
        """Queue an event for whoever listens now."""
        self._bus.tell(Event(clock.uuid7(), event, now, address, data))


def own_context(receiver: Receiver) -> AuditContext:
    """On nobody's behalf: the device itself brought it about."""
    return AuditContext(receiver.address.organization, receiver.address.campus)
