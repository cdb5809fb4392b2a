"""What is known of one unit and of its parts: records, of which each field has one writer.

`StateWriter` writes records, states, places and availability; the fold writes what was reported; the session writes
`LinkState`; the collector of telemetry writes `Meters`.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel

from services.drivers import NONSENSE, Link, Reading
from services.model import (
    Abilities,
    Address,
    AvailabilityReason,
    AvailabilityState,
    Key,
    Part,
    PartRecord,
    State,
    Telemetry,
    UnitRecord,
    empty_state,
)
from services.rules import BatteryLevel, Reception, TelemetryAggregate

log = logging.getLogger(__name__)

SessionState = Literal["idle", "connecting", "reading", "live", "waiting"]
"""States of a session; `STATES` in services/units/session.py has the transitions."""

RECONNECTS_KEPT = 10_000
"""Lost connections of one unit that are remembered; the count of a day is wrong for one that loses more."""


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
class Meters:
    """The meters of one part. `TelemetryCollector` writes them."""

    newest: Telemetry | None = None
    """The newest interval; ``None`` while nothing is metered."""
    unmetered_s: float = 0.0
    """Seconds since the newest interval ended."""
    aggregate: TelemetryAggregate = field(default_factory=TelemetryAggregate)
    reception: Reception = field(default_factory=Reception)
    recorded: dict[str, object] | None = None
    """Minimum, maximum and mean of the last while, for recorders; ``None`` where nothing was metered in it."""

    def take(self, telemetry: Telemetry) -> None:
        """Put a new interval in place of the newest one."""
        self.newest, self.unmetered_s = telemetry, 0.0
        self.aggregate.add(telemetry)

    def miss(self, seconds: float, hold_s: float) -> None:
        """Let time pass without an interval; after ``hold_s`` seconds the newest one is worth nothing any more."""
        self.unmetered_s += seconds
        if self.unmetered_s > hold_s:
            self.newest = None
            self.reception.end()

    def end(self) -> None:
        """Forget the newest interval: the unit is gone."""
        self.newest, self.unmetered_s = None, 0.0
        self.reception.end()

    def record(self) -> bool:
        """Sum up what came since the last call; whether there was anything."""
        self.recorded = self.aggregate.take()
        return self.recorded is not None


@dataclass(slots=True)
class LinkState:
    """The connection to a unit. Its session writes this."""

    session: SessionState = "idle"
    """State of the session; ``idle`` where there is none."""
    link: Link | None = None
    """The open conversation, once the unit was read completely."""
    reconnects: deque[float] = field(default_factory=lambda: deque(maxlen=RECONNECTS_KEPT))
    """Loop times of lost connections."""
    reconnects_total: int = 0
    _heard_s: float | None = None
    _nonsense: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(NONSENSE, 0)))
    """Of conversations that are over."""

    @property
    def last_received_s(self) -> float | None:
        """Loop time at which data of the unit last arrived; ``None`` where none did since the start."""
        return self._heard_s if self.link is None else self.link.last_received

    def opened(self, link: Link) -> None:
        """Note that a conversation is open and the unit was read completely."""
        self.link = link

    @property
    def caution(self) -> str | None:
        """What people should know of the open conversation; ``None`` where all is as it should be."""
        yielded = 0 if self.link is None else self.link.counters().get("foreign_meter_rates", 0)
        if not yielded:
            return None
        return (
            f"another controller sets the metering rate of {yielded} channel{'s' if yielded > 1 else ''} again and "
            "again, so its rate is left: let one program alone set it"
        )

    @property
    def nonsense(self) -> Mapping[str, int]:
        """What came since the start and made no sense, by kind (`services.drivers.NONSENSE`)."""
        if self.link is None:
            return self._nonsense
        total = dict(self._nonsense)
        for kind, count in _counted(self.link).items():
            total[kind] = total.get(kind, 0) + count
        return total

    def closed(self, link: Link) -> None:
        """Note that a conversation is over, whether the unit was read completely in it or not."""
        self._nonsense.update(_counted(link))
        self._heard_s, self.link = self.last_received_s, None

    def lost(self, loop_time: float) -> None:
        """Count a connection that was lost."""
        self.reconnects.append(loop_time)
        self.reconnects_total += 1


def _counted(link: Link) -> Mapping[str, int]:
    """The counters of a link; nothing where its driver fails, for a metric must not end with it."""
    try:
        return link.counters()
    except Exception:
        log.exception("a driver's counters cannot be read; please report this")
        return {}


@dataclass(slots=True)
class UnitAvailability:
    """Whether a unit is there. `StateWriter` writes this."""

    state: AvailabilityState = "offline"
    reason: AvailabilityReason | None = "never_seen"
    since: str = ""
    """RFC 3339; when the state became what it is, over restarts too: a unit is away since it was last heard."""
    detail: str | None = None
    """What was wrong last, for people; ``None`` since the last complete read."""
    version: Version = field(default_factory=Version)


@dataclass(slots=True)
class UnitPart:
    """One place of a unit: a channel, an IEM channel or a bay."""

    address: Address
    number: int
    state: State = field(default_factory=dict)
    reported: dict[str, object] = field(default_factory=dict)
    """What the unit reported in this session; the state is made of it."""
    level: BatteryLevel | None = None
    """How urgent the transmitter's battery is, as the last fold found; the next one needs it for the hysteresis."""
    slots: dict[int, State] = field(default_factory=dict)
    stale: bool = True
    version: Version = field(default_factory=Version)
    info_version: Version = field(default_factory=Version)
    slots_version: Version = field(default_factory=Version)
    abilities: Abilities | None = None
    """What it can; ``None`` until that is known."""
    antenna_count: int | None = None
    diversity: str | None = None
    gone_since_s: float | None = None
    """Loop time since when its transmitter has been gone; ``None`` while it is there, or nobody knows."""
    meters: Meters = field(default_factory=Meters)
    counters: Counters = field(default_factory=Counters)
    place: Part = field(init=False)
    """The number as drivers get it; made once, for it is asked with every second of meters."""

    def __post_init__(self) -> None:
        self.place = Part(self.number)
        if not self.state:
            self.state = empty_state(self.address.kind)

    def record(self, unit: str) -> PartRecord:
        """The part as the store keeps it; ``unit`` is the id of its unit."""
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
    options: BaseModel | None = None
    """The driver's own settings of it, from the configuration: never stored, never published."""
    more: tuple[Key, ...] = ()
    """Rows of that driver's own keys."""
    state: State = field(default_factory=dict)
    reported: dict[str, object] = field(default_factory=dict)
    """What the unit reported of itself in this session; its state is made of it."""
    early: list[Reading] | None = None
    """Readings that a complete read collected until now; ``None`` while none is under way."""
    stale: bool = True
    version: Version = field(default_factory=Version)
    info_version: Version = field(default_factory=Version)
    availability: UnitAvailability = field(default_factory=UnitAvailability)
    link_state: LinkState = field(default_factory=LinkState)
    parts: dict[int, UnitPart] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.state:
            self.state = empty_state(self.record.address.kind)

    @property
    def address(self) -> Address:
        """Its address within the tenant."""
        return self.record.address

    @property
    def trouble(self) -> str | None:
        """What is wrong with it, and the remedy: why it is not there, else what its open conversation suffers from."""
        return self.availability.detail or self.link_state.caution

    @property
    def shown_name(self) -> str | None:
        """What it is called in ``info``: by people, else by its own label, else by its identity."""
        own = self.state["name"]
        return self.record.name or (str(own) if own else None) or self.record.device_id

    @property
    def read_by(self) -> str:
        """The driver of ``info``: the one that read it last, else the configured one."""
        return self.driver or self.record.driver

    @property
    def ability_words(self) -> list[str]:
        """What the unit and its parts can, as words, sorted; as they are published in ``info``."""
        able = [self.abilities, *(part.abilities for part in self.parts.values())]
        return sorted({word for one in able if one is not None for word in one.words})

    @property
    def online(self) -> bool:
        """Whether the unit is available: read completely, and not lost since."""
        return self.availability.state == "online"
