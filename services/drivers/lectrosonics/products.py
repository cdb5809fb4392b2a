"""The catalogue: the one unit of this maker that is read, and what it reports and takes. PURE."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from services.drivers.lectrosonics.codec.controls import CONTROLS
from services.drivers.lectrosonics.codec.lines import CHANNELS
from services.drivers.lectrosonics.codec.meters import TELEMETRY
from services.drivers.lectrosonics.codec.state import SENT_KEYS, STATUS_KEYS, UnitState
from services.drivers.lectrosonics.codec.words import TABLE, Scope
from services.drivers.lectrosonics.keys import MORE_NAMES
from services.drivers.port import Description, Product
from services.model import KEYS, Abilities, Identity, Kind

NAME: Final = "lectrosonics"
MANUFACTURER: Final = "lectrosonics"
FAMILY: Final = "dsqd"
MODEL: Final = "DSQD"

_REPORTED = {*STATUS_KEYS, *SENT_KEYS, *(key for word in TABLE if word.scope is not Scope.UNIT for key in word.keys)}

UNIT: Final = Abilities(KEYS.with_derived(Kind.RECEIVER, {"name", "lock"}))
CHANNEL: Final = Abilities(
    KEYS.with_derived(Kind.CHANNEL, _REPORTED - MORE_NAMES),
    TELEMETRY,
    settable={control.key: control.can for control in CONTROLS},
    features=("battery_percent", "encryption", "receiver_mute"),
)

PRODUCTS: Final[tuple[Product, ...]] = (
    Product(
        name="dsqd",
        model=MODEL,
        family=FAMILY,
        title="DSQD",
        kind=Kind.RECEIVER,
        parts=CHANNELS,
        abilities=UNIT,
        part_abilities=CHANNEL,
        note="Asked again and again, for it tells nothing by itself. RF in dBuV: it gives no dBm.",
    ),
)


def identify(state: UnitState, parts: Collection[int]) -> Identity:
    """Who answered."""
    texts = {key: _text(state.value(0, key)) for key in ("serial", "mac", "firmware", "device_id")}
    return Identity(MANUFACTURER, FAMILY, Kind.RECEIVER, MODEL, part_count=len(parts), **texts)


def describe(state: UnitState, parts: Collection[int], unknown: Collection[str] = ()) -> Description:
    """A unit as it was read; ``unknown`` are the words that it does not know."""
    settable = {control.key: control.can for control in CONTROLS if control.word not in unknown}
    channel = CHANNEL if len(settable) == len(CONTROLS) else replace(CHANNEL, settable=settable)
    return Description(identify(state, parts), UNIT, dict.fromkeys(parts, channel))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
