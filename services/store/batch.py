"""What was put into the store and is not committed yet. State is the last value a key; audit events are all kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from services.model import (
    Address,
    AuditDraft,
    AuditEvent,
    Campus,
    IgnoredIdentity,
    PartRecord,
    PublishedResource,
    RangeRecord,
    TransmitterRecord,
    UnitRecord,
)
from services.store.care import Loss, added, losses, make_room

TransmitterKey = tuple[Campus, str, int, str, str]


@dataclass(slots=True)
class Batch:
    """One transaction's worth. ``None`` and ``False`` as a value mean: delete.

    Deletions of units and parts are done first, then the rest: a unit that was removed and added again within one
    batch loses what it had and keeps what was put after.
    """

    since: float = 0.0
    """When the first record was put, in the event loop's time."""
    stream: str = ""
    """The database that it was handed over for, by the stream of its audit."""
    units: dict[Address, UnitRecord] = field(default_factory=dict)
    parts: dict[Address, PartRecord] = field(default_factory=dict)
    transmitters: dict[TransmitterKey, TransmitterRecord] = field(default_factory=dict)
    gone_units: dict[Address, None] = field(default_factory=dict)
    gone_parts: dict[Address, None] = field(default_factory=dict)
    seen: dict[Address, str] = field(default_factory=dict)
    ranges: dict[tuple[Campus, str], RangeRecord | None] = field(default_factory=dict)
    ignored: dict[tuple[Campus, str], IgnoredIdentity | None] = field(default_factory=dict)
    published: dict[PublishedResource, bool] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    """What the process keeps of itself, by name."""
    audit: list[AuditDraft] = field(default_factory=list)
    lost: dict[Campus, Loss] = field(default_factory=dict)
    """Audit events that gave way since the database takes nothing."""
    delivered: dict[tuple[str, Campus], list[int]] = field(default_factory=dict)
    """Numbers of audit events that the broker has, by stream and campus."""
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    """Callers that wait for the commit."""
    tried: list[AuditEvent] = field(default_factory=list)
    """The numbers given by an attempt whose end is unknown: a connection can break after the commit was done."""

    def remove_unit(self, address: Address) -> None:
        """Forget what was put of a unit, its parts and its transmitters, and delete what is stored."""
        of_it = [key for key, part in self.parts.items() if _is_of(key.tenant, part.unit, address)]
        for part_key in of_it:
            del self.parts[part_key]
        received = [key for key in self.transmitters if _is_of(key[0], key[1], address)]
        for key in received:
            del self.transmitters[key]
        self.units.pop(address, None)
        self.seen.pop(address, None)
        self.gone_units[address] = None

    def remove_part(self, address: Address) -> None:
        """Forget what was put of a part, and delete what is stored."""
        self.parts.pop(address, None)
        self.gone_parts[address] = None

    def append_audit(self, draft: AuditDraft) -> int:
        """Take an audit event, and give others up where too many wait; how many."""
        self.audit.append(draft)
        if len(self.audit) <= losses.MOST_WAITING:
            return 0
        waiting = len(self.audit)
        self.audit, lost = make_room(self.audit)
        self.lost = added(self.lost, lost)
        return waiting - len(self.audit)

    def close(self, stream: str) -> None:
        """Take nothing more: it is handed over for a database, with an audit event for those that gave way."""
        self.stream = stream
        self.audit[:0] = [loss.draft(tenant, "the database took no writes") for tenant, loss in self.lost.items()]
        self.lost = {}

    def follow(self, earlier: Batch) -> None:
        """Take over what a batch of a damaged database had, into this one that holds everything that is known."""
        self.audit[:0] = earlier.audit
        self.waiting[:0] = earlier.waiting
        self.facts = {**earlier.facts, **self.facts}
        self.transmitters = {**earlier.transmitters, **self.transmitters}
        self.since = self.since or earlier.since

    @property
    def size(self) -> int:
        """Rows to be written."""
        return (
            len(self.units)
            + len(self.parts)
            + len(self.transmitters)
            + len(self.gone_units)
            + len(self.gone_parts)
            + len(self.seen)
            + len(self.ranges)
            + len(self.ignored)
            + len(self.published)
            + len(self.facts)
            + len(self.audit)
            + len(self.delivered)
        )


def _is_of(tenant: Campus, unit: str, address: Address) -> bool:
    return unit == address.id and tenant == address.tenant
