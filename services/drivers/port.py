"""The port that a maker implements: drivers, makers, links, and the data that passes between them and the core.

The core knows makers through this file and by entry point alone. Three lifetimes: a `Driver` is data (no socket, no
task), a `Maker` lives as long as the bridge and owns what its units share (sockets, connection pools, listeners), a
`Link` lives as long as one conversation with one unit. A driver turns a protocol into readings (what a unit reported,
in physical units, ``None`` for unknown) and controls into the protocol. It decides nothing: no thresholds, no storage,
no retries of its own (but a datagram may be repeated). Durations are seconds; times are the event loop's clock
(`asyncio.AbstractEventLoop.time`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal, Protocol

from pydantic import BaseModel

from services.model import UNIT, Abilities, AvailabilityReason, Identity, Key, Kind, Part, clean_text

__all__ = [
    "REASONS",
    "UNIT",
    "Abilities",
    "Description",
    "Door",
    "Driver",
    "DriverError",
    "Gone",
    "Identity",
    "Key",
    "Kind",
    "Link",
    "Listener",
    "Maker",
    "Part",
    "Product",
    "Reading",
    "SetOutcome",
    "SetResult",
    "Sighting",
    "SimulatedUnit",
    "Simulator",
    "Surroundings",
    "Target",
    "Trace",
    "not_sent",
    "usefulness",
]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a unit reported about one part in one message.

    Keys of ``values`` are those of `services.model.keys` for the unit, the part or the slot, and two of which the fold
    makes ``battery_status``: ``battery_runtime_status`` (ok, calculating, communication_error, not_reported) and
    ``battery_warning`` (bool). ``more`` holds values of the driver's own keys (`Driver.more`). ``whole`` says that this
    is all that the unit has of the part now: keys that are missing become unknown.
    """

    part: Part
    values: Mapping[str, object]
    more: Mapping[str, object] = field(default_factory=dict)
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """A unit as a complete read found it: who it is, what it can, and the parts that it has now.

    ``parts`` has the abilities of each part by its number. No part at all is an answer too (a unit without a licence).
    """

    identity: Identity
    abilities: Abilities = field(default_factory=Abilities)
    parts: Mapping[int, Abilities] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Product:
    """One product of the catalogue, for docs, `check` and `simulate`."""

    name: str
    """Lower snake_case, unique in the driver: ``ulxd4q``."""
    model: str
    """As the unit names itself: ``ULXD4Q``."""
    family: str
    """Lower snake_case: ``ulxd``."""
    title: str
    """The family as people call it: ``ULX-D``."""
    kind: Kind
    parts: int | None
    """How many parts it has; ``None`` where a licence decides."""
    abilities: Abilities
    """What the unit itself reports and takes."""
    part_abilities: Abilities
    """The same of each of its parts."""
    note: str = ""
    """One sentence of doubt or condition, for the docs."""
    more: frozenset[str] | None = None
    """Names of the rows of `Driver.more` that such a unit or its parts can report; ``None``: of any of them."""


@dataclass(frozen=True, slots=True)
class Door:
    """A place at every address where a unit of this driver may answer."""

    transport: Literal["tcp", "udp", "https"]
    port: int
    sockets: int = 1
    """File descriptors that one look costs; 0 for a shared datagram socket."""
    needs_secret: bool = False
    """Nobody answers without a password or key: neither a scan nor whoever does not name the driver knocks here."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a unit is and how it is asked. Made by `services.drivers.target.make_target` alone."""

    host: str
    port: int | None = None
    """``None`` means the driver's own."""
    unit: str = ""
    """The unit behind a gateway at ``host``; empty where the unit answers itself."""
    interface: str = ""
    """Local address to ask from; empty leaves the choice to the system."""
    family: str = ""
    """What the unit was when it answered last, a hint; empty where it never did."""
    certificate: str = ""
    """SHA-256 of the certificate with which the unit answered first; empty where it never did.

    A driver whose units sign their certificates themselves sends no password to another one: ``identity_conflict``.
    """
    options: BaseModel | None = None
    """The driver's `Driver.options` model, validated; ``None`` where the configuration has none."""
    meter_interval_s: float = 1.0
    """Metering asked of the unit, 0.1 to 60 s; 0 is off."""
    connect_timeout_s: float = 3.0
    answer_timeout_s: float = 3.0
    """How long one question may stay unanswered."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A unit that answered a look, or announced itself (SLP, mDNS, a gateway's list)."""

    driver: str
    host: str
    identity: Identity
    port: int | None = None
    """``None`` means the driver's own."""
    unit: str = ""
    """The unit behind a gateway at ``host``."""
    name: str | None = None
    lasts_s: float = 120.0
    """How long it counts without being repeated."""
    evidence: Mapping[str, str] = field(default_factory=dict)
    """What it was recognised by, for people."""

    def __post_init__(self) -> None:
        if self.name is not None and not self.name.isprintable():
            object.__setattr__(self, "name", clean_text(self.name))


