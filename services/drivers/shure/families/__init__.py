"""Shure's families of units, one record and one file each. PURE.

A new family is one file with a `Family`, and its line in `FAMILIES`: nothing else is keyed by a family's name.
"""

from __future__ import annotations

from services.drivers.shure.families.catalogue import (
    FAMILIES,
    MANUFACTURER,
    MORE,
    MOST_PARTS,
    PRODUCTS,
    model_of,
    part_abilities,
    unit_abilities,
)
from services.drivers.shure.families.family import WHOLE, Dialect, Family, Meters, Model, ReadingComposer, WireAddress

__all__ = [
    "FAMILIES",
    "MANUFACTURER",
    "MORE",
    "MOST_PARTS",
    "PRODUCTS",
    "WHOLE",
    "Dialect",
    "Family",
    "Meters",
    "Model",
    "ReadingComposer",
    "WireAddress",
    "model_of",
    "part_abilities",
    "unit_abilities",
]
