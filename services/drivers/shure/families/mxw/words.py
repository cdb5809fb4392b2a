"""PURE, data. What access points and docks of Microflex Wireless share: their words, codes and keys.

Source: docs/protocols/mxw.md#values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, TypeVar

from services.drivers.shure.codec import special_types as special
from services.drivers.shure.codec import wire_types as wire
from services.drivers.shure.codec.properties import Property, PropertyTable, Scope, Values, ignored, one, two
from services.drivers.shure.codec.wire_types import BLOCK_8, Pair, WireType
from services.model import Key, Kind

T = TypeVar("T")

REFUSED = frozenset({"ERR", "ERROR"})
"""Stand in place of a value that there is none of."""

STATUS = "microphone_status"
STATUSES: Mapping[str, str] = {
    "ACTIVE": "active",
    "MUTE": "muted",
    "MUTED": "muted",
    "STANDBY": "standby",
    "ON_CHARGER": "on_charger",
    "OFF": "off",
    "UNKNOWN": "unknown",
}
"""TX_STATUS -> ``microphone_status``."""
DOCKED_WORD = "on_charger"
ON_AIR = frozenset({"active", "muted", "standby"})
"""A microphone on a charger is not, and one that is unknown is off, unlinked or out of range."""
_MUTED: Mapping[str, bool] = {"active": False, "muted": True}
"""Whether one in standby passes audio stands nowhere."""

EXTERNAL, DOCKED, CALCULATING, OFF = range(65_532, 65_536)
"""Codes of BATT_RUN_TIME."""
UNKNOWN_TIME, IN_USE, FULL, NO_TIME = range(65_532, 65_536)
"""Codes of BATT_TIME_TO_FULL. The same numbers as above, with other meanings."""
MINUTES_MOST = 65_531

LEDS: Mapping[str, str] = {"ON": "on", "OF": "off", "OFF": "off", "ST": "strobe", "FL": "flash", "PU": "pulse"}
"""Half of LED_STATUS. One example of the page writes OFF; NC, no change, is for SET alone."""
INPUTS: Mapping[str, str] = {"INT": "internal", "EXT": "external", "AUTO": "auto"}


def or_refused(kind: WireType[T]) -> WireType[T]:
    """The same, ``None`` where the unit writes an error in place of the value."""
    return WireType(lambda text: None if wire.unbrace(text).upper() in REFUSED else kind.decode(text), kind.encode)


PERCENT = or_refused(wire.number(3, 0, 100, unknown=BLOCK_8))
AVAILABLE = or_refused(wire.choice({"YES": True, "NO": False}))
LABEL = or_refused(wire.word(12))
TYPE = or_refused(wire.word())
STATUS_WORD = or_refused(wire.choice(STATUSES))


GAIN_LEAST_DB = -25


def gain(most: int) -> WireType[int]:
    """Gain in whole decibels, raw - 25; ``most`` is raw."""
    return or_refused(wire.number(3, 0, most, offset=GAIN_LEAST_DB, unknown=BLOCK_8))


def unasked(prop: Property) -> Property:
    """The property, taken where it comes."""
    return replace(prop, askable=False)


def without_place(table: PropertyTable, *places: str) -> dict[str, str]:
    """Synonyms for what is asked without a word for the place, and may be answered with one."""
    plain = [prop.name for prop in table if prop.scope is Scope.PART and " " not in prop.name]
    named = {f"{place} {name}": name for place in places for name in plain}
    return {name: plain for name, plain in named.items() if table.find(name, indexed=True) is None}


def _several(name: str, keys: tuple[str, ...], decode: Callable[[str], Values]) -> Property:
    """A property with several values; it is never written."""
    return Property(name, Scope.PART, keys, decode, lambda _values: "")


def status(name: str) -> Property:
    """What the microphone does: whether it is on the air, muted, in a charger; and its own word."""

    def decode(text: str) -> Values:
        word = STATUS_WORD.decode(text)
        if word is None:
            return None, None, None, None
        return word in ON_AIR, _MUTED.get(word), word == DOCKED_WORD, word

    return _several(name, ("transmitter_present", "transmitter_muted", "transmitter_docked", STATUS), decode)


def run_time() -> Property:
    """Minutes, why there are none, and what feeds the microphone."""
    number = or_refused(wire.number(5, 0, MINUTES_MOST, unknown=frozenset({EXTERNAL, DOCKED, CALCULATING, OFF})))

    def decode(text: str) -> Values:
        minutes = number.decode(text)
        code = wire.integer(text) if minutes is None and text.strip().isdigit() else None
        why = "ok" if minutes is not None else "calculating" if code == CALCULATING else "not_reported"
        on_battery = "battery" if why != "not_reported" else None
        return minutes, why, "external" if code == EXTERNAL else on_battery

    return _several("BATT_RUN_TIME", ("battery_runtime_minutes", "battery_runtime_status", "power_source"), decode)


TIME_CODES: Mapping[int, str] = {UNKNOWN_TIME: "not_reported", IN_USE: "in_use", FULL: "reached", NO_TIME: "off"}


_MINUTES = wire.number(5, 0, MINUTES_MOST, unknown=TIME_CODES)
MINUTES_TO_FULL: WireType[int] = or_refused(
    WireType(lambda text: 0 if text.strip() == str(FULL) else _MINUTES.decode(text), str)
)
"""0 where the battery is full."""


def _time_status(text: str) -> str:
    return TIME_CODES.get(NO_TIME if wire.is_unknown(text) else wire.integer(text), "ok")


TIME_TO_FULL: WireType[Pair[int, str]] = or_refused(
    wire.pair(MINUTES_TO_FULL, WireType(_time_status, str), lambda *_: "")
)
"""The same, and ``ok`` or a word of `TIME_CODES`."""


def leds() -> Property:
    """The red and the green light."""
    half = wire.choice(LEDS)

    def decode(text: str) -> Values:
        words = text.upper().split()
        if len(words) != 2:  # noqa: PLR2004 - red and green
            if set(words) <= REFUSED | wire.UNKNOWN_WORDS:
                return None, None
            raise ValueError(f"{text!r} is no pair of lights")
        return tuple(half.decode(word) for word in words)

    return Property("LED_STATUS", Scope.PART, ("led_red", "led_green"), decode, lambda _values: "")


def input_of_bodypack() -> Property:
    """Which microphone a bodypack uses; an error where it is no bodypack."""
    return one("BP_MIC_SELECT", Scope.PART, "bodypack_input", or_refused(wire.choice(INPUTS)))


MICROPHONE = (
    one("BUTTON_STS", Scope.PART, "talk_switch", or_refused(wire.choice({"ON": "pressed", "OFF": "released"}))),
    one("BATT_CHARGE", Scope.PART, "battery_percent", PERCENT),
    one("BATT_HEALTH", Scope.PART, "battery_health_percent", PERCENT),
    run_time(),
    leds(),
    input_of_bodypack(),
)
"""What both generations of access points report of a microphone under the same names."""

UNIT = (
    two("FW_VER", Scope.UNIT, ("firmware", "firmware_update_failed"), special.firmware(24)),
    two("DEVICE_ID", Scope.UNIT, ("device_id", "name"), wire.text_twice(31)),
    *ignored(Scope.UNIT, "FLASH", "ERR", "ERROR", "METER_RATE"),
    *ignored(Scope.PART, "ERR", "ERROR", "UNLINK"),
)
NEXT_UNIT = (
    one("DEVICE_MODEL", Scope.UNIT, "model", wire.text(31)),
    one("SERIAL_NUM", Scope.UNIT, "serial", or_refused(wire.word(11))),
    *UNIT,
)
"""What access points and docks of the new generation tell of themselves."""

BACK = ("microphone_available", "transmitter_present")
"""The page names the first; a microphone that is taken out of a dock may have been available all the time."""

_CHANNEL, _BAY, _RECEIVER = (frozenset({kind}) for kind in (Kind.CHANNEL, Kind.BAY, Kind.RECEIVER))
_Status = Literal["active", "muted", "standby", "on_charger", "off", "unknown"]
_Light = Literal["on", "off", "strobe", "flash", "pulse"]

OF_CHANNEL = (
    Key(STATUS, _Status, "The unit's own word for what the microphone does.", kinds=_CHANNEL | _BAY),
    Key("microphone_available", bool, "The microphone is on, linked and answers.", kinds=_CHANNEL | _BAY),
    Key("led_red", _Light, "Red light of the microphone.", kinds=_CHANNEL),
    Key("led_green", _Light, "Green light of the microphone.", kinds=_CHANNEL),
    Key("bodypack_input", Literal["internal", "external", "auto"], "What a bodypack hears with.", kinds=_CHANNEL),
    Key("bodypack_gain_db", int, "Gain of a bodypack's own microphone, dB.", unit="dB", kinds=_CHANNEL),
    Key(
        "docked_battery_percent",
        int,
        "Charge while the microphone is on a charger, %.",
        unit="%",
        minimum=0,
        maximum=100,
        kinds=_CHANNEL,
    ),
    Key(
        "docked_time_to_full_minutes",
        int,
        "Time until the battery is full while the microphone is on a charger, minutes.",
        unit="min",
        minimum=0,
        kinds=_CHANNEL,
    ),
)
OF_BAY = (
    *OF_CHANNEL[:2],
    Key(
        "dock_time_status",
        Literal["ok", "reached", "in_use", "off", "not_reported"],
        "Why time_to_full_minutes is empty; ok where it is not.",
        kinds=_BAY,
    ),
)


OF_SECOND = (
    Key("second_microphone_status", _Status, "The same of the second microphone of the channel.", kinds=_CHANNEL),
    Key("second_microphone_model", str, "Model of the second microphone.", kinds=_CHANNEL),
    Key("second_microphone_id", str, "Label of the second microphone.", kinds=_CHANNEL),
    Key(
        "second_battery_percent",
        int,
        "Charge of the second microphone, %.",
        unit="%",
        minimum=0,
        maximum=100,
        kinds=_CHANNEL,
    ),
)
BAYS = 2
"""Bays of an MXWAPXD2."""
OF_BAYS = tuple(
    Key(f"bay_{bay}_{key}", kind, f"{words} in bay {bay}.", kinds=_RECEIVER)
    for bay in range(1, BAYS + 1)
    for key, kind, words in (
        (STATUS, _Status, "What the unit says of the microphone"),
        ("microphone_model", str, "Model of the microphone"),
        ("microphone_id", str, "Label of the microphone"),
    )
)
"""An access point with bays of its own is a receiver: one unit has one kind, and its bays stand under its ``more``."""