@dataclass(frozen=True, slots=True)
class Gone:
    """A unit that was sighted announced that it leaves the network."""

    driver: str
    host: str
    port: int | None = None
    unit: str = ""


REASONS: tuple[AvailabilityReason, ...] = (
    "identity_conflict",
    "auth_failed",
    "control_blocked",
    "wrong_model",
    "closed_by_device",
    "reset_by_device",
    "silent",
    "local_port_unavailable",
    "refused",
    "timeout",
)
"""Where several drivers failed at one address, the first of these is reported; reasons not listed come last."""


def usefulness(reason: str) -> int:
    """The rank of a reason in `REASONS`, 0 being the most useful one to a person who has to mend it."""
    return REASONS.index(reason) if reason in REASONS else len(REASONS)


STRANGER_MOST = 64
"""Characters of what a stranger calls itself."""
DETAIL_MOST = 1000
"""Characters of what a driver has to say of a failure."""


class DriverError(Exception):
    """A unit could not be reached, read or understood.

    ``reason`` is a word of the closed list; ``detail`` has what happened and, where people can mend it, how (the path
    through the unit's menu). ``again_s`` are the seconds before a further try makes sense: 0 leaves that to the
    session's own pause, ``None`` means not before the settings of the unit change (a wrong password). ``stranger`` is,
    with ``wrong_model``, what answered in its own words, where that is known: a mixer, a console; searches name it.
    """

    def __init__(
        self, reason: AvailabilityReason, detail: str, *, again_s: float | None = 0.0, stranger: str = ""
    ) -> None:
        self.detail = clean_text(detail, DETAIL_MOST)  # it may quote what a unit said
        super().__init__(self.detail)
        self.reason: AvailabilityReason = reason
        self.again_s = again_s
        self.stranger = clean_text(stranger, STRANGER_MOST)

    def afresh(self) -> DriverError:
        """The same, to raise what is also kept: an error that was raised holds every frame that it came through.

        With the conversation in one of these frames and the error in the conversation, both would wait for the garbage
        collector, which looks at what has grown old once in hours.
        """
        error = DriverError(self.reason, self.detail, again_s=self.again_s, stranger=self.stranger)
        error.__cause__ = self.__cause__
        return error


Listener = Callable[[Sequence[Reading]], None]
"""Called on the event loop with all readings of one network read; must return quickly and never raise."""

Trace = Callable[[str, bytes], None]
"""Called with ``">"`` or ``"<"`` and the bytes that went out or came in: a piece of a stream, or one datagram, or one
request or answer without its credentials."""


SetOutcome = Literal["ok", "device_rejected", "device_timeout", "not_sent"]
"""What became of a value that was to be set: the unit reported it; it reported another one, or an error; it reported
nothing, so that nobody knows; nothing of it was sent."""


@dataclass(frozen=True, slots=True)
class SetResult:
    """What became of one key of `Link.set`."""

    wanted: object
    outcome: SetOutcome
    reported: object = None
    """What the unit reported last; ``None`` where it reported nothing."""
    detail: str = ""
    """A sentence for people; empty where the outcome is ``ok``."""


