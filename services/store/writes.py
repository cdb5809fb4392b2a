"""What can be put into the store and taken out of it: one method a record. Nothing here waits."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

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
from services.store.batch import Batch
from services.store.care import Condition


class StoreWrites(ABC):
    """The writing half of `Store`. Every method raises `StoreClosedError` once the store is closed."""

    condition: Condition
    """What is wrong with the database."""
    _seen: dict[Address, str]
    """When units last sent something, where that is not in a batch yet."""

    @abstractmethod
    def _growing(self) -> Batch:
        """The batch that takes further records."""

    def put_unit(self, record: UnitRecord) -> None:
        """Keep a unit."""
        self._growing().units[record.address] = record
        if record.last_seen is not None:
            self._seen.pop(record.address, None)

    def put_part(self, record: PartRecord) -> None:
        """Keep a part's last values and slots."""
        self._growing().parts[record.address] = record

    def put_transmitter(self, record: TransmitterRecord) -> None:
        """Keep that a transmitter was received."""
        key = (record.tenant, record.unit, record.part, record.model, record.device_id)
        self._growing().transmitters[key] = record

    def remove_unit(self, address: Address) -> None:
        """Forget a unit, its parts and its transmitters."""
        self._growing().remove_unit(address)
        self._seen.pop(address, None)

    def remove_part(self, address: Address) -> None:
        """Forget a part that its unit no longer has."""
        self._growing().remove_part(address)

    def put_range(self, record: RangeRecord) -> None:
        """Keep a network that discovery looks at."""
        self._growing().ranges[record.tenant, record.network] = record

    def remove_range(self, tenant: Campus, network: str) -> None:
        """Forget a network."""
        self._growing().ranges[tenant, network] = None

    def ignore(self, identity: IgnoredIdentity) -> None:
        """Keep that an identity must not be discovered again."""
        self._growing().ignored[identity.tenant, identity.unit] = identity

    def unignore(self, identity: IgnoredIdentity) -> None:
        """Allow it again."""
        self._growing().ignored[identity.tenant, identity.unit] = None

    def put_published(self, resource: PublishedResource) -> None:
        """Keep that a retained message of ours stands at the broker."""
        self._growing().published[resource] = True

    def remove_published(self, resource: PublishedResource) -> None:
        """Keep that it was emptied."""
        self._growing().published[resource] = False

    def put_fact(self, key: str, value: str) -> None:
        """Keep one value of the process under a name."""
        self._growing().facts[key] = value

    def append_audit(self, draft: AuditDraft) -> None:
        """Keep an audit event, in the order of the calls."""
        lost = self._growing().append_audit(draft)
        if lost:
            self.condition.lost(lost)

    def mark_published(self, events: Iterable[AuditEvent]) -> None:
        """Keep that the broker has these audit events."""
        delivered = self._growing().delivered
        for event in events:
            delivered.setdefault((event.stream, event.draft.tenant), []).append(event.seq)
