"""The newest snapshots as Prometheus metrics, made when they are asked for.

Base units and stable ids; names, models and rooms stand on the ``_info`` series only. A lost receiver's measurements
vanish, its ``mic2mqtt_receiver_up`` stays and is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from services.inventory import Channel, Inventory, Receiver

PREFIX = "mic2mqtt_"
PLACE = ("organization", "campus", "receiver")
PATH = (*PLACE, "channel")

Figure = Callable[[Channel], float | None]


def _ratio(percent: object) -> float | None:
    return percent / 100 if isinstance(percent, int) else None


def _flag(value: object) -> float | None:
    return float(value) if isinstance(value, bool) else None


def _meter(key: str) -> Figure:
    def read(channel: Channel) -> float | None:
        value = channel.telemetry.get(key) if channel.telemetry else None
        return float(value) if isinstance(value, (int, float)) else None

    return read


def _minutes(value: object) -> float | None:
    return value * 60.0 if isinstance(value, int) else None


def _hertz(value: object) -> float | None:
    return round(value * 1e6) if isinstance(value, float) else None


def _seen(value: object) -> float | None:
    return None if value is None else float(value == "detected")


def _quality(channel: Channel) -> float | None:
    telemetry: Mapping[str, Any] = channel.telemetry or {}
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


class _Snapshot(Collector):
    def __init__(self, inventory: Inventory, process: Process, now: Callable[[], float]) -> None:
        self._inventory = inventory
        self._process = process
        self._now = now

    def collect(self) -> Iterator[Metric]:
        receivers = list(self._inventory.receivers.values())
        channels = [(receiver, channel) for receiver in receivers for channel in list(receiver.channels.values())]
        yield from self._receivers(receivers)
        yield from _channels(channels)
        yield from self._of_process()

    def _receivers(self, receivers: Iterable[Receiver]) -> Iterator[Metric]:
        up = GaugeMetricFamily(PREFIX + "receiver_up", "1 while the receiver is live.", labels=PLACE)
        age = GaugeMetricFamily(PREFIX + "data_age_seconds", "Since the receiver was last heard.", labels=PLACE)
        lost = CounterMetricFamily(PREFIX + "receiver_reconnects", "Connections lost.", labels=PLACE)
        info = InfoMetricFamily(PREFIX + "receiver", "Who the receiver is.", labels=PLACE)
        now = self._now()
        for receiver in receivers:
            place = (receiver.address.organization, receiver.address.campus, receiver.address.id)
            up.add_metric(place, float(receiver.online))
            lost.add_metric(place, receiver.reconnects_total)
            if receiver.heard_s is not None:
                age.add_metric(place, max(0.0, now - receiver.heard_s))
            info.add_metric(place, _words_of(receiver))
        yield from (up, age, lost, info)

    def _of_process(self) -> Iterator[Metric]:
        yield InfoMetricFamily(PREFIX + "bridge", "The bridge itself.", value=dict(self._process.info))
        for name, (words, value) in self._process.gauges().items():
            yield GaugeMetricFamily(PREFIX + name, words, value=value)
        for name, (words, value) in self._process.counters().items():
            yield CounterMetricFamily(PREFIX + name, words, value=value)
        commands = CounterMetricFamily(PREFIX + "commands", "Commands by how they ended.", labels=("verb", "status"))
        for (verb, status), count in sorted(self._process.commands().items()):
            commands.add_metric((verb, status), count)
        yield commands


def _channels(channels: Iterable[tuple[Receiver, Channel]]) -> Iterator[Metric]:
    gauges = [(GaugeMetricFamily(PREFIX + name, words, labels=PATH), read) for name, words, read in GAUGES]
    counters = [(CounterMetricFamily(PREFIX + name, words, labels=PATH), key) for name, words, key in COUNTERS]
    levels = GaugeMetricFamily(PREFIX + "channel_rf_level_dbm", "RF level.", labels=(*PATH, "antenna"))
    status = GaugeMetricFamily(PREFIX + "channel_status", "1 for the status it has.", labels=(*PATH, "status"))
    info = InfoMetricFamily(PREFIX + "channel", "What the channel is called.", labels=PATH)
    for receiver, channel in channels:
        address = channel.address
        path = (address.organization, address.campus, receiver.address.id, address.id)
        state = channel.state
        status.add_metric((*path, state["status"]), 1.0)
        info.add_metric(path, {"name": state["name"] or "", "number": str(channel.number)})
        for counter, key in counters:
            counter.add_metric(path, getattr(channel.counters, key))
        if channel.stale:
            continue
        for gauge, read in gauges:
            value = read(channel)
            if value is not None:
                gauge.add_metric(path, value)
        for antenna, value in _antennas(channel):
            levels.add_metric((*path, antenna), value)
    yield from (gauge for gauge, _ in gauges)
    yield from (counter for counter, _ in counters)
    yield from (levels, status, info)


def _antennas(channel: Channel) -> Iterator[tuple[str, float]]:
    telemetry: Mapping[str, Any] = channel.telemetry or {}
    for antenna in ANTENNAS:
        value = telemetry.get(f"rf_{antenna}_dbm")
        if value is not None:
            yield antenna, value
    if telemetry.get("rf_dbm") is not None:
        yield "strongest", telemetry["rf_dbm"]


def _words_of(receiver: Receiver) -> dict[str, str]:
    record = receiver.record
    words = {
        "name": record.name or receiver.state["name"],
        "manufacturer": record.manufacturer,
        "model": record.model,
        "firmware": record.firmware,
        "room": record.labels.get("room"),
        "host": record.host,
    }
    return {key: str(value) if value is not None else "" for key, value in words.items()}


def renderer(inventory: Inventory, process: Process, now: Callable[[], float]) -> Callable[[], bytes]:
    """A function that renders everything as it is then; slow for thousands of channels, so call it in a thread."""
    registry = CollectorRegistry()
    registry.register(_Snapshot(inventory, process, now))
    return lambda: generate_latest(registry)