def not_sent(wanted: Mapping[str, object], detail: str) -> dict[str, SetResult]:
    """The results of keys of which nothing was sent."""
    return {key: SetResult(value, "not_sent", detail=detail) for key, value in wanted.items()}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a maker is given when it opens."""

    interface: str = ""
    """Local address to send and receive on; empty for all."""


class Link(Protocol):
    """One open conversation with one unit."""

    @property
    def last_received(self) -> float:
        """Loop time at which the unit last sent something that was understood."""

    async def read_all(self) -> Description:
        """Ask for everything and return when all of it has come through the listener.

        The first call opens the conversation (identity, complete read, metering); later ones heal what was lost, and
        report ``None`` for what the unit no longer has. Raises `DriverError`.
        """

    def ask_alive(self) -> None:
        """Ask the cheapest question there is; the answer shows in ``last_received``."""

    def meter(self, part: Part | None, seconds: float) -> None:
        """Ask for another metering interval of a part, or of all parts (``None``): 0.1 to 60 s; 0 stops it."""

    def take_telemetry(self, part: Part) -> Mapping[str, object] | None:
        """Everything metered since the last call, summed up; ``None`` where nothing came."""

    async def set(self, part: Part, wanted: Mapping[str, object]) -> Mapping[str, SetResult]:
        """Set keys of the unit or of a part, those of `Driver.more` too; each becomes one result.

        The values were checked against `Abilities.settable` before; they are sent as they are, never clamped, one after
        the other, and each is ``ok`` only when the unit reported an equal value. A unit that reports nothing is asked
        once. Never raises: where the conversation ends, what was not sent is ``not_sent``.
        """

    async def identify(self, part: Part, *, on: bool) -> SetResult:
        """Make the unit or a part show itself to people, or stop that; it may end by itself (`Abilities.identifies`).

        Never raises: where the part cannot, the result is ``not_sent``.
        """

    def counters(self) -> Mapping[str, int]:
        """How much of what came since the link opened made no sense, for people who look for a fault.

        The kinds of `services.drivers.nonsense.NONSENSE`, 0 where the driver has no such thing; and what else it
        counts.
        """

    async def wait_closed(self) -> DriverError:
        """Wait until the unit or the network ends the conversation; the error has the reason."""


class Maker(Protocol):
    """Everything that the units of one driver share; lives as long as the bridge."""

    async def look(self, where: Target, trace: Trace | None = None) -> Sequence[Sighting]:
        """Find out who answers at an address: one unit, or the units behind a gateway. Asks only.

        Raises `DriverError` where no unit of this driver answers.
        """

    def sightings(self) -> AsyncIterator[Sighting | Gone]:
        """What units announce of themselves, until cancelled; a driver that overhears nothing waits for ever.

        Raises `OSError` or `DriverError` where listening is not possible now.
        """

    def connect(
        self, where: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block stops metering and closes politely. Raises `DriverError`."""


class Driver(Protocol):
    """One maker's protocol: data. What the entry point names."""

    @property
    def name(self) -> str:
        """Name in the configuration, equal to the entry point's."""

    @property
    def manufacturer(self) -> str:
        """Lower snake_case."""

    @property
    def products(self) -> Sequence[Product]:
        """What it speaks to; the first product of a family stands for the family."""

    @property
    def doors(self) -> Sequence[Door]:
        """Where its units answer; empty for gear that is only listed."""

    @property
    def more(self) -> Sequence[Key]:
        """Rows of keys that this driver alone has; their values come in `Reading.more`."""

    @property
    def options(self) -> type[BaseModel] | None:
        """Model of a unit's own ``options`` in the configuration; secrets are `pydantic.SecretStr`."""

    def open(self, around: Surroundings) -> AbstractAsyncContextManager[Maker]:
        """Open what its units share. Raises `OSError` or `DriverError`, with the remedy, where that is not possible."""

    def replay(self, product: str, data: bytes) -> Sequence[Reading]:
        """What these bytes of a unit mean, without a unit. Pure; for captures."""


class SimulatedUnit(Protocol):
    """A simulated unit: it speaks the real wire protocol on a real socket."""

    @property
    def host(self) -> str:
        """Address that it listens on."""

    @property
    def port(self) -> int:
        """Port that it listens on."""

    def set_value(self, part: Part, key: str, value: object) -> None:
        """Change something as its user would, and report it as the unit would; keys as in `Reading`."""

    async def fault(self, name: str) -> None:
        """Begin a fault by name (one of the simulator's ``faults``); ``none`` ends all of them."""


class Simulator(Protocol):
    """Simulated units of one driver; entry-point group ``mic2mqtt.simulators``, never imported by a running bridge."""

    @property
    def name(self) -> str:
        """The driver's name."""

    @property
    def faults(self) -> Mapping[str, str]:
        """Faults that its units can have: name -> what happens."""

    @property
    def traits(self) -> Mapping[str, frozenset[str]]:
        """Products that can be simulated: name -> traits by which `tests/contract` chooses what holds for it."""

    def run(
        self, product: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedUnit]]:
        """Run ``count`` units of a product on ``listen`` and the addresses that follow it.

        Raises `ValueError` for a product or option that does not exist, `OSError` for an address that is not free.
        """
