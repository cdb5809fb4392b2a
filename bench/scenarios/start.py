"""From the start of the process to all retained state, and from an empty broker back to it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.bridge import Bridge
from bench.broker import Mosquitto
from bench.stage import START_S, Stage
from bench.table import Row
from bench.watching import Watcher

START_TARGET_S = 8.0
REPUBLISH_TARGET_S = 3.0


async def measure(stage: Stage) -> Sequence[Row]:
    """The large fleet: on a new database, again on the same one, and on a broker that forgot everything."""
    quads = stage.scale.many_quads
    async with stage.simulators(quads, apart=True) as (_, hosts), stage.broker() as broker:
        bridge = Bridge(stage.place("bridge"), broker.port, hosts)
        first = await _start(stage, bridge, broker, quads)
        await bridge.end()
        await broker.end()
        await broker.start()
        second = await _start(stage, bridge, broker, quads)
        try:
            back_s, topics = await _empty_broker(stage, broker, second[1])
        finally:
            await bridge.end()
    work = f"{quads:,} quads ({4 * quads:,} channels)"
    return [
        _row(f"start to all retained state, {work}, new database", first[0], START_TARGET_S, len(first[1])),
        _row(f"start to all retained state, {work}, same database", second[0], START_TARGET_S, len(second[1])),
        _row(f"empty broker back to all republished, {work}", back_s, REPUBLISH_TARGET_S, topics),
    ]


async def _start(stage: Stage, bridge: Bridge, broker: Mosquitto, quads: int) -> tuple[float, set[bytes]]:
    """Seconds until every channel was fresh and online at a subscriber, and the topics that hold something."""
    async with stage.watcher(broker.port) as watcher:
        begin = time.monotonic()
        await bridge.start()
        await watcher.all_online(quads, START_S)
        await watcher.until(lambda: b'"online"' in watcher.process, START_S, "the bridge says online")
        return time.monotonic() - begin, set(watcher.retained)


async def _empty_broker(stage: Stage, broker: Mosquitto, wanted: set[bytes]) -> tuple[float, int]:
    """Seconds from the moment at which a broker without memory listens again until everything stands there."""
    await broker.kill()
    await broker.start()
    begin = time.monotonic()
    async with stage.watcher(broker.port) as watcher:
        await watcher.until(lambda: _complete(watcher, wanted), START_S, "everything is republished")
        return time.monotonic() - begin, len(watcher.retained)


def _complete(watcher: Watcher, wanted: set[bytes]) -> bool:
    return len(watcher.retained) >= len(wanted) and wanted <= watcher.retained and b'"online"' in watcher.process


def _row(work: str, seconds: float, target_s: float, topics: int) -> Row:
    figures = {"seconds": seconds, "topics": topics}
    measured = f"{seconds:.1f} s ({topics:,} topics)"
    return Row("start", work, measured, f"< {target_s:g} s", seconds < target_s, figures)
