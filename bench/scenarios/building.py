"""A building with units of every family: what it costs, how long changes take, and what one family's faults do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass

from bench import machine
from bench.bridge import Bridge, listed
from bench.children import Child
from bench.floor_messages import LISTEN, PASSWORD
from bench.latency import Latency, judge
from bench.scenarios.latency import ARRIVE_S
from bench.simulators import Change
from bench.stage import Load, Stage, load_of
from bench.table import Row
from bench.watching import Watcher

START_S = 150.0
SETTLE = 5
"""Times the warm-up of a fleet: everything that was read at the start has been stored and audited."""
SHARE = 0.5
"""Of the fleet: as many as two cores carry beside their simulators."""
METERS_S = 1.0
"""As the product's own configuration has it."""
RATE = 10.0
"""Changes a second of each family that is changed."""
UNITS_MOST = 1000
"""Of one product."""
TOLERANCE_MS, TOLERANCE = 0.5, 1.25
"""Two runs of the same thing differ by as much."""

FLEET: Mapping[str, int] = {
    "shure/ulxd4q": 190,
    "shure/qlxd4": 60,
    "shure/slxd4d": 60,
    "shure/slxd4d_plus": 40,
    "shure/ad4q": 60,
    "shure/p10t": 40,
    "shure/ur4d": 30,
    "shure/sbc220": 40,
    "shure/mxwapt4": 15,
    "shure/mxwncs4": 15,
    "shure/mxwapxd2": 15,
    "shure/mxwndx4": 15,
    "sennheiser/em_g4": 100,
    "sennheiser/sr_iem_g4": 30,
    "sennheiser/ewdx_em4": 60,
    "sennheiser/ewdx2chs": 40,
    "sennheiser/em6000": 40,
    "sennheiser/l6000": 10,
    "sennheiser/chg70n": 10,
    "sennheiser/sl_rack_receiver_dw": 15,
    "sennheiser/sl_mcr4_dw": 20,
    "sennheiser/chg4n": 10,
    "sennheiser/spectera": 5,
    "audio_technica/esw_r4180lk": 20,
    "audio_technica/esw_chg4": 10,
    "audio_technica/atw_r1440": 10,
    "audio_technica/atw_r5220": 10,
    "lectrosonics/dsqd": 10,
    "riedel/bolero": 10,
    "yamaha/elite_4": 10,
}
"""1,000 units."""
EXPERIMENTAL = '[drivers]\nexperimental = ["riedel"]\n'
LOCKED = frozenset({"sennheiser/ewdx2chs", "sennheiser/spectera", "yamaha/elite_4"})
CHANGED = (
    "shure/ulxd4q",
    "shure/slxd4d",
    "shure/slxd4d_plus",
    "shure/ad4q",
    "shure/p10t",
    "shure/ur4d",
    "shure/mxwapxd2",
    "sennheiser/em_g4",
    "sennheiser/ewdx_em4",
    "sennheiser/ewdx2chs",
    "sennheiser/em6000",
    "sennheiser/sl_mcr4_dw",
)
"""Those that tell a new name by themselves; others are asked for it from time to time."""
FAULTS = (
    ("shure/ulxd4q", "garbage"),
    ("sennheiser/em_g4", "garbage"),
    ("sennheiser/ewdx_em4", "garbage"),
    ("sennheiser/ewdx2chs", "garbage"),
    ("sennheiser/ewdx_em4", "freeze"),
)
FLOOD_FROM, FLOOD_RATE = "127.49.0.1", 2000
"""A stranger at the bridge's port for ew G4, and his datagrams a second."""


@dataclass(frozen=True, slots=True)
class Building:
    """Everything, up and warm."""

    simulators: Child
    bridge: Bridge
    watcher: Watcher
    units: int

    def online(self) -> int:
        """Units, without their parts."""
        names = (topic.split(b"/")[-2] for topic in self.watcher.online)
        return sum(name.startswith(b"f") and b"-" not in name for name in names)

    async def all_online(self) -> None:
        """Wait for every unit."""
        await self.watcher.until(lambda: self.online() >= self.units, START_S, f"{self.units} units online")

    async def changes(self, seconds: float, seed: int) -> dict[str, list[Change]]:
        """Make changes of all families; by product. Numbers of units differ among them."""
        made = await self.simulators.ask("changes", rate=RATE, seconds=seconds, seed=seed)
        await asyncio.sleep(ARRIVE_S)
        return {
            product: [(UNITS_MOST * number + unit, part, name, at) for unit, part, name, at in changes]
            for number, (product, changes) in enumerate(made.items())
        }

    def latency(self, made: Mapping[str, list[Change]], *, without: str = "") -> Latency:
        """How long changes took, of all families but one."""
        return judge([one for product, each in made.items() if product != without for one in each], self.watcher.names)


