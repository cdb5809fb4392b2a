"""What the values mean: one row for each name of a line. PURE.

Values that no document has become ``None`` and are counted. Source: docs/protocols/executive-elite.md#what-is-read
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from services.drivers.yamaha.codec.lines import Message

STATUS: Final[Mapping[str, str]] = {
    "0": "off",
    "1": "on",
    "2": "standby",
    "3": "charging",
    "4": "out_of_range",
    "5": "not_paired",
    "6": "pairing",
    "7": "unpairing",
    "8": "updating",
}
TYPES: Final[Mapping[str, str | None]] = {
    "0": "wearable",
    "1": "omnidirectional",
    "2": "directional",
    "3": "xlr_adapter",
    "4": "mini_xlr_adapter",
    "5": "gooseneck",
    "10": "handheld",
    "11": None,
}
"""11 is the unit's own word for unknown."""
MUTE_MODES: Final[Mapping[str, str]] = {"0": "individual", "1": "tabletop", "2": "push_to_talk"}
_SWITCH: Final[Mapping[str, bool]] = {"0": False, "1": True}
_LEGACY_MUTE: Final[Mapping[str, bool | None]] = {
    "0": False,
    "1": True,
    "2": True,
    "3": None,
    "4": None,
    "5": None,
}
"""1 is muted by its user, 2 by somebody else; the others say that there is no microphone to be muted."""
PERCENT_MOST: Final = 100
GAIN_LEAST_DB: Final = -20
GAIN_MOST_DB: Final = 0
OUTPUT_MOST_DB: Final = 5
LEGACY_ZERO_DB, LEGACY_MOST = 100, 120
"""80 to 100 on the wire are -20 to 0 dB; 101 to 120 can be sent, and are 0 dB."""

Values = dict[str, object]
"""Fields of a channel or of the unit: the keys of `Field` tables below, not those of the key table."""


class UnknownValueError(ValueError):
    """A value that no document has. ``fields`` are unknown now."""

    def __init__(self, *fields: str) -> None:
        super().__init__(", ".join(fields))
        self.fields = fields


def _word(field: str, words: Mapping[str, object]) -> Callable[[str], Values]:
    def decode(text: str) -> Values:
        if text not in words:
            raise UnknownValueError(field)
        return {field: words[text]}

    return decode


def _number(field: str, least: int, most: int) -> Callable[[str], Values]:
    def decode(text: str) -> Values:
        digits = text.removesuffix("%").strip()
        number = int(digits) if digits.isascii() and digits.removeprefix("-").isdigit() and len(digits) < 6 else None  # noqa: PLR2004
        if number is None or not least <= number <= most:
            raise UnknownValueError(field)
        return {field: number}

    return decode


def _legacy_gain(text: str) -> Values:
    wire = _number("gain_db", LEGACY_ZERO_DB + GAIN_LEAST_DB, LEGACY_MOST)(text)["gain_db"]
    return {"gain_db": min(int(str(wire)) - LEGACY_ZERO_DB, GAIN_MOST_DB)}


def _mute_status(text: str) -> Values:
    """Muted, how it mutes, and whether its button is locked: ``1,0,0``."""
    values = [each.strip() for each in text.split(",")]
    tables: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("muted", _SWITCH),
        ("mute_mode", MUTE_MODES),
        ("mute_locked", _SWITCH),
    )
    if len(values) != len(tables) or any(value not in table for value, (_, table) in zip(values, tables, strict=True)):
        raise UnknownValueError(*(field for field, _ in tables))
    return {field: table[value] for value, (field, table) in zip(values, tables, strict=True)}


def _legacy_mute(text: str) -> Values:
    muted = _word("muted", _LEGACY_MUTE)(text)
    return {} if muted["muted"] is None else muted


def _firmware(text: str) -> Values:
    return {"firmware": text or None}


ANSWERS: Final[Mapping[str, Callable[[str], Values]]] = {
    "micstatus": _word("status", STATUS),
    "batterystatus": _number("battery", 0, PERCENT_MOST),
    "mictype": _word("type", TYPES),
    "mutestatus": _mute_status,
    "mute": _legacy_mute,
    "outputgain": _number("output_db", GAIN_LEAST_DB, OUTPUT_MOST_DB),
    "gain": _legacy_gain,
    "fw": _firmware,
}
"""Behind ``val``."""
NOTIFICATIONS: Final[Mapping[str, Callable[[str], Values]]] = {
    "status_change_mic": ANSWERS["micstatus"],
    "status_change_battery": ANSWERS["batterystatus"],
    "set_mute_status": _mute_status,
    "property_change_gain": _number("gain_db", GAIN_LEAST_DB, GAIN_MOST_DB),
    "status_change_antenna_link": _word("antenna_linked", _SWITCH),
}
"""Behind ``notify``."""
OF_UNIT: Final = frozenset({"fw", "status_change_antenna_link"})
STATUS_QUESTION: Final = "micstatus"
FIRMWARE_QUESTION: Final = "fw"
QUESTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "batterystatus": ("battery",),
    "mictype": ("type",),
    "mutestatus": ("muted", "mute_mode", "mute_locked"),
    "outputgain": ("output_db",),
    "gain": ("gain_db",),
}
"""What is asked of every channel beside its status -> fields that are unknown where it is not answered."""


def decode(message: Message) -> Values | None:
    """Fields of a message; none of a name that is not read, ``None`` of one that belongs elsewhere.

    Raises `UnknownValueError` for a value that nobody can read.
    """
    row = (NOTIFICATIONS if message.notify else ANSWERS).get(message.name)
    if row is None:
        return {}
    if (message.name in OF_UNIT) != (message.channel is None):
        return None
    return row(message.text)
