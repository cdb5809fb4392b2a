"""The same table for gear of other kinds: long lines of Axient, and datagrams of Sennheiser's ew G4."""

from __future__ import annotations

from collections.abc import Sequence

from bench.scenarios.load import Fleet, cpu_rows, measure_fleet
from bench.stage import Stage
from bench.table import Row

CYCLES_A_SECOND = 10
"""Of a G4 receiver that was asked to report every 100 ms."""
LOOPBACK = "127.0.0.1"
"""The shared socket needs an address of its own beside simulated units on the same port of other loopback addresses."""


async def measure(stage: Stage) -> Sequence[Row]:
    """Each family on its own: what its lines or datagrams cost, and the memory of the process that reads them."""
    fleets = (
        Fleet("Axient quads", "shure/ad4q", stage.scale.quads, options={"apart": True}),
        Fleet(
            "ew G4 receivers",
            "sennheiser/em_g4",
            stage.scale.quads,
            floor="floor_datagrams",
            work="datagram",
            most=None,  # a datagram has seven lines to be read, and its floor reads none of them
            channels=1,
            per_second=CYCLES_A_SECOND,
            interface=LOOPBACK,
        ),
    )
    rows: list[Row] = []
    for fleet in fleets:
        measured = await measure_fleet(stage, fleet)
        rows += cpu_rows("families", measured)
        rows.append(
            Row(
                "families",
                f"memory, {fleet.units} {fleet.name}",
                f"{measured.resident.resident:.1f} MB in all",
                figures={"bridge_mb": measured.resident.resident},
            )
        )
    return rows
