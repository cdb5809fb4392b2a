"""A storm of audited changes: every one of them in the database and at the broker, in order."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bench import machine
from bench.simulators import Change
from bench.stage import House, Stage
from bench.table import Row

BEHIND_S = 1.0
"""How long after the last change the last event may come for the rate to count as sustained."""
DRAIN_S = 60.0
SILENT_NS = 5_000_000_000


async def measure(stage: Stage) -> Sequence[Row]:
    """One storm."""
    scale = stage.scale
    async with stage.house(scale.quads, apart=True) as house:
        begin, cpu = time.monotonic(), machine.cpu_s(house.bridge.pid)
        changes: list[Change] = await house.simulators.ask(
            "changes", rate=scale.audited, seconds=scale.window, seed=5, within_s=4 * DRAIN_S
        )
        last = time.monotonic_ns()
        took = time.monotonic() - begin
        names = {name for _, _, name, _ in changes}
        arrived = await _drain(house, names)
        cores = (machine.cpu_s(house.bridge.pid) - cpu) / (time.monotonic() - begin)
        behind_s = max(0.0, (house.watcher.audit_at - last) / 1e9)
        await asyncio.sleep(1.0)
        stored = _stored(house.bridge.database)
    in_order = _in_order(house, changes)
    rate = len(changes) / took
    missing = len(names) - arrived
    return [
        Row(
            "audit",
            f"{scale.audited:,.0f} audited changes a second for {scale.window:g} s, at {scale.quads * 40:,} lines/s",
            f"{rate:,.0f}/s, last event {behind_s:.2f} s after the last change, {missing} missing at the broker, "
            f"{'in order' if in_order else 'OUT OF ORDER'}, {stored:,} stored; {100 * cores:.0f} % of a core",
            f"sustained (<= {BEHIND_S:g} s behind), none missing, in order",
            not missing and in_order and behind_s <= BEHIND_S and stored >= len(names) and rate >= 0.95 * scale.audited,
            {"rate": rate, "behind_s": behind_s, "missing": missing, "stored": stored, "cores": cores},
        )
    ]


async def _drain(house: House, names: set[str]) -> int:
    """Wait until every change was audited at the broker, or no more comes."""
    begin = time.monotonic()
    arrived = 0
    while time.monotonic() - begin < DRAIN_S:
        arrived = len(names & {name for _, name in house.watcher.audited})
        if arrived == len(names) or (time.monotonic_ns() - house.watcher.audit_at) > 5e9:
            break
        await asyncio.sleep(0.1)
    return arrived


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


def _stored(database: Path) -> int:
    """Audit events of changed settings that stand in the database."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        asked = "SELECT count(*) FROM audit_events WHERE action = 'channel_settings_changed'"
        return int(connection.execute(asked).fetchone()[0])
