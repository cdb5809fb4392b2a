"""What the values of a part look like to people: one short text a column. For the table and for plain lines alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from bridge.terminal.board import Row
from services.model import Kind, clean_text

BLANK: Final = "·"
"""A channel whose name is empty on the unit."""

RF_DBM: Final = (-100.0, -30.0)
"""From the noise floor to where receivers overload: what the bar spans."""
AUDIO_DBFS: Final = (-60.0, 0.0)
BAR: Final = "▏▎▍▌▋▊▉█"
BAR_CELLS: Final = 6
CELL: Final = len(BAR)

_MUTES: Final = (("receiver_muted", "RX"), ("transmitter_muted", "TX"), ("transmitter_rf_muted", "RF"))
_ANTENNAS: Final = {"active": "●", "inactive": "○", "interference": "!"}


def name(row: Row) -> str:
    """The channel's name; control characters shown, for a name comes from a unit."""
    text = row.state.get("name")
    shown = printable(text) if isinstance(text, str) else ""
    return shown or BLANK


def frequency(row: Row) -> str:
    """MHz, to the kHz."""
    value = number(row.state, "frequency_mhz")
    return "" if value is None else f"{value:.3f}"


def battery(row: Row) -> str:
    """``▮▮▮▯▯ 62 % 4:10``; in brackets what was last known of a transmitter that went away."""
    live = _battery(row.state, "battery_")
    if live:
        return live
    last = _battery(row.state, "last_battery_")
    if last and False in (row.state.get("transmitter_present"), row.state.get("connected")):
        return f"({last})"
    return "external" if row.state.get("power_source") == "external" else ""


def _battery(state: Mapping[str, Any], prefix: str) -> str:
    bars, percent = number(state, f"{prefix}bars"), number(state, f"{prefix}percent")
    minutes = number(state, f"{prefix}runtime_minutes")
    parts = []
    if bars is not None:
        filled = max(0, min(5, int(bars)))
        parts.append("▮" * filled + "▯" * (5 - filled))
    if percent is not None:
        parts.append(f"{percent:.0f} %")
    if minutes is not None:
        parts.append(f"{int(minutes) // 60}:{int(minutes) % 60:02d}")
    return " ".join(parts)


def bar(value: float | None, limits: tuple[float, float]) -> str:
    """A bar of `BAR_CELLS` cells; nothing where there is no value."""
    if value is None:
        return ""
    low, high = limits
    eighths = round(max(0.0, min(1.0, (value - low) / (high - low))) * BAR_CELLS * CELL)
    full, part = divmod(eighths, CELL)
    return BAR[-1] * full + (BAR[part - 1] if part else "")


def rf(row: Row) -> tuple[str, str]:
    """Bar and dBm of the strongest antenna."""
    value = number(row.telemetry, "rf_dbm")
    return bar(value, RF_DBM), "" if value is None else f"{value:z.0f}"


def audio(row: Row) -> tuple[str, str]:
    """Bar and dBFS of the peak; ``OL`` for overload."""
    value = number(row.telemetry, "audio_peak_dbfs")
    overload = row.telemetry.get("audio_overload") is True
    return bar(value, AUDIO_DBFS), "OL" if overload else "" if value is None else f"{value:z.0f}"


def mutes(row: Row) -> str:
    """Whose mute: receiver, transmitter, its carrier."""
    return " ".join(short for key, short in _MUTES if row.state.get(key) is True)


def antennas(row: Row) -> str:
    """A to D: active, inactive, interference."""
    states = (row.telemetry.get(f"antenna_{letter}") for letter in "abcd")
    return "".join(_ANTENNAS.get(str(state), "?") for state in states if state is not None)


def transmitter(row: Row) -> str:
    """Model and label; a dash while there is none."""
    if row.state.get("transmitter_present") is False:
        return "-"
    parts = (row.state.get("transmitter_model"), row.state.get("transmitter_id"))
    return " ".join(printable(part) for part in parts if isinstance(part, str) and part)


