"""Says who a unit is and what it can, of what it reported."""

from __future__ import annotations

from dataclasses import replace

from services.drivers.port import Description
from services.drivers.sennheiser.products import MANUFACTURER
from services.drivers.sennheiser.ssc.codec.state import UnitState
from services.drivers.sennheiser.ssc.families.family import Family
from services.model import Abilities, Identity, SettableRange


def identity_of(family: Family, product: str, state: UnitState) -> Identity:
    """Who answered; ``product`` is what the unit calls itself."""
    return Identity(MANUFACTURER, family.name, family.kind, product[:60], part_count=state.count, **state.facts)


def describe(family: Family, product: str, state: UnitState) -> Description:
    """A unit as it was read. Its tuning range is its own."""
    part = family.part()
    parts = {number: _tuned(part, state, number) for number in range(1, state.count + 1)}
    return Description(identity_of(family, product, state), family.abilities(), parts)


def _tuned(part: Abilities, state: UnitState, number: int) -> Abilities:
    """Lowest and highest frequency. `SettableRange` knows no gaps: those stand in ``tuning_ranges_mhz``."""
    ranges, step_khz = state.value(number, "tuning_ranges_mhz"), state.value(number, "tuning_step_khz")
    if "frequency_mhz" not in part.settable or not isinstance(ranges, str):
        return part
    edges = [float(edge) for block in ranges.split() for edge in block.split("-")]
    can: SettableRange = {**part.settable["frequency_mhz"], "minimum": min(edges), "maximum": max(edges)}
    if isinstance(step_khz, int):
        can["step"] = step_khz / 1000
    return replace(part, settable={**part.settable, "frequency_mhz": can})
