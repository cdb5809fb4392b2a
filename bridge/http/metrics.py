"""The newest snapshots as Prometheus metrics, made when they are asked for.

What of a state or of meters is exported stands in the key table (`Key.metric`). Base units and stable ids; names,
models and rooms stand on the ``_info`` series only. The measurements of a lost unit vanish, its ``_up`` stays and is 0.

A scrape is written in slices with a turn of the event loop between them (`PARTS_A_TURN`), and leaves as a list of
pieces, so that nothing joins megabytes at once. A unit and its parts are of one moment; two units may be some
milliseconds apart.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.core import Metric as ClientMetric
from prometheus_client.registry import Collector

from bridge.http.exposition import PREFIX, SUFFIXES, Described, Family, labels_text
from services.drivers import NONSENSE
from services.live import Inventory, Unit, UnitPart
from services.model import KEYS, UNIT_KINDS, Facet, KeyTable, Kind, Metric, UnitKind
from services.verbs import VERBS

TENANT = ("organization", "campus")
"""The first labels of every unit and part; its unit's id follows, and a part's own."""

COUNTERS: Mapping[Kind, tuple[tuple[str, str, str], ...]] = {
    Kind.CHANNEL: (
        ("rf_dropouts", "Meter samples that a transmitter lost: no active antenna, or quality 0.", "rf_dropouts"),
        ("audio_overload", "Telemetry intervals with audio overload.", "audio_overload"),
        ("interference", "Times that interference began.", "interference"),
    ),
    Kind.IEM_CHANNEL: (("iem_channel_audio_overload", "Telemetry intervals with audio overload.", "audio_overload"),),
}
"""Name, help, and which of `services.live.Counters`; there from the start, with 0."""

AGES: Mapping[Kind, str] = {Kind.RECEIVER: "data_age_seconds"}
"""Name of the age where it is not ``<kind>_data_age_seconds``."""

STATUSES = ("succeeded", "partial", "failed", "rejected")
"""How a command can end."""


@dataclass(slots=True)
class Process:
    """Figures of the process itself: gauges and counters by name without prefix, read at scrape."""

    info: Callable[[], Mapping[str, str]]
    gauges: Callable[[], Mapping[str, tuple[str, float]]]
    counters: Callable[[], Mapping[str, tuple[str, float]]]
    commands: Callable[[], Mapping[tuple[str, str], int]]
    """(verb, status) -> how many."""


INFO_WORDS = ("name", "manufacturer", "model", "firmware", "room", "host")
"""Labels of a unit's info, beside its place."""


def _place(kind: UnitKind) -> tuple[str, ...]:
    return (*TENANT, kind.unit.value)


class _Units:
    """The metrics of the units of one kind."""

    def __init__(self, kind: UnitKind) -> None:
        place, noun = _place(kind), kind.noun
        self._up = Family(f"{kind.unit}_up", "gauge", f"1 while the {noun} is live.", place)
        age = AGES.get(kind.unit, f"{kind.unit}_data_age_seconds")
        self._age = Family(age, "gauge", f"Since data of the {noun} last arrived.", place)
        self._lost = Family(f"{kind.unit}_reconnects", "counter", "Connections lost.", place)
        self._info = Family(kind.unit.value, "info", f"Who the {noun} is.", (*place, *INFO_WORDS))
        words = f"What the {noun} sent and nobody could read."
        self._nonsense = Family(f"{kind.unit}_nonsense", "counter", words, (*place, "kind"))
        self.families = [self._up, self._age, self._lost, self._info, self._nonsense]

    def add(self, unit: Unit, place: str, now: float) -> None:
        """One more unit; ``now`` is the loop's time."""
        self._up.add(place, int(unit.online))
        self._lost.add(place, unit.link_state.reconnects_total)
        last_received_s = unit.link_state.last_received_s
        if last_received_s is not None:
            self._age.add(place, round(max(0.0, now - last_received_s), 3))
        self._info.add(f"{place},{labels_text(_words_of(unit))}", 1)
        nonsense = unit.link_state.nonsense
        for kind in NONSENSE:
            self._nonsense.add(f'{place},kind="{kind}"', nonsense[kind])


@dataclass(frozen=True, slots=True)
class _Source:
    """A key that a series is read from."""

    key: str
    metered: bool
    metric: Metric

    def read(self, part: UnitPart) -> float | None:
        """The value in its base unit; ``None`` where it is not known."""
        values = part.meters.newest if self.metered else part.state
        value = values.get(self.key) if values else None
        if value is None:
            return None
        if self.metric.one:
            return float(value == self.metric.one)
        return scaled(value, self.metric.factor) if isinstance(value, (int, float)) else None


def scaled(value: float, factor: float) -> float:
    """A value in its base unit, without the tail that binary fractions leave: 526.225 MHz are 526225000 Hz."""
    return float(value) if factor == 1 else round(value * factor, 6)