def number(values: Mapping[str, Any], key: str) -> float | None:
    """A number; anything else that the topic may hold is none."""
    value = values.get(key)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def printable(text: str) -> str:
    """One line, whatever characters a unit's name has."""
    return clean_text(text)


def time_to_full(row: Row) -> str:
    """Hours and minutes until the battery in a bay is full."""
    minutes = number(row.state, "time_to_full_minutes")
    return "" if minutes is None else f"{int(minutes) // 60}:{int(minutes) % 60:02d}"


def health(row: Row) -> str:
    """Share of the original capacity, and charge cycles: ``98 % 42x``."""
    percent, cycles = number(row.state, "battery_health_percent"), number(row.state, "battery_cycles")
    parts = [f"{percent:.0f} %"] if percent is not None else []
    return " ".join([*parts, f"{cycles:.0f}x"] if cycles is not None else parts)


def temperature(row: Row) -> str:
    """Degrees Celsius."""
    value = number(row.state, "battery_temperature_c")
    return "" if value is None else f"{value:.0f}"


def docked(row: Row) -> str:
    """What is in a bay; a dash where it is empty."""
    if row.state.get("occupied") is False:
        return "-"
    parts = (row.state.get(key) for key in ("device_type", "device_model", "device_id"))
    return " ".join(printable(part) for part in parts if isinstance(part, str) and part)


def trouble(row: Row) -> str:
    """What is wrong with a bay, else why its status is what it is."""
    fault = row.state.get("fault")
    return printable(fault) if isinstance(fault, str) and row.online else row.reasons


def carrier(row: Row) -> str:
    """RF power of an IEM channel; ``off`` where its carrier is switched off."""
    power = number(row.state, "rf_power_mw")
    return "off" if row.state.get("rf_muted") is True else "" if power is None else f"{power:.0f} mW"


def antenna(row: Row) -> str:
    """The antenna that a beltpack is connected to; a dash where it is not."""
    word = row.state.get("antenna")
    return printable(word) if isinstance(word, str) else "-" if row.state.get("connected") is False else ""


def mode(row: Row) -> str:
    """How an IEM channel sends its two inputs."""
    word = row.state.get("audio_mode")
    return printable(word).replace("_", " ") if isinstance(word, str) else ""


def inputs(row: Row) -> str:
    """Level of both inputs of an IEM channel, dBFS or on the unit's own scale; ``OL`` for overload."""
    if row.telemetry.get("audio_overload") is True:
        return "OL"
    pairs = (("audio_left_dbfs", "audio_right_dbfs"), ("audio_left_raw", "audio_right_raw"))
    for pair in pairs:
        levels = [number(row.telemetry, key) for key in pair]
        if any(level is not None for level in levels):
            return " ".join("-" if level is None else f"{level:.0f}" for level in levels)
    return ""


FACTS: Final[Mapping[Kind, Mapping[str, Callable[[Row], str]]]] = {
    Kind.CHANNEL: {
        "why": lambda row: row.reasons,
        "frequency": frequency,
        "battery": battery,
        "mute": mutes,
        "transmitter": transmitter,
    },
    Kind.IEM_CHANNEL: {"why": lambda row: row.reasons, "frequency": frequency, "carrier": carrier, "mode": mode},
    Kind.BELTPACK: {"why": lambda row: row.reasons, "battery": battery, "antenna": antenna},
    Kind.BAY: {"why": trouble, "battery": battery, "full_in": time_to_full, "device": docked},
}
"""Facts of a part in a plain line, by kind."""


def line(row: Row) -> str:
    """A part in one line, for output that is no terminal."""
    facts = {"status": row.status, **{word: fact(row) for word, fact in FACTS[row.kind].items()}}
    facts_text = "  ".join(f"{key}={value}" for key, value in facts.items() if value)
    return f"{row.address.id:<16} {name(row):<12} {facts_text}"
