"""Sennheiser's protocols, each by itself: CPU against reading and parsing alone, memory, latency, loss."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from bench import machine
from bench.bridge import Bridge, listed
from bench.floor_messages import PASSWORD
from bench.latency import Latency, judge
from bench.scenarios.latency import ARRIVE_S
from bench.stage import START_S, Load, Stage, load_of, load_of_reader
from bench.table import Row

LOOPBACK = "127.0.0.1"
"""A shared socket needs an address of its own beside simulated units on the same port of other loopback addresses."""
RATIO = 2.0
"""Times reading and parsing alone that a family may cost."""
LATENCY_WINDOWS = 2
"""How many windows changes are made for: enough of them for a p99."""


@dataclass(frozen=True, slots=True)
class Family:
    """Units that are alike."""

    scenario: str
    name: str
    product: str
    protocol: str
    """Of `bench.floor_messages`."""
    units: int
    parts: int
    work: str = "datagram"
    password: str = ""


async def ewdx(stage: Stage) -> Sequence[Row]:
    """500 channels by subscription."""
    units = stage.scale.quads // 2
    return await _measure(stage, Family("ewdx", "EW-DX by subscription", "sennheiser/ewdx_em4", "ssc", units, 4))


async def g4(stage: Stage) -> Sequence[Row]:
    """200 receivers."""
    units = stage.scale.quads * 4 // 5
    return await _measure(stage, Family("g4", "ew G4", "sennheiser/em_g4", "media_control", units, 1))


async def sscv2(stage: Stage) -> Sequence[Row]:
    """100 streams of events."""
    units = max(1, stage.scale.quads * 2 // 5)
    family = Family("sscv2", "EW-DX by event streams", "sennheiser/ewdx2chs", "sscv2", units, 2, "event", PASSWORD)
    return await _measure(stage, family)


async def _measure(stage: Stage, family: Family) -> Sequence[Row]:
    options = {"password": family.password} if family.password else {}
    async with stage.simulators(family.units, family.product, **options) as (simulators, hosts):
        plain = await _floor(stage, family, hosts, "plain")
        async with stage.broker() as broker, stage.watcher(broker.port) as watcher:
            each = f'options = {{ password = "{family.password}" }}\n' if family.password else ""
            units = listed(hosts, "sennheiser", each)
            async with Bridge(stage.place("bridge"), broker.port, [], interface=LOOPBACK, more=units) as bridge:
                await watcher.all_online(len(hosts), START_S, channels_each=family.parts)
                await asyncio.sleep(stage.scale.warm_up)
                load = await load_of(bridge.pid, lambda: watcher.samples, stage.scale.window)
                seconds = LATENCY_WINDOWS * stage.scale.window
                made = await simulators.ask("changes", rate=stage.scale.changes, seconds=seconds, seed=1)
                await asyncio.sleep(ARRIVE_S)
                resident = machine.memory(bridge.pid).resident
        codec = await _floor(stage, family, hosts, "codec")
        again = await _floor(stage, family, hosts, "plain")
    latency = judge([tuple(change) for change in made], watcher.names)
    return _rows(family, load, (plain, again), codec, resident, latency)


async def _floor(stage: Stage, family: Family, hosts: Sequence[str], way: str) -> Load:
    async with stage.reader("floor_messages", hosts, family.protocol, way) as child:
        return await load_of_reader(child, stage.scale.window / 2)


def _rows(
    family: Family, load: Load, plain: tuple[Load, Load], codec: Load, resident: float, latency: Latency
) -> list[Row]:
    """Both programs are told the same in the same time, so their shares of a core are compared."""
    least = sum(floor.cores for floor in plain) / len(plain)
    ratio, of_codec = load.cores / least, load.cores / codec.cores
    channels = family.units * family.parts
    what = (
        f"{channels} {family.name}"
        if family.parts > 1 and family.protocol == "ssc"
        else f"{family.units} {family.name}"
    )
    figures = {
        "cores": load.cores,
        "floor_cores": [floor.cores for floor in plain],
        "codec_cores": codec.cores,
        "per_second": [floor.rate for floor in (*plain, codec)],
        "floor_us": [floor.us_a_line for floor in (*plain, codec)],
        "samples_per_second": load.rate,
        "ratio": ratio,
        "ratio_codec": of_codec,
    }
    return [
        Row(
            family.scenario,
            f"CPU, {what}, {plain[0].rate:,.0f} {family.work}s/s",
            f"{100 * load.cores:.1f} % of a core: {ratio:.2f} x reading and parsing alone, "
            f"{of_codec:.2f} x with our codec ({1e6 * load.cores / plain[0].rate:.0f} us a {family.work})",
            f"<= {RATIO:g} x",
            ratio <= RATIO,
            figures,
        ),
        Row(family.scenario, f"memory, {what}", f"{resident:.1f} MB in all", figures={"bridge_mb": resident}),
        Row(
            family.scenario,
            f"changes, {what}",
            f"{latency}; {latency.arrived} arrived, {latency.missed} missed",
            figures=asdict(latency),
        ),
    ]
