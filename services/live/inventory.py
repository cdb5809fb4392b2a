"""What is known now: receivers, channels and their newest snapshots. Lives on the event loop's thread, never blocks.

Everything here is the newest value; the bus says what of it changed, the store keeps what must survive a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from services.drivers import Reading
from services.live.changes import Bus
from services.model import (
    Address,
    AvailabilityReason,
    AvailabilityState,
    Campus,
    Capabilities,
    ChannelRecord,
    ChannelState,
    ChannelTelemetry,
    Facet,
    Identity,
    IgnoredIdentity,
    Kind,
    ReceiverRecord,
    ReceiverState,
    Slot,
)
from services.rules import EMPTY_CHANNEL, EMPTY_RECEIVER, Levels


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
class Channel:
    """One audio path."""

    address: Address
    number: int
    state: ChannelState = field(default_factory=lambda: EMPTY_CHANNEL)
    reported: dict[str, object] = field(default_factory=dict)
    """What the device said in this session; the state is made of it."""
    slots: dict[int, Slot] = field(default_factory=dict)
    stale: bool = True
    version: Version = field(default_factory=Version)
    info_version: Version = field(default_factory=Version)
    slots_version: Version = field(default_factory=Version)
    telemetry: ChannelTelemetry | None = None
    """The newest interval; ``None`` while the receiver is not live."""
    unmetered_s: float = 0.0
    """Since then."""
    levels: Levels = field(default_factory=Levels)
    newest_levels: dict[str, object] | None = None
    antenna_count: int | None = None
    diversity: str | None = None
    counters: Counters = field(default_factory=Counters)

    def record(self, receiver: str) -> ChannelRecord:
        """The channel as the store keeps it."""
        return ChannelRecord(
            self.address,
            receiver,
            self.number,
            cast("Mapping[str, object]", self.state),
            tuple(cast("Mapping[str, object]", slot) for _, slot in sorted(self.slots.items())),
            self.version.changed_at or None,
        )


@dataclass(slots=True)
class Receiver:
    """One unit in the rack."""

    record: ReceiverRecord
    capabilities: Capabilities | None = None
    state: ReceiverState = field(default_factory=lambda: EMPTY_RECEIVER)
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
    channels: dict[int, Channel] = field(default_factory=dict)

    @property
    def address(self) -> Address:
        """Its place in the tenant."""
        return self.record.address

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
        self.receivers: dict[Address, Receiver] = {}
        self.ignored: list[IgnoredIdentity] = []
        self.candidates: dict[tuple[Campus, str], Candidate] = {}
        self.unidentified: dict[str, Unidentified] = {}
        self.epoch = 0
        self._revision = 0
        self._channels: dict[Address, tuple[Receiver, Channel]] = {}
        self._by_host: dict[str, dict[Address, Receiver]] = {}

    # -- finding ---------------------------------------------------------------------------------------------

    @property
    def tenants(self) -> list[Campus]:
        """Every campus that has a receiver, sorted."""
        return sorted({address.tenant for address in self.receivers})

    def channel(self, address: Address) -> tuple[Receiver, Channel] | None:
        """A channel and its receiver."""
        return self._channels.get(address)

    def channels(self) -> Iterator[tuple[Receiver, Channel]]:
        """All channels, by receiver."""
        for receiver in self.receivers.values():
            for channel in receiver.channels.values():
                yield receiver, channel

    def by_host(self, host: str) -> list[Receiver]:
        """Receivers that are reached under this host name or address."""
        return list(self._by_host.get(host, {}).values())

    def at(self, host: str | None, port: int | None) -> Receiver | None:
        """The receiver whose one session belongs to this place, in whatever campus; no port is the driver's own."""
        if not host:
            return None
        return next(
            (one for one in self.by_host(host) if one.record.port == port or None in {one.record.port, port}), None
        )

    def of(self, tenant: Campus) -> Iterable[Receiver]:
        """Receivers of one campus."""
        return (receiver for address, receiver in self.receivers.items() if address.tenant == tenant)

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

    def put(self, receiver: Receiver) -> None:
        """Add a receiver with its channels."""
        self.receivers[receiver.address] = receiver
        self._file(receiver)
        for channel in receiver.channels.values():
            self._channels[channel.address] = (receiver, channel)

    def refile(self, receiver: Receiver, record: ReceiverRecord) -> None:
        """Give a receiver a changed record of itself (the address stays)."""
        if record.host == receiver.record.host:
            receiver.record = record
            return
        self._unfile(receiver)
        receiver.record = record
        self._file(receiver)

    def forget(self, address: Address) -> Receiver | None:
        """Drop a receiver and everything filed under it."""
        receiver = self.receivers.pop(address, None)
        if receiver is None:
            return None
        self._unfile(receiver)
        for channel in receiver.channels.values():
            self._channels.pop(channel.address, None)
        return receiver

    def ensure_channel(self, receiver: Receiver, number: int) -> Channel:
        """The channel of that number, made where it is new."""
        channel = receiver.channels.get(number)
        if channel is None:
            home = receiver.address
            address = Address(home.organization, home.campus, Kind.CHANNEL, f"{home.id}-{number}")
            channel = receiver.channels[number] = Channel(address, number)
            receiver.channels = dict(sorted(receiver.channels.items()))
            self._channels[address] = (receiver, channel)
        return channel

    def drop_channel(self, receiver: Receiver, number: int) -> Address:
        """Take out a channel that its receiver does not have any more."""
        channel = receiver.channels.pop(number)
        self._channels.pop(channel.address, None)
        return channel.address

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

    def turned(self, receiver: Receiver, now: str) -> None:
        """Say that a receiver turned stale or live: beside its state, what is said seldom carries that too."""
        self.advance(receiver.info_version, now)
        self.bus.mark(receiver.address, Facet.INFO)
        for channel in receiver.channels.values():
            self.advance(channel.info_version, now)
            self.bus.mark(channel.address, Facet.INFO)
            if channel.slots:
                self.advance(channel.slots_version, now)
                self.bus.mark(channel.address, Facet.SLOTS)

    def mark_membership(self, tenant: Campus) -> None:
        """Say that receivers or channels of a campus came or went."""
        self.bus.mark(self.bridge_address(tenant), Facet.INVENTORY)
        self.bus.mark(self.bridge_address(tenant), Facet.SUMMARY)

    # -- inside ----------------------------------------------------------------------------------------------

    def _file(self, receiver: Receiver) -> None:
        self._by_host.setdefault(receiver.record.host, {})[receiver.address] = receiver

    def _unfile(self, receiver: Receiver) -> None:
        there = self._by_host.get(receiver.record.host, {})
        there.pop(receiver.address, None)
        if not there:
            self._by_host.pop(receiver.record.host, None)
