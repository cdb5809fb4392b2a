"""No I/O. What one simulated unit holds and shows, without sockets: texts as they stand on the wire, meters, presence.

`values` keep what was set; `shown` says what the device would answer now: without a transmitter its fields turn into
their unknown forms, and come back with it. Slot 1 of a channel is the transmitter on the air where there are slots.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from services.drivers.shure.simulation.receivers import meters
from services.drivers.shure.simulation.receivers.defaults import FamilyDefaults, Hardware
from services.drivers.shure.simulation.receivers.levels import LEVEL_KEYS, PROFILES, Condition, Levels, circle, pinned
from services.drivers.shure.simulation.receivers.settings import TEMPERATURE_RAW, Field, formatted, text

FieldAddress = tuple[int, str, int]
"""Channel (0 is the unit), wire name, slot or antenna (0 for none)."""

_DISTURBED = {("RF_INT_DET", "CRITICAL"), ("INTERFERENCE_STATUS", "DETECTED")}
_MUTED = {("TX_MUTE_STATUS", "ON"), ("TX_MUTE_MODE_STATUS", "MUTE")}
_CONDITIONS = frozenset(name for name, _ in _DISTURBED | _MUTED)
_STANDARD_SLOT = frozenset({"SLOT_STATUS", "SLOT_TX_MODEL", "SLOT_TX_DEVICE_ID"})
"""What a slot knows of a transmitter without ShowLink; the rest stays unknown even on the air."""
_OF_TALK_MODELS = frozenset({"talk_switch", "transmitter_muted"})


@dataclass(slots=True)
class MeterLoop:
    """The meters of one channel: prepared lines, and where in their circle it is."""

    lines: tuple[bytes, ...] = ()
    offset: int = 0
    pins: dict[str, int] = field(default_factory=dict)
    condition: Condition = Condition.OFF


@dataclass(frozen=True, slots=True)
class Setup:
    """What a unit is, as data."""

    hardware: Hardware
    family: FamilyDefaults
    channels: int
    quadversity: bool = False
    fd_c: bool = False

    @property
    def name(self) -> str:
        """The model."""
        return self.hardware.name

    @property
    def layout(self) -> meters.Layout:
        """How its antennas come into its meters."""
        return meters.Layout(
            self.family.sample,
            antennas=4 if self.quadversity else 2,
            carriers=2 if self.fd_c else 1,
            both=not (self.family.one_antenna_at_a_time and self.channels == 1),
        )


class Device:
    """The state of one unit. ``number`` counts the units of a fleet from 1."""

    def __init__(self, setup: Setup, number: int, *, still: bool, paired: int | None, answers_model: bool) -> None:
        self.setup = setup
        self.family = setup.family
        self.layout = setup.layout
        self.still = still
        self.paired = setup.channels if paired is None else paired
        self.values: dict[FieldAddress, str] = {}
        self.present = [channel < self.paired for channel in range(setup.channels)]
        self.meter_ms = [0] * setup.channels
        self.meter_loops = [MeterLoop(offset=37 * (number + 151 * channel)) for channel in range(setup.channels)]
        self.position = 0
        self.flashing: set[int] = set()
        self.transmitters_off = False
        """A fault: no transmitter is received, whatever `present` is."""
        self.names_blank = False
        """A fault: every channel name reads as blank."""
        missing = {
            *(() if answers_model else ("MODEL",)),
            *(self.family.several if setup.channels == 1 else ()),
            *setup.hardware.missing,
        }
        self.device_fields = {f.name: f for f in self.family.device if f.name not in missing}
        extra = (*setup.hardware.more, *(self.family.second_carrier if setup.fd_c else ()))
        self.channel_fields = {f.name: f for f in (*self.family.channel, *extra)}
        self.slot_fields = {f.name: f for f in self.family.slot}
        self._profile = number
        for place, item in self._places():
            self.values[place] = formatted(item, item.text)
        for channel in range(1, setup.channels + 1):
            self.retune(channel)

    @property
    def channels(self) -> range:
        """Channel numbers."""
        return range(1, self.setup.channels + 1)

    def field_of(self, place: FieldAddress) -> Field | None:
        """The property at a place; ``None`` where the family has none."""
        channel, name, slot = place
        if slot:
            return self.slot_fields.get(name) if slot <= self.family.slots else None
        return self.channel_fields.get(name) if channel else self.device_fields.get(name)

    def flashes(self, channel: int) -> bool:
        """Whether the lights of a channel, or of the unit (0), can be made to flash."""
        return ("channel" if channel else "device") in self.family.flash

    def is_received(self, channel: int) -> bool:
        """Whether a transmitter is on the air."""
        return self.present[channel - 1] and not self.transmitters_off

    def shown(self, place: FieldAddress) -> str:
        """What stands at a place now."""
        channel, name, slot = place
        item = self.field_of(place)
        if item is None:
            raise KeyError(place)
        if slot:
            return self._slot_shown(place, item)
        if name == "CHAN_NAME" and self.names_blank:
            return text("", item.width)
        if item.absent is not None and channel and not self.is_received(channel):
            return formatted(item, item.absent)
        return self.values[place]

    def _slot_shown(self, place: FieldAddress, item: Field) -> str:
        channel, name, slot = place
        if self.family.links:
            return self._link_shown(place, item)
        status = self.values[channel, "SLOT_STATUS", slot]
        linked = status.startswith("LINKED")
        if name == "SLOT_STATUS":
            return "LINKED.INACTIVE" if linked and slot == 1 and not self.is_received(channel) else status
        if status == "EMPTY" or (not linked and name not in _STANDARD_SLOT):
            return formatted(item, item.absent or "")
        mirrored = (channel, name.replace("SLOT_", "TX_", 1), 0)
        return self.values.get(mirrored, self.values[place]) if slot == 1 and "BATT" in name else self.values[place]

    def _link_shown(self, place: FieldAddress, item: Field) -> str:
        """SLX-D+: slot 1 is the transmitter on the air; the minutes stand in both slots."""
        channel, name, slot = place
        received = self.is_received(channel)
        if name == "LINK_TX_BATT_MINS":
            return self.shown((channel, "TX_BATT_MINS", 0))
        if name == "LINK_STATUS":
            return item.text if received and slot == 1 else (item.absent or "")
        known = slot == 1 and channel <= self.paired
        return self.values[place] if known else formatted(item, item.absent or "")

    def write(self, place: FieldAddress, value: str) -> None:
        """Put a text at a place, already in its wire form."""
        self.values[place] = value
        if place[1] in _CONDITIONS:
            self.retune(place[0])

    def changed_by(self, channels: range | tuple[int, ...], change: Callable[[], None]) -> list[FieldAddress]:
        """Do something, and return the addresses that show another value than before."""
        places = [place for place, _ in self._places() if place[0] in channels or place[0] == 0]
        before = [self.shown(place) for place in places]
        change()
        for channel in channels:
            self.retune(channel)
        return [place for place, old in zip(places, before, strict=True) if self.shown(place) != old]

    def set_key(self, channel: int, key: str, value: object, slot: int = 0) -> list[FieldAddress]:
        """Change a value by its key in `services.model.keys`; the places that show something else now.

        Raises `KeyError` for a key that the family does not have.
        """
        if key == "transmitter_present" and channel and not slot:
            return self.changed_by((channel,), lambda: self._set_present(channel, received=bool(value)))
        if key in LEVEL_KEYS and channel:
            if not isinstance(value, int):
                raise TypeError(f"{key} takes whole decibels, not {value!r}")
            self.meter_loops[channel - 1].pins[key] = value
            self.retune(channel)
            return []
        written = dict(self._written(channel, key, value, slot))
        if not written:
            owner = "slots" if slot else "channels" if channel else "the unit"
            raise KeyError(f"{self.setup.name} has no {key!r} in {owner}")

        def write() -> None:
            for place, wire in written.items():
                self.write(place, wire)

        if self.family.slots and channel:  # a slot may mirror it
            return self.changed_by((channel,), write)
        before = [self.shown(place) for place in written]
        write()
        return [place for place, old in zip(written, before, strict=True) if self.shown(place) != old]

    def _written(self, channel: int, key: str, value: object, slot: int) -> Iterator[tuple[FieldAddress, str]]:
        """Where a key stands on the wire, and how its new value is written there."""
        fields = self.slot_fields if slot else self.channel_fields if channel else self.device_fields
        for item in fields.values():
            place = (channel, item.name, slot)
            writer = self.family.writer(item.name, key)
            if writer is None or self.field_of(place) is None:
                continue
            yield place, writer(item, value, self.values[place])
            if item.name.endswith("TEMP_C") and isinstance(value, int):
                fahrenheit = round(value * 9 / 5 + 32) + TEMPERATURE_RAW
                yield (channel, item.name.removesuffix("C") + "F", slot), f"{fahrenheit:03d}"

    def can_happen(self, channel: int, key: str) -> bool:
        """Whether the channel and the transmitter on it can show a change of this key."""
        if key == "transmitter_present":
            return True
        if not any(True for _ in self._written(channel, key, None, 0)):
            return False
        talks = self.family.talk_models
        return not talks or key not in _OF_TALK_MODELS or self.values.get((channel, "TX_TYPE", 0)) in talks

    def _set_present(self, channel: int, *, received: bool) -> None:
        self.present[channel - 1] = received

    def retune(self, channel: int) -> None:
        """Choose the meters that fit what the channel shows now."""
        loop = self.meter_loops[channel - 1]
        loop.condition = self._condition(channel)
        profile = (self._profile + 5 * channel) % PROFILES
        if loop.pins:
            loop.lines = (meters.sample(self.layout, channel, self.levels(channel)),)
        else:
            loop.lines = meters.lines(self.layout, channel, profile, loop.condition, still=self.still)

    def levels(self, channel: int) -> Levels:
        """What the meters of a channel show at this moment."""
        loop = self.meter_loops[channel - 1]
        antennas = self.layout.antennas * self.layout.carriers
        profile = (self._profile + 5 * channel) % PROFILES
        moments = circle(profile, loop.condition, antennas, still=self.still)
        levels = moments[(self.position + loop.offset) % len(moments)]
        return pinned(levels, **loop.pins) if loop.pins else levels

    def _condition(self, channel: int) -> Condition:
        if not self.is_received(channel):
            return Condition.OFF
        for conditions, result in ((_DISTURBED, Condition.INTERFERENCE), (_MUTED, Condition.MUTED)):
            if any(self.values.get((channel, name, 0)) == value for name, value in conditions):
                return result
        return Condition.LIVE

    def _places(self) -> Iterator[tuple[FieldAddress, Field]]:
        """Every place that the unit has, in the order of a dump."""
        for item in self.device_fields.values():
            yield (0, item.name, 0), item
        for channel in self.channels:
            yield from self.channel_places(channel)

    def channel_places(self, channel: int) -> Iterator[tuple[FieldAddress, Field]]:
        """Every place that a channel has, in the order of a dump."""
        for item in self.channel_fields.values():
            yield (channel, item.name, 0), item
        for slot in range(1, self.family.slots + 1):
            for item in self.slot_fields.values():
                yield (channel, item.name, slot), item
