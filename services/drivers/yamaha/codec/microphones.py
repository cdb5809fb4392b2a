"""Puts together what is published of a channel: what was said of its microphone, as far as it is there. PURE.

A microphone that is off, in its charger or out of range is no longer measured: what goes with it is unknown then,
whatever the base still says. Source: docs/protocols/executive-elite.md#microphones
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from services.drivers.port import UNIT, Part, Reading
from services.drivers.yamaha.codec.lines import ALL, Message

PRESENT: Final = frozenset({"on", "standby"})
CHARGING: Final = "charging"


def numbers_of(message: Message, channels: int) -> Sequence[int]:
    """Which channels a message is about; 0 is the base itself, and none where it has no such channel."""
    if message.channel is None:
        return (0,)
    return range(1, channels + 1) if message.channel == ALL else [n for n in (message.channel,) if 1 <= n <= channels]


class Base:
    """What one base said so far, by channel; 0 is the base itself."""

    def __init__(self) -> None:
        self._known: dict[int, dict[str, object]] = {}

    def take(self, number: int, values: Mapping[str, object]) -> bool:
        """Note fields; whether any of them is new."""
        known = self._known.setdefault(number, {})
        before = dict(known)
        known.update(values)
        return known != before

    def field(self, number: int, name: str) -> object:
        """What was said last, whether the microphone is there or not."""
        return self._known.get(number, {}).get(name)

    def is_there(self, number: int) -> bool:
        """Whether the channel's microphone is linked."""
        return self.field(number, "status") in PRESENT

    def reading(self, number: int) -> Reading:
        """Everything that is published of the base or of a channel."""
        known = self._known.get(number, {})
        return _channel(number, known) if number else _unit(known)


def _unit(known: Mapping[str, object]) -> Reading:
    values = {"firmware": known["firmware"]} if "firmware" in known else {}
    more = {"antenna_linked": known["antenna_linked"]} if "antenna_linked" in known else {}
    return Reading(UNIT, values, more)


def _channel(number: int, known: Mapping[str, object]) -> Reading:
    status = known.get("status")
    there = None if status is None else status in PRESENT
    battery = known.get("battery")
    values = {
        "transmitter_present": there,
        "transmitter_docked": None if status is None else status == CHARGING,
        "battery_percent": battery if there else None,
        "transmitter_muted": known.get("muted") if there else None,
        "gain_db": known.get("output_db"),
    }
    more = {
        "microphone_status": status,
        "microphone_type": known.get("type"),
        "charging_percent": battery if status == CHARGING else None,
        "mute_mode": known.get("mute_mode"),
        "mute_locked": known.get("mute_locked") if there else None,
        "microphone_gain_db": known.get("gain_db"),
    }
    return Reading(Part(number), values, more)
