"""The catalogue: which units there are, and what each reports and can be set.

A unit of the Media Control Protocol names no model: only its kind can be found out, by what it answers. So the model is
the word that the vendor's document has for that kind, ``EM`` or ``SR``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from services.drivers.port import Description, Product
from services.drivers.sennheiser.keys import MORE_NAMES
from services.drivers.sennheiser.media_control.codec.controls import NAME_CHARACTERS, NAME_MOST
from services.drivers.sennheiser.media_control.codec.meters import METERS
from services.drivers.sennheiser.media_control.codec.state import CYCLIC_KEYS
from services.drivers.sennheiser.media_control.codec.words import BANDS, CONFIGURATION
from services.model import KEYS, UNIT_KINDS, Abilities, Identity, Kind, SettableRange

MANUFACTURER = "sennheiser"
FAMILIES: Mapping[Kind, str] = {Kind.RECEIVER: "ew_g4", Kind.IEM: "ew_iem_g4"}
"""Families of units that speak the Media Control Protocol, ew G3 among the first."""

CHANNEL_NUMBER = 1

_NAME = SettableRange(min_length=1, max_length=NAME_MOST, characters=NAME_CHARACTERS)
_BOOL = SettableRange(choices=["true", "false"])
_BAND = SettableRange(minimum=-5, maximum=5, step=1)

SETTABLE: Mapping[Kind, Mapping[str, SettableRange]] = {
    Kind.RECEIVER: {
        "name": _NAME,
        "frequency_mhz": SettableRange(unit="MHz"),
        "receiver_muted": _BOOL,
        "gain_db": SettableRange(minimum=-24, maximum=24, step=3, unit="dB"),
        "squelch_db": SettableRange(choices=["0", *map(str, range(5, 26, 2))], unit="dB"),
        "equalizer": SettableRange(choices=["flat", "low_cut", "low_cut_high_boost", "high_boost"]),
    },
    Kind.IEM: {
        "name": _NAME,
        "frequency_mhz": SettableRange(unit="MHz"),
        "rf_muted": _BOOL,
        "sensitivity_db": SettableRange(minimum=-42, maximum=0, step=3, unit="dB"),
        "audio_mode": SettableRange(choices=["mono", "stereo"]),
        "equalizer_on": _BOOL,
        **dict.fromkeys(BANDS, _BAND),
    },
}
"""What a unit takes (docs/protocols.md, settings). Values outside are refused with 1020, nothing is clamped."""

_FEATURES: Mapping[Kind, tuple[str, ...]] = {
    Kind.RECEIVER: ("battery_percent", "receiver_mute", "transmitter_mute"),
    Kind.IEM: ("rf_mute",),
}

MODELS: Mapping[Kind, str] = {Kind.RECEIVER: "EM", Kind.IEM: "SR"}


def _unit(kind: Kind) -> Abilities:
    return Abilities(KEYS.with_derived(kind, {"name"}))


def _channel(kind: Kind, settable: Mapping[str, SettableRange]) -> Abilities:
    reported = {*(key for attribute in CONFIGURATION[kind] for key in attribute.keys), *CYCLIC_KEYS[kind]} - MORE_NAMES
    keys = KEYS.with_derived(UNIT_KINDS[kind].part, reported)
    return Abilities(keys, METERS[kind].keys, settable=settable, features=_FEATURES[kind])


def identify(kind: Kind, firmware: str | None) -> Identity:
    """Who answered. The protocol has no serial number and no MAC address, so nothing of it is a strong identity."""
    return Identity(MANUFACTURER, FAMILIES[kind], kind, MODELS[kind], firmware=firmware, part_count=1)


def describe(kind: Kind, firmware: str | None, value: Callable[[str], object]) -> Description:
    """A unit as it was read; ``value`` gives what is known of a key. The tuning range is the unit's own."""
    settable = {**SETTABLE[kind], "frequency_mhz": _tuning(value("tuning_ranges_mhz"), value("tuning_step_khz"))}
    return Description(identify(kind, firmware), _unit(kind), {CHANNEL_NUMBER: _channel(kind, settable)})


def _tuning(ranges: object, step_khz: object) -> SettableRange:
    """Lowest and highest frequency. `SettableRange` knows no gaps: those stand in ``tuning_ranges_mhz``."""
    if not isinstance(ranges, str) or not isinstance(step_khz, int):
        return SettableRange(unit="MHz")
    edges = [float(edge) for block in ranges.split() for edge in block.split("-")]
    return SettableRange(minimum=min(edges), maximum=max(edges), step=step_khz / 1000, unit="MHz")


PRODUCTS: tuple[Product, ...] = (
    Product(
        name="em_g4",
        model=MODELS[Kind.RECEIVER],
        family=FAMILIES[Kind.RECEIVER],
        title="ew G3/G4",
        kind=Kind.RECEIVER,
        parts=1,
        abilities=_unit(Kind.RECEIVER),
        part_abilities=_channel(Kind.RECEIVER, SETTABLE[Kind.RECEIVER]),
        note=(
            "EM 300-500 G4 with firmware 1.7.0 or later, EM 300 G3 seen with 1.8.0; not EM 100 G4, and not G3 with "
            "older firmware."
        ),
    ),
    Product(
        name="sr_iem_g4",
        model=MODELS[Kind.IEM],
        family=FAMILIES[Kind.IEM],
        title="ew IEM G4",
        kind=Kind.IEM,
        parts=1,
        abilities=_unit(Kind.IEM),
        part_abilities=_channel(Kind.IEM, SETTABLE[Kind.IEM]),
        note="Seen with firmware 1.2.0, though the document asks for 1.7.0.",
    ),
)
