"""The port that a maker of receivers implements. The core knows drivers through this file and by entry point alone.

A driver turns one maker's protocol into readings (what a device said, in physical units, ``None`` for unknown) and
controls into the protocol. It decides nothing: no thresholds, no storage, no retries. All times are seconds on the
event loop's clock (`asyncio.AbstractEventLoop.time`) unless a name says otherwise.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from services.model import AvailabilityReason, Capabilities, ChannelTelemetry, Identity


@dataclass(frozen=True, slots=True)
class Reading:
    """What a device said in one message.

    ``channel`` is ``None`` for the receiver itself; ``slot`` is a registered transmitter place of the channel.
    Keys of ``values`` are those of `services.model.keys` (receiver info and state, channel state, slot), and two that
    the fold makes ``battery_status`` of: ``battery_runtime_status`` (ok, calculating, communication_error,
    not_reported) and ``battery_warning`` (bool).
    """

    channel: int | None
    values: Mapping[str, object]
    slot: int | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Where a receiver is and how it is to be asked."""

    host: str
    port: int | None = None
    """``None`` means the driver's own default."""
    interface: str = ""
    """Local address to connect from; empty leaves the choice to the system."""
    meter_interval_s: float = 1.0
    """Metering asked of the device, 0.1 to 60 s; 0 is off."""
    connect_timeout_s: float = 3.0
    answer_timeout_s: float = 3.0
    """How long one question may stay unanswered."""


@dataclass(frozen=True, slots=True)
class Advert:
    """What was overheard on the network without asking: a candidate, and evidence of identity."""

    manufacturer: str
    host: str
    model: str | None = None
    name: str | None = None
    mac: str | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)


TELLING: tuple[AvailabilityReason, ...] = (
    "auth_failed",
    "control_blocked",
    "wrong_model",
    "closed_by_device",
    "reset_by_device",
    "silent",
    "timeout",
)
"""What is worth telling where several drivers failed at one address, most telling first; the others follow."""


def telling(reason: str) -> int:
    """The place of a reason in that order."""
    return TELLING.index(reason) if reason in TELLING else len(TELLING)


class DriverError(Exception):
    """A receiver could not be reached, read or understood.

    ``reason`` is a word of the closed list; ``detail`` says what happened and, where people can mend it, how
    (the path through the device's menu).
    """

    def __init__(self, reason: AvailabilityReason, detail: str) -> None:
        super().__init__(detail)
        self.reason: AvailabilityReason = reason
        self.detail = detail


Listener = Callable[[Sequence[Reading]], None]
"""Called on the event loop with all readings of one network read; must return quickly and never raise."""

Trace = Callable[[str, bytes], None]
"""Called with ``">"`` or ``"<"`` and the bytes that went out or came in."""


class Link(Protocol):
    """One open conversation with one receiver."""

    @property
    def last_heard(self) -> float:
        """Loop time at which the device last sent something that was understood."""

    async def read_all(self) -> Identity:
        """Ask for everything and return when all of it has come through the listener.

        The first call opens the conversation (identity, complete read, metering); later ones heal what was lost.
        Raises `DriverError`.
        """

    def ask_alive(self) -> None:
        """Ask the cheapest question there is; the answer shows in ``last_heard``."""

    def set_meter_interval(self, seconds: float) -> None:
        """Ask for another metering interval, 0.1 to 60 s; 0 stops it."""

    def take_telemetry(self, channel: int) -> ChannelTelemetry | None:
        """Everything metered since the last call, summed up; ``None`` where nothing came."""

    async def wait_closed(self) -> DriverError:
        """Wait until the device or the network ends the conversation, and say why."""


class SimulatedReceiver(Protocol):
    """A simulated unit: it speaks the real wire protocol on a real socket."""

    @property
    def host(self) -> str:
        """Address that it listens on."""

    @property
    def port(self) -> int:
        """Port that it listens on."""

    def set_value(self, channel: int | None, key: str, value: object) -> None:
        """Change something as its user would, and report it as the device would; keys as in `Reading`."""

    async def fault(self, name: str) -> None:
        """Begin a fault by name (one of the driver's ``faults``); ``none`` ends all of them."""


class Driver(Protocol):
    """One maker's protocol."""

    @property
    def name(self) -> str:
        """Name in the configuration, equal to the entry point's."""

    @property
    def manufacturer(self) -> str:
        """Lower snake_case."""

    @property
    def families(self) -> Mapping[str, Capabilities]:
        """What each family can do, by family name."""

    @property
    def scans(self) -> bool:
        """Whether addresses can be asked; false for gear that is only listed."""

    async def identify(self, target: Target, trace: Trace | None = None) -> Identity:
        """Connect, find out who answers, disconnect. Raises `DriverError`."""

    def connect(
        self, target: Target, listener: Listener, trace: Trace | None = None
    ) -> AbstractAsyncContextManager[Link]:
        """Open a conversation; leaving the block stops metering and closes politely. Raises `DriverError`."""

    def adverts(self, interface: str) -> AbstractAsyncContextManager[AsyncIterator[Advert]]:
        """Listen for what receivers announce of themselves, on one local address or on all (empty)."""

    @property
    def faults(self) -> Mapping[str, str]:
        """Faults that its simulator knows: name -> what happens."""

    def simulator(
        self, family: str, *, count: int, listen: str, port: int | None = None, seed: int = 0, **options: object
    ) -> AbstractAsyncContextManager[Sequence[SimulatedReceiver]]:
        """Run ``count`` simulated receivers on ``listen`` and the addresses that follow it."""
