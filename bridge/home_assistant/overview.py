"""A campus in a few figures: what one entity can show. Reads, and decides nothing."""

from __future__ import annotations

import asyncio
import heapq
from typing import Final

from services.live import Inventory, UnitPart
from services.model import NEEDS_ATTENTION, Campus, Kind

LISTED: Final = 20
"""Microphones that are named; the number is of all."""

ROWS_A_TURN: Final = 100
"""Channels that are looked at in one turn of the event loop: a fraction of a millisecond."""

_URGENCY: Final[dict[str, int]] = {str(word): rank for rank, word in enumerate(NEEDS_ATTENTION)}


async def overview(inventory: Inventory, tenant: Campus) -> dict[str, object]:
    """Count what needs attention, and find the battery that ends first; others have turns meanwhile."""
    needing: list[tuple[int, UnitPart]] = []
    first: tuple[tuple[bool, float], str, UnitPart] | None = None
    seen = 0
    for unit in list(inventory.of(tenant)):
        if unit.address.kind is not Kind.RECEIVER or not unit.online:
            continue
        for part in list(unit.parts.values()):
            rank = _URGENCY.get(str(part.state["status"]))
            if rank is not None:
                needing.append((rank, part))
            if (left := _left(part)) is not None and (first is None or (left, part.address.id) < first[:2]):
                first = left, part.address.id, part
            seen += 1
            if seen % ROWS_A_TURN == 0:
                await asyncio.sleep(0)
    return {
        "attention": len(needing),
        "needing": [
            {"id": part.address.id, "name": part.state["name"], "status": part.state["status"]}
            for _, part in heapq.nsmallest(LISTED, needing, key=lambda one: (one[0], one[1].address.id))
        ],
        "next_battery": None if first is None else _battery(first[2]),
    }


def _left(part: UnitPart) -> tuple[bool, float] | None:
    """What is left of the battery, to be compared: minutes come before a percentage, which says less."""
    minutes, percent = part.state["battery_runtime_minutes"], part.state["battery_percent"]
    if isinstance(minutes, (int, float)):
        return False, minutes
    return (True, percent) if isinstance(percent, (int, float)) else None


def _battery(part: UnitPart) -> dict[str, object]:
    state = part.state
    minutes, percent = state["battery_runtime_minutes"], state["battery_percent"]
    what = f"{minutes} min" if minutes is not None else f"{percent} %"
    return {
        "id": part.address.id,
        "name": state["name"],
        "label": f"{state['name'] or part.address.id}: {what}",
        "battery_runtime_minutes": minutes,
        "battery_percent": percent,
    }
