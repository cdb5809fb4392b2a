"""The newest snapshots as Prometheus metrics, made when they are asked for.

Base units and stable ids; names, models and rooms stand on the ``_info`` series only. A lost receiver's measurements
vanish, its ``mic2mqtt_receiver_up`` stays and is 0.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from services.live import Inventory, Unit, UnitPart

PREFIX = "mic2mqtt_"

Figure = Callable[[UnitPart], float | None]


def _ratio(percent: object) -> float | None:
    return percent / 100 if isinstance(percent, int) else None


def _flag(value: object) -> float | None:
    return float(value) if isinstance(value, bool) else None


def _meter(key: str) -> Figure:
    def read(part: UnitPart) -> float | None:
        value = part.telemetry.get(key) if part.telemetry else None
        return float(value) if isinstance(value, (int, float)) else None

    return read


def _minutes(value: object) -> float | None:
    return value * 60.0 if isinstance(value, int) else None


def _hertz(value: object) -> float | None:
    return round(value * 1e6) if isinstance(value, float) else None


def _seen(value: object) -> float | None:
    return None if value is None else float(value == "detected")


def _quality(part: UnitPart) -> float | None:
    telemetry: Mapping[str, Any] = part.telemetry or {}
    steps, percent = telemetry.get("quality"), telemetry.get("quality_percent")
    return steps / 5 if isinstance(steps, int) else _ratio(percent)


GAUGES: tuple[tuple[str, str, Figure], ...] = (
    ("channel_battery_ratio", "Transmitter battery charge, 0 to 1.", lambda c: _ratio(c.state["battery_percent"])),
    ("channel_battery_bars", "Transmitter battery bars, 0 to 5.", lambda c: c.state["battery_bars"]),
    (
        "channel_battery_runtime_seconds",
        "Predicted run time of the transmitter battery.",
        lambda c: _minutes(c.state["battery_runtime_minutes"]),
    ),
    (
        "channel_battery_health_ratio",
        "Share of the battery's original capacity, 0 to 1.",
        lambda c: _ratio(c.state["battery_health_percent"]),
    ),
    ("channel_rf_min_dbm", "Lowest of the strongest antenna in the last interval.", _meter("rf_min_dbm")),
    ("channel_audio_peak_dbfs", "Highest audio peak in the last interval.", _meter("audio_peak_dbfs")),
    ("channel_audio_rms_dbfs", "Audio RMS level, newest sample.", _meter("audio_rms_dbfs")),
    ("channel_quality_ratio", "Channel or link quality, 0 to 1.", _quality),
    ("channel_frequency_hertz", "Carrier frequency.", lambda c: _hertz(c.state["frequency_mhz"])),
    (
        "channel_transmitter_present",
        "1 while a transmitter is on the air.",
        lambda c: _flag(c.state["transmitter_present"]),
    ),
    ("channel_receiver_muted", "1 while muted at the receiver.", lambda c: _flag(c.state["receiver_muted"])),
    ("channel_transmitter_muted", "1 while muted at the transmitter.", lambda c: _flag(c.state["transmitter_muted"])),
    ("channel_interference", "1 while RF interference is detected.", lambda c: _seen(c.state["interference"])),
    ("channel_encryption_fault", "1 while the keys do not match.", lambda c: _flag(c.state["encryption_fault"])),
)
"""Name, help, where it is found; exported only while the receiver is live and the value known."""

COUNTERS: tuple[tuple[str, str, str], ...] = (
    ("rf_dropouts", "Meter samples without any active antenna, or with quality 0.", "rf_dropouts"),
    ("audio_overload", "Telemetry intervals with audio overload.", "audio_overload"),
    ("interference", "Times that interference began.", "interference"),
)

ANTENNAS = tuple("abcd")


@dataclass(slots=True)
class Process:
    """Figures of the process itself: gauges and counters by name without prefix, read at scrape."""

    info: Mapping[str, str]
    gauges: Callable[[], Mapping[str, tuple[str, float]]]
    counters: Callable[[], Mapping[str, tuple[str, float]]]
    commands: Callable[[], Mapping[tuple[str, str], int]]
    """(verb, status) -> how many."""


_SUFFIXES = {"counter": "_total", "info": "_info"}
"""What the exposition format adds to a name."""

PLACE = ("organization", "campus", "receiver")
PATH = (*PLACE, "channel")


@dataclass(frozen=True, slots=True)
class Described:
    """A metric in words, for the documentation."""

    name: str
    kind: str
    labels: tuple[str, ...]
    words: str


class _Family:
    """One metric in Prometheus' text format (exposition formats, text-based format, version 0.0.4)."""

    def __init__(self, name: str, kind: str, words: str, labels: tuple[str, ...]) -> None:
        self.described = Described(f"{PREFIX}{name}{_SUFFIXES.get(kind, '')}", kind, labels, words)
        self._name = self.described.name
        self._lines = [f"# HELP {self._name} {words}\n# TYPE {self._name} {'gauge' if kind == 'info' else kind}\n"]

    def add(self, labels: str, value: float) -> None:
        """A series; ``labels`` as `_labels` writes them."""
        self._lines.append(f"{self._name}{{{labels}}} {value!r}\n")

    def text(self) -> str:
        """What is exposed; nothing where there is no series."""
        return "".join(self._lines) if len(self._lines) > 1 else ""


INFO_WORDS = ("name", "manufacturer", "model", "firmware", "room", "host")
"""Labels of a receiver's info, beside its place."""

_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def _labels(words: Mapping[str, str]) -> str:
    return ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in words.items())