class _Parts:
    """The metrics of the parts of one kind."""

    def __init__(self, kind: UnitKind, table: KeyTable) -> None:
        part, path = kind.part, (*_place(kind), kind.part.value)
        self._label = part.value
        self._gauges: dict[str, Family] = {}
        self._sources: dict[tuple[str, str], list[_Source]] = {}
        for row in (*table.of(part), *table.of(part, Facet.TELEMETRY)):
            metric = row.metric
            if metric is None:
                continue
            further = (metric.label[0],) if metric.label else ()
            if metric.name not in self._gauges:
                self._gauges[metric.name] = Family(metric.name, "gauge", metric.help, (*path, *further))
            label = f',{metric.label[0]}="{metric.label[1]}"' if metric.label else ""
            source = _Source(row.name, row.published_in is Facet.TELEMETRY, metric)
            self._sources.setdefault((metric.name, label), []).append(source)
        self._series = [(self._gauges[name], label, sources) for (name, label), sources in self._sources.items()]
        self._counters = [(Family(name, "counter", words, path), key) for name, words, key in COUNTERS.get(part, ())]
        self._status = Family(f"{part}_status", "gauge", "1 for the status it has.", (*path, "status"))
        self._info = Family(part.value, "info", f"What the {kind.part_noun} is called.", (*path, "name", "number"))
        counters = [family for family, _ in self._counters]
        self.families = [*self._gauges.values(), *counters, self._status, self._info]

    def add(self, part: UnitPart, place: str) -> None:
        """One more part."""
        path = f'{place},{self._label}="{part.address.id}"'
        self._status.add(f'{path},status="{part.state["status"]}"', 1)
        words = {"name": str(part.state.get("name") or ""), "number": str(part.number)}
        self._info.add(f"{path},{labels_text(words)}", 1)
        for family, counter in self._counters:
            family.add(path, getattr(part.counters, counter))
        if part.stale:
            return
        for family, label, sources in self._series:
            for source in sources:  # several keys can be the same quantity: the first that is known counts
                value = source.read(part)
                if value is not None:
                    family.add(path + label, value)
                    break


class _Scrape:
    """All metrics of units and parts, filled unit by unit."""

    def __init__(self, table: KeyTable) -> None:
        self._units = {kind.unit: _Units(kind) for kind in UNIT_KINDS.values()}
        self._parts = {kind.unit: _Parts(kind, table) for kind in UNIT_KINDS.values()}
        kinds = zip(self._units.values(), self._parts.values(), strict=True)
        self.families = [family for units, parts in kinds for family in (*units.families, *parts.families)]

    def add_unit(self, unit: Unit, now: float) -> str:
        """A unit without its parts; the labels of its place, which are those of its parts too."""
        place = _place_of(unit)
        self._units[unit.address.kind].add(unit, place, now)
        return place

    def add_part(self, unit: Unit, part: UnitPart, place: str) -> None:
        """One of its parts."""
        self._parts[unit.address.kind].add(part, place)

    def flush(self) -> None:
        """Turn what was added since the last call into bytes: they take a third of the room."""
        for family in self.families:
            family.flush()


class _OfProcess(Collector):
    """The process's own figures: few, so the client library's objects cost nothing here."""

    def __init__(self, process: Process) -> None:
        self._process = process

    def collect(self) -> Iterator[ClientMetric]:
        yield InfoMetricFamily(PREFIX + "bridge", "The bridge itself.", value=dict(self._process.info()))
        for name, (words, value) in self._process.gauges().items():
            yield GaugeMetricFamily(PREFIX + name, words, value=value)
        for name, (words, value) in self._process.counters().items():
            yield CounterMetricFamily(PREFIX + name, words, value=value)
        commands = CounterMetricFamily(PREFIX + "commands", "Commands by how they ended.", labels=("verb", "status"))
        none = dict.fromkeys(((verb, status) for verb in VERBS for status in STATUSES), 0)
        for path, count in sorted({**none, **self._process.commands()}.items()):
            commands.add_metric(path, count)
        yield commands


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
    return f'organization="{address.organization}",campus="{address.campus}",{address.kind}="{address.id}"'


def described(process: Process, table: KeyTable = KEYS) -> list[Described]:
    """Every metric of ours, by name."""
    ours = [family.described for family in _Scrape(table).families]
    for metric in _OfProcess(process).collect():
        name = metric.name + SUFFIXES.get(metric.type, "")
        ours.append(Described(name, metric.type, tuple(getattr(metric, "_labelnames", ())), metric.documentation))
    return sorted(ours, key=lambda one: one.name)


PARTS_A_TURN = 16
"""Of the event loop: well below a millisecond of work."""


def renderer(
    inventory: Inventory, process: Process, now: Callable[[], float], table: KeyTable = KEYS
) -> Callable[[], Awaitable[Sequence[bytes]]]:
    """A function that writes everything as it is then, a few parts in each turn of the event loop, in pieces.

    In a thread the same work holds up the loop more: the interpreter lets only one of them compute, and takes half a
    millisecond to change over, at every turn. And it is written by hand: the client library's objects take ten times
    as long.
    """
    registry = CollectorRegistry()
    registry.register(_OfProcess(process))
    ProcessCollector(registry=registry)  # CPU, memory and open files of this process

    async def render() -> Sequence[bytes]:
        scrape = _Scrape(table)
        written = 0
        for unit in list(inventory.units.values()):
            place = scrape.add_unit(unit, now())
            parts = list(unit.parts.values())
            for part in parts:
                scrape.add_part(unit, part, place)
            written += 1 + len(parts)
            if written >= PARTS_A_TURN:
                written = 0
                scrape.flush()
                await asyncio.sleep(0)
        pieces = []
        for family in scrape.families:
            for piece in family.pieces():
                pieces.append(piece)
                await asyncio.sleep(0)
        return [*pieces, generate_latest(registry)]

    return render
