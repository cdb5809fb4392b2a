"""What is kept over a restart, as plain data: the store writes and reads these, the services think in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from services.model.address import Address, Campus
from services.model.kinds import Kind
from services.model.words import Source


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """One receiver: who it is, where it is, who owns its settings, and its last known state."""

    address: Address
    manufacturer: str
    driver: str
    host: str
    port: int | None = None
    behind: str = ""
    """The unit behind a gateway at ``host``; empty where the unit answers itself."""
    family: str | None = None
    model: str | None = None
    name: str | None = None
    """The name that people configured; the unit's own label is in ``state``."""
    serial: str | None = None
    mac: str | None = None
    cid: str | None = None
    certificate: str | None = None
    """SHA-256 of the certificate that the unit had when it was read first; ``None`` where it has none."""
    device_id: str | None = None
    firmware: str | None = None
    band: str | None = None
    part_count: int | None = None
    source: Source = "command"
    labels: Mapping[str, object] = field(default_factory=dict)
    meter_interval_s: float | None = None
    """``None`` means the configured default."""
    interface: str = ""
    state: Mapping[str, object] = field(default_factory=dict)
    changed_at: str | None = None
    last_seen: str | None = None
    """RFC 3339; kept for ever, whatever happens to the receiver."""

    @property
    def tags(self) -> frozenset[str]:
        """The words by which people select it."""
        tags = self.labels.get("tags")
        return frozenset(map(str, tags)) if isinstance(tags, (list, tuple)) else frozenset()


@dataclass(frozen=True, slots=True)
class PartRecord:
    """One channel's last known state, and its slots."""

    address: Address
    unit: str
    number: int
    state: Mapping[str, object] = field(default_factory=dict)
    slots: tuple[Mapping[str, object], ...] = ()
    changed_at: str | None = None


@dataclass(frozen=True, slots=True)
class TransmitterRecord:
    """A transmitter that was received on a channel, by its model and label."""

    tenant: Campus
    unit: str
    part: int
    model: str
    device_id: str
    """Empty where the family has no label."""
    firmware: str | None
    battery_percent: int | None
    battery_bars: int | None
    last_seen: str


@dataclass(frozen=True, slots=True)
class RangeRecord:
    """A network or host that discovery looks at."""

    tenant: Campus
    network: str
    """CIDR, address or host name."""
    adopt: bool
    schedule_s: float | None
    """Seconds between scans; ``None`` is by hand and after a change."""
    manufacturer: str | None
    source: Source
    scanned_at: str | None = None


@dataclass(frozen=True, slots=True)
class IgnoredIdentity:
    """An identity that was removed and must not be discovered again: any of the facts that it was known by."""

    tenant: Campus
    unit: str
    manufacturer: str
    serial: str | None
    mac: str | None
    model: str | None
    device_id: str | None
    host: str
    since: str
    cid: str | None = None
    kind: Kind = Kind.RECEIVER
    """Kind of unit that it was, for texts; ids are unique over all kinds of a campus."""


@dataclass(frozen=True, slots=True)
class AuditDraft:
    """An audit event as a service writes it; the store gives it its place in the stream."""

    event_id: str
    """UUIDv7."""
    time: str
    tenant: Campus
    action: str
    resource: str | None
    """``receiver/rack1``, ``channel/rack1-1``, or ``None`` for the campus."""
    claimed_actor: str | None = None
    request_id: str | None = None
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    late: bool = False
    """The change happened while the bridge was not looking."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """A committed audit event. ``seq`` has no gap within (``stream``, organization, campus)."""

    stream: str
    seq: int
    draft: AuditDraft


@dataclass(frozen=True, slots=True)
class AuditContext:
    """On whose behalf something is done."""

    organization: str
    campus: str
    actor: str | None = None
    request_id: str | None = None

    @classmethod
    def of(cls, tenant: Campus, actor: str | None = None, request_id: str | None = None) -> Self:
        """On behalf of ``actor`` in one campus."""
        return cls(tenant.organization, tenant.campus, actor, request_id)

    @property
    def tenant(self) -> Campus:
        """The campus that the work belongs to."""
        return Campus(self.organization, self.campus)


@dataclass(frozen=True, slots=True)
class PublishedResource:
    """A retained message of ours stands at the broker under this address."""

    address: Address
    facet: str
    page: str = ""
    """A page number, where a facet has pages."""