def _units(units: Iterable[Unit], now: float) -> list[_Family]:
    up = _Family("receiver_up", "gauge", "1 while the receiver is live.", PLACE)
    age = _Family("data_age_seconds", "gauge", "Since the receiver was last heard.", PLACE)
    lost = _Family("receiver_reconnects", "counter", "Connections lost.", PLACE)
    info = _Family("receiver", "info", "Who the receiver is.", (*PLACE, *INFO_WORDS))
    for unit in units:
        place = _place_of(unit)
        up.add(place, int(unit.online))
        lost.add(place, unit.reconnects_total)
        if unit.heard_s is not None:
            age.add(place, round(max(0.0, now - unit.heard_s), 3))
        info.add(f"{place},{_labels(_words_of(unit))}", 1)
    return [up, age, lost, info]


class _Channels:
    """All metrics of channels, filled receiver by receiver."""

    def __init__(self) -> None:
        self._gauges = [(_Family(name, "gauge", words, PATH), read) for name, words, read in GAUGES]
        self._counters = [(_Family(name, "counter", words, PATH), key) for name, words, key in COUNTERS]
        self._levels = _Family("channel_rf_level_dbm", "gauge", "RF level.", (*PATH, "antenna"))
        self._status = _Family("channel_status", "gauge", "1 for the status it has.", (*PATH, "status"))
        self._info = _Family("channel", "info", "What the channel is called.", (*PATH, "name", "number"))

    @property
    def families(self) -> list[_Family]:
        """In the order in which they are exposed."""
        both = [*(gauge for gauge, _ in self._gauges), *(counter for counter, _ in self._counters)]
        return [*both, self._levels, self._status, self._info]

    def add(self, unit: Unit) -> None:
        """The channels of one more receiver."""
        place = _place_of(unit)
        for part in unit.parts.values():
            path = f'{place},channel="{part.address.id}"'
            state = part.state
            self._status.add(f'{path},status="{state["status"]}"', 1)
            words = {"name": state["name"] or "", "number": str(part.number)}
            self._info.add(f"{path},{_labels(words)}", 1)
            for counter, key in self._counters:
                counter.add(path, getattr(part.counters, key))
            if part.stale:
                continue
            for gauge, read in self._gauges:
                value = read(part)
                if value is not None:
                    gauge.add(path, value)
            for antenna, value in _antennas(part):
                self._levels.add(f'{path},antenna="{antenna}"', value)


class _OfProcess(Collector):
    """The process's own figures: few, so the client library's objects cost nothing here."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def collect(self) -> Iterator[Metric]:
        yield InfoMetricFamily(PREFIX + "bridge", "The bridge itself.", value=dict(self._process.info))
        for name, (words, value) in self._process.gauges().items():
            yield GaugeMetricFamily(PREFIX + name, words, value=value)
        for name, (words, value) in self._process.counters().items():
            yield CounterMetricFamily(PREFIX + name, words, value=value)
        commands = CounterMetricFamily(PREFIX + "commands", "Commands by how they ended.", labels=("verb", "status"))
        for path, count in sorted(self._process.commands().items()):
            commands.add_metric(path, count)
        yield commands


def _antennas(part: UnitPart) -> Iterator[tuple[str, float]]:
    telemetry: Mapping[str, Any] = part.telemetry or {}
    for antenna in ANTENNAS:
        value = telemetry.get(f"rf_{antenna}_dbm")
        if value is not None:
            yield antenna, value
    if telemetry.get("rf_dbm") is not None:
        yield "strongest", telemetry["rf_dbm"]


def _words_of(unit: Unit) -> dict[str, str]:
    record = unit.record
    words = {
        "name": record.name or unit.state["name"],
        "manufacturer": record.manufacturer,
        "model": record.model,
        "firmware": record.firmware,
        "room": record.labels.get("room"),
        "host": record.host,
    }
    return {key: str(value) if value is not None else "" for key, value in words.items()}


def _place_of(unit: Unit) -> str:
    """Ids need no escape: they can stand in a topic."""
    address = unit.address
    return f'organization="{address.organization}",campus="{address.campus}",receiver="{address.id}"'


def described(process: Process) -> list[Described]:
    """Every metric of ours, by name."""
    ours = [family.described for family in [*_units([], 0.0), *_Channels().families]]
    for metric in _OfProcess(process).collect():
        name = metric.name + _SUFFIXES.get(metric.type, "")
        ours.append(Described(name, metric.type, tuple(getattr(metric, "_labelnames", ())), metric.documentation))
    return sorted(ours, key=lambda one: one.name)


UNITS_A_TURN = 10
"""Of the event loop: less than a millisecond of work."""


def renderer(inventory: Inventory, process: Process, now: Callable[[], float]) -> Callable[[], Awaitable[bytes]]:
    """A function that writes everything as it is then, a few receivers in each turn of the event loop.

    In a thread the same work holds up the loop more: the interpreter lets only one of them compute, and takes half a
    millisecond to change over, at every turn. And it is written by hand: the client library's objects take ten times
    as long.
    """
    registry = CollectorRegistry()
    registry.register(_OfProcess(process))
    ProcessCollector(registry=registry)  # CPU, memory and open files of this process

    async def render() -> bytes:
        units = list(inventory.units.values())
        parts = _Channels()
        for number, unit in enumerate(units, 1):
            parts.add(unit)
            if number % UNITS_A_TURN == 0:
                await asyncio.sleep(0)
        # bytes at once: a text of two megabytes beside them would stay in the process's memory
        texts = [family.text().encode() for family in (*_units(units, now()), *parts.families)]
        return b"".join((*texts, generate_latest(registry)))

    return render
