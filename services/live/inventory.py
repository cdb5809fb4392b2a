"""What is known now: receivers, channels and their newest snapshots. Lives on the event loop's thread, never blocks.

Everything here is the newest value; the bus says what of it changed, the store keeps what must survive a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from services.drivers import Reading
from services.live.changes import Bus
from services.model import (
    UNIT_KINDS,
    Abilities,
    Address,
    AvailabilityReason,
    AvailabilityState,
    Campus,
    Facet,
    Identity,
    IgnoredIdentity,
    Key,
    Kind,
    PartRecord,
    State,
    Telemetry,
    UnitRecord,
    empty_state,
)
from services.rules import BatteryLevel, Levels


@dataclass(slots=True)
class Version:
    """Which change a published snapshot is of; rises with every change and never otherwise."""

    revision: int = 0
    changed_at: str = ""


@dataclass(slots=True)
class Counters:
    """What a scrape every 30 s would miss, since the start of the process."""

    rf_dropouts: int = 0
    audio_overload: int = 0
    interference: int = 0


@dataclass(slots=True)
class UnitPart:
    """One audio path."""

    address: Address
    number: int
    state: State = field(default_factory=dict)
    reported: dict[str, object] = field(default_factory=dict)
    """What the device said in this session; the state is made of it."""
    level: BatteryLevel | None = None
    """How urgent the transmitter's battery is: what the fold said last, and needs for the hysteresis."""
    slots: dict[int, State] = field(default_factory=dict)
    stale: bool = True
    version: Version = field(default_factory=Version)
    info_version: Version = field(default_factory=Version)
    slots_version: Version = field(default_factory=Version)
    telemetry: Telemetry | None = None
    """The newest interval; ``None`` while the receiver is not live."""
    unmetered_s: float = 0.0
    """Since then."""
    levels: Levels = field(default_factory=Levels)
    newest_levels: dict[str, object] | None = None
    abilities: Abilities | None = None
    """What it can; ``None`` until that is known."""
    antenna_count: int | None = None
    diversity: str | None = None
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        if not self.state:
            self.state = empty_state(self.address.kind)

    def record(self, unit: str) -> PartRecord:
        """The channel as the store keeps it."""
        return PartRecord(
            self.address,
            unit,
            self.number,
            self.state,
            tuple(slot for _, slot in sorted(self.slots.items())),
            self.version.changed_at or None,
        )


