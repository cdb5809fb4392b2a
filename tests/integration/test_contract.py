"""Sentences of the contract, as somebody sees them who knows nothing but the topics."""

from __future__ import annotations

from tests.integration.house import House, entry, simulated
from tests.integration.observer import Observer


def stale(seen: Observer) -> dict[str, bool]:
    """What the retained messages of the receiver and its first channel say of their age."""
    facets = ("receiver/rack info", "receiver/rack state", "channel/rack-1 info", "channel/rack-1 state")
    said = {facet: seen.newest(*facet.split()) for facet in (*facets, "channel/rack-1 slots")}
    return {facet: body["stale"] for facet, body in said.items() if body}


async def test_every_facet_says_that_a_receiver_is_lost_and_that_it_is_back(house: House) -> None:
    async with simulated("axient") as unit, house.serve(entry(unit)).running() as (_, seen):
        await seen.live("rack")
        await seen.until(lambda: len(stale(seen)) == 5 and not any(stale(seen).values()))
        await unit.fault("drop")
        await seen.until(lambda: all(stale(seen).values()))
        await seen.live("rack")
        await seen.until(lambda: not any(stale(seen).values()))