async def measure(stage: Stage) -> Sequence[Row]:
    """At rest, with changes, and with the faults of one family after the other."""
    window = stage.scale.window
    async with _building(stage) as building:
        load = await load_of(building.bridge.pid, lambda: building.watcher.samples, window)
        calm = [await building.changes(window, seed) for seed in (1, 2)]
        resident = machine.memory(building.bridge.pid).resident
        rows = [_cost(building.units, load, resident)]
        rows += [_latency(product, building.latency({product: calm[0][product]})) for product in calm[0]]
        for seed, (product, fault) in enumerate(FAULTS, 3):
            await building.simulators.ask("fault", product=product, name=fault)
            made = await building.changes(window, seed)
            await building.simulators.ask("fault", product=product, name="none")
            rows.append(_moved(building, f"all {product} have {fault}", product, calm, made))
            await building.all_online()
            await asyncio.sleep(stage.scale.warm_up)
        async with stage.child("flood", FLOOD_FROM, LISTEN, str(FLOOD_RATE)) as flood:
            await flood.receive()
            made = await building.changes(window, len(FAULTS) + 3)
            sent = await flood.ask("sent")
        rows.append(_moved(building, f"{sent:,} datagrams of a stranger", "sennheiser/em_g4", calm, made))
    return rows


@asynccontextmanager
async def _building(stage: Stage) -> AsyncIterator[Building]:
    share = min(1.0, stage.scale.quads / 250) * SHARE
    families = [
        _family(number, product, max(1, round(share * count))) for number, (product, count) in enumerate(FLEET.items())
    ]
    async with (
        stage.child("building", json.dumps(families)) as simulators,
        stage.broker() as broker,
        stage.watcher(broker.port) as watcher,
    ):
        hosts = await simulators.receive(START_S)
        units = "".join(
            listed(
                each,
                product.partition("/")[0],
                f'options = {{ password = "{PASSWORD}" }}\n' if product in LOCKED else "",
                prefix=f"f{number}u",
            )
            for number, (product, each) in enumerate(zip(FLEET, hosts, strict=True))
        )
        place = stage.place("bridge")
        bridge = Bridge(place, broker.port, [], meter_interval=METERS_S, interface=LISTEN, more=EXPERIMENTAL + units)
        async with bridge:
            building = Building(simulators, bridge, watcher, sum(map(len, hosts)))
            await building.all_online()
            await asyncio.sleep(SETTLE * stage.scale.warm_up)
            yield building


def _family(number: int, product: str, count: int) -> dict[str, object]:
    options = {"password": PASSWORD} if product in LOCKED else {}
    listen = f"127.50.{number}.1"
    return {"product": product, "changes": product in CHANGED, "count": count, "listen": listen, **options}


def _cost(units: int, load: Load, resident: float) -> Row:
    return Row(
        "building",
        f"{units:,} units of {len(FLEET)} products, meters each {METERS_S:g} s",
        f"{100 * load.cores:.0f} % of a core, {resident:.1f} MB; {load.rate:,.0f} samples/s",
        figures={"cores": load.cores, "bridge_mb": resident, "samples_per_second": load.rate},
    )


def _latency(product: str, found: Latency) -> Row:
    work = f"{RATE:g} changes a second of {product}, beside as many of {len(CHANGED) - 1} others"
    return Row("building", work, f"{found}; {found.arrived} arrived, {found.missed} missed", figures=asdict(found))


def _moved(
    building: Building,
    work: str,
    product: str,
    calm: Sequence[Mapping[str, list[Change]]],
    made: Mapping[str, list[Change]],
) -> Row:
    """What happened to all others meanwhile, against the worse of the two quiet runs."""
    quiet = [building.latency(each, without=product) for each in calm]
    beside = building.latency(made, without=product)
    p50, p99 = max(each.p50 for each in quiet), max(each.p99 for each in quiet)
    return Row(
        "building",
        f"changes of all others while {work}",
        f"p50 {p50:.2f} -> {beside.p50:.2f} ms, p99 {p99:.1f} -> {beside.p99:.1f} ms; {beside.missed} missed",
        f"p99 within {TOLERANCE} x + {TOLERANCE_MS:g} ms",
        beside.p99 <= TOLERANCE * p99 + TOLERANCE_MS,
        {"quiet": [asdict(each) for each in quiet], "beside": asdict(beside)},
    )
