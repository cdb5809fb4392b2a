"""CPU a line, and memory: the floor, this bridge and a naive one under the same lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bench import machine
from bench.bridge import Bridge
from bench.children import Child
from bench.stage import QUAD, START_S, Load, Stage, bare_memory, load_of, load_of_reader
from bench.table import Row

RATIO = 1.8
MEMORY_MB = 30.0
CHANNEL_KB = 25.0
CHANNELS = 4
METERS_A_SECOND = 10


@dataclass(frozen=True, slots=True)
class Fleet:
    """Units that are alike, and how the least that a program can do with them is measured."""

    name: str
    product: str
    units: int
    floor: str = "floor"
    """The module of the bench that is the floor."""
    work: str = "line"
    """What the load is counted in."""
    channels: int = CHANNELS
    """Of one unit."""
    per_second: int = CHANNELS * METERS_A_SECOND
    """Of one unit."""
    most: float | None = RATIO
    """Times the floor that the bridge may cost; ``None`` where nothing is promised."""
    interface: str = ""
    options: Mapping[str, object] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """For the table."""
        return f"{self.units} {self.name}, {self.units * self.per_second:,} {self.work}s/s"


@dataclass(frozen=True, slots=True)
class Measured:
    """One fleet, all three programs."""

    name: str
    work: str
    most: float | None
    floors: tuple[Load, Load]
    bridge: Load
    naive: Load | None
    resident: machine.Memory
    modules: list[str]
    scrape_ms: float

    @property
    def floor_us(self) -> float:
        """The mean of before and after."""
        return sum(floor.us_a_line for floor in self.floors) / len(self.floors)

    @property
    def ratio(self) -> float:
        """This bridge against the floor."""
        return self.bridge.us_a_line / self.floor_us


async def measure(stage: Stage) -> Sequence[Row]:
    """Both fleets."""
    scale = stage.scale
    alone = await measure_fleet(stage, _quads(scale.quads, apart=True), "a segment a line", naive=True)
    together = await measure_fleet(stage, _quads(scale.quads, apart=False), "four lines a segment")
    many = await measure_fleet(stage, _quads(scale.many_quads, apart=True), "a segment a line")
    rows = [row for measured in (alone, together, many) for row in cpu_rows("load", measured)]
    return [*rows, *await _memory_rows(stage, alone, many)]


def _quads(units: int, *, apart: bool) -> Fleet:
    return Fleet("quads", QUAD, units, options={"apart": apart})


async def measure_fleet(stage: Stage, fleet: Fleet, form: str = "", *, naive: bool = False) -> Measured:
    """The floor, this bridge, the naive one where it is wanted, and the floor again, under the same load."""
    async with stage.simulators(fleet.units, fleet.product, **fleet.options) as (_, hosts):
        first = await _floor(stage, fleet, hosts)
        bridge, resident, modules, scrape_ms = await _bridge(stage, fleet, hosts)
        careless = await _naive(stage, hosts) if naive else None
        last = await _floor(stage, fleet, hosts)
    name = f"{fleet.words}, {form}" if form else fleet.words
    return Measured(name, fleet.work, fleet.most, (first, last), bridge, careless, resident, modules, scrape_ms)


async def _floor(stage: Stage, fleet: Fleet, hosts: Sequence[str]) -> Load:
    async with stage.reader(fleet.floor, hosts) as child:
        return await load_of_reader(child, stage.scale.window / 2)


async def _naive(stage: Stage, hosts: Sequence[str]) -> Load:
    async with (
        stage.broker() as broker,
        stage.watcher(broker.port),
        stage.reader("naive", hosts, str(broker.port)) as child,
    ):
        return await load_of_reader(child, stage.scale.window / 2)


async def _bridge(stage: Stage, fleet: Fleet, hosts: Sequence[str]) -> tuple[Load, machine.Memory, list[str], float]:
    async with stage.broker() as broker, stage.watcher(broker.port) as watcher:
        driver = fleet.product.partition("/")[0]
        bridge = Bridge(stage.place("bridge"), broker.port, hosts, driver=driver, interface=fleet.interface)
        async with bridge:
            await watcher.all_online(len(hosts), START_S, channels_each=fleet.channels)
            await _settle(bridge, stage)
            _, scrape_ms = await bridge.scrape()
            load = await load_of(bridge.pid, lambda: watcher.samples, stage.scale.window)
            resident = machine.memory(bridge.pid)
        return load, resident, bridge.imported(), scrape_ms


async def _settle(bridge: Child, stage: Stage) -> None:
    """What was read at the start has been stored and audited."""
    await load_of(bridge.pid, lambda: 0, stage.scale.warm_up)


def cpu_rows(scenario: str, measured: Measured) -> list[Row]:
    """What a line costs, as rows."""
    bridge = measured.bridge
    floors = [round(floor.us_a_line, 2) for floor in measured.floors]
    rows = [
        Row(
            scenario,
            f"CPU a {measured.work}, {measured.name}",
            f"{measured.ratio:.2f} x floor ({bridge.us_a_line:.1f} of {measured.floor_us:.1f} us; "
            f"{100 * bridge.cores:.0f} % of a core)",
            f"<= {measured.most} x floor" if measured.most else "",
            measured.ratio <= measured.most and bridge.cores < 1 if measured.most else None,
            {
                "bridge_us": bridge.us_a_line,
                "floor_us": floors,
                "ratio": measured.ratio,
                "cores": bridge.cores,
                "lines_per_second": bridge.rate,
                "scrape_ms": measured.scrape_ms,
            },
        )
    ]
    if measured.naive is not None:
        naive = measured.naive
        ratio = naive.us_a_line / measured.floor_us
        rows.append(
            Row(
                scenario,
                f"naive bridge, {measured.name}",
                f"{ratio:.1f} x floor ({naive.us_a_line:.0f} us; {naive.rate:,.0f} lines/s)",
                figures={"naive_us": naive.us_a_line, "ratio": ratio, "lines_per_second": naive.rate},
            )
        )
    return rows


async def _memory_rows(stage: Stage, few: Measured, many: Measured) -> list[Row]:
    bare = await bare_memory(stage, few.modules)
    above = few.resident.resident - bare.resident
    channels = CHANNELS * (stage.scale.many_quads - stage.scale.quads)
    each_kb = 1024 * (many.resident.resident - few.resident.resident) / channels
    return [
        Row(
            "load",
            f"memory, {stage.scale.quads} quads",
            f"{above:.1f} MB above the same modules ({few.resident.resident:.1f} of {bare.resident:.1f} MB)",
            f"<= {MEMORY_MB:g} MB",
            above <= MEMORY_MB,
            {"bridge_mb": few.resident.resident, "bare_mb": bare.resident, "modules": len(few.modules)},
        ),
        Row(
            "load",
            f"memory, each channel beyond, to {stage.scale.many_quads} quads",
            f"{each_kb:.1f} KB ({many.resident.resident:.1f} MB in all)",
            f"<= {CHANNEL_KB:g} KB",
            each_kb <= CHANNEL_KB,
            {"kb_a_channel": each_kb, "bridge_mb": many.resident.resident},
        ),
    ]
