"""A storm of audited changes: every one of them in the database and at the broker, in order."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench import machine
from bench.latency import percentile
from bench.simulators import Change
from bench.stage import House, Stage
from bench.table import Row

BEHIND_S = 1.0
"""How long after the last change the last event may come for the rate to count as sustained."""
DRAIN_S = 60.0
SUSTAINED = 0.95
"""Of the rate that was asked for: the simulators have to keep up too."""
SILENT_NS = 5_000_000_000


async def measure(stage: Stage) -> Sequence[Row]:
    """One storm, in which every value stands long enough to be told apart from the next."""
    scale = stage.scale
    async with stage.house(scale.quads, apart=True) as house:
        begin, cpu = time.monotonic(), machine.cpu_s(house.bridge.pid)
        changes: list[Change] = await house.simulators.ask(
            "storm", rate=scale.audited, seconds=scale.window, within_s=2 * DRAIN_S
        )
        last = time.monotonic_ns()
        took = time.monotonic() - begin
        cores = (machine.cpu_s(house.bridge.pid) - cpu) / took
        names = {name for _, _, name, _ in changes}
        arrived = await _drain(house, names)
        await asyncio.sleep(1.0)  # two commits later everything that was told is in the database
        stored = len(names & _stored(house.bridge.database))
    in_order = _in_order(house, changes)
    rate = len(changes) / took
    missing = len(names) - len(arrived)
    behind_s = max(0.0, (max(arrived.values(), default=0) - last) / 1e9)
    delays = [(arrived[name] - at) / 1e6 for _, _, name, at in changes if name in arrived]
    p50, p99 = percentile(delays, 0.5), percentile(delays, 0.99)
    return [
        Row(
            "audit",
            f"{scale.audited:,.0f} audited changes a second for {scale.window:g} s, at {scale.quads * 40:,} lines/s",
            f"{rate:,.0f}/s, device to broker p50 {p50:.0f} ms, p99 {p99:.0f} ms, {missing} missing, "
            f"{'in order' if in_order else 'OUT OF ORDER'}, {stored:,} of {len(names):,} stored; "
            f"{100 * cores:.0f} % of a core",
            f"all, in order, <= {BEHIND_S:g} s behind",
            not missing
            and in_order
            and behind_s <= BEHIND_S
            and stored == len(names)
            and rate >= SUSTAINED * scale.audited,
            {
                "rate": rate,
                "p50": p50,
                "p99": p99,
                "behind_s": behind_s,
                "missing": missing,
                "stored": stored,
                "cores": cores,
            },
        )
    ]


async def _drain(house: House, names: set[str]) -> dict[str, int]:
    """Wait until every change was audited at the broker, or no more comes; when each was."""

    def over() -> bool:
        watcher = house.watcher
        silent_ns = time.monotonic_ns() - watcher.audit_at
        return silent_ns > SILENT_NS or names <= watcher.audited_at.keys()

    await house.watcher.until(over, DRAIN_S, "the storm's audit events come")
    return {name: at for name, at in house.watcher.audited_at.items() if name in names}


def _in_order(house: House, changes: Sequence[Change]) -> bool:
    """Numbers without a gap, and each channel's names in the order in which they were given."""
    numbers = [seq for seq, _ in house.watcher.audited]
    if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return False
    place = {name: (receiver, channel) for receiver, channel, name, _ in changes}
    newest: dict[tuple[int, int], str] = {}
    for _, name in house.watcher.audited:
        if name in place:
            if newest.get(place[name], "") > name:
                return False
            newest[place[name]] = name
    return True


def _stored(database: Path) -> set[str]:
    """Names in the audit events that stand in the database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        asked = "SELECT json_extract(after, '$.name') FROM audit_events WHERE action = 'channel_settings_changed'"
        return {name for (name,) in connection.execute(asked) if name is not None}