@dataclass(slots=True)
class Unit:
    """One unit in the rack."""

    record: UnitRecord
    abilities: Abilities | None = None
    """What the unit itself can; ``None`` until that is known."""
    driver: str = ""
    """The driver that read it last; empty until one did."""
    more: tuple[Key, ...] = ()
    """Rows of that driver's own keys."""
    state: State = field(default_factory=dict)
    reported: dict[str, object] = field(default_factory=dict)
    early: list[Reading] | None = None
    """What was said since a complete read began; ``None`` while none is under way."""
    stale: bool = True
    available: AvailabilityState = "offline"
    reason: AvailabilityReason | None = "never_seen"
    since: str = ""
    session: str = "idle"
    last_error: str | None = None
    reconnects: deque[float] = field(default_factory=lambda: deque(maxlen=10_000))
    """Loop times of lost connections, for the count of the last 24 hours."""
    reconnects_total: int = 0
    heard_s: float | None = None
    """Loop time at which it was last heard."""
    version: Version = field(default_factory=Version)
    info_version: Version = field(default_factory=Version)
    availability_version: Version = field(default_factory=Version)
    parts: dict[int, UnitPart] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.state:
            self.state = empty_state(self.record.address.kind)

    @property
    def address(self) -> Address:
        """Its place in the tenant."""
        return self.record.address

    @property
    def ability_words(self) -> list[str]:
        """What the unit and its parts can, as words, sorted; as they are published in ``info``."""
        able = [self.abilities, *(part.abilities for part in self.parts.values())]
        return sorted({word for one in able if one is not None for word in one.words})

    @property
    def online(self) -> bool:
        """Whether a complete read came and it has been heard since."""
        return self.available == "online"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that discovery saw and did not adopt."""

    tenant: Campus
    host: str
    manufacturer: str
    model: str | None
    name: str | None
    mac: str | None
    why: str
    seen_at: str


@dataclass(frozen=True, slots=True)
class Unidentified:
    """A configured host that never answered, and has no id to be listed under."""

    tenant: Campus
    host: str
    reason: AvailabilityReason
    since: str
    detail: str = ""


class Inventory:
    """All receivers, and the counter that orders their changes."""

    def __init__(self, bus: Bus, bridge_id: str) -> None:
        self.bus = bus
        self.bridge_id = bridge_id
        self.units: dict[Address, Unit] = {}
        self.ignored: list[IgnoredIdentity] = []
        self.candidates: dict[tuple[Campus, str], Candidate] = {}
        self.unidentified: dict[str, Unidentified] = {}
        self.epoch = 0
        self._revision = 0
        self._parts: dict[Address, tuple[Unit, UnitPart]] = {}
        self._by_host: dict[str, dict[Address, Unit]] = {}

    # -- finding ---------------------------------------------------------------------------------------------

    @property
    def tenants(self) -> list[Campus]:
        """Every campus that has a receiver, sorted."""
        return sorted({address.tenant for address in self.units})

    def part(self, address: Address) -> tuple[Unit, UnitPart] | None:
        """A channel and its receiver."""
        return self._parts.get(address)

    def parts(self) -> Iterator[tuple[Unit, UnitPart]]:
        """All channels, by receiver."""
        for unit in self.units.values():
            for part in unit.parts.values():
                yield unit, part

    def by_host(self, host: str) -> list[Unit]:
        """Receivers that are reached under this host name or address."""
        return list(self._by_host.get(host, {}).values())

    def at(self, host: str | None, port: int | None) -> Unit | None:
        """The receiver whose one session belongs to this place, in whatever campus; no port is the driver's own."""
        if not host:
            return None
        return next(
            (one for one in self.by_host(host) if one.record.port == port or None in {one.record.port, port}), None
        )

    def of(self, tenant: Campus) -> Iterable[Unit]:
        """Receivers of one campus."""
        return (unit for address, unit in self.units.items() if address.tenant == tenant)

    def is_ignored(self, tenant: Campus, identity: Identity, host: str) -> bool:
        """Whether this unit was removed by hand, and must not come back by discovery."""
        for gone in self.ignored:
            if gone.tenant != tenant or gone.manufacturer != identity.manufacturer:
                continue
            if gone.serial or gone.mac:
                if (gone.serial and gone.serial == identity.serial) or (gone.mac and gone.mac == identity.mac):
                    return True
            elif gone.host == host and gone.model == identity.model:
                return True
        return False

    # -- changing --------------------------------------------------------------------------------------------

    def put(self, unit: Unit) -> None:
        """Add a receiver with its channels."""
        self.units[unit.address] = unit
        self._file(unit)
        for part in unit.parts.values():
            self._parts[part.address] = (unit, part)

    def refile(self, unit: Unit, record: UnitRecord) -> None:
        """Give a receiver a changed record of itself (the address stays)."""
        if record.host == unit.record.host:
            unit.record = record
            return
        self._unfile(unit)
        unit.record = record
        self._file(unit)

    def forget(self, address: Address) -> Unit | None:
        """Drop a receiver and everything filed under it."""
        unit = self.units.pop(address, None)
        if unit is None:
            return None
        self._unfile(unit)
        for part in unit.parts.values():
            self._parts.pop(part.address, None)
        return unit

    def ensure_part(self, unit: Unit, number: int) -> UnitPart:
        """The channel of that number, made where it is new."""
        part = unit.parts.get(number)
        if part is None:
            home = unit.address
            address = Address(home.organization, home.campus, UNIT_KINDS[home.kind].part, f"{home.id}-{number}")
            part = unit.parts[number] = UnitPart(address, number)
            unit.parts = dict(sorted(unit.parts.items()))
            self._parts[address] = (unit, part)
        return part

    def drop_part(self, unit: Unit, number: int) -> Address:
        """Take out a channel that its receiver does not have any more."""
        part = unit.parts.pop(number)
        self._parts.pop(part.address, None)
        return part.address

    def advance(self, version: Version, now: str) -> None:
        """Give a changed snapshot its revision."""
        self._revision += 1
        version.revision = self._revision
        version.changed_at = now

    # -- telling ---------------------------------------------------------------------------------------------

    def bridge_address(self, tenant: Campus) -> Address:
        """The bridge's own place in a campus."""
        return Address(tenant.organization, tenant.campus, Kind.BRIDGE, self.bridge_id)

    def mark_candidates(self, tenant: Campus) -> None:
        """Say that the list of candidates of a campus changed."""
        self.bus.mark(self.bridge_address(tenant), Facet.CANDIDATES)

    def turned(self, unit: Unit, now: str) -> None:
        """Say that a receiver turned stale or live: beside its state, what is said seldom carries that too."""
        self.advance(unit.info_version, now)
        self.bus.mark(unit.address, Facet.INFO)
        for part in unit.parts.values():
            self.advance(part.info_version, now)
            self.bus.mark(part.address, Facet.INFO)
            if part.slots:
                self.advance(part.slots_version, now)
                self.bus.mark(part.address, Facet.SLOTS)

    def mark_gone(self, address: Address) -> None:
        """Mark a resource that is no more: whoever publishes finds nothing there and empties what was retained."""
        self.bus.mark(address, Facet.INFO)

    def mark_membership(self, tenant: Campus) -> None:
        """Say that receivers or channels of a campus came or went."""
        self.bus.mark(self.bridge_address(tenant), Facet.INVENTORY)
        self.bus.mark(self.bridge_address(tenant), Facet.SUMMARY)

    # -- inside ----------------------------------------------------------------------------------------------

    def _file(self, unit: Unit) -> None:
        self._by_host.setdefault(unit.record.host, {})[unit.address] = unit

    def _unfile(self, unit: Unit) -> None:
        there = self._by_host.get(unit.record.host, {})
        there.pop(unit.address, None)
        if not there:
            self._by_host.pop(unit.record.host, None)
