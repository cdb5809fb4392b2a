"""The summary of a large campus is made a little at a time, while the campus goes on changing."""

from __future__ import annotations

import orjson

from bridge.publishing.campus_pages import ROWS_A_TURN, CampusPages
from services.discovery import Candidates
from services.live import Changes, Inventory, Unit
from services.model import Address, Campus, Kind, UnitRecord

STAGE = Campus("default", "stage")


def with_channels(inventory: Inventory, name: str, channels: int) -> Unit:
    unit = Unit(UnitRecord(Address("default", "stage", Kind.RECEIVER, name), "shure", "shure", name))
    inventory.put(unit)
    for channel in range(1, channels + 1):
        inventory.ensure_part(unit, channel)
    return unit


def test_the_event_loop_has_a_turn_after_so_many_rows_and_what_comes_meanwhile_does_no_harm() -> None:
    inventory = Inventory("main")
    late = [with_channels(inventory, f"rack{number:02d}", 24) for number in range(20)][10]
    pages = CampusPages(inventory, Candidates(inventory, Changes()))
    turns, made = 0, []
    for step in pages.summary_steps(STAGE):
        if step is not None:
            made.append(orjson.loads(step[1]))
            continue
        turns += 1
        inventory.ensure_part(late, 24 + turns)
        with_channels(inventory, f"new{turns}", 1)
    assert turns >= 20 * 24 // ROWS_A_TURN
    ids = [row["id"] for page in made for row in page["channels"]]
    assert len(ids) == len(set(ids)) >= 20 * 24
    (now,) = pages.summary(STAGE)
    assert len(orjson.loads(now[1])["channels"]) == 20 * 24 + 2 * turns
