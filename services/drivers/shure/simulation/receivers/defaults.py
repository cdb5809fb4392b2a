"""No I/O. What a family of receivers is to a simulator: everything that a fresh unit holds, and how it meters.

The families stand in `services.drivers.shure.simulation.families`, one file each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.drivers.shure.simulation.receivers.meters import SampleFormat
from services.drivers.shure.simulation.receivers.settings import SETTINGS, Field, Settings, Writer


@dataclass(frozen=True, slots=True)
class Hardware:
    """A model that can be simulated. ``wire`` is what MODEL answers."""

    name: str
    channels: int
    """Of a licensed model: of the licence that is simulated unless another is asked for."""
    wire: str = ""
    licensed: bool = False
    """Whether a licence decides how many channels there are."""
    missing: frozenset[str] = frozenset()
    """Properties of the family that this model does not have."""
    more: tuple[Field, ...] = ()
    """Properties of a channel that this model alone has."""


@dataclass(frozen=True, slots=True, eq=False)
class FamilyDefaults:
    """Everything that a family can be asked for, as a fresh unit has it. Compared by identity."""

    name: str
    label: str
    """What its device id begins with."""
    first_khz: int
    hardware: tuple[Hardware, ...]
    """The first is the one that is simulated unless another is asked for."""
    transmitters: tuple[str, ...]
    """Transmitters of the channels in turn."""
    sample: SampleFormat
    slowest_meter_ms: int
    device: tuple[Field, ...]
    channel: tuple[Field, ...]
    fastest_meter_ms: int = 100
    slot: tuple[Field, ...] = ()
    """Asked for with a slot number behind the name; ``absent`` stands in an empty slot."""
    slots: int = 0
    links: bool = False
    """Whether a slot is a link to one transmitter, as on SLX-D+, and not a registration."""
    name_limit: int = 8
    """Longest channel name that can be set; longer ones are cut."""
    dumps_all: bool = True
    """Whether GET 0 ALL is answered; SLX-D+ says REP ERR and starts to meter."""
    flash: tuple[str, ...] = ("device", "channel")
    unpaired: frozenset[str] = frozenset()
    """What a channel without a paired transmitter still reports."""
    several: frozenset[str] = frozenset()
    """Properties of units with more than one channel."""
    talk_models: frozenset[str] = frozenset()
    """Transmitter models that report mute and button; empty where all do."""
    second_carrier: tuple[Field, ...] = ()
    """What a channel has besides in frequency diversity with two carriers; empty where there is none."""
    one_antenna_at_a_time: bool = False
    """Whether a unit with one channel shows AX or XB only, never AB."""
    traits: frozenset[str] = frozenset()
    """Traits of the contract suite (docs/adding-a-driver.md) that not all families have."""
    settings: Settings = field(default_factory=dict)
    """How this family writes what the others write otherwise, or do not have."""

    def writer(self, name: str, key: str) -> Writer | None:
        """How a key is written in a property; ``None`` where it does not stand there."""
        return (self.settings.get(name) or SETTINGS.get(name) or {}).get(key)


def number(name: str, value: str) -> Field:
    """A number of a transmitter, which is 255 or 65535 without one."""
    return Field(name, value, "255" if len(value) <= 3 else "65535")  # noqa: PLR2004 - 8 and 16 bits


def without(fields: tuple[Field, ...], names: frozenset[str]) -> tuple[Field, ...]:
    """Some properties fewer."""
    return tuple(item for item in fields if item.name not in names)


def replaced(fields: tuple[Field, ...], *others: Field) -> tuple[Field, ...]:
    """Some properties otherwise."""
    by_name: Mapping[str, Field] = {item.name: item for item in others}
    return tuple(by_name.get(item.name, item) for item in fields)


NETWORK = Field("NET_SETTINGS SC", "AUTO 192.168.001.025 255.255.255.000 000.000.000.000 00:0E:DD:00:00:00")
